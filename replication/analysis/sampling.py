"""Sampling distributions: what a statistic of n runs does, given N runs that were seen.

The N runs are a sample too. So the distribution of a statistic of n runs is
averaged over resamples of them, the bootstrap predictive distribution of Harris
(1989):

    G(t) = 1/B sum over resamples b of P(T_n <= t | runs drawn from resample b)

A resample draws N runs with replacement. Where the n runs have a chance of at
least one in a thousand to hold a value beyond all N (n / (N + n)), a resample
also gets what was not seen: mass Gamma(1)/N beyond either end, exponential with
the mean excess of the outermost sqrt(N) runs, itself resampled. Without it a
distribution made from few runs is too narrow (`replication compare --help` shows
the rates measured with it).

Means of values on a lattice (counts, decimals) are convolved exactly by fast
Fourier transform; all else is drawn.

References
----------
Harris (1989), Predictive fit for natural exponential families, Biometrika 76, 675-684.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import fft, special

from replication.analysis.counts import CountTable
from replication.analysis.extremes import Tail, fit_tail

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SEED = 1989
N_RESAMPLES = 200
N_RESAMPLES_OF_FEW = 1000
FEW = 10_000
"""Samples smaller than this are resampled more often, because it costs little."""
N_STUDIES = 100_000
"""Studies drawn, over all resamples."""
MAX_WORK = 1 << 24
"""Largest length of a sum times number of resamples; studies of longer ones are drawn."""
MANY_RUNS = 200
"""Means of more runs than this are expanded (Edgeworth) where that is accurate, not drawn."""
MAX_SKEWNESS = 0.3
"""Largest skewness of a mean for which Edgeworth's expansion is used."""
MIN_UNSEEN = 1e-3
MAX_DECIMALS = 6
_BATCH = 1 << 22
_LOG_TINY = 30.0


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """The runs that were seen.

    Parameters
    ----------
    values : float64[k]
        Distinct values, ascending.
    counts : int64[k]
        How often each was seen, at least 1.
    is_bounded : bool
        Whether nothing lies beyond the largest, because runs were stopped there.
    """

    values: FloatArray
    counts: IntArray
    is_bounded: bool = False

    @classmethod
    def from_values(cls, values: npt.ArrayLike, *, is_bounded: bool = False) -> Sample:
        """Collect values.

        Parameters
        ----------
        values : array_like of float, shape (n,)
            Finite; at least one.
        is_bounded : bool
            Whether nothing lies beyond the largest.
        """
        distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
        return cls(distinct, counts.astype(np.int64), is_bounded)

    @classmethod
    def from_counts(cls, table: CountTable) -> Sample:
        """Take the converged networks of a count table; none of the others."""
        return cls(table.updates.astype(np.float64), table.counts, table.n_censored > 0)

    @property
    def n(self) -> int:
        """Number of runs."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean of the runs."""
        return float(self.values @ self.counts) / self.n

    @property
    def spread(self) -> float:
        """Standard deviation of the runs (n - 1 in its denominator), NaN for a single one."""
        if self.n < 2:
            return math.nan
        return math.sqrt(float((self.values - self.mean) ** 2 @ self.counts) / (self.n - 1))

    @property
    def median(self) -> float:
        """Median of the runs."""
        running = np.cumsum(self.counts)
        places = np.searchsorted(running, [(self.n + 1) // 2, self.n // 2 + 1])
        return float(self.values[places].mean())

    @functools.cached_property
    def unit(self) -> Fraction | None:
        """Unit of the lattice that all values lie on, None if they have too many decimals."""
        peak = float(np.abs(self.values).max())
        for decimals in range(MAX_DECIMALS + 1):
            scaled = self.values * 10.0**decimals
            if peak * 10.0**decimals > 2.0**52:
                return None
            if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-15 * 4 * np.maximum(abs(scaled), 1)):
                # 0.25, 0.5 and 1.75 lie on quarters, not on hundredths.
                whole = 10**decimals
                common = int(np.gcd.reduce(np.rint(scaled).astype(np.int64)))
                return Fraction(math.gcd(common, whole), whole)
        return None

    @functools.cached_property
    def upper(self) -> Tail:
        """What lies beyond the largest."""
        return fit_tail(self.values, self.counts, is_bounded=self.is_bounded)

    @functools.cached_property
    def lower(self) -> Tail:
        """What lies beyond the smallest, of the negated values."""
        return fit_tail(-self.values[::-1], self.counts[::-1], is_bounded=False)

    def is_enough_for(self, runs: int) -> bool:
        """Say whether values beyond all that were seen can be left out of account."""
        return runs < MIN_UNSEEN * (self.n + runs)


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is resampled and drawn.

    Parameters
    ----------
    n_resamples : int
    n_studies : int
        Studies drawn in all, where they are.
    max_draws : int
        Runs drawn in all, which limits the studies of many runs.
    """

    n_resamples: int
    n_studies: int = N_STUDIES
    max_draws: int = 20_000_000

    @classmethod
    def choose(cls, sample: Sample) -> Effort:
        """Return the effort that a sample is worth: more resamples where they cost little."""
        return cls(N_RESAMPLES if sample.n >= FEW else N_RESAMPLES_OF_FEW)

    def count_studies(self, runs: int) -> int:
        """Return how many studies of n runs are drawn from each resample."""
        return max(1, min(self.n_studies, self.max_draws // runs) // self.n_resamples)


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
    """The sampling distribution of one statistic, and how a reported value lies in it.

    Parameters
    ----------
    values, mass : float64[m]
        Its values, ascending, and their probabilities, averaged over the resamples.
    below, above, inside : float64[n_resamples]
        Chance of a value below the upper end of the rounding cell, of at least its
        lower end, and within it, in each resample.
    weights : float64[n_resamples]
        Of the resamples in the average; they sum to 1.
    is_exact : bool
        False if studies were drawn.
    """

    values: FloatArray
    mass: FloatArray
    below: FloatArray
    above: FloatArray
    inside: FloatArray
    weights: FloatArray
    is_exact: bool

    def find_quantile(self, probability: float) -> float:
        """Return the smallest value that is not exceeded with that probability."""
        running = np.cumsum(self.mass)
        place = int(np.searchsorted(running, probability * running[-1] - 1e-12))
        return float(self.values[min(place, self.values.size - 1)])

    @functools.cached_property
    def mean(self) -> float:
        """Mean of the distribution."""
        return float(self.values @ self.mass)

    @functools.cached_property
    def spread(self) -> float:
        """Standard deviation of the distribution."""
        return math.sqrt(float((self.values - self.mean) ** 2 @ self.mass))


# ------------------------------------------------------------------------ resamples on a lattice


@dataclasses.dataclass(frozen=True, eq=False)
class Masses:
    """Resamples of a sample on a lattice.

    Parameters
    ----------
    unit : Fraction
    start : int
        The first lattice point, in units.
    mass : float64[n_resamples, n_points]
        Probability of each point in each resample.
    """

    unit: Fraction
    start: int
    mass: FloatArray

    def find_place(self, value: Fraction) -> int:
        """Return how many lattice points lie below a value."""
        place = math.ceil(value / self.unit) - self.start
        return min(max(place, 0), int(self.mass.shape[1]))


def resample_masses(sample: Sample, runs: int, *, n_resamples: int) -> Masses | None:
    """Resample a sample on its lattice, None if it has none of a modest size.

    Parameters
    ----------
    sample : Sample
    runs : int
        n of the study, which decides whether unseen values matter.
    n_resamples : int
    """
    unit = sample.unit
    if unit is None:
        return None
    places = np.rint(sample.values / float(unit)).astype(np.int64)
    start, end = int(places[0]), int(places[-1])
    generator = np.random.default_rng(SEED)
    above = below = 0
    if not sample.is_enough_for(runs):
        above = _count_points(sample.upper, unit)
        below = _count_points(sample.lower, unit)
        below = min(below, start) if start >= 0 else below
    n_points = end - start + 1 + above + below
    if n_points * n_resamples > MAX_WORK // 2:
        return None
    n = sample.n
    if sample.counts.size <= FEW or n > FEW:
        drawn = generator.multinomial(n, sample.counts / n, size=n_resamples)
    mass = np.zeros((n_resamples, n_points))
    mass[:, places - start + below] = drawn / n
    if above or below:
        unseen_above = _spread_tail(sample.upper, unit, above, n_resamples, generator) / n
        unseen_below = _spread_tail(sample.lower, unit, below, n_resamples, generator) / n
        rest = 1.0 - unseen_above.sum(axis=1) - unseen_below.sum(axis=1)
        mass *= np.maximum(rest, 0.0)[:, None]
        mass[:, n_points - above :] += unseen_above
        mass[:, :below] += unseen_below[:, ::-1]
        mass /= mass.sum(axis=1, keepdims=True)
    return Masses(unit, start - below, mass)


def _count_points(tail: Tail, unit: Fraction) -> int:
    """Return how many lattice points the unseen part of a tail is given."""
    return math.ceil(30.0 * tail.scale / float(unit))


def _spread_tail(
    tail: Tail, unit: Fraction, n_points: int, n_resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Return unseen mass by lattice point beyond the end, times N: float64[n_resamples, points]."""
    size = generator.standard_gamma(1.0, size=(n_resamples, 1))
    scale = tail.resample_scale(n_resamples, generator)[:, None] / float(unit)
    if n_points == 0:
        return np.zeros((n_resamples, 0))
    beyond = np.exp(-np.arange(n_points + 1) / np.maximum(scale, 1e-9))
    beyond[:, -1] = 0.0
    return np.asarray(-size * np.diff(beyond, axis=1))


def find_length(masses: FloatArray, runs: int) -> int:
    """Return a length that holds the sum of n lattice values, but for a chance of 1e-13.

    Parameters
    ----------
    masses : float64[n_resamples, n_points]
    runs : int
        n.

    Notes
    -----
    A sum beyond the length wraps round. By Chernoff's bound its chance is at
    most exp(n log M(s) - s length) for every s > 0, M being the moment generating
    function of one run.
    """
    n_points = masses.shape[1]
    slopes = np.geomspace(1e-2, 5e2, 40) / n_points
    slopes = slopes[slopes * n_points < 600.0]
    moments = np.exp(np.outer(np.arange(n_points), slopes))
    logs = np.log((masses @ moments).max(axis=0))
    bound = float(((runs * logs + _LOG_TINY) / slopes).min())
    needed = min(math.ceil(bound) + 1, runs * (n_points - 1) + 1)
    return int(fft.next_fast_len(max(needed, n_points), real=True))


def _raise(transform: npt.NDArray[np.complex128], power: int) -> npt.NDArray[np.complex128]:
    """Return a transform to a whole power, by squaring."""
    result: npt.NDArray[np.complex128] | None = None
    while True:
        if power & 1:
            result = transform if result is None else result * transform
        power >>= 1
        if not power:
            break
        transform = transform * transform
    return np.ones_like(transform) if result is None else result


def convolve(masses: FloatArray, runs: int, length: int) -> FloatArray:
    """Return the distribution of the sum of n lattice values.

    Parameters
    ----------
    masses : float64[m, n_points]
    runs : int
        n, at least 0.
    length : int
        At least n_points; sums wrap round beyond it (see `find_length`).

    Returns
    -------
    float64[m, length]
    """
    if runs == 0:
        nothing = np.zeros((masses.shape[0], length))
        nothing[:, 0] = 1.0
        return nothing
    transform = fft.rfft(masses, length, axis=1, workers=-1)
    sums = fft.irfft(_raise(transform, runs), length, axis=1, workers=-1)
    return np.maximum(np.asarray(sums, dtype=np.float64), 0.0)


def _accumulate(
    parts: Iterator[FloatArray], masses: Masses, runs: int, cell: tuple[Fraction, Fraction]
) -> Law | None:
    """Return the law of the mean from the distributions of its sum, batch by batch."""
    total: FloatArray | None = None
    columns: list[list[FloatArray]] = [[], [], [], []]
    # A mean of n values is unit * (n * start + s) / n for a sum of s steps.
    low, high = (
        math.ceil(end * runs / masses.unit) - runs * masses.start for end in cell
    )  # fmt: skip
    for sums in parts:
        size = sums.shape[1]
        first, last = min(max(low, 0), size), min(max(high, 0), size)
        columns[0].append(sums[:, :last].sum(axis=1))
        columns[1].append(sums[:, first:].sum(axis=1))
        columns[2].append(sums[:, first:last].sum(axis=1))
        columns[3].append(sums.sum(axis=1))
        total = sums.sum(axis=0) if total is None else total + sums.sum(axis=0)
    assert total is not None
    below, above, inside, whole = (np.concatenate(column) for column in columns)
    if not whole.sum() > 0:
        return None
    kept = np.flatnonzero(total > 0)
    values = float(masses.unit) * ((kept + runs * masses.start) / runs)
    safe = np.where(whole > 0, whole, 1.0)
    return Law(
        values,
        total[kept] / total.sum(),
        below / safe,
        above / safe,
        inside / safe,
        whole / whole.sum(),
        is_exact=True,
    )


def _batch(masses: FloatArray, length: int) -> Iterator[FloatArray]:
    rows = max(1, _BATCH // length)
    for first in range(0, len(masses), rows):
        yield masses[first : first + rows]


def compute_mean_law(masses: Masses, runs: int, cell: tuple[Fraction, Fraction]) -> Law | None:
    """Return the exact law of the mean of n runs, None if it is too long to compute.

    Parameters
    ----------
    masses : Masses
    runs : int
        n.
    cell : (Fraction, Fraction)
        The rounding cell of the reported mean.
    """
    length = find_length(masses.mass, runs)
    if length * len(masses.mass) > MAX_WORK:
        return None
    parts = (convolve(part, runs, length) for part in _batch(masses.mass, length))
    return _accumulate(parts, masses, runs, cell)


def compute_mean_law_given_max(
    masses: Masses,
    runs: int,
    cell: tuple[Fraction, Fraction],
    *,
    largest: tuple[Fraction, Fraction],
    is_seen: bool,
) -> Law | None:
    """Return the exact law of the mean of n runs given the largest of them.

    The sum of n runs of which the largest lies in [low, high) has the mass

        [p below high]^{*n} - [p below low]^{*n},

    with p truncated and not renormalised, and ^{*n} the n-fold convolution. Where no
    seen run lies in that cell, one run is put there and the others are drawn from
    those below: the limit for a cell of vanishing mass.

    Parameters
    ----------
    masses : Masses
    runs : int
        n.
    cell, largest : (Fraction, Fraction)
        The rounding cells of the reported mean and of the reported largest value.
    is_seen : bool
        Whether a seen run lies in the cell of the largest.

    Returns
    -------
    Law or None
        None if too long to compute, or if no run is that small.
    """
    first, last = masses.find_place(largest[0]), masses.find_place(largest[1])
    if last == 0:
        return None
    cut = masses.mass[:, :last]
    middle = (largest[0] + largest[1]) / 2
    place = round(middle / masses.unit) - masses.start
    extra = 0 if is_seen else max(place - cut.shape[1] + 1, 0)
    length = find_length(cut, runs) + (extra if is_seen else max(place, 0))
    length = int(fft.next_fast_len(length, real=True))
    if length * len(masses.mass) > MAX_WORK or (not is_seen and place < 0):
        return None

    def find_sums() -> Iterator[FloatArray]:
        for part in _batch(cut, length):
            if is_seen:
                smaller = convolve(part[:, :first], runs, length) if first else 0.0
                yield np.maximum(convolve(part, runs, length) - smaller, 0.0)
            else:
                yield np.roll(convolve(part, runs - 1, length), place, axis=1)

    return _accumulate(find_sums(), masses, runs, cell)


def compute_max_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return the distribution of the largest of n converged networks.

    Parameters
    ----------
    table : CountTable
        With at least one converged network.
    runs : int
        n.

    Returns
    -------
    values, mass : float64[k]
        Outcomes in updates, and F(m)^n - F(m - 1)^n.
    """
    within = (np.cumsum(table.counts) / table.n_converged) ** runs
    return table.updates.astype(np.float64), np.diff(within, prepend=0.0)


def compute_mean_mass(table: CountTable, runs: int) -> tuple[FloatArray, FloatArray]:
    """Return the exact distribution of the mean of n converged networks.

    Parameters
    ----------
    table : CountTable
    runs : int
        n.

    Returns
    -------
    values, mass : float64[k]
        Means in updates, ascending, and their probabilities.
    """
    mass, start = _spell_out(table)
    sums = convolve(mass[None, :], runs, find_length(mass[None, :], runs))[0]
    return (np.arange(sums.size) + runs * start) / runs, sums


def compute_joint_mass(
    table: CountTable,
    runs: int,
    *,
    mean_edges: npt.ArrayLike,
    max_edges: npt.ArrayLike,
) -> FloatArray:
    """Return the joint distribution of mean and largest of n converged networks, cell by cell.

    Parameters
    ----------
    table : CountTable
    runs : int
        n.
    mean_edges : array_like of float, shape (a + 1,)
        Edges of the cells of the mean, ascending, in updates; a cell holds its lower edge.
    max_edges : array_like of float, shape (b + 1,)
        The same for the largest.

    Returns
    -------
    float64[a, b]
        Probabilities; they sum to 1 if the edges enclose everything.

    Notes
    -----
    By difference of the convolutions of the counts truncated at the edges, as in
    `compute_mean_law_given_max`.
    """
    mass, start = _spell_out(table)
    length = find_length(mass[None, :], runs)
    cuts = np.clip(np.ceil(np.asarray(max_edges, dtype=np.float64)) - start, 0, mass.size)
    places = np.clip(
        np.ceil(np.asarray(mean_edges, dtype=np.float64) * runs - 1e-9) - runs * start, 0, length
    ).astype(np.int64)
    truncated = np.where(np.arange(mass.size) < cuts[:, None], mass, 0.0)
    below = np.concatenate(
        [
            np.pad(np.cumsum(convolve(part, runs, length), axis=1), ((0, 0), (1, 0)))[:, places]
            for part in _batch(truncated, length)
        ]
    )
    return np.maximum(np.diff(np.diff(below, axis=1), axis=0), 0.0).T


def _spell_out(table: CountTable) -> tuple[FloatArray, int]:
    """Return the share of the converged at every number of updates from the smallest on."""
    start = int(table.updates[0])
    mass = np.zeros(int(table.updates[-1]) - start + 1)
    mass[table.updates - start] = table.counts / table.n_converged
    return mass, start


# ------------------------------------------------------------------------------- drawn studies


def _draw_batches(
    sample: Sample,
    runs: int,
    generator: np.random.Generator,
    *,
    n_resamples: int,
    n_studies: int,
    below: float = math.inf,
) -> Iterator[tuple[slice, slice, FloatArray, FloatArray]]:
    """Draw studies of n runs below a value, from resamples of the sample.

    Yields
    ------
    resamples, studies : slice
    drawn : float64[resamples, studies, n]
    share : float64[resamples]
        Share of each resample that lies below the value.
    """
    n = sample.n
    ordered = np.repeat(sample.values, sample.counts)
    n_below = int(np.searchsorted(ordered, below))
    has_tails = not sample.is_enough_for(runs)
    unit = None if sample.unit is None else float(sample.unit)
    floor = 0.0 if ordered[0] >= 0 else -math.inf
    rows = max(1, min(n_resamples, _BATCH // max(n, n_studies * runs)))
    for first in range(0, n_resamples, rows):
        chosen = slice(first, min(first + rows, n_resamples))
        m = chosen.stop - chosen.start
        # Of n picks those below the limit are as many as a binomial says, and evenly spread.
        allowed = generator.binomial(n, n_below / n, size=m)
        picked = generator.integers(0, max(n_below, 1), size=(m, n), dtype=np.int32)
        mass = np.zeros((m, 2))
        scales = np.zeros((m, 2))
        reach = 0.0
        if has_tails:
            for side, tail in enumerate((sample.upper, sample.lower)):
                mass[:, side] = np.minimum(generator.standard_gamma(1.0, size=m) / n, 0.5)
                scales[:, side] = tail.resample_scale(m, generator)
            reach = max(below - ordered[-1], 0.0)
            with np.errstate(invalid="ignore", divide="ignore"):
                seen = -np.expm1(-reach / scales[:, 0])
            mass[:, 0] *= np.where(scales[:, 0] > 0, seen, float(reach > 0))
            if -sample.lower.start >= below:
                mass[:, 1] = 0.0
        inner = (allowed / n) * (1.0 - mass.sum(axis=1))
        share = inner + mass.sum(axis=1)
        step = max(1, _BATCH // (m * runs))
        for start in range(0, n_studies, step):
            studies = slice(start, min(start + step, n_studies))
            # One even variable says whether a draw lies beyond the seen runs, else which it is.
            even = generator.random((m, (studies.stop - studies.start) * runs))
            ends = mass / np.maximum(share, 1e-300)[:, None]
            places = (even - ends[:, :1]) / np.maximum(1.0 - ends.sum(axis=1), 1e-300)[:, None]
            last = np.maximum(allowed - 1, 0)[:, None]
            where = np.clip(places * allowed[:, None], 0, last).astype(np.int32)
            drawn = ordered[np.take_along_axis(picked, where, axis=1)]
            if has_tails:
                _put_tails(drawn, even, ends, sample, scales, reach, generator)
                if unit is not None:
                    drawn = np.rint(drawn / unit) * unit
                np.maximum(drawn, floor, out=drawn)
            yield chosen, studies, drawn.reshape(m, -1, runs), share


def _put_tails(
    drawn: FloatArray,
    even: FloatArray,
    ends: FloatArray,
    sample: Sample,
    scales: FloatArray,
    reach: float,
    generator: np.random.Generator,
) -> None:
    """Replace draws at either end of an even variable by values beyond the seen ones, in place."""
    for side, places in enumerate((even < ends[:, :1], even > 1.0 - ends[:, 1:])):
        scale = scales[np.nonzero(places)[0], side]
        portion = generator.random(scale.size)
        if side == 0:
            with np.errstate(invalid="ignore", divide="ignore"):
                portion *= np.where(scale > 0, -np.expm1(-reach / scale), 0.0)
            drawn[places] = sample.upper.start - scale * np.log1p(-portion)
        else:
            drawn[places] = -sample.lower.start + scale * np.log1p(-portion)


STATISTICS = ("mean", "sd", "se", "median", "min", "max")


def _reduce(drawn: FloatArray, name: str) -> FloatArray:
    """Return a statistic of each study, the last axis."""
    if name == "mean":
        return np.asarray(drawn.mean(axis=-1))
    if name in {"sd", "se"}:
        spread = drawn.std(axis=-1, ddof=1)
        return np.asarray(spread / (math.sqrt(drawn.shape[-1]) if name == "se" else 1.0))
    if name == "median":
        return np.asarray(np.median(drawn, axis=-1))
    return np.asarray(drawn.min(axis=-1) if name == "min" else drawn.max(axis=-1))


def draw_statistics(
    sample: Sample, runs: int, names: Sequence[str], *, effort: Effort
) -> Mapping[str, FloatArray]:
    """Draw studies of n runs and return their statistics.

    Parameters
    ----------
    sample : Sample
    runs : int
        n; at least 2 for a standard deviation.
    names : sequence of str
        Of `STATISTICS`.
    effort : Effort

    Returns
    -------
    mapping of str to float64[n_resamples, n_studies]
    """
    generator = np.random.default_rng(SEED)
    n_resamples, n_studies = effort.n_resamples, effort.count_studies(runs)
    found = {name: np.empty((n_resamples, n_studies)) for name in names}
    for resamples, studies, drawn, _ in _draw_batches(
        sample, runs, generator, n_resamples=n_resamples, n_studies=n_studies
    ):
        for name in names:
            found[name][resamples, studies] = _reduce(drawn, name)
    return found


def draw_means_given_max(
    sample: Sample, runs: int, *, low: float, high: float, effort: Effort
) -> tuple[FloatArray, FloatArray]:
    """Draw means of n runs of which the largest lies in a cell.

    Parameters
    ----------
    sample : Sample
    runs : int
        n, at least 1.
    low, high : float
        The cell; the largest is spread evenly over it.
    effort : Effort

    Returns
    -------
    means : float64[n_resamples, n_studies]
    weights : float64[n_resamples]
        Chance of each resample that all other runs lie below; not normalised.
    """
    generator = np.random.default_rng(SEED)
    n_resamples, n_studies = effort.n_resamples, effort.count_studies(runs)
    means = np.empty((n_resamples, n_studies))
    weights = np.ones(n_resamples)
    if runs == 1:
        return low + (high - low) * generator.random(means.shape), weights
    for resamples, studies, drawn, share in _draw_batches(
        sample, runs - 1, generator, n_resamples=n_resamples, n_studies=n_studies, below=high
    ):
        size = drawn.shape[:2]
        largest = low + (high - low) * generator.random(size)
        means[resamples, studies] = (drawn.sum(axis=-1) + largest) / runs
        weights[resamples] = share ** (runs - 1)
    return means, weights


def make_law(drawn: FloatArray, cell: tuple[float, float], weights: FloatArray) -> Law:
    """Return the law of drawn values.

    Parameters
    ----------
    drawn : float64[n_resamples, n_studies]
    cell : (float, float)
        The rounding cell of the reported value.
    weights : float64[n_resamples]
        Of the resamples; they sum to 1.
    """
    low, high = cell
    order = np.argsort(drawn, axis=None)
    mass = np.repeat(weights / drawn.shape[1], drawn.shape[1])[order]
    return Law(
        drawn.ravel()[order],
        mass,
        (drawn < high).mean(axis=1),
        (drawn >= low).mean(axis=1),
        ((drawn >= low) & (drawn < high)).mean(axis=1),
        weights,
        is_exact=False,
    )


# --------------------------------------------------------------------------- means of many runs


def expand_mean_law(
    sample: Sample, runs: int, cell: tuple[float, float], *, n_resamples: int
) -> Law | None:
    """Return the law of the mean of many runs by Edgeworth's expansion to order 1/n.

    Parameters
    ----------
    sample : Sample
    runs : int
        n, some hundreds or more.
    cell : (float, float)
        The rounding cell of the reported mean.
    n_resamples : int

    Returns
    -------
    Law or None
        None if the runs are too skewed for the expansion.

    References
    ----------
    Hall (1992), The Bootstrap and Edgeworth Expansion, section 2.3.
    """
    centre, spread, skewness, kurtosis = _resample_moments(sample, n_resamples, runs)
    error = np.maximum(spread / math.sqrt(runs), 1e-300)
    first_order = float(np.median(np.abs(skewness))) / math.sqrt(runs)
    if first_order > MAX_SKEWNESS or float(np.median(kurtosis)) / runs > MAX_SKEWNESS:
        return None

    def accumulate(values: FloatArray) -> FloatArray:
        z = (values[:, None] - centre) / error
        first = skewness * (z**2 - 1.0) / (6.0 * math.sqrt(runs))
        second = kurtosis * (z**3 - 3.0 * z) / 24.0
        second += skewness**2 * (z**5 - 10.0 * z**3 + 15.0 * z) / 72.0
        density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
        below = special.ndtr(z) - density * (first + second / runs)
        return np.asarray(np.clip(below, 0.0, 1.0), dtype=np.float64)

    reach = 9.0 * float(np.hypot(error.max(), centre.std()))
    grid = np.linspace(float(centre.mean()) - reach, float(centre.mean()) + reach, 4001)
    running = np.maximum.accumulate(accumulate(grid).mean(axis=1))
    low, high = accumulate(np.array(cell))
    return Law(
        grid,
        np.diff(running, prepend=0.0),
        high,
        1.0 - low,
        np.maximum(high - low, 0.0),
        np.full(n_resamples, 1.0 / n_resamples),
        is_exact=False,
    )


def _resample_moments(
    sample: Sample, n_resamples: int, runs: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return mean, standard deviation, skewness and excess kurtosis of each resample."""
    generator = np.random.default_rng(SEED)
    n, shift = sample.n, sample.mean
    ordered = np.repeat(sample.values, sample.counts) - shift
    powers = np.stack([ordered**k for k in range(1, 5)])
    raw = np.empty((n_resamples, 4))
    for i in range(n_resamples):
        weights = np.bincount(generator.integers(0, n, size=n), minlength=n)
        raw[i] = powers @ weights / n
    if not sample.is_enough_for(runs):
        rest = np.ones(n_resamples)
        unseen = np.zeros_like(raw)
        for sign, tail in ((1.0, sample.upper), (-1.0, sample.lower)):
            mass = np.minimum(generator.standard_gamma(1.0, size=n_resamples) / n, 0.5)
            scale = tail.resample_scale(n_resamples, generator)
            edge = tail.start - sign * shift
            rest -= mass
            for k in range(1, 5):
                # E[(edge + exponential)^k], binomially.
                moment = sum(
                    math.comb(k, j) * edge ** (k - j) * math.factorial(j) * scale**j
                    for j in range(k + 1)
                )
                unseen[:, k - 1] += sign**k * mass * moment
        raw = raw * rest[:, None] + unseen
    first, second, third, fourth = raw.T
    variance = np.maximum(second - first**2, 0.0)
    safe = np.where(variance > 0, variance, 1.0)
    central3 = third - 3 * first * second + 2 * first**3
    central4 = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    return first + shift, np.sqrt(variance), central3 / safe**1.5, central4 / safe**2 - 3.0
