"""The map on a small grid, and its analysis on outcomes made by hand."""

import json

import numpy as np
import pytest

from replication.analysis.settings_map import (
    Curve,
    Map,
    find_best_cells,
    summarise_map,
)
from replication.errors import UsageError
from replication.multiverse import survey
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate_range
from replication.store import Store

NEVER = np.iinfo(np.int32).max


def test_grid_holds_the_paper_and_is_at_least_20_by_20():
    assert len(survey.LEARNING_RATES) >= 20
    assert len(survey.REGRESSIONS) >= 20
    assert (min(survey.LEARNING_RATES), max(survey.LEARNING_RATES)) == (1, 40)
    assert (min(survey.REGRESSIONS), max(survey.REGRESSIONS)) == (0, 0.95)
    assert survey.list_grid().count(PAPER) == 1
    assert (min(survey.HALF_WIDTHS), max(survey.HALF_WIDTHS)) == (0.05, 2)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "LEARNING_RATES", (10.0, 20.0, 30.0))
        patch.setattr(survey, "REGRESSIONS", (0.6, 0.75))
        patch.setattr(
            survey, "CURVES", {"learning_rate": (10.0, 20.0), "half_width": (0.1, 0.5, 1.0)}
        )
        store = Store(tmp_path_factory.mktemp("map"))

        def build():
            return survey.build_map(store, 7, 200, jobs=1, show_progress=False)

        yield build(), build()


def test_map_is_plain_and_the_same_again(small):
    first, again = (json.dumps(model, sort_keys=True, allow_nan=False) for model in small)
    assert first == again


def test_cell_of_the_paper_is_the_paper(small):
    model = small[0]
    alone = simulate_range(PAPER, 7, 0, 200)
    assert model["paper"]["learning_rate"] == 20
    assert model["cells"]["converged"][1][1] == model["paper"]["converged"]
    assert model["paper"]["converged"] == pytest.approx(alone.converged.mean(), rel=1e-5)
    assert model["paper"]["discard"] == pytest.approx(
        alone.updates[alone.converged].mean(), rel=1e-5
    )
    assert model["paper"]["cap"] == pytest.approx(alone.updates.mean(), rel=1e-5)


def test_batch_curve_runs_through_the_map(small):
    model = small[0]
    curve = model["curves"]["learning_rate"]["batch"]
    assert curve["discard"] == [row[1] for row in model["cells"]["discard"]][:2]


def test_fresh_networks_are_others_than_those_of_the_map(small):
    model = small[0]
    fresh = simulate_range(PAPER, 7, 200, 200 * (1 + survey.N_FRESH))
    assert model["n_fresh"] == 2000
    assert model["best"]["cap"]["paper_value"] == pytest.approx(fresh.updates.mean(), rel=1e-5)


def make_map(means, n=400, n_failing=()):
    """Two learning rates by two regressions with given means and numbers of failures."""
    rng = np.random.default_rng(10)
    spread = rng.integers(-8, 9, n)
    outcomes = np.stack([np.full(n, mean) + spread for mean in means]).astype(np.int32)
    for cell, count in enumerate(n_failing):
        outcomes[cell, :count] = NEVER
    return Map((10.0, 20.0), (0.5, 0.75), outcomes, cap=2000, restart_after=200, paper=3)


def summarise(outcomes):
    curves = [
        Curve("learning_rate", schedule, (10.0, 20.0), outcomes.outcomes[:2])
        for schedule in ("batch", "per-pattern")
    ]
    best = find_best_cells(outcomes)
    fresh = {cell: outcomes.outcomes[cell] for cell in {*best.values(), outcomes.paper}}
    return summarise_map(outcomes, curves, best=best, fresh=fresh)


def test_best_cell_is_found_with_its_gain():
    model = summarise(make_map([60, 30, 50, 40]))
    best = model["best"]["restart"]
    assert (best["learning_rate"], best["regression"]) == (10.0, 0.75)
    assert best["gain"] == pytest.approx(10)
    assert best["n_tied"] == 1
    assert not best["is_paper_tied"]


def test_equal_cells_are_not_ranked():
    model = summarise(make_map([60, 40, 50, 40]))
    assert model["best"]["median"]["n_tied"] == 2
    assert model["best"]["median"]["is_paper_tied"]


def test_edge_is_where_failures_certainly_exceed_the_share():
    model = summarise(make_map([30, 40, 60, 50], n_failing=(0, 0, 100, 4)))
    assert model["edge"]["from_rate"]["0.05"] == [20.0, None]
    # Four failures in 400 are one per cent, but do not certainly exceed it.
    assert model["edge"]["from_rate"]["0.01"] == [20.0, None]
    assert model["edge"]["failing_at_paper_regression"] == pytest.approx([0, 0.01])


def test_criterion_decides_what_is_best_where_networks_fail():
    model = summarise(make_map([30, 40, 60, 50], n_failing=(20, 0, 0, 0)))
    assert model["best"]["median"]["learning_rate"] == 10.0
    assert model["best"]["median"]["regression"] == 0.5
    assert model["best"]["cap"]["regression"] == 0.75


def test_too_few_networks_a_cell_are_refused():
    with pytest.raises(UsageError, match="at least 40"):
        find_best_cells(make_map([1, 2, 3, 4], n=39))
