"""The network as a loop, the hidden plane of some networks, and whom it helps to be helped."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from replication.definition.protocol import from_plain
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.report import style
from replication.report.numbers import MINUS, exact
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.running.ensemble import trace
from replication.simulator.running.outcomes import Trace
from replication.simulator.running.plane import draw_plane

VECTORS = (style.BLUE, style.GOLD, style.GREEN, style.PURPLE)
SHOWN_VECTOR = 0  # which vector goes around the loop
SHOWN_UPDATE = 15  # and at which moment: what the encoder learns from is large then
PUSH = 60.0  # times as long as h(1) - h(3) is its arrow
AREA = 0.62  # of the loop: how high a unit of y is drawn, in units of x
PARTS = {"": style.INK, "U": style.DECODER, "W": style.ENCODER}
HEADS = {"U": "The decoder U ...", "W": "The encoder W ..."}


def plot_plane(model: Model) -> tuple[Figure, Figure]:
    """Draw a vector that goes around the loop, and six moments of a network that learns."""
    return _draw_loop(model), _draw(model, "typical", model["networks"]["typical"]["frames"])


def _draw_loop(model: Model) -> Figure:
    """Draw all states of a vector on its way: time 0, through W, U, back, and through W again."""
    traced = _trace(model, "typical", SHOWN_UPDATE)
    network = RecirculationNetwork.from_weights(traced.weights[SHOWN_UPDATE], traced.protocol)
    # The states at the four times, regressed at times 2 and 3 (equations 5 and 6).
    first = network.patterns[SHOWN_VECTOR]
    second_input, last, _, second = network.list_states(first)
    columns = [first, second_input, second, last]
    heights = [_place_units(len(states)) for states in columns]
    encoder = ("encoder\nW", style.ENCODER, network.W)
    decoder = ("decoder\nU", style.DECODER, network.U)
    figure, axes = style.create_figure(width=style.HALF, height=2.75)
    for x, (name, color, matrix) in enumerate((encoder, decoder, encoder)):
        _draw_weights(axes, x, heights[x], heights[x + 1], matrix, color)
        axes.text(x + 0.5, 2.7, name, ha="center", color=color, fontweight="bold", fontsize=8)
    for x, states in enumerate(columns):
        is_hidden = len(states) != len(first)
        colors = [style.INK] * len(states) if is_hidden else VECTORS
        for height, state, color in zip(heights[x], states, colors, strict=True):
            _draw_unit(axes, x, height, state, color, decimals=3 if is_hidden else 2)
        axes.text(x, 2.25, f"time {x}", ha="center", color=style.MUTED, fontsize=8)
    # What the encoder learns from: the states of time 1 less those of time 3.
    for height, before, after in zip(heights[3], second_input, last, strict=True):
        _draw_difference(axes, 3.0, height, before - after)
    axes.text(3.35, -1.75, "h(1) − h(3)", ha="center", color=style.ENCODER, fontsize=7.5)
    _draw_way_back(axes, traced.protocol.regression)
    title = f"After {SHOWN_UPDATE} updates"
    axes.set(xlim=(-0.35, 4.05), ylim=(-2.95, 3.6), title=title, aspect=AREA)
    axes.set_axis_off()
    return figure


def _place_units(n: int) -> Array:
    """Return how high units stand; two are farther apart than more."""
    distance = 1.6 if n == 2 else 1.0
    return distance * ((n - 1) / 2.0 - np.arange(n))


def _draw_weights(axes: Axes, x: float, left: Array, right: Array, matrix: Any, color: str) -> None:
    """Draw weights as lines between two columns, thicker the larger, dashed where negative."""
    for (i, j), weight in np.ndenumerate(matrix.T):
        axes.plot(
            [x, x + 1],
            [left[i], right[j]],
            color=color,
            zorder=1,
            linewidth=0.4 + 3.0 * min(1.0, abs(weight) / 5.0),
            linestyle="-" if weight > 0.0 else (0, (2, 1.2)),
        )


def _draw_unit(axes: Axes, x: float, y: float, state: float, color: str, *, decimals: int) -> None:
    """Draw a unit as a circle, the fuller the more active, that hides the lines behind it."""
    size = (0.5, 0.5 / AREA)
    empty = Ellipse((x, y), *size, facecolor=style.PAPER_WHITE, edgecolor="none", zorder=2)
    full = Ellipse((x, y), *size, facecolor=(color, state), edgecolor=color, zorder=3)
    axes.add_patch(empty)
    axes.add_patch(full)
    axes.text(
        x,
        y,
        f"{state:.{decimals}f}".removeprefix("0"),
        ha="center",
        va="center_baseline",
        fontsize=7,
        color=style.PAPER_WHITE if state > 0.55 else style.INK,
        zorder=4,
    )


def _draw_difference(axes: Axes, x: float, y: float, difference: float) -> None:
    """Draw how a unit's state differs between two times, `PUSH` times as long, and write it."""
    # The height of the circle stands for a state of 1.
    length = PUSH * difference * 0.5 / AREA
    place = x + 0.38
    tip = y + length / 2.0
    axes.plot([place, place], [y - length / 2.0, tip], color=style.ENCODER, linewidth=1.8)
    head = "^" if difference > 0.0 else "v"
    axes.plot([place], [tip], head, color=style.ENCODER, markersize=5)
    words = f"{difference:+.3f}".replace("-", MINUS)
    axes.text(place + 0.12, y, words, va="center", color=style.ENCODER, fontsize=7)


def _draw_way_back(axes: Axes, regression: float) -> None:
    """Draw that a share of the state at time 0 is kept at time 2."""
    arrow = {
        "arrowstyle": "->",
        "linestyle": (0, (3, 3)),
        "color": style.MUTED,
        "connectionstyle": "arc3,rad=0.25",
    }
    axes.annotate("", (2.0, -2.0), (0.0, -2.0), zorder=0, arrowprops=arrow)
    kept = f"{exact(100 * regression)} % of time 0 is kept"
    axes.text(1.0, -2.75, kept, ha="center", color=style.MUTED, fontsize=8)


def plot_help(model: Model) -> tuple[Figure, Figure]:
    """Draw medians with and without help as bars, and how W grows after U is aligned."""
    return _draw_bars(model["help"]["rows"]), _draw_wedge(model["growth"])


def _draw_bars(rows: list[Model]) -> Figure:
    figure, axes = style.create_figure(width=style.HALF, height=3.1)
    y, ticks, last = 0.0, [], ""
    # From top to bottom, each group under a head of its own.
    for row in rows:
        if row["part"] != last:
            y, last = y - 0.9, row["part"]
            axes.text(0.5, y, HEADS[last], color=PARTS[last], fontweight="bold", fontsize=8,
                      va="center", gid=style.HALO)  # fmt: skip
        y -= 1.0
        ticks.append((y, row["words"].replace(", and", ",\nand")))
        axes.barh(y, row["median"], 0.72, color=PARTS[row["part"]], gid=row["name"])
        axes.text(row["median"] + 0.7, y, exact(row["median"]), va="center_baseline", fontsize=8,
                  gid=style.HALO)  # fmt: skip
    # The median without help, to compare with.
    axes.axvline(rows[0]["median"], color=style.MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    axes.set_yticks(*zip(*ticks, strict=True), fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.set(xlim=(0, 1.12 * max(row["median"] for row in rows)), ylim=(y - 0.6, -0.4),
             xticks=(0, 20, 40), xlabel="weight updates (median)")  # fmt: skip
    figure.suptitle("(a) At the rate of 1988", x=0.01, ha="left", fontsize=9, fontweight="bold")
    return figure


def _draw_wedge(growth: Model) -> Figure:
    figure, axes = style.create_figure(width=style.HALF, height=3.1)
    learnt, half = growth["learnt"], np.array(growth["lengths"]) / 2.0
    x, top = growth["every"] * np.arange(len(half)), 1.35 * half.max()
    axes.fill_between(x, -half, half, color=style.ENCODER, alpha=0.85, linewidth=0, gid="lengths")
    # Two flags, whose words lie between them.
    flags = (("aligned", style.DECODER, "left", 6), ("learnt", style.GREEN, "right", -6))
    for name, color, side, away in flags:
        at = growth[name]
        axes.plot([at, at], [-half.max(), top], color=color, linewidth=1.8, gid=name)
        axes.text(at + away, top, f"{name}: {exact(at)}", color=color, fontweight="bold",
                  fontsize=9, ha=side, va="top")  # fmt: skip
    axes.text(0.62 * learnt, 0, "length of W", color=style.PAPER_WHITE, ha="center", va="center",
              fontweight="bold")  # fmt: skip
    axes.set(xlim=(0, 1.04 * learnt), xticks=range(0, int(learnt), 100), yticks=(),
             xlabel="weight updates (median)",
             title=f"(b) At a rate of {exact(growth['learning_rate'])}")  # fmt: skip
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    return figure


def plot_trouble(model: Model) -> tuple[Figure, Figure]:
    """Draw six moments each of a slow network and of one that fails.

    The last two of the failing one follow one another, since its lines jump at every update.
    """
    slow, failing = (model["networks"][name]["frames"] for name in ("slow", "failing"))
    last = failing[-1]
    parting = slow[-2] + (slow[-1] - slow[-2]) * 3 // 4
    slow, failing = [*slow[:1], *slow[2:5], parting, slow[-1]], [*failing[:4], last - 1, last]
    return _draw(model, "slow", slow, title="slow"), _draw(model, "failing", failing, title="fails")


def _draw(model: Model, name: str, updates: list[int], *, title: str = "") -> Figure:
    """Draw the hidden plane of a network at some moments, three in a row."""
    n_rows = len(updates) // 3
    height = 1.18 * n_rows + (0.3 if title else 0.0)
    figure, axes = style.create_figure(width=style.HALF, height=height, nrows=n_rows, ncols=3)
    traced = _trace(model, name, max(updates))
    matrices = traced.matrices()
    for one, t in zip(axes.flat, updates, strict=True):
        draw_plane(one, traced.hidden[0][t], matrices.U[t], matrices.c[t])
        one.set(title=f"{t:,}", xticks=(), yticks=())
        one.spines[["right", "top"]].set_visible(True)
    axes.flat[0].set_title(f"{updates[0]:,} updates")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _trace(model: Model, name: str, n_updates: int) -> Trace:
    shown = model["networks"][name]
    protocol = from_plain(model["protocol"] | {"learning_rate": shown["learning_rate"]})
    return trace(protocol, seed=shown["seed"], root_seed=model["root_seed"], n_updates=n_updates)


FIGURES = {"plane": plot_plane, "help": plot_help, "trouble": plot_trouble}
