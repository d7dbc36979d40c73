"""Figures of the mechanism: what first changes are worth, and the size of W."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report import style
from replication.report.numbers import fixed

WHOSE: dict[str, tuple[str, Any, str, int]] = {
    "dropped": (style.ENCODER, "-", "W", 0),
    "U dropped": (style.DECODER, (0, (1.5, 1.5)), "U ({failed} % fail)", 0),
    "all but W dropped": (style.BLUE, "-", "all but W\n({failed} % fail)", -9),
    "hidden biases dropped": (style.GREEN, (0, (3, 1, 1, 1)), "hidden biases", -3),
    "back-propagation": (style.PURPLE, (0, (5, 2)), "W, in back-\npropagation", 12),
}
"""Colour, dash, label, and by how many points the label is moved up."""
SIZES: dict[str, tuple[str, Any, str, str]] = {
    "small": (style.BLUE, "", "o", "recirculation, rate {rate}"),
    "paper": (style.INK, "", "s", "recirculation, rate {rate}"),
    "back-propagation": style.LOOKS[1],
    "back-propagation, cross-entropy": style.LOOKS[2],
}
"""Colour, dash, marker and label."""


def plot_worth(model: Mapping[str, Any]) -> Figure:
    """Draw what first changes cost at the paper's rate if they are dropped."""
    other = model["others"]["back-propagation"]["dropped"]
    rows = model["interventions"]["paper"] | {"back-propagation": other}
    figure, axes = style.create_figure(height=3.0)
    # One line for each rule, with the share that fails at its end.
    for name, (color, dash, label, up) in WHOSE.items():
        x = sorted(map(int, rows[name]))
        own = [rows[name][str(first)] for first in x]
        style.plot_estimates(axes, x, own, "extra", color=color, linestyle=dash, marker="o",
                             markersize=3, gid=name)  # fmt: skip
        text = label.format(failed=fixed(100 * own[-1]["failed"]["share"], 0))
        style.label_line(axes, x=x[-1], y=own[-1]["extra"], text=text, color=color,
                         offset=(6, up), fontsize=8)  # fmt: skip
    # What a network that merely starts later would take.
    axes.plot([0, x[-1]], [0, x[-1]], color=style.MUTED, linewidth=3, alpha=0.35, zorder=0,
              gid="a later start")  # fmt: skip
    axes.set(
        xlim=(0, 29), ylim=(-7, 42), xticks=(0, *x[2:]), xlabel="first changes dropped",
        ylabel="extra weight updates (median)",
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


FIGURES = {"worth": plot_worth, "size": plot_size}
