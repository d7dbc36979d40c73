"""What units compute: the exponential against mpmath, the hidden functions against formulas."""

import mpmath
import numpy as np
import pytest

from replication.definition.protocol import CHOICES
from replication.simulator import arithmetic
from replication.simulator.instructions import Rows, Whole, Writer
from replication.simulator.machine import choose_processor, compile_text
from replication.simulator.memory import allocate
from replication.simulator.programs import render_function

N_LANES = 8


def compute_compiled(function, x):
    """Apply a function of values to any number of values, filled up with 0."""
    writer = Writer(N_LANES)
    for row in writer.each(Whole(writer, "%n")):
        place = writer.find("%rows", row, writer.kind)
        rows = Rows(writer, place, 0, (1,))
        rows[0] = function(rows[0])
    text = render_function(writer, "apply", "ptr %rows, i64 %n")
    rows = allocate(-(-len(x) // N_LANES), N_LANES)
    rows.reshape(-1)[: len(x)] = x
    compile_text(text, "apply", *choose_processor())(rows.ctypes.data, rows.shape[1])
    return rows.reshape(-1)[: len(x)]


def apply_logistic(x):
    return next(iter(arithmetic.logistic(x, x)[0]))


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
    """Return values that cover [-reach, reach], dense near 0 and at the edges of reduction."""
    random = np.random.default_rng(1988)
    halves = (np.arange(-200, 201) + 0.5) * np.log(2.0)
    edges = np.concatenate([np.nextafter(halves, -np.inf), halves, np.nextafter(halves, np.inf)])
    small = random.uniform(-1, 1, n // 2) * 10.0 ** random.uniform(-12, 0, n // 2)
    values = np.concatenate([edges, small, random.uniform(-reach, reach, n // 2)])
    return values[np.abs(values) <= reach]


@pytest.mark.parametrize(
    ("function", "exact", "reach", "error"),
    [
        (arithmetic.exponential_of_minus, lambda x: mpmath.exp(-x), arithmetic.MAX_ARGUMENT, 1.06),
        (apply_logistic, lambda x: 1 / (1 + mpmath.exp(-x)), 40.0, 3.5),
    ],
)
def test_function_is_within_the_stated_error(function, exact, reach, error):
    x = make_arguments(reach, 5_000)
    with mpmath.workdps(40):
        expected = [exact(mpmath.mpf(value)) for value in x.tolist()]
    assert measure_ulps(compute_compiled(function, x), expected).max() < error


def test_plain_python_has_the_bits_of_the_compiled_functions():
    x = np.concatenate(
        [
            make_arguments(arithmetic.MAX_ARGUMENT, 2_000),
            [0.0, -0.0, 1e300, -1e300, np.inf, -np.inf, np.nan],
        ]
    )
    for function in (arithmetic.exponential_of_minus, lambda x: arithmetic.fma(x, 1.0 / 3.0, 0.1)):
        with np.errstate(invalid="ignore"):
            plain = np.asarray(function(x))
        assert plain.tobytes() == compute_compiled(function, x).tobytes()


# Hidden functions

FORMULAS = {
    "logistic": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "softsign": lambda x: (1.0 + x / (1.0 + abs(x))) / 2.0,
    "algebraic": lambda x: (1.0 + x / np.hypot(1.0, x)) / 2.0,
    # Another way to write the same cubic: s^2 (3 - 2 s) = s^3 + 3 s^2 (1 - s).
    "spline": lambda x: (
        np.clip(0.5 + x / 6.0, 0.0, 1.0) ** 3
        + 3.0 * np.clip(0.5 + x / 6.0, 0.0, 1.0) ** 2 * (1.0 - np.clip(0.5 + x / 6.0, 0.0, 1.0))
    ),
    "linear": lambda x: x,
    "tanh": lambda x: 1.0 - 2.0 / (1.0 + np.exp(2.0 * x)),
    "arcsinh": lambda x: np.sign(x) * np.log(abs(x) + np.hypot(1.0, x)),
    "arctan": lambda x: np.angle(1.0 + 1j * x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "rectifier": lambda x: x * (x > 0.0),
}
each_function = pytest.mark.parametrize("name", CHOICES["hidden_function"])


@each_function
def test_hidden_function_is_that_of_its_formula(name):
    x = np.linspace(-30.0, 30.0, 601)
    np.testing.assert_allclose(apply_many(name, x), FORMULAS[name](x), rtol=4e-15, atol=1e-15)


def apply_many(name, x):
    value, same = arithmetic.PAIRED_FUNCTIONS[name](np.array([x]), np.array([x]))
    assert np.array_equal(value, same)
    return value[0]


@each_function
def test_slope_is_that_of_finite_differences(name):
    # Away from -3, 0 and 3, where one of the functions has a kink in its slope.
    x = np.linspace(-8.0, 8.0, 400)
    step = 1e-6
    differences = (apply_many(name, x + step) - apply_many(name, x - step)) / (2.0 * step)
    slopes = arithmetic.SLOPES[name](x, apply_many(name, x))
    np.testing.assert_allclose(slopes, differences, rtol=0, atol=1e-8)
