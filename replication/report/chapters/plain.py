"""The study in plain words, for a reader without statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.report.document import Block, Paragraph, Section
from replication.report.numbers import (
    format_count,
    format_number,
    format_odds,
    format_percent,
    join_words,
)
from replication.report.rules import describe_runs, rules_of

REQUIRES = ("summary",)


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter, without any term of statistics."""
    summary = models["summary"]
    rules = rules_of(summary)
    blocks: list[Block] = [
        Section(title="In plain words", anchor="plain-words"),
        Paragraph(
            "Imagine four lamps, of which exactly one is lit. A tiny network looks at them, may "
            "pass on what it saw through only two wires, and must then light the same lamp again "
            "on a second row. It starts with connections of random strength and learns by trial: "
            "it sends its own imperfect copy round once more, compares what the two rounds did to "
            "each unit, and changes every connection a little. That procedure, proposed in 1988, "
            "is called *recirculation*. One such change of all connections is an *update*; the "
            "question is how many updates it takes until the copy is good."
        ),
        Paragraph(
            f"The paper's number, as a later replication reports it, is "
            f"{summary['reported']['text']} on average. What we do not know is how many networks "
            "were tried for that average, and what was done with a network that never learnt. "
            "It may have been a handful or hundreds."
        ),
    ]
    if "discard" not in rules:
        blocks.append(
            Paragraph("We tried it on a computer, and no network got there: there is no average.")
        )
        return blocks
    blocks.append(Paragraph(_describe_population(summary, rules)))
    blocks.append(Paragraph(_describe_answer(summary, rules)))
    if "traces" in models:
        blocks.append(
            Paragraph(
                "To watch one network learn, see [](#figure-reconstructions); for how long they "
                "all take, see [](#figure-distribution)."
            )
        )
    others = [
        text
        for model, text in (
            ("multiverse", "other ways to fill in what the paper leaves open ([](#multiverse))"),
            ("map", "other settings of the procedure ([](#map))"),
            ("claims", "the other claims of the paper's abstract ([](#claims))"),
        )
        if model in models
    ]
    if others:
        blocks.append(Paragraph(f"We also tried {join_words(others)}."))
    return blocks


def _describe_population(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    population = summary["population"]
    median = population["quantiles"][2]["value"]
    text = f"We let {format_count(population['n_networks'])} such networks learn on a computer. "
    if median is not None:
        text += f"Half of them needed {format_count(median)} updates or fewer. "
    text += (
        f"Among those that got there the fastest needed {format_count(population['fastest'])} and "
        f"the slowest {format_count(population['slowest'])}: most are quick, a few are very slow, "
        "and the slow ones pull the average up to "
        f"{format_number(rules['discard']['mean']['value'], 3)}. "
    )
    if population["n_censored"]:
        return text + (
            f"And {format_count(population['n_censored'])} "
            f"({format_percent(population['failed']['value'], 2)}) had not got there after "
            f"{format_count(population['cap'])} updates. Whether one leaves them out, counts them "
            "with the number at which one lost patience, or lets them start again from scratch, "
            "changes the average. There is not one right average; there are three."
        )
    return text + (
        "All of them got there, so it does not matter here what one would do with a network that "
        "never does."
    )


def _describe_answer(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    reported = summary["reported"]["text"]
    found = rules["discard"]["mean"]["value"]
    higher = summary["reported"]["value"] > found
    at = {entry["n"]: entry for entry in rules["discard"]["at"]}
    tail = at[20]["above" if higher else "below"]
    word = "more" if higher else "less"
    runs = rules["discard"]["runs"]
    text = (
        f"So is {reported} right? It is {'more' if higher else 'less'} than our "
        f"{format_number(found, 3)}. But an average of a few networks is a matter of luck: if many "
        f"people had each tried 20 networks and left out those that failed, {format_odds(tail)} of "
        f"them would have found {reported} or {word}. "
    )
    if not runs["n_star"]:
        return text + f"Even so, {reported} would be a surprise for a study of any size."
    return text + (
        f"Up to {describe_runs(runs)} networks, {reported} would not have been a surprise; for a "
        "much larger study it would. A number that fits a small study and not a large one is "
        "neither wrong nor confirmed: that is why the verdict is worded as it is."
    )
