"""`replication mechanism`: the law on inputs and a rule of one's own; one line for the rest."""

import numpy as np
import pandas as pd
import pytest

from replication import PAPER, Protocol, UsageError, examine_mechanism, measure_gaps
from replication.cli.patterns import read_patterns
from replication.simulator.rule.weights import draw_weights, split_weights
from tests.exactness.rules import FILE

BITS = "1,0,0,1\n0,1,0,1\n0,0,1,0\n"


def test_law_of_the_paper_s_network_is_printed_saved_and_returned_alike(run, tmp_path):
    words = ("--seeds", 200, "--root-seed", 2**63 - 1, "--save", tmp_path / "found.csv")
    answer = run("mechanism", "--feedback", "W", *words)
    found = examine_mechanism(PAPER, feedback="W", n_seeds=200, root_seed=2**63 - 1)
    assert answer == f"{found}\n"
    assert answer.startswith("RecirculationNetwork, 4-2-4: 200 networks of root seed 9223372036")
    # Equation 3 with epsilon = 20 and lambda = 0.75.
    assert "Decoder U: 5 (v - r) h explains 100 % of its changes.\n" in answer
    low, middle, high = found.ratio
    assert 0.8 < low < middle < high < 1.3
    assert found.r2 > 0.85
    assert found.counts == (200, 0, 0, 0)
    assert found.rank < -0.3
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "found.csv"), found.table, check_dtype=False
    )


def test_table_has_what_its_sentences_say():
    found = examine_mechanism(n_seeds=50)
    table = found.table
    assert table.columns.tolist() == ["seed", "time", "law", "ratio", "first_gap", "last_gap"]
    assert np.quantile(table.law / table.time, (0.1, 0.5, 0.9)) == pytest.approx(found.ratio)
    assert (table.first_gap < table.last_gap).all()
    predicted, measured = table.law.median(), table.time.median()
    assert f"{predicted:,.0f} by the law, {measured:,.0f} measured" in str(found)


def test_networks_do_not_depend_on_how_many_are_asked_for():
    few, more = (examine_mechanism(n_seeds=n).table for n in (20, 700))
    assert few.time.equals(more.time[:20])
    assert few.first_gap.equals(more.first_gap[:20])


def test_failures_are_counted_and_the_law_has_waited_for_them_to_the_cap():
    found = examine_mechanism(PAPER.__class__(learning_rate=40.0, max_updates=600), n_seeds=200)
    both, missed, wrong, neither = found.counts
    assert both + missed + wrong + neither == 200
    assert neither > 10
    assert missed + wrong < neither
    assert found.table.time.isna().sum() == wrong + neither


# Back-propagation of the cross-entropy; of the squared error; and with weight decay on U.
RULE = FILE.replace("* r * (1 - r)", "").replace("self.B @ d", "self.U.T @ d")
OTHERS = (
    RULE
    + """
class Large(Alignment):
    shapes = {"W": (2, 5), "b": (2,), "U": (5, 2), "c": (5,)}

class Codeless(Network):
    shapes = {"W": (4, 4)}
    def image(self, v):
        return logistic(self.W @ v)
    def weight_changes(self, v, target):
        return (np.outer(target - self.image(v), v),)
"""
)


def test_rule_of_ones_own_has_its_law_and_its_own_numbers(run, write):
    words = ("--rule", f"{write(RULE)}:Alignment", "--set", "rate=1.5", "--seeds", 50)
    answer = run("mechanism", "--feedback", "U", *words)
    assert answer.startswith("Alignment, 4-2-4: 50 networks of root seed 1988")
    assert "Decoder U: 1.5 (v - r) h explains 100 % of its changes.\n" in answer
    assert "does not apply" not in answer
    assert "the first gap of U: " in answer


def test_decoder_by_another_rule_is_told_from_the_delta_rule(run, write):
    """Descent in the squared error has the slope of the output unit in its changes."""
    squared = FILE.replace("self.B @ d", "self.U.T @ d")
    answer = run("mechanism", "--rule", f"{write(squared)}:Alignment", "--seeds", 50)
    assert "That is not the delta rule, so the law does not apply" in answer


def test_targets_that_are_not_one_hot_have_margins_and_a_warning(run, write):
    answer = run("mechanism", "--patterns", write(BITS), "--seeds", 20)
    assert "The targets are not one-hot." in answer
    assert "Law / time: " in answer


@pytest.mark.parametrize(("words", "problem"), [
    (("--rule", "Large"), "mine.py, line 9: return logistic(self.W @ v"),
    (("--rule", "Codeless"), "Codeless has no method hidden(self, v)"),
    (("--rule", "Alignment", "--decoder", "V"), "decoder = 'V' was given; Alignment has W, b, U"),
    (("--rule", "Alignment", "--decoder", "W"), "allowed is a matrix with a row for each of 4"),
    (("--rule", "Alignment", "--feedback", "b"), "a row or column for each of 4 visible units"),
], ids=["shapes", "no-codes", "no-array", "wrong-shape", "wrong-feedback"])  # fmt: skip
def test_rule_without_what_the_law_needs_gets_one_line(refuse, write, words, problem):
    option, name, *others = words
    assert problem in refuse(2, "mechanism", option, f"{write(OTHERS)}:{name}", *others)


def test_function_refuses_what_the_command_refuses(tmp_path, refuse):
    with pytest.raises(UsageError, match="n_seeds = 5 was given; allowed is a whole number from 1"):
        examine_mechanism(PAPER, n_seeds=5)
    with pytest.raises(UsageError, match="protocol = true was given; allowed are a Protocol"):
        examine_mechanism(True)
    assert "no such folder" in refuse(74, "mechanism", "--save", tmp_path / "none" / "found.csv")


@pytest.mark.parametrize("text", [
    "a,b\n0,1\n1,0.5\n", "\ufeff0;1\r\n1;0,5\r\n", "0\t1\n\n1\t0.5",
    "# two rows\n0,1\n1,  5e-1\n", " 0 , 1 \n 1 , .5 \n", "0 1\n1 0.5", '"a","b"\n0,1\n1,0.5',
])  # fmt: skip
def test_patterns_are_read_as_programs_write_them(write, text):
    assert read_patterns(write(text)) == ((0.0, 1.0), (1.0, 0.5))


def test_headings_are_left_out_with_a_word(write, capsys):
    assert read_patterns(write("first unit,second unit\n0,1\n1,0\n")) == ((0.0, 1.0), (1.0, 0.0))
    assert "line 1 of " in capsys.readouterr().err


@pytest.mark.parametrize(("text", "problem"), [
    ("0,1\n3,-1\n", "from -1 to 3; allowed are numbers from 0 to 1, as (x +1) / 4 gives"),
    ("a,b\nc,d\n", "holds no numbers"),
    ("# x\n0,1\n1,nan\n", "line 3 has 'nan', which is not a number; no number may be missing"),
    ("nan,0\n0,1.0\n", "line 1 has 'nan', which is not a number; no number may be missing"),
    ("a,\n0,1.0\n", "line 1 has 'a', which is not a number"),
    ("inf,inf\n0,1.0\n", "line 1 has 'inf', which is not a number"),
    ('"1","0"\n0,1.0\n', "line 1 has '\"1\"', which is not a number; take the quotes away"),
    ("# 1,0\n0,1.0\n", "line 1 is behind a #: '# 1,0'; take the # away, or the line out"),
    ("0,1.0\n#1,0\n", "line 2 is behind a #"),
    ("0,1\n1,0\n", "line 1: '0,1' may be two numbers or a decimal comma; write 0, 1 with a space"),
    ("0,1.0\n1 0,1\n", "line 2 has '1 0', which is not a number"),
    ("0,1,1\n1,\n", "line 2 has '', which is not a number; no number may be missing"),
    ("0,1,1\n1,0\n", "line 2 has 2 numbers, the first pattern 3"),
    ("0, 1\n0, 1\n", "needs two that differ"),
    ("0,1\n1,\x1b[31m\n", "x1b[31m"),
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
    ("--group-sizes=8,1025", "sizes[1] = 1025"),
    ("--set=visible_units=linear", "visible_units = 'linear' was given; the law needs logistic"),
    ("--set=criterion=half-squared-error", "the law needs every-unit"),
    ("--set=threshold=0.5", "threshold = 0.5 was given; the law needs less than 0.5"),
    ("--set=update_schedule=per-pattern", "the law needs batch"),
    ("--set=patterns=[[0.5,1,0,0],[0,1,0,0]]", "a target of 0.5 was given"),
    ("--seeds=5", "from 10 to 100000 (fewer say nothing of a range"),
    ("digits", "unrecognized arguments: digits"),
])  # fmt: skip
def test_bad_options_get_one_line(refuse, option, problem):
    assert problem in refuse(2, "mechanism", option)


def test_gaps_of_a_square_decoder_are_those_of_its_rows():
    protocol = Protocol(group_sizes=(4, 4), max_updates=200)
    found = examine_mechanism(protocol, feedback="U", n_seeds=10)
    _, (U, _) = split_weights(protocol, draw_weights(protocol, 1988, 0, 10))
    gaps = measure_gaps(np.ascontiguousarray(U)).min(axis=1)
    assert found.table.feedback_gap.to_numpy() == pytest.approx(gaps)
    assert not np.allclose(gaps, measure_gaps(np.ascontiguousarray(U.swapaxes(1, 2))).min(axis=1))
