"""Drawn studies against closed forms, and populations against what was seen."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from replication.statistics import sampling

EFFORT = sampling.Effort(100_000, 500)
NAMES = ["mean", "sd", "median", "q1", "q3", "iqr", "iqm", "min", "max", "p90"]


def test_statistics_are_those_of_numpy_and_scipy():
    studies = np.random.default_rng(1).normal(size=(50, 11))
    found = sampling.reduce_studies(studies, NAMES)
    q1, q3 = np.quantile(studies, [0.25, 0.75], axis=1)
    expected = {
        "mean": studies.mean(axis=1), "sd": studies.std(axis=1, ddof=1),
        "median": np.median(studies, axis=1), "q1": q1,
        "q3": q3, "iqr": stats.iqr(studies, axis=1),
        "iqm": stats.trim_mean(studies, 0.25, axis=1), "min": studies.min(axis=1),
        "max": studies.max(axis=1), "p90": np.quantile(studies, 0.9, axis=1),
    }  # fmt: skip
    for name in NAMES:
        assert found[name] == pytest.approx(expected[name]), name


def test_an_unseen_run_lies_beyond_either_end_once_in_n_plus_1():
    """Hill (1968): each of the N + 1 gaps is as likely; half of a gap belongs to each neighbour."""
    sample = sampling.Sample.from_values(np.random.default_rng(8).normal(size=40))
    populations = list(sampling.draw_populations(sample, 4000, seed=1))
    # Values (population, run), and the probability beyond either end (population, 2).
    runs = np.array([one.runs for one in populations])
    beyond = np.array([(one.below, one.above) for one in populations])
    assert beyond.mean(axis=0) == pytest.approx([1 / 41, 1 / 41], rel=0.07)
    share = 1 - beyond.sum(axis=1)
    shares = [((runs == value).mean(axis=1) * share).mean() for value in sample.values]
    assert np.array(shares)[[0, -1]] == pytest.approx(np.full(2, 0.5 / 41), rel=0.15)
    assert np.mean(shares[1:-1]) == pytest.approx(1 / 41, rel=0.01)


def test_largest_of_n_new_runs_lies_beyond_all_seen_with_n_in_n_plus_n():
    sample = sampling.Sample.from_values(np.random.default_rng(10).normal(size=50))
    drawn = sampling.draw_statistics(sample, 100, ["max"], effort=EFFORT)["max"]
    assert (drawn > sample.values[-1]).mean() == pytest.approx(100 / 150, abs=0.03)


def test_many_runs_need_nothing_unseen_and_leave_the_normal_distribution_of_the_mean():
    sample = sampling.Sample.from_values(np.random.default_rng(13).normal(50, 10, size=30_000))
    drawn = sampling.draw_statistics(sample, 25, ["mean", "sd", "max"], effort=EFFORT)
    assert drawn["max"].max() <= sample.values[-1]
    assert drawn["mean"].std() == pytest.approx(sample.spread / 5, rel=0.01)
    # The distribution of a normal sample's spread.
    low, high = 10 * np.sqrt(stats.chi2.ppf([0.025, 0.975], 24) / 24)
    assert np.quantile(drawn["sd"], [0.025, 0.975]) == pytest.approx([low, high], rel=0.02)


@pytest.mark.parametrize(
    ("bounds", "grid"),
    [((0.0, 1.0), None), ((-math.inf, math.inf), Fraction(1, 20)), ((0.0, math.inf), None)],
)
def test_no_drawn_run_leaves_the_bounds_or_the_grid(bounds, grid):
    values = np.round(np.random.default_rng(3).beta(8, 1, size=12) * 20) / 20
    sample = sampling.Sample.from_values(values, bounds=bounds, grid=grid)
    drawn = np.concatenate(
        [part.ravel() for part in sampling.draw_studies(sample, 30, sampling.Effort(2000, 100))]
    )
    assert drawn.min() >= bounds[0]
    assert drawn.max() <= bounds[1]
    if grid is not None:
        assert drawn * 20 == pytest.approx(np.rint(drawn * 20))
        assert drawn.max() > values.max()


def test_scale_of_a_tail_is_the_mean_excess_of_the_outermost_runs():
    runs = [0.0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4, 5, 8]
    long = sampling.Sample.from_values(runs)
    scale, degrees = sampling.fit_tail(long)
    assert scale == pytest.approx(np.mean([8, 5, 4, 3]) - 3)
    assert degrees < sampling.fit_tail(sampling.Sample.from_values(range(16)))[1]
    bounded = sampling.Sample.from_values(runs, bounds=(-math.inf, 8.0))
    assert sampling.fit_tail(bounded)[0] == 0, "nothing lies beyond a bound"


@pytest.mark.parametrize("unit", [1.0, 1e-99])
def test_spread_has_n_less_1_in_its_denominator_and_that_of_tiny_values_does_not_vanish(unit):
    spread = sampling.Sample.from_values([unit, unit, 4 * unit]).spread / unit
    assert spread == pytest.approx(math.sqrt(3))


def test_moments_and_quantiles_of_a_distribution_whatever_the_sum_of_its_mass():
    """By hand: mean (0 + 1 + 2 * 4) / 4, mean square 33 / 4, so the variance is 51 / 16."""
    values = np.array([0.0, 1.0, 4.0])
    for total in (1.0, 4.0):
        found = sampling.SamplingDistribution(values, total * np.array([0.25, 0.25, 0.5]))
        assert found.mean == pytest.approx(9 / 4)
        assert found.spread == pytest.approx(math.sqrt(51) / 4)
        quantiles = [found.find_quantile(p) for p in (0.0, 0.25, 0.26, 0.5, 0.51, 1.0)]
        assert quantiles == [0.0, 0.0, 1.0, 1.0, 4.0, 4.0]
        # Up to a value, and from one on: the value itself belongs to both.
        below, above = found.measure(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
        assert below == pytest.approx([0.25, 0.5, 0.5])
        assert above == pytest.approx([1.0, 0.75, 0.5])


def test_kurtosis_is_the_fourth_moment_over_the_squared_variance():
    """Of runs at -1 and 1 it is 1, the least; of 0, 0, 0, 4 by hand 21 / 9; 3 of normal ones."""
    assert sampling.Sample.from_values([-1.0, 1.0]).kurtosis == pytest.approx(1)
    assert sampling.Sample.from_values([0.0, 0.0, 0.0, 4.0]).kurtosis == pytest.approx(21 / 9)
    assert sampling.Sample.from_values([2.0, 2.0]).kurtosis == 0
    normal = sampling.Sample.from_values(np.random.default_rng(4).normal(5, 2, size=100_000))
    assert normal.kurtosis == pytest.approx(3, abs=4 * math.sqrt(24 / 100_000))


def test_a_sample_is_enough_for_a_thousandth_as_many_runs():
    """A run in n + N beyond all that were seen is too rare to matter from here on."""
    sample = sampling.Sample.from_values(np.arange(9_990.0))
    assert sample.is_enough_for(9)
    assert not sample.is_enough_for(10)


def test_random_draws_are_those_that_printed_numbers_were_made_with_in_every_version_of_numpy():
    """NumPy promises this of raw integers only. Recorded with 2.4; 1.26 and 2.0 gave the same."""
    generator = np.random.default_rng(3)
    drawn = generator.multinomial(1000, [0.1, 0.2, 0.7], size=2)
    assert drawn.tolist() == [[99, 204, 697], [96, 215, 689]]
    generator.standard_gamma([0.0, 0.0, 5.0])
    expected = [0.0, 0.4512603827551632, 3.945594794086422]
    assert np.allclose(generator.standard_gamma([0.0, 1.0, 5.0]), expected, rtol=1e-12)


@pytest.mark.parametrize(("resampled", "drawn", "n_resamples", "shape"), [
    (10**6, 10**6, 500, (2, 10)),  # neither limit matters: 1000 studies of 500 resamples
    (1000, 10**6, 50, (20, 10)),  # 1000 runs are resampled, 20 at a time
    (1000, 4000, 50, (8, 10)),  # 400 studies of 10 runs
    (100, 10, 20, (1, 10)),  # never fewer than 20 resamples with a study each
])  # fmt: skip
def test_limits_of_time_and_memory_leave_fewer_resamples_and_studies(
    monkeypatch, resampled, drawn, n_resamples, shape
):
    monkeypatch.setattr(sampling, "MAX_RESAMPLED", resampled)
    monkeypatch.setattr(sampling, "MAX_DRAWS", drawn)
    sample = sampling.Sample.from_values(np.arange(20.0))
    studies = list(sampling.draw_studies(sample, 10, sampling.Effort(1000, 500)))
    assert [each.shape for each in studies] == [shape] * n_resamples
