"""Any reported mean against any outcomes."""

import json

import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.confrontation import confront_all
from replication.analysis.counts import CountTable
from replication.analysis.reported import compare_with_reported
from replication.errors import DataError, UsageError

THRESHOLDS = {"margin_percent": 10.0, "min_n_star": 20}


def draw(n=2000):
    generator = np.random.default_rng(12)
    return np.rint(15 + generator.lognormal(3, 0.8, n)).astype(int)


def test_comparison_agrees_with_the_parts_it_is_made_of():
    outcomes = np.minimum(draw(), 150)
    model = compare_with_reported(
        outcomes, "48", thresholds=THRESHOLDS, censored=outcomes >= 150, restart_after=100
    )
    table = CountTable.from_outcomes(outcomes, outcomes < 150, 150)
    parts = confront_all(table, read_reported_mean("48"), margin_percent=10, restart_after=100)
    for rule, part in parts.items():
        assert model["rules"][rule]["runs"]["n_star"] == part.runs.n_star
        assert model["rules"][rule]["mean"]["value"] == pytest.approx(
            part.mean.interval.value, rel=1e-5
        )
    assert json.loads(json.dumps(model, allow_nan=False)) == model


@pytest.mark.parametrize("factor", [0.1, 0.001])
def test_unit_of_the_data_does_not_matter(factor):
    """Outcomes and reported mean in another unit: the same verdict, p and n*."""
    outcomes = draw()
    whole = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS)
    text = f"{48 * factor:.{round(-np.log10(factor))}f}"
    scaled = compare_with_reported(outcomes * factor, text, thresholds=THRESHOLDS)
    assert scaled["data"]["rounding_error"] == 0
    assert scaled["verdict"]["verdict"] == whole["verdict"]["verdict"]
    ours, theirs = scaled["rules"]["discard"], whole["rules"]["discard"]
    assert ours["runs"] == theirs["runs"]
    assert ours["smallest_margin"] == pytest.approx(theirs["smallest_margin"] * factor, rel=1e-4)
    assert [e["p"] for e in ours["at"]] == pytest.approx([e["p"] for e in theirs["at"]], rel=1e-4)
    assert scaled["verdict"]["numbers"][0]["threshold"] == pytest.approx(4.8 * factor)


def test_measured_outcomes_give_nearly_the_verdict_of_rounded_ones():
    outcomes = 15 + np.random.default_rng(13).lognormal(3, 0.8, 2000)
    measured = compare_with_reported(outcomes, "48.3", thresholds=THRESHOLDS)
    rounded = compare_with_reported(outcomes.round(2), "48.3", thresholds=THRESHOLDS)
    assert measured["data"]["rounding_error"] > 0
    for ours, theirs in zip(
        measured["rules"]["discard"]["at"], rounded["rules"]["discard"]["at"], strict=True
    ):
        assert ours["p"] == pytest.approx(theirs["p"], abs=2e-3)
        assert ours["low"] == pytest.approx(theirs["low"], rel=2e-3)


def test_data_without_censoring_have_one_rule():
    model = compare_with_reported(draw(), "48", thresholds=THRESHOLDS)
    assert not model["rules_differ"]
    assert list(model["rules"]) == ["discard"]
    assert "rule" not in model["verdict"]["reason"]


def test_small_data_are_told_what_their_intervals_are_worth():
    model = compare_with_reported(draw(20), "48", thresholds=THRESHOLDS)
    assert any("too few" in caution for caution in model["cautions"])
    assert not model["rules"]["discard"]["mean"]["coverage"]["trusted"]


def test_equal_outcomes_are_cautioned():
    model = compare_with_reported([48] * 50, "48", thresholds=THRESHOLDS)
    assert model["verdict"]["verdict"] == "replicated"
    assert any("equal" in caution for caution in model["cautions"])


def test_reported_zero_never_passes_a_relative_margin():
    model = compare_with_reported([0, 0, 1], "0", thresholds=THRESHOLDS)
    assert not model["rules"]["discard"]["equivalence"]["is_equivalent"]
    assert any("mean of 0" in caution for caution in model["cautions"])


@pytest.mark.parametrize(
    ("values", "censored", "message"),
    [([48], None, "single outcome"), ([9, 9], [True, True], "all 2 outcomes are censored")],
)
def test_data_without_a_mean_to_compare_are_refused(values, censored, message):
    with pytest.raises(DataError, match=message):
        compare_with_reported(values, "48", thresholds=THRESHOLDS, censored=censored)


def test_reported_mean_must_be_a_number():
    with pytest.raises(UsageError, match="plain number"):
        compare_with_reported([1, 2], "about 48", thresholds=THRESHOLDS)
