"""Whether two sides differ by less than a margin, for means and for shares."""

import dataclasses
from collections.abc import Iterable

from replication.comparison.prediction import Answer
from replication.comparison.report import SUCCESSES, Report
from replication.comparison.request import Margin, Request
from replication.errors import UsageError
from replication.statistics import means, shares


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """What two one-sided tests found: the largest p over all readings, None if it is not known.

    `margin`: in the unit of the values, of shares as a share.
    """

    margin: float
    p: float | None
    is_equivalent: bool


def find_equivalence(
    answers: Iterable[Answer], report: Report, request: Request
) -> Equivalence | None:
    """Test under each reading whether the sides differ by less than a margin, if one was given."""
    if request.margin is None:
        return None
    margin: float | None = None
    p_values: list[float | None] = []
    for answer in answers:
        if answer.difference is not None and answer.difference.counts is not None:
            margin = _measure(request.margin, _find_reported_share(report))
            p_values.append(_test_shares(answer.difference.counts, report, margin))
        elif answer.sides is not None and "mean" in report.numbers:
            margin = _measure(request.margin, float(report.numbers["mean"].value))
            p_values.append(means.find_equivalence(*answer.sides, margin, request.between))
    if margin is None:
        raise UsageError("`margin` was given without a reported mean or share; give that too")
    known = [p for p in p_values if p is not None]
    p = max(known) if len(known) == len(p_values) else None
    return Equivalence(margin, p, p is not None and p <= request.level)


def _measure(margin: Margin, reported: float) -> float:
    found = margin.measure(reported)
    if not found > 0:
        raise UsageError("`margin` is per cent of a reported number of 0; give it as a number")
    return found


def _find_reported_share(report: Report) -> float:
    name = next((name for name in SUCCESSES if name in report.numbers), "mean")
    value = float(report.numbers[name].value)
    return value / report.n if name == "n_succeeded" else value


def _test_shares(counts: tuple[int, int, int, int], report: Report, margin: float) -> float:
    """Return the largest p over all numbers of successes that print as was reported."""
    k, n, _, m = counts
    possible = report.count_successes()
    ends = {possible[0], possible[-1]}
    return max(shares.find_share_equivalence(k, n, x, m, margin) for x in ends)
