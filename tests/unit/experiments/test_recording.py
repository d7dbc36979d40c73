"""Networks recorded at every update until each one's own last one."""

from __future__ import annotations

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments import recording
from replication.experiments.recording import record_learning
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights

N = 12


def record(max_states: int, monkeypatch: pytest.MonkeyPatch) -> list[recording.Recorded]:
    monkeypatch.setattr(recording, "MAX_STATES", max_states)
    weights = draw_weights(PAPER, 61, 0, N)
    updates, _, _ = run_networks(PAPER, weights)
    return list(record_learning(PAPER, weights, updates))


@pytest.mark.parametrize("max_states", [1, 150, 10_000])
def test_every_network_is_recorded_once_over_its_whole_learning(
    max_states: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = draw_weights(PAPER, 61, 0, N)
    updates, _, final = run_networks(PAPER, weights, final_weights=True)
    seen = []
    for recorded in record(max_states, monkeypatch):
        assert len(recorded.weights) == np.sum(recorded.updates + 1) == len(recorded.ages)
        firsts, lasts = recorded.weights[recorded.ages == 0], recorded.weights[recorded.lasts]
        for n_updates, first, last in zip(recorded.updates, firsts, lasts, strict=True):
            network = int(np.flatnonzero((weights == first).all(axis=1))[0])
            assert n_updates == updates[network]
            np.testing.assert_array_equal(last, final[network])
            seen.append(network)
    assert sorted(seen) == list(range(N))


def test_states_are_those_of_the_readable_network(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = record(10_000, monkeypatch)[0]
    network = RecirculationNetwork.from_weights(recorded.weights[0], PAPER)
    for state in recorded.weights[: recorded.updates[0] + 1]:
        flat = np.concatenate([part.ravel() for part in network.weights])
        np.testing.assert_allclose(state, flat, atol=1e-6)
        network.update()
