"""Speed of recirculation and back-propagation: found, compared and judged."""

import numpy as np
import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.recording import measure_learning
from replication.experiments.speed import run as speed
from replication.simulator.changes import compute_changes
from replication.simulator.ensemble import simulate
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import Estimate
from replication.statistics.ratios import Ratios
from tests.unit.experiments.builders import list_outcomes, make_outcomes


def test_networks_learn_until_the_update_at_which_they_converge():
    shares = speed.count_learning(make_outcomes(10, 20, 30, 2000), [8, 10, 29, 30, 2000])
    assert shares == [1.0, 0.75, 0.5, 0.25, 0.25]


def test_rapid_asks_for_a_few_things_of_the_paper_and_of_larger_networks():
    outcomes = {
        "paper": make_outcomes(*[30] * 930, *[150] * 70),
        "large": make_outcomes(*[90] * 30, *[110] * 70),
    }
    judged = speed.judge_rapid(outcomes, Ratios(Estimate(1.5, 1.4, 1.6), None))
    found = list_outcomes(judged)
    assert found.pop("larger") == "contradicts"
    assert set(found.values()) == {"supports"}
    assert judged["operationalisations"]["within-100"]["value"] == 0.93
    assert judged["operationalisations"]["converge"]["value"] == 1.0


@pytest.mark.parametrize(
    ("squared", "plain", "effective"),
    [
        ([9.0, 9.5], "supports", "supports"),
        ([4.0, 4.6], "supports", "contradicts"),
        ([15.0, 21.0], "contradicts", "supports"),  # one range within the other
    ],
)
def test_best_rates_differ_if_their_ranges_do_not_overlap(squared, plain, effective):
    good = {"recirculation": [18.0, 19.0], "squared": squared, "cross-entropy": [1.5, 2.0]}
    judged = speed.judge_best_rates({name: {"good": each} for name, each in good.items()})
    found = list_outcomes(judged)
    assert (found["squared"], found["squared-effective"]) == (plain, effective)


def test_good_rates_hold_the_best_and_its_neighbour_and_leave_out_the_hopeless():
    best = Protocol(learning_rate=19.0)
    measured = speed.measure_rates(best, (2.0, 18.9, 19.0), n=100, jobs=1)
    assert measured["good"] == [18.9, 19.0]


def test_hidden_regression_is_judged_by_rate_and_by_networks():
    paper = make_outcomes(*[40] * 1000)
    judged = speed.judge_hidden_regression({
        "paper": paper,
        "slowed-without": paper,
        "no-hidden-regression": make_outcomes(*[60] * 1000),
        "no-hidden-regression-at-paper-rate": make_outcomes(*[2000] * 700, *[50] * 300),
    })  # fmt: skip
    assert list_outcomes(judged) == {
        "best-rate": "supports", "rate-of-w": "supports", "speed": "supports",
        "paper-rate": "contradicts",
    }  # fmt: skip
    assert judged["operationalisations"]["speed"]["value"] == 1.5


def test_paths_are_the_lengths_of_the_changes_summed_until_convergence():
    # Against the changes of equations 3 and 4 from the plain form, update by update.
    outcomes = simulate(PAPER, n_seeds=6, root_seed=speed.ROOT_SEED, jobs=1)
    recorded = measure_learning(
        PAPER, lambda _, weights: {"weights": weights},
        n_networks=6, root_seed=speed.ROOT_SEED, jobs=1,
    )  # fmt: skip
    paths, ratios = speed.measure_paths(recorded)
    expected, all_ratios = [], []
    for seed in np.flatnonzero(outcomes.converged):
        weights = draw_weights(PAPER, speed.ROOT_SEED, int(seed), int(seed) + 1)
        lengths = []
        for _ in range(outcomes.updates[seed]):
            change = PAPER.learning_rate * compute_changes(PAPER, weights)
            lengths.append((np.linalg.norm(change[0, :8]), np.linalg.norm(change[0, 10:18])))
            weights = weights + change
        expected.append(np.sum(lengths, axis=0))
        all_ratios += [upper / lower for lower, upper in lengths]
    order = np.argsort(outcomes.updates[outcomes.converged], kind="stable")
    np.testing.assert_allclose(paths, np.array(expected)[order], rtol=1e-6)
    np.testing.assert_allclose(np.sort(ratios), np.sort(all_ratios), rtol=1e-4)
