"""Speed of recirculation and back-propagation: found, compared and judged."""

import numpy as np
import pytest

from replication.claims import load_claims
from replication.experiments.recording import measure_learning
from replication.experiments.speed import run as speed
from replication.experiments.speed.figures import FIGURES
from replication.protocol import PAPER, Protocol
from replication.report.style import styled
from replication.simulator.changes import compute_changes
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import Estimate
from replication.statistics.ratios import Ratios
from tests.unit.experiments.builders import list_outcomes, make_outcomes, run_small

ONE = Estimate(1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def model():
    return run_small(speed, 60)


def test_model_judges_the_statements_of_the_ledger_and_each_rule_at_its_own_best_rate(model):
    claims = [name for name, claim in load_claims().items() if claim.experiment == "speed"]
    assert set(model["claims"]) == set(claims)
    for rule in speed.RULES:
        assert model["procedures"][rule]["learning_rate"] == model["rates"][rule]["best"]
        assert model["rates"][rule]["best"] in speed.RATES[rule]
    assert model["procedures"]["paper"]["learning_rate"] == 20.0


def test_figure_marks_the_rates_that_are_not_worse_than_the_best(model):
    with styled():
        left, right = FIGURES["speed"](model)
    drawn = {line.get_gid().replace("_", "-") for line in left.axes[0].get_lines()}
    assert drawn == set(model["procedures"]) - {"recirculation"}
    lines = {line.get_gid(): line for line in right.axes[0].get_lines()}
    for rule in speed.RULES:
        assert (
            lines[f"good-{rule.replace('-', '_')}"].get_xdata().tolist()
            == model["rates"][rule]["good"]
        )


def test_networks_learn_until_the_update_at_which_they_converge():
    shares = speed.count_learning(make_outcomes(10, 20, 30, 2000), [8, 10, 29, 30, 2000])
    assert shares == [1.0, 0.75, 0.5, 0.25, 0.25]


def test_rapid_asks_for_a_few_things_of_the_paper_and_of_larger_networks():
    outcomes = {
        "paper": make_outcomes(*[30] * 930, *[150] * 70),
        "large": make_outcomes(*[90] * 30, *[110] * 70),
    }
    judged = speed.judge_rapid(outcomes, Ratios(Estimate(1.5, 1.4, 1.6), ONE))
    found = list_outcomes(judged)
    assert found.pop("larger") == "contradicts"
    assert set(found.values()) == {"supports"}
    assert judged["operationalisations"]["within-100"]["value"] == 0.93
    assert judged["operationalisations"]["converge"]["value"] == 1.0


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [([0.5, 2.0], "supports"), ([1.9, 2.1], "undecided"), ([2.1, 2.2], "contradicts"),
     ([0.3, 0.4], "contradicts")],
)  # fmt: skip
def test_comparable_needs_ratios_within_the_factor(interval, outcome):
    ratios = Ratios(mean=Estimate(1.0, *interval), median=ONE)
    found = list_outcomes(speed.judge_comparable(dict.fromkeys(speed.PAIRS, ratios)))
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
    good = {"recirculation": [18.0, 19.0], "squared": squared, "cross-entropy": [1.5, 2.0]}
    judged = speed.judge_best_rates({name: {"good": each} for name, each in good.items()})
    found = list_outcomes(judged)
    assert (found["squared"], found["squared-effective"]) == (plain, effective)


def test_good_rates_hold_the_best_and_its_neighbour_and_leave_out_the_hopeless():
    best = Protocol(learning_rate=19.0)
    measured = speed.measure_rates(best, (2.0, 18.9, 19.0), n=300, jobs=1)
    assert measured["good"] == [18.9, 19.0]


def test_leaving_out_hidden_regression_is_a_faster_rate_of_w():
    """Equation 6 multiplies the changes of W by 1 - lambda: both learn alike but for rounding."""
    slowed = Protocol(hidden_regression=False, visible_to_hidden_factor=1.0 - PAPER.regression)
    weights = draw_weights(PAPER, 9, 0, 40)
    ours, theirs = (record_weights(protocol, weights, 15) for protocol in (PAPER, slowed))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


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


def test_slower_half_is_judged_factor_by_factor():
    changes = {
        f"{rule}-{factor:g}": -1.0 for rule in speed.FACTORS for factor in speed.FACTORS[rule]
    }
    changes |= {"recirculation": 5.0, "squared-0.25": 3.0, "squared-0.5": 0.1}
    estimates = {name: Estimate(x, x - 0.2, x + 0.2) for name, x in changes.items()}
    found = list_outcomes(speed.judge_slower_half(np.array([[1.0, 12.0]] * 100), 3.0, estimates))
    assert (found["paths"], found["explained"]) == ("supports", "contradicts")
    assert (found["recirculation"], found["squared-0.25"]) == ("supports", "contradicts")
    assert (found["squared-0.5"], found["cross-entropy-0.25"]) == ("undecided", "supports")


def measure_paths(protocol, n):
    recorded = measure_learning(
        protocol, speed.keep_weights, n_networks=n, root_seed=speed.ROOT_SEED, jobs=1
    )
    return speed.measure_paths(recorded)


def test_paths_are_the_lengths_of_the_changes_summed_until_convergence():
    # Against the changes of equations 3 and 4 from the plain form, update by update.
    outcomes = simulate(PAPER, n_seeds=6, root_seed=speed.ROOT_SEED, jobs=1)
    paths, ratios = measure_paths(PAPER, 6)
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


@pytest.mark.parametrize("field", [{"threshold": 0.99}, {"max_updates": 1}])
def test_networks_without_a_path_are_left_out(field):
    paths, ratios = measure_paths(Protocol(**field), 3)  # done before any update, or never
    assert paths.shape == (0, 2)
    assert ratios.shape == (0,)


def test_model_restores_the_factor_to_the_median_change(model):
    _, ratios = measure_paths(PAPER, 6)  # a tenth of the networks of the model
    explained = model["claims"]["slower-half"]["operationalisations"]["explained"]
    assert explained["value"] == pytest.approx(np.median(ratios) / 4.0)  # of 1 / (1 - lambda)
