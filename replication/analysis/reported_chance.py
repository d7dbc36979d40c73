"""How likely a study of n runs is to print a number, and the Monte Carlo error of that.

The chance depends on the law of one run, which is estimated from N networks.
Its slope with respect to the weight of each outcome (the influence function)
says how it moves when that outcome becomes a little more frequent, and so
gives the standard error, and the joint error of many readings that share their
seeds.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from replication.analysis.mean_law import MeanLaw, MeanLaws
from replication.analysis.runs import RunLaw

FloatArray = npt.NDArray[np.float64]
NEGLIGIBLE = 1e-14
MAX_CELLS = 1 << 17
"""Largest transform; beyond it the spread of the law is widened by less than one in 10^4."""


@dataclasses.dataclass(frozen=True, eq=False)
class LowerTails:
    """P(M_n < limit) for several limits and n, with its slopes.

    Parameters
    ----------
    run : RunLaw
    probability : float64[n_limits, m]
    slopes : float64[n_limits, m, k + 1]
        First-order change per unit of weight moved to an attempt with each
        outcome of `run.values`, and (last) to a failed attempt. Their mean
        over the law of an attempt is 0.
    """

    run: RunLaw
    probability: FloatArray
    slopes: FloatArray

    @property
    def attempt(self) -> FloatArray:
        """Probabilities of the outcomes of an attempt, that of failure last (float64[k + 1])."""
        success = 1.0 - self.run.failure
        return np.append(self.run.probabilities * success, self.run.failure)


def compute_lower_tails(run: RunLaw, limits: Sequence[Fraction], ns: Sequence[int]) -> LowerTails:
    """Return P(M_n < limit) with its slopes.

    Parameters
    ----------
    run : RunLaw
    limits : sequence of Fraction
    ns : sequence of int
        Numbers of runs, each at least 1.

    Notes
    -----
    With S_n the sum of n runs, q the probability of failure and c the updates
    that a failure costs, the derivative of ``P(S_n < y)`` towards an attempt
    that succeeds after x updates is

        n sum_j q^j [P(S_(n-1) + x + j c < y) - P(S_n + j c < y)]

    and towards a failure the same with ``S_n + c`` in place of ``S_(n-1) + x``.
    Both follow from the generating function A(z) / (1 - q z^c) of a run.
    """
    laws = MeanLaws(run, max_cells=MAX_CELLS)
    rates = [laws.bound_rate(limit) for limit in limits]
    probability = np.zeros((len(limits), len(ns)))
    slopes = np.zeros((len(limits), len(ns), run.values.size + 1))
    for j, n in enumerate(ns):
        doubtful = [i for i, rate in enumerate(rates) if n * rate < -math.log(NEGLIGIBLE)]
        law = laws.compute(n) if doubtful else None
        fewer = laws.compute(n - 1) if doubtful and n > 1 else None
        for i, limit in enumerate(limits):
            if law is None or i not in doubtful:
                probability[i, j] = float(run.mean < limit)
                continue
            probability[i, j] = law.probability_below(limit)
            slopes[i, j] = n * _compute_slopes(run, law, fewer, float(limit * n))
    return LowerTails(run, probability, slopes)


def _compute_slopes(
    run: RunLaw, law: MeanLaw, fewer: MeanLaw | None, sum_limit: float
) -> FloatArray:
    first = np.append(sum_limit - run.values, sum_limit - run.restart_after)
    result = np.zeros(first.size)
    weight, cost = 1.0, 0.0
    while weight > NEGLIGIBLE and cost <= sum_limit:
        left = first - cost
        result[:-1] += weight * (
            _look_up(fewer, left[:-1]) if fewer is not None else (left[:-1] > 0).astype(float)
        )
        result[-1] += weight * float(_look_up(law, left[-1:])[0])
        result -= weight * float(_look_up(law, np.array([sum_limit - cost]))[0])
        weight *= run.failure
        cost += run.restart_after
    return result


def _look_up(law: MeanLaw, limits: FloatArray) -> FloatArray:
    """Return P(sum < limit) for each limit."""
    place = np.ceil((limits - float(law.origin)) / float(law.step)).astype(np.int64) - 1
    found = law.cumulative[np.clip(place, 0, law.cumulative.size - 1)]
    return np.where(place < 0, 0.0, found)


def average_slopes(
    tails: LowerTails, block_counts: npt.NDArray[np.int64], *, counts_converged_only: bool
) -> FloatArray:
    """Return the mean slope over the networks of each block of seeds.

    Parameters
    ----------
    tails : LowerTails
    block_counts : int64[n_blocks, cap + 2]
        As from `seed_blocks.count_blocks`.
    counts_converged_only : bool
        Whether the law of a run is that of the converged networks (*discard*).

    Returns
    -------
    float64[n_blocks, n_limits, m]
        To first order, what the probability gains when the block alone is observed.
    """
    values = tails.run.values.astype(np.int64)
    size = block_counts.sum(axis=1, keepdims=True).astype(np.float64)
    weights = np.zeros((len(block_counts), values.size + 1))
    weights[:, :-1] = block_counts[:, values]
    if counts_converged_only:
        size *= block_counts[:, :-1].sum() / block_counts.sum()
    elif tails.run.failure > 0:
        weights[:, -1:] = size - weights[:, :-1].sum(axis=1, keepdims=True)
    elif values[-1] == block_counts.shape[1] - 2:
        weights[:, -2] += block_counts[:, -1]  # counted at the cap
    return np.asarray(np.einsum("bk,tmk->btm", weights / size, tails.slopes))


def compute_errors(tails: LowerTails, combination: FloatArray, n_networks: int) -> FloatArray:
    """Return the standard error of sums of probabilities over limits.

    Parameters
    ----------
    tails : LowerTails
    combination : float64[n_limits]
        Factor of each limit: (-1, 1) for the chance to fall between two.
    n_networks : int
        Networks (attempts) that the law was estimated from.

    Returns
    -------
    float64[m]
    """
    combined = np.tensordot(combination, tails.slopes, axes=1)
    return np.asarray(np.sqrt(combined**2 @ tails.attempt / n_networks))
