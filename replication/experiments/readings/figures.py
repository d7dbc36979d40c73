"""What the named readings would have reported, and a multiverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from replication.definition.claims import load_reported
from replication.report import style
from replication.report.numbers import exact

Model = Mapping[str, Any]

NAMES = {
    "paper": "every unit\n(our reading)",
    "square": "square,\nevery unit",
    "half-square": "half the square,\nevery unit",
    "notebook": "half the square,\nsummed (notebook)",
    "worst-pattern": "half the square, worst\nvector (MATLAB)",
}
"""Readings of "error below 0.1", as the figure calls them."""

CLASSES = {"not rejected": style.BLUE, "rejected": style.PAPER_WHITE}
"""What becomes of a reading of a multiverse, and how it is filled."""
FloatArray = NDArray[np.float64]
MEAN_TICKS = (0, 10, 20, 50, 100, 200, 500, 1000, 2000)


def plot_multiverse(model: Model) -> Figure:
    """Draw the means of all readings in their order, and below it which choices shift them."""
    columns = model["readings"]
    order = np.argsort(columns["mean_at_cap"], kind="stable")
    compatible = np.array(columns["is_compatible"])[order]
    fields = {name: [columns[name][i] for i in order] for name in model["fields"]}
    values = {name: list(dict.fromkeys(map(_name, each))) for name, each in fields.items()}
    n_bars = sum(len(each) for each in values.values())
    bars = 0.2 * (n_bars + 0.5 * len(values)) + 0.8
    figure = Figure(figsize=(style.NARROW, 2.5 + bars), layout="constrained")
    # Each has its own left edge: the axes below one another have nothing in common.
    parts: Any = figure.subfigures(2, 1, height_ratios=(2.5, bars))
    above, below = (part.subplots() for part in parts)
    _draw_curve(above, np.array(columns["mean_at_cap"])[order], compatible)
    _draw_bars(below, fields, values, compatible)
    above.set_title("(a) All readings, one beside the other")
    below.set_title("(b) Those that make one choice")
    style.put_key_above(parts[0], [
        Patch(facecolor=fill, edgecolor=style.MUTED, linewidth=0.6, label=name)
        for name, fill in CLASSES.items()
    ], n_columns=2)  # fmt: skip
    return figure


def _draw_curve(axes: Axes, means: FloatArray, compatible: NDArray[np.bool_]) -> None:
    """Draw a column a reading, filled by whether the reported numbers reject it."""
    edges = np.arange(len(means) + 1)
    for chosen, fill in zip((compatible, ~compatible), CLASSES.values(), strict=True):
        axes.stairs(np.where(chosen, means, 0.0), edges, fill=True, facecolor=fill, linewidth=0)
    axes.stairs(means, edges, baseline=None, color=style.MUTED, linewidth=1.0)
    mean = float(load_reported().mean)
    axes.axhline(mean, color=style.REPORTED, linestyle=(0, (6, 2)), linewidth=1.4)
    axes.set_yscale("symlog", linthresh=10, linscale=0.5)
    style.use_plain_log_ticks(axes, MEAN_TICKS, axis="y")
    axes.set_ylim(0, None)
    axes.set_xlim(0, len(means))
    axes.set_ylabel("mean updates, failures included")
    axes.set_xlabel("readings, from the fastest to the slowest")


def _draw_bars(
    axes: Axes,
    fields: Mapping[str, Sequence[Any]],
    values: Mapping[str, Sequence[str]],
    compatible: NDArray[np.bool_],
) -> None:
    """Draw one bar a value: the share of the readings with it that are not rejected."""
    place, places, labels = 0.0, [], []
    for field, column in fields.items():
        names = np.array([_name(value) for value in column])
        for level, value in enumerate(values[field]):
            kept = 100 * float(compatible[names == value].mean())
            for width, left, fill in zip((kept, 100 - kept), (0.0, kept), CLASSES.values(),
                                         strict=True):  # fmt: skip
                axes.barh(place, width, left=left, height=0.8, facecolor=fill,
                          edgecolor=style.MUTED, linewidth=0.6)  # fmt: skip
            labels.append(f"{field}: {value}" if level == 0 else value)
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
    return exact(value) if isinstance(value, float) else str(value)


FIGURES: dict[str, Any] = {}  # those of the multiverse stand in its own page
