"""Which choices matter: shares of the variance over a full factorial grid.

The first-order share of a choice is the variance of the averages over all
other choices; its total share also holds every interaction it takes part in.
Values of the grid carry Monte Carlo error, which would be counted as effect.
Every share is a quadratic form of the values and hence biased by the same form
of their errors. That form does not see what all readings have in common, so
the mean of a seed over the readings drops out, and with it most of the error
that shared seeds cause. It is estimated from the values without each block of
seeds, and subtracted.

References
----------
Sobol' (1993), Sensitivity estimates for nonlinear mathematical models, Math.
Modelling Comput. Exp. 1, 407-414. Homma & Saltelli (1996), Importance measures in
global sensitivity analysis of nonlinear models, Reliab. Eng. Syst. Saf. 52, 1-17.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from replication.analysis.seed_blocks import (
    Blocked,
    compute_jackknife_error,
    find_leaders,
    find_reach,
)

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class VarianceShares:
    """How the variance over a grid divides among its choices.

    Parameters
    ----------
    variance : float
        Over the readings, Monte Carlo noise subtracted.
    noise : float
        What was subtracted.
    first, total : float64[n_choices]
        First-order and total shares.
    first_reach, total_reach : float64[n_choices]
        Half-widths of their 95 % intervals (jackknife over blocks of seeds).
    interactions : float
        What the first-order shares leave.
    interactions_reach : float
    leaders : list of int
        The choice with the largest total share, then those that the Monte
        Carlo error cannot tell from it.
    """

    variance: float
    noise: float
    first: FloatArray
    first_reach: FloatArray
    total: FloatArray
    total_reach: FloatArray
    interactions: float
    interactions_reach: float
    leaders: list[int]


def decompose_variance(values: FloatArray, shape: Sequence[int]) -> FloatArray:
    """Return the variance over a grid, by choice.

    Parameters
    ----------
    values : float64[..., n_readings]
        In the order of the grid, the last choice running fastest.
    shape : sequence of int
        Values of each choice.

    Returns
    -------
    float64[..., 1 + 2 * n_choices]
        The variance; first-order variances; total-effect variances.
    """
    grid = values.reshape(*values.shape[:-1], *shape)
    lead = values.ndim - 1
    axes = tuple(range(lead, grid.ndim))
    variance = values.var(axis=-1)
    first, total = [], []
    for axis in axes:
        others = tuple(other for other in axes if other != axis)
        first.append(grid.mean(axis=others).var(axis=-1))
        total.append(variance - grid.mean(axis=axis).reshape(*values.shape[:-1], -1).var(axis=-1))
    return np.stack([variance, *first, *total], axis=-1)


def estimate_shares(values: Blocked, shape: Sequence[int]) -> VarianceShares | None:
    """Return the variance shares of a grid with their intervals.

    Parameters
    ----------
    values : Blocked
        Entries float64[n_readings], in the order of the grid.
    shape : sequence of int

    Returns
    -------
    VarianceShares or None
        None if a value is missing, or if the readings do not differ by more
        than their Monte Carlo noise.
    """
    if not (np.isfinite(values.full).all() and np.isfinite(values.without).all()):
        return None
    n_blocks, n_choices = values.n_blocks, len(shape)
    deviation = values.without - values.without.mean(axis=0)
    noise = (n_blocks - 1) / n_blocks * decompose_variance(deviation, shape).sum(axis=0)
    full = decompose_variance(values.full, shape) - noise
    without = decompose_variance(values.without, shape) - noise * n_blocks / (n_blocks - 1)
    error = float(compute_jackknife_error(without[:, 0]))
    if full[0] <= find_reach(n_blocks) * error or np.any(without[:, 0] <= 0):
        return None
    shares = Blocked(full[1:] / full[0], without[:, 1:] / without[:, :1])
    rest = Blocked(
        1.0 - shares.full[:n_choices].sum(), 1.0 - shares.without[:, :n_choices].sum(axis=1)
    )
    totals = Blocked(shares.full[n_choices:], shares.without[:, n_choices:])
    return VarianceShares(
        variance=float(full[0]),
        noise=float(noise[0]),
        first=shares.full[:n_choices],
        first_reach=shares.reach[:n_choices],
        total=totals.full,
        total_reach=totals.reach,
        interactions=float(rest.full),
        interactions_reach=float(rest.reach),
        leaders=find_leaders(totals),
    )
