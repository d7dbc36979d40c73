"""Figures of the gradient claim and of other group sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    SAND,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

REGRESSION_TICKS = (0.0, 0.75, 0.9, 0.99, 0.999)


def plot_cosines(*, gradient: Mapping[str, Any], paper: float) -> Figure:
    """Draw the agreement of each change with its gradient against the regression.

    Parameters
    ----------
    gradient : mapping
        The part ``gradient`` of the model.
    paper : float
        The regression of the paper, marked.
    """
    figure, axes = create_figure(height=3.5, n_columns=2, sharey=True)
    away = 1.0 - np.asarray(gradient["regressions"], dtype=float)
    for one, units, title in zip(
        axes, ("linear", "logistic"), ("Linear visible units", "Logistic visible units"),
        strict=True,
    ):  # fmt: skip
        for name, colour, fill, text, height in (
            ("independent", ORANGE, SAND, "$W$, independent weights", 0.12),
            ("symmetric", BLUE, SKY, "$W$, symmetric weights", 0.88),
        ):
            rows = [row["into_hidden"] for row in gradient["start"][f"{units}-{name}-squared"]]
            _draw_band(one, away, rows, colour, fill)
            label_line(
                one, x=1.0 - paper, y=height, text=text, color=colour, offset=(6, 0), fontsize=8
            )
        rows = [row["into_visible"] for row in gradient["start"][f"{units}-independent-squared"]]
        one.plot(away, [row["median"] for row in rows], color=GREEN, linestyle=(0, (5, 2)))
        label_line(one, x=0.9, y=1.0, text="$U$, either", color=GREEN, offset=(2, 8), fontsize=8)
        one.axvline(1.0 - paper, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        label_line(
            one, x=1.0 - paper, y=-0.93, text="paper", color=MUTED, offset=(4, 0), fontsize=8
        )
        one.axhline(0, color=MUTED, linewidth=0.8)
        one.set_title(title, fontsize=9)
        one.set_xscale("log")
        one.set_xlim(1.0, min(away))
        one.set_xticks(
            [1 - each for each in REGRESSION_TICKS], [f"{t:g}" for t in REGRESSION_TICKS]
        )
        one.minorticks_off()
        one.set_ylim(-1.0, 1.15)
        one.set_xlabel("regression")
    axes[0].set_ylabel("cosine with minus the gradient\nof the squared error")
    return figure


def plot_learning(*, gradient: Mapping[str, Any], symmetry: Mapping[str, Any]) -> Figure:
    """Draw the agreement with the gradient, and the symmetry of the weights, along learning.

    Parameters
    ----------
    gradient, symmetry : mapping
        Parts of the model.
    """
    figure, (left, right) = create_figure(height=3.4, n_columns=2, sharey=True)
    updates = np.asarray(gradient["learning_updates"], dtype=float)
    rows = gradient["learning"]["paper"]["cosines"]["squared"]
    for part, colour, fill, dash, text, spot in (
        ("into_hidden", ORANGE, SAND, "-", "$W$", (13, 0.93)),
        ("into_visible", GREEN, None, (0, (5, 2)), "$U$", (3.2, 0.98)),
        ("both", INK, None, (0, (1.5, 1.5)), "both together", (30, 0.27)),
    ):
        _draw_band(left, updates, [row[part] for row in rows], colour, fill, dash)
        label_line(left, x=spot[0], y=spot[1], text=text, color=colour, offset=(0, 0), fontsize=9)
    left.set_title("Change against gradient", fontsize=9)
    left.set_ylabel("cosine")
    reached = np.asarray(symmetry["updates"], dtype=float)
    _draw_band(right, reached, symmetry["cosine"], BLUE, SKY)
    right.set_title("$W$ against the transpose of $U$", fontsize=9)
    for one in (left, right):
        one.axhline(0, color=MUTED, linewidth=0.8)
        one.set_xlim(0, 80)
        one.set_ylim(-1.0, 1.08)
        one.set_xlabel("weight updates")
    return figure


def plot_encoders(*, encoders: Mapping[str, Any]) -> Figure:
    """Draw how fast other encoders learn, at the settings of the base reading and at better ones.

    Parameters
    ----------
    encoders : mapping
        The part ``encoders`` of the model.
    """
    networks = encoders["networks"]
    n_columns = 4
    figure, axes = create_figure(
        height=3.9, n_rows=-(-len(networks) // n_columns), n_columns=n_columns, sharex=True,
        sharey=True, squeeze=False,
    )  # fmt: skip
    updates = np.asarray(encoders["curve_updates"], dtype=float)
    for one, network in zip(axes.flat, networks, strict=False):
        for at, colour, dash in (("paper", BLUE, "-"), ("best", GREEN, (0, (4, 2)))):
            share = 100 * np.asarray(network["at"][at]["still_learning"], dtype=float)
            one.plot(updates, share, color=colour, linestyle=dash, label=at)
        one.set_xscale("log")
        one.set_xlim(8, encoders["max_updates"])
        one.set_ylim(0, 100)
        use_plain_log_ticks(one, [10, 100, 1000])
        one.set_title(network["name"], fontsize=9)
    figure.legend(
        axes.flat[0].get_lines(), ["base reading", "best settings found"],
        loc="outside upper right", ncols=2,
    )  # fmt: skip
    for one in axes[-1]:
        one.set_xlabel("weight updates")
    for one in axes[:, 0]:
        one.set_ylabel("still learning, %")
    return figure


def _draw_band(
    axes: Axes, x: Any, spreads: Sequence[Mapping[str, float]], colour: str, fill: str | None,
    dash: Any = "-",
) -> None:  # fmt: skip
    """Draw medians as a line, and the 5 % and 95 % quantiles as a band."""
    if fill is not None:
        axes.fill_between(
            x, [row["low"] for row in spreads], [row["high"] for row in spreads], color=fill,
            alpha=0.55, linewidth=0, zorder=1,
        )  # fmt: skip
    axes.plot(x, [row["median"] for row in spreads], color=colour, linestyle=dash, zorder=3)
