"""The largest of n new runs, predicted from N runs that were seen.

With the N seen runs in order, the largest of n new ones lies below the k-th of
them with probability

    P(max < x_(k)) = E[B^n] = Gamma(k + n) Gamma(N + 1) / (Gamma(k) Gamma(N + n + 1)),

B being Beta(k, N + 1 - k): the share of the population below x_(k). That holds
for any continuous population. Beyond the largest seen run, which the largest
of n new ones exceeds with probability n / (N + n), the excess is taken to be
exponential with the mean excess of the top sqrt(N) runs, which is itself
estimated and so allowed to vary as an inverse gamma variable. The smallest of n
runs is the largest of the negated ones.

References
----------
Hill (1968), Posterior distribution of percentiles, J. Am. Stat. Assoc. 63, 677-691.
Pickands (1975), Statistical inference using extreme order statistics, Ann. Stat. 3, 119-131.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
_QUANTILES = (np.arange(40) + 0.5) / 40.0


@dataclasses.dataclass(frozen=True)
class Tail:
    """The population beyond the largest seen run.

    Parameters
    ----------
    start : float
        The largest seen run.
    scale : float
        Mean excess of the top runs over the one below them; 0 if they are equal.
    n_top : int
        How many top runs that rests on.
    """

    start: float
    scale: float
    n_top: int

    def compute_upper_chances(self, values: npt.ArrayLike, n_seen: int, runs: int) -> FloatArray:
        """Return P(largest of n new runs > value) for values from `start` on.

        Parameters
        ----------
        values : array_like of float, shape (m,)
        n_seen, runs : int
            N and n.

        Notes
        -----
        1 - E[(1 - U S)^n]: U, the share of the population beyond `start`, is Beta(1, N); S, the
        share of those beyond the value, is exponential with a scale that is an inverse gamma
        variable. Both are averaged over their quantiles.
        """
        excess = np.maximum(np.asarray(values, dtype=np.float64) - self.start, 0.0)
        beyond = runs / (n_seen + runs)
        if self.scale == 0.0:
            return np.where(excess > 0, 0.0, beyond)
        survival = np.exp(-np.multiply.outer(excess / (self.n_top * self.scale), self._gammas))
        shares = 1.0 - (1.0 - _QUANTILES) ** (1.0 / n_seen)
        some = -np.expm1(runs * np.log1p(-survival[..., None] * shares)).mean(axis=-1)
        whole = float(-np.expm1(runs * np.log1p(-shares)).mean())
        return np.asarray(some.mean(axis=-1) * beyond / whole)

    def resample_scale(self, n_resamples: int, generator: np.random.Generator) -> FloatArray:
        """Draw scales that the top runs allow for, float64[n_resamples].

        Parameters
        ----------
        n_resamples : int
        generator : numpy.random.Generator
        """
        gammas = generator.standard_gamma(self.n_top, size=n_resamples)
        return np.asarray(self.scale * self.n_top / gammas)

    @property
    def _gammas(self) -> FloatArray:
        return np.asarray(special.gammaincinv(self.n_top, _QUANTILES))

    def find(self, chance: float, n_seen: int, runs: int) -> float:
        """Return the value that the largest of n new runs exceeds with a small chance.

        Parameters
        ----------
        chance : float
            Above 0 and at most n / (N + n).
        n_seen, runs : int
            N and n.
        """
        if self.scale == 0.0:
            return self.start
        low, high = self.start, self.start + self.scale
        while float(self.compute_upper_chances(high, n_seen, runs)) > chance:
            high = self.start + 2.0 * (high - self.start)
        for _ in range(30):
            middle = (low + high) / 2.0
            if float(self.compute_upper_chances(middle, n_seen, runs)) > chance:
                low = middle
            else:
                high = middle
        return high


def fit_tail(values: FloatArray, counts: npt.NDArray[np.int64], *, is_bounded: bool) -> Tail:
    """Describe what may lie beyond the largest of the seen runs.

    Parameters
    ----------
    values, counts
        Distinct values (float64[k], ascending) and how often each was seen.
    is_bounded : bool
        Whether nothing can lie beyond, because runs were stopped there.
    """
    n = int(counts.sum())
    start = float(values[-1])
    n_top = math.isqrt(n - 1) + 1 if n > 1 else 1
    if is_bounded or n <= n_top:
        return Tail(start, 0.0, n_top)
    # The top runs, counted down from the largest value.
    down = np.minimum(np.cumsum(counts[::-1]), n_top)
    taken = np.diff(down, prepend=0)
    below = float(values[::-1][int(np.searchsorted(np.cumsum(counts[::-1]), n_top + 1))])
    return Tail(start, float(taken @ (values[::-1] - below)) / n_top, n_top)


def compute_lower_chances(ranks: npt.ArrayLike, n_seen: int, runs: int) -> FloatArray:
    """Return P(largest of `runs` new ones < x_(k)) for each rank k.

    Parameters
    ----------
    ranks : array_like of int
        k from 0 (chance 0) to n_seen + 1 (chance 1).
    n_seen : int
        N, at least 1.
    runs : int
        n, at least 1.
    """
    rank = np.asarray(ranks, dtype=np.float64)
    inner = np.clip(rank, 1.0, float(n_seen))
    chance = np.exp(
        special.gammaln(inner + runs)
        - special.gammaln(inner)
        + special.gammaln(n_seen + 1.0)
        - special.gammaln(n_seen + runs + 1.0)
    )
    return np.where(rank < 1, 0.0, np.where(rank > n_seen, 1.0, chance))


@dataclasses.dataclass(frozen=True, eq=False)
class LargestOf:
    """The sampling distribution of the largest of n runs.

    Parameters
    ----------
    values : float64[k]
        Distinct seen values, ascending.
    counts : int64[k]
    runs : int
        n.
    tail : Tail
    """

    values: FloatArray
    counts: npt.NDArray[np.int64]
    runs: int
    tail: Tail

    def bound_tails(self, low: float, high: float) -> tuple[float, float]:
        """Return P(largest < high) and P(largest >= low), neither of them too small.

        Parameters
        ----------
        low, high : float
            The rounding cell of a reported largest value.
        """
        n = int(self.counts.sum())
        below_high = int(self.counts[: np.searchsorted(self.values, high)].sum())
        below_low = int(self.counts[: np.searchsorted(self.values, low)].sum())
        if below_high < n:
            lower = float(compute_lower_chances(below_high + 1, n, self.runs))
        else:
            lower = 1.0 - float(self.tail.compute_upper_chances(high, n, self.runs))
        if below_low < n:
            upper = 1.0 - float(compute_lower_chances(below_low, n, self.runs))
        else:
            upper = float(self.tail.compute_upper_chances(low, n, self.runs))
        return lower, upper

    def find_p(self, low: float, high: float) -> float:
        """Return the two-sided p-value of a reported largest value (see `prediction.find_p`).

        Parameters
        ----------
        low, high : float
            Its rounding cell.
        """
        lower, upper = self.bound_tails(low, high)
        n = int(self.counts.sum())
        edges = np.concatenate([[0], np.cumsum(self.counts)])
        below = compute_lower_chances(edges, n, self.runs)
        if lower <= upper:
            beyond = self.runs / (n + self.runs)
            if lower < beyond:
                # Somewhere in the tail the chance to lie above equals `lower`, if it has a length.
                other = lower if self.tail.scale > 0 else 0.0
            else:
                above = 1.0 - below
                other = float(above[above <= lower].max(initial=0.0))
            return min(1.0, lower + other)
        return min(1.0, upper + float(below[below <= upper].max(initial=0.0)))

    def find_interval(self, level: float) -> tuple[float, float]:
        """Return an interval that the largest leaves to either side with at most level / 2.

        Parameters
        ----------
        level : float
        """
        n = int(self.counts.sum())
        running = np.cumsum(self.counts)
        below = compute_lower_chances(running - self.counts + 1, n, self.runs)
        place = int(np.searchsorted(below, level / 2.0 + 1e-12, side="right")) - 1
        low = float(self.values[max(place, 0)])
        if self.runs / (n + self.runs) > level / 2.0:
            return low, self.tail.find(level / 2.0, n, self.runs)
        up_to = compute_lower_chances(running, n, self.runs)
        place = int(np.searchsorted(up_to, 1.0 - level / 2.0 - 1e-12))
        return low, float(self.values[min(place, self.values.size - 1)])

    def spell_out(self) -> tuple[FloatArray, FloatArray]:
        """Return the distribution as values (float64[m], ascending) and their probabilities.

        Below the largest seen run the mass of each gap goes to its upper end; beyond it, to a
        grid of thirty mean excesses.
        """
        n = int(self.counts.sum())
        below = compute_lower_chances(np.cumsum(self.counts), n, self.runs)
        if self.tail.scale == 0.0:
            return self.values, np.append(
                np.diff(below[:-1], prepend=0.0), 1.0 - below[-2:-1].sum()
            )
        grid = self.tail.start + self.tail.scale * np.linspace(0.0, 30.0, 241)
        above = self.tail.compute_upper_chances(grid, n, self.runs)
        above[-1] = 0.0
        values = np.concatenate([self.values, (grid[1:] + grid[:-1]) / 2.0])
        return values, np.concatenate([np.diff(below, prepend=0.0), -np.diff(above)])
