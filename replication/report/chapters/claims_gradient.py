"""The claim of gradient descent, derived and measured; symmetry; the simple rule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.chapters.claims_box import make_box
from replication.report.chapters.claims_derivation import derive
from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_decimals,
    format_exact,
    format_number,
    format_percent,
    format_range,
)

CASES = (
    ("linear-symmetric-squared", "linear, symmetric", "squared error"),
    ("logistic-symmetric-cross-entropy", "logistic, symmetric", "cross-entropy"),
    ("logistic-symmetric-squared", "logistic, symmetric", "squared error"),
    ("linear-independent-squared", "linear, independent", "squared error"),
    ("logistic-independent-squared", "logistic, independent", "squared error"),
)
COLUMNS = ("into_hidden", "into_visible", "both", "both_rescaled", "both_unregressed")


def describe_gradient(model: Mapping[str, Any], command: str) -> list[Block]:
    """Return the sections on gradient descent and on symmetry.

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
    gradient = model["gradient"]
    limit = model["claims"]["gradient"]["claim"]["thresholds"]["regression"]
    return [
        Section(title="Is it gradient descent?", anchor="gradient", level=3),
        make_box(model["claims"]["gradient"]),
        *derive(),
        *_describe_start(gradient, limit, command),
        *_describe_learning(model, command),
    ]


def _at(gradient: Mapping[str, Any], case: str, regression: float) -> Mapping[str, Any]:
    rows: list[Mapping[str, Any]] = gradient["start"][case]
    return next(row for row in rows if row["regression"] == regression)


def _describe_start(gradient: Mapping[str, Any], limit: float, command: str) -> list[Block]:
    paper = gradient["learning"]["paper"]["regression"]
    rows = []
    for case, name, error in CASES:
        for regression in (paper, limit):
            row = _at(gradient, case, regression)
            medians = (format_decimals(row[part]["median"], 3) for part in COLUMNS)
            rows.append((name, error, format_exact(regression), *medians))
    lengths, rest = gradient["lengths"], _at(gradient, "logistic-independent-squared", paper)
    wide = rest["into_hidden"]
    return [
        Paragraph(
            "So much for the theory; now the measurement. For "
            f"{format_count(gradient['n'])} networks with the initial weights of the base "
            "protocol we computed the change of every weight and the exact gradient, which agrees "
            "with finite differences to "
            f"better than {format_number(gradient['largest_deviation'], 1)}, and took the cosine "
            "of the angle between the change and minus the gradient: 1 if both point the same "
            "way, 0 if they have nothing to do with each other ([](#figure-cosines), "
            "[](#table-cosines)). In the "
            f"restricted case, at a regression of {format_exact(limit)}, the lengths come out as "
            "derived too: over the predicted length, the change of $W$ has a median of "
            f"{format_number(lengths['into_hidden']['median'], 3)} and that of $U$ "
            f"{format_number(lengths['into_visible']['median'], 3)}."
        ),
        Paragraph(
            "**Where it breaks.** It needs the symmetry. With independent weights, as the base "
            "protocol draws them, the change of $W$ at the base reading has a median "
            f"cosine of {format_number(wide['median'], 1)} with the gradient, and 90 % of the "
            f"networks lie between {format_range(wide['low'], wide['high'], 2)}: a step in no "
            "particular direction. That both matrices together still have a cosine of "
            f"{format_number(rest['both']['median'], 3)} means little: with small weights nearly "
            "all of the gradient is that of $U$, so the sum hides what $W$ does. And even in the "
            "restricted case both together are not one descent, because $W$ moves by a further "
            r"factor $1 - \lambda$ more slowly; with a learning rate of its own, or without "
            "regression on the second pass, they are (last two columns)."
        ),
        _make_cosines(gradient, limit, paper, command),
        Table(
            name="cosines",
            caption="**Cosine between weight changes and minus the gradient at the start of "
            "learning**, medians. The last two columns are for both matrices together: with a "
            "learning rate of its own for each, and without regression on the second pass.",
            header=("Units, weights", "Error", "Regression", "$W$", "$U$", "Both", "Two rates",
                    "Unregressed"),
            rows=tuple(rows),
            align="llrrrrrr",
            command=command,
        ),
    ]  # fmt: skip


def _make_cosines(gradient: Mapping[str, Any], limit: float, paper: float, command: str) -> Figure:
    from replication.report.figures.claims_gradient import plot_cosines

    ends = [
        format_number(_at(gradient, "linear-symmetric-squared", each)["into_hidden"]["median"], 2)
        for each in (0.0, paper, limit)
    ]
    apart = _at(gradient, "linear-independent-squared", limit)["into_hidden"]["median"]
    return Figure(
        name="cosines",
        caption="**Where the change of a matrix follows the gradient of the squared error.** "
        "Medians over networks at the start of learning against the regression (the axis "
        "stretches the end near 1), with bands that hold 90 % of the networks.",
        alt="Two panels, linear and logistic visible units. With symmetric weights and linear "
        f"units the cosine for W rises from {ends[0]} at regression 0 over {ends[1]} at the "
        f"paper's to {ends[2]} at {format_exact(limit)}; with independent weights it stays near "
        f"{format_number(apart, 1)} with a wide band; for U it is 1 or nearly 1 throughout.",
        draw=partial(plot_cosines, gradient=gradient, paper=paper),
        command=command,
    )


def _describe_learning(model: Mapping[str, Any], command: str) -> list[Block]:
    from replication.report.figures.claims_gradient import plot_learning

    gradient, symmetry = model["gradient"], model["symmetry"]
    learning, updates = gradient["learning"], gradient["learning_updates"]
    middle = updates.index(30)
    paper, restricted = learning["paper"], learning["restricted"]
    row, crossed = (paper["cosines"][error][middle] for error in ("squared", "cross-entropy"))
    last = len(updates) - 1
    rises, reached = gradient["rises"], symmetry["at_criterion"]
    at = dict(zip(symmetry["updates"], symmetry["cosine"], strict=True))
    lowest = min(each["median"] for each in restricted["symmetry"])
    return [
        Section(title="Along learning, and a symmetry that arises by itself",
                anchor="symmetry", level=3),
        Paragraph(
            "The weights do not stay as they were drawn. Over "
            f"{format_count(symmetry['n'])} networks at the base reading, the cosine "
            "between $W$ and the transpose of $U$ starts at a median of "
            f"{format_number(at[0]['median'], 1)}, is {format_number(at[10]['median'], 2)} after "
            f"10 updates and {format_number(at[20]['median'], 2)} after 20, and when the criterion "
            f"is met it is {format_number(reached['median'], 2)} (90 % of the networks: "
            f"between {format_range(reached['low'], reached['high'], 2)}). Nobody tied the two "
            "matrices together: each follows its own rule, and the symmetry that the derivation "
            "needs comes about by itself ([](#figure-learning))."
        ),
        Paragraph(
            "So the change of $W$ comes nearer to a gradient while the network learns. After "
            f"{updates[middle]} updates at the base reading its median cosine with the "
            f"gradient of the squared error is {format_decimals(row['into_hidden']['median'], 2)}; "
            "with that of the cross-entropy it is "
            f"{format_decimals(crossed['into_hidden']['median'], 2)}. The change of $U$ leaves the "
            "gradient of the squared error meanwhile "
            f"({format_decimals(row['into_visible']['median'], 2)}), as the factor that logistic "
            "units lack becomes uneven, and stays on that of the cross-entropy "
            f"({format_decimals(crossed['into_visible']['median'], 2)}). For both together the "
            f"median is {format_decimals(row['both']['median'], 2)}, because the two matrices move "
            "at different rates. A small enough step along the change would have lowered the "
            f"squared error in {format_percent(row['both']['share_positive'])} of the networks. "
            "But the steps are not small: "
            f"{format_percent(rises['share'])} of {format_count(rises['n_updates'])} updates "
            f"({format_count(rises['n'])} networks, up to the criterion) *raised* the error, "
            "which a smooth descent never does."
        ),
        Paragraph(
            "The restricted case, in turn, does not preserve itself. Networks that start "
            "symmetric, with linear visible units and a regression of "
            f"{format_exact(restricted['regression'])}, lose some of the symmetry by learning (at "
            f"the lowest, a median cosine of {format_number(lowest, 2)} between the matrices), "
            f"and with it some of the agreement for $W$ (median {_lowest(restricted)} at the "
            "lowest). A last limit of the restricted case: linear visible units cannot do this "
            "task. Whatever two hidden units say, the four reconstructions lie in one plane, "
            "and the four patterns do not; no such plane passes them with an error below one "
            f"half. After {format_count(updates[last])} updates the median error in this case was "
            f"{format_number(restricted['median_error'][last], 2)}, and "
            f"{format_number(learning['unregressed']['median_error'][last], 2)} without regression "
            "on the second pass: the criterion of the base protocol is out of reach there."
        ),
        Figure(
            name="learning",
            caption="**Agreement with the gradient, and symmetry, along learning** at the base "
            "reading. Left: cosine between the change of each matrix and minus the gradient "
            "of the squared error. Right: cosine between one matrix and the transpose of the "
            "other. Medians; bands hold 90 % of the networks (left: for $W$). Learning goes on "
            "after the criterion.",
            alt="Left, cosines against updates: for W from "
            f"{format_number(paper['cosines']['squared'][0]['into_hidden']['median'], 1)} to "
            f"{format_number(row['into_hidden']['median'], 2)} after {updates[middle]} updates. "
            f"Right, the cosine between the matrices rises from "
            f"{format_number(at[0]['median'], 1)} to {format_number(at[30]['median'], 2)}.",
            draw=partial(plot_learning, gradient=gradient, symmetry=symmetry),
            command=command,
        ),
    ]  # fmt: skip


def _lowest(learner: Mapping[str, Any]) -> str:
    return format_number(
        min(row["into_hidden"]["median"] for row in learner["cosines"]["squared"]), 2
    )


def describe_rule(model: Mapping[str, Any]) -> list[Block]:
    """Return the section on the simple rule.

    Parameters
    ----------
    model : mapping
        The model ``claims``.

    Returns
    -------
    list of Block
    """
    rule = model["rule"]
    return [
        Section(title="Is the rule as simple as that?", anchor="simple-rule", level=3),
        make_box(model["claims"]["simple-rule"]),
        Paragraph(
            "A description of a procedure cannot be replicated as a measurement can. What can be "
            "tested is whether the description is complete: whether a program that follows it "
            "uses anything else on the side. For "
            f"{format_count(rule['n'])} networks, the changes made by the fast kernel were "
            "compared with the product of activities computed apart from it: they differ by "
            f"{format_number(rule['product_difference'], 1)} at most, which is rounding. Then "
            "all weights and biases of each network were altered, by "
            f"{format_number(rule['alteration'], 1)} in the median, but at right angles to what "
            "every unit receives in the two passes of one pattern, so that all activities stay as "
            "they are. A rule that looks at activities only must not notice, and it does not: the "
            f"changes move by {format_number(rule['altered_difference'], 1)} at most. "
            "Back-propagation, which sends errors back through the weights themselves, does "
            "notice: the same alterations move its change of $W$, in the median, by "
            f"{format_number(rule['back_propagation_effect'], 2)} times its length."
        ),
    ]
