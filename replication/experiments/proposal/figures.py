"""Figure of the experiment on the untested proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    INK,
    MUTED,
    create_figure,
    put_key_above,
    use_plain_log_ticks,
)

STYLES: dict[str, tuple[str, Any, str, str]] = {
    "paper": (BLUE, "-", "o", "paper's rule"),
    "regressed": (INK, (0, (5, 2)), "v", "second round too"),
    "control": (MUTED, (0, (1.5, 1.5)), "X", "U changes × {:g}"),
}
"""Colour, dash, marker and label of each rule."""


def plot_alignment(model: Mapping[str, Any]) -> Figure:
    """Draw the median update at which the matrices are aligned against the learning rate."""
    figure, axes = create_figure(height=2.3)
    lines = []
    for name, (color, dash, marker, label) in STYLES.items():
        lines += axes.plot(
            model["rates"], model["aligned_at"][name], color=color, linestyle=dash, marker=marker,
            markersize=5, label=label.format(model["control_factor"]), gid=name,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    use_plain_log_ticks(axes, model["rates"])
    use_plain_log_ticks(axes, (10, 20, 30, 50), axis="y")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("updates until aligned")
    put_key_above(figure, lines)
    return figure


FIGURES = {"proposal": plot_alignment}
