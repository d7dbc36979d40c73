"""The claim of a good set of codes, and what the failures have in common."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.chapters.claims_box import make_box
from replication.report.document import Block, Figure, Paragraph, Section
from replication.report.numbers import (
    format_count,
    format_estimate,
    format_number,
    format_p,
    format_percent,
    format_range,
    join_words,
)

PAIRS = {"1": "one pair", "2": "two pairs"}


def describe_codes(model: Mapping[str, Any], command: str) -> list[Block]:
    """Return the section on codes, and the one on failures.

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
    codes = model["codes"]
    return [
        Section(title="Is the set of codes good?", anchor="good-codes", level=3),
        make_box(model["claims"]["good-codes"]),
        *_describe_shares(codes),
        _make_square(codes, command),
        *_describe_later(codes),
        _make_paths(codes, command),
        *_describe_failures(model["failures"], command),
    ]


def _describe_shares(codes: Mapping[str, Any]) -> list[Block]:
    quantiles, test = codes["distance"]["quantiles"], codes["assignments"]
    separation = codes["separation"]["quantiles"]
    uneven = test["p_value"] < 0.05
    return [
        Paragraph(
            "The two hidden units say something about each of the four patterns: their two "
            "activities, a point in the unit square. One solution puts the four "
            "patterns at the four corners, a binary number each. When the criterion was met, "
            f"{format_estimate(codes['good'], percent=True)} of "
            f"{format_count(codes['n_converged'])} networks had their four codes nearest to four "
            "different corners, "
            f"{format_percent(codes['corners']['3']['value'])} used three corners and "
            f"{format_percent(codes['corners']['2']['value'])} two. But *nearest to* is generous. "
            "The median network has an activity that lies "
            f"{format_number(quantiles['0.5'], 2)} from 0 and 1 (90 % of the networks: between "
            f"{format_range(quantiles['0.05'], quantiles['0.95'], 2)}), and only "
            f"{format_estimate(codes['strict'], percent=True)} have all activities within "
            f"{format_number(codes['margins'][1], 2)} of a corner of their own. The others are no "
            "errors: they tell two patterns apart by graded activity, by more or less where a "
            "binary code says yes or no. In 90 % of the networks the two most similar codes "
            f"differ by between {format_range(separation['0.05'], separation['0.95'], 2)} in one "
            "of the units ([](#figure-codes))."
        ),
        Paragraph(
            "Nothing in the procedure prefers one pattern or one hidden unit, so where all four "
            "corners are used, the 24 ways to assign patterns to corners must be equally common. "
            "This tests the simulation rather than the claim, and it "
            + ("fails" if uneven else "passes")
            + f" at the 5 % level: chi-squared {format_number(test['statistic'], 3)} with "
            f"{test['degrees']} degrees of freedom, p = {format_p(test['p_value'])}."
        ),
    ]


def _describe_later(codes: Mapping[str, Any]) -> list[Block]:
    first, last = codes["later"][0], codes["later"][-1]
    rises = last["good"]["low"] > first["good"]["high"]
    return [
        Paragraph(
            "How good the codes are depends on when one looks. The criterion stops a network "
            "early. If the same networks go on learning, the share with four different corners "
            f"goes from {format_percent(first['good']['value'])} to "
            + join_words(
                [
                    f"{format_percent(row['good']['value'])} after {format_count(row['updates'])}"
                    for row in codes["later"][1:]
                    if row["updates"] in (100, 500, 2000)
                ]
            )
            + " updates, and the share within the strict margin from "
            f"{format_percent(first['strict']['value'])} to "
            f"{format_percent(last['strict']['value'])}. "
            + (
                "So the criterion, not only the procedure, decides how binary the codes are; "
                "what the authors looked at, and when, is not reported."
                if rises
                else "So going on does not make the codes better."
            )
        )
    ]


def _make_square(codes: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.claims import plot_square

    n = len(codes["drawn"]["seeds"])
    return Figure(
        name="codes",
        caption="**What the hidden units say when the criterion is met.** Left: the four codes of "
        f"each of {format_count(n)} networks; dots belong to networks with four different "
        "corners, crosses to the others. Right: for all networks, how far the least binary "
        "activity lies from 0 or 1.",
        alt=f"Left, a square with the codes of {format_count(n)} networks along its border. "
        f"Right, a histogram: {format_percent(codes['good']['value'])} of networks use four "
        f"different corners; the median distance is "
        f"{format_number(codes['distance']['quantiles']['0.5'], 2)}.",
        draw=partial(plot_square, codes=codes),
        command=command,
    )


def _make_paths(codes: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.claims import plot_paths

    good, graded = codes["paths"]["good"], codes["paths"]["graded"]
    return Figure(
        name="code-paths",
        caption="**The codes of two networks on their way.** Each line follows the code of one "
        "pattern from its start (open symbol) to the update at which the criterion was met (full "
        "symbol); patterns are numbered. Left, four different corners; right, a network in which "
        "two patterns end nearest to the same corner.",
        alt=f"Two unit squares with four jagged paths each, starting near the middle. Left, seed "
        f"{good['seed']}, which took {good['updates']} updates and ends at four corners; right, "
        f"seed {graded['seed']}, {graded['updates']} updates, with two codes at one corner.",
        draw=partial(plot_paths, paths=codes["paths"]),
        command=command,
    )


def _describe_failures(failures: Mapping[str, Any], command: str) -> list[Block]:
    title = Section(title="What failures have in common", anchor="failures", level=3)
    counted = (
        f"Of {format_count(failures['n'])} networks, {format_count(failures['n_failed'])} had not "
        f"converged at the cap, {format_estimate(failures['share'], percent=True)}."
    )
    if failures["n_failed"] == 0:
        return [title, Paragraph(counted)]
    from replication.report.figures.claims import plot_failures

    cap, late = failures["at_cap"], failures["late"]
    pairs = cap["shared_pairs"]
    how = join_words(
        [
            f"{format_percent(share['value'])} have {PAIRS.get(k, k + ' pairs')} of patterns with "
            "one code"
            for k, share in pairs.items()
            if k != "0"
        ]
    )
    corner = cap["shared_at_corner"]
    text = f"{counted} {format_estimate(cap['some_shared'], percent=True)} of them give two "
    text += f"patterns the same code, to within {format_number(failures['same_code'], 1)}: {how}."
    if corner is not None:
        text += (
            f" And {format_percent(corner, 1)} of these shared codes sit in a corner of the "
            "square, where both hidden units are saturated."
        )
    explained = (
        "This is what being stuck looks like. Two patterns with one code receive one and the same "
        "reconstruction, so the network is wrong about both. The rule could pull the codes apart "
        "only through a difference between the two passes of the hidden units; but a saturated "
        "unit hardly answers to a changed input, so there is next to no difference to learn from. "
        f"{format_estimate(late['converged'], percent=True)} of the failures get free in the end, "
        f"by {format_count(late['cap'])} updates; "
    )
    stuck = late["stuck"]
    explained += (
        "none remains."
        if stuck is None
        else f"of those still stuck then, {format_percent(stuck['some_shared']['value'])} "
        "share a code."
    )
    return [
        title,
        Paragraph(text),
        Paragraph(explained),
        Figure(
            name="failures",
            caption="**A gallery of failures.** The codes of the first networks that have not "
            "converged at the cap, in the unit square of their two hidden units. Squares mark a "
            "code that two patterns share.",
            alt=f"{len(failures['drawn'])} unit squares with numbered codes, seeds "
            + join_words([str(network["seed"]) for network in failures["drawn"]])
            + "; squares in corners are labelled with the two patterns that share them.",
            draw=partial(plot_failures, drawn=failures["drawn"]),
            command=command,
        ),
    ]
