"""The law of room between codes: by hand, in its limits, and against a decoder that it fits."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit

from replication import PAPER, Protocol
from replication.experiments.mechanism import law
from replication.simulator.rule.weights import draw_weights, split_weights
from replication.simulator.running.engine import evaluate_networks
from replication.simulator.running.ensemble import simulate_weights

ROOT_2, ROOT_3, ROOT_5 = math.sqrt(2.0), math.sqrt(3.0), math.sqrt(5.0)


@pytest.mark.parametrize(("codes", "gaps"), [
    # A square: each corner is half a diagonal from the diagonal of its neighbours.
    ([[0, 0], [1, 0], [1, 1], [0, 1]], [ROOT_2 / 2] * 4),
    # A rectangle of 1 by 2, whose corners have the height of its right-angled triangle.
    ([[0, 0], [2, 0], [2, 1], [0, 1]], [2 / ROOT_5] * 4),
    # A triangle with a fourth code inside, to which all corners are nearest.
    ([[0, 0], [4, 0], [0, 4], [1, 1]], [ROOT_2, math.hypot(3, 1), math.hypot(1, 3), 0.0]),
    # On a side, at a corner, and on one line, there is no room.
    ([[0, 0], [2, 0], [0, 2], [1, 1]], [ROOT_2, ROOT_2, ROOT_2, 0.0]),
    ([[0, 0], [0, 0], [1, 0], [0, 1]], [0.0, 0.0, 1.0, 1.0]),
    ([[0, 0], [1, 0], [2, 0], [3, 0]], [1.0, 0.0, 0.0, 1.0]),
])  # fmt: skip
def test_gaps_are_distances_from_the_hull_of_the_others_by_hand(codes, gaps):
    given = np.array(codes, dtype=np.float64)
    assert law.measure_gaps(given) == pytest.approx(gaps, abs=1e-12)
    # In a space of three dimensions the same codes are measured by another way.
    lifted = np.pad(given, ((0, 0), (0, 1)), constant_values=0.3)
    assert law.measure_gaps(lifted) == pytest.approx(gaps, abs=1e-7)


def test_gaps_of_a_cube_are_the_heights_of_its_corners():
    corners = np.array([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)], dtype=np.float64)
    # The three neighbours of a corner lie in a plane, a third of the diagonal away.
    assert law.measure_gaps(corners) == pytest.approx([ROOT_3 / 3] * 8)


def test_both_ways_to_measure_agree_on_any_four_codes():
    codes = np.random.default_rng(5).random((300, 4, 2))
    by_triangle = law.measure_gaps(codes)
    by_hull = np.stack(
        [law.measure_from_hull(codes[:, k], np.delete(codes, k, axis=1)) for k in range(4)], axis=1
    )
    assert by_triangle == pytest.approx(by_hull, abs=1e-7)
    assert 0.05 < np.mean(by_triangle == 0.0) < 0.3, "some lie inside"


def test_gaps_move_and_grow_with_the_codes():
    generator = np.random.default_rng(7)
    codes = generator.random((50, 4, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    gaps = law.measure_gaps(codes)
    assert law.measure_gaps(codes @ turn + 2.0) == pytest.approx(gaps)
    assert law.measure_gaps(3.0 * codes) == pytest.approx(3.0 * gaps)
    assert law.measure_gaps(codes[:, [2, 0, 3, 1]]) == pytest.approx(gaps[:, [2, 0, 3, 1]])


def test_time_in_a_fixed_gap_is_that_of_the_paper_in_numbers():
    # 2 (ln 9 + 8) / (eta m^2), with eta = 20 (1 - 0.75).
    expected = 2.0 * (math.log(9.0) + 8.0) / (5.0 * 0.3**2)
    assert law.predict_reading(0.3, PAPER) == pytest.approx(expected)
    halved = dataclasses.replace(PAPER, hidden_to_visible_factor=0.5)
    assert law.predict_reading(0.3, halved) == pytest.approx(2.0 * expected)
    easier = dataclasses.replace(PAPER, threshold=0.25)  # ln 3 + 3 - 1
    assert law.predict_reading(0.3, easier) == pytest.approx(
        2.0 * (math.log(3.0) + 2.0) / (5.0 * 0.3**2)
    )


@pytest.mark.parametrize("threshold", [0.1, 0.3])
def test_equation_in_a_fixed_gap_takes_the_time_of_its_solution_where_steps_are_small(threshold):
    protocol = Protocol(learning_rate=0.4, threshold=threshold)
    gaps = np.broadcast_to(np.array([0.3, 0.5, 0.4, 0.6]), (1, 5_000, 4))
    (found,) = law.predict_learning(gaps, protocol)
    assert found == pytest.approx(law.predict_reading(0.3, protocol), rel=0.01)
    # Longer steps through the same history come to about the same.
    (rough,) = law.predict_learning(gaps[:, ::10], protocol, every=10)
    assert rough == pytest.approx(found, rel=0.02)


def test_equation_is_stepped_as_by_hand_and_the_last_code_decides():
    # One code reads at once in a gap of 1e3; the other has no gap for one update, then 2.
    gaps = np.array([[[1e3, 0.0], [1e3, 2.0], [1e3, 2.0], [1e3, 2.0]]])
    protocol = Protocol(learning_rate=4.0, regression=0.5)  # eta 2
    # u = 0, 0, 2, at which u m / 2 = 2 is short of ln 9 = 2.197; then 2 + 4 / (1 + e^2) is enough.
    assert law.predict_learning(gaps, protocol).tolist() == [3.0]
    assert law.predict_learning(gaps[:, :3], protocol).tolist() == [np.inf]


@pytest.mark.parametrize("size", [0.3, 1.0])
def test_law_is_exact_where_two_codes_lie_opposite_each_other(size):
    """Two one-hot vectors, one hidden unit from -1 to 1: its decoder is the equation."""
    protocol = Protocol(
        group_sizes=(2, 1), hidden_function="tanh", learning_rate=2.0, frozen=("W", "b")
    )
    weights = np.zeros((1, protocol.n_weights))
    split_weights(protocol, weights)[0][0][...] = [[size, -size]]
    (updates,), (converged,), _ = simulate_weights(protocol, weights)
    codes = evaluate_networks(protocol, weights).hidden[0]
    gaps = np.broadcast_to(law.measure_gaps(codes), (1, 400, 2))
    assert converged
    assert law.predict_learning(gaps, protocol).tolist() == [updates]


def test_law_foretells_a_decoder_of_the_paper_that_learns_alone():
    """Each pattern's codes are spread on a square, at the paper's rate; within a fifth."""
    weights = draw_weights(PAPER, 3, 0, 50)
    (W, b), _ = split_weights(PAPER, weights)
    W[...], b[...] = [[1.2, 1.2, -1.2, -1.2], [1.2, -1.2, 1.2, -1.2]], 0.0
    alone = dataclasses.replace(PAPER, frozen=("W", "b"))
    updates, _, _ = simulate_weights(alone, weights)
    side = expit(1.2) - expit(-1.2)
    assert np.median(updates) == pytest.approx(
        law.predict_reading(side * ROOT_2 / 2, PAPER), rel=0.2
    )
