"""The box in which a claim of the abstract is judged, the same for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.report.document import Box, Bullets, Paragraph
from replication.report.inline import escape_inline
from replication.report.numbers import format_exact, format_number


def make_box(entry: Mapping[str, Any]) -> Box:
    """Return the verdict on one claim: claim, rule, deciding numbers, what would change it.

    Parameters
    ----------
    entry : mapping
        ``claim`` and ``verdict``, an entry of ``claims`` in the model.

    Returns
    -------
    Box
    """
    claim, verdict = entry["claim"], entry["verdict"]
    numbers = verdict["numbers"]
    decided = " The numbers that decided it:" if numbers else ""
    return Box(
        title=capitalise(verdict["verdict"]),
        blocks=(
            Paragraph(f"**The claim.** {claim['statement']} ({capitalise(claim['source'])}.)"),
            Paragraph(f"**The rule.** {claim['rule']}"),
            Paragraph(f"**What we found.** {escape_inline(verdict['reason'])}{decided}"),
            *([Bullets(tuple(map(describe_number, numbers)))] if numbers else []),
            Paragraph("**What would change it.**"),
            Bullets(tuple(escape_inline(text) for text in verdict["would_change"])),
        ),
    )


def describe_number(number: Mapping[str, Any]) -> str:
    """Return one deciding number and what the rule asks of it, in words.

    Parameters
    ----------
    number : mapping
        ``name``, ``value``, ``relation``, ``threshold`` and ``holds``.

    Returns
    -------
    str
    """
    found = "met" if number["holds"] else "not met"
    return (
        f"{capitalise(number['name'])}: {format_number(number['value'], 3)}; asked is "
        f"{number['relation']} {format_threshold(number['threshold'])}, which is {found}."
    )


def format_threshold(threshold: float) -> str:
    """Write a threshold as it stands in the ledger; very small ones as powers of ten.

    Parameters
    ----------
    threshold : float

    Returns
    -------
    str
    """
    return format_exact(threshold) if threshold > 1e-4 else format_number(threshold, 1)


def capitalise(text: str) -> str:
    """Return text with a capital first letter, the others as they are."""
    return text[:1].upper() + text[1:]
