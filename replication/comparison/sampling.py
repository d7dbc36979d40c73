"""Sampling distributions: what a statistic of n runs does, given N runs that were seen.

The N runs are a sample too. So the distribution of a statistic of n runs is
averaged over resamples of them, the bootstrap predictive distribution of Harris
(1989):

    G(t) = 1/B sum over resamples b of P(T_n <= t | runs drawn from resample b)

A resample draws N runs with replacement. Where the n runs have a chance of at
least one in a thousand to hold a value beyond all N (n / (N + n)), it also gets
what was not seen. In order, the N runs leave N + 1 gaps, each as likely to hold
the next run as any other (Hill 1968), as `extremes` has it. A gap between two
runs gives half of its share to either of them; an outer gap is exponential with
the mean excess of the outermost sqrt(N) runs. The shares of the outer gaps vary
over resamples as in a Dirichlet distribution, and so does that mean excess, as
an inverse gamma variable. Without all this a distribution made from few runs is
too narrow (`replication compare --help` shows the rates measured with it).

Means of values on a lattice (counts, decimals) are convolved exactly; all else
is drawn, but for means of many runs, which are expanded.

References
----------
Harris (1989), Predictive fit for natural exponential families, Biometrika 76, 675-684.
Hill (1968), Posterior distribution of percentiles, J. Am. Stat. Assoc. 63, 677-691.
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

from replication.comparison.extremes import Tail, fit_tail
from replication.statistics.convolution import convolve, find_length, split_rows
from replication.statistics.counts import CountTable

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
MAX_CELLS = 5_000
"""More different values than this are resampled in cells of equally many runs."""
MAX_DECIMALS = 6


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
    def cells(self) -> tuple[FloatArray, IntArray, FloatArray]:
        """Cells that are resampled: values in order, first place of each cell, runs in it.

        Each value is a cell; where there are too many, equally many runs are.
        """
        if self.values.size <= MAX_CELLS:
            edges = np.arange(self.values.size + 1)
            return self.values, edges, self.counts.astype(np.float64)
        edges = np.linspace(0, self.n, MAX_CELLS + 1).astype(np.int64)
        return np.repeat(self.values, self.counts), edges, np.diff(edges).astype(np.float64)

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
    seed : int
    """

    n_resamples: int
    n_studies: int
    max_draws: int = 20_000_000
    seed: int = SEED

    @classmethod
    def choose(cls, n: int) -> Effort:
        """Return the effort that n seen runs are worth: more resamples where they cost little."""
        return cls(N_RESAMPLES if n >= FEW else N_RESAMPLES_OF_FEW, N_STUDIES)

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


# ------------------------------------------------------------------------------------ resamples


@dataclasses.dataclass(frozen=True, eq=False)
class Resamples:
    """Populations that the seen runs allow for.

    Parameters
    ----------
    sample : Sample
    shares : float64[n_resamples, n_cells]
        Share of each cell of `Sample.cells` in each resample.
    beyond : float64[n_resamples, 2]
        Share below the smallest and above the largest seen run.
    scales : float64[n_resamples, 2]
        Mean distance of those from it; 0 where there are none.
    seed : int
        For drawing from them.
    """

    sample: Sample
    shares: FloatArray
    beyond: FloatArray
    scales: FloatArray
    seed: int


def resample(sample: Sample, runs: int, *, n_resamples: int, seed: int = SEED) -> Resamples:
    """Resample the runs that were seen, with what was not seen where that matters.

    Parameters
    ----------
    sample : Sample
    runs : int
        n of the study, which decides whether it matters.
    n_resamples, seed : int
    """
    generator = np.random.default_rng(seed)
    weights = sample.cells[2].copy()
    gaps = np.zeros(2)
    scales = np.zeros((n_resamples, 2))
    tails = (sample.lower, sample.upper)
    for side, place in enumerate((0, -1)):
        if tails[side].scale > 0 and not sample.is_enough_for(runs):
            # An outermost run has a gap to share on its inner side only.
            gaps[side] = 1.0
            weights[place] -= 0.5
    whole = weights.sum()
    shares = generator.multinomial(sample.n, weights / whole, size=n_resamples) / sample.n
    parts = generator.standard_gamma([*gaps, whole], size=(n_resamples, 3))
    beyond = parts[:, :2] / parts.sum(axis=1, keepdims=True)
    for side in (0, 1):
        if gaps[side]:
            scales[:, side] = tails[side].resample_scale(n_resamples, generator)
    shares *= 1.0 - beyond.sum(axis=1, keepdims=True)
    return Resamples(sample, shares, beyond, scales, seed)


@dataclasses.dataclass(frozen=True, eq=False)
class Masses:
    """Resamples on a lattice.

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


def lay_out(resamples: Resamples) -> Masses | None:
    """Lay resamples on the lattice of their values, None if there is none of a modest size.

    Parameters
    ----------
    resamples : Resamples
    """
    sample = resamples.sample
    unit = sample.unit
    if unit is None or sample.values.size > MAX_CELLS:
        return None
    places = np.rint(sample.values / float(unit)).astype(np.int64)
    start, end = int(places[0]), int(places[-1])
    below, above = (
        math.ceil(30.0 * tail.scale / float(unit)) if resamples.beyond[:, side].any() else 0
        for side, tail in enumerate((sample.lower, sample.upper))
    )
    below = min(below, start) if start >= 0 else below
    n_points = end - start + 1 + above + below
    if n_points * len(resamples.shares) > MAX_WORK // 2:
        return None
    mass = np.zeros((len(resamples.shares), n_points))
    mass[:, places - start + below] = resamples.shares
    unseen = [_lay_tail(resamples, side, n) for side, n in enumerate((below, above))]
    mass[:, below::-1] += unseen[0]
    mass[:, n_points - above - 1 :] += unseen[1]
    return Masses(unit, start - below, mass)


def _lay_tail(resamples: Resamples, side: int, n_points: int) -> FloatArray:
    """Return unseen mass by lattice point, from the outermost seen one (0) outward."""
    assert resamples.sample.unit is not None
    scales = np.maximum(resamples.scales[:, [side]] / float(resamples.sample.unit), 1e-9)
    beyond = np.exp(-np.arange(n_points + 1) / scales)
    # What lies beyond the last point, or below a floor of zero, is put there.
    inner = np.concatenate([np.zeros_like(scales), -np.diff(beyond, axis=1)], axis=1)
    inner[:, -1] += beyond[:, -1]
    return np.asarray(resamples.beyond[:, [side]] * inner)


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
    parts = (convolve(part, runs, length) for part in split_rows(masses.mass, length))
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
        for part in split_rows(cut, length):
            if is_seen:
                smaller = convolve(part[:, :first], runs, length) if first else 0.0
                yield np.maximum(convolve(part, runs, length) - smaller, 0.0)
            else:
                yield np.roll(convolve(part, runs - 1, length), place, axis=1)

    return _accumulate(find_sums(), masses, runs, cell)


# ------------------------------------------------------------------------------- drawn studies


def _draw_studies(
    resamples: Resamples, runs: int, n_studies: int, *, below: float = math.inf
) -> Iterator[tuple[FloatArray, float]]:
    """Draw studies of n runs below a value, from one resample after the other.

    Yields
    ------
    drawn : float64[n_studies, n]
    share : float
        Share of the resample that lies below the value.
    """
    generator = np.random.default_rng([resamples.seed, 1])
    sample, beyond, scales = resamples.sample, resamples.beyond, resamples.scales
    ordered, edges, _ = sample.cells
    smallest, largest = float(ordered[0]), float(ordered[-1])
    edges_below = np.minimum(edges, np.searchsorted(ordered, below))
    widths = np.diff(edges_below)
    # Of the mass above the largest seen run, the part below the limit.
    reach = np.zeros(len(scales))
    np.divide(largest - below, scales[:, 1], out=reach, where=scales[:, 1] > 0)
    reach = -np.expm1(np.minimum(reach, 0.0))
    # Cells from left to right: below the smallest seen run, the seen ones, above the largest.
    first = beyond[:, :1] * (smallest < below)
    inner = resamples.shares * (widths / np.diff(edges))
    ends = np.cumsum(np.hstack([first, inner, beyond[:, 1:] * reach[:, None]]), axis=1)
    values = np.concatenate([[smallest], ordered[edges_below[:-1] % ordered.size], [largest]])
    step = 0.0 if sample.unit is None else float(sample.unit)
    for row, share in enumerate(ends[:, -1].tolist()):
        even = generator.random(n_studies * runs) * share
        cells = np.searchsorted(ends[row, :-1], even, side="right")
        drawn = values[cells]
        if widths.max() > 1:
            seen = np.flatnonzero((cells > 0) & (cells <= widths.size))
            place = cells[seen] - 1
            portion = (even[seen] - ends[row, place]) / inner[row, place]
            offset = np.minimum(portion * widths[place], widths[place] - 1).astype(np.int64)
            drawn[seen] = ordered[edges_below[place] + offset]
        for cell, sign, part in ((0, -1.0, 1.0), (values.size - 1, 1.0, reach[row])):
            unseen = np.flatnonzero(cells == cell)
            if unseen.size:
                portion = generator.random(unseen.size) * part
                excess = -scales[row, int(sign > 0)] * np.log1p(-portion)
                if step:
                    excess = np.ceil(excess / step) * step
                drawn[unseen] += sign * excess
        if smallest >= 0:
            np.maximum(drawn, 0.0, out=drawn)
        yield drawn.reshape(n_studies, runs), share


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
    resamples: Resamples, runs: int, names: Sequence[str], *, n_studies: int
) -> Mapping[str, FloatArray]:
    """Draw studies of n runs and return their statistics.

    Parameters
    ----------
    resamples : Resamples
    runs : int
        n; at least 2 for a standard deviation.
    names : sequence of str
        Of `STATISTICS`.
    n_studies : int
        From each resample.

    Returns
    -------
    mapping of str to float64[n_resamples, n_studies]
    """
    found = {name: np.empty((len(resamples.shares), n_studies)) for name in names}
    for row, (drawn, _) in enumerate(_draw_studies(resamples, runs, n_studies)):
        for name in names:
            found[name][row] = _reduce(drawn, name)
    return found


def draw_means_given_max(
    resamples: Resamples, runs: int, *, low: float, high: float, n_studies: int
) -> tuple[FloatArray, FloatArray]:
    """Draw means of n runs of which the largest lies in a cell.

    Parameters
    ----------
    resamples : Resamples
    runs : int
        n, at least 1.
    low, high : float
        The cell; the largest is spread evenly over it.
    n_studies : int
        From each resample.

    Returns
    -------
    means : float64[n_resamples, n_studies]
    weights : float64[n_resamples]
        Chance of each resample that all other runs lie below; not normalised.
    """
    generator = np.random.default_rng([resamples.seed, 2])
    means = low + (high - low) * generator.random((len(resamples.shares), n_studies))
    weights = np.ones(len(means))
    if runs == 1:
        return means, weights
    studies = _draw_studies(resamples, runs - 1, n_studies, below=high)
    for row, (drawn, share) in enumerate(studies):
        means[row] = (drawn.sum(axis=-1) + means[row]) / runs
        weights[row] = share ** (runs - 1)
    return means, weights


def make_law(
    drawn: FloatArray, cell: tuple[float, float], weights: FloatArray | None = None
) -> Law:
    """Return the law of drawn values.

    Parameters
    ----------
    drawn : float64[n_resamples, n_studies]
    cell : (float, float)
        The rounding cell of the reported value.
    weights : float64[n_resamples], optional
        Of the resamples; they sum to 1. All the same unless given.
    """
    if weights is None:
        weights = np.full(len(drawn), 1.0 / len(drawn))
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


def expand_mean_law(resamples: Resamples, runs: int, cell: tuple[float, float]) -> Law | None:
    """Return the law of the mean of many runs by Edgeworth's expansion to order 1/n.

    Parameters
    ----------
    resamples : Resamples
    runs : int
        n, some hundreds or more.
    cell : (float, float)
        The rounding cell of the reported mean.

    Returns
    -------
    Law or None
        None if the runs are too skewed for the expansion.

    References
    ----------
    Hall (1992), The Bootstrap and Edgeworth Expansion, section 2.3.
    """
    centre, spread, skewness, kurtosis = _find_moments(resamples)
    error = np.maximum(spread / math.sqrt(runs), 1e-300)
    first_order = float(np.median(np.abs(skewness))) / math.sqrt(runs)
    if first_order > MAX_SKEWNESS or float(np.median(kurtosis)) / runs > MAX_SKEWNESS:
        return None

    def accumulate(values: FloatArray) -> FloatArray:
        z = (values[:, None] - centre) / error
        # Hermite polynomials of degree 2, 3 and 5.
        square = z * z
        first = skewness / (6.0 * math.sqrt(runs)) * (square - 1.0)
        second = kurtosis / 24.0 * z * (square - 3.0)
        second += skewness**2 / 72.0 * z * ((square - 10.0) * square + 15.0)
        density = np.exp(-0.5 * square) / math.sqrt(2.0 * math.pi)
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
        np.full(centre.size, 1.0 / centre.size),
        is_exact=False,
    )


def _find_moments(
    resamples: Resamples,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return mean, standard deviation, skewness and excess kurtosis of each resample."""
    sample, shift = resamples.sample, resamples.sample.mean
    ordered, edges, _ = sample.cells
    powers = np.stack([(ordered - shift) ** k for k in range(1, 5)])
    raw = resamples.shares @ (np.add.reduceat(powers, edges[:-1], axis=1) / np.diff(edges)).T
    for side, (sign, end) in enumerate(((-1.0, ordered[0]), (1.0, ordered[-1]))):
        mass, scale = resamples.beyond[:, side], resamples.scales[:, side]
        edge = sign * (end - shift)
        for k in range(1, 5):
            # E[(edge + exponential)^k], binomially.
            moment = sum(
                math.comb(k, j) * edge ** (k - j) * math.factorial(j) * scale**j
                for j in range(k + 1)
            )
            raw[:, k - 1] += sign**k * mass * moment
    first, second, third, fourth = raw.T
    variance = np.maximum(second - first**2, 0.0)
    safe = np.where(variance > 0, variance, 1.0)
    central3 = third - 3 * first * second + 2 * first**3
    central4 = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    return first + shift, np.sqrt(variance), central3 / safe**1.5, central4 / safe**2 - 3.0
