import dataclasses

import numpy as np
import pytest

from replication.experiments import search
from replication.experiments.search import search_settings
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes


@pytest.fixture
def asked(monkeypatch):
    """Replace the simulation by a valley with its lowest point at rate 7 and momentum 0.5."""
    calls = []

    def simulate_valley(protocol, *, n_seeds, root_seed, jobs):
        calls.append((protocol, n_seeds, root_seed, jobs))
        height = 10 * (protocol.learning_rate - 7.0) ** 2 + 100 * (protocol.momentum - 0.5) ** 2
        updates = np.full(n_seeds, round(height) + 20, dtype=np.int32)
        return Outcomes(0, updates, np.ones(n_seeds, dtype=np.bool_))

    monkeypatch.setattr(search, "simulate", simulate_valley)
    return calls


def look(grid, **options):
    return search_settings(PAPER, grid, **({"n_networks": 3, "root_seed": 5, "jobs": 1} | options))


def test_search_finds_the_lowest_point(asked):
    found = look({"learning_rate": [5.0, 6.0, 7.0, 8.0], "momentum": [0.0, 0.5, 0.9]})
    assert found.best == dataclasses.replace(PAPER, learning_rate=7.0, momentum=0.5)
    assert found.means.shape == (4, 3)
    assert found.means.min() == found.means[2, 1] == 20.0
    assert found.edges == ()


def test_search_tries_every_setting_on_the_same_networks(asked):
    look({"learning_rate": [5.0, 6.0], "momentum": [0.0, 0.5]}, n_networks=9, root_seed=2103)
    assert [(p.learning_rate, p.momentum) for p, *_ in asked] == [
        (5.0, 0.0), (5.0, 0.5), (6.0, 0.0), (6.0, 0.5)
    ]  # fmt: skip
    assert {rest for _, *rest_ in asked for rest in [tuple(rest_)]} == {(9, 2103, 1)}


@pytest.mark.parametrize(
    ("rates", "edges"),
    [([8.0, 9.0], ("learning_rate",)), ([5.0, 6.0], ("learning_rate",)), ([6.0, 7.0, 8.0], ())],
)
def test_search_says_where_the_best_lies_at_an_end(asked, rates, edges):
    assert look({"learning_rate": rates}).edges == edges


def test_no_momentum_is_no_end(asked):
    rates = [6.0, 7.0, 8.0]
    assert look({"learning_rate": rates, "momentum": [0.0, 1.0 - 1e-9]}).edges == ()
    assert look({"learning_rate": rates, "momentum": [0.0, 0.4]}).edges == ("momentum",)


def test_of_equally_good_settings_the_first_is_taken(asked):
    assert look({"learning_rate": [6.0, 8.0]}).best.learning_rate == 6.0


def test_failures_count_at_the_cap():
    base = dataclasses.replace(PAPER, max_updates=30)
    found = search_settings(
        base, {"learning_rate": [1.0, 20.0]}, n_networks=40, root_seed=3, jobs=1
    )
    assert found.means[0] == 30.0  # nothing converges so fast at a rate of 1
    assert (
        found.means[1]
        == simulate(
            dataclasses.replace(base, learning_rate=20.0), n_seeds=40, root_seed=3, jobs=1
        ).updates.mean()
    )
    assert found.to_plain()["best"] == {"learning_rate": 20.0}
