"""The verdict follows the ledger's rule, says what decided it and what would change it."""

import dataclasses

import pytest

from replication.analysis.compatible import MAX_RUNS, CompatibleRuns
from replication.analysis.equivalence import Equivalence
from replication.analysis.mean_verdict import RuleEvidence, judge_mean
from replication.analysis.verdict import set_aside, settle

THRESHOLDS = {"margin_percent": 10.0, "min_n_star": 20}


def make_evidence(rule, mean, *, equivalent, n_star, low=None, high=None):
    runs = CompatibleRuns(n_star, 1, n_star if low is None else low, high or n_star)
    smallest = abs(mean - 48) + 0.1
    test = Equivalence(4.8, 0.01 if equivalent else 0.9, equivalent)
    return RuleEvidence(rule, mean, mean - 0.1, mean + 0.1, test, smallest, runs)


def judge(*evidence):
    return judge_mean(evidence, reported=48.0, thresholds=THRESHOLDS, text="48")


def test_equivalence_under_all_rules_is_replicated():
    found = judge(
        make_evidence("discard", 47.0, equivalent=True, n_star=900),
        make_evidence("cap", 48.5, equivalent=True, n_star=MAX_RUNS),
        make_evidence("restart", 45.0, equivalent=True, n_star=3),
    )
    assert found.verdict == "replicated"
    assert "every rule" in found.reason
    assert "1.7 further from 48 under the rule restart" in found.would_change[0]


def test_failing_one_rule_with_enough_runs_is_a_qualification():
    found = judge(
        make_evidence("discard", 43.0, equivalent=False, n_star=400),
        make_evidence("cap", 45.0, equivalent=True, n_star=MAX_RUNS),
        make_evidence("restart", 42.5, equivalent=False, n_star=120),
    )
    assert found.verdict == "replicated with qualification"
    assert "lies outside the margin of 10 % around 48 under discard and restart" in found.reason
    assert "though it lies within that margin under cap" in found.reason
    assert "5000 runs or more" in found.reason
    assert "margin of 5.6 or more in place of 4.8" in found.would_change[1]


@pytest.mark.parametrize(
    ("n_star", "verdict"), [(19, "not replicated"), (20, "replicated with qualification")]
)
def test_the_threshold_of_runs_counts_itself(n_star, verdict):
    assert judge(make_evidence("discard", 40.0, equivalent=False, n_star=n_star)).verdict == verdict


def test_numbers_that_decided_are_listed_with_their_thresholds():
    found = judge(make_evidence("discard", 43.0, equivalent=False, n_star=400))
    margin, runs = found.numbers
    assert (margin.value, margin.relation, margin.threshold, margin.holds) == (
        5.1,
        "below",
        4.8,
        False,
    )
    assert (runs.value, runs.relation, runs.threshold, runs.holds) == (400, "at least", 20, True)


def test_nothing_to_compare_is_not_testable():
    assert judge().verdict == "not testable"


def test_rule_without_a_mean_cannot_be_equivalent():
    nothing = RuleEvidence(
        "restart", None, None, None, Equivalence(4.8, None, False), None, CompatibleRuns(0, 0, 0, 0)
    )
    found = judge(make_evidence("discard", 48.0, equivalent=True, n_star=MAX_RUNS), nothing)
    assert found.verdict == "replicated with qualification"


def test_doubt_is_voiced_where_an_interval_spans_the_threshold():
    found = judge(make_evidence("discard", 40.0, equivalent=False, n_star=12, low=2, high=264))
    assert found.verdict == "not replicated"
    assert "goes from 2 to 264" in found.doubts[0]
    wide = dataclasses.replace(
        make_evidence("discard", 40.0, equivalent=False, n_star=5), low=30.0, high=50.0
    )
    assert "may still lie within 4.8" in judge(wide).doubts[0]


def test_settled_numbers_leave_no_doubt():
    assert judge(make_evidence("discard", 40.0, equivalent=False, n_star=12)).doubts == ()


def test_repetitions_that_disagree_are_unsettled():
    good = judge(make_evidence("discard", 48.0, equivalent=True, n_star=MAX_RUNS))
    bad = judge(make_evidence("discard", 20.0, equivalent=False, n_star=0))
    assert settle([good, good]) == "replicated"
    assert settle([good, bad]) == "unsettled"


def test_mean_that_may_lie_within_the_margin_is_only_not_shown_to():
    wide = dataclasses.replace(
        make_evidence("discard", 49.0, equivalent=False, n_star=400), low=30.0, high=70.0
    )
    found = judge(wide)
    assert found.verdict == "replicated with qualification"
    assert "is not shown to lie within 10 % of 48" in found.reason
    mixed = judge(wide, make_evidence("cap", 60.0, equivalent=False, n_star=0)).reason
    assert "lies outside the margin of 10 % around 48 under cap" in mixed
    assert "is not shown to lie within it under discard" in mixed


def make_open(rule):
    runs = CompatibleRuns(0, 0, 0, MAX_RUNS)
    return RuleEvidence(rule, 46.0, 0.0, None, Equivalence(4.8, None, False), None, runs)


NOTHING = RuleEvidence(
    "restart", None, None, None, Equivalence(4.8, None, False), None, CompatibleRuns(0, 0, 0, 0)
)


@pytest.mark.parametrize("more", [[], [make_open("cap")], [NOTHING]])
def test_study_that_leaves_every_number_open_is_not_testable(more):
    found = judge(make_open("discard"), *more)
    assert found.verdict == "not testable"
    assert "too small" in found.reason
    assert len(found.numbers) == 2 * (1 + len(more))
    assert found.doubts


@pytest.mark.parametrize(
    "settled",
    [
        make_evidence("cap", 60.0, equivalent=False, n_star=12, low=2, high=264),
        dataclasses.replace(
            make_evidence("cap", 49.0, equivalent=False, n_star=12), low=30.0, high=70.0
        ),
    ],
)
def test_one_settled_number_is_enough_to_judge(settled):
    assert judge(make_open("discard"), settled).verdict == "not replicated"


def test_counts_agree_with_their_nouns():
    one = judge(make_evidence("discard", 60.0, equivalent=False, n_star=1))
    assert "at most 1 run." in one.reason
    assert "at most 1 run would" in one.would_change[1]
    none = judge(make_evidence("discard", 60.0, equivalent=False, n_star=0))
    assert "compatible with no number of runs" in none.reason


def test_other_settings_set_a_verdict_aside_but_keep_its_numbers():
    before = judge(make_evidence("discard", 48.0, equivalent=True, n_star=MAX_RUNS))
    assert set_aside(before, {}) == before
    after = set_aside(
        before, {"learning_rate": 15.0, "learning_rule": "back-propagation", "patterns": [[1] * 99]}
    )
    assert after.verdict == "not testable"
    assert after.reason == (
        "This study has other settings than those reported: learning_rate = 15.0, "
        "learning_rule = back-propagation and patterns = [...]."
    )
    assert after.numbers == before.numbers
    assert after.would_change[0].startswith("A study with the reported settings could be judged")
    assert settle([after, after]) == "not testable"


def test_plain_form_holds_lists():
    plain = judge(make_evidence("discard", 40.0, equivalent=False, n_star=12)).to_plain()
    assert list(plain) == ["verdict", "reason", "numbers", "would_change", "doubts"]
    assert {name for name, value in plain.items() if isinstance(value, list)} == {
        "numbers",
        "would_change",
        "doubts",
    }
    assert plain["numbers"][1]["value"] == 12


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "[...]")])
def test_setting_is_shown_up_to_forty_characters(length, shown):
    before = judge(make_evidence("discard", 48.0, equivalent=True, n_star=MAX_RUNS))
    assert set_aside(before, {"criterion": "x" * length}).reason.endswith(f"criterion = {shown}.")
