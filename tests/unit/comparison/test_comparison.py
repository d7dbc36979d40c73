"""What `compare` says, from the user's side."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from replication.comparison.comparison import compare
from replication.comparison.numbers import describe_p, format_number
from replication.comparison.sentences import FAILURE_WORDS
from replication.errors import DataError, UsageError
from replication.statistics import shares
from replication.statistics.counts import CountTable
from replication.wording import join
from tests.unit.comparison.asking import NO, UNKNOWN, YES, read

GENERATOR = np.random.default_rng(22)
NORMAL = GENERATOR.normal(10, 2, size=200)
COUNTS = GENERATOR.geometric(0.03, size=400)
UPDATES = np.minimum(COUNTS, 60)
SOLVED = UPDATES < 60
FIVE = [0.79, 0.82, 0.85, 0.80, 0.81]


@pytest.mark.parametrize(("values", "name"), [(NORMAL, "median"), (COUNTS, "mean")])
def test_shift_of_a_drawn_statistic_that_would_be_shown_is_found_four_times_in_five(values, name):
    """In both directions, and no more often in one of them."""
    found = compare(values, runs=20, **{name: f"{getattr(np, name)(values):.0f}"})
    drawn, shown = np.asarray(found.main.distributions[name].values), found.shown[name]
    low, high = np.quantile(drawn, [0.025, 0.975])
    rates = np.mean(drawn + shown > high), np.mean(drawn - shown < low)
    assert min(rates) == pytest.approx(0.8, abs=0.01)


# What went wrong before: each of these tests showed it.


def test_equal_runs_know_nothing_of_how_runs_vary():
    """Ten runs of exactly 1,000 against 998.2 had p < 0.0001."""
    alone = compare([1000.0] * 10, runs=10, mean="998.2")
    assert (alone.verdict, alone.reason, alone.p) == (UNKNOWN, "constant", None)
    both = compare([1000.0] * 10, runs=10, mean="998.2 ± 3.1", plus_minus="sd")
    # Student's t by the reported spread alone, whose denominator is n or n - 1.
    t = 1.8 / (3.1 / np.sqrt(10) * np.sqrt(10 / 9))
    assert (both.p, both.conditions) == (pytest.approx(2 * stats.t.sf(t, 9), abs=0.01), ())
    assert compare([48.0] * 60, runs=20, mean="48").verdict is YES
    assert compare([48.0] * 60, runs=20, max="50").verdict is UNKNOWN
    assert compare([48.0], constant="48").verdict is UNKNOWN


@pytest.mark.parametrize("equal", [[0.8] * 3, [123_456.789] * 10, [0.1 + 0.2, 0.3, 0.3]])
def test_rounding_is_no_spread(equal):
    """Three runs of 0.8 have a mean of 0.8000000000000002: p was 1e-29, or a certain verdict."""
    assert compare(equal, constant=equal[0] * 1.02).p is None
    assert compare(equal, constant=f"{equal[0]:.10g}").p == 1.0
    assert compare(equal, runs=5, mean=equal[0] * 1.02).reason == "constant"
    far = compare(equal, runs=5, mean=str(equal[0] * 2), sd=str(equal[0] / 100))
    assert far.conditions == (f"no other outcome is missing from your {len(equal)} equal runs",)


def test_a_difference_lies_in_its_interval_whatever_the_decimals():
    """Of a median of 0.5 against 0.811 the interval was 0.3 to 0.3."""
    values = np.random.default_rng(3).normal(0.811, 0.05, 120)
    gaps = [compare(values, runs=50, median=text).difference for text in ("0.5", "0.50", "0.500")]
    assert all(gap.low < gap.value < gap.high for gap in gaps)
    # 0.5 may be anything from 0.45 to 0.55.
    widths = [gap.high - gap.low for gap in gaps]
    assert np.diff(widths) == pytest.approx([-0.09, -0.009]), "what was rounded may be off so far"


def test_one_fact_has_one_answer_however_it_is_given():
    """Nine successes of ten against 0.6 were contradicted as a share and not as a mean."""
    nine, ones = [1] * 9 + [0], [1.0] * 10
    answers = [
        compare(nine, runs=10, mean="0.6"), compare(nine, runs=10, mean="0.6 ± 0.5"),
        compare(nine, runs=10, succeeded=nine, share="0.6"),
        compare([5.0] * 10, runs=10, succeeded=nine, n_succeeded="6"),
        compare({"share": "0.9", "runs": 10}, {"share": "60 %", "runs": 10}),
    ]  # fmt: skip
    # Fisher's test of 9 and 6 of ten with mid-p: half of what was seen, and all beyond.
    mass = stats.hypergeom(20, 15, 10).pmf
    for found in answers:
        assert (found.verdict, found.p) == (YES, pytest.approx(mass(9) + 2 * mass(10)))
    # 0.83 is no share of 5; the nearest one is judged.
    mean, share = compare(ones, n=5, mean="0.83"), compare(ones, n=5, share="0.83")
    assert mean.p == share.p == pytest.approx(shares.find_p_of_shares(10, 10, 4, 5))
    assert "the nearest, 4 of 5, is judged" in read(share)


def test_an_answer_equals_its_like_and_is_no_key():
    """On Python 3.13 one with a number that does not exist was unequal to itself."""
    one, other = (compare([0.8, 0.9], n=5, mean="0.8", sd="0.1") for _ in range(2))
    assert np.isnan(one.findings["sd"].p)
    assert one == other != compare([0.8, 0.9], n=6, mean="0.8", sd="0.1")
    with pytest.raises(TypeError, match="unhashable type: 'Comparison'"):
        hash(one)
    with pytest.raises(TypeError, match="three answers; ask for its verdict"):
        bool(one)


def test_a_mean_alone_is_judged_under_a_condition_and_knows_what_could_be_missing():
    found = compare(FIVE, runs=5, mean="0.95")
    assert (found.verdict, found.conditions) == (NO, ("the report's runs vary as yours do",))
    assert found.missed == pytest.approx(1 - 0.05**0.2)
    t = (0.95 - np.mean(FIVE)) / np.sqrt(np.var(FIVE, ddof=1) * (2 / 5) + 0.01**2 / 12)
    assert found.p == pytest.approx(2 * stats.t.sf(t, 4), rel=0.1)
    many = compare(np.tile(NORMAL, 50), runs=5, mean="10.0")
    assert many.conditions == (), "so many runs miss nothing that five could show"


def test_a_few_counts_that_happen_to_be_0_and_1_are_no_shares():
    """Of counts around 1 five are all 0 or 1 in 46 %; a mean of 1.2 was then "impossible"."""
    for report in ({"mean": "1.2", "sd": "0.8"}, {"mean": "0.6", "sd": "0.89"}, {"max": "3"}):
        found = compare([0, 1, 1, 0, 1], runs=5, **report)
        assert (found.verdict, found.reason) == (YES, "p"), report


def test_an_interval_off_its_middle_is_not_taken_in_silence():
    # Ends that are not as far from the mean, by themselves or as +0.9 -0.4.
    for report in ({"mean": "10.0", "ci": ("9.5", "11.5")}, {"mean": "10.0 +0.9 -0.4"}):
        assert "off centre" in compare(NORMAL, runs=5, **report).cautions
    assert "off centre" not in compare(NORMAL, runs=5, mean="10.0", ci=("9.5", "10.5")).cautions


# What it does.


def test_one_run_is_held_against_five_however_it_is_given():
    one = compare([91.2], runs=5, mean="92.0", sd="0.3", plus_minus="sd n-1")
    same = compare("91.2, n = 1", "mean=92.0 sd=0.3 n=5", plus_minus="sd n-1")
    assert [one.p, same.p] == pytest.approx([0.0716] * 2, abs=0.002)
    assert one.conditions == ("your runs vary as the report's do",)
    assert compare([91.2], runs=5, mean="92.0").reason == "few"
    with pytest.raises(UsageError, match="the two reports share no number"):
        compare("share=0.9 n=10", "0.83 ± 0.04, n = 5")
    # What only one of two reports has is named, and not judged.
    alone = read(compare("share=0.5 n=30", "mean=3 sd=1 share=0.9 n=20"))
    assert "Not judged, for want of runs: mean" in alone
    assert "the reported success rate of 0.9 (20 runs) lies" in alone


def test_the_difference_of_shares_is_from_what_was_printed_with_all_counts_that_print_so():
    """0.9 of 20 runs may be 17, 18 or 19; the difference was once taken from 17 alone: -0.35."""
    found = compare("share=0.50 n=30", "share=0.9 n=20").difference
    low, high = (shares.judge_shares(15, 30, count, 20, level=0.05) for count in (19, 17))
    assert (found.value, found.low, found.high) == pytest.approx((-0.4, low.low, high.high))
    counted = compare("15/30", "18/20").difference
    assert counted == shares.judge_shares(15, 30, 18, 20, level=0.05)


def test_the_very_runs_of_a_report_are_named_first():
    for kind in (0, 1):
        report = {"mean": f"{np.mean(FIVE):.3f}", "sd": f"{np.std(FIVE, ddof=kind):.4f}"}
        found = compare(FIVE, runs=5, **report)
        assert found.coincidence < 0.01
        assert read(found).index("they may be the very runs") < read(found).index("Yours less")
    assert compare(FIVE, runs=5, mean="0.8").coincidence is None, "half of all studies print 0.8"
    assert compare(FIVE, runs=6, **report).coincidence is None
    assert compare(FIVE, runs=5, **report | {"sd": "0.0231"}).coincidence is None


def test_plus_minus_of_unknown_kind_is_read_in_every_way():
    """More information never raises p: naming the kind once opened n - 1 or n, t or normal."""
    own = NORMAL[:20]
    found = compare(own, runs=5, mean="10.0 ± 2.0")
    said = [compare(own, runs=5, mean="10.0 ± 2.0", plus_minus=x) for x in ("sd", "se", "ci")]
    every = [p for one in said for p in one.p_by_assumption.values()]
    assert [*found.p_by_assumption.values()] == pytest.approx(every)
    assert (len(every), found.verdict, found.p) == (6, YES, max(every))
    # Without n, a standard deviation may be one of many runs.
    alone = compare(own, mean="12.0 ± 2.0")
    assert (alone.verdict, alone.reason) == (UNKNOWN, "reading")
    many = compare(own, mean="12.0", se="0.2")
    assert alone.p_by_assumption["± as sd of 100 runs"] == pytest.approx(many.p)
    unsure = compare(own, runs=5, mean="12.6 ± 2.0")
    assert (unsure.verdict, unsure.reason) == (UNKNOWN, "reading")
    said = compare(own, runs=5, mean="13.4 ± 2.0", plus_minus="sd")
    two = compare(own, runs=5, mean="13.4 ± 4.0", plus_minus="2sd")
    assert (said.verdict, two.p) == (NO, pytest.approx(said.p))


def test_quantiles_and_medians_are_held_against_drawn_studies():
    for name in ("median", "q1", "q3", "iqr", "iqm", "p90"):
        own = compare(NORMAL, {name: "0", "runs": 20}).findings[name].yours
        for shift, verdict in ((0.0, YES), (4.0, NO)):
            found = compare(NORMAL, {name: f"{own + shift:.2f}", "runs": 20})
            assert found.verdict is verdict, name
    quartiles = compare(NORMAL, runs=20, median="10 [9, 11]", plus_minus="iqr").reported
    assert set(quartiles) == {"median", "q1", "q3"}
    assert compare(NORMAL[:4], runs=20, median="10").reason == "few"
    both = compare(NORMAL, runs=20, median="10.2", mean="12")
    assert both.difference.value == pytest.approx(NORMAL.mean() - 12), "and not that of medians"


def test_an_extreme_beyond_all_runs_is_named_as_such():
    for name, inside, beyond in (("min", NORMAL.min(), -9), ("max", NORMAL.max(), 99)):
        for value in (inside, beyond):
            found = compare(NORMAL, {name: f"{value:.2f}", "runs": 20})
            assert ("beyond" in found.cautions) == (value == beyond)


def test_whole_numbers_of_ones_own_do_not_make_the_reported_ones_whole():
    """Heights in whole centimetres: a mean of 20 reported as 48.37 decides nothing."""
    assert compare(COUNTS, runs=20, mean="48.37").reason == "p"
    whole = compare(COUNTS, runs=20, mean="48.37", max="90", grid=1)
    assert whole.reason == "impossible"
    assert read(whole).startswith("Contradicted: 20 whole numbers cannot have a mean of 48.37")
    # A number that cannot be right has no p beside it.
    plain = json.loads(json.dumps(whole.to_dict(), allow_nan=False))
    assert (plain["schema"], plain["verdict"], plain["p"]) == (4, "contradicted", None)
    for name in ("mean", "mean_given_max"):
        assert plain["findings"][name]["p"] is plain["findings"][name]["chance"] is None
    assert plain["findings"]["max"]["p"] == whole.findings["max"].p > 0


def test_a_spread_is_tried_with_both_denominators():
    values = np.random.default_rng(8).normal(0, 1, size=60)
    both = compare(values, runs=3, sd="1.55")
    alone = [compare(values, runs=3, sd="1.55", plus_minus=f"sd {x}").p for x in ("n-1", "n")]
    expected = dict(zip(("sd with n - 1", "sd with n"), alone, strict=True))
    assert both.p_by_assumption == pytest.approx(expected)
    between = compare(values, runs=3, sd="1.55", level=sum(alone) / 2)
    assert (between.reason, "sd with n - 1" in read(between)) == ("reading", True)


def test_a_confidence_interval_stands_for_a_standard_error():
    """Half of a 95 % interval is t(n - 1) standard errors, or 1.96."""
    by_t = compare(NORMAL, runs=5, mean="10.0", ci=("7.5", "12.5"), plus_minus="ci t")
    half = compare(NORMAL, runs=5, mean="10.0 ± 2.5", plus_minus="ci t")
    error = f"{2.5 / stats.t.ppf(0.975, 4):.4f}"
    same = compare(NORMAL, runs=5, mean="10.0", se=error, plus_minus="sd n-1")
    assert by_t.p == pytest.approx(half.p) == pytest.approx(same.p, abs=0.01)
    both = compare(NORMAL, runs=5, ci=("7.5", "12.5"))
    assert (len(both.p_by_assumption), both.findings["mean"].value) == (2, 10.0)


def test_units_are_asked_about_and_scaled():
    found = compare(FIVE, runs=5, mean="0.83 ± 0.04", plus_minus="sd")
    assert found.reported == {"mean": "0.83", "sd": "0.04"}
    scaled = compare(FIVE, runs=5, mean="83±4 %", plus_minus="sd", scale=100)
    assert scaled.p == pytest.approx(found.p)
    assert "give `scale` 100" in compare(FIVE, runs=5, mean="83").render()
    assert "units" not in compare(GENERATOR.normal(size=10), runs=5, mean="30").cautions


def test_the_interval_holds_what_is_not_contradicted_and_nothing_else():
    """Of shares, spreads of either kind, intervals, and numbers of coarse rounding."""
    solved = [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    cases = [{"share": f"{k / 50:.2f}", "succeeded": solved, "runs": 50} for k in range(0, 51, 2)]
    cases += [{"mean": str(k)} for k in range(7, 14)]
    cases += [{"mean": f"{k} ± 3", "plus_minus": "sd n-1"} for k in range(5, 16)]
    for k in ("0.4", "0.9", "1.6", "2.8", "3.7"):
        cases += [{"sd": k, "plus_minus": "sd n"}, {"se": k, "plus_minus": "sd n-1"}]
    seen = set()
    for numbers in cases:
        values = solved if "share" in numbers else NORMAL
        one = next(iter(compare(values, **{"runs": 5, **numbers}).findings.values()))
        assert (one.p > 0.05) == (one.interval[0] <= one.value <= one.interval[1]), numbers
        seen.add((one.name, one.p > 0.05))
    assert len(seen) == 8


def test_a_difference_is_held_against_runs_of_both():
    generator = np.random.default_rng(33)
    first, second = generator.normal(13, 2, size=25), generator.normal(10, 3, size=20)
    found = compare(first, minus=second, runs=10, mean="3.00")
    assert found.verdict is YES
    error = np.sqrt(first.var(ddof=1) * (1 / 25 + 1 / 10) + second.var(ddof=1) * (1 / 20 + 1 / 10))
    half = found.difference.high - found.difference.value
    assert half == pytest.approx(2.02 * error, rel=0.01)
    assert found.mean.low == pytest.approx(stats.ttest_ind(
        first, second, equal_var=False).confidence_interval().low)  # fmt: skip
    assert compare(first, minus=second, runs=10, mean="12").verdict is NO
    # A standard error of the difference that is reported itself.
    own = compare(first, minus=second, runs=10, mean="3.00 ± 0.10", plus_minus="se")
    assert own.difference.high - own.difference.value < half, "its own error is smaller"
    # Of runs that are 0 or 1 the difference is one of shares.
    shares = compare([1, 1, 1, 0, 1, 1], minus=[0, 0, 1, 0, 0, 0], runs=20, mean="0.10")
    assert shares.difference.value == pytest.approx(5 / 6 - 1 / 6 - 0.1)


def test_a_margin_decides_between_no_difference_and_equivalence():
    close = compare(NORMAL, runs=500, mean="10.0", margin="10 %")
    assert (close.verdict, close.equivalence.margin) == (YES, pytest.approx(1.0))
    assert "and the means are shown to differ by less than 1 (two one-sided" in read(close)
    for report in ({"mean": "10.0"}, {"mean": "10.0", "sd": "2.0"}):
        # Five runs with a spread of 2 do not show a mean within 1.
        few = compare(NORMAL, runs=5, margin="10 %", **report)
        assert (few.verdict, few.reason) == (UNKNOWN, "margin")
    # Whatever the ± is.
    kinds = ({"plus_minus": kind} for kind in ("sd", "se", "ci"))
    each, *alone = (compare(NORMAL, runs=5, mean="10.0 ± 1.5", margin="1", **more).equivalence.p
                    for more in ({}, *kinds))  # fmt: skip
    assert each == max(alone)


def test_what_was_done_with_failures_must_not_decide_unless_it_is_said():
    given = {"succeeded": SOLVED, "runs": 200, "mean": f"{UPDATES.mean():.1f}"}  # at the cap
    found = compare(UPDATES, **given)
    assert (found.reason, len(found.p_by_assumption)) == ("reading", 3)
    at_cap = compare(UPDATES, **given, failures="at-cap")
    assert (at_cap.verdict, at_cap.mean.value) == (YES, pytest.approx(UPDATES.mean()))
    assert compare(UPDATES, **given, failures="excluded").verdict is NO


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
    assert repr(found.findings["mean"]) == repr(alone.findings["mean"])
    assert found.findings["n_succeeded"].p > 0.05
    two = min(found.findings[name].p for name in ("mean", "n_succeeded"))
    assert found.p == pytest.approx(min(1, 2 * two)), "two parts, Bonferroni"


def test_a_share_alone_needs_no_value_and_no_cap():
    found = compare([60.0] * 60, succeeded=[True] * 30 + [False] * 30, runs=100, share="90 %")
    assert found.verdict is NO
    assert found.chance_all_succeed == pytest.approx(0.5**100)
    with pytest.raises(UsageError, match="nothing says which of your runs succeeded"):
        compare([60.0] * 60, runs=100, share="90 %")
    # Of 100,000 runs 85,000 to 95,000 print as 0.9: that of yours is among them.
    assert compare([1.0] * 500, succeeded=[1] * 455 + [0] * 45, runs=100_000, share="0.9").p > 0.9


def test_a_mean_of_runs_cut_short_is_refused_unless_the_report_left_them_out():
    late = np.append(np.arange(1.0, 101.0), [95.0, 98.0])
    with pytest.raises(DataError, match="give a `cap` of at most 95, or"):
        compare(late, succeeded=np.arange(102) < 100, runs=10, mean="50")
    found = compare(NORMAL, succeeded=NORMAL > 8, failures="excluded", runs=20, mean="10.5")
    assert found.mean.value == pytest.approx(NORMAL[NORMAL > 8].mean())


def test_an_answer_is_the_same_and_whole_in_every_form():
    """Of ± 0.71 the table showed 0.79."""
    found = compare(NORMAL, runs=20, mean="10.0", sd="2.0")
    first = found.render().split("\n\n")[0].replace("\n", " ")
    markdown = found.render("markdown")
    assert markdown.split("\n\n")[0].replace("\\", "") == first
    assert "| mean | 10.0 |" in markdown
    assert json.loads(found.render("json")) == found.to_dict()
    with pytest.raises(UsageError, match="`format` was given as 'csv'; allowed are text"):
        found.render("csv")
    own = compare("4.27 +- 0.71 n=5", "mean=5 sd=1 n=5", plus_minus="sd")
    assert own.findings["sd"].yours == 0.71


def test_p_has_two_digits_and_numbers_have_four_or_are_whole():
    for p, text in ((0.0123, "= 0.012"), (1.0, "= 1"), (0.9971, "> 0.99"), (1e-7, "< 0.0001")):
        assert describe_p(p) == f"p {text}"
    for value, text in ((48.0, "48"), (1234567.0, "1,234,567"), (-0.00012345, "-0.0001234")):
        assert format_number(value) == text
    assert join(["if a and b", "if c"]) == "if a and b, and if c"


HELD = [1.0, 2.0, np.nan, 4.0, 3.0, 2.0]


@pytest.mark.parametrize("values", [
    HELD, [1, 2, pd.NA, 4, 3, 2], np.ma.array([1, 2, 9, 4, 3, 2], mask=np.isnan(HELD)),
    pd.Series([1, 2, None, 4, 3, 2], dtype="Int64", index=HELD), pd.DataFrame({"u": HELD}),
    np.array(HELD)[:, None], pa.chunked_array([HELD[:2], HELD[2:]]),
], ids=lambda values: type(values).__name__)  # fmt: skip
def test_runs_may_come_in_whatever_holds_them_and_missing_ones_are_counted(values):
    found = compare(values, runs=5, mean="3")
    assert (found.n, found.n_missing, found.mean.value) == (5, 1, pytest.approx(2.4))


def test_outcomes_of_simulate_bring_their_failures_and_their_cap():
    outcomes = SimpleNamespace(updates=UPDATES, converged=SOLVED)
    found = compare(outcomes, runs=50, mean="25")
    assert found == compare(UPDATES, succeeded=SOLVED, runs=50, mean="25")
    assert found.cap == 60.0
    table = CountTable.from_outcomes(UPDATES, SOLVED, 60)
    assert compare(table, runs=50, mean="25").n_failed == found.n_failed
    with pytest.raises(UsageError, match="which say it already"):
        compare(outcomes, succeeded=SOLVED, runs=50, mean="25")


@pytest.mark.parametrize(("arguments", "message"), [
    ({}, "nothing was reported"),
    ({"mean": "about 48"}, "plain decimal number"),
    ({"mean": "48", "runs": 1_000_000}, "100,000, or a `constant`"),
    ({"sd": "4", "runs": 1}, "summarises 1 value, too few for a standard deviation"),
    ({"share": "0.9", "n_succeeded": "9", "runs": 10}, "say the same"),
    ({"mean": "9", "runs": None}, "`n` was not given"),
    ({"ci": ("2", "1"), "runs": 5}, "is the lower end first"),
    ({"mean": "48", "failures": "dropped"}, "excluded, at-cap, restarted"),
    ({"mean": "10", "constant": "10"}, "give it alone"),
    ({"mean": "48", "reported": "9, n = 5"}, "gives the mean, and `mean` was given"),
    ({"mean": "9", "maen": "8"}, r"did you mean mean\?"),
    ({"mean": "9", "evidence": True}, "no option 'evidence'; give nothing"),
    ({"mean": "78.9 (1)"}, "what is in the brackets of 78.9"),
    ({"mean": "9", "between": "-1"}, "from 0 to 100"),
    ({"mean": "-9", "scale": "log"}, "on the scale log are numbers above 0"),
    ({"mean": "48", "level": 0.7}, "above 0 and below 0.5"),
    ({"mean": "3 ± -2", "plus_minus": "ci"}, "`ci` was given as '-2'"),
    ({"mean": "48", "scale": 0}, "`scale` was given as 0; allowed is a number above 0"),
    ({"max": "48", "margin": "3"}, "without a reported mean"),
    ({"mean": "48", "cap": 1e20}, "numbers up to 1e\\+15"),
    ({"mean": "10 ± 0.1", "sd": "0.9", "plus_minus": "sd"}, "the sd was given twice"),
    ({"mean": "10 (90% CI 9, 11)", "plus_minus": "95% ci"}, "level is 0.9, and 0.95 in"),
    ({"minus": NORMAL, "max": "2"}, "only the `mean`"),
    # What is wrong with one's own values.
    ({"values": []}, "there are no values"),
    ({"values": np.zeros((5, 2))}, "`values` was given with the shape \\(5, 2\\); give one number"),
    ({"values": ["a", "b"]}, "holds 'a' in row 1 of the data; allowed are numbers"),
    ({"values": "mine.csv"}, "`values` was given as 'mine.csv'; give one number"),
    ({"values": [10**400, 1]}, "allowed are finite numbers"),
    ({"values": [1.0, 1e300]}, "from 1e-100 to 1e\\+15"),
    ({"values": [1.0, 2.5, 3.0], "grid": 1}, "row 2 is 2.5, which is no multiple of the grid 1"),
    ({"values": [1.0, 2.0], "succeeded": [True]}, "`succeeded` was given as .*for each run"),
    ({"values": [1.0, 2.0], "minus": [3.0, 4.0], "cap": 2}, "all 2 runs of `minus` failed"),
    ({"values": [1.0, 2.0], "succeeded": ["yes", "no"]}, "give 1 or 0 for each run"),
])  # fmt: skip
def test_arguments_and_values_are_refused_in_one_line(arguments, message):
    kind, more = (DataError, {"mean": "48"}) if "values" in arguments else (UsageError, {})
    with pytest.raises(kind, match=message) as error:
        compare(**{"values": NORMAL, "runs": 5} | more | arguments)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("failures", FAILURE_WORDS)
def test_how_failures_count_is_said_and_the_mean_that_they_are_counted_in(failures):
    """Four runs reach the criterion; the fifth is stopped at 100."""
    reached = np.array([True, True, True, True, False])
    updates = np.array([20, 30, 40, 50, 100])
    found = compare(updates, succeeded=reached, cap=100, failures=failures, runs=20, mean="41")
    text = read(found)
    assert "of which 1 failed, stopped at 100" in text
    assert f"failures are {FAILURE_WORDS[failures]}" in text
    expected = {"excluded": 35, "at-cap": 48}
    if failures in expected:
        assert f"Their mean is {expected[failures]}" in text


def test_a_table_in_markdown_has_a_rule_of_as_many_cells_as_its_rows():
    """GitHub Flavored Markdown, 4.10: with another number of cells it is no table."""
    text = compare(FIVE, mean="0.80", runs=5).render("markdown")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert rows[1].startswith("| :-- |")
    assert len(rows) > 2


@pytest.mark.parametrize("n", [3, 5, 30])
def test_half_of_an_interval_by_t_has_one_degree_of_freedom_less_than_runs(n):
    error = 2.5 / stats.t.ppf(0.975, n - 1)
    ends = compare(NORMAL, runs=n, mean="12.0", ci=("9.500", "14.500"), plus_minus="ci t")
    same = compare(NORMAL, runs=n, mean="12.0", se=f"{error:.6f}", plus_minus="sd n-1")
    assert ends.p == pytest.approx(same.p, rel=1e-4)


@pytest.mark.parametrize(("sd", "is_share"), [("0.52", True), ("0.50", False), ("1.30", False)])
def test_ones_and_zeros_are_held_against_a_share_if_the_reported_spread_is_one_of_a_share(
    sd, is_share
):
    """Of four ones among ten the standard deviation is sqrt(4 6 / (10 9)), 0.516."""
    runs = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0]
    found = compare(runs, runs=10, mean=f"0.40 ± {sd}", plus_minus="sd n-1")
    assert (found.main.difference.counts == (5, 10, 4, 10)) == is_share


def test_runs_in_two_units_are_not_judged_without_a_word():
    """Shares among per cent had a mean of 47 and a spread that contradicts nothing."""
    mixed = compare([93.0, 0.92, 94.0, 0.95], "93.1 ± 0.4, n = 5")
    assert "Some of your runs look like shares (0.92)" in mixed.cautions["mixed units"]
    for values in ([93.0, 92.0, 94.0, 95.0], [0.93, 0.92, 0.94], [0.5, 3.0, 20.0, 55.0],
                   [0.0, 93.0, 95.0], [0.9, 500.0, 93.0]):  # fmt: skip
        assert "mixed units" not in compare(values, "93.1 ± 0.4, n = 5").cautions
