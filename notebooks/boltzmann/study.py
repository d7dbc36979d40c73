"""The whole study: all runs, judged as the plan says, and the one file of their results."""

import json
import sys
from pathlib import Path
from typing import Any

from .judging import judge_all
from .runs import HERE, Columns, find_seed, hash_plan, list_runs, read_all, run_all

RESULTS = HERE / "study.json"


PUBLISHED = {
    "4-2-4": ("solved", "solved_tenth"),
    "4-2-4 watched": ("held", "lost", "weight_120", "bits_120"),
    "4-2-4 again": ("solved",),
    "4-3-4": ("solved", "solved_tenth"),
    "8-3-8": ("near", "solved", "near_tenth", "solved_tenth"),
    "8-3-8 again": ("near",),
}
"""The columns of a run that its judgement reads; of 40-10-40 it reads all."""


def choose_columns(runs: dict[str, Columns]) -> dict[str, Columns]:
    """Return the columns of each run that are published."""
    published = {}
    for run in list_runs():
        columns = runs[run.name]
        names = PUBLISHED.get(run.encoder + run.suffix, tuple(columns))
        published[run.name] = {name: columns[name] for name in names}
    return published


def make_results(runs: dict[str, Columns]) -> dict[str, Any]:
    """Return what is published: the plan's hash, the seeds, the judgements and the runs."""
    seeds = {run.name: find_seed(run.name) for run in list_runs()}
    columns = choose_columns(runs)
    return {"plan": hash_plan(), "seeds": seeds, **judge_all(columns), "runs": columns}


def write_results(results: dict[str, Any], path: Path = RESULTS) -> None:
    """Write the results as JSON.

    The runs have a line for each column, since a line for each number would be too many.
    """
    parts = {name: value for name, value in results.items() if name != "runs"}
    text = json.dumps(parts, indent=1).removesuffix("\n}")
    runs = []
    for name, columns in results["runs"].items():
        lines = [f'   "{column}": {json.dumps(values)}' for column, values in columns.items()]
        body = ",\n".join(lines)
        runs.append(f'  "{name}": {{\n{body}\n  }}')
    body = ",\n".join(runs)
    path.write_text(f'{text},\n "runs": {{\n{body}\n }}\n}}\n', encoding="utf-8")


def read_results(path: Path = RESULTS) -> dict[str, Any]:
    """Return the published results."""
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return results


def main() -> None:
    """Run what is missing in a folder, judge all of it and write the results."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build") / "boltzmann"
    run_all(folder)
    results = make_results(read_all(folder))
    write_results(results)
    print(f"{RESULTS}: {results['verdict']} (plan {results['plan'][:12]})")


if __name__ == "__main__":
    main()
