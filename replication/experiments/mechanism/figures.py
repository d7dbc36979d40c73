"""Figures of the mechanism: who turns towards whom, and what the first changes are worth."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report import style
from replication.report.numbers import fixed

TURNING: dict[str, tuple[str, Any, str, str]] = {
    "change_w": (style.BLUE, "-", style.SKY, "change and W"),
    "descent_w": (style.PURPLE, (0, (5, 2)), style.PINK, "descent and W"),
    "change_descent": (style.INK, (0, (1.5, 1.5)), "", "change and descent"),
}
"""Colour, dash, fill of the middle half of the networks (none if empty) and label."""
Line = tuple[str, Any, str, int]
"""Colour, dash, label, and by how many points the label is moved up."""
WHOSE: dict[str, Line] = {
    "dropped": (style.INK, (0, (6, 1.5, 1, 1.5)), "W", 0),
    "U dropped": (style.MUTED, (0, (1.5, 1.5)), "U ({failed} % fail)", 0),
    "all but W dropped": (style.BLUE, "-", "all but W\n({failed} % fail)", -9),
    "hidden biases dropped": (style.GREEN, (0, (3, 1, 1, 1)), "hidden biases", -3),
    "back-propagation": (style.PURPLE, (0, (5, 2)), "W, in back-\npropagation", 12),
}
INSTEAD: dict[str, Line] = {
    "reversed": (style.INK, "-", "reversed", 0),
    "random": (style.MUTED, (0, (1.5, 1.5)), "random", 2),
    "renewed": (style.GREEN, (0, (3, 1, 1, 1)), "new codes", 0),
    "exchanged": (style.GREEN, "-", "another code", 7),
    "steered": (style.MUTED, "-", "one direction", -2),
    "gradient": (style.PURPLE, (0, (5, 2)), "descent", 1),
    "amplification": (style.BLUE, "-", "growth alone", -10),
}
SIZES: dict[str, tuple[str, Any, str, str]] = {
    "small": (style.BLUE, "", "o", "recirculation, rate {rate}"),
    "paper": (style.INK, "", "s", "recirculation, rate {rate}"),
    "back-propagation": style.LOOKS[1],
    "back-propagation, cross-entropy": style.LOOKS[2],
}
"""Colour, dash, marker and label."""


def plot_turning(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw the cosines of change, steepest descent and W over rate times updates, at both rates."""
    figures = []
    for letter, rate in zip("ab", ("small", "paper"), strict=True):
        figure, axes = style.create_figure(height=2.9, width=style.HALF)
        series, factor = model["turning"][rate], model["rates"][rate]
        for name, (color, dash, fill, label) in TURNING.items():
            x = [factor * series["every"] * k for k in range(len(series[name]["median"]))]
            if fill:
                axes.fill_between(
                    x, series[name]["low"], series[name]["high"],
                    facecolor=fill, edgecolor=color, alpha=0.3, linewidth=0.6,
                )  # fmt: skip
            axes.plot(x, series[name]["median"], color=color, linestyle=dash, label=label, gid=name,
                      linewidth=2.2)  # fmt: skip
        # Two moments that the text names.
        aligned = model["theory"][f"ε = {factor:g}"]["alignment"]
        for text, at in (("aligned", aligned), ("done", model["halves"][rate]["base"]["median"])):
            axes.axvline(factor * at, color=style.MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
            style.label_line(axes, x=factor * at, y=-0.16, text=text, color=style.MUTED,
                             fontsize=8, offset=(-3 if text == "done" else 3, 0),
                             ha="right" if text == "done" else "left")  # fmt: skip
        axes.axhline(0, color=style.MUTED, linewidth=0.8)
        axes.set(
            xlim=(0, 800), ylim=(-0.25, 1.05), xlabel="learning rate × weight updates",
            ylabel="cosine (median)",
        )  # fmt: skip
        if rate == "small":
            axes.legend(loc="lower center", bbox_to_anchor=(0.47, 0.19), fontsize=8)
        axes.set_title(f"({letter}) Learning rate {factor:g}")
        figures.append(figure)
    return figures[0], figures[1]


def plot_worth(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw what first changes cost at the paper's rate if they are dropped, or replaced."""
    other = model["others"]["back-propagation"]["dropped"]
    rows = model["interventions"]["paper"] | {"back-propagation": other}
    return (
        _plot_costs(rows, WHOSE, title="(a) Dropped", xlabel="first changes dropped"),
        _plot_costs(
            rows, INSTEAD, title="(b) Those of W replaced", xlabel="first changes replaced"
        ),
    )


def _plot_costs(
    rows: Mapping[str, Any], lines: Mapping[str, Line], *, title: str, xlabel: str
) -> Figure:
    figure, axes = style.create_figure(height=3.2, width=style.HALF)
    for name, (color, dash, label, up) in lines.items():
        x = sorted(map(int, rows[name]))
        own = [rows[name][str(first)] for first in x]
        style.plot_estimates(axes, x, own, "extra", color=color, linestyle=dash, marker="o",
                             markersize=3, gid=name)  # fmt: skip
        text = label.format(failed=fixed(100 * own[-1]["failed"]["share"], 0))
        style.label_line(axes, x=x[-1], y=own[-1]["extra"], text=text, color=color,
                         offset=(6, up), fontsize=8)  # fmt: skip
    axes.plot([0, x[-1]], [0, x[-1]], color=style.MUTED, linewidth=3, alpha=0.35, zorder=0,
              gid="a later start")  # fmt: skip
    axes.set(
        xlim=(0, 31), ylim=(-7, 52), xticks=(0, *x[2:]), xlabel=xlabel,
        ylabel="extra weight updates (median)", title=title,
    )  # fmt: skip
    return figure


def plot_size(model: Mapping[str, Any]) -> Figure:
    """Draw how much longer networks take if W starts larger or smaller, and what is predicted."""
    figure, axes = style.create_figure(height=3.3)
    for name, (color, dash, marker, label) in SIZES.items():
        is_ours = name in model["sizes"]
        rows = model["sizes"][name] if is_ours else model["others"][name]["sizes"]
        base = model["halves"][name]["base"] if is_ours else model["others"][name]
        text = label.format(rate=f"{model['rates'][name]:g}") if is_ours else label
        # In per cent of the median without an intervention, so that rules can be compared.
        x, scale = [row["factor"] for row in rows], 100 / base["median"]
        style.plot_estimates(axes, x, rows, "extra", scale=scale, color=color, linestyle=dash,
                             marker=marker, markersize=4, label=text, gid=text)  # fmt: skip
        if is_ours:
            axes.plot(x, [scale * row["predicted"] for row in rows], color=color, linewidth=1.0,
                      gid=text.replace("recirculation", "predicted"))  # fmt: skip
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    axes.set(
        xscale="log", xlabel="initial W multiplied by",
        ylabel="extra weight updates,\n% of the median",
    )  # fmt: skip
    style.use_plain_log_ticks(axes, x)
    axes.set_xticks(x, ["1/16", "1/4", "1/2", "1", "2", "4"])
    figure.legend(loc="outside upper left")
    return figure


FIGURES = {"turning": plot_turning, "worth": plot_worth, "size": plot_size}
