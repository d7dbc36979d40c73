"""The hidden plane: the codes of the patterns, and the line at which each visible unit turns on.

Two hidden units make a square. The code of a pattern v, the states sigma(W v + b), is a dot in it;
visible unit i reconstructs more than 1/2 where U[i] h + c[i] > 0, on one side of a line.
`drawing.js` draws the same in the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.running.drawing import find_figure
from replication.simulator.running.outcomes import Trace
from replication.wording import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Dash = str | tuple[float, tuple[float, ...]]
"""How Matplotlib dashes a line: a name, or where to begin and the lengths of dashes and gaps."""

N_FRAMES = 6
"""Moments that are drawn unless axes are given."""
MARGIN = 0.07
"""Width of the margin around the square, as a share of the square."""
COVERED = 0.03
"""A dot covers another if they are nearer than this on both axes, as a share of the square."""
DASHES: tuple[Dash, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)))
"""The dashes of the lines of visible units 1 to 4; units 5 to 8 have the same, and so on."""


def cut(corners: Array, weights: Array, bias: float) -> tuple[Array, Array]:
    """Return the part of a convex polygon where ``weights @ h + bias > 0``, and the cut itself.

    `corners` (n, 2) go once around the polygon. The part has corners (m, 2), none if the polygon
    lies on the other side. The cut is a segment, (2, 2), or (0, 2) if no line cuts the polygon.

    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> part, segment = cut(square, np.array([2.0, 0.0]), -1.0)
    >>> part.tolist()
    [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]
    >>> segment.tolist()
    [[0.5, 0.0], [0.5, 1.0]]
    """
    part: list[Array] = []
    ends: list[Array] = []
    # Once around: a corner with a positive input stays, and an edge that changes sides is cut.
    for here, after in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        input_here = weights[0] * here[0] + weights[1] * here[1] + bias
        input_after = weights[0] * after[0] + weights[1] * after[1] + bias
        is_in = input_here > 0.0
        if is_in:
            part.append(here)
        if is_in != (input_after > 0.0):
            # Along the edge the input changes evenly from one corner to the next: here it is 0.
            end = here + (after - here) * input_here / (input_here - input_after)
            ends.append(end)
            part.append(end)
    return np.reshape(part, (-1, 2)), np.reshape(ends, (-1, 2))


def draw_plane(axes: Axes, codes: Array, U: Array, c: Array) -> None:
    """Draw codes (n_patterns, 2) as numbered dots, and the lines of the visible units (U, c).

    A line has the colour of the dot with its number, and beyond it the square is shaded. The
    artists have the labels ``dot 1``, ``line 1``, ``side 1``, ...
    """
    # The square of states from 0 to 1, or more where other functions leave it.
    low = np.minimum(codes.min(axis=0), 0.0)
    high = np.maximum(codes.max(axis=0), 1.0)
    margin = MARGIN * (high - low)
    low = low - margin
    high = high + margin
    square = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    # Shade and line of each visible unit, below the dots.
    for i, (weights, bias) in enumerate(zip(U, c, strict=True)):
        draw_cut(axes, i, *cut(square, weights, bias))
    for k, code in enumerate(codes):
        # A dot that later ones cover is larger than these, so that its rim stays in sight.
        apart = np.abs(codes[k + 1 :] - code) / (high - low)
        n_over = int(np.sum(np.all(apart < COVERED, axis=1)))
        draw_dot(axes, k, code, size=9 + 5 * n_over)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set(aspect="equal", xticks=(0, 1), yticks=(0, 1))
    axes.grid(visible=False)


def draw_cut(axes: Axes, i: int, part: Array, segment: Array) -> None:
    """Draw the line of visible unit i, and shade the part of the square beyond it."""
    if len(segment) == 0:
        part = segment  # nothing is shaded where no line cuts the square
    color = f"C{i}"
    dash = DASHES[i % len(DASHES)]
    axes.fill(*part.T, facecolor=color, alpha=0.13, linewidth=0, label=f"side {i + 1}")
    axes.plot(*segment.T, color=color, linestyle=dash, lw=1.5, label=f"line {i + 1}")


def draw_dot(axes: Axes, k: int, code: Array, *, size: int) -> None:
    """Draw the code of pattern k as a dot with its number, above those before it."""
    paper = axes.figure.get_facecolor()
    axes.plot(
        [code[0]],
        [code[1]],
        "o",
        color=f"C{k}",
        markersize=size,
        markeredgecolor=paper,
        markeredgewidth=0.8,
        zorder=4 + k,
        label=f"dot {k + 1}",
    )
    axes.annotate(
        f"{k + 1}",
        (code[0], code[1]),
        ha="center",
        va="center_baseline",
        color=paper,
        fontsize=7.5,
        fontweight="bold",
        zorder=4 + k,
    )


def spread_moments(last: int, n: int) -> list[int]:
    """Return n moments from update 0 to the last, closer together at the start.

    >>> spread_moments(100, 6), spread_moments(100, 1)
    ([0, 4, 16, 36, 64, 100], [100])
    """
    if n == 1:
        return [last]
    return [round(last * (k / (n - 1)) ** 2) for k in range(n)]


def plot_planes(traced: Trace, frames: Sequence[Axes] | None = None) -> Figure:
    """Draw the hidden plane of a network, moment by moment.

    A network of one-hot patterns has learnt when each line cuts off the dot of its own colour.
    Networks without exactly two hidden units have no such plane.

    Parameters
    ----------
    traced : Trace
    frames : sequence of Matplotlib axes, optional
        One for each moment, from update 0 to the last one traced, closer together at the start (one
        alone is the last); six new ones, three in a row, unless given.

    Returns
    -------
    Matplotlib figure

    Examples
    --------
    >>> from replication import Protocol, trace
    >>> slow = trace(Protocol(learning_rate=5.0), seed=0)
    >>> [axes.get_title() for axes in plot_planes(slow).axes][::5]
    ['0 updates, error 0.733', '142 updates, error 0.099']
    """
    has_plane = len(traced.hidden) == 1 and traced.hidden[0].shape[-1] == 2
    if not has_plane:
        raise UsageError("a plane needs two hidden units; draw the errors: traced.plot()")
    if frames is None:
        frames = _make_frames()
    matrices = traced.matrices()
    moments = spread_moments(len(traced.errors) - 1, len(frames))
    for frame, t in zip(frames, moments, strict=True):
        draw_plane(frame, traced.hidden[0][t], matrices.U[t], matrices.c[t])
        frame.set_title(f"{plural(t, 'update')}, error {traced.errors[t]:.3f}", fontsize=9)
    return find_figure(frames[0])


def _make_frames() -> list[Axes]:
    """Return the axes of a new figure, three in a row, for `N_FRAMES` moments."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(7.2, 5.0), layout="constrained")
    frames: list[Axes] = figure.subplots(N_FRAMES // 3, 3).ravel().tolist()
    return frames
