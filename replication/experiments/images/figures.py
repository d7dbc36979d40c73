"""Figures of real images: where each rule ends, and larger encoders."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report import style

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
    "small weights": (OURS, DOTTED, CIRCLE, False, "small weights"),
    "decay of W": (style.GOLD, DOTTED, "P", True, "with decay of W"),
    "sleep": (style.INK, SOLID, TRIANGLE, True, "with sleep"),
    "back-propagation": (THEIRS, DASHED, SQUARE, True, "back-propagation"),
}
ENCODERS = {
    "cross-entropy": (CROSS, DOTTED, TRIANGLE, True, "back-propagation, cross-entropy"),
    "slowed": (CROSS, SOLID, TRIANGLE, False, "cross-entropy, W slowed to a quarter"),
}
ASIDE = {"wake-sleep": 1.06, "inverse": 0.94, "inverse, white noise": 1.06}
"""Factors that move marks beside others of the same size."""


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


def plot_encoders(model: Mapping[str, Any]) -> Figure:
    """Draw how many times as many updates as recirculation other rules take, by size."""
    figure, axes = style.create_figure(height=2.9)
    sizes, rules = model["encoders"]["sizes"], model["encoders"]["rules"]
    ours = rules["recirculation"]["updates"]
    for rule, look in ENCODERS.items():
        rows = [_divide(*pair) for pair in zip(rules[rule]["updates"], ours, strict=True)]
        _draw(axes, look, dict(zip(sizes, rows, strict=True)), "times", scale=1.0)
    axes.axhline(1.0, color=OURS, linewidth=1.6)
    style.label_line(axes, x=sizes[0], y=1.0, text="recirculation", color=OURS, offset=(0, -8))
    axes.set(xscale="log", xlabel="visible units N", ylabel="times as many updates",
             ylim=(0, None))  # fmt: skip
    style.use_plain_log_ticks(axes, sizes)
    figure.legend(loc="outside upper left")
    return figure


def _divide(one: Mapping[str, Any], by: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ratio of two medians, whose relative errors add up in squares."""
    times = one["median"] / by["median"]
    errors = [np.array(row["median_interval"]) / row["median"] - 1.0 for row in (one, by)]
    error = np.hypot(errors[0], errors[1][::-1])
    return {"times": times, "times_interval": times * (1.0 + error * np.array([-1.0, 1.0]))}


FIGURES = {"rest": plot_rest, "encoders": plot_encoders}
