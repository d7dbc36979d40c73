"""Each rule of the ledger, on both sides of each of its thresholds."""

from __future__ import annotations

from typing import Any

import pytest

from replication.analysis.claim_verdicts import (
    judge_codes,
    judge_gradient,
    judge_rapid,
    judge_rule,
)
from replication.analysis.intervals import Estimate
from replication.claims import VERDICTS, load_claims

LEDGER = load_claims()
REPLICATED, QUALIFIED, NOT_REPLICATED, _ = VERDICTS


def share(low: float, high: float | None = None) -> Estimate:
    """An estimate with this lower end."""
    return Estimate(low, low, low if high is None else high, "stated")


@pytest.mark.parametrize(
    ("within", "no_slower", "verdict"),
    [
        (0.90, 0.50, REPLICATED),
        (0.90, 0.49, QUALIFIED),
        (0.89, 0.99, QUALIFIED),
        (0.50, 0.00, QUALIFIED),
        (0.49, 0.99, NOT_REPLICATED),
    ],
)
def test_rapid_follows_its_rule(within: float, no_slower: float, verdict: str) -> None:
    judged = judge_rapid(
        within=share(within), no_slower=share(no_slower), thresholds=LEDGER["rapid"].thresholds
    )
    assert judged.verdict == verdict
    assert [number.value for number in judged.numbers] == [within, no_slower]
    assert [number.holds for number in judged.numbers] == [within >= 0.9, no_slower >= 0.5]


def test_rapid_does_not_call_a_tie_slower() -> None:
    thresholds = LEDGER["rapid"].thresholds
    clear = judge_rapid(within=share(1.0), no_slower=share(0.4, 0.45), thresholds=thresholds)
    tie = judge_rapid(within=share(1.0), no_slower=share(0.4, 0.60), thresholds=thresholds)
    assert "slower in more than half" in clear.reason
    assert "slower in more than half" not in tie.reason
    assert clear.verdict == tie.verdict == QUALIFIED


@pytest.mark.parametrize(
    ("good", "strict", "verdict", "stricter"),
    [
        (0.90, 0.90, REPLICATED, REPLICATED),
        (0.89, 0.50, QUALIFIED, QUALIFIED),
        (0.50, 0.49, QUALIFIED, NOT_REPLICATED),
        (0.49, 0.10, NOT_REPLICATED, NOT_REPLICATED),
    ],
)
def test_codes_follow_their_rule(good: float, strict: float, verdict: str, stricter: str) -> None:
    judged = judge_codes(
        good=share(good), strict=share(strict), thresholds=LEDGER["good-codes"].thresholds
    )
    assert judged.verdict == verdict
    assert judged.would_change[0].endswith(f"the verdict would be {stricter}.")


GOOD, BAD = 0.99, 0.98


@pytest.mark.parametrize(
    ("squared", "other", "verdict"),
    [
        ((GOOD, GOOD), (BAD, BAD), REPLICATED),
        ((GOOD, BAD), (BAD, BAD), QUALIFIED),
        ((BAD, BAD), (GOOD, GOOD), QUALIFIED),
        ((BAD, BAD), (GOOD, BAD), NOT_REPLICATED),
    ],
)
def test_gradient_follows_its_rule(squared: Any, other: Any, verdict: str) -> None:
    names = ("visible to hidden", "hidden to visible")
    judged = judge_gradient(
        squared=dict(zip(names, squared, strict=True)),
        other=dict(zip(names, other, strict=True)),
        thresholds=LEDGER["gradient"].thresholds,
    )
    assert judged.verdict == verdict
    # The other error is a deciding number only where the squared one does not settle it.
    assert len(judged.numbers) == (2 if verdict == REPLICATED else 4)


@pytest.mark.parametrize(
    ("product", "altered", "converged", "verdict"),
    [
        (1e-15, 1e-15, 0.95, REPLICATED),
        (1e-15, 1e-15, 0.94, QUALIFIED),
        (1e-11, 1e-15, 0.99, NOT_REPLICATED),
        (1e-15, 1e-11, 0.99, NOT_REPLICATED),
    ],
)
def test_simple_rule_follows_its_rule(
    product: float, altered: float, converged: float, verdict: str
) -> None:
    judged = judge_rule(
        product_difference=product,
        altered_difference=altered,
        converged=share(converged),
        thresholds=LEDGER["simple-rule"].thresholds,
    )
    assert judged.verdict == verdict
    assert all(text.endswith(".") for text in judged.would_change)
