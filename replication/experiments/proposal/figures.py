"""Figure of the experiment on the untested proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report.style import (
    FULL,
    SERIES,
    create_figure,
    letter_panels,
    put_key_above,
    use_plain_log_ticks,
)

LAST_UPDATE = 60
NAMES = {"paper": "paper's rule", "proposed": "second round too", "control": "U changes × {:g}"}


def plot_proposal(model: Mapping[str, Any]) -> Figure:
    """Draw speed against the learning rate, and alignment along learning, for all three rules."""
    figure, (left, right) = create_figure(height=2.9, width=FULL, n_columns=2)
    handles = []
    for (name, label), (color, dash, marker) in zip(NAMES.items(), SERIES, strict=False):
        search = model["rules"][name]["search"]
        handles += left.plot(
            search["grid"]["learning_rate"],
            search["means"],
            color=color,
            linestyle=dash,
            label=label.format(model["control_factor"]),
        )
        left.plot(
            search["best"]["learning_rate"],
            search["best_mean"],
            color=color,
            marker=marker,
            markersize=6,
        )
        cosines = model["rules"][name]["alignment"]["cosines"][: LAST_UPDATE + 1]
        right.plot(range(len(cosines)), cosines, color=color, linestyle=dash)
    left.set(
        yscale="log",
        ylim=(42, 130),
        xlabel="learning rate ε",
        ylabel="mean weight updates",
    )
    use_plain_log_ticks(left, (45, 60, 80, 100, 120), axis="y")
    right.set(
        xlim=(0, LAST_UPDATE),
        ylim=(-0.05, 1.02),
        xlabel="weight updates",
        ylabel="median cosine of W and U",
    )
    letter_panels((left, right))
    put_key_above(figure, handles)
    return figure


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {"proposal": plot_proposal}
