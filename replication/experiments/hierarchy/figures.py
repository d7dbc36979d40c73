"""The figure of the hierarchy: what it is, which networks succeed, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch

from replication.report.numbers import fixed
from replication.report.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    NARROW,
    PAPER_WHITE,
    PURPLE,
    SKY,
)

GROUPS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("by the set of vectors", "conditions", (
        ("two", "2 one-hot pairs"),
        ("three", "3 one-hot pairs"),
        ("four", "4 one-hot pairs"),
        ("bits", "4 that carry two bits"),
        ("random", "4 random vectors"),
    )),
    ("4 one-hot pairs, by pairings", "splits", (
        ("same", "the same two ({:,})"),
        ("different", "not the same two ({:,})"),
        ("single", "one makes only one ({:,})"),
    )),
    ("4 one-hot pairs, one change", "conditions", (
        ("same_start", "lower modules start alike"),
        ("untrained_top", "top module not trained"),
        ("wider_lower", "3 hidden units below"),
        ("wider_top", "3 hidden units on top"),
        ("wider", "3 hidden units in all"),
    )),
)  # fmt: skip
"""Heading, part of the model, and its keys with their labels, which may tell how many."""
LOWER_UNITS = ((0.0, 1.0, 2.0, 3.0), (4.6, 5.6, 6.6, 7.6))
SHARED_UNITS = ((1.0, 2.0), (5.6, 6.6))
TOP_UNITS = (3.3, 4.3)
"""Where the units of the sketch stand, from left to right, in rows `STEP` apart."""
STEP = 2.1
LEFT = -0.95
"""Where headings begin, in widths of the axes."""


def plot_success(model: Mapping[str, Any]) -> Figure:
    """Draw the hierarchy, the codes of one that fails, and the shares that succeed.

    Parameters
    ----------
    model : mapping
        Of `replication.experiments.hierarchy.run`.
    """
    figure = Figure(figsize=(NARROW, 5.4), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(1, 2.9))
    above, below = parts
    sketch, left, right = above.subplots(1, 3, width_ratios=(1.5, 1, 1))
    _draw_sketch(sketch)
    sketch.set_title("(a) Three modules")
    for square, name in ((left, "left"), (right, "right")):
        _draw_codes(square, model["splits"]["example"], name)
    left.set_title("(b) Codes, left")
    right.set_title("(c) Right")
    shares = below.add_axes((0.42, 0.12, 0.43, 0.74))
    _draw_shares(shares, model)
    shares.set_title("(d) Which networks succeed", pad=22, x=LEFT)
    return figure


def _draw_sketch(axes: Axes) -> None:
    """Draw both lower modules and the top one, whose visible units are their hidden ones."""
    shared = [unit for units in SHARED_UNITS for unit in units]
    for lower, hidden in zip(LOWER_UNITS, SHARED_UNITS, strict=True):
        _connect(axes, lower, 0.0, hidden)
        _frame(axes, lower[0], lower[-1], 0.0, BLUE, "-")
    _connect(axes, shared, STEP, TOP_UNITS)
    _frame(axes, shared[0], shared[-1], STEP, PURPLE, (0, (4, 2)))
    for row, units in enumerate(([*LOWER_UNITS[0], *LOWER_UNITS[1]], shared, TOP_UNITS)):
        axes.plot(
            units, [row * STEP] * len(units), "o", color=PAPER_WHITE, markeredgecolor=INK,
            markersize=5, zorder=3,
        )  # fmt: skip
    for x, y, text, colour in (
        (1.5, -1.1, "left", BLUE), (6.1, -1.1, "right", BLUE), (1.9, 2 * STEP, "top", PURPLE)
    ):  # fmt: skip
        axes.text(x, y, text, color=colour, ha="center", va="center" if y > 0 else "top")
    axes.set_xlim(-0.9, 8.5)
    axes.set_ylim(-2.4, 2 * STEP + 0.9)
    axes.set_aspect("equal")
    axes.set_anchor("N")
    axes.set_axis_off()


def _connect(axes: Axes, below: Sequence[float], y: float, above: Sequence[float]) -> None:
    """Join each unit of a row to each of the row above it."""
    for start in below:
        for end in above:
            axes.plot([start, end], [y, y + STEP], color=FAINT, linewidth=0.7, zorder=1)


def _frame(axes: Axes, left: float, right: float, y: float, colour: str, dash: Any) -> None:
    """Draw the outline of a module around two rows of units."""
    axes.add_patch(
        FancyBboxPatch(
            (left, y), right - left, STEP, boxstyle="round,pad=0.65", fill=False,
            edgecolor=colour, linestyle=dash, linewidth=1.1, zorder=2,
        )
    )  # fmt: skip


def _draw_codes(axes: Axes, example: Mapping[str, Any] | None, name: str) -> None:
    """Draw the codes of four vectors, and between which pairs each unit draws its line."""
    axes.set_xlim(-0.14, 1.14)
    axes.set_ylim(-0.14, 1.14)
    axes.set_box_aspect(1)
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    if example is None:
        return
    codes = example[name]["codes"]
    border, pairing = find_pairing([code[0] for code in codes])
    axes.axvline(border, color=GREEN, linewidth=1.3)
    axes.set_xlabel(f"unit 1: {pairing}", color=GREEN)
    border, pairing = find_pairing([code[1] for code in codes])
    axes.axhline(border, color=PURPLE, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.set_ylabel(f"unit 2: {pairing}", color=PURPLE)
    for number, (x, y) in enumerate(codes, start=1):
        axes.text(
            x, y, str(number), ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.18", "facecolor": SKY, "edgecolor": BLUE},
        )  # fmt: skip


def find_pairing(activities: Sequence[float]) -> tuple[float, str]:
    """Return what lies between the two lower and the two higher activities, and both pairs."""
    order = sorted(range(4), key=lambda vector: activities[vector])
    border = (activities[order[1]] + activities[order[2]]) / 2
    pairs = sorted(
        "".join(str(vector + 1) for vector in sorted(pair)) for pair in (order[:2], order[2:])
    )
    return border, " | ".join(pairs)


def _draw_shares(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw a bar with its interval a row, its number, and a ring for what is only encoded."""
    place = 0.0
    labels: dict[float, str] = {}
    for heading, part, rows in GROUPS:
        axes.text(LEFT, place, heading, transform=axes.get_yaxis_transform(), va="center",
                  color=MUTED, style="italic")  # fmt: skip
        for name, label in rows:
            place += 1.0
            row = model[part][name]
            labels[place] = label.format(row["n"])
            share = row["all"]["share"]
            if share is None:
                continue
            low, high = (100 * end for end in row["all"]["share_interval"])
            axes.barh(place, 100 * share, height=0.72, facecolor=SKY, edgecolor=BLUE)
            axes.plot([low, high], [place, place], color=INK, linewidth=1.6, zorder=3)
            axes.plot([100 * row["encoded"]["share"]], [place], "o", color=PURPLE, markersize=6,
                      fillstyle="none", markeredgewidth=1.3, clip_on=False, zorder=4)  # fmt: skip
            axes.text(105, place, fixed(100 * share, 1), va="center", ha="left", color=INK)
        place += 1.4
    axes.set_yticks(list(labels), list(labels.values()))
    axes.set_ylim(max(labels) + 0.6, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("networks, %")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.legend(
        handles=[
            Patch(facecolor=SKY, edgecolor=BLUE, label="encoded, kept and completed"),
            Line2D([], [], color=PURPLE, marker="o", fillstyle="none", linestyle="none",
                   label="encoded"),
        ],
        loc="lower left", bbox_to_anchor=(LEFT, 1.01), ncols=2, columnspacing=1.2,
        borderaxespad=0, handlelength=1.4,
    )  # fmt: skip


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {"hierarchy": plot_success}
