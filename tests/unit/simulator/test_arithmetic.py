"""Functions whose bits are our own: at the ends of what a double can hold."""

import math

import numpy as np
import pytest

from replication.simulator.operations.arithmetic import (
    PAIRED_FUNCTIONS,
    exponential_of_minus_any,
    logistic_with_half,
)


def test_an_exponential_is_zero_below_the_smallest_normal_number_and_infinite_beyond_the_last():
    """IEEE 754: 2^-1022 is exp(-708.4), and the largest double exp(709.78)."""
    x = np.array([0.0, 708.0, 709.0, 745.0, np.inf, -709.0, -709.79, -np.inf, np.nan])
    found = exponential_of_minus_any(x)
    assert found[:2] == pytest.approx([1.0, math.exp(-708.0)], rel=1e-15)
    assert found[2:5].tolist() == [0.0, 0.0, 0.0]
    assert found[5] == pytest.approx(math.exp(709.0), rel=1e-15)
    assert found[6:8].tolist() == [np.inf, np.inf]
    assert np.isnan(found[8])


def test_tanh_of_0_is_exactly_0_and_the_logistic_function_one_half():
    """tanh was 2 logistic(2 x) - 1, -1.1e-16 at 0 for one unit of two that share a division."""
    x, y = np.zeros(200), np.linspace(-3.0, 3.0, 200)
    at_zero, elsewhere = PAIRED_FUNCTIONS["tanh"](x, y)
    assert not at_zero.any()
    assert elsewhere == pytest.approx(np.tanh(y), abs=3e-16)
    for half in (logistic_with_half(x, y)[0], logistic_with_half(y, x)[1]):
        assert (half == 0.5).all()
