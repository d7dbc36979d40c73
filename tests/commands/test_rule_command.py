"""`replication rule`: a rule of the user's own, from a file."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from replication import simulate
from replication.cli import rule_commands
from tests.exactness.rules import FILE
from tests.reliability import faults

OTHER = f"""{FILE}
import replication
class Halved(replication.RecirculationNetwork):
    def weight_changes(self, v0):
        return super().weight_changes(v0)._replace(W=0.0)
    def measure(self, v):
        return self.image(v) + 1e-3 * self.normal(4)
class Small(Alignment):
    half_widths = {{"W": 0.1}}
"""


def test_a_rule_is_set_beside_the_paper_s_and_its_outcomes_can_be_compared(run, write, tmp_path):
    saved, drawn, page = (tmp_path / f"mine.{kind}" for kind in ("csv", "svg", "html"))
    words = ("--root-seed", 3, "--save", saved, "--plot", drawn, "--page", page)
    answer = run("rule", write(FILE), "--seeds", 200, *words)
    assert "Alignment compiled" in answer
    theirs = simulate(n_seeds=200, root_seed=3)
    own = pd.read_csv(saved)
    rows = [line.split() for line in answer.splitlines()]
    (shares,), (medians,) = (
        [list(map(float, row[1:])) for row in rows if row[:1] == [name] and len(row) == 3]
        for name in ("converged", "less_first")
    )
    expected = [theirs.converged.mean(), own["converged"].mean()]
    assert shares == pytest.approx(expected, abs=1e-4)
    assert medians == [0.0, np.median(own["updates"] - theirs.updates)]
    assert drawn.read_text().startswith("<?xml")
    assert "class Rule " in page.read_text()
    assert answer.splitlines()[-1].startswith(f"replication compare {saved} ")


def test_the_rule_s_own_numbers_are_set_and_what_its_failures_ended_as_is_said(run, refuse, write):
    path = write(FILE)
    few = ("--seeds", 20, "--set", "max_updates=80")
    base, same = (run("rule", path, *few, *more) for more in ((), ("--set", "rate=9.5")))
    assert base.split("\n", 1)[1] == same.split("\n", 1)[1]
    assert "Alignment: " not in base
    path = write(FILE.replace("return np.outer(e, v)", "return self.rate * self.W"))
    answer = run("rule", path, *few, "--set", "rate=1e4")
    assert "Alignment: 20 of 20 that failed ended infinite or not a number" in answer
    assert "numbers (rate)" in refuse(2, "rule", path, "--set", "rte=1")
    assert "did you mean 'max_updates'?" in refuse(2, "rule", path, "--set", "max_update=1")
    assert "{'rate': 'fast'} was given" in refuse(2, "rule", path, "--set", "rate=fast")


@pytest.mark.parametrize(("text", "name", "code", "message"), [
    (None, "", 74, "no such file of Python is there"),
    ("x = 1", "", 2, "has no subclass of replication.Network"),
    (OTHER, ":Mine", 2, "'Mine' was given; .* has Alignment, Halved, Small"),
    ("x = 1 / 0", "", 2, "mine.py, line 1: x = 1 / 0: ZeroDivisionError"),
    ("\0", "", 2, "mine.py: SyntaxError"),
    ("import sys; sys.exit(0)", "", 2, "mine.py, line 1: .*: SystemExit: 0; mend the file"),
    (FILE + "    def prepare(self): 1 / 0", "", 2, "mine.py, line 17: .*ZeroDivisionError"),
    (FILE.replace("self.B @ d", "self.D @ d"), "", 2, "mine.py, line 15: .*no attribute"),
    (FILE.replace("* r * (1 - r)", "* max(r)"), "", 2, "np.where.* .mine.py, line 14"),
])  # fmt: skip
def test_what_cannot_run_is_refused_in_one_line(refuse, write, tmp_path, text, name, code, message):
    path = tmp_path / "mine.py" if text is None else write(text)
    assert re.search(message, refuse(code, "rule", f"{path}{name}"))


def test_a_rule_that_cannot_be_compiled_runs_in_plain_numpy_if_asked(run, refuse, write):
    path = write(FILE.replace("* (target - r)", "* (target - r if r[0] > 0 else r)"))
    assert "mine.py, line 14" in refuse(2, "rule", path)
    assert "Alignment" in run("rule", path, "--plain", "--seeds", 3, "--set", "max_updates=3")


@pytest.mark.parametrize(("option", "name", "code", "message"), [
    ("--save", "mine.py", 2, "allowed are files that end in .csv"),
    ("--page", "link.html", 74, "is a folder or a link"),
    ("--page", "none/mine.html", 74, "there is no such folder"),
])  # fmt: skip
def test_nothing_runs_if_no_file_can_be_kept(refuse, write, tmp_path, option, name, code, message):
    path = write("open('ran', 'w')")
    (tmp_path / "link.html").symlink_to("/dev/null")
    assert message in refuse(code, "rule", path, option, tmp_path / name)
    assert {each.name for each in tmp_path.iterdir()} == {"mine.py", "link.html"}
    assert (tmp_path / "link.html").is_symlink()


def test_a_file_may_be_called_as_a_library_and_import_neighbours(run, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("rate = 9.5", "helper_of_mine.py")
    write(FILE.replace("9.5", "__import__('helper_of_mine').rate"), "pandas.py")
    few = ("--seeds", 3, "--set", "max_updates=3")
    assert "updates agree with plain" in run("rule", "pandas.py", *few)


def test_weights_are_kept_while_all_of_them_together_are_few_enough_for_memory():
    rules = [SimpleNamespace(sizes=(8, 2)), SimpleNamespace(sizes=(10,))]
    most = rule_commands.MOST_KEPT // 20
    for seeds, is_kept in ((most, True), (most + 1, False)):
        options = SimpleNamespace(seeds=seeds, plain=True)
        assert rule_commands._can_keep_weights(rules, options) is is_kept


def test_a_file_that_closes_the_output_is_refused(tmp_path):
    """In a process of its own, whose output it may close."""
    (tmp_path / "mine.py").write_text("import sys\nsys.stdout.close()\n" + FILE)
    found = faults.run(*faults.COMMAND, "rule", "mine.py", "--seeds", "10", cwd=tmp_path)
    assert found.returncode == 2
    assert found.stderr.startswith("replication: mine.py closes sys.stdout, where results")


def test_what_is_observed_is_printed_and_saved_by_its_name(run, refuse, write, tmp_path):
    path = write(FILE + "\n    def gap(self):\n        return self.U[0] - self.U[1]\n")
    saved = tmp_path / "mine.csv"
    words = ("--observe", "gap", "--observe", "mean_loss", "--save", saved)
    answer = run("rule", path, "--seeds", 20, *words)
    assert "gap[0]: mean " in answer
    assert pd.read_csv(saved).columns.tolist()[3:] == ["gap[0]", "gap[1]", "mean_loss"]
    assert "given twice" in refuse(2, "rule", path, "--observe", "gap", "--observe", "gap")
    assert "a method of Alignment" in refuse(2, "rule", path, "--observe", "gaps")


def test_what_cannot_be_observed_is_refused_before_anything_is_printed(refuse, write):
    mine = FILE + "\n    def nothing(self):\n        return None\n"
    line = refuse(2, "rule", write(mine), "--seeds", "10", "--observe", "nothing")
    assert "observe['nothing']: None was given" in line
