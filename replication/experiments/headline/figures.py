"""The joint sampling distribution and the distribution of updates."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from replication.report import style
from replication.report.numbers import exact, fixed
from replication.report.style import BLUE, MUTED, REPORTED, SKY

Model = Mapping[str, Any]

MAX_TICKS = (50, 70, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000, 100_000)
DASHED: Any = (0, (6, 2))


def plot_joint(model: Model) -> Figure:
    """Draw what mean and maximum of the reported number of networks do together.

    The axes named ``joint-plane`` has the mean on x and the maximum on y.
    """
    joint, reported = model["joint"], model["reported"]
    figure, ((above, corner), (plane, beside)) = style.create_figure(
        height=2.5, nrows=2, ncols=2, height_ratios=(1, 6), width_ratios=(7, 1),
        sharex="col", sharey="row",
    )  # fmt: skip
    plane.set_gid("joint-plane")
    plane.set_yscale("log")
    outer, inner = joint["regions"]
    for region, strength in ((outer, 0.4), (inner, 0.75)):
        lines = [np.transpose([line["mean"], line["max"]]) for line in region]
        whole = Path.make_compound_path(*(Path(line, closed=True) for line in lines))
        fill = PathPatch(whole, facecolor=(SKY, strength), edgecolor=BLUE, linewidth=1.0)
        fill.set_gid("joint-outline" if region is outer else None)
        plane.add_patch(fill)
    plane.plot(
        joint["studies"]["mean"], joint["studies"]["max"], "o", color=MUTED, markersize=2.6,
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
    style.mark_reported(plane, reported["mean"], reported["max"], size=20, gid="joint-reported")
    style.label_line(
        plane, x=reported["mean"], y=reported["max"],
        text=f"1988: {exact(reported['mean'])} and {exact(reported['max'])}",
        color=REPORTED, offset=(12, 0), fontweight="bold", fontsize=9, zorder=7,
    )  # fmt: skip
    (left, *_, right), (low, *_, high) = joint["mean_edges"], joint["max_edges"]
    plane.set(xlim=(left, right), ylim=(low, high), ylabel="updates of the slowest",
              xlabel=f"mean updates of {exact(reported['runs'])} networks")  # fmt: skip
    # The cloud rises to the right, which leaves two corners empty.
    _point_to_outline(plane, inner, "half of all studies", x=0.03, y=0.88, ha="left")
    _point_to_outline(plane, outer, "95 % of studies", x=0.99, y=0.08, ha="right")
    plane.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    style.use_plain_log_ticks(plane, [t for t in MAX_TICKS if t < high], axis="y")
    for axes in (above, beside, corner):
        axes.set_axis_off()
    return figure


def _point_to_outline(
    axes: Axes, region: Sequence[Mapping[str, Any]], text: str, *, x: float, y: float, ha: str
) -> None:
    """Write a label at a place in the axes, with a line to the nearest point of an outline."""
    outline = np.concatenate([np.transpose([line["mean"], line["max"]]) for line in region])
    to_axes = axes.transData - axes.transAxes
    distances = np.linalg.norm(to_axes.transform(outline) - (x, y), axis=1)
    axes.annotate(
        text, outline[np.argmin(distances)], xytext=(x, y), textcoords="axes fraction",
        ha=ha, va="center", color=BLUE,
        arrowprops={"arrowstyle": "-", "color": BLUE, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 0},
    )  # fmt: skip


def plot_distribution(model: Model) -> Figure:
    """Draw how many networks took how many updates, and above it what summarises them."""
    histogram, population, reported = model["histogram"], model["population"], model["reported"]
    edges = np.array(histogram["edges"])
    share = 100 * np.array(histogram["shares"]) / np.diff(edges)
    parts: dict[str, Any] = {"nrows": 2, "height_ratios": (1, 2.4), "sharex": True}
    figure, (above, axes) = style.create_figure(height=2.8, **parts)
    figure.set_layout_engine("constrained", h_pad=0, hspace=0)  # lines go through
    axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8, zorder=2)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None), xlabel="weight updates until converged",
             ylabel="networks, % per update")  # fmt: skip
    axes.grid(axis="x", visible=False)
    rows = [("mean, here", population["mean"], fixed(population["mean"], 1), BLUE)]
    if population["median"] is not None:
        rows.insert(0, ("median, here", population["median"], exact(population["median"]), BLUE))
    if model["has_paper_task"]:
        rows.append(("1988", reported["mean"], f"mean {exact(reported['mean'])}", REPORTED))
    for place, (_, value, text, colour) in enumerate(rows):
        if colour == REPORTED:
            style.mark_reported(above, value, place, size=13)
        else:
            above.plot([value], [place], "o", color=colour, markersize=5)
        dash = DASHED if colour == REPORTED else "-"
        above.plot([value, value], [place, len(rows)], color=colour, linestyle=dash, linewidth=0.7)
        axes.axvline(value, color=colour, linestyle=dash, linewidth=0.7, zorder=3)
        style.label_line(above, x=value, y=place, text=text, color=colour, offset=(9, 0))
    if model["has_paper_task"]:
        style.mark_reported(above, reported["max"], len(rows) - 1, size=13)
        style.label_line(
            above, x=reported["max"], y=len(rows) - 1, text=f"largest {exact(reported['max'])}",
            color=REPORTED, offset=(-9, 0), ha="right",
        )  # fmt: skip
    above.set_yticks(range(len(rows)), [name for name, *_ in rows])
    above.set_ylim(len(rows) - 0.4, -0.6)
    above.grid(visible=False)
    above.tick_params(length=0, labelbottom=False)
    above.spines[["left", "bottom"]].set_visible(False)
    return figure


FIGURES = {"joint": plot_joint, "distribution": plot_distribution}
