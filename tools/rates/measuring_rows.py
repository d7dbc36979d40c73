"""How often one row is contradicted: by mistake, and if it differs by two standard deviations."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from replication.comparison.centres import MANY_RUNS
from replication.comparison.judging import judge_all
from replication.comparison.numbers import read_number
from replication.comparison.report import MIN_RUNS, Report
from replication.comparison.runs import Runs
from replication.statistics.arrays import FloatArray
from replication.statistics.sampling import Effort, Sample
from tools.rates.plus_minus import judge_unsaid
from tools.rates.populations import POPULATIONS, list_chunks
from tools.rates.rows import (
    LEVEL,
    Judged,
    judge_mean,
    judge_quartiles,
    judge_spread,
    judge_welch,
)

Rate = dict[str, float]
"""The number of trials, and shares of them, as `summarise_trials` returns them."""

Judge = Callable[[FloatArray, FloatArray], Judged]
AT_ONCE: Mapping[str, Judge] = {
    "spread": judge_spread,
    "mean": judge_mean,
    "quartiles": judge_quartiles,
    "unsaid": lambda own, theirs: judge_unsaid(own, theirs, "sd"),
    "unsaid-se": lambda own, theirs: judge_unsaid(own, theirs, "se"),
    "welch": judge_welch,
}
"""Kinds of reports, with the function that judges many trials at once."""
DRAWN = ("median", "max")
"""Kinds of reports that are judged by drawn studies, one trial after the other."""
PRINTED = {"spread": ("mean", "sd"), "quartiles": ("median", "q1", "q3")}
"""What a report of a kind prints; a kind that is not listed prints the number of its name."""

SIZES = ((3, 3), (5, 5), (5, 10), (10, 3), (10, 100), (20, 100), (100, 100))
"""Numbers of runs: one's own, and behind the report."""
TRIALS = 100_000
TRIALS_DRAWN = 200
TRIALS_POWER = 20_000
FEWER = {"quartiles": 20_000, "unsaid": 20_000, "unsaid-se": 20_000}
"""Trials of the kinds that take longer."""
LIMIT = 0.055
"""The share of mistakes that is promised for reports with a spread."""
EFFORT = Effort(1000, 50)  # numbers of drawn studies, and of resamples
SEED = 37


def is_drawn(kind: str, n: int) -> bool:
    """Whether a report of that kind is judged by drawn studies; `n`: one's own runs."""
    return kind in DRAWN or (kind in {"mean", "quartiles"} and n > MANY_RUNS)


def is_possible(kind: str, n: int, m: int) -> bool:
    """Whether n runs of one's own and m behind the report are enough for that kind."""
    if kind in DRAWN:
        return n >= MIN_RUNS
    if kind == "quartiles":
        return min(n, m) >= MIN_RUNS
    return True


def list_kinds(n: int, m: int) -> list[str]:
    """Return the kinds of reports whose trials, with n and m runs, are judged many at once."""
    return [kind for kind in AT_ONCE if is_possible(kind, n, m) and not is_drawn(kind, n)]


def measure_cells(
    population: str,
    n: int,
    m: int,
    *,
    n_trials: int,
    seed: int,
    shift: float = 0.0,
    kinds: Sequence[str] = tuple(AT_ONCE),
) -> dict[str, Rate]:
    """Return the rates of some kinds of reports, by kind.

    `shift`: by how much the reported runs are larger. All kinds judge the same trials, but a kind
    in `FEWER` judges only the first of them.
    """
    generator = _make_generator(seed, population, n, m)
    draw = POPULATIONS[population]
    judged: dict[str, list[Judged]] = {kind: [] for kind in kinds}
    n_done = 0
    for n_now in list_chunks(n_trials, n + m):
        own = draw(generator, (n_now, n))
        theirs = draw(generator, (n_now, m)) + shift
        for kind, parts in judged.items():
            n_left = min(FEWER.get(kind, n_trials), n_trials) - n_done
            if n_left > 0:
                with np.errstate(all="ignore"):  # where all runs of a trial are equal
                    parts.append(AT_ONCE[kind](own[:n_left], theirs[:n_left]))
        n_done += n_now
    return {kind: summarise_trials(parts) for kind, parts in judged.items()}


def measure_all_kinds(population: str, n: int, m: int) -> dict[str, Rate]:
    """Return the rates of all kinds that are judged many at once, by kind."""
    kinds = list_kinds(n, m)
    return measure_cells(population, n, m, n_trials=TRIALS, seed=SEED, kinds=kinds)


def measure_power(n: int, m: int) -> Rate:
    """Return, by kind, how often a difference of two standard deviations is found.

    Runs are normal.
    """
    kinds = list_kinds(n, m)
    cells = measure_cells("normal", n, m, n_trials=TRIALS_POWER, seed=SEED, shift=2.0, kinds=kinds)
    return {kind: round(cell["contradicted"], 4) for kind, cell in cells.items()}


def measure_drawn(population: str, kind: str, n: int, m: int) -> Rate:
    """Return the rates of a kind that is judged by drawn studies."""
    generator = _make_generator(SEED, population, n, m)
    draw = POPULATIONS[population]
    contradicted = np.zeros(TRIALS_DRAWN, dtype=bool)
    conditional = np.zeros(TRIALS_DRAWN, dtype=bool)
    for trial in range(TRIALS_DRAWN):
        own = draw(generator, (n,))
        theirs = draw(generator, (m,))
        contradicted[trial], conditional[trial] = judge_trial(own, theirs, kind, trial)
    return summarise_trials([Judged(contradicted, conditional)])


def _make_generator(seed: int, population: str, n: int, m: int) -> np.random.Generator:
    """Return the generator of one cell; no other cell has the same random numbers."""
    return np.random.default_rng([seed, list(POPULATIONS).index(population), n, m])


def summarise_trials(parts: Sequence[Judged]) -> Rate:
    """Return the number of trials, and two shares of all of them.

    ``contradicted``: the share that is contradicted. ``conditional``: the share that is so only
    under a condition; a trial that is not contradicted may have conditions, too.
    """
    contradicted = np.concatenate([part.is_contradicted for part in parts])
    has_condition = np.concatenate([part.is_conditional for part in parts])
    only_conditionally = contradicted & has_condition
    return {
        "trials": contradicted.size,
        "contradicted": round(float(contradicted.mean()), 5),
        "conditional": round(float(only_conditionally.mean()), 5),
    }


def judge_trial(own: FloatArray, theirs: FloatArray, kind: str, trial: int) -> tuple[bool, bool]:
    """Return whether runs contradict a report of others, and whether under a condition.

    The report prints six digits. As in `compare`, it is contradicted only if all of its readings
    are.
    """
    q1, median, q3 = np.quantile(theirs, (0.25, 0.5, 0.75))
    values = {
        "mean": theirs.mean(),
        "sd": theirs.std(ddof=1),
        "median": median,
        "q1": q1,
        "q3": q3,
        "max": theirs.max(),
    }
    names = PRINTED.get(kind, (kind,))
    printed = {name: read_number(f"{values[name]:#.6g}", name) for name in names}
    report = Report(printed, theirs.size)
    runs = Runs(Sample.from_values(own), 0, None)
    effort = Effort(EFFORT.n_studies, EFFORT.n_resamples, seed=SEED * 1_000_000 + trial)
    answers = judge_all(runs, report, level=LEVEL, between=0.0, effort=effort).values()
    is_contradicted = all(answer.p is not None and answer.p <= LEVEL for answer in answers)
    is_conditional = any(answer.conditions for answer in answers)
    return is_contradicted, is_conditional
