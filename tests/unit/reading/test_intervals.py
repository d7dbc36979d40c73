"""Two ends in brackets, and medians with their quartiles: read as they are meant, or asked."""

import pytest

from replication.comparison.comparison import compare
from replication.comparison.tables import compare_table
from replication.reading.files import read_content_of
from replication.reading.question import Cause, Question
from replication.reading.reader import read_report
from replication.reading.typeset import clean


def read(*rows, heading="score", **options):
    """Return the numbers of each row of a report in Markdown."""
    lines = [f"|task|{heading}|", "|-|-|", *map("|{}|{}|".format, "abc", rows)]
    report = read_report(read_content_of("\n".join(lines).encode(), "table"), **options)
    return [dict(row.numbers) for row in report.rows]


CI = {"plus_minus": "ci", "value": "score"}


@pytest.mark.parametrize(("cell", "ends"), [
    ("0.87 [0.85,0.89]", ("0.85", "0.89")), ("0.87 (0.85,0.89)", ("0.85", "0.89")),
    ("57.1 [50,66]", ("50", "66")), ("57 [50,66.5]", ("50", "66.5")),
    ("-1.5 [-2.5,-0.5]", ("-2.5", "-0.5")), ("0.5 [0.85,0.89]", ("0.85", "0.89")),
    ("0.87 (95% CI 0.85,0.89)", ("0.85", "0.89")),
    ("0.87 ± 0.01 [0.85,0.89]", ("0.85", "0.89")), ("83% [81%,85%]", ("81%", "85%")),
])  # fmt: skip
def test_two_ends_without_a_space_are_two_where_the_sign_is_a_point(cell, ends):
    """0.85,0.89 was a number with no decimal sign."""
    (numbers,) = read(cell, **CI)
    assert (numbers["ci_low"], numbers["ci_high"]) == ends


@pytest.mark.parametrize("text", ["mean=0.1 ci=[1e-3, 0.2]", "mean=0.1 ci=[1E-3, 0.2]"])
def test_one_end_with_a_power_is_read(text):
    """An interval without a value beside it ended in a KeyError."""
    numbers = read_report(text).rows[0].numbers
    assert (float(numbers["ci_low"]), float(numbers["ci_high"])) == (0.001, 0.2)


@pytest.mark.parametrize(("cell", "point", "comma"), [
    ("57 [50,66]", {"ci_low": "50", "ci_high": "66"}, {"ci": "50.66"}),
    ("5 [0,85]", {"ci_low": "0", "ci_high": "85"}, {"ci": "0.85"}),
    ("57 (CI 50,66)", {"ci_low": "50", "ci_high": "66"}, {"ci": "50.66"}),
])  # fmt: skip
def test_two_ends_that_may_be_one_number_are_asked(cell, point, comma):
    """57 [50,66] was 57 with 50.66 in brackets, even with `decimal` ".". """  # fmt: skip
    with pytest.raises(Question, match="two numbers, .* give `decimal` . for two") as asked:
        read(cell, **CI)
    assert asked.value.cause is Cause.DECIMAL
    for sign, expected in ((".", point), (",", comma)):
        (numbers,) = read(cell, decimal=sign, **CI)
        numbers.pop("mean")
        assert numbers == expected


def test_another_number_says_whether_two_ends_are_one_number():
    assert read("57 [50,66]", "0.5 [0.4,0.6]", **CI)[0]["ci_high"] == "66"
    with pytest.raises(Question, match="is 50,66 two numbers") as asked:
        read("57 [50,66]", "0,5 [0,4]", **CI)
    assert asked.value.cause is Cause.DECIMAL
    # The value does not lie between 0 and 237.
    assert read("-3,350 (0,237)", plus_minus="sd", value="score")[0]["sd"] == "0.237"


def test_two_ends_that_may_be_thousands_are_asked_whatever_the_sign():
    for cells in (["57 [50,660]", "0.5"], ["57 [50,660]"]):
        with pytest.raises(Question, match="write 50; 660 for two, and no comma for one"):
            read(*cells, decimal=".", **CI)


def test_a_column_of_intervals_without_a_space_is_asked_too():
    lines = "|task|mean|95% CI|\n|-|-|-|\n|a|57|[50,66]|\n"
    with pytest.raises(Question, match="is 50,66 two numbers"):
        read_report(read_content_of(lines.encode(), "table"))
    found = read_report(read_content_of(lines.replace("57", "57.5").encode(), "table"))
    assert found.rows[0].numbers["ci_high"] == "66"


def test_a_column_of_spreads_in_brackets_is_no_key():
    """A column SD of (0.04) was a key, or ignored, and the means were judged without it."""
    lines = "|task|mean|SD|\n|-|-|-|\n|a|0.83|(0.04)|\n|b|0.9|(0.12)|\n"
    sheet = read_content_of(lines.encode(), "table")
    with pytest.raises(Question, match="'SD' of table holds .* no form of a number") as refused:
        read_report(sheet)
    assert refused.value.cause is Cause.CELL
    assert read_report(sheet, ignore="SD").keys == ("task",)
    german = read_content_of(lines.replace("0.", "0,").encode(), "table")
    assert read_report(german).rows[0].numbers["sd"] == "0.04"


QUARTILES = {"median": "57", "q1": "50", "q3": "66"}


@pytest.mark.parametrize("heading", ["score (IQR)", "score [IQR]", "score (Q1-Q3)"])
@pytest.mark.parametrize("cell", ["57 [50; 66]", "57 (50–66)", "57 (50 to 66)"])
def test_a_number_beside_its_quartiles_is_a_median(heading, cell):
    """It was judged as a mean, to which the quartiles did not belong."""
    assert read(cell, heading=heading) == [QUARTILES]


def test_whatever_says_that_ends_are_quartiles_makes_the_number_a_median():
    assert read("57 [50; 66]", plus_minus="iqr", value="score") == [QUARTILES]
    assert read("57 (IQR 50–66)", value="score") == [QUARTILES]
    for text in ("57 [50; 66]", "score: 57 (50–66)"):
        assert read_report(text, plus_minus="iqr").rows[0].numbers == QUARTILES
    wide = "method,PPO (IQR),SAC (IQR)\nx,57 [50; 66],57 [50; 66]\n"
    report = read_report(read_content_of(wide.encode(), "table"), wide="method2")
    assert [dict(row.numbers) for row in report.rows] == [QUARTILES, QUARTILES]


@pytest.mark.parametrize("beside", ["Q1,Q3", "25%,75%", "1st Qu.,3rd Qu."])
def test_a_column_without_a_name_beside_quartiles_holds_medians(beside):
    """It held means, to which the quartiles did not belong."""
    sheet = read_content_of(f"task,score,{beside}\na,57,50,66\n".encode(), "table")
    assert dict(read_report(sheet).rows[0].numbers) == QUARTILES
    assert dict(read_report(sheet, value="score").rows[0].numbers) == QUARTILES


def test_a_column_of_ranges_is_no_result_beside_which_a_number_is_a_key():
    """IQR was taken for the result, and the scores for a number that may be a key."""
    own = "task,seed,score\n" + "".join(f"a,{seed},{50 + seed}\n" for seed in range(8))
    sheets = [read_content_of(text.encode(), "table")
              for text in (own, "task,score,IQR,n\na,57,50–66,20\n")]  # fmt: skip
    found = compare_table(*sheets)
    assert {name: found.rows["a",].reported[name] for name in QUARTILES} == QUARTILES


def test_the_median_of_a_column_that_also_has_a_standard_deviation_is_not_guessed():
    sheet = read_content_of(b"task,score,sd,Q1,Q3\na,57,8,50,66\n", "table")
    assert read_report(sheet).rows[0].numbers["mean"] == "57"


def test_counts_need_no_name():
    """18/20 was asked whether it was a mean, a median or a share."""
    own = "task,seed,ok\n" + "".join(f"{t},{s},{s % 2}\n" for t in "ab" for s in range(8))
    for report in ("task,ok\na,18/20\nb,10/20\n", "method,a,b\nPPO,18/20,10/20\n"):
        sheets = [read_content_of(text.encode(), "table") for text in (own, report)]
        found = compare_table(*sheets, succeeded="ok")
        assert [row.reported["n_succeeded"] for row in found.rows.values()] == ["18", "10"]
        assert "number of successes" in found.render()


def test_a_number_that_is_called_a_mean_stays_one():
    assert read("57 [50; 66]", heading="mean (IQR)")[0]["mean"] == "57"
    assert read_report("mean 57 [50; 66]", plus_minus="iqr").rows[0].numbers["mean"] == "57"


def test_each_cell_says_what_stands_beside_it():
    cells = ["57 (IQR 50–66)", "58 (SD 4)"]
    assert read(*cells, value="score") == [QUARTILES, {"mean": "58", "sd": "4"}]
    lines = "|task|score|\n|-|-|\n" + "".join(map("|{}|{}|\n".format, "ab", cells))
    report = read_report(read_content_of(lines.encode(), "table"), value="score")
    assert "statistic: 'score' (median or mean)" in report.read_as.list_lines()


def test_one_number_that_is_called_an_interquartile_range_is_its_width():
    """IQR 'has two ends', it said, and wanted a standard deviation."""
    assert read("57 (16)", heading="median (IQR)") == [{"median": "57", "iqr": "16"}]
    assert read_report("median=57 iqr=16 n=20").rows[0].numbers["iqr"] == "16"


def test_a_median_with_its_quartiles_is_judged_as_one():
    runs = [50, 52, 55, 57, 58, 60, 63, 66, 70, 71]
    found = compare(runs, "57 [50; 66], n = 20", plus_minus="iqr")
    named = compare(runs, "median=57 q1=50 q3=66 n=20")
    assert found.p == named.p
    assert found.verdict == named.verdict
    assert "reported median" in found.render()


def test_headings_that_say_different_spreads_are_refused():
    """Both were ± of which nothing is known."""
    report = "method,PPO (SD),SAC (SE)\nx,57 (5),60 (7)\n"
    with pytest.raises(Question, match="in several ways") as refused:
        read_report(read_content_of(report.encode(), "table"), wide="task")
    assert refused.value.cause is Cause.SPREAD


@pytest.mark.parametrize(("text", "plain"), [
    ("0.83<sup>†</sup>", "0.83"), ("0.83<sup>a</sup> ± 0.04", "0.83 ± 0.04"),
    ("0.83<sup>a,b</sup>", "0.83"), ("0.83<sup>ns</sup>", "0.83"),
    ("<b>0.83</b><sup>n.s.</sup>", "0.83"), ("**0.83**<sup>ns</sup>", "0.83"),
    ("<del>0.83</del> 0.85", "0.85"), ("0.83~~±~~0.04", "0.83 ± 0.04"),
    ("0.83<sup>2</sup>", "0.83 (2)"),
])  # fmt: skip
def test_marks_of_footnotes_and_what_is_struck_out_are_no_part_of_a_number(text, plain):
    """<sup>ns</sup> was a unit, nanoseconds, and <del>0.83</del> 0.85 no number."""
    assert " ".join(clean(text).split()) == plain


def test_words_in_superscript_tell_names_apart():
    """PPO<sup>new</sup> was PPO."""
    assert clean("PPO<sup>new</sup>") != clean("PPO<sup>old</sup>")
    report = read_report(
        read_content_of(
            b"|acc<sup>val</sup> mean|acc<sup>test</sup> mean|\n|-|-|\n|0.8|0.9|\n", "table"
        )
    )
    assert [row.numbers["mean"] for row in report.rows] == ["0.8", "0.9"]


@pytest.mark.parametrize("cell", ["~~0.83~~ 0.85", "**~~0.83~~ 0.85**", "~~**0.83**~~ 0.85"])
def test_what_is_struck_out_in_markdown_is_no_part_of_a_number(cell):
    assert read(cell, heading="mean") == [{"mean": "0.85"}]


def test_two_ties_of_latex_strike_nothing_out():
    """~~0.83~~ was an empty cell, and ~~PPO~~ a key that was lacking."""
    table = r"\begin{tabular}{ll}task & mean \\ ~~PPO~~ & ~~0.83~~ \\ SAC & 0.9 \\\end{tabular}"
    report = read_report(read_content_of(table.encode(), "table"))
    assert [(row.key, row.numbers["mean"]) for row in report.rows] == [
        (("PPO",), "0.83"),
        (("SAC",), "0.9"),
    ]


def test_with_a_decimal_comma_a_column_of_intervals_holds_two_ends():
    """[50,66] was a ± of 50.66."""
    sheet = read_content_of(b"task;mean;95% CI\na;57,5;[50,66]\n", "table")
    assert dict(read_report(sheet).rows[0].numbers) == {
        "mean": "57.5",
        "ci_low": "50",
        "ci_high": "66",
    }
    column = read_content_of(b"task;mean;SD\na;57,5;(10,66)\n", "table")
    assert read_report(column).rows[0].numbers["sd"] == "10.66", "which has no ends"


def test_with_a_decimal_comma_two_ends_behind_a_value_are_asked():
    """57,5 [50,66] had an interval of ± 50.66."""
    with pytest.raises(Question, match="write 50 to 66 for two, or give `decimal` , for") as asked:
        read("57,5 [50,66]", **CI)
    assert asked.value.cause is Cause.DECIMAL
    assert read("57,5 [50 to 66]", **CI)[0]["ci_high"] == "66"
    assert read("57,5 [50,66]", decimal=",", **CI)[0]["ci"] == "50.66"
    assert read("57,5 (10,66)", plus_minus="sd", value="score")[0]["sd"] == "10.66"


def test_two_ends_alone_are_ends_whatever_the_decimal_sign():
    """It asked "what is in the brackets of None (50.66)?"."""  # fmt: skip
    named = read_report({"median": "57,5", "iqr": "[50,66]"})
    assert dict(named.rows[0].numbers) == {"median": "57.5", "q1": "50", "q3": "66"}
    with pytest.raises(Question, match="what is 50 to 66") as asked:
        read_report("[50,66]", decimal=",")
    assert asked.value.cause is Cause.SPREAD


def test_a_bracket_behind_a_spread_is_aside_with_a_decimal_comma_too():
    """It said that the sd was given twice: '50.66', '3'."""
    with pytest.raises(Question, match=r"is \(50.66\) behind 57 ± 3 the number of runs") as asked:
        read_report("57 ± 3 (50,66)", decimal=",", plus_minus="sd")
    assert asked.value.cause is Cause.COUNT


def test_words_that_are_no_spread_are_passed_over_for_the_centre_too():
    """Under "acc ± foo" 57 was a mean, to which the quartiles did not belong."""
    assert read("57 [50; 66]", heading="acc ± foo", plus_minus="iqr", value="acc ± foo") == [
        QUARTILES
    ]
