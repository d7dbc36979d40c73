"""The verdict on a reported mean, by the rule of the ledger."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from replication.analysis.compatible import MAX_RUNS, CompatibleRuns
from replication.analysis.equivalence import Equivalence
from replication.claims import VERDICTS

UNSETTLED = "unsettled"
REPLICATED, QUALIFIED, NOT_REPLICATED, NOT_TESTABLE = VERDICTS


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecidingNumber:
    """One comparison that entered a verdict.

    Parameters
    ----------
    name : str
        What was compared, in words.
    value : float or None
        What was found.
    is_open : bool
        Whether the value means "or more".
    relation : {"below", "at least"}
        What the rule asks of it.
    threshold : float
    holds : bool
    """

    name: str
    value: float | None
    relation: str
    threshold: float
    holds: bool
    is_open: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """A verdict, the numbers that decided it, and what would change it.

    Parameters
    ----------
    verdict : str
        One of `replication.claims.VERDICTS`, or "unsettled" where
        independent repetitions disagree.
    reason : str
        Why, in a sentence.
    numbers : tuple of DecidingNumber
    would_change : tuple of str
        In words, one sentence each.
    doubts : tuple of str
        Where the data are too few to settle a number that decided.
    """

    verdict: str
    reason: str
    numbers: tuple[DecidingNumber, ...]
    would_change: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        plain = dataclasses.asdict(self)
        return plain | {
            "numbers": list(plain["numbers"]),
            "would_change": list(self.would_change),
            "doubts": list(self.doubts),
        }


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
        *not testable* if there is no evidence.
    """
    label = text if text is not None else f"{reported:g}"
    percent, least = float(thresholds["margin_percent"]), int(thresholds["min_n_star"])
    if not evidence:
        return Verdict(
            verdict=NOT_TESTABLE,
            reason="No network converged, so there is no mean to compare.",
            numbers=(),
            would_change=("A single network that converges would make a comparison possible.",),
        )
    margin = evidence[0].equivalence.margin
    doubts = _list_doubts(evidence, reported=reported, margin=margin, least=least)
    numbers = [
        DecidingNumber(
            name=f"smallest margin of equivalence, {item.rule}",
            value=item.smallest_margin,
            relation="below",
            threshold=margin,
            holds=item.equivalence.is_equivalent,
        )
        for item in evidence
    ] + [
        DecidingNumber(
            name=f"n*, {item.rule}",
            value=item.runs.n_star,
            relation="at least",
            threshold=least,
            holds=item.runs.n_star >= least,
            is_open=item.runs.is_open,
        )
        for item in evidence
    ]
    failing = [item for item in evidence if not item.equivalence.is_equivalent]
    passing = [item for item in evidence if item.equivalence.is_equivalent]
    widest = max(evidence, key=lambda item: item.runs.n_star)
    reach = f"{widest.runs.n_star} runs" + (" or more" if widest.runs.is_open else "")
    if not failing:
        closest = max(evidence, key=lambda item: item.smallest_margin or 0.0)
        slack = margin - (closest.smallest_margin or 0.0)
        where = "" if len(evidence) == 1 else f" under the rule {closest.rule}"
        return Verdict(
            verdict=REPLICATED,
            reason=f"The population mean lies within {percent:g} % of {label}"
            + (" under every rule for failures." if len(evidence) > 1 else "."),
            numbers=tuple(numbers),
            doubts=doubts,
            would_change=(
                f"A mean {slack:.2g} further from {label}{where} would need a qualification.",
                f"A margin tighter than {closest.smallest_margin or 0.0:.2g} would need one too.",
            ),
        )
    single = len(evidence) == 1
    names = "" if single else " under " + _join_words([item.rule for item in failing])
    by_rule = "" if single else f" (rule {widest.rule})"
    if widest.runs.n_star >= least:
        agreeing = _join_words([item.rule for item in passing])
        others = f", though it does under {agreeing}" if passing else ""
        would_be = max((item.smallest_margin or 0.0) for item in failing)
        rest = "" if single else f" under the rule {widest.rule}; knowing the rule used could"
        changes = [
            f"Knowing that more than {widest.runs.n_star} runs were averaged in the original"
            f"{'' if single else ', under whichever rule,'} would turn it into not replicated."
            if not widest.runs.is_open
            else f"No number of runs up to {MAX_RUNS} would turn it into not replicated{rest}.",
            f"An equivalence margin of {would_be:.3g} or more in place of {margin:.2g} would "
            "make it replicated."
            if all(item.smallest_margin is not None for item in failing)
            else "More than one network would be needed to test for equivalence.",
        ]
        return Verdict(
            verdict=QUALIFIED,
            reason=f"The population mean does not lie within {percent:g} % of {label}"
            f"{names}{others}; but {label} is what a study of up to {reach} could well have "
            f"reported{by_rule}.",
            numbers=tuple(numbers),
            doubts=doubts,
            would_change=tuple(changes),
        )
    return Verdict(
        verdict=NOT_REPLICATED,
        reason=f"The population mean does not lie within {percent:g} % of {label}{names}, "
        + (
            f"and {label} is compatible with at most {reach}{by_rule}."
            if widest.runs.n_star
            else f"and {label} is compatible with no number of runs."
        ),
        numbers=tuple(numbers),
        doubts=doubts,
        would_change=(
            f"It would need a qualification only if {least} runs or more could have given {label}.",
            f"An original that averaged at most {widest.runs.n_star} runs would explain the "
            "number by chance, but the rule does not count so small a study."
            if widest.runs.n_star
            else "Another reading of the protocol could give another population.",
        ),
    )


def _list_doubts(
    evidence: Sequence[RuleEvidence], *, reported: float, margin: float, least: int
) -> tuple[str, ...]:
    """Say which deciding numbers lie on both sides of their threshold within their interval."""
    near, spans = [], []
    for item in evidence:
        if item.mean is None:
            continue
        low = -math.inf if item.low is None else item.low
        high = math.inf if item.high is None else item.high
        may_agree = low < reported + margin and high > reported - margin
        if may_agree and not item.equivalence.is_equivalent:
            near.append(item.rule)
        if item.runs.low < least <= item.runs.high:
            more = " or more" if item.runs.high_is_open else ""
            rule = "" if len(evidence) == 1 else f" under {item.rule}"
            spans.append(f"from {item.runs.low} to {item.runs.high}{more}{rule}")
    doubts = []
    if near:
        where = "" if len(evidence) == 1 else f" under {_join_words(near)}"
        doubts.append(
            f"The mean{where} may still lie within {margin:.2g} of the reported one: its interval "
            "reaches into that range, and more data would tell."
        )
    if spans:
        doubts.append(
            f"n* may lie on either side of {least}: its interval goes {_join_words(spans)}."
        )
    return tuple(doubts)


def settle(verdicts: Sequence[Verdict]) -> str:
    """Return the common verdict of independent repetitions, "unsettled" where they differ."""
    distinct = {item.verdict for item in verdicts}
    return verdicts[0].verdict if len(distinct) == 1 else UNSETTLED


def _join_words(words: Sequence[str]) -> str:
    """Join words with commas and a final "and"."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]
