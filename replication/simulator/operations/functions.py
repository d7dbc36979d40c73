"""Which functions of NumPy a rule may use, what replaces each, and what to write for others."""

import functools
from collections.abc import Sequence

import numpy as np

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations import elements, moves, products
from replication.simulator.operations.arrays import (
    Function,
    Given,
    Made,
    Traced,
    TraceError,
    is_truth,
)

TRUTHS_ADVICE = "multiply truth values by 1.0, or write np.logical_and, np.logical_or"


def find_function(function: Function, given: Sequence[Given]) -> Function:
    """Return what replaces a function of NumPy for traced arrays, or refuse it by name."""
    name = function.__name__
    is_operation = isinstance(function, np.ufunc) and function not in MAKING_TRUTHS
    are_truths = all(is_truth(x) for x in given)
    needs_truths = function in OF_TRUTHS
    is_arithmetic_of_truths = are_truths and not needs_truths  # as in (x > 0) + (y > 0)
    is_logic_of_numbers = needs_truths and not are_truths  # as in x & y
    if is_operation and (is_arithmetic_of_truths or is_logic_of_numbers):
        raise TraceError(f"numpy.{name} cannot be compiled of these; {TRUTHS_ADVICE}")
    if function not in FUNCTIONS:
        raise TraceError(f"{name} cannot be compiled; write {_find_advice(name)}")
    return FUNCTIONS[function]


def _find_advice(name: str) -> str:
    """Return what to write instead of a function that cannot be compiled."""
    for advice, names in INSTEAD.items():
        if name in names:
            return advice
    return "it with those that the page 'Your own rule' lists"


INSTEAD = {
    "replication.logistic(x)": ("expit",),
    "a table as a class attribute": ("sin", "cos", "tan"),
    "replication.ACTIVATIONS['arcsinh'](x)": ("arcsinh",),
    "np.max or np.min of truth values, which are 1 and 0": ("any", "all"),
    "x == np.max(x), which is true at its place": ("argmax", "argmin"),
    "products and sums, as in a @ b, np.sum(a * b, 0)": ("einsum", "average", "cumsum"),
    "abs(x) < np.inf": ("isfinite",),
    "np.mean, np.max, or comparisons x[:, None] > x, whose sums are ranks": (
        "median",
        "sort",
        "argsort",
        "percentile",
        "quantile",
    ),
    "np.where": ("heaviside", "nan_to_num", "logical_xor", "bitwise_xor"),
    "a sum of comparisons, as np.sum(x[:, None] >= np.arange(1.0, 9.0), 1) for floor(x) up to 8": (
        "floor",
        "ceil",
        "rint",
        "round",
        "trunc",
        "remainder",
        "fmod",
        "floor_divide",
    ),
    "np.exp(x) - 1.0": ("expm1",),
    "np.log(1.0 + x)": ("log1p",),
    "np.exp(0.693147 * x)": ("exp2",),
    "np.tanh(1.2 * x), which is within 0.02 of it, or a table": ("erf",),
    "the inverse of two rows as a formula, or an iteration with replication.repeat": (
        "inv",
        "pinv",
        "solve",
        "det",
    ),
}
"""What to write instead of functions that people try but that cannot be compiled."""


def make_full(x: Traced, value: Given) -> Made:
    """Return an array in the shape of x whose elements all have one value, as `np.full_like`."""
    number: Made = x.graph.take(value)
    if is_truth(number):
        number = number * 1.0
    return np.broadcast_to(number, x.shape)


MAKING_TRUTHS: dict[Function, Function] = {
    np.greater: elements.is_greater,
    np.greater_equal: elements.is_greater_or_equal,
    np.less: elements.is_less,
    np.less_equal: elements.is_less_or_equal,
    np.equal: elements.is_equal,
    np.not_equal: elements.is_not_equal,
    np.isnan: elements.is_nan,
    np.logical_and: elements.is_both,
    np.logical_or: elements.is_either,
    np.logical_not: elements.is_not,
}
"""Functions that return truth values, as 1 and 0, for arguments of either kind."""
OF_TRUTHS: dict[Function, Function] = {
    np.bitwise_and: elements.is_both,
    np.bitwise_or: elements.is_either,
    np.invert: elements.is_not,
}
"""Functions that take truth values only. The operations that are in neither table take numbers
only, because NumPy's x + y of truth values means *or*."""

FUNCTIONS: dict[Function, Function] = {
    # Operations element by element
    np.add: products.add,
    np.subtract: elements.subtract,
    np.multiply: elements.multiply,
    np.true_divide: elements.divide,
    np.negative: elements.negative,
    np.positive: lambda x: x,
    np.power: elements.power,
    np.square: lambda x: x * x,
    np.reciprocal: lambda x: 1.0 / x,
    np.sqrt: elements.costly("square root", exact.square_root),
    np.exp: elements.exponential,
    np.log: elements.costly("logarithm", exact.logarithm_of_any),
    np.logaddexp: elements.add_exponentials,
    np.tanh: elements.PAIRED["tanh"],
    np.arctan: elements.PAIRED["arctan"],
    np.absolute: elements.absolute,
    np.fabs: elements.absolute,
    np.maximum: elements.maximum,
    np.minimum: elements.minimum,
    np.clip: elements.clip,
    np.where: elements.choose,
    np.sign: elements.find_sign,
    **MAKING_TRUTHS,
    **OF_TRUTHS,
    # Sums and products
    np.matmul: products.matmul,
    np.outer: products.outer,
    np.dot: products.dot,
    np.linalg.norm: products.norm,
    np.sum: functools.partial(products.reduce, "add"),
    np.mean: products.mean,
    np.var: products.variance,
    np.std: products.deviation,
    np.inner: products.inner,
    np.prod: functools.partial(products.reduce, "multiply"),
    np.max: functools.partial(products.reduce, "maximum"),
    np.amax: functools.partial(products.reduce, "maximum"),
    np.min: functools.partial(products.reduce, "minimum"),
    np.amin: functools.partial(products.reduce, "minimum"),
    # Shapes, and new arrays
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
    np.zeros_like: lambda x: np.zeros(x.shape),
    np.ones_like: lambda x: np.ones(x.shape),
    np.full_like: make_full,
    # What only moves elements
    **{function: moves.move(function) for function in moves.MOVING},
}
"""What replaces each function of NumPy that a rule may use; others are refused by name."""
