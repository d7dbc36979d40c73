"""The verdict: claim, finding, certainty, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.analysis.verdict import NOT_TESTABLE
from replication.claims import load_claims
from replication.report.chapters.claims_box import capitalise
from replication.report.chapters.verdict_table import tabulate_claims
from replication.report.document import Block, Box, Bullets, Figure, Paragraph, Section
from replication.report.inline import escape_inline
from replication.report.numbers import (
    format_amount,
    format_count,
    format_estimate,
    format_exact,
    format_interval,
    format_number,
    format_odds,
    format_percent,
    join_words,
)
from replication.report.rules import (
    SHORT,
    describe_distrust,
    describe_reach,
    describe_runs,
    describe_runs_interval,
    find_one_mean,
    leaves_runs_open,
    name_rules,
    rules_of,
)

REQUIRES = ("summary", "provenance")
CLOSE, ROUGH = 0.05, 0.25
"""Widths of an interval, as shares of the mean, up to which it is called close, and rough."""


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the verdict box and its figure."""
    summary = models["summary"]
    rules = rules_of(summary)
    verdict = summary["verdict"]
    claim = load_claims()["mean-48"]
    parts: list[Block] = [
        Paragraph(f"**The claim.** {claim.statement} ({capitalise(claim.source)}.)")
    ]
    if verdict["verdict"] == NOT_TESTABLE:
        reason = escape_inline(name_rules(verdict["reason"]))
        parts.append(Paragraph(f"**Why not testable.** {reason}"))
    if "discard" in rules:
        parts += [
            Paragraph(f"**What we found.** {_describe_finding(summary, rules)}"),
            Paragraph(f"**How sure.** {_describe_certainty(summary, rules)}"),
            Paragraph(f"**What speaks against it.** {_describe_doubt(summary, rules)}"),
        ]
    else:
        parts.append(Paragraph(f"**What we found.** {_describe_failure(summary)}"))
    parts.append(Paragraph("**What would change it.**"))
    parts.append(
        Bullets(tuple(escape_inline(name_rules(text)) for text in verdict["would_change"]))
    )
    blocks: list[Block] = [
        Section(title="The verdict", anchor="verdict"),
        *_describe_differences(summary),
        Box(title=f"{capitalise(verdict['settled'])}", blocks=tuple(parts)),
    ]
    if "discard" in rules:
        blocks.append(_make_figure(models, rules))
    return [*blocks, *tabulate_claims(models)]


def _describe_differences(summary: Mapping[str, Any]) -> list[Block]:
    differences = summary["study"].get("differences", {})
    if not differences:
        return []
    listed = join_words([f"`{name}` = `{value}`" for name, value in differences.items()])
    return [
        Paragraph(
            f"This study differs from our base reading in {listed}. What follows says what the "
            "reported number looks like from there."
        )
    ]


def _describe_failure(summary: Mapping[str, Any]) -> str:
    population, tail = summary["population"], summary["tail"]
    text = (
        f"We simulated {format_amount(population['n_networks'], 'network')}; none got there "
        f"within {format_amount(population['cap'], 'update')}."
    )
    if tail is None or not tail["merely_slow"]["value"]:
        return text
    late = tail["merely_slow"]["value"]
    who = "it" if tail["n"] == 1 else "all" if late == 1 else format_percent(late, 2)
    return f"{text} Run on to {format_count(tail['end'])}, {who} did."


def _describe_finding(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    population, reported = summary["population"], summary["reported"]["text"]
    margin = rules["discard"]["equivalence"]["margin"]
    near = [SHORT[rule] for rule in rules if rules[rule]["equivalence"]["is_equivalent"]]
    where = {0: "none of these is shown to agree", len(rules): "all of these agree"}.get(
        len(near), f"only the mean with such networks {join_words(near)} agrees"
    )
    single = find_one_mean(rules)
    if single is None:
        means = join_words(
            [
                f"{format_number(entry['mean']['value'], 3)} if they are {SHORT[rule]}"
                for rule, entry in rules.items()
            ]
        )
        told = (
            "The mean depends on what one does with those that did not"
            if population["n_censored"]
            else "The mean depends a little on what one would do with slow ones"
        )
        told += f": it is {means}."
    else:
        told = f"The mean is {format_number(single, 3)}, whatever one does with failures."
        where = f"it {'agrees' if len(near) == len(rules) else 'is not shown to agree'}"
    n, share = population["n_networks"], population["converged"]["value"]
    who = f"{format_percent(share, 2)} of them" if share < 1 else "All of them" if n > 1 else "It"
    return (
        f"We simulated {format_amount(n, 'network')}. {who} got there within "
        f"{format_amount(population['cap'], 'update')}. {told} Counting a difference of less than "
        f"{format_exact(margin)} updates ({_describe_margin(summary)}) as none, {where} with "
        f"{reported}. A mean over few networks varies, though: "
        f"{describe_reach(rules, reported)}. *Replicated* would ask for "
        "agreement under every rule; *with qualification* asks for "
        f"{format_count(summary['thresholds']['min_n_star'])} networks or more under one of them."
    )


def _describe_closeness(mean: Mapping[str, Any]) -> str:
    """Say how closely the mean is known, by the width of its interval."""
    if mean["low"] is None or mean["high"] is None:
        return "Our own means are hardly known"
    width = mean["high"] - mean["low"]
    if width <= CLOSE * mean["value"]:
        return "Our own means are known closely"
    if width <= ROUGH * mean["value"]:
        return "Our own means are known roughly"
    return "Our own means are hardly known"


def _describe_certainty(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    repetitions, verdict = summary["repetitions"], summary["verdict"]["verdict"]
    mean = rules["discard"]["mean"]
    text = (
        f"{_describe_closeness(mean)}: the 95 % interval of the one with failures dropped, a range "
        "made to hold the true value in 95 of 100 such studies, is "
        f"{format_interval(mean['low'], mean['high'], 3)}. "
        f"For the size of the largest study that could have reported "
        f"{summary['reported']['text']}, the intervals are "
        + join_words(
            [
                f"{describe_runs_interval(entry['runs'])} ({SHORT[rule]})"
                for rule, entry in rules.items()
            ]
        )
        + "."
        + describe_distrust(rules)
    )
    if verdict != NOT_TESTABLE:  # there the reason says it
        doubts = map(name_rules, summary["verdict"]["doubts"])
        text += "".join(f" {escape_inline(doubt)}" for doubt in doubts)
    if repetitions:
        same = sum(other["verdict"] == verdict for other in repetitions)
        text += (
            f" The same study with {len(repetitions)} other sets of random starting weights "
            f"gave the same verdict {same} times out of {len(repetitions)}."
        )
        if summary["verdict"]["settled"] != verdict:
            text += " Because they disagree, the verdict is called unsettled."
    return text


def _describe_doubt(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    reported = summary["reported"]["text"]
    at = {entry["n"]: entry for entry in rules["discard"]["at"]}
    value, found = summary["reported"]["value"], rules["discard"]["mean"]["value"]
    unknown = (
        "How many runs were averaged in 1988, how they were chosen and what was done with "
        "failures is not known. If failures were dropped, "
        f"{_describe_refutation(rules['discard']['runs'])}"
    )
    if value == found:
        return f"The reported number is the very mean of the networks that got there. {unknown}"
    if leaves_runs_open(rules["discard"]["runs"]):
        return (
            "So few networks say next to nothing about others: neither that the number fits nor "
            "that it does not."
        )
    side = "above" if value > found else "below"
    agree = all((entry["mean"]["value"] - value) * (found - value) > 0 for entry in rules.values())
    fits = any(entry["runs"]["n_star"] for entry in rules.values())
    luck = "some luck, or another way of counting" if fits else "more than luck"
    whose = "our mean under each of the three rules" if agree else "the mean with failures dropped"
    return (
        f"The reported number lies {side} {whose}, so {reported} takes {luck}: "
        f"{format_odds(at[20][side])} studies of 20 networks that dropped failures would have "
        f"printed {reported} or {'more' if side == 'above' else 'less'}. {unknown}"
    )


def _describe_margin(summary: Mapping[str, Any]) -> str:
    percent = format_exact(summary["thresholds"]["margin_percent"])
    return f"{percent} % of {summary['reported']['text']}"


def _describe_refutation(runs: Mapping[str, Any]) -> str:
    if not runs["n_star"]:
        return "the number fits a study of no size."
    if runs["is_open"]:
        return "no number of runs that we tried would count against the claim."
    reach = format_amount(runs["n_star"], "run")
    return f"a mean over more than {reach} would count against the claim."


def _make_figure(models: Mapping[str, Any], rules: Mapping[str, Any]) -> Figure:
    from replication.report.figures.law import plot_verdict

    summary = models["summary"]
    reported = summary["reported"]
    margin = rules["discard"]["equivalence"]["margin"]
    least = int(summary["thresholds"]["min_n_star"])
    means = join_words(
        [f"{format_estimate(entry['mean'], 3)} {SHORT[rule]}" for rule, entry in rules.items()]
    )
    runs = join_words(
        [f"{describe_runs(entry['runs'])} {SHORT[rule]}" for rule, entry in rules.items()]
    )
    return Figure(
        name="verdict",
        caption="**The two questions behind the verdict.** Above: the mean number of updates of "
        "the whole population, with its 95 % interval, for three ways to treat a network that "
        f"never gets there; shaded is what would count as the same as {reported['text']}. Below: "
        "the largest number of runs that a study may have averaged if its mean was to come out as "
        f"{reported['text']} without being a surprise (logarithmic axis).",
        alt=f"Upper panel, population means with 95 % intervals: {means}; the reported "
        f"{reported['text']} is a dashed line in a shaded band of plus or minus "
        f"{format_exact(margin)}. Lower panel, bars of the largest compatible number of runs: "
        f"{runs}; the verdict asks for at least {least}.",
        draw=partial(
            plot_verdict,
            rules=rules,
            reported=reported,
            margin=margin,
            least=least,
            max_runs=int(summary["thresholds"]["max_runs"]),
        ),
        command=models["provenance"]["command"],
    )
