"""How often `compare` rejects under equal populations, and whether it finds differences.

The rates that the help shows are held against what was promised, and measured again. Fixed seeds;
tolerances in standard errors.
"""

import math

import pytest
from replication.cli.compare_rates import load_rates
from replication.comparison.rejection_rates import (
    POPULATIONS,
    RUNS,
    SEEN,
    SHIFTS,
    STATISTICS,
    estimate_ceiling,
    measure_power,
    measure_rates,
)

SHOWN = load_rates()
CELLS = [
    (population, n_seen, runs) for population in POPULATIONS for n_seen in SEEN for runs in RUNS
]


def get_cell(population, n_seen, runs):
    return SHOWN["cells"][population][str(n_seen)][str(runs)]


def find_error(rate, n_trials):
    """Return the standard error of a rate, no less than that of 2 %."""
    return math.sqrt(max(rate, 0.02) * (1 - rate) / n_trials)


@pytest.mark.parametrize(("population", "n_seen", "runs"), CELLS)
def test_rates_shown_are_3_to_6_5_per_cent_or_a_caution_says_so(population, n_seen, runs):
    cell = get_cell(population, n_seen, runs)
    for name in STATISTICS:
        assert 0.03 <= cell["rejected"][name] <= 0.065 or cell["cautioned"][name] > 0.95, name


def test_nothing_is_cautioned_where_runs_are_many_and_symmetric():
    for n_seen in SEEN[1:]:
        for runs in RUNS:
            assert max(get_cell("normal", n_seen, runs)["cautioned"].values()) < 0.02


HEAVY = ("lognormal", "up")
"""A shift that N runs of a heavy tail can hardly tell from the tail itself."""


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("population", POPULATIONS)
def test_a_shift_of_one_deviation_is_found_by_20_runs_in_over_95_per_cent(population, shift):
    shown = SHOWN["power"][population][shift]
    slack = 2.5 * find_error(shown["ceiling"], SHOWN["n_trials"])
    least = (0.8, 0.9) if (population, shift) == HEAVY else (0.95, 0.95)
    for n_seen, power in zip(SEEN[1:], least, strict=True):
        assert power < shown[str(n_seen)] <= shown["ceiling"] + slack


def test_the_ceiling_of_normal_runs_is_that_of_the_z_test():
    """P(|Z + sqrt(20)| > 1.96) = 0.994."""
    found = estimate_ceiling("normal", shift=1.0, n_studies=20_000, seed=1)
    assert found == pytest.approx(0.994, abs=4 * math.sqrt(0.006 / 20_000))


@pytest.mark.parametrize(
    ("population", "n_seen", "runs"), [("normal", 200, 20), ("geometric", 50, 5)]
)
def test_equal_populations_are_rejected_about_as_often_as_shown(population, n_seen, runs):
    found = measure_rates(population, n_seen, runs, n_trials=60, seed=1)["rejected"]
    for name, rate in found.items():
        assert rate == pytest.approx(0.05, abs=4 * find_error(0.05, 60)), name


def test_a_shift_of_one_deviation_is_found():
    assert measure_power("exponential", 200, shift=1.0, n_trials=60, seed=2) > 0.85


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("population", "n_seen", "runs"), CELLS)
def test_rates_shown_are_those_measured(population, n_seen, runs):
    n_trials = 400
    found = measure_rates(population, n_seen, runs, n_trials=n_trials, seed=15)["rejected"]
    for name, shown in get_cell(population, n_seen, runs)["rejected"].items():
        # Both are measured, on different seeds.
        error = math.hypot(find_error(shown, n_trials), find_error(shown, SHOWN["n_trials"]))
        assert found[name] == pytest.approx(shown, abs=4 * error), name


@pytest.mark.long
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("population", POPULATIONS)
def test_power_shown_is_that_measured(population, shift):
    for n_seen in SEEN[1:]:
        found = measure_power(population, n_seen, shift=SHIFTS[shift], n_trials=400, seed=3)
        shown = SHOWN["power"][population][shift][str(n_seen)]
        error = math.hypot(find_error(shown, 400), find_error(shown, SHOWN["n_trials"]))
        assert found == pytest.approx(shown, abs=4 * error)
