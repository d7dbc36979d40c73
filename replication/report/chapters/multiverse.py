"""Every reading of the choices that the paper leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.chapters.multiverse_choices import describe_contrasts, describe_shares
from replication.report.chapters.multiverse_posterior import describe_posterior
from replication.report.choices import describe_reading, find_command, name_field, name_value
from replication.report.document import Block, Bullets, Figure, Paragraph, Section, Table
from replication.report.inline import escape_inline
from replication.report.numbers import (
    format_count,
    format_decimals,
    format_interval,
    format_number,
    format_percent,
    join_words,
)
from replication.report.rules import RULES, SHORT

REQUIRES = ("multiverse",)

NO_CHANGE = 0.5
"""Updates by which a lower cap may move a mean and still be called harmless."""


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on the multiverse."""
    model = models["multiverse"]
    return [
        Section(title="Every reading of the open choices", anchor="multiverse"),
        *_describe_design(model),
        *_describe_curve(model),
        *describe_shares(model),
        *describe_contrasts(model),
        *describe_posterior(model, find_command(model)),
        *_describe_caps(model),
        *_describe_doubts(model, has_map="map" in models),
    ]


def _describe_design(model: Mapping[str, Any]) -> list[Block]:
    sizes = [len(choice["values"]) for choice in model["choices"]]
    n_readings, n_seeds = model["n_readings"], model["n_seeds"]
    names = join_words([name_field(choice["field"]) for choice in model["choices"]])
    if model["is_grid"] and sizes:
        product = " × ".join(str(size) for size in sizes)
        number = f"All combinations of {len(sizes)} choices ({names}) make {product} = "
        number += f"{format_count(n_readings)} readings"
    else:
        number = f"{format_count(n_readings)} readings were listed, which differ in {names}"
    paired = (
        " Each uses the same seeds, so that every network starts from the same draws in every "
        "reading and differences are taken network by network."
        if model["is_paired"]
        else " Their networks differ in size, so seeds do not pair them."
    )
    rules = join_words([SHORT[rule] for rule in model["rules"]])
    return [
        Paragraph(
            f"{_say_purpose(model)} {number}, with "
            f"{format_count(n_seeds)} networks each.{paired} On top come the choices that need no "
            f"new simulation: networks that fail are {rules}, and updates or sweeps are counted, "
            "which is exactly one more. "
            f"{_say_caps(model)} What follows says how much each choice matters, and which "
            f"readings could have given {model['reported']['text']}."
        )
    ]


def _say_purpose(model: Mapping[str, Any]) -> str:
    if not model["is_paper"]:
        return f"Readings of somebody's own: {escape_inline(model['name'])}."
    return (
        "A replication has to fill in what the paper leaves open, and may do so without noticing. "
        "Here the choices are tried in all their combinations."
    )


def _say_caps(model: Mapping[str, Any]) -> str:
    caps = [format_count(cap) for cap in model["caps"]]
    if len(caps) > 1:
        return f"Networks are stopped after {join_words(caps)} updates, as the reading says."
    if model["is_paper"]:
        return f"As in the main study, networks are stopped after {caps[0]} updates."
    return f"Networks are stopped after {caps[0]} updates."


def _describe_curve(model: Mapping[str, Any]) -> list[Block]:
    from replication.report.figures.multiverse import plot_specifications

    reported, classes = model["reported"], model["classes"]
    text, n_readings = reported["text"], model["n_readings"]
    means = [mean for mean in model["readings"]["mean_discard"] if mean is not None]
    if not means:
        return [Paragraph("No network converged in any reading.")]
    n_zero = sum(mean == 0 for mean in means)
    base = model["readings"]["mean_discard"][model["base"]]
    spread = f"from {format_number(min(means), 3)} to {format_number(max(means), 3)}"
    zero = (
        f" In {format_count(n_zero)} of them{_say_common(model)} the criterion is met before the "
        "first update, so that they cannot be what was done."
        if n_zero
        else ""
    )
    return [
        Section(title="Which readings make the number likely?", anchor="readings", level=3),
        Paragraph(
            f"The means over the networks that converge run {spread} "
            f"([](#figure-specification-curve)).{_say_base(model)}{zero} We call {text} *likely* "
            f"under a reading if $n^*$ is {classes['min_n_star']} or more: a study of so many runs "
            "could well have reported it. We call it *ruled out* if $n^*$ is below "
            f"{classes['smallest_study']}, so that not even the mean of "
            f"{classes['smallest_study']} runs would be expected to come out so."
        ),
        Bullets(tuple(_say_classes(model, rule) for rule in RULES)),
        Paragraph(
            f"Whatever is done with failures, {text} is likely under "
            f"{_count_readings(classes['any_rule']['likely_under_every_rule'])}, and ruled "
            f"out under {format_count(classes['any_rule']['ruled_out_under_every_rule'])}. "
            + _say_levels(model)
        ),
        Figure(
            name="specification-curve",
            caption=f"**All {format_count(n_readings)} readings in the order of their means, and "
            "what each chooses.** Above: the mean over the networks that converge with its 95 % "
            f"interval (mostly narrower than the dots), the reported {text} dashed. Orange: "
            f"readings with an $n^*$ of {classes['min_n_star']} or more when failures are dropped. "
            "Below: a bar where the reading has the value of that row.",
            alt=f"Dots rising {spread} updates over {n_readings} readings; "
            f"{classes['discard']['likely']} of them, around the reported {text}, are set off."
            + (f" The base reading has {format_number(base, 3)}." if base is not None else ""),
            draw=partial(
                plot_specifications,
                choices=model["choices"],
                levels=model["levels"],
                readings=model["readings"],
                base=model["base"],
                reported=reported,
                min_n_star=classes["min_n_star"],
            ),
            command=find_command(model),
            wide=True,
        ),
    ]


def _say_base(model: Mapping[str, Any]) -> str:
    readings, i = model["readings"], model["base"]
    if readings["mean_discard"][i] is None:
        return ""
    low, high = (readings[f"mean_discard_{end}"][i] for end in ("low", "high"))
    return (
        f" The base reading has {format_number(readings['mean_discard'][i], 3)} "
        f"({format_interval(low, high, 3)}), from the "
        f"{format_count(model['n_seeds'])} networks that each reading has."
    )


def _say_common(model: Mapping[str, Any]) -> str:
    """Name what the readings have in common that meet the criterion before any update."""
    means = model["readings"]["mean_discard"]
    levels = [level for level, mean in zip(model["levels"], means, strict=True) if mean == 0]
    common = [
        f"{name_field(choice['field'])}: {name_value(choice['field'], choice['values'][level])}"
        for choice, level, others in zip(
            model["choices"], levels[0], zip(*levels, strict=True), strict=True
        )
        if len(choice["values"]) > 1 and len(set(others)) == 1
    ]
    return f" (all with “{'”, “'.join(common)}”)" if common and len(levels) > 1 else ""


def _say_classes(model: Mapping[str, Any], rule: str) -> str:
    found = model["classes"][rule]
    return (
        f"Failures {SHORT[rule]}: likely under {_count_readings(found['likely'])}, ruled out "
        f"under {format_count(found['ruled_out'])}, in between under "
        f"{format_count(found['between'])}; for {_count_readings(found['undecided'])} the "
        "interval of $n^*$ reaches over one of the two bounds. The mean is equivalent to "
        f"{model['reported']['text']} within {format_number(model['margin_percent'], 2)} % under "
        f"{format_count(found['equivalent'])}."
    )


def _count_readings(number: int) -> str:
    return f"{format_count(number)} reading{'' if number == 1 else 's'}"


def _say_levels(model: Mapping[str, Any]) -> str:
    """Name the values under which no reading, with failures dropped, makes the number likely."""
    never = []
    for choice, shares in zip(
        model["choices"], model["classes"]["discard"]["likely_by_level"], strict=True
    ):
        for value, share in zip(choice["values"], shares, strict=True):
            if share == 0:
                value_name = name_value(choice["field"], value)
                never.append(f"“{name_field(choice['field'])}: {value_name}”")
    if not never:
        return "Every value of every choice occurs among the readings that make it likely."
    return f"No reading with {join_words(never)} makes it likely (failures dropped)."


def _describe_caps(model: Mapping[str, Any]) -> list[Block]:
    caps = model["lower_caps"]
    if len(caps) < 2:
        return []
    last = caps[-1]
    first = caps[0]
    return [
        Section(title="What a lower cap would have done", anchor="lower-cap", level=3),
        Paragraph(
            "Readings under which many networks fail cost the full cap for each of them, so a "
            f"lower cap would save time. {_say_cap(first, last)} ([](#table-caps))."
        ),
        Table(
            name="caps",
            caption="**What a lower cap saves and changes.** Work: updates simulated, as a share "
            "of those at the cap used. Unfinished: networks that have not converged, over all "
            "readings. The last two columns: largest change of the mean over the converged in any "
            "reading, and its change in the base reading, in updates.",
            header=("Cap", "Work", "Unfinished", "Largest change", "Base reading"),
            rows=tuple(
                (
                    format_count(entry["cap"]),
                    format_percent(entry["work"]),
                    format_percent(entry["unfinished"]),
                    _say_change(entry["largest_change"]["discard"]),
                    _say_change(entry["base_change"]["discard"]),
                )
                for entry in caps
            ),
            align="rrrrr",
            command=find_command(model),
        ),
    ]


def _say_cap(first: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    cap, work = format_count(first["cap"]), format_percent(first["work"])
    change = first["largest_change"]["discard"]
    if change is None:
        return f"A cap of {cap} would have taken {work} of the work"
    if change < NO_CHANGE:
        return (
            f"A cap of {cap} would have taken {work} of the work and changed the mean over the "
            f"converged by no more than {format_decimals(change, 1)} updates in any reading"
        )
    return (
        f"We kept {format_count(last['cap'])} because it changes the answer: a cap of {cap} would "
        f"have taken {work} of the work, but the mean over the converged would be off by up to "
        f"{format_number(change, 3)} updates in single readings, because a network that is merely "
        "slow then counts as one that fails"
    )


def _say_change(change: float | None) -> str:
    return "undefined" if change is None else format_decimals(change, 1)


def _describe_doubts(model: Mapping[str, Any], *, has_map: bool) -> list[Block]:
    first = model["posterior"]["credible_set"]["first"]
    named = describe_reading(model["choices"], model["levels"][first[0]]) if first else None
    doubts = [
        "The readings were chosen by us. What nobody thought of is not among them, and that all "
        "are equally likely beforehand is a convention, not knowledge.",
        "The learning rate and the regression are the reported ones in every reading"
        + (" ([](#map) varies them)." if has_map else ".")
        if model["is_paper"]
        else "The outcome depends on fields that these readings share.",
        "There is no test of a null hypothesis of “no effect” here, because nothing could be "
        "shuffled under it: the readings are different procedures, and with enough networks any "
        "two differ.",
    ]
    if model["is_paper"]:
        doubts.append(
            "One of the choices is not quite open: as reported, the error was measured with zero "
            "regression. The other value is tried to see what would follow from it."
        )
    if named is not None:
        doubts.append(
            f"A high posterior proves nothing: the reading that comes out first ({named}) does so "
            "because its mean happens to lie near the reported number."
        )
    return [
        Section(title="What speaks against this", anchor="multiverse-doubts", level=3),
        Bullets(tuple(doubts)),
    ]
