"""The arrays that a rule is run with once, so that NumPy code becomes compiled code.

A `Traced` stands for an array of every network. Its shape is known, its numbers are not: an
operation on it only notes what it is made of. What results is a graph, which `blocks.py` writes
down as loops. The rule sees one pattern; the compiled code has several side by side.

Three conventions decide the bits, whatever the processor:

- a sum of products begins with what is added to it: ``W @ v + b`` begins with b;
- in ``a * b + c * d`` the last product is fused with the addition, rounded once;
- a number that multiplies a change is taken out of the sum over patterns (`programs.py`).
"""

import itertools
import math
import operator
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from replication.errors import UsageError
from replication.simulator import arithmetic as exact
from replication.simulator.noise import APPLY
from replication.wording import show

NOTHING = -0.0
"""Where sums of products begin: adding the first one gives it back, whatever its sign."""

Shape = tuple[int, ...]
Index = tuple[Any, ...]
At = Callable[["Traced", Index, Any], Any]
"""Writes down one element of an array, for the pattern in some place, and returns its value."""

STORED = {"call", "matmul", "reduce", "reshaped", "joined", "taken", "repeat", "draw"}
"""Operations whose results are worth a place in memory."""
CHOSEN = {"reshaped", "taken"}
LEAVES = {"number", "constant", "given", "weight", "pattern", "sum", "carried", "result"}
"""What is in memory already, or needs none."""
DEEPEST, MOST_ARRAYS, MOST_CHOSEN = 30, 20_000, 10_000
"""Operations upon one another before the result goes to memory; arrays that a rule may make, and
elements that are moved one by one, so that compiling ends."""


UNKNOWN_PLACES = (
    "the rule takes elements at places that only the compiled code knows; choose them with np.where"
)


class TraceError(UsageError):
    """What a rule does that cannot be compiled."""


class Graph:
    """All arrays that a rule makes while it is traced; equal ones are one array."""

    def __init__(self) -> None:
        self.known: dict[Any, Traced] = {}
        self.data: list[float] = []  # constants, the same for all networks
        self.depth = 0  # of loops of `repeat` being traced
        self.phase = 0  # of a sweep, for random numbers
        self._keys = itertools.count()

    def make(
        self, op: str, shape: Shape, args: Sequence["Traced"] = (), compute: Any = None, *,
        note: Any = None, mask: bool = False, is_batched: bool = False, depth: int = 0,
    ) -> "Traced":  # fmt: skip
        """Return the array of an operation, the same one for the same operation on the same."""
        self._check(*args)
        key = (op, shape, note, *(arg.key for arg in args))
        if key not in self.known:
            new = Traced(self, op, shape, tuple(args), compute, note, mask)
            new.key = next(self._keys)
            new.is_batched = is_batched or any(arg.is_batched for arg in args)
            new.depth = max([depth, *(arg.depth for arg in args)])
            for arg in args:
                arg.n_uses += 1
            if len(self.known) > MOST_ARRAYS or (op in CHOSEN and new.size > MOST_CHOSEN):
                raise TraceError(
                    f"the rule makes more than {MOST_ARRAYS:,} arrays, or moves more than "
                    f"{MOST_CHOSEN:,} elements; write loops with replication.repeat, sums as "
                    "products of matrices, and take slices"
                )
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
            if given.graph is not self:
                raise TraceError(
                    "the rule uses an array that it kept from an earlier call, in a list or an "
                    "attribute; declare in `kept` what lasts from one update to the next"
                )
            return given
        numbers = np.asarray(given)
        if numbers.dtype.kind not in "fiub":
            raise TraceError(f"{show(given)} was given where an array of numbers is needed")
        numbers = numbers.astype(np.float64)
        flat = numbers.ravel()
        if (flat.size and (flat[0] == flat).all() and flat[0] != 0.0) or not flat.any():
            number = float(flat[0]) if flat.size else 0.0
            return self.make("number", numbers.shape, (), lambda *_: number, note=number)
        new = self.make("constant", numbers.shape, note=numbers.tobytes())
        if new.place < 0:
            new.place = len(self.data)
            self.data.extend(flat.tolist())
        return new

    def _check(self, *xs: "Traced") -> None:
        if any(x.depth > self.depth for x in xs):
            raise TraceError(
                "the rule uses after repeat() what one of its steps has made; let the steps hand "
                "it on as a part of the state"
            )

    def take_number(self, given: Any) -> "Traced":
        """Return an array of numbers; truth values become 1 and 0."""
        return _as_number(self.take(given))


def _method(function: Any) -> Any:
    def call_with(self: Any, *arguments: Any, **options: Any) -> Any:
        return function(self, *arguments, **options)

    return call_with


class Traced(NDArrayOperatorsMixin):
    """An array whose numbers only the compiled code will know."""

    __slots__ = (
        "args", "compute", "depth", "graph", "is_batched", "is_kept", "key", "level", "mask",
        "n_uses", "note", "op", "place", "shape",
    )  # fmt: skip
    __array_priority__ = 1e4
    __hash__ = object.__hash__

    def __init__(
        self, graph: Graph, op: str, shape: Shape, args: tuple["Traced", ...], compute: Any,
        note: Any, mask: bool,
    ) -> None:  # fmt: skip
        self.graph, self.op, self.shape, self.args = graph, op, shape, args
        self.compute = compute  # (at, index, p) -> value
        self.note = note  # what besides the arguments tells the operation from others
        self.mask = mask  # of truth values
        self.key = self.place = -1  # number of this array; of a constant, where its data begin
        self.depth = 0  # of loops of `repeat` that it changes in
        self.level = 0  # of operations upon one another since the last one in memory
        self.n_uses = 0
        self.is_kept = False  # in memory, since it is read more than once
        self.is_batched = False  # another one for each pattern

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    dtype = property(lambda self: np.dtype(bool if self.mask else float))
    T = property(lambda self: transpose(self))  # noqa: PLW0108  # defined below

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<array of shape {self.shape}, without numbers while the rule is compiled>"

    def __bool__(self) -> bool:
        raise TraceError(
            "the rule asks whether a number is true that only the compiled code knows (if, while, "
            "and, or, max, min, sorted); write np.where(condition, x, y), np.maximum or np.clip"
        )

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TraceError(
            "the rule needs a number that only the compiled code knows (float, int, print, math, "
            "np.array([x, y]), x[i] = ...); keep to NumPy operations on whole arrays: np.stack in "
            "place of np.array, np.where in place of x[i] = ..."
        )

    __format__ = __float__ = __int__ = __index__ = __round__ = __array__ = __setitem__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"an array has no attribute {name!r}")
        raise TraceError(f"an array's {name} cannot be compiled; write it with NumPy's functions")

    # The methods of NumPy's arrays

    # ``x += y`` makes a new array; other names of the old one keep it, unlike in NumPy. The guard
    # finds a rule that relies on that.
    def __iadd__(self, other: Any) -> Any:
        return self + other

    def __isub__(self, other: Any) -> Any:
        return self - other

    def __imul__(self, other: Any) -> Any:
        return self * other

    def __itruediv__(self, other: Any) -> Any:
        return self / other

    def __getitem__(self, place: Any) -> "Traced":
        places = place if isinstance(place, tuple) else (place,)
        if any(isinstance(each, Traced) for each in places):
            raise TraceError(UNKNOWN_PLACES)
        chosen = np.arange(self.size).reshape(self.shape)[place]  # NumPy says what is selected
        if all(isinstance(each, slice | int | np.integer | None) or each is ... for each in places):
            return _select(self, places, chosen.shape)
        flat = chosen.ravel().tolist()
        sources = [tuple(map(int, np.unravel_index(k, self.shape))) for k in flat]
        source = keep(_as_number(self))
        taken = self.graph.make("taken", chosen.shape, [source], note=tuple(sources))
        return _as_mask(taken) if self.mask else taken

    sum, mean, max, min, var, std, prod = map(
        _method, (np.sum, np.mean, np.max, np.min, np.var, np.std, np.prod)
    )
    dot, clip, ravel, flatten, copy = map(_method, (np.dot, np.clip, np.ravel, np.ravel, np.copy))

    def reshape(self, *shape: Any) -> Any:
        """Return the same numbers in another shape."""
        return reshape(self, shape[0] if isinstance(shape[0], tuple | list) else shape)

    def transpose(self, *axes: int) -> "Traced":
        """Return the axes in another order."""
        return transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, kind: Any, **_: Any) -> "Traced":
        """Return float64 numbers or truth values."""
        if np.dtype(kind) not in (np.dtype(float), np.dtype(bool)):
            raise TraceError(f"astype({kind!r}) cannot be compiled; all numbers are float64")
        return _as_number(self) if np.dtype(kind) == float else _as_mask(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        xs = [self.graph.take(x) for x in inputs] if method != "reduce" else inputs
        if method == "reduce" and ufunc in REDUCTIONS and {*options} <= {"axis", "keepdims"}:
            keepdims = options.get("keepdims", False)
            found = reduce(REDUCTIONS[ufunc], xs[0], options.get("axis", 0), keepdims)
            return _as_numpy_has(found, ufunc.reduce, inputs, options)
        if method == "outer" and ufunc is np.multiply and not options:
            a, b = xs
            return ufunc(reshape(a, (*a.shape, *[1] * b.ndim)), b)
        if method != "__call__" or options:
            how = method if method != "__call__" else " and ".join(sorted(options))
            instead = "; write x = x + y in place of x += y" if "out" in options else ""
            raise TraceError(f"numpy.{ufunc.__name__} with {how} cannot be compiled{instead}")
        if ufunc not in UFUNCS:
            raise TraceError(_refusal(ufunc.__name__, UFUNCS))
        return _as_numpy_has(UFUNCS[ufunc](*xs), ufunc, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = function.__name__
        if function not in FUNCTIONS:
            raise TraceError(_refusal(name, FUNCTIONS))
        try:
            return _as_numpy_has(FUNCTIONS[function](*args, **kwargs), function, args, kwargs)
        except TypeError as error:
            if isinstance(error, TraceError) or "argument" not in str(error):
                raise
            raise TraceError(f"numpy.{name} cannot be compiled with these options") from None


def _refusal(name: str, known: dict[Any, Any]) -> str:
    names = sorted({function.__name__ for function in known})
    return f"numpy.{name} cannot be compiled; known are {', '.join(names)}"


def _as_numpy_has(found: Any, function: Any, args: Any, options: Any = MappingProxyType({})) -> Any:
    """Return truth values where NumPy has them: their sum and product are *or* and *and* there."""
    dtypes: list[Any] = []

    def stand_in(x: Any) -> Any:
        if isinstance(x, list | tuple):
            return type(x)([stand_in(each) for each in x])
        if not isinstance(x, Traced):
            return x
        dtypes.append(x.dtype)
        return np.ones(x.shape, x.dtype)

    shown = stand_in(args)
    options = {name: stand_in(x) for name, x in options.items()}
    if not isinstance(found, Traced) or not (bool in dtypes or function in BITWISE):
        return found
    dtype = function(*shown, **options).dtype
    is_mask = dtype.kind == "b"
    if dtype.itemsize < 8 and not is_mask:
        raise TraceError(
            f"numpy.{function.__name__} makes {dtype} of truth values; multiply them by 1.0"
        )
    return _as_mask(found) if is_mask else _as_number(found)


def find_graph(xs: Sequence[Any]) -> Graph | None:
    """Return the graph of the traced ones among some arrays, None if there are none."""
    return next((x.graph for x in xs if isinstance(x, Traced)), None)


def _take_all(*xs: Any) -> list[Traced]:
    graph = find_graph(xs)
    assert graph is not None
    return [graph.take(x) for x in xs]


def keep(x: Traced) -> Traced:
    """Note that an array is read more than once, so that it is computed once, into memory."""
    if x.mask:  # truth values are no numbers in memory: what they are made of is kept
        for arg in x.args:
            keep(arg)
    else:
        x.is_kept = True
    return x


# Views: where an element comes from


def fit(index: Index, shape: Shape) -> Index:
    """Return the place in an array that is broadcast, for one in the array that results."""
    index = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(index, shape, strict=True))


def _view(x: Traced, shape: Shape, note: Any, move: Callable[[Index], Index]) -> Traced:
    def compute(at: At, index: Index, p: Any) -> Any:
        return at(x, move(index), p)

    return x.graph.make("view", shape, [x], compute, note=note, mask=x.mask)


def _select(x: Traced, places: tuple[Any, ...], shape: Shape) -> Traced:
    """Return what whole numbers and slices select."""
    if any(each is ... for each in places):
        begin = next(k for k, each in enumerate(places) if each is ...)
        n = x.ndim - sum(each is not None for each in places) + 1
        places = (*places[:begin], *[slice(None)] * n, *places[begin + 1 :])
    steps: list[Any] = []  # None for a new axis, a place, or the first place and the step
    axis = 0
    for each in places:
        if each is None:
            steps.append(None)
            continue
        if isinstance(each, slice):
            begin, _, step = each.indices(x.shape[axis])
            steps.append((begin, step))
        else:
            steps.append(int(each) % x.shape[axis])
        axis += 1
    steps += [(0, 1)] * (x.ndim - axis)

    def move(index: Index) -> Index:
        left, found = iter(index), []
        for step in steps:
            if isinstance(step, int):
                found.append(step)
                continue
            i = next(left)
            if step is not None:
                found.append(i if step == (0, 1) else i * step[1] + step[0])
        return tuple(found)

    return _view(x, shape, ("select", *steps), move)


def transpose(x: Traced, axes: Any = None) -> Traced:
    """Return an array with its axes in another order, reversed unless given."""
    axes = tuple(range(x.ndim)[::-1]) if axes is None else tuple(range(x.ndim)[k] for k in axes)
    if x.ndim < 2:
        return x
    back = np.argsort(axes).tolist()
    shape = tuple(x.shape[k] for k in axes)
    return _view(x, shape, ("transpose", axes), lambda index: tuple(index[k] for k in back))


def reshape(x: Any, shape: Any) -> Any:
    """Return an array with the same numbers in another shape."""
    shape = np.empty(x.shape, dtype=bool).reshape(shape).shape
    ours = [k for k, size in enumerate(x.shape) if size != 1]
    theirs = [k for k, size in enumerate(shape) if size != 1]
    if shape == x.shape:
        return x
    if [x.shape[k] for k in ours] != [shape[k] for k in theirs]:
        new = x.graph.make("reshaped", shape, [keep(_as_number(x))])
        return _as_mask(new) if x.mask else new

    def move(index: Index) -> Index:  # only axes of one come or go
        found: list[Any] = [0] * x.ndim
        for k, m in zip(ours, theirs, strict=True):
            found[k] = index[m]
        return tuple(found)

    return _view(x, shape, "reshape", move)


def broadcast_to(x: Any, shape: Any) -> Any:
    """Return an array repeated along axes of size 1 and new first ones."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if x.shape == shape:
        return x
    np.broadcast_to(np.empty(x.shape, dtype=bool), shape)  # which refuses what does not fit
    return _view(x, shape, "broadcast", lambda index: fit(index, x.shape))


def _concatenate(parts: Any, axis: int = 0) -> Traced:
    xs = _take_all(*parts)
    shape = np.concatenate([np.empty(x.shape, dtype=bool) for x in xs], axis=axis).shape
    return xs[0].graph.make("joined", shape, [_as_number(x) for x in xs], note=axis % len(shape))


def _stack(parts: Any, axis: int = 0) -> Traced:
    xs = _take_all(*parts)
    axis %= xs[0].ndim + 1
    return _concatenate([reshape(x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in xs], axis)


# Operations element by element


def elementwise(
    op: str, function: Callable[..., Any], *, takes_masks: bool = False, mask: bool = False
) -> Callable[..., Traced]:
    """Return an operation on arrays that are broadcast, of one on their elements."""

    def operate(*given: Any) -> Traced:
        xs = _take_all(*given)
        if not takes_masks:
            xs = [_as_number(x) for x in xs]
        shape = np.broadcast_shapes(*(x.shape for x in xs))

        def compute(at: At, index: Index, p: Any) -> Any:
            return function(*(at(x, fit(index, x.shape), p) for x in xs))

        return xs[0].graph.make(op, shape, xs, compute, mask=mask)

    return operate


def call(name: str, x: Traced, function: Callable[..., Any], *, is_paired: bool = False) -> Traced:
    """Return a costly function of every element; one that is paired takes two at once."""
    x, note = _as_number(x), (name, function, is_paired)

    def compute(at: At, index: Index, p: Any) -> Any:
        return at.__self__.call(note, [at(x, index, p)])[0]  # type: ignore[attr-defined]

    return x.graph.make("call", x.shape, [x], compute, note=note)


def _as_number(x: Traced) -> Traced:
    if not x.mask:
        return x
    as_number = elementwise("as-number", lambda m: exact.where(m, 1.0, 0.0), takes_masks=True)
    return as_number(x)


def is_product(x: Traced) -> bool:
    """Return whether an array is a product that can be fused with an addition."""
    return x.op == "mul" and not x.is_kept


def add_to(total: Any, x: Any) -> Any:
    """Return a sum with one more term."""
    return x if total is NOTHING else total + x


def add_product(x: Any, y: Any, total: Any) -> Any:
    """Return a sum of products with one more term; one known to be 1 needs no product."""
    if isinstance(x, float):
        x, y = y, x
    if isinstance(y, float) and y == 1.0:
        return add_to(total, x)
    return x * y if total is NOTHING else exact.fma(x, y, total)


def add_element(at: At, total: Any, x: Traced, index: Index, p: Any) -> Any:
    """Return a sum with one more term, an element of an array, which is fused if a product."""
    if is_product(x):
        one, other = (at(arg, fit(index, arg.shape), p) for arg in x.args)
        return add_product(one, other, total)
    return add_to(total, at(x, index, p))


def _add(*given: Any) -> Any:
    a, b = _take_all(*given)
    a, b = _as_number(a), _as_number(b)
    shape = np.broadcast_shapes(a.shape, b.shape)
    for one, other in ((a, b), (b, a)):  # a sum of products begins with what is added to it
        is_free = one.op == "matmul" and len(one.args) == 2 and not (one.n_uses or one.is_kept)
        if is_free and one.shape == shape:
            matrix, vector = one.args
            return matmul(matrix, vector, broadcast_to(other, shape))

    def compute(at: At, index: Index, p: Any) -> Any:
        first, last = (a, b) if is_product(b) or not is_product(a) else (b, a)
        total = at(first, fit(index, first.shape), p)
        return add_element(at, total, last, fit(index, last.shape), p)

    return a.graph.make("add", shape, [a, b], compute)


def _multiply(x: Any, y: Any) -> Any:
    if isinstance(x, float) and x == 1.0:
        return y
    return x if isinstance(y, float) and y == 1.0 else x * y


def _power(x: Traced, y: Traced) -> Any:
    number = y.note if y.op == "number" else None
    x = broadcast_to(x, np.broadcast_shapes(x.shape, y.shape))
    if number == 0.5:
        return UFUNCS[np.sqrt](x)
    if number == -1.0:
        return 1.0 / x
    if number not in (1.0, 2.0, 3.0, 4.0):
        raise TraceError("x ** y is compiled for y of 1, 2, 3, 4, 0.5 and -1 only")
    return math.prod([x] * (int(number) - 1), start=x)


_plain_divide = elementwise("div", lambda x, y: x / y)


def _divide(*given: Any) -> Traced:
    a, b = _take_all(*given)
    shape = np.broadcast_shapes(a.shape, b.shape)
    if a.op == "mul" and a.args[0] is b and not b.shape:  # a change over its learning rate
        return a.args[1]
    # 1 / (1 + exp(-x)), in either order, is the logistic function.
    if a.op == "number" and a.note == 1.0 and b.op == "add":
        for one, other in (b.args, b.args[::-1]):
            is_one = one.op == "number" and one.note == 1.0
            if is_one and other.op == "call" and other.note[0] == "exp of minus":
                found: Traced = broadcast_to(logistic_of(other.args[0]), shape)
                return found
    return _plain_divide(a, b)


def _exp(x: Traced) -> Traced:
    x = _as_number(x)
    x = x.args[0] if x.op == "negative" else -x
    return call("exp of minus", x, exact.exponential_of_minus_any)


def logistic_of(x: Traced) -> Traced:
    """Return the logistic function of a traced array."""
    return call("logistic", x, exact.logistic, is_paired=True)


def _function(name: str, function: Callable[..., Any], **options: Any) -> Callable[..., Traced]:
    return lambda x: call(name, x, function, **options)


def _compare(relation: str) -> Callable[..., Traced]:
    return elementwise(relation, lambda x, y: exact.compare(relation, x, y), mask=True)


def _logic(op: str) -> Callable[..., Traced]:
    operate = elementwise(op, lambda *xs: exact.logic(op, *xs), takes_masks=True, mask=True)
    return lambda *xs: operate(*(_as_mask(x) for x in _take_all(*xs)))


def _as_mask(x: Traced) -> Traced:
    return x if x.mask else _compare("une")(x, 0.0)


def _where(condition: Any, x: Any, y: Any) -> Traced:
    condition, x, y = _take_all(condition, x, y)
    choose = elementwise("where", exact.where, takes_masks=True)
    return choose(_as_mask(condition), _as_number(x), _as_number(y))


def _choose(relation: str) -> Callable[[Any, Any], Any]:
    """Return the larger or smaller of two; not-a-number stays, as in NumPy."""

    def choose(x: Any, y: Any) -> Any:
        chosen = exact.where(exact.compare(relation, x, y), x, y)
        return (
            chosen if isinstance(x, float) else exact.where(exact.compare("uno", x, x), x, chosen)
        )

    return choose


_larger, _smaller = _choose("ogt"), _choose("olt")
_maximum, _minimum = elementwise("maximum", _larger), elementwise("minimum", _smaller)


def _clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    x = x if low is None else _maximum(x, low)
    return x if high is None else _minimum(x, high)


# Sums and products


def matmul(a: Any, b: Any, start: Traced | None = None) -> Any:
    """Return a matrix product, to which `start` may be added: every sum begins with it."""
    a, b = (_as_number(x) for x in _take_all(a, b))
    shape = np.matmul(np.empty(a.shape, dtype=bool), np.empty(b.shape, dtype=bool)).shape
    if a.ndim > 2 or b.ndim > 2:
        raise TraceError("matrix products are compiled for arrays of at most two axes")
    if a.ndim == 1 and b.ndim == 2:
        return matmul(transpose(b), a, start)
    for x in (a, b):
        if x.op != "view" or x is b:
            keep(x)
    n = a.shape[-1]

    def compute(at: At, index: Index, p: Any) -> Any:
        i, j = (index[:1], index[1:]) if a.ndim == 2 else ((), index)
        total = NOTHING if start is None else at(start, index, p)

        def body(k: Any, total: Any) -> tuple[Any]:
            return (add_product(at(a, (*i, k), p), at(b, (k, *j), p), total),)

        return fold(at, n, body, total)

    return a.graph.make("matmul", shape, [a, b] if start is None else [a, b, start], compute)


def fold(at: At, n: int, body: Callable[..., Any], total: Any) -> Any:
    """Repeat ``(total,) = body(k, total)`` for n k; return the last total."""
    (total,) = at.__self__.fold(n, body, total)  # type: ignore[attr-defined]
    return total


def list_reachable(roots: Iterable[Traced]) -> list[Traced]:
    """Return all arrays that some are made of, themselves among them, in the order of making."""
    found: set[Traced] = set()
    left = list(roots)
    while left:
        x = left.pop()
        if x not in found:
            found.add(x)
            left.extend(x.args)
            if x.op == "repeat":
                left.extend(x.note[2])
    return sorted(found, key=lambda x: x.key)


def is_plain_matmul(x: Traced) -> bool:
    """Return whether an array is a matrix of weights times a vector of each pattern."""
    return (
        x.op == "matmul"
        and x.args[0].ndim == 2
        and x.args[1].ndim == 1
        and (x.is_batched and not x.args[0].is_batched)
    )


BEGINNINGS = {"add": NOTHING, "maximum": -math.inf, "minimum": math.inf, "multiply": 1.0}
COMBINED = {"maximum": _larger, "minimum": _smaller, "multiply": _multiply}


def reduce(kind: str, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum, product, maximum or minimum of an array along some axes, or all."""
    x = _as_number(x)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(range(max(x.ndim, 1))[k] for k in axes)) if x.ndim else ()
    shape = tuple(size for k, size in enumerate(x.shape) if k not in axes)
    if not all(x.shape[k] for k in axes):
        raise TraceError(f"the {kind} of an array of shape {x.shape} has no numbers")

    def compute(at: At, index: Index, p: Any) -> Any:
        def go(chosen: tuple[Any, ...], total: Any) -> Any:
            if len(chosen) < len(axes):  # the loop over one more axis
                n = x.shape[axes[len(chosen)]]
                return fold(at, n, lambda k, total: (go((*chosen, k), total),), total)
            inside, outside = dict(zip(axes, chosen, strict=True)), iter(index)
            place = tuple(inside[k] if k in inside else next(outside) for k in range(x.ndim))
            if kind == "add":
                return add_element(at, total, x, place, p)
            return COMBINED[kind](at(x, place, p), total)

        return go((), BEGINNINGS[kind])

    new = x.graph.make("reduce", shape, [x], compute, note=(kind, axes))
    kept = tuple(1 if k in axes else size for k, size in enumerate(x.shape))
    return reshape(new, kept) if keepdims else new


def _mean(x: Traced, axis: Any = None, keepdims: bool = False) -> Any:
    total = reduce("add", x, axis, keepdims)
    return total * (total.size / x.size)


def _var(x: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    apart = x - _mean(x, axis, keepdims=True)
    total = reduce("add", apart * apart, axis, keepdims)
    return total / (x.size / total.size - ddof)


def _test(kind: str) -> Callable[..., Traced]:
    """Return what asks whether any (the largest) or all (the smallest) of an array are true."""
    return lambda x, axis=None, keepdims=False: _as_mask(
        reduce(kind, _as_mask(x), axis, keepdims=keepdims)
    )


def _move(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of NumPy that only moves elements, as it moves their numbers."""

    def move(x: Any, *arguments: Any, **options: Any) -> Any:
        if find_graph((*arguments, *options.values())) is not None:
            raise TraceError(UNKNOWN_PLACES)
        return reshape(x, -1)[function(np.arange(x.size).reshape(x.shape), *arguments, **options)]

    return move


def outer(a: Any, b: Any) -> Any:
    """Return the products of all elements of one vector with all of another."""
    a, b = (keep(_as_number(x)) for x in _take_all(a, b))
    return _mul(reshape(a, (a.size, 1)), reshape(b, (1, b.size)))


def is_outer(x: Traced) -> bool:
    """Return whether an array is the product of a column and a row, to be fused."""
    return (
        is_product(x)
        and x.ndim == 2
        and (x.args[0].shape == (x.shape[0], 1) and x.args[1].shape == (1, x.shape[1]))
    )


def _norm(x: Traced, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2) or (ord == 2 and axis is None and x.ndim > 1):
        raise TraceError("numpy.linalg.norm is compiled for the Euclidean norm only")
    return UFUNCS[np.sqrt](reduce("add", x * x, axis, keepdims))


def _einsum(text: str, *given: Any) -> Any:
    """Return what NumPy's einsum does, as a sum of a product of arrays, their axes in one order."""
    xs = [keep(x) for x in _take_all(*given)]
    left, arrow, result = text.replace(" ", "").partition("->")
    inputs = left.split(",")
    if "." in text or any(len({*names}) < len(names) for names in inputs):
        raise TraceError("einsum is compiled without '...' and without a letter twice in one array")
    letters = sorted({*left} - {","})
    result = result if arrow else "".join(c for c in letters if left.count(c) == 1)
    order = [*result, *(c for c in letters if c not in result)]
    product: Any = None
    for names, x in zip(inputs, xs, strict=True):
        ordered = transpose(x, [names.index(c) for c in order if c in names])
        sizes = iter(ordered.shape)
        factor = reshape(ordered, tuple(next(sizes) if c in names else 1 for c in order))
        product = factor if product is None else _mul(product, factor)
    inner = tuple(range(len(result), len(order)))
    return reduce("add", product, inner) if inner else product


def repeat(n: int, step: Callable[..., Any], *state: Any) -> Any:
    """Return the state after n steps, ``state = step(*state)``: a loop, also when compiled.

    Parameters
    ----------
    n : int
        Steps, at least 0.
    step : function
        Takes the arrays of the state and returns as many of the same shapes, a tuple if several.
    *state : arrays
        What the first step takes.

    Examples
    --------
    >>> float(repeat(3, lambda x: 2.0 * x, 1.0))
    8.0
    """
    graph, n = TURNS.graph, operator.index(n)
    if graph is None or n < 1:
        n_draws = TURNS.n_draws
        for turn in range(n):
            TURNS.n_draws = n_draws  # a draw has the same number in every turn
            with TURNS.next(n, turn):
                state = _as_tuple(step(*state))
        return state if len(state) > 1 else state[0]
    begun, is_batched = [_take_state(graph, x) for x in state], graph.phase != APPLY
    graph.depth += 1
    try:
        # A state is another one in every turn, and of every pattern.
        carried = [
            graph.make(
                "carried", x.shape, note=(graph.depth, k, next(graph._keys)), is_batched=is_batched,
                depth=graph.depth,
            )
            for k, x in enumerate(begun)
        ]  # fmt: skip
        found = [_take_state(graph, x) for x in _as_tuple(step(*carried))]
    finally:
        graph.depth -= 1
    shapes, new_shapes = ([x.shape for x in state] for state in (begun, found))
    if shapes != new_shapes:
        raise TraceError(f"repeat: a state of shapes {shapes} becomes one of {new_shapes}")
    outside = _find_outside(found, graph.depth)
    for x in outside:
        keep(x)
    loop = graph.make(
        "repeat", (), [*begun, *outside], note=(n, tuple(carried), tuple(found)),
        depth=graph.depth, is_batched=is_batched,
    )  # fmt: skip
    results = tuple(graph.make("result", x.shape, [loop], note=k) for k, x in enumerate(begun))
    return results if len(results) > 1 else results[0]


def _take_state(graph: Graph, x: Any) -> Traced:
    if graph.take(x).mask:  # which the next turn might add
        raise TraceError("repeat: a state is of truth values; multiply it by 1.0")
    return graph.take(x)


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


def _find_outside(found: list[Traced], depth: int) -> list[Traced]:
    """Return what a loop uses that does not change in it."""
    outside, seen = [], set()

    def go(x: Traced) -> None:
        if x in seen or x.op == "carried":
            return
        seen.add(x)
        if x.depth <= depth:
            outside.append(x)
            return
        for arg in x.args:
            go(arg)

    for x in found:
        go(x)
    return outside


class Turns(threading.local):
    """The turns of the loops of `repeat` that are running, the innermost last."""

    def __init__(self) -> None:
        self.graph: Graph | None = None  # of the rule that is traced
        self.running: list[tuple[int, Any]] = []
        self.n_draws = 0  # of random numbers so far, of this pattern and phase

    def next(self, n: int, turn: Any) -> "Turns":
        """Begin a turn of a loop of n."""
        self.running.append((n, turn))
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: Any) -> None:
        self.running.pop()

    def count(self) -> Any:
        """Return the number of this turn among all of the loops, 0 outside of them."""
        total: Any = 0
        for k, (n, turn) in enumerate(self.running):
            total = turn if k == 0 else total * n + turn
        return total


TURNS = Turns()


_mul = elementwise("mul", _multiply)
_negative = elementwise("negative", lambda x: -x)

UFUNCS: dict[Any, Callable[..., Any]] = {
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
    np.sqrt: _function("square root", exact.square_root),
    np.exp: _exp,
    np.log: _function("logarithm", exact.logarithm_of_any),
    np.absolute: elementwise("abs", exact.absolute),
    np.fabs: elementwise("abs", exact.absolute),
    np.tanh: _function("tanh", exact.PAIRED_FUNCTIONS["tanh"], is_paired=True),
    np.arctan: _function("arctan", exact.PAIRED_FUNCTIONS["arctan"], is_paired=True),
    np.arcsinh: _function("arcsinh", exact.PAIRED_FUNCTIONS["arcsinh"], is_paired=True),
    np.logaddexp: lambda x, y: x + _function("softplus", exact.softplus)(y - x),
    np.maximum: _maximum,
    np.minimum: _minimum,
    np.sign: lambda x: _where(x > 0.0, 1.0, _where(x < 0.0, -1.0, x * 0.0)),
    np.greater: _compare("ogt"),
    np.less: _compare("olt"),
    np.greater_equal: _compare("oge"),
    np.less_equal: _compare("ole"),
    np.equal: _compare("oeq"),
    np.not_equal: _compare("une"),
    np.logical_and: _logic("and"),
    np.logical_or: _logic("or"),
    np.logical_not: _logic("not"),
    np.bitwise_and: _logic("and"),
    np.bitwise_or: _logic("or"),
    np.invert: _logic("not"),
    np.isnan: lambda x: x != x,  # noqa: PLR0124
}

BITWISE = np.bitwise_and, np.bitwise_or, np.invert
REDUCTIONS = {
    np.add: "add", np.multiply: "multiply", np.maximum: "maximum", np.minimum: "minimum",
}  # fmt: skip
MOVING = (
    np.diagonal, np.expand_dims, np.flip, np.moveaxis, np.repeat, np.roll, np.squeeze, np.swapaxes,
    np.take, np.tile,
)  # fmt: skip

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.clip: _clip,
    np.outer: outer,
    np.dot: lambda a, b: matmul(a, b) if np.ndim(a) and np.ndim(b) else a * b,
    np.inner: lambda a, b: matmul(a, np.transpose(b)) if np.ndim(a) and np.ndim(b) else a * b,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.hstack: lambda xs: _concatenate(
        [reshape(x, (1,)) if not x.shape else x for x in _take_all(*xs)], int(np.ndim(xs[0]) > 1)
    ),
    np.vstack: lambda xs: _concatenate(
        [x if x.ndim > 1 else reshape(x, (1, -1)) for x in _take_all(*xs)]
    ),
    np.diag: lambda x: _where(np.eye(x.size), x, 0.0) if x.ndim == 1 else np.diagonal(x),
    **{function: _move(function) for function in MOVING},
    np.transpose: transpose,
    np.reshape: reshape,
    np.ravel: lambda x: reshape(x, (-1,)),
    np.sum: lambda x, axis=None, keepdims=False: reduce("add", x, axis, keepdims),
    np.max: lambda x, axis=None, keepdims=False: reduce("maximum", x, axis, keepdims),
    np.min: lambda x, axis=None, keepdims=False: reduce("minimum", x, axis, keepdims),
    np.prod: lambda x, axis=None, keepdims=False: reduce("multiply", x, axis, keepdims),
    np.any: _test("maximum"),
    np.all: _test("minimum"),
    np.mean: _mean,
    np.var: _var,
    np.std: lambda x, *axis, **options: np.sqrt(_var(x, *axis, **options)),
    np.linalg.norm: _norm,
    np.einsum: _einsum,
    np.broadcast_to: broadcast_to,
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
    np.zeros_like: lambda x, **options: np.zeros_like(np.empty(x.shape, x.dtype), **options),
    np.ones_like: lambda x, **options: np.ones_like(np.empty(x.shape, x.dtype), **options),
    np.full_like: lambda x, value: broadcast_to(_take_all(value, x)[0], x.shape),
    np.copy: lambda x: x,
}
"""What NumPy's functions become; all others are refused by name."""


def find_line(error: BaseException, rule: type) -> str | None:
    """Return the last line of a rule's own in which an error arose: "mine.py, line 7: h = ..."."""
    codes = [
        function.__code__ for each in rule.__mro__ for function in vars(each).values()
        if hasattr(function, "__code__") and each.__module__.partition(".")[0] != "replication"
    ]  # fmt: skip
    return find_own_line(error, {code.co_filename for code in codes})


def find_own_line(error: BaseException, files: set[str]) -> str | None:
    """Return the last line in some files in which an error arose, None if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(str(error.filename)).name}, line {error.lineno}"
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files]
    if not own:
        return None
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line}"
