"""The series that figures draw keep what they must: totals, ends and exact heights."""

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.runs import make_run_law
from replication.analysis.series import (
    make_histogram,
    make_mean_law,
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
    assert make_histogram(table)["counts"] == []
    assert make_restart(table, restart_after=200)["best"] is None
    assert make_survival(table)["survival"].tolist() == [1.0]


def test_thinned_times_are_distinct_and_keep_both_ends():
    times = thin_times(3, 2000, 50)
    assert (times[0], times[-1]) == (3, 2000)
    assert np.all(np.diff(times) > 0)
    assert thin_times(7, 7, 50).tolist() == [7]
