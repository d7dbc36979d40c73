"""A population against a reported mean: each part is asked for with what was given."""

from fractions import Fraction

import numpy as np
import pytest

from replication.analysis.compatible import (
    MAX_RUNS,
    confront,
    estimate_n_star,
    make_run_grid,
    read_reported_mean,
)
from replication.analysis.confrontation import confront_all, confront_rule, judge
from replication.analysis.counts import CountTable
from replication.analysis.equivalence import assess_equivalence, find_smallest_margin
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.runs import RULES, make_run_law

# So many failures that it matters which networks a law was estimated from.
TABLE = CountTable([10, 20, 40, 90], [80, 160, 100, 50], 110, 100)
REPORTED = read_reported_mean("38.5")
THRESHOLDS = {"margin_percent": 20.0, "min_n_star": 20}


@pytest.fixture
def items():
    return confront_all(
        TABLE, REPORTED, margin_percent=20.0, restart_after=50, laws_of=(7, 300), with_curve=False
    )


@pytest.mark.parametrize("rule", RULES)
def test_parts_are_those_of_the_rule_and_the_restart_asked_for(items, rule):
    item, cut = items[rule], {"restart_after": 50}
    run, mean = make_run_law(TABLE, rule, **cut), estimate_mean(TABLE, rule, **cut)
    assert item.rule == rule
    assert item.run.mean == run.mean
    assert item.mean == mean
    assert item.runs == estimate_n_star(
        run, REPORTED, standard_error=mean.standard_error, mean_interval=mean.interval
    )
    assert item.equivalence == assess_equivalence(TABLE, rule, 38.5, margin=7.7, **cut)
    assert item.rounding_equivalence == assess_equivalence(TABLE, rule, 38.5, margin=0.05, **cut)
    assert item.smallest_margin == find_smallest_margin(TABLE, rule, 38.5, **cut)
    assert item.curve == ()
    assert list(item.laws) == [7, 300]
    for n, law in item.laws.items():
        assert np.array_equal(law.cumulative, MeanLaws(run).compute(n).cumulative)


@pytest.mark.parametrize("rule", RULES)
def test_curve_counts_the_networks_that_the_law_rests_on(rule):
    item = confront_rule(TABLE, rule, REPORTED, margin_percent=20.0)
    assert [entry.n for entry in item.curve] == make_run_grid().tolist()
    n_networks = 390 if rule == "discard" else 500
    run = make_run_law(TABLE, rule)
    for n in (20, MAX_RUNS):
        law = MeanLaws(run).compute(n)
        assert item.find(n) == confront(law, REPORTED, run=run, n_networks=n_networks)
    with pytest.raises(StopIteration):
        item.find(4999)


def test_only_the_rules_asked_for_are_confronted():
    found = confront_all(
        TABLE, REPORTED, margin_percent=20.0, with_curve=False, rules=("cap", "discard")
    )
    assert list(found) == ["cap", "discard"]
    assert found["cap"].laws == {}
    usual = make_run_law(TABLE, "restart")
    everything = confront_all(TABLE, REPORTED, margin_percent=20.0)
    assert list(everything) == list(RULES)
    assert everything["restart"].run.mean == usual.mean
    assert everything["restart"].curve


def test_rule_without_a_mean_is_nothing():
    slow = CountTable([90], [3], 3, 100)
    found = confront_all(slow, REPORTED, margin_percent=20.0, restart_after=50, with_curve=False)
    assert found["restart"] is None
    assert found["discard"] is not None
    verdict = judge(found, REPORTED, THRESHOLDS)
    numbers = {number.name: number for number in verdict.numbers}
    margin, runs = numbers["smallest margin of equivalence, restart"], numbers["n*, restart"]
    assert (margin.value, margin.threshold, margin.holds) == (None, pytest.approx(7.7), False)
    assert (runs.value, runs.holds, runs.is_open) == (0, False, False)


def test_order_of_the_rules_does_not_matter():
    """Not even where the first one asked for has no mean."""
    slow = CountTable([90], [3], 3, 100)
    found = confront_all(
        slow,
        REPORTED,
        margin_percent=20.0,
        restart_after=50,
        with_curve=False,
        rules=("restart", "discard", "cap"),
    )
    usual = {rule: found[rule] for rule in RULES}
    ours, theirs = (judge(items, REPORTED, THRESHOLDS) for items in (found, usual))
    assert ours.verdict == theirs.verdict
    assert {number.name: number for number in ours.numbers} == {
        number.name: number for number in theirs.numbers
    }
    assert [number.threshold for number in ours.numbers] == [pytest.approx(7.7)] * 3 + [20] * 3


def test_mean_without_an_upper_end_has_no_margin_in_any_unit():
    one = confront_all(
        CountTable([48], [1], 1, 100), REPORTED, margin_percent=20.0, with_curve=False
    )
    assert one["restart"].mean.interval.high is None
    for unit in (1, Fraction(1, 10)):
        numbers = judge(one, REPORTED, THRESHOLDS, unit=unit).numbers
        assert [number.value for number in numbers[:3:2]] == [None, None]


def test_nothing_converged_is_not_testable():
    never = CountTable([], [], 9, 100)
    verdict = judge(
        confront_all(never, REPORTED, margin_percent=20.0, with_curve=False), REPORTED, THRESHOLDS
    )
    assert (verdict.verdict, verdict.numbers) == ("not testable", ())


@pytest.mark.parametrize("unit", [1, Fraction(1, 10)])
def test_verdict_is_worded_in_the_unit_of_the_words(items, unit):
    """Outcomes in tenths: each length is a tenth of what the confrontation holds."""
    verdict = judge(items, REPORTED, THRESHOLDS, unit=unit)
    margins, runs = verdict.numbers[:3], verdict.numbers[3:]
    for rule, margin, n_star in zip(RULES, margins, runs, strict=True):
        assert margin.name == f"smallest margin of equivalence, {rule}"
        assert margin.value == pytest.approx(items[rule].smallest_margin * float(unit))
        assert margin.threshold == pytest.approx(7.7 * float(unit))
        assert margin.holds == items[rule].equivalence.is_equivalent
        assert (n_star.value, n_star.threshold) == (items[rule].runs.n_star, 20)
    assert "20 % of 38.5" in verdict.reason or "20 % around 38.5" in verdict.reason


def test_doubt_about_the_mean_is_measured_in_the_unit_of_the_words():
    """The interval of the mean, 30 to 34, reaches into 38.5 less 7.7, in tenths as in ones."""
    table = CountTable([20, 44], [110, 90], 0, None)
    found = confront_all(table, REPORTED, margin_percent=20.0, with_curve=False, rules=["discard"])
    interval = found["discard"].mean.interval
    assert interval.low < 30.8 < interval.high
    assert not found["discard"].equivalence.is_equivalent
    for unit in (1, Fraction(1, 10)):
        doubts = judge(found, REPORTED, THRESHOLDS, unit=unit).doubts
        assert any("may still lie within" in doubt for doubt in doubts)
    for outcomes in ([20, 24], [80, 84]):
        far = confront_all(
            CountTable(outcomes, [110, 90], 0, None),
            REPORTED,
            margin_percent=20.0,
            with_curve=False,
            rules=["discard"],
        )
        for unit in (1, Fraction(1, 10)):
            assert judge(far, REPORTED, THRESHOLDS, unit=unit).doubts == ()
