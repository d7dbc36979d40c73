"""Exact distributions of sums, means and largest values of n runs on a lattice.

The sum of n runs is distributed as the n-fold convolution of one run, which is computed by fast
Fourier transform. The largest of n runs is at most m with probability F(m)^n, where F is the
distribution function of one run. Sum and largest value have a joint distribution: the probability
that the largest is at most m and the sum is s is the n-fold convolution, at s, of the distribution
of one run with all mass above m left out.

A *study* is n runs. A *lattice* is the whole numbers, on which numbers of updates lie. Edges of
cells are compared with a slack of 1e-9 of a step, since a product of floats may lie just beside a
whole number.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import fft

from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable

N_CACHED = 1 << 17  # numbers that are transformed at once: so many fit into the processor's cache
NEGLIGIBLE = 1e-15  # share of the largest mass below which a mass is a rounding error
SLACK = 1e-9  # of a step of the lattice


def find_length(masses: FloatArray, runs: int) -> int:
    """Return a length that the sum of n lattice values exceeds with a probability of at most 1e-13.

    A sum beyond the length would wrap round to small sums. By Chernoff's bound its probability is
    at most exp(n log M(s) - s length) for every s > 0, where M is the moment generating function of
    one run.
    """
    n_points = masses.shape[1]
    # The bound gives a length for each of forty s; the smallest of these lengths is enough.
    slopes = np.geomspace(1e-2, 5e2, 40) / n_points
    moments = np.exp(np.outer(np.arange(n_points), slopes))
    logs = np.log((masses @ moments).max(axis=0))
    enough = float(((runs * logs + 30.0) / slopes).min())  # exp(-30) is 1e-13
    needed = min(math.ceil(enough) + 1, runs * (n_points - 1) + 1)  # no sum is larger than this
    return int(fft.next_fast_len(max(needed, n_points), real=True))


def convolve(masses: FloatArray, runs: int, length: int) -> FloatArray:
    """Return the distribution of the sum of n independent lattice values, for each row of masses.

    `masses` (m, n_points): distributions of one value, which need not add up to 1. Returns
    (m, length). Sums wrap round beyond the length (see `find_length`).
    """
    transform = fft.rfft(masses, length, axis=1)
    power = np.ones_like(transform)
    while runs:  # the n-th power, by repeated squaring
        if runs & 1:
            power = power * transform
        runs >>= 1
        if runs:
            transform = transform * transform
    return np.maximum(np.asarray(fft.irfft(power, length, axis=1), dtype=np.float64), 0.0)


def compute_max_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return the distribution of the largest of n converged networks: values and masses.

    The mass at m updates is F(m)^n - F(m - 1)^n.
    """
    within = (np.cumsum(table.counts) / table.n_converged) ** runs
    return table.updates.astype(np.float64), np.diff(within, prepend=0.0)


def compute_mean_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return the exact distribution of the mean of n converged networks: values and masses."""
    mass, start = _list_masses(table)
    sums = convolve(mass[None, :], runs, find_length(mass[None, :], runs))[0]
    return (np.arange(sums.size) + runs * start) / runs, sums


def compute_mean_mass_given_max(
    table: CountTable, runs: int, largest: tuple[float, float]
) -> tuple[FloatArray, FloatArray] | None:
    """Return the exact distribution of the mean of n converged networks given their largest.

    `largest`: lower and upper end of the cell that the largest number of updates lies in; both
    belong to the cell. Where no network lies in the cell, one is placed in its middle and the
    others are drawn from those below it, as if that value were possible but very rare. None where
    all networks lie above the cell.
    """
    mass, start = _list_masses(table)
    first = min(max(math.ceil(largest[0]) - start, 0), mass.size)
    last = min(max(math.floor(largest[1]) + 1 - start, 0), mass.size)
    up_to_cell = mass[:last]
    below_cell = mass[:first]
    if not up_to_cell.any():
        return None
    length = find_length(up_to_cell[None, :], runs)
    if up_to_cell[first:].any():
        # Studies of networks up to the cell's end, less studies of networks below it alone.
        sums = convolve(up_to_cell[None, :], runs, length)[0]
        if below_cell.any():
            sums = np.maximum(sums - convolve(below_cell[None, :], runs, length)[0], 0.0)
        n_updates = 0
    else:
        sums = convolve(below_cell[None, :], runs - 1, length)[0]
        n_updates = round((largest[0] + largest[1]) / 2) - start  # of the network that is placed
    kept = np.flatnonzero(sums > sums.max() * NEGLIGIBLE)
    return (kept + n_updates) / runs + start, sums[kept] / sums[kept].sum()


def compute_joint_mass(
    table: CountTable, runs: int, *, mean_edges: npt.ArrayLike, max_edges: npt.ArrayLike
) -> FloatArray:
    """Return the joint distribution of mean and largest of n converged networks, cell by cell.

    `runs`: n. `mean_edges` (a + 1,), `max_edges` (b + 1,): edges of the cells, ascending, in
    updates; a cell holds its lower edge. Returns (a, b).

    The mass with a maximum below an edge is the convolution of the counts that lie below that edge.
    From the masses below all pairs of edges the mass of a cell follows by differences.
    """
    mass, start = _list_masses(table)
    length = find_length(mass[None, :], runs)
    # Edges as indices: into the masses of one value, and into those of the sum of n.
    max_indices = np.clip(np.ceil(np.asarray(max_edges, dtype=np.float64)) - start, 0, mass.size)
    sum_edges = np.ceil(np.asarray(mean_edges, dtype=np.float64) * runs - SLACK) - runs * start
    sum_indices = np.clip(sum_edges, 0, length).astype(np.int64)
    # For each edge of the maximum the masses below it, (b + 1, n_points).
    truncated = np.where(np.arange(mass.size) < max_indices[:, None], mass, 0.0)
    n_rows = max(1, N_CACHED // length)
    parts = []
    for row in range(0, len(truncated), n_rows):
        sums = convolve(truncated[row : row + n_rows], runs, length)
        parts.append(_sum_below(sums)[:, sum_indices])
    below = np.concatenate(parts)  # (b + 1, a + 1): mass below both edges
    return np.maximum(np.diff(np.diff(below, axis=1), axis=0), 0.0).T


def _sum_below(masses: FloatArray) -> FloatArray:
    """Return the mass below each value, and last that of all, (m, length) to (m, length + 1)."""
    return np.pad(np.cumsum(masses, axis=1), ((0, 0), (1, 0)))


def compute_pair_chance(
    table: CountTable, runs: int, *, mean: tuple[float, float], largest: int
) -> tuple[float, FloatArray]:
    """Return the probability that n networks all converge with a mean in a cell and this maximum.

    Parameters
    ----------
    table : CountTable
        All networks that were seen, censored ones included.
    runs : int
        n.
    mean : (float, float)
        Lower end of the cell, which belongs to it, and upper end, which does not, in updates.
    largest : int
        The maximum, in updates.

    Returns
    -------
    chance : float
        The probability.
    slopes : float64[k]
        Derivative of `chance` with respect to the share of networks at each outcome of the table.

    Notes
    -----
    The maximum is this one if all n networks are at or below it, but not all below it. So the
    probability is a difference of two masses of sums in the cell: those of n networks at or below
    the maximum, less those of n networks below it. The derivative with respect to the share at u
    updates is n times the probability that the other n - 1 networks bring the sum into the cell,
    given that one has u.

    >>> pair = CountTable.from_outcomes([1, 2], [True, True], 2)
    >>> compute_pair_chance(pair, 2, mean=(1.5, 2.0), largest=2)[0]
    0.5
    """
    values = np.arange(largest + 1)
    shares = np.zeros(largest + 1)
    is_within = table.updates <= largest
    shares[table.updates[is_within]] = table.counts[is_within] / table.n
    masses = np.stack([shares, np.where(values < largest, shares, 0.0)])
    # Sums beyond the cell do not matter, but must not wrap round into it.
    length = fft.next_fast_len((runs - 1) * largest + 1, real=True)
    below = _sum_below(convolve(masses, runs - 1, length))
    # For one network at each value: the smallest sum of the others with which the mean lies in the
    # cell, and the smallest with which it lies beyond the cell.
    first = np.clip(math.ceil(mean[0] * runs - SLACK) - values, 0, length).astype(np.int64)
    last = np.clip(math.ceil(mean[1] * runs - SLACK) - values, 0, length).astype(np.int64)
    # Probability of a sum between both: row 0 with all networks at or below the maximum, row 1 with
    # all below it.
    inside = below[:, last] - below[:, first]  # (2, n_values)
    inside[1, largest] = 0.0  # a network at the maximum is not below it
    slopes = runs * np.maximum(inside[0] - inside[1], 0.0)
    slopes_of_table = np.zeros(table.updates.size)
    slopes_of_table[is_within] = slopes[table.updates[is_within]]
    return math.fsum(shares * slopes) / runs, slopes_of_table


def _list_masses(table: CountTable) -> tuple[FloatArray, int]:
    """Return the share of converged networks at each number of updates, and the first such number.

    The shares begin at the smallest number of updates of the table, and end at the largest.
    """
    start = int(table.updates[0])
    mass = np.zeros(int(table.updates[-1]) - start + 1)
    mass[table.updates - start] = table.counts / table.n_converged
    return mass, start


def find_tails_given_max(cells: FloatArray) -> FloatArray:
    """Return the smaller tail of each mean among studies of the same maximum, (means, maxima).

    `cells` (means, maxima): joint probabilities. The two tails are the probability of means up to
    this one, and that of means from this one on, given the maximum.

    >>> find_tails_given_max(np.array([[0.25], [0.5], [0.25]])).ravel().tolist()
    [0.25, 0.75, 0.25]
    """
    up_to = cells.cumsum(axis=0)
    from_on = cells[::-1].cumsum(axis=0)[::-1]
    return np.asarray(np.minimum(up_to, from_on) / np.maximum(up_to[-1], 1e-300))  # never by 0


def sum_rare_studies(table: CountTable, runs: int, *, width: float, at_most: float) -> float:
    """Return the probability of studies as rare as one whose smaller tail is `at_most`.

    A study has two tails: that of its maximum, and that of its mean among studies of the same
    maximum. It counts as rare if either is at most `at_most`. `width`: of the cells to which the
    mean is rounded.
    """
    values, mass = compute_max_mass(table, runs)
    running = np.cumsum(mass)
    tails = np.minimum(running, 1.0 - running + mass)
    is_usual = tails > at_most  # one stretch, since the tail of the maximum rises and falls once
    share = math.fsum(mass[~is_usual])
    if is_usual.any():
        # Where the maximum is not rare, the mean given it may be: cell by cell.
        maxima = values[is_usual]
        first = math.floor(table.updates[0] / width)
        last = math.ceil(maxima[-1] / width)
        mean_edges = (np.arange(first, last + 2) - 0.5) * width
        max_edges = np.append(maxima, maxima[-1] + 1.0)
        cells = compute_joint_mass(table, runs, mean_edges=mean_edges, max_edges=max_edges)
        share += math.fsum(cells[find_tails_given_max(cells) <= at_most])
    return min(share, 1.0)
