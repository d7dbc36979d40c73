"""The part of the multiverse chapter on the posterior; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.choices import (
    describe_reading,
    name_field,
    name_question,
    name_value,
)
from replication.report.document import Block, Bullets, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_interval,
    format_number,
    format_percent,
    join_words,
)
from replication.report.rules import RULES, SHORT

N_SHOWN = 10
CLEAR_SHIFT = 0.1
"""A posterior this far from the prior is named in the text."""


def describe_posterior(model: Mapping[str, Any], command: str) -> list[Block]:
    """Return what the reported number says about the readings."""
    posterior = model["posterior"]
    text = model["reported"]["text"]
    heading = Section(
        title=f"What does {text} say about the readings?", anchor="posterior", level=3
    )
    if posterior["base"]["posterior"] is None:
        return [
            heading,
            Paragraph(f"No reading gives a study of any size a chance to print {text}."),
        ]
    main = posterior["priors"][posterior["main_prior"]]
    runs = posterior["runs"]["n"]
    return [
        heading,
        Paragraph(
            "Turn the question round: if one of these readings is what was done, which? Each "
            "combination of a reading, a rule for failures and a way to count is taken to be "
            f"equally likely beforehand ({format_count(posterior['n_cells'])} in all), and the "
            f"number of runs to be between {format_count(runs[0])} and {format_count(runs[-1])} "
            "with a probability proportional to 1/n. By Bayes' rule, each is then as probable as "
            f"the chance that it prints {text}. Averaged over everything, that chance is "
            f"{format_percent(main['evidence']['value'])}. {_say_shifts(model, main)}"
        ),
        _draw_posterior(model, main, command),
        *_describe_base(model),
        _tabulate_first(model, command),
        *_describe_priors(model, command),
        *_describe_questions(model),
    ]


def _say_shifts(model: Mapping[str, Any], main: Mapping[str, Any]) -> str:
    """Name the values that the number speaks for or against, beyond their Monte Carlo error."""
    shifted, unmoved = [], []
    for choice, found in zip(model["choices"], main["choices"], strict=True):
        share = 1 / len(choice["values"])
        moves = [
            (value, p, error)
            for value, p, error in zip(
                choice["values"], found["posterior"], found["error"], strict=True
            )
            if abs(p - share) > CLEAR_SHIFT and abs(p - share) > 3 * error
        ]
        if not moves:
            unmoved.append(name_field(choice["field"]))
            continue
        value, p, _ = max(moves, key=lambda move: move[1])
        shifted.append(
            f"“{name_field(choice['field'])}: {name_value(choice['field'], value)}” "
            f"({format_percent(p)} after {format_percent(share)})"
        )
    text = model["reported"]["text"]
    said = f"{text} speaks for {join_words(shifted)}." if shifted else ""
    if unmoved:
        said += f" About {join_words(unmoved)} it says little."
    return said.strip()


def _draw_posterior(model: Mapping[str, Any], main: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.multiverse import plot_posterior

    posterior = model["posterior"]
    told = [
        f"{name_field(choice['field'])}: "
        + join_words(
            [
                f"{name_value(choice['field'], value)} {format_percent(p)}"
                for value, p in zip(choice["values"], found["posterior"], strict=True)
            ]
        )
        for choice, found in zip(model["choices"], main["choices"], strict=True)
    ]
    return Figure(
        name="posterior",
        caption=f"**How probable each choice is, given {model['reported']['text']}.** Diamonds: "
        "with a prior of n proportional to 1/n (the Monte Carlo error, two standard errors, is "
        "mostly hidden by them). Dots: with the other priors of [](#table-priors). Grey: before "
        "the data.",
        alt="One row of dots for each value of each choice, at its posterior probability. "
        + "; ".join(told)
        + ".",
        draw=partial(
            plot_posterior,
            choices=model["choices"],
            priors=posterior["priors"],
            main=posterior["main_prior"],
            rules=[(rule, SHORT[rule]) for rule in RULES],
            ways=model["ways_to_count"],
        ),
        command=command,
    )


def _describe_base(model: Mapping[str, Any]) -> list[Block]:
    base, held = model["posterior"]["base"], model["posterior"]["credible_set"]
    n_others = model["n_readings"] - 1
    text = (
        f"The base reading has a posterior of {format_percent(base['posterior'])} (standard error "
        f"{format_percent(base['error'])}), {format_number(base['times_prior'], 2)} times what it "
        f"had before. Beyond the Monte Carlo error, {format_count(base['n_more'])} of the "
        f"{format_count(n_others)} other readings are more probable, "
        f"{format_count(base['n_less'])} less; for {format_count(base['n_undecided'])} the error "
        f"does not tell. It {'belongs' if held['holds_base'] else 'does not belong'} to the "
        f"{format_count(held['most'])} readings that together hold 95 % of the posterior; "
        f"{format_count(held['half'])} hold half of it."
    )
    verdict = (
        " So it is one of many that go with the number, and not among the most probable ones."
        if base["n_more"]
        else " No reading is more probable beyond the Monte Carlo error."
    )
    return [Paragraph(text + verdict)]


def _tabulate_first(model: Mapping[str, Any], command: str) -> Table:
    readings, held = model["readings"], model["posterior"]["credible_set"]
    shown = list(held["first"][:N_SHOWN])
    tied = model["posterior"]["base"]["n_tied_for_first"]
    if model["base"] not in shown:
        shown.append(model["base"])
    rows = []
    for i in shown:
        mean = readings["mean_discard"][i]
        rows.append(
            (
                describe_reading(model["choices"], model["levels"][i]),
                format_percent(readings["posterior"][i]),
                format_percent(readings["posterior_error"][i], 1),
                "undefined" if mean is None else format_number(mean, 3),
                "undefined"
                if mean is None
                else format_interval(
                    readings["mean_discard_low"][i], readings["mean_discard_high"][i], 3
                ),
            )
        )
    return Table(
        name="probable-readings",
        caption="**The readings that come out first, and the base reading.** How each differs "
        "from the base reading; its posterior with standard error; its mean over the networks that "
        "converge with its 95 % interval. The order is that of the estimates: the Monte Carlo "
        f"error does not tell the first from {format_count(tied - 1)} others.",
        header=("Reading", "Posterior", "Error", "Mean", "95 % interval"),
        rows=tuple(rows),
        align="lrrrr",
        command=command,
    )


def _describe_priors(model: Mapping[str, Any], command: str) -> list[Block]:
    main, text = model["posterior"]["main_prior"], model["reported"]["text"]
    found = model["posterior"]["priors"]
    priors = {name: found[name] for name in [main, *sorted(set(found) - {main})]}
    closes, bases = (
        [entry[name]["value"] for entry in priors.values() if entry[name]["value"] is not None]
        for name in ("close", "base")
    )
    margin = f"{format_number(model['margin_percent'], 2)} %"
    return [
        Paragraph(
            "How far does this hang on what we assume about the number of runs? "
            f"[](#table-priors) repeats it with other priors. The probability that the mean, as "
            f"it was computed, lies within {margin} of {text} runs from "
            f"{format_percent(min(closes))} to {format_percent(max(closes))}, and that of the base "
            f"reading from {format_percent(min(bases))} to {format_percent(max(bases))}. "
            "The more runs one supposes, the closer the mean has to be."
        ),
        Table(
            name="priors",
            caption=f"**What changes with the prior of n.** Chance: that a reading drawn from the "
            f"prior prints {text}. Close: posterior that the population mean lies within "
            f"{margin} of {text}. Last: posterior of the base "
            "reading. Standard errors in brackets.",
            header=("Prior of n", "Chance", "Close", "Base reading"),
            rows=tuple(
                (
                    entry["words"],
                    *(_write_share(entry[name]) for name in ("evidence", "close", "base")),
                )
                for entry in priors.values()
            ),
            align="lrrr",
            command=command,
        ),
    ]


def _write_share(share: Mapping[str, Any]) -> str:
    """Write a share with its error, each of which a very small multiverse may leave unknown."""
    if share["value"] is None:
        return "undefined"
    error = "unknown" if share["error"] is None else format_percent(share["error"], 1)
    return f"{format_percent(share['value'])} ({error})"


def _describe_questions(model: Mapping[str, Any]) -> list[Block]:
    questions, text = model["posterior"]["questions"], model["reported"]["text"]
    uncertainty = questions["uncertainty"]["value"]
    if not uncertainty:
        return []
    main = model["posterior"]["priors"][model["posterior"]["main_prior"]]
    clear = [item for item in questions["gain"] if item["bits"] > 3 * item["error"]]
    order = sorted(clear, key=lambda item: -item["bits"])
    leaders = questions["leaders"]
    ranking = (
        "The first is worth more than any other beyond the Monte Carlo error; the order of the "
        "rest is that of the estimates."
        if len(leaders) == 1
        else f"Which of the first {format_count(len(leaders))} is worth most, the Monte Carlo "
        "error does not tell."
    )
    return [
        Section(title="What would one have to ask the authors?", anchor="questions", level=3),
        Paragraph(
            f"The claim would hold if the mean they computed estimates a population mean within "
            f"{format_number(model['margin_percent'], 2)} % of {text}. Given the readings, that "
            f"has a probability of {format_percent(main['close']['value'])}. Each answer would "
            "remove part of this uncertainty; how much on average is in brackets. " + ranking
        ),
        Bullets(
            tuple(
                f"{name_question(item['question'])} ({format_percent(item['bits'] / uncertainty)}, "
                f"standard error {format_percent(item['error'] / uncertainty, 1)})"
                for item in order
                if item["bits"] / uncertainty > 0.005
            ),
            ordered=True,
        ),
        Paragraph(
            "No single answer settles it. The shares do not add up, because what one answer tells "
            "depends on the others. All of them together would leave nothing open but chance, as "
            "far as these readings go: that what was done is among them is assumed."
        ),
    ]
