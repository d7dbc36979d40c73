"""The rule: what the simulator applies, where it is descent, and beyond the conditions."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from replication import PAPER
from replication.claims import Claim, Verdict, load_claims
from replication.experiments.rule import run as rule
from replication.experiments.rule.figures import FIGURES
from replication.experiments.search import SEARCH_OFFSET
from replication.report.style import styled
from replication.simulator.weights import draw_weights

CLAIMS = load_claims()


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return json.loads(json.dumps(rule.run(jobs=2, n_networks=80), allow_nan=False))


def change_thresholds(name: str, **thresholds: float) -> Claim:
    """Return a claim with other thresholds, to see the verdict turn at a measured value."""
    claim = CLAIMS[name]
    primary = dataclasses.replace(
        claim.primary, thresholds={**claim.primary.thresholds, **thresholds}
    )
    return dataclasses.replace(claim, operationalisations=(primary,))


def test_simulator_applies_the_product_and_another_product_is_noticed() -> None:
    weights = draw_weights(PAPER, 67, 0, 30)
    assert rule.measure_difference(PAPER, weights) < 1e-14
    # Back-propagation is not this product.
    other = dataclasses.replace(PAPER, learning_rule="back-propagation")
    assert rule.measure_difference(other, weights) > 0.01


def test_simple_rule_needs_the_product_and_convergence() -> None:
    def judge(**thresholds: float) -> str:
        claim = change_thresholds("simple-rule", **thresholds)
        return str(rule.judge_simple_rule(claim, 80, 1)["verdict"])

    assert judge(min_share=0.9) == Verdict.CHECKED
    assert judge(min_share=1.0) == Verdict.DOES_NOT_HOLD  # no interval of 80 begins at 1
    assert judge(max_difference=1e-17) == Verdict.DOES_NOT_HOLD


def test_descent_is_judged_by_directions_and_length() -> None:
    measured = rule.judge_descent(CLAIMS["descent"], 60)
    assert measured["cosine_into_hidden"] > 0.9999
    assert measured["cosine_into_visible"] == pytest.approx(1.0, abs=1e-9)
    # What the derivation neglects is of the order of 1 - lambda.
    assert measured["length"] == pytest.approx(1.0, abs=2e-3)
    assert measured["verdict"] == Verdict.CHECKED

    def judge(**thresholds: float) -> str:
        return str(rule.judge_descent(change_thresholds("descent", **thresholds), 60)["verdict"])

    assert judge(max_length_error=1e-6) == Verdict.DOES_NOT_HOLD
    assert judge(min_cosine=0.9999999) == Verdict.DOES_NOT_HOLD  # into the visible group only
    assert judge(min_cosine=1.1) == Verdict.DOES_NOT_HOLD


@pytest.mark.parametrize("regression", [0.9, 0.99, 0.999])
def test_length_is_that_of_equation_9_as_far_as_regression_allows(regression: float) -> None:
    claim = change_thresholds("descent", regression=regression)
    length = rule.judge_descent(claim, 60)["length"]
    assert abs(length - 1) < 1.0 * (1 - regression)


def test_without_linearity_is_judged_by_the_lower_end_of_the_share() -> None:
    def judge(**thresholds: float) -> dict[str, Any]:
        claim = change_thresholds("without-linearity", **thresholds)
        return rule.judge_without_linearity(claim, 80, 1)

    low = judge()["share_interval"][0]
    assert judge(min_share=low)["verdict"] == Verdict.HOLDS
    assert judge(min_share=low + 1e-9)["verdict"] == Verdict.TOO_FEW


def test_without_symmetry_needs_convergence_and_alignment() -> None:
    def judge(**thresholds: float) -> dict[str, Any]:
        claim = change_thresholds("without-symmetry", **thresholds)
        return rule.judge_without_symmetry(claim, 80, 1)

    measured = judge(min_share=0.9)
    assert measured["verdict"] == Verdict.HOLDS
    assert abs(measured["initial"]) < 0.3
    assert judge(min_share=0.9, min_cosine=measured["cosine"] + 1e-9)["verdict"] == (
        Verdict.DOES_NOT_HOLD
    )
    assert judge(min_share=1.0, min_cosine=1.0)["verdict"] == Verdict.DOES_NOT_HOLD


def test_linear_units_cannot_do_the_task_with_two_hidden_units() -> None:
    """Four points of a plane miss the four one-hot vectors by 1/4 on some unit, at best.

    Four points p_k of a plane obey sum a_k p_k = 0 for numbers a_k of sum 0, not all 0. So with
    the deviations d_k = e_k - p_k, a_i = sum a_k d_k[i], and |a_i| <= max |d| sum |a_k| for each
    of four units i; their sum gives max |d| >= 1/4.
    """
    vectors = np.eye(4)
    normal = np.array([1.0, 1.0, -1.0, -1.0]) / 2
    best = vectors - np.outer(vectors @ normal, normal)
    assert np.linalg.matrix_rank(best[1:] - best[0]) == 2
    assert np.abs(best - vectors).max() == 0.25 > PAPER.threshold
    generator = np.random.default_rng(6)
    for _ in range(200):
        plane = generator.normal(size=(4, 2)) @ generator.normal(size=(2, 4)) / 4
        plane += generator.normal(scale=0.3, size=4)
        assert np.abs(plane - vectors).max() >= 0.25


def test_learning_rate_is_searched_for_on_other_networks(model: dict[str, Any]) -> None:
    reported = draw_weights(PAPER, rule.ROOT_SEED, 0, 50)
    assert not np.isin(draw_weights(PAPER, rule.ROOT_SEED + SEARCH_OFFSET, 0, 50), reported).any()
    found = model["claims"]["without-symmetry"]
    assert found["search"]["best"]["learning_rate"] == found["learning_rate"]
    assert found["search"]["edges"] == []


def test_model_judges_the_statements_of_the_ledger(model: dict[str, Any]) -> None:
    expected = {name for name, claim in CLAIMS.items() if claim.experiment == "rule"}
    assert set(model["claims"]) == expected
    assert all(Verdict(claim["verdict"]) for claim in model["claims"].values())


def test_deviations_are_rounded_up_to_a_power_of_ten() -> None:
    assert rule.round_up(1.0000001e-15) == 1e-14
    assert rule.round_up(1e-15) == 1e-15


def test_figure_draws_the_cosines_of_the_model(model: dict[str, Any]) -> None:
    with styled():
        axes = FIGURES["descent"](model).axes[0]
    drawn = {line.get_gid(): line.get_ydata() for line in axes.get_lines()}
    for name in rule.CASES:
        np.testing.assert_allclose(drawn[name], model["cosines"][name]["median"])
