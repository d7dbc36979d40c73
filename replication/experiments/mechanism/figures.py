"""Figures of the mechanism: who turns towards whom, and what the first changes are worth where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D

from replication.report import style
from replication.report.numbers import fixed

TURNING: dict[str, tuple[str, Any, str, str]] = {
    "change_w": (style.BLUE, "-", style.SKY, "change and W (shaded)"),
    "descent_w": (style.PURPLE, (0, (5, 2)), style.PINK, "descent and W (shaded)"),
    "change_descent": (style.INK, (0, (1.5, 1.5)), "", "change and descent"),
}
"""Colour, dash, fill of the middle half of the networks (none if empty) and label."""
LINES: dict[str, tuple[str, Any, str, int, float]] = {
    "reversed": (style.INK, "-", "reversed", 0, 1.0),
    "dropped": (style.INK, (0, (6, 1.5, 1, 1.5)), "dropped", 3, 0.96),
    "random": (style.MUTED, (0, (1.5, 1.5)), "random direction", -6, 1.04),
    "gradient": (style.PURPLE, (0, (5, 2)), "steepest descent", 0, 1.0),
    "amplification": (style.BLUE, "-", "growth alone\n({failed} % fail)", 9, 1.12),
}
"""Colour, dash, label, by how many points it is moved, and by what factor the line is."""
GROUPS: dict[str, dict[str, str]] = {
    "one unit on or off": {
        "one-hot 4-2-4": "one-hot, 4-2-4",
        "one-hot 8-3-8": "one-hot, 8-3-8",
        "one-hot 16-4-16": "one-hot, 16-4-16",
        "all but one 8-3-8": "one off, 8-3-8",
    },
    "bits and bars": {
        "random bits 8-4-8": "random bits, 8-4-8",
        "correlated bits 8-4-8": "similar bits, 8-4-8",
        "bars 9-4-9": "bars of 3 pixels, 9-4-9",
    },
    "smooth or linear": {
        "smooth ring 4-3-4": "ring, 4-3-4",
        "smooth ring 4-3-4, linear": "ring, linear, 4-3-4",
        "smooth ring 8-4-8, linear": "ring, linear, 8-4-8",
        "one-hot 4-3-4, linear": "one-hot, linear, 4-3-4",
    },
}
"""Headings, and below each its inputs with their labels."""
RULES = (
    "recirculation", "back-propagation", "back-propagation, cross-entropy", "feedback alignment",
)  # fmt: skip
RELIABLE = 0.98  # share of converged networks below which a mark is hollow
CLOSE = 1.17  # marks of a row less than this factor apart are drawn one below the other


def plot_turning(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw the cosines of change, steepest descent and W over learning at both rates."""
    figures = []
    for letter, rate in zip("ab", ("small", "paper"), strict=True):
        figure, axes = style.create_figure(height=2.9, width=style.HALF)
        series = model["turning"][rate]
        for name, (color, dash, fill, label) in TURNING.items():
            x = range(len(series[name]["median"]))
            if fill:
                axes.fill_between(
                    x, series[name]["low"], series[name]["high"],
                    facecolor=fill, edgecolor=color, alpha=0.3, linewidth=0.6,
                )  # fmt: skip
            axes.plot(x, series[name]["median"], color=color, linestyle=dash, label=label, gid=name,
                      linewidth=2.2)  # fmt: skip
        axes.axhline(0, color=style.MUTED, linewidth=0.8)
        axes.set(
            xlim=(0, len(x) - 1), ylim=(-0.25, 1.05), xlabel="weight updates",
            ylabel="cosine (median)",
        )  # fmt: skip
        if rate == "small":
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.22), handlelength=2.6)
        axes.set_title(f"({letter}) Learning rate {model['rates'][rate]:g}")
        figures.append(figure)
    return figures[0], figures[1]


def plot_worth(model: Mapping[str, Any]) -> Figure:
    """Draw what replaced changes cost at the paper's rate."""
    figure, axes = style.create_figure(height=2.9)
    rows = model["interventions"]["paper"]
    x = sorted(int(first) for first in rows["dropped"])
    for name, (color, dash, label, up, aside) in LINES.items():
        own = [rows[name][str(first)] for first in x]
        failed = fixed(100 * own[-1]["failed"]["share"], 0)
        y = [row["extra"] for row in own]
        low, high = zip(*(row["extra_interval"] for row in own), strict=True)
        # Beside one another, so that no interval runs through the end of another.
        place = Affine2D().scale(aside, 1) + axes.transData
        axes.vlines(x, low, high, color=color, linewidth=1.0, transform=place)
        axes.plot(x, y, color=color, linestyle=dash, marker="o", markersize=3, gid=name,
                  transform=place)  # fmt: skip
        text = label.format(failed=failed)
        style.label_line(axes, x=1.15 * x[-1], y=y[-1], text=text, color=color, offset=(7, up))
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    axes.set(
        xscale="log", xlim=(0.85 * x[0], 3 * x[-1]), ylim=(-5, 55),
        xlabel="first changes of W replaced", ylabel="extra weight updates (median)",
    )  # fmt: skip
    style.use_plain_log_ticks(axes, x)
    return figure


def plot_reach(model: Mapping[str, Any]) -> Figure:
    """Draw how fast each rule learns each input: a band an input, a mark a rule."""
    figure, axes = style.create_figure(height=3.6)
    tasks = model["tasks"]
    marks = dict(zip(RULES, style.RULES, strict=True))
    place = 0.0
    labels: dict[float, str] = {}
    for heading, inputs in GROUPS.items():
        axes.text(-0.36, place, heading, transform=axes.get_yaxis_transform(), va="center",
                  color=style.MUTED, style="italic", fontsize=8)  # fmt: skip
        for name, label in inputs.items():
            place += 1.0
            labels[place] = label
            if len(labels) % 2:
                axes.axhspan(place - 0.5, place + 0.5, color=style.FAINT, alpha=0.5, linewidth=0,
                             zorder=0)  # fmt: skip
            results = tasks.get(name, {"rules": {}})["rules"]
            lanes = _find_lanes(
                {rule: results[rule]["median"] for rule in RULES if rule in results}
            )
            for rule, lane in lanes.items():
                color, _, marker, _ = marks[rule]
                result = results[rule]
                is_reliable = result["converged"]["share"] >= RELIABLE
                axes.plot(
                    [result["median"]], [place + lane], marker, color=color,
                    markersize=5, gid=f"{rule}: {name}", label=f"{rule}: {name}",
                    markerfacecolor=color if is_reliable else style.PAPER_WHITE,
                )  # fmt: skip
        place += 1.3
    axes.set(xscale="log", xlabel="weight updates (median)", ylim=(max(labels) + 0.6, -0.6))
    axes.set_yticks(list(labels), list(labels.values()), fontsize=8)
    axes.tick_params(axis="y", length=0)
    style.use_plain_log_ticks(axes, (30, 100, 300, 1000))
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="", markersize=5, label=label)
        for color, _, marker, label in style.RULES
    ]
    figure.legend(handles=handles, loc="outside upper left", fontsize=8, ncols=2)
    return figure


def _find_lanes(medians: Mapping[str, float]) -> dict[str, float]:
    """Return for each rule how far from the middle of its row its mark stands."""
    groups: list[list[str]] = []
    for rule in sorted(medians, key=lambda rule: medians[rule]):
        if groups and medians[rule] < CLOSE * medians[groups[-1][-1]]:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return {
        rule: 0.28 * (lane - (len(group) - 1) / 2)
        for group in groups
        for lane, rule in enumerate(group)
    }


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure | tuple[Figure, Figure]]] = {
    "turning": plot_turning,
    "worth": plot_worth,
    "reach": plot_reach,
}
