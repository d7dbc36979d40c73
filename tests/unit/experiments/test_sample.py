"""The best settings: found on networks of their own, of equal ones the first."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER
from replication.experiments.instruments import sample
from replication.experiments.instruments.sample import (
    SEARCH_OFFSET,
    Sample,
    estimate_share,
    find_p99,
    lies_inside,
)


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


def test_share_of_no_trial_is_unknown_and_of_some_has_the_interval_of_clopper_and_pearson():
    nothing = estimate_share(np.zeros(0, dtype=bool))
    assert nothing == {"share": None, "share_interval": [0.0, 1.0]}
    # None of 10: 1 - 0.025^(1/10), from the binomial distribution itself.
    none = estimate_share(np.zeros(10, dtype=bool))
    assert none["share"] == 0.0
    assert none["share_interval"] == pytest.approx([0.0, 1.0 - 0.025**0.1])
    # 8 of 10: R, binom.test(8, 10)$conf.int.
    assert estimate_share(np.arange(10) < 8)["share_interval"] == pytest.approx(
        [0.4439045, 0.9747893]
    )


def test_99_of_100_networks_take_no_more_than_the_99th_percentile():
    updates = np.random.default_rng(1).permutation(np.arange(1, 1001))
    # Between the 990th and the next, the higher: at most one in a hundred takes longer.
    assert find_p99(updates) == 991


def test_parts_of_a_sample_have_its_first_networks_and_searches_have_others():
    sample = Sample(40, 5, jobs=2)
    assert (sample.take(0.5).n, sample.take(0.01).n, sample.take(0.01, least=6).n) == (20, 2, 6)
    assert (sample.first(7).n, sample.first(70).n) == (7, 40)
    np.testing.assert_array_equal(sample.draw(PAPER)[:20], sample.take(0.5).draw(PAPER))
    assert sample.others.root_seed == 105
    assert (sample.alone.jobs, sample.alone.n, sample.alone.root_seed) == (1, 40, 5)
    # The highest root seed has others, too.
    assert Sample(1, 2**63 - 1).others.root_seed == 99
