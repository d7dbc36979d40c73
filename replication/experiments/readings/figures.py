"""What the named readings would have printed, and the multiverse of details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from replication.claims import load_reported
from replication.report.numbers import exact, number
from replication.report.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    NARROW,
    PAPER_WHITE,
    REPORTED,
    SKY,
    create_figure,
    label_line,
    mark_reported,
    put_key_above,
    use_plain_log_ticks,
)

Model = Mapping[str, Any]

NAMES = {
    "paper": "every unit\n(our reading)",
    "square": "square,\nevery unit",
    "half-square": "half the square,\nevery unit",
    "notebook": "half the square,\nsummed (notebook)",
    "worst-pattern": "half the square, worst\npattern (MATLAB)",
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
    "every-unit-squared": "square, every unit",
    "half-squared-error": "half the square, summed",
    "worst-pattern": "half the square, worst pattern",
    "batch": "after all patterns",
    "per-pattern": "after each",
    "reconstruction": "reconstruction",
    "regressed": "with λ = 0.75",
    True: "yes",
    False: "no",
}
CLASSES = {
    "done before any update": MUTED,
    "faster than the paper’s": FAINT,
    "not rejected": BLUE,
    "slower than the paper’s": PAPER_WHITE,
}
"""What becomes of a reading, from the fastest to the slowest, and how it is filled."""
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
            1.0, base + 0.3, f"prints {exact(mean)}: {number(100 * row['chance_mean'], 2)} %",
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
    axes.set_xlabel(f"mean updates of {reported.runs} networks, slowest {reported.max}")
    return figure


def plot_multiverse(model: Model) -> Figure:
    """Draw the means of all readings in their order, and below it which choices shift them."""
    gathered = model["multiverse"]["figure"]
    classes = _classify(gathered)
    choices = gathered["choices"]
    n_bars = sum(len(choice["values"]) for choice in choices)
    bars = 0.2 * (n_bars + 0.5 * len(choices)) + 0.8
    figure = Figure(figsize=(NARROW, 2.5 + bars), layout="constrained")
    # Each has its own left edge: the axes below one another have nothing in common.
    parts: Any = figure.subfigures(2, 1, height_ratios=(2.5, bars))
    above, below = (part.subplots() for part in parts)
    _draw_curve(above, gathered, classes)
    _draw_bars(below, choices, classes)
    above.set_title(f"(a) All {len(gathered['mean'])} readings, one beside the other")
    below.set_title("(b) Those that make one choice")
    put_key_above(parts[0], [
        Patch(facecolor=fill, edgecolor=MUTED, linewidth=0.6, label=name)
        for name, fill in CLASSES.items()
    ], n_columns=2)  # fmt: skip
    return figure


def _classify(gathered: Model) -> list[NDArray[np.bool_]]:
    """Tell which readings are in each of `CLASSES`."""
    means, compatible = np.array(gathered["mean"]), np.array(gathered["compatible"])
    is_done, is_fast = means == 0, means < means[gathered["base"]]
    rejected = ~compatible & ~is_done
    return [is_done, rejected & is_fast, compatible, rejected & ~is_fast]


def _draw_curve(axes: Axes, gathered: Model, classes: Sequence[NDArray[np.bool_]]) -> None:
    """Draw a column a reading, filled by its class."""
    means, base = np.array(gathered["mean"]), gathered["base"]
    x, y = base + 0.5, float(means[base])
    edges = np.arange(len(means) + 1)
    lowest = -2.5
    for chosen, fill in zip(classes, CLASSES.values(), strict=True):
        axes.stairs(np.where(chosen, means, lowest), edges, baseline=lowest, fill=True,
                    facecolor=fill, linewidth=0)  # fmt: skip
    axes.stairs(means, edges, baseline=None, color=MUTED, linewidth=1.0)
    mark_reported(axes, x, y, size=13)
    label_line(
        axes, x=x, y=y, text="the paper", color=REPORTED, offset=(2, 14),
        ha="right", fontweight="bold",
    )  # fmt: skip
    axes.set_yscale("symlog", linthresh=10, linscale=0.5)
    use_plain_log_ticks(axes, MEAN_TICKS, axis="y")
    axes.set_ylim(lowest, None)
    axes.set_xlim(0, len(means))
    axes.set_ylabel("mean updates")
    axes.set_xlabel("readings, from the fastest to the slowest")


def _draw_bars(axes: Axes, choices: Sequence[Model], classes: Sequence[NDArray[np.bool_]]) -> None:
    """Draw one bar a value: how the readings that have it divide into the classes."""
    place, places, labels = 0.0, [], []
    for choice in choices:
        for level, value in enumerate(choice["values"]):
            has = np.array(choice["levels"]) == level
            left = 0.0
            for chosen, fill in zip(classes, CLASSES.values(), strict=True):
                width = 100 * (has & chosen).sum() / has.sum()
                axes.barh(place, width, left=left, height=0.8, facecolor=fill, edgecolor=MUTED,
                          linewidth=0.6)  # fmt: skip
                left += width
            text = _name(value)
            labels.append(f"{CHOICES[choice['field']]}: {text}" if level == 0 else text)
            places.append(place)
            place += 1.0
        place += 0.5
    axes.set_yticks(places, labels)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("readings with this choice, %")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)


def _name(value: Any) -> str:
    if isinstance(value, float):
        return f"±{exact(value)}"
    return VALUES.get(value, str(value))


FIGURES: dict[str, Callable[[Model], Figure]] = {
    "readings": plot_readings,
    "multiverse": plot_multiverse,
}
