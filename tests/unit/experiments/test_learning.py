"""What happens along learning: measured against literal loops, judged at the thresholds."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.agreement import find_events, measure_agreement
from replication.experiments.learning import run as learning
from replication.experiments.learning.figures import FIGURES, STYLES
from replication.experiments.mechanism.figures import TURNING
from replication.experiments.recording import Histories
from replication.report.style import styled
from replication.simulator.weights import draw_weights
from tests.unit.experiments.builders import cosine, run_small, sigma


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return run_small(learning, 40)


def make_histories(updates: list[int], **values: Any) -> Histories:
    """Return networks whose quantities are given one list a network, states included."""
    flat = {name: np.concatenate([np.asarray(v, float) for v in each])
            for name, each in values.items()}  # fmt: skip
    return Histories(updates=np.array(updates), values=flat)


def total_error(flat: list[float]) -> float:
    """Return E of equation 7's text with zero regression, over all patterns, in a literal loop."""
    W, b, U, c = flat[:8], flat[8:10], flat[10:18], flat[18:]
    error = 0.0
    for p in range(4):
        h = [sigma(W[4 * j + p] + b[j]) for j in range(2)]
        r = [sigma(sum(U[2 * i + j] * h[j] for j in range(2)) + c[i]) for i in range(4)]
        error += sum((r[i] - (i == p)) ** 2 for i in range(4)) / 2
    return error


def change_weights(flat: list[float]) -> list[float]:
    """Return the changes of equations 3 and 4 at a rate of 1, in a literal loop."""
    W, b, U, c = flat[:8], flat[8:10], flat[10:18], flat[18:]
    changes = [0.0] * 22
    for p in range(4):
        v0 = [float(i == p) for i in range(4)]
        h1 = [sigma(sum(W[4 * j + i] * v0[i] for i in range(4)) + b[j]) for j in range(2)]
        r2 = [sigma(sum(U[2 * i + j] * h1[j] for j in range(2)) + c[i]) for i in range(4)]
        v2 = [0.75 * v0[i] + 0.25 * r2[i] for i in range(4)]
        arriving = [sigma(sum(W[4 * j + i] * v2[i] for i in range(4)) + b[j]) for j in range(2)]
        h3 = [0.75 * h1[j] + 0.25 * arriving[j] for j in range(2)]
        for j in range(2):
            for i in range(4):
                changes[4 * j + i] += v2[i] * (h1[j] - h3[j])
                changes[10 + 2 * i + j] += h1[j] * (v0[i] - v2[i])
            changes[8 + j] += h1[j] - h3[j]
        for i in range(4):
            changes[18 + i] += v0[i] - v2[i]
    return changes


def differentiate(flat: list[float]) -> list[float]:
    """Return minus the gradient by central differences."""
    step, slopes = 1e-6, []
    for k in range(22):
        ends = [[x + sign * step * (k == m) for m, x in enumerate(flat)] for sign in (1, -1)]
        slopes.append(-(total_error(ends[0]) - total_error(ends[1])) / (2 * step))
    return slopes


@pytest.mark.parametrize("n_updates", [0, 1, 12])
def test_measures_agree_with_a_literal_loop(n_updates: int) -> None:
    network = RecirculationNetwork.from_seed(4)
    for _ in range(n_updates):
        network.update()
    flat = [float(x) for part in network.weights for x in part.ravel()]
    measured = {k: float(x[0]) for k, x in measure_agreement(PAPER, np.array([flat])).items()}
    changes, descent = change_weights(flat), differentiate(flat)
    for name, start, end in (
        ("lower", 0, 8), ("lower_biases", 0, 10), ("upper", 10, 18), ("upper_biases", 10, 22),
    ):  # fmt: skip
        expected = cosine(changes[start:end], descent[start:end])
        assert measured[name] == pytest.approx(expected, abs=1e-5)
    forward = [flat[:4], flat[4:8]]
    backward = [[flat[10 + 2 * i + j] for i in range(4)] for j in range(2)]
    assert measured["alignment"] == pytest.approx(cosine(forward, backward), abs=1e-12)
    away = [[x - sum(row) / 4 for x in row] for row in (*forward, *backward)]
    assert measured["centred"] == pytest.approx(cosine(away[:2], away[2:]), abs=1e-12)
    pairs = list(zip(forward, backward, strict=True))
    assert measured["unit"] == pytest.approx(min(cosine(f, b) for f, b in pairs), abs=1e-12)
    lengths = [math.hypot(*b) / math.hypot(*f) for f, b in pairs]
    assert measured["unit_ratio"] == pytest.approx(min(lengths))
    assert measured["ratio"] == pytest.approx(math.hypot(*flat[10:18]) / math.hypot(*flat[:8]))


def test_variations_agree_with_a_literal_loop() -> None:
    network = RecirculationNetwork.from_seed(5)
    for _ in range(9):
        network.update()
    flat = np.concatenate([part.ravel() for part in network.weights])
    measured = {k: float(x[0]) for k, x in measure_agreement(PAPER, flat[None]).items()}
    images = [network.image(pattern) for pattern in network.patterns]
    slopes = [[float(r * (1 - r)) for r in image] for image in images]
    all_slopes = [slope for row in slopes for slope in row]
    errors = [
        float((r - (i == p)) ** 2) for p, image in enumerate(images) for i, r in enumerate(image)
    ]

    def vary(values: list[float], weights: list[float]) -> float:
        pairs = list(zip(values, weights, strict=True))
        mean = sum(w * x for x, w in pairs) / sum(weights)
        return math.sqrt(sum(w * (x - mean) ** 2 for x, w in pairs) / sum(weights)) / mean

    assert measured["variation"] == pytest.approx(vary(all_slopes, [1.0] * 16))
    assert measured["variation_error"] == pytest.approx(vary(all_slopes, errors))
    of_units = [sum(row[i] for row in slopes) / 4 for i in range(4)]
    assert measured["variation_units"] == pytest.approx(vary(of_units, [1.0] * 4))


def test_change_of_u_is_descent_in_the_cross_entropy() -> None:
    weights = 3 * draw_weights(PAPER, 62, 0, 50)
    np.testing.assert_allclose(measure_agreement(PAPER, weights)["upper_cross"], 1.0, atol=1e-12)


def test_variation_of_slopes_by_error_is_what_the_agreement_of_u_needs() -> None:
    """With hidden states at right angles the cosine for U is 1 / sqrt(1 + variation^2)."""
    # Two hidden units that are 1 for one of two patterns each, and 0 for the other.
    protocol = dataclasses.replace(PAPER, patterns=((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)))
    weights = draw_weights(protocol, 63, 0, 20)
    weights[:, :10] = [60, -60, 0, 0, -60, 60, 0, 0, 0, 0]
    measured = measure_agreement(protocol, weights)
    expected = 1 / np.sqrt(1 + measured["variation_error"] ** 2)
    np.testing.assert_allclose(measured["upper"], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([0, 0, 0.9, 0.9, 0.9], 2),  # the window of all five has the median 0.9
        ([0.95] * 5, 2),  # the first window stands for its middle
        ([0.95, 0.95, 0, 0, 0, 0.95, 0.95], math.inf),
        ([0, 0, 0.95, 0, 0.95, 0.95, 0], 3),
        ([0.95] * 4, math.inf),  # too short for a window
    ],
)
def test_events_are_first_updates_of_a_high_running_median(
    series: list[float], expected: float
) -> None:
    assert find_events([np.array(series)], level=0.9, width=5).tolist() == [expected]


def test_parts_of_learning_worked_by_hand() -> None:
    # Five updates: a quarter is 5 / 4, rounded up to 2; the state after the last does not count.
    histories = make_histories([5, 0], lower=[[0.0, 0.2, 0.5, 0.6, 0.8, 9.0], [0.3]])
    assert learning.average(histories, "lower", 0.0, 0.25) == pytest.approx([0.1, 0.3])
    assert learning.average(histories, "lower", 0.75) == pytest.approx([0.7, 0.3])
    assert learning.average(histories, "lower") == pytest.approx([0.42, 0.3])


def test_spread_of_random_directions_is_1() -> None:
    directions = np.random.default_rng(3).normal(size=(20_000, 8))
    cosines = directions[:, 0] / np.linalg.norm(directions, axis=1)
    assert learning.relate_spread(cosines, 8) == pytest.approx(1.0, abs=0.02)


def test_ties_and_networks_that_never_align_count_against_the_order() -> None:
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
    assert results["both-20"]["value"] == 0.0  # only the tie has both
    assert results["then-2"]["value"] == pytest.approx((0.95 + 0.1) / 2)


def test_order_at_a_rate_agrees_with_the_histories_while_none_has_converged(
    model: dict[str, Any],
) -> None:
    assert [order["learning_rate"] for order in model["orders"]] == list(learning.RATES)
    slow = next(order for order in model["orders"] if order["learning_rate"] == 2.0)
    measured = model["claims"]["alignment-first"]["operationalisations"]
    for name in ("raw", "centred"):  # half of the same networks
        assert abs(slow[name]["share"] - measured[f"{name}-2"]["value"]) < 0.25


def test_figure_draws_the_medians_and_shares_of_the_model(model: dict[str, Any]) -> None:
    with styled():
        axes = FIGURES["learning"](model).axes
    drawn = {
        (number, line.get_gid()): np.asarray(line.get_ydata())
        for number, each in enumerate(axes)
        for line in each.get_lines()
        if line.get_gid()
    }
    np.testing.assert_allclose(drawn[1, "alignment"], model["paper"]["alignment"])
    np.testing.assert_allclose(drawn[0, "lower"], model["slow"]["lower"])
    shares = [100 * order["centred"]["share"] for order in model["orders"]]
    np.testing.assert_allclose(drawn[2, "centred"], shares)


def test_change_and_descent_look_alike_in_both_figures_that_show_them() -> None:
    color, dash, label = STYLES["lower"]
    assert TURNING["change_descent"] == (color, dash, "", label)
