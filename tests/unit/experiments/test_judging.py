"""Measurements and verdicts: at their thresholds, and held against the ledger."""

import csv
import dataclasses
import io

import numpy as np
import pytest

from replication.claims import Verdict, load_claims
from replication.errors import DataError
from replication.experiments.judging import (
    Outcome,
    check_models,
    compare_with_levels,
    find_verdict,
    judge,
    list_statements,
    share_above,
    supports_above,
    supports_below,
    supports_if,
    supports_including,
    supports_within,
)
from replication.statistics.intervals import Estimate

YES, NO, OPEN = Outcome.SUPPORTS, Outcome.CONTRADICTS, Outcome.UNDECIDED
RAPID = load_claims()["rapid"]
RESULTS = {each.id: supports_if(True) for each in RAPID.operationalisations}


@pytest.mark.parametrize(
    ("interval", "above", "below"),
    [([2.0, 3.0], YES, OPEN), ([1.0, 1.5], NO, YES), ([1.0, 2.0], OPEN, YES), (None, YES, NO),
     ([2.1, None], YES, NO), ([None, 1.9], NO, YES)],
)  # fmt: skip
def test_interval_that_crosses_a_level_decides_nothing(interval, above, below):
    value = 2.5
    assert supports_above(value, interval, 2.0)["outcome"] == above
    assert supports_below(value, interval, 2.0)["outcome"] == below


@pytest.mark.parametrize(
    ("interval", "outcome"),
    [([0.5, 2.0], YES), ([0.4, 2.0], OPEN), ([0.4, 2.1], OPEN), ([2.1, 2.2], NO), ([0.1, 0.4], NO)],
)
def test_range_supports_what_lies_in_it_ends_included(interval, outcome):
    result = supports_within(1.0, interval, 0.5, 2.0)
    assert result == {"value": 1.0, "interval": interval, "outcome": outcome}


def test_nothing_measured_decides_nothing():
    results = [supports_above(None, None, 1.0), supports_if(None), share_above(0, 0, 0.9),
               supports_including(None, None, 0.0)]  # fmt: skip
    assert {result["outcome"] for result in results} == {OPEN}


def test_interval_includes_its_ends():
    assert supports_including(1.0, [0.0, 2.0], 0.0)["outcome"] == YES
    assert supports_including(1.0, [0.1, None], 0.0)["outcome"] == NO


def test_share_is_judged_by_its_exact_interval():
    # Clopper-Pearson for 8 of 10: 0.4439 to 0.9748 (e.g. Agresti & Coull 1998).
    outcomes = [share_above(8, 10, level)["outcome"] for level in (0.443, 0.445, 0.974, 0.975)]
    assert outcomes == [YES, OPEN, OPEN, NO]


@pytest.mark.parametrize(
    ("outcomes", "empirical", "checked"),
    [
        ([YES, YES], Verdict.HOLDS, Verdict.CHECKED),
        ([YES, OPEN], Verdict.HOLDS, Verdict.CHECKED),
        ([YES, NO, OPEN], Verdict.DEPENDS, Verdict.DOES_NOT_HOLD),
        ([NO, OPEN], Verdict.DOES_NOT_HOLD, Verdict.DOES_NOT_HOLD),
        ([OPEN, OPEN], Verdict.TOO_FEW, Verdict.TOO_FEW),
    ],
)
def test_verdict_follows_from_all_outcomes_that_are_decided(outcomes, empirical, checked):
    assert find_verdict("empirical", outcomes) is empirical
    assert find_verdict("checked", outcomes) is checked


def test_entry_of_a_model_holds_results_and_verdict():
    assert judge(RAPID, RESULTS) == {"operationalisations": RESULTS, "verdict": "holds"}
    assert judge(RAPID, RESULTS, verdict=Verdict.NOT_TESTABLE)["verdict"] == "not testable"


def test_measurement_that_is_missing_or_too_many_is_refused_by_file_and_name():
    with pytest.raises(DataError, match=r"claims.toml, \[claims.rapid\].*experiments/speed/run.py"):
        judge(RAPID, {})
    with pytest.raises(DataError, match=r"experiments/speed/run.py: the measurement 'other'"):
        judge(RAPID, RESULTS | {"other": supports_if(True)})


def test_models_are_held_against_the_ledger():
    claims = {
        name: {"operationalisations": {each.id: {} for each in claim.operationalisations}}
        for name, claim in load_claims().items()
        if claim.experiment == "speed"
    }
    check_models({"speed": {"claims": claims}, "settings": {}})
    without = {name: claim for name, claim in claims.items() if name != "rapid"}
    with pytest.raises(DataError, match=r"claims.toml, \[claims.rapid\]: models/speed.json has no"):
        check_models({"speed": {"claims": without}})
    with pytest.raises(DataError, match=r"models/speed.json: the statement 'slow' has no entry"):
        check_models({"speed": {"claims": claims | {"slow": {}}}})
    with pytest.raises(DataError, match="no measurement in models/speed.json"):
        check_models({"speed": {"claims": claims | {"rapid": {"operationalisations": {}}}}})


@pytest.mark.parametrize(
    ("measured", "value", "outcome"),
    [
        (np.array([True] * 95 + [False] * 5), 0.95, YES),
        (np.array([True] * 5 + [False] * 95), 0.05, NO),
        (np.linspace(0.6, 0.8, 101), 0.7, YES),
        (np.linspace(0.4, 0.6, 101), 0.5, OPEN),
        (Estimate(0.7, 0.6, 0.8), 0.7, YES),
        (0.4, 0.4, NO),
        (np.array([]), None, OPEN),
    ],
)
def test_shares_medians_and_estimates_are_compared_with_the_level_of_their_entry(
    measured, value, outcome
):
    one = dataclasses.replace(RAPID.primary, thresholds={"at_least": 0.5})
    claim = dataclasses.replace(RAPID, operationalisations=(one,))
    result = compare_with_levels(claim, {one.id: measured})[one.id]
    assert result["outcome"] == outcome
    assert result["value"] == (None if value is None else pytest.approx(value))


def test_entry_without_a_level_and_measurement_without_an_entry_are_refused_by_name():
    one = dataclasses.replace(RAPID.primary, thresholds={})
    claim = dataclasses.replace(RAPID, operationalisations=(one,))
    with pytest.raises(DataError, match=rf"claims.rapid\], operationalisation {one.id!r}"):
        compare_with_levels(claim, {one.id: 0.5})
    with pytest.raises(DataError, match="the measurement 'other' of 'rapid' has no entry"):
        compare_with_levels(claim, {one.id: 0.5, "other": 0.5})


def test_table_of_statements_has_a_row_for_each_way_to_ask():
    claims = load_claims()
    models: dict = {}
    for name, claim in claims.items():
        results = {
            each.id: supports_if(True, 0.5, [0.25, None]) for each in claim.operationalisations
        }
        models.setdefault(claim.experiment, {"claims": {}})["claims"][name] = judge(claim, results)
    rows = list(csv.DictReader(io.StringIO(list_statements(models))))
    assert len(rows) == sum(len(claim.operationalisations) for claim in claims.values())
    assert sum(row["primary"] == "yes" for row in rows) == len(claims)
    rapid = next(row for row in rows if row["statement"] == "rapid")
    assert (rapid["quote"], rapid["verdict"]) == (RAPID.quote, "holds")
    assert (rapid["value"], rapid["low"], rapid["high"]) == ("0.5", "0.25", "")
    assert {row["outcome"] for row in rows} == {"supports"}
