"""A sweep written down for NumPy: the same bits without a compiler."""

import numpy as np
import pytest

from replication.definition.protocol import Protocol
from replication.simulator.rule.recirculation import FeedbackAlignmentNetwork
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import record_weights
from tests.exactness.plain import check_bits

# More patterns than stand side by side, of which some are left over.
MANY = {"patterns": ((0.2, 1.0, 0.7),) * 14 + ((0.1,) * 3,) * 9, "group_sizes": (3, 2)}


@pytest.mark.parametrize(("n", "fields"), [
    (15, {"max_updates": 20, "momentum": 0.5, "threshold": 0.3}),  # more networks than lanes
    (4, {"half_width": 400.0, "learning_rate": 1000.0}),  # saturated units
    (4, {"group_sizes": (9, 5)}),  # loops that are not written out
    (3, MANY | {"update_schedule": "per-pattern", "criterion": "worst-pattern"}),
    (3, MANY | {"learning_rule": "back-propagation", "visible_units": "linear", "centred": True,
                "criterion": "half-squared-error", "learning_rate": 0.1, "frozen": ("b", "U")}),
    (3, MANY | {"error_measured_on": "regressed", "regression": 0.7, "momentum": 0.5}),
])  # fmt: skip
def test_plain_python_gives_the_same_bits(n, fields):
    protocol = Protocol(**{"max_updates": 3} | fields)
    updates, converged, final = check_bits(protocol, n)
    if n == 15:  # both kinds of outcome are compared
        assert 0 < converged.sum() < 15
        assert len(np.unique(updates)) > 1
    initial = draw_weights(protocol, 1988, 0, n)
    last = record_weights(protocol, initial, [protocol.max_updates])[:, 0]
    assert np.array_equal(last[~converged], final[~converged])


def test_plain_python_gives_the_same_bits_for_fixed_feedback():
    protocol = Protocol(learning_rule="back-propagation", momentum=0.5, max_updates=4)
    check_bits(protocol, 20, network=FeedbackAlignmentNetwork)
