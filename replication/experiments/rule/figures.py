"""Where the change of the visible-to-hidden weights follows the gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    GREEN,
    MUTED,
    PINK,
    PURPLE,
    create_figure,
    put_key_above,
)

TICKS = (0.0, 0.5, 0.75, 0.9, 0.99, 0.999)
STYLES: dict[str, tuple[str, Any, str, str]] = {
    "restricted": (BLUE, "-", "o", "all met"),
    "logistic": (GREEN, (0, (1.5, 1.5)), "^", "not linear"),
    "independent": (PURPLE, (0, (5, 2)), "s", "not symmetric"),
}
"""Colour, dash, marker and name of each case."""


def plot_descent(model: Mapping[str, Any]) -> Figure:
    """Draw the cosine of the change of W with steepest descent against the regression.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    figure, axes = create_figure(height=2.7)
    # Room for the end near 1, where the derivation holds.
    x = -np.log10(1.0 - np.asarray(model["regressions"], dtype=float))
    independent = model["cosines"]["independent"]
    axes.fill_between(x, independent["low"], independent["high"], color=PINK, alpha=0.7,
                      linewidth=0)  # fmt: skip
    lines = []
    for name, (colour, dash, marker, label) in STYLES.items():
        lines += axes.plot(
            x, model["cosines"][name]["median"], color=colour, linestyle=dash, marker=marker,
            markersize=4, label=label, gid=name,
        )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xticks([-np.log10(1.0 - tick) for tick in TICKS], [f"{tick:g}" for tick in TICKS])
    axes.set_xlim(0, float(x.max()))
    axes.set_ylim(-0.75, 1.05)
    axes.set_xlabel("regression λ, spaced by the logarithm of 1 − λ")
    axes.set_ylabel("cosine with descent")
    put_key_above(figure, lines)
    return figure


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {"descent": plot_descent}
