"""Functions whose bits are our own: at the ends of what a double can hold."""

import math

import numpy as np
import pytest

from replication.simulator.operations.arithmetic import exponential_of_minus_any


def test_an_exponential_is_zero_below_the_smallest_normal_number_and_infinite_beyond_the_last():
    """IEEE 754: 2^-1022 is exp(-708.4), and the largest double exp(709.78)."""
    x = np.array([0.0, 708.0, 709.0, 745.0, np.inf, -709.0, -709.79, -np.inf, np.nan])
    found = exponential_of_minus_any(x)
    assert found[:2] == pytest.approx([1.0, math.exp(-708.0)], rel=1e-15)
    assert found[2:5].tolist() == [0.0, 0.0, 0.0]
    assert found[5] == pytest.approx(math.exp(709.0), rel=1e-15)
    assert found[6:8].tolist() == [np.inf, np.inf]
    assert np.isnan(found[8])
