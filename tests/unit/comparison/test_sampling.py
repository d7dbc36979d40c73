"""Sampling distributions against enumeration, closed forms, direct convolution and drawing."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from replication.comparison.sampling import (
    Masses,
    Sample,
    compute_mean_law,
    compute_mean_law_given_max,
    draw_means_given_max,
    draw_statistics,
    expand_mean_law,
    lay_out,
    resample,
)
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
    convolve,
    find_length,
)
from replication.statistics.counts import CountTable

VALUES = np.array([3, 4, 6, 9])
COUNTS = np.array([5, 3, 2, 1])
TABLE = CountTable(VALUES, COUNTS, 0, 20)
SHARES = COUNTS / COUNTS.sum()


def make_masses(values=VALUES, shares=SHARES):
    """Return one resample: the population itself."""
    mass = np.zeros(int(values[-1] - values[0]) + 1)
    mass[values - values[0]] = shares
    return Masses(Fraction(1), int(values[0]), mass[None, :])


def enumerate_studies(n):
    """Yield mean, largest value and probability of every study of n runs."""
    for places in itertools.product(range(VALUES.size), repeat=n):
        chosen = VALUES[list(places)]
        yield chosen.mean(), chosen.max(), math.prod(SHARES[place] for place in places)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_mean_given_the_largest_is_that_of_all_studies_enumerated(n):
    for largest in VALUES:
        cell = (Fraction(9, 2), Fraction(11, 2))
        law = compute_mean_law_given_max(
            make_masses(), n, cell, largest=(largest - Fraction(1, 2), largest + Fraction(1, 2)),
            is_seen=True,
        )  # fmt: skip
        studies = [(mean, p) for mean, most, p in enumerate_studies(n) if most == largest]
        whole = sum(p for _, p in studies)
        for value, mass in zip(law.values, law.mass, strict=True):
            expected = sum(p for mean, p in studies if abs(mean - value) < 1e-9) / whole
            assert mass == pytest.approx(expected, abs=1e-13)
        inside = sum(p for mean, p in studies if 4.5 <= mean < 5.5) / whole
        assert law.inside[0] == pytest.approx(inside, abs=1e-13)
        assert law.below[0] + law.above[0] == pytest.approx(1 + inside)


@pytest.mark.parametrize("n", [2, 3])
def test_joint_distribution_is_that_of_all_studies_enumerated(n):
    mean_edges, max_edges = np.array([3, 3.5, 4, 5, 9.5]), np.array([3, 4, 5, 9, 10])
    joint = compute_joint_mass(TABLE, n, mean_edges=mean_edges, max_edges=max_edges)
    expected = np.zeros((4, 4))
    for mean, largest, p in enumerate_studies(n):
        row = np.searchsorted(mean_edges, mean + 1e-12, side="right") - 1
        column = np.searchsorted(max_edges, largest, side="right") - 1
        expected[row, column] += p
    assert joint == pytest.approx(expected, abs=1e-13)
    assert joint.sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [2, 20, 137])
def test_mean_is_that_of_direct_convolution(n):
    direct = np.ones(1)
    one = make_masses().mass[0]
    for _ in range(n):
        direct = np.convolve(direct, one)
    values, mass = compute_mean_mass(TABLE, n)
    assert values[0] == pytest.approx(3)
    assert mass[: direct.size] == pytest.approx(direct[: mass.size], abs=1e-13)


def test_margins_of_the_joint_distribution_are_the_distributions_of_mean_and_largest():
    edges = np.arange(3, 11)
    joint = compute_joint_mass(TABLE, 12, mean_edges=edges, max_edges=edges)
    values, mass = compute_max_mass(TABLE, 12)
    assert joint.sum(axis=0)[(values - 3).astype(int)] == pytest.approx(mass, abs=1e-13)
    means, mass = compute_mean_mass(TABLE, 12)
    expected, _ = np.histogram(means, bins=edges, weights=mass)
    assert joint.sum(axis=1) == pytest.approx(expected, abs=1e-13)


def make_geometric(share, *, n=10**12):
    """Return a population so large that its counts are the geometric probabilities."""
    values = np.arange(1, 400)
    counts = np.rint(n * stats.geom.pmf(values, share)).astype(np.int64)
    return CountTable(values[counts > 0], counts[counts > 0], 0, None)


def test_largest_of_geometric_counts_has_its_closed_form():
    """P(max <= m) = (1 - (1 - p)^m)^n."""
    values, mass = compute_max_mass(make_geometric(0.1), 100)
    assert np.cumsum(mass) == pytest.approx((1 - 0.9**values) ** 100, abs=1e-9)


def test_mean_of_geometric_counts_is_negative_binomial():
    values, mass = compute_mean_mass(make_geometric(0.1), 100)
    expected = stats.nbinom.cdf(np.rint(values * 100) - 100, 100, 0.1)
    assert np.cumsum(mass) == pytest.approx(expected, abs=1e-9)


def test_mean_of_100_runs_given_the_largest_agrees_with_drawing():
    generator = np.random.default_rng(5)
    studies = generator.geometric(0.1, size=(200_000, 100))
    chosen = studies[studies.max(axis=1) == 50].mean(axis=1)
    sample = Sample.from_counts(make_geometric(0.1))
    masses = lay_out(resample(sample, 100, n_resamples=2))
    law = compute_mean_law_given_max(
        masses, 100, (Fraction(10), Fraction(11)),
        largest=(Fraction(99, 2), Fraction(101, 2)), is_seen=True,
    )  # fmt: skip
    error = chosen.std() / math.sqrt(chosen.size)
    assert law.mean == pytest.approx(chosen.mean(), abs=4 * error)
    assert law.spread == pytest.approx(chosen.std(), rel=4 / math.sqrt(2 * chosen.size))
    share = np.mean((chosen >= 10) & (chosen < 11))
    assert law.inside[0] == pytest.approx(share, abs=4 * math.sqrt(0.25 / chosen.size))


def test_an_unseen_largest_value_is_the_limit_of_a_rare_one():
    """Where no run lies in its cell, the largest is put there: as if it had been seen once."""
    values = np.array([3, 4, 6, 8, 9])
    shares = np.array([5, 3, 2, 1e-9, 1])
    cell, largest = (Fraction(4), Fraction(5)), (Fraction(15, 2), Fraction(17, 2))
    rare = compute_mean_law_given_max(
        make_masses(values, shares / shares.sum()), 10, cell, largest=largest, is_seen=True
    )
    unseen = compute_mean_law_given_max(make_masses(), 10, cell, largest=largest, is_seen=False)
    assert unseen.inside[0] == pytest.approx(rare.inside[0], abs=1e-6)
    assert unseen.mean == pytest.approx(rare.mean, abs=1e-5)


def test_no_run_is_as_small_as_the_largest_is_said_to_be():
    law = compute_mean_law_given_max(
        make_masses(), 10, (Fraction(1), Fraction(2)), largest=(Fraction(1), Fraction(2)),
        is_seen=False,
    )  # fmt: skip
    assert law is None


def test_length_of_the_transform_holds_all_but_a_trace_of_a_skewed_sum():
    """Wrapped round at this length, the sum equals the one that is never wrapped."""
    values = np.arange(1, 2001)
    mass = (values**-2.5 / (values**-2.5).sum())[None, :]
    length = find_length(mass, 100)
    assert length < 100 * 2000 / 3
    full = convolve(mass, 100, 262_144)[0]
    assert convolve(mass, 100, length)[0] == pytest.approx(full[:length], abs=1e-12)


def test_drawn_studies_agree_with_the_exact_distribution():
    generator = np.random.default_rng(3)
    sample = Sample.from_values(generator.geometric(0.1, size=20_000))
    resamples = resample(sample, 10, n_resamples=200)
    exact = compute_mean_law(lay_out(resamples), 10, (Fraction(19, 2), Fraction(21, 2)))
    drawn = draw_statistics(resamples, 10, ["mean", "max"], n_studies=500)
    assert drawn["mean"].mean() == pytest.approx(exact.mean, abs=0.05)
    assert drawn["mean"].std() == pytest.approx(exact.spread, rel=0.01)
    share = ((drawn["mean"] >= 9.5) & (drawn["mean"] < 10.5)).mean()
    assert share == pytest.approx(exact.inside.mean(), abs=0.006)
    values, mass = compute_max_mass(
        CountTable(sample.values.astype(int), sample.counts, 0, None), 10
    )
    assert drawn["max"].mean() == pytest.approx(values @ mass, rel=0.01)


def test_drawn_means_given_the_largest_agree_with_the_exact_ones():
    generator = np.random.default_rng(4)
    sample = Sample.from_values(generator.geometric(0.1, size=20_000))
    resamples = resample(sample, 20, n_resamples=200)
    exact = compute_mean_law_given_max(
        lay_out(resamples), 20, (Fraction(10), Fraction(11)), largest=(Fraction(40), Fraction(41)),
        is_seen=False,
    )  # fmt: skip
    drawn, weights = draw_means_given_max(resamples, 20, low=40.0, high=41.0, n_studies=500)
    mean = float((drawn.mean(axis=1) @ weights) / weights.sum())
    # Drawn largest values are spread over the cell, half a unit above its lower end on average.
    assert mean - 0.5 / 20 == pytest.approx(exact.mean, abs=0.02)


def test_a_resample_of_few_runs_holds_what_was_not_seen():
    """On average one N-th of the mass lies beyond either end."""
    sample = Sample.from_values(np.arange(100, 150))
    masses = lay_out(resample(sample, 20, n_resamples=4000))
    places = masses.start + np.arange(masses.mass.shape[1])
    assert masses.mass.sum(axis=1) == pytest.approx(np.ones(4000))
    for beyond in (places < 100, places > 149):
        assert masses.mass[:, beyond].sum(axis=1).mean() == pytest.approx(1 / 50, rel=0.1)


def test_values_that_are_never_negative_stay_so():
    sample = Sample.from_values([0, 0, 1, 1, 2, 3, 5, 8, 9, 12])
    resamples = resample(sample, 20, n_resamples=100)
    assert lay_out(resamples).start == 0
    drawn = draw_statistics(resamples, 20, ["min"], n_studies=100)
    assert drawn["min"].min() == 0


def test_many_runs_need_nothing_unseen():
    sample = Sample.from_values(np.arange(100_000) % 37)
    masses = lay_out(resample(sample, 50, n_resamples=3))
    assert (masses.start, masses.mass.shape[1]) == (0, 37)


def test_expanded_means_agree_with_exact_ones():
    generator = np.random.default_rng(6)
    sample = Sample.from_values(generator.geometric(0.1, size=20_000))
    cell = (Fraction(99, 10), Fraction(101, 10))
    resamples = resample(sample, 500, n_resamples=200)
    exact = compute_mean_law(lay_out(resamples), 500, cell)
    expanded = expand_mean_law(resamples, 500, (9.9, 10.1))
    assert expanded.mean == pytest.approx(exact.mean, abs=0.02)
    assert expanded.spread == pytest.approx(exact.spread, rel=0.02)
    assert expanded.inside.mean() == pytest.approx(exact.inside.mean(), abs=0.01)
    for probability in (0.001, 0.025, 0.975, 0.999):
        assert expanded.find_quantile(probability) == pytest.approx(
            exact.find_quantile(probability), abs=0.06
        )


def test_means_of_runs_too_skewed_are_not_expanded():
    sample = Sample.from_values(np.append(np.zeros(9999), 1e6))
    assert expand_mean_law(resample(sample, 500, n_resamples=50), 500, (0.0, 1.0)) is None


def test_median_of_counts_is_that_of_the_values():
    for values in ([1, 2, 3, 10], [1, 1, 5], [4]):
        assert Sample.from_values(values).median == np.median(values)


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([1.0, 7.0], 1),
        ([0.25, 1.5], Fraction(1, 4)),
        ([0.25, 1.51], Fraction(1, 100)),
        ([10, 20], 1),
        ([0.1, math.pi], None),
        ([-2.0, 1e14], 1),
    ],
)
def test_lattice_of_values_is_found(values, unit):
    assert Sample.from_values(values).unit == unit


def test_drawn_studies_of_few_runs_have_the_same_tails_as_the_exact_distribution():
    sample = Sample.from_values(np.random.default_rng(7).geometric(0.1, size=50))
    resamples = resample(sample, 10, n_resamples=400)
    assert (resamples.beyond > 0).all()
    exact = compute_mean_law(lay_out(resamples), 10, (Fraction(19, 2), Fraction(21, 2)))
    drawn = draw_statistics(resamples, 10, ["mean"], n_studies=500)["mean"]
    assert drawn.mean() == pytest.approx(exact.mean, abs=4 * drawn.std() / math.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(exact.spread, rel=0.02)
    for probability in (0.025, 0.975):
        assert np.quantile(drawn, probability) == pytest.approx(
            exact.find_quantile(probability), rel=0.02
        )


def test_an_unseen_run_lies_beyond_either_end_once_in_n_plus_1():
    """Hill (1968): each of the N + 1 gaps is as likely; half of a gap belongs to each neighbour."""
    sample = Sample.from_values(np.random.default_rng(8).normal(size=40))
    resamples = resample(sample, 20, n_resamples=4000)
    gap = 1 / 41
    assert resamples.beyond.mean(axis=0) == pytest.approx([gap, gap], rel=0.07)
    shares = resamples.shares.mean(axis=0)
    assert shares[[0, -1]] == pytest.approx([gap / 2, gap / 2], rel=0.15)
    assert shares[1:-1].mean() == pytest.approx(gap, rel=0.01)


def test_cells_of_many_runs_change_nothing_but_the_noise(monkeypatch):
    values = np.random.default_rng(9).normal(size=4000)
    names = ["sd", "median", "max"]
    fine = resample(Sample.from_values(values), 20, n_resamples=200)
    monkeypatch.setattr("replication.comparison.sampling.MAX_CELLS", 100)
    coarse = resample(Sample.from_values(values), 20, n_resamples=200)
    assert coarse.shares.shape == (200, 100)
    first = draw_statistics(fine, 20, names, n_studies=500)
    again = draw_statistics(coarse, 20, names, n_studies=500)
    for name in names:
        for probability in (0.01, 0.5, 0.99):
            found, expected = (np.quantile(item[name], probability) for item in (again, first))
            assert found == pytest.approx(expected, abs=0.02 * first[name].std() * 4), name
