"""The plain form of the step with lanes and flags that the engine never gives."""

from __future__ import annotations

import dataclasses
from typing import Any

import numba
import numpy as np
import pytest

from replication import PAPER
from replication.simulator import engine, runner
from replication.simulator.engine import make_lanes, make_rule
from replication.simulator.weights import draw_weights
from tests.parity import uncompiled


def run_plainly(stopped: bool, n_networks: int) -> tuple[Any, Any]:
    updates = np.full(n_networks, -1, dtype=np.int32)
    weights = draw_weights(PAPER, 31, 0, n_networks)
    rule = make_rule(dataclasses.replace(PAPER, max_updates=2))
    runner.run_lanes(
        rule, make_lanes(PAPER, 3), weights, updates, np.zeros(n_networks, dtype=np.bool_),
        np.zeros((0, 22)), np.array([stopped]),
    )  # fmt: skip
    return updates.tolist(), weights


def test_a_run_that_is_stopped_before_it_begins_fills_in_nothing() -> None:
    assert run_plainly(True, 2)[0] == [-1, -1]


@pytest.mark.parametrize("n_networks", [0, 1, 2, 3, 4, 7])
def test_any_number_of_networks_fits_the_lanes(n_networks: int) -> None:
    updates, weights = run_plainly(False, n_networks)
    assert updates == [2] * n_networks
    assert np.array_equal(weights, draw_weights(PAPER, 31, 0, n_networks)), "they are the caller's"


def test_a_lane_begins_without_the_momentum_of_its_last_network() -> None:
    protocol = dataclasses.replace(PAPER, momentum=0.9, max_updates=3, threshold=1e-9)
    weights = draw_weights(protocol, 31, 0, 3)
    _, _, together = uncompiled.run_networks(protocol, weights, final_weights=True, n_lanes=1)
    for s in range(3):
        _, _, alone = uncompiled.run_networks(
            protocol, weights[s : s + 1], final_weights=True, n_lanes=1
        )
        assert np.array_equal(together[s], alone[0])


def test_plain_form_agrees_with_itself_in_any_number_of_lanes() -> None:
    protocol = dataclasses.replace(PAPER, threshold=0.8, max_updates=20)
    weights = draw_weights(protocol, 31, 0, 6)
    found = [uncompiled.run_networks(protocol, weights, n_lanes=n)[:2] for n in (1, 2, 5, 8)]
    for updates, converged in found[1:]:
        assert np.array_equal(updates, found[0][0])
        assert np.array_equal(converged, found[0][1])


def test_engine_runs_uncompiled_where_the_compiler_is_turned_off(monkeypatch: Any) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("it was compiled")

    protocol = dataclasses.replace(PAPER, max_updates=2)
    weights = draw_weights(protocol, 31, 0, 3)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    monkeypatch.setattr(engine, "_compile", refuse)
    given = engine.run_networks(protocol, weights, final_weights=True, n_lanes=3)
    expected = uncompiled.run_networks(protocol, weights, final_weights=True)
    for ours, theirs in zip(given, expected, strict=True):
        assert np.array_equal(ours, theirs)
