"""Tests of two means and two shares against SciPy, textbooks and enumeration."""

import numpy as np
import pytest
from scipy import stats

from replication.statistics import means
from replication.statistics.means import Side

ONE, TWO = np.random.default_rng(3).normal(size=(2, 12)) * [[1.0], [3.0]]


def side(values, **more):
    return Side(np.mean(values), ((np.std(values, ddof=1), len(values)),), **more)


def test_with_as_many_runs_on_both_sides_p_and_interval_are_welch_s():
    found = means.judge_means(side(ONE), side(TWO), level=0.05)
    welch = stats.ttest_ind(ONE, TWO, equal_var=False)
    assert found.p == pytest.approx(welch.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(welch.confidence_interval()))
    # Hedges' g: with J of about 1 - 3 / (4 f - 1) (Borenstein et al. 2009, equation 4.22)
    g = (1 - 3 / (4 * (2 * ONE.size - 2) - 1)) * (ONE.mean() - TWO.mean()) / np.sqrt(
        (ONE.var(ddof=1) + TWO.var(ddof=1)) / 2)  # fmt: skip
    assert found.d[0] == pytest.approx(g, rel=2e-3)


def test_with_fewer_on_one_side_p_is_the_larger_of_welch_s_and_student_s():
    for few, many in ((TWO[:3], ONE), (ONE[:3], 9.0 * ONE)):
        p = means.judge_means(side(few), side(many), level=0.05).p
        both = [stats.ttest_ind(few, many, equal_var=equal).pvalue for equal in (True, False)]
        assert p == pytest.approx(max(both))


def test_rounding_of_a_mean_adds_the_variance_of_a_uniform_error():
    # A number printed as 3 lies anywhere between 2.5 and 3.5, whose variance is 1/12.
    error = np.sqrt(ONE.var(ddof=1) / 12 + 1 / 12)
    assert means.list_errors(side(ONE), Side(3.0, ((0.0, 5),), 1.0))[0][0] == pytest.approx(error)


def test_labs_that_differ_add_their_variance_on_both_sides():
    """Each lab is off by half a standard deviation of its runs."""
    few, many, unknown = (Side(0.0, ((sd, n),)) for sd, n in ((2.0, 5), (3.0, 7), (np.nan, 7)))
    plain, wider = (means.list_errors(few, many, between) for between in (0.0, 0.5))
    added = [more.size**2 - less.size**2 for less, more in zip(plain, wider, strict=True)]
    # Welch's takes each side's own variance; Student's twice the pooled one, (4 4 + 6 9) / 10.
    assert added == pytest.approx([0.25 * (4.0 + 9.0), 0.25 * 2.0 * 7.0])
    (alone,) = means.list_errors(few, unknown, 0.5)
    assert alone.size**2 == pytest.approx(4.0 * (1 / 5 + 1 / 7 + 2.0 * 0.25))


def test_nothing_is_known_where_no_run_varies():
    equal = Side(1.0, ((0.0, 10),))
    assert means.judge_means(equal, Side(2.0, ((np.nan, 5),)), level=0.05) is None
    assert means.judge_means(equal, Side(2.0, ((0.0, 5),)), level=0.05) is None
    single = Side(1.0, ((np.nan, 1),))
    assert means.judge_means(single, Side(2.0, ((np.nan, 1),)), level=0.05) is None


def test_what_would_have_been_shown_is_found_four_times_in_five():
    error, free = np.sqrt(2 / 5), 8
    shown = means.find_shown(error, free, 0.05)
    limit = stats.t.ppf(0.975, free)
    assert stats.nct.sf(limit, free, shown / error) == pytest.approx(0.8, abs=1e-6)


def test_equivalence_is_welch_s_test_taken_twice_and_unknown_where_no_run_varies():
    """TOST of two samples: the same error and degrees of freedom as scipy's unequal-variance t."""
    below = stats.ttest_ind(ONE + 4.0, TWO, equal_var=False, alternative="greater").pvalue
    above = stats.ttest_ind(ONE - 4.0, TWO, equal_var=False, alternative="less").pvalue
    assert means.find_equivalence(side(ONE), side(TWO), 4.0) == pytest.approx(max(below, above))
    assert means.find_equivalence(Side(48.0, ((0.0, 10),)), Side(48.0, ((np.nan, 5),)), 4.8) is None
    # A constant has no error: 2 standard errors within the margin on 99 degrees of freedom.
    found = means.find_equivalence(Side(50.0, ((10.0, 100),)), Side(48.0), 4.0)
    assert found == pytest.approx(0.0241, abs=5e-5)


@pytest.mark.parametrize("n", [6, 20, 80])
def test_a_spread_by_quartiles_gives_the_error_of_the_mean_that_they_give(n):
    """Squared, it is n times the variance of that mean, or up to a tenth more with few runs."""
    studies = np.random.default_rng(17).normal(size=(20_000, n))
    quartiles = np.quantile(studies, (0.5, 0.25, 0.75), axis=1).T.tolist()
    found = np.array([means.summarise_quartiles(*row, n) for row in quartiles])
    mean, sd = found.T
    assert mean.mean() == pytest.approx(0.0, abs=4 / np.sqrt(20_000 * n))
    error = np.sqrt(2 / 20_000)  # of the ratio of two variances
    assert 1.0 - 3 * error <= (sd**2).mean() / (n * mean.var()) <= 1.1 + 3 * error
