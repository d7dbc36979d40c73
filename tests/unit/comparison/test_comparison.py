"""What `compare` says, from the user's side."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from replication.comparison.comparison import compare
from replication.comparison.plausibility import Fault
from replication.comparison.result import Agreement, Cause, Reason
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable

GENERATOR = np.random.default_rng(22)
NORMAL = GENERATOR.normal(10, 2, size=200)
COUNTS = GENERATOR.geometric(0.03, size=400)
UPDATES = np.minimum(COUNTS, 60)
SOLVED = UPDATES < 60
FIVE = [0.79, 0.82, 0.85, 0.80, 0.81]

pytestmark = pytest.mark.usefixtures("few_resamples")


def causes(found):
    return {caution.cause for caution in found.cautions}


def test_the_truth_is_consistent_and_a_shift_of_one_deviation_is_not():
    study = np.random.default_rng(23).normal(10, 2, size=20)
    mean, largest = f"{study.mean():.2f}", f"{study.max():.2f}"
    found = compare(NORMAL, runs=20, mean=mean, max=largest)
    assert found.is_consistent is True
    with pytest.raises(TypeError, match="is_consistent"):
        bool(found)
    shifted = compare(NORMAL + 2, runs=20, mean=mean)
    assert (shifted.agreement, shifted.reason) == (Agreement.NOT_CONSISTENT, Reason.P_VALUE)


def test_predictions_stay_within_bounds_and_a_column_of_0_and_1_has_them():
    accuracy = compare(FIVE, runs=5, mean="0.83", bounds=(0, 1))
    assert accuracy.findings["mean"].high <= 1
    wins = compare([0, 1, 1, 0, 1, 1, 1, 0], runs=10, mean="0.6")
    assert 0 <= wins.findings["mean"].low < wins.findings["mean"].high <= 1
    assert wins.assumptions["bounds"] == "values lie from 0 up to 1"
    assert compare(FIVE, runs=5, mean="0.83").assumptions["bounds"] == "values have no bounds"
    with pytest.raises(DataError, match="beyond the bounds of 0 and 0.8"):
        compare(FIVE, runs=5, mean="0.83", bounds=(0, 0.8))


def test_whole_numbers_of_ones_own_do_not_make_the_reported_ones_whole():
    """Heights in whole centimetres: a mean of 20 reported as 48.37 decides nothing."""
    found = compare(COUNTS, runs=20, mean="48.37")
    assert found.reason is Reason.P_VALUE
    assert [item.fault for item in found.impossible_on_grid] == [Fault.NOT_A_MEAN]
    text = " ".join(found.summary().split())
    assert "If values are whole numbers, as yours are, the report cannot be right" in text
    assert "Give `grid` 1" in text
    whole = compare(COUNTS, runs=20, mean="48.37", grid=1)
    assert whole.reason is Reason.IMPOSSIBLE
    assert whole.summary().startswith(
        "Not consistent: 20 whole numbers cannot have a mean of 48.37"
    )


def test_a_spread_is_tried_with_both_denominators():
    values = np.random.default_rng(8).normal(0, 1, size=60)
    both = compare(values, runs=3, sd="1.55")
    assert set(both.p_by_assumption) == {"sd with n - 1", "sd with n"}
    alone = [compare(values, runs=3, sd="1.55", sd_kind=kind).p for kind in ("n-1", "n")]
    assert list(both.p_by_assumption.values()) == pytest.approx(alone)
    ends = sorted(alone)
    between = compare(values, runs=3, sd="1.55", level=sum(ends) / 2)
    assert between.reason is Reason.ASSUMPTION
    assert "sd with n - 1" in " ".join(between.summary().split())


def test_a_confidence_interval_stands_for_a_standard_error():
    """Half of a 95 % interval is t(n - 1) standard errors, or 1.96."""
    by_t = compare(NORMAL, runs=5, mean="10.0", ci=("7.5", "12.5"), ci_kind="t")
    same = compare(NORMAL, runs=5, mean="10.0", se=f"{2.5 / stats.t.ppf(0.975, 4):.3f}",
                   sd_kind="n-1")  # fmt: skip
    assert by_t.p == pytest.approx(same.p, abs=0.03)
    both = compare(NORMAL, runs=5, ci=("7.5", "12.5"))
    assert len(both.p_by_assumption) == 2
    assert both.findings["mean"].value == 10.0
    half = compare(NORMAL, runs=5, mean="10.0 ± 2.5", plus_minus="ci", ci_kind="t")
    assert half.p == pytest.approx(by_t.p, abs=0.03)


def test_plus_minus_is_asked_about_and_then_read_and_so_are_units():
    with pytest.raises(UsageError, match="say what that is with `plus_minus`"):
        compare(FIVE, runs=5, mean="0.83 ± 0.04")
    found = compare(FIVE, runs=5, mean="0.83 ± 0.04", plus_minus="sd")
    assert found.reported == {"mean": "0.83", "sd": "0.04"}
    scaled = compare(FIVE, runs=5, mean="83±4 %", plus_minus="sd", scale=100)
    assert scaled.p == pytest.approx(found.p)
    per_cent = compare(FIVE, runs=5, mean="83")
    assert Cause.UNITS in causes(per_cent)
    assert "give `scale` 100" in per_cent.summary()
    assert Cause.UNITS not in causes(compare(FIVE, runs=5, mean="0.95"))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_fewer_than_five_runs_cannot_tell_and_have_no_p(n):
    """From three runs on normal theory has an answer, and the power of its test."""
    values = [40.0, 60.0, 48.0, 52.0][:n]
    found = compare(values, runs=5, mean="62.00")
    assert (found.agreement, found.reason, found.p) == (Agreement.CANNOT_TELL, Reason.FEW, None)
    assert found.is_consistent is None
    assert "too few to say; at least 5" in found.summary()
    assert (found.normal_p is None) == (found.missed is None) == (n < 3)
    if n >= 3:
        t = (62 - np.mean(values)) / (np.std(values, ddof=1) * np.sqrt(1 / n + 1 / 5))
        assert found.normal_p == pytest.approx(2 * stats.t.sf(t, n - 1), abs=0.01)
        text = " ".join(found.summary().split())
        assert f"If runs are normal the report is consistent (p = {found.normal_p:.2g})" in text
        assert f"found in about {100 * found.missed.normal_power:.0f} % of cases by" in text
        assert found.missed.power is None


def test_normal_theory_stands_beside_up_to_30_runs():
    values = np.random.default_rng(30).normal(10, 2, size=31)
    study = {"runs": 8, "mean": "11.200"}
    found = compare(values[:30], **study)
    t = (11.2 - values[:30].mean()) / (values[:30].std(ddof=1) * np.sqrt(1 / 30 + 1 / 8))
    assert found.normal_p == pytest.approx(2 * stats.t.sf(abs(t), 29), abs=0.02)
    assert "if normal" in found.summary()
    assert compare(values, **study).normal_p is None


def test_what_five_runs_would_have_missed_is_said():
    """Power of the t interval at two deviations, N = n = 5: 0.79 with s known to 4 degrees."""
    found = compare(FIVE, runs=5, mean="0.83")
    critical, error = stats.t.ppf(0.975, 4), np.sqrt(2 / 5)
    expected = stats.nct.sf(critical, 4, 2 / error) + stats.nct.cdf(-critical, 4, 2 / error)
    assert found.missed.normal_power == pytest.approx(expected)
    assert found.missed.power < found.missed.normal_power
    low, high = found.findings["mean"].low, found.findings["mean"].high
    text = " ".join(found.summary().split())
    assert f"A mean below {low:.4g} or above {high:.4g} would have been called" in text
    # Where normal theory gives the other answer, both are said.
    found = compare(FIVE, runs=5, mean="0.86")
    assert found.normal_p < 0.05 < found.p
    assert Cause.NORMAL_DIFFERS in causes(found)
    assert "it is not if runs are normal" in " ".join(found.summary().split())


def test_cautions_name_what_was_found_in_these_runs():
    generator = np.random.default_rng(31)
    cases = {
        Cause.LONG_TAILS: np.outer([1, -1], generator.standard_t(3, size=100)).ravel(),
        Cause.SHORT_TAILS: generator.beta(0.5, 0.5, size=200),
        Cause.SKEWED: generator.weibull(0.7, size=200),
        Cause.AT_BOUND: np.minimum(generator.normal(480, 60, size=200), 500),
    }
    for cause, values in cases.items():
        found = compare(values, runs=50, sd=f"{values.std(ddof=1):.3f}")
        assert cause in causes(found), cause
    assert causes(compare(NORMAL, runs=50, sd="2.0")) == set()
    assert causes(compare(generator.weibull(0.7, size=200), runs=5, sd="1.0")) == set()
    beyond = causes(compare(NORMAL, runs=500, max="18.0"))
    assert {Cause.MORE_RUNS_THAN_SEEN, Cause.BEYOND_SEEN} <= beyond
    equal = compare([48.0] * 60, runs=20, mean="48")
    assert (causes(equal), equal.is_consistent) == ({Cause.EQUAL_VALUES}, True)


def test_extremes_depend_on_tails_also_where_the_report_has_few_runs():
    bounded = np.random.default_rng(32).beta(0.5, 0.5, size=200)
    assert Cause.SHORT_TAILS in causes(compare(bounded, runs=5, max="0.95"))
    assert causes(compare(np.tile(bounded, 3), runs=5, max="0.95")) == set()  # 600 runs
    as_many = NORMAL[:100]
    found = compare(as_many, runs=100, max=f"{as_many.max():.2f}")
    assert Cause.MORE_RUNS_THAN_SEEN in causes(found)
    assert "as many runs as yours" in " ".join(found.summary().split())
    assert causes(compare(as_many, runs=100, mean=f"{as_many.mean():.2f}")) == set()


def test_robust_statistics_of_the_runs_themselves_are_consistent():
    for name, own in {
        "median": np.median(NORMAL), "q1": np.quantile(NORMAL, 0.25),
        "q3": np.quantile(NORMAL, 0.75), "iqr": stats.iqr(NORMAL),
        "iqm": stats.trim_mean(NORMAL, 0.25),
    }.items():  # fmt: skip
        found = compare(NORMAL, runs=20, **{name: f"{own:.2f}"})
        assert found.findings[name].yours == pytest.approx(own)
        assert found.p > 0.5, name
        assert compare(NORMAL, runs=20, **{name: f"{own + 4:.2f}"}).p < 0.05, name


def test_the_interval_holds_what_is_consistent_and_nothing_else():
    """Of shares, spreads of either kind, intervals, and numbers of coarse rounding."""
    solved = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    shares = [{"share": f"{k / 50:.2f}", "succeeded": solved, "runs": 50} for k in range(0, 51, 2)]
    others = [{"mean": str(k)} for k in range(7, 14)]
    for k in ("0.4", "0.9", "1.6", "2.8", "3.7"):
        others += [{"sd": k, "sd_kind": "n"}, {"se": k, "sd_kind": "n-1"}]
        others += [{"mean": f"10 ± {k}", "plus_minus": "ci", "ci_kind": "t"}]
    seen = set()
    for numbers in shares + others:
        values = solved if "share" in numbers else NORMAL
        found = compare(values, **{"runs": 5, **numbers})
        one = list(found.findings.values())[-1]
        assert (one.p > 0.05) == (one.low <= one.value <= one.high), numbers
        seen.add((one.name, one.p > 0.05))
    assert len(seen) == 10


def test_a_difference_is_held_against_runs_of_both():
    """By normal theory near Welch's prediction of a difference of means."""
    generator = np.random.default_rng(33)
    first, second = generator.normal(13, 2, size=25), generator.normal(10, 3, size=20)
    found = compare(first, minus=second, runs=10, mean="3.0")
    assert found.is_consistent
    error = np.sqrt(first.var(ddof=1) * (1 / 25 + 1 / 10) + second.var(ddof=1) * (1 / 20 + 1 / 10))
    low, high = found.normal_findings["mean"].low, found.normal_findings["mean"].high
    assert (high - low) / 2 == pytest.approx(2.04 * error, rel=0.05)
    assert found.mean.low == pytest.approx(stats.ttest_ind(
        first, second, equal_var=False).confidence_interval().low)  # fmt: skip
    assert compare(first, minus=second, runs=10, mean="12").is_consistent is False
    with pytest.raises(UsageError, match="only the `mean`"):
        compare(first, minus=second, runs=10, sd="2")


def test_a_margin_decides_between_no_difference_and_equivalence():
    close = compare(NORMAL, runs=5, mean="10.0", margin="10 %")
    assert close.agreement is Agreement.CONSISTENT
    assert close.equivalence.margin == pytest.approx(1.0)
    assert Cause.REPORTED_AS_EXACT in causes(close)
    # Five runs with a spread of 2 do not show a mean within 1.
    both = compare(NORMAL, runs=5, mean="10.0", sd="2.0", margin="10 %")
    assert both.reason is Reason.NOT_SHOWN_WITHIN_MARGIN
    assert not both.equivalence.takes_reported_as_exact


def test_a_number_that_cannot_be_right_has_no_p_beside_it():
    found = compare(COUNTS, runs=20, mean="48.37", max="90", grid=1)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (plain["schema"], plain["p"]) == (1, None)
    for name in ("mean", "mean_given_max"):
        assert plain["findings"][name]["p"] is plain["findings"][name]["chance"] is None
    assert plain["findings"]["max"]["p"] == found.findings["max"].p > 0


def test_what_was_done_with_failures_must_not_decide_unless_it_is_said():
    mean = f"{UPDATES.mean():.1f}"  # counted at the cap
    found = compare(UPDATES, succeeded=SOLVED, runs=200, mean=mean)
    assert found.reason is Reason.ASSUMPTION
    assert len(found.p_by_assumption) == 3
    assert Cause.MANY_FAILED in causes(found)
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


def test_a_reported_share_says_how_many_values_were_summarised():
    """Of 50 runs 40 succeeded: the mean is one of 40."""
    found = compare(UPDATES, succeeded=SOLVED, runs=50, n_succeeded=40, mean="25.0")
    assert found.n_failed == compare(COUNTS, cap=59, runs=50, mean="25").n_failed
    alone = compare(UPDATES, succeeded=SOLVED, runs=40, mean="25.0", failures="excluded")
    assert found.findings["mean"] == alone.findings["mean"]
    assert found.findings["n_succeeded"].p > 0.05


def test_a_share_alone_needs_no_value_and_no_cap():
    found = compare([60.0] * 60, succeeded=[True] * 30 + [False] * 30, runs=100, share="90 %")
    assert found.agreement is Agreement.NOT_CONSISTENT
    assert found.chance_all_succeed == pytest.approx(0.5**100)
    assert Cause.NONE_FAILED not in causes(found)
    assert Cause.NONE_FAILED in causes(compare([60.0] * 60, runs=100, share="90 %"))
    solved = compare(NORMAL, succeeded=NORMAL > 8, runs=50, share="0.84")
    assert solved.mean.value is None
    assert "mean" not in solved.summary()
    with pytest.raises(DataError, match="all 20 runs failed"):
        compare([60.0] * 20, succeeded=[False] * 20, runs=10, mean="50")


def test_a_mean_of_runs_cut_short_is_refused_unless_the_report_left_them_out():
    late = np.append(np.arange(1.0, 101.0), [95.0, 98.0])
    with pytest.raises(DataError, match="give a `cap` of 95, which counts 7.8 %") as error:
        compare(late, succeeded=np.arange(102) < 100, runs=10, mean="50")
    assert "would favour short runs" in str(error.value)
    assert "remove" not in str(error.value)
    found = compare(NORMAL, succeeded=NORMAL > 8, failures="excluded", runs=20, mean="10.5")
    assert found.mean.value == pytest.approx(NORMAL[NORMAL > 8].mean())


FORMS = {
    "index that is not 0, 1, 2": lambda values: pd.Series(values, index=values),
    "nullable": lambda values: pd.Series(values, dtype="Int64"),
    "one column": lambda values: pd.DataFrame({"u": values}),
    "matrix of one column": lambda values: values[:, None],
    "chunked": lambda values: pa.chunked_array([values[:7], values[7:]]),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_runs_may_come_in_whatever_holds_them(make):
    found = compare(make(COUNTS), runs=20, share="1")
    assert (found.n, found.share) == (400, compare(COUNTS, runs=20, share="1").share)
    assert compare(make(COUNTS[:2]), runs=20, mean="33").mean.value == COUNTS[:2].mean()


def test_outcomes_of_simulate_bring_their_failures_and_their_cap():
    outcomes = SimpleNamespace(updates=UPDATES, converged=SOLVED)
    found = compare(outcomes, runs=50, mean="25")
    assert found == compare(UPDATES, succeeded=SOLVED, runs=50, mean="25")
    assert found.cap == 60.0
    table = CountTable.from_outcomes(UPDATES, SOLVED, 60)
    assert compare(table, runs=50, mean="25").n_failed == found.n_failed
    with pytest.raises(UsageError, match="which say it already"):
        compare(outcomes, succeeded=SOLVED, runs=50, mean="25")


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, np.nan, 4.0, 3.0, 2.0],
        [1.0, 2.0, None, 4.0, 3.0, 2.0],
        np.ma.array([1.0, 2, 9, 4, 3, 2], mask=[0, 0, 1, 0, 0, 0]),
        pd.Series([1, 2, None, 4, 3, 2], dtype="Int64"),
    ],
)
def test_missing_values_are_refused_or_left_out_on_request(values):
    with pytest.raises(DataError, match="row 3 is missing"):
        compare(values, runs=5, mean="3")
    found = compare(values, runs=5, mean="3", nan_policy="omit")
    assert (found.n, found.n_missing) == (5, 1)
    assert found.mean.value == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing was reported"),
        ({"mean": "about 48"}, "plain decimal number"),
        ({"mean": "48", "runs": 1_000_000}, "for a value without error give `constant`"),
        ({"mean": "48", "runs": 2.5}, "whole numbers from 1 to 100,000"),
        ({"sd": "4", "runs": 1}, "summarises 1 value, too few for a standard deviation"),
        ({"share": "0.9", "n_succeeded": "9", "runs": 10}, "say the same"),
        ({"mean": "9", "runs": None}, "`runs` was not given"),
        ({"ci": ("2", "1"), "runs": 5}, "is the lower end first"),
        ({"ci": ("1", "2"), "sd": "1", "runs": 5}, "give one of them"),
        ({"mean": "48", "failures": "dropped"}, "excluded, at-cap, restarted"),
        ({"mean": "10", "constant": "10"}, "give it alone"),
        ({"mean": "48", "plus_minus": "std"}, "allowed are sd, se, ci"),
        ({"mean": "48", "nan_policy": "drop"}, "given as 'drop'; allowed are raise, omit"),
        ({"mean": "48", "level": 0.7}, "above 0 and below 0.5"),
        ({"mean": "3 ± -2", "plus_minus": "ci"}, "`ci` was given as '-2'"),
        ({"share": "-5 %"}, "`share` was given as '-5 %'"),
        ({"mean": "48", "bounds": (1, 0)}, "a lower and a higher number"),
        ({"mean": "48", "grid": 0}, "a number above 0, or none"),
        ({"mean": "48", "scale": 0}, "`scale` was given as 0; allowed is a number above 0"),
        ({"mean": "0", "margin": "10%"}, "a number above 0"),
        ({"max": "48", "margin": "3"}, "without a reported mean"),
        ({"mean": "48", "cap": 1e308}, "numbers up to 1e\\+15"),
    ],
)
def test_arguments_are_refused_in_one_line(arguments, message):
    with pytest.raises(UsageError, match=message) as error:
        compare(NORMAL, **{"runs": 5, **arguments})
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ([], {}, "there are no values"),
        (np.zeros((5, 2)), {}, "`values` has the shape \\(5, 2\\); give one number"),
        (pd.DataFrame({"a": [1], "b": [2]}), {}, "a table of 2 columns"),
        (["a", "b"], {}, "not all numbers"),
        ("mine.csv", {}, "`values` was given as 'mine.csv'; .* read by pandas, or by the command"),
        (None, {}, "`values` was given as None; give a list of numbers, one for each run$"),
        ([10**400, 1], {}, "not all numbers"),
        ([1.0, 1e300], {}, "from 1e-100 to 1e\\+15"),
        ([1.0, 2.5, 3.0], {"grid": 1}, "row 2 is 2.5, which is no multiple of the grid 1"),
        ([1.0, 2.0], {"succeeded": [True]}, "`succeeded` has the shape \\(1,\\), `values` \\(2,"),
        ([1.0, 2.0], {"minus": [3.0, 4.0], "cap": 2}, "all other runs failed"),
        ([1.0, 2.0], {"succeeded": ["yes", "no"]}, "neither true and false"),
    ],
)
def test_values_are_refused_in_one_line(values, arguments, message):
    with pytest.raises(DataError, match=message) as error:
        compare(values, mean="48", runs=5, **arguments)
    assert "\n" not in str(error.value)
