"""Write README.md from its template and the models in results/, so that no number is typed by hand.

Usage: python -m tools.write_readme [--check]

With ``--check`` nothing is written; the exit code is 1 if the page is not what the models say.
"""

import contextlib
import io
import json
import shlex
import sys
import tempfile
from pathlib import Path

from replication.cli import main
from replication.experiments import list_checks
from replication.report.template import fill

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "results"
RULE = """\
import replication

class Unbiased(replication.RecirculationNetwork):       # the hidden biases do not learn
    def weight_changes(self, v0):
        return super().weight_changes(v0)._replace(b=0.0)

outcomes = replication.simulate(network=Unbiased, n_seeds=100_000)"""
EXAMPLE = ["--value", "updates", "--reported", "mean=48 max=202 n=100"]


def render_readme() -> str:
    """Return README.md: its template, filled with the models in the results folder."""
    paths = sorted((RESULTS / "models").glob("*.json"))
    models = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    models["checks"] = list_checks(models)
    benchmark = RESULTS / "benchmark.json"
    models["benchmark"] = json.loads(benchmark.read_text("utf-8")) if benchmark.exists() else None
    models["seconds"] = find_seconds()
    models["example"] = {"options": shlex.join(EXAMPLE), "answer": run_example()}
    models["rule"] = {"code": RULE, "answer": run_rule()}
    return fill(Path(__file__).with_name("readme.md"), models, {})


def find_seconds() -> float | None:
    """Return how long `make replicate` took in the last complete row of the attestations."""
    table = RESULTS / "attestations.json"
    rows = json.loads(table.read_text("utf-8")) if table.exists() else []
    for row in reversed(rows):
        if row["kind"] == "as it is" and "replicate" in row["costs"]:
            return float(row["costs"]["replicate"]["seconds"])
    return None


def run_rule() -> str:
    """Return what the first example, a user's rule, prints."""
    names: dict[str, object] = {}
    exec(RULE, names)  # safe, since it is the text above
    return str(names["outcomes"])


def run_example() -> str:
    """Return what the example of `replication compare` prints, up to its table."""
    with tempfile.TemporaryDirectory() as folder:
        updates = str(Path(folder) / "updates.csv")
        silent = io.StringIO()
        with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            main(["export", updates, "--seeds", "1000"])
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            main(["compare", updates, *EXAMPLE])
    return output.getvalue().partition("\n\nYours less")[0].strip()


if __name__ == "__main__":
    text = render_readme()
    if sys.argv[1:] == ["--check"]:
        if README.read_text("utf-8") != text:
            sys.exit("README.md is not what results/ says; run `make readme`")
    else:
        README.write_text(text, encoding="utf-8")
