"""The best settings: found on networks of their own, of equal ones the first."""

import dataclasses

import numpy as np

from replication import PAPER
from replication.experiments.instruments import sample
from replication.experiments.instruments.sample import SEARCH_OFFSET, Sample, lies_inside


def test_every_setting_is_tried_on_the_same_networks_which_are_others(monkeypatch):
    calls = []

    def learn_in_valley(protocol, weights, **options):
        """Learn fastest at a rate of 7, or equally far from it, and a momentum of 0.5."""
        calls.append((protocol.learning_rate, protocol.momentum, weights.tolist()))
        height = 10 * (protocol.learning_rate - 7.0) ** 2 + 100 * (protocol.momentum - 0.5) ** 2
        return np.full(len(weights), round(height) + 20), None, None

    monkeypatch.setattr(sample, "simulate_weights", learn_in_valley)
    grid = {"learning_rate": [8.0, 6.0], "momentum": [0.0, 0.5]}
    best = Sample(9, 5).find_best(PAPER, grid)
    assert best == dataclasses.replace(PAPER, learning_rate=8.0, momentum=0.5)
    settings = [(8.0, 0.0), (8.0, 0.5), (6.0, 0.0), (6.0, 0.5)]
    weights = Sample(9, 5 + SEARCH_OFFSET).draw(PAPER).tolist()
    assert calls == [(*setting, weights) for setting in settings]


def test_failures_count_at_the_cap():
    # At a rate of 1 nothing converges so fast, and a smaller mean would be that of no network.
    base = dataclasses.replace(PAPER, max_updates=30)
    grid = {"learning_rate": [1.0, 20.0]}
    assert Sample(40, 3).find_best(base, grid).learning_rate == 20.0


def test_a_best_at_the_edge_of_what_was_tried_does_not_lie_inside():
    best = dataclasses.replace(PAPER, learning_rate=8.0, momentum=0.5)
    for rates, inside in (([4.0, 8.0, 9.0], True), ([8.0, 4.0, 9.0], True), ([4.0, 8.0], False)):
        assert lies_inside(best, {"learning_rate": rates}) == inside
        # Of a field with one value there is nothing to search.
        assert lies_inside(best, {"learning_rate": rates, "momentum": [0.5]}) == inside
        assert not lies_inside(best, {"learning_rate": rates, "momentum": [0.5, 0.6]})
