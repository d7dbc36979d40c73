"""The network as a loop, the hidden plane of some networks, and whom it helps to be helped."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from replication.definition.protocol import from_plain
from replication.experiments import Model
from replication.report import style
from replication.report.numbers import exact
from replication.report.style import HALF, create_figure
from replication.simulator.plane import draw_plane
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.trace import trace

VECTORS = (style.BLUE, style.GOLD, style.GREEN, style.PURPLE)
SHOWN_VECTOR, SHOWN_FRAME = 0, 3  # of the loop: which vector goes around, and at which moment
AREA = 0.62  # of the loop: how high a unit of y is drawn, in units of x
PARTS = {"": style.INK, "U": style.DECODER, "W": style.ENCODER}
HEADS = {"U": "The decoder U ...", "W": "The encoder W ..."}


def plot_plane(model: Model) -> tuple[Figure, Figure]:
    """Draw a vector that goes around the loop, and six moments of a network that learns."""
    return _draw_loop(model), _draw(model, "typical", model["networks"]["typical"]["frames"])


def _draw_loop(model: Model) -> Figure:
    """Draw all states of a vector on its way: time 0, through W, U, back, and through W again."""
    shown = model["networks"]["typical"]
    protocol = from_plain(model["protocol"] | {"learning_rate": shown["learning_rate"]})
    update = shown["frames"][SHOWN_FRAME]
    traced = trace(protocol, seed=shown["seed"], root_seed=model["root_seed"], n_updates=update)
    arrays = (matrix[update] for matrix in traced.matrices())
    network = RecirculationNetwork(*arrays, protocol=protocol)
    W, U, c = network.W, network.U, network.c
    # The states at the four times, regressed at times 2 and 3 (equations 5 and 6).
    first = network.patterns[SHOWN_VECTOR]
    second_input, last, _, second = network.list_states(first)
    # Weights as lines, thicker the larger, dashed where negative.
    figure, axes = create_figure(width=HALF, height=2.75)
    columns = [(0.0, first), (1.0, second_input), (2.0, second), (3.0, last)]
    matrices = ((W, style.ENCODER), (U, style.DECODER), (W, style.ENCODER))
    for (x, before), (x2, after), (matrix, color) in zip(
        columns, columns[1:], matrices, strict=False
    ):
        for i, j in product(range(len(before)), range(len(after))):
            weight = float(matrix[j, i])
            axes.plot(
                [x, x2], [_place(i, len(before)), _place(j, len(after))], color=color, zorder=1,
                linewidth=0.4 + 3.0 * min(1.0, abs(weight) / 5.0),
                linestyle="-" if weight > 0.0 else (0, (2, 1.2)),
            )  # fmt: skip
    # Units, times, names, and the way back.
    for x, states in columns:
        for i, state in enumerate(states):
            _draw_unit(axes, (x, _place(i, len(states))), state,
                       VECTORS[i] if len(states) == len(c) else style.INK)  # fmt: skip
    for time, (x, _) in enumerate(columns):
        axes.text(x, 2.25, f"time {time}", ha="center", color=style.MUTED, fontsize=8)
    for x, text, color in ((0.5, "encoder\nW", style.ENCODER), (1.5, "decoder\nU", style.DECODER),
                           (2.5, "encoder\nW", style.ENCODER)):  # fmt: skip
        axes.text(x, 2.7, text, ha="center", color=color, fontweight="bold", fontsize=8)
    axes.annotate(
        "", (2.0, -2.0), (0.0, -2.0), zorder=0,
        arrowprops={
            "arrowstyle": "->", "linestyle": (0, (3, 3)), "color": style.MUTED,
            "connectionstyle": "arc3,rad=0.25",
        },
    )  # fmt: skip
    kept = f"{exact(100 * protocol.regression)} % of time 0 is kept"
    axes.text(1.0, -2.75, kept, ha="center", color=style.MUTED, fontsize=8)
    axes.set(xlim=(-0.35, 3.35), ylim=(-2.95, 3.6), title=f"After {update} updates", aspect=AREA)
    axes.set_axis_off()
    return figure


def _place(unit: int, n_units: int) -> float:
    """Return how high a unit stands in its column."""
    return (n_units - 1) / 2.0 - unit if n_units > 2 else 1.6 * (0.5 - unit)


def _draw_unit(axes: Axes, center: tuple[float, float], state: float, color: str) -> None:
    size = (0.5, 0.5 / AREA)
    axes.add_patch(Ellipse(center, *size, facecolor=style.PAPER_WHITE, edgecolor="none", zorder=2))
    axes.add_patch(Ellipse(center, *size, facecolor=(color, state), edgecolor=color, zorder=3))
    ink = style.PAPER_WHITE if state > 0.55 else style.INK
    axes.text(*center, f"{state:.2f}".removeprefix("0"), ha="center", va="center_baseline",
              color=ink, fontsize=7, zorder=4)  # fmt: skip


def plot_help(model: Model) -> tuple[Figure, Figure]:
    """Draw medians with and without help as bars, and how W grows after U is aligned."""
    return _draw_bars(model["help"]["rows"]), _draw_wedge(model["growth"])


def _draw_bars(rows: Sequence[Model]) -> Figure:
    figure, axes = create_figure(width=HALF, height=3.1)
    y, ticks, last = 0.0, [], ""
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
    axes.axvline(rows[0]["median"], color=style.MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    axes.set_yticks([at for at, _ in ticks], [words for _, words in ticks], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.set(xlim=(0, 1.12 * max(row["median"] for row in rows)), ylim=(y - 0.6, -0.4),
             xticks=(0, 20, 40), xlabel="weight updates (median)")  # fmt: skip
    figure.suptitle("(a) At the rate of 1988", x=0.01, ha="left", fontsize=9, fontweight="bold")
    return figure


def _draw_wedge(growth: Model) -> Figure:
    figure, axes = create_figure(width=HALF, height=3.1)
    x = growth["every"] * np.arange(len(growth["lengths"]))
    half = np.array(growth["lengths"]) / 2.0
    axes.fill_between(x, -half, half, color=style.ENCODER, alpha=0.85, linewidth=0, gid="lengths")
    top = 1.35 * half.max()
    flags: tuple[tuple[str, str, Any], ...] = (
        ("aligned", style.DECODER, "left"), ("learnt", style.GREEN, "right"),
    )  # fmt: skip
    for name, color, side in flags:
        axes.plot([growth[name]] * 2, [-half.max(), top], color=color, linewidth=1.8, gid=name)
        x_text = growth[name] + (6 if side == "left" else -6)
        text = f"{name}: {exact(growth[name])}"
        axes.text(x_text, top, text, color=color, fontweight="bold", fontsize=9, ha=side,
                  va="top")  # fmt: skip
    axes.text(0.62 * growth["learnt"], 0, "length of W", color=style.PAPER_WHITE, ha="center",
              va="center", fontweight="bold")  # fmt: skip
    axes.set(xlim=(0, 1.04 * growth["learnt"]), yticks=(),
             xticks=range(0, int(growth["learnt"]), 100), xlabel="weight updates (median)",
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
    return (
        _draw(model, "slow", [*slow[:1], *slow[2:5], parting, slow[-1]], title="slow"),
        _draw(model, "failing", [*failing[:4], last - 1, last], title="fails"),
    )


def _draw(model: Model, name: str, updates: Sequence[int], *, title: str = "") -> Figure:
    shown = model["networks"][name]
    protocol = from_plain(model["protocol"] | {"learning_rate": shown["learning_rate"]})
    traced = trace(
        protocol, seed=shown["seed"], root_seed=model["root_seed"], n_updates=max(updates)
    )
    n_rows = len(updates) // 3
    figure, axes = create_figure(
        width=HALF, height=1.18 * n_rows + (0.3 if title else 0.0), nrows=n_rows, ncols=3
    )
    matrices = traced.matrices()
    for one, t in zip(axes.flat, updates, strict=True):
        draw_plane(one, traced.hidden[0][t], matrices.U[t], matrices.c[t])
        one.set(title=f"{t:,}", xticks=(), yticks=())
        one.spines[["right", "top"]].set_visible(True)
    axes.flat[0].set_title(f"{updates[0]:,} updates")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


FIGURES = {"plane": plot_plane, "help": plot_help, "trouble": plot_trouble}
