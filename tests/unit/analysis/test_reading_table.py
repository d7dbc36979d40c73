"""One row of the table of readings against the analysis of the main study."""

import numpy as np
import pytest

from replication.analysis.compatible import estimate_n_star, read_reported_mean
from replication.analysis.confrontation import confront_all
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.population import estimate_convergence, estimate_quantile
from replication.analysis.reading_table import (
    SHOWN_RUNS,
    describe_columns,
    measure_reading,
    shift_cell,
)
from replication.analysis.runs import RULES, make_run_law

NEVER = np.iinfo(np.int32).max
REPORTED = read_reported_mean("48")


def draw(n=3000, share_failing=0.02):
    rng = np.random.default_rng(8)
    drawn = (15 + rng.gamma(1.5, 20, n)).astype(np.int32)
    drawn[rng.random(n) < share_failing] = NEVER
    return drawn


def measure(outcomes, cap=600):
    return measure_reading(
        outcomes, cap=cap, reported=REPORTED, margin_percent=10.0, ns=[5, 20, 100]
    )


@pytest.fixture(scope="module")
def row():
    return measure(draw()).row


@pytest.fixture(scope="module")
def table():
    outcomes = draw()
    converged = outcomes <= 600
    return CountTable.from_outcomes(np.where(converged, outcomes, 600), converged, 600)


def test_row_has_exactly_the_documented_columns(row):
    columns = describe_columns(reported="48", margin_percent=10.0, restart_after=200)
    assert list(row) == list(columns)
    assert all(columns.values())


def test_convergence_and_median_are_those_of_the_population(row, table):
    share, median = estimate_convergence(table), estimate_quantile(table, 0.5)
    assert (row["converged"], row["converged_low"]) == (share.value, share.low)
    assert (row["median"], row["median_high"]) == (median.value, median.high)


@pytest.mark.parametrize("rule", RULES)
def test_means_and_n_star_are_those_of_the_confrontation(row, table, rule):
    found = confront_all(table, REPORTED, margin_percent=10.0, with_curve=False)[rule]
    assert row[f"mean_{rule}"] == pytest.approx(found.mean.interval.value)
    assert row[f"mean_{rule}_error"] == pytest.approx(found.mean.standard_error)
    assert row[f"n_star_{rule}"] == found.runs.n_star
    assert (row[f"n_star_{rule}_low"], row[f"n_star_{rule}_high"]) == (
        found.runs.low,
        found.runs.high,
    )
    assert row[f"equivalent_{rule}"] == found.equivalence.is_equivalent


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n", SHOWN_RUNS)
def test_p_is_that_of_the_exact_law(row, table, rule, n):
    law = MeanLaws(make_run_law(table, rule)).compute(n)
    below, above = law.probability_below(REPORTED.high), 1 - law.probability_below(REPORTED.low)
    assert row[f"p{n}_{rule}"] == pytest.approx(min(1.0, 2 * min(below, above)), abs=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_counting_sweeps_shifts_every_outcome_by_one(row, table, rule):
    """A mean of 48 sweeps is a mean of 47 updates."""
    run = make_run_law(table, rule)
    found = estimate_n_star(run, read_reported_mean("47"), standard_error=row[f"mean_{rule}_error"])
    assert row[f"n_star_{rule}_sweeps"] == found.n_star


def test_shifted_cell_keeps_its_width():
    shifted = shift_cell(REPORTED, -1)
    assert (shifted.value, shifted.high - shifted.low) == (47, 1)


@pytest.mark.parametrize("rule", range(3))
def test_chance_of_sweeps_is_that_of_updates_one_later(rule):
    """If every network takes one update less, 48 sweeps are what 48 updates were."""
    outcomes = draw(share_failing=0.0)
    one_less = measure(outcomes - 1)
    np.testing.assert_allclose(
        one_less.chance.full[rule, 1], measure(outcomes).chance.full[rule, 0], atol=1e-9
    )


def test_reading_in_which_nothing_converges_has_no_mean():
    found = measure(np.full(100, NEVER, dtype=np.int32))
    assert found.row["mean_discard"] is None
    assert found.row["n_star_restart"] is None
    assert found.row["mean_cap"] == 600
    assert np.all(found.chance.full == 0)


def test_reading_that_converges_at_once_rules_the_number_out():
    found = measure(np.zeros(100, dtype=np.int32))
    assert found.row["mean_discard"] == 0
    assert found.row["n_star_discard"] == 0
    assert found.row["median"] == 0
