"""The readable loop of several hidden groups."""

import math

import numpy as np
import pytest

from replication.definition.protocol import from_plain
from tests.parity.loop import RecirculationLoop

ONE = np.array([1.0])
PROTOCOL = from_plain(
    {"group_sizes": [1, 1, 1], "patterns": [[1.0]], "learning_rate": 2.0, "regression": 0.5}
)


def test_each_hidden_group_is_regressed_before_the_next_one_worked_by_hand():
    # W = -8 ln 3 and b = 8 ln 3: h1 of the first group is s(0) = 1/2 for v0 = 1. With v2 = 7/8
    # it receives s(ln 3) = 3/4, regressed 5/8. The second group, M = 16 ln 3 and
    # d = -8 ln 3, has s(0) = 1/2 first, then s(2 ln 3) = 9/10, regressed 7/10.
    log = math.log(3.0)
    between = [([[16 * log]], [-8 * log])]
    loop = RecirculationLoop(
        [[-8 * log]], [8 * log], [[0.0]], [log], between=between, protocol=PROTOCOL
    )
    h1 = loop.first_pass(ONE)
    assert h1 == pytest.approx([0.5, 0.5], abs=1e-14)
    assert loop.second_pass(np.array([0.875]), h1) == pytest.approx([0.625, 0.7], abs=1e-14)
    # Equation 4 group by group: 2 * 7/8 * (1/2 - 5/8), 2 * (1/2 - 5/8);
    # 2 * 5/8 * (1/2 - 7/10), 2 * (1/2 - 7/10).
    changes = [float(change.item()) for change in loop.weight_changes(ONE)][:4]
    assert changes == pytest.approx([-0.21875, -0.25, -0.25, -0.4], abs=1e-14)
