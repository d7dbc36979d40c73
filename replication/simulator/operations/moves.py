"""Functions of NumPy that only move elements: views, copies in another order, and joined arrays.

NumPy itself says what they do: each is run on the numbers of the elements.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.operations.arrays import (
    AnyBlock,
    Function,
    Given,
    Index,
    Shape,
    Traced,
    TraceError,
    as_tuple,
    keep,
    take_all,
)
from replication.simulator.operations.instructions import Number, Place

OF_ONE = (
    np.atleast_1d,
    np.atleast_2d,
    np.broadcast_to,
    np.copy,
    np.diag,
    np.diagonal,
    np.expand_dims,
    np.flip,
    np.matrix_transpose,
    np.moveaxis,
    np.repeat,
    np.roll,
    np.squeeze,
    np.swapaxes,
    np.take,
    np.tile,
    np.transpose,
    np.tril,
    np.triu,
)
"""Functions that move the elements of one array."""
RESHAPING = (np.reshape, np.ravel)
"""Functions that leave the elements in their order, in another shape."""
OF_SEVERAL = (np.column_stack, np.concatenate, np.hstack, np.stack, np.vstack)
"""Functions that make one array of the elements of several."""
MOVING = (*OF_ONE, *RESHAPING, *OF_SEVERAL)
"""All of them."""

Elements = NDArray[np.int64]
"""Numbers of elements, from 1 on."""
Steps = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
"""Where a view begins on each axis of an array, and which axes of its own lead on, how far each."""


def move(function: Function) -> Function:
    """Return a function of NumPy that only moves elements, of one array or a list of them.

    It is run on the numbers of the elements, from 1 on; 0 is what it fills up with.
    """

    def operate(given: Given, *arguments: Given, **options: Given) -> Traced:
        refuse_unknown_places([*arguments, *options.values()], Traced)
        is_list = isinstance(given, list | tuple)
        xs = take_all(*given) if is_list else [given]
        numbers = _number_elements(xs)
        chosen = np.asarray(function(numbers if is_list else numbers[0], *arguments, **options))
        if len(xs) == 1:
            seen = _find_view(xs[0], numbers[0], chosen)
            if seen is not None:
                return seen
        if not is_list:
            keep(xs[0])
        return _gather(xs, chosen)

    return operate


def refuse_unknown_places(given: Iterable[Given], kind: type) -> None:
    """Refuse to move elements to or from places that only the compiled code will know."""
    for where in given:
        if any(isinstance(place, kind) for place in as_tuple(where)):
            raise TraceError("the rule takes elements at places not known yet; write np.where")


def _number_elements(xs: Sequence[Traced]) -> list[Elements]:
    """Return the numbers of the elements of some arrays, each in the shape of its array."""
    numbers = []
    first = 1
    for x in xs:
        numbers.append(np.arange(first, first + x.size).reshape(x.shape))
        first += x.size
    return numbers


def _find_view(x: Traced, numbers: Elements, chosen: Elements) -> Traced | None:
    """Return some elements of an array as a view of it; None where they are none."""
    if np.array_equal(chosen, numbers):
        return x
    steps = _find_steps(x.shape, chosen)
    if steps is None:
        return None

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        place: list[Place] = []
        for first, own in steps:
            place.append(sum(index[axis] * step for axis, step in own) + first)
        return block.at(x, tuple(place), p)

    return x.graph.make("view", chosen.shape, [x], compute, note=steps)


def _find_steps(shape: Shape, chosen: Elements) -> Steps | None:
    """Return where a view begins on each axis of an array, and how far a step on its own goes.

    Of x.T[:, ::2], where x is (5, 3): ((0, ((1, 2),)), (0, ((0, 1),))). None if the chosen elements
    are not evenly spaced, so that they are no view.
    """
    if not (chosen.size and chosen.all()):
        return None
    found = []
    grids = np.indices(chosen.shape)
    # One step along each axis of the view, none along an axis of a single place.
    units = np.minimum(np.eye(chosen.ndim, dtype=int), np.array(chosen.shape, dtype=int) - 1)
    for grid in np.indices(shape):  # the place of each element on one axis of the array
        places = grid.ravel()[chosen - 1]
        first = int(places.flat[0])
        steps = [int(places[tuple(unit)]) - first for unit in units]
        if not np.array_equal(places, first + np.tensordot(steps, grids, axes=1)):
            return None
        found.append((first, tuple((axis, step) for axis, step in enumerate(steps) if step)))
    return tuple(found)


def _gather(xs: Sequence[Traced], chosen: Elements) -> Traced:
    """Return an array of chosen elements of others, each moved by itself."""
    # Where each element comes from: which array, and its place there; nothing for number 0.
    known: list[tuple[int, Shape] | None] = [None]
    for k, x in enumerate(xs):
        known.extend((k, place) for place in np.ndindex(x.shape))
    sources = tuple(known[number] for number in chosen.ravel().tolist())
    return xs[0].graph.make("moved", chosen.shape, xs, note=sources)
