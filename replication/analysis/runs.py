"""What one run contributes to a reported mean, under three rules for failures.

Some networks never converge, so "the mean number of updates" needs a rule:
*discard* them, count them at the *cap*, or *restart* them with new weights
after c updates and add the updates up. Each rule turns the count table into
the law of one run that enters the average.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import optimize

from replication.analysis.counts import CountTable
from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]
RULES = ("discard", "cap", "restart")
RULE_WORDS = {
    "discard": "runs that do not converge are dropped; n counts the converged ones",
    "cap": "runs that do not converge are counted at the cap; n counts the started ones",
    "restart": "a run that has not converged after c updates starts afresh, and its updates are "
    "added up; n counts the successes",
}
RESTART_AFTER = 200
MIN_RESTART_SUCCESS = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class RunLaw:
    """The law of one run: an outcome, after any number of failed attempts.

    Parameters
    ----------
    values : int64[k]
        Outcomes of the last attempt, ascending (float64 only in outlines).
    probabilities : float64[k]
        Their probabilities, conditional on success; positive, and they sum to 1.
    failure : float
        Probability that an attempt fails, in [0, 1); 0 unless the rule restarts.
    restart_after : int
        Updates that a failed attempt costs; 0 unless the rule restarts.
    """

    values: npt.NDArray[np.int64] | FloatArray
    probabilities: FloatArray
    failure: float = 0.0
    restart_after: int = 0

    @property
    def mean(self) -> float:
        """Expected updates of one run."""
        last = float(self.values @ self.probabilities)
        return last + self.restart_after * self.failure / (1.0 - self.failure)

    @property
    def variance(self) -> float:
        """Variance of the updates of one run."""
        centre = float(self.values @ self.probabilities)
        last = float((self.values - centre) ** 2 @ self.probabilities)
        return last + self.restart_after**2 * self.failure / (1.0 - self.failure) ** 2

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of the updates of one run."""
        return math.sqrt(self.variance)

    @property
    def kurtosis(self) -> float:
        """Fourth central moment over the squared variance, 3 for a normal law; 3 if all equal."""
        if self.variance == 0:
            return 3.0
        centre = float(self.values @ self.probabilities)
        second = float((self.values - centre) ** 2 @ self.probabilities)
        fourth = float((self.values - centre) ** 4 @ self.probabilities)
        odds = self.failure / (1.0 - self.failure)
        attempts = odds * (1.0 + odds) * (1.0 + 6.0 * odds + 6.0 * odds**2)
        cumulant = fourth - 3.0 * second**2 + float(self.restart_after) ** 4 * attempts
        return 3.0 + cumulant / self.variance**2

    def coarsen(self, n_cells: int) -> RunLaw:
        """Return the law with its outcomes split linearly between `n_cells` lattice points.

        The mean is kept, and every moment generating function only grows, so
        that bounds made from the coarse law hold for this one.
        """
        lattice = np.linspace(float(self.values[0]), float(self.values[-1]), n_cells)
        position = (self.values - lattice[0]) / (lattice[1] - lattice[0])
        cell = np.minimum(np.floor(position).astype(np.int64), n_cells - 2)
        part = position - cell
        weights = np.bincount(cell, self.probabilities * (1 - part), n_cells)
        weights += np.bincount(cell + 1, self.probabilities * part, n_cells)
        kept = weights > 0
        probabilities = weights[kept].astype(np.float64)
        return RunLaw(lattice[kept], probabilities, self.failure, self.restart_after)

    def log_moment(self, slopes: npt.ArrayLike) -> FloatArray:
        """Return log E[exp(slope X)], infinite where it does not exist.

        Parameters
        ----------
        slopes : array_like of float, shape (m,)
        """
        slope = np.atleast_1d(np.asarray(slopes, dtype=np.float64))
        exponent = np.multiply.outer(slope, self.values.astype(np.float64))
        exponent += np.log(self.probabilities)
        peak = exponent.max(axis=1)
        result = peak + np.log(np.exp(exponent - peak[:, None]).sum(axis=1))
        if self.failure > 0:
            growth = math.log(self.failure) + slope * self.restart_after
            with np.errstate(divide="ignore", invalid="ignore"):
                shift = math.log1p(-self.failure) - np.log(-np.expm1(growth))
            result = np.where(growth < 0, result + shift, np.inf)
        return np.asarray(result, dtype=np.float64)

    def tilt(self, slope: float) -> RunLaw:
        """Return the exponentially tilted law, density proportional to exp(slope x).

        A tilted restart law is again a restart law, with another probability
        of failure. `slope` must keep ``failure * exp(slope * restart_after)``
        below 1.
        """
        exponent = slope * self.values.astype(np.float64) + np.log(self.probabilities)
        weights = np.exp(exponent - exponent.max())
        kept = weights > 1e-200 * weights.sum()
        failure = self.failure * math.exp(slope * self.restart_after)
        probabilities = weights[kept] / weights[kept].sum()
        return RunLaw(self.values[kept], probabilities, failure, self.restart_after)

    def tilt_to_mean(self, target: float) -> RunLaw:
        """Return the tilted law with mean `target`.

        A target at or beyond the ends of what the law can reach is replaced
        by the point one per cent inside the end; a law with a single value
        is returned as it is.
        """
        low = float(self.values[0])
        high = float(self.values[-1]) if self.failure == 0 else math.inf
        mean = self.mean
        if self.variance == 0:
            return self
        target = max(target, low + 0.01 * (mean - low))
        if math.isfinite(high):
            target = min(target, high - 0.01 * (high - mean))
        if target == mean:
            return self
        limit = math.inf
        if self.failure and self.restart_after:
            limit = -math.log(self.failure) / self.restart_after

        def excess(slope: float) -> float:
            return self.tilt(slope).mean - target

        step = (target - mean) / self.variance
        inner, outer = 0.0, step
        while excess(outer if outer < limit else limit * (1 - 1e-12)) * step < 0:
            inner, outer = outer, 2.0 * outer
            if abs(outer) > 1e6 or inner >= limit:
                break
        outer = min(outer, limit * (1 - 1e-12))
        # Not above a billionth of the step, or outcomes in a small unit would miss the target.
        precision = min(1e-15, 1e-9 * abs(step))
        slope = optimize.brentq(excess, min(inner, outer), max(inner, outer), xtol=precision)
        return self.tilt(float(slope))


def make_run_law(
    table: CountTable, rule: str, *, restart_after: int = RESTART_AFTER
) -> RunLaw | None:
    """Return the law of one run under a rule, or None where the rule has none.

    Parameters
    ----------
    table : CountTable
    rule : {"discard", "cap", "restart"}
    restart_after : int
        The c of the restart rule; a c beyond the cap of the table acts as the
        cap, because nothing is known beyond it.

    Returns
    -------
    RunLaw or None
        None under *discard* if nothing converged, and under *restart* if
        fewer than one attempt in a thousand succeeds.

    Raises
    ------
    UsageError
        If the rule is unknown or `restart_after` negative.
    """
    if rule not in RULES:
        raise UsageError(f"rule {rule!r} was given; allowed are {', '.join(RULES)}")
    if rule == "discard":
        if table.n_converged == 0:
            return None
        return RunLaw(table.updates, table.counts / table.n_converged)
    if rule == "cap":
        values, counts = table.updates, table.counts
        if table.n_censored:
            assert table.cap is not None
            if values.size and values[-1] == table.cap:
                counts = counts.copy()
                counts[-1] += table.n_censored
            else:
                values = np.append(values, table.cap)
                counts = np.append(counts, table.n_censored)
        return RunLaw(values, counts / table.n)
    if restart_after < 0:
        raise UsageError(f"restart after {restart_after} was given; allowed is 0 or more")
    cut = int(min(restart_after, table.end))
    kept = int(np.searchsorted(table.updates, cut, side="right"))
    successes = int(table.counts[:kept].sum())
    if successes < MIN_RESTART_SUCCESS * table.n or successes == 0:
        return None
    failure = (table.n - successes) / table.n
    return RunLaw(
        table.updates[:kept],
        table.counts[:kept] / successes,
        failure,
        cut if failure > 0 else 0,
    )
