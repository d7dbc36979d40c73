"""The part of the multiverse chapter on which choices matter; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.choices import STATISTICS, find_command, name_field, name_value
from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_interval,
    format_number,
    format_percent,
    join_words,
)


def describe_shares(model: Mapping[str, Any]) -> list[Block]:
    """Return the variance shares in words and as a figure."""
    from replication.report.figures.multiverse_choices import plot_shares

    shares, at_base = model["shares"], model["shares_at_base"]
    heading = Section(title="Which choices carry the result?", anchor="shares", level=3)
    known = [name for name in STATISTICS if shares[name] is not None]
    if not known:
        why = (
            "The readings differ by no more than their Monte Carlo noise, so there is no variance "
            "to divide."
            if model["is_grid"]
            else "Shares of the variance need all combinations of the choices; these readings were "
            "listed one by one."
        )
        return [heading, Paragraph(why)]
    fields = [choice["field"] for choice in model["choices"]]
    blocks: list[Block] = [
        heading,
        Paragraph(
            "How much of the differences between readings does each choice explain? Its share "
            "*alone* is what remains when one averages over all other choices; its *total* share "
            "also counts every combination in which it matters ([](#figure-variance-shares)); "
            "± is half of a 95 % interval. "
            + _say_leaders({name: shares[name] for name in known}, fields)
        ),
    ]
    if at_base is not None and any(part is not None for part in at_base["shares"].values()):
        held = f"“{name_field(at_base['field'])}: "
        held += f"{name_value(at_base['field'], at_base['value'])}”"
        parts = {name: at_base["shares"][name] for name in STATISTICS}
        parts = {name: part for name, part in parts.items() if part is not None}
        blocks.append(
            Paragraph(
                f"Because one choice can drown the others, here is the same among the "
                f"{format_count(at_base['n_readings'])} readings with {held}. "
                + _say_leaders(parts, at_base["fields"])
            )
        )
    lead = shares[known[0]]
    return [
        *blocks,
        Figure(
            name="variance-shares",
            caption="**Shares of the variance over the readings.** Wide bars: total share of a "
            "choice, with every combination it takes part in. Narrow bars: its share alone. The "
            f"lines at their ends are 95 % intervals from leaving out each of "
            f"{model['n_blocks']} blocks of seeds; Monte Carlo noise is subtracted. Total shares "
            "overlap, so they add up to more than 100 %.",
            alt="Bars for each choice in a panel for each statistic. For "
            f"{STATISTICS[known[0]]}, total shares are "
            + join_words(
                [
                    f"{format_percent(max(total, 0))} for {name_field(field)}"
                    for field, total in zip(fields, lead["total"], strict=True)
                ]
            )
            + ".",
            draw=partial(plot_shares, fields=fields, full=shares, at_base=at_base),
            command=find_command(model),
            wide=True,
        ),
    ]


def _say_leaders(parts: Mapping[str, Mapping[str, Any]], fields: list[str]) -> str:
    """Name the choice with the largest share: once, where it is the same for every statistic."""
    leaders = [tuple(part["leaders"]) for part in parts.values()]
    if len(parts) < 2 or len(set(leaders)) > 1 or len(leaders[0]) > 1:
        return " ".join(_say_leader(part, name, fields) for name, part in parts.items())
    i = fields.index(leaders[0][0])
    listed = [
        f"{format_percent(part['total'][i])} ± {format_number(100 * part['total_reach'][i], 1)} "
        f"({format_percent(max(part['first'][i], 0))}) for {STATISTICS[name]}"
        for name, part in parts.items()
    ]
    return (
        f"Whatever one looks at, the largest share is that of *{name_field(leaders[0][0])}*: in "
        f"total (and alone), {join_words(listed)}."
    )


def _say_leader(part: Mapping[str, Any], name: str, fields: list[str]) -> str:
    leaders = part["leaders"]
    places = [fields.index(field) for field in leaders]
    shares = [
        f"{name_field(field)} ({format_percent(part['total'][i])} ± "
        f"{format_number(100 * part['total_reach'][i], 1)} in total, "
        f"{format_percent(max(part['first'][i], 0))} alone)"
        for field, i in zip(leaders, places, strict=True)
    ]
    if len(leaders) == 1:
        return f"For {STATISTICS[name]}, the largest share is that of {shares[0]}."
    return f"For {STATISTICS[name]}, the Monte Carlo error does not separate {join_words(shares)}."


def describe_contrasts(model: Mapping[str, Any]) -> list[Block]:
    """Return what one change does, from the base reading and on average."""
    from replication.report.figures.multiverse_choices import plot_contrasts

    single, average = model["contrasts"]["single"], model["contrasts"]["average"]
    if not single:
        return []
    blocks: list[Block] = [
        Section(title="One choice at a time", anchor="contrasts", level=3),
        Paragraph(
            "Start from the base reading and change one thing; changes are in updates. "
            + _say_all_largest(model["largest_choice"])
            + " [](#table-contrasts) lists them all."
        ),
        _tabulate_contrasts(model),
    ]
    shown = [item for item in average if item["change"]["discard"]["value"] is not None]
    if len(shown) < len(average) or not any(item["n_pairs"] > 1 for item in average):
        return blocks
    opposed = [f"“{_name_change(item)}”" for item in shown if _is_opposed(item, single)]
    return [
        *blocks,
        Paragraph(
            "A change need not do the same elsewhere: averaged over all pairs of readings that "
            "differ in it alone, and in single pairs, it can do something else "
            "([](#figure-contrasts)). "
            + (
                f"From the base reading and on average, {join_words(opposed)} change the mean in "
                "opposite directions, both beyond their Monte Carlo error."
                if len(opposed) > 1
                else f"From the base reading and on average, {opposed[0]} changes the mean in "
                "opposite directions, both beyond their Monte Carlo error."
                if opposed
                else "No change goes one way from the base reading and the other way on average, "
                "beyond the Monte Carlo error of both."
            )
        ),
        Figure(
            name="contrasts",
            caption="**What a choice does to the mean, from the base reading and on average.** "
            "Change against the base value of the choice, with 95 % intervals; the light bands "
            "reach from the smallest to the largest change in single pairs of readings. The axis "
            "is logarithmic on both sides of 0.",
            alt="For each changed choice two dots on an axis of updates. "
            + "; ".join(
                f"{_name_change(item)}, {_sign(item['change']['discard']['value'])} on average"
                for item in shown
            )
            + ".",
            draw=partial(plot_contrasts, single=single, average=average),
            command=find_command(model),
        ),
    ]


def _tabulate_contrasts(model: Mapping[str, Any]) -> Table:
    single, paired = model["contrasts"]["single"], model["is_paired"]
    shares = ("slower", "faster", "same") if paired else ()
    return Table(
        name="contrasts",
        caption="**One change from the base reading.** Change of the mean over the networks that "
        "converge, with its 95 % interval"
        + (
            ", on the same networks; the shares of networks that need more, fewer and exactly as "
            "many updates (one that fails needs more than any that does not)."
            if paired
            else "."
        ),
        header=("Change", "Mean, updates", "95 % interval")
        + (("More", "Fewer", "As many") if paired else ()),
        rows=tuple(_tabulate_contrast(item, shares) for item in single),
        align="lrr" + "r" * len(shares),
        command=find_command(model),
    )


def _is_opposed(item: Mapping[str, Any], single: list[Mapping[str, Any]]) -> bool:
    average = item["change"]["discard"]
    for other in single:
        if (other["field"], other["value"]) == (item["field"], item["value"]):
            alone = other["change"]["discard"]
            return bool(
                (alone["low"] > 0 and average["high"] < 0)
                or (alone["high"] < 0 and average["low"] > 0)
            )
    return False


def _say_all_largest(largest: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """Name the change that moves each statistic most: once, where it is the same for all."""
    found = {
        name: largest[name]
        for name in ("discard", "cap", "restart", "median_converged")
        if largest[name]
    }
    names = {tuple(map(_name_change, leaders)) for leaders in found.values()}
    clear = all(leaders[0]["is_clear"] for leaders in found.values())
    if len(found) < 2 or len(names) > 1 or len(next(iter(names))) > 1 or not clear:
        return " ".join(_say_largest(leaders, name) for name, leaders in found.items())
    listed = [
        f"{STATISTICS[name]} by {_sign(leaders[0]['change'])} (standard error "
        f"{format_number(leaders[0]['error'], 2)})"
        for name, leaders in found.items()
    ]
    return f"One change moves all of them most, “{next(iter(names))[0]}”: {join_words(listed)}."


def _say_largest(leaders: list[Mapping[str, Any]], name: str) -> str:
    named = [
        f"“{_name_change(item)}” ({_sign(item['change'])}, standard error "
        f"{format_number(item['error'], 2)})"
        for item in leaders
    ]
    if not leaders[0]["is_clear"]:
        return f"No single change moves {STATISTICS[name]} beyond the Monte Carlo error."
    if len(named) == 1:
        return f"The change that moves {STATISTICS[name]} most is {named[0]}."
    return (
        f"Which one moves {STATISTICS[name]} most, the Monte Carlo error does not tell: "
        f"{join_words(named)}."
    )


def _name_change(item: Mapping[str, Any]) -> str:
    return f"{name_field(item['field'])}: {name_value(item['field'], item['value'])}"


def _sign(change: float) -> str:
    """Write a change with its sign and three digits."""
    return ("+" if change > 0 else "") + format_number(change, 3)


def _tabulate_contrast(item: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    change = item["change"]["discard"]
    shares = tuple(format_percent(item[name]["value"]) for name in names)
    if change["value"] is None:
        return (_name_change(item), "undefined", "undefined", *shares)
    return (
        _name_change(item),
        _sign(change["value"]),
        format_interval(change["low"], change["high"], 3),
        *shares,
    )
