"""The part of the law chapter on the population itself; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.report.document import Block, Paragraph, Section, Table
from replication.report.numbers import (
    format_amount,
    format_estimate,
    format_exact,
    format_number,
    format_p,
    format_percent,
)
from replication.report.rules import SHORT


def describe_equivalence(
    summary: Mapping[str, Any], rules: Mapping[str, Any], command: str
) -> list[Block]:
    """Return the tests of equivalence."""
    text = summary["reported"]["text"]
    rows = tuple(
        (
            SHORT[rule],
            format_estimate(entry["mean"], 3),
            _describe_test(entry["rounding_equivalence"]),
            _describe_test(entry["equivalence"]),
            "not determined"
            if entry["smallest_margin"] is None
            else format_number(entry["smallest_margin"], 3),
        )
        for rule, entry in rules.items()
    )
    margin = format_exact(rules["discard"]["equivalence"]["margin"])
    rounding = format_exact(rules["discard"]["rounding_equivalence"]["margin"])
    return [
        Section(title="Is the population mean the reported one?", anchor="equivalence", level=3),
        Paragraph(
            "That a number could have come up by chance does not make it the truth. "
            f"[](#table-equivalence) asks whether the mean of the whole population is {text}, up "
            f"to rounding (a margin of {rounding}) or up to 10 % ({margin}). The smallest margin "
            "that would be passed tells a reader with another margin in mind the answer."
        ),
        Table(
            name="equivalence",
            caption=f"**Population means against {text}.** Two one-sided tests at 5 %; means with "
            "95 % intervals.",
            header=(
                "Failures are",
                "Mean",
                f"Within {rounding}?",
                f"Within {margin}?",
                "Smallest margin",
            ),
            rows=rows,
            align="lrllr",
            command=command,
        ),
    ]


def _describe_test(test: Mapping[str, Any]) -> str:
    if test["p_value"] is None:
        return "cannot be tested"
    return f"{'yes' if test['is_equivalent'] else 'no'} (p {_relation(test['p_value'])})"


def _relation(p: float) -> str:
    text = format_p(p)
    return text if text.startswith(("below", "above")) else f"= {text}"


def describe_luck(summary: Mapping[str, Any]) -> list[Block]:
    """Return the chance that a study of n runs saw no failure."""
    luck = summary["no_failure"]
    if not summary["population"]["n_censored"]:
        return []
    at = {item["n"]: item["chance"] for item in luck["at"]}
    text = (
        f"What we hold of the original says nothing of networks that failed. In a study of 20 "
        f"runs none is seen with a probability of {format_percent(at[20], 2)}, of 100 runs with "
        f"{format_percent(at[100], 2)}"
    )
    if luck["median_runs"] is not None:
        text += (
            f"; with {format_amount(luck['median_runs'], 'run')} a study has an even chance of "
            "meeting one"
        )
    return [Paragraph(text + ". So the silence about failures says little about the size.")]
