"""Speed of recirculation and back-propagation: found, compared and judged."""

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
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights

CLAIMS = {name: claim for name, claim in load_claims().items() if claim.experiment == "speed"}


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(speed.run(jobs=1, n_networks=60)))


def list_outcomes(judged):
    return {name: each["outcome"] for name, each in judged["operationalisations"].items()}


def make_outcomes(*updates, cap=2000):
    array = np.array(updates, np.int32)
    return Outcomes(0, array, array < cap)


def test_model_judges_the_statements_of_the_ledger(model):
    assert set(model["claims"]) == set(CLAIMS)
    assert all(Verdict(claim["verdict"]) for claim in model["claims"].values())


def test_settings_are_searched_for_on_other_networks():
    seeds = draw_weights(PAPER, speed.ROOT_SEED, 0, 50)
    searched = draw_weights(PAPER, speed.ROOT_SEED + SEARCH_OFFSET, 0, 50)
    assert not np.isin(searched, seeds).any()


def test_each_rule_is_compared_at_its_own_best_settings(model):
    for rule in speed.RULES:
        for name in (rule, f"{rule}_momentum"):
            found = model["searches"][name]
            assert model["procedures"][name]["learning_rate"] == found["best"]["learning_rate"]
            assert found["best"]["learning_rate"] in found["grid"]["learning_rate"]
    assert model["procedures"]["paper"]["learning_rate"] == 20.0


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_from_the_model_alone(model, name):
    with styled():
        panels = FIGURES[name](model)
    assert all(panel.axes[0].get_lines() for panel in panels)


def test_figure_marks_the_rates_that_are_not_worse_than_the_best(model):
    with styled():
        _, right = speed_panels = FIGURES["speed"](model)
    assert len(speed_panels) == 2
    lines = {line.get_gid(): line for line in right.axes[0].get_lines()}
    for rule in speed.RULES:
        assert lines[f"good-{rule}"].get_xdata().tolist() == model["rates"][rule]["good"]


def test_rapid_asks_for_a_few_things_of_the_paper_and_of_larger_networks():
    fast = np.repeat([30, 150], [93, 7])
    outcomes = {
        "paper": make_outcomes(*fast.tolist() * 10),
        "large": make_outcomes(*[90] * 30, *[110] * 70),
        "squared": make_outcomes(*[60] * 1000),
        "recirculation": make_outcomes(*[40] * 1000),
    }
    assert list_outcomes(speed.judge_rapid(outcomes)) == {
        "within-100": "supports",
        "within-100-strict": "supports",
        "converge": "supports",
        "median": "supports",
        "faster": "supports",
        "larger": "contradicts",
    }


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [([0.5, 2.0], "supports"), ([1.9, 2.1], "undecided"), ([2.1, 2.2], "contradicts"),
     ([0.3, 0.4], "contradicts")],
)  # fmt: skip
def test_comparable_needs_ratios_within_the_factor(interval, outcome):
    pair = {
        "mean_ratio": 1.0, "mean_ratio_interval": interval,
        "median_ratio": 1.0, "median_ratio_interval": [1.0, 1.0],
    }  # fmt: skip
    found = list_outcomes(speed.judge_comparable(dict.fromkeys(speed.PAIRS.values(), pair)))
    assert {found[name] for name in found if name.endswith("-mean")} == {outcome}
    assert {found[name] for name in found if name.endswith("-median")} == {"supports"}


@pytest.mark.parametrize(
    ("squared", "plain", "effective"),
    [
        ([9.0, 9.5], "supports", "supports"),
        ([4.0, 4.6], "supports", "contradicts"),
        ([17.0, 18.0], "contradicts", "supports"),
        ([15.0, 21.0], "contradicts", "supports"),  # one range within the other
    ],
)
def test_best_rates_differ_if_their_ranges_do_not_overlap(squared, plain, effective):
    ranges = {"recirculation": [18.0, 19.0], "squared": squared, "cross_entropy": [1.5, 2.0]}
    judged = speed.judge_best_rates({name: {"range": each} for name, each in ranges.items()})
    found = list_outcomes(judged)
    assert (found["squared"], found["squared-effective"]) == (plain, effective)


def test_good_rates_hold_the_best_and_leave_out_the_hopeless():
    search = Search(
        grid={"learning_rate": (2.0, 18.0, 19.0)}, means=np.zeros(3),
        best=Protocol(learning_rate=19.0), edges=(), n_networks=1,
    )  # fmt: skip
    measured = speed.measure_rates(search, n=300, jobs=1)
    assert 19.0 in measured["good"]
    assert 2.0 not in measured["good"]
    assert measured["range"] == [min(measured["good"]), max(measured["good"])]


def test_leaving_out_hidden_regression_is_a_faster_rate_of_w():
    """Equation 6 multiplies the changes of W by 1 - lambda: both learn alike but for rounding."""
    slowed = Protocol(hidden_regression=False, visible_to_hidden_factor=1.0 - PAPER.regression)
    weights = draw_weights(PAPER, 9, 0, 40)
    ours, theirs = (record_weights(protocol, weights, 15) for protocol in (PAPER, slowed))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_hidden_regression_is_judged_by_rate_and_by_networks():
    paper = make_outcomes(*[40] * 1000)
    outcomes = {
        "paper": paper,
        "slowed_without": paper,
        "no_hidden_regression": make_outcomes(*[60] * 1000),
        "no_hidden_regression_paper_rate": make_outcomes(*[2000] * 700, *[50] * 300),
    }
    assert list_outcomes(speed.judge_hidden_regression(outcomes)) == {
        "best-rate": "supports",
        "rate-of-w": "supports",
        "speed": "supports",
        "paper-rate": "contradicts",
    }


def make_changes(**changed):
    names = ["recirculation_4", "squared_0.25", "squared_0.375", "squared_0.5", "squared_0.75",
             "cross_entropy_0.25", "cross_entropy_0.5"]  # fmt: skip
    changes = {name: changed.get(name, -1.0) for name in names}
    return {
        name: {"change": change, "change_interval": [change - 0.2, change + 0.2]}
        for name, change in changes.items()
    }


def test_slower_half_is_judged_factor_by_factor():
    paths = {"paths": np.array([[1.0, 12.0]] * 100), "ratios": np.full(10, 12.0)}
    judged = speed.judge_slower_half(
        paths, make_changes(**{"recirculation_4": 5.0, "squared_0.25": 3.0, "squared_0.5": 0.1})
    )
    found = list_outcomes(judged)
    assert judged["operationalisations"]["explained"]["value"] == 3.0
    assert (found["paths"], found["explained"]) == ("supports", "contradicts")
    assert (found["recirculation"], found["squared-0.25"]) == ("supports", "contradicts")
    assert (found["squared-0.5"], found["cross-entropy-0.25"]) == ("undecided", "supports")
    assert judged["verdict"] == Verdict.DEPENDS


def test_factors_are_compared_with_equal_rates_on_the_same_networks(model):
    for name, entry in model["factors"].items():
        equal = model["procedures"][name.rpartition("_")[0]]["mean"]
        assert entry["change"] == pytest.approx(model["procedures"][name]["mean"] - equal)


def test_paths_are_the_lengths_of_the_changes_summed_until_convergence():
    # Against the changes of equations 3 and 4 from the plain form, update by update.
    outcomes = simulate(PAPER, n_seeds=6, root_seed=speed.ROOT_SEED, jobs=1)
    measured = speed.measure_paths(PAPER, outcomes, n=6)
    expected, ratios = [], []
    for seed in np.flatnonzero(outcomes.converged):
        weights = draw_weights(PAPER, speed.ROOT_SEED, int(seed), int(seed) + 1)
        lengths = []
        for _ in range(outcomes.updates[seed]):
            change = PAPER.learning_rate * compute_changes(PAPER, weights)
            lengths.append((np.linalg.norm(change[0, :8]), np.linalg.norm(change[0, 10:18])))
            weights = weights + change
        expected.append(np.sum(lengths, axis=0))
        ratios += [upper / lower for lower, upper in lengths]
    order = np.argsort(outcomes.updates[outcomes.converged], kind="stable")
    np.testing.assert_allclose(measured["paths"], np.array(expected)[order], rtol=1e-6)
    np.testing.assert_allclose(np.sort(measured["ratios"]), np.sort(ratios), rtol=1e-4)


def test_networks_without_a_path_are_left_out():
    updates = np.array([0, 30, 2000], np.int32)
    outcomes = Outcomes(0, updates, np.array([True, True, False]))
    assert len(speed.measure_paths(PAPER, outcomes, n=3)["paths"]) == 1
    none = Outcomes(0, updates[2:], np.array([False]))
    assert speed.measure_paths(PAPER, none, n=1)["paths"].shape == (0, 2)
