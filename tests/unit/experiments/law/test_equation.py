"""The law of room between codes: by hand, in its limits, and against a decoder that it fits."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import optimize
from scipy.special import expit

from replication import PAPER, Protocol, UsageError
from replication.experiments.instruments import law
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


def test_time_in_a_fixed_gap_is_that_of_the_formula_in_numbers():
    # 2 (ln 9 + 8) / (eta m^2), with eta = 20 (1 - 0.75).
    assert law.find_speed(PAPER) == 5.0
    expected = 2.0 * (math.log(9.0) + 8.0) / (5.0 * 0.3**2)
    assert law.predict_reading(0.3, 5.0) == pytest.approx(expected)
    halved = dataclasses.replace(PAPER, hidden_to_visible_factor=0.5)
    assert law.predict_reading(0.3, law.find_speed(halved)) == pytest.approx(2.0 * expected)
    # With a threshold of a quarter: ln 3 + 3 - 1.
    easier = 2.0 * (math.log(3.0) + 2.0) / (5.0 * 0.3**2)
    assert law.predict_reading(0.3, 5.0, 0.25) == pytest.approx(easier)


@pytest.mark.parametrize("threshold", [0.1, 0.3])
def test_equation_in_a_fixed_gap_takes_the_time_of_its_solution_where_steps_are_small(threshold):
    gaps = np.broadcast_to(np.array([0.3, 0.5, 0.4, 0.6]), (1, 5_000, 4))
    (found,) = law.predict_learning_time(gaps, rate=0.1, threshold=threshold)
    assert found == pytest.approx(law.predict_reading(0.3, 0.1, threshold), rel=0.01)


def test_gaps_between_moments_change_evenly():
    """A history on straight lines says the same at every tenth update as at each."""
    steps = np.linspace(0.1, 0.6, 401)
    every_update = np.stack([steps, 1.2 * steps], axis=1)[np.newaxis]
    (found,) = law.predict_learning_time(every_update, rate=0.5)
    assert law.predict_learning_time(every_update[:, ::10], rate=0.5, every=10) == [found]


def test_equation_is_stepped_as_by_hand_and_the_last_code_decides():
    # One code reads at once in a gap of 1e3; the other has no gap for one update, then 2.
    gaps = np.array([[[1e3, 0.0], [1e3, 2.0], [1e3, 2.0], [1e3, 2.0]]])
    # u = 0, 0, 2, at which u m / 2 = 2 is short of ln 9 = 2.197; then 2 + 4 / (1 + e^2) is enough.
    assert law.predict_learning_time(gaps, rate=2.0).tolist() == [3.0]
    assert law.predict_learning_time(gaps[:, :3], rate=2.0).tolist() == [np.inf]


@pytest.mark.parametrize(
    ("gaps", "fields", "words"),
    [
        (np.ones((4, 4)), {}, "n_networks, n_moments, n_codes"),
        (np.full((1, 4, 4), -0.1), {}, "from 0 on"),
        (np.full((1, 4, 4), np.nan), {}, "from 0 on"),
        (np.ones((1, 4, 4)), {"rate": 0.0}, "rate = 0.0 was given"),
        (np.ones((1, 4, 4)), {"threshold": 0.5}, "threshold = 0.5 was given"),
        (np.ones((1, 4, 4)), {"every": 0}, "every = 0 was given"),
    ],
)
def test_histories_and_numbers_that_mean_nothing_are_refused(gaps, fields, words):
    with pytest.raises(UsageError, match=words):
        law.predict_learning_time(gaps, **{"rate": 1.0, **fields})


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
    speed = law.find_speed(protocol)
    assert converged
    assert law.predict_learning_time(gaps, rate=speed).tolist() == [updates]
    # With one code on each side, the balanced law is the same.
    projections = np.broadcast_to(law.project_codes(codes, np.eye(2)), (1, 400, 2, 2))
    assert law.predict_balanced_time(projections, np.eye(2), rate=speed).tolist() == [updates]


def test_law_foretells_a_decoder_of_the_paper_that_learns_alone():
    """Each pattern's codes are spread on a square, at the paper's rate; within a fifth."""
    weights = draw_weights(PAPER, 3, 0, 50)
    (W, b), _ = split_weights(PAPER, weights)
    W[...], b[...] = [[1.2, 1.2, -1.2, -1.2], [1.2, -1.2, 1.2, -1.2]], 0.0
    alone = dataclasses.replace(PAPER, frozen=("W", "b"))
    updates, _, _ = simulate_weights(alone, weights)
    side = expit(1.2) - expit(-1.2)
    assert np.median(updates) == pytest.approx(law.predict_reading(side * ROOT_2 / 2, 5.0), rel=0.2)


def test_balanced_law_is_a_decoder_with_all_codes_on_one_line():
    """Six codes on a line, targets that part them: the decoder itself, with its bias balanced."""
    places = np.array([-1.3, -1.0, -0.2, 0.4, 0.7, 1.5])
    targets = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    projections = law.project_codes(places[:, np.newaxis], targets)
    assert projections == pytest.approx((places - 0.1)[np.newaxis])
    assert law.find_margins(projections, targets) == pytest.approx([0.6])
    history = np.broadcast_to(projections, (1, 3_000, 1, 6))
    (found,) = law.predict_balanced_time(history, targets, rate=0.2)

    # A logistic regression whose bias is solved for at each of its updates.
    def sum_errors(bias, inputs):
        return np.sum(targets[:, 0] - expit(inputs + bias))

    length, updates = 0.0, 0
    while True:
        inputs = length * places
        bias = optimize.brentq(sum_errors, -60.0, 60.0, args=(inputs,))
        errors = targets[:, 0] - expit(inputs + bias)
        if np.abs(errors).max() < 0.1:
            break
        length, updates = length + 0.2 * errors @ places, updates + 1
    assert found == updates


def test_margins_of_one_hot_targets_are_gaps():
    codes = np.random.default_rng(3).random((40, 6, 3))
    targets = np.eye(6)
    margins = law.find_margins(law.project_codes(codes, targets), targets)
    assert margins == pytest.approx(law.measure_gaps(codes), abs=1e-6)
