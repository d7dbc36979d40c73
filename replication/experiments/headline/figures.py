"""The joint sampling distribution, the distribution of updates, and one network that learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from replication.experiments.headline.loop import plot_loop
from replication.report.numbers import exact, fixed
from replication.report.style import (
    BLUE,
    INK,
    MUTED,
    REPORTED,
    SKY,
    create_figure,
    label_line,
    mark_reported,
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
        height=3.4, n_rows=2, n_columns=2, height_ratios=(1, 6), width_ratios=(7, 1),
        sharex="col", sharey="row",
    )  # fmt: skip
    plane.set_gid("joint-plane")
    plane.set_yscale("log")
    outer, inner = joint["regions"]
    for region, strength in ((outer, 0.4), (inner, 0.75)):
        corners = np.transpose([region["mean"], region["max"]])
        fill = Polygon(corners, facecolor=(SKY, strength), edgecolor=BLUE, linewidth=1.0)
        fill.set_gid("joint-outline" if region is outer else None)
        plane.add_patch(fill)
    plane.plot(
        joint["studies"]["mean"], joint["studies"]["max"], "o", color=MUTED, markersize=1.7,
        markeredgewidth=0, zorder=3,
    )  # fmt: skip
    for share, edges, axes, direction in (
        (joint["mean_share"], joint["mean_edges"], above, "vertical"),
        (joint["max_share"], joint["max_edges"], beside, "horizontal"),
    ):
        axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, orientation=direction)
        axes.grid(visible=False)
    above.text(1, 0.5, "share of studies", transform=above.transAxes, ha="right", color=BLUE)
    beside.text(0.6, -0.04, "share of\nstudies", transform=beside.transAxes, ha="center", va="top",
                color=BLUE)  # fmt: skip
    above.axvline(reported["mean"], color=REPORTED, linestyle=DASHED, linewidth=1.4)
    beside.axhline(reported["max"], color=REPORTED, linestyle=DASHED, linewidth=1.4)
    mark_reported(plane, reported["mean"], reported["max"], size=20, gid="joint-reported")
    label_line(
        plane, x=reported["mean"], y=reported["max"],
        text=f"1988: {exact(reported['mean'])} and {exact(reported['max'])}",
        color=REPORTED, offset=(12, 0), fontweight="bold", fontsize=10, zorder=7,
    )  # fmt: skip
    for region, name in ((outer, "95 % of studies"), (inner, "half")):
        top = int(np.argmax(region["max"]))
        label_line(
            plane, x=region["mean"][top], y=region["max"][top], text=name, color=BLUE,
            offset=(0, 7), ha="center", zorder=5,
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
    """Draw how many networks took how many updates, and above it what summarises them."""
    histogram, population, reported = model["histogram"], model["population"], model["reported"]
    edges = np.array(histogram["edges"])
    share = 100 * np.array(histogram["shares"]) / np.diff(edges)
    figure, (above, axes) = create_figure(height=3.3, n_rows=2, height_ratios=(1, 2.4), sharex=True)
    figure.set_layout_engine("constrained", h_pad=0, hspace=0)  # lines go through
    axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8, zorder=2)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, None)
    axes.set_xlabel("weight updates until converged")
    axes.set_ylabel("% of networks, per update")
    axes.grid(axis="x", visible=False)
    rows = [("mean, 1988", reported["mean"], exact(reported["mean"]), REPORTED)]
    if population["mean"] is not None:
        rows.append(("mean, here", population["mean"], fixed(population["mean"], 1), BLUE))
    if population["median"] is not None:
        rows.append(("median, here", population["median"], exact(population["median"]), BLUE))
    for place, (name, value, text, colour) in enumerate(rows):
        if colour == REPORTED:
            mark_reported(above, value, place, size=13)
        else:
            above.plot([value], [place], "o", color=colour, markersize=6)
        above.plot([value, value], [place, len(rows)], color=colour, linewidth=0.8)
        axes.axvline(value, color=colour, linewidth=0.8, zorder=3)
        is_left = name.startswith("median")
        label_line(
            above, x=value, y=place, text=text, color=colour, offset=(-9 if is_left else 9, 0),
            ha="right" if is_left else "left",
        )  # fmt: skip
    if reported["max"] <= edges[-1]:
        mark_reported(above, reported["max"], 0, size=13)
        label_line(
            above, x=reported["max"], y=0, text=f"largest, {exact(reported['max'])}",
            color=REPORTED, offset=(-9, 0), ha="right",
        )  # fmt: skip
    above.set_yticks(range(len(rows)), [name for name, *_ in rows])
    above.set_ylim(len(rows) - 0.4, -0.6)
    above.grid(visible=False)
    above.tick_params(length=0)
    for side in ("left", "bottom"):
        above.spines[side].set_visible(False)
    above.tick_params(axis="x", labelbottom=False)
    return figure


def plot_one_network(model: Model) -> Figure:
    """Draw the error of one network against updates, and its reconstructions below."""
    trace = model["trace"]
    figure, (above, below) = create_figure(height=5.3, n_rows=2, height_ratios=(1, 1.5))
    _draw_errors(above, trace)
    _draw_reconstructions(below, trace)
    return figure


def _draw_errors(axes: Axes, trace: Mapping[str, Any]) -> None:
    """Draw the error of one network; ticks on the criterion show when others pass it."""
    errors, threshold = np.array(trace["errors"]), trace["threshold"]
    axes.plot(np.arange(len(errors)), errors, color=BLUE, linewidth=2, zorder=3)
    axes.axhline(threshold, color=INK, linewidth=1, linestyle=DASHED, zorder=2)
    others = [np.array(row) for row in trace["others"]]
    passed = [int((row < threshold).argmax()) for row in others if (row < threshold).any()]
    axes.plot(
        passed, [threshold] * len(passed), "|", color=INK, markersize=9, markeredgewidth=1,
        gid="others",
    )  # fmt: skip
    axes.set_xlim(0, max(len(errors) - 1, 1))
    axes.set_ylim(0, 1.02 * max(1.0, *trace["errors"]))
    axes.set_xlabel("weight updates")
    axes.set_ylabel("largest error of a unit")
    label_line(
        axes, x=len(errors) - 1, y=threshold, text=f"criterion: below {exact(threshold)}",
        color=INK, offset=(-3, 11), ha="right",
    )  # fmt: skip
    updates = trace["updates"]
    if trace["converged"] and updates < len(errors):
        axes.plot([updates], [errors[updates]], "o", color=BLUE, markersize=6, zorder=4)
        label_line(
            axes, x=updates, y=3 * threshold, text=f"{updates} updates",
            color=BLUE, offset=(6, 0), fontweight="bold", zorder=5,
        )  # fmt: skip


def _draw_reconstructions(axes: Axes, trace: Mapping[str, Any]) -> None:
    """Draw one picture a sweep: a row for each pattern, a column for each visible unit."""
    images = [np.array(image) for image in trace["reconstructions"][: N_COLUMNS * N_ROWS]]
    n_patterns, n_visible = images[0].shape
    step_x, step_y = 1.3 * n_visible, 1.75 * n_patterns
    axes.set_axis_off()
    frames: list[Path] = []
    cells: dict[float, list[Path]] = {}
    for updates, image in enumerate(images):
        left, top = (updates % N_COLUMNS) * step_x, (updates // N_COLUMNS) * step_y
        frame = _make_box(left, top, n_visible, n_patterns)
        frames.append(frame)
        shades = np.round(SHADES * (1.0 - image.clip(0.0, 1.0)))
        for (row, column), shade in np.ndenumerate(shades):
            cells.setdefault(float(shade), []).append(_make_box(left + column, top + row, 1, 1))
        is_first = trace["converged"] and updates == trace["updates"]
        if is_first:
            axes.add_patch(_draw(frame, fill=False, edgecolor=BLUE, linewidth=2.2, zorder=4))
        axes.text(
            left + n_visible / 2, top + n_patterns + 0.25, f"{updates}", ha="center", va="top",
            color=BLUE if is_first else INK, fontweight="bold" if is_first else "normal",
        )  # fmt: skip
    for step, boxes in sorted(cells.items()):
        tone = LIGHT if step == SHADES else f"{step / SHADES:.3f}"
        axes.add_patch(_draw(Path.make_compound_path(*boxes), facecolor=tone, linewidth=0))
    whole = Path.make_compound_path(*frames)
    axes.add_patch(_draw(whole, fill=False, edgecolor=MUTED, linewidth=0.6, zorder=3))
    axes.set_xlim(-0.2, N_COLUMNS * step_x)
    axes.set_ylim(-(-len(images) // N_COLUMNS) * step_y, -0.3)
    axes.set_aspect("equal")


def _make_box(x: float, y: float, width: float, height: float) -> Path:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return Path(corners, closed=True)


def _draw(path: Path, **options: Any) -> PathPatch:
    return PathPatch(path, clip_on=False, **options)


FIGURES: dict[str, Callable[[Model], Any]] = {
    "loop": plot_loop,
    "joint": plot_joint,
    "distribution": plot_distribution,
    "one-network": plot_one_network,
}
