"""The data of a figure as it is drawn, for readers who want to draw it again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import same_color
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, StepPatch

COLUMNS = ("panel", "x axis", "y axis", "series", "x", "y", "value")


def list_data(figures: Sequence[Figure]) -> str:
    """Return the data of a figure, or of its panels, as CSV.

    A row for each point of a line, dot, step, bar, corner of an outline or cell of a map, in the
    units of the axes; an axis of names has their numbers from 0. ``value`` is what a colour means.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    drawn = [(figure, axes) for figure in figures for axes in figure.axes]
    for k, (figure, axes) in enumerate(drawn, start=1):
        panel = axes.get_title(loc="left") or axes.get_title() or f"{k}"
        head = tuple(" ".join(t.split()) for t in (panel, axes.get_xlabel(), axes.get_ylabel()))
        for n, (artist, rows) in enumerate(_list_artists(axes), start=1):
            name = " ".join(_name(artist, figure).split()) or f"{n}"
            for x, y, *value in np.asarray(rows, dtype=float):
                numbers = [x, y, *(value or [np.nan])]
                writer.writerow([*head, name, *map(_write, numbers)])
    return text.getvalue()


def _list_artists(axes: Axes) -> Iterator[tuple[Artist | BarContainer, Any]]:
    """Yield what shows data on an axes, with rows of x, y and, in a map, a value."""
    for line in axes.lines:
        if line.get_transform().contains_branch(axes.transData):
            yield line, line.get_xydata()
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            yield patch, np.column_stack([edges, np.append(values, np.nan)])
        elif isinstance(patch, Polygon):
            yield patch, patch.get_xy()
    for bars in axes.containers:
        if isinstance(bars, BarContainer):
            is_flat = bars.orientation == "horizontal"
            boxes = [patch.get_bbox() for patch in bars.patches]
            ends = [
                (box.x1, (box.y0 + box.y1) / 2) if is_flat else ((box.x0 + box.x1) / 2, box.y1)
                for box in boxes
            ]
            yield bars, ends
    for collection in axes.collections:
        if isinstance(collection, QuadMesh):
            corners = np.asarray(collection.get_coordinates())
            middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
            cells: Any = np.ma.filled(np.ma.asarray(collection.get_array(), dtype=float), np.nan)
            yield collection, np.column_stack([middles.reshape(-1, 2), cells.ravel()])
        elif isinstance(collection, LineCollection):
            yield collection, [point for part in collection.get_segments() for point in part]
        elif collection.get_offset_transform() == axes.transData:
            yield collection, np.ma.filled(collection.get_offsets(), np.nan)


def _name(artist: Artist | BarContainer, figure: Figure) -> str:
    """Return the label of an artist, or that of a key with its colour, dash and marker."""
    label = str(artist.get_label())
    if not label.startswith("_"):
        return label
    if isinstance(artist, Line2D):
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
        for handle in (each for legend in legends if legend for each in legend.legend_handles):
            if (
                isinstance(handle, Line2D)
                and same_color(artist.get_color(), handle.get_color())
                and artist.get_linestyle() == handle.get_linestyle()
            ):
                return str(handle.get_label())
    gid = artist.get_gid() if isinstance(artist, Artist) else None
    return gid or ""


def _write(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"
