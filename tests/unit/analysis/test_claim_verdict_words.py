"""The sentences of the verdicts on the other claims, whole, as a reader meets them.

The thresholds are others than those of the ledger, so that none of these can be built in.
"""

from __future__ import annotations

from typing import Any

from replication.analysis.claim_verdicts import (
    judge_codes,
    judge_gradient,
    judge_rapid,
    judge_rule,
)
from replication.analysis.intervals import Estimate

RAPID = {
    "within_updates": 70,
    "min_converged": 0.8,
    "min_no_slower": 0.6,
    "min_converged_qualified": 0.4,
}


def share(low: float, high: float | None = None) -> Estimate:
    """An estimate with this lower end."""
    return Estimate(low, low, low if high is None else high, "stated")


def test_rapid_says_why_and_what_would_change_it() -> None:
    def judge(low: float, pairs: Estimate) -> Any:
        return judge_rapid(within=share(low), no_slower=pairs, thresholds=RAPID)

    found = judge(0.8, share(0.6))
    assert [(number.name, number.relation, number.threshold) for number in found.numbers] == [
        ("share converged within 70 updates, lower end of the interval", "at least", 0.8),
        (
            "share of pairs in which recirculation is no slower than back-propagation, "
            "lower end of the interval",
            "at least",
            0.6,
        ),
    ]
    assert found.reason == (
        "Nearly all networks converge within 70 updates, and from the same initial weights "
        "recirculation at the base reading is at least as often no slower than "
        "back-propagation at its best as it is slower."
    )
    assert found.would_change == (
        "A better search for the settings of back-propagation could tip the pairs.",
    )
    beginning = (
        "Nearly all networks converge within 70 updates, but against back-propagation at its best "
        "settings recirculation at the base reading is "
    )
    slower, unsure = judge(0.8, share(0.5, 0.59)), judge(0.8, share(0.5, 0.6))
    unbounded = judge(0.8, Estimate(0.55, 0.5, None, "stated"))
    assert slower.reason == beginning + "slower in more than half of the pairs."
    assert unsure.reason == beginning + "not surely no slower in half of the pairs."
    assert unbounded.reason == unsure.reason
    assert unsure.would_change == (
        "Recirculation no slower in half of the pairs would make it replicated; so would a rule "
        "that asks for speed alone.",
    )
    most, few = judge(0.4, share(0.9)), judge(0.39, share(0.9))
    assert most.reason == "Most networks converge within 70 updates, but not nearly all."
    assert most.would_change == ("A share of 0.8 within 70 updates would help.",)
    assert few.reason == "Fewer than half of the networks surely converge within 70 updates."
    assert few.would_change == (
        "A share of 0.4 within 70 updates would need a qualification only.",
    )


def test_share_without_a_lower_end_may_be_nothing() -> None:
    unknown = Estimate(0.95, None, 1.0, "stated")
    judged = judge_rapid(within=unknown, no_slower=share(1), thresholds=RAPID)
    assert judged.verdict == "not replicated"
    assert [(number.value, number.holds) for number in judged.numbers] == [(0, False), (1, True)]


def test_codes_say_why_and_what_would_change_it() -> None:
    thresholds = {"min_good": 0.8, "min_good_qualified": 0.4, "strict_margin": 0.125}
    judged = [
        judge_codes(good=share(low), strict=share(0.4), thresholds=thresholds)
        for low in (0.39, 0.4, 0.8)
    ]
    assert [item.reason for item in judged] == [
        "At most half of the converged networks surely have four different binary codes.",
        "Most converged networks have four different binary codes, but far from all: in the "
        "others two patterns share a corner and are told apart by graded activity.",
        "Nearly all converged networks have four different binary codes.",
    ]
    assert [[(n.name, n.threshold, n.holds) for n in item.numbers] for item in judged[1:2]] == [
        [
            (
                "share of converged networks with good codes, lower end of the interval",
                0.8,
                False,
            ),
            (
                "the same, for a verdict with qualification, lower end of the interval",
                0.4,
                True,
            ),
        ]
    ]
    assert judged[0].would_change == (
        "If every activity also had to lie within 0.125 of 0 or 1, the verdict would be "
        "replicated with qualification.",
        "If it were enough that the reconstruction tells the four patterns apart, every converged "
        "network would do, by the criterion itself.",
    )


def test_gradient_says_why_and_what_would_change_it() -> None:
    def judge(squared: tuple[float, float], other: tuple[float, float]) -> Any:
        names = ("up", "down")
        return judge_gradient(
            squared=dict(zip(names, squared, strict=True)),
            other=dict(zip(names, other, strict=True)),
            thresholds={"min_cosine": 0.75},
        )

    full, one, none = judge((0.75, 0.9), (0, 0)), judge((0.7, 0.8), (1, 0)), judge((0, 0), (0, 1))
    assert full.reason == (
        "With symmetric weights, linear visible units and a regression near 1 the change of each "
        "matrix points along its own gradient of the squared error, as the derivation says."
    )
    assert full.would_change == (
        "A reading that asks for one gradient of all weights at once would need a qualification: "
        "the two matrices descend at different rates.",
        "A reading that asks for the base reading, not a restricted case, would be judged by the "
        "cosines measured there instead.",
    )
    assert all(number.holds for number in full.numbers)
    assert one.reason == (
        "The changes follow the gradient for one matrix or for another error only."
    )
    assert one.would_change == (
        "A median cosine of 0.75 for both matrices would make it replicated.",
    )
    assert none.reason == "Not even in the restricted case do the changes follow a gradient."
    assert none.would_change == (
        "A median cosine of 0.75 for one matrix would need a qualification only.",
    )
    assert [
        (number.name, number.value, number.relation, number.threshold, number.holds)
        for number in one.numbers
    ] == [
        ("median cosine with the gradient of the squared error, up", 0.7, "at least", 0.75, False),
        ("median cosine with the gradient of the squared error, down", 0.8, "at least", 0.75, True),
        ("median cosine with the gradient of the cross-entropy, up", 1, "at least", 0.75, True),
        ("median cosine with the gradient of the cross-entropy, down", 0, "at least", 0.75, False),
    ]


def test_simple_rule_says_why_and_what_would_change_it() -> None:
    def judge(product: float, altered: float, converged: float) -> Any:
        return judge_rule(
            product_difference=product,
            altered_difference=altered,
            converged=share(converged),
            thresholds={"max_difference": 0.5, "min_converged": 0.75},
        )

    full = judge(0.25, 0.25, 0.75)
    assert full.reason == (
        "Each change is the presynaptic activity times the difference of the postsynaptic activity "
        "between the two passes; no other quantity enters, and networks that follow this rule "
        "learn."
    )
    assert judge(0.25, 0.25, 0.7).reason == (
        "The rule is complete, but does not make the networks learn."
    )
    # A deviation of exactly the largest one allowed is already too large.
    assert judge(0.5, 0.25, 0.75).reason == "The changes depend on more than the rule names."
    assert full.would_change == (
        "The first two numbers check our implementation of the described rule: only an error in "
        "it could have made them larger.",
        "Whether a cell could compute the product is not a question for a simulation.",
    )
    assert [
        (number.name, number.value, number.relation, number.threshold, number.holds)
        for number in judge(0.25, 0.5, 0.7).numbers
    ] == [
        (
            "largest deviation of a change from activity times difference, rounded up",
            0.25,
            "below",
            0.5,
            True,
        ),
        (
            "largest effect on a change of altering weights at equal activities, rounded up",
            0.5,
            "below",
            0.5,
            False,
        ),
        (
            "share of networks that converge, lower end of the interval",
            0.7,
            "at least",
            0.75,
            False,
        ),
    ]
