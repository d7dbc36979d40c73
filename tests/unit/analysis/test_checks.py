"""The checks of the exact law: they compare what they say, and can fail."""

import re

import numpy as np
import pytest
from scipy import special, stats

from replication.analysis import checks
from replication.analysis.checks import (
    check_negative_binomial,
    check_resampling,
    check_tilt,
    draw_means,
    measure_distance,
    run_checks,
)
from replication.analysis.compatible import estimate_n_star, read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.runs import RULES, RunLaw, make_run_law

REPORTED = read_reported_mean("42")
LAW = CountTable([20, 40, 60, 80], [300, 400, 200, 60], 40, 100)


def make_generator():
    return np.random.default_rng(31)


@pytest.mark.parametrize("n", [1, 8])
def test_drawn_means_have_the_moments_of_the_law(n):
    run = RunLaw(np.array([5, 9]), np.array([0.25, 0.75]), 0.2, 30)
    means = draw_means(run, n, n_draws=20_000, generator=make_generator())
    assert means.shape == (20_000,)
    # One success at 8 on average, and a quarter of a failure for each.
    mean, variance = 8 + 30 / 4, 3 + 30**2 * 0.2 / 0.8**2
    assert means.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / n / 20_000))
    assert means.var() == pytest.approx(variance / n, rel=0.1)
    sums = np.unique(np.rint(means * n))
    assert set(sums % 30) <= {(5 * i + 9 * (n - i)) % 30 for i in range(n + 1)}


def test_drawn_means_without_failures_are_means_of_outcomes():
    run = RunLaw(np.array([5, 9]), np.array([0.25, 0.75]))
    means = draw_means(run, 2, n_draws=4000, generator=make_generator())
    values, counts = np.unique(means, return_counts=True)
    assert values.tolist() == [5, 7, 9]
    assert stats.chisquare(counts, [250, 1500, 2250]).pvalue > 1e-3


def test_distance_worked_by_hand():
    """Two fair coins: at most 0, 1, 2 with 1/4, 3/4, 1; drawn were 1/2, 1/2, 1."""
    law = MeanLaws(RunLaw(np.array([0, 1]), np.array([0.5, 0.5]))).compute(2)
    assert measure_distance(law, np.array([1.0, 0.0, 0.0, 1.0])) == pytest.approx(0.25)
    assert measure_distance(law, np.array([0.0, 0.5, 0.5, 1.0])) == pytest.approx(0.0)
    assert measure_distance(law, np.array([0.5])) == pytest.approx(0.25)


@pytest.mark.parametrize("rule", RULES)
def test_resampling_compares_the_law_with_its_own_draws(rule):
    found = check_resampling(LAW, rule, n=6, n_draws=900, generator=make_generator())
    run = make_run_law(LAW, rule)
    means = draw_means(run, 6, n_draws=900, generator=make_generator())
    assert found["value"] == measure_distance(MeanLaws(run).compute(6), means)
    # Kolmogorov's distribution exceeds 1.9495 once in a thousand times.
    assert found["limit"] == pytest.approx(1.9495 / 30, rel=1e-4)
    assert found["name"] == f"resampling-{rule}-6"
    assert found["words"] == (
        "exact law of the mean of 6 runs against 900 means drawn run by run, "
        f"{rule}: largest distance of the two distribution functions"
    )
    assert found["meets"] is True


def test_resampling_fails_where_the_draws_are_of_another_law(monkeypatch):
    monkeypatch.setattr(checks, "draw_means", lambda *_, **__: np.full(900, 20.0))
    found = check_resampling(LAW, "cap", n=6, n_draws=900, generator=make_generator())
    assert found["meets"] is False


def test_rule_without_a_mean_has_nothing_to_check():
    never = CountTable([], [], 5, 100)
    assert check_resampling(never, "discard", n=6, n_draws=9, generator=make_generator()) is None
    assert (
        check_tilt(never, REPORTED, n_networks=9, n_bootstraps=9, generator=make_generator())
        is None
    )


@pytest.mark.parametrize(("success", "n"), [(0.5, 3), (0.02, 500), (1.0, 4)])
def test_negative_binomial_agrees(success, n):
    found = check_negative_binomial(success=success, n=n)
    assert 0 <= found["value"] < found["limit"] == 1e-10
    assert found["meets"] is True
    assert found["name"] == f"negative-binomial-{n}"
    assert found["words"] == (
        f"sum of {n} geometric outcomes against the negative binomial law: largest distance of "
        "the two distribution functions"
    )


def test_negative_binomial_fails_for_another_law(monkeypatch):
    exact = special.nbdtr
    monkeypatch.setattr(checks.special, "nbdtr", lambda k, n, p: exact(k, n, p) - 1e-9)
    found = check_negative_binomial(success=0.5, n=3)
    assert found["value"] == pytest.approx(1e-9, rel=1e-3)
    assert found["meets"] is False


def read_tilt(**changes):
    settings = {"n_networks": 20_000, "n_bootstraps": 41, "generator": make_generator()} | changes
    found = check_tilt(LAW, REPORTED, **settings)
    pattern = (
        r"interval of n\* for a study of (\d+) networks by tilting, (\d+) to (\d+), against (\d+) "
        r"bootstraps, (\d+) to (\d+): larger relative difference of an end"
    )
    return found, [int(group) for group in re.fullmatch(pattern, found["words"]).groups()]


def test_tilt_is_compared_with_the_bootstrap_of_the_same_study():
    found, (n_networks, low, high, n_bootstraps, again_low, again_high) = read_tilt()
    assert (n_networks, n_bootstraps) == (20_000, 41)
    # The study is what the generator draws first.
    counts = make_generator().multinomial(20_000, [0.3, 0.4, 0.2, 0.06, 0.04])
    study = CountTable(LAW.updates, counts[:4], int(counts[4]), 100)
    run, mean = make_run_law(study, "discard"), estimate_mean(study, "discard")
    tilted = estimate_n_star(
        run, REPORTED, standard_error=mean.standard_error, mean_interval=mean.interval
    )
    assert (low, high) == (tilted.low, tilted.high)
    assert found["value"] == pytest.approx(
        max(abs(low - again_low) / again_low, abs(high - again_high) / again_high), abs=0.01
    )
    assert again_low < tilted.n_star < again_high
    assert (found["name"], found["limit"]) == ("tilt", 0.15)
    assert found["meets"] == (found["value"] < 0.15)


def test_outcomes_that_a_study_missed_are_not_resampled():
    """Of 500 networks one has the sixth outcome and none the fifth; the others are common."""
    law = CountTable([20, 40, 60, 80, 90, 95], [300, 400, 200, 58, 1, 1], 40, 100)
    reported = read_reported_mean("46")
    counts = np.random.default_rng(0).multinomial(500, np.append(law.counts, 40) / 1000)
    assert counts[4:6].tolist() == [0, 1]
    study = CountTable([20, 40, 60, 80, 95], counts[[0, 1, 2, 3, 5]], int(counts[6]), 100)
    run, mean = make_run_law(study, "discard"), estimate_mean(study, "discard")
    tilted = estimate_n_star(
        run, reported, standard_error=mean.standard_error, mean_interval=mean.interval
    )
    symmetric = estimate_n_star(run, reported, standard_error=mean.standard_error)
    assert (tilted.low, tilted.high) != (symmetric.low, symmetric.high)
    found = check_tilt(
        law, reported, n_networks=500, n_bootstraps=9, generator=np.random.default_rng(0)
    )
    assert f"by tilting, {tilted.low} to {tilted.high}, against" in found["words"]


def test_tilt_that_agrees_with_the_bootstrap_passes(monkeypatch):
    _, (_, low, high, *_) = read_tilt()
    numbers = iter([low] * 20 + [high] * 21)
    monkeypatch.setattr(checks, "find_n_star", lambda *_: (next(numbers), 1))
    found, _ = read_tilt()
    assert (found["value"], found["meets"]) == (0, True)


def test_tilt_of_a_bootstrap_without_spread_fails(monkeypatch):
    """Were every bootstrap to give one n*, the tilted interval would be far wider."""
    monkeypatch.setattr(checks, "find_n_star", lambda *_: (800, 1))
    found, (_, low, high, _, again_low, again_high) = read_tilt()
    assert (again_low, again_high) == (800, 800)
    assert found["value"] == pytest.approx(max(abs(low - 800), abs(high - 800)) / 800)
    assert found["meets"] is False


def test_ends_of_the_bootstrap_leave_five_percent_out(monkeypatch):
    numbers = iter(range(100, 141))
    monkeypatch.setattr(checks, "find_n_star", lambda *_: (next(numbers), 1))
    _, (*_, again_low, again_high) = read_tilt()
    assert (again_low, again_high) == (101, 139)  # of 41 sorted numbers, the second at either end


@pytest.mark.parametrize(
    ("is_long", "n_draws", "n_bootstraps"), [(False, 4000, 100), (True, 200_000, 200)]
)
def test_long_checks_draw_more(monkeypatch, is_long, n_draws, n_bootstraps):
    calls = []

    def record(name, answer):
        def call(*given, **settings):
            calls.append((name, *given, settings))
            return answer

        return call

    for name in ("check_resampling", "check_negative_binomial", "check_tilt"):
        answer = None if name == "check_tilt" else {"name": name}
        monkeypatch.setattr(checks, name, record(name, answer))
    generator = make_generator()
    found = run_checks(LAW, REPORTED, generator=generator, is_long=is_long)
    assert [check["name"] for check in found] == ["check_resampling"] * 6 + [
        "check_negative_binomial"
    ] * 2
    draws = {"n_draws": n_draws, "generator": generator}
    assert calls == [
        *(("check_resampling", LAW, rule, {"n": n, **draws}) for rule in RULES for n in (5, 50)),
        ("check_negative_binomial", {"success": 0.3, "n": 20}),
        ("check_negative_binomial", {"success": 0.02, "n": 500}),
        (
            "check_tilt",
            LAW,
            REPORTED,
            {"n_networks": 100_000, "n_bootstraps": n_bootstraps, "generator": generator},
        ),
    ]
