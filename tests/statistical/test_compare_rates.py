"""How often `compare` rejects under equal populations, and whether it finds differences.

The rates that the help shows are held against what was promised, and measured again on another
seed. Tolerances in standard errors.
"""

import importlib.util
import math
from pathlib import Path

import pytest

from replication.comparison.command import load_rates

_SPEC = importlib.util.spec_from_file_location(
    "measure_rates", Path(__file__).parents[2] / "tools" / "measure_rates.py"
)
rates = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(rates)

SHOWN = load_rates()
CELLS = [
    (population, n_seen, runs)
    for population in rates.POPULATIONS
    for n_seen in rates.SEEN
    for runs in rates.RUNS
    if n_seen >= rates.MIN_RUNS
]


def get_cell(kind, population, n_seen, runs):
    return SHOWN[kind][population][str(n_seen)][str(runs)]


def find_error(rate, n_trials):
    """Return the standard error of a rate, no less than that of 2 %."""
    return math.sqrt(max(rate, 0.02) * (1 - rate) / n_trials)


def test_rates_shown_are_near_5_per_cent_or_a_caution_names_the_cause():
    for cell in CELLS:
        cautioned = get_cell("cautioned", *cell)
        for name, rate in get_cell("rejected", *cell).items():
            assert 0.03 <= rate <= 0.065 or cautioned[name] >= 0.9, (cell, name)


def test_no_rate_shown_is_above_12_per_cent_with_ten_runs_or_more():
    for cell in CELLS:
        slack = 3 * find_error(0.12, get_cell("trials", *cell))
        assert cell[1] < 10 or max(get_cell("rejected", *cell).values()) <= 0.12 + slack, cell


def test_a_rate_in_doubt_has_all_trials_that_there_can_be():
    for cell in CELLS:
        found = {kind: get_cell(kind, *cell) for kind in ("rejected", "cautioned")}
        n_trials = get_cell("trials", *cell)
        in_doubt = cell[1] >= rates.LIMITED_FROM and rates.is_in_doubt(found, n_trials)
        assert not in_doubt or n_trials == rates.TRIALS[-1], cell


def test_normal_theory_holds_its_level_for_normal_runs():
    for n_seen, row in SHOWN["normal_theory"]["normal"].items():
        for cell in row.values():
            for rate in cell.values():
                error = find_error(0.05, rates.TRIALS[0])
                assert rate == pytest.approx(0.05, abs=4 * error), n_seen


def test_little_is_cautioned_where_runs_are_many_and_normal_and_normal_theory_finds_more():
    for runs in rates.RUNS:
        assert max(get_cell("cautioned", "normal", 500, runs).values()) < 0.02
    power = SHOWN["power"]["5,5"]
    assert power["free"] < power["normal"] >= 0.6


@pytest.mark.parametrize(
    ("population", "n_seen", "runs"), [("normal", 100, 30), ("Weibull .7", 10, 5)]
)
def test_equal_populations_are_rejected_about_as_often_as_shown(population, n_seen, runs):
    found = rates.measure_cell(population, n_seen, runs, n_trials=60, seed=1)["rejected"]
    for name, shown in get_cell("rejected", population, n_seen, runs).items():
        assert found[name] == pytest.approx(shown, abs=4 * find_error(shown, 60)), name


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("population", "n_seen", "runs"), CELLS)
def test_rates_shown_are_those_measured(population, n_seen, runs):
    n_trials = 400
    found = rates.measure_cell(population, n_seen, runs, n_trials=n_trials, seed=15)["rejected"]
    for name, shown in get_cell("rejected", population, n_seen, runs).items():
        # Both are measured, on different seeds.
        n_shown = get_cell("trials", population, n_seen, runs)
        error = math.hypot(find_error(shown, n_trials), find_error(shown, n_shown))
        assert found[name] == pytest.approx(shown, abs=4 * error), name
