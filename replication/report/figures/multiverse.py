"""Figures of the multiverse: the specification curve and the posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.choices import name_field, name_value
from replication.report.figures.update_axis import use_update_ticks
from replication.report.inline import plain_text
from replication.report.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    create_figure,
    label_line,
    mark_reported,
)

Choices = Sequence[Mapping[str, Any]]


def _count_rows(choices: Choices) -> int:
    return sum(len(choice["values"]) for choice in choices)


def plot_specifications(
    *,
    choices: Choices,
    levels: Sequence[Sequence[int]],
    readings: Mapping[str, Sequence[Any]],
    base: int,
    reported: Mapping[str, Any],
    min_n_star: int,
) -> Figure:
    """Draw all readings in the order of their means, and below what each chooses.

    Parameters
    ----------
    choices : sequence of mapping
        ``field``, ``values``, ``base``.
    levels : sequence of sequence of int
        Of each reading, the index of its value of each choice.
    readings : mapping
        Columns ``mean_discard``, ``mean_discard_low``, ``mean_discard_high``,
        ``mean_cap``, ``n_star_discard``.
    base : int
        The base reading.
    reported : mapping
        ``value``, ``text``.
    min_n_star : int
        Readings with this n* or more are set off.
    """
    mean = _read_column(readings, "mean_discard")
    order = np.argsort(np.where(np.isfinite(mean), mean, np.inf), kind="stable")
    place = np.arange(order.size)
    n_rows = _count_rows(choices)
    figure, (above, below) = create_figure(
        height=2.9 + 0.155 * n_rows,
        n_rows=2,
        sharex=True,
        height_ratios=(2.6, 0.155 * n_rows),
    )
    low, high, cap = (
        _read_column(readings, name)[order]
        for name in ("mean_discard_low", "mean_discard_high", "mean_cap")
    )
    likely = _read_column(readings, "n_star_discard")[order] >= min_n_star
    above.scatter(place, cap, s=5, color=GREEN, linewidths=0, zorder=2)
    for chosen, color in ((~likely, BLUE), (likely, ORANGE)):
        above.vlines(place[chosen], low[chosen], high[chosen], color=color, linewidth=0.8, zorder=3)
        above.scatter(place[chosen], mean[order][chosen], s=9, color=color, linewidths=0, zorder=4)
    above.set_ylim(0, 1.15 * float(np.nanmax([*mean, *cap, reported["value"]])))
    use_update_ticks(above, axis="y")
    above.set_title("mean number of updates", fontweight="normal", fontsize=9.5)
    mark_reported(
        above, reported["value"], text=f"reported: {reported['text']}", vertical=False, at=0.01
    )
    at = int(np.flatnonzero(order == base)[0])
    above.plot([at], [mean[base]], "o", markersize=8, markerfacecolor="none", color=INK, zorder=5)
    label_line(
        above, x=at, y=float(mean[base]), text="base reading", color=INK, offset=(0, -16),
        ha="center",
    )  # fmt: skip
    _label_series(above, mean[order], cap, likely, min_n_star)
    _draw_choices(below, choices, np.asarray(levels)[order], likely)
    below.set_xlabel(f"the {order.size} readings, in the order of their means")
    below.set_xlim(-0.01 * order.size - 1, 1.01 * order.size)
    return figure


def _label_series(
    axes: Axes,
    mean: np.ndarray[Any, Any],
    cap: np.ndarray[Any, Any],
    likely: np.ndarray[Any, Any],
    min_n_star: int,
) -> None:
    """Name the three kinds of dots in the empty upper left of the panel."""
    shown = [(BLUE, "failures dropped, 95 % interval")]
    if likely.any():
        shown.append((ORANGE, f"the same, n* of {min_n_star} or more"))
    if np.any(np.isfinite(cap) & (np.abs(cap - mean) > 0)):
        shown.append((GREEN, "failures counted at the cap"))
    for i, (color, text) in enumerate(shown):
        axes.plot(
            [0.02], [0.95 - 0.09 * i], "o", color=color, markersize=4, transform=axes.transAxes
        )
        axes.text(0.035, 0.95 - 0.09 * i, text, color=color, va="center", transform=axes.transAxes)


def _draw_choices(
    axes: Axes, choices: Choices, levels: np.ndarray[Any, Any], likely: np.ndarray[Any, Any]
) -> None:
    """Draw one row of ticks for each value of each choice."""
    row, ticks, labels = 0, [], []
    for i, choice in enumerate(choices):
        field = choice["field"]
        if i:
            axes.axhline(row - 0.5, color=MUTED, linewidth=0.6)
        for k, value in enumerate(choice["values"]):
            for chosen, color in ((~likely, BLUE), (likely, ORANGE)):
                runs = _find_runs((levels[:, i] == k) & chosen)
                axes.broken_barh(runs, (row - 0.38, 0.76), facecolor=color, linewidth=0)
            ticks.append(row)
            head = f"{plain_text(name_field(field))}: " if k == 0 else ""
            labels.append(f"{head}{plain_text(name_value(field, value))}")
            row += 1
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(row - 0.4, -0.6)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _find_runs(chosen: np.ndarray[Any, Any]) -> list[tuple[float, float]]:
    """Return where a row of flags is true, as (start, length) of bars around the places."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    return [(start - 0.45, stop - start - 0.1) for start, stop in edges.reshape(-1, 2)]


def plot_posterior(
    *,
    choices: Choices,
    priors: Mapping[str, Mapping[str, Any]],
    main: str,
    rules: Sequence[tuple[str, str]],
    ways: Sequence[str],
) -> Figure:
    """Draw the posterior of every value of every choice, under several priors of n.

    Parameters
    ----------
    choices : sequence of mapping
    priors : mapping
        By prior: ``choices`` (each with ``posterior``), ``rule``, ``counting``.
    main : str
        The prior whose error bars are drawn.
    rules : sequence of (name, words)
    ways : sequence of str
        Ways to count.
    """
    groups = [
        (
            plain_text(name_field(choice["field"])),
            [plain_text(name_value(choice["field"], value)) for value in choice["values"]],
            {prior: entry["choices"][i] for prior, entry in priors.items()},
        )
        for i, choice in enumerate(choices)
    ]
    groups += [
        ("failures", [words for _, words in rules], {p: e["rule"] for p, e in priors.items()}),
        ("what is counted", list(ways), {p: e["counting"] for p, e in priors.items()}),
    ]
    n_rows = sum(len(values) for _, values, _ in groups)
    figure, axes = create_figure(height=0.2 * n_rows + 0.9)
    row, labels = 0, []
    for i, (title, values, found) in enumerate(groups):
        if i:
            axes.axhline(row - 0.5, color=FAINT, linewidth=0.8)
        for k, value in enumerate(values):
            head = f"{title}: " if k == 0 else ""
            labels.append(f"{head}{value}")
            axes.plot([1 / len(values)] * 2, [row - 0.35, row + 0.35], color=MUTED, linewidth=1.6)
            others = [entry["posterior"][k] for prior, entry in found.items() if prior != main]
            axes.plot(others, [row] * len(others), "o", color=PURPLE, markersize=3.2, alpha=0.75)
            value_at, error = found[main]["posterior"][k], found[main]["error"][k]
            axes.errorbar(
                [value_at], [row], xerr=[2 * error], fmt="D", color=BLUE, markersize=4.6, zorder=4
            )
            row += 1
    axes.set_yticks(range(n_rows), labels, fontsize=8.5)
    axes.set_ylim(n_rows - 0.4, -2.6)
    axes.set_xlim(-0.02, 1.02)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("posterior probability")
    for x, y, text, color in (
        (0.0, -2.0, "◆ with a prior of n proportional to 1/n", BLUE),
        (0.0, -1.1, "● with other priors of n", PURPLE),
        (0.62, -1.1, "❘ before the data", MUTED),
    ):
        axes.text(x, y, text, color=color, va="center")
    return figure


def _read_column(readings: Mapping[str, Sequence[Any]], name: str) -> np.ndarray[Any, Any]:
    values = [np.nan if value is None else value for value in readings[name]]
    return np.array(values, dtype=float)
