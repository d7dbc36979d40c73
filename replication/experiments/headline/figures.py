"""The joint sampling distribution, the distribution of updates, and one network that learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replication.report.numbers import exact, fixed
from replication.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    PAPER_WHITE,
    REPORTED,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

Model = Mapping[str, Any]

MAX_TICKS = (50, 70, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000, 100_000)
DASHED: Any = (0, (6, 2))
LIGHT = "#fefefe"
"""White of a picture: not that of the page, which a dark page swaps."""
SHADES = 64
"""Steps of grey, more than an eye tells apart."""
N_COLUMNS, N_ROWS = 10, 5
"""Of the grid of reconstructions."""


def plot_joint(model: Model) -> Figure:
    """Draw what mean and maximum of the reported number of networks do together.

    The axes named ``joint-plane`` has the mean on x and the maximum on y.
    """
    joint, reported = model["joint"], model["reported"]
    figure, ((above, corner), (plane, beside)) = create_figure(
        height=4.7, n_rows=2, n_columns=2, height_ratios=(1, 5), width_ratios=(6, 1),
        sharex="col", sharey="row",
    )  # fmt: skip
    plane.set_gid("joint-plane")
    plane.set_yscale("log")
    for region, fill in zip(joint["regions"], (SKY, BLUE), strict=True):
        low, high, largest = region["low"], region["high"], region["max"]
        plane.fill_betweenx(largest, low, high, facecolor=fill, linewidth=0, alpha=0.55)
        plane.plot(
            [*low, *high[::-1], low[0]], [*largest, *largest[::-1], largest[0]],
            color=BLUE, linewidth=1.0,
        )  # fmt: skip
    plane.plot(
        joint["studies"]["mean"], joint["studies"]["max"], "o", color=INK, markersize=1.7,
        markeredgewidth=0, zorder=3,
    )  # fmt: skip
    for share, edges, axes, direction in (
        (joint["mean_share"], joint["mean_edges"], above, "vertical"),
        (joint["max_share"], joint["max_edges"], beside, "horizontal"),
    ):
        axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, orientation=direction)
        axes.grid(visible=False)
    above.axvline(reported["mean"], color=REPORTED, linestyle=DASHED, linewidth=1.4)
    beside.axhline(reported["max"], color=REPORTED, linestyle=DASHED, linewidth=1.4)
    plane.plot(
        [reported["mean"]], [reported["max"]], "*", color=REPORTED, markersize=18,
        markeredgecolor=PAPER_WHITE, zorder=6, clip_on=False,
    )  # fmt: skip
    label_line(
        plane, x=reported["mean"], y=reported["max"],
        text=f"1988: {exact(reported['mean'])} and {exact(reported['max'])}",
        color=REPORTED, offset=(13, 0), fontweight="bold", fontsize=10.5, zorder=7,
    )  # fmt: skip
    outer, inner = joint["regions"]
    # The inner name stands below its outline where the outlines end together.
    end, way = (-1, 7) if inner["max"][-1] < 0.8 * outer["max"][-1] else (0, -7)
    for region, text, k, rise in (
        (outer, "95 % of studies", -1, 7),
        (inner, "half of them", end, way),
    ):
        label_line(
            plane, x=region["high"][k], y=region["max"][k], text=text, color=BLUE,
            offset=(-3, rise), ha="right", zorder=5,
        )  # fmt: skip
    plane.set_xlim(joint["mean_edges"][0], joint["mean_edges"][-1])
    plane.set_ylim(joint["max_edges"][0], joint["max_edges"][-1])
    use_plain_log_ticks(plane, [t for t in MAX_TICKS if t < joint["max_edges"][-1]], axis="y")
    runs = exact(reported["runs"])
    plane.set_xlabel(f"mean updates of {runs} networks")
    plane.set_ylabel(f"updates of the slowest of the {runs}")
    for axes in (above, beside, corner):
        axes.set_axis_off()
    return figure


def plot_distribution(model: Model) -> Figure:
    """Draw how many networks took how many updates, with the two reported numbers."""
    histogram, population, reported = model["histogram"], model["population"], model["reported"]
    edges = np.array(histogram["edges"])
    share = 100 * np.array(histogram["shares"]) / np.diff(edges)
    figure, axes = create_figure(height=2.9)
    axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8, zorder=2)
    top = 1.3 * float(share.max(initial=1e-9))
    axes.set_ylim(0, top)
    axes.set_xlim(edges[0], edges[-1])
    marks = [
        (reported["max"], f"{exact(reported['max'])} in 1988, the largest", REPORTED, DASHED, 0.4),
        (reported["mean"], f"{exact(reported['mean'])} in 1988, the mean", REPORTED, DASHED, 0.72),
    ]
    if population["mean"] is not None:
        text = f"mean of the population {fixed(population['mean'], 1)}"
        marks.append((population["mean"], text, BLUE, "-", 0.84))
    if population["median"] is not None:
        text = f"median {exact(population['median'])}"
        marks.append((population["median"], text, INK, (0, (2, 1.5)), 0.96))
    for value, text, colour, dash, height in marks:
        if not edges[0] <= value <= edges[-1]:
            continue
        axes.plot([value, value], [0, height * top], color=colour, linestyle=dash, zorder=3)
        is_right = value > 0.55 * edges[-1]
        label_line(
            axes, x=value, y=height * top, text=text, color=colour,
            offset=(-4 if is_right else 4, 0), ha="right" if is_right else "left",
        )  # fmt: skip
    axes.set_xlabel("weight updates until every unit's error is below the criterion")
    axes.set_ylabel("% of networks, per update")
    axes.grid(axis="x", visible=False)
    return figure


def plot_one_network(model: Model) -> Figure:
    """Draw the error of one network against updates, and its reconstructions below."""
    trace = model["trace"]
    figure, (above, below) = create_figure(height=6.0, n_rows=2, height_ratios=(1, 1.25))
    _draw_errors(above, trace)
    _draw_reconstructions(below, trace)
    return figure


def _draw_errors(axes: Axes, trace: Mapping[str, Any]) -> None:
    errors, threshold = np.array(trace["errors"]), trace["threshold"]
    others = [np.column_stack([np.arange(len(row)), row]) for row in trace["others"]]
    axes.add_collection(LineCollection(others, colors=[FAINT], linewidths=0.7, zorder=1))
    axes.plot(np.arange(len(errors)), errors, color=BLUE, linewidth=2, zorder=3)
    axes.axhline(threshold, color=INK, linewidth=1, linestyle=DASHED, zorder=2)
    axes.set_xlim(0, max(len(errors) - 1, 1))
    axes.set_ylim(0, 1.02 * max(1.0, *trace["errors"]))
    axes.set_xlabel("weight updates")
    axes.set_ylabel("largest error of a unit")
    label_line(
        axes, x=len(errors) - 1, y=threshold, text=f"criterion: below {exact(threshold)}",
        color=INK, offset=(-3, -7), ha="right",
    )  # fmt: skip
    updates = trace["updates"]
    if trace["converged"] and updates < len(errors):
        axes.plot([updates], [errors[updates]], "o", color=BLUE, markersize=6, zorder=4)
        label_line(
            axes, x=updates, y=errors[updates], text=f"{updates} updates", color=BLUE,
            offset=(7, 9), fontweight="bold", zorder=5,
        )  # fmt: skip


def _draw_reconstructions(axes: Axes, trace: Mapping[str, Any]) -> None:
    """Draw one picture a sweep: a row for each pattern, a column for each visible unit."""
    images = [np.array(image) for image in trace["reconstructions"][: N_COLUMNS * N_ROWS]]
    n_patterns, n_visible = images[0].shape
    step_x, step_y = 1.3 * n_visible, 1.75 * n_patterns
    axes.set_axis_off()
    for updates, image in enumerate(images):
        left, top = (updates % N_COLUMNS) * step_x, (updates // N_COLUMNS) * step_y
        axes.add_patch(_draw_box(left, top, n_visible, n_patterns, facecolor=LIGHT))
        shades = np.round(SHADES * (1.0 - image.clip(0.0, 1.0)))
        for (row, column), shade in np.ndenumerate(shades):
            if shade < SHADES:
                tone = f"{shade / SHADES:.3f}"
                axes.add_patch(_draw_box(left + column, top + row, 1, 1, facecolor=tone))
        is_first = trace["converged"] and updates == trace["updates"]
        colour = BLUE if is_first else MUTED
        frame = _draw_box(
            left, top, n_visible, n_patterns, fill=False, edgecolor=colour,
            linewidth=2.2 if is_first else 0.6, zorder=3,
        )  # fmt: skip
        axes.add_patch(frame)
        axes.text(
            left + n_visible / 2, top + n_patterns + 0.25, f"{updates}", ha="center", va="top",
            fontsize=8.5, color=BLUE if is_first else INK,
            fontweight="bold" if is_first else "normal",
        )  # fmt: skip
    axes.set_xlim(-0.2, N_COLUMNS * step_x)
    axes.set_ylim(-(-len(images) // N_COLUMNS) * step_y, -0.3)
    axes.set_aspect("equal")


def _draw_box(x: float, y: float, width: float, height: float, **options: Any) -> Rectangle:
    return Rectangle((x, y), width, height, clip_on=False, **{"linewidth": 0, **options})


FIGURES: dict[str, Callable[[Model], Figure]] = {
    "joint": plot_joint,
    "distribution": plot_distribution,
    "one-network": plot_one_network,
}
