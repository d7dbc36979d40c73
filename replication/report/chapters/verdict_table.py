"""The table of all verdicts; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.analysis.settings_verdict import judge_settings
from replication.analysis.verdict import NOT_TESTABLE, REPLICATED
from replication.claims import load_claims
from replication.report.chapters.claims_box import capitalise
from replication.report.document import Block, Paragraph, Table
from replication.report.inline import escape_inline
from replication.report.numbers import format_exact, format_number
from replication.report.rules import RULES, SHORT, name_rules


def tabulate_claims(models: Mapping[str, Any]) -> list[Block]:
    """List every claim of the ledger that these models judge, with the number that decided."""
    summary, ledger = models["summary"], load_claims()
    mean, settings = summary["verdict"], ledger["settings"]
    text = summary["reported"]["text"]
    judged = [
        (f"[A mean of {text} updates](#law)", mean | {"verdict": mean["settled"]}),
        (f"[{settings.title}](#settings)", judge_settings(summary, settings.thresholds).to_plain()),
    ]
    if "claims" in models:
        judged += [
            (f"[{ledger[name].title}](#{name})", models["claims"]["claims"][name]["verdict"])
            for name in ledger
            if name in models["claims"]["claims"]
        ]
    rows = []
    for title, verdict in judged:
        rows.append((title, capitalise(verdict["verdict"]), *_describe_weight(verdict)))
    return [
        Paragraph(
            "The abstract makes more claims than this one; [](#table-all-claims) gives the "
            "verdict on each."
            if "claims" in models
            else "[](#table-all-claims) gives the verdict on this and on the reported settings."
        ),
        Table(
            name="all-claims",
            caption="**Every claim and its verdict**, each with what weighed most: the first "
            "number that missed what the rule of the claim asks for; the first of all where none "
            "did; or the reason, where no number decided.",
            header=("Claim", "Verdict", "What weighed most", "Found", "Asked"),
            rows=tuple(rows),
            align="lllrr",
            command=models["provenance"]["command"],
        ),
    ]


def _describe_weight(verdict: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the number that weighed most, or the reason where none did."""
    numbers = verdict["numbers"]
    missed = [number for number in numbers if not number["holds"]]
    if verdict["verdict"] == NOT_TESTABLE or not (
        missed or (numbers and verdict["verdict"] == REPLICATED)
    ):
        return escape_inline(name_rules(verdict["reason"])), "–", "–"
    number = (missed or numbers)[0]
    found = "not defined" if number["value"] is None else format_number(number["value"], 3)
    words = escape_inline(number["name"])
    for rule in RULES:
        words = words.replace(f", {rule}", f", failures {SHORT[rule]}")
    return words, found, f"{number['relation']} {format_exact(number['threshold'])}"
