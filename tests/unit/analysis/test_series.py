"""The series that figures draw keep what they must: totals, ends and exact heights."""

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.curves import estimate_restart_mean, estimate_restricted_mean
from replication.analysis.equivalence import estimate_no_failure
from replication.analysis.mean_law import MeanLaws
from replication.analysis.population import estimate_survival
from replication.analysis.runs import RunLaw, make_run_law
from replication.analysis.series import (
    make_histogram,
    make_mean_law,
    make_no_failure,
    make_restart,
    make_restricted_mean,
    make_survival,
    thin_times,
)


def draw(n=5000, cap=2000):
    generator = np.random.default_rng(14)
    updates = np.minimum(np.rint(15 + generator.lognormal(3, 1.2, n)).astype(int), cap)
    return updates, CountTable.from_outcomes(updates, updates < cap, cap)


def test_histogram_loses_nobody():
    updates, table = draw()
    series = make_histogram(table)
    assert sum(series["counts"]) + series["n_beyond"] + series["n_censored"] == 5000
    oracle, _ = np.histogram(updates[updates < series["axis_end"]], series["edges"])
    assert series["counts"] == oracle.tolist()


def test_survival_series_is_exact_where_it_is_kept():
    updates, table = draw()
    series = make_survival(table)
    expected = [np.mean(updates > t) for t in series["updates"][:-1]]
    assert series["survival"][:-1] == pytest.approx(expected)
    assert series["updates"][-1] == 2000
    assert len(series["updates"]) <= 170


def test_restricted_mean_crosses_between_the_ends_of_its_band():
    updates, table = draw()
    level = float(np.minimum(updates, 900).mean())
    series = make_restricted_mean(table, level)
    assert series["crossing"] == pytest.approx(900)
    assert series["crossing_low"] < 900 < (series["crossing_high"] or np.inf)
    assert series["updates"][0] == 100
    assert series["updates"][-1] == 2000


def test_restart_series_holds_its_best_and_headline():
    series = make_restart(draw()[1], restart_after=200)
    assert series["best"]["mean"] == pytest.approx(np.nanmin(series["mean"]))
    assert series["headline"]["updates"] == 200


def test_binned_law_of_a_mean_integrates_to_nearly_one():
    _, table = draw()
    for rule in ("discard", "cap", "restart"):
        for n in (10, 200):
            series = make_mean_law(MeanLaws(make_run_law(table, rule)).compute(n))
            mass = np.diff(series["edges"]) @ series["density"]
            assert 0.998 < mass < 1.0001
            assert len(series["density"]) <= 121


@pytest.mark.parametrize("outcomes", [[48] * 9, [0, 0, 0], [5]])
def test_degenerate_tables_still_give_series(outcomes):
    table = CountTable.from_outcomes(outcomes, [True] * len(outcomes), 100)
    assert sum(make_histogram(table)["counts"]) == len(outcomes)
    assert make_survival(table)["survival"][-1] == 0
    assert make_restart(table, restart_after=200)["best"]["mean"] == outcomes[0]
    law = MeanLaws(make_run_law(table, "discard")).compute(10)
    series = make_mean_law(law)
    assert np.diff(series["edges"]) @ series["density"] == pytest.approx(1)


def test_nothing_converged_gives_empty_series():
    table = CountTable.from_outcomes([100] * 4, [False] * 4, 100)
    assert make_histogram(table) == {
        "edges": [],
        "counts": [],
        "axis_end": None,
        "n_beyond": 0,
        "n_censored": 4,
    }
    assert make_restart(table, restart_after=200) == {
        "updates": [],
        "mean": [],
        "low": [],
        "high": [],
        "best": None,
        "headline": None,
    }
    assert make_survival(table)["survival"].tolist() == [1.0]


def test_thinned_times_are_distinct_and_keep_both_ends():
    times = thin_times(3, 2000, 50)
    assert (times[0], times[-1]) == (3, 2000)
    assert np.all(np.diff(times) > 0)
    assert thin_times(7, 7, 50).tolist() == [7]


def test_thinned_times_start_at_zero_and_one():
    assert thin_times(0, 100, 3).tolist() == [0, 1, 10, 100]
    assert thin_times(1, 100, 3).tolist() == [1, 10, 100]
    assert thin_times(9, 7, 50).tolist() == [7]
    assert thin_times(0, 0, 50).tolist() == [0]


@pytest.mark.parametrize(
    ("last", "width", "n_bins"), [(119, 1, 120), (120, 2, 61), (239, 2, 120), (240, 3, 81)]
)
def test_histogram_has_at_most_120_bins_of_the_least_width(last, width, n_bins):
    """Outcomes 10 to 10 + last, the last one of so many networks that it ends the axis."""
    counts = np.full(last + 1, 200)
    counts[-1] = 2000
    series = make_histogram(CountTable(10 + np.arange(last + 1), counts, 3, 5000))
    assert len(series["edges"]) == n_bins + 1
    assert set(np.diff(series["edges"])) == {width}
    assert series["edges"][0] == 10
    assert series["axis_end"] == series["edges"][-1] == 10 + width * n_bins
    assert (series["n_beyond"], series["n_censored"]) == (0, 3)
    assert sum(series["counts"]) == 200 * last + 2000
    assert all(isinstance(count, int) for count in series["counts"])


def test_histogram_ends_where_995_of_a_thousand_are_done():
    """995 of them by 21, one at 22, which is the next bin's edge, and four far out."""
    table = CountTable(np.array([20, 21, 22, 900]), np.array([990, 5, 1, 4]), 0, 5000)
    series = make_histogram(table)
    assert (series["edges"], series["counts"]) == ([20, 21, 22], [990, 5])
    assert series["n_beyond"] == 5


def test_histogram_keeps_its_empty_last_bins():
    """Bins of two, the last of which ends beyond the last outcome."""
    table = CountTable(np.array([0, 120, 121]), np.array([1, 995, 4]), 0, 5000)
    series = make_histogram(table)
    assert len(series["counts"]) == len(series["edges"]) - 1
    assert sum(series["counts"]) + series["n_beyond"] == 1000


def test_short_survival_curve_keeps_every_outcome_and_the_cap():
    table = CountTable(np.arange(5, 165), np.full(160, 2), 7, 300)
    series = make_survival(table)
    assert series["updates"].tolist() == [*range(5, 165), 300]
    curve = estimate_survival(table, series["updates"])
    np.testing.assert_array_equal(series["low"], curve.low)
    np.testing.assert_array_equal(series["high"], curve.high)
    longer = make_survival(CountTable(np.arange(5, 166), np.full(161, 2), 7, 300))
    assert (longer["updates"][0], longer["updates"][-1]) == (5, 300)
    assert len(longer["updates"]) < 150


def test_restricted_mean_series_is_that_of_its_times():
    table = draw()[1]
    series = make_restricted_mean(table, 48.0)
    curve = estimate_restricted_mean(table, series["updates"])
    for name in ("mean", "low", "high"):
        np.testing.assert_array_equal(series[name], getattr(curve, name))
    assert 50 < len(series["updates"]) <= 61


@pytest.mark.parametrize("reported", [18.0, 50.0, 60.0, 1e6])
def test_ends_of_the_crossing_are_where_the_band_crosses(reported):
    """Linear between the times that are kept, None where the band stays below."""
    table = draw()[1]
    series = make_restricted_mean(table, reported)
    times = series["updates"].astype(float)
    for name, heights in (("crossing_low", series["high"]), ("crossing_high", series["low"])):
        if heights[-1] < reported:
            assert series[name] is None
        elif heights[0] >= reported:
            assert series[name] == times[0]
        else:
            assert series[name] == pytest.approx(np.interp(reported, heights, times))


def test_crossing_between_the_first_two_times_is_found():
    table = draw()[1]
    low = make_restricted_mean(table, 48.0)["low"]
    series = make_restricted_mean(table, float(low[0] + low[1]) / 2)
    assert series["crossing_high"] == pytest.approx(series["updates"][:2].mean())


def test_band_that_stays_level_is_crossed_where_it_gets_there():
    """All networks are done by 30, so that the mean is 30 from the first time on."""
    table = CountTable.from_outcomes([30] * 9, [True] * 9, 1000)
    series = make_restricted_mean(table, 30.0)
    assert series["crossing_low"] == series["crossing_high"] == 100.0


def test_restart_series_is_that_of_its_times():
    """From the 5 % point of the converged to the end, with the best c and the headline."""
    updates, table = draw()
    series = make_restart(table, restart_after=200)
    curve = estimate_restart_mean(table, series["updates"])
    for name in ("mean", "low", "high"):
        np.testing.assert_array_equal(series[name], getattr(curve, name))
    converged = np.sort(updates[updates < 2000])
    assert series["updates"][0] == converged[int(np.ceil(0.05 * converged.size)) - 1]
    assert series["updates"][-1] == 2000
    for name in ("best", "headline"):
        time = series[name]["updates"]
        exact = estimate_restart_mean(table, np.array([time]))
        for part in ("mean", "low", "high"):
            assert series[name][part] == pytest.approx(getattr(exact, part)[0])
    assert make_restart(table, restart_after=5000)["headline"]["updates"] == 2000


def test_law_of_a_die_has_a_bin_for_every_number():
    """The ends of a bin lie half a unit from its number; 0.05 % of the law is far from an end."""
    law = MeanLaws(RunLaw(np.arange(1, 7), np.full(6, 1 / 6))).compute(1)
    series = make_mean_law(law)
    np.testing.assert_allclose(series["edges"], np.arange(0.5, 7.0))
    np.testing.assert_allclose(series["density"], 1 / 6)
    assert series["mean"] == pytest.approx(3.5)


def test_law_of_the_mean_of_two_dice_in_bins_of_two():
    """Sums 2 to 12 in bins of two: 3, 7, 11, 9, 5 and 1 of 36, each bin one wide as a mean."""
    law = MeanLaws(RunLaw(np.arange(1, 7), np.full(6, 1 / 6))).compute(2)
    series = make_mean_law(law, n_bins=6)
    np.testing.assert_allclose(series["edges"], np.arange(0.75, 7.0))
    np.testing.assert_allclose(series["density"], np.array([3, 7, 11, 9, 5, 1]) / 36, atol=1e-12)


def test_chance_of_no_failure_is_that_of_the_estimate():
    table = draw()[1]
    series = make_no_failure(table, np.array([1, 20]))
    found = estimate_no_failure(table, np.array([1, 20]))
    assert list(series) == ["n", "chance", "low", "high"]
    for name, part in series.items():
        np.testing.assert_array_equal(part, getattr(found, name))
    assert series["chance"][0] == pytest.approx(table.n_converged / table.n)
