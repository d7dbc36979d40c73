"""Figures of the map: the plane of learning rate and regression, and curves through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from replication.report.numbers import format_exact
from replication.report.style import (
    BLUE,
    GREEN,
    INK,
    NARROW,
    ORANGE,
    PAPER_WHITE,
    PINK,
    PURPLE,
    SKY,
    create_figure,
    label_line,
    mark_reported,
    use_plain_log_ticks,
)

SPEED_TICKS = (40, 50, 70, 100, 200, 500, 1000, 2000)
FAILURE_LEVELS = (0.01, 0.05, 0.5)
FAILURE_WIDTHS = (2.0, 1.4, 1.0)
FAILURE_DASHES: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")
SCHEDULES = {
    "batch": ("after all patterns", BLUE, SKY, "-"),
    "per-pattern": ("after each pattern", PURPLE, PINK, (0, (1.5, 1.5))),
}


def plot_settings(
    *,
    learning_rates: Sequence[float],
    regressions: Sequence[float],
    cells: Mapping[str, Sequence[Sequence[float | None]]],
    ridge: Mapping[str, Sequence[float]],
    paper: Mapping[str, float],
    best: Mapping[str, float],
) -> Figure:
    """Draw the restricted mean over the plane, with contours of the share that fails.

    Parameters
    ----------
    learning_rates, regressions : sequence of float
        Ascending.
    cells : mapping
        ``cap`` (restricted mean) and ``converged``, a row for each learning rate.
    ridge : mapping
        ``learning_rate`` of the fastest cell for each regression.
    paper, best : mapping
        ``learning_rate`` and ``regression`` of the two marked points.
    """
    mean = np.array(cells["cap"], dtype=float).T
    failing = 1.0 - np.array(cells["converged"], dtype=float).T
    rates, rows = np.asarray(learning_rates), np.asarray(regressions)
    figure, axes = create_figure(height=4.3)
    colours = LinearSegmentedColormap.from_list(
        "speed", ["#f7fbff", "#c6dcef", "#7fb3d8", "#3b7fb8", "#12427a", "#071c3d"]
    )
    filled = axes.pcolormesh(
        rates, rows, mean, cmap=colours, norm=LogNorm(float(np.nanmin(mean)), float(mean.max())),
        shading="nearest", rasterized=True,
    )  # fmt: skip
    bar = figure.colorbar(filled, ax=axes, pad=0.02, aspect=28)
    bar.ax.yaxis.set_major_locator(FixedLocator(list(SPEED_TICKS)))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_exact(value)))
    bar.set_label("mean updates, unfinished ones counted at the cap")
    if failing.max() > FAILURE_LEVELS[0]:
        beyond = _drop_slow(failing, rates, np.asarray(ridge["learning_rate"], dtype=float))
        axes.contour(
            rates, rows, beyond, levels=list(FAILURE_LEVELS), colors=[ORANGE],
            linewidths=FAILURE_WIDTHS, linestyles=FAILURE_DASHES,
        )  # fmt: skip
    fastest = np.asarray(ridge["learning_rate"], dtype=float)
    inside = np.flatnonzero(fastest < rates[-1])  # beyond, the fastest rate is not on the map
    last = min(int(inside[-1]) + 2, fastest.size) if inside.size else fastest.size
    axes.plot(fastest[:last], rows[:last], color=GREEN, linewidth=1.8, linestyle=(0, (1.5, 1.5)))
    _explain_lines(axes)
    for point, marker, text, offset in (
        (best, "s", "fastest", (-9, 9)),
        (paper, "*", "the paper's settings", (-8, 14)),
    ):
        axes.plot(
            [point["learning_rate"]], [point["regression"]], marker, color=INK,
            markeredgecolor=PAPER_WHITE, markersize=13 if marker == "*" else 8, zorder=6,
            clip_on=False,
        )  # fmt: skip
        label_line(
            axes, x=point["learning_rate"], y=point["regression"], text=text, color=INK,
            offset=offset, ha="right" if offset[0] < 0 else "left", fontweight="bold",
        )  # fmt: skip
    axes.set_xlabel("learning rate")
    axes.set_ylabel("regression")
    axes.grid(visible=False)
    axes.set_xlim(rates[0] - 0.5, rates[-1] + 0.5)
    return figure


def _explain_lines(axes: Axes) -> None:
    """Name the lines in the corner where nothing happens; there is no room beside them."""
    handles = [
        Line2D(
            [], [], color=ORANGE, linewidth=width, linestyle=dash, label=f"{100 * level:g} % fail"
        )
        for level, width, dash in zip(FAILURE_LEVELS, FAILURE_WIDTHS, FAILURE_DASHES, strict=True)
    ]
    handles.append(
        Line2D([], [], color=GREEN, linewidth=1.8, linestyle=(0, (1.5, 1.5)), label="fastest rate")
    )
    axes.legend(
        handles=handles, loc="lower right", frameon=True, facecolor=PAPER_WHITE, framealpha=1,
        edgecolor=PAPER_WHITE,
    )  # fmt: skip


def _drop_slow(
    failing: np.ndarray[Any, Any], rates: np.ndarray[Any, Any], fastest: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Count no failures left of the fastest cell of a row, where networks are merely slow."""
    return np.where(rates[None, :] < fastest[:, None], 0.0, failing)


def plot_rates(
    *, curve: Mapping[str, Any], paper_rate: float, reported: Mapping[str, Any]
) -> Figure:
    """Draw mean and failures against the learning rate, for both update schedules.

    Parameters
    ----------
    curve : mapping
        ``values`` and, by schedule, the columns of the map.
    paper_rate : float
    reported : mapping
        ``value`` and ``text``.
    """
    figure, (above, below) = create_figure(
        height=4.4, width=NARROW, n_rows=2, sharex=True, height_ratios=(2.3, 1)
    )
    x = np.asarray(curve["values"], dtype=float)
    for name, (words, color, fill, dash) in SCHEDULES.items():
        columns = curve[name]
        mean, error = _read(columns["restart"]), _read(columns["restart_error"])
        above.fill_between(x, mean - 2 * error, mean + 2 * error, color=fill, linewidth=0)
        above.plot(x, mean, color=color, linestyle=dash)
        low, high = (1 - _read(columns[f"converged_{end}"]) for end in ("high", "low"))
        below.fill_between(x, 100 * low, 100 * high, color=fill, linewidth=0)
        below.plot(x, 100 * (1 - _read(columns["converged"])), color=color, linestyle=dash)
        at = 0.62 if name == "batch" else 0.72
        place = int(at * len(x))
        label_line(
            above, x=float(x[place]), y=float(mean[place]), text=words, color=color,
            offset=(-8, 8) if name == "batch" else (4, -17),
            ha="right" if name == "batch" else "center",
        )  # fmt: skip
    lowest = min(np.nanmin(_read(curve[name]["restart"])) for name in SCHEDULES)
    above.set_ylim(0.8 * lowest, 8 * lowest)
    above.set_yscale("log")
    use_plain_log_ticks(above, (20, 30, 40, 60, 100, 150, 200), axis="y")
    above.set_ylabel("mean updates (sweeps)\nwith restarts")
    below.set_ylabel("fail, per cent")
    below.set_xlabel("learning rate")
    mark_reported(
        above, reported["value"], text=f"reported: {reported['text']}", vertical=False, at=0.635
    )
    for axes in (above, below):
        axes.axvline(paper_rate, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    label_line(
        above, x=paper_rate, y=6.4 * lowest, text=f"the paper's {format_exact(paper_rate)}",
        color=INK,
    )  # fmt: skip
    return figure


def plot_widths(
    *, curve: Mapping[str, Any], base_width: float, reported: Mapping[str, Any]
) -> Figure:
    """Draw the mean against the half-width of the initial weights, for both update schedules.

    Parameters
    ----------
    curve : mapping
        ``values`` and, by schedule, the columns of the map.
    base_width : float
    reported : mapping
        ``value`` and ``text``.
    """
    figure, axes = create_figure(height=3.0, width=NARROW)
    x = np.asarray(curve["values"], dtype=float)
    for name, (words, color, fill, dash) in SCHEDULES.items():
        mean, error = _read(curve[name]["restart"]), _read(curve[name]["restart_error"])
        axes.fill_between(x, mean - 2 * error, mean + 2 * error, color=fill, linewidth=0)
        axes.plot(x, mean, color=color, linestyle=dash)
        label_line(axes, x=float(x[2]), y=float(mean[2]), text=words, color=color, offset=(10, 12))
    axes.set_xscale("log")
    use_plain_log_ticks(axes, (0.05, 0.1, 0.2, 0.5, 1, 2))
    axes.set_ylim(0, None)
    axes.set_xlabel("half-width of the initial weights")
    axes.set_ylabel("mean updates (sweeps)\nwith restarts")
    mark_reported(
        axes, reported["value"], text=f"reported: {reported['text']}", vertical=False, at=0.55
    )
    _mark_base(axes, base_width)
    return figure


def _mark_base(axes: Axes, base_width: float) -> None:
    axes.axvline(base_width, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    label_line(axes, x=base_width, y=5, text=f"base reading: {format_exact(base_width)}", color=INK)


def _read(column: Sequence[float | None]) -> np.ndarray[Any, Any]:
    return np.array([np.nan if value is None else value for value in column], dtype=float)
