"""Real data with an answer that textbooks and papers give: the verdict is that of a statistician.

Measured facts, published or shipped with statsmodels and R; each with its source.
"""

import numpy as np
import pytest
from scipy import stats

from replication.comparison.comparison import compare
from replication.comparison.numbers import describe_p
from replication.comparison.result import Verdict

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
# Rayleigh (1894), Proc. R. Soc. Lond. 55, 340-344: masses of nitrogen in grams, from chemical
# compounds and from air. The difference led to argon.
CHEMICAL = [2.30143, 2.29890, 2.29816, 2.30182, 2.29869, 2.29940, 2.29849, 2.29889]
FROM_AIR = [2.31017, 2.30986, 2.31010, 2.31001, 2.31024, 2.31010, 2.31028]
# Dobson (1983), An Introduction to Statistical Modelling, in R's `PlantGrowth`: dried weights of
# plants, control and second treatment.
CONTROL = [4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14]
TREATED = [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26]
# Beall (1942), Biometrika 32, 243-262, in R's `InsectSprays`: insects left after sprays A and C.
SPRAY_A = [10, 7, 20, 14, 14, 12, 10, 23, 17, 20, 14, 13]
SPRAY_C = [0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4]

NO, YES = Verdict.CONTRADICTED, Verdict.NOT_CONTRADICTED


def report(values, digits=3):
    return {"mean": f"{np.mean(values):.{digits}f}", "sd": f"{np.std(values, ddof=1):.{digits}f}",
            "runs": len(values), "plus_minus": "sd n-1"}  # fmt: skip


IMPROVED = np.arange(52) < 4  # after bed rest, as the Medical Research Council found
SURE = pytest.approx(0, abs=1e-4)
CASES = {
    "Michelson's first set is not one like his fifth": (
        FIFTH, report(FIRST, 1), NO,
        pytest.approx(stats.ttest_ind(FIRST, FIFTH, equal_var=False).pvalue, rel=0.01),
    ),
    # Without the two outliers the mean is 27.75; the truth is 33.02 (Stigler 1977).
    "Newcomb's mean is not the truth": (NEWCOMB, {"constant": "33.02"}, NO, SURE),
    "Newcomb's mean is his own": (NEWCOMB, {"runs": 66, "mean": "26.2"}, YES, None),
    "his outliers pull it down": (np.delete(NEWCOMB, [1, 53]), report(NEWCOMB, 1), YES, None),
    "Darwin's maize stands on the edge": (
        MAIZE, {"constant": "0"}, NO, pytest.approx(0.0497, abs=5e-4),
    ),
    # Paired t, and Welch.
    "Student's sleep differs if paired": (
        np.subtract(SLEEP_2, SLEEP_1), {"constant": "0"}, NO, pytest.approx(0.0028, abs=5e-5),
    ),
    "Student's sleep does not differ if not": (
        SLEEP_2, {"minus": SLEEP_1, "constant": "0"}, YES, pytest.approx(0.0794, abs=5e-5),
    ),
    # Medical Research Council (1948), Br. Med. J. 2, 769-782: 28 of 55 against 4 of 52 improved
    # considerably; Fisher's exact p < 0.0001.
    "streptomycin helped more than bed rest": (
        IMPROVED, {"succeeded": IMPROVED, "runs": 55, "n_succeeded": 28}, NO, SURE,
    ),
    # Welch: p < 0.0001; half a per cent, and fifteen standard errors.
    "Rayleigh's nitrogen from air is heavier": (CHEMICAL, report(FROM_AIR, 5), NO, SURE),
    # R, t.test(weight ~ group): Welch p = 0.0479.
    "Dobson's second treatment makes a difference": (
        CONTROL, report(TREATED), NO, pytest.approx(0.0479, abs=2e-4),
    ),
    # R, t.test: Welch p < 0.0001; medians of 14 and 1.5.
    "Beall's sprays differ": (SPRAY_C, report(SPRAY_A), NO, SURE),
    "their medians differ": (SPRAY_C, {"runs": 12, "median": "14"}, NO, None),
    "a spray has its own median": (SPRAY_A, {"runs": 12, "median": "14"}, YES, None),
}  # fmt: skip


@pytest.mark.parametrize(("values", "arguments", "verdict", "p"), CASES.values(), ids=CASES)
def test_verdict_and_p_are_those_of_a_statistician(values, arguments, verdict, p):
    found = compare(values, **arguments)
    assert found.verdict is verdict
    assert p is None or found.p == p


def test_what_a_verdict_hangs_on_is_said():
    few = compare(MAIZE, constant="0")
    assert few.conditions == ("the mean of so few runs is about normal",)
    from_air = compare(CHEMICAL, **report(FROM_AIR, 5)).cautions["spreads"]
    ratio = np.var(CHEMICAL, ddof=1) / np.var(FROM_AIR, ddof=1)
    p = 2 * stats.f.sf(ratio, len(CHEMICAL) - 1, len(FROM_AIR) - 1)
    assert f"(F test, {describe_p(p)})" in from_air, "which is purer"
    # Of Dobson's plants, as means alone one cannot be so sure.
    assert compare(CONTROL, **report(TREATED) | {"plus_minus": None}).reason == "reading"


def test_the_lady_tasting_tea_needs_more_cups():
    """Fisher (1935), section 5 ff.: three of four cups right on either side, p = 0.486 two-sided.

    Three of four against one of four shows nothing; what would have been shown is out of reach.
    """
    found = compare([1, 1, 1, 0], n=4, mean="0.25")
    assert found.verdict is YES
    assert found.shown["mean"] is None or found.shown["mean"] > 0.7
    assert compare([1] * 8, runs=8, share="0").verdict is NO


def test_salk_s_vaccine_prevented_polio():
    """Francis (1955), Am. J. Public Health 45(5), part 2: 57 cases among 200,745 vaccinated, 142
    among 201,229 with placebo. As rates: 28 and 71 of 100,000, the most that a report may have."""
    found = compare("share = 28/100000", {"successes": "71", "n": 100_000})
    assert found.verdict is NO
    exact = stats.fisher_exact([[28, 99_972], [71, 99_929]]).pvalue
    assert found.p == pytest.approx(exact, rel=0.5)


# Fujimoto, van Hoof & Meger (2018), Addressing Function Approximation Error in Actor-Critic
# Methods, ICML, table 1: TD3, mean and standard deviation of 10 trials. Beside it the reproduction
# with three seeds in the repository sony/nnabla-rl, reproductions/mujoco/td3/README.md.
TD3 = {
    "Ant": ("4372.44 ± 1000.33", "5056.422 ± 938.283", YES),
    "HalfCheetah": ("9636.95 ± 859.065", "10627.57 ± 843.172", YES),
    "Hopper": ("3564.07 ± 114.74", "3050.033 ± 843.191", YES),
    "InvertedDoublePendulum": ("9337.47 ± 14.96", "9359.346 ± 0.622", NO),
    "InvertedPendulum": ("1000.00 ± 0.00", "1000.0 ± 0.0", YES),
    "Reacher": ("-3.60 ± 0.56", "-3.274 ± 1.405", YES),
    "Walker2d": ("4682.82 ± 539.64", "4948.24 ± 318.22", YES),
}
# Without a spread: the same table's "Our DDPG", and sony/nnabla-rl, mujoco/ddpg/README.md.
DDPG = {
    "Ant": ("888.77", "998.16 ± 3.41", NO), "HalfCheetah": ("8577.29", "10547.678 ± 1243.365", YES),
    "Hopper": ("1860.02", "3162.059 ± 297.692", NO),
    "Walker2d": ("3098.11", "4075.864 ± 1456.147", YES),
}  # fmt: skip


@pytest.mark.parametrize(("reported", "reproduced", "verdict"), [*TD3.values(), *DDPG.values()])
def test_a_reproduction_is_held_against_a_table(reported, reproduced, verdict):
    """By Welch's test from the summaries the same verdicts; all at the bound says nothing new.

    Three runs at 998 ± 3 cannot say that ten others vary as little: the condition says so.
    """
    found = compare(f"{reproduced}, n = 3", f"{reported}, n = 10", plus_minus="sd n-1", decimal=".")
    assert found.verdict is verdict
    mean, _, sd = reported.partition(" ± ")
    own, spread = map(float, reproduced.split(" ± "))
    if not sd:
        assert found.conditions == ("the report's runs vary as yours do",)
    elif float(sd) > 0:
        welch = stats.ttest_ind_from_stats(own, spread, 3, float(mean), float(sd), 10, False).pvalue
        assert (welch <= 0.05) == (verdict is NO)
        assert found.p >= welch * 0.999
