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


def test_series_without_a_label_is_called_by_its_gid_not_by_a_colour():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1], [2], color="red", label="first")
    axes.plot([3], [4], color="red", gid="=other")
    axes.plot([5], [6], color="red")
    # The second has no formula for a name.
    assert [row["series"] for row in read(figure)] == ["first", "'=other", "3"]
