"""Figure of the experiment on hidden functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replication.report.style import (
    FULL,
    SERIES,
    create_figure,
    letter_panels,
    put_key_above,
)
from replication.simulator.activations import HIDDEN_FUNCTIONS

LAST_UPDATE = 200


def plot_functions(model: Mapping[str, Any]) -> Figure:
    """Draw the hidden functions, and the share of networks still learning with each."""
    figure, (left, right) = create_figure(height=2.9, width=FULL, n_columns=2)
    inputs = np.linspace(-6.0, 6.0, 241)
    shown = model["curve_points"].index(LAST_UPDATE) + 1
    handles = []
    for (name, entry), (color, dash, _) in zip(model["functions"].items(), SERIES, strict=True):
        left.plot(inputs, HIDDEN_FUNCTIONS[name](inputs), color=color, linestyle=dash)
        shares = [100 * share for share in entry["learning"][:shown]]
        handles += right.plot(
            model["curve_points"][:shown], shares, color=color, linestyle=dash, label=name
        )
    left.set_xticks([-6, -3, 0, 3, 6])
    left.set(xlabel="total input", ylabel="state of the hidden unit", ylim=(-0.02, 1.02))
    right.set(
        xlim=(0, LAST_UPDATE),
        ylim=(0, 102),
        xlabel="weight updates",
        ylabel="networks still learning, %",
    )
    letter_panels((left, right))
    put_key_above(figure, handles)
    return figure


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {"functions": plot_functions}
