"""What happens along learning: measured against literal loops, judged at the thresholds."""

import math

import numpy as np
import pytest

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments.instruments.agreement import find_events, measure_agreement
from replication.experiments.instruments.recording import Histories
from replication.experiments.learning import run as learning
from tests.unit.experiments.builders import cosine, differentiate, flatten, sum_changes

HALF = Protocol(criterion="half-squared-error")


def make_histories(updates, **values):
    """Return networks whose quantities are given one list a network, states included."""
    arrays = {name: [np.array(one, float) for one in each] for name, each in values.items()}
    return Histories(updates=np.array(updates), values=arrays)


def measure_cross_entropy(flat):
    network = RecirculationNetwork.from_weights(flat, PAPER)
    images = np.array([network.image(pattern) for pattern in network.patterns])
    return -np.sum(np.log(np.where(np.eye(4) > 0, images, 1 - images)))


@pytest.mark.parametrize("n_updates", [0, 12])
def test_measures_agree_with_the_readable_network(n_updates):
    network = RecirculationNetwork.from_seed(4)
    for _ in range(n_updates):
        network.update()
    flat = flatten(network.weights)
    measured = {k: float(x[0]) for k, x in measure_agreement(PAPER, flat[None]).items()}
    changes = flatten(sum_changes(network))
    descent = -differentiate(lambda x: RecirculationNetwork.from_weights(x, HALF).error(), flat)
    cross = -differentiate(measure_cross_entropy, flat)
    # Weights lie in the order W (0 to 8), b (8 to 10), U (10 to 18), c (18 to 22).
    for name, error, start, end in (
        ("lower", descent, 0, 8), ("lower_biases", descent, 0, 10), ("lower_cross", cross, 0, 8),
        ("upper", descent, 10, 18), ("upper_biases", descent, 10, 22),
    ):  # fmt: skip
        expected = cosine(changes[start:end], error[start:end])
        assert measured[name] == pytest.approx(expected, abs=1e-5)
    assert measured["upper_cross"] == pytest.approx(1.0, abs=1e-12)
    # Alignment of the matrices, also without the mean of each row.
    W, U = network.W, network.U.T
    assert measured["alignment"] == pytest.approx(cosine(W, U), abs=1e-12)
    away = [matrix - matrix.mean(axis=1, keepdims=True) for matrix in (W, U)]
    assert measured["centred"] == pytest.approx(cosine(*away), abs=1e-12)
    assert measured["ratio"] == pytest.approx(np.linalg.norm(U) / np.linalg.norm(W))
    # How much the slopes of the outputs vary, relative to their mean.
    images = np.array([network.image(pattern) for pattern in network.patterns])
    slopes, errors = images * (1 - images), (images - np.eye(4)) ** 2

    def vary(values, weights):
        mean = np.average(values, weights=weights)
        return math.sqrt(np.average((values - mean) ** 2, weights=weights)) / mean

    assert measured["variation"] == pytest.approx(vary(slopes, np.ones((4, 4))))
    assert measured["variation_error"] == pytest.approx(vary(slopes, errors))
    assert measured["variation_units"] == pytest.approx(vary(slopes.mean(axis=0), np.ones(4)))


@pytest.mark.parametrize(("series", "expected"), [
    ([0, 0, 0.9, 0.9, 0.9], 2),  # the window of all five has the median 0.9
    ([0.95] * 5, 2),  # the first window stands for its middle
    ([0.95, 0.95, 0, 0, 0, 0.95, 0.95], math.inf),
    ([0.95] * 4, math.inf),  # too short for a window
])  # fmt: skip
def test_events_are_first_updates_of_a_high_running_median(series, expected):
    assert find_events([np.array(series)], level=0.9, width=5).tolist() == [expected]


def test_parts_of_learning_worked_by_hand():
    # Five updates: a quarter is 5 / 4, rounded up to 2; the state after the last does not count.
    histories = make_histories([5, 0], lower=[[0.0, 0.2, 0.5, 0.6, 0.8, 9.0], [0.3]])
    assert learning.average(histories, "lower", 0.0, 0.25) == pytest.approx([0.1, 0.3])
    assert learning.average(histories, "lower", 0.75) == pytest.approx([0.7, 0.3])
    assert learning.average(histories, "lower") == pytest.approx([0.42, 0.3])


def test_ties_and_networks_that_never_align_count_against_the_order():
    high, low = [0.95] * 8, [0.1] * 8
    lower = [high, high, low, low]
    # A tie; the change alone; neither; the matrices alone, which is the order of the paper.
    histories = make_histories(
        [7] * 4, alignment=[high, low, low, high], centred=[high, low, low, high], lower=lower,
        lower_biases=lower, lower_cross=lower,
    )  # fmt: skip
    judged = learning.judge_alignment_first(histories, histories)
    results = judged["operationalisations"]
    assert results["raw-20"]["value"] == results["centred-2"]["value"] == 0.25
