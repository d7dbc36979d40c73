"""The study in plain words, for a reader without statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.analysis.verdict import QUALIFIED
from replication.report.choices import name_sizes
from replication.report.document import Block, Paragraph, Section
from replication.report.numbers import (
    format_amount,
    format_count,
    format_number,
    format_odds,
    format_percent,
    join_words,
)
from replication.report.rules import find_one_mean, is_skewed, leaves_runs_open, rules_of

REQUIRES = ("summary",)
NUMBERS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    11: "eleven",
    12: "twelve",
}


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter, without any term of statistics."""
    summary = models["summary"]
    rules = rules_of(summary)
    blocks: list[Block] = [
        Section(title="In plain words", anchor="plain-words"),
        Paragraph(
            f"{_describe_task(summary['study']['protocol'])} "
            f"{_describe_learning(summary['study']['protocol'])} One such change of all "
            "connections is an *update*; the question is how many updates it takes until the copy "
            "is good."
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
            Paragraph(_describe_failure(summary))
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


def _describe_failure(summary: Mapping[str, Any]) -> str:
    population, tail = summary["population"], summary["tail"]
    n = population["n_networks"]
    text = (
        f"We let {_count_such(n)} learn on a computer, and "
        f"{'none' if n > 1 else 'it never'} got there within "
        f"{format_amount(population['cap'], 'update')}: there is no average over successes, and "
        "nothing to hold the number against."
    )
    if tail is None or not tail["merely_slow"]["value"]:
        return text
    late = tail["merely_slow"]["value"]
    who = "it" if n == 1 else "all of them" if late == 1 else f"{format_percent(late, 2)} of them"
    return (
        f"{text} Given up to {format_count(tail['end'])} updates, {who} did get there: we had "
        "stopped too early."
    )


def _count_such(n: int) -> str:
    return "one such network" if n == 1 else format_amount(n, "such network")


def _describe_task(protocol: Mapping[str, Any]) -> str:
    """Say what the network has to do, with lamps and wires where that picture fits."""
    sizes = protocol["group_sizes"]
    small = all(size in NUMBERS for size in sizes)
    if protocol["patterns"] != "one-hot" or len(sizes) != 2 or sizes[1] >= sizes[0] or not small:
        return (
            f"Imagine a network of {name_sizes(protocol)} units: it sees a pattern on its "
            f"{sizes[0]} visible units, passes on what it saw through the others, and must then "
            "bring forth the same pattern again."
        )
    wires = NUMBERS[sizes[1]] + (" wire" if sizes[1] == 1 else " wires")
    return (
        f"Imagine {NUMBERS[sizes[0]]} lamps, of which exactly one is lit. A tiny network looks at "
        f"them, may pass on what it saw through only {wires}, and must then light the same lamp "
        "again."
    )


def _describe_learning(protocol: Mapping[str, Any]) -> str:
    if protocol["learning_rule"] != "recirculation":
        return (
            "It starts with connections of random strength and learns by trial, by "
            f"*{protocol['learning_rule']}*: after each trial every connection changes a little."
        )
    return (
        "It starts with connections of random strength and learns by trial: it sends its own "
        "imperfect copy round once more, compares what the two rounds did to each unit, and "
        "changes every connection a little. That procedure, proposed in 1988, is called "
        "*recirculation*."
    )


def _describe_population(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    population = summary["population"]
    median = population["quantiles"][2]["value"]
    fastest, slowest = population["fastest"], population["slowest"]
    mean = format_number(rules["discard"]["mean"]["value"], 3)
    n = population["n_networks"]
    text = f"We let {_count_such(n)} learn on a computer. "
    if median is not None and n > 1:
        text += f"Half of them needed {format_amount(median, 'update')} or fewer. "
    if fastest == slowest:
        who = "It" if n == 1 else "Each that got there"
        text += f"{who} needed {format_amount(fastest, 'update')}. "
    else:
        text += (
            f"Among those that got there the fastest needed {format_count(fastest)} and the "
            f"slowest {format_count(slowest)}"
        )
        text += (
            ": most are quick, a few are very slow, and the slow ones pull the average up to "
            f"{mean}. "
            if is_skewed(population)
            else f"; the average is {mean}. "
        )
    if population["n_censored"]:
        return text + (
            f"And {format_count(population['n_censored'])} "
            f"({format_percent(population['failed']['value'], 2)}) had not got there after "
            f"{format_amount(population['cap'], 'update')}. Whether one leaves them out, counts "
            "them with the number at which one lost patience, or lets them start again from "
            "scratch, changes the average. There is not one right average; there are three."
        )
    if find_one_mean(rules) is None:
        return text + (
            "All of them got there; but if one had lost patience with the slow ones and let them "
            "start again from scratch, the average would be another."
        )
    if n == 1:
        return text + "One network says next to nothing about others."
    return text + (
        "All of them got there, so it does not matter here what one would do with a network that "
        "never does."
    )


def _describe_answer(summary: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    reported, value = summary["reported"]["text"], summary["reported"]["value"]
    found = rules["discard"]["mean"]["value"]
    at = {entry["n"]: entry for entry in rules["discard"]["at"]}
    tail = at[20]["above" if value > found else "below"]
    word = "more" if value > found else "less"
    compared = f"{word} than" if value != found else "the same as"
    runs = rules["discard"]["runs"]
    text = f"So is {reported} right? It is {compared} our {format_number(found, 3)}. "
    if leaves_runs_open(runs):
        return f"{text}But so few networks cannot tell: that of others may be far from it."
    if not runs["n_star"]:
        return (
            f"{text}An average of a few networks is a matter of luck, but not that much: "
            f"{reported} would be a surprise for a study of any size."
        )
    text += (
        "But an average of a few networks is a matter of luck: if many people had each tried 20 "
        f"networks and left out those that failed, {format_odds(tail)} of them would have found "
        f"{reported} or {word}. "
    )
    text += (
        f"Up to {format_amount(runs['n_star'], 'network')}, {reported} would not have been a "
        "surprise; "
    )
    if runs["is_open"]:
        return text + "larger studies we did not look at."
    text += "for a much larger study it would."
    if summary["verdict"]["verdict"] == QUALIFIED:
        text += (
            " A number that fits a small study and not a large one is neither wrong nor "
            "confirmed: that is why the verdict is worded as it is."
        )
    return text
