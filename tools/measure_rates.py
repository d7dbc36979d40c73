"""Measure how often `compare` contradicts a report of runs like one's own, and finds a difference.

Usage: python tools/measure_rates.py [--drawn | --pages | --check]

Each trial draws N runs and a report of n runs from one population: whatever is contradicted is so
by mistake. Of tables each trial draws all rows. The tests are those of `replication`, written once
more for arrays of trials; a test holds that both agree. What is judged by drawn studies takes long
and is measured again only with ``--drawn``.

Writes compare_rates.json, beside this file, and the tables of docs/compare.md and of
docs/compare_rates.md. With ``--check`` nothing is measured; the exit code is 1 if a page does not
show what is stored. With ``--pages`` nothing is measured, and the pages are written.
"""

import concurrent.futures
import dataclasses
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from replication.comparison.comparison import compare
from replication.comparison.found import Verdict
from replication.comparison.judging import MANY_RUNS, MIN_RUNS, judge_all
from replication.comparison.numbers import read_number
from replication.comparison.readings import RULED_OUT
from replication.comparison.report import Report
from replication.comparison.runs import Runs
from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.means import EFFICIENCY, NORMAL_KURTOSIS, summarise_quartiles
from replication.statistics.pooling import ROW_FACTOR, SMALLEST_P
from replication.statistics.sampling import Effort, Sample, reduce_studies
from replication.statistics.shares import find_p_of_shares

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape], FloatArray]

STORED = Path(__file__).with_name("compare_rates.json")
DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "compare.md", DOCS / "compare_rates.md")
LEVEL = 0.05
SEED = 37
CHUNK = 4_000_000  # numbers drawn at once


# Populations.


def draw_pairs(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return runs that share half of their variance two by two, as those of one data split do."""
    n = shape[-1]
    shared = np.repeat(generator.normal(size=(*shape[:-1], (n + 1) // 2)), 2, axis=-1)
    return np.asarray(shared[..., :n] + generator.normal(size=shape))


def draw_shifted(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return normal runs, a fifth of them 4 standard deviations higher."""
    return np.asarray(generator.normal(size=shape) + 4.0 * (generator.random(shape) < 0.2))


def draw_failing(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return runs of about 10, one in ten of them 100."""
    fails = generator.random(shape) < 0.1
    return np.where(fails, 100.0, generator.normal(10.0, 1.0, shape))


def draw_bounded(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return uniform runs, 60 % of them at their upper bound."""
    return np.where(generator.random(shape) < 0.6, 1.0, generator.random(shape))


def draw_two_modes(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return normal runs, half of them 6 standard deviations higher."""
    return np.asarray(generator.normal(size=shape) + 6.0 * (generator.random(shape) < 0.5))


POPULATIONS: Mapping[str, Draw] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "uniform": lambda generator, shape: generator.random(shape),
    "at two ends": lambda generator, shape: generator.beta(0.5, 0.5, shape),
    "a fifth shifted by 4 SD": draw_shifted,
    "one in ten fails": draw_failing,
    "60 % at a bound": draw_bounded,
    "t, 2 degrees": lambda generator, shape: generator.standard_t(2.0, shape),
    "exponential": lambda generator, shape: generator.exponential(size=shape),
    "lognormal": lambda generator, shape: generator.lognormal(0.0, 1.0, shape),
    "accuracy near 1": lambda generator, shape: generator.beta(50.0, 1.0, shape),
    "rewards capped": lambda generator, shape: np.minimum(
        generator.normal(480.0, 60.0, shape), 500.0
    ),
    "two modes, 6 SD apart": draw_two_modes,
    "counts around 1": lambda generator, shape: generator.poisson(1.0, shape).astype(np.float64),
    "0 or 1, mostly 1": lambda generator, shape: (generator.random(shape) < 0.9).astype(np.float64),
    "pairs of runs": draw_pairs,
}
DEPENDENT = "pairs of runs"


# One row: the tests of `replication.statistics.means`, for arrays of trials.


class Summary(NamedTuple):
    """Means and standard deviations of n runs, float64[...]."""

    mean: FloatArray
    sd: FloatArray
    n: int


def summarise(runs: FloatArray) -> Summary:
    """Return mean and standard deviation over the last axis."""
    return Summary(runs.mean(axis=-1), runs.std(axis=-1, ddof=1), runs.shape[-1])


class Tested(NamedTuple):
    """What tests of two means found, float64[...].

    `alone`: p by the printed spreads alone. `student`: p of Student's test. `may_be_equal`: whether
    nothing says that the spreads differ. `welch`: p of Welch's test.
    """

    alone: FloatArray
    student: FloatArray
    may_be_equal: BoolArray
    welch: FloatArray

    @property
    def is_contradicted(self) -> BoolArray:
        """Whether the mean is contradicted, be it under the condition that runs vary alike."""
        return (self.alone <= LEVEL) | self.is_by_student

    @property
    def is_by_student(self) -> BoolArray:
        """Whether it is contradicted by Student's test alone."""
        return (self.student <= LEVEL) & (self.alone > LEVEL) & self.may_be_equal


def find_spread_p(one: Summary, two: Summary, share: FloatArray | float = 1.0) -> FloatArray:
    """Return p of the F test; `share`: of the degrees of freedom that the kurtosis leaves."""
    ratio = (one.sd / two.sd) ** 2
    below = special.fdtr(share * (one.n - 1.0), share * (two.n - 1.0), ratio)
    p = 2.0 * np.minimum(below, 1.0 - below)
    return np.where((one.sd > 0) & (two.sd > 0), p, np.nan)


def judge_means(
    one: Summary, two: Summary, *, efficiency: float = 1.0, between: float = 0.0
) -> Tested:
    """Test whether two means differ, by Welch's and by Student's test.

    `efficiency`: of standard deviations by quartiles; `between`: by how many labs differ.
    """
    gap = np.abs(one.mean - two.mean)
    first = one.sd**2 * (1.0 / one.n + between**2)
    second = two.sd**2 * (1.0 / two.n + between**2)
    free = (first + second) ** 2 / (first**2 / (one.n - 1) + second**2 / (two.n - 1))
    welch = 2.0 * special.stdtr(efficiency * free, -gap / np.sqrt(first + second))
    all_free = one.n + two.n - 2.0
    pooled = ((one.n - 1) * one.sd**2 + (two.n - 1) * two.sd**2) / all_free
    error = np.sqrt(pooled * (1.0 / one.n + 1.0 / two.n + 2.0 * between**2))
    student = 2.0 * special.stdtr(efficiency * all_free, -gap / error)
    alone = welch if one.n == two.n else np.maximum(welch, student)
    return Tested(alone, student, find_spread_p(one, two) > LEVEL, welch)


class Judged(NamedTuple):
    """Which trials are contradicted, and which of these only under a condition, bool[trials]."""

    is_contradicted: BoolArray
    is_conditional: BoolArray


def judge_spread(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a mean with its sd, whose denominator, n or n - 1, is not said."""
    one = summarise(own)
    two = summarise(theirs)
    root = np.sqrt(two.n / (two.n - 1.0))
    first = judge_means(one, two)
    second = judge_means(one, two._replace(sd=two.sd * root))
    found = first.is_contradicted & second.is_contradicted
    conditional = first.is_by_student | second.is_by_student | (one.sd == 0)
    return replace_shares(Judged(found, found & conditional), own, theirs)


def judge_mean(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a mean alone, by the spread of one's own runs, which is always a condition."""
    one = summarise(own)
    two = summarise(theirs)
    error = one.sd * np.sqrt(1.0 / one.n + 1.0 / two.n)
    p = 2.0 * special.stdtr(one.n - 1.0, -np.abs(one.mean - two.mean) / error)
    found = (p <= LEVEL) & (one.sd > 0)
    return replace_shares(Judged(found, found), own, theirs)


def judge_quartiles(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a median with its quartiles."""
    sides = []
    for runs in (own, theirs):
        q1, median, q3 = np.quantile(runs, (0.25, 0.5, 0.75), axis=-1)
        estimates: Any = summarise_quartiles(median, q1, q3, runs.shape[-1])
        sides.append(Summary(*estimates, runs.shape[-1]))
    found = judge_means(*sides, efficiency=EFFICIENCY).alone <= LEVEL
    return Judged(found, found & (sides[0].sd == 0))


def judge_welch(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge by Welch's test alone."""
    found = judge_means(summarise(own), summarise(theirs)).welch <= LEVEL
    return Judged(found, np.zeros_like(found))


def replace_shares(found: Judged, own: FloatArray, theirs: FloatArray) -> Judged:
    """Return the same with runs that are all 0 or 1, on both sides, judged as shares."""
    n = own.shape[-1]
    m = theirs.shape[-1]
    are_shares = np.isin(own, (0.0, 1.0)).all(axis=-1) & np.isin(theirs, (0.0, 1.0)).all(axis=-1)
    if not are_shares.any():
        return found
    p = np.array([[find_p_of_shares(k, n, x, m) for x in range(m + 1)] for k in range(n + 1)])
    mine = own[are_shares].sum(axis=-1).astype(int)
    other = theirs[are_shares].sum(axis=-1).astype(int)
    contradicted = found.is_contradicted.copy()
    conditional = found.is_conditional.copy()
    contradicted[are_shares] = p[mine, other] <= LEVEL
    conditional[are_shares] = False
    return Judged(contradicted, conditional)


# A mean with a ± of which nothing says what it is.


def list_factors(m: int) -> list[list[float]]:
    """Return what ± is to be multiplied by to be an sd with n - 1, for each reading, by kind."""
    root = np.sqrt(m / (m - 1.0))
    error = np.sqrt(m)
    t = float(special.stdtrit(m - 1, 0.975))
    z = float(special.ndtri(0.975))
    return [[1.0, root], [error, error * root], [error / t, error / z]]


def judge_unsaid(own: FloatArray, theirs: FloatArray, kind: str) -> Judged:
    """Judge a mean with a ± that is a standard deviation ("sd") or a standard error ("se")."""
    one = summarise(own)
    two = summarise(theirs)
    printed = two.sd if kind == "sd" else two.sd / np.sqrt(two.n)
    kurtosis = find_kurtosis(own)
    share = 2.0 / (np.maximum(kurtosis, NORMAL_KURTOSIS) - 1.0)
    low = []
    gone = []
    for factors in list_factors(two.n):
        sides = [two._replace(sd=printed * factor) for factor in factors]
        low.append(np.all([judge_means(one, side).is_contradicted for side in sides], axis=0))
        p = np.fmax.reduce([find_spread_p(one, side, share) for side in sides])
        gone.append(p < RULED_OUT)
    are_low = np.array(low)
    are_gone = np.array(gone)
    of_all = are_low.all(axis=0)
    are_gone &= ~are_gone.all(axis=0)
    of_left = (are_low | are_gone).all(axis=0)
    found = Judged(of_left, of_left & (~of_all | (one.sd == 0)))
    return replace_shares(found, own, theirs)


def find_kurtosis(runs: FloatArray) -> FloatArray:
    """Return the fourth moment over the squared variance, over the last axis."""
    off = runs - runs.mean(axis=-1, keepdims=True)
    return np.asarray((off**4).mean(axis=-1) / (off**2).mean(axis=-1) ** 2)


# Cells of rows.

Judge = Callable[[FloatArray, FloatArray], Judged]
AT_ONCE: Mapping[str, Judge] = {
    "spread": judge_spread,
    "mean": judge_mean,
    "quartiles": judge_quartiles,
    "unsaid": lambda own, theirs: judge_unsaid(own, theirs, "sd"),
    "unsaid-se": lambda own, theirs: judge_unsaid(own, theirs, "se"),
    "welch": judge_welch,
}
DRAWN = ("median", "max")
SIZES = ((3, 3), (5, 5), (5, 10), (10, 3), (10, 100), (20, 100), (100, 100))
"""Runs of one's own, and behind the report."""
TRIALS = 100_000
TRIALS_DRAWN = 200
TRIALS_POWER = 20_000
FEWER = {"quartiles": 20_000, "unsaid": 20_000, "unsaid-se": 20_000}
"""Trials of what takes longer."""
LIMIT = 0.055
N_PROCESSES = 2
EFFORT = Effort(1000, 50)


def is_drawn(kind: str, n: int) -> bool:
    """Say whether a report of that kind is judged by drawn studies."""
    return kind in DRAWN or (kind in {"mean", "quartiles"} and n > MANY_RUNS)


def is_possible(kind: str, n: int, m: int) -> bool:
    """Say whether so many runs are enough for a report of that kind."""
    if kind in DRAWN:
        return n >= MIN_RUNS
    return kind != "quartiles" or min(n, m) >= MIN_RUNS


def list_chunks(n_trials: int, size: int) -> Iterator[int]:
    """Yield numbers of trials, of `size` numbers each, that can be drawn at once."""
    most = max(1, CHUNK // size)
    for first in range(0, n_trials, most):
        yield min(most, n_trials - first)


def measure_cells(
    population: str,
    n: int,
    m: int,
    *,
    n_trials: int,
    seed: int,
    shift: float = 0.0,
    kinds: Sequence[str] = tuple(AT_ONCE),
) -> dict[str, dict[str, float]]:
    """Return, by kind of report, the shares of trials that are contradicted, and conditionally so.

    All kinds have the same trials; what takes long has the first of them.
    """
    generator = np.random.default_rng([seed, list(POPULATIONS).index(population), n, m])
    draw = POPULATIONS[population]
    found: dict[str, list[Judged]] = {kind: [] for kind in kinds}
    done = 0
    for size in list_chunks(n_trials, n + m):
        own = draw(generator, (size, n))
        theirs = draw(generator, (size, m)) + shift
        for kind, judged in found.items():
            left = min(FEWER.get(kind, n_trials), n_trials) - done
            if left > 0:
                with np.errstate(all="ignore"):  # of runs that are all equal
                    judged.append(AT_ONCE[kind](own[:left], theirs[:left]))
        done += size
    return {kind: summarise_trials(judged) for kind, judged in found.items()}


def measure_drawn(population: str, kind: str, n: int, m: int, *, seed: int) -> dict[str, float]:
    """Return the same of a kind that is judged by drawn studies."""
    generator = np.random.default_rng([seed, list(POPULATIONS).index(population), n, m])
    draw = POPULATIONS[population]
    trials = []
    for place in range(TRIALS_DRAWN):
        own = draw(generator, (n,))
        theirs = draw(generator, (m,))
        trials.append(compare_trial(own, theirs, kind, place))
    return summarise_trials([Judged(*np.array(trials).T)])


def summarise_trials(found: Sequence[Judged]) -> dict[str, float]:
    """Return how many trials there were, and the shares that are contradicted."""
    contradicted = np.concatenate([one.is_contradicted for one in found])
    conditional = np.concatenate([one.is_conditional for one in found])
    return {
        "trials": contradicted.size,
        "contradicted": round(float(contradicted.mean()), 5),
        "conditional": round(float((contradicted & conditional).mean()), 5),
    }


def compare_trial(own: FloatArray, theirs: FloatArray, kind: str, seed: int) -> tuple[bool, bool]:
    """Say whether runs contradict what a paper prints of others, to six digits, and conditionally.

    As `compare` does, which makes a verdict of every reading, but for what stands beside it.
    """
    q1, median, q3 = np.quantile(theirs, (0.25, 0.5, 0.75))
    found = {
        "mean": theirs.mean(),
        "sd": theirs.std(ddof=1),
        "median": median,
        "q1": q1,
        "q3": q3,
        "max": theirs.max(),
    }
    names = {"spread": ("mean", "sd"), "quartiles": ("median", "q1", "q3")}.get(kind, (kind,))
    numbers = {name: read_number(f"{found[name]:#.6g}", name) for name in names}
    effort = Effort(EFFORT.n_studies, EFFORT.n_resamples, seed=SEED * 1_000_000 + seed)
    runs = Runs(Sample.from_values(own), 0, None)
    printed = Report(numbers, theirs.size)
    answers = judge_all(runs, printed, level=LEVEL, between=0.0, effort=effort).values()
    return (
        all(one.p is not None and one.p <= LEVEL for one in answers),
        any(one.conditions for one in answers),
    )


def measure_power(n: int, m: int, *, n_trials: int, seed: int) -> dict[str, float]:
    """Return how often normal runs two standard deviations apart are told apart."""
    kinds = [kind for kind in AT_ONCE if is_possible(kind, n, m) and not is_drawn(kind, n)]
    cells = measure_cells("normal", n, m, n_trials=n_trials, seed=seed, shift=2.0, kinds=kinds)
    return {kind: round(cell["contradicted"], 4) for kind, cell in cells.items()}


# Tables: the tests of `replication.statistics.pooling` and `seeds`, for arrays of tables.


def correct_bias(free: float) -> float:
    """Return Hedges' J."""
    logs = special.gammaln(free / 2.0) - special.gammaln((free - 1.0) / 2.0)
    return float(np.exp(logs) / np.sqrt(free / 2.0))


def find_direction_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of the weighted mean over rows, float64[tables], of runs [tables, rows, runs]."""
    one = summarise(own)
    two = summarise(theirs)
    n = one.n
    m = two.n
    free = n + m - 2.0
    variance = ((n - 1) * one.sd**2 + (m - 1) * two.sd**2) / free
    bias = correct_bias(free)
    g = np.where(variance > 0, bias * (one.mean - two.mean) / np.sqrt(variance), np.nan)
    k = np.isfinite(g).sum(axis=1)
    mean = np.nansum(g, axis=1) / k
    by_rows = np.sqrt(np.nansum((g - mean[:, None]) ** 2, axis=1) / (k - 1.0) / k)
    inflated = bias**2 * free / (free - 2.0)
    by_chance = np.sqrt((inflated * (1.0 / n + 1.0 / m) + 2.0 * between**2) / k)
    p = np.maximum(
        2.0 * special.stdtr(k - 1.0, -np.abs(mean) / by_rows),
        2.0 * special.ndtr(-np.abs(mean) / by_chance),
    )
    return np.where(k >= 2, p, 1.0)


class BySeed(NamedTuple):
    """p of the mean by seed, and the mean squared correlation of rows, float64[tables]."""

    p: FloatArray
    square: FloatArray


def judge_by_seed(own: FloatArray, theirs: FloatArray) -> BySeed:
    """Return p of the mean over rows by seed, of runs [tables, rows, seeds]."""
    n_rows = own.shape[1]
    n = own.shape[2]
    m = theirs.shape[2]
    free = n + m - 2.0
    off = own - own.mean(axis=2, keepdims=True)
    squares = (off**2).sum(axis=2)  # [tables, rows]
    spreads = theirs.std(axis=2, ddof=1)
    scale = np.sqrt((squares + (m - 1.0) * spreads**2) / free)
    weights = 1.0 / scale
    # How rows depend on each other; rows of equal runs as others do on average.
    lengths = np.sqrt(squares)
    varies = lengths > 0
    directions = np.where(varies[..., None], off / lengths[..., None], 0.0)
    k = varies.sum(axis=1)
    pairs = k * (k - 1.0)
    correlation = ((directions.sum(axis=1) ** 2).sum(axis=1) - k) / pairs
    products = np.einsum("trs,tru->tsu", directions, directions)
    chance = 1.0 / (n - 1.0)
    square = (((products**2).sum(axis=(1, 2)) - k) / pairs - chance) / (1.0 - chance)
    square = np.where(k >= 2, np.maximum(square, 0.0), 1.0)
    common = np.where(k >= 2, np.clip(correlation, 0.0, 1.0), 1.0)
    # The error of the mean: one's own part over seeds, and the larger of two for the report's.
    by_seed = (off * weights[..., None]).mean(axis=1)
    variance = (by_seed**2).sum(axis=1) / (n - 1.0)
    errors = spreads / np.sqrt(m) * weights
    known = np.where(varies, errors, 0.0)
    unknown = np.where(varies, 0.0, errors)
    reported = ((directions * known[..., None]).sum(axis=1) ** 2).sum(axis=1)
    reported += (1.0 - common) * (unknown**2).sum(axis=1) + common * unknown.sum(axis=1) ** 2
    reported += 2.0 * common * unknown.sum(axis=1) * known.sum(axis=1)
    variance = variance / n + np.maximum(variance / m, reported / n_rows**2)
    variance *= 1.0 + (1.0 - square) * 2.0 / (free - 2.0)
    mean = ((own.mean(axis=2) - theirs.mean(axis=2)) * weights).mean(axis=1)
    inflated = correct_bias(free) ** 2 * free / (free - 2.0) - 1.0
    share = inflated * (square + (1.0 - square) / n_rows)
    t = float(special.stdtrit(n - 1, 1.0 - LEVEL / 2.0))
    z = float(special.ndtri(1.0 - LEVEL / 2.0))
    half = np.hypot(t * np.sqrt(variance), z * np.sqrt(share) * mean)
    p = 2.0 * special.stdtr(n - 1.0, -np.abs(mean) * t / half)
    return BySeed(np.where(np.isfinite(p), p, np.nan), square)


class TableJudged(NamedTuple):
    """Which tables are contradicted, and which have a row that is, bool[tables]."""

    is_contradicted: BoolArray
    has_row: BoolArray


def judge_tables(
    own: FloatArray,
    theirs: FloatArray,
    *,
    by_seed: bool = False,
    between: float = 0.0,
    has_gap: bool = False,
) -> TableJudged:
    """Judge tables of runs, float64[tables, rows, runs], as `compare_table` does.

    `has_gap`: the first row lacks its last run, so that the mean by seed is over the others.
    """
    n_rows = own.shape[1]
    p_rows = find_row_p(own, theirs, between)
    if has_gap:
        p_rows[:, 0] = find_row_p(own[:, :1, :-1], theirs[:, :1], between)[:, 0]
    holm = np.minimum(1.0, n_rows * p_rows.min(axis=1))
    square = np.zeros(len(own))
    if by_seed:
        first = 1 if has_gap else 0
        found = judge_by_seed(own[:, first:], theirs[:, first:])
        square = found.square
        direction = found.p
    else:
        direction = find_direction_p(own, theirs, between)
    logs = -2.0 * np.log(np.maximum(p_rows, SMALLEST_P)).sum(axis=1)
    fewer = 1.0 + (n_rows - 1.0) * square
    fisher = special.chdtrc(2.0 * n_rows / fewer, logs / fewer)
    factor = ROW_FACTOR if n_rows > 2 else 1.0
    # Where the mean by seed cannot be judged, rows alone count.
    of_all = np.where(np.isnan(direction), 1.0, 3.0 * np.minimum(direction, fisher))
    whole = np.minimum(factor * holm, of_all) <= LEVEL
    return TableJudged(whole, whole & (holm <= LEVEL))


def find_row_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of each row by the printed spreads alone; 1 of equal runs on both sides."""
    p = judge_means(summarise(own), summarise(theirs), between=between).alone
    return np.where(np.isnan(p), 1.0, p)


BETWEEN = 0.35


@dataclasses.dataclass(frozen=True)
class TableKind:
    """What tables are drawn, and how they are judged.

    `correlation`: of the runs of a seed in two rows, on the scale of normal runs. `scale`: of one's
    own standard deviations, and of the report's. `shift`: "all" rows by one's own `size`, "each" in
    either direction, or only the "first". `labs`: by how much these differ. `by_seed`: whether
    seeds are known. `has_gap`: whether a run is missing.
    """

    population: str = "normal"
    correlation: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    shift: str = ""
    size: float = 0.0
    labs: float = 0.0
    between: float = 0.0
    by_seed: bool = False
    has_gap: bool = False


TABLES: Mapping[str, TableKind] = {
    "normal": TableKind(),
    "exponential": TableKind("exponential"),
    "lognormal": TableKind("lognormal"),
    "60 % at a bound": TableKind("60 % at a bound"),
    "rewards capped": TableKind("rewards capped"),
    "two modes, 6 SD apart": TableKind("two modes, 6 SD apart"),
    "spreads of 2 to 1": TableKind(scale=(2.0, 1.0)),
    "spreads of 4 to 1": TableKind(scale=(4.0, 1.0)),
    "spreads of 1 to 4": TableKind(scale=(1.0, 4.0)),
    "a correlation of 0.3": TableKind(correlation=0.3),
    "a correlation of 0.3, seeds known": TableKind(correlation=0.3, by_seed=True),
    "a correlation of 0.3, a run missing": TableKind(correlation=0.3, by_seed=True, has_gap=True),
    "a correlation of 0.9": TableKind(correlation=0.9),
    "a correlation of 0.9, seeds known": TableKind(correlation=0.9, by_seed=True),
    "capped, correlation 0.5, seeds known": TableKind("capped", correlation=0.5, by_seed=True),
    f"labs that differ by {BETWEEN} SD": TableKind(labs=BETWEEN),
    f"labs that differ by {BETWEEN} SD, allowed for": TableKind(labs=BETWEEN, between=BETWEEN),
    "all 1 SD lower": TableKind(shift="all", size=-1.0),
    "all half an SD lower": TableKind(shift="all", size=-0.5),
    "each 1.2 SD off": TableKind(shift="each", size=1.2),
    "one row 4.1 SD off": TableKind(shift="first", size=4.1),
    "each 1.2 SD off, seeds known": TableKind(shift="each", size=1.2, by_seed=True),
}
TABLE_SIZES = ((3, 3), (5, 5), (3, 100), (10, 3), (20, 20))
FEW_ROWS = 2
MANY_ROWS = 26
OF_FEW_ROWS = (
    "normal",
    "exponential",
    "rewards capped",
    "two modes, 6 SD apart",
    "a correlation of 0.9",
    "a correlation of 0.9, seeds known",
    "capped, correlation 0.5, seeds known",
    "all 1 SD lower",
    "one row 4.1 SD off",
)
TRIALS_TABLE = 20_000


def count_tables(n_rows: int, name: str) -> int:
    """Return how many tables a cell has: more of those that decide, and that take little time."""
    return TRIALS if n_rows == FEW_ROWS or name == "normal" else TRIALS_TABLE


def draw_table(
    kind: TableKind, generator: np.random.Generator, shape: tuple[int, int, int]
) -> FloatArray:
    """Return runs of one side, float64[tables, rows, runs]."""
    if not kind.correlation:
        return POPULATIONS[kind.population](generator, shape)
    shared = generator.normal(size=(shape[0], 1, shape[2]))
    runs = np.sqrt(1.0 - kind.correlation) * generator.normal(size=shape)
    runs += np.sqrt(kind.correlation) * shared
    return np.minimum(480.0 + 60.0 * runs, 500.0) if kind.population == "capped" else runs


def draw_tables(
    kind: TableKind, generator: np.random.Generator, n_tables: int, n_rows: int, n: int, m: int
) -> tuple[FloatArray, FloatArray]:
    """Return runs of both sides."""
    own = kind.scale[0] * draw_table(kind, generator, (n_tables, n_rows, n))
    theirs = kind.scale[1] * draw_table(kind, generator, (n_tables, n_rows, m))
    if kind.labs:
        own += kind.labs * generator.normal(size=(n_tables, n_rows, 1))
        theirs += kind.labs * generator.normal(size=(n_tables, n_rows, 1))
    if kind.shift == "all":
        own += kind.size
    elif kind.shift == "each":
        own += kind.size * generator.choice([-1.0, 1.0], (n_tables, n_rows, 1))
    elif kind.shift == "first":
        own[:, 0] += kind.size
    return own, theirs


def measure_table(
    name: str, n_rows: int, n: int, m: int, *, n_trials: int, seed: int = SEED
) -> Any:
    """Return the shares of tables that are contradicted, and of those with a row that is."""
    kind = TABLES[name]
    generator = np.random.default_rng([seed, list(TABLES).index(name), n_rows, n, m])
    found = []
    for size in list_chunks(n_trials, n_rows * (n + m)):
        own, theirs = draw_tables(kind, generator, size, n_rows, n, m)
        with np.errstate(all="ignore"):  # of runs that are all equal
            found.append(
                judge_tables(
                    own, theirs, by_seed=kind.by_seed, between=kind.between, has_gap=kind.has_gap
                )
            )
    whole = np.concatenate([one.is_contradicted for one in found])
    row = np.concatenate([one.has_row for one in found])
    return {
        "trials": n_trials,
        "contradicted": round(float(whole.mean()), 5),
        "a_row": round(float(row.mean()), 5),
    }


# Interquartile means over tasks.

IQM_SIZES = ((3, 3), (5, 5), (10, 10))
N_TASKS = 26
TASK_SPREAD = 0.3  # of runs, as a share of the level of their task
FACTOR = 1.2  # by which one's own runs are better, where there is something to find
TRIALS_IQM = 400
N_BOOTSTRAP = 500


def measure_iqm(n: int, m: int, *, factor: float, seed: int = SEED) -> dict[str, float]:
    """Return how often an interquartile mean over tasks is contradicted.

    The report is that of runs of the same tasks, with the interval of a bootstrap within tasks.
    """
    generator = np.random.default_rng([seed, n, m, round(100 * factor)])
    tasks = [f"task {place}" for place in range(N_TASKS) for _ in range(n)]
    found = []
    for _ in range(TRIALS_IQM):
        levels = generator.lognormal(size=(N_TASKS, 1))
        own = factor * levels * (1.0 + TASK_SPREAD * generator.normal(size=(N_TASKS, n)))
        theirs = levels * (1.0 + TASK_SPREAD * generator.normal(size=(N_TASKS, m)))
        places = generator.integers(m, size=(N_BOOTSTRAP, N_TASKS, m))
        drawn = np.take_along_axis(theirs[None], places, axis=2)
        iqm = reduce_studies(theirs.ravel(), ["iqm"])["iqm"]
        means = reduce_studies(drawn.reshape(N_BOOTSTRAP, -1), ["iqm"])["iqm"]
        low, high = np.quantile(means, (0.025, 0.975))
        report = {"iqm": f"{iqm:.4f}", "ci": (f"{low:.4f}", f"{high:.4f}")}
        verdict = compare(own.ravel(), report, tasks=tasks).verdict
        found.append(verdict is Verdict.CONTRADICTED)
    return {"trials": TRIALS_IQM, "contradicted": round(float(np.mean(found)), 5)}


def measure_all_iqm() -> dict[str, Any]:
    """Return how often it is so by mistake, and where one's own runs are better, by size."""
    kinds = {"nothing to find": 1.0, f"a factor of {FACTOR}": FACTOR}
    return {
        name: {f"{n},{m}": measure_iqm(n, m, factor=factor) for n, m in IQM_SIZES}
        for name, factor in kinds.items()
    }


# All of it.


def measure_rows(cell: tuple[str, tuple[int, int]]) -> dict[str, dict[str, float]]:
    """Return the rates of one population and size, of all kinds that take little time."""
    population, (n, m) = cell
    kinds = [kind for kind in AT_ONCE if is_possible(kind, n, m) and not is_drawn(kind, n)]
    return measure_cells(population, n, m, n_trials=TRIALS, seed=SEED, kinds=kinds)


def measure_kind_of_table(cell: tuple[int, str, tuple[int, int]]) -> dict[str, float]:
    """Return the rates of one kind of table and one size."""
    n_rows, name, (n, m) = cell
    return measure_table(name, n_rows, n, m, n_trials=count_tables(n_rows, name))


def list_table_cells() -> list[tuple[int, str, tuple[int, int]]]:
    """Return all numbers of rows, kinds of tables and sizes."""
    found = []
    for n_rows, names in ((FEW_ROWS, OF_FEW_ROWS), (MANY_ROWS, tuple(TABLES))):
        found += [(n_rows, name, size) for name in names for size in TABLE_SIZES]
    return found


def measure_all(stored: Mapping[str, Any], *, is_drawn_again: bool) -> dict[str, Any]:
    """Measure all cells; of those that are judged by drawn studies only if it is asked for."""
    row_cells = list(itertools.product(POPULATIONS, SIZES))
    table_cells = list_table_cells()
    with concurrent.futures.ProcessPoolExecutor(N_PROCESSES) as pool:
        tables = dict(zip(table_cells, pool.map(measure_kind_of_table, table_cells), strict=True))
        rows = dict(zip(row_cells, pool.map(measure_rows, row_cells), strict=True))
    rates: dict[str, Any] = {}
    for kind in (*AT_ONCE, *DRAWN):
        rates[kind] = {population: {} for population in POPULATIONS}
        for population, (n, m) in row_cells:
            cells = rates[kind][population]
            name = f"{n},{m}"
            if not is_drawn(kind, n):
                if kind in rows[population, (n, m)]:
                    cells[name] = rows[population, (n, m)][kind]
            elif is_possible(kind, n, m) and is_drawn_again:
                cells[name] = measure_drawn(population, kind, n, m, seed=SEED)
            else:
                known = stored["rates"].get(kind, {}).get(population, {})
                if name in known:
                    cells[name] = known[name]
    power = {f"{n},{m}": measure_power(n, m, n_trials=TRIALS_POWER, seed=SEED) for n, m in SIZES}
    by_rows: dict[str, Any] = {}
    for (n_rows, name, (n, m)), cell in tables.items():
        by_rows.setdefault(str(n_rows), {}).setdefault(name, {})[f"{n},{m}"] = cell
    iqm = measure_all_iqm() if is_drawn_again else stored["iqm"]
    return {"rates": rates, "power": power, "tables": by_rows, "iqm": iqm}


def format_tables(model: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of the page by name: a row for each population, a column for each size."""
    found = {kind: format_rates(rows) for kind, rows in model["rates"].items()}
    of_spread = model["rates"]["spread"]
    found["spread-short"] = format_rates({name: of_spread[name] for name in SHORT})
    found["power"] = format_power(model["power"])
    found["iqm"] = format_iqm(model["iqm"])
    for n_rows, kinds in model["tables"].items():
        for suffix, is_power in (("", False), ("-power", True)):
            taken = {
                name: cells for name, cells in kinds.items() if bool(TABLES[name].shift) == is_power
            }
            found[f"tables-{n_rows}{suffix}"] = format_kinds(taken)
    return found


def format_rates(rows: Mapping[str, Any]) -> str:
    """Return how often each population is contradicted, in per cent."""
    sizes = [f"{n},{m}" for n, m in SIZES]
    sizes = [size for size in sizes if any(size in cells for cells in rows.values())]
    table = [["contradicted, %", *(size.replace(",", ", ") for size in sizes)]]
    for population, cells in rows.items():
        shares = [
            f"{100 * cells[size]['contradicted']:.1f}" if size in cells else "" for size in sizes
        ]
        table.append([population, *shares])
    return tabulate(table)


SHORT = ("normal", "one in ten fails", "exponential", "rewards capped", DEPENDENT)
"""Populations of the table that users see first."""
POWER_WORDS = {
    "spread": "`compare`, mean ± sd",
    "welch": "Welch's test",
    "mean": "`compare`, mean alone",
    "unsaid": "`compare`, mean ±, which is an sd",
    "unsaid-se": "`compare`, mean ±, which is an se",
    "quartiles": "`compare`, median and quartiles",
}


def format_power(power: Mapping[str, Any]) -> str:
    """Return how often a difference is found, in per cent."""
    table = [["found, %", *(size.replace(",", ", ") for size in power)]]
    for kind, words in POWER_WORDS.items():
        shares = [f"{100 * cell[kind]:.0f}" if kind in cell else "" for cell in power.values()]
        table.append([words, *shares])
    return tabulate(table)


def format_kinds(kinds: Mapping[str, Any]) -> str:
    """Return how often each kind of table is contradicted, and a row of it, in per cent."""
    table = [["contradicted (a row), %", *(f"{n}, {m}" for n, m in TABLE_SIZES)]]
    for name, cells in kinds.items():
        shares = [
            f"{100 * cell['contradicted']:.1f} ({100 * cell['a_row']:.1f})"
            for cell in cells.values()
        ]
        table.append([name, *shares])
    return tabulate(table)


def format_iqm(kinds: Mapping[str, Any]) -> str:
    """Return how often an interquartile mean is contradicted, in per cent."""
    table = [["contradicted, %", *(f"{n}, {m}" for n, m in IQM_SIZES)]]
    for name, cells in kinds.items():
        table.append([name, *(f"{100 * cell['contradicted']:.0f}" for cell in cells.values())])
    return tabulate(table)


def tabulate(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
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
    """Measure, and write what is stored and the pages."""
    asked = sys.argv[1:]
    stored = json.loads(STORED.read_text("utf-8"))
    if not {"--check", "--pages"} & set(asked):
        stored = measure_all(stored, is_drawn_again="--drawn" in asked)
        STORED.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
    tables = format_tables(stored)
    for path in PAGES:
        page = path.read_text("utf-8")
        filled = fill_page(page, tables)
        if "--check" in asked and filled != page:
            sys.exit(f"{path.name} does not show {STORED.name}; run tools/measure_rates.py --pages")
        path.write_text(filled, "utf-8")


if __name__ == "__main__":
    main()
