"""How a reported statistic of n runs lies in its sampling distribution.

One rule for one statistic and for several: p is the share of studies whose smaller tail is at
most as large as the reported one's. The tail of a study is the smallest, over its statistics as
they would be printed, of the two tails that the rounding cell cuts off.

References
----------
Blaker (2000), Confidence curves and improved exact confidence intervals for discrete
distributions, Can. J. Stat. 28, 783-798: the same for one discrete statistic.
Westfall & Young (1993), Resampling-based Multiple Testing, section 2.3: for several.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.comparison.reported import SPREADS, Reported
from replication.comparison.sampling import Draws, Effort, Sample, SamplingDistribution
from replication.comparison.sources import CutShort, Source
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
    convolve,
    find_length,
)
from replication.statistics.counts import CountTable

FloatArray = npt.NDArray[np.float64]

TINY, ZERO = 1e-9, 1e-15
"""Tails that differ by less than this share of themselves, or by this, are the same."""
NEAR = 1000
"""Studies whose maximum is nearest to the reported one, for the mean given the maximum."""
MAX_SPAN = 20_000


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reported statistic against its sampling distribution.

    `name`: a key of `reported.WORDS`. `reported`: as printed. `value`: the reported number in the
    unit of the runs. `yours`: the same statistic of all runs that were seen; a standard error of n
    runs. `interval`: the smallest and the largest number, printed as the reported one is, whose p
    is above the level. `p`: two-sided; NaN for a number that cannot be right. `chance`: probability
    that a study of n runs prints the reported number. `mean`, `spread`: of the sampling
    distribution.
    """

    name: str
    reported: str
    value: float
    yours: float
    interval: tuple[float, float]
    p: float
    chance: float
    mean: float
    spread: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.interval[0]

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.interval[1]


@dataclasses.dataclass(frozen=True)
class Prediction:
    """Reported statistics of n runs against their sampling distributions.

    Parameters
    ----------
    findings : mapping of str to Finding
    p : float
        Of all of them together.
    p_error : float
        Standard error of p from the number of resamples and drawn studies; 0 if p is exact.
    distributions : mapping of str to SamplingDistribution
    tail : float
        The smaller tail of the report.
    find_share : callable
        From a tail to the share of studies whose smaller tail is at most that.
    """

    findings: Mapping[str, Finding]
    p: float
    p_error: float
    distributions: Mapping[str, SamplingDistribution]
    tail: float
    find_share: Callable[[float], float]


def predict(
    source: Source | CutShort,
    numbers: Mapping[str, Reported],
    runs: int,
    *,
    level: float,
    effort: Effort | None = None,
    readings: Sequence[Mapping[str, float]] = ({},),
    is_normal: bool = False,
) -> list[Prediction]:
    """Hold reported statistics of n runs against a source, under each reading of their spreads.

    A reading has a factor for each spread, by which it is larger than the standard deviation.
    """
    names = {"sd" if name in SPREADS else name for name in numbers}
    yours = source.describe(names)
    is_pair = numbers.keys() == {"mean", "max"} and source.sample is not None and not is_normal
    if is_pair and (table := _count_exactly(source.samples[0], numbers, runs)):
        return [predict_mean_and_max(table, numbers, runs, yours=yours, level=level)]
    drawn = source.draw(sorted(names), runs, effort or Effort(), is_normal=is_normal)
    found = []
    for factors in readings:
        scales = {
            name: ("sd", factors.get(name, 1.0)) if name in SPREADS else (name, 1.0)
            for name in numbers
        }
        found.append(
            judge_draws(
                {name: drawn[base] * factor for name, (base, factor) in scales.items()},
                numbers,
                {name: yours[base] * factor for name, (base, factor) in scales.items()},
                level=level,
            )
        )
    return found


# -------------------------------------------------------------------------------- drawn studies


def judge_draws(
    drawn: Draws, numbers: Mapping[str, Reported], yours: Mapping[str, float], *, level: float
) -> Prediction:
    """Hold reported statistics against those of drawn studies, float64[n_resamples, n_each]."""
    distributions = {name: SamplingDistribution.from_draws(drawn[name]) for name in numbers}
    findings: dict[str, Finding] = {}
    tails, observed = {}, {}
    for name, item in numbers.items():
        findings[name], observed[name] = describe(
            name, item, yours[name], distributions[name], level=level
        )
        tails[name] = measure_tails(distributions[name], drawn[name], item)
    if numbers.keys() == {"mean", "max"}:
        near, tails["mean"] = _condition_on_max(drawn, numbers)
        distributions["mean_given_max"] = near
        findings["mean_given_max"], observed["mean"] = describe(
            "mean_given_max", numbers["mean"], yours["mean"], near, level=level
        )
    smaller, tail = np.minimum.reduce(list(tails.values())), min(observed.values())

    def find_share(at_most: float) -> float:
        return float((smaller <= at_most * (1 + TINY)).mean())

    p = find_share(tail)
    by_resample = (smaller <= tail * (1 + TINY)).mean(axis=-1)
    error = math.sqrt(max(p * (1.0 - p), 1e-12) / smaller.size)
    if by_resample.size > 1:
        error = max(error, float(by_resample.std()) / math.sqrt(by_resample.size))
    return Prediction(findings, p, error, distributions, tail, find_share)


def measure_tails(
    distribution: SamplingDistribution, values: FloatArray, item: Reported
) -> FloatArray:
    """Return the smaller tail that the rounding cell of each value cuts off."""
    width = item.width
    centres = values
    if width > 0:  # a constant has no cell
        with np.errstate(over="ignore", invalid="ignore"):
            centres = np.rint(values / width) * width
        centres = np.where(np.isfinite(centres), centres, values)
    return _measure_cells(distribution, centres - width / 2.0, centres + width / 2.0, width)


def _measure_cells(
    distribution: SamplingDistribution, low: FloatArray, high: FloatArray, width: float
) -> FloatArray:
    slack = TINY * np.where(np.isinf(high), 0.0, np.maximum(width, np.abs(high)))
    return np.minimum(*distribution.measure(low - slack, high + slack))


def describe(
    name: str, item: Reported, yours: float, distribution: SamplingDistribution, *, level: float
) -> tuple[Finding, float]:
    """Hold one statistic against its sampling distribution; return its smaller tail too.

    Its p is the mass of all values whose printed number has a tail at most as large.
    """
    values, mass = distribution.values, distribution.mass
    low, high = np.array([float(item.low)]), np.array([float(item.high)])
    tail = float(_measure_cells(distribution, low, high, item.width)[0])
    tails = measure_tails(distribution, values, item)
    total = float(distribution.running[-1])
    slack = TINY * max(item.width, abs(float(item.high)))
    below, above = distribution.measure(low - slack, high + slack)
    finding = Finding(
        name,
        item.text,
        float(item.value),
        yours,
        _find_interval(item, distribution, tails, level),
        min(float(mass[tails <= tail * (1 + TINY) + ZERO].sum()) / total, 1.0),
        max(float(below[0] + above[0]) - 1.0, 0.0),
        distribution.mean,
        distribution.spread,
    )
    return finding, tail


def _find_interval(
    item: Reported, distribution: SamplingDistribution, tails: FloatArray, level: float
) -> tuple[float, float]:
    """Return the smallest and the largest reported number whose p is above the level.

    They are those whose cells reach the values of larger tails than the rejected ones.
    """
    order = np.argsort(tails, kind="stable")
    share = np.cumsum(distribution.mass[order]) / distribution.running[-1]
    least = tails[order[np.searchsorted(share, level * (1 + TINY), side="right")]] * (1 - TINY)
    below, above = distribution.measure(distribution.values, distribution.values)
    low = float(distribution.values[np.argmax(below >= least - ZERO)])
    high = float(distribution.values[np.flatnonzero(above >= least - ZERO)[-1]])
    step = item.high - item.low
    ends = [end + sign * float(step) / 2.0 for end, sign in ((low, -1), (high, 1))]
    if not step or item.value % step or not all(map(math.isfinite, ends)):
        return low, high
    first, last = math.ceil(ends[0] / float(step) - 1e-9), math.floor(ends[1] / float(step) + 1e-9)
    return float(first * step), float(last * step)


def _condition_on_max(
    drawn: Draws, numbers: Mapping[str, Reported]
) -> tuple[SamplingDistribution, FloatArray]:
    """Return means of the studies whose maximum is nearest to the reported one.

    And the tail of each drawn mean among its own neighbours by maximum.
    """
    means, largest = drawn["mean"].ravel(), drawn["max"].ravel()
    mean, top = numbers["mean"], numbers["max"]
    size = min(NEAR, means.size)
    order = np.argsort(largest, kind="stable")
    first, last = np.searchsorted(largest[order], [float(top.low), float(top.high)])
    if last - first < size:
        first = min(max((first + last - size) // 2, 0), means.size - size)
        last = first + size
    tails = np.empty(means.size)
    for part in np.array_split(order, max(1, means.size // size)):
        near = SamplingDistribution.from_draws(means[part])
        tails[part] = measure_tails(near, means[part], mean)
    near = SamplingDistribution.from_draws(means[order[first:last]])
    return near, tails.reshape(drawn["mean"].shape)


# ---------------------------------------------------------------- mean and maximum of many counts


def predict_mean_and_max(
    table: CountTable,
    numbers: Mapping[str, Reported],
    runs: int,
    *,
    yours: Mapping[str, float],
    level: float,
) -> Prediction:
    """Hold a reported mean and maximum of n runs against the population that the table is.

    Exact for that population; with many more runs than n that is all that there is to know. Means
    are printed as the reported one is, maxima as whole numbers. Where no run is as small as the
    reported maximum, p of the mean given the maximum is 1, and there is no distribution.
    """
    mean, largest = numbers["mean"], numbers["max"]
    distributions = {
        "mean": SamplingDistribution(*compute_mean_mass(table, runs)),
        "max": SamplingDistribution(*compute_max_mass(table, runs)),
    }
    findings: dict[str, Finding] = {}
    findings["mean"], _ = describe("mean", mean, yours["mean"], distributions["mean"], level=level)
    findings["max"], tail = describe(
        "max", largest, yours["max"], distributions["max"], level=level
    )
    given = _find_mean_given_max(table, largest, runs)
    if given is None:
        findings["mean_given_max"] = Finding(
            "mean_given_max", mean.text, float(mean.value), yours["mean"], (math.nan, math.nan),
            1.0, math.nan, math.nan, math.nan,
        )  # fmt: skip
    else:
        distributions["mean_given_max"] = given
        findings["mean_given_max"], tail_of_mean = describe(
            "mean_given_max", mean, yours["mean"], given, level=level
        )
        tail = min(tail, tail_of_mean)

    def find_share(at_most: float) -> float:
        return _sum_studies(
            table, distributions["max"], mean, runs, at_most=at_most * (1 + TINY) + ZERO
        )

    return Prediction(findings, find_share(tail), 0.0, distributions, tail, find_share)


def _sum_studies(
    table: CountTable, of_max: SamplingDistribution, mean: Reported, runs: int, *, at_most: float
) -> float:
    """Return the share of studies whose maximum, or mean given it, has so small a tail."""
    running = np.cumsum(of_max.mass)
    tails = np.minimum(running, 1.0 - running + of_max.mass)
    is_near = tails > at_most  # one stretch, since the tail of the maximum rises and falls once
    share = float(of_max.mass[~is_near].sum())
    if is_near.any():
        width, near = mean.width, of_max.values[is_near]
        first, last = math.floor(table.updates[0] / width), math.ceil(near[-1] / width)
        cells = compute_joint_mass(
            table, runs,
            mean_edges=(np.arange(first, last + 2) - 0.5) * width,
            max_edges=np.append(near, near[-1] + 1.0),
        )  # fmt: skip
        up_to, from_on = cells.cumsum(axis=0), cells[::-1].cumsum(axis=0)[::-1]
        tails = np.minimum(up_to, from_on) / np.maximum(up_to[-1], 1e-300)
        share += float(cells[tails <= at_most].sum())
    return min(share, 1.0)


def _find_mean_given_max(
    table: CountTable, largest: Reported, runs: int
) -> SamplingDistribution | None:
    """Return the exact distribution of the mean of n runs given their maximum.

    The sum of n runs of which the largest lies in a cell has the mass of the n-fold convolution of
    the counts truncated above the cell, less that of those truncated below it. Where no run lies
    in the cell, one is put there and the others are drawn from those below: the limit for a rare
    one.
    """
    start = int(table.updates[0])
    one = np.zeros(int(table.updates[-1]) - start + 1)
    one[table.updates - start] = table.counts / table.n_converged
    first = min(max(math.ceil(largest.low) - start, 0), one.size)
    last = min(max(math.floor(largest.high) + 1 - start, 0), one.size)
    if last <= 0:
        return None
    cut, below = one[:last].copy(), one[:first]
    length = find_length(cut[None, :], runs)
    if cut[first:].any():
        sums = convolve(cut[None, :], runs, length)[0]
        if below.any():
            sums = np.maximum(sums - convolve(below[None, :], runs, length)[0], 0.0)
        shift = 0
    else:
        if not below.any():
            return None
        sums = convolve(below[None, :], runs - 1, length)[0]
        shift = round((largest.low + largest.high) / 2) - start
    kept = np.flatnonzero(sums > sums.max() * 1e-15)
    return SamplingDistribution((kept + shift) / runs + start, sums[kept] / sums[kept].sum())


def _count_exactly(sample: Sample, numbers: Mapping[str, Reported], runs: int) -> CountTable | None:
    """Return runs as a table of counts if they are many whole numbers of a modest range."""
    values = sample.values
    if (
        sample.grid != 1
        or not sample.is_enough_for(runs)
        or values[0] < 0
        or values[-1] - values[0] > MAX_SPAN
        or numbers["max"].width > 1
    ):
        return None
    return CountTable(values.astype(np.int64), sample.counts, 0, None)


# -------------------------------------------------------------------------------- successes


def predict_successes(
    n_succeeded: int, n: int, item: Reported, runs: int, *, name: str, level: float
) -> Prediction:
    """Hold a reported number or share of successes of n runs against successes that were seen.

    The number is beta-binomial: the share of the population has Jeffreys' posterior Beta(k + 1/2,
    N - k + 1/2).
    Reference: Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Stat.
    Sci. 16.
    """
    numbers = np.arange(runs + 1)
    a, b = n_succeeded + 0.5, n - n_succeeded + 0.5
    log_mass = (
        special.gammaln(runs + 1.0)
        - special.gammaln(numbers + 1.0)
        - special.gammaln(runs - numbers + 1.0)
        + special.betaln(numbers + a, runs - numbers + b)
        - special.betaln(a, b)
    )
    scale = runs if name == "share" else 1
    distribution = SamplingDistribution(numbers / scale, np.exp(log_mass))
    yours = n_succeeded / n * runs / scale
    finding, tail = describe(name, item, yours, distribution, level=level)
    tails = measure_tails(distribution, distribution.values, item)

    def find_share(at_most: float) -> float:
        return min(float(distribution.mass[tails <= at_most * (1 + TINY) + ZERO].sum()), 1.0)

    return Prediction({name: finding}, finding.p, 0.0, {name: distribution}, tail, find_share)


def combine_independent(first: Prediction, second: Prediction) -> Prediction:
    """Combine two predictions of one study that are independent of each other."""
    tail = min(first.tail, second.tail)

    def find_share(at_most: float) -> float:
        return 1.0 - (1.0 - first.find_share(at_most)) * (1.0 - second.find_share(at_most))

    return Prediction(
        dict(first.findings) | dict(second.findings),
        find_share(tail),
        first.p_error + second.p_error,
        dict(first.distributions) | dict(second.distributions),
        tail,
        find_share,
    )
