"""`replication mechanism`: any matrix of numbers from 0 to 1, one line for anything else."""

import re

import pandas as pd
import pytest

from replication import PAPER, UsageError, examine_mechanism
from replication.cli import rule_commands as command
from replication.experiments.mechanism import examination, reach
from tests.exactness.rules import FILE

RING = "1,0.368,0.135,0.368\n0.368,1,0.368,0.135\n0.135,0.368,1,0.368\n0.368,0.135,0.368,1\n"


def test_one_hot_vectors_wait_for_room_and_table_and_function_say_what_it_prints(run, tmp_path):
    asked = {"n_seeds": 40, "root_seed": 2**63 - 1}
    words = ("--seeds", 40, "--root-seed", 2**63 - 1, "--save", tmp_path / "found.csv")
    answer = run("mechanism", "--group-sizes", "4,2", *words)
    assert answer.startswith("4-2-4, 4 patterns, logistic visible units, regression 0.75; 40 ")
    assert "strengths of the inputs (eigenvalues of their scatter): 1, 1, 1\n" in answer
    assert answer.endswith("other network is.\nKeeping the decoder aligned saves no time.\n")
    found, table = examine_mechanism(PAPER, **asked), pd.read_csv(tmp_path / "found.csv")
    assert f"{found}\n" == answer
    pd.testing.assert_frame_equal(table, found.table, check_dtype=False)
    rates = table[table.kind == "rule"].set_index("name").rate
    assert rates.index.tolist() == [*reach.RULES, "feedback alignment"]
    for rule, rate in rates.items():
        assert re.search(rf"^{rule} +{rate:.4g} ", answer, re.M)
    # A decoder that watches is done with the other network, of which the table has the median.
    halves = table[table.kind == "halves"].set_index("name")
    watching = halves.loc[examination.HALVES["watching"]]
    assert watching.near > 0.6
    assert watching.low <= halves.loc["nothing changed"]["median"] <= watching.high
    (law,) = table[table.kind == "law"].itertuples()
    assert law.predicted == pytest.approx(law.median, rel=0.25)
    assert 0.0 <= law.first_gap < 0.05
    assert law.last_gap > 0.3


def test_only_one_hot_vectors_are_foretold(run, write):
    answer = run("mechanism", "--group-sizes", "4,3", "--patterns", write(RING), "--seeds", 40)
    assert "Halves that learn from another network" in answer
    assert "gaps between the codes" not in answer


def test_where_no_rule_converges_there_is_no_best_rate_and_no_cost(run, write):
    words = ("--group-sizes", "4,1", "--patterns", write(RING), "--set", "visible_units=linear")
    answer = run("mechanism", "--protocol", "notebook", "--seeds", 40, *words)
    assert "4 patterns, linear visible units" in answer
    assert "No rule meets the criterion here (half-squared-error below 0.1) at any rate" in answer
    assert " least_error " in answer
    assert "Halves that learn" not in answer


# Back-propagation of the cross-entropy.
RULE = FILE.replace("* r * (1 - r)", "").replace("self.B @ d", "self.U.T @ d")
RULE += """
class Unrated(Alignment):
    numbers = {"speed": 1.0}

class Large(Alignment):
    shapes = {"W": (2, 5), "b": (2,), "U": (5, 2), "c": (5,)}
"""


def test_rule_of_ones_own_takes_part(run, write):
    answer = run("mechanism", "--seeds", 40, "--rule", f"{write(RULE)}:Alignment")
    # Of each rule the rate, "2 to 63.2", at_edge, least_error, converged, median and mean.
    rows = {x.split("  ")[0]: x.rsplit(maxsplit=9)[1:] for x in answer.splitlines()}
    mine, theirs = rows["Alignment"], rows["back-propagation, cross-entropy"]
    assert mine[6] == theirs[6] == "1", "converged"
    assert float(mine[0]) == pytest.approx(float(theirs[0]), rel=0.5)
    assert mine[1:4] == theirs[1:4], "rates tried"


@pytest.mark.parametrize(("name", "problem"), [
    ("Unrated", 'mechanism searches its "rate": write numbers = {"rate": 1.0}'),
    ("Large", "mine.py, line 9: return logistic(self.W @ v"),
])  # fmt: skip
def test_bad_rule_gets_one_line(refuse, write, name, problem):
    assert problem in refuse(2, "mechanism", "--rule", f"{write(RULE)}:{name}")


def test_function_refuses_what_the_command_refuses(tmp_path, refuse):
    with pytest.raises(UsageError, match="n_seeds = 5 was given; allowed is a whole number from 4"):
        examine_mechanism(PAPER, n_seeds=5)
    assert "no such folder" in refuse(74, "mechanism", "--save", tmp_path / "none" / "found.csv")


@pytest.mark.parametrize(("near", "mirrored", "first", "second"), [
    (0.9, 100.0, "The encoder sets the time here", "saves no time"),
    (0.9, 89.0, "The encoder sets the time here", "saves time"),
    (0.4, 91.0, "The encoder alone does not set the time here", "saves no time"),
    (None, 100.0, "The encoder alone does not set the time here", "saves no time"),
])  # fmt: skip
def test_sentences_follow_who_is_done_in_time(near, mirrored, first, second):
    found = {
        "donor": 100.0,
        "watching": {"near": {"share": near}},
        "mirrored": {"median_interval": [50.0, mirrored]},
    }
    one, other = examination.judge_waiting(found).splitlines()
    assert one.startswith(first)
    assert other == f"Keeping the decoder aligned {second}."


@pytest.mark.parametrize("text", [
    "a,b\n0,1\n1,0.5\n", "\ufeff0;1\r\n1;0,5\r\n", "0\t1\n\n1\t0.5",
    "# two; rows\n0,1\n1,  5e-1\n", " 0 , 1 \n 1 , .5 \n",
])  # fmt: skip
def test_patterns_are_read_as_programs_write_them(write, text):
    assert command.read_patterns(write(text)) == ((0.0, 1.0), (1.0, 0.5))


@pytest.mark.parametrize(("text", "problem"), [
    ("0,1\n3,-1\n", "from -1 to 3; allowed are numbers from 0 to 1, as (x +1) / 4 gives"),
    ("a,b\nc,d\n", "holds no numbers"),
    ("# x\n0,1\n1,nan\n", "holds numbers from nan to nan; allowed are numbers from 0 to 1"),
    ("0,1\n1,\n", "columns changed from 2 to 1 at row 2"),
    ("0,1\n0,1\n", "needs two that differ"), ("0,1\n1,\x1b[31m\n", "x1b[31m"),
])  # fmt: skip
def test_bad_patterns_get_one_line(refuse, write, text, problem):
    line = refuse(2, "mechanism", "--patterns", write(text), "--group-sizes", "2,1")
    assert problem in line
    assert line.isprintable()


@pytest.mark.parametrize(("text", "problem"), [
    (b"\xff\xfe0,1", "invalid start byte"), ("0,1\n" * 2**20, "bytes, more than"),
])  # fmt: skip
def test_patterns_that_cannot_be_read_get_one_line(refuse, write, text, problem):
    assert problem in refuse(74, "mechanism", "--patterns", write(text))


@pytest.mark.parametrize(("option", "problem"), [
    ("--group-sizes=8,3]#", "'8,3]#' was given; allowed are two whole numbers"),
    ("--set=frozen=W", "frozen = ['W'] was given; mechanism needs W to learn"),
    ("--group-sizes=8,3,8", "[8, 3, 8] was given; mechanism needs one hidden group"),
    ("--group-sizes=8,1025", "sizes[1] = 1025"),
    ("--set=regression=0", "regression = 0.0 was given; mechanism needs more than 0"),
    ("--set=momentum=0.5", "momentum = 0.5 was given; mechanism needs 0"),
    ("--set=learning_rule=back-propagation", "mechanism needs recirculation"),
    ("--seeds=5", "from 40 to 1000 (fewer leave medians without a useful interval"),
    ("digits", "unrecognized arguments: digits"),
])  # fmt: skip
def test_bad_options_get_one_line(refuse, option, problem):
    assert problem in refuse(2, "mechanism", option)
