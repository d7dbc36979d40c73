"""The sentences of the verdict on a reported mean, whole, as a reader meets them."""

import dataclasses

import pytest

from replication.analysis.compatible import MAX_RUNS, CompatibleRuns
from replication.analysis.equivalence import Equivalence
from replication.analysis.mean_verdict import RuleEvidence, judge_mean

# Another margin, another n* and another label than those of the ledger: none may be built in.
THRESHOLDS = {"margin_percent": 12.5, "min_n_star": 30}
MARGIN = 6.0
NO_RUNS = CompatibleRuns(0, 0, 0, 0)


def make(rule, low, mean, high, *, equivalent=False, smallest=None, runs=(12, 1, 12, 12)):
    test = Equivalence(MARGIN, 0.01 if equivalent else 0.9, equivalent)
    return RuleEvidence(rule, mean, low, high, test, smallest, CompatibleRuns(*runs))


def judge(*evidence):
    return judge_mean(evidence, reported=48.0, thresholds=THRESHOLDS, text="48.0")


def test_replicated_under_one_rule_says_how_much_room_is_left():
    found = judge(make("discard", 46.0, 47.0, 48.0, equivalent=True, smallest=1.75))
    assert found.reason == "The population mean lies within 12.5 % of 48.0."
    assert found.would_change == (
        "A mean 4.2 further from 48.0 would need a qualification.",
        "A margin tighter than 1.8 would need one too.",
    )
    assert found.doubts == ()


def test_replicated_with_nothing_between_leaves_the_whole_margin():
    found = judge(make("discard", 48.0, 48.0, 48.0, equivalent=True, smallest=0.0))
    assert found.would_change[0].startswith("A mean 6 further from 48.0 would need")
    assert found.would_change[1] == "A margin tighter than 0 would need one too."


def test_replicated_under_several_rules_names_the_one_that_is_furthest():
    found = judge(
        make("discard", 46.0, 47.0, 48.0, equivalent=True, smallest=1.5),
        make("cap", 50.0, 51.0, 52.0, equivalent=True, smallest=4.0),
        make("restart", 47.0, 48.0, 49.0, equivalent=True, smallest=1.0),
    )
    assert found.reason == (
        "The population mean lies within 12.5 % of 48.0 under every rule for failures."
    )
    assert found.would_change == (
        "A mean 2 further from 48.0 under the rule cap would need a qualification.",
        "A margin tighter than 4 would need one too.",
    )


def test_numbers_are_listed_rule_by_rule():
    found = judge(
        make("discard", 46.0, 47.0, 48.0, equivalent=True, smallest=1.5, runs=(29, 1, 9, 40)),
        make("cap", 50.0, 60.0, 70.0, smallest=22.0, runs=(MAX_RUNS, 1, 30, MAX_RUNS)),
    )
    assert [dataclasses.astuple(number) for number in found.numbers] == [
        ("smallest margin of equivalence, discard", 1.5, "below", 6.0, True, False),
        ("smallest margin of equivalence, cap", 22.0, "below", 6.0, False, False),
        ("n*, discard", 29, "at least", 30, False, False),
        ("n*, cap", MAX_RUNS, "at least", 30, True, True),
    ]


def test_qualified_under_one_rule():
    found = judge(make("discard", 40.0, 41.0, 41.5, smallest=8.04, runs=(30, 2, 30, 31)))
    assert found.verdict == "replicated with qualification"
    assert [number.holds for number in found.numbers] == [False, True]
    assert found.reason == (
        "The population mean lies outside the margin of 12.5 % around 48.0; but 48.0 is what a "
        "study of up to 30 runs could well have reported."
    )
    assert found.would_change == (
        "Knowing that more than 30 runs were averaged in the original would turn it into not "
        "replicated.",
        "An equivalence margin of 8.04 or more in place of 6 would make it replicated.",
    )


def test_qualified_under_several_rules_speaks_of_the_one_with_most_runs():
    found = judge(
        make("discard", 40.0, 41.0, 41.5, smallest=8.0, runs=(31, 1, 31, 31)),
        make("cap", 53.0, 55.0, 57.0, smallest=9.0, runs=(400, 1, 400, 400)),
        make("restart", 47.0, 48.0, 49.0, equivalent=True, smallest=1.0, runs=(50, 1, 50, 50)),
    )
    assert found.reason == (
        "The population mean lies outside the margin of 12.5 % around 48.0 under discard, and is "
        "not shown to lie within it under cap, though it lies within that margin under restart; "
        "but 48.0 is what a study of up to 400 runs could well have reported (rule cap)."
    )
    assert found.would_change == (
        "Knowing that more than 400 runs were averaged in the original, under whichever rule, "
        "would turn it into not replicated.",
        "An equivalence margin of 9 or more in place of 6 would make it replicated.",
    )


def test_qualified_with_any_number_of_runs():
    every = (MAX_RUNS, 1, MAX_RUNS, MAX_RUNS)
    one = judge(make("discard", 40.0, 41.0, 41.5, smallest=8.0, runs=every))
    assert one.reason.endswith(
        "is what a study of up to 5000 runs or more could well have reported."
    )
    assert one.would_change[0] == "No number of runs up to 5000 would turn it into not replicated."
    two = judge(
        make("cap", 40.0, 41.0, 41.5, smallest=8.0, runs=every),
        make("restart", None, None, None, runs=(0, 0, 0, 0)),
    )
    assert two.reason.endswith("5000 runs or more could well have reported (rule cap).")
    assert two.would_change == (
        "No number of runs up to 5000 would turn it into not replicated under the rule cap; "
        "knowing the rule used could.",
        "A larger study would be needed to test for equivalence under every rule.",
    )


def test_not_replicated_under_one_rule():
    found = judge(make("discard", 70.0, 71.0, 72.0, smallest=24.0, runs=(12, 3, 12, 12)))
    assert found.verdict == "not replicated"
    assert found.reason == (
        "The population mean lies outside the margin of 12.5 % around 48.0, and 48.0 is "
        "compatible with at most 12 runs."
    )
    assert found.would_change == (
        "It would need a qualification only if 30 runs or more could have given 48.0.",
        "An original that averaged at most 12 runs would explain the number by chance, but the "
        "rule does not count so small a study.",
    )


def test_not_replicated_under_several_rules():
    found = judge(
        make("discard", 70.0, 71.0, 72.0, smallest=24.0, runs=(3, 1, 3, 3)),
        make("cap", 40.0, 48.0, 56.0, smallest=8.0, runs=(29, 1, 29, 29)),
    )
    assert found.reason == (
        "The population mean lies outside the margin of 12.5 % around 48.0 under discard, and is "
        "not shown to lie within it under cap, and 48.0 is compatible with at most 29 runs "
        "(rule cap)."
    )


def test_not_replicated_by_any_number_of_runs():
    found = judge(make("discard", 70.0, 71.0, 72.0, smallest=24.0, runs=(0, 0, 0, 0)))
    assert found.reason.endswith("around 48.0, and 48.0 is compatible with no number of runs.")
    assert found.would_change[1] == (
        "Another reading of the protocol could give another population."
    )


def test_not_testable_without_any_mean():
    found = judge()
    assert found.reason == "No network converged, so there is no mean to compare."
    (change,) = found.would_change
    assert change == "A single network that converges would make a comparison possible."
    assert found.numbers == ()


def test_not_testable_because_too_small():
    wide = make("discard", None, 50.0, None, runs=(400, 1, 2, MAX_RUNS))
    found = judge(wide)
    assert found.verdict == "not testable"
    assert found.reason == (
        "This study is too small to decide: the population mean is shown neither to lie within "
        "12.5 % of 48.0 nor to lie outside, and n* may lie on either side of 30."
    )
    assert found.would_change == ("A larger study could be judged.",)
    assert found.doubts == (
        "The mean may still lie within 6 of the reported one: its interval reaches into that "
        "range, and more data would tell.",
        "n* may lie on either side of 30: its interval goes from 2 to 5000 or more.",
    )
    two = judge(wide, make("cap", 40.0, 50.0, 60.0, runs=(400, 1, 3, 30)))
    assert "nor to lie outside under every rule for failures, and n*" in two.reason
    assert two.doubts == (
        "The mean under discard and cap may still lie within 6 of the reported one: its interval "
        "reaches into that range, and more data would tell.",
        "n* may lie on either side of 30: its interval goes from 2 to 5000 or more under discard "
        "and from 3 to 30 under cap.",
    )


@pytest.mark.parametrize(
    ("low", "high", "is_open"),
    [
        (54.0, 60.0, False),  # touches 48 + 6 from outside
        (53.9, 60.0, True),
        (36.0, 42.0, False),  # touches 48 - 6 from outside
        (36.0, 42.1, True),
        (None, 42.0, False),
        (None, 42.1, True),
        (54.0, None, False),
        (53.9, None, True),
    ],
)
def test_mean_is_in_doubt_where_its_interval_reaches_into_the_margin(low, high, is_open):
    found = judge(make("discard", low, 50.0, high, smallest=20.0))
    assert bool(found.doubts) == is_open
    assert ("not shown to lie" in found.reason) == is_open


def test_mean_shown_to_lie_within_is_not_in_doubt():
    assert judge(make("discard", 44.0, 50.0, 53.0, equivalent=True, smallest=5.0)).doubts == ()


@pytest.mark.parametrize(
    ("low", "high", "is_open"),
    [(29, 30, True), (30, 30, False), (30, 99, False), (5, 29, False), (0, MAX_RUNS, True)],
)
def test_n_star_is_in_doubt_where_its_interval_spans_the_threshold(low, high, is_open):
    found = judge(make("discard", 70.0, 71.0, 72.0, smallest=24.0, runs=(29, 1, low, high)))
    assert bool(found.doubts) == is_open


def test_label_is_the_number_where_no_text_was_printed():
    found = judge_mean(
        [make("discard", 70.0, 71.0, 72.0, smallest=24.0)], reported=48.25, thresholds=THRESHOLDS
    )
    assert "around 48.25, and 48.25 is" in found.reason
