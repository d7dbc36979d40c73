"""Rows that share their seeds: nothing to find is found at the level, whatever is missing."""

import math

import numpy as np
import pytest
from scipy import stats

from replication.statistics import pooling, seeds
from replication.statistics.means import Side, judge_means

LIMIT = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def summarise(one, two):
    """Return the sides of each row, of runs (n_rows, n) and (n_rows, m)."""
    return [tuple(Side(x.mean(), ((x.std(ddof=1), x.size),)) for x in pair)
            for pair in zip(one, two, strict=True)]  # fmt: skip


def draw_rows(generator, n_rows=20, n=5, m=5, correlation=0.9):
    """Return runs of rows that share a part of each seed, (n_rows, n) and (n_rows, m)."""
    found = []
    for size in (n, m):
        shared = np.sqrt(correlation) * generator.normal(size=(1, size))
        found.append(np.sqrt(1 - correlation) * generator.normal(size=(n_rows, size)) + shared)
    return found


def by_seed(*names):
    """Return runs of these seeds, each with its seed as its value."""
    return seeds.BySeed(np.array(names, dtype=np.int64), np.array(names, dtype=np.float64))


def test_rows_share_seeds_if_one_occurs_twice():
    assert seeds.are_shared([by_seed(1, 2), by_seed(2, 3)])
    assert not seeds.are_shared([by_seed(1), by_seed(2), seeds.NO_SEEDS])
    assert not seeds.are_shared([])


def test_the_complete_part_leaves_out_the_row_or_the_seed_that_lacks_most():
    full = by_seed(0, 1, 2, 3, 4)
    lacks = by_seed(0, 1, 2, 4)
    many = seeds.find_block([full] * 7 + [lacks])
    assert (many.rows, many.values.shape) == ([*range(7)], (7, 5)), "one row of eight"
    two = seeds.find_block([full, lacks])
    assert (two.rows, two.values.tolist()) == ([0, 1], [[0.0, 1, 2, 4]] * 2), "one seed of five"
    assert seeds.find_block([full, seeds.NO_SEEDS, full]).rows == [0, 2]
    assert seeds.find_block([full, seeds.NO_SEEDS]) is None
    assert seeds.find_block([by_seed(1, 2)] * 5) is None, "two seeds"


def test_seeds_that_all_rows_share_are_what_varies():
    """Rows with a correlation of 0.9 are nearly one; taken as independent, they mislead."""
    generator = np.random.default_rng(6)
    low, correlations = dict.fromkeys(("by seed", "by rows", "all"), 0), []
    for _ in range(300):
        own, theirs = draw_rows(generator)
        rows = summarise(own, theirs)
        gaps = [judge_means(*pair, level=0.05) for pair in rows]
        effects = [pooling.find_effect(*one) for one in zip(gaps, rows, strict=True)]
        alone = pooling.pool(effects, level=0.05)
        by_seed = seeds.judge_by_seed(own, rows, level=0.05)
        correlations.append(by_seed.correlation)
        whole = pooling.combine([gap.p_alone for gap in gaps], alone.replace_by_seed(by_seed))
        for name, p in zip(low, (by_seed.p, alone.p, whole), strict=True):
            low[name] += p <= 0.05
    assert max(low["by seed"], low["all"]) / 300 <= LIMIT
    assert low["by rows"] / 300 > 0.4
    assert np.mean(correlations) == pytest.approx(0.9, abs=0.1)


def test_the_interval_by_seed_covers_where_standard_deviations_are_of_few_runs():
    """Of three runs a side they are so uncertain that it covered 89 %."""
    generator, inside, shift = np.random.default_rng(7), 0, 1.0
    for _ in range(500):
        own, theirs = shift + generator.normal(size=(26, 3)), generator.normal(size=(26, 3))
        found = seeds.judge_by_seed(own, summarise(own, theirs), level=0.05)
        inside += found.low <= shift <= found.high
    assert inside / 500 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 500)


@pytest.mark.parametrize("case", ["other n", "no spread", "constant", "error"])
def test_reports_that_differ_from_row_to_row_keep_the_level(case):
    """Each of these switched to the analysis of independent rows without a word."""
    generator, low = np.random.default_rng(8), 0
    for _ in range(300):
        own, theirs = draw_rows(generator, n_rows=16, correlation=0.5)
        rows = summarise(own, theirs)
        one, two = rows[0]
        ((sd, n),) = two.samples
        other = {
            "other n": Side(theirs[0, :3].mean(), ((theirs[0, :3].std(ddof=1), 3),)),
            "no spread": Side(two.mean, ((np.nan, n),)),
            "constant": Side(0.0),
            "error": Side(two.mean, error=sd / np.sqrt(n)),
        }[case]
        rows[0] = (one, other)
        low += seeds.judge_by_seed(own, rows, level=0.05).p <= 0.05
    assert 0.0 < low / 300 <= LIMIT


def test_a_row_of_equal_runs_takes_the_error_of_the_report():
    """Of one's own runs that are all at a cap nothing says how the report's vary, but its sd."""
    generator = np.random.default_rng(9)
    own, theirs = draw_rows(generator, n_rows=4)
    own[0] = own[0, 0]
    wide, narrow = theirs.copy(), theirs.copy()
    wide[0] = 10 * theirs[0]
    found = [seeds.judge_by_seed(own, summarise(own, x), level=0.05) for x in (wide, narrow)]
    assert all(one.n_rows == 4 for one in found)
    assert found[0].high - found[0].low < np.inf
    equal = own.copy()
    equal[:] = 1.0
    assert seeds.judge_by_seed(equal, summarise(equal, theirs), level=0.05) is None


def test_seeds_whose_average_over_rows_does_not_vary_are_no_test():
    own = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    rows = [(Side(2.0, ((1.0, 3),)), Side(1.5, ((1.0, 5),)))] * 2
    assert seeds.judge_by_seed(own, rows, level=0.05) is None


def test_the_interval_by_seed_is_student_s_where_all_rows_are_one():
    """With one row in two places, against constants, nothing but the seeds varies."""
    values = np.array([3.0, 5.0, 4.0, 8.0, 6.0])
    rows = [(Side(values.mean(), ((values.std(ddof=1), 5),)), Side(values.mean()))] * 2
    found = seeds.judge_by_seed(np.stack([values, values]), rows, level=0.05)
    # Hedges' J on four degrees of freedom, by the gamma function.
    j = math.gamma(2.0) / math.gamma(1.5) / math.sqrt(2.0)
    half = stats.t.ppf(0.975, 4) * j / math.sqrt(5)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -half, half))
    assert (found.p, found.correlation) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("between", [0.3, 1.0])
def test_labs_that_differ_add_twice_their_variance_since_a_difference_is_of_two(between):
    """Each lab is off by so many standard deviations of a run, in each row anew."""
    own, theirs = draw_rows(np.random.default_rng(10), n_rows=8)
    rows = summarise(own, theirs)
    plain = seeds.judge_by_seed(own, rows, level=0.05)
    wider = seeds.judge_by_seed(own, rows, level=0.05, between=between)
    t = stats.t.ppf(0.975, own.shape[1] - 1)
    halves = [(found.high - found.low) / 2.0 for found in (plain, wider)]
    added = (halves[1] ** 2 - halves[0] ** 2) / t**2
    assert added == pytest.approx(2.0 * between**2 / len(own))
    assert wider.value == plain.value
