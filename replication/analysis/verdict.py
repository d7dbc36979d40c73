"""What a verdict is, what becomes of one under other settings or in repetitions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from replication.claims import VERDICTS

UNSETTLED = "unsettled"
REPLICATED, QUALIFIED, NOT_REPLICATED, NOT_TESTABLE = VERDICTS
MAX_SHOWN = 40
"""Characters of a setting that are shown in a reason."""


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


def set_aside(verdict: Verdict, other_settings: Mapping[str, Any]) -> Verdict:
    """Return *not testable* in place of a verdict if the study has other settings.

    Parameters
    ----------
    verdict : Verdict
        By the numbers alone; these are kept.
    other_settings : mapping of str to plain JSON value
        Settings that were reported for the claim and differ in this study
        (see `replication.claims.find_other_settings`); may be empty.
    """
    if not other_settings:
        return verdict
    listed = join_words([f"{name} = {_show(value)}" for name, value in other_settings.items()])
    return dataclasses.replace(
        verdict,
        verdict=NOT_TESTABLE,
        reason=f"This study has other settings than those reported: {listed}.",
        would_change=(
            "A study with the reported settings could be judged; the numbers of this one say what "
            "the reported number looks like from other settings.",
        ),
    )


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MAX_SHOWN else "[...]"


def settle(verdicts: Sequence[Verdict]) -> str:
    """Return the common verdict of independent repetitions, "unsettled" where they differ."""
    distinct = {item.verdict for item in verdicts}
    return verdicts[0].verdict if len(distinct) == 1 else UNSETTLED


def join_words(words: Sequence[str]) -> str:
    """Join words with commas and a final "and"."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def count_words(n: int, noun: str) -> str:
    """Return `n` with its `noun`, "1 run" or "12 runs"."""
    return f"{n} {noun}" + ("" if n == 1 else "s")
