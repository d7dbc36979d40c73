"""The data of figures: what is drawn, with the names of axes and series."""

import csv
import io

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from replication.report.save import list_data


def read(figure):
    return list(csv.DictReader(io.StringIO(list_data([figure]))))


def test_lines_dots_bars_steps_and_maps_are_listed_with_their_axes():
    figure = Figure()
    axes = figure.subplots()
    axes.set(title="(a) All", xlabel="updates\nso far", ylabel="error")
    axes.plot([1, 2], [3.25, np.nan], label="line")
    axes.plot([1], [2], label="aside", transform=Affine2D().scale(2, 1) + axes.transData)
    axes.scatter([5], [6], label="dots")
    axes.bar([1], [7], width=0.5, label="bars")
    axes.stairs([8, 9], [0, 1, 2], label="steps")
    axes.pcolormesh([0, 2], [0, 4], [[10.0]], label="map")
    axes.axhline(0.1)  # is no data
    rows = read(figure)
    assert list(rows[0]) == ["panel", "x axis", "y axis", "series", "x", "y", "value"]
    assert {(row["panel"], row["x axis"], row["y axis"]) for row in rows} == {
        ("(a) All", "updates so far", "error")
    }
    found = [(row["series"], row["x"], row["y"], row["value"]) for row in rows]
    assert found == [
        ("line", "1", "3.25", ""), ("line", "2", "", ""), ("aside", "1", "2", ""),
        ("steps", "0", "8", ""), ("steps", "1", "9", ""), ("steps", "2", "", ""),
        ("bars", "1", "7", ""), ("dots", "5", "6", ""),
        ("map", "1", "2", "10"),
    ]  # fmt: skip


def test_flat_bars_areas_and_groups_of_lines_are_listed_too():
    figure = Figure()
    axes = figure.subplots()
    axes.set_title("in the middle")
    axes.barh([1, 2], [7, 9], height=0.5, label="flat")
    axes.fill([0, 1, 1], [0, 0, 1], label="area")
    axes.vlines([3, 4], [1, 2], [5, 6], label="lines")
    figure.add_axes([0.7, 0.7, 0.1, 0.1]).plot([1], [2])
    rows = read(figure)
    assert [row["panel"] for row in rows] == ["in the middle"] * (len(rows) - 1) + ["2"]
    found = {}
    for row in rows:
        found.setdefault(row["series"], []).append((row["x"], row["y"]))
    # A bar is its end, at half of its width; an area comes back to where it began.
    assert found["flat"] == [("7", "1"), ("9", "2")]
    assert found["area"] == [("0", "0"), ("1", "0"), ("1", "1"), ("0", "0")]
    assert found["lines"] == [("3", "1"), ("3", "5"), ("4", "2"), ("4", "6")]


def test_cells_of_a_map_are_listed_row_by_row_at_their_middles():
    figure = Figure()
    figure.subplots().pcolormesh([0, 2, 6], [0, 4, 10], [[1.0, 2.0], [3.0, np.nan]], label="map")
    found = [(row["x"], row["y"], row["value"]) for row in read(figure)]
    assert found == [("1", "2", "1"), ("4", "2", "2"), ("1", "7", "3"), ("4", "7", "")]


def test_series_without_a_label_is_called_by_its_gid_not_by_a_colour():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1], [2], color="red", label="first")
    axes.plot([3], [4], color="red", gid="=other")
    axes.plot([5], [6], color="red")
    # The second has no formula for a name.
    assert [row["series"] for row in read(figure)] == ["first", "'=other", "3"]
