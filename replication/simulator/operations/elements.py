"""Functions of NumPy that go element by element: arithmetic, comparisons, functions of units."""

import itertools
import math
import operator
from collections.abc import Callable

import numpy as np

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.arithmetic import Numbers
from replication.simulator.operations.arrays import (
    AnyBlock,
    Function,
    Given,
    Graph,
    Index,
    Made,
    Traced,
    TraceError,
    fit,
    take_all,
)
from replication.simulator.operations.instructions import Number, Place


def elementwise(op: str, function: Callable[..., Number]) -> Callable[..., Traced]:
    """Return an operation on arrays from a function of their elements; arrays are broadcast."""

    def operate(*given: Given) -> Traced:
        xs = take_all(*given)

        def compute(block: AnyBlock, index: Index, p: Place) -> Number:
            return function(*(block.at(x, fit(index, x.shape), p) for x in xs))

        shape = np.broadcast_shapes(*(x.shape for x in xs))
        return xs[0].graph.make(op, shape, xs, compute)

    return operate


def make_comparison(
    op: str, relation: Callable[[Numbers, Numbers], Numbers]
) -> Callable[..., Traced]:
    """Return a comparison of arrays, element by element: 1 where the relation holds, else 0."""

    def answer(x: Number, y: Number) -> Number:
        return exact.where(relation(x, y), 1.0, 0.0)  # type: ignore[no-any-return]

    return elementwise(f"is {op}", answer)


def costly(name: str, function: Function, *, is_paired: bool = False) -> Callable[[Traced], Traced]:
    """Return an operation that applies a costly function to every element of an array.

    Its results are worth a place in memory. A paired function takes two elements at once.
    """
    note = name, function, is_paired

    def operate(x: Traced) -> Traced:
        def compute(block: AnyBlock, index: Index, p: Place) -> Number:
            value = block.value(block.at(x, index, p))
            return block.call(new.note, [value])[0]  # which `use_half` may have replaced

        new = x.graph.make("call", x.shape, [x], compute, note=note)
        return new

    return operate


def use_half(graph: Graph) -> None:
    """Let the logistic function be exactly 1/2 for 0 in a rule that compares numbers.

    As in NumPy, a state of 1/2 then is not below 1/2. All other rules do without the comparison
    that this takes.
    """
    arrays = graph.known.values()
    if any(x.op.startswith("is ") for x in arrays):
        for x in arrays:
            if x.op == "call" and x.note[0] == "logistic":
                x.note = ("logistic", exact.logistic_with_half, True)


PAIRED = {
    name: costly(name, function, is_paired=True)
    for name, function in exact.PAIRED_FUNCTIONS.items()
}
"""Activation functions of traced arrays, by their names."""

# Arithmetic


def _multiply(x: Number, y: Number) -> Number:
    """Return a product; a factor that is known to be 1 needs none."""
    if isinstance(x, float) and x == 1.0:
        return y
    if isinstance(y, float) and y == 1.0:
        return x
    return x * y


subtract = elementwise("sub", lambda x, y: x - y)
multiply = elementwise("mul", _multiply)
negative = elementwise("negative", lambda x: -x)
absolute = elementwise("abs", exact.absolute)
choose = elementwise("where", lambda truth, x, y: exact.where(truth != 0.0, x, y))
"""x where a condition is true, y elsewhere."""
_plain_divide = elementwise("div", lambda x, y: x / y)
_exp_of_minus = costly("exp of minus", exact.exponential_of_minus_any)
_softplus = costly("softplus", exact.softplus)


def divide(*given: Given) -> Traced:
    """Return a quotient; that of ``(rate * x) / rate``, a change over its learning rate, is x."""
    a, b = take_all(*given)
    if a.op == "mul" and a.args[0] is b and not b.shape:
        return a.args[1]
    return _plain_divide(a, b)


def power(x: Traced, y: Traced) -> Made:
    """Return a power whose exponent is a known whole number, as a product, or 1/2, as a root."""
    n = y.note if y.op == "number" else math.nan
    if n == 0.5:
        return np.sqrt(np.broadcast_to(x, np.broadcast_shapes(x.shape, y.shape)))
    if n % 1.0 != 0.0:
        instead = "np.exp(y * np.log(x)) for x above 0"
        raise TraceError(f"x ** y is compiled for one whole number y, or 0.5; write {instead}")
    base: Made = np.broadcast_to(x, np.broadcast_shapes(x.shape, y.shape))
    if n == 0.0:
        return np.ones(base.shape)
    product = math.prod(itertools.repeat(base, int(abs(n)) - 1), start=base)
    return product if n > 0.0 else 1.0 / product


def exponential(x: Traced) -> Traced:
    """Return exp(x), computed as exp(-(-x)), because exp(-x) is the function that is compiled."""
    if x.op == "negative":
        return _exp_of_minus(x.args[0])
    return _exp_of_minus(negative(x))


def add_exponentials(x: Traced, y: Traced) -> Made:
    """Return log(exp(x) + exp(y))."""
    return x + _softplus(y - x)


def find_sign(x: Traced) -> Traced:
    """Return 1 for numbers above 0, -1 for those below; 0 and not-a-number stay."""
    return choose(x > 0.0, 1.0, choose(x < 0.0, -1.0, x * 0.0))


# The larger and the smaller of two


def take_larger(x: Number, y: Number) -> Number:
    """Return the larger of two numbers; not-a-number stays, as in NumPy."""
    return _take_better(operator.gt, x, y)


def take_smaller(x: Number, y: Number) -> Number:
    """Return the smaller of two numbers; not-a-number stays, as in NumPy."""
    return _take_better(operator.lt, x, y)


def _take_better(is_better: Callable[[Numbers, Numbers], Numbers], x: Number, y: Number) -> Number:
    """Return x if it is better than y, else y; not-a-number if one of them is."""
    chosen: Number = exact.where(is_better(x, y), x, y)  # y if one of them is not a number
    if isinstance(x, float):  # a constant of the rule
        return chosen
    return exact.where(x != x, x, chosen)  # type: ignore[no-any-return]  # noqa: PLR0124


maximum = elementwise("maximum", take_larger)
minimum = elementwise("minimum", take_smaller)


def clip(x: Given, a_min: Given, a_max: Given) -> Traced:
    """Return numbers, limited to the interval from `a_min` to `a_max`."""
    return minimum(maximum(x, a_min), a_max)


# Truth values, 1 and 0

is_greater = make_comparison(">", operator.gt)
is_greater_or_equal = make_comparison(">=", operator.ge)
is_less = make_comparison("<", operator.lt)
is_less_or_equal = make_comparison("<=", operator.le)
is_equal = make_comparison("==", operator.eq)
is_not_equal = make_comparison("!=", operator.ne)


def is_nan(x: Traced) -> Traced:
    """Return where an array is not a number."""
    return is_not_equal(x, x)


def is_both(x: Given, y: Given) -> Traced:
    """Return where both of two conditions are true."""
    return is_not_equal(choose(x, y, 0.0), 0.0)


def is_either(x: Given, y: Given) -> Traced:
    """Return where one of two conditions is true."""
    return is_not_equal(choose(x, 1.0, y), 0.0)


def is_not(x: Given) -> Traced:
    """Return where a condition is not true."""
    return is_equal(x, 0.0)
