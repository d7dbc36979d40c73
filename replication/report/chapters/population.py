"""The study: one network, the population, and the networks that never get there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.analysis.settings_verdict import judge_settings
from replication.claims import load_claims
from replication.report.chapters.claims_box import make_box
from replication.report.chapters.one_network import describe_one
from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_amount,
    format_count,
    format_estimate,
    format_exact,
    format_number,
    format_percent,
    format_percent_interval,
    join_words,
)
from replication.report.rules import SHORT, find_one_mean, is_skewed, rules_of

REQUIRES = ("summary", "traces", "provenance")


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on the study."""
    return [
        Section(title="The study", anchor="study"),
        *describe_one(models),
        *_describe_population(models),
        *_describe_never(models),
        Section(
            title="Do the reported settings give the reported behaviour?",
            anchor="settings",
            level=3,
        ),
        _judge_settings(models["summary"]),
    ]


def _judge_settings(summary: Mapping[str, Any]) -> Block:
    claim = load_claims()["settings"]
    verdict = judge_settings(summary, claim.thresholds)
    return make_box({"claim": claim.to_plain(), "verdict": verdict.to_plain()})


def _describe_population(models: Mapping[str, Any]) -> list[Block]:
    summary = models["summary"]
    population = summary["population"]
    blocks: list[Block] = [Section(title="The population", anchor="population", level=3)]
    rules = rules_of(summary)
    converged = format_estimate(population["converged"], 3, percent=True)
    if "discard" not in rules:
        n = population["n_networks"]
        who = f"None of {format_count(n)} networks" if n > 1 else "The one network has not"
        text = f"{who} converged within {format_amount(population['cap'], 'update')}."
        return [*blocks, Paragraph(text)]
    quantiles = {entry["probability"]: entry for entry in population["quantiles"]}
    blocks.append(
        Paragraph(
            f"Of {format_amount(population['n_networks'], 'network')} {converged} converge within "
            f"{format_amount(population['cap'], 'update')}; in brackets, here and below, stand "
            "95 % intervals, and [](#table-estimates) says how often such intervals held the "
            f"true value in trials. The median is {_describe_median(quantiles[0.5])}. "
            f"The mean over those that converge is {format_estimate(rules['discard']['mean'], 3)}. "
            + _describe_shape(population)
        )
    )
    blocks.append(_make_distribution(summary, rules, models["provenance"]["command"]))
    blocks.append(_tabulate_population(summary, models["provenance"]["command"]))
    return blocks


def _describe_median(median: Mapping[str, Any]) -> str:
    if median["value"] is None:
        return "not reached: more than half of the networks had not converged at the cap"
    return f"{format_estimate(median, 3)} updates: half of the networks need no more"


def _describe_shape(population: Mapping[str, Any]) -> str:
    deviation = population["standard_deviation"]
    if deviation is None or population["n_converged"] < 2:
        return "One network has no spread."
    told = f"the standard deviation is {format_number(deviation, 2)}"
    if population["skewness"] is not None:
        told += (
            f" and the skewness, which is 0 for a symmetric distribution, "
            f"{format_number(population['skewness'], 2)}"
        )
    if is_skewed(population):
        return (
            f"The distribution has a long tail to the right: {told}. Both hang on the few slowest "
            "networks and are given for orientation, without an interval."
        )
    return f"{told[0].upper()}{told[1:]}."


def _make_distribution(
    summary: Mapping[str, Any], rules: Mapping[str, Any], command: str
) -> Figure:
    from replication.report.figures.population import plot_distribution

    population, reported = summary["population"], summary["reported"]
    histogram = summary["series"]["histogram"]
    median = population["quantiles"][2]["value"]
    mean = rules["discard"]["mean"]["value"]
    beyond = histogram["n_beyond"] + histogram["n_censored"]
    share = format_percent(beyond / population["n_networks"], 2)
    outside = (
        f"Beyond the axis lie {format_amount(beyond, 'network')} ({share}): "
        + (
            f"{format_count(histogram['n_beyond'])} that converge later, up to "
            f"{format_count(population['slowest'])} updates, and "
            if histogram["n_beyond"]
            else ""
        )
        + f"{format_count(histogram['n_censored'])} that had not converged at the cap of "
        f"{format_count(population['cap'])}."
        if beyond
        else "Nothing lies beyond the axis."
    )
    middle = "beyond the cap" if median is None else format_count(median)
    return Figure(
        name="distribution",
        caption="**How many updates a network needs.** Share of all networks for each number of "
        f"updates. The median is {middle}, the mean of the converged {format_number(mean, 3)}, the "
        f"number reported of the paper {reported['text']}. {outside}",
        alt=f"Histogram{' with a long tail to the right' if is_skewed(population) else ''}, from "
        f"{format_amount(population['fastest'], 'update')} on. Median {middle}, mean "
        f"{format_number(mean, 3)} and the reported {reported['text']} are marked by vertical "
        f"lines. {outside}",
        draw=partial(
            plot_distribution,
            histogram=histogram,
            mean=mean,
            median=median,
            reported=reported["value"],
            reported_text=reported["text"],
        ),
        command=command,
    )


def _tabulate_population(summary: Mapping[str, Any], command: str) -> Table:
    population = summary["population"]
    rows = [
        (
            f"updates that {format_exact(100 * entry['probability'])} % need at most",
            format_estimate(entry, 4),
        )
        for entry in population["quantiles"]
    ]
    rows += [
        (
            f"converged within {format_amount(entry['updates'], 'update')}",
            format_estimate(entry, 3, percent=True),
        )
        for entry in population["converged_within"]
    ]
    return Table(
        name="population",
        caption="**The population in numbers.** All networks, those that do not converge "
        "included; 95 % intervals in brackets (order statistics for quantiles, Clopper-Pearson "
        "for shares).",
        header=("Quantity", "Estimate"),
        rows=tuple(rows),
        align="lr",
        command=command,
    )


def _describe_never(models: Mapping[str, Any]) -> list[Block]:
    summary, command = models["summary"], models["provenance"]["command"]
    population, tail = summary["population"], summary["tail"]
    rules = rules_of(summary)
    blocks: list[Block] = [
        Section(title="Those that do not get there", anchor="never", level=3),
    ]
    if not population["n_censored"]:
        blocks.append(
            Paragraph(
                f"Every network converged{_describe_rules(rules)}. With "
                f"{format_amount(population['n_networks'], 'network')} the share that does not may "
                f"still be up to {format_percent(population['failed']['high'], 2)}."
            )
        )
    else:
        blocks.append(
            Paragraph(
                f"{format_estimate(population['failed'], 2, percent=True)} of the networks had not "
                f"converged after {format_amount(population['cap'], 'update')}. "
                + _describe_tail(tail)
            )
        )
    if population["n_converged"]:
        blocks.append(_make_survival(summary, command))
        who = "they" if population["n_censored"] else "failures"
        means = join_words(
            [
                f"{format_estimate(entry['mean'], 3)} if {who} are {SHORT[rule]}"
                for rule, entry in rules.items()
            ]
        )
        blocks.append(
            Paragraph(f"With networks that do not get there, the mean therefore is {means}.")
            if population["n_censored"]
            else Paragraph(f"The mean is {means}; the intervals allow for failures not yet seen.")
        )
    return blocks


def _describe_rules(rules: Mapping[str, Any]) -> str:
    if find_one_mean(rules) is not None:
        return ", so the three rules give the same mean"
    return "; only a rule that starts slow ones again still changes the mean"


def _describe_tail(tail: Mapping[str, Any] | None) -> str:
    if tail is None:
        return ""
    slow, never = tail["merely_slow"], tail["never_by_end"]
    share = {0: "None", 1: "All"}.get(slow["value"], format_percent(slow["value"], 2))
    who = f"{share} of those turn out to be" if tail["n"] > 1 else "It turned out to be"
    if tail["n"] == 1 and not slow["value"]:
        who = "It was not"
    text = (
        f"We ran {'it' if tail['n'] == 1 else 'these ' + format_count(tail['n'])} on to "
        f"{format_count(tail['end'])}. {who} merely slow "
        f"(95 % interval of the share {format_percent_interval(slow['low'], slow['high'], 2)})"
    )
    if tail["slowest"] is not None:
        text += f", the slowest needing {format_count(tail['slowest'])} updates"
    if not never["value"]:
        return (
            f"{text}; none is left at the end, so with a higher cap there would be a mean over all "
            "networks."
        )
    return text + (
        f"; {format_estimate(never, 2, percent=True)} of all networks are still not there at the "
        "end, and may never be. So a mean over *all* networks does not exist until a rule says "
        "how they count."
    )


def _make_survival(summary: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.population import plot_survival

    population, tail, reported = summary["population"], summary["tail"], summary["reported"]
    curve = summary["series"]["survival"] if tail is None else tail["survival"]
    later = [
        s for t, s in zip(curve["updates"], curve["survival"], strict=True)
        if t <= reported["value"]
    ]  # fmt: skip
    at_reported = format_percent(later[-1] if later else 1.0, 2)
    end, last = format_count(curve["updates"][-1]), format_percent(curve["survival"][-1], 2)
    extra = (
        f" Beyond the cap of {format_count(population['cap'])} (dotted) the networks that had not "
        "converged were run on."
        if tail is not None
        else ""
    )
    flat = (
        "On logarithmic axes the curve flattens out where slow networks end and those that may "
        "never converge begin. "
        if population["n_censored"]
        else ""
    )
    return Figure(
        name="survival",
        caption="**How many networks are not there yet.** Share of networks that need more than "
        "$t$ updates, with a pointwise 95 % band, on linear and on logarithmic axes; the dashed "
        f"line is the reported {reported['text']}.{extra} {flat}No power law is read into the "
        "logarithmic axes.",
        alt=f"Two curves of the share of networks still learning. It is 100 percent at first, "
        f"{at_reported} after {reported['text']} updates, and {last} after {end} updates.",
        draw=partial(
            plot_survival,
            survival=curve,
            cap=population["cap"],
            reported=reported["value"],
        ),
        command=command,
    )
