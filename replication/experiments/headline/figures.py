"""The joint sampling distribution and the distribution of updates."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from replication.experiments.instruments.model import Model
from replication.report import style
from replication.report.numbers import exact, fixed
from replication.report.style import BLUE, MUTED, REPORTED, SKY
from replication.statistics.arrays import FloatArray

MAX_TICKS = (50, 70, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000, 100_000)  # updates
DASHED: Any = (0, (6, 2))  # the dash of reported numbers


def plot_joint(model: Model) -> Figure:
    """Draw the joint sampling distribution of mean and maximum in studies of the reported size.

    The axes named ``joint-plane`` has the mean on x and the maximum on y.
    """
    joint = model["joint"]
    reported = model["reported"]
    figure, ((above, corner), (plane, beside)) = style.create_figure(
        height=2.5,
        nrows=2,
        ncols=2,
        height_ratios=(1, 6),
        width_ratios=(7, 1),
        sharex="col",
        sharey="row",
    )
    plane.set_gid("joint-plane")
    plane.set_yscale("log")
    outer = _list_points(joint["regions"][0])
    inner = _list_points(joint["regions"][1])
    _fill_region(plane, outer, strength=0.4, gid="joint-outline")
    _fill_region(plane, inner, strength=0.75, gid=None)
    # Studies as dots.
    studies = joint["studies"]
    plane.plot(
        studies["mean"],
        studies["max"],
        "o",
        color=MUTED,
        markersize=2.6,
        markeredgewidth=0,
        zorder=3,
    )
    # How mean and maximum are distributed by themselves.
    for name, axes, direction in (("mean", above, "vertical"), ("max", beside, "horizontal")):
        share = joint[f"{name}_share"]
        edges = joint[f"{name}_edges"]
        axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, orientation=direction)
        axes.grid(visible=False)
    above.text(1, 0.5, "share of studies", transform=above.transAxes, ha="right", color=BLUE)
    beside.text(
        0.6,
        -0.04,
        "share of\nstudies",
        transform=beside.transAxes,
        ha="center",
        va="top",
        color=BLUE,
    )
    # The numbers of 1988: a line in each distribution, and a star in the plane.
    mean = reported["mean"]
    largest = reported["max"]
    above.axvline(mean, color=REPORTED, linestyle=DASHED, linewidth=1.4)
    beside.axhline(largest, color=REPORTED, linestyle=DASHED, linewidth=1.4)
    style.mark_reported(plane, mean, largest, size=20, gid="joint-reported")
    style.label_line(
        plane,
        x=mean,
        y=largest,
        text=f"1988: {exact(mean)} and {exact(largest)}",
        color=REPORTED,
        offset=(12, 0),
        fontweight="bold",
        fontsize=9,
        zorder=7,
    )
    high = joint["max_edges"][-1]
    plane.set(
        xlim=(joint["mean_edges"][0], joint["mean_edges"][-1]),
        ylim=(joint["max_edges"][0], high),
        ylabel="updates of the slowest",
        xlabel=f"mean updates of {exact(reported['runs'])} networks",
    )
    # The cloud rises to the right, which leaves two corners empty.
    _point_to_outline(plane, inner, "half of all studies", x=0.03, y=0.88, ha="left")
    _point_to_outline(plane, outer, "95 % of studies", x=0.99, y=0.08, ha="right")
    plane.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    style.use_plain_log_ticks(plane, [t for t in MAX_TICKS if t < high], axis="y")
    for axes in (above, beside, corner):
        axes.set_axis_off()
    return figure


def _fill_region(axes: Axes, lines: list[FloatArray], *, strength: float, gid: str | None) -> None:
    """Fill a region between its outlines, (n_points, 2) each; inner outlines cut holes.

    `strength`: the opacity. `gid`: the name of the region in the SVG.
    """
    paths = [Path(line, closed=True) for line in lines]
    axes.add_patch(
        PathPatch(
            Path.make_compound_path(*paths),
            facecolor=(SKY, strength),
            edgecolor=BLUE,
            linewidth=1.0,
            gid=gid,
        )
    )


def _list_points(region: list[dict[str, list[float]]]) -> list[FloatArray]:
    """Return the outlines of a region, (n_points, 2) each."""
    return [np.transpose([line["mean"], line["max"]]) for line in region]


def _point_to_outline(
    axes: Axes, lines: list[FloatArray], text: str, *, x: float, y: float, ha: str
) -> None:
    """Write a label at a place in the axes, with a line to the nearest point of an outline."""
    outline = np.concatenate(lines)  # (n_points, 2), in data
    to_axes = axes.transData - axes.transAxes
    distances = np.linalg.norm(to_axes.transform(outline) - (x, y), axis=1)
    axes.annotate(
        text,
        outline[np.argmin(distances)],
        xytext=(x, y),
        textcoords="axes fraction",
        ha=ha,
        va="center",
        color=BLUE,
        arrowprops={"arrowstyle": "-", "color": BLUE, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 0},
    )


def plot_distribution(model: Model) -> Figure:
    """Draw the histogram of updates and, above it, median, mean and the reported numbers."""
    histogram = model["histogram"]
    population = model["population"]
    reported = model["reported"]
    edges = np.array(histogram["edges"])
    median = population["median"]
    share = 100 * np.array(histogram["shares"]) / np.diff(edges)
    figure, (above, axes) = style.create_figure(
        height=2.8, nrows=2, height_ratios=(1, 2.4), sharex=True
    )
    # No gap between the panels, so that vertical lines go through both.
    figure.set_layout_engine("constrained", h_pad=0, hspace=0)
    axes.stairs(share, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8, zorder=2)
    axes.set(
        xlim=(edges[0], edges[-1]),
        ylim=(0, None),
        xlabel="weight updates until converged",
        ylabel="networks, % per update",
    )
    axes.grid(axis="x", visible=False)
    # Name, number, label, colour and dash of each row above the histogram.
    rows = [("mean, here", population["mean"], fixed(population["mean"], 1), BLUE, "-")]
    if median is not None:
        rows.insert(0, ("median, here", median, exact(median), BLUE, "-"))
    if model["has_paper_task"]:
        text = f"mean {exact(reported['mean'])}"
        rows.append(("1988", reported["mean"], text, REPORTED, DASHED))
    for y, (_, value, text, color, dash) in enumerate(rows):
        if color == REPORTED:
            style.mark_reported(above, value, y, size=13)
        else:
            above.plot([value], [y], "o", color=color, markersize=5)
        above.plot([value, value], [y, len(rows)], color=color, linestyle=dash, linewidth=0.7)
        axes.axvline(value, color=color, linestyle=dash, linewidth=0.7, zorder=3)
        style.label_line(above, x=value, y=y, text=text, color=color, offset=(9, 0))
    # The reported largest count stands in the row of the reported mean, the last one.
    if model["has_paper_task"]:
        last = len(rows) - 1
        largest = reported["max"]
        text = f"largest {exact(largest)}"
        style.mark_reported(above, largest, last, size=13)
        style.label_line(
            above, x=largest, y=last, text=text, color=REPORTED, offset=(-9, 0), ha="right"
        )
    above.set_yticks(range(len(rows)), [name for name, *_ in rows])
    above.set_ylim(len(rows) - 0.4, -0.6)
    above.grid(visible=False)
    above.tick_params(length=0, labelbottom=False)
    above.spines[["left", "bottom"]].set_visible(False)
    return figure


FIGURES = {"joint": plot_joint, "distribution": plot_distribution}
