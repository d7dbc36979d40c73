"""Sampling distributions of statistics of n runs, predicted from N runs that were seen.

The N runs are themselves only a sample. So the distribution of a statistic of n runs is averaged
over resamples of the N runs, the bootstrap predictive distribution of Harris (1989):

    G(t) = 1/B sum over resamples b of P(T_n <= t | runs drawn from resample b)

A resample draws N runs with replacement, and adds what was not seen. The N runs, in ascending
order, leave N + 1 gaps, each as likely to hold the next run as any other (Hill 1968). A gap between
two runs gives half of its probability to either of them. The two outer gaps hold runs beyond the
smallest and beyond the largest run that was seen. How far such a run lies beyond is exponential;
its mean is the mean excess of the outermost sqrt(N) runs. Over resamples the probabilities of the
outer gaps vary as in a Dirichlet distribution, and the mean excess as an inverse gamma variable.
Where the N runs are a thousand times as many as n, resampling and unseen runs change nothing and
are left out.

A *study* is n runs whose statistic is reported. Studies are drawn from a *population*, which is one
resample.

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
"""The smallest and the largest possible value; infinite where there is no bound."""
UNBOUNDED: Bounds = (-math.inf, math.inf)

SEED = 1989  # of all draws, so that the same question has the same answer each time
MAX_DRAWS = 5_000_000  # runs drawn in all, which limits the studies of many runs
MAX_RESAMPLED = 50_000_000  # runs resampled in all, which limits the resamples of many runs
MIN_UNSEEN = 1e-3  # where n / (N + n) is smaller, resampling and unseen runs are left out
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
        """Cumulative mass: of the first 0, 1, ... values, and at last of all values."""
        return np.concatenate([[0.0], np.cumsum(self.mass)])

    def measure(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of values up to `high`, and of those from `low` on."""
        below = self.running[np.searchsorted(self.values, high, side="right")]
        above = self.running[-1] - self.running[np.searchsorted(self.values, low)]
        return below / self.running[-1], above / self.running[-1]

    def find_quantile(self, probability: float) -> float:
        """Return a quantile: the smallest value whose cumulative probability is as large."""
        total = self.running[-1]
        # With a slack, since cumulative masses have rounding errors.
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
        """Return the sample of finite values, at least one.

        If all of them are equal except for rounding errors, they count as one value.
        """
        distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
        # 0.1 + 0.2 and 0.3 are one value.
        if distinct[-1] - distinct[0] <= ROUNDING * np.abs(distinct).max():
            distinct = distinct[:1]
            counts = counts.sum(keepdims=True)
        return cls(distinct, counts.astype(np.int64), *bounds, grid)

    @classmethod
    def from_counts(cls, table: CountTable) -> Self:
        """Return the sample of the converged networks of a table: whole numbers, 0 to the cap."""
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
        """Mean of the runs. Of equal runs it is exactly their value, so that the spread is 0."""
        if self.values.size == 1:
            return float(self.values[0])
        return math.fsum(self.values * self.counts) / self.n

    @functools.cached_property
    def spread(self) -> float:
        """Standard deviation of the runs (n - 1 in its denominator); NaN for a single run."""
        if self.n < 2:
            return math.nan
        peak = float(np.abs(self.values - self.mean).max()) or 1.0  # against underflow of squares
        squares = ((self.values - self.mean) / peak) ** 2
        return peak * math.sqrt(math.fsum(squares * self.counts) / (self.n - 1))

    @functools.cached_property
    def kurtosis(self) -> float:
        """Kurtosis: fourth moment over squared variance; 3 of normal runs, 0 of equal ones."""
        if self.values.size == 1:
            return 0.0
        peak = float(np.abs(self.values - self.mean).max())  # against underflow of fourth powers
        deviations = (self.values - self.mean) / peak
        fourth = math.fsum(deviations**4 * self.counts) / self.n
        second = math.fsum(deviations**2 * self.counts) / self.n
        return fourth / second**2

    def describe(self, names: Collection[str]) -> dict[str, float]:
        """Return statistics of the runs that were seen, by name."""
        with np.errstate(invalid="ignore", divide="ignore"):
            statistics = reduce_studies(self.runs, names)
        return {name: float(value) for name, value in statistics.items()}

    def is_enough_for(self, runs: int) -> bool:
        """Say whether so many runs are few enough to draw them from the seen runs alone."""
        return runs < MIN_UNSEEN * (self.n + runs)


class Tail(NamedTuple):
    """What lies beyond the largest run: the mean excess, and its degrees of freedom."""

    excess: float
    degrees: float


def fit_tail(sample: Sample) -> Tail:
    """Return the mean excess of unseen runs beyond the largest of N runs that were seen.

    The mean excess is 0 where nothing can lie beyond. It is an estimate from the outermost runs, so
    over resamples it varies as an inverse gamma variable. Its degrees of freedom are fewer where
    there are few runs, or where runs have long tails (excess kurtosis), which an exponential tail
    would miss. `FEWER_DEGREES`, `BASE_DEGREES` and `MIN_DEGREES` were chosen so that equal
    populations are contradicted as seldom as docs/compare.md says.
    """
    runs = sample.runs
    n = sample.n
    n_top = math.isqrt(n - 1) + 1  # the outermost runs: the root of n, rounded up
    degrees = max(BASE_DEGREES, n_top * n / (n + FEWER_DEGREES))
    if sample.spread > 0:
        deviations = (sample.values - sample.mean) / sample.spread
        excess_kurtosis = math.fsum(deviations**4 * sample.counts) / n - 3.0
        degrees = max(MIN_DEGREES, degrees / (1.0 + max(excess_kurtosis, 0.0)))
    # Too few runs to measure an excess, or the largest run has reached the bound.
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
    """A resample of the runs, and the unseen runs beyond either end.

    `runs` (n,). `below`, `above`: probabilities of a run below the smallest one that was seen, and
    of a run above the largest. `excess_below`, `excess_above`: how far beyond such runs lie on
    average.
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
    # Weights, with that of a gap as 1. An outer gap has the weight 0 where nothing can lie beyond:
    # at a bound, or beside equal runs. A run has the halves of both gaps beside it, so 1; only an
    # outermost run has 1/2 where the outer gap keeps its own weight.
    gap_below = 1.0 if lower.excess > 0 else 0.0
    gap_above = 1.0 if upper.excess > 0 else 0.0
    inside = runs.size - 0.5 * (gap_below + gap_above)
    # Probabilities of the three parts in each resample: normalised gamma variables are Dirichlet.
    parts = generator.standard_gamma([gap_below, gap_above, inside], size=(n_resamples, 3))
    beyond = (parts[:, :2] / parts.sum(axis=1, keepdims=True)).tolist()
    excesses_below = _draw_mean_excesses(lower, n_resamples, generator)
    excesses_above = _draw_mean_excesses(upper, n_resamples, generator)
    for row in range(n_resamples):
        # Random points on a line: the runs stand on it side by side, each as wide as its weight.
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
    # As many studies as memory and time allow, shared among resamples: half of the resamples are of
    # the runs, half of the negated runs, and each resample gives `n_each` studies.
    n_half = max(20, min(effort.n_resamples, MAX_RESAMPLED // sample.n)) // 2
    n_each = max(1, min(effort.n_studies, MAX_DRAWS // runs) // (2 * n_half))
    shape = (n_each, runs)
    yield from _draw_half(sample, shape, n_half, seed=effort.seed)
    for studies in _draw_half(sample.negate(), shape, n_half, seed=effort.seed):
        yield np.negative(studies)


def _draw_half(
    sample: Sample, shape: tuple[int, int], n_resamples: int, *, seed: int
) -> Iterator[FloatArray]:
    """Yield an array of studies for each resample; `shape`: studies, and runs of a study."""
    generator = np.random.default_rng([seed, 2])
    step = None if sample.grid is None else float(sample.grid)
    populations = draw_populations(sample, n_resamples, seed=seed)
    if sample.is_enough_for(shape[1]):  # then every resample is taken to be the runs themselves
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
    """Return runs of a population: most are runs that were seen, and others lie beyond them."""
    # A uniform number below `first` stands for a run below the smallest, one from `last` on for a
    # run above the largest, and one between them for a run of the resample.
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
    """Return how far unseen runs lie beyond the outermost one, rounded up to the grid of values."""
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
    """Return one statistic of each study.

    `ordered`: the same studies, each with its runs in ascending order; for a statistic among
    `UNORDERED` they may be in any order.
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
    # p90 is the quantile of 0.9.
    return _interpolate(ordered, float(name[1:]) / 100.0)


def _interpolate(ordered: FloatArray, probability: float) -> FloatArray:
    """Return a quantile of each study by linear interpolation; runs are in ascending order."""
    n = ordered.shape[-1]
    position = probability * (n - 1)
    first = min(int(position), n - 1)
    low = ordered[..., first]
    high = ordered[..., min(first + 1, n - 1)]
    return np.asarray(low + (position - first) * (high - low))
