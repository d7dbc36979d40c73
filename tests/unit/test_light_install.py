"""Without the extra `report` all works but writing a report."""

import sys

from tests.reliability import faults

HIDE_REPORT = """
import sys
for name in ("jinja2", "pypandoc", "typst"):
    sys.modules[name] = None
from replication.cli import main
"""
WORKING = """
for line in (
    "compare example --value reward --reported 0.83±0.04 --n 5 --plot plot.svg",
    "trace 0",
    "export updates.csv --seeds 200",
    "compare updates.csv --value updates --n 100 --reported mean=48;max=202",
):
    assert main(line.split()) == 0, line
"""
REFUSED = "raise SystemExit(main(['replicate', '--seeds', '200']))"


def run(code, folder):
    # In that home nobody can write anything.
    names = {"PYTHONPATH": str(faults.ROOT), "HOME": "/dev/null"}
    return faults.run(sys.executable, "-c", HIDE_REPORT + code, cwd=folder, env=names)


def test_what_needs_no_report_works_without_its_libraries(tmp_path):
    done = run(faults.FEW_RESAMPLES + WORKING, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "atplotlib" not in done.stderr, "what it has to say of a home that is none"


def test_a_report_is_refused_in_one_line_before_anything_is_simulated(tmp_path):
    done = run(REFUSED, tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "replication: writing a report needs the extra 'report' (missing: jinja2, typst, "
        "pypandoc); install it in the sources with: pip install '.[report]', or let make do it\n"
    )
    assert list(tmp_path.iterdir()) == []
