"""Rule out readings of a report that do not fit the spreads of both sides.

A report may not say what stands behind a ±. If it were a standard error of 100 runs, these runs
would vary ten times as much as if it were a standard deviation. Where your own runs show that this
is not so, by an F test, that reading is ruled out. The F test is fragile, since few runs may have
missed what is rare. Therefore its degrees of freedom fall with the kurtosis of your runs. And if
the readings that are ruled out would change the verdict, the verdict has a condition that says so.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from replication.comparison.prediction import Answer
from replication.comparison.report import Report
from replication.statistics.means import NORMAL_KURTOSIS, find_spread_p
from replication.statistics.sampling import Sample

RULED_OUT = 0.001  # p of an F test below which a reading is ruled out
# the kind "standard error" in "failures left out, ± as standard error with n - 1"
KIND = re.compile(r"± as ([a-z ]+?)(?: with .*| by .*)?$")
KIND_WORDS = {
    "sd": "a standard deviation",
    "standard error": "a standard error",
    "interval": "half of an interval",
}


@dataclasses.dataclass(frozen=True)
class RuledOut:
    """Why a reading of ± is ruled out.

    `p`: of the F test. `ratio`: the standard deviation of the report's runs, if this reading were
    right, over that of one's own runs.
    """

    p: float
    ratio: float


@dataclasses.dataclass(frozen=True)
class Readings:
    """The readings that are left, and those that were ruled out.

    `answers`: by words for the reading. `ruled_out`: by kind of ±.
    """

    answers: Mapping[str, Answer]
    ruled_out: Mapping[str, RuledOut] = dataclasses.field(default_factory=dict)


def find_kind(words: str) -> str:
    """Return the kind of ± in a reading: "sd", "standard error" or "interval"; "" if none.

    >>> find_kind("failures left out, ± as interval by Student's t")
    'interval'
    """
    match = KIND.search(words)
    return match[1] if match else ""


def rule_out(
    answers: Mapping[str, Answer], report: Report, sample: Sample | None, *, level: float
) -> Readings:
    """Return the readings of ± that fit the spreads; all readings if none fits."""
    if report.spread != "spread" or report.has_error:
        return Readings(answers)
    kurtosis = NORMAL_KURTOSIS if sample is None else sample.kurtosis
    by_kind: dict[str, list[Answer]] = {}
    for words, answer in answers.items():
        by_kind.setdefault(find_kind(words), []).append(answer)
    ruled_out: dict[str, RuledOut] = {}
    for kind, of_kind in by_kind.items():
        test = _test_best(of_kind, kurtosis)
        if test is not None and test.p < RULED_OUT:
            ruled_out[kind] = test
    if not ruled_out or len(ruled_out) == len(by_kind):
        return Readings(answers)
    kept = {words: answer for words, answer in answers.items() if find_kind(words) not in ruled_out}
    # If the verdict depends on what was ruled out, say so in a condition.
    if _find_verdicts(kept.values(), level) != _find_verdicts(answers.values(), level):
        kinds_left = [KIND_WORDS[kind] for kind in by_kind if kind not in ruled_out]
        condition = f"± is {' or '.join(kinds_left)}"
        kept = {
            words: dataclasses.replace(answer, conditions=(*answer.conditions, condition))
            for words, answer in kept.items()
        }
    return Readings(kept, ruled_out)


def _test_best(answers: Sequence[Answer], kurtosis: float) -> RuledOut | None:
    """Return the F test of the reading that fits best; None where a spread is not known."""
    best: RuledOut | None = None
    for answer in answers:
        if answer.sides is None:
            return None
        own, other = answer.sides
        p = find_spread_p(own, other, kurtosis=kurtosis)
        if p is None:
            return None
        if best is None or p > best.p:
            best = RuledOut(p, ratio=other.samples[0][0] / own.samples[0][0])
    return best


def _find_verdicts(answers: Iterable[Answer], level: float) -> set[bool | None]:
    """Return the different verdicts of answers: True (contradicted), False, None (no p)."""
    verdicts: set[bool | None] = set()
    for answer in answers:
        verdicts.add(None if answer.p is None else answer.p <= level)
    return verdicts
