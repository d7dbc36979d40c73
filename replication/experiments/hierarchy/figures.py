"""The figure of the hierarchy: which networks succeed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from replication.report import style
from replication.report.numbers import fixed


class BarGroup(NamedTuple):
    """Rows of the figure under one heading."""

    heading: str
    part: str  # of the model
    labels: dict[str, str]  # by the keys of that part; {} stands for the number of networks


GROUPS = (
    BarGroup(
        "by the vectors to be learnt",
        "conditions",
        {
            "two": "2 one-hot pairs",
            "three": "3 one-hot pairs",
            "four": "4 one-hot pairs",
            "bits": "4 pairs, two units on in each",
            "random": "4 random vectors ({:,})",
            "completable": "no two share a half ({:,})",
        },
    ),
    BarGroup(
        "4 one-hot pairs, by lower modules",
        "splits",
        {
            "same": "both divide them alike ({:,})",
            "different": "they divide differently ({:,})",
            "single": "one divides in one way only ({:,})",
        },
    ),
    BarGroup(
        "4 one-hot pairs, with one change",
        "conditions",
        {
            "same_start": "lower modules start alike",
            "untrained_top": "top module not trained",
            "wider_lower": "3 hidden units below",
            "wider_top": "3 hidden units on top",
            "wider": "3 hidden units in every module",
        },
    ),
)
LEFT = -2.55  # where headings begin, in widths of the axes


def plot_success(model: Mapping[str, Any]) -> Figure:
    """Draw the shares of networks that succeed as bars, and a ring for those that only encode."""
    figure = Figure(figsize=(style.NARROW, 3.7))
    axes = figure.add_axes((0.63, 0.11, 0.24, 0.818))
    y = 0.0
    labels = {}
    for heading, part, rows in GROUPS:
        axes.text(
            LEFT,
            y,
            heading,
            transform=axes.get_yaxis_transform(),
            va="center",
            color=style.MUTED,
            style="italic",
        )
        # A bar with its interval, a ring, and the share as a number.
        for name, label in rows.items():
            y += 1.0
            row = model[part][name]
            labels[y] = label.format(row["n"])
            if row["all"]["share"] is None:
                continue
            share = 100 * row["all"]["share"]
            encoded = 100 * row["encoded"]["share"]
            bar = axes.barh(
                y,
                share,
                height=0.72,
                facecolor=style.SKY,
                edgecolor=style.BLUE,
                label="succeed",
            )
            axes.plot(
                [100 * end for end in row["all"]["share_interval"]],
                [y, y],
                color=style.INK,
                zorder=3,
                label="95 % interval",
            )
            (ring,) = axes.plot(
                encoded,
                y,
                "o",
                color=style.PURPLE,
                fillstyle="none",
                zorder=4,
                markeredgewidth=1.3,
                clip_on=False,
                label="encode all vectors",
            )
            # The number stands to the right of the axes, which end at 100 %.
            axes.text(150, y, fixed(share, 1), va="center_baseline", ha="right")
        y += 1.4
    axes.set_yticks(list(labels), list(labels.values()))
    axes.set(
        xlim=(0, 100), xticks=(0, 50, 100), xlabel="networks, %", ylim=(max(labels) + 0.6, -0.6)
    )
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.legend(
        handles=[bar, ring],
        loc="lower left",
        ncols=2,
        handlelength=1.4,
        bbox_to_anchor=(LEFT, 1.01),
        columnspacing=1.2,
        borderaxespad=0,
    )
    return figure


FIGURES = {"hierarchy": plot_success}
