"""The figure of real images: where each rule ends."""

from typing import Any

from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.report import style

OURS, SOLID, CIRCLE = style.LOOKS[0][:3]
THEIRS, DASHED, SQUARE = style.LOOKS[1][:3]
CROSS, DOTTED, TRIANGLE = style.LOOKS[2][:3]
OPEN = style.PAPER_WHITE


def look(color: str, dash: Any, marker: str, label: str, face: str | None = None) -> Model:
    """Return how the line of a rule is drawn; its marks are filled unless they have a `face`."""
    line = {"color": color, "linestyle": dash, "marker": marker, "label": label}
    return line | {"markersize": 5, "markerfacecolor": face or color}


LINEAR = {
    "feedback alignment": look(style.MUTED, "none", "D", "feedback alignment"),
    "wake-sleep": look(style.GOLD, DOTTED, "v", "wake-sleep", OPEN),
    "inverse": look(CROSS, DOTTED, TRIANGLE, "target propagation"),
    "recirculation": look(OURS, SOLID, CIRCLE, "recirculation"),
    "inverse, white noise": look(CROSS, "none", TRIANGLE, "target propagation, white noise", OPEN),
    "back-propagation": look(THEIRS, DASHED, SQUARE, "back-propagation"),
}
LOGISTIC = {
    "none": look(OURS, SOLID, CIRCLE, "recirculation"),
    "small weights": look(OURS, DOTTED, CIRCLE, "small weights", OPEN),
    "decay of W": look(style.GOLD, DOTTED, "P", "with decay of W"),
    "sleep": look(style.INK, SOLID, TRIANGLE, "with sleep"),
    "back-propagation": LINEAR["back-propagation"],
}
ASIDE = {"wake-sleep": 1.06, "inverse": 0.94, "inverse, white noise": 1.06}
"""Factors that move marks beside others of the same size."""


def plot_rest(model: Model) -> tuple[Figure, Figure]:
    """Draw what each rule leaves unexplained, by the initial weights and by epochs."""
    linear, left = style.create_figure(height=3.7, width=style.HALF)
    logistic, right = style.create_figure(height=3.7, width=style.HALF)
    found = model["linear"]
    repairs = model["repairs"]
    # Left: by the size of the initial weights, where names that coincide stand side by side.
    for name, line in LINEAR.items():
        x = [ASIDE.get(name, 1.0) * float(size) for size in found["rules"][name]]
        rows = [*found["rules"][name].values()]
        style.plot_estimates(left, x, rows, "unexplained", scale=100.0, **line)
    left.axhline(100 * found["pca"], color=style.MUTED, linewidth=0.8, zorder=0)
    style.label_line(
        left,
        x=0.021,
        y=100 * found["pca"],
        text="best of 16 linear units",
        color=style.MUTED,
        fontsize=8,
        offset=(0, -7),
    )
    # Right: by epochs, on images that were held out.
    for name, line in LOGISTIC.items():
        row = repairs["rules"][name]
        rows = []
        for share, ends in zip(row["others"], row["others_interval"], strict=True):
            rows.append({"others": share, "others_interval": ends})
        style.plot_estimates(right, repairs["epochs"], rows, "others", scale=100.0, **line)
    left.set(xscale="log", ylim=(13, 50), xlabel="initial weights within ±")
    style.use_plain_log_ticks(left, found["sizes"])
    right.set(ylim=(13, 31), xlabel="epochs")
    for axes, name in ((left, "(a) Linear units"), (right, "(b) Logistic, held-out images")):
        axes.set_ylabel("unexplained variance, %")
        axes.set_title(name)
        axes.legend(
            loc="upper left" if axes is left else "upper right",
            fontsize=8,
            handlelength=2.2,
            frameon=True,
            edgecolor="none",
            framealpha=1,
        )
    return linear, logistic


FIGURES = {"rest": plot_rest}
