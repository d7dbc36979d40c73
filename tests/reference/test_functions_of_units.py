"""What units compute: the exponential against mpmath, the hidden functions against formulas."""

import mpmath
import numpy as np
import pytest

from replication.definition.protocol import CHOICES
from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.compiler.programs import render_function
from replication.simulator.operations import arithmetic
from replication.simulator.operations.instructions import Rows, Whole, Writer
from replication.simulator.rule.activations import ACTIVATIONS
from replication.simulator.running.engine import allocate
from tests.parity.loop import FUNCTIONS

N_LANES = 8


def compute_compiled(function, x):
    """Apply a function of values to any number of values, filled up with 0."""
    writer = Writer(N_LANES)
    for row in writer.each(Whole(writer, "%n")):
        writer.names["row"] = writer.find("%rows", row, writer.kind)
        rows = Rows(writer, "row", 0, (1,))
        rows[0] = function(rows[0])
    text = render_function(writer, "apply", "ptr %rows, i64 %n")
    rows = allocate(-(-len(x) // N_LANES), N_LANES)
    rows.reshape(-1)[: len(x)] = x
    compile_text(text, "apply", *choose_processor())(rows.ctypes.data, len(rows))
    return rows.reshape(-1)[: len(x)]


def apply_logistic(x):
    return next(iter(arithmetic.logistic(x, x)[0]))


def measure_ulps(values, exact):
    """Return the errors in units of the last place of the exact values."""
    with mpmath.workdps(40):
        errors = [float(abs(x - truth)) for x, truth in zip(values.tolist(), exact, strict=True)]
    return errors / np.spacing([float(truth) for truth in exact])


def make_arguments(reach, n):
    """Return values that cover [-reach, reach], dense near 0 and at the edges of reduction."""
    random = np.random.default_rng(1988)
    # The argument is reduced by multiples of ln 2, which change at these halves.
    halves = (np.arange(-200, 201) + 0.5) * np.log(2.0)
    edges = np.concatenate([np.nextafter(halves, -np.inf), halves, np.nextafter(halves, np.inf)])
    small = random.uniform(-1, 1, n // 2) * 10.0 ** random.uniform(-12, 0, n // 2)
    values = np.concatenate([edges, small, random.uniform(-reach, reach, n // 2)])
    return values[np.abs(values) <= reach]


@pytest.mark.parametrize(("function", "exact", "reach", "error"), [
    (arithmetic.exponential_of_minus, lambda x: mpmath.exp(-x), arithmetic.MAX_ARGUMENT, 1.06),
    (apply_logistic, lambda x: 1 / (1 + mpmath.exp(-x)), 40.0, 3.5),
])  # fmt: skip
def test_function_is_within_the_stated_error(function, exact, reach, error):
    x = make_arguments(reach, 5_000)
    with mpmath.workdps(40):
        expected = [exact(mpmath.mpf(value)) for value in x.tolist()]
    assert measure_ulps(compute_compiled(function, x), expected).max() < error


@pytest.mark.parametrize("name", CHOICES["hidden_function"])
def test_hidden_function_and_its_slope_are_those_of_its_formula(name):
    x = np.linspace(-30.0, 30.0, 601)
    value, same = (each[0] for each in arithmetic.PAIRED_FUNCTIONS[name](x[None], x[None]))
    expected, slope = FUNCTIONS[name](x)
    assert np.array_equal(value, same)
    np.testing.assert_allclose(value, expected, rtol=4e-15, atol=1e-15)
    np.testing.assert_allclose(arithmetic.SLOPES[name](x, value), slope, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_function_of_plain_numpy_is_the_compiled_one_also_where_a_unit_is_saturated(name):
    x = np.array([-1e9, -800.0, -0.3, 2.0, 800.0, 1e9])
    (expected,), _ = arithmetic.PAIRED_FUNCTIONS[name](x[None], x[None])
    np.testing.assert_allclose(ACTIVATIONS[name](x), expected, rtol=1e-12, atol=1e-12)
