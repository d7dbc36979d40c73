"""A sweep written down for NumPy: the same bits without a compiler."""

import numpy as np
import pytest

from replication import Network, logistic
from replication.definition.protocol import Protocol
from replication.simulator import programs
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.network import Rule
from replication.simulator.recirculation import FeedbackAlignmentNetwork
from replication.simulator.weights import draw_weights
from tests.exactness import plain
from tests.exactness.plain import check_bits


def test_plain_python_gives_the_same_bits_of_both_outcomes():
    updates, converged, final = check_bits(
        Protocol(max_updates=20, momentum=0.5, threshold=0.3), 15
    )
    assert 0 < converged.sum() < 15, "both kinds of outcome are compared"
    assert len(np.unique(updates)) > 1
    assert np.all(np.isfinite(final))


@pytest.mark.parametrize("fields", [
    {"half_width": 400.0, "learning_rate": 1000.0},  # saturated units
    {"group_sizes": (9, 5)},  # loops that are not written out
])  # fmt: skip
def test_plain_python_gives_the_same_bits_also_in_loops_and_of_saturated_units(fields):
    protocol = Protocol(max_updates=3, **fields)
    _, converged, final = check_bits(protocol, 4)
    last = record_weights(protocol, draw_weights(protocol, 1988, 0, 4), protocol.max_updates)[:, -1]
    assert np.array_equal(last[~converged], final[~converged])


# Of 4, 7 and 10 patterns three at a time, so that some are left over.
TURNS = [
    {"group_sizes": (4, 3, 2), "update_schedule": "per-pattern", "criterion": "worst-pattern"},
    {"patterns": ((0.2, 1.0, 0.0, 0.7),) * 5 + ((0.1,) * 4,) * 2, "centred": True, "decay": 0.1,
     "learning_rule": "back-propagation", "frozen": ("b", "U"), "criterion": "half-squared-error",
     "visible_units": "linear", "learning_rate": 0.1},
    {"group_sizes": (10, 2), "error_measured_on": "regressed", "regression": 0.7, "momentum": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("fields", TURNS, ids=" ".join)
def test_bits_do_not_depend_on_how_many_states_are_kept(fields, monkeypatch, forget_programs):
    protocol = Protocol(**{"max_updates": 2} | fields)
    weights = draw_weights(protocol, 1988, 0, 3)
    together = simulate_weights(protocol, weights)
    monkeypatch.setattr(programs, "MOST_AT_ONCE", 3)
    forget_programs()
    recorded = record_weights(protocol, weights, 2)
    for one, other in zip(together, check_bits(protocol, 3), strict=True):
        assert one.tobytes() == other.tobytes()
    monkeypatch.undo()
    forget_programs()
    assert recorded.tobytes() == record_weights(protocol, weights, 2).tobytes()


def test_plain_python_gives_the_same_bits_for_fixed_feedback():
    protocol = Protocol(learning_rule="back-propagation", momentum=0.5, max_updates=4)
    check_bits(protocol, 20, network=FeedbackAlignmentNetwork)


class Crossed(Network):
    """Units whose sums and states others read: before, beside and after them, in other shapes."""

    shapes = {"W": (4, 4), "M": (4, 4), "b": (4,), "z": (4,)}

    def image(self, v):
        a = self.W @ v
        others = self.M @ a  # between the sums and the function of them
        h = logistic(a)
        return self.M @ (h * others + h[::-1]) + (self.M * h) @ np.tanh(self.b)

    def weight_changes(self, v):
        r, z = self.image(v), logistic(self.b) - logistic(self.b + 0.0 * v[0])
        return np.outer(v - r, v), np.outer(r, r[::-1]), (self.W @ r) * r[::-1], z


@pytest.mark.parametrize("n_at_once", [2, 4])
def test_bits_of_a_rule_of_ones_own_do_not_depend_on_the_sums_at_once(n_at_once, monkeypatch):
    monkeypatch.setattr(plain.PlainWriter, "n_at_once", n_at_once)
    final = check_bits(Protocol(max_updates=3), 4, network=Crossed)[2]
    # A function of the same numbers has the same bits, whether they depend on the pattern or not.
    assert np.array_equal(final[:, -4:], Rule(Crossed).draw(1988, 0, 4)[:, -4:])
