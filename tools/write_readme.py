"""Write README.md from its template and the models in results/, so that no number is typed by hand.

Usage: python tools/write_readme.py [--check]

With ``--check`` nothing is written; the exit code is 1 if the page is not what the models say.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

from replication.cli import main
from replication.report.template import Template

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "results"
EXAMPLE = ["--reported", "example-report"]


def render_readme() -> str:
    """Return the page that the models in the results folder make of the template."""
    paths = sorted((RESULTS / "models").glob("*.json"))
    models = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    benchmark = RESULTS / "benchmark.json"
    models["benchmark"] = json.loads(benchmark.read_text("utf-8")) if benchmark.exists() else None
    models["example"] = run_example()
    return Template(Path(__file__).with_name("readme.md")).render(models, {})


def run_example() -> str:
    """Return what the first example of `replication compare` prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        main(["compare", "example-tasks", *EXAMPLE])
    return output.getvalue().strip()


if __name__ == "__main__":
    text = render_readme()
    if sys.argv[1:] == ["--check"]:
        if README.read_text("utf-8") != text:
            sys.exit("README.md is not what results/ says; run `make readme`")
    else:
        README.write_text(text, encoding="utf-8")
