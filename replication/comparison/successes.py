"""A share or number of successes, and the mean of a column of 0 and 1, as shares."""

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

from replication.comparison.prediction import Answer, Finding
from replication.comparison.report import SUCCESSES, Report
from replication.comparison.runs import Runs
from replication.statistics import shares
from replication.statistics.sampling import Sample

MAX_COUNTS = 100  # at most so many numbers of successes are tried for one reported share


@dataclasses.dataclass(frozen=True)
class OwnSuccesses:
    """The number `k` of successes among `n` runs of one's own."""

    k: int
    n: int


def has_two_outcomes(sample: Sample) -> bool:
    """Say whether all runs are 1 or 0."""
    return sample.values.size <= 2 and set(sample.values.tolist()) <= {0.0, 1.0}


def is_binary(sample: Sample | None, report: Report) -> bool:
    """Say whether runs are successes and failures, 1 and 0, and the report can be on such runs.

    Runs that are counts may all be 0 or 1 by chance, so the report is looked at, too. Its mean must
    lie from 0 to 1. If it has a spread, that must be the spread of a number of successes with this
    mean; without a spread, the mean is taken for a share.
    """
    if sample is None or "mean" not in report.numbers or not has_two_outcomes(sample):
        return False
    m = report.n
    mean = report.numbers["mean"]
    if m == 0 or not 0 <= mean.value <= 1:
        return False
    if report.spread is None or m < 2:
        return True
    spread = report.numbers[report.spread]
    factors = report.list_spreads(m).values()  # what the spread may be, as multiples of the sd
    possible = report.count_successes()
    # Of many possible numbers of successes, at most MAX_COUNTS are tried.
    step = 1 + len(possible) // MAX_COUNTS
    for k in possible[::step]:
        if not mean.holds(Fraction(k, m)):
            continue
        sd = math.sqrt(k * (m - k) / (m * (m - 1.0)))  # of k ones and m - k zeros
        if any(spread.holds(sd * factor) for factor in factors):
            return True
    return False


def count_own(own: Runs, sample: Sample | None, report: Report, name: str) -> OwnSuccesses | None:
    """Return one's own successes, to compare them with the reported number `name`.

    Beside a mean they are the ones in a column of 0 and 1. Beside a share or number of successes
    they are the runs that did not fail, or those of another report. None if nothing says them.
    """
    if name == "mean":
        is_gap = own.minus is not None or own.is_of_pairs
        if sample is None or is_gap or not is_binary(sample, report):
            return None
        return OwnSuccesses(round(sample.mean * sample.n), sample.n)
    if own.report is None:
        return OwnSuccesses(own.n - own.n_failed, own.n)
    if SUCCESSES.keys() & own.report.numbers.keys():
        return OwnSuccesses(own.report.count_middle("excluded"), own.n)
    return None


def judge_successes(own: Runs, sample: Sample | None, report: Report, *, level: float) -> Answer:
    """Judge a share or number of successes, or the mean of a column of 0 and 1.

    The answer is empty where none of them was reported.
    """
    name = next((name for name in SUCCESSES if name in report.numbers), "mean")
    mine = count_own(own, sample, report, name)
    if mine is None:
        return Answer()
    # k of your n runs succeeded. The report has m runs; because its number was rounded, several
    # counts of successes among them may print so, in ascending order.
    k = mine.k
    n = mine.n
    m = report.n
    counts = report.count_successes()
    # The count nearest to your share is tested. The interval of the difference covers those of all
    # counts: it is lowest with the most reported successes, and highest with the fewest.
    nearest = find_nearest(counts, k / n * m)
    test = shares.judge_shares(k, n, nearest, m, level=level)
    low = shares.find_difference_ends(k, n, counts[-1], m, level=level).low
    high = shares.find_difference_ends(k, n, counts[0], m, level=level).high
    # A number of successes was reported as it is; a share or a mean is that number divided by m.
    item = report.numbers[name]
    divisor = 1 if name == "n_succeeded" else m
    value = k / n - item.value * divisor / m  # your share less the reported one
    difference = dataclasses.replace(test, value=float(value), low=low, high=high)
    least, most = shares.find_shares_kept(k, n, m, level=level)
    finding = Finding.of(
        name,
        item,
        k / n * m / divisor,
        interval=(least / divisor, most / divisor),
        p=test.p,
    )
    detectable = None if test.shown is None else test.shown * m / divisor
    return Answer({name: finding}, test.p, difference=difference, shown={name: detectable})


def find_nearest(counts: Sequence[int], wanted: float) -> int:
    """Return the count that is nearest to a number."""
    return min(max(round(wanted), counts[0]), counts[-1])
