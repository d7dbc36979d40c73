"""Figures of real images: where each rule ends, what it makes of digits, and larger encoders."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report import style
from replication.report.numbers import fixed

OURS, SOLID, CIRCLE = style.LOOKS[0][:3]
THEIRS, DASHED, SQUARE = style.LOOKS[1][:3]
CROSS, DOTTED, TRIANGLE = style.LOOKS[2][:3]
LINEAR: dict[str, tuple[str, Any, str, bool, str]] = {
    "feedback alignment": (style.MUTED, "", "D", True, "feedback alignment"),
    "wake-sleep": (style.GOLD, DOTTED, "v", False, "wake-sleep"),
    "inverse": (CROSS, DOTTED, TRIANGLE, True, "target propagation"),
    "recirculation": (OURS, SOLID, CIRCLE, True, "recirculation"),
    "inverse, white noise": (CROSS, "", TRIANGLE, False, "target propagation, white noise"),
    "back-propagation": (THEIRS, DASHED, SQUARE, True, "back-propagation"),
}
"""Colour, dash, marker, whether it is filled, and label."""
LOGISTIC: dict[str, tuple[str, Any, str, bool, str]] = {
    "none": (OURS, SOLID, CIRCLE, True, "recirculation"),
    "small weights": (OURS, DOTTED, CIRCLE, False, "from small weights"),
    "decay of W": (style.GOLD, DOTTED, "P", True, "with decay of W"),
    "sleep": (CROSS, SOLID, TRIANGLE, True, "with sleep"),
    "back-propagation": (THEIRS, DASHED, SQUARE, True, "back-propagation"),
}
ENCODERS = {
    "recirculation": (OURS, SOLID, CIRCLE, True, "recirculation"),
    "cross-entropy": (CROSS, DOTTED, TRIANGLE, True, "back-propagation, cross-entropy"),
    "slowed": (CROSS, SOLID, TRIANGLE, False, "cross-entropy, W slowed to a quarter"),
}
LABELS = {
    "image": "held-out image",
    "principal components": "principal\ncomponents",
    "back-propagation": "back-\npropagation",
    "sleep": "recirculation,\nsleep",
    "none": "recirculation",
}
ASIDE = {"wake-sleep": 1.06, "inverse": 0.94, "inverse, white noise": 1.06}
"""Factors that move marks beside others of the same size."""
SIDE, GAP, LINE = 8, 1, 13  # pixels of a digit, between two, and from row to row


def plot_rest(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw what each rule leaves unexplained, by the initial weights and by epochs."""
    linear, left = style.create_figure(height=3.7, width=style.HALF)
    logistic, right = style.create_figure(height=3.7, width=style.HALF)
    found, repairs = model["linear"], model["repairs"]
    for name, look in LINEAR.items():
        _draw(left, look, found["rules"][name], "unexplained", aside=ASIDE.get(name, 1.0))
    left.axhline(100 * found["pca"], color=style.MUTED, linewidth=0.8, zorder=0)
    style.label_line(left, x=0.021, y=100 * found["pca"], text="principal components",
                     color=style.MUTED, fontsize=8, offset=(0, -7))  # fmt: skip
    for name, look in LOGISTIC.items():
        row = repairs["rules"][name]
        pairs = zip(row["others"], row["others_interval"], strict=True)
        rows = [{"others": x, "others_interval": ends} for x, ends in pairs]
        _draw(right, look, dict(zip(repairs["epochs"], rows, strict=True)), "others")
    left.set(xscale="log", ylim=(13, 50), xlabel="initial weights within ±")
    style.use_plain_log_ticks(left, found["sizes"])
    right.set(ylim=(13, 31), xlabel="epochs")
    for axes, name in ((left, "(a) Linear units"), (right, "(b) Logistic, held-out images")):
        axes.set_ylabel("unexplained variance, %")
        axes.set_title(name)
        axes.legend(loc="upper left" if axes is left else "upper right", fontsize=8,
                    handlelength=2.2, frameon=True, edgecolor="none", framealpha=1)  # fmt: skip
    return linear, logistic


def _draw(
    axes: Axes, look: tuple[str, Any, str, bool, str], rows: Mapping[Any, Any], name: str,
    *, scale: float = 100.0, aside: float = 1.0,
) -> None:  # fmt: skip
    """Draw an estimate over sizes."""
    color, dash, marker, is_filled, label = look
    style.plot_estimates(
        axes, [aside * float(size) for size in rows], [*rows.values()], name, scale=scale,
        color=color, linestyle=dash or "none", marker=marker, markersize=5, label=label,
        markerfacecolor=color if is_filled else style.PAPER_WHITE,
    )  # fmt: skip


def plot_digits(model: Mapping[str, Any]) -> Figure:
    """Draw one image of each digit and what each rule makes of it, a row a rule."""
    figure, axes = style.create_figure(height=1.6)
    rows = model["repairs"]["pictures"]
    digits = np.reshape([row["greys"] for row in rows], (len(rows), -1, SIDE, SIDE))
    margins = ((0, 0), (0, 0), (0, LINE - SIDE), (0, GAP))
    padded = np.pad(digits, margins, constant_values=np.nan)
    greys = np.vstack([np.hstack(row) for row in padded])[: SIDE - LINE, :-GAP]
    axes.imshow(greys, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest", label="grey")
    places = [LINE * k + (SIDE - 1) / 2 for k in range(len(rows))]
    axes.set_yticks(places, [LABELS[row["name"]] for row in rows])
    axes.set_xticks([])
    for y, row in zip(places[1:], rows[1:], strict=True):
        axes.text(1.01, y, f"{fixed(100 * row['missed'], 0)} %", va="center_baseline",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


def plot_encoders(model: Mapping[str, Any]) -> Figure:
    """Draw the updates of encoders against their size."""
    figure, axes = style.create_figure(height=3.0)
    encoders = model["encoders"]
    for rule, look in ENCODERS.items():
        rows = dict(zip(encoders["sizes"], encoders["rules"][rule]["updates"], strict=True))
        _draw(axes, look, rows, "median", scale=1.0)
    axes.set(xscale="log", yscale="log", xlabel="visible units N",
             ylabel="weight updates (median)")  # fmt: skip
    style.use_plain_log_ticks(axes, encoders["sizes"])
    style.use_plain_log_ticks(axes, (30, 100, 300, 1000, 3000), axis="y")
    figure.legend(loc="outside upper left")
    return figure


FIGURES = {"rest": plot_rest, "digits": plot_digits, "encoders": plot_encoders}
