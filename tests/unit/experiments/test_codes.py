"""The codes of converged networks, measured against literal loops, and judged."""

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.codes import run as codes
from replication.experiments.convexity import are_convex
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights

BINARY = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
NEAR = [[0.3, 0.3], [0.2, 0.8], [0.9, 0.1], [0.7, 0.8]]
SHARED = [[0.0, 0.0], [0.0, 0.4], [1.0, 0.0], [1.0, 0.9]]
INSIDE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.3, 0.3]]
ALL = np.array([BINARY, NEAR, SHARED, INSIDE])


def test_corners_separation_and_convexity_are_those_of_the_square():
    assert are_convex(ALL).tolist() == [True, True, True, False]
    assert codes.have_corners(ALL).tolist() == [True, True, False, False]
    assert codes.measure_separation(ALL).tolist() == pytest.approx([1.0, 0.5, 0.4, 0.3])


def test_vectors_are_reconstructed_as_the_readable_network_does():
    drawn = draw_weights(PAPER, 7, 0, 12)
    _, _, final = simulate_weights(PAPER, drawn, jobs=1, final_weights=True)
    weights = np.concatenate([final, drawn])
    hidden = evaluate_networks(PAPER, weights).hidden[0]
    for decimals in (8, 1):
        expected = []
        for row in weights:
            network = RecirculationNetwork.from_weights(row, PAPER)
            right = []
            for i, pattern in enumerate(network.patterns):
                code = np.round(network.first_pass(pattern), decimals)
                right.append(int(np.argmax(network.U @ code + network.c)) == i)
            expected.append(all(right))
        assert codes.reconstruct(PAPER, weights, hidden.round(decimals)).tolist() == expected
        assert 0 < sum(expected) < len(weights)
