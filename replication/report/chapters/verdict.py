"""The verdict: claim, finding, certainty, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.analysis.settings_verdict import judge_settings
from replication.analysis.verdict import NOT_TESTABLE
from replication.claims import load_claims
from replication.report.document import Block, Box, Bullets, Figure, Paragraph, Section, Table
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
        Paragraph(f"**The claim.** {claim.statement} ({_capital(claim.source)}.)")
    ]
    if verdict["verdict"] == NOT_TESTABLE:
        parts.append(Paragraph(f"**Why not testable.** {escape_inline(verdict['reason'])}"))
    if "discard" in rules:
        parts += [
            Paragraph(f"**What we found.** {_describe_finding(summary, rules)}"),
            Paragraph(f"**How sure.** {_describe_certainty(summary, rules)}"),
            Paragraph(f"**What speaks against it.** {_describe_doubt(summary, rules)}"),
        ]
    else:
        parts.append(Paragraph(f"**What we found.** {_describe_failure(summary)}"))
    parts.append(Paragraph("**What would change it.**"))
    parts.append(Bullets(tuple(escape_inline(text) for text in verdict["would_change"])))
    blocks: list[Block] = [
        Section(title="The verdict", anchor="verdict"),
        *_describe_differences(summary),
        Box(title=f"{_capital(verdict['settled'])}", blocks=tuple(parts)),
    ]
    if "discard" in rules:
        blocks.append(_make_figure(models, rules))
    return [*blocks, *_tabulate_claims(models)]


def _tabulate_claims(models: Mapping[str, Any]) -> list[Block]:
    """List every claim of the ledger that these models judge, with the number that decided."""
    summary, ledger = models["summary"], load_claims()
    mean, settings = summary["verdict"], ledger["settings"]
    text = summary["reported"]["text"]
    judged = [
        (f"[A mean of {text} updates](#law)", mean | {"verdict": mean["settled"]}),
        (f"[{settings.title}](#study)", judge_settings(summary, settings.thresholds).to_plain()),
    ]
    if "claims" in models:
        judged += [
            (f"[{entry['claim']['title']}](#{name})", entry["verdict"])
            for name, entry in models["claims"]["claims"].items()
        ]
    rows = []
    for title, verdict in judged:
        numbers = verdict["numbers"]
        number = next((item for item in numbers if not item["holds"]), (numbers or [None])[0])
        rows.append((title, _capital(verdict["verdict"]), *_describe_number(number)))
    return [
        Paragraph(
            "The abstract makes more claims than this one; [](#table-all-claims) gives the "
            "verdict on each."
            if "claims" in models
            else "[](#table-all-claims) gives the verdict on this and on the reported settings."
        ),
        Table(
            name="all-claims",
            caption="**Every claim and its verdict**, each with the number that weighed most: the "
            "first that missed what the rule of the claim asks for, or else the first of all.",
            header=("Claim", "Verdict", "Number", "Found", "Asked"),
            rows=tuple(rows),
            align="lllrr",
            command=models["provenance"]["command"],
        ),
    ]


def _describe_number(number: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if number is None:
        return "none", "nothing", "nothing"
    found = "not defined" if number["value"] is None else format_number(number["value"], 3)
    words = escape_inline(number["name"])
    return words, found, f"{number['relation']} {format_exact(number['threshold'])}"


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
    population = summary["population"]
    return (
        f"We simulated {format_amount(population['n_networks'], 'network')}; none got there "
        f"within {format_amount(population['cap'], 'update')}."
    )


def _describe_finding(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    population, reported = summary["population"], summary["reported"]["text"]
    margin = rules["discard"]["equivalence"]["margin"]
    near = [SHORT[rule] for rule in rules if rules[rule]["equivalence"]["is_equivalent"]]
    where = {0: "none of these agrees", len(rules): "all of these agree"}.get(
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
        told = f"The mean depends on what one does with those that did not: it is {means}."
    else:
        told = f"The mean is {format_number(single, 3)}, whatever one does with failures."
        where = f"it {'agrees' if len(near) == len(rules) else 'is not shown to agree'}"
    return (
        f"We simulated {format_amount(population['n_networks'], 'network')}. "
        f"{format_percent(population['converged']['value'], 2)} of them got there within "
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
    repetitions = summary["repetitions"]
    mean = rules["discard"]["mean"]
    text = (
        f"{_describe_closeness(mean)}: the 95 % interval of the one with failures dropped is "
        f"{format_interval(mean['low'], mean['high'], 3)}. "
        "The intervals of the largest compatible number of runs are "
        + join_words(
            [
                f"{describe_runs_interval(entry['runs'])} ({SHORT[rule]})"
                for rule, entry in rules.items()
            ]
        )
        + "."
        + describe_distrust(rules)
    )
    if repetitions:
        verdict = summary["verdict"]["verdict"]
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
    side = "above" if value > found else "below"
    agree = all((entry["mean"]["value"] - value) * (found - value) > 0 for entry in rules.values())
    whose = (
        "the population under every rule that we tried" if agree else "the networks that got there"
    )
    return (
        f"The reported number lies {side} the mean of {whose}, so {reported} takes some luck, or "
        f"another way of counting: {format_odds(at[20][side])} studies of 20 networks would have "
        f"printed {reported} or something further {side}. {unknown}"
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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
