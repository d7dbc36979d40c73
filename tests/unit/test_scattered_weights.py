"""Weights of scattered seeds are those of the study, and bad seeds are refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from replication.errors import UsageError
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate
from replication.simulator.weights import draw_scattered_weights, draw_weights

ALL = draw_weights(PAPER, 1988, 0, 40)


@pytest.mark.parametrize(
    "seeds", [[0], [7, 8, 9], [9, 8, 7], [3, 5, 4], [0, 2, 39], [5, 5], [1, 2, 4], [6]]
)
def test_scattered_seeds_start_as_they_do_in_the_study(seeds):
    drawn = draw_scattered_weights(PAPER, 1988, np.array(seeds))
    np.testing.assert_array_equal(drawn, ALL[seeds])


@pytest.mark.parametrize("n", [1, 3])
def test_seeds_in_a_row_are_drawn_at_once(monkeypatch, n):
    asked = []

    def remember(*arguments):
        asked.append(arguments)
        return draw_weights(*arguments)

    monkeypatch.setattr("replication.simulator.weights.draw_weights", remember)
    drawn = draw_scattered_weights(PAPER, 1988, np.arange(5, 5 + n))
    assert asked == [(PAPER, 1988, 5, 5 + n)]
    np.testing.assert_array_equal(drawn, ALL[5 : 5 + n])


def test_no_seeds_are_no_weights():
    assert draw_scattered_weights(PAPER, 1988, np.empty(0, dtype=np.int64)).shape == (0, 22)


def test_seeds_out_of_their_range_are_refused_in_words():
    for root_seed in (-1, 2**63, 1.0, True, None):
        with pytest.raises(UsageError) as caught:
            draw_weights(PAPER, root_seed, 0, 1)
        assert str(caught.value) == (
            f"the root seed {root_seed} was given; allowed is a whole number from 0 to {2**63 - 1}"
        )
    for start, stop in ((-1, 2), (3, 2), (1.5, 2), (0, True), ("0", 2)):
        with pytest.raises(UsageError) as caught:
            draw_weights(PAPER, 0, start, stop)
        assert str(caught.value) == (
            f"the seeds from {start} to {stop} were given; allowed are whole numbers from 0, "
            "in ascending order"
        )


@pytest.mark.parametrize(
    "numbers", [{"n_seeds": 0}, {"n_seeds": True}, {"n_seeds": 2.0}, {"n_seeds": 2, "jobs": 0}]
)
def test_a_simulation_asks_for_whole_numbers(numbers):
    with pytest.raises(UsageError, match="allowed are whole numbers of at least 1"):
        simulate(**numbers)


def test_numbers_of_numpy_are_whole_too():
    given = simulate(n_seeds=np.int64(2), root_seed=np.uint8(7))
    assert given.updates.tolist() == simulate(n_seeds=2, root_seed=7).updates.tolist()
