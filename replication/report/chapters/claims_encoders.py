"""Beyond 4-2-4: other encoders, and loops with several hidden groups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_exact,
    format_number,
    format_percent,
    join_words,
)

WORDS = {"paper": "as in the base reading", "best": "best found"}


def describe_encoders(model: Mapping[str, Any], command: str) -> list[Block]:
    """Return the section on other group sizes.

    Parameters
    ----------
    model : mapping
        The model ``claims``.
    command : str
        The command that makes it.

    Returns
    -------
    list of Block
    """
    encoders = model["encoders"]
    networks = encoders["networks"]
    worst = min(networks, key=lambda one: one["at"]["paper"]["converged"]["value"])
    tried = networks[0]["search"]["n_settings"]
    lowest, found = (worst["at"][at]["converged"]["value"] for at in ("paper", "best"))
    ends = [one["name"] for one in networks if one["search"]["at_edge"]]
    return [
        Section(title="Beyond 4-2-4", anchor="beyond-4-2-4", level=3),
        Paragraph(
            "A claim about *simple networks* should not hang on one network. We ran other "
            f"encoders, {format_count(encoders['n'])} networks each, at the settings of the base "
            "reading and at the best of a small search over learning rate and regression "
            f"({format_count(tried)} combinations in two rounds as above, "
            f"up to {format_count(encoders['n_search'])} networks each, no momentum). "
            f"The criterion is the same number, {format_exact(encoders['threshold'])} summed over "
            "all patterns and units, so a larger network must be more exact; no claim of the paper "
            "about these sizes is known to us."
        ),
        Paragraph(
            "The abstract speaks of groups of units *arranged in a closed loop*, which need not "
            "be two. For loops with several hidden groups we read the rule in the plainest way: "
            "in the second pass every hidden group receives the regressed activities of the group "
            "before it and is regressed itself; every weight changes by the second-pass activity "
            "of its source times the difference that the two passes made to its target, and the "
            "weights into the visible group use the first pass of the last hidden group, as in the "
            "two-group network. This is our reading, not the paper's. Each further group adds a "
            r"factor $1 - \lambda$ to the difference that reaches it, so the same settings mean "
            "slower learning there."
        ),
        _make_table(encoders, command),
        Paragraph(
            "At the settings of the base reading the share that converges goes down to "
            f"{format_percent(lowest)} ({worst['name']}), where the best settings found give "
            f"{format_percent(found)}. So learning rate and regression of the base reading suit "
            "the small encoders; larger networks and longer loops need their own. "
            + _describe_codes(networks)
            + " Along the ridge of good settings many are nearly as good as the best, so that two "
            "searches need not end at the same one, as for 4-2-4 here and in [](#table-speed)."
            + (
                f" For {join_words(ends)} the best settings lie at an end of the searched "
                "range; better ones may exist."
                if ends
                else ""
            )
        ),
        _make_figure(encoders, command),
    ]


def _describe_codes(networks: list[Mapping[str, Any]]) -> str:
    """Say how binary the codes of the encoders with one hidden group are."""
    shares = []
    for one in networks:
        codes = one["at"]["best"]["codes"]
        if len(one["sizes"]) == 2 and codes is not None:
            shares.append(f"{format_percent(codes[0]['all_different']['value'])} ({one['name']})")
    return (
        "The share of converged networks in which no two patterns lie nearest to one corner is, at "
        f"the best settings, {join_words(shares)}; the others tell patterns apart by graded codes. "
        "A 5-2-5 network cannot do otherwise, for it has five patterns and four corners."
    )


def _make_table(encoders: Mapping[str, Any], command: str) -> Table:
    rows = []
    for one in encoders["networks"]:
        for at, words in WORDS.items():
            entry = one["at"][at]
            settings, median, codes = entry["settings"], entry["median"], entry["codes"]
            rows.append(
                (
                    one["name"],
                    f"{words}: rate {format_exact(settings['learning_rate'])}, regression "
                    f"{format_exact(settings['regression'])}",
                    format_percent(entry["converged"]["value"]),
                    "beyond the cap" if median is None else format_count(round(median)),
                    format_number(entry["mean_at_cap"], 3),
                    "none converged"
                    if codes is None
                    else ", ".join(format_percent(c["all_different"]["value"]) for c in codes),
                )
            )
    return Table(
        name="encoders",
        caption="**Other encoders and loops.** Medians are over all networks; means count those "
        f"that have not converged at {format_count(encoders['max_updates'])} updates. The last "
        "column gives, for each hidden group, the share of converged networks whose patterns all "
        "lie nearest to different corners. 95 % intervals of the shares reach at most "
        f"{format_number(_find_reach(encoders['networks']), 2)} percentage points to either side; "
        "medians and means are for orientation, without intervals.",
        header=("Network", "Settings", "Converged", "Median", "Mean", "Binary codes"),
        rows=tuple(rows),
        align="llrrrr",
        command=command,
    )


def _find_reach(networks: list[Mapping[str, Any]]) -> float:
    """Return how far an interval of a share of the table reaches at most, in percentage points."""
    entries = [entry for one in networks for entry in one["at"].values()]
    shares = [entry["converged"] for entry in entries]
    shares += [code["all_different"] for entry in entries for code in entry["codes"] or ()]
    return 100 * float(max(max(s["high"] - s["value"], s["value"] - s["low"]) for s in shares))


def _make_figure(encoders: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.claims_gradient import plot_encoders

    shares = join_words(
        [
            f"{one['name']} {format_percent(one['at']['paper']['converged']['value'])} and "
            f"{format_percent(one['at']['best']['converged']['value'])}"
            for one in encoders["networks"]
        ]
    )
    return Figure(
        name="encoders",
        caption="**How fast other encoders and loops learn.** Share of networks that have not met "
        "the criterion yet, at the settings of the base reading and at the best of a small search "
        "(logarithmic axis).",
        alt="Small survival curves for each network. Share converged at the cap, at the base "
        f"reading and at the best settings found: {shares}.",
        draw=partial(plot_encoders, encoders=encoders),
        command=command,
    )
