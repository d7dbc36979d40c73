"""The study: one network, the population, and the networks that never get there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_estimate,
    format_exact,
    format_number,
    format_percent,
    format_percent_interval,
    join_words,
)
from replication.report.rules import SHORT, rules_of

REQUIRES = ("summary", "traces", "provenance")


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on the study."""
    return [
        Section(title="The study", anchor="study"),
        *_describe_one(models),
        *_describe_population(models),
        *_describe_never(models),
    ]


def _describe_one(models: Mapping[str, Any]) -> list[Block]:
    traces, command = models["traces"], models["provenance"]["command"]
    network, crowd = traces["network"], traces["crowd"]
    return [
        Section(title="One network, and many more", anchor="one-network", level=3),
        Paragraph(
            f"The network with seed {network['seed']} is the most ordinary of the first "
            f"{format_count(len(crowd['seeds']))}: its {format_count(network['updates'])} updates "
            "are nearest to their median. [](#figure-errors) shows its error, "
            "[](#figure-reconstructions) what it makes of the patterns. "
            + _describe_sudden_success(traces)
        ),
        _make_error_figure(traces, command),
        _make_reconstruction_figure(traces, command),
    ]


def _describe_sudden_success(traces: Mapping[str, Any]) -> str:
    """Say when the error was last ten times the criterion, and how soon it was met then."""
    network, threshold = traces["network"], traces["threshold"]
    met = network["updates"]
    before = network["errors"][:met]
    high = [i for i, error in enumerate(before) if error >= 10 * threshold]
    if not network["converged"] or met >= len(network["errors"]) or not high:
        return ""
    last = high[-1]
    return (
        f"After {format_count(last)} updates its error is still "
        f"{format_number(before[last], 2)}; {format_count(met - last)} later it is "
        f"{format_number(network['errors'][met], 2)}. Before, it tells some patterns apart and "
        "confuses others, and progress is hard to see."
    )


def _make_error_figure(traces: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.traces import plot_errors

    network, crowd = traces["network"], traces["crowd"]
    threshold = format_exact(traces["threshold"])
    end = len(network["errors"]) - 1
    outcomes = zip(crowd["updates"], crowd["converged"], strict=True)
    n_inside = sum(converged and updates <= end for updates, converged in outcomes)
    reached = (
        f"crosses the line at {threshold} after {format_count(network['updates'])} updates"
        if network["converged"]
        else f"does not fall below {threshold}"
    )
    return Figure(
        name="errors",
        caption="**Reconstruction error while learning.** Blue: the network with seed "
        f"{network['seed']}. Grey: the first {format_count(len(crowd['seeds']))} networks. Dashed: "
        f"the criterion of {threshold}. Logarithmic error axis; learning goes on after the "
        "criterion is met.",
        alt=f"Line chart of error against weight updates from 0 to {end}. The highlighted network "
        f"starts at {format_number(network['errors'][0], 2)}, wanders and {reached}. Behind it "
        f"{format_count(len(crowd['seeds']))} grey lines; {format_count(n_inside)} of them "
        f"cross within {end} updates.",
        draw=partial(
            plot_errors,
            errors=network["errors"],
            updates=network["updates"],
            converged=network["converged"],
            crowd=crowd["errors"],
            threshold=traces["threshold"],
        ),
        command=command,
    )


def _make_reconstruction_figure(traces: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.traces import plot_reconstructions

    network = traces["network"]
    shown = min(len(network["reconstructions"]), 49)
    side = len(network["patterns"])
    met = network["converged"] and network["updates"] < shown
    last = f" The first that meets the criterion, in sweep {network['updates'] + 1}, is framed."
    return Figure(
        name="reconstructions",
        caption="**What one network makes of its input, sweep by sweep.** Each small picture has "
        f"one row for each of the {side} patterns and one column for each visible unit; black is "
        f"active. First the input, then the reconstruction in sweeps 1 to {shown}; sweep $k$ comes "
        f"after $k - 1$ updates (seed {network['seed']})." + (last if met else ""),
        alt=f"Grid of {shown + 1} small grey-scale pictures. The first is the input, a black "
        "diagonal. The next ones are blotches and stripes that change from sweep to sweep; "
        + (
            f"from sweep {network['updates'] + 1} on they show the diagonal of the input."
            if met
            else "none of them meets the criterion."
        ),
        draw=partial(
            plot_reconstructions,
            patterns=network["patterns"],
            reconstructions=network["reconstructions"],
            updates=network["updates"] if network["converged"] else -2,
        ),
        command=command,
    )


def _describe_population(models: Mapping[str, Any]) -> list[Block]:
    summary = models["summary"]
    population = summary["population"]
    blocks: list[Block] = [Section(title="The population", anchor="population", level=3)]
    rules = rules_of(summary)
    n = format_count(population["n_networks"])
    converged = format_estimate(population["converged"], 3, percent=True)
    if "discard" not in rules:
        text = (
            f"None of the {n} networks converged within {format_count(population['cap'])} updates."
        )
        return [*blocks, Paragraph(text)]
    quantiles = {entry["probability"]: entry for entry in population["quantiles"]}
    blocks.append(
        Paragraph(
            f"Of {n} networks {converged} converge within {format_count(population['cap'])} "
            "updates; in brackets, here and below, stand 95 % intervals, and [](#table-estimates) "
            "says how often such intervals held the true value in trials. "
            f"The median is {format_estimate(quantiles[0.5], 3)} updates. The mean over those that "
            f"converge is {format_estimate(rules['discard']['mean'], 3)}, larger than the median "
            "because the distribution has a long tail to the right: its standard deviation is "
            f"{format_number(population['standard_deviation'], 2)} and its skewness "
            f"{_skewness(population)}."
        )
    )
    blocks.append(_make_distribution(summary, rules, models["provenance"]["command"]))
    blocks.append(_tabulate_population(summary, models["provenance"]["command"]))
    return blocks


def _skewness(population: Mapping[str, Any]) -> str:
    skewness = population["skewness"]
    return "not defined" if skewness is None else format_number(skewness, 2)


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
        f"Beyond the axis lie {format_count(beyond)} networks ({share}): "
        f"{format_count(histogram['n_beyond'])} that converge later, up to "
        f"{format_count(population['slowest'])} updates, and "
        f"{format_count(histogram['n_censored'])} that had not converged at the cap of "
        f"{format_count(population['cap'])}."
        if beyond
        else "Nothing lies beyond the axis."
    )
    middle = "beyond the cap" if median is None else format_count(median)
    return Figure(
        name="distribution",
        caption="**How many updates a network needs.** Share of all networks for each number of "
        f"updates. The median is {middle}, the mean of the converged {format_number(mean, 3)}, the "
        f"number reported in 1988 {reported['text']}. {outside}",
        alt=f"Histogram with one peak and a long tail to the right, from "
        f"{format_count(population['fastest'])} updates on. Median {middle}, mean "
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
            f"converged within {format_count(entry['updates'])} updates",
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
    blocks: list[Block] = [
        Section(title="Those that do not get there", anchor="never", level=3),
    ]
    if not population["n_censored"]:
        blocks.append(
            Paragraph(
                "Every network converged, so the three rules give the same mean. With "
                f"{format_count(population['n_networks'])} networks the share that does not may "
                f"still be up to {format_percent(population['failed']['high'], 2)}."
            )
        )
    else:
        blocks.append(
            Paragraph(
                f"{format_estimate(population['failed'], 2, percent=True)} of the networks had not "
                f"converged after {format_count(population['cap'])} updates. "
                + _describe_tail(tail)
            )
        )
    if population["n_converged"]:
        blocks.append(_make_survival(summary, command))
        means = join_words(
            [
                f"{format_estimate(entry['mean'], 3)} if such networks are {SHORT[rule]}"
                for rule, entry in rules_of(summary).items()
            ]
        )
        blocks.append(Paragraph(f"The mean therefore is {means}. "))
    return blocks


def _describe_tail(tail: Mapping[str, Any] | None) -> str:
    if tail is None:
        return ""
    slow, never = tail["merely_slow"], tail["never_by_end"]
    text = (
        f"We ran these {format_count(tail['n'])} on to {format_count(tail['end'])}. "
        f"{format_percent(slow['value'], 2)} of them turn out to be merely slow "
        f"(95 % interval {format_percent_interval(slow['low'], slow['high'], 2)})"
    )
    if tail["slowest"] is not None:
        text += f", the slowest needing {format_count(tail['slowest'])} updates"
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
    return Figure(
        name="survival",
        caption="**How many networks are not there yet.** Share of networks that need more than "
        "$t$ updates, with a pointwise 95 % band, on linear and on logarithmic axes; the dashed "
        f"line is the reported {reported['text']}.{extra} On logarithmic axes the curve flattens "
        "out where slow networks end and those that may never converge begin; no power law is "
        "read into it.",
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
