"""Verdicts on the claims other than the mean, by the rules of the ledger.

Shares are compared by the end of their interval that is harder to pass.
"""

from __future__ import annotations

from collections.abc import Mapping

from replication.analysis.intervals import Estimate
from replication.analysis.verdict import (
    NOT_REPLICATED,
    QUALIFIED,
    REPLICATED,
    DecidingNumber,
    Verdict,
)

Thresholds = Mapping[str, float | int]


def judge_rapid(*, within: Estimate, no_slower: Estimate, thresholds: Thresholds) -> Verdict:
    """Judge whether the procedure usually converges rapidly.

    Parameters
    ----------
    within : Estimate
        Share of networks that converge within ``within_updates``.
    no_slower : Estimate
        Share of pairs in which recirculation is no slower than back-propagation at its best.
    thresholds : mapping
        Of the claim "rapid".

    Returns
    -------
    Verdict
    """
    updates = int(thresholds["within_updates"])
    usual = _ask(f"share converged within {updates} updates", within, thresholds["min_converged"])
    pairs = _ask(
        "share of pairs in which recirculation is no slower than back-propagation",
        no_slower, thresholds["min_no_slower"],
    )  # fmt: skip
    half = float(thresholds["min_converged_qualified"])
    if usual.holds and pairs.holds:
        verdict = REPLICATED
        reason = (
            f"Nearly all networks converge within {updates} updates, and from the same initial "
            "weights recirculation at the base reading is at least as often no slower "
            "than back-propagation at its best as it is slower."
        )
        change = "A better search for the settings of back-propagation could tip the pairs."
    elif usual.holds:
        verdict = QUALIFIED
        reason = (
            f"Nearly all networks converge within {updates} updates, but against back-propagation "
            "at its best settings recirculation at the base reading is "
            + (
                "slower in more than half of the pairs."
                if _ceiling(no_slower) < float(thresholds["min_no_slower"])
                else "not surely no slower in half of the pairs."
            )
        )
        change = (
            "Recirculation no slower in half of the pairs would make it replicated; so would a "
            "rule that asks for speed alone."
        )
    elif _floor(within) >= half:
        verdict = QUALIFIED
        reason = f"Most networks converge within {updates} updates, but not nearly all."
        change = f"A share of {thresholds['min_converged']:g} within {updates} updates would help."
    else:
        verdict = NOT_REPLICATED
        reason = f"Fewer than half of the networks surely converge within {updates} updates."
        change = f"A share of {half:g} within {updates} updates would need a qualification only."
    return Verdict(verdict=verdict, reason=reason, numbers=(usual, pairs), would_change=(change,))


def judge_codes(*, good: Estimate, strict: Estimate, thresholds: Thresholds) -> Verdict:
    """Judge whether the networks converge on a good set of codes.

    Parameters
    ----------
    good : Estimate
        Share of converged networks with good codes.
    strict : Estimate
        The same under the strict margin, which does not decide.
    thresholds : mapping
        Of the claim "good-codes".

    Returns
    -------
    Verdict
    """
    least, half = float(thresholds["min_good"]), float(thresholds["min_good_qualified"])
    verdicts = (NOT_REPLICATED, QUALIFIED, REPLICATED)
    place = (_floor(good) >= half) + (_floor(good) >= least)
    reasons = (
        "At most half of the converged networks surely have four different binary codes.",
        (
            "Most converged networks have four different binary codes, but far from all: in the "
            "others two patterns share a corner and are told apart by graded activity."
        ),
        "Nearly all converged networks have four different binary codes.",
    )
    stricter = (_floor(strict) >= half) + (_floor(strict) >= least)
    margin = float(thresholds["strict_margin"])
    return Verdict(
        verdict=verdicts[place],
        reason=reasons[place],
        numbers=(
            _ask("share of converged networks with good codes", good, least),
            _ask("the same, for a verdict with qualification", good, half),
        ),
        would_change=(
            (
                f"If every activity also had to lie within {margin:g} of 0 or 1, the verdict "
                f"would be {verdicts[stricter]}."
            ),
            (
                "If it were enough that the reconstruction tells the four patterns apart, every "
                "converged network would do, by the criterion itself."
            ),
        ),
    )


def judge_gradient(
    *,
    squared: Mapping[str, float],
    other: Mapping[str, float],
    thresholds: Thresholds,
) -> Verdict:
    """Judge whether the changes follow the gradient in the restricted case.

    Parameters
    ----------
    squared : mapping of matrix to median cosine
        Linear visible units, against the squared error.
    other : mapping of matrix to median cosine
        Logistic visible units, against the cross-entropy.
    thresholds : mapping
        Of the claim "gradient".

    Returns
    -------
    Verdict
    """
    least = float(thresholds["min_cosine"])
    numbers = tuple(
        DecidingNumber(
            name=f"median cosine with the gradient of the {error}, {matrix}",
            value=value, relation="at least", threshold=least, holds=value >= least,
        )
        for error, values in (("squared error", squared), ("cross-entropy", other))
        for matrix, value in values.items()
    )  # fmt: skip
    holds = [value >= least for value in squared.values()]
    if all(holds):
        numbers = numbers[: len(squared)]  # the other error does not enter then
        verdict = REPLICATED
        reason = (
            "With symmetric weights, linear visible units and a regression near 1 the change of "
            "each matrix points along its own gradient of the squared error, as the derivation "
            "says."
        )
        change: tuple[str, ...] = (
            (
                "A reading that asks for one gradient of all weights at once would need a "
                "qualification: the two matrices descend at different rates."
            ),
            (
                "A reading that asks for the base reading, not a restricted case, would be judged "
                "by the cosines measured there instead."
            ),
        )
    elif any(holds) or all(value >= least for value in other.values()):
        verdict = QUALIFIED
        reason = "The changes follow the gradient for one matrix or for another error only."
        change = (f"A median cosine of {least:g} for both matrices would make it replicated.",)
    else:
        verdict = NOT_REPLICATED
        reason = "Not even in the restricted case do the changes follow a gradient."
        change = (f"A median cosine of {least:g} for one matrix would need a qualification only.",)
    return Verdict(verdict=verdict, reason=reason, numbers=numbers, would_change=change)


def judge_rule(
    *,
    product_difference: float,
    altered_difference: float,
    converged: Estimate,
    thresholds: Thresholds,
) -> Verdict:
    """Judge whether the simple rule is all there is, and enough.

    Parameters
    ----------
    product_difference : float
        Largest deviation of the kernel's changes from the product of the rule.
    altered_difference : float
        Largest deviation after altering weights at equal activities.
    converged : Estimate
        Share of networks following the rule that converge.
    thresholds : mapping
        Of the claim "simple-rule".

    Returns
    -------
    Verdict
    """
    most = float(thresholds["max_difference"])
    complete = [
        DecidingNumber(
            name=name, value=value, relation="below", threshold=most, holds=value < most
        )
        for name, value in (
            ("largest deviation of a change from activity times difference, rounded up",
             product_difference),
            ("largest effect on a change of altering weights at equal activities, rounded up",
             altered_difference),
        )
    ]  # fmt: skip
    enough = _ask("share of networks that converge", converged, thresholds["min_converged"])
    if not all(number.holds for number in complete):
        verdict, reason = NOT_REPLICATED, "The changes depend on more than the rule names."
    elif not enough.holds:
        verdict, reason = QUALIFIED, "The rule is complete, but does not make the networks learn."
    else:
        verdict = REPLICATED
        reason = (
            "Each change is the presynaptic activity times the difference of the postsynaptic "
            "activity between the two passes; no other quantity enters, and networks that follow "
            "this rule learn."
        )
    change = (
        (
            "The first two numbers check our implementation of the described rule: only an error "
            "in it could have made them larger."
        ),
        "Whether a cell could compute the product is not a question for a simulation.",
    )
    return Verdict(verdict=verdict, reason=reason, numbers=(*complete, enough), would_change=change)


def _floor(estimate: Estimate) -> float:
    return 0.0 if estimate.low is None else estimate.low


def _ceiling(estimate: Estimate) -> float:
    return 1.0 if estimate.high is None else estimate.high


def _ask(name: str, estimate: Estimate, least: float) -> DecidingNumber:
    """Ask whether an interval lies wholly at or above a threshold."""
    low = _floor(estimate)
    return DecidingNumber(
        name=f"{name}, lower end of the interval",
        value=low, relation="at least", threshold=float(least), holds=low >= least,
    )  # fmt: skip
