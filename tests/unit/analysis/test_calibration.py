"""What is calibrated, against which truth, and what becomes of it."""

import math

import numpy as np
import pytest

from replication.analysis import calibration
from replication.analysis.calibration import SIZES, calibrate, list_quantities, measure_coverage
from replication.analysis.compatible import read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.means import estimate_mean
from replication.analysis.population import (
    estimate_convergence,
    estimate_convergence_within,
    estimate_quantile,
)
from replication.analysis.trials import MEAN_RULE, PROPORTION_RULE, draw_studies

# Quantiles fall on 50 (30 %), 100 (50 %), 150 (70 %), 240 (80 %) and 300 (90 %).
LAW = CountTable([50, 100, 150, 240, 300], [3000, 2000, 2000, 1000, 1000], 1000, 500)
REPORTED = read_reported_mean("120")


def test_truths_worked_by_hand():
    found = {name: (label, truth, rule) for name, label, truth, rule, _ in list_quantities(LAW)}
    assert found == {
        "converged": ("converged by the cap", 0.9, PROPORTION_RULE),
        "survival-50": ("converged within 50 updates", 0.3, PROPORTION_RULE),
        "survival-100": ("converged within 100 updates", 0.5, PROPORTION_RULE),
        "survival-200": ("converged within 200 updates", 0.7, PROPORTION_RULE),
        "survival-500": ("converged within 500 updates", 0.9, PROPORTION_RULE),
        "quantile-0.05": ("5 % quantile", 50, PROPORTION_RULE),
        "quantile-0.25": ("25 % quantile", 50, PROPORTION_RULE),
        "quantile-0.5": ("50 % quantile", 100, PROPORTION_RULE),
        "quantile-0.75": ("75 % quantile", 240, PROPORTION_RULE),
        # The 95 % and the 99 % quantile lie beyond the cap.
        "mean-discard": ("mean, discard", pytest.approx(1190 / 9), MEAN_RULE),
        "mean-cap": ("mean, cap", pytest.approx(169), MEAN_RULE),
        # Restarts after 200: 0.3 of 50, 0.2 of 100, 0.2 of 150, the others 200, per 0.7.
        "mean-restart": ("mean, restart", pytest.approx(125 / 0.7), MEAN_RULE),
    }


def test_truth_of_restarts_is_unknown_where_none_succeeds_and_the_cap_may_cut_them_short():
    slow = CountTable([300], [9], 1, 500)
    truths = {name: truth for name, _, truth, *_ in list_quantities(slow)}
    assert math.isnan(truths["mean-restart"])
    early = CountTable([30, 60], [8, 1], 1, 60)
    truths = {name: truth for name, _, truth, *_ in list_quantities(early)}
    assert truths["mean-restart"] == pytest.approx((0.8 * 30 + 0.2 * 60) / 0.9)
    assert set(truths) >= {"survival-50", "quantile-0.75"}
    assert "survival-100" not in truths
    long = CountTable([30], [9], 1, 1000)
    assert "survival-1000" in {name for name, *_ in list_quantities(long)}


def test_each_quantity_has_its_own_estimator():
    study = CountTable([50, 100, 300], [40, 30, 20], 10, 500)
    found = {name: estimator(study) for name, *_, estimator in list_quantities(LAW)}
    assert found["converged"] == estimate_convergence(study)
    for time in (50, 100, 200, 500):
        assert found[f"survival-{time}"] == estimate_convergence_within(study, time)
    for probability in (0.05, 0.25, 0.5, 0.75):
        assert found[f"quantile-{probability:g}"] == estimate_quantile(study, probability)
    for rule in ("discard", "cap", "restart"):
        assert found[f"mean-{rule}"] == estimate_mean(study, rule).interval
    never = CountTable([], [], 5, 500)
    estimators = {name: estimator for name, *_, estimator in list_quantities(LAW)}
    assert estimators["mean-discard"](never) is None


@pytest.mark.parametrize("law", [LAW, CountTable([50, 300], [30, 10], 60, 500)])
def test_coverage_is_the_share_of_intervals_that_hold_the_truth(law):
    """Where most networks fail, some studies have no mean, and so an interval without ends."""
    sizes, n_studies = (2, 6, 40), 60
    rows = measure_coverage(
        law, sizes=sizes, n_studies=n_studies, generator=np.random.default_rng(5)
    )
    again = np.random.default_rng(5)
    studies = [list(draw_studies(law, n, n_studies=n_studies, generator=again)) for n in sizes]
    quantities = list_quantities(law)
    assert [row["quantity"] for row in rows] == [name for name, *_ in quantities]
    for row, (name, label, truth, rule, estimator) in zip(rows, quantities, strict=True):
        assert (row["label"], row["truth"], row["requirement"]) == (label, truth, rule)
        assert [entry["n_networks"] for entry in row["by_size"]] == list(sizes)
        for entry, drawn in zip(row["by_size"], studies, strict=True):
            low, high = [], []
            for study in drawn:
                interval = estimator(study)
                unknown = interval is None
                low.append(-math.inf if unknown or interval.low is None else interval.low)
                high.append(math.inf if unknown or interval.high is None else interval.high)
            assert entry["n_studies"] == n_studies
            assert entry["too_low"] == pytest.approx(np.mean(np.array(high) < truth - 1e-6)), name
            assert entry["too_high"] == pytest.approx(np.mean(np.array(low) > truth + 1e-6)), name
            assert entry["coverage"] == pytest.approx(1 - entry["too_low"] - entry["too_high"])
            assert entry["median_width"] == np.median(np.array(high) - np.array(low))


def test_requirement_may_be_missed_by_the_errors_that_are_allowed(monkeypatch):
    given = []

    def count(ends, truth, **settings):
        given.append(settings)
        return {}

    monkeypatch.setattr(calibration, "count_hits", count)
    for more, expected in (({}, 0.0), ({"n_errors": 3.0}, 3.0)):
        given.clear()
        measure_coverage(
            LAW, sizes=(6,), n_studies=2, generator=np.random.default_rng(5), **more
        )
        assert {settings["n_errors"] for settings in given} == {expected}
        assert {settings["requirement"] for settings in given} == {PROPORTION_RULE, MEAN_RULE}


def pretend(monkeypatch, *, coverage=True, prediction=True, check=True):
    """Replace what takes long by what says it was called; return the calls."""
    calls = {}

    def record(name, answer):
        def call(*given, **settings):
            calls[name] = (given, settings)
            return answer

        monkeypatch.setattr(calibration, name, call)

    record("measure_coverage", [{"by_size": [{"meets": True}, {"meets": coverage}]}])
    record("measure_n_star_coverage", [{"by_size": [{"meets": None}]}])
    record("measure_prediction_coverage", [{"meets": prediction}])
    record("run_checks", [{"meets": check}])
    return calls


@pytest.mark.parametrize(
    ("mode", "n_errors", "is_long"), [("long", 0.0, True), ("quick", 3.0, False)]
)
def test_everything_is_asked_for_as_it_was_given(monkeypatch, mode, n_errors, is_long):
    calls = pretend(monkeypatch)
    model = calibrate(
        LAW,
        REPORTED,
        n_studies=7,
        n_prediction_studies=5,
        n_star_studies=3,
        sizes=(40, 90),
        mode=mode,
        seed=11,
        about={"of": "a test"},
    )
    # Each part draws from a stream of its own, so that none depends on how much another draws.
    streams = np.random.default_rng(11).spawn(4)
    names = [
        "measure_coverage",
        "measure_n_star_coverage",
        "measure_prediction_coverage",
        "run_checks",
    ]
    for name, stream in zip(names, streams, strict=True):
        assert calls[name][1].pop("generator").random() == stream.random()
    sizes = {"sizes": (40, 90)}
    assert calls == {
        "measure_coverage": ((LAW,), {**sizes, "n_studies": 7, "n_errors": n_errors}),
        "measure_n_star_coverage": ((LAW, REPORTED), {**sizes, "n_studies": 3}),
        "measure_prediction_coverage": ((LAW,), {**sizes, "n_studies": 5, "n_errors": n_errors}),
        "run_checks": ((LAW, REPORTED), {"is_long": is_long}),
    }
    assert model == {
        "kind": "calibration",
        "mode": mode,
        "law": {"of": "a test", "n_networks": 10_000},
        "level": 0.95,
        "n_studies": 7,
        "n_prediction_studies": 5,
        "n_star_studies": 3,
        "sizes": [40, 90],
        "coverage": [{"by_size": [{"meets": True}] * 2}, {"by_size": [{"meets": None}]}],
        "prediction": [{"meets": True}],
        "checks": [{"meets": True}],
        "meets": True,
    }


def test_long_calibration_of_every_size_is_the_usual_one(monkeypatch):
    calls = pretend(monkeypatch)
    model = calibrate(LAW, REPORTED)
    assert (model["mode"], model["sizes"]) == ("long", list(SIZES))
    assert model["law"] == {"n_networks": 10_000}
    studies = [model[name] for name in ("n_studies", "n_prediction_studies", "n_star_studies")]
    assert studies == [4000, 400, 400]
    first = np.random.default_rng(48).spawn(4)[0]
    assert calls["measure_coverage"][1]["generator"].random() == first.random()


@pytest.mark.parametrize("part", ["coverage", "prediction", "check"])
def test_one_requirement_that_is_not_met_is_enough(monkeypatch, part):
    pretend(monkeypatch, **{part: False})
    assert calibrate(LAW, REPORTED)["meets"] is False
