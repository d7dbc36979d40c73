"""The states in which the guard compares a rule with NumPy."""

import numpy as np
import pytest

from replication.simulator.running import states
from replication.simulator.running.states import Followed, list_early

N_UPDATES = 5


def make_followed(end):
    """Return one network, of which so many updates are recorded; its numbers say when."""
    moments = np.arange(N_UPDATES + 1.0)
    recorded = np.stack([moments, -moments], axis=1)[np.newaxis]  # (network, update, number)
    return Followed(recorded, np.array([end]), np.array([True]), recorded[:, -1])


@pytest.mark.parametrize(("end", "updates"), [
    (1_000, [0, 1, 2, 3, 4]),  # all that are recorded, and nothing behind them
    (6, [0, 1, 2, 3, 4]),
    (5, [0, 1, 2, 3, 4]),  # the one before it converges is the last that is recorded
    (4, [0, 1, 2, 3]),
    (2, [0, 1, 2]),  # the first ones, also of a network that has converged by then
])  # fmt: skip
def test_updates_that_are_compared_are_those_that_were_recorded(end, updates):
    cases = [*list_early(make_followed(end), root_seed=1)]
    assert [case.update for case in cases] == updates
    for case in cases:
        assert case.before.tolist() == [case.update, -case.update]
        assert case.after.tolist() == [case.update + 1, -case.update - 1]


def test_of_many_later_updates_some_are_chosen_and_always_the_one_before_the_end(monkeypatch):
    monkeypatch.setattr(states, "N_LATER", 1)
    for root_seed in range(20):
        cases = [*list_early(make_followed(5), root_seed)]
        chosen = [case.update for case in cases]
        assert chosen in ([0, 1, 2, 4], [0, 1, 2, 3, 4])
