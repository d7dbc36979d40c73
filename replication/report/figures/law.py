"""Figures of the law of a reported mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replication.report.numbers import format_number
from replication.report.rules import SHORT, describe_runs
from replication.report.style import (
    BLUE,
    INK,
    MUTED,
    NARROW,
    REPORTED,
    RULES,
    SAND,
    SKY,
    create_figure,
    label_line,
    mark_reported,
    use_plain_log_ticks,
)

N_TICKS = (1, 3, 10, 30, 100, 300, 1000, 5000)


def plot_mean_laws(
    *, laws: Mapping[str, Mapping[str, Any]], reported: Mapping[str, Any], mean: float
) -> Figure:
    """Draw the law of the mean of n runs, one row for each n.

    Parameters
    ----------
    laws : mapping
        By n as text: ``edges`` and ``density``.
    reported : mapping
        ``value``, ``text``, ``low``, ``high``.
    mean : float
        Of the population.
    """
    order = sorted(laws, key=int)
    figure, rows = create_figure(
        height=0.8 * len(order) + 0.5, width=NARROW, n_rows=len(order), sharex=True, squeeze=False
    )
    left = min([law["edges"][0] for law in laws.values()] + [reported["value"]]) - 1
    right = max(2.3 * mean, 1.6 * reported["value"])
    for axes, n in zip(rows[:, 0], order, strict=True):
        edges = np.asarray(laws[n]["edges"], dtype=float)
        density = np.asarray(laws[n]["density"], dtype=float)
        axes.stairs(density, edges, fill=True, facecolor=SKY, edgecolor=BLUE, linewidth=0.8)
        axes.axvline(mean, color=BLUE, linewidth=1.2, zorder=3)
        axes.axvline(
            reported["value"], color=REPORTED, linewidth=1.4, linestyle=(0, (6, 2)), zorder=3
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(left, right)
        axes.set_ylim(0, float(density.max()) * 1.15)
        axes.text(0.985, 0.6, f"$n$ = {n}", transform=axes.transAxes, ha="right", fontweight="bold")
    top = rows[0, 0]
    height = 1.35 * top.get_ylim()[1]
    top.set_ylim(0, height)
    label_line(
        top, x=reported["value"], y=0.9 * height, text=f"reported: {reported['text']}",
        color=REPORTED, fontweight="bold",
    )  # fmt: skip
    label_line(
        top, x=mean, y=0.9 * height, text=f"population\nmean {format_number(mean, 3)}",
        color=BLUE, offset=(-4, 0), ha="right",
    )  # fmt: skip
    rows[-1, 0].set_xlabel("mean number of updates over $n$ runs")
    return figure


def plot_compatible_runs(
    *,
    rules: Mapping[str, Mapping[str, Any]],
    reported: Mapping[str, Any],
    level: float,
) -> Figure:
    """Draw the prediction band and p(n) against the number of runs, and read off n*.

    Parameters
    ----------
    rules : mapping
        By rule: ``curve`` (``n``, ``p``, ``low``, ``high``), ``runs``, ``mean``.
    reported : mapping
        ``value``, ``text``.
    level : float
        Below it, n is called incompatible.
    """
    figure, (above, below) = create_figure(
        height=6.2, width=NARROW, n_rows=2, sharex=True, height_ratios=[1.15, 1]
    )
    first = next(iter(rules))
    curve = rules[first]["curve"]
    n = np.asarray(curve["n"], dtype=float)
    above.fill_between(n, curve["low"], curve["high"], facecolor=SKY, linewidth=0, zorder=1)
    for rule, entry in rules.items():
        colour, dash = RULES[rule]
        grid = np.asarray(entry["curve"]["n"], dtype=float)
        for side in ("low", "high"):
            above.plot(grid, entry["curve"][side], color=colour, linestyle=dash, linewidth=1.3)
        below.plot(grid, entry["curve"]["p"], color=colour, linestyle=dash, zorder=3)
    above.set_xscale("log")
    above.set_xlim(1, n[-1])
    ceiling = max(2.6 * reported["value"], 1.05 * rules[first]["curve"]["high"][0])
    above.set_ylim(0, ceiling)
    above.set_ylabel("mean of $n$ runs: 95 % interval")
    mark_reported(
        above, reported["value"], text=f"reported: {reported['text']}", vertical=False, at=0.015
    )
    _label_band(above, rules, ceiling)
    below.axhline(level, color=INK, linewidth=1, linestyle=(0, (2, 2)), zorder=2)
    below.set_ylim(0, 1.02)
    below.set_ylabel("$p(n)$: how ordinary 48 is".replace("48", reported["text"]))
    below.set_xlabel("number of runs $n$ behind the reported mean")
    use_plain_log_ticks(below, N_TICKS)
    label_line(
        below, x=1.0, y=level, text=f"{level:g}",
        color=INK, offset=(4, 7),
    )  # fmt: skip
    heights = np.linspace(0.9 - 0.13 * (len(rules) - 1), 0.9, len(rules))
    order = sorted(rules, key=lambda rule: rules[rule]["runs"]["n_star"])
    for height, rule in zip(heights, order, strict=True):
        runs = rules[rule]["runs"]
        colour, dash = RULES[rule]
        if runs["n_star"]:
            below.plot(
                [runs["n_star"]] * 2, [0, height], color=colour, linewidth=0.9, linestyle=dash
            )
            below.plot([runs["n_star"]], [level], "o", color=colour, markersize=6, zorder=5)
        at = max(runs["n_star"], 1)
        label_line(
            below, x=at, y=height, text=f"{SHORT[rule]}: $n^*$ = {describe_runs(runs)}",
            color=colour, offset=(-5 if at > 12 else 5, 0), ha="right" if at > 12 else "left",
        )  # fmt: skip
    return figure


def _label_band(axes: Any, rules: Mapping[str, Mapping[str, Any]], ceiling: float) -> None:
    """List the rules in the empty upper right, in their colours."""
    for row, rule in enumerate(rules):
        colour, dash = RULES[rule]
        y = ceiling * (0.93 - 0.085 * row)
        axes.plot([130, 260], [y, y], color=colour, linestyle=dash, linewidth=1.6)
        label_line(axes, x=290, y=y, text=SHORT[rule], color=colour)


def plot_verdict(
    *,
    rules: Mapping[str, Mapping[str, Any]],
    reported: Mapping[str, Any],
    margin: float,
    least: int,
    max_runs: int,
) -> Figure:
    """Draw the two questions of the verdict: how far is the mean, how many runs could it be.

    Parameters
    ----------
    rules : mapping
        By rule: ``mean`` (``value``, ``low``, ``high``) and ``runs``.
    reported : mapping
        ``value``, ``text``.
    margin : float
        Of the equivalence test, in updates.
    least : int
        Smallest n* that the verdict rule asks for.
    max_runs : int
        How far n was searched.
    """
    figure, (left, right) = create_figure(
        height=0.7 * len(rules) + 2.3, width=NARROW, n_rows=2, height_ratios=[1.1, 1]
    )
    value = reported["value"]
    left.axvspan(value - margin, value + margin, facecolor=SAND, linewidth=0, zorder=0)
    left.axvline(value, color=REPORTED, linewidth=1.6, linestyle=(0, (6, 2)))
    for row, (rule, entry) in enumerate(rules.items()):
        colour, _ = RULES[rule]
        mean, runs = entry["mean"], entry["runs"]
        ends = [mean["value"] if mean[end] is None else mean[end] for end in ("low", "high")]
        left.plot(ends, [row, row], color=colour, linewidth=3)
        left.plot([mean["value"]], [row], "o", color=colour, markersize=6)
        label_line(
            left, x=mean["value"], y=row, text=format_number(mean["value"], 3), color=colour,
            offset=(0, 11), ha="center", fontweight="bold",
        )  # fmt: skip
        if runs["n_star"]:
            right.barh(row, runs["n_star"] - 0.7, left=0.7, height=0.34, color=colour)
        label_line(
            right, x=max(runs["n_star"], 0.8), y=row,
            text=f"{describe_runs(runs)}", color=colour,
            offset=(-3 if runs["n_star"] > 1000 else 4, 11 if runs["n_star"] > 1000 else 0),
            ha="right" if runs["n_star"] > 1000 else "left", fontweight="bold",
        )  # fmt: skip
    lows = [entry["mean"]["value"] for entry in rules.values()]
    left.set_xlim(min(*lows, value - margin) - 2, max(*lows, value + margin) + 2)
    left.set_ylim(len(rules) - 0.4, -0.8)
    left.set_title("Mean, if a network that never gets there is …", fontsize=9.5)
    left.set_xlabel(f"weight updates (shaded: {reported['text']} ± {format_number(margin, 2)})")
    left.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    right.set_title(f"Largest study that fits a reported {reported['text']}", fontsize=9.5)
    right.set_xscale("log")
    right.set_xlim(0.7, max_runs * 1.2)
    use_plain_log_ticks(right, [1, 10, 100, 1000])
    right.axvline(least, color=MUTED, linewidth=1, linestyle=(0, (2, 2)))
    right.set_xlabel("number of runs $n$")
    label_line(right, x=least, y=-0.55, text=f"asked for: {least}", color=MUTED)
    right.set_ylim(len(rules) - 0.5, -0.9)
    for axes in (left, right):
        axes.set_yticks(range(len(rules)), [SHORT[rule] for rule in rules])
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return figure
