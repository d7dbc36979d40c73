"""The picture of page 364: vectors, steps and errors against the readable network."""

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.picture import run as picture
from replication.simulator.weights import draw_weights
from tests.unit.experiments.builders import cosine


def make_networks(n=12):
    """Return networks at several lengths of their initial weights, flat and readable."""
    weights = draw_weights(PAPER, 68, 0, n) * np.linspace(1, 8, n)[:, None]
    return weights, [RecirculationNetwork.from_weights(row, PAPER) for row in weights]


@pytest.mark.parametrize("name", ["small", "whole", "biases"])
def test_vectors_and_errors_are_those_of_the_readable_network(name):
    weights, networks = make_networks()
    measured = picture.measure_picture(PAPER, weights)
    # Changes of the readable network are already multiplied by the learning rate.
    factor = {"whole": 1.0}.get(name, 1e-6)
    falls = []
    for row, network in enumerate(networks):
        W, b = network.W.copy(), network.b.copy()
        changes = [network.weight_changes(a) for a in network.patterns]
        total = 0.0
        for k, a in enumerate(network.patterns):
            network.W, network.b = W.copy(), b.copy()
            hidden = network.first_pass(a)
            c = network.reconstruct(hidden)
            p = 0.75 * a + 0.25 * c
            q = network.first_pass(p)
            r = network.reconstruct(q)
            chosen = changes if name == "biases" else [changes[k]]
            network.W = W + factor * sum(change[0] for change in chosen)
            if name == "biases":
                network.b = b + factor * sum(change[1] for change in chosen)
            hidden_after = network.first_pass(a)
            c_after = network.reconstruct(hidden_after)
            before, after = ((x - a) @ (x - a) for x in (c, c_after))
            total += after - before
            falls.append(bool(after < before))
            assert (measured[f"{name}_gain"][row, k] > 0.0) == falls[-1]
            if name == "whole":
                assert measured["whole_gain"][row, k] == pytest.approx(before - after, abs=1e-12)
            assert measured["parallel"][row, k] == pytest.approx(cosine(p - a, r - c), abs=1e-6)
            assert measured[f"{name}_hidden"][row, k] == pytest.approx(
                cosine(hidden_after - hidden, hidden - q), abs=1e-4
            )
            assert measured[f"{name}_visible"][row, k] == pytest.approx(
                cosine(c_after - c, c - r), abs=1e-4
            )
        if name == "biases":
            assert (measured["biases_gain"][row].sum() > 0.0) == (total < 0)
    assert 0 < np.mean(falls) < 1
