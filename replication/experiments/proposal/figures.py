"""Figure of the experiment on the untested proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report.style import (
    HALF,
    SERIES,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

LAST_UPDATE = 60
NAMES = {"paper": "paper's rule", "proposed": "second round too", "control": "U changes × {:g}"}


def plot_proposal(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw speed against the learning rate, and alignment along learning, for all three rules."""
    speed, left = create_figure(height=2.9, width=HALF)
    alignment, right = create_figure(height=2.9, width=HALF)
    for (name, label), (color, dash, marker) in zip(NAMES.items(), SERIES, strict=True):
        search = model["rules"][name]["search"]
        left.plot(
            search["grid"]["learning_rate"],
            search["means"],
            color=color,
            linestyle=dash,
        )
        left.plot(
            search["best"]["learning_rate"],
            search["best_mean"],
            color=color,
            marker=marker,
            markersize=6,
        )
        cosines = model["rules"][name]["alignment"]["cosines"][: LAST_UPDATE + 1]
        text = label.format(model["control_factor"])
        right.plot(range(len(cosines)), cosines, color=color, linestyle=dash, label=text)
    left.set(
        yscale="log",
        ylim=(42, 130),
        xlabel="learning rate ε",
        ylabel="mean weight updates",
    )
    use_plain_log_ticks(left, (45, 60, 80, 100, 120), axis="y")
    for name, x, y, align in (
        ("paper", 12.2, 70, "left"), ("proposed", 22, 85, "right"), ("control", 10.0, 44, "left")
    ):  # fmt: skip
        color = SERIES[list(NAMES).index(name)][0]
        text = NAMES[name].format(model["control_factor"])
        label_line(left, x=x, y=y, text=text, color=color, ha=align)
    right.set(
        xlim=(0, LAST_UPDATE),
        ylim=(-0.05, 1.02),
        xlabel="weight updates",
        ylabel="median cosine of W and U",
    )
    right.legend(loc="lower right", handlelength=2.6)
    left.set_title("(a) Speed")
    right.set_title("(b) Alignment")
    return speed, alignment


FIGURES: dict[str, Callable[[Mapping[str, Any]], tuple[Figure, Figure]]] = {
    "proposal": plot_proposal
}
