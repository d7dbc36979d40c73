"""What `compare` says, from the user's side."""

import json

import numpy as np
import pytest

from replication.comparison.cautions import Caution
from replication.comparison.comparison import Agreement, Reason, compare
from replication.comparison.plausibility import Fault
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable

GENERATOR = np.random.default_rng(22)
NORMAL = GENERATOR.normal(10, 2, size=200)
COUNTS = GENERATOR.geometric(0.03, size=400)
UPDATES = np.minimum(COUNTS, 60)
SOLVED = UPDATES < 60


pytestmark = pytest.mark.usefixtures("few_resamples")


def test_the_truth_is_consistent_and_a_shift_of_one_deviation_is_not():
    study = np.random.default_rng(23).normal(10, 2, size=20)
    mean, largest = f"{study.mean():.2f}", f"{study.max():.2f}"
    assert compare(NORMAL, runs=20, mean=mean, max=largest).agreement is Agreement.CONSISTENT
    shifted = compare(NORMAL + 2, runs=20, mean=mean)
    assert (shifted.agreement, shifted.reason) == (Agreement.NOT_CONSISTENT, Reason.P_VALUE)


def test_a_number_that_cannot_be_right_comes_first():
    found = compare(COUNTS, runs=20, mean="48.37")
    assert (found.agreement, found.reason) == (Agreement.NOT_CONSISTENT, Reason.IMPOSSIBLE)
    assert found.impossible[0].fault is Fault.NOT_A_MEAN
    assert found.summary().startswith(
        "Not consistent: 20 whole numbers cannot have a mean of 48.37"
    )


def test_a_number_that_cannot_be_right_has_no_p_beside_it():
    found = compare(COUNTS, runs=20, mean="48.37", max="90")
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["p"] is plain["p_range"] is None
    for name in ("mean", "mean_given_max"):
        assert plain["findings"][name]["p"] is plain["findings"][name]["chance"] is None
    assert plain["findings"]["max"]["p"] == found.findings["max"].p > 0
    row = next(line for line in found.summary().splitlines() if line.startswith("mean "))
    assert row.rstrip().endswith(f"{found.findings['mean'].high:.4g}")


def test_a_number_that_cannot_be_right_is_one_of_the_runs_that_it_summarises():
    """607 / 20 is 30.35, but no sum of 19 whole numbers gives that."""
    found = compare(COUNTS, cap=90, runs=20, mean="30.35", n_succeeded="19")
    assert "19 whole numbers cannot have a mean of 30.35" in found.summary()


def test_few_runs_cannot_tell():
    found = compare([40.0, 60.0, 48.0], runs=5, mean="90")
    assert (found.agreement, found.reason) == (Agreement.CANNOT_TELL, Reason.FEW)
    assert Caution.FEW_RUNS in found.cautions
    assert found.summary().startswith("Cannot tell: 3 runs are too few to say; at least 5")


def test_a_margin_decides_between_no_difference_and_equivalence():
    close = compare(NORMAL, runs=5, mean="10.0", margin="10 %")
    assert close.agreement is Agreement.CONSISTENT
    assert close.equivalence.margin == pytest.approx(1.0)
    vague = compare(NORMAL, runs=5, mean="11.0", margin=0.1)
    assert vague.reason is Reason.NOT_SHOWN_WITHIN_MARGIN
    many = np.random.default_rng(24).normal(10, 2, size=20_000)
    sharp = compare(many, runs=5000, mean="10.20", margin="10%")
    assert sharp.reason is Reason.DIFFERENT_WITHIN_MARGIN


def test_how_many_runs_there_can_be_is_searched_where_it_is_not_said():
    found = compare(NORMAL, mean="11.0")
    assert (found.agreement, found.reason) == (Agreement.CANNOT_TELL, Reason.DEPENDS_ON_RUNS)
    search = found.search
    # A mean one half of a deviation off is within reach of about 16 runs.
    assert 10 <= search.largest <= 30
    assert search.largest_range[0] <= search.largest <= search.largest_range[1]
    known = compare(NORMAL, runs=search.largest, mean="11.0")
    beyond = compare(NORMAL, runs=2 * search.largest, mean="11.0")
    assert known.p > 0.04
    assert beyond.p < 0.05
    assert compare(NORMAL, mean="10.0").agreement is Agreement.CONSISTENT
    assert compare(NORMAL, mean="30.0").agreement is Agreement.NOT_CONSISTENT


def test_a_largest_value_below_all_runs_is_consistent_with_no_number_of_them():
    found = compare(NORMAL, mean="0.5", max="1.0")
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert found.search.largest is None


def test_what_was_done_with_failures_must_not_decide_unless_it_is_said():
    mean = f"{UPDATES.mean():.1f}"  # counted at the cap
    found = compare(UPDATES, succeeded=SOLVED, runs=200, mean=mean)
    assert found.reason is Reason.FAILURES
    assert set(found.p_by_failures) == {"excluded", "at-cap", "restarted"}
    assert Caution.MANY_FAILED in found.cautions
    at_cap = compare(UPDATES, succeeded=SOLVED, runs=200, mean=mean, failures="at-cap")
    assert at_cap.agreement is Agreement.CONSISTENT
    assert at_cap.mean.value == pytest.approx(UPDATES.mean())
    excluded = compare(UPDATES, succeeded=SOLVED, runs=200, mean=mean, failures="excluded")
    assert excluded.agreement is Agreement.NOT_CONSISTENT


def test_a_restarted_run_takes_its_failures_with_it():
    """Every second attempt fails after 10: on average one failure, 10 more, before a success."""
    values = np.array([4.0, 10.0] * 2000)
    found = compare(values, cap=9.0, runs=50, mean="13", failures="restarted")
    assert found.mean.value == pytest.approx(4 + 9, abs=0.7)


def test_a_cap_is_the_same_as_failures_that_carry_it():
    by_flag = compare(UPDATES, succeeded=SOLVED, runs=50, mean="25")
    by_cap = compare(COUNTS, cap=59, runs=50, mean="25")
    assert by_flag.n_failed == by_cap.n_failed
    assert by_flag.findings["mean"] == by_cap.findings["mean"]


def test_a_count_table_is_the_same_as_its_outcomes():
    table = CountTable.from_outcomes(UPDATES, SOLVED, 60)
    first = compare(table, runs=50, mean="25", max="59")
    again = compare(UPDATES, succeeded=SOLVED, runs=50, mean="25", max="59")
    assert first.to_dict() == again.to_dict()


def test_a_reported_share_says_how_many_values_were_summarised():
    """Of 50 runs 40 succeeded: the mean is one of 40."""
    found = compare(UPDATES, succeeded=SOLVED, runs=50, n_succeeded=40, mean="25.0")
    alone = compare(UPDATES, succeeded=SOLVED, runs=40, mean="25.0", failures="excluded")
    assert found.findings["mean"] == alone.findings["mean"]
    assert found.findings["n_succeeded"].p > 0.05


def test_a_share_alone_needs_no_value():
    found = compare([60.0] * 60, succeeded=[True] * 30 + [False] * 30, runs=100, share="90 %")
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert Caution.NONE_FAILED not in found.cautions
    assert Caution.NONE_FAILED in compare([60.0] * 60, runs=100, share="90 %").cautions
    with pytest.raises(DataError, match="all 20 runs failed"):
        compare([60.0] * 20, succeeded=[False] * 20, runs=10, mean="50")


def test_a_share_alone_does_not_ask_where_failures_stopped():
    rewards, solved = NORMAL, NORMAL > 8
    found = compare(rewards, succeeded=solved, runs=50, share="0.84")
    assert found.agreement is Agreement.CONSISTENT
    assert found.mean.value is None
    assert "mean" not in found.summary()
    assert found.share.value == solved.mean()


def test_failures_that_the_report_left_out_need_no_common_cap():
    found = compare(NORMAL, succeeded=NORMAL > 8, failures="excluded", runs=20, mean="10.5")
    assert found.mean.value == pytest.approx(NORMAL[NORMAL > 8].mean())
    with pytest.raises(DataError, match="give failures as excluded if the report left them out"):
        compare(NORMAL, succeeded=NORMAL > 8, runs=20, mean="10.5")


def test_equal_values_are_said_to_say_nothing_of_how_runs_vary():
    found = compare([48.0] * 60, runs=20, mean="48")
    assert Caution.EQUAL_VALUES in found.cautions
    assert found.agreement is Agreement.CONSISTENT


def test_skewed_runs_are_cautioned_where_the_study_is_not_small_beside_them():
    names = {"sd": "33", "mean": "33"}
    for runs, is_cautioned in ((20, False), (40, True)):
        found = compare(COUNTS, runs=runs, **names)
        assert (Caution.SKEWED in found.cautions) == is_cautioned
    assert Caution.SKEWED not in compare(COUNTS, runs=40, mean="33").cautions
    assert Caution.SKEWED not in compare(NORMAL, runs=40, sd="2.0").cautions
    # The mean hangs on the tail only where that is heavy.
    heavy = np.append(NORMAL, [50.0])
    assert Caution.SKEWED in compare(heavy, runs=40, mean="10").cautions


def test_more_runs_than_seen_and_an_extreme_beyond_them_are_said():
    found = compare(NORMAL, runs=500, max="18.0")
    assert {Caution.MORE_RUNS_THAN_SEEN, Caution.BEYOND_SEEN} <= set(found.cautions)


def test_negative_values_are_values():
    found = compare(-NORMAL, runs=20, mean="-10.1", min="-14")
    assert found.agreement is Agreement.CONSISTENT


def test_intervals_and_p_values_do_not_contradict_each_other():
    """The mean reported at an end of the prediction interval has p near the level."""
    finding = compare(NORMAL, runs=20, mean="10.0").findings["mean"]
    for end in (finding.low, finding.high):
        at_end = compare(NORMAL, runs=20, mean=f"{end:.4f}")
        assert at_end.p == pytest.approx(0.05, abs=0.004)


def test_everything_is_plain_json_and_the_same_twice():
    arguments = {"runs": 20, "mean": "10.1", "sd": "2.0", "share": "1.0", "margin": "10%"}
    first, again = compare(NORMAL, **arguments), compare(NORMAL, **arguments)
    assert json.dumps(first.to_dict(), allow_nan=False) == json.dumps(again.to_dict())
    assert first == again


def test_the_summary_is_a_sentence_a_table_and_cautions():
    text = compare(UPDATES, succeeded=SOLVED, runs=500, mean="25", max="59").summary()
    first, *rest = text.split("\n\n")
    assert first.startswith(("Consistent:", "Not consistent:", "Cannot tell:"))
    assert "95 % of studies of 500" in text
    # The maximum is one of all runs that succeeded, not of 500.
    assert f"your {SOLVED.sum()} runs" in text
    assert rest[-1].startswith("Caution:")
    for word in ("network", "ledger", "reading", "protocol"):
        assert word not in text.lower()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing was reported"),
        ({"mean": "about 48"}, "plain decimal number"),
        ({"mean": "9" * 5000}, "plain decimal number"),
        ({"mean": "48", "runs": 0}, "whole numbers from 1 to 1,000,000"),
        ({"mean": "48", "runs": 2.5}, "whole numbers from 1 to 1,000,000"),
        ({"mean": "48", "runs": True}, "whole numbers from 1 to 1,000,000"),
        ({"sd": "4", "runs": 1}, "one run has no standard deviation"),
        ({"sd": "4", "mean": "3", "runs": 10, "n_succeeded": 1}, "no standard deviation"),
        ({"share": "0.9", "n_succeeded": "9", "runs": 10}, "say the same"),
        ({"n_succeeded": "9"}, "without runs"),
        ({"mean": "48", "failures": "dropped"}, "excluded, at-cap, restarted"),
        ({"mean": "48", "level": 0.7}, "above 0 and below 0.5"),
        ({"mean": "48", "margin": "-3"}, "a number above 0"),
        ({"mean": "0", "margin": "10%"}, "reported mean of 0"),
        ({"max": "48", "margin": "3"}, "without a reported mean"),
        ({"mean": "48", "cap": 1e308}, "numbers up to 1e\\+15"),
    ],
)
def test_arguments_are_refused_in_one_line(arguments, message):
    with pytest.raises(UsageError, match=message) as error:
        compare(NORMAL, **arguments)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([], {}, "there are no values"),
        ([[1, 2], [3, 4]], {}, "one-dimensional"),
        (["a", "b"], {}, "not all numbers"),
        ([1.0, float("nan")], {}, "row 2 is nan"),
        ([1.0, 1e300], {}, "finite numbers up to 1e\\+15"),
        ([1.0, 2.0], {"succeeded": [True]}, "equally long"),
        ([1.0, 2.0], {"succeeded": ["yes", "no"]}, "neither true and false"),
    ],
)
def test_values_are_refused_in_one_line(values, arguments, message):
    with pytest.raises(DataError, match=message) as error:
        compare(values, mean="48", **arguments)
    assert "\n" not in str(error.value)


def test_failures_stopped_at_different_values_get_advice_that_keeps_most_runs():
    values = np.append(np.arange(1.0, 101.0), [95.0, 98.0])
    succeeded = np.append(np.ones(100, bool), [False, False])
    with pytest.raises(DataError, match="give a cap of 95, which counts 7.8 %"):
        compare(values, succeeded=succeeded, runs=10, mean="50")


def test_a_cap_that_would_fail_most_runs_is_never_advised():
    values = np.append(np.arange(1.0, 101.0), [2.0, 100.0, 100.0, 100.0])
    succeeded = np.append(np.ones(100, bool), [False] * 4)
    with pytest.raises(DataError, match="remove the 1 stopped before 100 and give a cap of 100"):
        compare(values, succeeded=succeeded, runs=10, mean="50")
    with pytest.raises(DataError, match="run the failures on to one common cap"):
        compare(np.append(np.arange(1.0, 101.0), 3.0), succeeded=[True] * 100 + [False], mean="50")
