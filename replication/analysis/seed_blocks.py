"""Statistics of one reading with and without each block of seeds, for the jackknife.

All readings share their seeds, so their errors are correlated. Leaving out the
same block of seeds everywhere and looking at how a result moves measures its
Monte Carlo error with that correlation in it, whatever the result is.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.runs import RESTART_AFTER

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BLOCKS = 20
STATISTICS = ("discard", "cap", "restart", "median", "median_converged")
STATISTIC_WORDS = {
    "discard": "mean over the networks that converge",
    "cap": "mean with the others counted at the cap",
    "restart": "mean with restarts",
    "median": "median over all networks",
    "median_converged": "median over the networks that converge",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Blocked:
    """Results on all seeds, and on all seeds but one block.

    Parameters
    ----------
    full : float64[...]
    without : float64[n_blocks, ...]
        Without each block in turn.
    """

    full: FloatArray
    without: FloatArray

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.without)

    @property
    def error(self) -> FloatArray:
        """Jackknife standard error, float64[...]."""
        return compute_jackknife_error(self.without)

    @property
    def reach(self) -> FloatArray:
        """Half-width of the 95 % interval, float64[...]."""
        return find_reach(self.n_blocks) * self.error


def compute_jackknife_error(without: FloatArray) -> FloatArray:
    """Return the standard error of a result from its values without each block.

    Parameters
    ----------
    without : float64[n_blocks, ...]

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 11.
    """
    n_blocks = len(without)
    deviation = without - without.mean(axis=0)
    return np.asarray(np.sqrt((n_blocks - 1) / n_blocks * (deviation**2).sum(axis=0)))


def find_reach(n_blocks: int, *, n_comparisons: int = 1) -> float:
    """Return how many standard errors a 95 % interval reaches, over several comparisons at once.

    Student's t with ``n_blocks - 1`` degrees of freedom, Bonferroni's correction.

    Parameters
    ----------
    n_blocks : int
        Blocks of the jackknife, at least 2.
    n_comparisons : int
        Intervals that are to hold at once.
    """
    return float(special.stdtrit(n_blocks - 1, 1.0 - 0.025 / max(1, n_comparisons)))


def cut_seed_blocks(n_seeds: int, *, n_blocks: int = N_BLOCKS) -> IntArray:
    """Return the bounds of `n_blocks` nearly equal blocks of seeds, int64[n_blocks + 1].

    Parameters
    ----------
    n_seeds : int
    n_blocks : int
        At most n_seeds.

    Returns
    -------
    int64 array, shape (n_blocks + 1,)
    """
    return np.linspace(0, n_seeds, n_blocks + 1).round().astype(np.int64)


def count_blocks(
    outcomes: npt.NDArray[np.int32], cap: int, *, n_blocks: int = N_BLOCKS
) -> IntArray:
    """Count the outcomes of each block of seeds.

    Parameters
    ----------
    outcomes : int32[n_seeds]
        Updates; anything beyond `cap` has not converged.
    cap : int

    Returns
    -------
    int64[n_blocks, cap + 2]
        Column t counts the networks that took t updates, the last one those
        that did not converge.
    """
    bounds = cut_seed_blocks(outcomes.size, n_blocks=n_blocks)
    within = np.minimum(outcomes, cap + 1)
    return np.stack(
        [
            np.bincount(within[low:high], minlength=cap + 2)
            for low, high in itertools.pairwise(bounds)
        ]
    )


def compute_statistics(counts: IntArray, *, restart_after: int = RESTART_AFTER) -> FloatArray:
    """Return `STATISTICS` of rows of counts.

    Parameters
    ----------
    counts : int64[..., cap + 2]
        As from `count_blocks`.
    restart_after : int
        The c of the restart rule; at most the cap.

    Returns
    -------
    float64[..., 5]
        Not a number where nothing converged. Medians are interpolated within
        their whole number, so that they move with the counts, and at the cap
        where half of the networks or more did not converge.
    """
    cap = counts.shape[-1] - 2
    cut = min(restart_after, cap)
    times = np.arange(cap + 1, dtype=np.float64)
    reached = counts[..., :-1]
    total = counts.sum(axis=-1)
    n_converged = reached.sum(axis=-1)
    updates = reached @ times
    within = reached[..., : cut + 1]
    successes = within.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack(
            [
                updates / n_converged,
                (updates + cap * counts[..., -1]) / total,
                np.where(
                    successes > 0,
                    (within @ times[: cut + 1] + cut * (total - successes)) / successes,
                    math.nan,
                ),
                _interpolate_median(counts),
                np.where(n_converged > 0, _interpolate_median(reached), math.nan),
            ],
            axis=-1,
        )


def _interpolate_median(counts: IntArray) -> FloatArray:
    running = counts.cumsum(axis=-1)
    half = running[..., -1:] / 2.0
    place = (running < half).sum(axis=-1, keepdims=True)
    inside = np.take_along_axis(counts, place, axis=-1)
    before = np.take_along_axis(running, place, axis=-1) - inside
    median = place - 0.5 + (half - before) / np.maximum(inside, 1)
    return np.asarray(np.minimum(median, counts.shape[-1] - 2)[..., 0], dtype=np.float64)


def block_statistics(counts: IntArray, *, restart_after: int = RESTART_AFTER) -> Blocked:
    """Return `STATISTICS` on all seeds and without each block (see `compute_statistics`).

    Parameters
    ----------
    counts : int64 array, shape (n_blocks, n_updates)
        From `count_blocks`.
    restart_after : int
        The c of the restart rule.
    """
    total = counts.sum(axis=0)
    return Blocked(
        compute_statistics(total, restart_after=restart_after),
        compute_statistics(total - counts, restart_after=restart_after),
    )


def stack_blocked(parts: list[Blocked]) -> Blocked:
    """Stack results of several readings along a new axis, the first after the blocks."""
    return Blocked(
        np.stack([part.full for part in parts]), np.stack([part.without for part in parts], axis=1)
    )


def find_leaders(sizes: Blocked) -> list[int]:
    """Return the index of the largest entry, then those that the error cannot tell from it.

    Parameters
    ----------
    sizes : Blocked
        Entries float64[m], the larger the more.
    """
    order = np.argsort(-sizes.full, kind="stable")
    first = int(order[0])
    reach = find_reach(sizes.n_blocks, n_comparisons=len(order) - 1)
    tied = []
    for other in order[1:]:
        gap = sizes.full[first] - sizes.full[other]
        error = compute_jackknife_error(sizes.without[:, first] - sizes.without[:, other])
        if gap <= reach * error:
            tied.append(int(other))
    return [first, *tied]
