"""How a reported statistic of n runs lies in its sampling distribution.

The tails of a number are the probabilities of values up to the upper end of its rounding cell, and
from the lower end on. *p* of one statistic is twice the smaller tail, at most 1, as its interval
has it too. The tail of a study is the smallest of its statistics as they would be printed; *p* of
several is the share of studies with as small a tail as the reported one's. Where studies are drawn
it is no less than twice that tail: few runs make lumps, and the draw alone decides which of two
about equal ones is the rarer.

References
----------
Westfall & Young (1993), Resampling-based Multiple Testing, section 2.3: p of several.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from replication.comparison.numbers import Numbers, Reported
from replication.comparison.report import SPREADS
from replication.statistics import sampling
from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.means import Difference, Side
from replication.statistics.sampling import Effort, Sample, SamplingDistribution

# tails that differ by this share of themselves, or by this, are the same
TINY = 1e-9
ZERO = 1e-15
NEAR = 1000  # studies of about the reported maximum, for the mean given it
MAX_SPAN = 20_000

Draws = Mapping[str, FloatArray]
"""Statistics of drawn studies by name, float64[n_resamples, n_each]."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reported statistic against its sampling distribution, whose `mean` and `spread` it has.

    `value`: the reported number in the unit of the runs. `yours`: the same of all runs that were
    seen; a standard error of n runs. `interval`: the smallest and the largest number, printed as
    the reported one is, whose p is above the level. `p`: two-sided; NaN for a number that cannot be
    right. `chance`: probability that a study prints the reported number.
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
    def of(cls, name: str, item: Reported, yours: float, **more: Any) -> Self:
        """Return what is found of a reported number; `more` are the fields from `interval` on."""
        return cls(name, item.text, float(item.value), yours, **more)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one reading of a report, or a part of it, gives; `p` is None where nothing can be said.

    `p` is that of all findings together, `p_error` its standard error, 0 if it is exact. `shown`:
    by statistic, the difference that these runs would have shown four times in five.
    `conditions`: what the answer holds under. `p_alone`: p by the printed spreads alone.
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
        """Return the smaller tail that the rounding cell of each value cuts off."""
        width = self.item.width
        with np.errstate(all="ignore"):  # of cells too narrow for the values
            centres = np.rint(values / width) * width
        centres = np.where(np.isfinite(centres), centres, values)
        below, above = self._measure(centres - width / 2.0, centres + width / 2.0)
        return np.asarray(np.minimum(below, above))

    def _measure(self, low: Any, high: Any) -> tuple[Any, Any]:
        """Return the probability of values up to `high`, and of those from `low` on."""
        slack = TINY * np.where(np.isinf(high), 0.0, np.maximum(self.item.width, np.abs(high)))
        return self.distribution.measure(low - slack, high + slack)

    @functools.cached_property
    def ends(self) -> tuple[float, float]:
        """Probability of values up to the upper end of the reported cell, and from the lower on."""
        below, above = self._measure(float(self.item.low), float(self.item.high))
        return float(below), float(above)

    def find(self, name: str, yours: Mapping[str, float], level: float) -> Finding:
        """Return what is found of the reported number; its interval has a p above the level."""
        values = self.distribution.values
        half = self.item.width / 2.0
        below, above = self.distribution.measure(values, values)
        low = values[below > level / 2.0][0]
        high = values[above > level / 2.0][-1]
        interval = self.item.print_within(float(low) - half, float(high) + half)
        p = min(2.0 * min(self.ends), 1.0)
        chance = max(math.fsum([*self.ends, -1.0]), 0.0)
        mine = yours[name.removesuffix("_given_max")]
        of = self.distribution
        return Finding.of(
            name,
            self.item,
            mine,
            interval=interval,
            p=p,
            chance=chance,
            mean=of.mean,
            spread=of.spread,
        )


def predict(
    sample: Sample, numbers: Numbers, n: int, factors: list[float], *, level: float, effort: Effort
) -> list[Answer]:
    """Hold statistics of n runs against a sample, for each factor of a spread to the sd."""
    bases = {name: "sd" if name in SPREADS else name for name in numbers}
    names = sorted(set(bases.values()))
    yours = sample.describe(names)
    # The paper's pair of numbers, from many whole ones, has an exact distribution; else studies
    # are drawn once, and a spread is the sd times a factor for each way to read it.
    if numbers.keys() == {"mean", "max"} and (table := _count_exactly(sample, numbers, n)):
        return [predict_mean_and_max(table, numbers, n, yours=yours, level=level)]
    drawn = sampling.draw_statistics(sample, n, names, effort=effort)
    found = []
    for factor in factors:
        scales = {name: factor if name in SPREADS else 1.0 for name in numbers}
        scaled = {name: drawn[base] * scales[name] for name, base in bases.items()}
        own = {name: yours[base] * scales[name] for name, base in bases.items()}
        found.append(judge_draws(scaled, numbers, own, level))
    return found


def judge_draws(drawn: Draws, numbers: Numbers, yours: Mapping[str, float], level: float) -> Answer:
    """Hold reported statistics against those of drawn studies, float64[n_resamples, n_each]."""
    judged = {name: _hold(item, drawn[name]) for name, item in numbers.items()}
    tails = {name: one.measure_tails(drawn[name]) for name, one in judged.items()}
    if numbers.keys() == {"mean", "max"}:
        judged["mean_given_max"], tails["mean"] = _condition_on_max(drawn, numbers)
    # A study is as far out as its most extreme number; p is the share of studies further out.
    tail = min(min(one.ends) for name, one in judged.items() if f"{name}_given_max" not in judged)
    is_rarer = np.minimum.reduce(list(tails.values())) <= tail * (1 + TINY)
    share = float(is_rarer.mean())
    by_resample = is_rarer.mean(axis=-1)
    # The error of p: by binomial chance, or by how resamples differ, whichever is larger.
    by_chance = math.sqrt(max(share * (1.0 - share), 1e-12) / is_rarer.size)
    error = max(by_chance, float(by_resample.std()) / math.sqrt(by_resample.size))
    p = max(share, min(2.0 * tail, 1.0))
    findings = _find_all(judged, yours, level)
    distributions = {name: one.distribution for name, one in judged.items()}
    return Answer(findings, p, error * p / (share or 1.0), distributions)


def _hold(item: Reported, drawn: FloatArray) -> Statistic:
    """Hold a reported number against drawn ones, each as probable as any other."""
    return Statistic(item, SamplingDistribution(np.sort(drawn, axis=None), np.ones(drawn.size)))


def _find_all(judged: Mapping[str, Statistic], yours: Any, level: float) -> dict[str, Finding]:
    return {name: one.find(name, yours, level) for name, one in judged.items()}


def _condition_on_max(drawn: Draws, numbers: Numbers) -> tuple[Statistic, FloatArray]:
    """Judge the mean, and each drawn mean, among studies of about the same maximum."""
    means = drawn["mean"].ravel()
    largest = drawn["max"].ravel()
    mean = numbers["mean"]
    top = numbers["max"]
    size = min(NEAR, means.size)
    # Studies in the order of their maxima, of which those nearest to the reported one are kept.
    order = np.argsort(largest, kind="stable")
    first, last = np.searchsorted(largest[order], [float(top.low), float(top.high)])
    if last - first < size:
        first = min(max((first + last - size) // 2, 0), means.size - size)
        last = first + size
    tails = np.empty(means.size)
    for part in np.array_split(order, max(1, means.size // size)):
        tails[part] = _hold(mean, means[part]).measure_tails(means[part])
    return _hold(mean, means[order[first:last]]), tails.reshape(drawn["mean"].shape)


def predict_mean_and_max(
    table: CountTable, numbers: Numbers, runs: int, *, yours: Mapping[str, float], level: float
) -> Answer:
    """Hold a reported mean and maximum of n runs against the population that the table is."""
    from replication.statistics import convolution  # whose Fourier transform takes long to import

    mean = numbers["mean"]
    largest = numbers["max"]
    cell = float(largest.low), float(largest.high)
    # By convolution of the counts; the mean is judged among studies of the same maximum.
    judged = {
        "mean": Statistic(mean, SamplingDistribution(*convolution.compute_mean_mass(table, runs))),
        "max": Statistic(largest, SamplingDistribution(*convolution.compute_max_mass(table, runs))),
    }
    given = convolution.compute_mean_mass_given_max(table, runs, cell)
    if given is not None:
        judged["mean_given_max"] = Statistic(mean, SamplingDistribution(*given))
    tail = min(min(one.ends) for name, one in judged.items() if name != "mean") * (1 + TINY) + ZERO
    p = convolution.sum_rare_studies(table, runs, width=mean.width, at_most=tail)
    findings = _find_all(judged, yours, level)
    if given is None:  # no run is as small as the maximum
        findings["mean_given_max"] = Finding.of("mean_given_max", mean, yours["mean"], p=1.0)
    return Answer(findings, p, 0.0, {name: one.distribution for name, one in judged.items()})


def _count_exactly(sample: Sample, numbers: Numbers, runs: int) -> CountTable | None:
    """Return runs as a table of counts if they are many whole numbers of a modest range."""
    values = sample.values
    is_modest = values[0] >= 0 and values[-1] - values[0] <= MAX_SPAN and numbers["max"].width <= 1
    if sample.grid != 1 or not sample.is_enough_for(runs) or not is_modest:
        return None
    return CountTable(values.astype(np.int64), sample.counts, 0, None)
