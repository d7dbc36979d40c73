"""Readings of a report that the spreads of both sides rule out.

Nothing may say what stands behind a ±. If it were a standard error of 100 runs, these would vary
ten times as much as if it were a standard deviation, and where your own runs say that this is not
so, that reading can go. The F test is fragile: few runs may have missed what is rare. So its
degrees of freedom fall with the kurtosis of your runs, and a verdict that hangs on a reading that
went says so, as its condition.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from replication.comparison.prediction import Answer
from replication.comparison.report import Report
from replication.statistics.means import NORMAL_KURTOSIS, find_spread_p
from replication.statistics.sampling import Sample

RULED_OUT = 0.001
# "failures left out, ± as standard error with n - 1": the words between
KIND = re.compile(r"± as ([a-z ]+?)(?: with .*| by .*)?$")
KIND_WORDS = {
    "sd": "a standard deviation",
    "standard error": "a standard error",
    "interval": "half of an interval",
}


@dataclasses.dataclass(frozen=True)
class RuledOut:
    """A reading of ± that went: p of the F test, and how much more the report's runs would vary.

    `ratio`: their standard deviation over that of one's own runs.
    """

    p: float
    ratio: float


@dataclasses.dataclass(frozen=True)
class Readings:
    """The answer to each reading that is left, by words for it, and what was ruled out, by kind."""

    answers: Mapping[str, Answer]
    ruled_out: Mapping[str, RuledOut] = dataclasses.field(default_factory=dict)


def find_kind(words: str) -> str:
    """Return what ± is in a reading: "sd", "standard error" or "interval".

    >>> find_kind("failures left out, ± as interval by Student's t")
    'interval'
    """
    found = KIND.search(words)
    return found[1] if found else ""


def rule_out(
    answers: Mapping[str, Answer], report: Report, sample: Sample | None, *, level: float
) -> Readings:
    """Return the readings of ± that the spreads leave, unless they leave none."""
    if report.spread != "spread" or report.has_error:
        return Readings(answers)
    kurtosis = NORMAL_KURTOSIS if sample is None else sample.kurtosis
    by_kind: dict[str, list[Answer]] = {}
    for words, one in answers.items():
        by_kind.setdefault(find_kind(words), []).append(one)
    gone: dict[str, RuledOut] = {}
    for kind, group in by_kind.items():
        found = _test_all(group, kurtosis)
        if found is not None and found.p < RULED_OUT:
            gone[kind] = found
    if not gone or len(gone) == len(by_kind):
        return Readings(answers)
    kept = {words: one for words, one in answers.items() if find_kind(words) not in gone}
    if _find_verdicts(kept.values(), level) != _find_verdicts(answers.values(), level):
        left = [KIND_WORDS[kind] for kind in by_kind if kind not in gone]
        condition = f"± is {' or '.join(left)}"
        kept = {
            words: dataclasses.replace(one, conditions=(*one.conditions, condition))
            for words, one in kept.items()
        }
    return Readings(kept, gone)


def _test_all(answers: Sequence[Answer], kurtosis: float) -> RuledOut | None:
    """Return the test of the reading that fits best; None where a spread is not known."""
    best: RuledOut | None = None
    for answer in answers:
        if answer.sides is None:
            return None
        one, two = answer.sides
        p = find_spread_p(one, two, kurtosis=kurtosis)
        if p is None:
            return None
        if best is None or p > best.p:
            best = RuledOut(p, two.samples[0][0] / one.samples[0][0])
    return best


def _find_verdicts(answers: Iterable[Answer], level: float) -> set[bool | None]:
    found: set[bool | None] = set()
    for one in answers:
        found.add(None if one.p is None else one.p <= level)
    return found
