"""Which readings a reported mean speaks for, by Bayes' rule.

The likelihood of a reading is the chance that a study of n runs prints the
reported number, averaged over what n may have been. The posterior ranks the
readings that were tried, given that one of them is right; it proves none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from replication.analysis.seed_blocks import Blocked

FloatArray = npt.NDArray[np.float64]

PRIORS = ("reciprocal", "flat in log n", "flat in n", "few runs", "many runs")
PRIOR_WORDS = {
    "reciprocal": "proportional to 1/n: small studies are likelier",
    "flat in log n": "the same for every n of the grid, which is evenly spaced in log n",
    "flat in n": "proportional to n: every n as likely as any other",
    "few runs": "proportional to 1/n, at most 50 runs",
    "many runs": "proportional to 1/n, at least 100 runs",
}
FEW_RUNS, MANY_RUNS = 50, 100


def make_runs(*, low: int = 5, high: int = 1000, n_points: int = 16) -> npt.NDArray[np.int64]:
    """Return the numbers of runs that a study may have had, evenly spaced in log n.

    Parameters
    ----------
    low, high : int
        Ends of the grid, both included.
    n_points : int
        Points before rounding makes some of them equal.

    Returns
    -------
    int64 array, shape (at most n_points,)
        Ascending, without repetition.
    """
    return np.unique(np.rint(np.geomspace(low, high, n_points)).astype(np.int64))


def weigh_runs(ns: npt.NDArray[np.int64], prior: str) -> FloatArray:
    """Return the prior probabilities of the numbers of runs.

    Parameters
    ----------
    ns : int64[m]
        Evenly spaced in log n.
    prior : str
        One of `PRIORS`.
    """
    n = ns.astype(np.float64)
    weights = {
        "reciprocal": 1.0 / n,
        "flat in log n": np.ones_like(n),
        "flat in n": n,  # each point stands for a stretch proportional to n
        "few runs": (n <= FEW_RUNS) / n,
        "many runs": (n >= MANY_RUNS) / n,
    }[prior]
    return np.asarray(weights / weights.sum(), dtype=np.float64)


@dataclasses.dataclass(frozen=True, eq=False)
class Likelihoods:
    """The chance to print the reported number, by reading, rule, way to count and n.

    Parameters
    ----------
    ns : int64[m]
    chance : Blocked
        Entries float64[n_readings, n_rules, n_counts, m]; 0 where a rule has
        no mean.
    """

    ns: npt.NDArray[np.int64]
    chance: Blocked


def compute_posterior(chance: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the posterior over the cells of `chance`, all cells but n equally likely a priori.

    Parameters
    ----------
    chance : float64[..., m]
    prior : float64[m]
        Of the numbers of runs.

    Returns
    -------
    float64[..., m]
        Sums to 1 over everything; not a number if every chance is 0.
    """
    joint = np.maximum(chance, 0.0) * prior
    with np.errstate(invalid="ignore"):
        return np.asarray(joint / joint.sum())


def estimate(
    likelihoods: Likelihoods, prior: str, summarise: Callable[[FloatArray], npt.ArrayLike]
) -> Blocked:
    """Return something computed from the posterior, with its Monte Carlo error.

    Parameters
    ----------
    likelihoods : Likelihoods
    prior : str
        One of `PRIORS`.
    summarise : callable
        From the posterior, float64[n_readings, n_rules, n_counts, m].
    """
    weights = weigh_runs(likelihoods.ns, prior)
    full = summarise(compute_posterior(likelihoods.chance.full, weights))
    without = [
        summarise(compute_posterior(chance, weights)) for chance in likelihoods.chance.without
    ]
    return Blocked(np.asarray(full, dtype=np.float64), np.asarray(without, dtype=np.float64))


def sum_by_level(
    posterior: FloatArray, levels: npt.NDArray[np.int64], n_levels: list[int]
) -> FloatArray:
    """Return the posterior of every value of every choice, one after the other.

    Parameters
    ----------
    posterior : float64[n_readings]
    levels : int64[n_readings, n_choices]
        Index of each reading's value of each choice.
    n_levels : list of int
        Values of each choice.
    """
    parts = [
        np.bincount(levels[:, i], weights=posterior, minlength=size)
        for i, size in enumerate(n_levels)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def find_credible_set(posterior: FloatArray, *, level: float = 0.95) -> npt.NDArray[np.int64]:
    """Return the fewest cells that hold `level` of the posterior, most probable first.

    Parameters
    ----------
    posterior : float64 array
        Probabilities of the cells; they sum to 1.
    level : float
        In (0, 1).

    Returns
    -------
    int64 array, shape (k,)
        Indices into the flattened posterior.
    """
    order = np.argsort(-posterior, kind="stable")
    held = np.cumsum(posterior[order])
    return order[: int(np.searchsorted(held, level - 1e-12)) + 1]


def measure_entropy(probabilities: FloatArray) -> float:
    """Return the entropy of a distribution in bits."""
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log2(positive)).sum())


def measure_answer(joint: FloatArray) -> float:
    """Return the bits that learning the row removes from the uncertainty about the column.

    Parameters
    ----------
    joint : float64[n_rows, n_columns]
        Joint probabilities, summing to 1.
    """
    rows = joint.sum(axis=1)
    kept = sum(
        share * measure_entropy(row / share)
        for share, row in zip(rows, joint, strict=True)
        if share > 0
    )
    return measure_entropy(joint.sum(axis=0)) - float(kept)
