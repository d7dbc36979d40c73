"""What a class of networks declares, taken as it is or refused by its name.

The attributes themselves are those of `Network`: `shapes`, `fixed`, `kept`, `summed`, `numbers`,
`half_widths`, `patterns` and `targets`.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.rule.weights import take_numbers
from replication.wording import show

Array = NDArray[np.float64]
Shape = tuple[int, ...]
Declared = Any
"""What a user's class has under a name, which may be anything."""
Kind = TypeVar("Kind")

SHAPES = 'shapes, e.g. {"W": (2, 4), "b": (2,)}'
"""What a refusal calls allowed where a class declares shapes."""


def take_shapes(what: str, given: Declared) -> dict[str, Shape]:
    """Return the shapes of arrays by their names."""
    return _take_each(what, given, take_shape, SHAPES)


def take_arrays(what: str, given: Declared) -> dict[str, Array]:
    """Return arrays of finite numbers by their names."""
    return _take_each(what, given, _take_finite, "arrays of numbers")


def take_named_numbers(what: str, given: Declared) -> dict[str, float]:
    """Return numbers by their names."""
    return _take_each(what, given, lambda x: float(_take_finite(x)), "numbers")


def _take_each(
    what: str, given: Declared, take: Callable[[Any], Kind], kind: str
) -> dict[str, Kind]:
    """Return what a dict declares, each entry as `take` returns it; refuse anything else."""
    try:
        return {name: take(x) for name, x in given.items()}
    except (AttributeError, TypeError, ValueError):
        allowed = f"a dict of names to {kind}"
        raise UsageError(f"{what} = {show(given)} was given; allowed is {allowed}") from None


def _take_finite(given: Declared) -> Array:
    return take_numbers(given, "", finite=True)


def take_shape(given: Declared) -> Shape:
    """Return a shape; raise TypeError or ValueError for anything else."""
    sizes = (given,) if np.ndim(given) == 0 else given  # a whole number is the size of a vector
    shape = tuple(operator.index(size) for size in sizes)
    if min(shape, default=1) < 1:
        raise ValueError(f"{shape} is no shape of an array, whose sizes are at least 1")
    return shape


def take_rows(what: str, given: Declared) -> Array:
    """Return a read-only copy of patterns or targets, (n_patterns, n_units)."""
    rows = take_numbers(given, what, finite=True)
    if rows.ndim != 2 or not rows.size:
        allowed = "(n_patterns, n_units), as in [[0], [1]] of one unit"
        raise UsageError(f"{what} of shape {rows.shape} was given; allowed is {allowed}")
    rows.flags.writeable = False  # so that a rule in plain NumPy cannot change them
    return rows


def gather(network: object, name: str) -> Declared:
    """Return what a class and its base classes declare under a name, taken together."""
    gathered: Declared = {}
    for each in reversed(type(network).__mro__):
        if name not in vars(each):
            continue
        given: Declared = vars(each)[name]
        if isinstance(given, property):  # it returns all, and may leave out what base classes have
            gathered = given.__get__(network)
        elif isinstance(given, Mapping):
            gathered = {**gathered, **given}
        else:  # this is refused later, by its name
            gathered = given
    return gathered


def check_names(name: str, network: type, declared: Iterable[str]) -> None:
    """Refuse names of arrays and numbers that would hide each other, or a method of the class."""
    seen: set[str] = set()
    for each in declared:
        is_taken = each in seen or hasattr(network, str(each)) or each == "protocol"
        if is_taken or not str(each).isidentifier():
            wrong = "is no name in Python, or taken already; choose another"
            raise UsageError(f"{name} calls an array or a number {each!r}, which {wrong}")
        seen.add(each)


def count_numbers(shapes: Mapping[str, Shape]) -> int:
    """Return how many numbers arrays of these shapes have together."""
    return sum(math.prod(shape) for shape in shapes.values())
