"""How often `compare` contradicts runs of one population, and whether it finds differences.

What its pages show is held against what was promised, and measured again on another seed; the tests
that were written once more for arrays of trials are held against those of the package. Tolerances
in standard errors.
"""

import json
import math

import numpy as np
import pytest

from replication.comparison.judging import judge_all
from replication.comparison.numbers import read_number
from replication.comparison.prediction import Answer
from replication.comparison.readings import rule_out
from replication.comparison.report import Report
from replication.comparison.runs import Runs
from replication.comparison.whole import Row, judge_whole
from replication.statistics.means import Side, judge_means
from replication.statistics.pooling import adjust
from replication.statistics.sampling import Effort, Sample
from replication.statistics.seeds import NO_SEEDS, BySeed
from tools import measure_rates
from tools.rates import measuring_rows, measuring_tables, pages, tables
from tools.rates.measuring_rows import LIMIT
from tools.rates.populations import DEPENDENT, POPULATIONS

STORED = json.loads(measure_rates.STORED.read_text("utf-8"))
CELLS = [(population, n, m) for population in POPULATIONS for n, m in measuring_rows.SIZES]
INDEPENDENT = [cell for cell in CELLS if cell[0] != DEPENDENT]


def get_cell(kind, population, n, m):
    return STORED["rates"][kind][population][f"{n},{m}"]


def find_error(rate, n_trials):
    """Return the standard error of a rate, no less than that of 2 %."""
    return math.sqrt(max(rate, 0.02) * (1 - rate) / n_trials)


# What is promised.


@pytest.mark.parametrize(("population", "n", "m"), INDEPENDENT)
def test_a_report_with_a_spread_is_contradicted_by_mistake_in_5_and_a_half_per_cent_at_most(
    population, n, m
):
    """By the upper end of the interval of what was measured."""
    found = get_cell("spread", population, n, m)
    assert found["trials"] >= 100_000
    rate = found["contradicted"]
    assert rate + 1.96 * find_error(rate, found["trials"]) <= LIMIT


def test_above_that_a_verdict_is_conditional_but_for_runs_that_depend_on_each_other():
    for kind, populations in STORED["rates"].items():
        for population, cells in populations.items():
            for size, cell in cells.items():
                if kind == "welch" or population == DEPENDENT:
                    continue
                alone = cell["contradicted"] - cell["conditional"]
                # Quartiles are taken for those of normal runs, which two modes are not.
                limit = 0.065 if kind == "quartiles" else LIMIT
                noise = 3 * find_error(limit, cell["trials"])
                assert alone <= limit + noise, (kind, population, size)


def test_five_against_five_two_deviations_apart_are_found_nine_tenths_as_often_as_by_welch():
    power = STORED["power"]["5,5"]
    assert power["spread"] >= 0.9 * power["welch"] > 0.6


def test_a_spread_that_nobody_explains_is_found_with_many_runs():
    """Read in every way, ten against a hundred found nothing."""
    power = STORED["power"]
    assert power["10,100"]["unsaid"] > 0.9
    assert power["5,5"]["unsaid"] > 0.2


@pytest.mark.parametrize("n_rows", ["2", "26"])
@pytest.mark.parametrize("kind", ["normal", "exponential", "rewards capped"])
def test_tables_of_independent_rows_are_contradicted_by_mistake_in_5_and_a_half_per_cent_at_most(
    kind, n_rows
):
    for size, cell in STORED["tables"][n_rows][kind].items():
        rate = cell["contradicted"]
        assert rate <= LIMIT, size
        assert cell["a_row"] <= rate, "no row is contradicted where the table is not"


def test_26_rows_that_are_all_a_deviation_lower_are_found_in_nine_of_ten_tables():
    """At three runs against three, where Holm's adjustment finds a row in few."""
    cell = STORED["tables"]["26"]["all 1 SD lower"]["3,3"]
    assert cell["contradicted"] >= 0.9
    assert cell["a_row"] < 0.5


def test_the_pages_show_what_is_stored():
    formatted = pages.format_tables(STORED)
    shown = set()
    for path in pages.PAGES:
        page = path.read_text("utf-8")
        assert pages.fill_page(page, formatted) == page
        shown |= {name for name in formatted if f"<!-- rates: {name} -->" in page}
    assert shown == set(formatted)


# The tests for arrays of trials are those of the package.


def draw_sides(population, n, m, n_trials=60, seed=2):
    generator = np.random.default_rng(seed)
    draw = POPULATIONS[population]
    return draw(generator, (n_trials, n)), draw(generator, (n_trials, m))


def print_all(**numbers):
    """Return numbers with so many digits that rounding does not count."""
    return {name: read_number(f"{value:.12f}", name) for name, value in numbers.items()}


@pytest.mark.parametrize(
    "population", ["normal", "lognormal", "rewards capped", "0 or 1, mostly 1"]
)
@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 10), (10, 3)])
@pytest.mark.parametrize("kind", ["spread", "mean", "unsaid", "unsaid-se"])
def test_rows_are_judged_at_once_as_one_by_one(kind, population, n, m):
    own, theirs = draw_sides(population, n, m)
    with np.errstate(all="ignore"):
        found = measuring_rows.AT_ONCE[kind](own, theirs)
    for place, (x, y) in enumerate(zip(own, theirs, strict=True)):
        sd = y.std(ddof=1)
        numbers = {"mean": y.mean()}
        if kind == "spread":
            numbers["sd"] = sd
        elif kind.startswith("unsaid"):
            numbers["spread"] = sd if kind == "unsaid" else sd / math.sqrt(m)
        report = Report(print_all(**numbers), m)
        sample = Sample.from_values(x)
        answers = judge_all(Runs(sample), report, level=0.05, between=0.0, effort=Effort(1000, 20))
        readings = rule_out(answers, report, sample, level=0.05).answers.values()
        expected = all(one.p is not None and one.p <= 0.05 for one in readings)
        assert found.is_contradicted[place] == expected, (x, y)


@pytest.mark.parametrize("name", ["normal", "a correlation of 0.9, seeds known", "rewards capped",
                                  "a correlation of 0.3, a run missing"])  # fmt: skip
@pytest.mark.parametrize(("n_rows", "n", "m"), [(2, 5, 5), (6, 3, 3), (6, 10, 3)])
def test_tables_are_judged_at_once_as_one_by_one(name, n_rows, n, m):
    kind = measuring_tables.TABLES[name]
    if kind.has_gap and n_rows == 2:
        pytest.skip("of two rows a seed is left out, and no row")
    generator = np.random.default_rng(4)
    own, theirs = measuring_tables.draw_tables(kind, generator, 40, n_rows, n, m)
    own[:8, 0] += 3.0
    with np.errstate(all="ignore"):
        found = tables.judge_tables(own, theirs, by_seed=kind.by_seed, has_gap=kind.has_gap)
    for place, table in enumerate(zip(own, theirs, strict=True)):
        rows = []
        for row, (x, y) in enumerate(zip(*table, strict=True)):
            runs = x[:-1] if kind.has_gap and row == 0 else x
            sides = tuple(Side(z.mean(), ((z.std(ddof=1), z.size),)) for z in (runs, y))
            gap = judge_means(*sides, level=0.05)
            p = 1.0 if gap is None else gap.p_alone
            by_seed = BySeed(np.arange(runs.size), runs) if kind.by_seed else NO_SEEDS
            rows.append(Row(Answer(difference=gap, sides=sides, p=p), p, by_seed, is_mean=True))
        whole = judge_whole(rows, level=0.05, between=0.0)
        least = min(adjust({row: one.p for row, one in enumerate(rows)}).values())
        assert found.is_contradicted[place] == (whole.p <= 0.05)
        assert found.has_row[place] == (whole.p <= 0.05 and least <= 0.05)


# Measured again.


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("population", "n", "m"), CELLS)
def test_rates_shown_are_those_measured(population, n, m):
    kinds = measuring_rows.list_kinds(n, m)
    again = measuring_rows.measure_cells(population, n, m, n_trials=50_000, seed=15, kinds=kinds)
    for kind, found in again.items():
        cell = get_cell(kind, population, n, m)
        shown = cell["contradicted"]
        # Both are measured, on different seeds.
        error = math.hypot(find_error(shown, found["trials"]), find_error(shown, cell["trials"]))
        assert found["contradicted"] == pytest.approx(shown, abs=4 * error), kind
