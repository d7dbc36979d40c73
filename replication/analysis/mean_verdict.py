"""The verdict on a reported mean, by the rule of the ledger."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from replication.analysis.compatible import MAX_RUNS, CompatibleRuns
from replication.analysis.equivalence import Equivalence
from replication.analysis.verdict import (
    NOT_REPLICATED,
    NOT_TESTABLE,
    QUALIFIED,
    REPLICATED,
    DecidingNumber,
    Verdict,
    count_words,
    join_words,
)


@dataclasses.dataclass(frozen=True)
class RuleEvidence:
    """What the verdict needs to know of one rule for networks that never converge.

    Parameters
    ----------
    rule : {"discard", "cap", "restart"}
    mean, low, high : float or None
        Population mean and its interval, None where the rule has none.
    equivalence : Equivalence
        At the deciding margin.
    smallest_margin : float or None
        Margin above which the means would count as equivalent.
    runs : CompatibleRuns
    """

    rule: str
    mean: float | None
    low: float | None
    high: float | None
    equivalence: Equivalence
    smallest_margin: float | None
    runs: CompatibleRuns


@dataclasses.dataclass(frozen=True)
class _Question:
    """What is asked of the evidence, in the unit of the evidence.

    Parameters
    ----------
    reported, margin, percent : float
        The reported mean, and how far from it still counts as the same.
    least : int
        Smallest n* that earns a qualification.
    label : str
        The reported mean as printed.
    """

    reported: float
    margin: float
    percent: float
    least: int
    label: str

    def leaves_open(self, item: RuleEvidence) -> bool:
        """Whether the interval of the mean reaches into the margin and beyond it."""
        if item.equivalence.is_equivalent:
            return False
        low = -math.inf if item.low is None else item.low
        high = math.inf if item.high is None else item.high
        return low < self.reported + self.margin and high > self.reported - self.margin

    def leaves_runs_open(self, item: RuleEvidence) -> bool:
        """Whether the interval of n* lies on both sides of the threshold."""
        return item.runs.low < self.least <= item.runs.high


def judge_mean(
    evidence: Sequence[RuleEvidence],
    *,
    reported: float,
    thresholds: Mapping[str, float | int],
    text: str | None = None,
) -> Verdict:
    """Judge a reported mean.

    Parameters
    ----------
    evidence : sequence of RuleEvidence
        One for each rule under which the mean is defined; may be empty.
    reported : float
        The reported mean, in the unit of the evidence.
    thresholds : mapping
        Of the claim: ``margin_percent`` and ``min_n_star``.
    text : str, optional
        The reported mean as it was printed.

    Returns
    -------
    Verdict
        *replicated* if the mean is equivalent to the reported one within the
        margin under all rules given; *with qualification* if not but n* is
        at least ``min_n_star`` under some rule; *not replicated* otherwise;
        *not testable* if there is no evidence, or if under every rule that
        has a mean both the equivalence and n* are left open by their intervals.
    """
    label = text if text is not None else f"{reported:g}"
    if not evidence:
        return Verdict(
            verdict=NOT_TESTABLE,
            reason="No network converged, so there is no mean to compare.",
            numbers=(),
            would_change=("A single network that converges would make a comparison possible.",),
        )
    asked = _Question(
        reported,
        evidence[0].equivalence.margin,
        float(thresholds["margin_percent"]),
        int(thresholds["min_n_star"]),
        label,
    )
    numbers = _list_numbers(evidence, asked)
    doubts = _list_doubts(evidence, asked)
    widest = max(evidence, key=lambda item: item.runs.n_star)
    if all(item.equivalence.is_equivalent for item in evidence):
        verdict, reason, changes = _describe_replicated(evidence, asked)
    elif all(
        asked.leaves_open(item) and asked.leaves_runs_open(item)
        for item in evidence
        if item.mean is not None
    ):
        verdict = NOT_TESTABLE
        reason = (
            "This study is too small to decide: the population mean is shown neither to lie "
            f"within {asked.percent:g} % of {label} nor to lie outside"
            f"{_every_rule(evidence)}, and n* may lie on either side of {asked.least}."
        )
        changes = ("A larger study could be judged.",)
    elif widest.runs.n_star >= asked.least:
        verdict, reason, changes = _describe_qualified(evidence, asked, widest)
    else:
        verdict, reason, changes = _describe_not_replicated(evidence, asked, widest)
    return Verdict(
        verdict=verdict, reason=reason, numbers=numbers, would_change=changes, doubts=doubts
    )


def _every_rule(evidence: Sequence[RuleEvidence]) -> str:
    return " under every rule for failures" if len(evidence) > 1 else ""


def _list_numbers(evidence: Sequence[RuleEvidence], asked: _Question) -> tuple[DecidingNumber, ...]:
    margins = [
        DecidingNumber(
            name=f"smallest margin of equivalence, {item.rule}",
            value=item.smallest_margin,
            relation="below",
            threshold=asked.margin,
            holds=item.equivalence.is_equivalent,
        )
        for item in evidence
    ]
    runs = [
        DecidingNumber(
            name=f"n*, {item.rule}",
            value=item.runs.n_star,
            relation="at least",
            threshold=asked.least,
            holds=item.runs.n_star >= asked.least,
            is_open=item.runs.is_open,
        )
        for item in evidence
    ]
    return (*margins, *runs)


def _describe_replicated(
    evidence: Sequence[RuleEvidence], asked: _Question
) -> tuple[str, str, tuple[str, ...]]:
    closest = max(evidence, key=lambda item: item.smallest_margin or 0.0)
    needed = closest.smallest_margin or 0.0
    where = "" if len(evidence) == 1 else f" under the rule {closest.rule}"
    return (
        REPLICATED,
        f"The population mean lies within {asked.percent:g} % of {asked.label}"
        f"{_every_rule(evidence)}.",
        (
            f"A mean {asked.margin - needed:.2g} further from {asked.label}{where} would need a "
            "qualification.",
            f"A margin tighter than {needed:.2g} would need one too.",
        ),
    )


def _describe_qualified(
    evidence: Sequence[RuleEvidence], asked: _Question, widest: RuleEvidence
) -> tuple[str, str, tuple[str, ...]]:
    single = len(evidence) == 1
    margins = [item.smallest_margin for item in evidence if not item.equivalence.is_equivalent]
    known = [margin for margin in margins if margin is not None]
    rest = "" if single else f" under the rule {widest.rule}; knowing the rule used could"
    return (
        QUALIFIED,
        f"{_describe_distance(evidence, asked)}; but {asked.label} is what a study of up to "
        f"{_describe_reach(widest)} could well have reported{_by_rule(evidence, widest)}.",
        (
            f"No number of runs up to {MAX_RUNS} would turn it into not replicated{rest}."
            if widest.runs.is_open
            else f"Knowing that more than {count_words(widest.runs.n_star, 'run')} were averaged "
            f"in the original{'' if single else ', under whichever rule,'} would turn it into not "
            "replicated.",
            f"An equivalence margin of {max(known):.3g} or more in place of {asked.margin:.2g} "
            "would make it replicated."
            if len(known) == len(margins)
            else "A larger study would be needed to test for equivalence under every rule.",
        ),
    )


def _describe_not_replicated(
    evidence: Sequence[RuleEvidence], asked: _Question, widest: RuleEvidence
) -> tuple[str, str, tuple[str, ...]]:
    return (
        NOT_REPLICATED,
        f"{_describe_distance(evidence, asked)}, and {asked.label} is compatible with "
        + (
            f"at most {_describe_reach(widest)}{_by_rule(evidence, widest)}."
            if widest.runs.n_star
            else "no number of runs."
        ),
        (
            f"It would need a qualification only if {count_words(asked.least, 'run')} or more "
            f"could have given {asked.label}.",
            "An original that averaged at most "
            f"{count_words(widest.runs.n_star, 'run')} would explain the number by chance, but "
            "the rule does not count so small a study."
            if widest.runs.n_star
            else "Another reading of the protocol could give another population.",
        ),
    )


def _describe_distance(evidence: Sequence[RuleEvidence], asked: _Question) -> str:
    """Say under which rules the mean lies outside the margin, is not shown inside, is inside."""
    single = len(evidence) == 1

    def name(items: Sequence[RuleEvidence]) -> str:
        return "" if single else " under " + join_words([item.rule for item in items])

    passing = [item for item in evidence if item.equivalence.is_equivalent]
    failing = [item for item in evidence if not item.equivalence.is_equivalent]
    outside = [item for item in failing if item.mean is not None and not asked.leaves_open(item)]
    unshown = [item for item in failing if item not in outside]
    parts = []
    if outside:
        margin = f"the margin of {asked.percent:g} % around {asked.label}"
        parts.append(f"lies outside {margin}{name(outside)}")
    if unshown:
        within = "it" if outside else f"{asked.percent:g} % of {asked.label}"
        parts.append(f"is not shown to lie within {within}{name(unshown)}")
    others = f", though it lies within that margin{name(passing)}" if passing else ""
    return f"The population mean {', and '.join(parts)}{others}"


def _describe_reach(item: RuleEvidence) -> str:
    return count_words(item.runs.n_star, "run") + (" or more" if item.runs.is_open else "")


def _by_rule(evidence: Sequence[RuleEvidence], widest: RuleEvidence) -> str:
    return "" if len(evidence) == 1 else f" (rule {widest.rule})"


def _list_doubts(evidence: Sequence[RuleEvidence], asked: _Question) -> tuple[str, ...]:
    """Say which deciding numbers lie on both sides of their threshold within their interval."""
    single = len(evidence) == 1
    known = [item for item in evidence if item.mean is not None]
    near = [item.rule for item in known if asked.leaves_open(item)]
    spans = [
        f"from {item.runs.low} to {item.runs.high}"
        + (" or more" if item.runs.high_is_open else "")
        + ("" if single else f" under {item.rule}")
        for item in known
        if asked.leaves_runs_open(item)
    ]
    doubts = []
    if near:
        where = "" if single else f" under {join_words(near)}"
        doubts.append(
            f"The mean{where} may still lie within {asked.margin:.2g} of the reported one: its "
            "interval reaches into that range, and more data would tell."
        )
    if spans:
        doubts.append(
            f"n* may lie on either side of {asked.least}: its interval goes {join_words(spans)}."
        )
    return tuple(doubts)
