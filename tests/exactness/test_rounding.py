"""Weights nudged by one unit in the last place: few networks end elsewhere, the law stays."""

import numpy as np

from replication.protocol import PAPER
from replication.results import Study, _perturb
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.store import Store
from replication.study import simulate_study

N_SEEDS = 20_000


def test_every_initial_weight_is_nudged_by_one_unit_in_the_last_place(tmp_path):
    simulate_study(Store(tmp_path), PAPER, 1988, N_SEEDS, show_progress=False)
    model = _perturb(Study(PAPER, 1988, N_SEEDS, tmp_path), Store(tmp_path), jobs=2)
    weights = draw_weights(PAPER, 1988, 0, N_SEEDS)
    nudged = np.nextafter(weights, np.inf)
    assert np.array_equal(nudged - weights, np.spacing(np.minimum(np.abs(weights), np.abs(nudged))))
    before, after = (simulate_weights(PAPER, w, jobs=2)[:2] for w in (weights, nudged))
    n_changed = ((before[0] != after[0]) | (before[1] != after[1])).sum()
    assert model["n"] == N_SEEDS
    assert round(model["changed"]["value"] * N_SEEDS) == n_changed
    assert 0 < n_changed < 0.02 * N_SEEDS
    # What changes is which networks are slow, not how many: the mean stays within a tenth
    # of its own standard error.
    standard_error = before[0][before[1]].std() / np.sqrt(before[1].sum())
    assert abs(model["mean"][0] - model["mean"][1]) < 0.1 * standard_error + 1e-3
