"""One answer for all rows of a table, against textbooks, SciPy and simulation."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from replication.statistics import pooling
from replication.statistics.means import Side, judge_means
from replication.statistics.pooling import Effect
from replication.statistics.seeds import SeedMean


def summarise(one, two):
    """Return the sides of each row, of runs (n_rows, n) and (n_rows, m)."""
    return [tuple(Side(x.mean(), ((x.std(ddof=1), x.size),)) for x in pair)
            for pair in zip(one, two, strict=True)]  # fmt: skip


def draw_rows(generator, shift=0.0, n_rows=26, n=3, m=3, between=0.0):
    own, theirs = generator.normal(shift, 1, (n_rows, n)), generator.normal(size=(n_rows, m))
    labs = between * generator.normal(size=(2, n_rows, 1))
    return summarise(own + labs[0], theirs + labs[1])


def pool(rows):
    gaps = [judge_means(*pair, level=0.05) for pair in rows]
    effects = [pooling.find_effect(*one) for one in zip(gaps, rows, strict=True)]
    return pooling.pool(effects, level=0.05), effects, [gap.p_alone for gap in gaps]


def test_a_difference_in_deviations_is_hedges_g():
    """Borenstein et al. (2009), Introduction to Meta-Analysis, p. 26 ff.: means of 103 and 100, sd
    of 5.5 and 4.5, n = 50 each: d = 0.5970, g = 0.5924; their variance of d is 0.0418."""
    sides = Side(103.0, ((5.5, 50),)), Side(100.0, ((4.5, 50),))
    found = pooling.find_effect(judge_means(*sides, level=0.05), sides)
    assert found.value == pytest.approx(0.5924, abs=1e-4)
    assert found.weight == 25.0
    assert found.variance == pytest.approx(0.04, rel=0.03), "of no difference"


def test_the_mean_over_rows_has_the_wider_of_two_intervals():
    """Equal rows: Knapp and Hartung's interval has no width, that of fixed effects has."""
    equal = pooling.pool([Effect(0.5, 4.0, 0.25)] * 4, level=0.05)
    assert (equal.high - equal.low) / 2 == pytest.approx(1.95996 * np.sqrt(0.25 / 4), rel=1e-4)
    values = [-1.0, 0.5, 2.0, 2.5]
    apart = pooling.pool([Effect(value, 4.0, 0.25) for value in values], level=0.05)
    by_t = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (apart.low, apart.high) == pytest.approx(by_t)
    assert apart.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert (apart.n_lower, apart.n, apart.p_sign) == (1, 4, pytest.approx(0.625))
    assert apart.correlation == 0


@pytest.mark.parametrize(("n_rows", "n"), [(2, 5), (26, 3)])
def test_equal_tables_are_contradicted_at_the_level_at_most(n_rows, n):
    generator = np.random.default_rng(n_rows)
    low = 0
    for _ in range(300):
        found, _, p_values = pool(draw_rows(generator, n_rows=n_rows, n=n, m=n))
        low += pooling.combine(p_values, found) <= 0.05
    assert low / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_fisher_and_holm_are_those_of_their_authors():
    """Fisher (1932), section 21.1: 0.145, 0.263, 0.087 have chi2 = 11.417 on 6, p = 0.076."""
    fisher = stats.combine_pvalues([0.145, 0.263, 0.087]).pvalue
    assert fisher == pytest.approx(0.0763, abs=2e-4)
    assert pooling.combine([0.145, 0.263, 0.087], None) == pytest.approx(2 * fisher)
    equal = dataclasses.replace(pooling.pool([Effect(0.5, 4.0, 0.25)] * 3, level=0.05), p=0.01)
    assert pooling.combine([0.145, 0.263, 0.087], equal) == pytest.approx(0.03)
    assert pooling.combine([0.03], equal) == 0.03
    # Of rows alone: Bonferroni, times the factor for what else is tested.
    assert pooling.combine_rows([0.01, 0.5]) == pytest.approx(0.02)
    assert pooling.combine_rows([0.01, 0.5, 0.5]) == pytest.approx(0.045)
    # Rows that are one row are one test, by Brown's degrees of freedom.
    seeds = SeedMean(0.5, 0.0, 1.0, 1.0, correlation=1.0, square=1.0, n_rows=9, n_seeds=5)
    same = dataclasses.replace(equal, p=1.0, seeds=seeds)
    assert pooling.combine([0.02] * 9, same) == pytest.approx(0.06)
    # Holm (1979): 0.01, 0.02 and 0.04 among three become 0.03, 0.04 and 0.04.
    adjusted = pooling.adjust({"b": 0.02, "a": 0.01, "c": 0.04})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.04})


def test_the_spread_between_labs_is_found_again_where_runs_are_many():
    generator = np.random.default_rng(4)
    taus = []
    for _ in range(30):
        found, _, _ = pool(draw_rows(generator, n=20, m=20, between=0.5))
        taus.append(found.tau)
    squares = np.square(taus)
    assert squares.mean() == pytest.approx(0.25, abs=4 * squares.std() / 30**0.5)
    few, _, _ = pool(draw_rows(generator, n=9, m=20))
    assert few.tau is None


def test_the_ratio_of_spreads_is_unbiased_and_covered():
    generator = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        rows = summarise(2.0 * generator.normal(size=(10, 3)), generator.normal(size=(10, 5)))
        found = pooling.compare_spreads(rows, 0.05)
        inside += found.low <= 2.0 <= found.high
    assert inside / 200 == pytest.approx(0.95, abs=0.05)


def test_the_ratio_of_spreads_is_unbiased_with_few_runs_and_knows_its_error():
    """Of equal spreads it is 1, though log s^2 of three runs is off by -0.58 on average."""
    generator = np.random.default_rng(11)
    rows = []
    for _ in range(4000):
        sides = [generator.normal(size=size) for size in (3, 8)]
        rows.append(tuple(Side(x.mean(), ((x.std(ddof=1), x.size),)) for x in sides))
    found = pooling.compare_spreads(rows, 0.05)
    logs = [2 * math.log(one.samples[0][0] / two.samples[0][0]) for one, two in rows]
    error = np.std(logs) / math.sqrt(len(rows)) / 2
    assert abs(math.log(found.value)) < 3 * error
    assert math.log(found.high / found.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
