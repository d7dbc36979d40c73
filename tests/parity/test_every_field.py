"""Every field of the protocol, and every choice, in the kernel and in networks to read."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import BACK_PROPAGATION, CHOICES, PAPER, Protocol
from replication.simulator.engine import record_weights, run_networks
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from tests.parity.test_back_propagation import TextbookNetwork

# Another value than the paper's for each field that is no choice, and no flag.
VALUES = {
    "group_sizes": (4, 3), "patterns": ((0.1, 0.9, 0.4, 0.0), (1.0, 0.0, 0.5, 0.2)),
    "n_images": 3, "learning_rate": 3.0, "momentum": 0.4, "decay": 0.05, "regression": 0.6,
    "visible_to_hidden_factor": 3.0, "hidden_to_visible_factor": 0.5, "frozen": ("W", "c"),
    "half_width": 0.8, "threshold": 0.2, "max_updates": 7,
}  # fmt: skip
NEEDED = {
    "n_images": {"patterns": "digits", "group_sizes": (64, 2), "learning_rate": 0.1},
    "minimised_error": {"learning_rule": BACK_PROPAGATION},
    "visible_units": {"learning_rate": 0.3},
    "hidden_function": {"learning_rate": 2.0},
}
"""What the networks have besides, with both values of a field."""


def list_cases():
    """Return each field with every choice that it allows, its other truth value, or a value."""
    cases = []
    for field in dataclasses.fields(Protocol):
        if isinstance(field.default, bool):
            cases.append((field.name, not field.default))
        elif field.name in CHOICES:
            cases += [(field.name, choice) for choice in CHOICES[field.name][1:]]
        elif field.name in VALUES:
            cases.append((field.name, VALUES[field.name]))
    return cases


CASES = list_cases()


def select_cases(*without):
    """Run a test for every field but those that it cannot have."""
    cases = [case for case in CASES if case[0] not in without]
    return pytest.mark.parametrize(("name", "value"), cases)


def build(name, value, **fields):
    """Return a protocol with the paper's value of a field, and one with another value."""
    # With momentum some networks are quick to come near the threshold.
    fields = {"momentum": 0.5, "threshold": 0.3, "max_updates": 20} | fields
    base = dataclasses.replace(PAPER, **fields | NEEDED.get(name, {}))
    return base, dataclasses.replace(base, **{name: value})


def test_every_field_of_the_protocol_is_tested():
    missing = {field.name for field in dataclasses.fields(Protocol)} - {name for name, _ in CASES}
    assert not missing, f"give {missing} a value in VALUES"


@select_cases()
def test_every_field_changes_outcomes_and_the_id(name, value):
    results = []
    for protocol in build(name, value, max_updates=60):
        initial = draw_weights(protocol, 31, 0, 50)
        updates, _, final = run_networks(protocol, initial, final_weights=True)
        results.append((protocol.id, updates.tobytes() + final.tobytes()))
    assert results[0][0] != results[1][0]
    assert results[0][1] != results[1][1]


@select_cases("learning_rule", "minimised_error")
def test_outcomes_are_those_of_the_readable_network(name, value):
    # More networks than lanes: a lane that is finished takes the next network.
    _, protocol = build(name, value, learning_rate=10.0)
    initial = draw_weights(protocol, 31, 0, 12)
    updates, converged, final = run_networks(protocol, initial, final_weights=True)
    for s, weights in enumerate(initial):
        network = RecirculationNetwork.from_weights(weights, protocol)
        assert network.train() == (updates[s], converged[s])
        # At this learning rate 20 updates multiply a difference of rounding many times.
        reached = np.concatenate([part.ravel() for part in network.weights])
        np.testing.assert_allclose(final[s], reached, rtol=0, atol=1e-8)


@select_cases("learning_rule", "second_round")
def test_back_propagation_is_that_of_the_textbook(name, value):
    _, protocol = build(name, value, learning_rule=BACK_PROPAGATION, learning_rate=2.0)
    for weights in draw_weights(protocol, 11, 0, 3):
        network = TextbookNetwork(protocol, weights)
        (recorded,) = record_weights(protocol, weights[None], 12)
        for expected in recorded[1:]:
            network.sweep()
            np.testing.assert_allclose(network.flat(), expected, rtol=0, atol=1e-10)
