"""Weights nudged by one unit in the last place: few networks end elsewhere, the law stays."""

import numpy as np

from replication.protocol import PAPER
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights


def test_rounding_moves_few_outcomes_and_not_their_mean():
    weights = draw_weights(PAPER, 1988, 0, 20_000)
    before, after = (
        simulate_weights(PAPER, w, jobs=2)[:2] for w in (weights, np.nextafter(weights, np.inf))
    )
    n_changed = ((before[0] != after[0]) | (before[1] != after[1])).sum()
    assert 0 < n_changed < 0.02 * len(weights)
    # Which networks are slow changes, not how many: the mean stays within a tenth of its
    # own standard error.
    standard_error = before[0][before[1]].std() / np.sqrt(before[1].sum())
    assert abs(before[0][before[1]].mean() - after[0][after[1]].mean()) < 0.1 * standard_error
