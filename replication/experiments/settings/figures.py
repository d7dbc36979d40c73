"""The map of learning rate and regression, with the paper's settings on it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.report.style import MAP, create_figure, mark_reported, use_plain_log_ticks

FAILING = {0.01: ("1 % fail", 0.82), 0.5: ("half fail", 0.37)}
"""By the share that fails: the label of its line on the map, and the regression of the label."""

# Colours on the map, which stay the same on a dark page, as those of the map do.
LIGHT = "#fdfdfd"
DEEP = "#14181c"
LABEL: Any = {
    "color": DEEP,
    "zorder": 5,
    "va": "center",
    "ha": "right",
    "textcoords": "offset points",
    "bbox": {"facecolor": LIGHT, "linewidth": 0, "alpha": 0.85, "pad": 1.5},
}
"""How labels are written: on a light ground, which sets them off from the map's colours."""
TICKS = (0.0, 0.5, 0.75, 0.9, 0.95)  # of the regression
LINE: Any = {"arrowstyle": "-", "linewidth": 0.8}  # from a label to its point


def plot_settings(model: Model) -> Figure:
    """Draw the mean updates by learning rate and regression, the fastest rates, and failures.

    Both axes are logarithmic, that of the regression in 1 - λ.
    """
    figure, axes = create_figure(height=2.6)
    draw_map(figure, axes, model)
    draw_failures(axes, model)
    draw_fastest(axes, model)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_yaxis()
    use_plain_log_ticks(axes, (5, 20, 100, 500))
    axes.set_yticks([1.0 - x for x in TICKS], [f"{x:g}" for x in TICKS])
    axes.yaxis.minorticks_off()
    axes.set(xlabel="learning rate ε", ylabel="regression λ")
    axes.grid(visible=False)
    return figure


def draw_map(figure: Figure, axes: Axes, model: Model) -> None:
    """Draw the map with its colour bar, from the fastest cell to the cap, at which all fail."""
    mean = np.array(model["mean"])
    filled = axes.pcolormesh(
        np.array(model["rates"]),
        1.0 - np.array(model["regressions"]),
        mean,
        shading="nearest",
        rasterized=True,
        cmap=f"{MAP}_r",
        norm=LogNorm(float(mean.min()), float(model["max_updates"])),
    )
    bar = figure.colorbar(filled, ax=axes, pad=0.02, aspect=26)
    bar.set_label("mean updates")
    use_plain_log_ticks(bar.ax, (50, 100, 200, 500, 1000, 2000), axis="y")


def draw_failures(axes: Axes, model: Model) -> None:
    """Draw lines on which the same share of networks fails, with their labels.

    At rates below the fastest one of a row, networks are merely slow: failures there do not count.
    """
    rates = np.array(model["rates"])
    regressions = np.array(model["regressions"])
    fastest = np.array(model["mean"]).argmin(axis=1, keepdims=True)
    is_slow = np.arange(len(rates)) < fastest
    beyond = np.where(is_slow, 0.0, np.array(model["failing"]))
    axes.contour(
        rates,
        1.0 - regressions,
        beyond,
        levels=list(FAILING),
        colors=[LIGHT],
        linewidths=1.6,
        linestyles=["-", (0, (2, 2))],
    )
    for level, (text, height) in FAILING.items():
        # The rate at which the line crosses the row of that regression. `maximum.accumulate`, as
        # the share that fails may dip at a higher rate.
        row = beyond[int(np.abs(regressions - height).argmin())]
        crossing = np.interp(level, np.maximum.accumulate(row), rates)
        beside = LABEL | {"ha": "left", "textcoords": ("axes fraction", "data")}
        axes.annotate(
            text,
            (crossing, 1.0 - height),
            xytext=(0.7, 1.0 - height),
            arrowprops=LINE | {"color": LIGHT},
            **beside,
        )


def draw_fastest(axes: Axes, model: Model) -> None:
    """Draw the fastest rates as a line, measured ones as squares, and the paper's as a star."""
    fastest_rates = []
    heights = []
    for rate, regression in zip(model["ridge"], model["regressions"], strict=True):
        if rate is not None:
            fastest_rates.append(rate)
            heights.append(1.0 - regression)
    axes.plot(fastest_rates, heights, color=DEEP, linewidth=1.6, zorder=7)
    # No square at the paper's regression, where the star would hide it.
    paper = model["paper"]
    others = [row for row in model["fastest"] if row["regression"] != paper["regression"]]
    fastest = [(row["learning_rate"], 1.0 - row["regression"]) for row in others]
    axes.plot(
        *np.array(fastest).T,
        "s",
        color=DEEP,
        markeredgecolor=LIGHT,
        markersize=6,
        zorder=8,
        clip_on=False,
    )
    reported = paper["learning_rate"], 1.0 - paper["regression"]
    mark_reported(axes, *reported, size=13, edge=DEEP)
    axes.annotate("the paper", reported, xytext=(-12, 10), fontweight="bold", **LABEL)
    axes.annotate("fastest rate\nfor each λ", fastest[1], xytext=(-14, 0), **LABEL)


FIGURES = {"settings": plot_settings}
