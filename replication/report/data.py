"""The data of a figure as it is drawn, for readers who want to draw it again."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, StepPatch

from replication.comparison.text import to_cell


def list_data(figures: Sequence[Figure]) -> str:
    """Return the data of a figure, or of its panels, as CSV.

    A row for each point of a line, dot, step, bar, corner of an outline or cell of a map, in
    the units of the axes; an axis of names has their numbers from 0. A series is called by its
    label, or by its gid where the key names it otherwise. ``value`` is what a colour means.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("panel", "x axis", "y axis", "series", "x", "y", "value"))
    drawn = [axes for figure in figures for axes in figure.axes]
    for k, axes in enumerate(drawn, start=1):
        panel = axes.get_title(loc="left") or axes.get_title() or f"{k}"
        head = tuple(" ".join(t.split()) for t in (panel, axes.get_xlabel(), axes.get_ylabel()))
        for n, (artist, rows) in enumerate(_list_artists(axes), start=1):
            name = " ".join(_name(artist).split()) or f"{n}"
            names = [to_cell(text) for text in (*head, name)]
            for point in np.asarray(rows, dtype=float):
                numbers = ["" if np.isnan(one) else f"{one:.6g}" for one in point]
                writer.writerow([*names, *numbers, *[""] * (3 - len(numbers))])
    return text.getvalue()


def _list_artists(axes: Axes) -> Iterator[tuple[Artist | BarContainer, Any]]:
    """Yield what shows data on an axes, with rows of x, y and, in a map, a value."""
    # Lines and dots; those that mark a value across all axes are no data.
    for line in axes.lines:
        if line.get_transform().contains_branch(axes.transData):
            yield line, line.get_xydata()
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            yield patch, np.column_stack([edges, np.append(values, np.nan)])
        elif isinstance(patch, Polygon | PathPatch):
            yield patch, np.concatenate([np.empty((0, 2)), *patch.get_path().to_polygons()])
    # Bars are their ends.
    for bars in axes.containers:
        if isinstance(bars, BarContainer) and bars.patches:
            is_flat = bars.orientation == "horizontal"
            boxes = np.array([patch.get_bbox().get_points() for patch in bars.patches])  # (n, 2, 2)
            ends, middles = boxes[:, 1], boxes.mean(axis=1)
            yield bars, np.where([is_flat, not is_flat], ends, middles)
    # Maps have a value in each cell.
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


def _name(artist: Artist | BarContainer) -> str:
    """Return the label of an artist, or its gid if it is not meant for a key."""
    label = str(artist.get_label())
    if not label.startswith("_"):
        return label
    return (artist.get_gid() or "") if isinstance(artist, Artist) else ""
