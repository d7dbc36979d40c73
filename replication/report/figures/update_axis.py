"""Axes of updates for figures that reach from none to thousands."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from replication.report.numbers import format_exact

UPDATE_TICKS = (0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)


def use_update_ticks(
    axes: Axes, *, axis: str, linear: float = 10.0, ticks: Sequence[int] = UPDATE_TICKS
) -> None:
    """Make an axis of updates logarithmic beyond `linear` on both sides of 0."""
    getattr(axes, f"set_{axis}scale")("symlog", linthresh=linear, linscale=0.6)
    one = axes.yaxis if axis == "y" else axes.xaxis
    low, high = sorted(one.get_view_interval())
    shown = [tick for tick in ticks if tick <= high]
    shown += [-tick for tick in ticks if tick and -tick >= low]
    one.set_major_locator(FixedLocator(sorted(shown)))
    one.set_minor_locator(NullLocator())
    one.set_major_formatter(FuncFormatter(lambda value, _: format_exact(value)))
