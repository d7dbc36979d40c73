"""The figure that `plot` of a result returns: a new one, or that of the axes that it is given."""

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
    """Return the whole figure of some axes, also if they are in a subfigure."""
    return ax.figure.figure
