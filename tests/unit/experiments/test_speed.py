import json

import numpy as np
import pytest

from replication.claims import Verdict, load_claims
from replication.experiments.search import SEARCH_OFFSET, Search
from replication.experiments.speed import run as speed
from replication.experiments.speed.figures import FIGURES
from replication.protocol import PAPER, Protocol
from replication.report.style import styled
from replication.simulator.changes import compute_changes
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(speed.run(jobs=1, n_networks=60)))


def make_outcomes(n_fast, n_slow):
    updates = np.repeat(np.array([100, 101], np.int32), [n_fast, n_slow])
    return Outcomes(0, updates, np.ones(len(updates), np.bool_))


def make_factor(factor, change):
    return {"factor": factor, "change": change, "change_interval": [change - 0.2, change + 0.2]}


def test_model_judges_the_statements_of_the_ledger(model):
    expected = {name for name, claim in load_claims().items() if claim.experiment == "speed"}
    assert set(model["claims"]) == expected
    assert all(Verdict(claim["verdict"]) for claim in model["claims"].values())


def test_settings_are_searched_for_on_other_networks():
    seeds = draw_weights(PAPER, speed.ROOT_SEED, 0, 50)
    searched = draw_weights(PAPER, speed.ROOT_SEED + SEARCH_OFFSET, 0, 50)
    assert not np.isin(searched, seeds).any()


def test_each_rule_is_compared_at_its_own_best_rate(model):
    for rule in ("recirculation", "back_propagation"):
        found = model["searches"][rule]
        assert model["procedures"][rule]["learning_rate"] == found["best"]["learning_rate"]
        assert found["best_mean"] == min(found["means"])
    assert model["procedures"]["paper"]["learning_rate"] == 20.0


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_from_the_model_alone(model, name):
    with styled():
        panels = FIGURES[name](model)
    assert all(panel.axes[0].get_lines() for panel in panels)


@pytest.mark.parametrize(
    ("n_fast", "verdict"),
    [
        (930, Verdict.HOLDS),  # 91.2 % is the lower end
        (905, Verdict.TOO_FEW),  # 88.5 to 92.2 %
        (870, Verdict.DOES_NOT_HOLD),  # 89.0 % is the upper end
    ],
)
def test_rapid_is_judged_by_the_lower_end_of_the_share(n_fast, verdict):
    judged = speed.judge_rapid(make_outcomes(n_fast, 1000 - n_fast))
    assert judged["share"] == n_fast / 1000
    assert judged["verdict"] == verdict


@pytest.mark.parametrize(
    ("means", "medians", "verdict"),
    [
        ([0.5, 2.0], [1.0, 1.1], Verdict.HOLDS),
        ([0.5, 2.01], [1.0, 1.1], Verdict.DOES_NOT_HOLD),
        ([1.0, 1.5], [0.49, 0.9], Verdict.DOES_NOT_HOLD),
        ([2.1, 2.2], [1.9, 2.1], Verdict.DOES_NOT_HOLD),
    ],
)
def test_comparable_needs_both_ratios_within_the_factor(means, medians, verdict):
    pair = {"mean_ratio_interval": means, "median_ratio_interval": medians}
    assert speed.judge_comparable(pair)["verdict"] == verdict


@pytest.mark.parametrize(
    ("ones", "others", "verdict"),
    [
        ([18.0, 19.0], [9.0, 9.5], Verdict.HOLDS),
        ([9.0, 9.5], [18.0, 19.0], Verdict.HOLDS),
        ([18.0, 19.0], [17.0, 18.0], Verdict.DOES_NOT_HOLD),
        (
            [15.0, 19.0],
            [17.0],
            Verdict.DOES_NOT_HOLD,
        ),  # no rate in common, but one range in another
    ],
)
def test_best_rates_differ_if_their_ranges_do_not_overlap(ones, others, verdict):
    rates = {"recirculation": {"not_worse": ones}, "back_propagation": {"not_worse": others}}
    assert speed.judge_best_rates(rates, n=10)["verdict"] == verdict


def test_rates_not_told_apart_hold_the_best_and_leave_out_the_hopeless():
    search = Search(
        grid={"learning_rate": (2.0, 18.0, 19.0)},
        means=np.zeros(3),
        best=Protocol(learning_rate=19.0),
        edges=(),
        n_networks=1,
    )
    measured = speed.measure_rates(search, n=300, jobs=1)
    assert 19.0 in measured["not_worse"]
    assert 2.0 not in measured["not_worse"]


@pytest.mark.parametrize(
    ("n_shorter", "change", "verdict"),
    [
        (100, -1.0, Verdict.HOLDS),
        (100, 1.0, Verdict.DOES_NOT_HOLD),
        (100, 0.0, Verdict.DOES_NOT_HOLD),
        (97, -1.0, Verdict.DOES_NOT_HOLD),  # the lower end of 97 % is 91.5 %
        (97, 1.0, Verdict.DOES_NOT_HOLD),
    ],
)
def test_slower_half_has_two_halves(n_shorter, change, verdict):
    paths = np.array([[1.0, 4.0]] * n_shorter + [[4.0, 1.0]] * (100 - n_shorter))
    factors = {
        "recirculation": [make_factor(4.0, 5.0)],
        "back_propagation": [make_factor(0.25, change), make_factor(0.5, -9.0)],
    }
    judged = speed.judge_slower_half(paths, factors)
    assert judged["verdict"] == verdict
    assert judged["path_ratio"] == 4.0
    assert judged["restored"]["change"] == pytest.approx(5.0)


def test_factors_are_compared_with_equal_rates_at_each_ones_best_rate(model):
    for rule in ("recirculation", "back_propagation"):
        entries = model["claims"]["slower-half"]["factors"][rule]
        assert [entry["factor"] for entry in entries] == [0.25, 0.5, 1.0, 2.0, 4.0]
        assert entries[2]["mean"] == model["procedures"][rule]["mean"]
        for entry in entries:
            assert entry["change"] == pytest.approx(entry["mean"] - entries[2]["mean"])


def test_paths_are_the_lengths_of_the_changes_summed_until_convergence():
    # Against the changes of equations 3 and 4 from the plain NumPy form, update by update.
    outcomes = simulate(PAPER, n_seeds=6, root_seed=speed.ROOT_SEED, jobs=1)
    paths = speed.measure_paths(PAPER, outcomes, n=6)
    expected = []
    for seed in np.flatnonzero(outcomes.converged):
        weights = draw_weights(PAPER, speed.ROOT_SEED, int(seed), int(seed) + 1)
        lengths = np.zeros(2)
        for _ in range(outcomes.updates[seed]):
            change = PAPER.learning_rate * compute_changes(PAPER, weights)
            lengths += np.linalg.norm(change[0, :8]), np.linalg.norm(change[0, 10:18])
            weights = weights + change
        expected.append(lengths)
    order = np.argsort(outcomes.updates[outcomes.converged], kind="stable")
    np.testing.assert_allclose(paths, np.array(expected)[order], rtol=1e-6)


def test_networks_without_a_path_are_left_out():
    updates = np.array([0, 30, 2000], np.int32)
    outcomes = Outcomes(0, updates, np.array([True, True, False]))
    assert len(speed.measure_paths(PAPER, outcomes, n=3)) == 1
    none = Outcomes(0, updates[2:], np.array([False]))
    assert speed.measure_paths(PAPER, none, n=1).shape == (0, 2)
