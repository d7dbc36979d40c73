"""Which choices matter: shares of the variance over a full factorial grid of readings.

The first-order share of a choice is the variance of the averages over all
other choices; its total share also holds every interaction it takes part in.
Values of the grid carry Monte Carlo error, which would be counted as effect.
Every share is a quadratic form of the values and hence biased by the same form
of their errors. It is estimated by leaving out one block of networks at a time,
the same in every reading (so that what readings share is allowed for), and
subtracted.

References
----------
Sobol' (1993), Sensitivity estimates for nonlinear mathematical models, Math.
Modelling Comput. Exp. 1, 407-414. Homma & Saltelli (1996), Importance measures in
global sensitivity analysis of nonlinear models, Reliab. Eng. Syst. Saf. 52, 1-17.
Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 11.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]
N_BLOCKS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class VarianceShares:
    """How the variance over a grid divides among its choices.

    Parameters
    ----------
    variance : float
        Of the mean updates over the readings, Monte Carlo noise subtracted.
    noise : float
        What was subtracted.
    first, total : float64[n_choices]
        First-order and total shares.
    first_interval, total_interval : float64[n_choices, 2]
        Their 95 % intervals (jackknife over blocks of networks).
    interactions : float
        What the first-order shares leave.
    """

    variance: float
    noise: float
    first: FloatArray
    first_interval: FloatArray
    total: FloatArray
    total_interval: FloatArray
    interactions: float


def decompose_variance(values: npt.ArrayLike, shape: Sequence[int]) -> FloatArray:
    """Return the variance over a grid, by choice.

    Parameters
    ----------
    values : array_like of float, shape (..., n_readings)
        In the order of the grid, the last choice running fastest.
    shape : sequence of int
        Number of values of each choice.

    Returns
    -------
    float64[..., 1 + 2 * n_choices]
        The variance; first-order variances; total-effect variances.
    """
    rows = np.asarray(values, dtype=np.float64)
    grid = rows.reshape(*rows.shape[:-1], *shape)
    axes = tuple(range(rows.ndim - 1, grid.ndim))
    variance = rows.var(axis=-1)
    first, total = [], []
    for axis in axes:
        others = tuple(other for other in axes if other != axis)
        first.append(grid.mean(axis=others).var(axis=-1))
        total.append(variance - grid.mean(axis=axis).reshape(*rows.shape[:-1], -1).var(axis=-1))
    return np.stack([variance, *first, *total], axis=-1)


def estimate_shares(
    outcomes: npt.NDArray[np.number], shape: Sequence[int], *, n_blocks: int = N_BLOCKS
) -> VarianceShares | None:
    """Return the variance shares of the mean updates, with their intervals.

    Parameters
    ----------
    outcomes : array, shape (n_readings, n_networks)
        Updates of the same networks under each reading, failures at the cap; readings in
        the order of the grid, the last choice running fastest.
    shape : sequence of int
        Number of values of each choice; their product is n_readings.
    n_blocks : int
        Blocks of the jackknife.

    Returns
    -------
    VarianceShares or None
        None if the readings do not differ by more than their Monte Carlo noise.

    Raises
    ------
    UsageError
        If the readings are no full grid, or there are fewer networks than two a block.
    """
    n_readings, n_networks = outcomes.shape
    if n_readings != int(np.prod(shape)) or n_networks < 2 * n_blocks:
        raise UsageError(
            f"{n_readings} readings of {n_networks} networks were given; variance shares need "
            f"the full grid of {int(np.prod(shape))} readings and at least {2 * n_blocks} networks"
        )
    bounds = np.linspace(0, n_networks, n_blocks + 1).round().astype(np.int64)
    sums = np.add.reduceat(outcomes, bounds[:-1], axis=1, dtype=np.float64).T
    full = sums.sum(axis=0) / n_networks
    without = (sums.sum(axis=0) - sums) / (n_networks - np.diff(bounds))[:, None]
    deviation = without - without.mean(axis=0)
    noise = (n_blocks - 1) / n_blocks * decompose_variance(deviation, shape).sum(axis=0)
    parts = decompose_variance(full, shape) - noise
    parts_without = decompose_variance(without, shape) - noise * n_blocks / (n_blocks - 1)
    reach = float(special.stdtrit(n_blocks - 1, 0.975))
    if parts[0] <= reach * _find_error(parts_without[:, 0]) or np.any(parts_without[:, 0] <= 0):
        return None
    shares = parts[1:] / parts[0]
    errors = reach * _find_error(parts_without[:, 1:] / parts_without[:, :1])
    intervals = np.stack([shares - errors, shares + errors], axis=1)
    n_choices = len(shape)
    return VarianceShares(
        variance=float(parts[0]),
        noise=float(noise[0]),
        first=shares[:n_choices],
        first_interval=intervals[:n_choices],
        total=shares[n_choices:],
        total_interval=intervals[n_choices:],
        interactions=float(1.0 - shares[:n_choices].sum()),
    )


def _find_error(without: FloatArray) -> FloatArray:
    """Return the jackknife error from values without each block (float64[n_blocks, ...])."""
    n_blocks = len(without)
    deviation = without - without.mean(axis=0)
    return np.asarray(np.sqrt((n_blocks - 1) / n_blocks * (deviation**2).sum(axis=0)))
