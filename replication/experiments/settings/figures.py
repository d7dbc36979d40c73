"""The map of learning rate and regression, with the paper's settings on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from replication.report.style import MAP, create_figure, mark_reported, use_plain_log_ticks

FloatArray = NDArray[np.float64]

RATE_TICKS = (2, 3, 5, 10, 20, 40, 80)
SPEED_TICKS = (50, 100, 200, 500, 1000, 2000)
FAILING_LEVELS = (0.01, 0.5)
FAILING_DASHES = ("-", (0, (2, 2)))
LIGHT, DEEP = "#fdfdfd", "#14181c"  # on the map, whose own colours stay the same on a dark page


def plot_settings(model: Mapping[str, Any]) -> Figure:
    """Draw the mean (failures at the cap) over the plane, the ridge, and where networks fail."""
    rates, regressions = np.array(model["rates"]), np.array(model["regressions"])
    mean, failing = np.array(model["mean"]), np.array(model["failing"])
    figure, axes = create_figure(height=2.15)
    filled = axes.pcolormesh(
        np.exp(_find_edges(np.log(rates))), _find_edges(regressions), mean,
        cmap=f"{MAP}_r", norm=LogNorm(float(mean.min()), float(model["max_updates"])),
        rasterized=True,
    )  # fmt: skip
    bar = figure.colorbar(filled, ax=axes, pad=0.02, aspect=26)
    bar.set_label("mean updates")
    use_plain_log_ticks(bar.ax, SPEED_TICKS, axis="y")
    fastest = model["ridge"]
    # No failures left of the fastest rate of a row, where networks are merely slow.
    is_slow = np.arange(len(rates)) < mean.argmin(axis=1, keepdims=True)
    beyond = np.where(is_slow, 0.0, failing)
    axes.contour(
        rates, regressions, beyond, levels=list(FAILING_LEVELS), colors=[LIGHT],
        linewidths=1.6, linestyles=list(FAILING_DASHES),
    )  # fmt: skip
    on_ridge = [(x, y) for x, y in zip(fastest, regressions, strict=True) if x is not None]
    on_ridge.append((model["best"]["learning_rate"], model["best"]["regression"]))
    axes.plot(*np.array(on_ridge).reshape(-1, 2).T, color=DEEP, linewidth=1.6, zorder=7)
    best, paper = model["best"], model["paper"]
    axes.plot(
        [best["learning_rate"]], [best["regression"]], "s", color=DEEP, markeredgecolor=LIGHT,
        markersize=7, zorder=6, clip_on=False,
    )  # fmt: skip
    mark_reported(axes, paper["learning_rate"], paper["regression"], size=13, edge=DEEP)
    axes.set_xscale("log")
    use_plain_log_ticks(axes, RATE_TICKS)
    axes.set_xlabel("learning rate ε")
    axes.set_ylabel("regression λ")
    axes.grid(visible=False)
    _label(axes, model)
    for level, text, row in ((0.01, "1 % fail", 0.55), (0.5, "half fail", 0.4)):
        _label_edge(axes, rates, beyond[list(regressions).index(row)], row, level=level, text=text)
    return figure


def _label(axes: Axes, model: Mapping[str, Any]) -> None:
    """Name ridge and paper to the left, where networks are slow and safe, and the best above."""
    for point, text, offset in (
        (model["paper"], "the paper", (-12, 7)), (model["best"], "fastest on the map", (6, 15)),
    ):  # fmt: skip
        _write(
            axes, text, (point["learning_rate"], point["regression"]), xytext=offset,
            textcoords="offset points", ha="right", va="center", fontweight="bold",
        )  # fmt: skip
    known = [i for i, rate in enumerate(model["ridge"]) if rate is not None]
    if known:
        middle = known[2 * len(known) // 5]
        _write(
            axes, "fastest rate\nfor each λ",
            (model["ridge"][middle], model["regressions"][middle]), xytext=(-10, 12),
            textcoords="offset points", ha="right", va="center",
            arrowprops={"arrowstyle": "-", "color": DEEP, "linewidth": 0.8},
        )  # fmt: skip


def _label_edge(
    axes: Axes, rates: FloatArray, failing: FloatArray, row: float, *, level: float, text: str
) -> None:
    """Name a line of equal failure from the corner where nothing converges."""
    beyond = np.flatnonzero(failing >= level)
    if beyond.size and beyond[0] > 0:
        around = slice(beyond[0] - 1, beyond[0] + 1)
        _write(
            axes, text, (float(np.interp(level, failing[around], rates[around])), row),
            xytext=(0.66, row - 0.13), textcoords=("axes fraction", "data"), va="center",
            arrowprops={"arrowstyle": "-", "color": LIGHT, "linewidth": 0.8},
        )  # fmt: skip


def _write(axes: Axes, text: str, point: tuple[float, float], **options: Any) -> None:
    """Write a label near a point, on a light ground that any colour of the map sets off."""
    ground = {"facecolor": LIGHT, "linewidth": 0, "alpha": 0.85, "pad": 1.5}
    axes.annotate(text, point, color=DEEP, bbox=ground, zorder=5, **options)


def _find_edges(centres: FloatArray) -> FloatArray:
    """Return the edges of cells from their centres, half way between two."""
    between = (centres[1:] + centres[:-1]) / 2
    return np.array([2 * centres[0] - between[0], *between, 2 * centres[-1] - between[-1]])


FIGURES = {"settings": plot_settings}
