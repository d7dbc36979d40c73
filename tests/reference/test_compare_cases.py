"""Real data with an answer that textbooks give: the verdict is that of a statistician.

Measured facts, published before 1950 or shipped with statsmodels; each with its source.
"""

import numpy as np
import pytest

from replication.comparison.comparison import compare
from replication.comparison.result import Agreement, Cause

# Michelson (1880), Astron. Papers Am. Ephemeris 1, 109-145: km/s less 299,000, first and fifth
# set of twenty as in Stigler (1977), Ann. Stat. 5, 1055-1098.
FIRST = [850, 740, 900, 1070, 930, 850, 950, 980, 980, 880,
         1000, 980, 930, 650, 760, 810, 1000, 1000, 960, 960]  # fmt: skip
FIFTH = [890, 840, 780, 810, 760, 810, 790, 810, 820, 850,
         870, 870, 810, 740, 810, 940, 950, 800, 810, 870]  # fmt: skip
# Newcomb (1891), Astron. Papers Am. Ephemeris 2, 107-230: deviations from 24,800 ns, in Stigler.
NEWCOMB = [28, -44, 29, 30, 24, 28, 37, 32, 36, 27, 26, 28, 29, 26, 27, 22, 23, 20, 25, 25, 36, 23,
           31, 32, 24, 27, 33, 16, 24, 29, 36, 21, 28, 26, 27, 27, 32, 25, 28, 24, 40, 21, 31, 32,
           28, 26, 30, 27, 26, 24, 32, 29, 34, -2, 25, 19, 36, 29, 30, 22, 28, 33, 39, 25, 16,
           23]  # fmt: skip
# Darwin (1876), Effects of Cross and Self Fertilisation, in Fisher (1935), Design of Experiments,
# section 17: crossed less self-fertilised maize, eighths of an inch. Fisher: t = 2.148.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Student (1908), Biometrika 6, 1-25: hours of sleep gained under two drugs, ten patients.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

pytestmark = pytest.mark.usefixtures("few_resamples")


def test_michelson_s_first_set_is_not_one_like_his_fifth():
    """Welch: p = 0.004; by normal theory too."""
    mean, sd = np.mean(FIRST), np.std(FIRST, ddof=1)
    found = compare(FIFTH, runs=20, mean=f"{mean:.1f}", sd=f"{sd:.1f}", grid=10)
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert found.normal_p < 0.05


def test_newcomb_s_two_outliers_are_said_to_decide():
    """Without them the mean is 27.75; the truth is 33.02 (Stigler 1977)."""
    found = compare(NEWCOMB, constant="33.02")
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert Cause.SKEWED in {item.cause for item in found.cautions}
    assert compare(NEWCOMB, runs=66, mean="26.2").agreement is Agreement.CONSISTENT


def test_darwin_s_maize_stands_on_the_edge_as_fisher_said():
    found = compare(MAIZE, constant="0")
    assert found.normal_p == pytest.approx(0.0497, abs=5e-4)
    assert found.p > 0.05
    assert Cause.NORMAL_DIFFERS in {item.cause for item in found.cautions}


def test_student_s_sleep_differs_if_paired_and_not_if_not():
    """Paired t: p = 0.0028; Welch: p = 0.079."""
    paired = compare(np.subtract(SLEEP_2, SLEEP_1), constant="0")
    assert paired.normal_p == pytest.approx(0.0028, abs=5e-4)
    alone = compare(SLEEP_2, minus=SLEEP_1, constant="0")
    assert alone.normal_p == pytest.approx(0.0794, abs=0.02)
    assert alone.agreement is Agreement.CONSISTENT


def test_streptomycin_helped_more_than_bed_rest():
    """Medical Research Council (1948), Br. Med. J. 2, 769-782: 28 of 55 against 4 of 52 improved
    considerably; Fisher's exact p < 0.0001."""
    improved = np.arange(52) < 4
    found = compare(improved, succeeded=improved, runs=55, n_succeeded=28)
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert found.p < 1e-3
