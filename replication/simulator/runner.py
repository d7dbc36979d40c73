"""Loops over networks around the kernel's step: run, record, evaluate.

A lane whose network is finished takes the next one at once, so that stragglers
hold up nobody. Plain Python that `engine.py` compiles, as in `kernel.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.simulator.kernel import learn, measure_error, pass_forward
from replication.simulator.state import Array, Lanes, Rule, point_lanes


def _load_network(lanes: Lanes, lane: int, weights: Array, network: int) -> None:
    for w in range(weights.shape[1]):
        lanes.weights[w, lane] = weights[network, w]
        lanes.velocity[w, lane] = 0.0


def run_lanes(
    rule: Rule,
    lanes: Lanes,
    initial: Array,
    updates: NDArray[np.int32],
    converged: NDArray[np.bool_],
    final: Array,
    stop: NDArray[np.bool_],
) -> None:
    """Train every network of `initial` (network, weight); fill the outcomes in place.

    `final` receives the weights at the end if it has a row for each network.
    Returns early when `stop[0]` turns true; the outcomes are then incomplete.
    """
    n_networks, n_lanes = len(initial), len(lanes.width)
    rows = point_lanes(lanes)
    network = np.full(n_lanes, -1, dtype=np.int64)  # -1: the lane is idle
    age = np.zeros(n_lanes, dtype=np.int64)
    finished = np.zeros(n_lanes + 1, dtype=np.int64)  # lanes; the last entry is scratch
    begun = min(n_lanes, n_networks)
    for lane in range(begun):
        _load_network(lanes, lane, initial, lane)
        network[lane] = lane
    n_running = begun
    while n_running > 0 and not stop[0]:
        pass_forward(rule, rows, 0, lanes.n_patterns)
        measure_error(rule, rows)
        n_finished = 0
        for lane in range(n_lanes):  # without a branch, which would be mispredicted
            finished[n_finished] = lane
            below = lanes.error[0, lane] < rule.threshold
            n_finished += int(below | (age[lane] >= rule.max_updates))
        for lane in finished[:n_finished]:
            s = network[lane]
            if s >= 0:
                updates[s] = age[lane]
                converged[s] = lanes.error[0, lane] < rule.threshold
                if s < len(final):
                    for w in range(len(lanes.weights)):
                        final[s, w] = lanes.weights[w, lane]
        learn(rule, rows)
        for lane in range(n_lanes):
            age[lane] += 1
        for lane in finished[:n_finished]:
            if network[lane] >= 0:
                network[lane] = -1
                n_running -= 1
                if begun < n_networks:
                    _load_network(lanes, lane, initial, begun)
                    network[lane] = begun
                    age[lane] = 0
                    begun += 1
                    n_running += 1


def record_lanes(rule: Rule, lanes: Lanes, initial: Array, recorded: Array) -> None:
    """Record the weights of one network over learning, without stopping.

    `initial` has one row; `recorded` (update, weight) receives the weights
    after 0, 1, 2, ... updates.
    """
    rows = point_lanes(lanes)
    _load_network(lanes, 0, initial, 0)
    for t in range(len(recorded)):
        for w in range(len(lanes.weights)):
            recorded[t, w] = lanes.weights[w, 0]
        pass_forward(rule, rows, 0, lanes.n_patterns)
        learn(rule, rows)


def evaluate_lanes(
    rule: Rule, lanes: Lanes, weights: Array, first: Array, reconstruction: Array, error: Array
) -> None:
    """Measure every network of `weights` (network, weight) as it stands, in place.

    `first` (network, unit and pattern), `reconstruction` (network, visible
    unit and pattern) and `error` (network,) receive the rows of `lanes`.
    """
    n_lanes = len(lanes.width)
    rows = point_lanes(lanes)
    for begin in range(0, len(weights), n_lanes):
        n_here = min(n_lanes, len(weights) - begin)
        for lane in range(n_here):
            _load_network(lanes, lane, weights, begin + lane)
        pass_forward(rule, rows, 0, lanes.n_patterns)
        measure_error(rule, rows)
        for lane in range(n_here):
            for row in range(first.shape[1]):
                first[begin + lane, row] = lanes.first[row, lane]
            for row in range(reconstruction.shape[1]):
                reconstruction[begin + lane, row] = lanes.reconstruction[row, lane]
            error[begin + lane] = lanes.error[0, lane]
