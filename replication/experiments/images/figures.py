"""The figure of real images: where each rule ends."""

from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.report import style

# Colour, dash and marker of the rules that all figures have.
OURS, SOLID, CIRCLE, _ = style.LOOKS[0]
THEIRS, DASHED, SQUARE, _ = style.LOOKS[1]
CROSS, DOTTED, TRIANGLE, _ = style.LOOKS[2]
OPEN = style.PAPER_WHITE


def look(color: str, dash: Any, marker: str, label: str, face: str | None = None) -> Model:
    """Return the options that draw the line of a rule; marks are filled unless `face` is given."""
    return {
        "color": color,
        "linestyle": dash,
        "marker": marker,
        "label": label,
        "markersize": 5,
        "markerfacecolor": face or color,
    }


LINEAR = {
    "feedback alignment": look(style.MUTED, "none", "D", "feedback alignment"),
    "wake-sleep": look(style.GOLD, DOTTED, "v", "wake-sleep", OPEN),
    "inverse": look(CROSS, DOTTED, TRIANGLE, "target propagation"),
    "recirculation": look(OURS, SOLID, CIRCLE, "recirculation"),
    "inverse, white noise": look(CROSS, "none", TRIANGLE, "target propagation, white noise", OPEN),
    "back-propagation": look(THEIRS, DASHED, SQUARE, "back-propagation"),
}
"""How each rule of networks with linear units is drawn."""
LOGISTIC = {
    "none": look(OURS, SOLID, CIRCLE, "recirculation"),
    "small weights": look(OURS, DOTTED, CIRCLE, "small weights", OPEN),
    "decay of W": look(style.GOLD, DOTTED, "P", "with decay of W"),
    "sleep": look(style.INK, SOLID, TRIANGLE, "with sleep"),
    "back-propagation": LINEAR["back-propagation"],
}
"""How each repair of networks with logistic units is drawn, and back-propagation."""
SHIFT_ON_LOG_AXIS = {"wake-sleep": 1.06, "inverse": 0.94, "inverse, white noise": 1.06}
"""Factors on x, which move the marks of a rule sideways, off those of another rule."""


def plot_rest(model: Model) -> tuple[Figure, Figure]:
    """Draw what each rule leaves unexplained: by the size of the initial weights, and by epochs."""
    return plot_linear(model["linear"]), plot_logistic(model["repairs"])


def plot_linear(linear: Model) -> Figure:
    """Draw what linear units leave unexplained, by the size of the initial weights."""
    figure, axes = style.create_figure(height=3.7, width=style.HALF)
    for name, line in LINEAR.items():
        by_size = linear["rules"][name]
        shift = SHIFT_ON_LOG_AXIS.get(name, 1.0)
        x = [shift * float(size) for size in by_size]
        rows = list(by_size.values())
        style.plot_estimates(axes, x, rows, "unexplained", scale=100.0, **line)
    # No 16 linear units can do better than principal components.
    axes.axhline(100 * linear["pca"], color=style.MUTED, linewidth=0.8, zorder=0)
    style.label_line(
        axes,
        x=0.021,
        y=100 * linear["pca"],
        text="best of 16 linear units",
        color=style.MUTED,
        fontsize=8,
        offset=(0, -7),
    )
    axes.set(xscale="log", ylim=(13, 50), xlabel="initial weights within ±")
    style.use_plain_log_ticks(axes, linear["sizes"])
    finish(axes, "(a) Linear units", legend="upper left")
    return figure


def plot_logistic(repairs: Model) -> Figure:
    """Draw what logistic units leave unexplained of held-out images, by epochs."""
    figure, axes = style.create_figure(height=3.7, width=style.HALF)
    for name, line in LOGISTIC.items():
        repair = repairs["rules"][name]
        rows = []
        for share, ends in zip(repair["others"], repair["others_interval"], strict=True):
            rows.append({"others": share, "others_interval": ends})
        style.plot_estimates(axes, repairs["epochs"], rows, "others", scale=100.0, **line)
    axes.set(ylim=(13, 31), xlabel="epochs")
    finish(axes, "(b) Logistic, held-out images", legend="upper right")
    return figure


def finish(axes: Axes, title: str, *, legend: Literal["upper left", "upper right"]) -> None:
    """Add what both figures have: the name of the y axis, a title and a legend in a corner."""
    axes.set_ylabel("unexplained variance, %")
    axes.set_title(title)
    axes.legend(
        loc=legend,
        fontsize=8,
        handlelength=2.2,
        frameon=True,
        edgecolor="none",
        framealpha=1,
    )


FIGURES = {"rest": plot_rest}
