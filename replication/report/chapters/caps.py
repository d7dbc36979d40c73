"""The part of the law chapter on the cap and on restarts; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.document import Block, Figure, Paragraph, Section
from replication.report.numbers import format_amount, format_count, format_interval, format_number


def describe_caps(summary: Mapping[str, Any], command: str) -> list[Block]:
    """Return the restricted mean against the cap and the mean with restarts."""
    series = summary["series"]
    blocks: list[Block] = []
    if summary["population"]["n_censored"]:
        blocks += _describe_cap(summary, series["restricted_mean"], command)
    best = series["restart"]["best"]
    if best is not None and best["updates"] > 0:  # where all start below the criterion none is due
        blocks += _describe_restart(summary, series["restart"], command)
    return blocks


def _describe_cap(
    summary: Mapping[str, Any], curve: Mapping[str, Any], command: str
) -> list[Block]:
    from replication.report.figures.population import plot_restricted_mean

    reported, cap = summary["reported"], summary["population"]["cap"]
    text, crossing = reported["text"], curve["crossing"]
    first, last = format_count(curve["updates"][0]), format_count(curve["updates"][-1])
    if crossing is None:
        crosses = f"It stays below {text} over the whole range."
    elif crossing <= curve["updates"][0]:
        crosses = f"It is above {text} over the whole range."
    else:
        crosses = f"It equals {text} at a cap of about {format_number(crossing, 2)}"
        low, high = curve["crossing_low"], curve["crossing_high"]
        if low is not None or high is not None:
            crosses += f" (95 % interval {format_interval(low, high, 2)})"
        crosses += "."
    return [
        Section(title="Does a cap explain the number?", anchor="cap", level=3),
        Paragraph(
            "If networks that had not converged were counted with the number of updates at which "
            "the authors stopped waiting, the mean depends on that patience "
            f"([](#figure-restricted-mean)). {crosses} Whether anybody waited that long in 1988 we "
            "do not know; it is one of the ways in which the reported number could be the exact "
            "mean of a large study."
        ),
        Figure(
            name="restricted-mean",
            caption="**The mean when unfinished networks are counted at a cap.** Mean of the "
            f"smaller of the outcome and the cap, for caps from {first} to {last}, with a 95 % "
            f"band; the dashed line is the reported {text}. Logarithmic axis.",
            alt=f"Rising curve of the mean against the cap: "
            f"{format_number(curve['mean'][0], 3)} at a cap of {first}, "
            f"{format_number(curve['mean'][-1], 3)} at {last}. {crosses}",
            draw=partial(
                plot_restricted_mean,
                curve=curve,
                cap=cap,
                reported=reported["value"],
                reported_text=text,
            ),
            command=command,
        ),
    ]


def _describe_restart(
    summary: Mapping[str, Any], curve: Mapping[str, Any], command: str
) -> list[Block]:
    from replication.report.figures.population import plot_restart

    reported = summary["reported"]
    text, best, headline = reported["text"], curve["best"], curve["headline"]
    least = format_number(best["mean"], 3)
    return [
        Section(title="Do restarts explain it?", anchor="restart", level=3),
        Paragraph(
            "If a network without success was started again with new weights, and all its updates "
            "were added up, the mean is finite even if some networks never converge. It is "
            f"smallest, {least} updates, with a restart after "
            f"{format_amount(best['updates'], 'update')}"
            + _describe_headline(headline)
            + " ([](#figure-restart)). "
            + _describe_range(curve, reported)
        ),
        Figure(
            name="restart",
            caption="**The mean when a network is started again after $c$ updates.** Updates of "
            "all attempts added up until one succeeds, with a 95 % band; filled: the smallest; "
            f"open: the restart used in headlines; dashed: the reported {text}. Logarithmic axis.",
            alt="Curve of the mean against the restart time c: steep on the left where most "
            f"networks are cut off, lowest at {least} for c = {format_count(best['updates'])}, "
            f"{'then slowly rising to' if curve['mean'][-1] > best['mean'] else 'and still'} "
            f"{format_number(curve['mean'][-1], 3)} at c = {format_count(curve['updates'][-1])}.",
            draw=partial(plot_restart, curve=curve, reported=reported["value"], reported_text=text),
            command=command,
        ),
    ]


def _describe_headline(headline: Mapping[str, Any]) -> str:
    if headline["mean"] is None:
        return f"; with one after {format_count(headline['updates'])} hardly any succeeds"
    return (
        f"; with one after {format_count(headline['updates'])}, as in the headlines, it is "
        f"{format_number(headline['mean'], 3)}"
    )


def _describe_range(curve: Mapping[str, Any], reported: Mapping[str, Any]) -> str:
    below = [
        time
        for time, mean in zip(curve["updates"], curve["mean"], strict=True)
        if mean is not None and mean < reported["value"]
    ]
    if not below:
        return f"No restart brings it down to {reported['text']}."
    return (
        f"For restarts between {format_number(below[0], 2)} and {format_count(below[-1])} updates "
        f"it stays below {reported['text']}."
    )
