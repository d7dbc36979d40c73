"""The exact law of the mean of n runs, by fast Fourier transform.

The sum of n runs has the generating function of one run to the power n. It is
evaluated on a circle of L points, which gives the law modulo L; L is chosen
from Chernoff bounds so that less than 1e-13 lies outside the window on either
side. No resampling is involved.
"""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import fft

from replication.analysis.runs import RunLaw
from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]
TAIL = 1e-13
MAX_CELLS = 1 << 18
_OUTLINE = 4096


@dataclasses.dataclass(frozen=True, eq=False)
class MeanLaw:
    """The law of M_n, the mean of n runs.

    Parameters
    ----------
    n : int
        Runs that are averaged.
    origin, step : Fraction
        The sum of the runs takes the values ``origin + i * step``.
    cumulative : float64[m]
        Probability that the sum is at most ``origin + i * step``; ends at 1.
    spread_error : float
        Relative error of the standard deviation that comes from binning; 0
        where every outcome lies on the lattice, which is the rule.
    """

    n: int
    origin: Fraction
    step: Fraction
    cumulative: FloatArray
    spread_error: float

    @property
    def probabilities(self) -> FloatArray:
        """Probability of each value of the sum, float64[m]."""
        return np.diff(self.cumulative, prepend=0.0)

    @property
    def values(self) -> FloatArray:
        """The values of the mean, float64[m]."""
        steps = np.arange(self.cumulative.size)
        return (float(self.origin) + float(self.step) * steps) / self.n

    def probability_below(self, value: Fraction | int) -> float:
        """Return P(M_n < value)."""
        index = math.ceil((Fraction(value) * self.n - self.origin) / self.step) - 1
        if index < 0:
            return 0.0
        return float(self.cumulative[min(index, self.cumulative.size - 1)])

    def quantile(self, probability: float) -> float:
        """Return the smallest value v with P(M_n <= v) >= probability (from 0 to 1)."""
        index = int(np.searchsorted(self.cumulative, probability - 1e-12, side="left"))
        return float((self.origin + index * self.step) / self.n)

    def predict(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the central prediction interval, both ends included."""
        half = (1.0 - level) / 2.0
        return self.quantile(half), self.quantile(1.0 - half)


class MeanLaws:
    """The laws of the mean of n runs, for any n, of one law of a run.

    Parameters
    ----------
    run : RunLaw
    max_cells : int
        Largest exact transform. A law that needs more cells is binned to half
        as many: each outcome is split between its two neighbouring lattice
        points such that the mean is kept exactly, which widens the standard
        deviation by the relative amount that `MeanLaw.spread_error` states
        (below 1e-4 for 5,000 runs).
    """

    def __init__(self, run: RunLaw, *, max_cells: int = MAX_CELLS) -> None:
        self.run = run
        self._max_cells = max_cells
        self._origin = int(run.values[0])
        shifted = run.values - self._origin
        self._stride = max(1, int(np.gcd(np.gcd.reduce(shifted), run.restart_after)))
        spread = run.standard_deviation
        if spread > 0:
            outline = run.coarsen(_OUTLINE) if run.values.size > _OUTLINE else run
            slopes = np.geomspace(1e-3, 1e3, 73) / spread
            rising = slopes
            if run.failure > 0 and run.restart_after > 0:
                limit = -math.log(run.failure) / run.restart_after
                rising = np.append(
                    slopes[slopes < limit], limit * (1 - np.geomspace(1e-3, 0.9, 24))
                )
            self._slopes = np.concatenate([-slopes, rising])
            self._moments = np.array([float(outline.log_moment(s)[0]) for s in self._slopes])

    def _bound_sum(self, n: int) -> tuple[float, float]:
        """Return bounds of the sum of n runs, each violated with less than `TAIL`."""
        run = self.run
        if run.variance == 0:
            return n * float(run.values[0]), n * float(run.values[0])
        reach = (n * self._moments - math.log(TAIL)) / self._slopes
        rising = self._slopes > 0
        low = max(float(reach[~rising].max()), n * float(run.values[0]))
        high = float(reach[rising].min())
        if run.failure == 0:
            high = min(high, n * float(run.values[-1]))
        return low, high

    def bound_rate(self, value: Fraction | int) -> float:
        """Return r with P(M_n on the far side of `value`) <= exp(-n r), 0 or more.

        The far side is the one that does not hold the mean of a run.

        References
        ----------
        Chernoff (1952), Ann. Math. Statist. 23, 493-507.
        """
        if self.run.variance == 0:
            return 0.0
        # Slopes that point to the mean give negative exponents, by Jensen's inequality.
        exponents = self._slopes * float(value) - self._moments
        return float(exponents.max(initial=0.0))

    def compute(self, n: int) -> MeanLaw:
        """Return the law of the mean of `n` runs.

        Raises
        ------
        UsageError
            If n is below 1.
        """
        if n < 1:
            raise UsageError(f"the mean of {n} runs was asked for; give 1 or more")
        low, high = self._bound_sum(n)
        step: float = self._stride
        n_cells = (high - low) / step + 3
        error = 0.0
        if n_cells > self._max_cells:
            step *= n_cells / (self._max_cells // 2 - 3)
            attempts = 1.0 / (1.0 - self.run.failure)
            error = step**2 / 4.0 * attempts / (2.0 * self.run.variance)
        shift = n * self._origin
        first = max(0, math.floor((low - shift) / step) - 1)
        last = math.ceil((high - shift) / step) + 1
        length = fft.next_fast_len(last - first + 1, real=True)
        pieces = self._transform(step, length)
        folded = fft.irfft(_raise(pieces, n), length)
        law = np.roll(folded, -(first % length))[: last - first + 1]
        cumulative = np.cumsum(np.maximum(law, 0.0))
        cumulative /= cumulative[-1]
        exact_step = Fraction(step)
        return MeanLaw(n, shift + first * exact_step, exact_step, cumulative, error)

    def _transform(self, step: float, length: int) -> npt.NDArray[np.complex128]:
        """Return the generating function of one run on the circle of `length` points."""
        run = self.run
        position = (run.values - self._origin) / step
        cell = np.floor(position).astype(np.int64)
        part = position - cell
        folded = np.bincount(
            cell % length, weights=run.probabilities * (1 - part), minlength=length
        )
        if np.any(part > 0):
            folded += np.bincount(
                (cell + 1) % length, weights=run.probabilities * part, minlength=length
            )
        transform = fft.rfft(folded)
        if run.failure > 0:
            whole = math.floor(run.restart_after / step)
            part_failed = run.restart_after / step - whole
            index = np.arange(transform.size)
            angle = -2j * np.pi / length
            turn = np.exp(angle * ((index * (whole % length)) % length))
            if part_failed > 0:
                turn = turn * (1 - part_failed + part_failed * np.exp(angle * index))
            transform = transform * (1 - run.failure) / (1 - run.failure * turn)
        return np.asarray(transform, dtype=np.complex128)


def _raise(base: npt.NDArray[np.complex128], power: int) -> npt.NDArray[np.complex128]:
    """Return a power by repeated squaring, several times as fast as the complex power."""
    result = np.ones_like(base)
    while True:
        if power & 1:
            result = result * base
        power >>= 1
        if power == 0:
            return result
        base = base * base
