"""The step as plain Python: the same bits without a compiler."""

import dataclasses

import numpy as np
import pytest

from replication.protocol import PAPER
from replication.simulator import runner
from replication.simulator.engine import evaluate_networks, make_lanes, make_rule, run_networks
from replication.simulator.weights import draw_weights


def run_plainly(protocol, weights):
    """Run the networks in as many lanes, uncompiled."""
    updates = np.zeros(len(weights), dtype=np.int32)
    converged = np.zeros(len(weights), dtype=bool)
    final = np.zeros_like(weights)
    lanes = make_lanes(protocol, len(weights))
    runner.run_lanes(
        make_rule(protocol), lanes, weights, updates, converged, final, np.zeros(1, dtype=bool)
    )
    return updates, converged, final


def compare(protocol, n_networks):
    weights = draw_weights(protocol, 1988, 0, n_networks)
    plain, compiled = (
        run_plainly(protocol, weights),
        run_networks(protocol, weights, final_weights=True),
    )
    for ours, theirs in zip(plain, compiled, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    return plain


def test_plain_python_gives_the_same_bits_on_hundreds_of_networks():
    updates, converged, final = compare(dataclasses.replace(PAPER, max_updates=20), 400)
    assert 0 < converged.sum() < 400, "both kinds of outcome are compared"
    assert len(np.unique(updates)) > 1
    assert np.all(np.isfinite(final))


@pytest.mark.parametrize(
    "fields",
    [
        {"regression": 0.7, "momentum": 0.5},
        {"group_sizes": (5, 3), "criterion": "every-unit"},
        {"group_sizes": (3, 2, 3), "criterion": "worst-pattern"},
        {"update_schedule": "per-pattern", "hidden_regression": False},
        {"visible_units": "linear", "learning_rate": 0.5, "error_measured_on": "regressed"},
        {"learning_rule": "back-propagation", "criterion": "squared-error"},
        {"group_sizes": (3, 2, 2), "learning_rule": "back-propagation", "learning_rate": 2.0},
        {"half_width": 400.0, "learning_rate": 1000.0},  # saturated units
    ],
    ids=" ".join,
)
def test_plain_python_gives_the_same_bits_for_every_choice(fields):
    compare(dataclasses.replace(PAPER, max_updates=4, **fields), 10)


def test_evaluation_is_the_same_in_plain_python():
    weights = draw_weights(PAPER, 1988, 0, 20)
    lanes = make_lanes(PAPER, 8)
    first, reconstruction, error = np.zeros((20, 24)), np.zeros((20, 16)), np.zeros(20)
    runner.evaluate_lanes(make_rule(PAPER), lanes, weights, first, reconstruction, error)
    measured = evaluate_networks(PAPER, weights)
    assert error.tobytes() == measured.error.tobytes()
    images = reconstruction.reshape(20, 4, 4).swapaxes(1, 2)
    assert np.array_equal(images, measured.reconstruction)
    hidden = first[:, 16:].reshape(20, 2, 4).swapaxes(1, 2)
    assert np.array_equal(hidden, measured.hidden[0])
