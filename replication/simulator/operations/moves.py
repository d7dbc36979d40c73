"""Functions of NumPy that only move elements: views, copies in another order, and joined arrays.

NumPy itself says what they do: each is run on an array of the elements' numbers.
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
"""Functions that move the elements of one array, which is their first argument."""
RESHAPING = (np.reshape, np.ravel)
"""Functions that change the shape and leave the elements in their order."""
OF_SEVERAL = (np.column_stack, np.concatenate, np.hstack, np.stack, np.vstack)
"""Functions that join several arrays."""
MOVING = (*OF_ONE, *RESHAPING, *OF_SEVERAL)
"""All functions that only move elements."""

Elements = NDArray[np.int64]
"""The number of each element, from 1 on; 0 stands for an element that NumPy fills in as zero."""
Steps = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
"""How a view lies in its array. For each axis of the array: the place at which the view begins, and
pairs of an axis of the view and how far one step along it goes."""


def move(function: Function) -> Function:
    """Return what a function of NumPy that only moves elements does to arrays of a graph.

    The function takes an array or a list of arrays. NumPy runs it on the numbers of the elements,
    which then say where each element comes from.
    """

    def operate(given: Given, *arguments: Given, **options: Given) -> Traced:
        refuse_unknown_places([*arguments, *options.values()], Traced)
        is_list = isinstance(given, list | tuple)
        xs = take_all(*given) if is_list else [given]
        numbers = _number_elements(xs)
        chosen = np.asarray(function(numbers if is_list else numbers[0], *arguments, **options))
        if len(xs) == 1:
            view = _find_view(xs[0], numbers[0], chosen)
            if view is not None:
                return view
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
    """Return chosen elements of an array as a view of it; None if they are not evenly spaced."""
    if np.array_equal(chosen, numbers):
        return x
    steps = _find_steps(x.shape, chosen)
    if steps is None:
        return None

    def compute(block: AnyBlock, index: Index, p: Place) -> Number:
        place: list[Place] = []  # in the array, for a place in the view
        for first, strides in steps:
            place.append(sum(index[axis] * step for axis, step in strides) + first)
        return block.at(x, tuple(place), p)

    return x.graph.make("view", chosen.shape, [x], compute, note=steps)


def _find_steps(shape: Shape, chosen: Elements) -> Steps | None:
    """Return how a view lies in its array; None if the chosen elements are not evenly spaced.

    For x.T[:, ::2], where x is (5, 3), it is ((0, ((1, 2),)), (0, ((0, 1),))): axis 0 of x begins
    at 0 and takes 2 places for a step along axis 1 of the view; axis 1 of x begins at 0, too, and
    takes 1 place for a step along axis 0 of the view.
    """
    if not (chosen.size and chosen.all()):
        return None
    all_steps = []
    grids = np.indices(chosen.shape)
    # The places next to the first one, along each axis of the view that has more than one.
    units = np.minimum(np.eye(chosen.ndim, dtype=int), np.array(chosen.shape, dtype=int) - 1)
    for grid in np.indices(shape):
        places = grid.ravel()[chosen - 1]  # of the chosen elements, on this axis of the array
        first = int(places.flat[0])
        steps = [int(places[tuple(unit)]) - first for unit in units]
        is_even = np.array_equal(places, first + np.tensordot(steps, grids, axes=1))
        if not is_even:
            return None
        strides = tuple((axis, step) for axis, step in enumerate(steps) if step)
        all_steps.append((first, strides))
    return tuple(all_steps)


def _gather(xs: Sequence[Traced], chosen: Elements) -> Traced:
    """Return an array of chosen elements of other arrays, which are copied one by one."""
    # For the number of each element: its array and its place there; None for 0, a filled-in zero.
    origins: list[tuple[int, Shape] | None] = [None]
    for k, x in enumerate(xs):
        origins.extend((k, place) for place in np.ndindex(x.shape))
    sources = tuple(origins[number] for number in chosen.ravel().tolist())
    return xs[0].graph.make("moved", chosen.shape, xs, note=sources)
