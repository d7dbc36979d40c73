"""The best settings: found on networks of their own, of equal ones the first."""

import dataclasses

import numpy as np
import pytest

from replication.experiments import search
from replication.experiments.search import SEARCH_OFFSET, search_settings, simulate_best
from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes


@pytest.fixture
def asked(monkeypatch):
    """Replace the simulation by a valley with its lowest point at rate 7 and momentum 0.5."""
    calls = []

    def simulate_valley(protocol, *, n_seeds, root_seed, jobs):
        calls.append((protocol.learning_rate, protocol.momentum, n_seeds, root_seed, jobs))
        height = 10 * (protocol.learning_rate - 7.0) ** 2 + 100 * (protocol.momentum - 0.5) ** 2
        updates = np.full(n_seeds, round(height) + 20, dtype=np.int32)
        return Outcomes(0, updates, np.ones(n_seeds, dtype=np.bool_))

    monkeypatch.setattr(search, "simulate", simulate_valley)
    return calls


def test_every_setting_is_tried_on_the_same_networks_and_the_best_on_others(asked):
    grid = {"learning_rate": [6.0, 7.0], "momentum": [0.0, 0.5]}
    best, outcomes = simulate_best(PAPER, grid, n_search=9, n_networks=30, root_seed=5, jobs=1)
    assert best == dataclasses.replace(PAPER, learning_rate=7.0, momentum=0.5)
    settings = [(6.0, 0.0), (6.0, 0.5), (7.0, 0.0), (7.0, 0.5)]
    searches = [(*setting, 9, 5 + SEARCH_OFFSET, 1) for setting in settings]
    assert asked == [*searches, (7.0, 0.5, 30, 5, 1)]
    assert outcomes.updates.tolist() == [20] * 30


def test_of_equally_good_settings_the_first_is_taken(asked):
    grid = {"learning_rate": [8.0, 6.0]}
    assert search_settings(PAPER, grid, n_networks=3, root_seed=5, jobs=1).learning_rate == 8.0


def test_failures_count_at_the_cap():
    # At a rate of 1 nothing converges so fast, and a smaller mean would be that of no network.
    base = dataclasses.replace(PAPER, max_updates=30)
    grid = {"learning_rate": [1.0, 20.0]}
    assert search_settings(base, grid, n_networks=40, root_seed=3, jobs=1).learning_rate == 20.0
