"""Figures of the multiverse: variance shares and contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.choices import name_field, name_value
from replication.report.figures.update_axis import use_update_ticks
from replication.report.inline import plain_text
from replication.report.style import BLUE, INK, MUTED, ORANGE, SKY, create_figure

PANELS = {
    "discard": "mean, dropped",
    "cap": "mean, at cap",
    "restart": "mean, restart",
    "median": "median of all",
}
"""Short titles of the statistics, as they fit above a panel."""


def plot_shares(
    *, fields: Sequence[str], full: Mapping[str, Any], at_base: Mapping[str, Any] | None
) -> Figure:
    """Draw first-order and total variance shares of the choices, a panel for each statistic.

    Parameters
    ----------
    fields : sequence of str
        Choices of the whole grid, in order.
    full : mapping
        By statistic: ``first``, ``first_reach``, ``total``, ``total_reach``, or None.
    at_base : mapping or None
        ``fields`` and ``shares`` with the leading choice held at its base value.
    """
    sets = [(list(fields), full, "all readings")]
    if at_base is not None:
        held = f"{plain_text(name_field(at_base['field']))}: "
        held += plain_text(name_value(at_base["field"], at_base["value"]))
        sets.append((list(at_base["fields"]), at_base["shares"], f"only with\n{held}"))
    names = [name for name in PANELS if any(shares[name] is not None for _, shares, _ in sets)]
    heights = [len(group) + 1.6 for group, _, _ in sets]
    figure, grid = create_figure(
        height=0.24 * sum(heights) + 0.5,
        n_rows=len(sets),
        n_columns=len(names),
        sharex=True,
        squeeze=False,
        height_ratios=heights,
    )
    for r, (group, shares, title) in enumerate(sets):
        for c, name in enumerate(names):
            axes = grid[r, c]
            _draw_shares(axes, shares[name], len(group))
            if r == 0:
                axes.set_title(PANELS[name], fontweight="normal", fontsize=9)
            axes.set_yticks(
                range(len(group)),
                [plain_text(name_field(field)) for field in group] if c == 0 else [],
            )
            axes.set_ylim(len(group) - 0.4, -0.6)
            axes.set_xlim(-0.02, 1.02)
            axes.set_xticks([0, 0.5, 1], ["0", "50", "100"])
            axes.tick_params(axis="y", length=0)
            axes.grid(visible=False, axis="y")
        grid[r, 0].set_ylabel(title, fontsize=8.5, color=MUTED)
    figure.supxlabel("share of the variance over the readings, per cent", fontsize=9.5, color=INK)
    first = grid[0, 0]
    first.text(0.98, 0.06, "total", color=BLUE, ha="right", transform=first.transAxes)
    first.text(0.98, 0.20, "alone", color=INK, ha="right", transform=first.transAxes)
    return figure


def _draw_shares(axes: Axes, shares: Mapping[str, Any] | None, n_rows: int) -> None:
    if shares is None:
        axes.text(0.5, 0.5, "undefined", ha="center", transform=axes.transAxes, color=MUTED)
        return
    rows = np.arange(n_rows)
    total, first = (
        np.maximum(np.asarray(shares[key], dtype=float), 0) for key in ("total", "first")
    )
    axes.barh(
        rows, total, height=0.62, facecolor=SKY, edgecolor=BLUE, linewidth=0.7,
        xerr=np.asarray(shares["total_reach"], dtype=float), ecolor=BLUE,
    )  # fmt: skip
    axes.barh(rows, first, height=0.26, facecolor=INK, edgecolor="none", zorder=3)
    axes.errorbar(
        first, rows, xerr=np.asarray(shares["first_reach"], dtype=float),
        fmt="none", ecolor=MUTED, zorder=4,
    )  # fmt: skip


def plot_contrasts(
    *, single: Sequence[Mapping[str, Any]], average: Sequence[Mapping[str, Any]]
) -> Figure:
    """Draw how the mean changes when one choice changes, from the base reading and on average.

    Parameters
    ----------
    single, average : sequence of mapping
        ``field``, ``value`` and ``change`` by statistic with ``value``, ``low``,
        ``high``, ``smallest``, ``largest``.
    """
    figure, axes = create_figure(height=0.3 * len(average) + 1.0)
    alone = {(item["field"], str(item["value"])): item["change"]["discard"] for item in single}
    for row, item in enumerate(average):
        change = item["change"]["discard"]
        if change["smallest"] is not None:
            axes.plot(
                [change["smallest"], change["largest"]], [row + 0.13] * 2, color=SKY, linewidth=5,
                solid_capstyle="butt",
            )  # fmt: skip
            _draw_interval(axes, change, row + 0.13, color=BLUE, marker="D")
        one = alone.get((item["field"], str(item["value"])))
        if one is not None and one["value"] is not None:
            _draw_interval(axes, one, row - 0.17, color=ORANGE, marker="o")
    axes.vlines(0, -0.45, len(average) - 0.4, color=MUTED, linewidth=0.9)
    axes.set_yticks(
        range(len(average)),
        [
            f"{plain_text(name_field(item['field']))}: "
            f"{plain_text(name_value(item['field'], item['value']))}"
            for item in average
        ],
    )
    axes.set_ylim(len(average) - 0.4, -1.75)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.06)
    use_update_ticks(axes, axis="x", linear=5.0, ticks=(0, 5, 20, 100, 500, 2000, 10000))
    for y, text, color in (
        (-1.35, "● from the base reading, 95 % interval", ORANGE),
        (-0.75, "◆ average over all pairs, 95 % interval; band: single pairs", BLUE),
    ):
        axes.text(0.01, y, text, color=color, va="center", transform=axes.get_yaxis_transform())
    axes.set_xlabel("change of the mean, updates (failures dropped)")
    return figure


def _draw_interval(
    axes: Axes, change: Mapping[str, Any], row: float, *, color: str, marker: str
) -> None:
    axes.plot([change["low"], change["high"]], [row] * 2, color=color, linewidth=1.4, zorder=3)
    axes.plot([change["value"]], [row], marker, color=color, markersize=5, zorder=4)
