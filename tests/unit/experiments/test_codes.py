"""The codes of converged networks, measured against literal loops, and judged."""

import numpy as np

from replication import PAPER, RecirculationNetwork
from replication.experiments.codes import run as codes
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import evaluate_networks
from replication.simulator.running.ensemble import simulate_weights


def test_vectors_are_reconstructed_as_the_readable_network_does():
    drawn = draw_weights(PAPER, 7, 0, 12)
    _, _, final = simulate_weights(PAPER, drawn, jobs=1)
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
