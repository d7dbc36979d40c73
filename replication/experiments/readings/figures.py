"""What the named readings would have printed, and the multiverse of details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from replication.claims import load_reported
from replication.report.numbers import exact, number
from replication.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    REPORTED,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

Model = Mapping[str, Any]

NAMES = {
    "paper": "every unit\n(the paper)",
    "square": "its square",
    "half-square": "half its square",
    "notebook": "summed over all\n(notebook)",
    "worst-pattern": "worst pattern\n(MATLAB)",
}
"""Readings of "error below 0.1", as the figure calls them."""

CHOICES = {
    "criterion": "error",
    "update_schedule": "update",
    "half_width": "initial weights",
    "initial_biases": "initial biases",
    "hidden_regression": "hidden regression",
    "error_measured_on": "measured on",
    "symmetric_start": "symmetric start",
}
VALUES = {
    "every-unit": "every unit",
    "every-unit-squared": "its square",
    "half-squared-error": "summed",
    "worst-pattern": "worst pattern",
    "batch": "after all patterns",
    "per-pattern": "after each",
    "reconstruction": "reconstruction",
    "regressed": "regressed image",
    True: "yes",
    False: "no",
}
MEAN_TICKS = (0, 10, 20, 50, 100, 200, 500, 1000, 2000)


def plot_readings(model: Model) -> Figure:
    """Draw the mean of 100 networks given the reported largest, one row a reading."""
    rows, reported = model["named"], load_reported()
    figure, axes = create_figure(height=0.62 * len(rows) + 0.7)
    peak = max(max(row["curve"]["density"]) for row in rows)
    mean = float(reported.mean)
    axes.axvspan(mean - 0.5, mean + 0.5, facecolor=FAINT, linewidth=0, zorder=0)
    axes.axvline(mean, color=REPORTED, linestyle=(0, (6, 2)), linewidth=1.4, zorder=5)
    for place, row in enumerate(rows):
        base = len(rows) - 1.0 - place
        x, height = np.array(row["curve"]["mean"]), np.array(row["curve"]["density"])
        top = base + 0.82 * height / peak
        axes.fill_between(x, base, top, facecolor=SKY, linewidth=0, zorder=2)
        axes.plot(x, top, color=BLUE, linewidth=1.2, zorder=3)
        inside = (x > mean - 0.5) & (x < mean + 0.5)
        axes.fill_between(x[inside], base, top[inside], facecolor=BLUE, linewidth=0, zorder=4)
        axes.text(
            0.995, base + 0.12, f"prints {exact(mean)}: {number(100 * row['chance_mean'], 2)} %",
            transform=axes.get_yaxis_transform(), ha="right", color=INK,
        )  # fmt: skip
    axes.set_yticks(
        [len(rows) - 0.65 - place for place in range(len(rows))],
        [NAMES[row["name"]] for row in rows],
    )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(min(min(row["curve"]["mean"]) for row in rows), mean + 13)
    axes.set_ylim(-0.05, len(rows) + 0.25)
    label_line(
        axes, x=mean, y=len(rows) + 0.08, text=f"1988: {reported.mean}", color=REPORTED,
        fontweight="bold",
    )  # fmt: skip
    axes.set_xlabel(f"mean of {reported.runs} networks of which the slowest takes {reported.max}")
    return figure


def plot_multiverse(model: Model) -> Figure:
    """Draw the means of all readings in their order, and below it what they have in common."""
    gathered = model["multiverse"]["figure"]
    means, compatible = np.array(gathered["mean"]), np.array(gathered["compatible"])
    strips = gathered["strips"]
    figure, (above, below) = create_figure(
        height=2.2 + 0.19 * len(strips), n_rows=2, height_ratios=(1.9, 0.19 * len(strips)),
        sharex=True,
    )  # fmt: skip
    place = np.arange(len(means)) + 0.5
    above.plot(place, means, color=MUTED, linewidth=1.2, zorder=2)
    above.plot(
        place[compatible], means[compatible], "o", color=REPORTED, markersize=3.2,
        markeredgewidth=0, zorder=3,
    )  # fmt: skip
    base = gathered["base"]
    above.plot([base + 0.5], [means[base]], "*", color=INK, markersize=13, zorder=4)
    label_line(
        above, x=base + 0.5, y=means[base], text="the paper", color=INK, offset=(2, 13),
        ha="right", fontweight="bold",
    )  # fmt: skip
    above.set_yscale("symlog", linthresh=10, linscale=0.5)
    use_plain_log_ticks(above, MEAN_TICKS, axis="y")
    above.set_ylim(-1, None)
    above.set_ylabel("mean updates")
    _draw_strips(below, strips, np.linspace(0, len(means), gathered["n_columns"] + 1))
    below.set_xlim(0, len(means))
    below.set_xlabel("readings, from the fastest to the slowest")
    return figure


def _draw_strips(axes: Axes, strips: Sequence[Model], edges: NDArray[np.float64]) -> None:
    """Draw one strip a value: how many of the readings of each column have it."""
    places: list[float] = []
    labels: list[str] = []
    for i, strip in enumerate(strips):
        is_first = i == 0 or strip["field"] != strips[i - 1]["field"]
        place = 0.0 if i == 0 else places[-1] + (1.5 if is_first else 1.0)
        foot = place + 0.45
        axes.stairs(
            foot - 0.86 * np.array(strip["shares"]), edges, baseline=foot, fill=True,
            facecolor=BLUE, linewidth=0,
        )  # fmt: skip
        axes.plot([edges[0], edges[-1]], [foot, foot], color=FAINT, linewidth=0.6, zorder=1)
        text = _name(strip["value"])
        labels.append(f"{CHOICES[strip['field']]}: {text}" if is_first else text)
        places.append(place)
    axes.set_yticks(places, labels, fontsize=8.5)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _name(value: Any) -> str:
    if isinstance(value, float):
        return f"±{exact(value)}"
    return VALUES.get(value, str(value))


FIGURES: dict[str, Callable[[Model], Figure]] = {
    "readings": plot_readings,
    "multiverse": plot_multiverse,
}
