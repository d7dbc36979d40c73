"""What papers print, what logs hold and what people type: each case once had a wrong answer."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from replication.comparison.command import name_options
from replication.comparison.comparison import compare
from replication.comparison.figure import save_picture
from replication.comparison.tables import compare_table
from replication.errors import UsageError
from replication.reading.files import read_file
from replication.reading.question import Cause, Question
from replication.statistics import means
from replication.statistics.means import Side
from tests.unit.comparison.asking import NO, UNKNOWN, YES, read, say

GENERATOR = np.random.default_rng(48)
OWN = GENERATOR.normal(71.0, 1.0, 50)


# Wrong answers.


def test_a_column_of_zeros_and_ones_is_the_success(tmp_path, capsys):
    """Each run counted as a success: 13 of 20 were "contradicted" by 66 %."""
    runs = [1] * 13 + [0] * 7
    pd.DataFrame({"solved": runs}).to_csv(tmp_path / "runs.csv", index=False)
    for how in (("--value", "solved"), ()):
        out = say(capsys, tmp_path / "runs.csv", *how, "--reported", "share = 66%, n = 50")
        assert "Not contradicted: " in out
    found = compare(runs, share="33/50")
    assert (found.n_failed, found.runs, found.verdict) == (7, 50, YES)
    report = {"k": ["a"], "share": ["66%"], "n": [50]}
    assert compare_table({"k": ["a"] * 20, "v": runs}, report).verdict is YES


def test_more_information_turns_no_verdict_round_without_a_word():
    """Against three runs the mean alone was contradicted, and with its sd no longer."""
    alone = compare(OWN, n=3, mean="72.6")
    both = compare(OWN, n=3, mean="72.6", sd="1.3", plus_minus="sd n-1")
    assert alone.verdict is both.verdict is NO
    assert alone.conditions == both.conditions == ("the report's runs vary as yours do",)
    sides = OWN.mean(), OWN.std(ddof=1), 50, 72.6, 1.3, 3
    student, welch = (stats.ttest_ind_from_stats(*sides, x).pvalue for x in (True, False))
    assert (both.p, both.p_alone) == pytest.approx((student, welch), rel=0.01)
    assert both.p <= 0.05 < both.p_alone
    # Where the spreads differ, the verdict may turn, and says so.
    wide = compare(OWN, n=5, mean="72.6", sd="3.0", plus_minus="sd n-1")
    assert wide.verdict is YES
    assert "by your spread alone, as for a mean without one, p " in read(wide)
    # Never by Welch's test alone, which few runs with a spread far too small mislead.
    assert compare(OWN, n=3, mean="71.9", sd="0.1", plus_minus="sd n-1").verdict is YES


def test_an_interval_belongs_to_the_statistic_beside_it():
    """Of an interquartile mean of 1000, 985 to 1012, "the reported mean of 998.5" was judged."""
    own = GENERATOR.normal(1000, 40, 20)
    for name, words in (("iqm", "interquartile mean"), ("median", "median")):
        found = compare(own, **{name: "1000"}, ci=("985", "1012"))
        assert list(found.findings) == [name, "ci"]
        assert f"the reported {words} of 1000" in read(found)
        assert found.main.sides[1].error == pytest.approx(13.5 / 1.96, rel=1e-3)
    assert compare(own, iqm="1100", ci=("1085", "1112")).verdict is NO


def test_what_stands_in_brackets_is_asked_unless_it_has_a_name():
    """78.9 (1) is a rank, and was ± 1."""
    own = {"k": ["a"] * 4 + ["b"] * 4, "v": [78.0, 79, 80, 79.5, 60, 61, 62, 61.5]}
    ranks = {"k": ["a", "b"], "mean": ["78.9 (1)", "61.2 (2)"], "n": [5, 5]}
    with pytest.raises(Question, match="what is in the brackets of 78.9") as asked:
        compare_table(own, ranks)
    assert asked.value.cause is Cause.SPREAD
    left = compare_table(own, ranks, plus_minus="ignore")
    assert [set(one.reported) for one in left.rows.values()] == [{"mean"}] * 2
    said = compare_table(own, {"k": ["a", "b"], "mean (sd)": ranks["mean"], "n": [5, 5]})
    assert [one.reported.get("sd") for one in said.rows.values()] == ["1", "2"]


def test_ratios_are_compared_on_logarithms_and_these_are_offered():
    """2.1 [1.2, 3.7] against 1.1 [0.9, 1.35] had p = 0.13."""
    one, two = "1.1 [0.9, 1.35]", "2.1 [1.2, 3.7]"
    raw, logs = compare(one, two, plus_minus="ci"), compare(one, two, plus_minus="ci", scale="log")
    assert "give `scale` log" in raw.cautions["off centre"]
    errors = [np.log(b / a) / 2 / 1.96 for a, b in ((0.9, 1.35), (1.2, 3.7))]
    z = np.log(2.1 / 1.1) / np.hypot(*errors)
    assert logs.p == pytest.approx(2 * stats.norm.sf(z), abs=0.002)
    assert logs.difference.value == pytest.approx(1.1 / 2.1)
    assert (logs.verdict, raw.verdict, raw.runs) == (NO, YES, None)
    own = compare(np.exp(GENERATOR.normal(0, 0.3, 30)), two, plus_minus="ci", scale="log")
    assert own.mean.value == pytest.approx(1.0, abs=0.2)


def test_a_spread_that_turns_a_verdict_says_so_under_a_condition_too():
    """Of two runs a mean alone was "not contradicted", and with its sd "contradicted, if"."""
    bare, told = (compare([10.0, 10.6], n=50, mean="12", **more) for more in ({}, {"sd": "0.6"}))
    assert (bare.verdict, told.verdict, len(told.conditions)) == (YES, NO, 1)
    assert f"without one, p = {bare.p:.2g}: the reported spread turns the verdict" in read(told)


def test_a_table_of_one_row_is_answered_as_the_row():
    """The row was "contradicted, if", or "cannot tell", and the table "not contradicted"."""
    for more in ({"sd": "0.6"}, {"sd": "0.95"}, {"se": "0.1"}):
        row = compare([10.0, 10.6], n=50, mean="12", **more)
        whole = compare_table({"k": ["a"] * 2, "v": [10.0, 10.6]}, {"k": ["a"], "mean": ["12"]},
                              by="k", n=50, **more)  # fmt: skip
        assert (whole.verdict, whole.p, whole.conditions) == (row.verdict, row.p, row.conditions)


def test_labs_that_differ_are_allowed_for_and_named_where_it_matters():
    own = GENERATOR.normal(0.0, 1.0, 100)
    report = {"n": 100, "mean": f"{own.mean() + 0.45:.3f}", "sd": "1.000", "plus_minus": "sd n-1"}
    alone, between = compare(own, **report), compare(own, **report, between=0.35)
    assert (alone.verdict, between.verdict) == (NO, YES)
    assert "Labs that differ by " in alone.cautions["labs"]
    t = 0.45 / np.sqrt(own.var(ddof=1) * (0.01 + 0.1225) + 1.0 * (0.01 + 0.1225))
    assert between.p == pytest.approx(2 * stats.norm.sf(t), rel=0.1)


# The answer for the whole paper.


def make_paper(n_rows=26, n=3, shift=-1.0, seed=7):
    generator = np.random.default_rng(seed)
    own, theirs = generator.normal(shift, 1, (n_rows, n)), generator.normal(size=(n_rows, n))
    names = [f"task{row}" for row in range(n_rows)]
    runs = pd.DataFrame({"task": np.repeat(names, n), "score": own.ravel()})
    cells = {"mean": theirs.mean(axis=1), "sd": theirs.std(axis=1, ddof=1)}
    printed = {name: [f"{x:.4f}" for x in each] for name, each in cells.items()}
    return runs, pd.DataFrame({"task": names, "n": n, **printed})


def test_26_rows_that_are_all_lower_are_contradicted_as_a_whole():
    found = compare_table(*make_paper(), plus_minus="sd n-1")
    text = read(found)
    assert "Contradicted as a whole (p < 0.0001): yours less reported is -" in text
    assert "In no single row alone (smallest adjusted p = " in text
    assert found.to_dict()["pooled"]["high"] < 0 < found.pooled.correlation


def test_means_alone_of_many_runs_have_a_mean_difference_too():
    """Of rows that are judged by drawn studies it was "higher by  SD on average ( to )"."""
    runs, report = make_paper(n_rows=6, n=40)
    found = compare_table(runs, report.drop(columns="sd"))
    # Hedges' g of each row by the spread of one's own runs.
    own = runs.groupby("task")["score"].agg(["mean", "std"])
    off = (own["mean"] - report["mean"].astype(float).to_numpy()) / own["std"]
    # The usual approximation of J, on 39 degrees of freedom.
    hedges = 1 - 3 / (4 * 39 - 1)
    assert found.pooled.value == pytest.approx(hedges * off.mean(), rel=1e-3)
    assert found.verdict is NO


def test_seeds_that_recur_in_all_rows_are_said_and_used():
    runs, report = make_paper(n=5, shift=0.0)
    alone = compare_table(runs, report, plus_minus="sd n-1")
    runs["seed"] = np.tile(np.arange(5), 26)
    seeds = compare_table(runs, report, plus_minus="sd n-1")
    assert (alone.pooled.seeds, alone.pooled.p != seeds.pooled.p) == (None, True)
    # Rows that are about one, each with p of about 0.2, were "cannot tell" by Fisher's
    # combination, and the interval left out 0.
    runs["score"] = (runs["seed"].to_numpy() - 2.0) / 1.58 + runs["score"] / 10
    same = compare_table(runs, report.assign(mean="1.00", sd="1.00"))
    assert max(same.p_values.values()) < 0.3 > same.pooled.p > 0.05
    assert same.pooled.seeds.correlation > 0.95
    assert same.pooled.low < 0 < same.pooled.high
    assert same.verdict is YES


def test_the_spread_between_labs_may_be_estimated_from_many_runs():
    runs, report = make_paper(n=12, shift=0.0)
    generator = np.random.default_rng(3)
    runs["score"] += np.repeat(generator.normal(0, 1.0, 26), 12)
    found = compare_table(runs, report, plus_minus="sd n-1", between="estimate")
    # The variance of differences over rows, less that of means of twelve runs.
    off = runs.groupby("task", sort=False)["score"].mean().to_numpy() - report["mean"].astype(float)
    assert found.between == pytest.approx(np.sqrt((off.var(ddof=1) - 2 / 12) / 2), rel=0.25)
    plain = compare_table(runs, report, plus_minus="sd n-1")
    assert plain.pooled.tau == pytest.approx(found.between, rel=0.1)
    assert (plain.verdict, found.verdict) == (NO, YES)
    with pytest.raises(UsageError, match="takes three rows of ten runs"):
        compare_table(*make_paper(), between="estimate")


def test_readings_that_disagree_of_a_table_are_no_answer():
    runs, report = make_paper(n=5, shift=-0.4, seed=2)
    report["mean"] = report["mean"] + " ± " + report.pop("sd")
    found = compare_table(runs, report)
    p = [one.p for one in found.readings.values()]
    assert min(p) <= 0.05 < max(p)
    assert found.verdict is UNKNOWN


# Tables as papers and logs have them.

RUNS = pd.DataFrame({
    "task": np.repeat(["ant", "hop_per"], 12), "method": np.tile(np.repeat(["PPO", "SAC"], 6), 2),
    "seed": np.tile(np.arange(6), 4), "reward": np.arange(24.0) % 6 / 10 + 3.0,
})  # fmt: skip
KEYS = {("ant", "PPO"), ("ant", "SAC"), ("hop_per", "PPO"), ("hop_per", "SAC")}
PASTED = {
    "tex": r"""\begin{table}\begin{tabular}{l|cc} \toprule
    & \multicolumn{2}{c}{} \\ \cmidrule{2-3}
    Task & PPO & \textbf{SAC} \\ \midrule
    ant & $3.0_{\pm 0.5}$ & \textbf{3.2} $\pm$ 0.4$^\dagger$ \\ % a comment
    hop\_per & 3.1 $\pm$ 0.3 & n/a \\ \bottomrule
    \end{tabular}\end{table}""",
    "md": "| Task | PPO | SAC |\n|:--|--:|--:|\n| ant | **3.0 ± 0.5** | 3.2 ± 0.4† |\n"
    "| hop_per | 3.1 ± 0.3 | – |\n",
    "csv": "task,PPO,SAC\nant,3.0 ± 0.5,3.2 ± 0.4\nhop_per,3.1 ± 0.3,\n",
    "jsonl": '{"task": "ant", "PPO": "3.0 ± 0.5", "SAC": "3.2 ± 0.4"}\n'
    '{"task": "hop_per", "PPO": "3.1 ± 0.3", "SAC": null}\n',
}


@pytest.mark.parametrize("form", PASTED)
def test_a_table_with_a_column_for_each_method_is_read_as_it_is_pasted(form, tmp_path):
    (tmp_path / "t").write_text(PASTED[form])
    found = compare_table(RUNS, read_file(str(tmp_path / "t")), n=5, plus_minus="sd")
    assert found.by == ("task", "method")
    assert set(found.rows) == KEYS - {("hop_per", "SAC")}
    assert "Not read, since no number: hop_per, SAC" in read(found)
    for key, sd in ((("ant", "PPO"), "0.5"), (("ant", "SAC"), "0.4")):
        assert found.rows[key].reported["sd"] == sd
        assert found.rows[key].n == 6


TASKS = {"task": ["ant"] * 5 + ["hop"] * 5, "seed": [*range(5)] * 2,
         "return": [5.1, 4.8, 5.4, 5.0, 4.9, 3.1, 2.8, 3.4, 3.0, 2.9]}  # fmt: skip
OURS = {"Task": ["ant", "hop"], "Return": ["5.3 ± 0.4", "3.3 ± 0.4"], "n": [5, 5]}
WIDE = {"Task": ["ant", "hop"], "SAC": ["4.3 ± 0.4"] * 2, "TD3": ["4.0 ± 0.4"] * 2,
        "Ours": OURS["Return"]}  # fmt: skip
LOG = [(run, step) for run in range(6) for step in (3, 6, 9) if (run, step) != (4, 9)]
LOGGED = {"task": ["a"] * 17, "seed": [run for run, _ in LOG],
          "step": [step for _, step in LOG], "v": [*range(17)]}  # fmt: skip
ODD = {
    "heading": (TASKS | {"method": ["Ours"] * 10}, WIDE, {"n": 5, "wide": "method"},
                "ant Ours 5.3 ± 0.4"),
    "a column called as theirs": (TASKS, WIDE, {"n": 5, "value": "return=Ours"}, "ant 5.3"),
    "report against report": ({"task": ["ant", "hop"], "Return": ["5.0 ± 0.3", "3 ± 1"],
                               "n": [5, 5]}, OURS, {}, "ant 5.3 ± 0.4 5 5 5"),
    "no n": (TASKS, OURS | {"n": [""] * 2}, {"plus_minus": "se"}, "reported is -0.901 SD"),
    "wide against wide": (WIDE | {"TD3": ["3.9 ± 0.4"] * 2}, WIDE, {"n": 5}, "hop TD3 4.0 ± 0.4"),
    "methods pooled": (TASKS | {"method": ["Ours", "SAC"] * 5}, OURS, {"ignore": "method"},
                       "ant 5.3 ± 0.4 5 5.04 5"),
    "an early end": (LOGGED, {"task": ["a"], "mean": ["9"], "n": [5]}, {"take": "9"},
                     "Left out, without a value at step 9: 1 run."),
    "a column for each run": ({"Step": [1, 2, 3], "a - v": [1, 2, 5], "b - v": [2, 3, None],
                               "a - v__MIN": [1, 2, 5]}, "4, n = 2", {"take": "last-each"},
                              "the last value by Step is taken (from 2 to 3)"),
    "per cent": (TASKS | {"return": np.array(TASKS["return"]) / 6},
                 {"task": ["ant"], "mean": ["84.1"], "n": [5]}, {}, "if divided by 100: do the "
                 "units differ? If so, give `scale` 100, if not 1."),
}  # fmt: skip
ASKED = {
    "whose the runs are": (TASKS, WIDE, {"n": 5}, "'SAC', 'TD3', 'Ours' are methods or tasks, give "
                           "`wide` method"),
     "methods pooled": (TASKS | {"method": ["Ours", "SAC"] * 5}, OURS, {},
                       r"'method' differs among your runs \('Ours', 'SAC'\): give `by` "
                       "task,method, `where` method=Ours or `ignore` method"),
    "one run twice": (TASKS | {"seed": [0, *range(4)] * 2}, OURS, {}, "'seed' '0' occurs twice in "
                      "'ant'"),
    "a log": (LOGGED, OURS, {}, "is a log of 6 runs by 'step': what is a run's value. give `take` "
              "last, max"),
    "an early end": (LOGGED, OURS, {"take": "last"}, "end at step 6 to 9: give `take` 9"),
    "a mistyped heading": (TASKS, OURS | {"stdd": ["1", "1"]}, {}, r"'stdd' of `reported` \(did "
                           r"you mean std\?\)"),
    "no number": (TASKS, {"task": ["ant"], "note": ["good"]}, {}, "no mean, median or share, only "
                  "'task', 'note'"),
    "other names of keys": (TASKS, {"env": ["ant", "hop"], "mean": ["5", "3"], "n": [5, 5]}, {},
                            "is 'env' of the report your 'task'. if so give `by` task=env"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_a_table_leaves_open_is_taken_as_people_mean_it_and_said(case):
    own, report, options, said = ODD[case]
    found = compare_table(own, report, **options)
    assert said in read(found)
    assert (found.verdict is UNKNOWN) == (case == "per cent")


@pytest.mark.parametrize("case", ASKED)
def test_what_has_two_readings_is_asked(case):
    own, report, options, said = ASKED[case]
    with pytest.raises(Question, match=said):
        compare_table(own, report, **options)


@pytest.mark.parametrize(("text", "numbers"), [
    ("5.3 ± 0.4 (5 seeds)", {"mean": "5.3", "sd": "0.4", "runs": 5}),
    ("accuracy 94.8 ± 0.2, n = 4", {"mean": "94.8", "sd": "0.2", "runs": 4}),
    ("median 4.9 (IQR 4.5 to 5.4), n = 5", {"median": "4.9", "q1": "4.5", "q3": "5.4", "n": 5}),
    ("94% of 50", {"share": "94%", "n": 50}),
])  # fmt: skip
def test_a_report_is_read_as_it_is_spelt(text, numbers):
    own = [1.0, 0, 1, 1, 1, 1] if "of" in text else [4.5, 4.9, 5.2, 5.6, 4.1, 5.0]
    found = compare(own, text, plus_minus="sd")
    assert dataclasses.replace(found, read_as=()) == compare(own, numbers, plus_minus="sd")
    assert ("Taken as a label: 'accuracy'." in read(found)) == ("accuracy" in text)


def test_a_column_of_metrics_may_come_first_and_successes_have_their_own_n():
    """They named "none of your groups"; 12 of your 20 stood there as 30, of the reported 50."""
    runs = {"task": ["a"] * 3 + ["b"] * 3, "score": range(6), "steps": range(10, 16)}
    report = {"metric": ["score", "steps"] * 2, "task": list("aabb"),
              "mean": ["1 ± 1", "11 ± 1", "4 ± 1", "14 ± 1"], "n": [3] * 4}  # fmt: skip
    found = compare_table(runs, report, plus_minus="sd")
    assert set(found.p_values.values()) == {1.0}
    assert list(found.rows)[:2] == [("a", "score"), ("a", "steps")]
    solved = {"task": ["a"] * 20, "solved": [1] * 12 + [0] * 8}
    solved = compare_table(solved, {"task": ["a"], "successes": [40], "n": [50]})
    assert " 40/50 50 12/20 20 " in read(solved)


def test_thousands_and_per_cent_are_read_where_they_leave_no_doubt(tmp_path, capsys):
    (tmp_path / "runs.csv").write_text('u\n1,000\n1,200\n"1,100.5"\n1300\n')
    out = say(capsys, tmp_path / "runs.csv", "--reported", "mean=1200 n=5")
    assert "your 1150 (4 runs)" in out
    shares = compare([0.81, 0.84, 0.86], n=5, mean="83.1%")
    assert shares.findings["mean"].value == pytest.approx(0.831)
    assert compare([81.0, 84, 86], n=5, mean="83.1%").findings["mean"].value == pytest.approx(83.1)
    assert compare([81.0, 84, 86], n=5, mean="83.1", level="10%").level == 0.1
    spelt = compare([81.0, 84, 86], N=5, average="83.1", std="1.0", range=("80", "90"))
    assert set(spelt.reported) == {"mean", "sd", "min", "max"}


def test_median_and_quartiles_are_judged_by_the_mean_and_spread_that_they_imply():
    """Luo et al. (2018) and Wan et al. (2014), both sides by the same estimators."""
    own = GENERATOR.normal(10, 2, 20)
    mean, sd = means.summarise_quartiles(10.0, 8.5, 11.0, 30)
    assert mean == pytest.approx((0.7 + 0.39 / 30) * 9.75 + (0.3 - 0.39 / 30) * 10.0)
    wan = 2.5 / (2 * stats.norm.ppf((0.75 * 30 - 0.125) / 30.25))
    assert sd == pytest.approx(wan, rel=0.08), "but for the efficiency of quartiles"
    found = compare(own, "median=10.0 q1=8.5 q3=11.0 n=30")
    # One's own mean and spread, by the same estimators.
    q1, median, q3 = np.quantile(own, (0.25, 0.5, 0.75))
    own_mean, own_sd = means.summarise_quartiles(median, q1, q3, 20)
    more = {"is_by_quartiles": True}
    side, theirs = Side(own_mean, ((own_sd, 20),), **more), Side(mean, ((sd, 30),), 0.1, **more)
    assert found.p == pytest.approx(means.judge_means(side, theirs, level=0.05).p_alone)
    assert compare(own[:4], "median=10 q1=8 q3=11 n=30").reason == "few"


def test_a_difference_names_its_groups_and_may_be_one_of_shares(tmp_path, capsys):
    rows = [f"{name},{seed},{value + seed % 3},{int(seed % 4 < more)}" for seed in range(12)
            for name, value, more in (("<new>", 13, 3), ("old", 10, 1))]  # fmt: skip
    (tmp_path / "runs.csv").write_text("algo,seed,score,ok\n" + "\n".join(rows))
    arguments = (tmp_path / "runs.csv", "--difference", "<new>", "old", "--ignore", "score")
    shares = say(capsys, *arguments, "--succeeded", "ok", "--reported", "share=50% n=12")
    assert "the reported difference of 50% (<new> less old)" in shares
    # Of pairs, differences of 0 and 1 were judged as a share, and of -1 without a unit.
    for more in ((3, 1), (1, 3)):
        flags = [f"{name},{seed},{int(seed % 4 < k)}" for seed in range(12)
                 for name, k in zip("ab", more, strict=True)]  # fmt: skip
        (tmp_path / "pairs.csv").write_text("algo,seed,ok\n" + "\n".join(flags))
        # Each seed has a run of both groups.
        paired = say(capsys, tmp_path / "pairs.csv", "--difference", "a", "b", "--pair", "seed",
                     "--succeeded", "ok", "--reported", "share=40% n=12")  # fmt: skip
        gap = (more[0] - more[1]) / 4
        assert f"from your {gap:g} (12 runs)" in paired
        assert "if the report's runs vary as yours do" in paired, "by Student's t"


# What is hostile, and what is equal.


# Code of HTML, Markdown, a spreadsheet, a terminal and LaTeX, and what is long or like an option.
HOSTILE = [
    "<img src=x>", "[a](javascript:alert(1))", "`mean`", "=1+cmd|'/C'!A0", "x\x1b[31m\u202e",
    "a|b\\\\ & c_d $e$ \\input{f}", "very " * 60, "=2+3", "*b*", "$\\f{$",
]  # fmt: skip


def test_hostile_names_are_harmless_in_all_five_forms(tmp_path, capsys):
    table = {"k": np.repeat(HOSTILE, 5), "v": np.tile([1.0, 2, 3, 4, 6], 10)}
    found = compare_table(table, {"k": HOSTILE, "mean": ["3"] * 10, "n": [5] * 10}, by="k")
    forms = {form: found.render(form) for form in ("text", "markdown", "latex", "csv", "json")}
    assert all(line.isprintable() for text in forms.values() for line in text.splitlines())
    for escaped in ("\\<img", "\\](javascript\\:", "\\*b\\*"):
        assert forms["markdown"].count(escaped[1:]) == forms["markdown"].count(escaped) > 0
    assert "\\input" not in forms["latex"]
    # Signs that LaTeX takes for an option or a ligature.
    assert all(sign in forms["latex"] for sign in ("{[}a]", "{*}b{*}", "$-$"))
    assert "\n=" not in forms["csv"]
    assert all(name in forms["csv"] for name in ("\n'=1", "\n`mean`,"))
    assert "--mean" not in name_options(forms["text"])
    # A forest plot of them is drawn, with names cut to a width.
    figure = found.plot()
    assert max(len(label.get_text()) for label in figure.axes[0].get_yticklabels()) <= 40
    save_picture(figure, tmp_path / "forest.svg")
    # With \\ and & in its cells a table is no LaTeX.
    pd.DataFrame(table).to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "theirs.csv").write_text("k,mean,n\n`mean`,3,5\nq,1,2\n")
    out = say(capsys, tmp_path / "runs.csv", "--by", "k", "--reported", tmp_path / "theirs.csv")
    assert "\\x60mean\\x60" in out
