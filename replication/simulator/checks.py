"""Refusals of the readable network, kept apart from its equations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.errors import UsageError
from replication.protocol import RECIRCULATION, Protocol
from replication.wording import show

Array = NDArray[np.float64]


def copy_numbers(given: ArrayLike) -> Array:
    """Return a float64 copy of numbers, or refuse what holds others."""
    try:
        return np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(
            f"weights = {show(given)} was given; allowed are arrays of numbers"
        ) from None


def check_weights(protocol: Protocol, weights: tuple[Array, ...]) -> None:
    """Refuse another rule than recirculation, and weights that do not fit the group sizes."""
    if protocol.learning_rule != RECIRCULATION:
        raise UsageError(
            f"learning_rule = {protocol.learning_rule!r} was given; this class learns by "
            "'recirculation' only; use simulate() for other rules"
        )
    shapes: list[tuple[int, ...]] = []
    for n_source, n_target in protocol.connections:
        shapes += [(n_target, n_source), (n_target,)]
    given = [array.shape for array in weights]
    if given != shapes:
        raise UsageError(
            f"weights of shapes {given} were given; group_sizes {list(protocol.group_sizes)} "
            f"need {shapes}"
        )


def take_states(states: ArrayLike, n_units: int, group: str) -> Array:
    """Return the states of a group as an array, or refuse what is none."""
    try:
        array = np.asarray(states, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (n_units,):
        raise UsageError(
            f"{show(states)} was given as {group} states; allowed are {n_units} numbers, one for "
            f"each {group} unit"
        )
    return array


def apply_hook(hook: Any, changes: Any, weights: tuple[Array, ...]) -> Any:
    """Return what a hook makes of changes, or refuse what cannot be added to the weights."""
    if not callable(hook):
        raise UsageError(
            f"change = {show(hook)} was given; allowed is a function that takes changes and "
            "returns changes"
        )
    changes = hook(changes)
    try:
        for weight, new in zip(weights, changes, strict=True):
            np.broadcast_to(np.asarray(new, dtype=np.float64), weight.shape)
    except (TypeError, ValueError):
        raise UsageError(
            f"change(...) returned {type(changes).__name__}; it must return changes of W, b, U "
            "and c, each a number or an array that fits: changes._replace(W=...)"
        ) from None
    return changes
