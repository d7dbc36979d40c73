"""One answer a table, which no sentence contradicts; shared seeds, margins, and readings of ±."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from replication.comparison import table_sentences, whole
from replication.comparison.comparison import compare
from replication.comparison.found import Verdict
from replication.comparison.prediction import Answer
from replication.comparison.request import make_request
from replication.comparison.rows import TableSides, compare_rows
from replication.comparison.sides import OwnRuns, Printed
from replication.comparison.tables import compare_table
from replication.errors import UsageError
from replication.statistics.means import SuccessCounts
from replication.statistics.pooling import Pooled
from replication.statistics.sampling import reduce_studies
from replication.statistics.seeds import NO_SEEDS, BySeed
from tests.unit.comparison.asking import NO, UNKNOWN, YES, read, run

WITHIN = Verdict.WITHIN_MARGIN


def judge(own, theirs, *, seeds=True, change=None, **options):
    """Compare rows of runs with the means and standard deviations of others, as a table."""
    mine, reports = {}, {}
    for row, (x, y) in enumerate(zip(own, theirs, strict=True)):
        key = (f"task{row}",)
        mine[key] = OwnRuns(np.array(x), seeds=np.arange(len(x)) if seeds else None)
        numbers = {"mean": f"{np.mean(y):.4f}", "sd": f"{np.std(y, ddof=1):.4f}", "runs": len(y)}
        reports[key] = Printed(numbers)
    if change is not None:
        change(mine, reports)
    request = make_request(options, plus_minus="sd n-1")
    return compare_rows(TableSides(("task",), mine, reports), request)


def draw(n_rows=16, n=5, correlation=0.0, seed=0, shift=0.0):
    generator = np.random.default_rng(seed)
    sides = []
    for _ in range(2):
        shared = np.sqrt(correlation) * generator.normal(size=(1, n))
        sides.append(np.sqrt(1 - correlation) * generator.normal(size=(n_rows, n)) + shared)
    return sides[0] + shift, sides[1]


# One answer.


def test_a_row_that_is_contradicted_contradicts_its_table_and_no_sentence_says_otherwise():
    """It read "Not contradicted as a whole ... By Holm's adjustment, task3 is contradicted"."""
    own, theirs = draw(n_rows=5, n=8, seed=1)
    own[3] -= 4.0
    found = judge(own, theirs, seeds=False)
    assert (found.verdict, found.reason, found.contradicted) == (NO, "rows", [("task3",)])
    text = read(found)
    assert text.startswith("Contradicted in 1 of 5 rows, task3 (adjusted p ")
    assert "not contradicted as a whole" not in text.lower()
    assert found.p <= found.adjusted["task3",] <= 0.05


def test_no_row_is_contradicted_where_its_table_is_not():
    """p of a table is no more than 1.5 times that of Holm, p of a row no less than the table's."""
    for seed in range(30):
        own, theirs = draw(n_rows=6, n=3, seed=seed)
        own[0] += 2.0
        found = judge(own, theirs, seeds=False)
        assert (found.verdict is NO) == (found.p <= 0.05)
        assert (found.reason == "rows") == bool(found.contradicted)
        assert all(p >= found.p for p in found.adjusted.values())


def test_a_table_that_differs_in_no_single_row_says_so():
    own, theirs = draw(n_rows=26, n=3, shift=-1.0)
    found = judge(own, theirs, seeds=False)
    assert (found.verdict, found.reason, found.contradicted) == (NO, "whole", [])
    assert "In no single row alone (smallest adjusted p = " in read(found)


@pytest.mark.parametrize(("value", "text"), [
    (-0.5, "lower in 1 of 3 rows"), (0.0, "higher in 2 of 3 rows"), (0.5, "higher in 2 of 3 rows"),
])  # fmt: skip
def test_a_mean_over_rows_names_the_rows_on_its_own_side_and_one_of_0_the_higher_ones(value, text):
    mean = Pooled(value, -1.0, 1.0, 1.0, "sd", n_lower=1, n=3, p_sign=1.0, correlation=0.0)
    assert table_sentences._describe_mean(mean).endswith(f"SD on average (-1 to 1), {text}.")


# Shared seeds.


def values_of(mine):
    return list(mine["task0",].values)


def drop_a_run(mine, _):
    mine["task0",] = OwnRuns([*values_of(mine)[:-1], np.nan], seeds=np.arange(5))


def report_other_n(_, reports):
    reports["task0",] = Printed({**reports["task0",].numbers, "runs": 4})


def report_no_spread(_, reports):
    numbers = {name: text for name, text in reports["task0",].numbers.items() if name != "sd"}
    reports["task0",] = Printed(numbers)


def repeat_one_run(mine, _):
    mine["task0",] = OwnRuns(np.full(5, values_of(mine)[0]), seeds=np.arange(5))


def succeed(mine, _):
    flags = np.array([1, 1, 1, 1, 0], bool)
    mine["task0",] = OwnRuns(mine["task0",].values, succeeded=flags, seeds=np.arange(5))


CHANGES = [drop_a_run, report_other_n, report_no_spread, repeat_one_run, succeed]


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_share_seeds_are_never_taken_for_independent(change):
    """One missing run, another n or a row without ± switched to that without a word."""
    low = 0
    for seed in range(20):
        own, theirs = draw(n_rows=8, correlation=0.9, seed=seed)
        options = {"failures": "excluded"} if change is succeed else {}
        found = judge(own, theirs, change=change, **options)
        assert found.whole.dependence == "by seed"
        assert found.pooled.seeds.n_rows in {7, 8}
        low += found.p <= 0.05
    assert low <= 4, "taken for independent about half of them"


def test_shares_by_seed_are_means_of_ones_and_zeros_unless_every_run_is_like_the_others():
    for values in ([1.0, 1.0, 1.0, 1.0, 0.0], [1.0, 0.0]):
        n, k = len(values), int(sum(values))
        by_seed = BySeed(np.arange(n), np.array(values))
        one, two = whole._take_shares_as_means(by_seed, SuccessCounts(k, n, 8, 8))
        assert (one.mean, two.mean) == (k / n, 1.0)
        assert one.samples == ((pytest.approx(np.std(values, ddof=1)), n),)
        assert two.samples == ((0.0, 8),)
    # One row without any spread would leave the whole table without an answer by seed.
    all_alike = BySeed(np.arange(5), np.ones(5))
    assert whole._take_shares_as_means(all_alike, SuccessCounts(5, 5, 8, 8)) is None


def test_where_too_little_is_complete_the_rows_alone_are_judged():
    own, theirs = draw(n_rows=4, correlation=0.9, seed=3, shift=-1.0)

    def scatter(mine, _):
        for place, key in enumerate(mine):
            mine[key] = OwnRuns(mine[key].values, seeds=3 * place + np.arange(5))

    found = judge(own, theirs, change=scatter)
    assert (found.verdict, found.reason, found.pooled) == (UNKNOWN, "seeds", None)
    assert read(found).startswith("Cannot tell: rows share their seeds")
    own[0] -= 20.0
    assert judge(own, theirs, change=scatter).contradicted == [("task0",)]


def test_logarithms_are_compared_by_seed_too():
    own, theirs = draw(n_rows=4, correlation=0.5)
    mine = {(f"{row}",): OwnRuns(np.exp(x), seeds=np.arange(5)) for row, x in enumerate(own)}
    reports = {}
    for row, y in enumerate(theirs):
        reach = stats.t.ppf(0.975, 4) * np.std(y, ddof=1) / np.sqrt(5)
        ends = {"ci_low": f"{np.exp(y.mean() - reach):.4f}", "ci_high":
                f"{np.exp(y.mean() + reach):.4f}"}  # fmt: skip
        reports[f"{row}",] = Printed({"mean": f"{np.exp(y.mean()):.4f}", "runs": 5, **ends})
    logs = compare_rows(TableSides(("task",), mine, reports), make_request({"scale": "log"}))
    plain = judge(own, theirs)
    assert logs.pooled.value == pytest.approx(plain.pooled.value, rel=0.2)


# Margins.


def test_a_difference_that_is_less_than_the_margin_is_an_answer():
    """100.0 against 100.1 ± 1 of 5,000 runs: both are shown, and it could not be told."""
    found = compare("100.0 ± 1.0, n = 5000", "100.1 ± 1.0, n = 5000", plus_minus="sd", margin="1")
    assert found.verdict is WITHIN
    assert read(found).startswith("Differs, by less than the margin: the reported mean of 100.1")
    assert "but the means are shown to differ by less than 1" in read(found)


def test_a_share_has_a_margin_too():
    found = compare("450/500", "455/500", margin="0.05")
    assert (found.verdict, found.is_equivalent) == (YES, True)
    few = compare("9/10", "91/100", margin="0.05")
    assert (few.verdict, few.reason) == (UNKNOWN, "margin")
    assert compare("450/500", "455/500", margin="5%").equivalence.margin == pytest.approx(0.0455)


def test_a_margin_of_shares_that_was_meant_in_per_cent_is_refused():
    """2 were two hundred percentage points, by less than which all rows differed."""
    runs = [0.82, 0.83, 0.84, 0.85, 0.81]
    reported = "83.5% ± 1.0%, n = 20"
    with pytest.raises(UsageError, match="given as 2, but your values are shares; give it as a sh"):
        compare(runs, reported, margin=2, plus_minus="sd")
    assert compare(runs, reported, margin=0.02, plus_minus="sd").equivalence.margin == 0.02
    with pytest.raises(UsageError, match="your values are shares"):
        compare("450/500", "455/500", margin=5)
    # Where values are no shares it is as large as it is.
    assert compare([1, 2, 3], "2 ± 1, n = 20", margin=2, plus_minus="sd").equivalence.margin == 2.0


def test_a_margin_of_1_or_more_is_refused_only_where_a_per_cent_sign_or_a_share_says_so():
    """Counts of 0 and 1, and metres beside centimetres, were refused as shares."""
    counts = [0, 1, 0, 0, 1, 0]
    assert compare(counts, "mean=0.4 n=5", margin=1).is_equivalent
    metres = [-2.0, 4.0, 1.0, 0.5, 3.0, 2.0]
    found = compare(metres, "mean=30 sd=200 n=12", scale=100, margin=2.5)
    assert found.equivalence.margin == 2.5
    mine = {"task": ["a"] * 6 + ["b"] * 6, "count": [*counts, 4, 5, 6, 3, 4, 7]}
    theirs = {"task": ["a", "b"], "mean": ["0.4", "4.5"], "n": [5, 5]}
    assert not compare_table(mine, theirs, by="task", margin=1).refused
    shares = [0.82, 0.83, 0.84, 0.85, 0.81]
    for values, reported, options in (
        (counts, "mean=40% n=5", {}),
        (counts, "share=0.4 n=5", {}),
        (counts, "successes=2 n=5", {}),
        (shares, "83.5 ± 1.0%, n = 20", {"plus_minus": "sd"}),
        (shares, "83.5% ± 1.0%, n = 20", {"plus_minus": "sd", "scale": 100}),
    ):
        with pytest.raises(UsageError, match="your values are shares"):
            compare(values, reported, margin=2, **options)


def test_a_difference_between_labs_in_per_cent_is_refused():
    """It was told to give `scale`."""
    with pytest.raises(UsageError, match="allowed is a number of standard deviations, 0.35, or es"):
        compare([1, 2, 3], "2 ± 1, n = 20", between="30%", plus_minus="sd")


def test_two_groups_may_be_numbers():
    """64 and 128 were not among the groups '64' and '128'."""
    runs = {"size": [64] * 4 + [128] * 4, "value": [1.0, 2, 3, 4, 2, 3, 4, 5]}
    by_number = compare_table(runs, "1 ± 0.5, n = 5", difference=[128, 64], plus_minus="sd")
    by_name = compare_table(runs, "1 ± 0.5, n = 5", difference=["128", "64"], plus_minus="sd")
    assert by_number.p == by_name.p
    assert by_number.mean.value == pytest.approx(1.0)


def test_a_table_with_a_margin_has_one_headline_and_marks_its_rows():
    own, theirs = draw(n_rows=3, n=60)
    alike = judge(own, theirs, seeds=False, margin="1")
    assert (alike.verdict, len(alike.equivalent)) == (YES, 3)
    assert "All rows are shown to differ by less than the margin." in read(alike)
    assert read(alike).count("not contradicted =") == 3
    assert [row[-2] for row in alike.list_cells()[1:]] == [True] * 4
    own[1] += 3.0
    apart = judge(own, theirs, seeds=False, margin="1")
    assert (apart.verdict, apart.contradicted, len(apart.equivalent)) == (NO, [("task1",)], 2)
    off = judge(own - [[0.0], [3.0], [0.0]] + 0.5, theirs, seeds=False, margin="1.2")
    assert off.verdict is WITHIN
    few = judge(*draw(n_rows=3, n=3), seeds=False, margin="0.1")
    assert (few.verdict, few.reason) == (UNKNOWN, "margin")


@pytest.mark.parametrize(("shift", "margin"), [(0.0, "1"), (0.5, "1"), (3.0, "1"), (0.1, "0.01")])
def test_a_table_of_one_row_with_a_margin_says_what_the_row_says(shift, margin):
    own, theirs = draw(n_rows=1, n=60, shift=shift)
    found = judge(own, theirs, margin=margin)
    (row,) = found.rows.values()
    assert (found.verdict, found.verdicts["task0",]) == (row.verdict, row.verdict)
    assert read(found).startswith(f"task0: {str(row.verdict).capitalize()}")


# Readings of ± that the spreads rule out.

MANY = np.random.default_rng(5).normal(10.0, 1.0, 30)


def test_a_reading_that_the_spreads_rule_out_is_dropped_named_and_a_condition():
    """Of 100 runs, a ± of 1 would be a standard deviation of 10 if it were a standard error."""
    found = compare(MANY, "12.0 ± 1.0, n = 100")
    assert (found.verdict, found.conditions) == (NO, ("± is a standard deviation",))
    assert set(found.ruled_out) == {"standard error", "interval"}
    sd = MANY.std(ddof=1)
    assert found.ruled_out["standard error"].ratio == pytest.approx(10.0 / sd, rel=0.01)
    assert "That ± is a standard error is ruled out: the report's runs would vary" in read(found)
    said = compare(MANY, "12.0 ± 1.0, n = 100", plus_minus="sd")
    assert (said.p, said.conditions) == (found.p, ())


def test_a_reading_that_went_is_no_condition_where_the_verdict_is_the_same():
    found = compare(MANY, f"{MANY.mean():.2f} ± 1.0, n = 100")
    assert (found.verdict, found.conditions) == (YES, ())
    assert found.ruled_out
    few = compare(MANY[:4], "12.0 ± 1.0, n = 5")
    assert not few.ruled_out, "nothing can be said of so few runs"


def test_runs_with_long_tails_rule_out_less():
    """The F test is for normal runs; a kurtosis of 9 leaves a quarter of its degrees of freedom."""
    tailed = np.append(MANY[:10], MANY[:10].mean() + np.array([6.0, -6.0]))
    normal = 10.0 + (MANY[:12] - MANY[:12].mean()) / MANY[:12].std(ddof=1) * tailed.std(ddof=1)
    found = [compare(x, "30 ± 1.0, n = 12").ruled_out for x in (tailed, normal)]
    assert len(found[0]) <= len(found[1])


# Interquartile means over tasks, and how probable an improvement is.


def test_an_interquartile_mean_is_resampled_within_its_tasks():
    """With games together its error was several times what it is."""
    generator = np.random.default_rng(12)
    levels = np.repeat(generator.normal(0.0, 3.0, 26), 5)
    tasks = np.repeat([f"game{place}" for place in range(26)], 5).tolist()
    estimates = [reduce_studies(levels + generator.normal(size=130), ["iqm"])["iqm"]
                 for _ in range(400)]  # fmt: skip
    values = levels + generator.normal(size=130)
    report = {"iqm": f"{np.mean(estimates):.3f}", "ci": ("-0.5", "0.5")}
    middle = np.mean(estimates)
    report["ci"] = (f"{middle - 0.2:.3f}", f"{middle + 0.2:.3f}")
    within, together = (compare(values, **report, **more) for more in ({"tasks": tasks}, {}))
    (sd, n), (all_sd, all_n) = (one.main.sides[0].samples[0] for one in (within, together))
    assert sd / np.sqrt(n) == pytest.approx(np.std(estimates), rel=0.35)
    assert all_sd / np.sqrt(all_n) > 2 * np.std(estimates)
    with pytest.raises(Exception, match="give one for each run"):
        compare(values, **report, tasks=tasks[:-1])


def test_a_difference_says_how_often_one_kind_lies_above_the_other():
    runs = pd.DataFrame({"m": ["a"] * 5 + ["b"] * 5, "v": [3.0, 4, 5, 6, 7, 1, 2, 3, 4, 5]})
    first, second = (runs.loc[runs.m == name, "v"].to_numpy() for name in "ab")
    found = compare(first, minus=second, reported="2.0 ± 1.0, n = 5", plus_minus="sd")
    share = stats.mannwhitneyu(first, second).statistic / 25
    assert found.improvement.value == pytest.approx(share)
    assert 0.0 < found.improvement.low < share < found.improvement.high < 1.0


def test_a_column_of_tasks_is_named_in_a_table_and_on_the_command_line(tmp_path, capsys):
    generator = np.random.default_rng(13)
    names = np.repeat([f"game{place}" for place in range(8)], 5)
    values = np.repeat(generator.normal(0.0, 3.0, 8), 5) + generator.normal(size=40)
    pd.DataFrame({"game": names, "score": values}).to_csv(tmp_path / "runs.csv", index=False)
    report = {"iqm": "0.5", "ci": ("0.1", "0.9")}
    alone = compare(values, **report, tasks=names.tolist())
    text = "iqm=0.5 ci_low=0.1 ci_high=0.9"
    found = compare_table({"game": names, "score": values}, text, by="game", value="score")
    assert found.p == pytest.approx(alone.p)
    asked = "--by", "game", "--value", "score", "--reported", text, "--format", "json"
    assert json.loads(run(capsys, tmp_path / "runs.csv", *asked))["p"] == pytest.approx(alone.p)
    assert "the report is over all groups of 'game'; runs are resampled within" in read(found)
    # A mean holds for each group on its own.
    each = compare_table({"game": names, "score": values}, "0.5 ± 1.0, n = 5", by="game")
    assert len(each.rows) == 8


def test_the_error_of_one_report_is_not_averaged_away_over_the_groups_that_it_is_held_against():
    """Of equal populations 47 % were contradicted as a whole, with 26 groups and 5 reported runs.

    A constant has no error, so its groups are still taken together.
    """
    generator = np.random.default_rng(3)
    names = np.repeat([f"task{row}" for row in range(20)], 10)
    runs = {"task": names, "value": 5.0 + generator.normal(size=200)}
    found = compare_table(runs, "5.90 ± 1.00, n = 5", by="task", plus_minus="sd n-1")
    assert found.whole.dependence is whole.Dependence.ONE_REPORT
    assert (found.verdict, found.contradicted) == (YES, [])
    sentence = "share its error, so each is judged alone, among so many, and no mean difference"
    assert sentence in read(found)
    off = compare_table(runs, "9.90 ± 1.00, n = 5", by="task", plus_minus="sd n-1")
    assert (off.verdict, off.reason, off.pooled) == (NO, "rows", None)
    assert sentence in read(off)
    constant = compare_table(runs, "constant=5.40", by="task")
    assert constant.whole.dependence is whole.Dependence.INDEPENDENT
    assert constant.verdict == NO


def test_rows_beside_one_report_have_the_p_of_holm_because_no_other_test_is_made():
    """It was 1.5 times as large: five rows with a smallest p of 0.008 were not contradicted."""
    rows = [whole.Row(Answer(), p, NO_SEEDS, True) for p in (0.008, 0.5, 0.6, 0.7, 0.8)]
    found = whole.judge_whole(rows, level=0.05, between=0.0, shares_error=True)
    assert found == whole.Whole(pytest.approx(0.04), None, whole.Dependence.ONE_REPORT)
