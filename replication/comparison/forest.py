"""A forest plot: the rows of a table, each with its difference, and their mean."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

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
# standard deviations that the picture shows
MIN_REACH = 0.5
MAX_REACH = 8.0
# points
MIN_SQUARE = 3.0
MAX_SQUARE = 9.0
ARROW = 4.0
ASIDE: Any = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
EDGE = ("axes fraction", "data")  # of the right, at the height of a row


class Edges(NamedTuple):
    """The left and the right edge of a picture, in standard deviations."""

    left: float
    right: float

    def clip(self, value: float) -> float:
        """Return the nearest place within the picture."""
        return min(max(value, self.left), self.right)


def draw_rows(table: FoundTable, panel: "Axes") -> None:
    """Draw a forest plot of a table: each difference, its interval and p, and their mean.

    The larger a square, the more its row weighs. What goes on beyond the edge ends in an arrow. A
    hollow square is a row that is shown to differ by less than the margin.
    """
    edges = find_edges(table)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    labels = []
    for place, (key, one) in enumerate(table.rows.items()):
        labels.append(_label(key))
        draw_row(panel, place, table, key, one, edges)
    panel.annotate("p (adjusted)", (1.0, -1.0), xycoords=EDGE, style="italic", **ASIDE)
    mean = table.pooled
    if mean is not None and mean.unit == "sd":
        draw_mean(panel, len(labels), mean, edges)
        panel.annotate(format_p(table.p), (1.0, len(labels)), xycoords=EDGE, **ASIDE)
        labels.append("all rows")
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.4, -0.6)
    room = 0.025 * (edges.right - edges.left)
    panel.set_xlim(edges.left - room, edges.right + room)
    panel.set_xlabel("yours less reported, in standard deviations of a run")


def find_edges(table: FoundTable) -> Edges:
    """Return edges that hold all intervals and 0, but no more than is wide enough to see them."""
    lows = [-MIN_REACH]
    highs = [MIN_REACH]
    for one in table.rows.values():
        if one.difference is not None and one.difference.d is not None:
            lows.append(one.difference.d[1])
            highs.append(one.difference.d[2])
    return Edges(max(min(lows), -MAX_REACH), min(max(highs), MAX_REACH))


def draw_row(
    panel: "Axes", place: int, table: FoundTable, key: Key, one: Found, edges: Edges
) -> None:
    """Draw the difference of a row with its interval and p."""
    d = None if one.difference is None else one.difference.d
    if d is None:
        panel.annotate("cannot tell", (0, place), color="#666666", **ASIDE)
        return
    color = REPORTED if table.verdicts[key] is Verdict.CONTRADICTED else INK
    value, low, high = d
    draw_interval(panel, place, low, high, edges, color)
    draw_estimate(panel, place, value, edges, color, one)
    panel.annotate(format_p(table.adjusted.get(key)), (1.0, place), xycoords=EDGE, **ASIDE)


def draw_interval(
    panel: "Axes", place: int, low: float, high: float, edges: Edges, color: str
) -> None:
    """Draw an interval as a line; where it goes on beyond an edge, it ends in an arrow."""
    panel.plot([edges.clip(low), edges.clip(high)], [place, place], color=color, linewidth=1.2)
    if low < edges.left:
        draw_mark(panel, edges.left, place, "<", color, size=ARROW)
    if high > edges.right:
        draw_mark(panel, edges.right, place, ">", color, size=ARROW)


def draw_estimate(
    panel: "Axes", place: int, value: float, edges: Edges, color: str, one: Found
) -> None:
    """Draw a difference as a square, or where it lies beyond an edge as an arrow."""
    size = find_square_size(one)
    if value < edges.left:
        draw_mark(panel, edges.left, place, "<", color, size=size)
    elif value > edges.right:
        draw_mark(panel, edges.right, place, ">", color, size=size)
    else:
        fill = "white" if one.is_equivalent else color
        draw_mark(panel, value, place, "s", color, size=size, fill=fill)


def find_square_size(one: Found) -> float:
    """Return the size of a square that grows with the weight of a row."""
    n_other = one.runs or one.n
    weight = one.n * n_other / (one.n + n_other)
    return min(MIN_SQUARE + math.sqrt(weight), MAX_SQUARE)


def draw_mark(
    panel: "Axes", value: float, place: int, sign: str, color: str, *, size: float, fill: str = ""
) -> None:
    """Draw a square or an arrow."""
    panel.plot(
        [value],
        [place],
        sign,
        color=color,
        markerfacecolor=fill or color,
        markersize=size,
        clip_on=False,
    )


def draw_mean(panel: "Axes", place: int, mean: Pooled, edges: Edges) -> None:
    """Draw the mean of all rows as a diamond as wide as its interval."""
    across = [edges.clip(value) for value in (mean.low, mean.value, mean.high, mean.value)]
    down = [place, place - 0.3, place, place + 0.3]
    panel.fill(across, down, color=FILL, ec=INK, lw=0.8)


def _label(key: tuple[str, ...]) -> str:
    """Return a key as it stands in a picture, cut where it is long."""
    text = escape(" ".join(key))
    text = text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"
    return text.replace("$", r"\$")  # $x$ is a name, and no mathematics
