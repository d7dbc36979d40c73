"""What the three rules for networks that never converge are called in the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RULES = ("discard", "cap", "restart")
SHORT = {
    "discard": "dropped",
    "cap": "counted at the cap",
    "restart": "started again",
}
"""Completes "a network that does not get there is ..."."""


_NAMES = "(?:discard|cap|restart)"
_UNDER = re.compile(rf"\b(under(?: the rule)?|rule) ({_NAMES}(?:(?:, | and ){_NAMES})*)")


def name_rules(text: str) -> str:
    """Call the rules in a sentence of a verdict what the report calls them.

    Examples
    --------
    >>> name_rules("outside under discard and restart, inside under cap (rule cap)")
    'outside under “dropped” and “started again”, inside under “counted at the cap” \
(rule “counted at the cap”)'
    """

    def quote(found: re.Match[str]) -> str:
        return f"{found[1]} " + re.sub(_NAMES, lambda rule: f"“{SHORT[rule[0]]}”", found[2])

    return _UNDER.sub(quote, text)


def rules_of(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the rules under which the study has a mean, by name, in fixed order."""
    return {rule: summary["rules"][rule] for rule in RULES if summary["rules"][rule] is not None}


HANDFUL = 5
"""Runs; an interval of n* from below this to beyond all that were tried leaves all open."""
SKEWED = 0.5
"""Skewness from which a distribution is said to have a long tail to the right."""


def is_skewed(population: Mapping[str, Any]) -> bool:
    """Whether the updates of the converged networks have a long tail to the right."""
    return population["skewness"] is not None and population["skewness"] >= SKEWED


def find_one_mean(rules: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Return the mean if it is the same under every rule, None if the rules make a difference."""
    values = {entry["mean"]["value"] for entry in rules.values()}
    return values.pop() if len(values) == 1 else None


def describe_reach(rules: Mapping[str, Mapping[str, Any]], text: str) -> str:
    """Say which studies could well have reported `text`, as a main clause.

    "48 is what a study of up to 429 networks (dropped) could well have
    reported", with the rules under which no study could, named apart.
    """
    from replication.report.numbers import join_words

    can = [rule for rule, entry in rules.items() if entry["runs"]["n_star"]]
    if all(leaves_runs_open(entry["runs"]) for entry in rules.values()):
        return f"these networks are too few to say which studies could have reported {text}"
    if not can:
        return f"{text} would be a surprise from a study of any size"
    sizes = [describe_runs(rules[rule]["runs"]) for rule in can]
    noun = "network" if sizes[0] == "1" else "networks"
    listed = [f"{size} ({SHORT[rule]})" for size, rule in zip(sizes, can, strict=True)]
    listed[0] = f"{sizes[0]} {noun} ({SHORT[can[0]]})"
    none = [SHORT[rule] for rule in rules if rule not in can]
    rest = f", and of no size if failures are {join_words(none)}" if none else ""
    return f"{text} is what a study of up to {join_words(listed)} could well have reported{rest}"


def leaves_runs_open(runs: Mapping[str, Any]) -> bool:
    """Whether the interval of n* reaches from a handful of runs to more than were tried."""
    return bool(runs["low"] < HANDFUL and not runs["low_is_open"] and runs["high_is_open"])


def describe_distrust(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which intervals this study is too small for, as measured; "" if it is for none."""
    from replication.report.numbers import join_words

    distrusted: dict[str, list[str]] = {}
    for rule, entry in rules.items():
        for name, coverage in (
            ("the mean", entry["mean"]["coverage"]),
            ("the largest such study", entry["runs"]["coverage"]),
        ):
            if coverage is not None and not coverage["trusted"]:
                distrusted.setdefault(coverage["words"], []).append(f"{name} ({SHORT[rule]})")
    if [len(names) for names in distrusted.values()] == [2 * len(rules)]:
        return f" Each of these intervals {next(iter(distrusted))}."
    return "".join(
        f" The interval of {names[0]} {words}."
        if len(names) == 1
        else f" Each of the intervals of {join_words(names)} {words}."
        for words, names in distrusted.items()
    )


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
