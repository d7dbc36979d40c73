"""Figures: a network as a loop, and the hidden plane of networks while they learn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from replication.definition.protocol import from_plain
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.live.plane import draw_plane
from replication.report import style
from replication.report.numbers import MINUS, exact
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.running.ensemble import trace
from replication.simulator.running.outcomes import Trace

VECTORS = (style.BLUE, style.GOLD, style.GREEN, style.PURPLE)
SHOWN_VECTOR = 0  # which vector goes around the loop
SHOWN_UPDATE = 15  # and after how many updates: h(1) - h(3) is large then
PUSH = 60.0  # factor by which the arrow of h(1) - h(3) is enlarged
ASPECT = 0.62  # of the figure of the loop: the length of a unit of y over that of a unit of x
WIDEST = 5.0  # size of a weight from which its line has the greatest width
IN_A_ROW = 3  # moments drawn in a row


def plot_plane(model: Model) -> tuple[Figure, Figure]:
    """Draw a vector that goes around the loop, and six moments of a network that learns."""
    frames = model["networks"]["typical"]["frames"]
    return _draw_loop(model), _draw_moments(model, "typical", frames)


def plot_trouble(model: Model) -> tuple[Figure, Figure]:
    """Draw three moments each of a slow network and of one that fails.

    The slow one is shown while two codes lie together, while they part, and when it has learnt. The
    failing one is shown early, and at its last two updates, because its lines jump at every update.
    """
    # Codes of the slow network part late: three quarters of the way between its last two frames.
    slow = model["networks"]["slow"]["frames"]
    early_slow = slow[2]
    before_last, last = slow[-2:]
    parting = before_last + (last - before_last) * 3 // 4
    slow_updates = [early_slow, parting, last]
    failing = model["networks"]["failing"]["frames"]
    early_failing = failing[1]
    failing_updates = [early_failing, failing[-1] - 1, failing[-1]]
    return (
        _draw_moments(model, "slow", slow_updates, title="slow"),
        _draw_moments(model, "failing", failing_updates, title="fails"),
    )


def _draw_loop(model: Model) -> Figure:
    """Draw the states of a vector: W leads from v(0) to h(1), U then to v(2), W then to h(3)."""
    traced = _trace(model, "typical", SHOWN_UPDATE)
    network = RecirculationNetwork.from_weights(traced.weights[SHOWN_UPDATE], traced.protocol)
    # The states at the four times, regressed at times 2 and 3 (equations 5 and 6).
    v0 = network.patterns[SHOWN_VECTOR]
    h1, h3, _, v2 = network.list_states(v0)
    figure, axes = style.create_figure(width=style.HALF, height=2.75)
    visible = _place_units(len(v0))
    hidden = _place_units(len(h1))
    # From the left: W, U and W again. Units are drawn later, so that they cover the ends of lines.
    _draw_weights(axes, 0, visible, hidden, network.W, style.ENCODER)
    _draw_weights(axes, 1, hidden, visible, network.U, style.DECODER)
    _draw_weights(axes, 2, visible, hidden, network.W, style.ENCODER)
    _draw_visible(axes, 0, visible, v0)
    _draw_hidden(axes, 1, hidden, h1)
    _draw_visible(axes, 2, visible, v2)
    _draw_hidden(axes, 3, hidden, h3)
    _name_parts(axes)
    # The encoder learns from the difference of the hidden states at times 1 and 3.
    for y, difference in zip(hidden, h1 - h3, strict=True):
        _draw_difference(axes, 3.0, y, difference)
    axes.text(3.35, -1.75, "h(1) − h(3)", ha="center", color=style.ENCODER, fontsize=7.5)
    _draw_way_back(axes, traced.protocol.regression)
    title = f"After {SHOWN_UPDATE} updates"
    axes.set(xlim=(-0.35, 4.05), ylim=(-2.95, 3.6), title=title, aspect=ASPECT)
    axes.set_axis_off()
    return figure


def _place_units(n: int) -> Array:
    """Return the heights of n units in a column around 0; two units stand farther apart."""
    distance = 1.6 if n == 2 else 1.0
    middle = (n - 1) / 2.0
    return distance * (middle - np.arange(n, dtype=np.float64))


def _draw_weights(axes: Axes, x: int, left: Array, right: Array, matrix: Array, color: str) -> None:
    """Draw weights (right, left) as lines between two columns of units.

    The larger a weight is, the thicker is its line. The line of a negative weight is dashed.
    """
    for (to, start), weight in np.ndenumerate(matrix):
        size = min(1.0, abs(weight) / WIDEST)
        dashes = "-" if weight > 0.0 else (0, (2, 1.2))
        axes.plot(
            [x, x + 1],
            [left[start], right[to]],
            color=color,
            zorder=1,
            linewidth=0.4 + 3.0 * size,
            linestyle=dashes,
        )


def _draw_visible(axes: Axes, x: int, heights: Array, states: Array) -> None:
    """Draw a column of visible units, each in the colour of its vector."""
    for y, state, color in zip(heights, states, VECTORS, strict=True):
        _draw_unit(axes, x, y, state, color, label=f"{state:.2f}")


def _draw_hidden(axes: Axes, x: int, heights: Array, states: Array) -> None:
    """Draw a column of hidden units, with three digits, since small differences count there."""
    for y, state in zip(heights, states, strict=True):
        _draw_unit(axes, x, y, state, style.INK, label=f"{state:.3f}")


def _draw_unit(axes: Axes, x: float, y: float, state: float, color: str, *, label: str) -> None:
    """Draw a unit as a circle that is more strongly coloured the more active the unit is.

    A white circle below it hides the lines behind.
    """
    width = 0.5
    height = width / ASPECT
    color_of_label = style.PAPER_WHITE if state > 0.55 else style.INK
    empty = Ellipse((x, y), width, height, facecolor=style.PAPER_WHITE, edgecolor="none", zorder=2)
    full = Ellipse((x, y), width, height, facecolor=(color, state), edgecolor=color, zorder=3)
    axes.add_patch(empty)
    axes.add_patch(full)
    axes.text(
        x,
        y,
        label.removeprefix("0"),
        ha="center",
        va="center_baseline",
        fontsize=7,
        color=color_of_label,
        zorder=4,
    )


def _name_parts(axes: Axes) -> None:
    """Write the times above the units, and the names of the matrices above the weights."""
    for time in range(4):
        axes.text(time, 2.25, f"time {time}", ha="center", color=style.MUTED, fontsize=8)
    names = (
        (0.5, "encoder\nW", style.ENCODER),
        (1.5, "decoder\nU", style.DECODER),
        (2.5, "encoder\nW", style.ENCODER),
    )
    for x, label, color in names:
        axes.text(x, 2.7, label, ha="center", color=color, fontweight="bold", fontsize=8)


def _draw_difference(axes: Axes, x: float, y: float, difference: float) -> None:
    """Draw the difference of a unit's states as an arrow, enlarged by `PUSH`, with its number."""
    # The height of a unit's circle stands for a state of 1.
    length = PUSH * difference * 0.5 / ASPECT
    x_of_arrow = x + 0.38
    tip = y + length / 2.0
    end = y - length / 2.0
    axes.plot([x_of_arrow, x_of_arrow], [end, tip], color=style.ENCODER, linewidth=1.8)
    head = "^" if difference > 0.0 else "v"
    axes.plot([x_of_arrow], [tip], head, color=style.ENCODER, markersize=5)
    label = f"{difference:+.3f}".replace("-", MINUS)
    axes.text(x_of_arrow + 0.12, y, label, va="center", color=style.ENCODER, fontsize=7)


def _draw_way_back(axes: Axes, regression: float) -> None:
    """Draw an arrow from time 0 to time 2 with the share of the vector that regression keeps."""
    arrow = {
        "arrowstyle": "->",
        "linestyle": (0, (3, 3)),
        "color": style.MUTED,
        "connectionstyle": "arc3,rad=0.25",
    }
    axes.annotate("", (2.0, -2.0), (0.0, -2.0), zorder=0, arrowprops=arrow)
    kept = f"{exact(100 * regression)} % of time 0 is kept"
    axes.text(1.0, -2.75, kept, ha="center", color=style.MUTED, fontsize=8)


def _draw_moments(model: Model, name: str, updates: list[int], *, title: str = "") -> Figure:
    """Draw the hidden plane of a network at some moments, three in a row."""
    n_rows = len(updates) // IN_A_ROW
    height = 1.18 * n_rows
    if title:
        height += 0.3
    figure, axes = style.create_figure(
        width=style.HALF, height=height, nrows=n_rows, ncols=IN_A_ROW
    )
    traced = _trace(model, name, max(updates))
    codes = traced.hidden[0]  # (update, pattern, hidden unit)
    matrices = traced.matrices()
    for square, t in zip(axes.flat, updates, strict=True):
        draw_plane(square, codes[t], matrices.U[t], matrices.c[t])
        square.set(title=f"{t:,}", xticks=(), yticks=())
        square.spines[["right", "top"]].set_visible(True)
    axes.flat[0].set_title(f"{updates[0]:,} updates")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


def _trace(model: Model, name: str, n_updates: int) -> Trace:
    """Train one of the networks that the pages show for `n_updates`, and return all its states."""
    shown = model["networks"][name]
    protocol = from_plain(model["protocol"] | {"learning_rate": shown["learning_rate"]})
    return trace(protocol, seed=shown["seed"], root_seed=model["root_seed"], n_updates=n_updates)


FIGURES = {"plane": plot_plane, "trouble": plot_trouble}
