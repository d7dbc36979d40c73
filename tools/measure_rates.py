"""Measure how often `compare` contradicts a report of runs like one's own, and finds a difference.

Usage: python tools/measure_rates.py [--check]

Each trial draws N runs and a report of n runs from one population: whatever is contradicted is so
by mistake. Of tables each trial draws 26 rows. Writes compare_rates.json, beside this file, and the
tables of docs/compare.md; takes about ten minutes on two cores. With ``--check`` nothing is
measured; the exit code is 1 if the page does not show what is stored.
"""

import concurrent.futures
import dataclasses
import itertools
import json
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from replication.comparison.judging import MANY_RUNS, MIN_RUNS, judge_all
from replication.comparison.numbers import read_number
from replication.comparison.report import Report
from replication.comparison.runs import Runs
from replication.statistics import pooling
from replication.statistics.means import EFFICIENCY, Side, judge_means, summarise_quartiles
from replication.statistics.sampling import Effort, Sample

FloatArray = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], FloatArray]

STORED = Path(__file__).with_name("compare_rates.json")
PAGE = Path(__file__).parents[1] / "docs" / "compare.md"


def _draw_pairs(generator: np.random.Generator, size: int) -> FloatArray:
    """Return runs that share half of their variance two by two, as those of one data split do."""
    shared = np.repeat(generator.normal(size=(size + 1) // 2), 2)[:size]
    return np.asarray(shared + generator.normal(size=size))


POPULATIONS: Mapping[str, Draw] = {
    "normal": lambda generator, size: generator.normal(size=size),
    "uniform": lambda generator, size: generator.random(size),
    "at two ends": lambda generator, size: generator.beta(0.5, 0.5, size),
    "a fifth shifted by 4 SD": lambda generator, size: (
        generator.normal(size=size) + 4.0 * (generator.random(size) < 0.2)
    ),
    "one in ten fails": lambda generator, size: np.where(
        generator.random(size) < 0.1, 100.0, generator.normal(10.0, 1.0, size)
    ),
    "60 % at a bound": lambda generator, size: np.where(
        generator.random(size) < 0.6, 1.0, generator.random(size)
    ),
    "t, 2 degrees": lambda generator, size: generator.standard_t(2.0, size),
    "exponential": lambda generator, size: generator.exponential(size=size),
    "lognormal": lambda generator, size: generator.lognormal(0.0, 1.0, size),
    "accuracy near 1": lambda generator, size: generator.beta(50.0, 1.0, size),
    "rewards capped": lambda generator, size: np.minimum(
        generator.normal(480.0, 60.0, size), 500.0
    ),
    "counts around 1": lambda generator, size: generator.poisson(1.0, size).astype(np.float64),
    "0 or 1, mostly 1": lambda generator, size: (generator.random(size) < 0.9).astype(np.float64),
    "pairs of runs": _draw_pairs,
}
DEPENDENT = "pairs of runs"
SIZES = ((3, 3), (5, 5), (5, 10), (10, 3), (20, 100), (100, 100))
"""Runs of one's own, and behind the report."""
KINDS = {
    "spread": "mean ± sd", "mean": "mean alone", "quartiles": "median and quartiles",
    "median": "median", "max": "maximum",
}  # fmt: skip
TRIALS, TRIALS_DRAWN = 2000, 200  # the fewer for what is judged by drawn studies, which takes long
LIMIT = 0.065
TRIALS_POWER = 1000
EFFORT = Effort(1000, 50)
SEED = 37
N_PROCESSES = 2
LEVEL = 0.05


def compare_trial(own: FloatArray, theirs: FloatArray, kind: str, seed: int) -> tuple[bool, bool]:
    """Say whether runs contradict what a paper prints of others, to six digits, and conditionally.

    As `compare` does, which makes a verdict of every reading, but for what stands beside it.
    """
    q1, median, q3 = np.quantile(theirs, (0.25, 0.5, 0.75))
    found = {
        "mean": theirs.mean(), "sd": theirs.std(ddof=1), "median": median, "q1": q1, "q3": q3,
        "max": theirs.max(),
    }  # fmt: skip
    names = {"spread": ("mean", "sd"), "quartiles": ("median", "q1", "q3")}.get(kind, (kind,))
    report = {name: f"{found[name]:#.6g}" for name in names}
    effort = Effort(EFFORT.n_studies, EFFORT.n_resamples, seed=SEED * 1_000_000 + seed)
    numbers = {name: read_number(report[name], name) for name in names}
    runs, printed = Runs(Sample.from_values(own), 0, None), Report(numbers, theirs.size)
    answers = judge_all(runs, printed, level=LEVEL, between=0.0, effort=effort).values()
    return (
        all(one.p is not None and one.p <= LEVEL for one in answers),
        any(one.conditions for one in answers),
    )


def judge_at_once(own: FloatArray, theirs: FloatArray, kind: str) -> tuple[Any, Any]:
    """Return what `compare_trial` does of many trials, float64[trials, runs], bool[trials] twice.

    The tests of two means are those of `replication.statistics.means`, written for arrays; runs
    that are all 0 or 1, and what is judged by drawn studies, are left to `compare_trial`.
    """
    n, m, q = own.shape[1], theirs.shape[1], (0.25, 0.5, 0.75)
    sides: Any = [(x.mean(axis=1), x.std(axis=1, ddof=1)) for x in (own, theirs)]
    factors = [1.0, np.sqrt(m / (m - 1.0))] if kind == "spread" else [1.0]  # sd with n - 1, or n
    if kind == "quartiles":
        parts = [np.quantile(x, q, axis=1) for x in (own, theirs)]
        sides = [
            np.array([summarise_quartiles(mid, low, high, size) for low, mid, high in part.T]).T
            for part, size in zip(parts, (n, m), strict=True)
        ]
    (mean, sd), (other, other_sd) = sides
    gap = np.abs(mean - other)
    is_low, is_conditional = np.ones(len(own), bool), np.zeros(len(own), bool)
    for factor in factors:
        one, two = sd**2, (factor * other_sd) ** 2
        if kind == "mean":
            p = 2.0 * special.stdtr(n - 1.0, -gap / np.sqrt(one * (1 / n + 1 / m)))
            low = condition = (p <= LEVEL) & (sd > 0)
        else:
            share = EFFICIENCY if kind == "quartiles" else 1.0
            a, b, pooled = one / n, two / m, ((n - 1) * one + (m - 1) * two) / (n + m - 2)
            free = share * (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
            welch = 2.0 * special.stdtr(free, -gap / np.sqrt(a + b))
            student = 2.0 * special.stdtr(
                share * (n + m - 2.0), -gap / np.sqrt(pooled * (1 / n + 1 / m))
            )
            below = special.fdtr(n - 1, m - 1, one / two)
            alike = (2.0 * np.minimum(below, 1.0 - below) > LEVEL) & (one > 0) & (two > 0)
            p = welch if n == m else np.maximum(welch, student)
            by_student = (student <= LEVEL) & (p > LEVEL) & alike & (kind == "spread")
            low = (p <= LEVEL) | by_student
            condition = by_student | (low & (one == 0))
        is_low, is_conditional = is_low & low, is_conditional | condition
    return is_low, is_low & is_conditional


def measure_cell(
    population: str, kind: str, n: int, m: int, *, n_trials: int, seed: int, shift: float = 0.0
) -> dict[str, float]:
    """Return the shares of trials that are contradicted, and that are so under a condition."""
    generator = np.random.default_rng([seed, list(POPULATIONS).index(population), n, m])
    draw = POPULATIONS[population]
    pairs = [(draw(generator, n), draw(generator, m) + shift) for _ in range(n_trials)]
    own, theirs = (np.array(side) for side in zip(*pairs, strict=True))
    is_slow = np.full(n_trials, is_drawn(kind, n)) | np.isin(own, [0.0, 1.0]).all(axis=1)
    with np.errstate(all="ignore"):  # of runs that are all equal
        found = np.array(judge_at_once(own, theirs, kind))
    for trial in np.flatnonzero(is_slow):
        found[:, trial] = compare_trial(own[trial], theirs[trial], kind, int(trial))
    shares = (found[0].mean(), (found[0] & found[1]).mean())
    names = ("contradicted", "conditional")
    return {name: round(float(share), 4) for name, share in zip(names, shares, strict=True)}


N_ROWS, TABLE_SIZES, TRIALS_TABLE = 26, ((3, 3), (5, 5), (10, 3), (20, 20)), 300
BETWEEN = 0.35
LABS = f"labs that differ by {BETWEEN} SD"


def _draw_table(
    kind: str, generator: np.random.Generator, n: int, m: int
) -> tuple[FloatArray, FloatArray]:
    """Return runs of one's own, and of the report, float64[rows, runs]."""
    own, theirs = generator.normal(size=(N_ROWS, n)), generator.normal(size=(N_ROWS, m))
    if kind in POPULATIONS:
        own, theirs = (POPULATIONS[kind](generator, N_ROWS * size).reshape(N_ROWS, size)
                       for size in (n, m))  # fmt: skip
    if found := re.search("a correlation of (0.[0-9])", kind):
        share = float(found[1])
        own, theirs = (
            np.sqrt(1.0 - share) * side + np.sqrt(share) * generator.normal(size=(1, side.shape[1]))
            for side in (own, theirs)
        )
    if kind.startswith(LABS):
        own, theirs = (
            side + BETWEEN * generator.normal(size=(N_ROWS, 1)) for side in (own, theirs)
        )
    return {
        "all 1 SD lower": (own - 1.0, theirs),
        "all half an SD lower": (own - 0.5, theirs),
        "each 1.2 SD off": (own + generator.choice([-1.2, 1.2], (N_ROWS, 1)), theirs),
        "one row 4.1 SD off": (own + 4.1 * (np.arange(N_ROWS) == 0)[:, None], theirs),
        "spreads of 2 to 1": (2.0 * own, theirs),
        "spreads of 4 to 1": (4.0 * own, theirs),
        "spreads of 1 to 4": (own, 4.0 * theirs),
    }.get(kind.removesuffix(", seeds known"), (own, theirs))


TABLES = (
    "normal", "exponential", "lognormal", "60 % at a bound", "spreads of 2 to 1",
    "spreads of 4 to 1", "a correlation of 0.3", "a correlation of 0.3, seeds known", LABS,
    f"{LABS}, allowed for", "all 1 SD lower", "all half an SD lower", "each 1.2 SD off",
    "one row 4.1 SD off", "spreads of 1 to 4", "a correlation of 0.9",
    "a correlation of 0.9, seeds known", "each 1.2 SD off, seeds known",
)  # fmt: skip


def judge_table(
    own: FloatArray, theirs: FloatArray, *, by_seed: bool, between: float
) -> tuple[float, float]:
    """Return p of a table, and the smallest of its rows by Holm, as `compare_table` finds them."""
    rows = [
        (Side(x.mean(), ((x.std(ddof=1), x.size),)), Side(y.mean(), ((y.std(ddof=1), y.size),)))
        for x, y in zip(own, theirs, strict=True)
    ]
    gaps = [judge_means(*pair, level=LEVEL, between=between) for pair in rows]
    pairs = zip(gaps, rows, strict=True)
    effects = [one for gap, pair in pairs if (one := pooling.find_effect(gap, pair, between))]
    pooled = pooling.pool(effects, level=LEVEL)
    if by_seed and pooled and (found := pooling.judge_by_seed(own, rows, level=LEVEL)):
        pooled = dataclasses.replace(pooled, **found)  # type: ignore[arg-type]
    p_values = [gap.p_alone for gap in gaps if gap is not None and gap.p_alone is not None]
    least = min(pooling.adjust(dict(enumerate(p_values))).values())
    return pooling.combine(p_values, pooled), least


def measure_table(cell: tuple[str, tuple[int, int]], *, seed: int = SEED) -> dict[str, float]:
    """Return the shares of tables that are contradicted, and of those with a row that is."""
    kind, (n, m) = cell
    generator = np.random.default_rng([seed, TABLES.index(kind), n, m])
    options: Any = {
        "by_seed": kind.endswith("seeds known"),
        "between": BETWEEN if kind.endswith("allowed for") else 0.0,
    }
    drawn = [_draw_table(kind, generator, n, m) for _ in range(TRIALS_TABLE)]
    is_low = np.array([judge_table(*sides, **options) for sides in drawn]) <= LEVEL
    shares = is_low.mean(axis=0).round(4).tolist()
    return {"trials": TRIALS_TABLE, "contradicted": shares[0], "a_row": shares[1]}


def measure_welch(population: str, n: int, m: int, *, n_trials: int, seed: int) -> dict[str, Any]:
    """Return the share of trials that Welch's test from the summaries rejects."""
    generator = np.random.default_rng([seed, list(POPULATIONS).index(population), n, m])
    draw = POPULATIONS[population]
    pairs = [(draw(generator, n), draw(generator, m)) for _ in range(n_trials)]
    own, theirs = (np.array(side) for side in zip(*pairs, strict=True))
    with warnings.catch_warnings(action="ignore"):  # runs that are all equal
        p = stats.ttest_ind(own, theirs, axis=1, equal_var=False).pvalue
    return {"trials": n_trials, "contradicted": round(float((p <= 0.05).mean()), 4)}


def measure_power(n: int, m: int, *, n_trials: int, seed: int) -> dict[str, float]:
    """Return how often normal runs two standard deviations apart are told apart, by three tests."""
    shares = {
        name: measure_cell("normal", kind, n, m, n_trials=n_trials, seed=seed, shift=2.0)
        for name, kind in (("spread", "spread"), ("mean", "mean"), ("quartiles", "quartiles"))
        if name != "quartiles" or min(n, m) >= MIN_RUNS
    }
    generator = np.random.default_rng([seed, 0, n, m])
    one = np.array([generator.normal(size=n + m) for _ in range(n_trials)])
    welch = stats.ttest_ind(one[:, :n], one[:, n:] + 2.0, axis=1, equal_var=False).pvalue
    error = one[:, :n].std(axis=1, ddof=1) * np.sqrt(1 / n + 1 / m)
    t = (one[:, n:].mean(axis=1) + 2.0 - one[:, :n].mean(axis=1)) / error
    return {
        **{name: share["contradicted"] for name, share in shares.items()},
        "welch": round(float((welch <= 0.05).mean()), 4),
        "interval": round(float((2 * stats.t.sf(np.abs(t), n - 1) <= 0.05).mean()), 4),
    }


def is_drawn(kind: str, n: int) -> bool:
    """Say whether a report of that kind is judged by drawn studies."""
    return kind in {"median", "max"} or (kind in {"mean", "quartiles"} and n > MANY_RUNS)


def count_trials(kind: str, n: int) -> int:
    """Return how many trials a cell has."""
    return TRIALS_DRAWN if is_drawn(kind, n) else TRIALS


def _measure(cell: tuple[str, str, tuple[int, int]]) -> dict[str, float]:
    kind, population, (n, m) = cell
    trials = count_trials(kind, n)
    return {"trials": trials} | measure_cell(population, kind, n, m, n_trials=trials, seed=SEED)


def measure_all() -> dict[str, Any]:
    """Measure all cells."""
    cells = [
        cell for cell in itertools.product(KINDS, POPULATIONS, SIZES)
        if cell[0] in {"spread", "mean"} or min(cell[2][: 1 + (cell[0] == "quartiles")]) >= MIN_RUNS
    ]  # fmt: skip
    tables = [*itertools.product(TABLES, TABLE_SIZES)]
    rates: dict[str, Any] = {kind: {name: {} for name in POPULATIONS} for kind in KINDS}
    with concurrent.futures.ProcessPoolExecutor(N_PROCESSES) as pool:
        for (kind, population, (n, m)), found in zip(cells, pool.map(_measure, cells), strict=True):
            rates[kind][population][f"{n},{m}"] = found
        measured = [*zip(tables, pool.map(measure_table, tables), strict=True)]
    of_tables = {kind: {f"{n},{m}": found for (name, (n, m)), found in measured if name == kind}
                 for kind in TABLES}  # fmt: skip
    rates["welch"] = {
        population: {f"{n},{m}": measure_welch(population, n, m, n_trials=TRIALS, seed=SEED)
                     for n, m in SIZES}
        for population in POPULATIONS
    }  # fmt: skip
    power = {f"{n},{m}": measure_power(n, m, n_trials=TRIALS_POWER, seed=SEED) for n, m in SIZES}
    return {"rates": rates, "power": power, "tables": of_tables}


def format_tables(model: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of the page by name: a row for each population, a column for each size."""
    sizes = [f"{n},{m}" for n, m in SIZES]
    found = {}
    for kind, rows in model["rates"].items():
        header = ["contradicted, %", *(size.replace(",", ", ") for size in sizes)]
        body = [
            [population, *(f"{100 * cells[size]['contradicted']:.1f}" if size in cells else ""
                           for size in sizes)]
            for population, cells in rows.items()
        ]  # fmt: skip
        found[kind] = _tabulate([header, *body])
    names = {"spread": "`compare`, mean ± sd", "welch": "Welch's test",
             "mean": "`compare`, mean alone", "interval": "prediction interval by *t*",
             "quartiles": "`compare`, median and quartiles"}  # fmt: skip
    power = [
        [words, *(f"{100 * model['power'][size][name]:.0f}" if name in model["power"][size] else ""
                  for size in sizes)]
        for name, words in names.items()
    ]  # fmt: skip
    tables = [
        [kind, *(f"{100 * cell['contradicted']:.0f} ({100 * cell['a_row']:.0f})"
                 for cell in cells.values())]
        for kind, cells in model["tables"].items()
    ]  # fmt: skip
    header = ["contradicted (a row), %", *(f"{n}, {m}" for n, m in TABLE_SIZES)]
    for name, is_power in (("tables", False), ("tables-power", True)):
        rows = [row for row in tables if bool(re.search("lower|off", row[0])) == is_power]
        found[name] = _tabulate([header, *rows])
    found["power"] = _tabulate([["found, %", *(s.replace(",", ", ") for s in sizes)], *power])
    return found


def _tabulate(rows: list[list[str]]) -> str:
    header, *body = rows
    marks = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, marks, *body))


def fill_page(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table between its two marks."""
    for name, table in tables.items():
        marks = rf"(<!-- rates: {name} -->\n)(?:(?!<!--).)*(<!-- end -->)"
        page = re.sub(marks, rf"\g<1>{table}\n\g<2>", page, flags=re.DOTALL)
    return page


def main() -> None:
    """Measure, and write what is stored and the page."""
    is_check = sys.argv[1:] == ["--check"]
    if not is_check:
        STORED.write_text(json.dumps(measure_all(), indent=1) + "\n", "utf-8")
    page = PAGE.read_text("utf-8")
    filled = fill_page(page, format_tables(json.loads(STORED.read_text("utf-8"))))
    if is_check and filled != page:
        sys.exit(
            "docs/compare.md does not show tools/compare_rates.json; run tools/measure_rates.py"
        )
    PAGE.write_text(filled, "utf-8")


if __name__ == "__main__":
    main()
