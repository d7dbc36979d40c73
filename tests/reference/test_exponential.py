"""The exponential and the logistic function against mpmath, a library of any precision."""

import mpmath
import numba
import numpy as np
import pytest

from replication.simulator import engine  # noqa: F401  (makes the functions ready to compile)
from replication.simulator.arithmetic import MAX_ARGUMENT, exponential, sigmoid_pair
from replication.simulator.vectors import clamp, fma, larger, load, point, scale, store

N_LANES = 8
WIDTH = (0,) * N_LANES


@numba.njit(error_model="numpy")
def compute_exponential(width, x, result):
    sources, targets = point(width, x), point(width, result)
    for row in range(len(x)):
        store(targets, row, exponential(load(sources, row)))


@numba.njit(error_model="numpy")
def compute_sigmoids(width, x, result):
    sources, targets = point(width, x), point(width, result)
    for row in range(len(x) // 2):
        first, second = sigmoid_pair(load(sources, 2 * row), load(sources, 2 * row + 1))
        store(targets, 2 * row, first)
        store(targets, 2 * row + 1, second)


def call(function, x):
    """Apply a compiled function of lane vectors to any number of values, filled up with 0."""
    n_rows = -(-len(x) // N_LANES)
    rows = np.zeros((n_rows + n_rows % 2, N_LANES))
    rows.reshape(-1)[: len(x)] = x
    result = np.zeros_like(rows)
    function(WIDTH, rows, result)
    return result.reshape(-1)[: len(x)]


def measure_ulps(values, exact):
    """Return the errors in units of the last place of the exact values."""
    with mpmath.workdps(40):
        return np.array(
            [
                float(abs(mpmath.mpf(value) - truth) / mpmath.mpf(float(np.spacing(float(truth)))))
                for value, truth in zip(values.tolist(), exact, strict=True)
            ]
        )


def make_arguments(reach, n):
    """Return n values that cover [-reach, reach], dense near 0 and at the edges of reduction."""
    random = np.random.default_rng(1988)
    halves = (np.arange(-200, 201) + 0.5) * np.log(2.0)
    edges = np.concatenate([np.nextafter(halves, -np.inf), halves, np.nextafter(halves, np.inf)])
    small = random.uniform(-1, 1, n // 2) * 10.0 ** random.uniform(-12, 0, n // 2)
    values = np.concatenate([edges, small, random.uniform(-reach, reach, n // 2)])
    return values[np.abs(values) <= reach]


def test_exponential_is_within_the_stated_error():
    x = make_arguments(MAX_ARGUMENT, 20_000)
    with mpmath.workdps(40):
        exact = [mpmath.exp(mpmath.mpf(value)) for value in x.tolist()]
    errors = measure_ulps(call(compute_exponential, x), exact)
    assert errors.max() < 1.06


def test_logistic_function_is_within_the_stated_error():
    x = make_arguments(40.0, 20_000)
    with mpmath.workdps(40):
        exact = [1 / (1 + mpmath.exp(-mpmath.mpf(value))) for value in x.tolist()]
    errors = measure_ulps(call(compute_sigmoids, x), exact)
    assert errors.max() < 3.5


def test_plain_python_has_the_bits_of_the_compiled_functions():
    x = make_arguments(MAX_ARGUMENT, 2_000)
    assert np.array_equal(call(compute_exponential, x), exponential(x))
    rows = np.zeros((2, N_LANES))
    rows[...] = x[: 2 * N_LANES].reshape(2, N_LANES)
    assert np.array_equal(
        np.array(sigmoid_pair(*rows)).reshape(-1), call(compute_sigmoids, rows.reshape(-1))
    )


def test_exact_values():
    assert call(compute_exponential, np.array([0.0, -0.0])).tolist() == [1.0, 1.0]
    assert call(compute_sigmoids, np.zeros(4)).tolist() == [0.5] * 4


@pytest.mark.parametrize("partner", [0.0, 3.0, 1e308, -1e308])
def test_logistic_function_saturates_without_overflow(partner):
    """Each half of a pair is right whatever the other half is: they share a division."""
    large = np.array([354.0, 355.0, 700.0, 746.0, 1e4, 1e308, np.inf, -np.inf])
    for sign in (1.0, -1.0):
        with np.errstate(all="raise", invalid="ignore", under="ignore"):
            x = np.concatenate([sign * large, np.full(8, partner)])
            values = call(compute_sigmoids, x)
        assert np.all(np.isfinite(values))
        assert np.all(values[:8][x[:8] > 0] == 1.0)
        assert np.all(values[:8][x[:8] < 0] > 0.0)
        assert np.all(values[:8][x[:8] < 0] < 1e-150)
        alone = call(compute_sigmoids, np.full(16, partner))[0]
        np.testing.assert_allclose(values[8:], alone, rtol=1e-15)


def test_logistic_function_never_falls():
    x = np.sort(make_arguments(360.0, 4_000))
    values = call(compute_sigmoids, np.repeat(x.reshape(-1)[: len(x) // 8 * 8], 1))
    steps = np.diff(values)
    # A step back of a few units in the last place is rounding.
    assert np.all(steps >= -4 * np.spacing(values[1:]))


def test_not_a_number_does_not_spread_to_the_other_half():
    x = np.concatenate([np.full(8, np.nan), np.full(8, 2.0)])
    values = call(compute_sigmoids, x)
    assert np.all(np.isfinite(values))
    np.testing.assert_allclose(values[8:], 1 / (1 + np.exp(-2.0)), rtol=1e-15)


def test_fused_multiply_add_of_plain_python_rounds_once():
    a = 1.0 + 2.0**-30
    assert fma(a, a, -1.0 - 2.0**-29) == 2.0**-60
    assert a * a - 1.0 - 2.0**-29 == 0.0
    with np.errstate(all="ignore"):
        assert fma(1e308, 10.0, 0.0) == np.inf
        assert np.isnan(fma(np.inf, 0.0, 1.0))


def test_selection_and_scaling():
    assert clamp(np.array([-9.0, 0.5, 9.0, np.nan]), -1.0, 1.0).tolist() == [-1.0, 0.5, 1.0, 1.0]
    assert larger(np.array([1.0, 3.0]), np.array([2.0, -1.0])).tolist() == [2.0, 3.0]
    shifted = np.array([-5.0, 0.0, 7.0]) + float.fromhex("0x1.8p+52")
    assert scale(np.array([1.5, 1.5, 1.5]), shifted).tolist() == [1.5 / 32, 1.5, 192.0]
