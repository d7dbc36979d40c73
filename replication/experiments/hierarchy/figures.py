"""The figure of the hierarchy: which networks succeed, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.numbers import fixed
from replication.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    SKY,
    create_figure,
)

COLUMNS = {
    "encoded": "encoded", "attractors": "attractors", "completed": "completed", "all": "all three",
}  # fmt: skip
"""What is asked of the vectors of a set, by its key in the model."""
COLUMN_WIDTH = 2.0
"""A bar of full length, 1, and its number."""
ROWS = (
    (0.0, "conditions", "two", "2 vectors"),
    (1.0, "conditions", "three", "3 vectors"),
    (2.0, "conditions", "four", "4 vectors"),
    (3.5, "splits", "same", "4, same splits"),
    (4.5, "splits", "different", "4, other splits"),
    (6.0, "conditions", "same_start", "4, alike at first"),
    (7.0, "conditions", "untrained_top", "4, top untrained"),
    (8.5, "conditions", "wider_lower", "4, 3 units below"),
    (9.5, "conditions", "wider_top", "4, 3 units on top"),
    (10.5, "conditions", "wider", "4, 3 units in all"),
)
"""Place from above, part and key of the model, label."""


def plot_success(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw the shares of networks that succeed, and the codes of one that does not.

    Parameters
    ----------
    model : mapping
        Of `replication.experiments.hierarchy.run`.
    """
    success, axes = create_figure(width=4.6, height=3.4)
    _draw_shares(axes, model)
    codes, squares = create_figure(width=1.66, height=3.4, n_rows=2)
    for square, name in zip(squares, ("left", "right"), strict=True):
        _draw_codes(square, model["splits"]["example"], name)
        square.set_title(f"(b) {name} module")
    return success, codes


def _draw_shares(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw a table of bars with their numbers, in per cent; the last column decides."""
    for column, key in enumerate(COLUMNS):
        left = COLUMN_WIDTH * column
        for place, part, name, _ in ROWS:
            share = model[part][name][key]["share"]
            if share is None:
                continue
            axes.barh(place, 1, left=left, height=0.8, color=FAINT, alpha=0.5, linewidth=0)
            axes.barh(place, share, left=left, height=0.8, linewidth=0,
                      color=BLUE if key == "all" else SKY)  # fmt: skip
            axes.text(left + COLUMN_WIDTH - 0.1, place, fixed(100 * share, 1), va="center",
                      ha="right", color=INK)  # fmt: skip
    axes.xaxis.tick_top()
    axes.set_xticks([COLUMN_WIDTH * k + 0.8 for k in range(len(COLUMNS))], COLUMNS.values())
    axes.set_yticks([place for place, *_ in ROWS], [label for *_, label in ROWS])
    axes.set_ylim(ROWS[-1][0] + 0.6, -0.6)
    axes.set_xlim(0, COLUMN_WIDTH * len(COLUMNS) - 0.1)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_title("(a) % of initial weights")


def _draw_codes(axes: Axes, example: Mapping[str, Any] | None, name: str) -> None:
    axes.set_xlim(-0.14, 1.14)
    axes.set_ylim(-0.14, 1.14)
    axes.set_box_aspect(1)
    axes.set_xticks([0, 1])
    axes.set_yticks([0, 1])
    axes.set_xlabel("unit 1", labelpad=-8)
    axes.set_ylabel("unit 2", labelpad=-6)
    axes.grid(visible=False)
    axes.axhline(0.5, color=FAINT, linewidth=0.8)
    axes.axvline(0.5, color=FAINT, linewidth=0.8)
    if example is None:
        return
    codes, partner = example[name]["codes"], example[name]["partner"]
    others = sorted({1, 2, 3} - {partner})
    for first, second in ((0, partner), others):
        ends = codes[first], codes[second]
        axes.plot(*zip(*ends, strict=True), color=MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    for number, (x, y) in enumerate(codes, start=1):
        axes.text(
            x, y, str(number), ha="center", va="center",
            bbox={"boxstyle": "circle,pad=0.18", "facecolor": SKY, "edgecolor": BLUE},
        )  # fmt: skip


FIGURES: dict[str, Callable[[Mapping[str, Any]], tuple[Figure, Figure]]] = {
    "hierarchy": plot_success
}
