"""Measure how often `compare` rejects, and write what the help shows (about half an hour).

It goes through all cells again and again, a few trials at a time, and writes after each pass, so
that it can be stopped at any time: `python tools/measure_rates.py [PASSES]`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication.comparison import rejection_rates as rates

PATH = Path(rates.__file__).with_suffix(".json")
SEED = 100
TRIALS = 100
"""In each cell and pass."""


def measure_pass(seed: int) -> dict[str, Any]:
    """Return the rates of all cells and the power of all shifts, from one seed."""
    return {
        "cells": {
            population: {
                str(n_seen): {
                    str(runs): rates.measure_rates(
                        population, n_seen, runs, n_trials=TRIALS, seed=seed
                    )
                    for runs in rates.RUNS
                }
                for n_seen in rates.SEEN
            }
            for population in rates.POPULATIONS
        },
        "power": {
            population: {
                name: {
                    str(n_seen): rates.measure_power(
                        population, n_seen, shift=shift, n_trials=TRIALS, seed=seed
                    )
                    for n_seen in rates.SEEN[1:]
                }
                for name, shift in rates.SHIFTS.items()
            }
            for population in rates.POPULATIONS
        },
    }


def average(passes: list[Any]) -> Any:
    """Return the mean of nested mappings of numbers."""
    if isinstance(passes[0], Mapping):
        return {key: average([item[key] for item in passes]) for key in passes[0]}
    return round(sum(passes) / len(passes), 4)


def main() -> None:
    """Measure as many passes as are asked for."""
    passes: list[dict[str, Any]] = []
    ceilings = {
        (population, name): round(
            rates.estimate_ceiling(population, shift=shift, n_studies=400_000, seed=SEED), 4
        )
        for population in rates.POPULATIONS
        for name, shift in rates.SHIFTS.items()
    }
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 15):
        passes.append(measure_pass(SEED + number))
        found = average(passes)
        for population, rows in found["power"].items():
            for name, row in rows.items():
                row["ceiling"] = ceilings[population, name]
        model = {"n_trials": TRIALS * len(passes), **found}
        PATH.write_text(json.dumps(model, indent=1) + "\n", "utf-8")
        print(f"{model['n_trials']} trials in each cell", flush=True)


if __name__ == "__main__":
    main()
