"""The arrays that a rule is run with once, so that NumPy code becomes compiled code.

A `Traced` stands for an array of every network. Its shape is known, its numbers are not: an
operation on it only notes what it is made of. What results is a graph, which `blocks.py` writes
down as loops. The rule sees one pattern; the compiled code has several side by side.

Three conventions decide the bits, whatever the processor:

- a sum of products begins with what is added to it: ``W @ v + b`` begins with b;
- in ``a * b + c * d`` the last product is fused with the addition, rounded once;
- a number that multiplies a change is taken out of the sum over patterns (`traces.py`).
"""

import functools
import itertools
import math
import operator
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.lib.mixins import NDArrayOperatorsMixin

from replication.errors import UsageError
from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.instructions import Number, Place, Value
from replication.wording import show

NOTHING = -0.0
"""Where sums of products begin: adding the first one gives it back, whatever its sign."""

LEARN, MEASURE, APPLY, ORDER = range(4)
"""Phases of a sweep: the changes of a pattern, its error, what an update does, and the order in
which patterns are shown. Random numbers are others in each."""

Shape = tuple[int, ...]
Index = tuple[Place, ...]
"""The place of an element, without its pattern."""
Function = Callable[..., Any]
"""Of numbers, or of arrays: operators and functions of NumPy take what they are given."""

STORED = {"call", "matmul", "reduce", "moved", "repeat", "draw"}
"""Operations whose results are worth a place in memory."""
LEAVES = {"number", "constant", "given", "weight", "pattern", "sum", "carried", "result"}
"""What is in memory already, or needs none."""
DEEPEST = 30
MOST_ARRAYS = 20_000
MOST_MOVED = 10_000
"""Operations upon one another before the result goes to memory; arrays that a rule may make, and
elements that are moved one by one, so that compiling ends."""


class AnyBlock(Protocol):
    """What an operation is written down into; `blocks.py` has it."""

    def value(self, x: Number, /) -> Value:
        """Return a number as a value."""

    def at(self, x: "Traced", index: Index, p: Place) -> Number:
        """Write down one element, of the pattern in place p, and return its value."""

    def fold(
        self, n: int, body: Callable[..., tuple[Number, ...]], *values: Number
    ) -> tuple[Number, ...]:
        """Write down a loop."""

    def call(self, note: tuple[str, Function, bool], values: list[Value]) -> list[Number]:
        """Write down a costly function of values."""


class TraceError(UsageError):
    """What a rule does that cannot be compiled."""


class Graph:
    """All arrays that a rule makes while it is traced; equal ones are one array."""

    def __init__(self) -> None:
        self.known: dict[Any, Traced] = {}
        self.data: list[float] = []  # constants, the same for all networks
        self.depth = 0  # of loops of `repeat` being traced
        self.phase = 0  # of a sweep, for random numbers

    def make(
        self,
        op: str,
        shape: Shape,
        args: Sequence["Traced"] = (),
        compute: Any = None,
        *,
        note: Any = None,
        is_batched: bool = False,
        depth: int = 0,
    ) -> "Traced":
        """Return the array of an operation, the same one for the same operation on the same."""
        self._check(*args)
        key = (op, shape, note, *(arg.key for arg in args))
        if key not in self.known:
            new = Traced(self, op, shape, tuple(args), compute, note, len(self.known))
            new.is_batched = is_batched or any(arg.is_batched for arg in args)
            new.depth = max([depth, *(arg.depth for arg in args)])
            for arg in args:
                arg.n_uses += 1
            # Compiling must end, and no expression be so deep that Python's stack ends first.
            if len(self.known) > MOST_ARRAYS or (op == "moved" and new.size > MOST_MOVED):
                limit = f"makes over {MOST_ARRAYS:,} arrays or moves over {MOST_MOVED:,} elements"
                raise TraceError(f"the rule {limit}; write replication.repeat, products, slices")
            if op not in STORED and op not in LEAVES:
                new.level = 1 + max((arg.level for arg in args), default=0)
            if new.level > DEEPEST:
                keep(new).level = 0
            self.known[key] = new
        return self.known[key]

    def take(self, given: Any) -> "Traced":
        """Return an array as it is, and numbers as a constant one."""
        if isinstance(given, Traced):
            self._check(given)
            return given
        numbers = np.asarray(given)
        is_of_truths = numbers.dtype == bool
        if numbers.dtype.kind not in "fiub":
            raise TraceError(f"{show(given)} was given where an array of numbers is needed")
        numbers = numbers.astype(np.float64)
        flat = numbers.ravel()
        if (flat[:1] == flat).all():
            number = flat[0] if flat.size else 0.0  # of NumPy, which divides by 0, too
            new = self.make("number", numbers.shape, (), lambda *_: number, note=number)
        else:
            new = self.make("constant", numbers.shape, note=numbers.tobytes())
            if new.place < 0:
                new.place = len(self.data)
                self.data.extend(flat.tolist())
        # A comparison says that NumPy has truth values.
        return ASKING[np.not_equal](new, 0.0) if is_of_truths else new

    def _check(self, *xs: "Traced") -> None:
        if any(x.graph is not self for x in xs):
            where = "that it kept from an earlier call, in a list or an attribute"
            raise TraceError(f"the rule uses an array {where}; declare in `kept` what lasts")
        if any(x.depth > self.depth for x in xs):
            what = "what a step of repeat() has made after it"
            raise TraceError(f"the rule uses {what}; hand it on as a part of the state")


def move(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of NumPy that only moves elements, of one array or a list of them.

    It is run on the numbers of the elements, from 1 on; 0 is what it fills up with.
    """

    def operate(given: Any, *arguments: Any, **options: Any) -> Any:
        for where in (*arguments, *options.values()):
            if any(isinstance(place, Traced) for place in as_tuple(where)):
                raise TraceError("the rule takes elements at places not known yet; write np.where")
        is_list = isinstance(given, list | tuple)
        xs = _take_all(*given) if is_list else [given]
        ends = itertools.accumulate((x.size for x in xs), initial=1)
        numbers = [
            np.arange(k, k + x.size).reshape(x.shape) for k, x in zip(ends, xs, strict=False)
        ]
        chosen = np.asarray(function(numbers if is_list else numbers[0], *arguments, **options))
        if len(xs) == 1 and np.array_equal(chosen, numbers[0]):
            return xs[0]
        if len(xs) == 1 and (steps := _find_steps(xs[0].shape, chosen)) is not None:
            return _view(xs[0], chosen.shape, steps)
        # Where each element comes from: which array, and its place there.
        known = [None, *((k, place) for k, x in enumerate(xs) for place in np.ndindex(x.shape))]
        sources = tuple(known[number] for number in chosen.ravel().tolist())
        args = xs if is_list else [keep(xs[0])]
        return args[0].graph.make("moved", chosen.shape, args, note=sources)

    return operate


def _find_steps(shape: Shape, chosen: Any) -> Any:
    """Return where a view begins on each axis of an array, and how far a step on its own goes.

    Of x.T[:, ::2], where x is (5, 3): ((0, ((1, 2),)), (0, ((0, 1),))). None if the chosen elements
    are not evenly spaced, so that they are no view.
    """
    if not (chosen.size and chosen.all()):
        return None
    found = []
    grids = np.indices(chosen.shape)
    units = np.minimum(np.eye(chosen.ndim, dtype=int), np.array(chosen.shape, dtype=int) - 1)
    for grid in np.indices(shape):  # the place of each element on one axis of the array
        places = grid.ravel()[chosen - 1]
        first = int(places.flat[0])
        steps = [int(places[tuple(unit)]) - first for unit in units]
        if not np.array_equal(places, first + np.tensordot(steps, grids, axes=1)):
            return None
        found.append((first, tuple((axis, step) for axis, step in enumerate(steps) if step)))
    return tuple(found)


def _view(x: "Traced", shape: Shape, steps: Any) -> "Traced":
    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        place = [sum(index[axis] * step for axis, step in own) + a for a, own in steps]
        return block.at(x, tuple(place), p)

    return x.graph.make("view", shape, [x], compute, note=steps)


@dataclass(eq=False, repr=False, slots=True)
class Traced(NDArrayOperatorsMixin):
    """An array whose numbers only the compiled code will know; a rule holds a name for it.

    Operators and functions of NumPy make further ones; `handles.py` has what a rule sees.
    """

    graph: Graph
    op: str
    shape: Shape
    args: tuple["Traced", ...]
    compute: Any  # (block, index, p) -> value
    note: Any  # what besides the arguments tells the operation from others
    key: int  # number of this array
    place: int = -1  # of a constant, where its data begin
    depth: int = 0  # of loops of `repeat` that it changes in
    level: int = 0  # of operations upon one another since the last one in memory
    n_uses: int = 0
    is_kept: bool = False  # in memory, since it is read more than once
    is_batched: bool = False  # another one for each pattern

    __array_priority__ = 1e4
    __hash__ = object.__hash__
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    dtype = np.dtype(float)  # also of truth values, which are 1 and 0

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, *_: Any, **__: Any) -> Any:
        instead = "np.stack for np.array([x, y]), np.where for x[i] = ..., np.exp for math.exp"
        raise TraceError(f"the rule needs a number that is not known yet; write {instead}")

    def __repr__(self) -> str:
        return f"<array of shape {self.shape}, without numbers while the rule is compiled>"

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            how = method if method != "__call__" else " and ".join(sorted(options))
            instead = "; write x = x + y in place of x += y" if "out" in options else ""
            raise TraceError(f"numpy.{ufunc.__name__} with {how} cannot be compiled{instead}")
        if ufunc not in ASKING and all(map(is_truth, inputs)) != (ufunc in OF_TRUTHS):
            name = ufunc.__name__
            raise TraceError(f"numpy.{name} cannot be compiled of these; {TRUTHS_ADVICE}")
        return _find_function(ufunc)(*_take_all(*inputs))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        try:
            return _find_function(function)(*args, **options)
        except (AttributeError, TypeError):
            name = function.__name__
            raise TraceError(f"numpy.{name} cannot be compiled with these options") from None


TRUTHS_ADVICE = "multiply truth values by 1.0, or write np.logical_and, np.logical_or"


def _find_function(function: Any) -> Callable[..., Any]:
    """Return what a function of NumPy becomes, or refuse it by name."""
    if function not in FUNCTIONS:
        name = function.__name__
        known = "it with those that the page 'Your own rule' lists"
        instead = next((advice for advice, names in INSTEAD.items() if name in names), known)
        raise TraceError(f"{name} cannot be compiled; write {instead}")
    return FUNCTIONS[function]


INSTEAD = {
    "replication.logistic(x)": ("expit",),
    "a table as a class attribute": ("sin", "cos", "tan"),
    "replication.ACTIVATIONS['arcsinh'](x)": ("arcsinh",),
    "np.max or np.min of truth values, which are 1 and 0": ("any", "all"),
    "x == np.max(x), which is true at its place": ("argmax", "argmin"),
    "products and sums, as in a @ b, np.sum(a * b, 0)": ("einsum", "inner", "average", "cumsum"),
    "np.mean((x - np.mean(x)) ** 2)": ("var", "std"),
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
"""What to write in place of functions that people try."""


def _take_all(*xs: Any) -> list[Traced]:
    """Return arrays, of which one at least is traced already."""
    graph: Any = next((x.graph for x in xs if isinstance(x, Traced)), None)
    return [graph.take(x) for x in xs]


def keep(x: Traced) -> Traced:
    """Note that an array is read more than once, so that it is computed once, into memory."""
    x.is_kept = True
    return x


def fit(index: Index, shape: Shape) -> Index:
    """Return the place in an array that is broadcast, for one in the array that results."""
    index = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(index, shape, strict=True))


# Operations element by element


def elementwise(op: str, function: Callable[..., Number]) -> Callable[..., Traced]:
    """Return an operation on arrays that are broadcast, of one on their elements."""

    def operate(*given: Any) -> Traced:
        def compute(block: AnyBlock, index: Index, p: Place) -> Number:
            return function(*(block.at(x, fit(index, x.shape), p) for x in xs))

        xs = _take_all(*given)
        return xs[0].graph.make(op, np.broadcast_shapes(*(x.shape for x in xs)), xs, compute)

    return operate


def ask(op: str, relation: Callable[[Any, Any], Any]) -> Callable[..., Traced]:
    """Return a comparison, element by element: 1 where it is true, else 0."""
    return elementwise(f"is {op}", lambda x, y: exact.where(relation(x, y), 1.0, 0.0))


def is_truth(x: Any) -> bool:
    """Return whether NumPy has truth values where an array has 1 and 0."""
    if isinstance(x, list | tuple):
        return all(map(is_truth, x))
    if not isinstance(x, Traced):
        return np.asarray(x).dtype == bool
    passes_on = x.op in ("view", "moved", "where") or (x.op == "reduce" and x.note[0] != "add")
    args = x.args[1:] if x.op == "where" else x.args
    return x.op.startswith("is ") or (passes_on and all(map(is_truth, args)))


def costly(name: str, function: Function, *, is_paired: bool = False) -> Callable[[Traced], Traced]:
    """Return a costly function of every element; one that is paired takes two at once."""
    note = name, function, is_paired

    def operate(x: Traced) -> Traced:
        def compute(block: AnyBlock, index: Index, p: Place) -> Number:
            value = block.value(block.at(x, index, p))
            return block.call(note, [value])[0]

        return x.graph.make("call", x.shape, [x], compute, note=note)

    return operate


PAIRED = {key: costly(key, x, is_paired=True) for key, x in exact.PAIRED_FUNCTIONS.items()}
"""Functions of units by their names, of traced arrays."""


def is_product(x: Traced) -> bool:
    """Return whether an array is a product that can be fused with an addition."""
    return x.op == "mul" and not x.is_kept


def add_to(total: Number, x: Number) -> Number:
    """Return a sum with one more term."""
    if total is NOTHING:
        return x
    return total + x


def add_product(x: Number, y: Number, total: Number) -> Number:
    """Return a sum of products with one more term; one known to be 1 needs no product."""
    if isinstance(x, float):
        x, y = y, x
    if isinstance(y, float) and y == 1.0:
        return add_to(total, x)
    if total is NOTHING:
        return x * y
    return exact.fma(x, y, total)  # type: ignore[no-any-return]


def add_element(block: AnyBlock, total: Number, x: Traced, index: Index, p: Place) -> Number:
    """Return a sum with one more term, an element of an array, which is fused if a product."""
    if is_product(x):
        one, other = (block.at(arg, fit(index, arg.shape), p) for arg in x.args)
        return add_product(one, other, total)
    return add_to(total, block.at(x, index, p))


def _add(*given: Any) -> Any:
    a, b = _take_all(*given)
    shape = np.broadcast_shapes(a.shape, b.shape)
    for one, other in ((a, b), (b, a)):  # a sum of products begins with what is added to it
        # One that has a beginning takes no other, and one that others read, who need it without,
        # would be computed twice.
        is_free = one.op == "matmul" and len(one.args) == 2 and not (one.n_uses or one.is_kept)
        if is_free and one.shape == shape:
            matrix, vector = one.args
            return matmul(matrix, vector, np.broadcast_to(other, shape))

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        # A product comes last, where it is fused; of two, the second.
        first, last = a, b
        if is_product(a) and not is_product(b):
            first, last = b, a
        total = block.at(first, fit(index, first.shape), p)
        return add_element(block, total, last, fit(index, last.shape), p)

    return a.graph.make("add", shape, [a, b], compute)


def _multiply(x: Number, y: Number) -> Number:
    # One that is known to be 1 needs no product.
    if isinstance(x, float) and x == 1.0:
        return y
    if isinstance(y, float) and y == 1.0:
        return x
    return x * y


def _power(x: Any, y: Traced) -> Any:
    n = y.note if y.op == "number" else math.nan
    if n % 1.0 != 0.0:
        instead = "np.sqrt(x), or np.exp(y * np.log(x)) for x above 0"
        raise TraceError(f"x ** y is compiled for one whole number y; write {instead}")
    # A product, also of numbers below 0.
    x = np.broadcast_to(x, np.broadcast_shapes(x.shape, y.shape))
    if n == 0.0:
        return np.ones(x.shape)
    product = math.prod(itertools.repeat(x, int(abs(n)) - 1), start=x)
    return product if n > 0.0 else 1.0 / product


_plain_divide = elementwise("div", lambda x, y: x / y)


def _divide(*given: Any) -> Any:
    a, b = _take_all(*given)
    if a.op == "mul" and a.args[0] is b and not b.shape:  # a change over its learning rate
        return a.args[1]
    return _plain_divide(a, b)


_exp_of_minus = costly("exp of minus", exact.exponential_of_minus_any)


def _exp(x: Traced) -> Traced:
    return _exp_of_minus(x.args[0] if x.op == "negative" else -x)


_where = elementwise("where", lambda truth, x, y: exact.where(truth != 0.0, x, y))


def _choose(relation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the larger or smaller of two; not-a-number stays, as in NumPy."""

    def choose(x: Any, y: Any) -> Any:
        chosen = exact.where(relation(x, y), x, y)
        is_known = isinstance(x, float)
        return chosen if is_known else exact.where(x != x, x, chosen)  # noqa: PLR0124

    return choose


_larger = _choose(operator.gt)
_smaller = _choose(operator.lt)
_maximum = elementwise("maximum", _larger)
_minimum = elementwise("minimum", _smaller)


# Sums and products


def matmul(a: Any, b: Any, start: Any = None) -> Any:
    """Return a matrix product, to which `start` may be added: every sum begins with it."""
    a, b = _take_all(a, b)
    shape = np.matmul(np.empty(a.shape, dtype=bool), np.empty(b.shape, dtype=bool)).shape
    if a.ndim > 2 or b.ndim > 2:
        raise TraceError("matrix products are compiled for arrays of at most two axes")
    if a.ndim == 1 and b.ndim == 2:
        return matmul(np.transpose(b), a, start)
    for x in (a, b):
        if x.op != "view" or x is b:
            keep(x)
    # One element: a row of a times a column of b, term by term from the first on.
    n = a.shape[-1]

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        # The places in a row of a, and in a column of b.
        n_rows = a.ndim - 1
        i = index[:n_rows]
        j = index[n_rows:]
        total: Number = NOTHING
        if start is not None:
            total = block.at(start, index, p)

        def body(k: Place, total: Number) -> tuple[Number, ...]:
            one = block.at(a, (*i, k), p)
            other = block.at(b, (k, *j), p)
            return (add_product(one, other, total),)

        return block.fold(n, body, total)[0]

    args = [a, b]
    if start is not None:
        args.append(start)
    return a.graph.make("matmul", shape, args, compute)


def walk(roots: Iterable[Traced], is_end: Callable[..., bool] = lambda x: False) -> list[Traced]:
    """Return arrays and all that they are made of, in the order of making, none beyond an end."""
    found: set[Traced] = set()
    left = list(roots)
    while left:
        x = left.pop()
        if x not in found:
            found.add(x)
            left.extend(() if is_end(x) else x.args)
    return sorted(found, key=lambda x: x.key)


@functools.lru_cache(maxsize=1024)
def split(x: Traced) -> tuple[Traced | None, list[Traced]]:
    """Return the number that an array is a multiple of, and the terms of the rest.

    The sum over the patterns is multiplied by it once. Numbers are equal if they are one object, as
    in a graph, so what was found is remembered: it must be found once, of what is used twice, too.
    """
    if x.is_kept:
        return None, [x]
    # s * x, -x, and x + y whose numbers are one
    if x.op == "mul":
        for a, b in (x.args, x.args[::-1]):
            if not a.shape and not a.is_batched and b.shape == x.shape:
                scale, terms = split(b)
                return a if scale is None else a * scale, terms
    if x.op == "negative":
        scale, terms = split(x.args[0])
        return x.graph.take(-1.0) if scale is None else -scale, terms
    if x.op == "add" and all(arg.shape == x.shape for arg in x.args):
        (scale, one), (other_scale, other) = split(x.args[0]), split(x.args[1])
        if scale is other_scale and len(one) + len(other) <= DEEPEST:
            return scale, one + other
    return None, [x]


def is_plain_matmul(x: Traced) -> bool:
    """Return whether an array is a matrix of weights times a vector of each pattern."""
    if x.op != "matmul":
        return False
    a, b = x.args[:2]
    return a.ndim == 2 and b.ndim == 1 and x.is_batched and not a.is_batched


BEGINNINGS = {"add": NOTHING, "maximum": -math.inf, "minimum": math.inf}
COMBINED: dict[str, Callable[..., Number]] = {"maximum": _larger, "minimum": _smaller}
"""Where reductions begin, and how they go on."""


def reduce(kind: str, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum, maximum or minimum of an array along some axes, or all."""
    axes: Shape = ()
    if axis is None:
        axes = tuple(range(x.ndim))
    elif normalize_axis_tuple(axis, max(x.ndim, 1)) and x.ndim:
        axes = tuple(sorted(normalize_axis_tuple(axis, x.ndim)))
    shape = tuple(size for k, size in enumerate(x.shape) if k not in axes)
    if not all(x.shape[k] for k in axes):
        raise TraceError(f"an array of shape {x.shape} has no numbers to add or compare")

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        def go(chosen: Index, total: Number) -> Number:
            if len(chosen) < len(axes):  # the loop over one more axis
                n = x.shape[axes[len(chosen)]]

                def step(k: Place, total: Number) -> tuple[Number, ...]:
                    return (go((*chosen, k), total),)

                return block.fold(n, step, total)[0]
            # The place in x: that of the sum, with a number for each axis that is summed over.
            place = [*index]
            for k, number in zip(axes, chosen, strict=True):
                place.insert(k, number)
            if kind == "add":
                return add_element(block, total, x, tuple(place), p)
            return COMBINED[kind](block.at(x, tuple(place), p), total)

        return go((), BEGINNINGS[kind])

    # A sum goes through the axes in their order, the last one fastest.
    new = x.graph.make("reduce", shape, [x], compute, note=(kind, axes))
    return np.expand_dims(new, axes) if keepdims else new


def _mean(x: Traced, axis: Any = None, keepdims: bool = False) -> Any:
    total = reduce("add", x, axis, keepdims)
    return total / (x.size / total.size)


def _full_like(x: Traced, value: Any) -> Any:
    number = x.graph.take(value)
    return np.broadcast_to(number * 1.0 if is_truth(number) else number, x.shape)


def outer(a: Any, b: Any) -> Any:
    """Return the products of all elements of one vector with all of another."""
    a, b = map(keep, _take_all(a, b))
    return _mul(np.reshape(a, (-1, 1)), np.reshape(b, (1, -1)))


def as_tuple(x: Any) -> tuple[Any, ...]:
    """Return what may be one or several as several."""
    return x if isinstance(x, tuple) else (x,)


class Turns(threading.local):
    """The turn that the loops of `repeat` are in, among all of them, and what else is going on."""

    graph: Graph | None = None  # of the rule that is traced
    turn: Any = 0
    n_draws = 0  # of random numbers so far, of this pattern and phase

    @contextmanager
    def take(self, n: int, turn: Any) -> Iterator[None]:
        """Run one turn of a loop of n."""
        before = self.turn
        self.turn = self.turn * n + turn
        try:
            yield
        finally:
            self.turn = before


TURNS = Turns()


_mul: Any = elementwise("mul", _multiply)
_negative = elementwise("negative", lambda x: -x)

ASKING: dict[Any, Callable[..., Any]] = {
    np.greater: ask(">", operator.gt),
    np.greater_equal: ask(">=", operator.ge),
    np.less: ask("<", operator.lt),
    np.less_equal: ask("<=", operator.le),
    np.equal: ask("==", operator.eq),
    np.not_equal: ask("!=", operator.ne),
    np.isnan: lambda x: x != x,  # noqa: PLR0124
    np.logical_and: lambda x, y: _where(x, y, 0.0) != 0.0,
    np.logical_or: lambda x, y: _where(x, 1.0, y) != 0.0,
    np.logical_not: lambda x: x == 0.0,
}
"""Functions that make truth values, 1 and 0, of any numbers."""
OF_TRUTHS = {
    np.bitwise_and: ASKING[np.logical_and],
    np.bitwise_or: ASKING[np.logical_or],
    np.invert: ASKING[np.logical_not],
}
"""Functions of truth values alone. All others are of numbers: in NumPy x + y is *or* of those."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    # Operations element by element
    np.add: _add,
    np.subtract: elementwise("sub", lambda x, y: x - y),
    np.multiply: _mul,
    np.true_divide: _divide,
    np.negative: _negative,
    np.positive: lambda x: x,
    np.matmul: matmul,
    np.power: _power,
    np.square: lambda x: x * x,
    np.reciprocal: lambda x: 1.0 / x,
    np.sqrt: costly("square root", exact.square_root),
    np.exp: _exp,
    np.log: costly("logarithm", exact.logarithm_of_any),
    np.logaddexp: lambda x, y: x + costly("softplus", exact.softplus)(y - x),
    np.tanh: PAIRED["tanh"],
    np.arctan: PAIRED["arctan"],
    **dict.fromkeys((np.absolute, np.fabs), elementwise("abs", exact.absolute)),
    np.maximum: _maximum,
    np.minimum: _minimum,
    np.clip: lambda x, a_min, a_max: _minimum(_maximum(x, a_min), a_max),
    np.where: _where,
    np.sign: lambda x: _where(x > 0.0, 1.0, _where(x < 0.0, -1.0, x * 0.0)),
    **ASKING,
    **OF_TRUTHS,
    # Sums and products
    np.outer: outer,
    np.linalg.norm: lambda x: np.sqrt(reduce("add", x * x)),
    np.dot: lambda a, b: matmul(a, b) if np.ndim(a) and np.ndim(b) else a * b,
    np.sum: functools.partial(reduce, "add"),
    np.mean: _mean,
    **dict.fromkeys((np.max, np.amax), functools.partial(reduce, "maximum")),
    **dict.fromkeys((np.min, np.amin), functools.partial(reduce, "minimum")),
    # What only moves elements, or makes new arrays
    **{
        function: move(function)
        for function in (
            np.atleast_1d,
            np.atleast_2d,
            np.broadcast_to,
            np.column_stack,
            np.concatenate,
            np.copy,
            np.diag,
            np.diagonal,
            np.expand_dims,
            np.flip,
            np.hstack,
            np.matrix_transpose,
            np.moveaxis,
            np.ravel,
            np.repeat,
            np.reshape,
            np.roll,
            np.squeeze,
            np.stack,
            np.swapaxes,
            np.take,
            np.tile,
            np.transpose,
            np.tril,
            np.triu,
            np.vstack,
        )
    },
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
    np.zeros_like: lambda x: np.zeros(x.shape),
    np.ones_like: lambda x: np.ones(x.shape),
    np.full_like: _full_like,
}
"""What NumPy's functions become; all others are refused by name."""


def find_line(error: BaseException, rule: type) -> str | None:
    """Return the last line of a rule's own in which an error arose: "mine.py, line 7: h = ..."."""
    own = (function for each in list_own(rule) for function in vars(each).values())
    codes = [function.__code__ for function in own if hasattr(function, "__code__")]
    return find_own_line(error, {code.co_filename for code in codes})


def list_own(rule: type) -> list[type]:
    """Return the classes that a rule is made of and that are not of this package."""
    modules = {each: str(getattr(each, "__module__", "")) for each in getattr(rule, "__mro__", ())}
    given = "replication", "builtins"
    return [each for each, name in modules.items() if name.partition(".")[0] not in given]


def find_own_line(error: BaseException, files: set[str]) -> str | None:
    """Return the last line in some files in which an error arose, None if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(str(error.filename)).name}, line {error.lineno}"
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files]
    if not own:
        return None
    text = f": {own[-1].line}" if own[-1].line else ""  # which nobody knows of typed lines
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}{text}"
