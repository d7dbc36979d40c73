"""Whether two sides differ by less than a margin, for means and for shares."""

import dataclasses
from collections.abc import Iterable

from replication.comparison.prediction import Answer
from replication.comparison.report import SUCCESSES, Report
from replication.comparison.request import Margin, Request
from replication.errors import UsageError
from replication.statistics import means, shares
from replication.statistics.means import SuccessCounts

PER_CENT = 100.0
"""What reported numbers are divided by where they are per cent and your values are shares."""


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """The result of two one-sided tests for a difference less than a margin.

    `margin`: in the unit of the values; for shares, as a share. `p`: the largest over all readings;
    None if it is not known for one of them.
    """

    margin: float
    p: float | None
    is_equivalent: bool


def find_equivalence(
    answers: Iterable[Answer], report: Report, request: Request
) -> Equivalence | None:
    """Test under each reading whether the sides differ by less than a margin, if one was given.

    A reading without a mean or a share is left out.
    """
    if request.margin is None:
        return None
    # Without a per cent sign, a scale of 100 may be that of centimetres beside metres.
    are_means_shares = report.is_per_cent and request.scale == PER_CENT
    is_share_reported = not report.numbers.keys().isdisjoint(SUCCESSES)
    margin: float | None = None
    p_values: list[float | None] = []
    for answer in answers:
        counts = None if answer.difference is None else answer.difference.counts
        if counts is not None:
            # The values may be counts that happen to be 0 and 1.
            are_shares = is_share_reported or are_means_shares
            margin = _measure(request.margin, _find_reported_share(report), are_shares=are_shares)
            p_values.append(_test_shares(counts, report, margin))
        elif answer.sides is not None and "mean" in report.numbers:
            mean = float(report.numbers["mean"].value)
            margin = _measure(request.margin, mean, are_shares=are_means_shares)
            p_values.append(means.find_equivalence(*answer.sides, margin, request.between))
    if margin is None:
        raise UsageError("`margin` was given without a reported mean or share; give that too")
    known = [p for p in p_values if p is not None]
    p = max(known) if len(known) == len(p_values) else None
    return Equivalence(margin, p, p is not None and p <= request.level)


def _measure(margin: Margin, reported: float, *, are_shares: bool) -> float:
    """Return the margin in the unit of the values; refuse per cent of a reported 0.

    Where the values are shares, a margin of 1 or more is refused, because it was meant in per cent.
    """
    in_unit = margin.measure(reported)
    if not in_unit > 0:
        raise UsageError("`margin` is per cent of a reported number of 0; give it as a number")
    if are_shares and abs(reported) <= 1.0 <= in_unit:
        message = (
            f"`margin` was given as {in_unit:g}, but your values are shares; give it as a share, "
            "0.02 for two percentage points"
        )
        raise UsageError(message)
    return in_unit


def _find_reported_share(report: Report) -> float:
    """Return the reported share, also from a number of successes or a mean of ones and zeros."""
    name = next((name for name in SUCCESSES if name in report.numbers), "mean")
    value = float(report.numbers[name].value)
    return value / report.n if name == "n_succeeded" else value


def _test_shares(counts: SuccessCounts, report: Report, margin: float) -> float:
    """Return the largest p over all numbers of successes that print as was reported."""
    k = counts.yours
    n = counts.n_yours
    m = counts.n_reported
    possible = report.count_successes()
    ends = {possible[0], possible[-1]}  # the number farthest from yours is one of these
    return max(shares.find_share_equivalence(k, n, x, m, margin) for x in ends)
