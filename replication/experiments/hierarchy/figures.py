"""The figure of the hierarchy: which networks succeed, and why the others do not."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    FAINT,
    FULL,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    SKY,
    letter_panels,
    put_key_above,
    styled,
)

MARKS = (
    ("encoded", BLUE, "o"),
    ("attractors", ORANGE, "s"),
    ("completed", GREEN, "^"),
)
ROWS = (
    (0.0, "conditions", "two", "2 vectors"),
    (1.0, "conditions", "three", "3 vectors"),
    (2.0, "conditions", "four", "4 vectors"),
    (3.3, "splits", "same", "4, same splits below"),
    (4.3, "splits", "different", "4, different splits below"),
    (5.6, "conditions", "same_start", "4, lower modules start alike"),
    (6.6, "conditions", "untrained_top", "4, top untrained"),
    (7.9, "conditions", "wider_lower", "4, three hidden units below"),
    (8.9, "conditions", "wider_top", "4, three hidden units on top"),
    (9.9, "conditions", "wider", "4, three in all modules"),
)
"""Place from above, part and key of the model, label."""


def plot_success(model: dict[str, Any]) -> Figure:
    """Draw the shares of networks that succeed, and the codes of one that does not.

    Parameters
    ----------
    model : dict
        Of `replication.experiments.hierarchy.run`.
    """
    with styled():
        figure = Figure(figsize=(FULL, 4.3), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=(3.1, 1))
        shares = figure.add_subplot(grid[:, 0])
        squares = [figure.add_subplot(grid[row, 1]) for row in (0, 1)]
        handles = _plot_shares(shares, model)
        for axes, name in zip(squares, ("left", "right"), strict=True):
            _plot_codes(axes, model["splits"]["example"], name)
        letter_panels([shares, squares[0]])
        squares[0].set_title("(b)  left", fontsize=9.5, pad=4)
        squares[1].set_title("      right", fontsize=9.5, pad=4)
        put_key_above(figure, handles)
    return figure


def _plot_shares(axes: Axes, model: dict[str, Any]) -> list[Any]:
    handles: list[Any] = []
    for place, part, name, _ in ROWS:
        row = model[part][name]
        share, (low, high) = row["all"]["share"], row["all"]["share_interval"]
        if share is None:
            continue
        bar = axes.barh(place, 100 * share, height=0.7, color=SKY, label="all three", zorder=1)
        line = axes.plot([100 * low, 100 * high], [place] * 2, color=INK, linewidth=2.2, zorder=2)
        line[0].set_label("95 % interval")
        marks = [
            axes.plot(
                100 * row[key]["share"],
                place + shift,
                marker,
                color=color,
                markersize=5,
                markerfacecolor="none",
                markeredgewidth=1.3,
                clip_on=False,
                label=key,
                zorder=3,
            )[0]
            for shift, (key, color, marker) in zip((-0.24, 0, 0.24), MARKS, strict=True)
        ]
        handles = handles or [*marks, bar, line[0]]
    axes.set_yticks([place for place, *_ in ROWS], [label for *_, label in ROWS])
    axes.set_ylim(ROWS[-1][0] + 0.6, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of initial weights, %")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return handles


def _plot_codes(axes: Axes, example: dict[str, Any] | None, name: str) -> None:
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
            x,
            y,
            str(number),
            ha="center",
            va="center",
            fontsize=9,
            bbox={"boxstyle": "circle,pad=0.18", "facecolor": SKY, "edgecolor": BLUE},
        )


FIGURES = {"hierarchy": plot_success}
