"""Modules that share groups: the fast form against the readable one."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.experiments.hierarchy.run import Condition
from replication.simulator.modules import Hierarchy, ModularBatch
from tests.parity.hierarchy import ModularNetwork

DRAWN = Condition().make_hierarchy(10.0, 4.0)
OTHER = Hierarchy(
    lower=Protocol(group_sizes=(3, 1), learning_rate=6.0, regression=0.5, half_width=0.2),
    top=Protocol(group_sizes=(3, 2), learning_rate=3.0),
    vectors=(
        (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 1.0),
        (0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.25, 0.0),
    ),
)
"""Three lower modules of another size, and vectors that are not one-hot."""
ARRAYS = {"W": "forward", "b": "hidden_biases", "U": "backward", "c": "visible_biases"}


@pytest.mark.parametrize("hierarchy", [DRAWN, OTHER])
def test_fast_form_agrees_with_the_readable_one(hierarchy):
    batch = ModularBatch(hierarchy, 1, 5, 8)
    batch.train(40)
    vectors = np.array(hierarchy.vectors)
    n_units = vectors.shape[1]
    kept = np.arange(n_units) >= n_units // hierarchy.n_lower
    held = batch.spread(kept[None]).astype(bool)
    states = batch.settle(batch.spread(vectors * kept), n_rounds=3, held=held)
    for k in range(3):
        network = ModularNetwork(hierarchy, 1, 5 + k)
        for _ in range(40):
            network.update()
        for name, array in ARRAYS.items():
            for m, module in enumerate(network.lower):
                fast = getattr(batch.lower, array)[..., m, k]
                np.testing.assert_allclose(fast, getattr(module, name), atol=1e-9)
            fast = getattr(batch.top, array)[..., 0, k]
            np.testing.assert_allclose(fast, getattr(network.top, name), atol=1e-9)
        for p, vector in enumerate(vectors * kept):
            expected = network.settle(vector, n_rounds=3, held=kept)
            np.testing.assert_allclose(states[:, p, :, k].T.ravel(), expected, atol=1e-9)


def test_a_field_that_modules_do_not_know_is_refused():
    with pytest.raises(UsageError, match=r"^decay, frozen of a module"):
        dataclasses.replace(DRAWN, top=Protocol(decay=0.1, frozen="b", learning_rate=4.0))


def test_lower_modules_that_start_alike_stay_alike_on_equal_halves():
    batch = ModularBatch(DRAWN, 1, 0, 5, alike=True)
    apart = ModularBatch(DRAWN, 1, 0, 5)
    assert np.array_equal(batch.lower.forward[:, :, 0], apart.lower.forward[:, :, 0])
    batch.train(50)
    assert np.array_equal(batch.lower.forward[:, :, 0], batch.lower.forward[:, :, 1])


def test_lower_modules_learn_the_same_whether_the_top_is_trained_or_not():
    with_top, without = ModularBatch(DRAWN, 1, 0, 5), ModularBatch(DRAWN, 1, 0, 5)
    start = without.top.forward.copy()
    with_top.train(20)
    without.train(20, train_top=False)
    assert np.array_equal(with_top.lower.forward, without.lower.forward)
    assert np.array_equal(without.top.forward, start)
    assert not np.array_equal(with_top.top.forward, start)
