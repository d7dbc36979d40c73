"""A forest plot: the rows of a table, each with its difference, and their mean."""

import math
from typing import TYPE_CHECKING, NamedTuple

from replication.comparison.figure import FILL, INK, REPORTED
from replication.comparison.found import Found, Verdict
from replication.comparison.found_table import FoundTable
from replication.comparison.numbers import format_p
from replication.comparison.sides import Key
from replication.statistics.pooling import Pooled
from replication.system.progress import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LABEL = 40
# standard deviations that the picture shows on either side of 0, at least and at most
MIN_REACH = 0.5
MAX_REACH = 8.0
# sizes of marks, and the space before a text, in points
MIN_SQUARE = 3.0
MAX_SQUARE = 9.0
ARROW = 4.0
SPACE = 6
GREY = "#666666"


class Edges(NamedTuple):
    """The left and the right edge of a picture, in standard deviations."""

    left: float
    right: float

    def clip(self, value: float) -> float:
        """Return the value, or the edge beyond which it lies."""
        return min(max(value, self.left), self.right)


def draw_rows(table: FoundTable, panel: "Axes") -> None:
    """Draw a forest plot of a table: each difference, its interval and p, and their mean.

    The larger a square, the more its row weighs. An interval that goes on beyond the edge ends in
    an arrow. A hollow square is a row that was shown to differ by less than the margin.
    """
    edges = find_edges(table)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    labels = []
    for y, (key, row) in enumerate(table.rows.items()):
        labels.append(_label(key))
        draw_row(panel, y, table, key, row, edges)
    write_at_right(panel, -1, "p (adjusted)", style="italic")  # above the first row
    mean = table.pooled
    if mean is not None and mean.unit == "sd":
        draw_mean(panel, len(labels), mean, edges)
        write_at_right(panel, len(labels), format_p(table.p))
        labels.append("all rows")
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.4, -0.6)  # the first row is at the top
    room = 0.025 * (edges.right - edges.left)
    panel.set_xlim(edges.left - room, edges.right + room)
    panel.set_xlabel("yours less reported, in standard deviations of a run")


def write_at_right(panel: "Axes", y: int, text: str, *, style: str = "normal") -> None:
    """Write a text beside the right edge of a picture, at the height of a row."""
    panel.annotate(
        text,
        (1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(SPACE, 0),
        textcoords="offset points",
        va="center",
        style=style,
    )


def find_edges(table: FoundTable) -> Edges:
    """Return edges around all intervals, from `MIN_REACH` to `MAX_REACH` away from 0.

    With a wider picture most intervals would be too small to see.
    """
    lows = [-MIN_REACH]
    highs = [MIN_REACH]
    for row in table.rows.values():
        if row.difference is not None and row.difference.d is not None:
            lows.append(row.difference.d.low)
            highs.append(row.difference.d.high)
    return Edges(max(min(lows), -MAX_REACH), min(max(highs), MAX_REACH))


def draw_row(panel: "Axes", y: int, table: FoundTable, key: Key, row: Found, edges: Edges) -> None:
    """Draw the difference of a row with its interval and p."""
    d = None if row.difference is None else row.difference.d
    if d is None:
        panel.annotate(
            "cannot tell",
            (0, y),
            xytext=(SPACE, 0),
            textcoords="offset points",
            va="center",
            color=GREY,
        )
        return
    color = REPORTED if table.verdicts[key] is Verdict.CONTRADICTED else INK
    draw_interval(panel, y, d.low, d.high, edges, color)
    draw_estimate(panel, y, d.value, edges, color, row)
    write_at_right(panel, y, format_p(table.adjusted.get(key)))


def draw_interval(panel: "Axes", y: int, low: float, high: float, edges: Edges, color: str) -> None:
    """Draw an interval as a line; where it goes on beyond an edge, it ends in an arrow."""
    panel.plot([edges.clip(low), edges.clip(high)], [y, y], color=color, linewidth=1.2)
    if low < edges.left:
        draw_mark(panel, edges.left, y, "<", color, size=ARROW)
    if high > edges.right:
        draw_mark(panel, edges.right, y, ">", color, size=ARROW)


def draw_estimate(
    panel: "Axes", y: int, value: float, edges: Edges, color: str, row: Found
) -> None:
    """Draw a difference as a square, or as an arrow at the edge beyond which it lies."""
    size = find_square_size(row)
    if value < edges.left:
        draw_mark(panel, edges.left, y, "<", color, size=size)
    elif value > edges.right:
        draw_mark(panel, edges.right, y, ">", color, size=size)
    else:
        fill = "white" if row.is_equivalent else color
        draw_mark(panel, value, y, "s", color, size=size, fill=fill)


def find_square_size(row: Found) -> float:
    """Return the size of a square that grows with the weight of a row."""
    n_reported = row.runs or row.n  # a constant has no runs
    weight = row.n * n_reported / (row.n + n_reported)
    return min(MIN_SQUARE + math.sqrt(weight), MAX_SQUARE)


def draw_mark(
    panel: "Axes", value: float, y: int, sign: str, color: str, *, size: float, fill: str = ""
) -> None:
    """Draw a square or an arrow."""
    panel.plot(
        [value],
        [y],
        sign,
        color=color,
        markerfacecolor=fill or color,
        markersize=size,
        clip_on=False,
    )


def draw_mean(panel: "Axes", y: int, mean: Pooled, edges: Edges) -> None:
    """Draw the mean of all rows as a diamond that is as wide as its interval."""
    across = [edges.clip(value) for value in (mean.low, mean.value, mean.high, mean.value)]
    down = [y, y - 0.3, y, y + 0.3]
    panel.fill(across, down, color=FILL, ec=INK, lw=0.8)


def _label(key: tuple[str, ...]) -> str:
    """Return a key as the picture shows it, cut where it is long."""
    text = escape(" ".join(key))
    text = text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"
    return text.replace("$", r"\$")  # $x$ is a name here, not mathematics
