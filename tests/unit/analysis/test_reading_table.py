"""One row of the table of readings against the analysis of the main study."""

import numpy as np
import pytest

from replication.analysis.compatible import estimate_n_star, read_reported_mean
from replication.analysis.confrontation import confront_all
from replication.analysis.counts import CountTable
from replication.analysis.equivalence import find_smallest_margin
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.population import estimate_convergence, estimate_quantile
from replication.analysis.reading_table import (
    SHOWN_RUNS,
    describe_columns,
    measure_reading,
    shift_cell,
)
from replication.analysis.reported_chance import compute_errors, compute_lower_tails
from replication.analysis.runs import RULES, make_run_law
from replication.analysis.seed_blocks import block_statistics, count_blocks

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


NS = [5, 20, 100]


def make_table(outcomes, cap):
    return CountTable.from_outcomes(np.minimum(outcomes, cap), outcomes <= cap, cap)


def find_chance(outcomes, rule, count, reported, *, restart_after, cap=600):
    """Return the exact chance that the mean of n runs, `count` added, lies in the cell."""
    run = make_run_law(make_table(outcomes, cap), rule, restart_after=restart_after)
    laws = MeanLaws(run)
    return [
        laws.compute(n).probability_below(reported.high - count)
        - laws.compute(n).probability_below(reported.low - count)
        for n in NS
    ]


@pytest.mark.parametrize("text", ["48", "46.5"])
@pytest.mark.parametrize("restart_after", [60, 200])
@pytest.mark.parametrize("share_failing", [0.05, 0.4])
def test_chance_is_that_of_the_exact_law_with_and_without_a_block(
    text, restart_after, share_failing
):
    """Without a block to first order: the larger part of the change must be explained."""
    outcomes, reported = draw(2000, share_failing=share_failing), read_reported_mean(text)
    found = measure_reading(
        outcomes, cap=600, reported=reported, margin_percent=10.0, ns=NS,
        restart_after=restart_after,
    )  # fmt: skip
    assert found.chance.full.shape == (3, 2, 3)
    assert found.chance.without.shape == (20, 3, 2, 3)
    for i, rule in enumerate(RULES):
        for j in range(2):
            exact = find_chance(outcomes, rule, j, reported, restart_after=restart_after)
            np.testing.assert_allclose(found.chance.full[i, j], exact, atol=1e-9)
            for block in (0, 13):
                rest = np.delete(outcomes, np.arange(100 * block, 100 * (block + 1)))
                change = np.subtract(
                    find_chance(rest, rule, j, reported, restart_after=restart_after), exact
                )
                np.testing.assert_allclose(
                    found.chance.without[block, i, j] - found.chance.full[i, j],
                    change,
                    atol=0.2 * np.abs(change).max() + 2e-4,
                )


def test_chance_without_a_block_is_never_negative():
    """One network in a block of its own can print the number: without it none can."""
    outcomes = np.full(40, 300, dtype=np.int32)
    outcomes[0] = 48
    found = measure_reading(
        outcomes, cap=600, reported=REPORTED, margin_percent=10.0, ns=[1], restart_after=200
    )
    assert np.all(found.chance.without >= 0)
    assert found.chance.full[0, 0, 0] == pytest.approx(1 / 40)
    # All of 1/40 goes with its own block, and a nineteenth of it is gained without another.
    assert found.chance.without[0, 0, 0, 0] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(found.chance.without[1:, 0, 0, 0], 1 / 38)


def test_counts_and_statistics_are_those_of_the_blocks():
    outcomes = draw(share_failing=0.05)
    found = measure_reading(
        outcomes, cap=600, reported=REPORTED, margin_percent=10.0, ns=NS, restart_after=60
    )
    mean = estimate_mean(make_table(outcomes, 600), "restart", restart_after=60)
    assert found.row["mean_restart"] == pytest.approx(mean.interval.value)
    assert found.row["mean_restart_error"] == pytest.approx(mean.standard_error)
    counts = count_blocks(outcomes, 600)
    np.testing.assert_array_equal(found.counts, counts)
    expected = block_statistics(counts, restart_after=60)
    np.testing.assert_array_equal(found.statistics.full, expected.full)
    np.testing.assert_array_equal(found.statistics.without, expected.without)


@pytest.mark.parametrize("restart_after", [60, 200])
@pytest.mark.parametrize(
    ("shift", "sides"), [(-8, {"below", "above"}), (3, {"below", "both"}), (8, {"below"})]
)
@pytest.mark.parametrize("text", ["48", "48.0"])
def test_error_of_p_is_twice_that_of_its_smaller_tail(text, shift, sides, restart_after):
    """p(n) is twice the chance of the nearer side; where it is 1, it has no error."""
    reported = read_reported_mean(text)
    outcomes = draw(2000, share_failing=0.03)
    outcomes[outcomes != NEVER] += shift
    row = measure_reading(
        outcomes, cap=600, reported=reported, margin_percent=10.0, ns=NS,
        restart_after=restart_after,
    ).row  # fmt: skip
    table = make_table(outcomes, 600)
    met = set()
    for rule in RULES:
        run = make_run_law(table, rule, restart_after=restart_after)
        n_networks = table.n_converged if rule == "discard" else table.n
        tails = compute_lower_tails(run, [reported.low, reported.high], SHOWN_RUNS)
        below, above = tails.probability[1], 1.0 - tails.probability[0]
        errors = [
            compute_errors(tails, np.array(pick), n_networks) for pick in ([2.0, 0.0], [0.0, 2.0])
        ]
        for k, n in enumerate(SHOWN_RUNS):
            p = min(1.0, 2 * min(below[k], above[k]))
            error = 0.0 if p == 1.0 else errors[int(below[k] < above[k])][k]
            assert row[f"p{n}_{rule}"] == pytest.approx(p, abs=1e-12)
            assert row[f"p{n}_{rule}_error"] == pytest.approx(error)
            met.add("both" if p == 1.0 else "below" if below[k] < above[k] else "above")
    # A cell a tenth wide has no n at which both of its sides hold half of the law.
    assert met >= (sides if text == "48" else sides - {"both"})


@pytest.mark.parametrize("rule", RULES)
def test_reading_is_equivalent_from_its_smallest_margin_on(rule):
    outcomes = draw(share_failing=0.05)
    smallest = find_smallest_margin(make_table(outcomes, 600), rule, 48.0, restart_after=60)
    for factor, is_equivalent in ((1.001, True), (0.999, False)):
        row = measure_reading(
            outcomes,
            cap=600,
            reported=REPORTED,
            margin_percent=factor * smallest / 48 * 100,
            ns=NS,
            restart_after=60,
        ).row
        assert row[f"equivalent_{rule}"] == is_equivalent


def test_networks_that_converge_at_the_cap_are_counted():
    row = measure(np.array([600] * 10 + [NEVER] * 30, dtype=np.int32)).row
    assert (row["n_networks"], row["n_converged"]) == (40, 10)
    assert row["mean_discard"] == 600


def test_columns_are_explained_to_whom_the_table_is_sent():
    columns = describe_columns(reported="48", margin_percent=10.0, restart_after=200)
    expected = {
        "n_networks": "networks simulated",
        "n_converged": "networks that met the criterion by the cap",
        "converged": "share of networks that converge",
        "converged_low": "lower end of its 95 % interval (Clopper-Pearson)",
        "median": "median over all networks, updates; empty beyond the cap",
        "median_high": "upper end of its 95 % interval (order statistics)",
        "mean_discard": "mean over the converged, updates",
        "mean_cap": "mean the others counted at the cap, updates",
        "mean_restart": "mean with restarts after 200 updates, updates",
        "mean_cap_low": "lower end of its 95 % interval (by measured coverage)",
        "mean_cap_error": "its standard error, updates",
        "equivalent_cap": "whether that mean is equivalent to 48 within 10 %",
        "p20_cap": "p(20) of 48 under cap",
        "p20_cap_error": "its standard error",
        "n_star_cap_sweeps": "n* under cap, counting sweeps, runs; 5000 means that many or more",
        "n_star_cap_high": "upper end of its 95 % interval (tilted laws)",
    }
    assert {name: columns[name] for name in expected} == expected
