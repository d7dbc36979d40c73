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

MAX_COUNTS = 100  # most numbers of successes that are tried for one share


@dataclasses.dataclass(frozen=True)
class OwnSuccesses:
    """Successes among runs of one's own, and the number of these runs."""

    k: int
    n: int


def has_two_outcomes(sample: Sample) -> bool:
    """Say whether all runs are 1 or 0."""
    return sample.values.size <= 2 and set(sample.values.tolist()) <= {0.0, 1.0}


def is_binary(sample: Sample | None, report: Report) -> bool:
    """Say whether runs are successes and failures, 1 and 0, and a report can be of such ones.

    Few counts may all be 0 or 1 by chance: a reported spread has to be that of as many successes,
    and a mean between 0 and 1 without one counts as the nearest share.
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
    factors = report.list_spreads(m).values()
    possible = report.count_successes()
    for k in possible[:: 1 + len(possible) // MAX_COUNTS]:
        if not mean.holds(Fraction(k, m)):
            continue
        sd = math.sqrt(k * (m - k) / (m * (m - 1.0)))  # of k ones among m
        if any(spread.holds(sd * factor) for factor in factors):
            return True
    return False


def count_own(own: Runs, sample: Sample | None, report: Report, name: str) -> OwnSuccesses | None:
    """Return one's own successes, by what was reported: a mean, or a share or number of successes.

    They are the ones of a column, or what flags or another report say. None if there are none of
    that kind.
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
    k = mine.k
    n = mine.n
    m = report.n
    # Of all counts that print as reported the nearest is judged; the interval holds those of all.
    counts = report.count_successes()
    nearest = find_nearest(counts, k / n * m)
    test = shares.judge_shares(k, n, nearest, m, level=level)
    low = shares.find_difference_ends(k, n, counts[-1], m, level=level).low
    high = shares.find_difference_ends(k, n, counts[0], m, level=level).high
    # Numbers of successes in m runs, divided by this, have the unit of the reported number.
    item = report.numbers[name]
    divisor = 1 if name == "n_succeeded" else m
    value = k / n - item.value * divisor / m
    difference = dataclasses.replace(test, value=float(value), low=low, high=high)
    least, most = shares.find_shares_kept(k, n, m, level=level)
    finding = Finding.of(
        name,
        item,
        k / n * m / divisor,
        interval=(least / divisor, most / divisor),
        p=test.p,
    )
    shown = None if test.shown is None else test.shown * m / divisor
    return Answer({name: finding}, test.p, difference=difference, shown={name: shown})


def find_nearest(counts: Sequence[int], wanted: float) -> int:
    """Return the count that is nearest to a number."""
    return min(max(round(wanted), counts[0]), counts[-1])
