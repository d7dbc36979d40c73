"""What happens along learning: measured against literal loops, judged at the thresholds."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.claims import Verdict, load_claims
from replication.experiments.learning import run as learning
from replication.experiments.learning.figures import FIGURES
from replication.experiments.learning.following import (
    Following,
    find_events,
    follow_networks,
    measure_states,
)
from replication.report.style import styled
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights

CLAIMS = load_claims()


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return json.loads(json.dumps(learning.run(jobs=2, n_networks=40), allow_nan=False))


def make_following(updates: list[int], n_networks: int | None = None, **values: Any) -> Following:
    """Return networks whose quantities are given one list a network, states included."""
    flat = {name: np.concatenate([np.asarray(v, float) for v in each])
            for name, each in values.items()}  # fmt: skip
    return Following(n_networks=n_networks or len(updates), updates=np.array(updates), values=flat)


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def cosine(first: list[float], second: list[float]) -> float:
    product = sum(a * b for a, b in zip(first, second, strict=True))
    return product / math.sqrt(sum(a * a for a in first) * sum(b * b for b in second))


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
    measured = {name: float(x[0]) for name, x in measure_states(PAPER, np.array([flat])).items()}
    changes, descent = change_weights(flat), differentiate(flat)
    assert measured["lower"] == pytest.approx(cosine(changes[:8], descent[:8]), abs=1e-5)
    assert measured["lower_biases"] == pytest.approx(cosine(changes[:10], descent[:10]), abs=1e-5)
    assert measured["upper"] == pytest.approx(cosine(changes[10:18], descent[10:18]), abs=1e-5)
    assert measured["upper_biases"] == pytest.approx(cosine(changes[10:], descent[10:]), abs=1e-5)
    turned = [flat[10 + 2 * i + j] for j in range(2) for i in range(4)]
    assert measured["alignment"] == pytest.approx(cosine(flat[:8], turned), abs=1e-12)
    assert measured["ratio"] == pytest.approx(math.hypot(*turned) / math.hypot(*flat[:8]))
    images = [network.image(pattern) for pattern in network.patterns]
    slopes = [float(r * (1 - r)) for image in images for r in image]
    mean = sum(slopes) / 16
    spread = math.sqrt(sum((s - mean) ** 2 for s in slopes) / 16)
    assert measured["variation"] == pytest.approx(spread / mean)


def test_change_of_u_is_descent_in_the_cross_entropy() -> None:
    weights = 3 * draw_weights(PAPER, 62, 0, 50)
    np.testing.assert_allclose(measure_states(PAPER, weights)["upper_cross"], 1.0, atol=1e-12)


def test_variation_of_slopes_by_error_is_what_the_agreement_of_u_needs() -> None:
    """With hidden states at right angles the cosine for U is 1 / sqrt(1 + variation^2)."""
    # Two hidden units that are 1 for one of two patterns each, and 0 for the other.
    protocol = dataclasses.replace(PAPER, patterns=((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)))
    weights = draw_weights(protocol, 63, 0, 20)
    weights[:, :10] = [60, -60, 0, 0, -60, 60, 0, 0, 0, 0]
    measured = measure_states(protocol, weights)
    expected = 1 / np.sqrt(1 + measured["variation_error"] ** 2)
    np.testing.assert_allclose(measured["upper"], expected, rtol=1e-9)


def test_networks_are_followed_until_their_own_last_update() -> None:
    followed = follow_networks(PAPER, n_networks=30, root_seed=64, jobs=1)
    updates, converged, _ = run_networks(PAPER, draw_weights(PAPER, 64, 0, 30))
    assert sorted(followed.updates) == sorted(updates[converged])
    assert followed.starts[-1] == np.sum(followed.updates + 1) == len(followed.values["lower"])


def test_nothing_is_followed_where_nothing_converges() -> None:
    protocol = dataclasses.replace(PAPER, max_updates=1)
    followed = follow_networks(protocol, n_networks=5, root_seed=64, jobs=1)
    assert (followed.n_networks, len(followed.updates)) == (5, 0)


def test_quantities_are_taken_at_parts_and_after_updates_worked_by_hand() -> None:
    following = make_following([2, 4], lower=[[0, 1, 2], [10, 11, 12, 13, 14]])
    assert following.take_at("lower", 0.0).tolist() == [0, 10]
    assert following.take_at("lower", 0.6).tolist() == [1, 12]
    assert following.take_at("lower", 1.0).tolist() == [2, 14]
    assert following.take_after("lower", 1).tolist() == [1, 11]
    assert following.take_after("lower", 2).tolist() == [12]  # the first has ended


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
    assert find_events(iter([np.array(series)]), level=0.9, width=5).tolist() == [expected]


def test_quarters_worked_by_hand() -> None:
    # Five updates: a quarter is 5 / 4, rounded up to 2; the state after the last does not count.
    following = make_following([5], lower=[[0.0, 0.2, 0.5, 0.6, 0.8, 9.0]])
    first, last = learning.average_quarters(following)
    assert (first[0], last[0]) == pytest.approx((0.1, 0.7))


@pytest.mark.parametrize(
    ("cosines", "verdict"),
    [(0.9, Verdict.HOLDS), (0.8999, Verdict.DOES_NOT_HOLD), (0.75, Verdict.DOES_NOT_HOLD),
     (0.7499, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_upper_agreement_is_judged_at_its_thresholds(cosines: float, verdict: Verdict) -> None:
    # The last state of each network, 0 here, is followed by no update and does not count.
    values = [[cosines] * 3 + [0.0]] * 9
    following = make_following([3] * 9, upper=values, upper_biases=values, upper_cross=values)
    judged = learning.judge_upper_agreement(CLAIMS["upper-agreement"], following, following)
    assert (judged["verdict"], judged["cosine"]) == (verdict, cosines)
    assert judged["cosine_interval"] == [cosines, cosines]


@pytest.mark.parametrize(
    ("n_similar", "verdict"),
    [(4, Verdict.HOLDS), (3, Verdict.DOES_NOT_HOLD), (2, Verdict.DOES_NOT_HOLD),
     (1, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_similar_slopes_are_judged_update_by_update(n_similar: int, verdict: Verdict) -> None:
    series = [[0.25] * n_similar + [0.26] * (4 - n_similar) + [0.0]] * 3
    following = make_following([4] * 3, variation=series, variation_error=series)
    judged = learning.judge_similar_slopes(CLAIMS["similar-slopes"], following)
    assert judged["verdict"] == verdict
    assert judged["share"] == n_similar / 4
    assert judged["last_similar"] == n_similar


@pytest.mark.parametrize(
    ("share", "scale", "verdict"),
    [(0.5, 1.0, Verdict.HOLDS), (0.5, 1.2, Verdict.DOES_NOT_HOLD),
     (0.7, 1.0, Verdict.DOES_NOT_HOLD), (0.7, 1.2, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_random_at_first_needs_even_signs_and_the_spread_of_random_directions(
    share: float, scale: float, verdict: Verdict
) -> None:
    n = 2_000
    signs = np.where(np.arange(n) < share * n, 1.0, -1.0)
    # Numbers of mean 0 whose spread is exact, and as many positive ones as wanted.
    cosines = np.where(signs > 0, (1 - share), -share)
    cosines *= scale / np.sqrt(8) / np.std(cosines)
    initial = {"lower": cosines, "lower_biases": cosines}
    judged = learning.judge_random_at_first(CLAIMS["random-at-first"], initial, n_weights=8)
    assert judged["verdict"] == verdict
    assert judged["share"] == share


@pytest.mark.parametrize(
    ("last", "n_falling", "verdict"),
    [(0.8, 0, Verdict.HOLDS), (0.79, 0, Verdict.DOES_NOT_HOLD), (0.8, 30, Verdict.DOES_NOT_HOLD),
     (0.79, 30, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_agrees_later_needs_a_rise_and_a_high_end(
    last: float, n_falling: int, verdict: Verdict
) -> None:
    series = [[0.9 if k < n_falling else 0.1, 0.5, 0.5, last, 0.0] for k in range(200)]
    following = make_following([4] * 200, lower=series)
    judged = learning.judge_agrees_later(CLAIMS["agrees-later"], following, following)
    assert judged["verdict"] == verdict
    assert judged["share"] == 1 - n_falling / 200


def make_order(n_right: int, n: int = 100) -> Following:
    """Return networks in which the matrices pass first, and others in which the change does."""
    early, late = [0.95] * 12, [0.0] * 5 + [0.95] * 7
    first = [early] * n_right + [late] * (n - n_right)
    second = [late] * n_right + [early] * (n - n_right)
    return make_following([11] * n, alignment=first, lower=second, lower_biases=second)


@pytest.mark.parametrize(
    ("n_paper", "n_other", "verdict"),
    [(100, 100, Verdict.HOLDS), (100, 50, Verdict.DOES_NOT_HOLD), (90, 100,
     Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_alignment_first_is_judged_at_both_rates(
    n_paper: int, n_other: int, verdict: Verdict
) -> None:
    judged = learning.judge_alignment_first(
        CLAIMS["alignment-first"], make_order(n_paper), make_order(n_other)
    )
    assert judged["verdict"] == verdict
    assert judged["paper"]["share"] == n_paper / 100
    assert judged["other"]["share"] == n_other / 100


def test_ties_and_networks_that_never_align_count_against_the_order() -> None:
    high, low = [0.95] * 8, [0.1] * 8
    following = make_following(
        [7] * 4, alignment=[high, low, low, high], lower=[high, high, low, low],
        lower_biases=[high] * 4,
    )  # fmt: skip
    compared = learning.compare_events(following, level=0.9, width=5)
    # A tie; the change alone; neither; the matrices alone, which is the order of the paper.
    assert compared["share"] == 0.25
    assert (compared["never"], compared["unaligned"]) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("end", "ratio", "verdict"),
    [(0.9, 2.0, Verdict.HOLDS), (0.89, 2.0, Verdict.DOES_NOT_HOLD),
     (0.9, 0.5, Verdict.DOES_NOT_HOLD), (0.89, 0.5, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_symmetry_is_judged_when_the_criterion_is_met(
    end: float, ratio: float, verdict: Verdict
) -> None:
    following = make_following([1] * 100, alignment=[[0.0, end]] * 100, ratio=[[9.0, ratio]] * 100)
    judged = learning.judge_symmetry(CLAIMS["symmetry"], following, following)
    assert (judged["verdict"], judged["cosine"], judged["ratio"]) == (verdict, end, ratio)


def test_pooled_median_varies_with_the_networks_not_with_their_updates() -> None:
    generator = np.random.default_rng(1)
    lengths = np.full(60, 50)
    own = np.repeat(generator.normal(size=60), 50)  # all updates of a network are alike
    low, high = learning.bound_pooled_median(own, lengths)
    independent = generator.normal(size=3_000)
    narrow = learning.bound_pooled_median(independent, lengths)
    # The median of 60 normal numbers has the standard error 1.25 / sqrt(60) = 0.16.
    assert 0.3 < high - low < 1.2
    assert narrow[1] - narrow[0] < 0.2


def test_model_judges_the_statements_of_the_ledger(model: dict[str, Any]) -> None:
    expected = {name for name, claim in CLAIMS.items() if claim.experiment == "learning"}
    assert set(model["claims"]) == expected
    assert all(Verdict(claim["verdict"]) for claim in model["claims"].values())


def test_both_rates_start_from_the_same_networks(model: dict[str, Any]) -> None:
    starts = [model[name]["alignment"]["median"][0] for name in ("paper", "other")]
    assert model["paper"]["n_converged"] == model["other"]["n_converged"] == 40
    assert starts[0] == starts[1]


def test_figures_draw_the_medians_of_the_model(model: dict[str, Any]) -> None:
    with styled():
        figures = {name: draw(model) for name, draw in FIGURES.items()}
    drawn = {
        (number, line.get_gid()): np.asarray(line.get_ydata())
        for number, axes in enumerate(figures["learning"].axes)
        for line in axes.get_lines()
        if line.get_gid()
    }
    np.testing.assert_allclose(drawn[0, "alignment"], model["paper"]["alignment"]["median"])
    np.testing.assert_allclose(drawn[1, "lower"], model["other"]["lower"]["median"])
    steps = model["claims"]["alignment-first"]["paper"]["steps"]
    np.testing.assert_allclose(drawn[2, "agrees"], 100 * np.asarray(steps["agrees"]))
    slopes = {line.get_gid() for line in figures["slopes"].axes[0].get_lines()}
    assert {"variation", "variation_error"} <= slopes
