"""Measure how often `compare` rejects, and write what the help shows (about twenty minutes).

Each trial draws N runs and a study of n runs from one population, and asks whether the study is
consistent with the runs. The share of trials in which it is not should be 5 %. Less is resampled
and drawn than for a user, which adds noise to each p, but no bias where p is evenly spread, since
each trial has a seed of its own. `python tools/measure_rates.py`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.comparison.case import NORMAL_RUNS
from replication.comparison.cautions import find_cautions
from replication.comparison.command import RATES
from replication.comparison.prediction import judge_draws
from replication.comparison.report import Reported, read_reported
from replication.comparison.result import MIN_RUNS
from replication.comparison.sampling import (
    Draws,
    Effort,
    Sample,
    draw_normal_statistics,
    draw_statistics,
    reduce_studies,
)

FloatArray = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], FloatArray]


def _mix(generator: np.random.Generator, size: int) -> FloatArray:
    """Four in five runs around 0, the others around 4."""
    return generator.normal(size=size) + 4.0 * (generator.random(size) < 0.2)


POPULATIONS: Mapping[str, Draw] = {
    "normal": lambda generator, size: generator.normal(size=size),
    "uniform": lambda generator, size: generator.random(size),
    "beta(.5,.5)": lambda generator, size: generator.beta(0.5, 0.5, size),
    "mixture": _mix,
    "Poisson 1": lambda generator, size: generator.poisson(1.0, size).astype(np.float64),
    "t3": lambda generator, size: generator.standard_t(3.0, size),
    "Weibull .7": lambda generator, size: generator.weibull(0.7, size),
    "accuracy": lambda generator, size: generator.beta(50.0, 1.0, size),
    "ties": lambda generator, size: generator.choice([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 5.0], size),
    "capped": lambda generator, size: np.minimum(generator.normal(480.0, 60.0, size), 500.0),
}
"""How runs are drawn: accuracy is beta(50, 1); capped rewards are normal and stop at 500."""
STATISTICS = {"mean": ("mean",), "sd": ("sd",), "both": ("mean", "sd"), "max": ("max",)}
SEEN, RUNS = (3, 5, 10, 30, 100, 500), (5, 10, 30, 100)
"""With three runs there is an answer by normal theory only."""
SHOWN = {"rejected": tuple(STATISTICS), "cautioned": tuple(STATISTICS),
         "normal": ("mean", "sd", "both")}  # fmt: skip
LEVEL = 0.05
LIMIT, LIMITED_FROM = 0.12, 10
"""No rate may be above the limit with so many runs or more."""
PROMISED, CAUTIONED = (0.03, 0.065), 0.9
"""Where a rate lies, or else a caution stands beside so many of the trials."""
TRIALS = (400, 2000, 12_000)
EFFORT = Effort(1000, 50)
SEED = 100
POWER = ((5, 5), (10, 10), (30, 30))


def print_study(study: FloatArray) -> dict[str, Reported]:
    """Return mean, standard deviation and maximum of a study, printed finely."""
    found = reduce_studies(study, ["mean", "sd", "max"])
    return {name: read_reported(f"{float(value):.6f}", name) for name, value in found.items()}


def measure_cell(
    population: str, n_seen: int, runs: int, *, n_trials: int, seed: int, with_normal: bool = False
) -> dict[str, dict[str, float]]:
    """Return shares of trials: ``rejected``, ``cautioned``, and ``normal`` where asked for."""
    generator = np.random.default_rng([seed, list(POPULATIONS).index(population), n_seen, runs])
    draw = POPULATIONS[population]
    found = {kind: dict.fromkeys(STATISTICS, 0) for kind in ("rejected", "cautioned", "normal")}
    for trial in range(n_trials):
        sample = Sample.from_values(draw(generator, n_seen))
        printed = print_study(draw(generator, runs))
        effort = Effort(EFFORT.n_studies, EFFORT.n_resamples, seed=seed * 1_000_000 + trial)
        answers = {}
        if n_seen >= MIN_RUNS:
            answers["rejected"] = draw_statistics(sample, runs, list(printed), effort=effort)
        if with_normal and sample.spread > 0:
            answers["normal"] = draw_normal_statistics(sample, runs, list(printed), effort=effort)
        for kind, drawn in answers.items():
            for name, p in find_p_values(drawn, printed).items():
                found[kind][name] += p <= LEVEL
        for name, names in STATISTICS.items():
            found["cautioned"][name] += bool(find_cautions(sample, names, runs))
    return {
        kind: {name: round(count / n_trials, 4) for name, count in counts.items()}
        for kind, counts in found.items()
    }


def find_p_values(drawn: Draws, printed: Mapping[str, Reported]) -> dict[str, float]:
    """Return p of a study by each of `STATISTICS`."""
    yours = dict.fromkeys(printed, 0.0)
    both = judge_draws(drawn, {name: printed[name] for name in ("mean", "sd")}, yours, level=LEVEL)
    largest = judge_draws(drawn, {"max": printed["max"]}, yours, level=LEVEL)
    alone = {name: both.findings[name].p for name in ("mean", "sd")}
    return {**alone, "both": both.p, "max": largest.p}


def measure_surely(population: str, n_seen: int, runs: int) -> tuple[int, dict[str, Any]]:
    """Measure a cell with more trials, up to the last of `TRIALS`, as long as it is in doubt.

    Normal theory, which has no limit, is measured with the first of them.
    """
    n_trials = TRIALS[0]
    is_few = n_seen <= NORMAL_RUNS
    found = measure_cell(population, n_seen, runs, n_trials=n_trials, seed=SEED, with_normal=is_few)
    for more in TRIALS[1:]:
        if n_seen >= LIMITED_FROM and is_in_doubt(found, n_trials):
            n_trials, normal = more, found["normal"]
            found = measure_cell(population, n_seen, runs, n_trials=more, seed=SEED)
            found["normal"] = normal
    return n_trials, found


def is_in_doubt(found: Mapping[str, Mapping[str, float]], n_trials: int) -> bool:
    """Say whether a rate is within three standard errors of the limit, or not as promised."""
    return any(
        abs(rate - LIMIT) <= 3 * math.sqrt(rate * (1 - rate) / n_trials)
        or (found["cautioned"][name] < CAUTIONED and not PROMISED[0] <= rate <= PROMISED[1])
        for name, rate in found["rejected"].items()
    )


def measure_power(n_seen: int, runs: int, *, n_trials: int, seed: int) -> dict[str, float]:
    """Return how often the mean of normal runs is rejected after a shift by two deviations."""
    generator = np.random.default_rng([seed, 99, n_seen, runs])
    found = {"free": 0, "normal": 0}
    for trial in range(n_trials):
        sample = Sample.from_values(generator.normal(size=n_seen))
        mean = read_reported(f"{generator.normal(2.0, size=runs).mean():.6f}", "mean")
        effort = Effort(EFFORT.n_studies, EFFORT.n_resamples, seed=seed * 1_000_000 + trial)
        for name, draw in (("free", draw_statistics), ("normal", draw_normal_statistics)):
            drawn = draw(sample, runs, ["mean"], effort=effort)
            found[name] += judge_draws(drawn, {"mean": mean}, {"mean": 0.0}, level=LEVEL).p <= LEVEL
    return {name: round(count / n_trials, 4) for name, count in found.items()}


def main() -> None:
    """Measure all cells and write the table of the help."""
    trials: dict[str, Any] = {}
    kinds: dict[str, dict[str, Any]] = {"rejected": {}, "cautioned": {}, "normal": {}}
    for population, n_seen, runs in itertools.product(POPULATIONS, SEEN, RUNS):
        n_trials, found = measure_surely(population, n_seen, runs)
        trials.setdefault(population, {}).setdefault(str(n_seen), {})[str(runs)] = n_trials
        for kind, rates in found.items():
            if n_seen <= NORMAL_RUNS if kind == "normal" else n_seen >= MIN_RUNS:
                row = kinds[kind].setdefault(population, {}).setdefault(str(n_seen), {})
                row[str(runs)] = {name: rates[name] for name in SHOWN[kind]}
    model = {
        "runs": list(RUNS),
        "trials": trials,
        "rejected": kinds["rejected"],
        "cautioned": kinds["cautioned"],
        "normal_theory": kinds["normal"],
        "power": {
            f"{n_seen},{runs}": measure_power(n_seen, runs, n_trials=5 * TRIALS[0], seed=SEED)
            for n_seen, runs in POWER
        },
    }
    RATES.write_text(json.dumps(model, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
