"""Monte Carlo errors of the multiverse against what independent repetitions show.

Seeds are fixed. Tolerances are given in standard errors of the comparison
itself: the standard deviation over R repetitions is known to within a relative
1 / sqrt(2 R).
"""

from fractions import Fraction

import numpy as np
import pytest

from replication.analysis.posterior import Likelihoods, estimate
from replication.analysis.reported_chance import average_slopes, compute_errors, compute_lower_tails
from replication.analysis.runs import RunLaw
from replication.analysis.seed_blocks import (
    Blocked,
    block_statistics,
    count_blocks,
    find_reach,
    stack_blocked,
)
from replication.analysis.variance_shares import estimate_shares

N_REPETITIONS = 120
CELL = [Fraction(95, 2), Fraction(97, 2)]
CAP = 2000


def draw_seeds(rng, n):
    """Outcomes of n seeds under two readings that share most of what makes a seed slow."""
    common, own = rng.gamma(1.6, 18, n), rng.gamma(1.2, 6, (2, n))
    first = (12 + common + own[0]).astype(np.int32)
    second = (16 + common + own[1]).astype(np.int32)
    return np.stack([first, second])


def test_error_of_p_is_the_spread_over_studies():
    rng = np.random.default_rng(11)
    found, errors = [], []
    for _ in range(N_REPETITIONS):
        values, counts = np.unique(draw_seeds(rng, 2000)[0], return_counts=True)
        run = RunLaw(values.astype(np.int64), counts / counts.sum())
        tails = compute_lower_tails(run, [Fraction(95, 2)], [50])
        found.append(1.0 - tails.probability[0, 0])
        errors.append(compute_errors(tails, np.array([1.0]), 2000)[0])
    ratio = np.mean(errors) / np.std(found, ddof=1)
    assert abs(ratio - 1.0) < 4 / np.sqrt(2 * N_REPETITIONS)


def measure_chance(outcomes, ns):
    """The chance to print 48 with each block of seeds left out, float64[1, 1, len(ns)]."""
    counts = count_blocks(outcomes, CAP)
    total = counts.sum(axis=0)
    values = np.flatnonzero(total[:-1])
    run = RunLaw(values, total[values] / total.sum())
    tails = compute_lower_tails(run, CELL, ns.tolist())
    slopes = average_slopes(tails, counts, counts_converged_only=True)
    chance = tails.probability[1] - tails.probability[0]
    without = chance - (slopes[:, 1] - slopes[:, 0]) / (len(counts) - 1)
    return Blocked(chance[None, None], without[:, None, None])


def test_error_of_the_posterior_is_the_spread_over_studies_with_shared_seeds():
    """Errors of the two readings are strongly correlated, and count as such."""
    rng = np.random.default_rng(12)
    ns = np.array([20, 100])
    found, errors = [], []
    for _ in range(N_REPETITIONS):
        chances = [measure_chance(row, ns) for row in draw_seeds(rng, 1000)]
        likelihoods = Likelihoods(ns, stack_blocked(chances))
        share = estimate(likelihoods, "flat in log n", lambda p: p[0].sum())
        found.append(float(share.full))
        errors.append(float(share.error))
    ratio = np.sqrt(np.mean(np.square(errors))) / np.std(found, ddof=1)
    assert abs(ratio - 1.0) < 5 / np.sqrt(2 * N_REPETITIONS)


EFFECTS = np.array([0.0, 1.0])[:, None] + np.array([0.0, 2.0])[None, :]


def draw_grid(rng, *, n=2000):
    """A 2 x 2 grid with weak effects, a large common part and a little noise of its own."""
    common = rng.gamma(1.5, 20, n)
    own = rng.normal(0, 6, (4, n))
    return np.rint(30 + common + own + EFFECTS.reshape(4, 1) * 1.0).clip(0).astype(np.int32)


def test_noise_subtracted_is_the_noise_there_is():
    """The shares are centred on the true ones, 1/5 and 4/5, and the noise is the known one."""
    rng = np.random.default_rng(13)
    first, noise, covered = [], [], 0
    truth = np.array([0.2, 0.8])
    for _ in range(N_REPETITIONS):
        statistics = stack_blocked(
            [block_statistics(count_blocks(row, CAP)) for row in draw_grid(rng)]
        )
        values = Blocked(statistics.full[:, 0], statistics.without[:, :, 0])
        shares = estimate_shares(values, (2, 2))
        assert shares is not None
        first.append(shares.first)
        noise.append(shares.noise)
        covered += int(np.all(np.abs(shares.first - truth) <= shares.first_reach))
    error = np.std(first, axis=0, ddof=1) / np.sqrt(N_REPETITIONS)
    assert np.all(np.abs(np.mean(first, axis=0) - truth) < 4 * error + 0.01)
    assert covered >= 0.85 * N_REPETITIONS
    # Normal noise of variance 36 and rounding, over four readings with a common mean; its
    # estimate has 19 * 3 degrees of freedom.
    expected = 0.75 * (36 + 1 / 12) / 2000
    tolerance = 4 * np.sqrt(2 / 57 / N_REPETITIONS)
    assert np.mean(noise) == pytest.approx(expected, rel=tolerance)


def test_independent_subtraction_would_be_wrong_by_the_common_part():
    """The variance of a mean over seeds is mostly common here, and no effect of any choice."""
    rng = np.random.default_rng(14)
    statistics = stack_blocked([block_statistics(count_blocks(row, CAP)) for row in draw_grid(rng)])
    values = Blocked(statistics.full[:, 0], statistics.without[:, :, 0])
    shares = estimate_shares(values, (2, 2))
    assert shares is not None
    as_if_independent = np.mean(values.error**2)
    assert as_if_independent > 5 * shares.noise


@pytest.mark.parametrize("statistic", [0, 1, 3])
def test_jackknife_interval_of_a_statistic_covers(statistic):
    """Mean, mean at the cap and median of a skewed law, at 2,000 networks."""
    rng = np.random.default_rng(15)
    large = block_statistics(count_blocks(draw_seeds(rng, 2_000_000)[0], CAP)).full[statistic]
    covered = 0
    for _ in range(N_REPETITIONS):
        blocked = block_statistics(count_blocks(draw_seeds(rng, 2000)[0], CAP))
        gap = abs(blocked.full[statistic] - large)
        covered += int(gap <= find_reach(20) * blocked.error[statistic])
    assert covered >= 0.88 * N_REPETITIONS
