"""Coverage of prediction intervals and of n*, on laws whose answers are known."""

import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.prediction import widen_level
from replication.analysis.run_trials import measure_n_star_coverage, measure_prediction_coverage
from replication.analysis.runs import RULES, make_run_law
from replication.analysis.trials import draw_studies

POINT = CountTable.from_outcomes([48] * 9, [True] * 9, 99)
FAILED = CountTable.from_outcomes([99] * 9, [False] * 9, 99)
COIN = CountTable.from_outcomes([40, 60] * 50, [True] * 100, 99)


def measure_predictions(law, *, sizes, n_studies=3, n_errors=0.0):
    return measure_prediction_coverage(
        law,
        sizes=sizes,
        n_studies=n_studies,
        generator=np.random.default_rng(1),
        n_errors=n_errors,
    )


def measure_runs(law, reported, *, sizes, n_studies=3):
    return measure_n_star_coverage(
        law,
        read_reported_mean(reported),
        sizes=sizes,
        n_studies=n_studies,
        generator=np.random.default_rng(2),
    )


def test_numbers_of_runs_go_up_to_a_twentieth_of_the_size():
    """A twentieth, a fifth of it and a 25th of it; never beyond the largest n of p(n)."""
    rows = measure_predictions(POINT, sizes=(10, 1000, 1_000_000))
    found = {
        size: sorted({row["n_runs"] for row in rows if row["n_networks"] == size})
        for size in (10, 1000, 1_000_000)
    }
    assert found == {10: [1], 1000: [2, 10, 50], 1_000_000: [200, 1000, 5000]}
    assert {row["rule"] for row in rows} == set(RULES)
    assert {row["n_studies"] for row in rows} == {3}


def test_prediction_of_a_sure_outcome_always_holds():
    for row in measure_predictions(POINT, sizes=(100,)):
        assert row["coverage"] == pytest.approx(1.0)
        assert row["error"] == pytest.approx(0.0, abs=1e-12)
        assert row["meets"]


def test_coverage_of_one_toss_is_what_the_study_saw():
    """A study of one network predicts the outcome it saw, which one toss in two is."""
    for row in measure_predictions(COIN, sizes=(1,), n_studies=50):
        assert row["coverage"] == pytest.approx(0.5)
        assert row["error"] == pytest.approx(0.0, abs=1e-12)
        assert not row["meets"]


def test_requirement_may_be_missed_by_the_stated_number_of_errors():
    """Studies of two: half of them saw both outcomes and hold one toss surely, half hold one."""
    rows = measure_predictions(COIN, sizes=(2,), n_studies=100)
    coverage, error = rows[0]["coverage"], rows[0]["error"]
    assert coverage == pytest.approx(0.75, abs=4 * 0.25 / 10)
    share = (coverage - 0.5) / 0.5
    assert error == pytest.approx(0.5 * np.sqrt(share * (1 - share) / 100))
    gap = (0.94 - coverage) / error
    for factor, meets in ((0.99, False), (1.01, True)):
        again = measure_predictions(COIN, sizes=(2,), n_studies=100, n_errors=factor * gap)
        assert again[0]["meets"] is meets


def test_rule_without_a_law_is_not_predicted():
    """Where nothing converges only the mean at the cap is left, and it is sure."""
    rows = measure_predictions(FAILED, sizes=(100,))
    assert {row["rule"] for row in rows} == {"cap"}
    assert all(row["coverage"] == pytest.approx(1.0) for row in rows)


def test_study_that_saw_no_convergence_predicts_nothing():
    """One network in two fails; a study of one that failed has no mean over the converged."""
    law = CountTable.from_outcomes([48, 99], [True, False], 99)
    rows = {row["rule"]: row for row in measure_predictions(law, sizes=(1,), n_studies=100)}
    assert rows["discard"]["coverage"] == pytest.approx(0.5, abs=4 * 0.5 / 10)
    assert rows["discard"]["error"] == pytest.approx(0.05, rel=0.03)


def test_interval_of_n_star_holds_that_of_a_sure_outcome():
    rows = measure_runs(POINT, "48", sizes=(50, 200))
    assert [row["quantity"] for row in rows] == [f"n_star-{rule}" for rule in RULES]
    assert [row["label"] for row in rows] == [f"n*, {rule}" for rule in RULES]
    for row in rows:
        assert (row["truth"], row["requirement"]) == (5000, None)
        assert [entry["n_networks"] for entry in row["by_size"]] == [50, 200]
        for entry in row["by_size"]:
            assert (entry["coverage"], entry["n_studies"], entry["meets"]) == (1.0, 3, None)
    assert all(row["truth"] == 0 for row in measure_runs(POINT, "60", sizes=(50,)))


def test_study_without_a_mean_leaves_n_star_anywhere():
    """Such an interval holds everything, so it has no width to speak of."""
    law = CountTable.from_outcomes([48] + [99] * 10**6, [True] + [False] * 10**6, 99)
    rows = {row["quantity"]: row for row in measure_runs(law, "48", sizes=(10,))}
    assert "n_star-restart" not in rows, "one success in a million is no law"
    (entry,) = rows["n_star-discard"]["by_size"]
    assert (entry["coverage"], entry["median_width"]) == (1.0, np.inf)


def test_intervals_of_n_star_miss_on_either_side():
    """Studies of two networks that take 47 or 49 updates, against a reported 47.

    Both took 47: any number of runs prints 47, and the interval lies above the truth. Both took
    49: none does, and it lies below. One of each: the study is the law, and holds its n*.
    """
    law = CountTable.from_outcomes([47, 49] * 50, [True] * 100, None)
    for row in measure_runs(law, "47", sizes=(2,), n_studies=40):
        assert 0 < row["truth"] < 50
        (entry,) = row["by_size"]
        assert entry["too_high"] == pytest.approx(0.25, abs=4 * 0.07)
        assert entry["too_low"] == pytest.approx(0.25, abs=4 * 0.07)


def test_open_upper_end_holds_every_number():
    """Against 48 both outcomes together allow any number of runs, one of them alone none."""
    law = CountTable.from_outcomes([47, 49] * 50, [True] * 100, None)
    for row in measure_runs(law, "48", sizes=(2,), n_studies=40):
        assert row["truth"] == 5000
        (entry,) = row["by_size"]
        assert entry["too_low"] == pytest.approx(0.5, abs=4 * 0.08)
        assert entry["coverage"] == pytest.approx(1.0 - entry["too_low"])


def test_coverage_is_the_chance_of_all_means_within_the_interval():
    """Summed over every value of the mean of n runs under the true law, ends included."""
    outcomes = np.random.default_rng(3).geometric(0.2, 3000)
    law = CountTable.from_outcomes(outcomes, [True] * 3000, None)
    rows = measure_predictions(law, sizes=(200,), n_studies=4)
    found = {row["n_runs"]: row["coverage"] for row in rows if row["rule"] == "discard"}
    assert list(found) == [1, 2, 10]
    studies = draw_studies(law, 200, n_studies=4, generator=np.random.default_rng(1))
    runs = [make_run_law(study, "discard") for study in studies]
    for n, coverage in found.items():
        exact = MeanLaws(make_run_law(law, "discard")).compute(n)
        chances = []
        for run in runs:
            level = widen_level(run, n, n_networks=200)
            low, high = MeanLaws(run).compute(n).predict(level=level)
            held = (exact.values >= low - 1e-9) & (exact.values <= high + 1e-9)
            chances.append(exact.probabilities[held].sum())
        assert coverage == pytest.approx(np.mean(chances), abs=1e-9)
        assert coverage < 0.9999


def test_n_star_has_no_row_for_a_rule_without_a_law():
    rows = measure_runs(FAILED, "99", sizes=(20,))
    assert [row["quantity"] for row in rows] == ["n_star-cap"]
