"""Sampling distributions: what a statistic of n runs does, given N runs that were seen.

The N runs are a sample too. So the distribution of a statistic of n runs is averaged over
resamples of them, the bootstrap predictive distribution of Harris (1989):

    G(t) = 1/B sum over resamples b of P(T_n <= t | runs drawn from resample b)

A resample draws N runs with replacement, and adds what was not seen. In order, the N runs leave
N + 1 gaps, each as likely to hold the next run as any other (Hill 1968). A gap between two runs
gives half of its probability to either of them. The outer gaps hold runs beyond the smallest and
beyond the largest run that was seen; their excess beyond it is exponential, with the mean excess of
the outermost sqrt(N) runs as its mean. Over resamples the probabilities of the outer gaps vary as
in a Dirichlet distribution, and the mean excess as an inverse gamma variable. Where the N runs are
a thousand times as many as n, all this changes nothing and is left out.

A *study* is n runs, of which a statistic is reported. A *population* is what studies are drawn
from: one resample.

References
----------
Harris (1989), Predictive fit for natural exponential families, Biometrika 76, 675-684.
Hill (1968), Posterior distribution of percentiles, J. Am. Stat. Assoc. 63, 677-691.
Pickands (1975), Statistical inference using extreme order statistics, Ann. Stat. 3, 119-131.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from replication.statistics.arrays import BoolArray, FloatArray, IntArray
from replication.statistics.counts import CountTable
from replication.statistics.intervals import ROUNDING

Bounds = tuple[float, float]
"""What no value can leave; infinite where there is no bound."""
UNBOUNDED: Bounds = (-math.inf, math.inf)

SEED = 1989
MAX_DRAWS = 5_000_000  # runs drawn in all, which limits the studies of many runs
MAX_RESAMPLED = 50_000_000  # runs resampled in all, which limits the resamples of many runs
MIN_UNSEEN = 1e-3  # n over N + n, below which what was not seen is left out
# degrees of freedom of the mean excess: see `fit_tail`
FEWER_DEGREES = 20.0
BASE_DEGREES = 2.0
MIN_DEGREES = 1.2
QUANTILES = {"median": 0.5, "q1": 0.25, "q3": 0.75}
UNORDERED = {"mean", "sd", "min", "max"}  # statistics for which runs need no order


@dataclasses.dataclass(frozen=True, eq=False)
class SamplingDistribution:
    """The sampling distribution of a statistic: values, ascending, and the mass of each.

    Masses need not add up to 1.
    """

    values: FloatArray
    mass: FloatArray

    @functools.cached_property
    def running(self) -> FloatArray:
        """Mass of the first 0, 1, ... values, up to that of all."""
        return np.concatenate([[0.0], np.cumsum(self.mass)])

    def measure(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of values up to `high`, and of those from `low` on."""
        below = self.running[np.searchsorted(self.values, high, side="right")]
        above = self.running[-1] - self.running[np.searchsorted(self.values, low)]
        return below / self.running[-1], above / self.running[-1]

    def find_quantile(self, probability: float) -> float:
        """Return the smallest value up to which at least that much probability lies."""
        total = self.running[-1]
        index = int(np.searchsorted(self.running[1:], probability * total - 1e-12 * total))
        return float(self.values[min(index, self.values.size - 1)])

    @functools.cached_property
    def mean(self) -> float:
        """Mean of the distribution."""
        return math.fsum(self.values * self.mass) / math.fsum(self.mass)

    @functools.cached_property
    def spread(self) -> float:
        """Standard deviation of the distribution."""
        squares = (self.values - self.mean) ** 2
        return math.sqrt(math.fsum(squares * self.mass) / math.fsum(self.mass))


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """The runs that were seen: distinct values, ascending, and how often each was seen.

    `low`, `high`: bounds that no value can leave; infinite where there is none. `grid`: the step of
    which every value is a multiple, None if values are real numbers.
    """

    values: FloatArray
    counts: IntArray
    low: float = -math.inf
    high: float = math.inf
    grid: Fraction | None = None

    @classmethod
    def from_values(
        cls, values: npt.ArrayLike, *, bounds: Bounds = UNBOUNDED, grid: Fraction | None = None
    ) -> Self:
        """Collect finite values, at least one; those that all differ by rounding alone are one."""
        distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
        # 0.1 + 0.2 and 0.3 are one value.
        if distinct[-1] - distinct[0] <= ROUNDING * np.abs(distinct).max():
            distinct = distinct[:1]
            counts = counts.sum(keepdims=True)
        return cls(distinct, counts.astype(np.int64), *bounds, grid)

    @classmethod
    def from_counts(cls, table: CountTable) -> Self:
        """Take the converged of a count table: whole numbers, none below 0 or above the cap."""
        cap = math.inf if table.cap is None else float(table.cap)
        return cls(table.updates.astype(np.float64), table.counts, 0.0, cap, Fraction(1))

    def negate(self) -> "Sample":
        """Return the sample of the negated runs."""
        return Sample(-self.values[::-1], self.counts[::-1], -self.high, -self.low, self.grid)

    @functools.cached_property
    def n(self) -> int:
        """Number of runs."""
        return int(self.counts.sum())

    @functools.cached_property
    def runs(self) -> FloatArray:
        """All runs in ascending order, float64[n]."""
        return np.repeat(self.values, self.counts)

    @functools.cached_property
    def mean(self) -> float:
        """Mean of the runs; of equal ones exactly their value, so that they have no spread."""
        if self.values.size == 1:
            return float(self.values[0])
        return math.fsum(self.values * self.counts) / self.n

    @functools.cached_property
    def spread(self) -> float:
        """Standard deviation of the runs (n - 1 in its denominator), NaN for a single one."""
        if self.n < 2:
            return math.nan
        peak = float(np.abs(self.values - self.mean).max()) or 1.0  # against underflow of squares
        squares = ((self.values - self.mean) / peak) ** 2
        return peak * math.sqrt(math.fsum(squares * self.counts) / (self.n - 1))

    @functools.cached_property
    def kurtosis(self) -> float:
        """Fourth moment over the squared variance, 3 of normal runs, 0 of equal ones."""
        if self.values.size == 1:
            return 0.0
        deviations = (self.values - self.mean) / float(np.abs(self.values - self.mean).max())
        fourth = math.fsum(deviations**4 * self.counts) / self.n
        second = math.fsum(deviations**2 * self.counts) / self.n
        return fourth / second**2

    def describe(self, names: Collection[str]) -> dict[str, float]:
        """Return statistics of the runs that were seen."""
        with np.errstate(invalid="ignore", divide="ignore"):
            statistics = reduce_studies(self.runs, names)
        return {name: float(value) for name, value in statistics.items()}

    def is_enough_for(self, runs: int) -> bool:
        """Say whether what was not seen, and that the runs are a sample, can be left out."""
        return runs < MIN_UNSEEN * (self.n + runs)


class Tail(NamedTuple):
    """What lies beyond the largest run: the mean excess, and its degrees of freedom."""

    excess: float
    degrees: float


def fit_tail(sample: Sample) -> Tail:
    """Return the mean excess of unseen runs beyond the largest of N runs that were seen.

    It is 0 where nothing can lie beyond. As an estimate it varies as an inverse gamma variable with
    the degrees of freedom of the outermost runs. They are fewer where there are few runs, or where
    runs have long tails (excess kurtosis), which an exponential tail would miss. The numbers were
    chosen for the rates in docs/compare.md.
    """
    runs = sample.runs
    n = sample.n
    n_top = math.isqrt(n - 1) + 1
    degrees = max(BASE_DEGREES, n_top * n / (n + FEWER_DEGREES))
    if sample.spread > 0:
        deviations = (sample.values - sample.mean) / sample.spread
        excess_kurtosis = math.fsum(deviations**4 * sample.counts) / n - 3.0
        degrees = max(MIN_DEGREES, degrees / (1.0 + max(excess_kurtosis, 0.0)))
    if n <= n_top or runs[-1] >= sample.high:
        return Tail(0.0, degrees)
    excess = float((runs[-n_top:] - runs[-n_top - 1]).mean())
    return Tail(excess, degrees)


@dataclasses.dataclass(frozen=True)
class Effort:
    """How many studies are drawn in all, and from how many resamples."""

    n_studies: int = 100_000
    n_resamples: int = 1000
    seed: int = SEED


@dataclasses.dataclass(frozen=True, eq=False)
class Population:
    """A resample of the runs, and what was not seen beyond either end.

    `runs` (n,). `below`, `above`: probability of a run beyond the smallest and beyond the largest
    that was seen. `excess_below`, `excess_above`: how far beyond it lies on average.
    """

    runs: FloatArray
    below: float = 0.0
    above: float = 0.0
    excess_below: float = 0.0
    excess_above: float = 0.0


def draw_populations(sample: Sample, n_resamples: int, *, seed: int) -> Iterator[Population]:
    """Yield populations that the runs may have been drawn from."""
    runs = sample.runs
    generator = np.random.default_rng([seed, 1])
    lower = fit_tail(sample.negate())
    upper = fit_tail(sample)
    # In units of one gap: each outer gap has 1, but nothing lies beyond a bound or beyond equal
    # runs. An inner run has the halves of two gaps, and so has an outermost run with no outer gap;
    # beside an outer gap it has only the inner half.
    gap_below = 1.0 if lower.excess > 0 else 0.0
    gap_above = 1.0 if upper.excess > 0 else 0.0
    inside = runs.size - 0.5 * (gap_below + gap_above)
    # Probabilities of the three parts in each resample: normalised gamma variables are Dirichlet.
    parts = generator.standard_gamma([gap_below, gap_above, inside], size=(n_resamples, 3))
    beyond = (parts[:, :2] / parts.sum(axis=1, keepdims=True)).tolist()
    excesses_below = _draw_mean_excesses(lower, n_resamples, generator)
    excesses_above = _draw_mean_excesses(upper, n_resamples, generator)
    for row in range(n_resamples):
        # Places on a line along which the runs stand, each as wide as its weight.
        along = generator.random(runs.size) * inside + 0.5 * gap_below
        indices = np.minimum(along.astype(np.int64), runs.size - 1)
        below, above = beyond[row]
        yield Population(runs[indices], below, above, excesses_below[row], excesses_above[row])


def _draw_mean_excesses(
    tail: Tail, n_resamples: int, generator: np.random.Generator
) -> list[float]:
    """Return the mean excess of each resample, as inverse gamma variables."""
    draws = tail.excess * tail.degrees / generator.standard_gamma(tail.degrees, n_resamples)
    excesses: list[float] = draws.tolist()
    return excesses


def draw_studies(sample: Sample, runs: int, effort: Effort) -> Iterator[FloatArray]:
    """Yield studies of n runs, float64[n_each, n], from one resample after the other.

    Half of them are of the negated runs, and negated back, so that a statistic has the same p
    whichever sign the runs have.
    """
    # As many studies as memory and time allow, shared among resamples.
    n_half = max(20, min(effort.n_resamples, MAX_RESAMPLED // sample.n)) // 2
    n_each = max(1, min(effort.n_studies, MAX_DRAWS // runs) // (2 * n_half))
    shape = (n_each, runs)
    yield from _draw_half(sample, shape, n_half, seed=effort.seed)
    for studies in _draw_half(sample.negate(), shape, n_half, seed=effort.seed):
        yield np.negative(studies)


def _draw_half(
    sample: Sample, shape: tuple[int, int], n_resamples: int, *, seed: int
) -> Iterator[FloatArray]:
    """Yield studies of runs, each array of this shape from one resample."""
    generator = np.random.default_rng([seed, 2])
    step = None if sample.grid is None else float(sample.grid)
    populations = draw_populations(sample, n_resamples, seed=seed)
    if sample.is_enough_for(shape[1]):
        populations = itertools.repeat(Population(sample.runs), n_resamples)
    for population in populations:
        drawn = _draw_from(population, sample, shape, step, generator)
        yield np.clip(drawn, sample.low, sample.high, out=drawn)


def _draw_from(
    population: Population,
    sample: Sample,
    shape: tuple[int, int],
    step: float | None,
    generator: np.random.Generator,
) -> FloatArray:
    """Return runs of a population, within those that were seen and beyond either end of them."""
    uniform = generator.random(shape)  # (n_each, runs)
    n = population.runs.size
    first = population.below
    last = 1.0 - population.above
    indices = ((uniform - first) * (n / (last - first))).astype(np.int64)
    drawn = population.runs[np.clip(indices, 0, n - 1)]
    is_below = uniform < first
    excess = _draw_excess(population.excess_below, is_below, step, generator)
    drawn[is_below] = sample.runs[0] - excess
    is_above = uniform >= last
    excess = _draw_excess(population.excess_above, is_above, step, generator)
    drawn[is_above] = sample.runs[-1] + excess
    return drawn


def _draw_excess(
    mean: float, is_unseen: BoolArray, step: float | None, generator: np.random.Generator
) -> FloatArray:
    """Return by how much unseen runs lie beyond the outermost, on the grid of the values."""
    excess = mean * generator.standard_exponential(np.count_nonzero(is_unseen))
    return np.ceil(excess / step) * step if step else excess


def draw_statistics(
    sample: Sample, runs: int, names: Collection[str], *, effort: Effort
) -> dict[str, FloatArray]:
    """Draw statistics of studies of n runs, float64[n_resamples, n_each], by name."""
    of_resamples = [reduce_studies(drawn, names) for drawn in draw_studies(sample, runs, effort)]
    return {name: np.array([statistics[name] for statistics in of_resamples]) for name in names}


def reduce_studies(studies: FloatArray, names: Collection[str]) -> dict[str, FloatArray]:
    """Return statistics of each study by name; the runs of a study are the last axis.

    Quartiles are interpolated linearly (Hyndman & Fan's type 7, the default of NumPy and R); the
    interquartile mean leaves a quarter of the runs, rounded down, out at either end. p90 is the
    quantile of 0.9.
    """
    ordered = studies
    if not UNORDERED.issuperset(names):
        ordered = np.sort(studies)
    return {name: np.asarray(_reduce(studies, ordered, name)) for name in names}


def _reduce(studies: FloatArray, ordered: FloatArray, name: str) -> FloatArray:
    """Return one statistic of each study; `ordered` are the same studies with their runs in order.

    `ordered` need not be in order for a statistic among `UNORDERED`.
    """
    n = studies.shape[-1]
    if name == "mean":
        return np.asarray(studies.mean(axis=-1))
    if name == "sd":
        return np.asarray(studies.std(axis=-1, ddof=1))
    if name == "min":
        return np.asarray(studies.min(axis=-1))
    if name == "max":
        return np.asarray(studies.max(axis=-1))
    if name == "iqr":
        return _interpolate(ordered, 0.75) - _interpolate(ordered, 0.25)
    if name == "iqm":
        return np.asarray(ordered[..., n // 4 : n - n // 4].mean(axis=-1))
    if name in QUANTILES:
        return _interpolate(ordered, QUANTILES[name])
    return _interpolate(ordered, float(name[1:]) / 100.0)


def _interpolate(ordered: FloatArray, probability: float) -> FloatArray:
    """Return a quantile of each study, whose runs are in order, by linear interpolation."""
    n = ordered.shape[-1]
    position = probability * (n - 1)
    first = min(int(position), n - 1)
    low = ordered[..., first]
    high = ordered[..., min(first + 1, n - 1)]
    return np.asarray(low + (position - first) * (high - low))
