"""The first change of W against what the algebra says of it."""

import dataclasses

import numpy as np
import pytest

from replication.experiments.instruments import agreement
from replication.experiments.instruments.matrices import Scatter, get_w
from replication.experiments.instruments.recording import train_for
from tests.unit.experiments.mechanism.builders import TASKS, make_constant


@pytest.mark.parametrize("name", ["one-hot 4-2-4", "bars 9-4-9", "smooth ring 4-3-4, linear"])
@pytest.mark.parametrize("fields", [
    {"regression": 0.3}, {"hidden_regression": False}, {"visible_to_hidden_factor": 4.0},
])  # fmt: skip
def test_change_of_w_is_the_theory_where_its_assumptions_hold(name, fields):
    """Where the inputs differ, it is the predicted growth times W S, for one-hot vectors W."""
    protocol = dataclasses.replace(TASKS[name], learning_rate=0.5, **fields)
    weights = make_constant(protocol)
    scatter = Scatter.of(protocol)
    W = get_w(protocol, weights) @ scatter.span
    change = get_w(protocol, train_for(protocol, weights, 1) - weights) @ scatter.span
    expected = agreement.predict_growth(protocol) * W @ scatter.matrix
    assert change == pytest.approx(expected, rel=1e-3, abs=1e-4 * np.abs(expected).max())
    if name.startswith("one-hot"):
        assert expected == pytest.approx(agreement.predict_growth(protocol) * W)
