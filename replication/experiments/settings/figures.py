"""The map of learning rate and regression, with the paper's settings on it."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.report.style import MAP, create_figure, mark_reported, use_plain_log_ticks

FAILING = {0.01: ("1 % fail", 0.82), 0.5: ("half fail", 0.37)}
"""Label of each line of equal failure, and at which regression it stands."""
# on the map, whose own colours stay the same on a dark page
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
"""Of labels on a light ground, which sets them off from the map's colours."""
TICKS = (0.0, 0.5, 0.75, 0.9, 0.95)  # of the regression
LINE: Any = {"arrowstyle": "-", "linewidth": 0.8}  # from a label to its point


def plot_settings(model: Model) -> Figure:
    """Draw the mean (failures at the cap) over the plane, the ridge, and where networks fail.

    Both axes are logarithmic, that of the regression in 1 - λ.
    """
    rates = np.array(model["rates"])
    regressions = np.array(model["regressions"])
    mean = np.array(model["mean"])
    failing = np.array(model["failing"])
    away = 1.0 - regressions
    figure, axes = create_figure(height=2.6)
    # The map, coloured from the fastest cell to the cap, at which all networks fail.
    filled = axes.pcolormesh(
        rates,
        away,
        mean,
        shading="nearest",
        rasterized=True,
        cmap=f"{MAP}_r",
        norm=LogNorm(float(mean.min()), float(model["max_updates"])),
    )
    bar = figure.colorbar(filled, ax=axes, pad=0.02, aspect=26)
    bar.set_label("mean updates")
    use_plain_log_ticks(bar.ax, (50, 100, 200, 500, 1000, 2000), axis="y")
    # No failures left of the fastest rate of a row, where networks are merely slow.
    is_slow = np.arange(len(rates)) < mean.argmin(axis=1, keepdims=True)
    beyond = np.where(is_slow, 0.0, failing)
    axes.contour(
        rates,
        away,
        beyond,
        levels=list(FAILING),
        colors=[LIGHT],
        linewidths=1.6,
        linestyles=["-", (0, (2, 2))],
    )
    for level, (text, height) in FAILING.items():
        # Where the line crosses the row at its height; failures once reached stay.
        row = beyond[int(np.abs(regressions - height).argmin())]
        place = np.interp(level, np.maximum.accumulate(row), rates), 1.0 - height
        beside = LABEL | {"ha": "left", "textcoords": ("axes fraction", "data")}
        axes.annotate(
            text, place, xytext=(0.7, 1.0 - height), arrowprops=LINE | {"color": LIGHT}, **beside
        )
    # The fastest rate of each regression on the map as a line, and those that were measured.
    fastest_rates = []
    heights = []
    for rate, height in zip(model["ridge"], away, strict=True):
        if rate is not None:
            fastest_rates.append(rate)
            heights.append(height)
    axes.plot(fastest_rates, heights, color=DEEP, linewidth=1.6, zorder=7)
    # The paper's regression has the star.
    own = model["paper"]["regression"]
    others = [row for row in model["fastest"] if row["regression"] != own]
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
    paper = model["paper"]
    reported = paper["learning_rate"], 1.0 - paper["regression"]
    mark_reported(axes, *reported, size=13, edge=DEEP)
    axes.annotate("the paper", reported, xytext=(-12, 10), fontweight="bold", **LABEL)
    axes.annotate("fastest rate\nfor each λ", fastest[1], xytext=(-14, 0), **LABEL)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_yaxis()
    use_plain_log_ticks(axes, (5, 20, 100, 500))
    axes.set_yticks([1.0 - x for x in TICKS], [f"{x:g}" for x in TICKS])
    axes.yaxis.minorticks_off()
    axes.set(xlabel="learning rate ε", ylabel="regression λ")
    axes.grid(visible=False)
    return figure


FIGURES = {"settings": plot_settings}
