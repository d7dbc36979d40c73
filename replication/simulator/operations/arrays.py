"""Arrays whose numbers only the compiled code will know, and the graph that they make.

A `Traced` stands for an array of every network. Its shape is known, its numbers are not: an
operation on it only notes what it is made of. The result is a graph, for which `blocks.py` emits
loops. The rule sees one pattern; the compiled code has several side by side.

What a function of NumPy becomes is looked up in `functions.py`, and made in `elements.py`,
`products.py` and `moves.py`.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.operations.instructions import Number, Place, Value
from replication.wording import show

Shape = tuple[int, ...]
Index = tuple[Place, ...]
"""The place of an element, without its pattern."""
Function = Callable[..., Any]
"""A function or operator, of NumPy or of a rule: it may take and return anything."""
Given = Any
"""What a rule hands to a function of NumPy: arrays, numbers, lists of them, and options. A user's
rule may hand over anything, so no narrower type would be true."""
Made = Any
"""What a function of NumPy returns for arrays: an array, or sometimes a shape or a number."""
Note = Any
"""What defines an operation besides its name and its arguments: a number, the name of an array, or
where elements come from. Each operation has its own type of note."""
Find = Callable[[Function, Sequence[Given]], Function]
"""Returns what replaces a function of NumPy for some arguments, or refuses the function."""

STORED = {"call", "matmul", "reduce", "moved", "repeat", "draw"}
"""Operations whose results are worth a place in memory."""
LEAVES = {"number", "constant", "given", "weight", "pattern", "sum", "carried", "result"}
"""Operations whose results are in memory already, or need no place there."""
DEEPEST = 30
"""Most operations that are nested in one another before the result goes to memory."""
MOST_ARRAYS = 20_000
"""Most arrays that a rule may make, so that compiling ends."""
MOST_MOVED = 10_000
"""Most elements of an array that are moved one by one, so that compiling ends."""


class AnyBlock(Protocol):
    """What operations use of a `Block` (`blocks.py`), which collects their code."""

    def value(self, x: Number, /) -> Value:
        """Return a number as a value."""

    def at(self, x: "Traced", index: Index, p: Place) -> Number:
        """Emit one element, of the pattern in place p, and return its value."""

    def fold(
        self, n: int, body: Callable[..., tuple[Number, ...]], *values: Number
    ) -> tuple[Number, ...]:
        """Emit a loop that carries values from turn to turn."""

    def call(self, note: tuple[str, Function, bool], values: list[Value]) -> list[Number]:
        """Emit a costly function of values."""


Compute = Callable[[AnyBlock, Index, Place], Number]
"""Emits the code of one element of an array, for the pattern in a place; returns its value."""


class TraceError(UsageError):
    """What a rule does that cannot be compiled."""


def refuse_computing(_block: AnyBlock, _index: Index, _p: Place) -> Number:
    """Take the place of `compute` for an array that is in memory and so is never computed."""
    raise AssertionError("an array that is in memory was to be computed")


class Graph:
    """All arrays that a rule makes while it is traced: the same operation makes one array only.

    `find` looks up the functions of NumPy that are used on its arrays.
    """

    def __init__(self, find: Find) -> None:
        self.find = find
        self.known: dict[tuple[Any, ...], Traced] = {}  # by operation, shape, note and arguments
        self.data: list[float] = []  # constants, the same for all networks
        self.depth = 0  # of loops of `repeat` being traced
        self.phase = 0  # of a sweep, for random numbers

    def make(
        self,
        op: str,
        shape: Shape,
        args: Sequence["Traced"] = (),
        compute: Compute = refuse_computing,
        *,
        note: Note = None,
        is_batched: bool = False,
        depth: int = 0,
    ) -> "Traced":
        """Return the array of an operation, which is made once for the same arguments."""
        self._check(args)
        key = (op, shape, note, *(arg.key for arg in args))
        if key in self.known:
            return self.known[key]
        new = Traced(self, op, shape, tuple(args), compute, note, len(self.known))
        new.is_batched = is_batched or any(arg.is_batched for arg in args)
        new.depth = max([depth, *(arg.depth for arg in args)])
        for arg in args:
            arg.n_uses += 1
        self._limit(new)
        self.known[key] = new
        return new

    def _limit(self, new: "Traced") -> None:
        """Refuse too many arrays, and put the result of a long expression into memory.

        Otherwise the calls that emit its code would be nested more deeply than Python allows.
        """
        is_long = new.op == "moved" and new.size > MOST_MOVED
        if len(self.known) > MOST_ARRAYS or is_long:
            limit = f"makes over {MOST_ARRAYS:,} arrays or moves over {MOST_MOVED:,} elements"
            raise TraceError(f"the rule {limit}; write replication.repeat, products, slices")
        if new.op not in STORED and new.op not in LEAVES:
            new.level = 1 + max((arg.level for arg in new.args), default=0)
        if new.level > DEEPEST:
            keep(new)
            new.level = 0

    def take(self, given: Given) -> "Traced":
        """Return a traced array unchanged, and numbers as a constant array."""
        if isinstance(given, Traced):
            self._check([given])
            return given
        numbers = np.asarray(given)
        if numbers.dtype.kind not in "fiub":
            raise TraceError(f"{show(given)} was given where an array of numbers is needed")
        new = self._make_constant(numbers.astype(np.float64))
        if numbers.dtype == bool:
            # Truth values are known by the comparison that made them (`is_truth`).
            is_not_zero = self.find(np.not_equal, [])
            new = is_not_zero(new, 0.0)
        return new

    def _make_constant(self, numbers: NDArray[np.float64]) -> "Traced":
        """Return an array of known numbers: of one number for all places, or of several."""
        flat = numbers.ravel()
        is_one = (flat == flat[:1]).all()
        if is_one:
            # A number of NumPy, since one of Python refuses 1 / 0.
            number = flat[0] if flat.size else 0.0

            def compute(_block: AnyBlock, _index: Index, _p: Place) -> Number:
                return number

            return self.make("number", numbers.shape, (), compute, note=number)
        new = self.make("constant", numbers.shape, note=numbers.tobytes())
        if new.place < 0:  # it was not made before
            new.place = len(self.data)
            self.data.extend(flat.tolist())
        return new

    def _check(self, xs: Sequence["Traced"]) -> None:
        """Refuse arrays from another call of a rule, or from a loop that has ended."""
        if any(x.graph is not self for x in xs):
            where = "that it kept from an earlier call, in a list or an attribute"
            raise TraceError(f"the rule uses an array {where}; declare in `kept` what lasts")
        if any(x.depth > self.depth for x in xs):
            what = "what a step of repeat() has made after it"
            raise TraceError(f"the rule uses {what}; hand it on as a part of the state")


@dataclass(eq=False, repr=False, slots=True)
class Traced(NDArrayOperatorsMixin):
    """An array whose numbers only the compiled code will know.

    Operators and functions of NumPy make further ones. A rule sees handles of them (`handles.py`).
    """

    graph: Graph
    op: str
    shape: Shape
    args: tuple["Traced", ...]
    compute: Compute
    note: Note
    key: int  # number of this array
    place: int = -1  # of a constant, where its data begin
    depth: int = 0  # number of nested loops of `repeat` in which it changes
    level: int = 0  # number of nested operations since the last result in memory
    n_uses: int = 0
    is_kept: bool = False  # whether it goes to memory, since it is read more than once
    is_batched: bool = False  # whether it differs between patterns

    __array_priority__ = 1e4  # so that NumPy leaves operators to it
    # Python compares the members of sets and dictionaries by their hash first. Never use `x in xs`
    # with a list of these arrays: it would call ==, which makes another array.
    __hash__ = object.__hash__
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    dtype = np.dtype(float)  # also of truth values, which are 1 and 0

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, *_: Given, **__: Given) -> Made:
        instead = "np.stack for np.array([x, y]), np.where for x[i] = ..., np.exp for math.exp"
        raise TraceError(f"the rule needs a number that is not known yet; write {instead}")

    def __repr__(self) -> str:
        return f"<array of shape {self.shape}, without numbers while the rule is compiled>"

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Given, **options: Given
    ) -> Made:
        """Return the result of an operation of NumPy; refuse unknown ones, and options."""
        how = ""
        if method != "__call__":  # as np.add.reduce
            how = method
        elif options:
            how = " and ".join(sorted(options))
        if how:
            instead = "; write x = x + y in place of x += y" if "out" in options else ""
            raise TraceError(f"numpy.{ufunc.__name__} with {how} cannot be compiled{instead}")
        function = self.graph.find(ufunc, inputs)
        return function(*take_all(*inputs))

    def __array_function__(
        self, function: Function, _types: Given, args: Given, options: Given
    ) -> Made:
        """Return the result of a function of NumPy; refuse unknown ones, and unknown options."""
        try:
            return self.graph.find(function, args)(*args, **options)
        except (AttributeError, TypeError):
            name = function.__name__
            raise TraceError(f"numpy.{name} cannot be compiled with these options") from None


def take_all(*given: Given) -> list[Traced]:
    """Return arrays and numbers as arrays of one graph; at least one is in it already."""
    for traced in given:
        if isinstance(traced, Traced):
            return [traced.graph.take(x) for x in given]
    raise TypeError("none of these is an array that is traced")


def keep(x: Traced) -> Traced:
    """Note that an array is read more than once, so that it is computed once, into memory."""
    x.is_kept = True
    return x


def fit(index: Index, shape: Shape) -> Index:
    """Return the place that NumPy's broadcasting reads in an array, for a place in the result.

    >>> fit((2, 5), (5,)), fit((2, 5), (3, 1))
    ((5,), (2, 0))
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(last, shape, strict=True))


def is_truth(x: Given) -> bool:
    """Return whether the 1 and 0 of an array stand for truth values in NumPy."""
    if isinstance(x, list | tuple):
        return all(is_truth(each) for each in x)
    if not isinstance(x, Traced):
        return np.asarray(x).dtype == bool
    if x.op == "where":  # it has truth values if both arrays that it chooses from have
        return all(is_truth(each) for each in x.args[1:])
    is_extreme = x.op == "reduce" and x.note[0] in ("maximum", "minimum")
    if x.op in ("view", "moved") or is_extreme:
        return all(is_truth(each) for each in x.args)
    return x.op.startswith("is ")


def walk(roots: Iterable[Traced], is_end: Callable[..., bool] = lambda x: False) -> list[Traced]:
    """Return some arrays and all that they are computed from, in the order in which they were made.

    The walk stops at an array for which `is_end` is true. That array is returned, too.
    """
    reached: set[Traced] = set()
    left = list(roots)
    while left:
        x = left.pop()
        if x in reached:
            continue
        reached.add(x)
        if not is_end(x):
            left.extend(x.args)
    return sorted(reached, key=lambda x: x.key)


def as_tuple(x: Given) -> tuple[Any, ...]:
    """Return a tuple as it is, and anything else as a tuple of one."""
    return x if isinstance(x, tuple) else (x,)
