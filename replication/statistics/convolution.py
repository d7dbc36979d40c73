"""Exact distributions of sums, means and largest values of n runs on a lattice.

The distribution of the sum of n runs is the n-fold convolution of that of one, by fast Fourier
transform. The largest of n lies at or below m with probability F(m)^n; jointly with the sum, the
mass is that of p truncated at m.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import fft

from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable


def find_length(masses: FloatArray, runs: int) -> int:
    """Return a length that holds the sum of n lattice values, but for a probability of 1e-13.

    A sum beyond the length wraps round. By Chernoff's bound its probability is at most
    exp(n log M(s) - s length) for every s > 0, M being the moment generating function of one run.
    """
    n_points = masses.shape[1]
    # The bound at forty slopes s; the smallest of them counts.
    slopes = np.geomspace(1e-2, 5e2, 40) / n_points
    moments = np.exp(np.outer(np.arange(n_points), slopes))
    logs = np.log((masses @ moments).max(axis=0))
    bound = float(((runs * logs + 30.0) / slopes).min())  # exp(-30) is 1e-13
    needed = min(math.ceil(bound) + 1, runs * (n_points - 1) + 1)
    return int(fft.next_fast_len(max(needed, n_points), real=True))


def convolve(masses: FloatArray, runs: int, length: int) -> FloatArray:
    """Return the distribution of the sum of n lattice values, (m, n_points) to (m, length).

    Sums wrap round beyond the length (see `find_length`).
    """
    transform = fft.rfft(masses, length, axis=1)
    power = np.ones_like(transform)
    while runs:  # by squaring
        if runs & 1:
            power = power * transform
        runs >>= 1
        if runs:
            transform = transform * transform
    return np.maximum(np.asarray(fft.irfft(power, length, axis=1), dtype=np.float64), 0.0)


def compute_max_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return values (updates) and masses, F(m)^n - F(m - 1)^n, of the largest of n converged."""
    within = (np.cumsum(table.counts) / table.n_converged) ** runs
    return table.updates.astype(np.float64), np.diff(within, prepend=0.0)


def compute_mean_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return values (updates, ascending) and exact masses of the mean of n converged networks."""
    mass, start = _list_masses(table)
    sums = convolve(mass[None, :], runs, find_length(mass[None, :], runs))[0]
    return (np.arange(sums.size) + runs * start) / runs, sums


def compute_mean_mass_given_max(
    table: CountTable, runs: int, largest: tuple[float, float]
) -> tuple[FloatArray, FloatArray] | None:
    """Return values and exact masses of the mean of n converged networks given their largest.

    `largest`: both ends of the cell in which it lies, which belong to it. The sum of n has the mass
    of the convolution of the counts truncated above the cell, less that of those truncated below
    it. Where no network lies in the cell, one is put there and the others are drawn from those
    below: the limit for a rare one. None where all lie above it.
    """
    one, start = _list_masses(table)
    first = min(max(math.ceil(largest[0]) - start, 0), one.size)
    last = min(max(math.floor(largest[1]) + 1 - start, 0), one.size)
    cut = one[:last]
    below = one[:first]
    if not cut.any():
        return None
    length = find_length(cut[None, :], runs)
    shift = 0
    # Sums with a value in the cell: those up to its end less those up to its beginning.
    if cut[first:].any():
        sums = convolve(cut[None, :], runs, length)[0]
        if below.any():
            sums = np.maximum(sums - convolve(below[None, :], runs, length)[0], 0.0)
    else:
        sums = convolve(below[None, :], runs - 1, length)[0]
        shift = round((largest[0] + largest[1]) / 2) - start
    kept = np.flatnonzero(sums > sums.max() * 1e-15)
    return (kept + shift) / runs + start, sums[kept] / sums[kept].sum()


def compute_joint_mass(
    table: CountTable, runs: int, *, mean_edges: npt.ArrayLike, max_edges: npt.ArrayLike
) -> FloatArray:
    """Return the joint distribution of mean and largest of n converged networks, cell by cell.

    `runs`: n. `mean_edges` (a + 1,), `max_edges` (b + 1,): edges of the cells, ascending, in
    updates; a cell holds its lower edge. Returns (a, b), by difference of the convolutions of the
    counts truncated at the edges.
    """
    mass, start = _list_masses(table)
    length = find_length(mass[None, :], runs)
    # Edges as places on the lattice: of one value, and of the sum of n.
    cuts = np.clip(np.ceil(np.asarray(max_edges, dtype=np.float64)) - start, 0, mass.size)
    edges = np.ceil(np.asarray(mean_edges, dtype=np.float64) * runs - 1e-9) - runs * start
    places = np.clip(edges, 0, length).astype(np.int64)
    # A row of masses for each edge of the maximum, (b + 1, n_points), cut off there.
    truncated = np.where(np.arange(mass.size) < cuts[:, None], mass, 0.0)
    n_rows = max(1, (1 << 17) // length)  # so few numbers stay in the cache
    parts = []
    for row in range(0, len(truncated), n_rows):
        sums = convolve(truncated[row : row + n_rows], runs, length)
        parts.append(_sum_below(sums)[:, places])
    below = np.concatenate(parts)  # (b + 1, a + 1): mass below both edges
    return np.maximum(np.diff(np.diff(below, axis=1), axis=0), 0.0).T


def _sum_below(masses: FloatArray) -> FloatArray:
    """Return the mass below each value and below the end, (m, length) to (m, length + 1)."""
    return np.pad(np.cumsum(masses, axis=1), ((0, 0), (1, 0)))


def compute_pair_chance(
    table: CountTable, runs: int, *, mean: tuple[float, float], largest: int
) -> tuple[float, FloatArray]:
    """Return the probability that n networks all converge with a mean in a cell and this maximum.

    `mean`: the lower end, which belongs to the cell, and the upper one, in updates. The second
    result, (k,), holds the slope of the probability in the share of the networks, censored ones
    included, at each of the table's outcomes. The probability is the mass of the sums of n that
    stay at or below the maximum, less that of those that stay below it; so its slope in the share
    at k updates is n times the probability that the other n - 1 bring the sum into the cell.

    >>> pair = CountTable.from_outcomes([1, 2], [True, True], 2)
    >>> compute_pair_chance(pair, 2, mean=(1.5, 2.0), largest=2)[0]
    0.5
    """
    values = np.arange(largest + 1)
    shares = np.zeros(largest + 1)
    kept = table.updates <= largest
    shares[table.updates[kept]] = table.counts[kept] / table.n
    masses = np.stack([shares, np.where(values < largest, shares, 0.0)])
    # Sums beyond the cell do not matter, but must not wrap round into it.
    length = fft.next_fast_len((runs - 1) * largest + 1, real=True)
    sums = convolve(masses, runs - 1, length)
    below = _sum_below(sums)
    # Of a network at each value, the sums of the others with which the mean enters the cell, and
    # leaves it.
    first = np.clip(math.ceil(mean[0] * runs - 1e-9) - values, 0, length).astype(np.int64)
    last = np.clip(math.ceil(mean[1] * runs - 1e-9) - values, 0, length).astype(np.int64)
    # The others bring the sum into the cell: at or below the maximum, and below it, (2, n_values).
    inside = below[:, last] - below[:, first]
    inside[1, largest] = 0.0
    slopes = runs * np.maximum(inside[0] - inside[1], 0.0)
    found = np.zeros(table.updates.size)
    found[kept] = slopes[table.updates[kept]]
    return math.fsum(shares * slopes) / runs, found


def _list_masses(table: CountTable) -> tuple[FloatArray, int]:
    """Return the share of the converged at every number of updates from the smallest on."""
    start = int(table.updates[0])
    mass = np.zeros(int(table.updates[-1]) - start + 1)
    mass[table.updates - start] = table.counts / table.n_converged
    return mass, start


def find_tails_given_max(cells: FloatArray) -> FloatArray:
    """Return the smaller tail of each mean among studies of the same maximum, (means, maxima).

    >>> find_tails_given_max(np.array([[0.25], [0.5], [0.25]])).ravel().tolist()
    [0.25, 0.75, 0.25]
    """
    up_to = cells.cumsum(axis=0)
    from_on = cells[::-1].cumsum(axis=0)[::-1]
    return np.asarray(np.minimum(up_to, from_on) / np.maximum(up_to[-1], 1e-300))


def sum_rare_studies(table: CountTable, runs: int, *, width: float, at_most: float) -> float:
    """Return the share of studies whose maximum, or mean given it, has so small a tail.

    `width`: of the cells to which the mean is rounded; the tail is the smaller of both.
    """
    values, mass = compute_max_mass(table, runs)
    running = np.cumsum(mass)
    tails = np.minimum(running, 1.0 - running + mass)
    is_near = tails > at_most  # one stretch, since the tail of the maximum rises and falls once
    share = math.fsum(mass[~is_near])
    if is_near.any():
        # Where the maximum is not rare the mean given it may be, cell by cell.
        near = values[is_near]
        first = math.floor(table.updates[0] / width)
        last = math.ceil(near[-1] / width)
        means = np.arange(first, last + 2) - 0.5
        largest = np.append(near, near[-1] + 1.0)
        cells = compute_joint_mass(table, runs, mean_edges=means * width, max_edges=largest)
        share += math.fsum(cells[find_tails_given_max(cells) <= at_most])
    return min(share, 1.0)
