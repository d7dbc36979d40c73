"""What a rule holds while it is traced: names for arrays, as in NumPy.

An array of the graph (`arrays.py`) never changes, but in NumPy ``x += y`` changes what all names of
x show, and all views of it. So a rule holds handles: several may share a `Storage`, which says what
NumPy would have in one piece of memory at this point of the rule. NumPy itself, run on the numbers
of the elements, says which functions give a view and which a copy.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from replication.simulator.operations.arrays import (
    Function,
    Given,
    Made,
    Shape,
    Traced,
    TraceError,
    is_truth,
)
from replication.simulator.operations.functions import TRUTHS_ADVICE
from replication.simulator.operations.moves import OF_ONE, RESHAPING, move, refuse_unknown_places

ElementNumbers = NDArray[np.int64]
"""The number of each element, which NumPy moves in place of the elements themselves."""

# What a rule may not change in place, as a refusal names it.
STATE = "a state of repeat()"
RESHAPED = "what it has reshaped, which NumPy copies or not,"
OF_UNITS = "what a function of units has made of one number"


@dataclass(eq=False, slots=True)
class Storage:
    """A piece of memory as NumPy would have it: several handles may show all or a part of it."""

    array: Traced  # what is in it now
    depth: int  # of loops of `repeat` where it was made
    refusal: str = ""  # what a refusal to change it in place calls it; "" if it may be changed


class Handle(NDArrayOperatorsMixin):
    """A name for an array, whose numbers only the compiled code will know.

    A view has a parent, and the function of NumPy that made it from the parent. Where NumPy returns
    a number, such as one element or a sum, the handle is a number, too: ``x += y`` then makes
    another number and changes no array.
    """

    __slots__ = (
        "_function",
        "_last",
        "_last_whole",
        "_parent",
        "is_number",
        "is_read_only",
        "storage",
    )
    __array_priority__ = 1e4
    __hash__ = object.__hash__
    dtype = np.dtype(float)  # also of truth values, which are 1 and 0

    def __init__(self, array: Traced, refusal: str = "", *, is_number: bool = False) -> None:
        self.storage = Storage(array, array.graph.depth, refusal)
        self.is_number = is_number
        self.is_read_only = False
        self._parent: Handle | None = None
        self._function: Function | None = None
        # What this view showed when it was last asked for, and what was in the storage then.
        self._last = array
        self._last_whole = array

    @property
    def array(self) -> Traced:
        """The array that it stands for at this point of the rule."""
        if self._parent is None or self._function is None:
            return self.storage.array
        if self._last_whole is not self.storage.array:  # the storage has changed since
            self._last_whole = self.storage.array
            self._last = move(self._function)(self._parent.array)
        return self._last

    @property
    def shape(self) -> Shape:
        """Sizes of the axes."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.array.size)

    @property
    def T(self) -> "Handle":
        """The view with its axes turned around."""
        return self._move(np.transpose)

    # What Python asks of an array

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator["Handle"]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        return repr(self.array)

    def __bool__(self) -> bool:
        asked = "whether a number is true that only the compiled code knows (if, while, and, max)"
        raise TraceError(f"the rule asks {asked}; write np.where(condition, x, y) or np.maximum")

    def _refuse(self, *_: Given, **__: Given) -> Made:
        """Refuse what would need numbers."""
        self.array.__array__()

    __format__ = __float__ = __int__ = __index__ = __round__ = __array__ = __setitem__ = _refuse

    # Operators in place

    def _change(self, given: Made) -> "Handle":
        """Change in place what this handle and all names of the same memory show; return it.

        A number is not changed in place: the new one is returned, and other names keep the old.
        """
        new: Handle = given
        if self.is_number:
            return new
        self._check_change(new)
        if self._parent is None:
            self.storage.array = new.array
        else:
            self.storage.array = move(self._put)([self.storage.array, new.array])
        return self

    def _check_change(self, new: "Handle") -> None:
        """Refuse an operator in place that NumPy refuses, or that would change something else."""
        if new.shape != self.shape or is_truth(new.array) != is_truth(self.array):
            what = "an array in place to one of another shape or kind"
            raise TraceError(f"the rule changes {what}; write x = x + y for x += y")
        storage = self.storage
        refusal = storage.refusal
        if self.is_read_only:
            refusal = "what is read-only"
        elif storage.depth != storage.array.graph.depth:
            refusal = "what lies outside of a step of repeat()"
        if refusal:
            raise TraceError(f"the rule changes {refusal} in place; write x = x + y for x += y")

    def _put(self, both: Sequence[ElementNumbers]) -> ElementNumbers:
        """Return a copy of a whole array in which the part that this view shows is replaced."""
        whole, part = both
        changed = whole.copy()
        self._find_part(changed)[...] = part
        return changed

    def _find_part(self, whole: ElementNumbers) -> ElementNumbers:
        """Return the part of a whole array of NumPy that this handle shows."""
        if self._parent is None or self._function is None:
            return whole
        part: ElementNumbers = self._function(self._parent._find_part(whole))
        return part

    def __iadd__(self, other: Given) -> "Handle":
        return self._change(self + other)

    def __isub__(self, other: Given) -> "Handle":
        return self._change(self - other)

    def __imul__(self, other: Given) -> "Handle":
        return self._change(self * other)

    def __itruediv__(self, other: Given) -> "Handle":
        return self._change(self / other)

    def __ipow__(self, other: Given) -> "Handle":
        return self._change(self**other)

    def __iand__(self, other: Given) -> "Handle":
        return self._change(self & other)

    def __ior__(self, other: Given) -> "Handle":
        return self._change(self | other)

    # Functions that only move elements

    def _move(self, function: Function, *places: Given) -> "Handle":
        """Return what a function that only moves elements makes: a view, a new array, or a number.

        NumPy says which of these it is: it runs the function on the numbers of the elements.
        """
        refuse_unknown_places(places, Handle)
        array = move(function)(self.array)
        numbers = np.arange(self.storage.array.size).reshape(self.storage.array.shape)
        part = self._find_part(numbers)
        moved = function(part[()] if self.is_number else part)  # [()] makes a number of it
        if not isinstance(moved, np.ndarray):
            return Handle(array, is_number=True)
        new = Handle(array)
        if np.may_share_memory(moved, numbers):  # a view
            new.storage = self.storage
            new.is_read_only = not moved.flags.writeable
            new._parent = self
            new._function = function
            new._last_whole = self.storage.array
        return new

    def _reshape(self, function: Function) -> "Handle":
        """Return the array in another shape.

        NumPy makes a view if it can and a copy if not, which depends on how the array lies in
        memory. So neither array may be changed in place from now on, unless there is no doubt: a
        vector, or a shape that differs only in axes of size 1.
        """
        new = self._move(function)
        before = [size for size in self.shape if size > 1]
        after = [size for size in new.shape if size > 1]
        if self.ndim > 1 and before != after:
            self.storage.refusal = self.storage.refusal or RESHAPED
            new.storage.refusal = new.storage.refusal or RESHAPED
        return new

    def __getitem__(self, where: Given) -> "Handle":
        return self._move(operator.itemgetter(where), where)

    def reshape(self, *shape: Given, **options: Given) -> "Handle":
        """Return the elements in another shape."""
        return self._reshape(lambda x: x.reshape(*shape, **options))

    def ravel(self) -> "Handle":
        """Return the elements as a vector."""
        return self._reshape(np.ravel)

    def flatten(self) -> "Handle":
        """Return a copy as a vector."""
        return self._move(lambda x: x.flatten())

    def transpose(self, *axes: Given) -> "Handle":
        """Return a view with its axes in another order."""
        return self._move(lambda x: x.transpose(*axes))

    def squeeze(self, *given: Given, **options: Given) -> "Handle":
        """Return a view without axes of size 1."""
        return self._move(lambda x: np.squeeze(x, *given, **options))

    def swapaxes(self, axis1: int, axis2: int) -> "Handle":
        """Return a view with two axes exchanged."""
        return self._move(lambda x: np.swapaxes(x, axis1, axis2))

    def copy(self, *_: Given) -> "Handle":
        """Return a copy."""
        return self._move(np.copy)

    __copy__ = __deepcopy__ = copy

    def astype(self, kind: Given, **_: Given) -> Made:
        """Return a copy, whose numbers are float64, the only kind there is."""
        if np.dtype(kind) != float:
            raise TraceError(f"astype({kind!r}) cannot be compiled; all numbers are float64")
        if is_truth(self.array):
            return np.multiply(1.0, self)
        return self.copy()

    # Other functions

    def sum(self, *given: Given, **options: Given) -> Made:
        """Return the sum, along some axes or all."""
        return np.sum(self, *given, **options)

    def mean(self, *given: Given, **options: Given) -> Made:
        """Return the mean, along some axes or all."""
        return np.mean(self, *given, **options)

    def std(self, *given: Given, **options: Given) -> Made:
        """Return the standard deviation, along some axes or all."""
        return np.std(self, *given, **options)

    def var(self, *given: Given, **options: Given) -> Made:
        """Return the variance, along some axes or all."""
        return np.var(self, *given, **options)

    def prod(self, *given: Given, **options: Given) -> Made:
        """Return the product, along some axes or all."""
        return np.prod(self, *given, **options)

    def argmax(self, *given: Given, **options: Given) -> Made:
        """Refuse the place of the largest number, as `np.argmax` is refused."""
        return np.argmax(self, *given, **options)

    def max(self, *given: Given, **options: Given) -> Made:
        """Return the largest number, along some axes or all."""
        return np.max(self, *given, **options)

    def min(self, *given: Given, **options: Given) -> Made:
        """Return the smallest number, along some axes or all."""
        return np.min(self, *given, **options)

    def clip(self, *given: Given, **options: Given) -> Made:
        """Return the numbers, limited to an interval."""
        return np.clip(self, *given, **options)

    def dot(self, other: Given) -> Made:
        """Return the product of matrices or vectors."""
        return np.dot(self, other)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Given, **options: Given
    ) -> Made:
        """Return what an operation of NumPy makes, as a handle."""
        arrays = [unwrap(x) for x in inputs]
        return wrap(self.array.__array_ufunc__(ufunc, method, *arrays, **options))

    def __array_function__(
        self, function: Function, types: Given, args: Given, options: Given
    ) -> Made:
        """Return what a function of NumPy makes, as a handle."""
        moved = self._move_if_asked(function, args, options)
        if moved is not None:
            return moved
        arrays = unwrap(args)
        # np.full_like(x, 1.0) has truth values if x has.
        deciding = arrays[:1] if function in LIKE else arrays
        if function in ANOTHER_OF_TRUTHS and all(is_truth(x) for x in deciding):
            what = f"numpy.{function.__name__} of truth values gives truth values"
            raise TraceError(f"{what}, which is not compiled; {TRUTHS_ADVICE}")
        unwrapped = {name: unwrap(x) for name, x in options.items()}
        made = self.array.__array_function__(function, types, arrays, unwrapped)
        if function in ALWAYS_ARRAYS:
            return Handle(made)
        return wrap(made)

    def _move_if_asked(self, function: Function, args: Given, options: Given) -> "Handle | None":
        """Return the result of a function that only moves the elements of its first argument.

        Return None for all other functions, also for those that join several arrays.
        """
        if function not in (*RESHAPING, *OF_ONE):
            return None
        if args and isinstance(args[0], Handle):
            first, *more = args
            array: Handle = first

            def run(x: Made) -> Made:
                return function(x, *more, **options)

            if function in RESHAPING:
                return array._reshape(run)
            return array._move(run, *more, *options.values())
        if any(isinstance(x, Handle) for x in options.values()):
            raise TraceError(f"give numpy.{function.__name__} its array as the first argument")
        return None


def unwrap(x: Given) -> Made:
    """Return the array that a handle stands for, also within a list or a tuple."""
    if isinstance(x, Handle):
        return x.array
    if isinstance(x, list):
        return [unwrap(each) for each in x]
    if type(x) is tuple:
        return tuple(unwrap(each) for each in x)
    return x


def wrap(x: Made) -> Made:
    """Return a new handle for a traced array, or for a traced number.

    Anything else that a function of NumPy returns, such as a shape, is returned as it is.
    """
    if not isinstance(x, Traced):
        return x
    return Handle(x, is_number=not x.shape)


def of_handles(function: Callable[..., Traced]) -> Callable[..., Handle]:
    """Return a function of units that takes and returns handles, from one of traced arrays."""

    def run(*given: Given) -> Handle:
        states = function(*(unwrap(x) for x in given))
        # For one number, NumPy returns a number or an array, depending on how the function is
        # written. So the result may not be changed in place.
        return Handle(states, "" if states.shape else OF_UNITS)

    return run


LIKE = (np.full_like, np.zeros_like, np.ones_like)
"""Functions that make an array of the kind of their first argument."""
ANOTHER_OF_TRUTHS = (*LIKE, np.dot, np.outer, np.clip)
"""Functions that return truth values for truth values in NumPy, but numbers when compiled."""
ALWAYS_ARRAYS = (np.where, np.full_like)
"""Functions that return an array, never a number, even if it has one element."""
