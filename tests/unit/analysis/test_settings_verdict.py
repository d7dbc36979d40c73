"""The verdict on the reported settings."""

from typing import Any

import pytest

from replication.analysis.settings_verdict import judge_settings
from replication.claims import load_claims

THRESHOLDS = load_claims()["settings"].thresholds
REPLICATED, QUALIFIED, NOT = "replicated", "replicated with qualification", "not replicated"


def summary(*, low: float, mean: str, learning_rate: float = 20.0) -> dict[str, Any]:
    return {
        "study": {"protocol": {"learning_rate": learning_rate, "regression": 0.75}},
        "population": {
            "converged": {"value": low + 0.001, "low": low, "high": low + 0.002},
            "cap": 2000,
        },
        "verdict": {"verdict": mean},
    }


@pytest.mark.parametrize(
    ("low", "mean", "verdict"),
    [
        (0.995, REPLICATED, REPLICATED),
        (0.99, REPLICATED, REPLICATED),
        (0.995, QUALIFIED, QUALIFIED),
        (0.97, REPLICATED, QUALIFIED),
        (0.95, QUALIFIED, QUALIFIED),
        (0.949, REPLICATED, NOT),
        (0.995, NOT, NOT),
        (0.940, "not testable", NOT),
    ],
)
def test_rule_of_the_ledger_decides(low: float, mean: str, verdict: str) -> None:
    found = judge_settings(summary(low=low, mean=mean), THRESHOLDS)
    assert found.verdict == verdict
    assert [number.threshold for number in found.numbers] == [0.99, 0.95]
    assert [number.holds for number in found.numbers] == [low >= 0.99, low >= 0.95]
    assert found.would_change


def test_other_settings_are_not_testable() -> None:
    model = summary(low=1.0, mean=REPLICATED, learning_rate=15.0)
    assert judge_settings(model, THRESHOLDS).verdict == "not testable"


def test_other_network_is_not_testable_even_if_it_fails() -> None:
    model = summary(low=0.3, mean="not testable")
    assert judge_settings(model, THRESHOLDS).verdict == NOT
    model["study"]["differences"] = {"group_sizes": [16, 4]}
    assert judge_settings(model, THRESHOLDS).verdict == "not testable"
    model["study"]["differences"] = {"half_width": 2.0}  # an open choice, so it is judged
    assert judge_settings(model, THRESHOLDS).verdict == NOT


@pytest.mark.parametrize(
    ("cap", "low", "verdict"),
    [
        (1, 0.0, "not testable"),
        (1999, 0.949, "not testable"),
        (2000, 0.949, NOT),
        (100, 0.95, QUALIFIED),  # enough got there in spite of the low cap
    ],
)
def test_networks_stopped_early_have_not_failed(cap: int, low: float, verdict: str) -> None:
    model = summary(low=low, mean=QUALIFIED)
    model["population"]["cap"] = cap
    found = judge_settings(model, THRESHOLDS)
    assert found.verdict == verdict
    if verdict == "not testable":
        assert found.reason.startswith(f"Networks were stopped after {cap} update")
        assert found.would_change == ("A study that goes on to 2000 updates could be judged.",)


def test_mean_that_cannot_be_judged_leaves_the_settings_unjudged():
    model = summary(low=0.995, mean="not testable")
    model["verdict"]["would_change"] = ["A larger study could be judged."]
    found = judge_settings(model, THRESHOLDS)
    assert found.verdict == "not testable"
    assert found.would_change == ("A larger study could be judged.",)


def test_small_study_that_may_converge_often_enough_is_not_judged() -> None:
    model = summary(low=0.83, mean="not testable")
    model["population"]["converged"]["high"] = 1.0
    model["verdict"]["would_change"] = ["A larger study could be judged."]
    assert judge_settings(model, THRESHOLDS).verdict == "not testable"


def test_too_many_failures_are_blamed_only_if_surely_so() -> None:
    model = summary(low=0.93, mean=QUALIFIED)
    assert judge_settings(model, THRESHOLDS).reason.startswith("Too many networks")
    model["population"]["converged"]["high"] = 0.97
    found = judge_settings(model, THRESHOLDS)
    assert found.verdict == NOT
    assert found.reason.startswith("This study does not show that enough")


CONVERGE = "The networks converge at these settings, and the reported mean is {}."
TOO_MANY = "Too many networks do not converge at these settings."


@pytest.mark.parametrize(
    ("low", "mean", "reason", "change"),
    [
        (
            0.99,
            REPLICATED,
            CONVERGE,
            "A qualification of the verdict on the reported mean would change it.",
        ),
        (
            0.99,
            QUALIFIED,
            CONVERGE,
            "A verdict of replicated on the reported mean would change it.",
        ),
        (0.95, REPLICATED, CONVERGE, "A larger share of networks that converge would change it."),
        (0.95, NOT, CONVERGE, "Another verdict on the reported mean could change it."),
        (0.94, REPLICATED, TOO_MANY, "A larger share of networks that converge could change it."),
        (0.94, NOT, TOO_MANY, "A larger share of networks that converge could change it."),
    ],
)
def test_verdict_says_why_and_what_would_change_it(low, mean, reason, change):
    found = judge_settings(summary(low=low, mean=mean), THRESHOLDS)
    assert found.reason == reason.format(mean)
    assert found.would_change == (change,)
    first, second = found.numbers
    assert first.name == "share that converges by the cap, lower end"
    assert second.name == "share that converges by the cap, lower end, for a qualification"
    assert {(number.value, number.relation) for number in found.numbers} == {(low, "at least")}


def test_study_that_cannot_be_judged_says_why():
    other = judge_settings(summary(low=1.0, mean=REPLICATED, learning_rate=15.0), THRESHOLDS)
    assert other.reason == "This study uses other settings than the reported ones."
    assert other.would_change == ("A study at the reported settings could be judged.",)
    model = summary(low=0.995, mean="not testable")
    model["verdict"]["would_change"] = []
    open_mean = judge_settings(model, THRESHOLDS)
    assert open_mean.reason == (
        "The reported mean is not testable in this study, and the rule asks for it."
    )
    assert other.numbers == open_mean.numbers == ()


def test_share_that_just_reaches_the_threshold_may_do():
    """The upper end at the threshold: the share is not surely too small."""
    model = summary(low=0.93, mean=QUALIFIED)
    model["population"]["converged"]["high"] = 0.95
    found = judge_settings(model, THRESHOLDS)
    assert found.reason.startswith("This study does not show that enough")
    model["verdict"] = {"verdict": "not testable", "would_change": []}
    assert judge_settings(model, THRESHOLDS).verdict == "not testable"
