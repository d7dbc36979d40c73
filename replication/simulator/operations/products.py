"""Products and sums of arrays: matrix products, sums along axes, and what is added to them.

Three conventions decide the bits, whatever the processor:

- a sum of products begins with what is added to it: ``W @ v + b`` begins with b;
- in ``a * b + c * d`` the last product is fused with the addition, rounded once;
- a number that multiplies a change is taken out of the sum over patterns (`traces.py`).
"""

import functools
import math
import operator
from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.arrays import (
    DEEPEST,
    AnyBlock,
    Given,
    Index,
    Made,
    Shape,
    Traced,
    TraceError,
    fit,
    keep,
    take_all,
)
from replication.simulator.operations.elements import multiply, take_larger, take_smaller
from replication.simulator.operations.instructions import Number, Place

NOTHING = -0.0
"""What a sum of products begins with: -0.0 plus any number is that number, even 0.0 or -0.0."""

BEGINNINGS = {"add": NOTHING, "multiply": 1.0, "maximum": -math.inf, "minimum": math.inf}
"""What each kind of reduction begins with."""
COMBINED: dict[str, Callable[[Number, Number], Number]] = {
    "multiply": operator.mul,
    "maximum": take_larger,
    "minimum": take_smaller,
}
"""How a product or an extreme takes one more number; a sum does so by `add_element`."""


def is_product(x: Traced) -> bool:
    """Return whether an array is a product that can be fused with an addition."""
    return x.op == "mul" and not x.is_kept


def add_to(total: Number, x: Number) -> Number:
    """Return a sum with one more term."""
    if total is NOTHING:
        return x
    return total + x


def add_product(x: Number, y: Number, total: Number) -> Number:
    """Return a sum of products with one more term; a factor known to be 1 needs no product."""
    if isinstance(x, float):
        x, y = y, x
    if isinstance(y, float) and y == 1.0:
        return add_to(total, x)
    if total is NOTHING:
        return x * y
    return exact.fma(x, y, total)  # type: ignore[no-any-return]


def add_element(block: AnyBlock, total: Number, x: Traced, index: Index, p: Place) -> Number:
    """Return a sum with one more element of an array; a product is fused with the addition."""
    if is_product(x):
        a, b = x.args
        left = block.at(a, fit(index, a.shape), p)
        right = block.at(b, fit(index, b.shape), p)
        return add_product(left, right, total)
    return add_to(total, block.at(x, index, p))


def add(*given: Given) -> Traced:
    """Return the sum of two arrays; in ``W @ v + b`` each sum of products begins with b."""
    a, b = take_all(*given)
    shape = np.broadcast_shapes(a.shape, b.shape)
    for products, other in ((a, b), (b, a)):
        if _can_begin_with_another(products) and products.shape == shape:
            matrix, vector = products.args
            return matmul(matrix, vector, np.broadcast_to(other, shape))

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        # A product is added last, because it is fused then; of two products, the second.
        first, last = a, b
        if is_product(a) and not is_product(b):
            first, last = b, a
        total = block.at(first, fit(index, first.shape), p)
        return add_element(block, total, last, fit(index, last.shape), p)

    return a.graph.make("add", shape, [a, b], compute)


def _can_begin_with_another(x: Traced) -> bool:
    """Return whether an array is a matrix product whose sums may begin with another array.

    They may not if they begin with one already, nor if the product alone is used elsewhere, since
    it would then be computed twice.
    """
    has_no_beginning = x.op == "matmul" and len(x.args) == 2
    return has_no_beginning and not x.n_uses and not x.is_kept


def matmul(a: Given, b: Given, start: Given = None) -> Traced:
    """Return a matrix product, to which `start` may be added: every sum begins with it."""
    left, right = take_all(a, b)
    empty = [np.empty(x.shape, dtype=bool) for x in (left, right)]
    shape = np.matmul(*empty).shape
    if left.ndim > 2 or right.ndim > 2:
        raise TraceError("matrix products are compiled for arrays of at most two axes")
    if left.ndim == 1 and right.ndim == 2:
        return matmul(np.transpose(right), left, start)
    if left.op != "view":
        keep(left)
    keep(right)
    n_products = left.shape[-1]
    n_rows = left.ndim - 1

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        # One element: a row times a column, term by term from the first on.
        row = index[:n_rows]
        column = index[n_rows:]
        total: Number = NOTHING
        if start is not None:
            total = block.at(start, index, p)

        def body(k: Place, total: Number) -> tuple[Number, ...]:
            weight = block.at(left, (*row, k), p)
            state = block.at(right, (k, *column), p)
            return (add_product(weight, state, total),)

        return block.fold(n_products, body, total)[0]

    args = [left, right]
    if start is not None:
        args.append(start)
    return left.graph.make("matmul", shape, args, compute)


def is_plain_matmul(x: Traced) -> bool:
    """Return whether an array is a matrix of weights times a vector of each pattern."""
    if x.op != "matmul":
        return False
    a, b = x.args[:2]
    return a.ndim == 2 and b.ndim == 1 and x.is_batched and not a.is_batched


def dot(a: Given, b: Given) -> Made:
    """Return the product of matrices or vectors, or of an array and a number."""
    if np.ndim(a) and np.ndim(b):
        return matmul(a, b)
    return a * b


def outer(a: Given, b: Given) -> Traced:
    """Return the products of all elements of one vector with all of another."""
    left, right = take_all(a, b)
    keep(left)
    keep(right)
    column: Given = np.reshape(left, (-1, 1))
    row: Given = np.reshape(right, (1, -1))
    return multiply(column, row)


def reduce(kind: str, x: Traced, axis: Given = None, keepdims: bool = False) -> Made:
    """Return the sum, product, maximum or minimum of an array along some axes, or all."""
    axes = _list_axes(x, axis)
    shape = tuple(size for k, size in enumerate(x.shape) if k not in axes)
    if not all(x.shape[k] for k in axes):
        raise TraceError(f"an array of shape {x.shape} has no numbers to add or compare")

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        """Emit one element: nested loops along the axes, the last axis innermost."""

        def go_along(chosen: Index, total: Number) -> Number:
            """Emit the loops along the axes that follow those with a chosen place."""
            if len(chosen) == len(axes):
                return add_one(chosen, total)
            n = x.shape[axes[len(chosen)]]

            def step(k: Place, total: Number) -> tuple[Number, ...]:
                return (go_along((*chosen, k), total),)

            return block.fold(n, step, total)[0]

        def add_one(chosen: Index, total: Number) -> Number:
            place = _put_between(index, axes, chosen)
            if kind == "add":
                return add_element(block, total, x, place, p)
            return COMBINED[kind](block.at(x, place, p), total)

        return go_along((), BEGINNINGS[kind])

    new = x.graph.make("reduce", shape, [x], compute, note=(kind, axes))
    if keepdims:
        return np.expand_dims(new, axes)
    return new


def _list_axes(x: Traced, axis: Given) -> Shape:
    """Return the axes that NumPy's argument `axis` names, in rising order; all for None."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = normalize_axis_tuple(axis, max(x.ndim, 1))  # which refuses axes that there are not
    return tuple(sorted(axes)) if x.ndim else ()


def _put_between(index: Index, axes: Sequence[int], chosen: Index) -> Index:
    """Return the place of a term: that of its sum, with the chosen places on the summed axes.

    >>> _put_between((7,), (0,), (3,)), _put_between((7,), (1,), (3,))
    ((3, 7), (7, 3))
    """
    place = [*index]
    for k, number in zip(axes, chosen, strict=True):
        place.insert(k, number)
    return tuple(place)


def mean(x: Traced, axis: Given = None, keepdims: bool = False) -> Made:
    """Return the mean of an array along some axes, or all."""
    total = reduce("add", x, axis, keepdims)
    return total / (x.size / total.size)


def variance(x: Traced, axis: Given = None, keepdims: bool = False) -> Made:
    """Return the mean square of the deviations from the mean, along some axes or all."""
    deviations: Made = x - mean(x, axis, keepdims=True)
    return mean(deviations * deviations, axis, keepdims)


def deviation(x: Traced, axis: Given = None, keepdims: bool = False) -> Made:
    """Return the standard deviation, along some axes or all."""
    return np.sqrt(variance(x, axis, keepdims))


def inner(a: Given, b: Given) -> Made:
    """Return the product of two vectors, or of all rows of one matrix with those of another."""
    return dot(a, np.transpose(b))


def norm(x: Traced, *, axis: Given = None, keepdims: bool = False) -> Made:
    """Return the root of the sum of squares, along some axes or all."""
    return np.sqrt(reduce("add", x * x, axis, keepdims))


@functools.lru_cache(maxsize=1024)
def split(x: Traced) -> tuple[Traced | None, list[Traced]]:
    """Return an array as a number times a sum of terms: the number, or None for 1, and the terms.

    For a change such as ``rate * (x + y)``, the number is rate and the terms are x and y. The terms
    are summed over the patterns, and only the sum is multiplied by the number.

    Two numbers count as equal if they are the same object of the graph. The result is remembered
    because a part that two changes share must give the same object both times.
    """
    if x.is_kept:  # it is in memory as one result, and is not taken apart
        return None, [x]
    if x.op == "mul":
        return _split_product(x)
    if x.op == "negative":
        scale, terms = split(x.args[0])
        return (x.graph.take(-1.0) if scale is None else -scale), terms
    if x.op == "add":
        return _split_sum(x)
    return None, [x]


def _split_product(x: Traced) -> tuple[Traced | None, list[Traced]]:
    """Split number * array or array * number; any other product is a term."""
    for number, rest in (x.args, x.args[::-1]):
        is_number = not number.shape and not number.is_batched
        if is_number and rest.shape == x.shape:
            scale, terms = split(rest)
            return (number if scale is None else number * scale), terms
    return None, [x]


def _split_sum(x: Traced) -> tuple[Traced | None, list[Traced]]:
    """Split a sum of two multiples of one number; any other sum is a term."""
    left, right = x.args
    if not left.shape == right.shape == x.shape:
        return None, [x]
    scale, terms = split(left)
    right_scale, right_terms = split(right)
    if scale is not right_scale or len(terms) + len(right_terms) > DEEPEST:
        return None, [x]
    return scale, terms + right_terms
