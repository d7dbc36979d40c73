"""Without the extra `report` all works but writing a report, which is refused before it begins."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HIDE = """
import sys
for name in ("jinja2", "pypandoc", "typst"):
    sys.modules[name] = None
from replication.cli import main
"""
WORKING = """
import replication
outcomes = replication.simulate(n_seeds=200)
assert replication.compare(outcomes.updates, runs=100, mean="48", max="202").p > 0.01
for line in (
    "compare example --column reward --runs 5 --mean 0.83 --sd 0.04 --plot plot.svg",
    "trace 0",
    "simulate --seeds 200",
    "export updates.csv --seeds 200",
    "info",
    "verify",
):
    assert main(line.split()) == 0, line
"""
REFUSED = "raise SystemExit(main(['replicate', '--seeds', '200']))"


def run(code, folder):
    return subprocess.run(
        [sys.executable, "-c", HIDE + code],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_needs_no_report_works_without_its_extra(tmp_path):
    done = run(WORKING, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_report_is_refused_in_one_line_before_anything_is_simulated(tmp_path):
    done = run(REFUSED, tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("replication: writing a report needs")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
