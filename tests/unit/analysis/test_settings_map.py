"""The model of the map, number by number, on outcomes made by hand."""

import numpy as np
import pytest
from scipy import stats

from replication.analysis.counts import CountTable
from replication.analysis.population import estimate_convergence
from replication.analysis.seed_blocks import STATISTICS
from replication.analysis.settings_map import (
    CRITERIA,
    Curve,
    Map,
    find_best_cells,
    measure_cells,
    summarise_map,
)

NEVER = np.iinfo(np.int32).max
N = 400
CAP, RESTART_AFTER = 500, 90
RATES, REGRESSIONS = (5.0, 10.0, 20.0), (0.5, 0.75)
# Means of the six cells; the regression runs fastest. The paper is the last cell.
MEANS = (60, 80, 40, 30, 50, 45)
PAPER = 5


def draw(mean, seed, n_failing=0):
    outcomes = mean + np.random.default_rng(seed).integers(-9, 10, N)
    if n_failing:
        outcomes[:: N // n_failing] = NEVER
    return outcomes.astype(np.int32)


FAILING = (0, 0, 0, 0, 40, 8)
OUTCOMES = np.stack([draw(mean, i, n_failing=FAILING[i]) for i, mean in enumerate(MEANS)])
MAP = Map(RATES, REGRESSIONS, OUTCOMES, CAP, RESTART_AFTER, PAPER)
FRESH = {3: draw(31, 50), PAPER: draw(44, 51, n_failing=4)}
CURVE = np.stack([draw(mean, 60 + i) for i, mean in enumerate((70, 35, 35, 60))])
CURVE[2] = CURVE[1]


@pytest.fixture(scope="module")
def model():
    curves = [
        Curve("half_width", schedule, (0.1, 0.3, 0.5, 1.0), CURVE)
        for schedule in ("batch", "per-pattern")
    ]
    return summarise_map(MAP, curves, best=find_best_cells(MAP), fresh=FRESH)


def jackknife(rows, compute):
    """Return a statistic of rows of networks and its error over 20 blocks of seeds."""
    blocks = np.split(np.arange(rows.shape[-1]), 20)
    without = np.array([compute(np.delete(rows, block, axis=-1)) for block in blocks])
    spread = without - without.mean()
    return compute(rows), np.sqrt(19 / 20 * (spread**2).sum())


def find_mean_at_cap(row):
    return np.minimum(row, CAP).mean()


def find_restart_mean(row):
    done = row[row <= RESTART_AFTER]
    return (done.sum() + RESTART_AFTER * (row.size - done.size)) / done.size


def test_settings_of_the_map_are_told(model):
    assert list(model) == [
        *("cap", "restart_after", "learning_rates", "regressions", "cells", "paper", "n_fresh"),
        *("best", "ridge", "edge", "curves"),
    ]
    assert (model["cap"], model["restart_after"]) == (CAP, RESTART_AFTER)
    assert model["learning_rates"] == list(RATES)
    assert model["regressions"] == list(REGRESSIONS)
    assert model["n_fresh"] == N


def test_every_cell_has_its_statistics(model):
    for cell, row in enumerate(OUTCOMES):
        i, j = divmod(cell, 2)
        table = CountTable.from_outcomes(np.minimum(row, CAP), row <= CAP, CAP)
        share = estimate_convergence(table)
        cells = {name: column[i][j] for name, column in model["cells"].items()}
        assert cells["converged"] == pytest.approx(share.value, rel=1e-5)
        assert cells["converged_low"] == pytest.approx(share.low, rel=1e-5)
        assert cells["converged_high"] == pytest.approx(share.high, rel=1e-5)
        for name, compute in (("cap", find_mean_at_cap), ("restart", find_restart_mean)):
            value, error = jackknife(row, compute)
            assert cells[name] == pytest.approx(value, rel=1e-5)
            assert cells[f"{name}_error"] == pytest.approx(error, rel=1e-5)
        if cell == PAPER:
            own = {"learning_rate": 20.0, "regression": 0.75}
            assert model["paper"] == cells | own
    assert set(model["cells"]) == {
        *("converged", "converged_low", "converged_high"),
        *STATISTICS,
        *(f"{name}_error" for name in STATISTICS),
    }


def test_networks_that_converge_at_the_cap_have_converged():
    outcomes = np.full((1, 40), CAP, dtype=np.int32)
    outcomes[0, :10] = CAP + 1
    _, n_converged = measure_cells(outcomes, cap=CAP, restart_after=RESTART_AFTER)
    assert n_converged.tolist() == [30]


@pytest.mark.parametrize(
    ("name", "compute"), [("cap", find_mean_at_cap), ("restart", find_restart_mean)]
)
def test_best_cell_is_measured_on_fresh_networks(model, name, compute):
    best = model["best"][name]
    assert set(model["best"]) == set(CRITERIA)
    assert (best["learning_rate"], best["regression"]) == (10.0, 0.75)
    assert (best["n_tied"], best["tied"], best["is_paper_tied"]) == (1, [[10.0, 0.75]], False)
    both = np.stack([FRESH[3], FRESH[PAPER]])
    expected = {
        "value": jackknife(FRESH[3], compute),
        "paper_value": jackknife(FRESH[PAPER], compute),
        "gain": jackknife(both, lambda rows: compute(rows[1]) - compute(rows[0])),
        "ratio": jackknife(both, lambda rows: compute(rows[1]) / compute(rows[0])),
    }
    for part, (value, error) in expected.items():
        assert best[part] == pytest.approx(value, rel=1e-5)
        if part != "gain":
            assert best[f"{part}_error"] == pytest.approx(error, rel=1e-4)
    value, error = expected["gain"]
    reach = stats.t.ppf(0.975, 19) * error
    assert best["gain_low"] == pytest.approx(value - reach, rel=1e-4)
    assert best["gain_high"] == pytest.approx(value + reach, rel=1e-4)
    assert (best["converged"], best["paper_converged"]) == (1.0, 0.99)


def test_ridge_is_the_fastest_rate_for_each_regression(model):
    ridge = model["ridge"]
    assert ridge["learning_rate"] == [10.0, 10.0]
    assert ridge["product"] == pytest.approx([10.0 * 0.5, 10.0 * 0.25])
    for j, cell in enumerate((2, 3)):
        value, error = jackknife(OUTCOMES[cell], find_restart_mean)
        assert ridge["restart"][j] == pytest.approx(value, rel=1e-5)
        assert ridge["restart_error"][j] == pytest.approx(error, rel=1e-4)


def test_edge_names_its_shares(model):
    """40 of 400 fail in one cell of the largest rate, 8 in the other."""
    assert model["edge"] == {
        "shares": [0.01, 0.05],
        "from_rate": {"0.01": [20.0, None], "0.05": [20.0, None]},
        "failing_at_paper_regression": [0.0, 0.0, 0.02],
    }


def test_curves_name_their_best_values_and_those_that_tie(model):
    """0.3 and 0.5 have the same networks."""
    curve = model["curves"]["half_width"]
    assert curve["values"] == [0.1, 0.3, 0.5, 1.0]
    assert set(curve) == {"values", "batch", "per-pattern"}
    batch = curve["batch"]
    assert (batch["best"], batch["best_from"], batch["best_to"]) == (0.3, 0.3, 0.5)
    assert batch["restart"] == pytest.approx(
        [find_restart_mean(row) for row in CURVE], rel=1e-5
    )
    assert curve["per-pattern"] == batch


@pytest.mark.parametrize(
    ("means", "failing", "edge"),
    [((300, 40, 60), (80, 0, 0), None), ((300, 40, 60), (0, 80, 80), 10.0)],
)
def test_edge_is_looked_for_from_the_best_rate_on(means, failing, edge):
    """Slow networks fail too, at the smallest rate; the best rate itself may be beyond the edge."""
    outcomes = np.stack([draw(means[i], i, n_failing=failing[i]) for i in range(3)])
    outcomes = Map(RATES, (0.75,), outcomes, CAP, RESTART_AFTER, 2)
    best = find_best_cells(outcomes)
    fresh = {cell: outcomes.outcomes[cell] for cell in {*best.values(), 2}}
    model = summarise_map(outcomes, [], best=best, fresh=fresh)
    assert model["ridge"]["learning_rate"] == [10.0]
    assert model["edge"]["from_rate"]["0.05"] == [edge]
