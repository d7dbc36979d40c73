"""The hidden plane of a network that learns."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path

from replication import Protocol, UsageError, trace
from replication.experiments.live.plane import plot_planes


def test_the_picture_shows_where_each_visible_unit_cuts_the_codes():
    """On its line a unit reconstructs 1/2, more for dots in its shade; without a line, no shade."""
    traced = trace(Protocol(learning_rate=5.0), seed=0)
    frames = np.array(plot_planes(traced, Figure().subplots(2, 3).ravel()).axes)
    updates = [int(axes.get_title().split()[0]) for axes in frames.flat]
    assert updates == [0, 6, 23, 51, 91, 142] == sorted({*updates, 0, traced.updates})
    _, _, U, c = traced.matrices()
    n_cuts = 0
    for t, axes in zip(updates, frames.flat, strict=True):
        artists = {artist.get_label(): artist for artist in (*axes.lines, *axes.patches)}
        for k in range(4):
            dot = np.ravel(artists[f"dot {k + 1}"].get_xydata())
            np.testing.assert_array_equal(dot, traced.hidden[0][t, k])
            # On the line the total input of the unit is 0.
            on_line = artists[f"line {k + 1}"].get_xydata()
            np.testing.assert_allclose(on_line @ U[t, k] + c[t, k], 0.0, atol=1e-12)
            n_cuts += len(on_line) == 2
            # Dots of patterns for which the unit is more on than off lie in its shade.
            side = Path(artists[f"side {k + 1}"].get_xy())
            is_on = (traced.reconstructions[t, :, k] > 0.5) & (len(on_line) == 2)
            np.testing.assert_array_equal(side.contains_points(traced.hidden[0][t]), is_on)
    assert n_cuts >= 15


def test_the_picture_shows_moments_from_first_to_last():
    traced, axes = trace(seed=3), Figure().subplots()
    plot_planes(traced, [axes])
    assert axes.get_title() == f"{traced.updates} updates, error {traced.errors[-1]:.3f}"
    # More hidden units than a plane has axes.
    with pytest.raises(UsageError, match="a plane needs two hidden units"):
        plot_planes(trace(Protocol(group_sizes=(8, 3)), seed=3, n_updates=4))


def test_a_network_is_drawn_at_six_moments_from_the_first_update_to_the_last():
    traced = trace(seed=3)
    titles = [axes.get_title() for axes in plot_planes(traced).axes]
    moments = [int(title.split()[0]) for title in titles]
    assert (len(moments), moments[0], moments[-1]) == (6, 0, traced.updates)
    assert moments == sorted(set(moments))
    assert titles[-1].endswith(f"error {traced.errors[-1]:.3f}")
