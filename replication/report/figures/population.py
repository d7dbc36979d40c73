"""Figures of the population: distribution, survival, restricted and restarted means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replication.report.numbers import format_number
from replication.report.style import (
    BLUE,
    GREEN,
    INK,
    MINT,
    MUTED,
    NARROW,
    PAPER_WHITE,
    PINK,
    PURPLE,
    REPORTED,
    SKY,
    create_figure,
    label_line,
    mark_reported,
    use_plain_log_ticks,
)

CAP_TICKS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)


def plot_distribution(
    *,
    histogram: Mapping[str, Any],
    mean: float,
    median: float | None,
    reported: float,
    reported_text: str,
) -> Figure:
    """Draw how many networks needed how many updates, with three numbers marked.

    Parameters
    ----------
    histogram : mapping
        ``edges`` and ``counts``.
    mean, median : float
        Of the converged, and of all networks.
    reported : float
    reported_text : str
        As it was printed.
    """
    edges = np.asarray(histogram["edges"], dtype=float)
    counts = np.asarray(histogram["counts"], dtype=float)
    total = counts.sum() + histogram["n_beyond"] + histogram["n_censored"]
    share = 100 * counts / total / np.diff(edges)
    figure, axes = create_figure(height=3.2, width=NARROW)
    axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8, zorder=2)
    top = float(share.max()) * 1.32
    axes.set_ylim(0, top)
    axes.set_xlim(min(edges[0], reported) - 2, max(edges[-1], reported * 1.1))
    marks: list[tuple[float, str, str, float, Any]] = [(mean, "mean", BLUE, 0.84, "-")]
    if median is not None:
        marks.append((median, "median", INK, 0.95, (0, (2, 1.5))))
    for value, name, colour, at, dash in marks:
        axes.plot(
            [value, value], [0, at * top], color=colour, linewidth=1.4, linestyle=dash, zorder=3
        )
        label_line(
            axes,
            x=value,
            y=at * top,
            text=f"{name} {value:.3g}",
            color=colour,
            offset=(4, 0),
        )
    axes.plot(
        [reported, reported], [0, 0.73 * top], color=REPORTED, linewidth=1.6,
        linestyle=(0, (6, 2)), zorder=3,
    )  # fmt: skip
    label_line(
        axes, x=reported, y=0.73 * top, text=f"reported of the paper: {reported_text}",
        color=REPORTED, offset=(4, 0), fontweight="bold",
    )  # fmt: skip
    axes.set_xlabel("weight updates until the error is below the criterion")
    axes.set_ylabel("% of networks, per update")
    axes.grid(axis="x", visible=False)
    return figure


def plot_survival(*, survival: Mapping[str, Any], cap: int | None, reported: float) -> Figure:
    """Draw the share of networks that still need more updates, twice.

    Parameters
    ----------
    survival : mapping
        ``updates``, ``survival``, ``low``, ``high``.
    cap : int or None
        The cap of the main study, marked where the curve goes beyond it.
    reported : float
    """
    figure, (left, right) = create_figure(height=5.4, width=NARROW, n_rows=2)
    times = np.asarray(survival["updates"], dtype=float)
    shares, low, high = (
        100 * np.asarray(survival[key], dtype=float) for key in ("survival", "low", "high")
    )
    start = np.concatenate([[0.0], times])
    for axes in (left, right):
        axes.fill_between(
            start, np.append(100, low), np.append(100, high), step="post",
            facecolor=SKY, linewidth=0, zorder=1,
        )  # fmt: skip
        axes.step(start, np.append(100, shares), where="post", color=BLUE, zorder=2)
        axes.axvline(reported, color=REPORTED, linewidth=1.4, linestyle=(0, (6, 2)))
        axes.set_xlabel("weight updates $t$")
        axes.set_ylabel("% of networks not there after $t$")
    left.set_title("linear axes")
    left.set_xlim(0, min(float(times[-1]), max(200.0, 1.2 * reported)))
    left.set_ylim(0, 104)
    label_line(left, x=reported, y=88, text=f"{reported:g}", color=REPORTED, fontweight="bold")
    right.set_title("logarithmic axes")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlim(max(1.0, float(times[0]) / 1.5), max(float(times[-1]) * 1.1, 3.0))
    floor = shares[shares > 0].min() if np.any(shares > 0) else 1.0
    right.set_ylim(floor / 2.5, 180)
    ticks = [10.0**k for k in range(7) if right.get_xlim()[0] <= 10.0**k <= right.get_xlim()[1]]
    use_plain_log_ticks(right, ticks)
    use_plain_log_ticks(right, [10.0**k for k in range(-4, 3) if 10.0**k >= floor / 2.5], axis="y")
    if cap is not None and times[-1] > cap:
        right.axvline(cap, color=MUTED, linewidth=1, linestyle=(0, (1, 1.5)))
        label_line(right, x=cap, y=60, text=f"cap {cap}", color=MUTED)
    return figure


def plot_restricted_mean(
    *, curve: Mapping[str, Any], cap: int | None, reported: float, reported_text: str
) -> Figure:
    """Draw the mean with unfinished networks counted at a cap, against that cap."""
    figure, axes = create_figure(height=3.0, width=NARROW)
    times = np.asarray(curve["updates"], dtype=float)
    axes.fill_between(
        times, np.asarray(curve["low"], dtype=float), np.asarray(curve["high"], dtype=float),
        facecolor=MINT, linewidth=0,
    )  # fmt: skip
    axes.plot(times, curve["mean"], color=GREEN)
    axes.set_xscale("log")
    low, high = _span([*curve["mean"], *curve["low"], *curve["high"], reported])
    axes.set_ylim(low, high)
    axes.set_xlim(times[0], max(times[-1], times[0] * 1.01))
    use_plain_log_ticks(
        axes,
        [t for t in CAP_TICKS if times[0] <= t <= times[-1]],
    )
    mark_reported(axes, reported, text=f"reported: {reported_text}", vertical=False, at=0.02)
    crossing = curve["crossing"]
    if crossing is not None and crossing >= times[0]:
        axes.plot([crossing], [reported], "o", color=GREEN, markersize=7, zorder=5)
        label_line(
            axes, x=crossing, y=reported, text=f"at a cap of {format_number(crossing, 2)}",
            color=GREEN, offset=(10, -11), fontweight="bold",
        )  # fmt: skip
    if cap is not None and times[0] < cap < times[-1]:
        axes.axvline(cap, color=MUTED, linewidth=1, linestyle=(0, (1, 1.5)))
        label_line(
            axes, x=cap, y=high - 0.06 * (high - low), text=f"cap of this study: {cap}",
            color=MUTED, offset=(-5, 0), ha="right",
        )  # fmt: skip
    axes.set_xlabel("cap: the count given to a network that is not there yet")
    axes.set_ylabel("mean number of updates")
    return figure


def plot_restart(*, curve: Mapping[str, Any], reported: float, reported_text: str) -> Figure:
    """Draw the mean with restarts after c updates, against c."""
    figure, axes = create_figure(height=3.0, width=NARROW)
    times = np.asarray(curve["updates"], dtype=float)
    mean, low, high = (np.array(curve[key], dtype=float) for key in ("mean", "low", "high"))
    axes.fill_between(times, low, high, facecolor=PINK, linewidth=0)
    axes.plot(times, mean, color=PURPLE)
    axes.set_xscale("log")
    best, headline = curve["best"], curve["headline"]
    bottom = min(best["mean"], reported) - 9
    axes.set_ylim(bottom, max(best["mean"], reported) + 22)
    left = max(best["updates"] / 4, times[0], 1.0)
    right = max(times[-1], left * 1.5)
    use_plain_log_ticks(
        axes, [t for t in (20, 30, 50, 100, 200, 500, 1000, 2000) if left <= t <= right]
    )
    axes.set_xlim(left, right)
    mark_reported(axes, reported, text=f"reported: {reported_text}", vertical=False, at=0.72)
    axes.plot([best["updates"]], [best["mean"]], "o", color=PURPLE, markersize=7, zorder=5)
    label_line(
        axes, x=best["updates"], y=best["mean"],
        text=f"least: {format_number(best['mean'], 3)}\nrestart after {best['updates']}",
        color=PURPLE, offset=(8, -18), ha="right", fontweight="bold",
    )  # fmt: skip
    if headline["mean"] is not None and headline["updates"] != best["updates"]:
        axes.plot(
            [headline["updates"]], [headline["mean"]], "o", color=PURPLE,
            markerfacecolor=PAPER_WHITE, markersize=7, zorder=5,
        )  # fmt: skip
        label_line(
            axes, x=headline["updates"], y=headline["mean"],
            text=f"in headlines: {format_number(headline['mean'], 3)}\n"
            f"restart after {headline['updates']}",
            color=PURPLE, offset=(-2, -18), ha="left",
        )  # fmt: skip
    axes.set_xlabel("restart after $c$ updates")
    axes.set_ylabel("mean number of updates in all")
    return figure


def _span(values: list[float | None]) -> tuple[float, float]:
    finite = [value for value in values if value is not None]
    pad = 0.06 * (max(finite) - min(finite)) or 1.0
    return min(finite) - pad, max(finite) + pad
