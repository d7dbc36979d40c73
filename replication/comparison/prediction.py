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
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.comparison.reported import Reported
from replication.comparison.sampling import (
    SEED,
    Draws,
    Effort,
    Sample,
    SamplingDistribution,
    draw_statistics,
    reduce_studies,
)
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
    convolve,
    find_length,
)
from replication.statistics.counts import CountTable

FloatArray = npt.NDArray[np.float64]

TINY = 1e-9
"""Tails that differ by less than this share of themselves are the same."""
NEAR = 1000
"""Studies whose maximum is nearest to the reported one, for the mean given the maximum."""
MAX_SPAN = 20_000


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reported statistic against its sampling distribution.

    `name`: a key of `reported.WORDS`. `reported`: as printed. `value`: the reported number in the
    unit of the runs. `yours`: the same statistic of all runs that were seen; a standard error of n
    runs. `low`, `high`: prediction interval of a study of n runs, at 1 - level. `p`: two-sided;
    NaN for a number that cannot be right. `chance`: probability that a study of n runs prints the
    reported number. `mean`, `spread`: of the sampling distribution.
    """

    name: str
    reported: str
    value: float
    yours: float
    low: float
    high: float
    p: float
    chance: float
    mean: float
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain values."""
        plain = dataclasses.asdict(self)
        plain["interval"] = [plain.pop("low"), plain.pop("high")]
        return plain


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
    sample: Sample,
    reported: Mapping[str, Reported],
    runs: int,
    *,
    level: float,
    effort: Effort | None = None,
) -> Prediction:
    """Hold reported statistics of n runs against the runs that were seen, at least two."""
    if reported.keys() == {"mean", "max"} and (table := _count_exactly(sample, reported, runs)):
        return _predict_mean_and_max(table, sample, reported, runs, level=level)
    drawn = draw_statistics(sample, runs, list(reported), effort=effort)
    return judge_draws(drawn, reported, describe_sample(sample, reported, runs), level=level)


def describe_sample(sample: Sample, names: Mapping[str, Any], runs: int) -> dict[str, float]:
    """Return the statistics of the runs that were seen; a standard error is one of n runs."""
    own = sample.runs
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {name: float(value) for name, value in reduce_studies(own, names).items()}
    if "se" in found:
        found["se"] = sample.spread / math.sqrt(runs)
    return found


# -------------------------------------------------------------------------------- drawn studies


def judge_draws(
    drawn: Draws, reported: Mapping[str, Reported], yours: Mapping[str, float], *, level: float
) -> Prediction:
    """Hold reported statistics against those of drawn studies."""
    distributions = {name: SamplingDistribution.from_draws(drawn[name]) for name in reported}
    findings: dict[str, Finding] = {}
    tails, observed = [], []
    for name, item in reported.items():
        distribution = distributions[name]
        of_studies, of_report = find_tails(distribution.values, drawn[name], item)
        findings[name] = describe_finding(
            name, item, yours[name], distribution,
            p=float((of_studies <= of_report * (1 + TINY)).mean()), level=level,
        )  # fmt: skip
        tails.append(of_studies)
        observed.append(of_report)
    if reported.keys() == {"mean", "max"}:
        near, tails[list(reported).index("mean")], tail = _condition_on_max(drawn, reported)
        observed[list(reported).index("mean")] = tail
        distribution = SamplingDistribution.from_draws(near)
        of_near, of_report = find_tails(distribution.values, near, reported["mean"])
        findings["mean_given_max"] = describe_finding(
            "mean_given_max", reported["mean"], yours["mean"], distribution,
            p=float((of_near <= of_report * (1 + TINY)).mean()), level=level,
        )  # fmt: skip
        distributions["mean_given_max"] = distribution
    smaller = np.minimum.reduce(tails)
    tail = min(observed)
    by_resample = (smaller <= tail * (1 + TINY)).mean(axis=-1)
    n_resamples, n_each = smaller.shape
    p = float(by_resample.mean())
    error = math.sqrt(max(p * (1.0 - p), 1e-12) / (n_resamples * n_each))
    if n_resamples > 1:
        error = max(error, float(by_resample.std()) / math.sqrt(n_resamples))
    return Prediction(
        findings, p, error, distributions, tail,
        lambda at_most: float((smaller <= at_most * (1 + TINY)).mean()),
    )  # fmt: skip


def find_tails(ordered: FloatArray, drawn: FloatArray, item: Reported) -> tuple[FloatArray, float]:
    """Return the smaller tail that the rounding cell of each study cuts off, and the report's."""
    width = item.width

    def measure(low: FloatArray, high: FloatArray) -> FloatArray:
        slack = TINY * np.where(np.isinf(high), 0.0, np.maximum(width, np.abs(high)))
        below = np.searchsorted(ordered, high + slack, side="right")
        above = ordered.size - np.searchsorted(ordered, low - slack, side="left")
        return np.asarray(np.minimum(below, above) / ordered.size)

    centres = drawn  # a constant has no cell
    if width > 0:
        with np.errstate(over="ignore", invalid="ignore"):
            centres = np.rint(drawn / width) * width
        centres = np.where(np.isfinite(centres), centres, drawn)
    of_report = measure(np.array([float(item.low)]), np.array([float(item.high)]))
    return measure(centres - width / 2.0, centres + width / 2.0), float(of_report[0])


def _condition_on_max(
    drawn: Draws, reported: Mapping[str, Reported]
) -> tuple[FloatArray, FloatArray, float]:
    """Judge the mean of each study among those of nearly the same maximum.

    Returns the means of the studies whose maximum is nearest to the reported one, the tail of each
    drawn mean among its neighbours by maximum, and that of the reported mean among the nearest.
    """
    means, largest = drawn["mean"].ravel(), drawn["max"].ravel()
    mean, top = reported["mean"], reported["max"]
    size = min(NEAR, means.size)
    order = np.argsort(largest, kind="stable")
    first, last = np.searchsorted(largest[order], [float(top.low), float(top.high)])
    if last - first < size:
        first = min(max((first + last - size) // 2, 0), means.size - size)
        last = first + size
    near = means[order[first:last]]
    tails = np.empty(means.size)
    for part in np.array_split(order, max(1, means.size // size)):
        tails[part] = find_tails(np.sort(means[part]), means[part], mean)[0]
    return (
        near[None, :],
        tails.reshape(drawn["mean"].shape),
        find_tails(np.sort(near), near, mean)[1],
    )


def describe_finding(
    name: str,
    item: Reported,
    yours: float,
    distribution: SamplingDistribution,
    *,
    p: float,
    level: float,
) -> Finding:
    """Return a finding from a sampling distribution and its p."""
    values, mass = distribution.values, distribution.mass
    slack = TINY * max(item.width, abs(float(item.high)))
    first = np.searchsorted(values, float(item.low) - slack)
    last = np.searchsorted(values, float(item.high) + slack, side="right")
    return Finding(
        name,
        item.text,
        float(item.value),
        yours,
        distribution.find_quantile(level / 2.0),
        distribution.find_quantile(1.0 - level / 2.0),
        min(p, 1.0),
        float(min(mass[first:last].sum() / mass.sum(), 1.0)),
        distribution.mean,
        distribution.spread,
    )


def find_p(distribution: SamplingDistribution, item: Reported) -> float:
    """Return p of one statistic whose sampling distribution is known exactly.

    The mass of all printed numbers whose smaller tail is at most that of the reported one.
    """
    tail, find_share = measure_tails(distribution, item)
    return find_share(tail)


def measure_tails(
    distribution: SamplingDistribution, item: Reported
) -> tuple[float, Callable[[float], float]]:
    """Return the smaller tail of a reported number, and the share of studies by their tail."""
    values, mass = distribution.values, distribution.mass
    total = float(mass.sum())
    running = np.concatenate([[0.0], np.cumsum(mass)]) / total

    def measure(low: FloatArray, high: FloatArray) -> FloatArray:
        slack = TINY * np.maximum(item.width, np.abs(high))
        below = running[np.searchsorted(values, high + slack, side="right")]
        above = 1.0 - running[np.searchsorted(values, low - slack, side="left")]
        return np.asarray(np.minimum(below, above))

    centres = np.rint(values / item.width) * item.width
    tails = measure(centres - item.width / 2.0, centres + item.width / 2.0)
    own = float(measure(np.array([float(item.low)]), np.array([float(item.high)]))[0])

    def find_share(at_most: float) -> float:
        return min(float(mass[tails <= at_most * (1 + TINY) + 1e-15].sum()) / total, 1.0)

    return own, find_share


# ---------------------------------------------------------------- mean and maximum of many counts


@dataclasses.dataclass(frozen=True)
class MeanAndMax:
    """A reported mean and maximum against the exact distributions of counts.

    `p_mean` is that of the mean given the maximum. Where no run is as small as the reported maximum
    it is 1, and there is no distribution. `find_share` gives the share of studies by their tail.
    """

    p: float
    p_max: float
    p_mean: float
    tail: float
    mean_given_max: SamplingDistribution | None
    find_share: Callable[[float], float]


def judge_mean_and_max(
    table: CountTable, *, mean: Reported, largest: Reported, runs: int
) -> MeanAndMax:
    """Return how unusual a reported mean and maximum of n converged runs are, exactly.

    Exact for the population that the table is; with many more runs than n that is all that there
    is to know. Means are printed as the reported one is, maxima as whole numbers.
    """
    of_max = SamplingDistribution(*compute_max_mass(table, runs))
    tail, find_share_of_max = measure_tails(of_max, largest)
    p_max = find_share_of_max(tail)
    given = _find_mean_given_max(table, largest, runs)
    p_mean = 1.0
    if given is not None:
        tail_of_mean, find_share_of_mean = measure_tails(given, mean)
        p_mean = find_share_of_mean(tail_of_mean)
        tail = min(tail, tail_of_mean)

    def find_share(at_most: float) -> float:
        return _sum_studies(table, of_max, mean, runs, at_most=at_most * (1 + TINY) + 1e-15)

    return MeanAndMax(find_share(tail), p_max, p_mean, tail, given, find_share)


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


def _count_exactly(
    sample: Sample, reported: Mapping[str, Reported], runs: int
) -> CountTable | None:
    """Return runs as a table of counts if they are many whole numbers of a modest range."""
    values = sample.values
    if (
        sample.grid != 1
        or not sample.is_enough_for(runs)
        or values[0] < 0
        or values[-1] - values[0] > MAX_SPAN
        or reported["max"].width > 1
    ):
        return None
    return CountTable(values.astype(np.int64), sample.counts, 0, None)


def _predict_mean_and_max(
    table: CountTable,
    sample: Sample,
    reported: Mapping[str, Reported],
    runs: int,
    *,
    level: float,
) -> Prediction:
    exact = judge_mean_and_max(table, mean=reported["mean"], largest=reported["max"], runs=runs)
    distributions = {
        "mean": SamplingDistribution(*compute_mean_mass(table, runs)),
        "max": SamplingDistribution(*compute_max_mass(table, runs)),
    }
    if exact.mean_given_max is not None:
        distributions["mean_given_max"] = exact.mean_given_max
    items = dict(reported) | {"mean_given_max": reported["mean"]}
    yours = describe_sample(sample, reported, runs) | {"mean_given_max": sample.mean}
    p = {
        "mean": find_p(distributions["mean"], reported["mean"]),
        "max": exact.p_max,
        "mean_given_max": exact.p_mean,
    }
    findings = {
        name: describe_finding(name, items[name], yours[name], distribution, p=p[name], level=level)
        for name, distribution in distributions.items()
    }
    if exact.mean_given_max is None:  # no run is as small as the largest is said to be
        findings["mean_given_max"] = dataclasses.replace(
            findings["mean"], name="mean_given_max", p=1.0, low=math.nan, high=math.nan,
            chance=math.nan, mean=math.nan, spread=math.nan,
        )  # fmt: skip
    return Prediction(findings, exact.p, 0.0, distributions, exact.tail, exact.find_share)


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
    tail, find_share = measure_tails(distribution, item)
    finding = describe_finding(
        name, item, n_succeeded / n * runs / scale, distribution, p=find_share(tail), level=level
    )
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


def estimate_all_succeed(n_succeeded: int, n: int, runs: int) -> tuple[float, tuple[float, float]]:
    """Return the chance that all of n runs succeed, with its range over resamples.

    >>> chance, (low, high) = estimate_all_succeed(99_880, 100_000, 100)
    >>> round(chance, 2)
    0.89
    """
    shares = np.random.default_rng(SEED).binomial(n, n_succeeded / n, size=1000) / n
    low, high = np.quantile(shares**runs, [0.025, 0.975])
    return (n_succeeded / n) ** runs, (float(low), float(high))
