"""One list of options: each changes what is said, or is refused; a new one needs a line here."""

import pytest

from replication.comparison.options import TableOptions
from replication.reading.options import list_options, name_flag
from tests.unit.reading.asking import ask, make_runs

OWN = make_runs(0.81, 0.83, 0.80, 0.84, 0.85)
TWO = "seed,score,acc\n0,1.5,0.8\n1,2.5,0.9\n2,3.6,0.7\n"
LOG = "run,t,acc\na,1,0.5\na,2,0.8\nb,1,0.6\nb,2,0.9\n"
GROUPS = "algo,seed,v\n" + "".join(f"a,{s},{s * s + 3}\nb,{s},{s * s + 1}\n" for s in range(6))
FLAGS = "seed,v,ok\n0,1.5,1\n1,2.5,0\n2,1.9,1\n3,2.2,1\n"
REPORT = ("own.csv", "--reported", "0.83 ± 0.04, n = 5")
# By option: tables, arguments that are the same in both calls, and what the option is given.
TRIED = {
    "by": ({"own__csv": GROUPS}, ("own.csv", "--reported", "9, n = 5"), ["algo"]),
    "value": ({"own__csv": TWO}, REPORT, ["acc"]),
    "succeeded": ({"own__csv": FLAGS}, ("own.csv", "--value", "v", "--reported", "2, n = 5"),
                  ["ok"]),
    "seed": ({"own__csv": OWN.replace("seed", "label")}, REPORT, ["label"]),
    "take": ({"own__csv": LOG}, REPORT, ["t=last"]),
    "where": ({"own__csv": OWN}, REPORT, ["acc!=0.85"]),
    "ignore": ({"own__csv": FLAGS}, ("own.csv", "--value", "v", "--reported", "2, n = 5"), ["ok"]),
    "wide": ({"own__csv": TWO, "r__csv": "metric,mean,n\nacc,0.8,5\n"},
             ("own.csv", "--reported", "r.csv"), ["metric=score,acc"]),
    "n": ({"own__csv": OWN}, ("own.csv", "--reported", "0.83"), ["5"]),
    "plus_minus": ({"own__csv": OWN}, REPORT, ["se"]),
    "decimal": ({"own__csv": OWN}, ("own.csv", "--reported", "1,234, n = 5"), [","]),
    "difference": ({"own__csv": GROUPS}, ("own.csv", "--reported", "2, n = 6"), ["a", "b"]),
    "pair": ({"own__csv": GROUPS}, ("own.csv", "--difference", "a", "b", "--reported", "2, n = 6"),
             ["seed"]),
    "cap": ({"own__csv": OWN}, REPORT, ["0.82"]),
    "failures": ({"own__csv": FLAGS}, ("own.csv", "--value", "v", "--succeeded", "ok", "--cap", "3",
                                       "--reported", "2, n = 5"), ["excluded"]),
    "scale": ({"own__csv": OWN}, ("own.csv", "--reported", "83 ± 4, n = 5"), ["100"]),
    "grid": ({"own__csv": OWN}, REPORT, ["0.5"]),
    "between": ({"own__csv": OWN}, REPORT, ["0.5"]),
    "margin": ({"own__csv": OWN}, REPORT, ["0.5"]),
    "level": ({"own__csv": OWN}, REPORT, ["10%"]),
}  # fmt: skip


def test_each_option_is_tried():
    assert list_options(TableOptions).keys() == TRIED.keys()


@pytest.mark.parametrize("option", list_options(TableOptions))
def test_each_option_changes_what_is_said(tmp_path, capsys, option):
    """--ceiling 4000 was accepted and ignored."""
    files, arguments, values = TRIED[option]
    without = ask(tmp_path, capsys, "compare", *arguments, **files)
    given = ask(tmp_path, capsys, "compare", *arguments, name_flag(option), *values)
    assert (without.out, without.err) != (given.out, given.err)
    assert "unrecognized" not in given.err
