"""Laws of the analysis that hold for every population."""

import json
from fractions import Fraction

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replication.analysis.compatible import confront, read_reported_mean
from replication.analysis.confrontation import confront_all, judge
from replication.analysis.counts import CountTable
from replication.analysis.curves import estimate_restricted_mean
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.population import estimate_quantile, estimate_survival
from replication.analysis.runs import RULES, make_run_law

CAP = 300
THRESHOLDS = {"margin_percent": 10.0, "min_n_star": 20}


@st.composite
def draw_tables(draw, *, max_networks=60):
    updates = np.array(draw(st.lists(st.integers(0, CAP), min_size=1, max_size=max_networks)))
    flags = np.array(draw(st.lists(st.booleans(), min_size=updates.size, max_size=updates.size)))
    return CountTable.from_outcomes(np.where(flags, updates, CAP), flags, CAP)


@given(draw_tables(), draw_tables())
def test_merging_is_symmetric_and_counts_everybody(first, second):
    assert first + second == second + first
    assert (first + second).n == first.n + second.n


@given(draw_tables())
def test_table_survives_json(table):
    assert CountTable.from_plain(json.loads(json.dumps(table.to_plain()))) == table


@given(draw_tables(), st.integers(0, CAP), st.integers(0, CAP))
def test_censoring_twice_is_censoring_at_the_lower_cap(table, one, other):
    low, high = sorted((one, other))
    assert table.censor(high).censor(low) == table.censor(low)


@given(draw_tables(), st.sampled_from(RULES))
def test_means_are_ordered_and_hold_their_estimate(table, rule):
    found = estimate_mean(table, rule, restart_after=100)
    assume(found is not None)
    assert 0 <= found.interval.low <= found.interval.value
    assert found.interval.high is None or found.interval.value <= found.interval.high * (1 + 1e-12)


@given(draw_tables())
def test_restricted_mean_rises_with_the_cap_and_never_faster(table):
    caps = np.arange(0, CAP + 1, 25)
    mean = estimate_restricted_mean(table, caps).mean
    assert np.all(np.diff(mean) >= -1e-9)
    assert np.all(np.diff(mean) <= 25 + 1e-9)


@given(draw_tables())
def test_survival_falls_within_its_band(table):
    curve = estimate_survival(table, np.arange(0, CAP + 1, 10))
    assert np.all(np.diff(curve.survival) <= 0)
    assert np.all((curve.low <= curve.survival) & (curve.survival <= curve.high))


@given(draw_tables(), st.floats(0.01, 0.98), st.floats(0.001, 0.01))
def test_quantiles_rise_with_their_probability(table, probability, step):
    low = estimate_quantile(table, probability).value
    high = estimate_quantile(table, probability + step).value
    assert high is None or low is None or low <= high
    assert low is not None or high is None


@given(draw_tables(), st.sampled_from(RULES), st.integers(1, 300))
@settings(max_examples=30)
def test_law_of_a_mean_has_the_moments_of_its_run(table, rule, n):
    run = make_run_law(table, rule, restart_after=100)
    assume(run is not None)
    law = MeanLaws(run).compute(n)
    mean = law.values @ law.probabilities
    variance = (law.values - mean) ** 2 @ law.probabilities
    assert np.isclose(mean, run.mean, rtol=1e-7)
    slack = run.variance / n * (2.1 * law.spread_error + 1e-6)
    assert abs(variance - run.variance / n) <= slack + 1e-9


@given(draw_tables(), st.integers(1, 100), st.integers(0, 300))
@settings(max_examples=30)
def test_chances_of_neighbouring_cells_add_up(table, n, value):
    run = make_run_law(table, "cap")
    law = MeanLaws(run).compute(n)
    cells = [read_reported_mean(str(value + shift)) for shift in (0, 1)]
    found = [confront(law, cell, run=run, n_networks=table.n) for cell in cells]
    both = law.probability_below(cells[1].high) - law.probability_below(cells[0].low)
    assert np.isclose(found[0].chance + found[1].chance, both, atol=1e-12)
    assert all(0 <= item.p <= 1 for item in found)
    assert all(item.low <= item.high for item in found)


@given(draw_tables(max_networks=20), st.integers(2, 50))
@settings(max_examples=8)
def test_verdict_does_not_depend_on_the_unit(table, factor):
    """Outcomes, reported mean and cap multiplied by a number: the same p(n) and verdict."""
    assume(table.n_converged > 0)
    reported = read_reported_mean("48")
    larger = CountTable(table.updates * factor, table.counts, table.n_censored, CAP * factor)
    ours = confront_all(table, reported, margin_percent=10, restart_after=100)
    theirs = confront_all(
        larger, reported.scale(factor), margin_percent=10, restart_after=100 * factor
    )
    first = judge(ours, reported, THRESHOLDS)
    second = judge(theirs, reported.scale(factor), THRESHOLDS, unit=Fraction(1, factor))
    assert first.verdict == second.verdict
    assert ours["cap"].runs.n_star == theirs["cap"].runs.n_star
