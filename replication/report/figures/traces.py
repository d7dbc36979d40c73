"""Figures of single networks: error curves and reconstructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replication.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    NARROW,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

LIGHT = "#fefefe"
"""White of a picture: not that of the page, which a dark page swaps."""
SHADES = 64
"""Steps of grey, more than an eye tells apart."""


def plot_errors(
    *,
    errors: Sequence[float],
    updates: int,
    converged: bool,
    crowd: Sequence[Sequence[float]],
    threshold: float,
) -> Figure:
    """Draw the error of one network against updates, many others behind it.

    Parameters
    ----------
    errors : sequence of float
        Error of the network after 0, 1, ... updates.
    updates : int
        Its outcome.
    converged : bool
    crowd : sequence of sequences of float
        The same for many networks.
    threshold : float
        The criterion.
    """
    figure, axes = create_figure(height=3.3, width=NARROW)
    axes.plot(np.arange(len(errors)), errors, color=BLUE, linewidth=1.8, zorder=3)
    axes.axhline(threshold, color=INK, linewidth=1, linestyle=(0, (6, 2)), zorder=2)
    axes.set_yscale("log")
    everything = np.concatenate([np.asarray(errors), *map(np.asarray, crowd)])
    end = len(errors) - 1
    top = float(everything.max()) * 1.6
    bottom = max(threshold / 100, float(everything.min()) / 1.6)
    axes.set_xlim(0, max(end, 1))
    lines = [_crop(np.asarray(curve), bottom) for curve in crowd]
    axes.add_collection(LineCollection(lines, colors=[FAINT], linewidths=0.7, zorder=1))
    use_plain_log_ticks(axes, [0.001, 0.01, 0.1, 1, 10], axis="y")
    axes.set_ylim(min(bottom, threshold / 3), max(top, threshold * 3))
    axes.set_xlabel("weight updates")
    axes.set_ylabel("reconstruction error $E$")
    label_line(
        axes,
        x=end,
        y=threshold,
        text=f"criterion: below {threshold:g}",
        color=INK,
        offset=(-3, 5),
        ha="right",
        va="bottom",
    )
    if converged and updates <= end:
        axes.plot([updates], [errors[updates]], "o", color=BLUE, markersize=6, zorder=4)
        label_line(
            axes,
            x=updates,
            y=errors[updates],
            text=f"this network: {updates} updates",
            color=BLUE,
            offset=(8, -12) if updates < 0.6 * end else (-8, -12),
            ha="left" if updates < 0.6 * end else "right",
            fontweight="bold",
        )
    return figure


def _crop(curve: np.ndarray[Any, Any], bottom: float) -> np.ndarray[Any, Any]:
    """Return the points of a curve up to where it leaves the axes for good."""
    inside = np.flatnonzero(curve >= bottom)
    n = int(inside[-1]) + 2 if inside.size else 1
    return np.column_stack([np.arange(len(curve)), curve])[:n]


def plot_reconstructions(
    *,
    patterns: Sequence[Sequence[float]],
    reconstructions: Sequence[Sequence[Sequence[float]]],
    updates: int,
    n_columns: int = 10,
) -> Figure:
    """Draw the input and what the network makes of it, sweep by sweep.

    Parameters
    ----------
    patterns : (n_patterns, n_visible)
        The input: one row a pattern.
    reconstructions : (n_sweeps, n_patterns, n_visible)
        Entry k is made in sweep k + 1, after k updates.
    updates : int
        The network's outcome; the first picture below the criterion is framed.
    n_columns : int
        The grid holds five times as many pictures.
    """
    n_cells = 5 * n_columns
    images = [np.asarray(patterns), *map(np.asarray, reconstructions)][:n_cells]
    n_rows = -(-len(images) // n_columns)
    n_patterns, n_visible = images[0].shape
    figure, axes = create_figure(height=0.1 + 0.66 * n_rows, width=NARROW)
    axes.set_axis_off()
    axes.grid(False)
    step_x, step_y = n_visible * 1.3, n_patterns * 1.75
    for cell, image in enumerate(images):
        left = (cell % n_columns) * step_x
        top = (cell // n_columns) * step_y
        paper = Rectangle((left, top), n_visible, n_patterns, facecolor=LIGHT, linewidth=0)
        axes.add_patch(paper).set_clip_on(False)
        for row in range(n_patterns):
            for column in range(n_visible):
                shade = round(SHADES * (1 - min(max(float(image[row, column]), 0.0), 1.0)))
                if shade < SHADES:
                    square = Rectangle(
                        (left + column, top + row), 1, 1, facecolor=f"{shade / SHADES:.3f}",
                        linewidth=0,
                    )  # fmt: skip
                    axes.add_patch(square).set_clip_on(False)
        reached = cell == updates + 1
        colour = BLUE if reached or cell == 0 else MUTED
        frame = Rectangle(
            (left, top), n_visible, n_patterns, fill=False,
            edgecolor=colour, linewidth=2.0 if reached or cell == 0 else 0.6,
        )  # fmt: skip
        axes.add_patch(frame)
        axes.text(
            left + n_visible / 2,
            top + n_patterns + 0.25,
            "input" if cell == 0 else f"{cell}",
            ha="center",
            va="top",
            fontsize=8.5,
            color=colour if colour == BLUE else INK,
            fontweight="bold" if colour == BLUE else "normal",
        )
    axes.set_xlim(-0.2, n_columns * step_x)
    axes.set_ylim(n_rows * step_y, -0.3)
    axes.set_aspect("equal")
    return figure
