"""The paper's Figure 3 from a real network, and how well it predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    FULL,
    INK,
    MUTED,
    ORANGE,
    SKY,
    create_figure,
    label_line,
)

ARROWS = {
    "hidden": (("B", "Q", BLUE, "-"), ("B", "B'", ORANGE, (0, (3, 1.5)))),
    "visible": (
        ("A", "C", MUTED, (0, (1, 1.5))),
        ("A", "P", BLUE, "-"),
        ("C", "R", BLUE, "-"),
        ("C", "C'", ORANGE, (0, (3, 1.5))),
    ),
}


def plot_picture(model: Mapping[str, Any]) -> Figure:
    """Draw Figure 3 of the paper, and the share of cases in which a change of W helps.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    figure, axes = create_figure(
        width=FULL, height=2.3, n_columns=3, gridspec_kw={"width_ratios": (1, 1, 1)}
    )
    drawn = model["drawn"]
    _draw_vectors(axes[0], drawn["hidden"], "hidden")
    _draw_vectors(axes[1], drawn["visible"], "visible")
    axes[0].set_title("(a) Hidden units", fontsize=9.5)
    axes[1].set_title("(b) Visible units", fontsize=9.5)
    axes[2].set_title("(c) All cases", fontsize=9.5)
    _draw_shares(axes[2], model["bins"])
    return figure


def _draw_vectors(axes: Axes, points: Mapping[str, Any], group: str) -> None:
    place = {name: (float(x), float(y)) for name, (x, y) in points.items()}
    for start, end, colour, dash in ARROWS[group]:
        axes.annotate(
            "", place[end], place[start],
            arrowprops={
                "arrowstyle": "-" if end == "C" else "-|>", "color": colour, "linestyle": dash,
                "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0,
            },
        )  # fmt: skip
    middle = np.mean(list(place.values()), axis=0)
    for name, point in place.items():
        axes.plot(*point, marker="o", markersize=3.5, color=INK, gid=name)
        if group == "hidden":
            where: dict[str, Any] = {"offset": (-7, 0), "ha": "right"}
        else:
            where = {"offset": (0, 9 if point[1] > middle[1] else -9), "ha": "center"}
        label_line(axes, x=point[0], y=point[1], text=name.replace("'", "′"), color=INK, **where)
    lowest, highest = np.min(list(place.values()), axis=0), np.max(list(place.values()), axis=0)
    reach = 0.72 * float(np.max(highest - lowest))
    axes.set_xlim(*((lowest + highest)[0] / 2 + np.array([-reach, reach])))
    axes.set_ylim(*((lowest + highest)[1] / 2 + np.array([-reach, reach])))
    axes.set_aspect("equal")
    axes.grid(visible=False)
    if group == "hidden":
        axes.set_xlabel("first hidden unit")
        axes.set_ylabel("second hidden unit")
    else:
        axes.set_xlabel("along AC")
        axes.set_ylabel("across")


def _draw_shares(axes: Axes, bins: Mapping[str, Any]) -> None:
    edges = np.asarray(bins["edges"], dtype=float)
    helped = np.array([np.nan if share is None else 100 * share for share in bins["helped"]])
    axes.stairs(helped, edges, fill=True, facecolor=SKY, edgecolor=BLUE, gid="helped")
    axes.axvline(90, color=INK, linewidth=1.0, linestyle=(0, (1.5, 1.5)))
    axes.set_box_aspect(1)
    axes.set_xlim(0, 180)
    axes.set_ylim(0, 105)
    axes.set_xticks([0, 45, 90, 135, 180])
    axes.set_xlabel("angle of AP and CR, °")
    axes.set_ylabel("error falls, % of cases")


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {"picture": plot_picture}
