"""The figure that each `plot` of a result returns, new or that of the axes that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def make_axes() -> Axes:
    """Return the axes of a new figure, which a notebook shows, or `plt.show()`."""
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    return ax


def find_figure(ax: Axes) -> Figure:
    """Return the figure that axes are part of, though they may lie in a part of it."""
    return ax.figure.figure
