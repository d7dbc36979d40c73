"""How a reported statistic of n runs lies in its sampling distribution.

A reported number was rounded, and stands for the cell of all numbers that print so. Its two tails
are the probability of values up to the upper end of the cell, and that of values from the lower end
on. *p* of one statistic is twice the smaller tail, at most 1, and its interval holds the numbers
whose *p* is above the level.

A study may report several statistics. Its tail is then the smallest of theirs, and *p* is the
probability of studies whose tail is as small as that of the reported one. Where studies are drawn,
*p* is no less than twice that tail: few runs make lumps, and the draw alone decides which of two
about equal ones is the rarer.

References
----------
Westfall & Young (1993), Resampling-based Multiple Testing, section 2.3: p of several.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Self

import numpy as np

from replication.comparison.numbers import Reported, ReportedNumbers
from replication.comparison.report import SPREADS
from replication.statistics import sampling
from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.means import Difference, Side
from replication.statistics.sampling import Effort, Sample, SamplingDistribution

# tails that differ by this share of themselves, or by this, are the same
TINY = 1e-9
ZERO = 1e-15
NEAR = 1000  # drawn studies of about one maximum, among which a mean is judged
MAX_SPAN = 20_000  # between the smallest and the largest value that are counted exactly
MEAN_AND_MAX = {"mean", "max"}

Draws = Mapping[str, FloatArray]
"""Statistics of drawn studies by name, float64[n_resamples, n_each]."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reported statistic, and what was found of it.

    `reported`, `value`: the number as printed, and in the unit of the runs. `yours`: the same
    statistic of all runs that were seen; a standard error of n runs. `interval`: the smallest and
    the largest number, printed as the reported one is, whose p is above the level. `p`: two-sided;
    NaN for a number that cannot be right. `chance`: probability that a study prints the reported
    number. `mean`, `spread`: of the sampling distribution. Whatever was not judged is NaN.
    """

    name: str
    reported: str
    value: float
    yours: float
    interval: tuple[float, float] = (math.nan, math.nan)
    p: float = math.nan
    chance: float = math.nan
    mean: float = math.nan
    spread: float = math.nan

    @classmethod
    def of(
        cls,
        name: str,
        item: Reported,
        yours: float,
        *,
        p: float = math.nan,
        interval: tuple[float, float] = (math.nan, math.nan),
    ) -> Self:
        """Return a reported number beside your own, with p and interval where it was judged."""
        return cls(name, item.text, float(item.value), yours, interval, p)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one reading of a report, or a part of it, gives.

    Parameters
    ----------
    findings : mapping of str to Finding
        By statistic.
    p : float or None
        Of all findings together; None where nothing can be said.
    p_error : float
        Standard error of p from drawing, 0 if it is exact.
    distributions : mapping of str to SamplingDistribution
        By statistic, where studies were drawn or counted.
    difference : Difference or None
        Yours less the reported mean, other centre, or share.
    shown : mapping of str to (float or None)
        By statistic, the difference that these runs would have shown four times in five.
    conditions : tuple of str
        What the answer holds under.
    rule : str
        What the report did with failures, in this reading.
    sides : (Side, Side) or None
        Both sides of a test of means, yours first.
    p_alone : float or None
        p by the printed spreads alone.
    """

    findings: Mapping[str, Finding] = dataclasses.field(default_factory=dict)
    p: float | None = None
    p_error: float = 0.0
    distributions: Mapping[str, SamplingDistribution] = dataclasses.field(default_factory=dict)
    difference: Difference | None = None
    shown: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    rule: str = ""
    sides: tuple[Side, Side] | None = None
    p_alone: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Statistic:
    """One reported statistic and its sampling distribution."""

    item: Reported
    distribution: SamplingDistribution

    def measure_tails(self, values: FloatArray) -> FloatArray:
        """Return the smaller tail of each value, rounded as the reported number is."""
        width = self.item.width
        with np.errstate(all="ignore"):  # of cells too narrow for the values
            centres = np.rint(values / width) * width
        centres = np.where(np.isfinite(centres), centres, values)
        below, above = self._measure(centres - width / 2.0, centres + width / 2.0)
        return np.asarray(np.minimum(below, above))

    def _measure(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both tails of cells: of values up to `high`, and of those from `low` on."""
        slack = TINY * np.where(np.isinf(high), 0.0, np.maximum(self.item.width, np.abs(high)))
        return self.distribution.measure(low - slack, high + slack)

    @functools.cached_property
    def tails(self) -> tuple[float, float]:
        """Both tails of the reported number: below and above."""
        below, above = self._measure(
            np.array([float(self.item.low)]), np.array([float(self.item.high)])
        )
        return float(below[0]), float(above[0])

    def find(self, name: str, yours: Mapping[str, float], level: float) -> Finding:
        """Return p, interval and chance of the reported number."""
        return Finding(
            name=name,
            reported=self.item.text,
            value=float(self.item.value),
            yours=yours[name.removesuffix("_given_max")],
            interval=self._find_interval(level),
            p=min(2.0 * min(self.tails), 1.0),
            # Both tails together count every value once, and those of the reported cell twice.
            chance=max(math.fsum([*self.tails, -1.0]), 0.0),
            mean=self.distribution.mean,
            spread=self.distribution.spread,
        )

    def _find_interval(self, level: float) -> tuple[float, float]:
        """Return the smallest and the largest number, printed alike, with a p above the level."""
        values = self.distribution.values
        half = self.item.width / 2.0
        below, above = self.distribution.measure(values, values)
        low = values[below > level / 2.0][0]
        high = values[above > level / 2.0][-1]
        return self.item.print_within(float(low) - half, float(high) + half)


def predict(
    sample: Sample,
    numbers: ReportedNumbers,
    n: int,
    factors: list[float],
    *,
    level: float,
    effort: Effort,
) -> list[Answer]:
    """Return how reported statistics of n runs lie in the distributions that a sample gives them.

    `factors`: in each way to read the reported spread, what it is as a multiple of the standard
    deviation. There is an answer for each of them.
    """
    # Mean and maximum of many whole numbers have an exact distribution. They are no spread, so
    # there is one way to read them.
    table = _count_exactly(sample, numbers, n)
    if table is not None:
        yours = sample.describe(MEAN_AND_MAX)
        return [predict_mean_and_max(table, numbers, n, yours=yours, level=level)]
    # Otherwise studies are drawn, once for all ways to read a spread.
    drawn_as = {name: "sd" if name in SPREADS else name for name in numbers}
    names = sorted(set(drawn_as.values()))
    yours = sample.describe(names)
    drawn = sampling.draw_statistics(sample, n, names, effort=effort)
    answers = []
    for factor in factors:
        scaled: dict[str, FloatArray] = {}
        yours_scaled: dict[str, float] = {}
        for name, statistic in drawn_as.items():
            scale = factor if name in SPREADS else 1.0
            scaled[name] = drawn[statistic] * scale
            yours_scaled[name] = yours[statistic] * scale
        answers.append(judge_draws(scaled, numbers, yours_scaled, level))
    return answers


def judge_draws(
    drawn: Draws, numbers: ReportedNumbers, yours: Mapping[str, float], level: float
) -> Answer:
    """Return how reported statistics lie among those of drawn studies.

    `drawn`: float64[n_resamples, n_each] each. `yours`: the same statistics of the runs that were
    seen.
    """
    judged = {name: _make_statistic(item, drawn[name]) for name, item in numbers.items()}
    tails = {name: statistic.measure_tails(drawn[name]) for name, statistic in judged.items()}
    if numbers.keys() == MEAN_AND_MAX:
        # The mean counts among studies of the same maximum, and is no finding of its own.
        given_max, tails["mean"] = _condition_on_max(drawn, numbers)
        tail = min(*judged["max"].tails, *given_max.tails)
        judged["mean_given_max"] = given_max
    else:
        tail = min(min(statistic.tails) for statistic in judged.values())
    # p is the share of drawn studies that are as far out as the reported one.
    is_rarer = np.minimum.reduce(list(tails.values())) <= tail * (1 + TINY)
    share = float(is_rarer.mean())
    p = max(share, min(2.0 * tail, 1.0))
    return Answer(
        findings=_find_all(judged, yours, level),
        p=p,
        p_error=_find_error(is_rarer, share) * p / (share or 1.0),
        distributions={name: statistic.distribution for name, statistic in judged.items()},
    )


def _find_error(is_rarer: BoolArray, share: float) -> float:
    """Return the standard error of a share of drawn studies, bool[n_resamples, n_each].

    By binomial chance, or by how resamples differ, whichever is larger.
    """
    by_chance = math.sqrt(max(share * (1.0 - share), 1e-12) / is_rarer.size)
    by_resample = is_rarer.mean(axis=-1)
    return max(by_chance, float(by_resample.std()) / math.sqrt(by_resample.size))


def _make_statistic(item: Reported, drawn: FloatArray) -> Statistic:
    """Return a reported number with the distribution of drawn ones, all of the same probability."""
    return Statistic(item, SamplingDistribution(np.sort(drawn, axis=None), np.ones(drawn.size)))


def _find_all(
    judged: Mapping[str, Statistic], yours: Mapping[str, float], level: float
) -> dict[str, Finding]:
    """Return what was found of each statistic."""
    return {name: statistic.find(name, yours, level) for name, statistic in judged.items()}


def _condition_on_max(drawn: Draws, numbers: ReportedNumbers) -> tuple[Statistic, FloatArray]:
    """Judge the reported mean, and each drawn mean, among studies of about the same maximum.

    Returns the reported mean with its distribution, and the smaller tail of each drawn mean.
    """
    means = drawn["mean"].ravel()
    largest = drawn["max"].ravel()
    mean = numbers["mean"]
    top = numbers["max"]
    n_near = min(NEAR, means.size)
    # Studies in the order of their maxima. Those with the reported maximum stand together; where
    # they are too few, their neighbours are added on both sides.
    order = np.argsort(largest, kind="stable")
    first, last = np.searchsorted(largest[order], [float(top.low), float(top.high)])
    if last - first < n_near:
        first = min(max((first + last - n_near) // 2, 0), means.size - n_near)
        last = first + n_near
    # Drawn means are judged in parts of that many neighbours.
    tails = np.empty(means.size)
    for part in np.array_split(order, max(1, means.size // n_near)):
        tails[part] = _make_statistic(mean, means[part]).measure_tails(means[part])
    return _make_statistic(mean, means[order[first:last]]), tails.reshape(drawn["mean"].shape)


def predict_mean_and_max(
    table: CountTable,
    numbers: ReportedNumbers,
    runs: int,
    *,
    yours: Mapping[str, float],
    level: float,
) -> Answer:
    """Return how a reported mean and maximum of n runs lie in studies of n networks of a table.

    All of it is exact, by convolution of the counts. The mean is judged among studies of the same
    maximum.
    """
    from replication.statistics import convolution  # whose Fourier transform takes long to import

    mean = numbers["mean"]
    largest = numbers["max"]
    cell = float(largest.low), float(largest.high)
    of_mean = SamplingDistribution(*convolution.compute_mean_mass(table, runs))
    of_max = SamplingDistribution(*convolution.compute_max_mass(table, runs))
    judged = {"mean": Statistic(mean, of_mean), "max": Statistic(largest, of_max)}
    smallest = min(judged["max"].tails)
    given_max = convolution.compute_mean_mass_given_max(table, runs, cell)
    if given_max is not None:
        judged["mean_given_max"] = Statistic(mean, SamplingDistribution(*given_max))
        smallest = min(smallest, *judged["mean_given_max"].tails)
    tail = smallest * (1 + TINY) + ZERO
    p = convolution.sum_rare_studies(table, runs, width=mean.width, at_most=tail)
    findings = _find_all(judged, yours, level)
    if given_max is None:  # no run is as small as the maximum
        findings["mean_given_max"] = Finding.of("mean_given_max", mean, yours["mean"], p=1.0)
    return Answer(
        findings, p, 0.0, {name: statistic.distribution for name, statistic in judged.items()}
    )


def _count_exactly(sample: Sample, numbers: ReportedNumbers, runs: int) -> CountTable | None:
    """Return runs as a table of counts, where mean and maximum of n runs are to be judged by it.

    The runs have to be whole numbers of a modest range, and so many that what was not seen can be
    left out.
    """
    if numbers.keys() != MEAN_AND_MAX or numbers["max"].width > 1:
        return None
    if sample.grid != 1 or not sample.is_enough_for(runs):
        return None
    values = sample.values
    if values[0] < 0 or values[-1] - values[0] > MAX_SPAN:
        return None
    return CountTable(values.astype(np.int64), sample.counts, 0, None)
