"""The picture of page 364: vectors, steps and errors against the readable network."""

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.picture import run as picture
from replication.simulator.rule.weights import draw_weights
from tests.unit.experiments.builders import cosine


@pytest.mark.parametrize("name", ["small", "whole", "biases"])
def test_vectors_and_errors_are_those_of_the_readable_network(name):
    weights = draw_weights(PAPER, 68, 0, 12) * np.linspace(1, 8, 12)[:, None]
    measured = picture.measure_picture(PAPER, weights)
    # Changes of the readable network are already multiplied by the learning rate.
    factor = {"whole": 1.0}.get(name, 1e-6)
    falls = []
    for row, flat in enumerate(weights):
        network = RecirculationNetwork.from_weights(flat, PAPER)
        W, b = network.W.copy(), network.b.copy()
        changes = [network.weight_changes(a) for a in network.patterns]
        gains = []
        for k, a in enumerate(network.patterns):
            network.W, network.b = W, b
            hidden, c = network.first_pass(a), network.image(a)
            p = network.regress(a, c)
            q, r = network.first_pass(p), network.image(p)
            chosen = changes if name == "biases" else [changes[k]]
            # W moves by the change of this vector, or of all; what does the image then do?
            network.W = W + factor * sum(change.W for change in chosen)
            if name == "biases":
                network.b = b + factor * sum(change.b for change in chosen)
            moved, seen = network.first_pass(a), network.image(a)
            gains.append((c - a) @ (c - a) - (seen - a) @ (seen - a))
            # Against the vectors of the page: from a to its regressed state, and from c to r.
            expected = {
                "parallel": cosine(p - a, r - c),
                f"{name}_hidden": cosine(moved - hidden, hidden - q),
                f"{name}_visible": cosine(seen - c, c - r),
            }
            found = {key: measured[key][row, k] for key in expected}
            assert found == pytest.approx(expected, abs=1e-4)
        found = measured[f"{name}_gain"][row]
        assert np.array_equal(found > 0.0, np.array(gains) > 0.0)
        assert name != "whole" or found == pytest.approx(np.array(gains), abs=1e-12)
        assert name != "biases" or (found.sum() > 0.0) == (sum(gains) > 0.0)
        falls += gains
    assert 0 < np.mean(np.array(falls) > 0.0) < 1
