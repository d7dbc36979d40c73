"""Figures of what happens along learning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PINK,
    PURPLE,
    SKY,
    create_figure,
    label_line,
    put_key_above,
)

DASHES: dict[str, Any] = {"alignment": "-", "lower": (0, (5, 2)), "upper": (0, (1.5, 1.5))}
COLOURS = {"alignment": BLUE, "lower": PURPLE, "upper": GREEN}
LABELS = {
    "alignment": "U and transpose of W",
    "lower": "change of W and descent",
    "upper": "change of U and descent",
}
FILLS = {"alignment": SKY, "lower": PINK}


def plot_learning(model: Mapping[str, Any]) -> Figure:
    """Draw cosines along learning, and when they pass a level, at both learning rates.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    figure, axes = create_figure(
        height=4.6, n_rows=2, n_columns=2, sharex=True, sharey="row",
        gridspec_kw={"height_ratios": (1.5, 1)},
    )  # fmt: skip
    events = model["claims"]["alignment-first"]
    rates = {"paper": model["learning_rate"], "other": model["other_rate"]}
    for column, (name, rate) in enumerate(rates.items()):
        upper, lower = axes[:, column]
        _draw_cosines(upper, model[name])
        _draw_events(lower, events[name]["steps"], model[name]["parts"])
        upper.set_title(f"({'ab'[column]}) Learning rate {rate:g}")
        lower.set_title(f"({'cd'[column]}) Networks past {events['level']:g}")
        lower.set_xlabel("part of learning, %")
    axes[0, 0].set_ylabel("cosine")
    axes[1, 0].set_ylabel("networks, %")
    for x, y, text, name in ((37, 60, "U and W", "alignment"), (57, 18, "W, descent", "lower")):
        label_line(axes[1, 0], x=x, y=y, text=text, color=COLOURS[name],
                   ha="right" if name == "alignment" else "left")  # fmt: skip
    lines = axes[0, 0].get_lines()
    put_key_above(figure, [line for line in lines if line.get_gid() in DASHES], n_columns=2)
    return figure


def _draw_cosines(axes: Axes, series: Mapping[str, Any]) -> None:
    x = 100 * np.asarray(series["parts"])
    for name, fill in FILLS.items():
        band = series[name]
        axes.fill_between(x, band["low"], band["high"], facecolor=fill, alpha=0.6, linewidth=0)
        for end in ("low", "high"):
            axes.plot(x, band[end], color=COLOURS[name], linestyle=DASHES[name], linewidth=0.5)
    for name, dash in DASHES.items():
        axes.plot(
            x, series[name]["median"], color=COLOURS[name], linestyle=dash, gid=name,
            label=LABELS[name],
        )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xlim(0, 100)
    axes.set_ylim(-0.5, 1.05)


def _draw_events(axes: Axes, steps: Mapping[str, Any], parts: Any) -> None:
    x = 100 * np.asarray(parts)
    for event, name in (("aligned", "alignment"), ("agrees", "lower")):
        axes.plot(x, 100 * np.asarray(steps[event]), color=COLOURS[name],
                  linestyle=DASHES[name], gid=event)  # fmt: skip
    axes.set_ylim(0, 103)


def plot_slopes(model: Mapping[str, Any]) -> Figure:
    """Draw how much the slopes of the visible units vary along learning.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    figure, axes = create_figure(height=2.5)
    series = model["paper"]
    x = 100 * np.asarray(series["parts"])
    for name, colour, fill, dash in (
        ("variation", BLUE, SKY, "-"),
        ("variation_error", PURPLE, PINK, (0, (5, 2))),
    ):
        band = series[name]
        axes.fill_between(x, band["low"], band["high"], color=fill, alpha=0.6, linewidth=0)
        axes.plot(x, band["median"], color=colour, linestyle=dash, gid=name)
    limit = model["claims"]["similar-slopes"]["limit"]
    axes.axhline(limit, color=INK, linewidth=1.0, linestyle=(0, (1.5, 1.5)))
    label_line(
        axes, x=99, y=limit, text=f"limit of the rule, {limit:g}", color=INK, ha="right",
        offset=(0, -8),
    )  # fmt: skip
    label_line(axes, x=40, y=1.62, text="all units alike", color=BLUE)
    label_line(axes, x=47, y=1.11, text="weighted by squared error", color=PURPLE)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 1.8)
    axes.set_xlabel("part of learning, %")
    axes.set_ylabel("variation of slopes")
    return figure


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {
    "learning": plot_learning,
    "slopes": plot_slopes,
}
