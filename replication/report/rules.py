"""What the three rules for networks that never converge are called in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RULES = ("discard", "cap", "restart")
SHORT = {
    "discard": "dropped",
    "cap": "counted at the cap",
    "restart": "started again",
}
"""Completes "a network that does not get there is ..."."""


def rules_of(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the rules under which the study has a mean, by name, in fixed order."""
    return {rule: summary["rules"][rule] for rule in RULES if summary["rules"][rule] is not None}


def describe_distrust(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which intervals this study is too small for, as measured; "" if it is for none."""
    sentences = []
    for rule, entry in rules.items():
        for name, coverage in (
            ("the mean", entry["mean"]["coverage"]),
            ("the largest compatible number of runs", entry["runs"]["coverage"]),
        ):
            if coverage is not None and not coverage["trusted"]:
                sentences.append(f" The interval of {name} ({SHORT[rule]}) {coverage['words']}.")
    return "".join(sentences)


def describe_runs(runs: Mapping[str, Any]) -> str:
    """Write n*: "429", "5000 or more", or "none"."""
    from replication.report.numbers import format_count

    if not runs["n_star"]:
        return "none"
    return format_count(runs["n_star"]) + (" or more" if runs["is_open"] else "")


def describe_runs_interval(runs: Mapping[str, Any]) -> str:
    """Write the interval of n*, an open end as "5000 or more"."""
    from replication.report.numbers import format_count

    high = format_count(runs["high"]) + (" or more" if runs["high_is_open"] else "")
    return high if runs["low_is_open"] else f"{format_count(runs['low'])} to {high}"
