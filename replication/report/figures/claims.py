"""Figures of the abstract's other claims: speed, codes and failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SAND,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

PROCEDURES: dict[str, tuple[str, str, Any]] = {
    "recirculation-paper": ("recirculation,\nat the base reading", BLUE, "-"),
    "recirculation-best": ("recirculation,\nat its best", BLUE, (0, (1.5, 1.5))),
    "back-propagation-best": ("back-propagation,\nat its best", ORANGE, (0, (5, 2))),
    "back-propagation-paper": ("back-propagation,\nat rate 20", ORANGE, "-"),
}
PATTERN_STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"))
"""Colour and marker of each of the four patterns."""


def plot_speed(*, rapid: Mapping[str, Any]) -> Figure:
    """Draw the share of networks still learning, and the differences between pairs.

    Parameters
    ----------
    rapid : mapping
        The part ``rapid`` of the model.
    """
    figure, (left, right) = create_figure(
        height=3.5, n_columns=2, gridspec_kw={"width_ratios": (1.25, 1)}
    )
    updates = np.asarray(rapid["curve_updates"], dtype=float)
    for name, (label, colour, dash) in PROCEDURES.items():
        share = 100 * np.asarray(rapid["procedures"][name]["still_learning"], dtype=float)
        left.plot(updates, share, color=colour, linestyle=dash, label=label)
    left.set_xscale("log")
    left.set_xlim(3, rapid["max_updates"])
    left.set_ylim(0, 100)
    use_plain_log_ticks(left, [3, 10, 30, 100, 300, 1000])
    left.set_xlabel("weight updates")
    left.set_ylabel("still learning, %")
    _label_curves(left, rapid)
    _draw_differences(right, rapid)
    return figure


def _label_curves(axes: Axes, rapid: Mapping[str, Any]) -> None:
    spots = {
        "recirculation-best": (40, (-6, 0), "right"),
        "recirculation-paper": (16, (7, 4), "left"),
        "back-propagation-best": (50, (16, 2), "left"),
        "back-propagation-paper": (88, (-6, -18), "right"),
    }
    updates = np.asarray(rapid["curve_updates"], dtype=float)
    for name, (at, offset, side) in spots.items():
        label, colour, _ = PROCEDURES[name]
        share = 100 * np.asarray(rapid["procedures"][name]["still_learning"], dtype=float)
        x = float(updates[np.flatnonzero(share <= at)[0]]) if (share <= at).any() else updates[-1]
        label_line(axes, x=x, y=at, text=label, color=colour, offset=offset, ha=side, fontsize=8)


def _draw_differences(axes: Axes, rapid: Mapping[str, Any]) -> None:
    """Draw a histogram of updates of recirculation minus updates of back-propagation."""
    counts = np.asarray(rapid["differences"]["counts"], dtype=float)
    lowest = rapid["differences"]["lowest"]
    share = 100 * counts / counts.sum()
    gap = np.arange(lowest, lowest + len(counts))
    width = 5
    edges = np.arange(lowest, -lowest + 1, width)
    for half, colour, fill in ((gap < 0, BLUE, SKY), (gap > 0, ORANGE, SAND)):
        inside = np.abs(gap) < -lowest
        heights, _ = np.histogram(gap[half & inside], edges, weights=share[half & inside])
        axes.stairs(heights, edges, fill=True, facecolor=fill, edgecolor=colour, linewidth=0.8)
    axes.axvline(0, color=INK, linewidth=0.8)
    top = axes.get_ylim()[1] * 1.3
    axes.set_ylim(0, top)
    axes.set_xlim(lowest, -lowest)
    pair = rapid["pairs"]["paper-best"]
    for x, name, colour, side in (
        (0.03, "faster", BLUE, "left"),
        (0.97, "slower", ORANGE, "right"),
    ):
        axes.text(
            x, 0.97, f"recirculation\n{name}: {100 * pair[name]['value']:.0f} %", color=colour,
            ha=side, va="top", transform=axes.transAxes, fontsize=9,
        )  # fmt: skip
    axes.set_xlabel("difference within a pair, updates")
    axes.set_ylabel(f"pairs, % in {width} updates")


def plot_square(*, codes: Mapping[str, Any]) -> Figure:
    """Draw the codes of many networks in the unit square, and their distance from corners.

    Parameters
    ----------
    codes : mapping
        The part ``codes`` of the model.
    """
    figure, (left, right) = create_figure(
        height=3.3, n_columns=2, gridspec_kw={"width_ratios": (1, 1.25)}
    )
    hidden = np.asarray(codes["drawn"]["hidden"], dtype=float)
    good = np.asarray(codes["drawn"]["good"], dtype=bool)
    for chosen, colour, marker in ((good, BLUE, "o"), (~good, ORANGE, "x")):
        points = hidden[chosen].reshape(-1, 2)
        left.scatter(
            points[:, 0], points[:, 1], s=7, marker=marker, linewidths=0.6, color=colour,
            alpha=0.55,
        )  # fmt: skip
    _frame_square(left)
    left.set_xlabel("first hidden unit")
    left.set_ylabel("second hidden unit")
    edges = np.asarray(codes["distance"]["edges"], dtype=float)
    total = codes["n_converged"] * (edges[1] - edges[0]) / 0.02
    heights = [
        100 * np.asarray(codes["distance"][name], dtype=float) / total
        for name in ("counts_good", "counts_graded")
    ]
    right.stairs(heights[0], edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8)
    right.stairs(
        heights[0] + heights[1], edges, baseline=heights[0], fill=True, facecolor=SAND,
        edgecolor=ORANGE, linewidth=0.8,
    )  # fmt: skip
    margin = codes["margins"][1]
    right.axvline(margin, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)))
    right.set_xlim(0, 0.5)
    top = 1.25 * float((heights[0] + heights[1]).max())
    right.set_ylim(0, top)
    label_line(
        right, x=margin, y=0.95 * top, text="strict margin", color=MUTED, offset=(-4, 0),
        ha="right", fontsize=8,
    )  # fmt: skip
    shares = 100 * codes["good"]["value"]
    right.text(0.02, 0.80 * top, f"four different\ncorners: {shares:.0f} %", color=BLUE, va="top")
    right.text(
        0.27, 0.93 * top, f"two patterns at\none corner: {100 - shares:.0f} %", color=ORANGE,
        va="top",
    )  # fmt: skip
    right.set_xlabel("largest distance of an activity from 0 or 1")
    right.set_ylabel("networks, % in 0.02")
    return figure


def plot_paths(*, paths: Mapping[str, Any]) -> Figure:
    """Draw how the four codes of two networks move through the square while they learn.

    Parameters
    ----------
    paths : mapping
        The part ``codes.paths`` of the model.
    """
    figure, axes = create_figure(height=3.5, n_columns=2)
    titles = {"good": "Four corners", "graded": "Two patterns share a corner"}
    for one, (name, title) in zip(axes, titles.items(), strict=True):
        path = np.asarray(paths[name]["hidden"], dtype=float)
        for p, (colour, marker) in enumerate(PATTERN_STYLES):
            one.plot(path[:, p, 0], path[:, p, 1], color=colour, linewidth=0.9, alpha=0.75)
            one.plot(*path[0, p], marker=marker, markersize=4.5, color=colour, fillstyle="none")
            one.plot(*path[-1, p], marker=marker, markersize=8, color=colour)
            label_line(
                one, x=path[-1, p, 0], y=path[-1, p, 1], text=str(p + 1), color=colour,
                fontsize=9, **_push_inwards(path[-1, p]),
            )  # fmt: skip
        _frame_square(one)
        one.set_title(f"{title} (seed {paths[name]['seed']})", fontsize=9)
        one.set_xlabel("first hidden unit")
    axes[0].set_ylabel("second hidden unit")
    return figure


def plot_failures(*, drawn: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the codes of networks that have not converged, pattern by pattern.

    Parameters
    ----------
    drawn : sequence of mapping
        The part ``failures.drawn`` of the model.
    """
    n_columns = 4
    n_rows = -(-len(drawn) // n_columns)
    figure, axes = create_figure(
        height=1.85 * n_rows + 0.2, n_rows=n_rows, n_columns=n_columns, squeeze=False
    )
    for one, network in zip(axes.flat, drawn, strict=False):
        _frame_square(one, margin=0.12)
        one.set_title(f"seed {network['seed']}", fontsize=8, fontweight="normal")
        hidden = np.asarray(network["hidden"], dtype=float)
        groups: list[list[int]] = []
        for p, code in enumerate(hidden):
            for group in groups:
                if np.abs(hidden[group[0]] - code).max() < 0.01:
                    group.append(p)
                    break
            else:
                groups.append([p])
        for group in groups:
            x, y = hidden[group[0]]
            shared = len(group) > 1
            colour = ORANGE if shared else BLUE
            one.plot(x, y, marker="s" if shared else "o", color=colour, markersize=7)
            label_line(
                one, x=x, y=y, text=" and ".join(str(p + 1) for p in group), color=colour,
                fontsize=9, **_push_inwards((x, y)),
            )  # fmt: skip
    for one in list(axes.flat)[len(drawn) :]:
        one.remove()
    return figure


def _push_inwards(point: Sequence[float]) -> dict[str, Any]:
    """Return where a label of a point goes: away from the nearest border."""
    x, y = point
    side = "center" if 0.25 < x < 0.75 else "left" if x < 0.5 else "right"
    shift = {"center": 0.0, "left": 5.0, "right": -5.0}[side]
    return {"ha": side, "offset": (shift, 12.0 if y < 0.5 else -12.0)}


def _frame_square(axes: Axes, *, margin: float = 0.04) -> None:
    axes.set_xlim(-margin, 1 + margin)
    axes.set_ylim(-margin, 1 + margin)
    axes.set_aspect("equal")
    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    axes.grid(visible=False)
    for middle in (axes.axhline, axes.axvline):
        middle(0.5, color=FAINT, linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(FAINT)
