"""Write the numbers of README.md from the models in results/, so that none is typed by hand.

Usage: python tools/write_readme.py [--check]

Three blocks between ``<!-- name -->`` and ``<!-- /name -->`` are written anew: what was found,
time and memory, and which command makes what. With ``--check`` nothing is written; the exit
code is 1 if the page is not what the models say.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from replication.report.numbers import (
    format_count,
    format_interval,
    format_number,
    format_percent,
    join_words,
)
from replication.report.rules import describe_reach, rules_of

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "results"


def read_model(name: str) -> dict[str, Any]:
    """Return the model of this name, empty if no command has made it."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {}
    model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return model


def write_found() -> str:
    """Return the finding in three sentences."""
    summary = read_model("summary")
    population, rules = summary["population"], rules_of(summary)
    mean, reported = rules["discard"]["mean"], summary["reported"]
    side = "above" if reported["value"] > mean["value"] else "below"
    verdict = summary["verdict"]["settled"]
    sentences = [
        f"**{verdict[0].upper()}{verdict[1:]}.** Of {format_count(population['n_networks'])} "
        f"networks {format_percent(population['converged']['value'], 2)} got below the reported "
        f"error within {format_count(population['cap'])} updates; those needed "
        f"{format_number(mean['value'], 3)} on average (95 % interval "
        f"{format_interval(mean['low'], mean['high'], 3)}), so that {reported['text']} lies "
        f"{side} the mean.",
        f"An average over few networks varies, though: {describe_reach(rules, reported['text'])}; "
        "neither how many were averaged nor what was done with those that never got there is "
        "known.",
    ]
    multiverse = read_model("multiverse")
    if multiverse:
        sentences.append(write_multiverse(multiverse))
    return " ".join(sentences)


def write_multiverse(model: dict[str, Any]) -> str:
    """Return what the readings of the paper say."""
    classes, text = model["classes"], model["reported"]["text"]
    either = classes["any_rule"]
    largest = model["largest_choice"]["discard"][0]["field"]
    return (
        f"The choices that the paper leaves open decide: of "
        f"{format_count(model['n_readings'])} readings "
        f"{format_count(either['likely_under_some_rule'])} make {text} likely for a study of "
        f"{classes['min_n_star']} networks or more and "
        f"{format_count(either['ruled_out_under_every_rule'])} rule it out whatever is done with "
        f"failures; the choice that moves the mean most is `{largest}`."
    )


def write_benchmark() -> str:
    """Return the table of measured time and memory, and what the kernel reaches."""
    model, benchmark = read_model("runs"), read_model("benchmark")
    if not model or not benchmark:
        return "Not measured yet: `make bench`."
    rows = [
        f"| {format_count(run['n_networks'])} | {write_duration(run['seconds'])} | "
        f"{format_number(run['peak_bytes'] / 2**20, 3)} MiB | "
        f"{format_number(run['disk_bytes'] / 2**20, 3)} MiB |"
        for run in model["runs"]
    ]
    contest, billion = benchmark["contest"], benchmark["billion"]
    ratios = join_words(
        [
            f"{format_number(contest[name]['ratio'], 2)} times a {words}"
            for name, words in (
                ("literal loop", "literal loop over the equations"),
                ("whole-batch NumPy", "whole-batch NumPy program"),
                ("plain Numba loop", "plain compiled loop"),
            )
        ]
    )
    lines = [
        f"Measured by `make bench` on {model['processor']}: the whole of `make replicate`, from "
        "an empty folder to the report, with the repetitions under other root seeds.",
        "",
        "| networks | time | peak memory | on disk |",
        "| --: | --: | --: | --: |",
        *rows,
        "",
        f"One core simulates {format_count(round(contest['kernel']['per_second'], -3))} networks "
        f"a second, {ratios}, with the same outcomes. A billion networks cost "
        f"{format_number(billion['core_hours'], 2)} core hours by that. The first run on a "
        "machine compiles for some seconds more; the compiled code is kept in the user's cache "
        "folder.",
    ]
    return "\n".join(lines)


def write_duration(seconds: float) -> str:
    """Return a duration in seconds or minutes."""
    if seconds < 100:
        return f"{format_number(seconds, 2)} s"
    return f"{format_number(seconds / 60, 2)} min"


def write_products() -> str:
    """Return the report's own table of figures and tables, with links into the report."""
    report = (RESULTS / "report.md").read_text(encoding="utf-8")
    after = report.split('<a id="table-inventory"></a>')[1]
    rows = [line for line in after.split("<a id=")[0].splitlines() if line.startswith("|")]
    table = "\n".join(rows).replace("](#", "](results/report.md#")
    return table.replace("`figures/", "`results/figures/")


BLOCKS = {"found": write_found, "benchmark": write_benchmark, "products": write_products}


def fill(page: str) -> str:
    """Return the page with its blocks written anew."""
    for name, write in BLOCKS.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, rest = page.split(start)
        after = rest.split(end)[1]
        page = f"{before}{start}\n{write().strip()}\n{end}{after}"
    return re.sub(r"\n{3,}", "\n\n", page)


def main(arguments: list[str]) -> int:
    """Write or check the page; return the exit code."""
    page = README.read_text(encoding="utf-8")
    filled = fill(page)
    if "--check" in arguments:
        if filled != page:
            print("README.md does not say what results/ says; run `make readme`", file=sys.stderr)
        return int(filled != page)
    README.write_text(filled, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
