"""Measurements and verdicts: at their levels, and held against the ledger."""

import csv
import dataclasses
import io

import numpy as np
import pytest

from replication.errors import DataError
from replication.experiments.instruments import judging
from replication.experiments.instruments.judging import (
    describe,
    judge,
    list_statements,
    supports_if,
)
from replication.paper.claims import ClaimVerdict, load_claims
from replication.statistics.intervals import Estimate

YES, NO, OPEN = judging.Evidence.SUPPORTS, judging.Evidence.CONTRADICTS, judging.Evidence.UNDECIDED
GOOD_CODES = load_claims()["good-codes"]
PRIMARY = GOOD_CODES.operationalisations[0]
RESULTS = {each.id: supports_if(True) for each in GOOD_CODES.operationalisations}


def judge_one(measured, **levels):
    one = dataclasses.replace(PRIMARY, thresholds=levels)
    claim = dataclasses.replace(GOOD_CODES, operationalisations=(one,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "load_claims", lambda: {"good-codes": claim})
        return judge("good-codes", {one.id: measured})["operationalisations"][one.id]


@pytest.mark.parametrize(("interval", "above", "below", "within"), [
    ([2.0, 3.0], YES, OPEN, YES),
    ([1.0, 1.5], NO, YES, NO),
    ([3.1, 3.2], YES, NO, NO),
    ([None, 1.9], NO, YES, NO),
])  # fmt: skip
def test_interval_that_crosses_a_level_decides_nothing(interval, above, below, within):
    found = Estimate(2.5, *interval)
    assert judge_one(found, at_least=2.0)["outcome"] == above
    assert judge_one(found, at_most=2.0)["outcome"] == below
    result = judge_one(found, at_least=2.0, at_most=3.0)
    assert result == {"value": 2.5, "interval": interval, "outcome": within}


def test_nothing_measured_decides_nothing():
    nothing = Estimate(None, 0.0, 1.0)
    results = [judge_one(nothing, at_least=1.0), judge_one(None, at_least=1.0),
               supports_if(None)]  # fmt: skip
    assert {result["outcome"] for result in results} == {OPEN}


@pytest.mark.parametrize(("measured", "value", "outcome"), [
    (np.array([True] * 95 + [False] * 5), 0.95, YES), (np.linspace(0.6, 0.8, 101), 0.7, YES),
    (Estimate(0.7, 0.6, 0.8), 0.7, YES), (0.4, 0.4, NO), (np.array([]), None, OPEN),
    (supports_if(False, 0.9), 0.9, NO),
])  # fmt: skip
def test_measurement_of_any_kind_is_compared_with_the_level_of_its_entry(measured, value, outcome):
    result = judge_one(measured, at_least=0.5)
    assert result["outcome"] == outcome
    assert result["value"] == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("primary", "others", "empirical", "checked"), [
    (YES, [], ClaimVerdict.HOLDS, ClaimVerdict.CHECKED),
    (YES, [YES, OPEN], ClaimVerdict.HOLDS, ClaimVerdict.CHECKED),
    (YES, [YES, NO, OPEN], ClaimVerdict.HOLDS_EXCEPT, ClaimVerdict.DOES_NOT_HOLD),
    (YES, [YES, NO, NO, OPEN], ClaimVerdict.HOLDS_ONLY_IF, ClaimVerdict.DOES_NOT_HOLD),
    (NO, [YES, YES, OPEN], ClaimVerdict.FAILS_EXCEPT, ClaimVerdict.DOES_NOT_HOLD),
    (NO, [NO, OPEN], ClaimVerdict.DOES_NOT_HOLD, ClaimVerdict.DOES_NOT_HOLD),
    (OPEN, [YES, NO], ClaimVerdict.OPEN, ClaimVerdict.OPEN),
])  # fmt: skip
def test_primary_outcome_decides_and_the_others_qualify(primary, others, empirical, checked):
    assert judging.find_verdict("empirical", primary, others) is empirical
    assert judging.find_verdict("checked", primary, others) is checked


def test_condition_names_what_contradicts_the_primary():
    codes = dataclasses.replace(GOOD_CODES, only_if="")
    names = [each.name for each in codes.operationalisations[1:]]
    for verdict, outcomes, condition in (
        ("holds", (True, True, None), ""),
        ("holds, except", (True, False, True), names[0]),
        ("holds only if", (True, False, False), "not asked " + " and ".join(names)),
        ("does not hold, except", (False, True, None), names[0]),
        ("open", (None, False, None), ""),
    ):
        judged = judge("good-codes", dict(zip(RESULTS, map(supports_if, outcomes), strict=True)))
        assert judged["verdict"] == verdict
        assert describe(codes, judged)["condition"] == condition
    claim = load_claims()["alignment-first"]
    ways = {each.id: supports_if(bool(each.why)) for each in claim.operationalisations}
    assert describe(claim, judge(claim.id, ways))["condition"] == claim.only_if


def test_entry_of_the_ledger_without_a_level_is_refused_by_its_name_and_what_to_add():
    place = rf"\[claims.good-codes\], operationalisation '{PRIMARY.id}': a level is missing; add"
    for levels in ({}, {"rate": 2.0}, {"instead_at_least": 0.7}):
        with pytest.raises(DataError, match=place):
            judge_one(0.5, **levels)
    # One level is enough, of either side.
    assert judge_one(0.5, above=0.4)["outcome"] == judge_one(0.5, at_most=0.6)["outcome"] == YES


def test_bound_of_the_statement_itself_decides_nothing_where_it_is_met():
    for *ends, outcome in ((1.5, 1.9, YES), (2.0, 2.0, OPEN), (1.9, 2.1, OPEN), (2.1, 3.0, NO)):
        assert judge_one(Estimate(2.0, *ends), above=0.5, below=2.0)["outcome"] == outcome


def test_other_level_is_tried_wherever_the_first_stands_and_named_if_a_verdict_turns(monkeypatch):
    _, second, third = GOOD_CODES.operationalisations
    levels = {"at_least": 0.9, "instead_at_least": 0.7}, {"at_least": 0.9}, {"at_least": 0.5}
    pairs = zip(GOOD_CODES.operationalisations, levels, strict=True)
    ways = tuple(dataclasses.replace(way, thresholds=level) for way, level in pairs)
    claim = dataclasses.replace(
        GOOD_CODES, operationalisations=ways, levels_of="a share", only_if=""
    )
    monkeypatch.setattr(judging, "load_claims", lambda: {"good-codes": claim})
    other = "with a share of 0.7 (not 0.9) it holds"
    for values, verdict, words in (
        ((0.8, 0.75, 0.6), "does not hold, except", other),
        ((0.8, 0.6, 0.4), "does not hold", f"{second.name} and {third.name}"),
        ((0.95, 0.8, 0.6), "holds, except", other),
        ((0.95, 0.95, 0.6), "holds", ""),
    ):
        judged = judge("good-codes", dict(zip(RESULTS, values, strict=True)))
        assert judged["verdict"] == verdict
        assert describe(claim, judged)["instead"].endswith(words)
        assert bool(words) == ("instead" in judged)


def test_verdicts_at_a_level_for_all_measurements_at_once():
    n, wide = judging.count_measurements(), judging.find_widening(judging.count_measurements())
    # As many as the ledger has beside definitions and theorems.
    ledger = [x for x in load_claims().values() if x.kind == "empirical"]
    assert n == sum(len(x.operationalisations) for x in ledger) > 100
    claim = dataclasses.replace(GOOD_CODES, operationalisations=GOOD_CODES.operationalisations[:1])
    for low, verdict in ((0.5 - 0.001, "open"), (0.7 - 0.199 / wide, "holds")):
        result = supports_if(True, Estimate(0.7, low, 0.8))
        judged = {"operationalisations": {PRIMARY.id: result}, "verdict": "holds"}
        assert judging.judge_all_at_once(claim, judged)["verdict"] == verdict
        assert describe(claim, judged)["stricter"] == ("" if verdict == "holds" else verdict)
    # A p has another level, and no interval.
    headline = load_claims()["headline"]
    for p, verdict in ((0.06 / n, "holds"), (0.04 / n, "holds, except")):
        ways = {way.id: supports_if(True, 0.5) for way in headline.operationalisations}
        judged = {"operationalisations": ways | {"square": supports_if(False, p)}}
        assert judging.judge_all_at_once(headline, judged)["verdict"] == verdict


def test_measurement_that_is_missing_or_too_many_is_refused_by_files_and_name():
    assert judge("good-codes", RESULTS)["operationalisations"] == RESULTS
    judged = judge("good-codes", RESULTS, verdict=ClaimVerdict.NOT_TESTABLE)
    assert judged["verdict"] == "not testable"
    other = {"other": RESULTS[PRIMARY.id]}
    lacking = {name: result for name, result in RESULTS.items() if name != PRIMARY.id}
    for measured, name in ((lacking, PRIMARY.id), (RESULTS | other, "other")):
        message = rf"\['{name}'\].*claims.toml, \[claims.good-codes\].*experiments/codes/run.py"
        with pytest.raises(DataError, match=message):
            judge("good-codes", measured)


def test_table_of_statements_has_a_row_for_each_way_to_ask():
    claims, result = load_claims(), supports_if(True, Estimate(0.5, 0.25, None))
    models = {claim.experiment: {"claims": {}} for claim in claims.values()}
    for name, claim in claims.items():
        results = {each.id: result for each in claim.operationalisations}
        models[claim.experiment]["claims"][name] = judge(name, results)
    rows = list(csv.DictReader(io.StringIO(list_statements(models))))
    assert len(rows) == sum(len(claim.operationalisations) for claim in claims.values())
    rapid = next(row for row in rows if row["statement"] == "good-codes")
    assert (rapid["quote"], rapid["verdict"]) == (GOOD_CODES.quote, "holds")
    assert (rapid["value"], rapid["low"], rapid["high"]) == ("0.5", "0.25", "")
    assert {row["outcome"] for row in rows} == {"supports"}
