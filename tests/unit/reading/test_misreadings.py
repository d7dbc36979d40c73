"""Tables that people have, each of which was once read wrongly without a word.

Either the reading is right, or a question says which two readings there are and what to write.
"""

import pytest

from tests.unit.reading.asking import ask, make_runs, make_tasks

FIVE = make_runs(0.81, 0.83, 0.80, 0.84, 0.85)


@pytest.fixture
def compare(tmp_path, capsys):
    def run(*arguments, **files):
        return ask(tmp_path, capsys, "compare", *arguments, **files)

    return run


def test_a_value_that_equals_a_reported_number_is_no_key(compare):
    """500 of CartPole stood in both tables: it became a key, and the failed seed was dropped."""
    own = "seed,CartPole,Acrobot\n0,500,-80\n1,500,-82\n2,500,-79\n3,500,-85\n4,121,-500\n"
    found = compare("own.csv", "--reported", "dqn.csv", "--n", "5", own__csv=own,
                    dqn__csv="method,CartPole,Acrobot\nDQN,500,-79.0\n")  # fmt: skip
    assert "value: 'CartPole', 'Acrobot'" in found.out
    assert "CartPole 500 5 424.2 5" in found.out, "of all five runs"
    # 91.2 reported, and once among one's own: two of five runs were kept.
    own = make_runs(91.2, 90.1, 91, 92, 91.7)
    paper = "acc,n\n91.2,5\n"
    found = compare("own.csv", "--reported", "paper.csv", own__csv=own, paper__csv=paper)
    assert "your 91.2 (5 runs)" in found.out


@pytest.mark.parametrize("value", ["39.82", "39.83"])
def test_a_long_table_is_read_alike_whether_or_not_a_number_stands_in_both(compare, value):
    own = f"task,seed,bleu\nde,0,39.82\nde,1,40.1\nen,0,28.4\nen,1,{value}\n"
    found = compare("own.csv", "--reported", "paper.csv", "--n", "5", own__csv=own,
                    paper__csv="task,bleu\nde,39.82\nen,28.00\n")  # fmt: skip
    assert "4 runs: 2 groups, 2 in each: - key: 'task' - value: 'bleu'" in found.out


@pytest.mark.parametrize("text", ["0,831 ± 0,020, n = 5", "0{,}831 ± 0{,}020, n = 5"])
def test_a_decimal_comma_is_one(compare, text):
    """831: "Contradicted, p < 0.0001, off by 830"."""
    found = compare("own.csv", "--reported", text, own__csv=FIVE)
    assert "reported mean of 0.831 (± 0.020, 5 runs)" in found.out


def test_a_decimal_comma_of_one_number_is_that_of_the_table(tmp_path, capsys):
    table = "task\tmean\nant\t83,280 ± 0,235\nhop\t80,125 ± 1,250\n"
    found = ask(tmp_path, capsys, "read", "t.tsv", "--report", t__tsv=table)
    assert found.out == "task,mean,± ant,83.280,0.235 hop,80.125,1.250"
    assert "Decimal sign: ','" in found.err


@pytest.mark.parametrize(("number", "point", "comma"), [
    ("12,345", "12345", "12.345"), ("12.345", "12.345", "12345"),
])  # fmt: skip
def test_a_number_with_two_readings_is_asked_and_both_are_named(compare, number, point, comma):
    found = compare("own.csv", "--reported", f"{number}, n = 5", own__csv=make_runs(12, 13, 12.5))
    assert found.code == 2
    assert f"give --decimal . for {point}" in found.err.replace(", --decimal", ", give --decimal")
    for sign, value in ((".", point), (",", comma)):
        found = compare("own.csv", "--reported", f"{number}, n = 5", "--decimal", sign)
        assert f"reported mean of {value} (5 runs)" in found.out


def test_commas_between_columns_say_that_a_point_is_one(tmp_path, capsys):
    for name, separator, code in (("a.csv", ",", 0), ("a.tsv", "\t", 2)):
        (tmp_path / name).write_text(f"seed{separator}v\n0{separator}12.345\n1{separator}12.355\n")
        assert ask(tmp_path, capsys, "read", name).code == code


def test_text_in_a_column_of_values_is_an_error_that_names_it(compare):
    """The run number was judged: "your 3 (5 runs)"."""
    own = "run,time\n1,3.1 s\n2,3.3 s\n3,diverged\n4,2.9 s\n5,3.0 s\n"
    found = compare("own.csv", "--reported", "3.0 ± 0.2, n = 5", own__csv=own)
    assert found.code == 2
    assert "'time' holds 'diverged' in row 3" in found.err
    found = compare("own.csv", "--reported", "3.0 ± 0.2, n = 5", "--where", "time!=diverged")
    assert "your 3.075 (4 runs)" in found.out
    assert "Unit of 'time': s." in found.out


def test_groups_of_thousands_with_points_are_read(compare):
    own = "run;steps\n1;12.345,6\n2;11.200,1\n3;12.001,0\n"
    found = compare("own.csv", "--reported", "12000 ± 200, n = 5", own__csv=own)
    assert "your 11,849 (3 runs)" in found.out


DOMAINBED = r"""\begin{tabular}{lccccc}
\toprule
\textbf{Algorithm} & \textbf{A} & \textbf{C} & \textbf{P} & \textbf{S} & \textbf{Avg} \\
\midrule
ERM & 84.7 $\pm$ 0.4 & 80.8 $\pm$ 0.6 & 97.2 $\pm$ 0.3 & 79.3 $\pm$ 1.0 & 85.5 \\
IRM & 84.8 $\pm$ 1.3 & 76.4 $\pm$ 1.1 & 96.7 $\pm$ 0.6 & 76.1 $\pm$ 1.0 & 83.5 \\
\bottomrule
\end{tabular}"""


def test_an_average_beside_columns_with_spreads_is_one_more_label(compare):
    """It was taken as the mean: p = 1, though all rows were five points off."""
    means = {"A": 84.7, "C": 80.8, "P": 97.2, "S": 79.3}
    own = make_tasks({name: mean - 5 for name, mean in means.items()}, value="acc")
    arguments = "own.csv", "--reported", "t.tex", "--n", "3"
    asked = compare(*arguments, own__csv=own.replace("task", "env", 1), t__tex=DOMAINBED)
    assert "several results for 'A'" in asked.err
    found = compare(*arguments, "--where", "Algorithm=ERM")
    assert "Contradicted as a whole" in found.out or "Contradicted" in found.out
    assert "A 84.7 ± 0.4 3 79.85 4" in found.out
    assert "Avg" in found.out, "which only the report has"


LIGHTNING = "epoch,step,train_loss,val_acc\n" + "".join(
    f"{e},{10 * e + 9},0.{9 - e},\n{e},{10 * e + 9},,0.{e + 3}\n" for e in range(5)
)


def test_runs_of_a_log_that_stand_one_below_the_other_begin_where_steps_do(compare):
    own = "step,acc\n1,0.5\n2,0.81\n1,0.4\n2,0.85\n1,0.6\n2,0.83\n"
    arguments = ("own.csv", "--reported", "0.83 ± 0.04, n = 5")
    asked = compare(*arguments, own__csv=own)
    assert "if each row is a run, give --ignore step" in asked.err
    assert "if these are 3 runs, one below the other, give --take last" in asked.err
    found = compare(*arguments, "--take", "last")
    assert "one begins wherever step is 1 again" in found.out
    assert "your 0.83 (3 runs)" in found.out
    # A run that went on from where it was saved: steps go back, but not to the first.
    own = "step,acc\n1,0.5\n2,0.81\n3,0.9\n2,0.85\n3,0.83\n"
    asked = compare(*arguments, "--take", "last", own__csv=own)
    assert "goes back" in asked.err
    assert "one below the other" not in asked.err


def test_rows_without_a_value_go_first_and_repeated_steps_are_a_log(compare):
    """One run was "5 runs", p = 0.039; three versions "12 runs", p = 0.021."""
    arguments = "metrics.csv", "--value", "val_acc", "--reported", "0.75 ± 0.02, n = 5"
    asked = compare(*arguments, metrics__csv=LIGHTNING)
    assert "is a log of 1 run by 'epoch'" in asked.err
    assert "give --take last, max, min, mean or a step" in asked.err
    assert "(1 run)" in compare(*arguments, "--take", "last").out


def test_events_are_successes(compare):
    """23 of 468 against runs of 0 and 1 was -131 SD."""
    own = "id,event\n" + "".join(f"{i},{int(i % 20 == 0)}\n" for i in range(200))
    for report in ("group,events,n\nplacebo,23,468\n", "group,events\nplacebo,23/468\n",
                   "group,n (%),N\nplacebo,23 (4.9),468\n"):  # fmt: skip
        found = compare("own.csv", "--reported", "r.csv", own__csv=own, r__csv=report)
        assert "reported number of successes of 23 (468 runs)" in found.out
    wrong = compare(
        "own.csv", "--reported", "r.csv", r__csv="group,n (%),N\nplacebo,23 (5.9),468\n"
    )
    assert "23 of 468 is 4.91 %, and not 5.9" in wrong.err


def test_a_summary_below_the_runs_is_left_out_and_named(tmp_path, capsys):
    own = "run,acc\na,0.8\nb,0.9\nmean,0.85\nstd,0.07\n"
    found = ask(tmp_path, capsys, "read", "t.csv", t__csv=own)
    assert found.out == "seed,value a,0.8 b,0.9"
    assert "Left out, as a summary of the rows above: 'mean', 'std'." in found.err
    # A statistic among the runs is the name of one.
    found = ask(tmp_path, capsys, "read", "t.csv", t__csv="run,acc\nmax,0.8\nb,0.9\nmean,0.85\n")
    assert "max,0.8" in found.out


def test_a_failed_run_is_left_out_and_said(compare):
    rows = [("aa", "FINISHED", 0, 0.81), ("ab", "FINISHED", 1, 0.82), ("ac", "FAILED", 2, 0.11),
            ("ad", "FINISHED", 3, 0.83)]  # fmt: skip
    own = "Start Time,Run ID,Name,User,Status,seed,acc\n" + "".join(
        f"2024-01-0{seed + 1},{run},n{seed},me,{status},{seed},{acc}\n"
        for run, status, seed, acc in rows
    )
    found = compare("mlflow.csv", "--reported", "0.82 ± 0.02, n = 5", mlflow__csv=own)
    assert "your 0.82 (3 runs)" in found.out
    assert "Left out, by 'Status': 1 run ('FAILED')." in found.out


def test_statistics_in_rows_are_statistics(compare):
    """ "average" and "standard deviation" were keys."""
    report = "statistic,ant,hop\naverage,3.2,4.1\nstandard deviation,0.2,0.3\n"
    found = compare("own.csv", "--reported", "r.csv", "--n", "5", r__csv=report,
                    own__csv=make_tasks({"ant": 3.0, "hop": 4.0}))  # fmt: skip
    assert "'average' (mean), 'standard deviation' (standard deviation)" in found.out
    assert "ant 3.2 ± 0.2 5 3.15 4" in found.out, found


def test_a_per_cent_sign_behind_one_of_two_numbers_is_asked(compare):
    found = compare("own.csv", "--reported", "0.35 ± 4%, n = 5", own__csv=FIVE)
    assert "does the per cent sign of 0.35 and 4% belong to all" in found.err
    both = compare("own.csv", "--reported", "83.0 ± 4.0 %, n = 5")
    assert "reported mean of 83.0% (± 4.0%, 5 runs)" in both.out


# What was refused, though people write it.


@pytest.mark.parametrize(("text", "said"), [
    ("10·0 (SD 0·4), n = 20", "mean of 10.0 (sd 0.4, 20 runs)"),
    ("10.0 ± 0.4 over 20 seeds", "mean of 10.0 (± 0.4, 20 runs)"),
    ("10.0 ± 0.4 (sd), n = 20", "mean of 10.0 (sd 0.4, 20 runs)"),
    ("mean 10.0, sd 0.4, n 20", "mean of 10.0 (sd 0.4, 20 runs)"),
    ("10.0 (95% CI 9.8 to 10.2), n=20", "mean of 10.0 (± 0.2, 20 runs)"),
    ("reward: 10.0 ± 0.4 (20 runs)", "mean of 10.0 (± 0.4, 20 runs)"),
])  # fmt: skip
def test_texts_as_papers_have_them_are_read(compare, text, said):
    found = compare("own.csv", "--reported", text, own__csv=make_runs(10.1, 9.8, 10.2, 10.4))
    assert f"the reported {said}" in found.out


WIDE = "task,seed_0,seed_1,seed_2\nant,3,3.1,3.2\nhop,4,4.1,4.2\n"
AGG = ",score,score,score\n,mean,std,count\ntask,,,\nant,3.05,0.12,5\nhop,4.1,0.2,5\n"
RAW = make_tasks({"ant": 2.9, "hop": 3.9}, n=5)
REPORT = "task,mean,sd,n\nant,3.05,0.12,5\nhop,4.1,0.2,5\n"
OWN = make_tasks({"ant": 3.0, "hop": 4.0})


@pytest.mark.parametrize(("own", "report", "said"), [
    (WIDE, REPORT, "6 runs: 2 groups, 3 in each: - key: 'task' - value: 'value' - seed: 'seed'"),
    (OWN, AGG, "statistic: 'score_mean' (mean of score), 'score_std' (standard deviation"),
    (OWN, RAW, "The report holds runs: their means and standard deviations are compared."),
    (OWN.encode("utf-16"), REPORT.encode("utf-16"), "statistic: 'mean' (mean)"),
    ("# made by me\n" + OWN, REPORT, "8 runs: 2 groups"),
    (OWN.replace(",", ";").replace(".", ","), REPORT, "8 runs: 2 groups"),
    (OWN, "|task|score|n|\n|-|-|-|\n|ant|3.05 ± 0.12|5|\n|hop|4.1 ± 0.2|5|\n", "'score' (mean)"),
])  # fmt: skip
def test_tables_as_people_have_them_are_read(compare, own, report, said):
    found = compare("own.csv", "--reported", "r.csv", own__csv=own, r__csv=report)
    assert said in found.out, found
    assert "ant 3.05" in found.out or "3.1 ± 0.158" in found.out


LINES = ('"Step","a - acc","a - acc__MIN","a - acc__MAX","b - acc","b - acc__MIN","b - acc__MAX"\n'
         "1,0.1,0.1,0.1,0.2,0.2,0.2\n2,0.3,0.3,0.3,0.4,0.4,0.4\n")  # fmt: skip
GROUPED = '"Step","ppo - acc","ppo - acc__MIN","ppo - acc__MAX"\n1,0.1,0.05,0.2\n2,0.3,0.2,0.4\n'
MONITOR = '#{"t_start": 1.0, "env_id": "CartPole"}\nr,l,t\n10,10,0.5\n20,20,0.9\n30,30,1.9\n'
BOARD = "Wall time,Step,Value\n1.5e9,1,0.1\n1.6e9,2,0.2\n1.7e9,3,0.3\n"
TRACKED = (
    ",run_id,status,start_time,metrics.acc,params.seed,params.lr,tags.mlflow.runName\n"
    "0,aa,FINISHED,2024-1,0.81,0,0.1,x\n1,ab,FINISHED,2024-2,0.82,1,0.1,y\n"
    "2,ac,FAILED,2024-3,0.1,2,0.1,z\n"
)


@pytest.mark.parametrize(("content", "arguments", "expected"), [
    (LINES, ["--take", "last"], "seed,value a,0.3 b,0.4"),
    (MONITOR, ["--take", "mean"], "value 20"),
    (BOARD, ["--take", "last"], "value 0.3"),
    (TRACKED, [], "seed,value 0,0.81 1,0.82"),
])  # fmt: skip
def test_exports_of_programs_that_keep_records_are_read(
    tmp_path, capsys, content, arguments, expected
):
    found = ask(tmp_path, capsys, "read", "e.csv", *arguments, e__csv=content)
    assert found.out == expected, found


def test_a_line_over_a_group_of_runs_is_no_run(tmp_path, capsys):
    found = ask(tmp_path, capsys, "read", "e.csv", "--take", "last", e__csv=GROUPED)
    assert (found.code, "export the runs ungrouped" in found.err) == (2, True)


def test_a_report_of_something_else_than_your_values_is_asked(compare):
    """Losses were held against a reported accuracy, since a column of yours was called so."""
    own = "seed,acc,loss\n0,0.8,1.5\n1,0.82,1.4\n2,0.81,1.45\n"
    for report, heading in (("acc_mean,acc_std,n\n0.8,0.1,5\n", "acc_mean"),
                            ("acc,n\n0.8 ± 0.1,5\n", "acc")):  # fmt: skip
        arguments = "own.csv", "--reported", "r.csv", "--value"
        asked = compare(*arguments, "loss", own__csv=own, r__csv=report)
        assert f"give --value loss={heading}" in asked.err
        assert " 0.1, 5 runs)" in compare(*arguments, f"loss={heading}").out
        assert "value: 'acc'" in compare(*arguments[:-1]).out


def test_a_number_behind_value_and_spread_may_be_that_of_runs(compare):
    asked = compare("own.csv", "--reported", "0.83 ± 0.04 (3)", own__csv=FIVE)
    assert "is (3) behind 0.83 ± 0.04 the number of runs" in asked.err
    assert "(± 0.04, 3 runs)" in compare("own.csv", "--reported", "0.83 ± 0.04 (3)", "--n", "3").out


def test_an_empty_cell_of_a_typeset_table_is_none_of_the_value_above_it(tmp_path, capsys):
    table = "|task|seed|v|\n|-|-|-|\n|a|0|3.1 ms|\n||1||\n|b|0|2.5 ms|\n"
    found = ask(tmp_path, capsys, "read", "t.md", "--by", "task", t__md=table)
    assert found.out == "task,seed,value a,0,3.1 b,0,2.5"
    assert "Empty cells of 'task' take the name above them." in found.err


@pytest.mark.parametrize("said", [[], ["--plus-minus", "ignore"]])
def test_a_count_before_its_per_cent_is_no_per_cent(compare, said):
    """47 (94%) was read as 47 %, and with its brackets ignored judged as such."""
    report = "task,solved\nant,47 (94%)\n"
    arguments = ["own.csv", "--reported", "r.csv", "--n", "50", "--value", "acc=solved", *said]
    found = compare(*arguments, own__csv=FIVE, r__csv=report)
    assert (found.code, "is 47 (94%) a count with its per cent" in found.err) == (2, True), found


def test_a_number_with_two_points_is_named(tmp_path, capsys):
    """The question named no number at all: ' cannot have the same decimal sign'."""
    found = ask(tmp_path, capsys, "read", "t.csv", "--report", t__csv="m,mean\na,0.8.3\nb,0.8\n")
    assert (found.code, "0.8.3 is a number with no decimal sign" in found.err) == (2, True), found


@pytest.mark.parametrize("name", ["p", "p-value", "t", "F", "d"])
def test_what_a_test_gives_is_no_mean(compare, name):
    """p = 0.04 was held against the mean of the runs, and contradicted it."""
    found = compare("own.csv", "--reported", f"{name} = 0.04, n = 5", own__csv=FIVE)
    assert (found.code, f"'{name}' is what a test gives" in found.err) == (2, True), found
    named = compare("own.csv", "--reported", "acc = 0.04, n = 5", own__csv=FIVE)
    assert "reported mean of 0.04" in named.out


def test_a_row_that_cannot_be_right_hides_no_other_that_is_contradicted(compare):
    """The sentence named the impossible row alone, where the table contradicted two."""
    own = "task,seed,acc\n" + "".join(
        f"{task},{seed},{0.8 + 0.01 * seed}\n" for task in ("ant", "bat") for seed in range(6)
    )
    report = "task,mean,sd,min,n\nant,0.8,0.01,1.9,5\nbat,2,0.01,1.9,5\n"
    found = compare("own.csv", "--reported", "r.csv", own__csv=own, r__csv=report)
    assert "what was reported for ant cannot be right" in found.out
    assert "in 2 of 2 rows, ant and bat (adjusted p < 0.0001)" in found.out, found.out


def test_the_number_of_runs_may_stand_between_other_numbers(tmp_path, capsys):
    """ "max=100 n=20 share=0.7" became "100share=0.7"."""
    found = ask(tmp_path, capsys, "read", "mean=55 max=100 n=20 share=0.7", "--report")
    assert found.out == "mean,share,max,n 55,0.7,100,20"


def test_a_number_is_a_key_beside_another_only_where_it_tells_rows_apart(compare):
    own = "task,size,seed,acc\n" + "".join(
        f"{task},{size},{seed},{0.7 + size / 1000 + seed / 50:.3f}\n"
        for task in ("a", "b", "c")
        for size in (32, 64)
        for seed in range(3)
    )
    report = "task,size,mean,sd,n\na,32,0.75,0.02,5\na,64,0.78,0.02,5\nb,32,0.7,0.02,5\n"
    found = compare("own.csv", "--reported", "paper.csv", own__csv=own, paper__csv=report)
    assert "key: 'task', 'size'" in found.out
    # With one row a task the number may as well be something that was measured.
    report = "task,size,mean,sd,n\na,32,0.75,0.02,5\nb,64,0.7,0.02,5\nc,32,0.7,0.02,5\n"
    asked = compare("own.csv", "--reported", "paper.csv", own__csv=own, paper__csv=report)
    assert "holds numbers in both tables: give --by size if it is a key" in asked.err


def test_losses_that_are_far_off_are_contradicted_and_not_taken_for_per_cent(compare):
    own = "loss\n0.05\n0.2\n0.35\n0.5\n0.62\n"
    found = compare("own.csv", "--reported", "1.9 ± 0.2, n = 5", own__csv=own)
    assert found.out.startswith("Your table read as 5 runs: - value: 'loss' Contradicted:")


@pytest.mark.parametrize("heading", ["score ×10³", "score (x 10^-3)", "score (x1000)"])
def test_a_factor_in_a_heading_is_asked(tmp_path, capsys, heading):
    """It was ignored without a word, so that all was off by a thousand."""
    report = f"task,{heading}\nhopper,8.0 ± 0.1\n"
    arguments = ["--report", "--n", "5", "--plus-minus", "sd"]
    found = ask(tmp_path, capsys, "read", "t.csv", *arguments, t__csv=report)
    assert (found.code, "multiplied by its factor" in found.err) == (2, True), found


DESCRIBED = "count,10\nmean,0.831\nstd,0.04\nmin,0.76\n50%,0.835\nmax,0.89\n"


@pytest.mark.parametrize("rows", [DESCRIBED, "mean,0.84\nstd,0.04\n"])
def test_what_describe_prints_is_no_table_of_runs(compare, rows):
    """The count was the only run, of value 10, and contradicted whatever was reported."""
    found = compare("own.csv", "--reported", "0.9 ± 0.05, n = 5", own__csv=f",reward\n{rows}")
    assert found.code == 2
    assert "are statistics" in found.err
    assert "and no runs" in found.err


def test_ways_of_pooling_are_no_statistics(compare):
    own = "pooling,seed,acc\nmean,0,0.8\nmean,1,0.82\nmax,0,0.9\nmax,1,0.91\n"
    found = compare("own.csv", "--where", "pooling=max", "--reported", "0.9 ± 0.05, n = 5",
                    own__csv=own)  # fmt: skip
    assert "of your 0.905 (2 runs)" in found.out or "your 0.905 (2 runs)" in found.out


@pytest.mark.parametrize(
    "rows", ["Mittelwert,0.826\nStdAbw,0.02\n", "total,4.13\n", "Summe,4.13\n"]
)
def test_a_spreadsheets_own_summary_is_no_run(compare, rows):
    found = compare("own.csv", "--reported", "0.83 ± 0.02, n = 5", own__csv=FIVE + rows)
    assert "your 0.826 (5 runs)" in found.out
    assert "as a summary of the rows above" in found.out


@pytest.mark.parametrize(
    ("last", "left"), [(",0.826\n", "seed!="), ("zusammen,0.826\n", "seed!=zusammen")]
)
def test_a_value_below_the_runs_without_a_seed_is_asked_about(compare, last, left):
    """A mean without a name, as a spreadsheet has below its numbers, was a sixth run."""
    reported = ("--reported", "0.83 ± 0.02, n = 5")
    found = compare("own.csv", *reported, own__csv=FIVE + last)
    assert found.code == 2
    assert left in found.err
    found = compare("own.csv", "--where", left, *reported, own__csv=FIVE + last)
    assert "your 0.826 (5 runs)" in found.out
    found = compare("own.csv", "--ignore", "seed", *reported, own__csv=FIVE + last)
    assert "your 0.826 (6 runs)" in found.out


def test_a_mean_beside_runs_in_columns_is_asked_about(compare):
    """With `--wide run` the mean and the standard deviation were runs, too."""
    own = "task,a,b,c,mean,std\nant,0.8,0.9,0.85,0.85,0.05\n"
    said = ("own.csv", "--wide", "run", "--by", "task", "--reported", "0.85 ± 0.05, n = 5")
    found = compare(*said, own__csv=own)
    assert found.code == 2
    assert "--ignore mean,std" in found.err
    found = compare(*said, "--ignore", "mean,std", own__csv=own)
    assert "your 0.85 (3 runs)" in found.out


@pytest.mark.parametrize(("table", "why"), [
    ('{"seed": 0, "acc": 0.81, "acc": 1}\n{"seed": 1, "acc": 0.83, "acc": 1}\n', "'acc' twice"),
    ('{"acc": {"steps": [0, 1], "values": [0.1, 0.8]}}', "lists or objects within 'acc'"),
    ('{"DQN": {"pong": [0.1, 0.2]}, "PPO": {"pong": [0.4, 0.2]}}', "lists or objects within 'DQN'"),
])  # fmt: skip
def test_json_that_says_a_value_twice_or_holds_lists_is_refused(tmp_path, capsys, table, why):
    """The last of two values was taken; and `value` '' was asked for, which no answer satisfied."""
    found = ask(tmp_path, capsys, "read", "runs.json", runs__json=table)
    assert (found.code, found.out) == (65, "")
    assert why in found.err


def test_a_number_that_no_float_holds_is_no_number(tmp_path, capsys):
    """`read` printed inf."""
    found = ask(tmp_path, capsys, "read", "own.csv", own__csv=make_runs(0.8, "0.9e400", 0.7))
    assert (found.code, found.out) == (2, "")
    assert "'0.9e400' in row 2 of the data, which is no number" in found.err


def test_where_no_column_has_only_numbers_seeds_are_not_offered_as_values(tmp_path, capsys):
    """It said: give --value seed."""
    found = ask(tmp_path, capsys, "read", "own.csv", own__csv=make_runs("0x1f", "0x2f", "0x3f"))
    assert found.code == 2
    assert "no column" in found.err
    assert "--value seed" not in found.err


def test_a_monitor_whose_letters_were_renamed_says_so_where_one_is_asked_for(tmp_path, capsys):
    """It had no column 'r', though the file has."""
    table = '#{"t_start": 1.0}\nr,l,t\n20.5,20,0.7\n21.5,21,1.4\n22.5,22,2.1\n'
    found = ask(tmp_path, capsys, "read", "0.csv", "--value", "r", **{"0__csv": table})
    assert found.code == 2
    assert "r is the reward" in found.err
