"""What a study of n runs could have reported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.chapters.caps import describe_caps
from replication.report.chapters.law_equivalence import describe_equivalence, describe_luck
from replication.report.document import Block, Explorer, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_chance,
    format_count,
    format_decimals,
    format_exact,
    format_interval,
    format_number,
    format_odds,
    format_p,
    format_range,
    join_words,
)
from replication.report.rules import (
    SHORT,
    describe_runs,
    describe_runs_interval,
    is_skewed,
    rules_of,
)

REQUIRES = ("summary", "provenance")
FEW = 1000
"""Networks below which the reader is warned that the law is only that of a sample."""


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on the law of the reported mean."""
    summary, command = models["summary"], models["provenance"]["command"]
    rules = rules_of(summary)
    blocks: list[Block] = [
        Section(title="What could a study of n runs have reported?", anchor="law"),
    ]
    if "discard" not in rules:
        return [
            *blocks,
            Paragraph("No network converged, so there is no mean over successes to report."),
        ]
    if summary["population"]["n_converged"] == 1:
        return [
            *blocks,
            Paragraph(
                "A single network converged. It does not tell how networks differ, so nothing can "
                "be said of the means that studies would report."
            ),
        ]
    blocks += [
        *_describe_laws(summary, rules, command),
        *_describe_compatible(summary, rules, command),
    ]
    if "explorer" in models:
        blocks += _describe_explorer(models["explorer"], summary)
    return [
        *blocks,
        *_tabulate_runs(summary, rules, command),
        *describe_equivalence(summary, rules, command),
        *describe_luck(summary),
        *describe_caps(summary, command),
    ]


def _describe_laws(
    summary: Mapping[str, Any], rules: Mapping[str, Any], command: str
) -> list[Block]:
    from replication.report.figures.law import plot_mean_laws

    reported, entry = summary["reported"], rules["discard"]
    at = {item["n"]: item for item in entry["at"]}
    numbers = sorted(int(n) for n in entry["laws"])
    few, many = at[numbers[0]], at[numbers[-1]]
    mean = entry["mean"]["value"]

    def band(item: Mapping[str, Any]) -> str:
        return format_range(item["low"], item["high"], 3)

    return [
        Section(title="The law of a mean", anchor="mean-law", level=3),
        Paragraph(
            "If somebody repeats the experiment with a few networks, leaves out those that fail "
            f"and reports the mean, what will it be? With {few['n']} networks, 95 % of such means "
            f"lie between {band(few)}; with {many['n']}, between {band(many)} "
            "([](#figure-mean-laws)). The smaller the study, the wider the range"
            + (
                ", and because of the few very slow networks it reaches further up than down."
                if is_skewed(summary["population"])
                else "."
            )
            + _warn_of_few(summary)
        ),
        Figure(
            name="mean-laws",
            caption=f"**The mean of $n$ runs, for five sizes of a study.** Each row is the exact "
            f"law of the mean over $n$ networks that converged. Solid: the population mean, "
            f"{format_number(mean, 3)}. Dashed: the reported {reported['text']}. Heights are "
            "scaled row by row.",
            alt="Five rows of curves that narrow as n grows. 95 percent "
            "of the means lie "
            + join_words([f"between {band(at[n])} for n = {n}" for n in numbers])
            + f". The reported {reported['text']} is a dashed line.",
            draw=partial(plot_mean_laws, laws=entry["laws"], reported=reported, mean=mean),
            command=command,
        ),
    ]


def _warn_of_few(summary: Mapping[str, Any]) -> str:
    """Say that a law is exact for the outcomes at hand, and that few of them prove little."""
    n = summary["population"]["n_converged"]
    if n >= FEW:
        return ""
    return (
        f" All of this is exact for the {format_count(n)} outcomes that we have; what so few "
        "networks have in common by chance is in it too."
    )


def _describe_compatible(
    summary: Mapping[str, Any], rules: Mapping[str, Any], command: str
) -> list[Block]:
    from replication.report.figures.law import plot_compatible_runs

    reported, level = summary["reported"], summary["thresholds"]["significance"]
    text = reported["text"]
    at = {item["n"]: item for item in rules["discard"]["at"]}
    reach = join_words(
        [
            f"{describe_runs(e['runs'])} ({describe_runs_interval(e['runs'])}) if failures are "
            f"{SHORT[rule]}"
            for rule, e in rules.items()
        ]
    )
    return [
        Section(title="How many runs could lie behind it?", anchor="n-star", level=3),
        Paragraph(
            f"[](#figure-compatible-runs) turns the question round. Above, the band that holds "
            f"95 % of the means narrows with $n$ and leaves {text} outside in the end. Below, "
            f"$p(n)$ says how ordinary {text} would be: for 20 runs it is "
            f"{format_p(at[20]['p'])}, for 100 runs {format_p(at[100]['p'])} (dropping failures). "
            f"The largest $n$ with $p(n)$ above {format_exact(level)}, called $n^*$, is {reach}; "
            "in brackets its 95 % interval."
        ),
        Figure(
            name="compatible-runs",
            caption=f"**Which sizes of a study go with a reported {text}?** Above: the interval "
            "that holds 95 % of the means of $n$ runs, shaded for dropped failures, outlined for "
            f"the other rules. Below: $p(n)$, and $n^*$ where it falls below "
            f"{format_exact(level)} for good. Logarithmic axis of $n$. Counting at the cap "
            "makes single failures count for hundreds of updates; where studies begin to contain "
            "one, the band bulges.",
            alt=f"Two panels over the number of runs from 1 to "
            f"{format_count(summary['thresholds']['max_runs'])}. Above, prediction bands that "
            f"narrow around the population mean and pass below the reported {text}. Below, p of n "
            f"falls from {format_p(rules['discard']['curve']['p'][0])} at one run to "
            f"{format_p(at[100]['p'])} at 100 runs with failures dropped. The largest compatible "
            "n: "
            + join_words([f"{describe_runs(e['runs'])} {SHORT[rule]}" for rule, e in rules.items()])
            + ".",
            draw=partial(plot_compatible_runs, rules=rules, reported=reported, level=level),
            command=command,
        ),
        Paragraph(
            "In plain words: had the authors averaged 20 networks and dropped failures, "
            f"{format_odds(at[20]['chance'])} such studies would have printed exactly {text}, and "
            f"95 % of them a number between {format_number(at[20]['low'], 3)} and "
            f"{format_number(at[20]['high'], 3)}. "
            + (
                "Any study of that size is therefore weak evidence, for the claim and against it."
                if at[20]["p"] > level
                else f"So from a study of that size {text} would be a surprise."
            )
        ),
    ]


def _describe_explorer(explorer: Mapping[str, Any], summary: Mapping[str, Any]) -> list[Block]:
    return [
        Explorer(
            data={
                **explorer,
                "order": list(rules_of(summary)),
                "labels": SHORT,
                "mean": {rule: entry["mean"]["value"] for rule, entry in rules_of(summary).items()},
                "significance": summary["thresholds"]["significance"],
            }
        )
    ]


def _tabulate_runs(
    summary: Mapping[str, Any], rules: Mapping[str, Any], command: str
) -> list[Block]:
    rows: list[tuple[str, ...]] = []
    for rule, entry in rules.items():
        rows += [
            (
                SHORT[rule],
                format_count(item["n"]),
                format_interval(item["low"], item["high"], 3),
                format_p(item["p"]),
                format_chance(item["chance"]),
            )
            for item in entry["at"]
        ]
    text = summary["reported"]["text"]
    return [
        Table(
            name="runs",
            caption=f"**What studies of $n$ runs report.** By what is done with a network that "
            f"never gets there: the interval that holds 95 % of the means, $p(n)$ for the "
            f"reported {text}, and the chance that the rounded mean is exactly {text}.",
            header=("Failures are", "n", "95 % of means lie in", "p(n)", f"prints {text}"),
            rows=tuple(rows),
            align="lrrrr",
            command=command,
        ),
        *_describe_trials(rules),
    ]


def _describe_trials(rules: Mapping[str, Any]) -> list[Block]:
    """Say how often such prediction intervals held in trials, where that was measured."""
    measured = [
        item["coverage"]["measured"]
        for entry in rules.values()
        for item in entry["at"]
        if item["coverage"] is not None and item["coverage"]["measured"] is not None
    ]
    if not measured:
        return []
    low, high = (format_decimals(100 * end, 1) for end in (min(measured), max(measured)))
    held = low if low == high else f"{low} to {high}"
    return [
        Paragraph(
            "In trials, intervals made in this way from studies of about this size held the mean "
            f"of further runs in {held} % of cases; for numbers of runs above a twentieth "
            "of the networks this was not measured."
        )
    ]
