"""The figure of all statements and their measurements."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replication.definition.claims import Claim, load_claims
from replication.experiments.judging import Outcome
from replication.report.style import BLUE, HALF, INK, MUTED, PAPER_WHITE, PURPLE, create_figure

Models = Mapping[str, Mapping[str, Any]]

MARKS: dict[str, dict[str, Any]] = {
    Outcome.SUPPORTS.value: {"marker": "o", "color": BLUE, "markerfacecolor": BLUE},
    Outcome.CONTRADICTS.value: {"marker": "X", "color": PURPLE, "markerfacecolor": PURPLE},
    Outcome.UNDECIDED.value: {"marker": "o", "color": MUTED, "markerfacecolor": PAPER_WHITE},
}
MARK_SIZE = 6.0
RING: dict[str, Any] = {
    "marker": "o", "markersize": 11.0, "markerfacecolor": "none", "color": INK,
    "markeredgewidth": 0.8,
}  # fmt: skip
"""Around the mark of the primary measurement, the closest to the sentence."""
LINE, MARK_ROW, GAP = 0.15, 0.16, 0.06
"""Inches: a line of a title, the row of its marks, and the gap below it."""
LETTERS = 48  # letters of a title in one line


def plot_statements(models: Models) -> tuple[Figure, Figure]:
    """Draw a row for each statement, with a mark for each measurement, the primary one first."""
    claims = list(load_claims().values())
    heights = [_measure_height(claim) for claim in claims]
    middle = math.fsum(heights) / 2 - LINE
    half = next(i for i in range(len(claims)) if math.fsum(heights[:i]) > middle)
    outcomes = [
        Line2D([], [], linestyle="none", markersize=MARK_SIZE, label=outcome, **mark)
        for outcome, mark in MARKS.items()
    ]
    ring = Line2D([], [], linestyle="none", label="closest to the sentence", **RING)
    return (
        _draw_panel(models, claims[:half], outcomes),
        _draw_panel(models, claims[half:], [ring]),
    )


def _draw_panel(models: Models, claims: Sequence[Claim], handles: Sequence[Line2D]) -> Figure:
    titles = [_wrap(claim) for claim in claims]
    height = math.fsum(_measure_height(claim) for claim in claims)
    figure, axes = create_figure(width=HALF, height=height + 0.45)
    place = 0.0
    for claim, title in zip(claims, titles, strict=True):
        axes.text(0.0, place, "\n".join(title), va="top", color=INK, fontsize=8)
        place += len(title) * LINE + MARK_ROW / 2
        _draw_marks(axes, models, claim, y=place)
        place += MARK_ROW / 2 + GAP
    axes.set_ylim(height, 0.0)
    axes.set_xlim(0.0, 12.0)
    axes.set_axis_off()
    figure.legend(
        handles=list(handles), loc="outside upper left", ncols=3, handletextpad=0.2, columnspacing=1
    )
    return figure


def _draw_marks(axes: Axes, models: Models, claim: Claim, *, y: float) -> None:
    judged = models[claim.experiment]["claims"][claim.id]["operationalisations"]
    for x, each in enumerate(claim.operationalisations):
        mark = MARKS[judged[each.id]["outcome"]]
        place = 0.4 + 0.92 * x
        axes.plot(
            [place], [y], linestyle="none", markersize=MARK_SIZE, gid=f"{claim.id}.{each.id}",
            label=f"{claim.id}.{each.id}: {judged[each.id]['outcome']}", **mark,
        )  # fmt: skip
        if x == 0:
            axes.plot([place], [y], **RING)


def _measure_height(claim: Claim) -> float:
    return len(_wrap(claim)) * LINE + MARK_ROW + GAP


def _wrap(claim: Claim) -> list[str]:
    return textwrap.wrap(claim.title, LETTERS, break_on_hyphens=False)
