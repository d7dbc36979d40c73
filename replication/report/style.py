"""The style of all figures: sizes, colours and small helpers.

The colours are close to Okabe and Ito's, which readers with any colour vision can tell apart. Lines
that meet also differ in dash or width, so that they can be told apart in grey print. A page in dark
mode replaces the colours of `DARK` (see `save`), so figures use no others.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rcsetup
from matplotlib import style as sheets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from numpy.typing import ArrayLike

from replication.report.numbers import exact

Dash = str | tuple[float, tuple[float, ...]]
"""The dashes of a line: "-" for none, or the offset and the lengths of dashes and gaps."""
Options = Any
"""Options that are passed on to Matplotlib, and described in its documentation."""
Panels = Any
"""One `Axes`, or an array of them, as `Figure.subplots` gives."""

# Colours, each with what it is for; figures use no others.
INK = "#1f2328"  # text, and the main line of a figure
MUTED = "#5b636d"  # axis labels of second rank, notes, reference lines
FAINT = "#d4d9df"  # grid, frames and the crowd of lines behind the main one
PAPER_WHITE = "#ffffff"  # background; also the halo behind text over data
BLUE = "#0072b2"
ENCODER = "#b84f00"  # W, in figures, pages and text
DECODER = "#47617a"  # U
GREEN = "#00795b"
PURPLE = "#7a2452"
GOLD = "#8f6a00"
SKY = "#a9d2ee"  # fill of bands and bars that belong to blue
PINK = "#e8cfdc"  # fill of bands that belong to purple

REPORTED = "#b3261e"  # red
"""The colour of the paper's reported numbers and settings; nothing else in figures is red."""
LOOKS: tuple[tuple[str, Dash, str, str], ...] = (
    (BLUE, "-", "o", "recirculation"),
    (PURPLE, (0, (5, 2)), "s", "back-propagation, squared error"),
    (GREEN, (0, (1.5, 1.5)), "^", "back-propagation, cross-entropy"),
    (MUTED, (0, (4, 1.5, 1, 1.5)), "D", "feedback alignment"),
)
"""Colour, dash, marker and name of each learning rule, the same in every figure."""
MAP = "cividis"  # colour map of surfaces: rises evenly in grey, and for any colour vision
DARK = {
    INK: "#e6edf3",
    MUTED: "#a3adb8",
    FAINT: "#3d444d",
    PAPER_WHITE: "#0f1419",
    BLUE: "#6cb6ff",
    ENCODER: "#ff9a57",
    DECODER: "#a9c0d6",
    REPORTED: "#ff8a80",
    GREEN: "#4fd1a5",
    PURPLE: "#e29ac6",
    GOLD: "#e0bd45",
    SKY: "#1f4c6e",
    PINK: "#5c3a4d",
}
"""The colour that replaces each colour on a dark page."""

NARROW = 3.8
"""Inches: the width of a figure, so that a telephone shows it completely and readably."""
HALF = 3.14
"""Inches: the width of a panel, so that two are as wide as the text of the PDF."""

HALO = "halo-of-text"
"""The gid of texts that get a halo in a saved drawing."""

# Sizes are points; the dash of a line is (offset, (on, off)) in widths of the line.
SHEET: dict[str, Options] = {
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.prop_cycle": rcsetup.cycler("color", [BLUE, GOLD, GREEN, PURPLE]),  # the four vectors
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "replication",
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), MUTED),
    **dict.fromkeys(("axes.labelcolor", "text.color", "xtick.labelcolor", "ytick.labelcolor"), INK),
}
"""The whole style sheet; the user's own settings of Matplotlib are not used."""


def styled() -> contextlib.AbstractContextManager[None]:
    """Return a context in which the style sheet, and nothing else, is in force.

    >>> with styled():
    ...     figure, axes = create_figure(height=3.0)
    """
    return sheets.context(SHEET, after_reset=True)


def create_figure(
    *, height: float, width: float = NARROW, **options: Options
) -> tuple[Figure, Panels]:
    """Return a figure and its axes, laid out without overlaps; `height` and `width` are inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**options)


def mark_reported(
    axes: Axes, x: float, y: float, *, size: float, edge: str = INK, gid: str | None = None
) -> None:
    """Draw the star of the paper's values at a point; its dark edge makes it visible in grey."""
    axes.plot(
        [x],
        [y],
        "*",
        color=REPORTED,
        markersize=size,
        markeredgecolor=edge,
        markeredgewidth=0.8,
        zorder=6,
        clip_on=False,
        gid=gid,
    )


def label_line(
    axes: Axes,
    *,
    x: float,
    y: float,
    text: str,
    color: str,
    offset: tuple[float, float],
    **options: Options,
) -> None:
    """Write a label beside a point of a line; a halo keeps it readable over data.

    `offset`: from the point, in typographic points.
    """
    axes.annotate(
        text,
        (x, y),
        xytext=offset,
        textcoords="offset points",
        color=color,
        va="center",
        gid=HALO,
        **options,
    )


def plot_estimates(
    axes: Axes,
    x: ArrayLike,
    rows: Sequence[Mapping[str, Any]],
    name: str,
    *,
    color: str,
    scale: float = 1.0,
    **line: Options,
) -> None:
    """Draw an estimate of each row of a model at `x`, with its interval.

    A row holds the estimate under `name`, and the interval under `name` with ``_interval``. An end
    of an interval that is None is not drawn. `scale`: a factor for both.
    """
    estimates = [scale * row[name] for row in rows]
    intervals = np.array([row[f"{name}_interval"] for row in rows], dtype=np.float64)  # (n, 2)
    low = scale * intervals[:, 0]
    high = scale * intervals[:, 1]
    axes.vlines(x, low, high, color=color, linewidth=1.0)
    axes.plot(x, estimates, color=color, **line)


def use_plain_log_ticks(axes: Axes, values: Sequence[float], *, axis: str = "x") -> None:
    """Put ticks at `values` of a logarithmic axis, and label them with plain numbers."""
    chosen = axes.xaxis if axis == "x" else axes.yaxis
    chosen.set_major_locator(FixedLocator(values))
    chosen.set_major_formatter(lambda value, _: exact(value))
    chosen.minorticks_off()
