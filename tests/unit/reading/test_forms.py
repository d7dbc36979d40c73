"""Tables in forms that people have: each is read as it is meant, or asked about."""

import pytest

from replication.comparison.tables import compare_table
from replication.errors import ReplicationError
from replication.reading.files import read_content_of
from replication.reading.question import Cause, Question
from replication.reading.typeset import clean

OWN = "task,seed,score\n" + "".join(
    f"{task},{seed},{mean + (seed - 2) / 10:.1f}\n"
    for task, mean in (("Ant", 3.0), ("Hopper", 2.0)) for seed in range(5)
)  # fmt: skip
SD = {"n": 5, "plus_minus": "sd"}
TRUE = {("Ant",): {"mean": 3.1, "sd": 0.2}, ("Hopper",): {"mean": 2.2, "sd": 0.1}}


def compare(report, own=OWN, **options):
    sheets = [read_content_of(text.encode(), "table") for text in (own, report)]
    return compare_table(*sheets, **options)


def list_numbers(found):
    """Return mean and standard deviation as they were read, by key."""
    return {key: {name: float(one.reported[name].rstrip("%")) for name in ("mean", "sd")}
            for key, one in found.rows.items()}  # fmt: skip


def write_latex(*rows):
    return "\\begin{tabular}{lc}\nTask & score \\\\ \\hline\n" + "\n".join(rows) + "\\end{tabular}"


RIGHT = {
    "braces in a subscript": (
        write_latex(r"Ant & $3.1_{\pm 0.2}$ \\", r"Hopper & $\textbf{2.2}_{\pm\textbf{0.1}}$ \\"),
        SD,
    ),
    "a command for the spread": (
        write_latex(r"Ant & 3.1 \std{0.2} \\", r"Hopper & 2.2\std{0.1} \\"), SD,
    ),
    "a command of two numbers": (
        write_latex(r"Ant & \res{3.1}{0.2} \\", r"Hopper & \textbf{\res{2.2}{0.1}} \\"), SD,
    ),
    "room for a digit": (
        write_latex(r"Ant & \phantom{1}3.1 $\pm$ 0.2 \\", r"Hopper & 2.2 $\pm$ \phantom{9}0.1 \\"),
        SD,
    ),
    "lines in a cell": (
        write_latex(r"Ant & \makecell{3.1 \\ (0.2)} \\", r"Hopper & \makecell{2.2\\(0.1)} \\"), SD,
    ),
    "marks of footnotes": (
        write_latex(r"Ant$^\dagger$ & $3.1^{*} \pm 0.2$ \\",
                    r"Hopper\textsuperscript{b} & 2.2\textsuperscript{**} $\pm$ 0.1 \\"), SD,
    ),
    "spreads below": (
        "\\begin{tabular}{lcc}\nMethod & Ant & Hopper \\\\\nSAC & 3.1 & 2.2 \\\\\n & (0.2) & (0.1) "
        "\\\\\n\\end{tabular}", SD,
    ),
    "small numbers in HTML": (
        "|Task|score|\n|-|-|\n|Ant|3.1<sub>0.2</sub>|\n|Hopper|**2.2**<sub>±0.1</sub>|\n", SD,
    ),
    "links in Markdown": (
        "|Task|score|\n|-|-|\n|[Ant](https://a.b)|🥇 3.1 ± 0.2|\n|[Hopper](#h)|2.2 ± 0.1|\n", SD,
    ),
    "describe of pandas": (
        ",Ant,Hopper\ncount,5.0,5.0\nmean,3.1,2.2\nstd,0.2,0.1\nmin,2.8,2.0\n50%,3.1,2.2\n", {},
    ),
    "describe by groups": (
        ",score,score,score,score,score\n,count,mean,std,25%,75%\ntask,,,,,\nAnt,5.0,3.1,0.2,3.0,3.2"
        "\nHopper,5.0,2.2,0.1,2.1,2.3\n", {},
    ),
    "a printed frame": (
        "        mean  std  count\ntask\nAnt      3.1  0.2      5\nHopper   2.2  0.1      5\n", {},
    ),
    "a printed tibble": (
        "# A tibble: 2 × 4\n  task    mean    sd     n\n  <chr>  <dbl> <dbl> <int>\n"
        "1 Ant      3.1   0.2     5\n2 Hopper   2.2   0.1     5\n", {},
    ),
    "write.csv of R": (
        '"","task","mean","sd","n"\n"1","Ant",3.1,0.2,5\n"2","Hopper",2.2,0.1,5\n', {},
    ),
    "an index of JSON": ('{"Ant": {"mean": 3.1, "std": 0.2, "n": 5}, '
                         '"Hopper": {"mean": 2.2, "std": 0.1, "n": 5}}', {}),
    "statistics and a test in rows": (
        "| |Ant|Hopper|\n|-|-|-|\n|Mean ± SD|3.1 ± 0.2|2.2 ± 0.1|\n|n|5|5|\n|p|0.03|0.001|\n",
        {"wide": "task"},
    ),
    "p in a column": ("task,Mean ± SD,n,p\nAnt,3.1 ± 0.2,5,0.03\nHopper,2.2 ± 0.1,5,<0.001\n", {}),
    "the number of runs in each cell": (
        'task,score\nAnt,"3.1 ± 0.2 (n=5)"\nHopper,"2.2 ± 0.1 (5 seeds)"\n', {"plus_minus": "sd"},
    ),
    "German": ("task;Mittelwert;Standardabweichung;N\nAnt;3,1;0,2;5\nHopper;2,2;0,1;5\n", {}),
    "French": ("task;moyenne;écart-type;n\nAnt;3,1;0,2;5\nHopper;2,2;0,1;5\n", {}),
    "a column without a name": (",mean,sd,n\nAnt,3.1,0.2,5\nHopper,2.2,0.1,5\n", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_report_in_a_form_that_people_have_is_read(name):
    report, options = RIGHT[name]
    assert list_numbers(compare(report, **options)) == TRUE


ASKED = {
    "a power in a heading": ("task,score [1e3],n\nAnt,3.1,5\nHopper,2.2,5\n", Cause.UNIT),
    "thousands in a heading": ("task,score (thousands),n\nAnt,3.1,5\nHopper,2.2,5\n", Cause.UNIT),
    "k in a heading": ("task,score (k),n\nAnt,3.1,5\nHopper,2.2,5\n", Cause.UNIT),
    "a variance": ("task,mean ± variance,n\nAnt,3.1 ± 0.04,5\nHopper,2.2 ± 0.01,5\n", Cause.SPREAD),
    "a mark that is a number": ("|task|score|\n|-|-|\n|Ant|3.1<sup>1</sup>|\n", Cause.SPREAD),
    "the width of a range": ("task,mean,range,n\nAnt,3.1,0.6,5\nHopper,2.2,0.4,5\n", Cause.CELL),
    "a row that is no statistic": (",Ant,Hopper\nMean,3.1,2.2\nSD,0.2,0.1\nEpochs,9,8\n",
                                   Cause.STATISTIC),
    "a range of runs": ("task,mean,ci,n\nAnt,3.1,± 0.2,3-5\nHopper,2.2,± 0.1,5\n", Cause.CELL),
    "millions in cells": ("task,score\nAnt,3.1 Mio\nHopper,2.2 Mio\n", Cause.STATISTIC),
    "several columns": (
        "Rank,task,score,Params,Year\n1,Ant,3.1 ± 1,12,2018\n2,Hopper,2 ± 1,1,2017\n",
        Cause.STATISTIC,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_report_that_can_be_meant_otherwise_is_asked(name):
    report, cause = ASKED[name]
    with pytest.raises(Question) as asked:
        compare(report, n=5, value=None)
    assert asked.value.cause is cause


def test_all_columns_that_say_nothing_are_named_in_one_question():
    report, _ = ASKED["several columns"]
    with pytest.raises(Question, match="give `ignore` Rank,Params,Year"):
        compare(report, n=5)


@pytest.mark.parametrize(("text", "plain"), [
    (r"83\std{2}", "83 (2)"), (r"\res{83}{2}", "83 (2)"), ("83<sub>2</sub>", "83 (2)"),
    (r"\phantom{1}3.1", "3.1"), (r"83{2}", "83 (2)"), (r"3.1\textsuperscript{2}", "3.1 (2)"),
    (r"83.1 {\scriptsize (2.0)}", "83.1 (2.0)"), (r"3\,100", "3'100"), ("3’100", "3'100"),
    (r"\mean{83}\sem{2}", "83 (2)"), (r"83\textpm{}2", "83±2"),
    (r"\href{https://a.b}{0.83}", "0.83"), (r"\colorbox{red}{83.1}", "83.1"),
])  # fmt: skip
def test_numbers_that_stand_side_by_side_are_never_one(text, plain):
    r"""83\std{2} was 832."""
    assert " ".join(clean(text).split()) == plain


PER_CENT = "dataset,seed,acc\nA,0,93.1%\nA,1,93.5%\nB,0,74.2%\nB,1,74.0%\n"


def test_values_with_a_per_cent_sign_are_held_against_shares():
    """0.934 against 93.3 % was contradicted."""
    report = "dataset,acc,n\nA,0.934 ± 0.002,5\nB,0.741 ± 0.003,5\n"
    found = compare(report, PER_CENT, plus_minus="sd")
    assert found.rows["A",].difference.value == pytest.approx(93.3 - 93.4)
    assert "the reported ones shares" in found.rows["A",].assumptions["scale"]


def test_a_column_for_each_seed_may_stand_in_the_report_too():
    report = "task,seed 1,seed 2,seed 3\nAnt,3.0,3.1,3.2\nHopper,2.0,2.1,2.2\n"
    found = compare(report)
    assert [one.reported["mean"] for one in found.rows.values()] == ["3.1", "2.1"]
    assert [one.runs for one in found.rows.values()] == [3, 3]
    own = (
        "task,seed 1,seed 2,seed 3,mean,std\nAnt,3.0,3.1,3.2,3.1,0.1\nHopper,2.0,2.1,2.2,2.1,0.1\n"
    )
    found = compare("task,mean,sd,n\nAnt,3.1,0.2,5\nHopper,2.2,0.1,5\n", own)
    assert [one.n for one in found.rows.values()] == [3, 3]


def test_keys_that_are_one_number_are_asked():
    """0.1, 0.10 and 1e-1 were three groups, of which the report's 0.1 was held against one."""
    own = "lr,seed,acc\n0.1,0,3.0\n0.10,1,3.2\n1e-1,2,3.3\n0.01,0,2.0\n0.01,1,2.1\n"
    report = "lr,mean,sd,n\n0.1,3.1,0.2,5\n0.01,2.2,0.1,5\n"
    with pytest.raises(Question, match="holds '0.1' and '0.10', which are one number") as asked:
        compare(report, own, by="lr")
    assert asked.value.cause is Cause.KEY
    plain = own.replace("0.10", "0.1").replace("1e-1", "0.1")
    assert compare(report.replace("0.1,", "1e-1,"), plain, by="lr").rows["0.1",].n == 3


def test_a_log_of_mean_rewards_is_no_report():
    """mean_reward by step was taken for a table of reported results."""
    own = "timesteps,seed,mean_reward,std_reward\n" + "".join(
        f"{step},{seed},{step / 100 + seed},1\n" for seed in range(3) for step in (1000, 2000)
    )
    found = compare_table(read_content_of(own.encode(), "own"), "12 ± 2, n = 5",
                          value="mean_reward", take="last", plus_minus="sd")  # fmt: skip
    assert (found.n, found.mean.value) == (3, pytest.approx(21.0))


def test_runs_that_could_be_paired_are_said_to_be_taken_as_independent():
    own = "algo,seed,v\n" + "".join(f"{a},{s},{s * s + gap}\n" for a, gap in (("a", 3), ("b", 1))
                                    for s in range(6))  # fmt: skip
    sheet = read_content_of(own.encode(), "own")
    apart = compare_table(sheet, "2, n = 6", difference=["a", "b"])
    assert "they share seeds" in apart.assumptions["pair"]
    assert (
        "pair"
        not in compare_table(sheet, "2, n = 6", difference=["a", "b"], pair="seed").assumptions
    )


def test_a_path_is_no_table():
    with pytest.raises(ReplicationError, match="such as pandas.read_csv returns"):
        compare_table("runs.csv", "0.83 ± 0.04, n = 5")
