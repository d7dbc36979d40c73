"""Refusals of the readable network, kept apart from its equations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.errors import UsageError
from replication.protocol import RECIRCULATION, Protocol
from replication.wording import show

Array = NDArray[np.float64]


def copy_numbers(given: ArrayLike) -> Array | None:
    """Return a float64 copy of numbers, or None where they are text or no numbers at all."""
    try:
        numbers = np.array(given)
        kind = numbers.dtype.kind
        return None if kind not in "biufO" else numbers.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError):
        return None


def take_weights(given: ArrayLike) -> Array:
    """Return a copy of weights, or refuse what holds anything but finite numbers."""
    weights = copy_numbers(given)
    if weights is None or not np.isfinite(weights).all():
        raise UsageError(f"weights = {show(given)} was given; allowed are arrays of finite numbers")
    return weights


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


def take_states(
    given: ArrayLike, n_units: int, group: str, *, must_be_finite: bool = False
) -> Array:
    """Return the states of a group as an array, or refuse what is none.

    States that learning has made may be infinite, where it diverges; those of a user must not.
    """
    states = copy_numbers(given)
    if (
        states is None
        or states.shape != (n_units,)
        or (must_be_finite and not np.isfinite(states).all())
    ):
        raise UsageError(
            f"{show(given)} was given as {group} states; allowed are {n_units} finite numbers, "
            f"one for each {group} unit"
        )
    return states


def apply_hook(hook: Any, changes: Any, weights: tuple[Array, ...]) -> Any:
    """Return what a hook makes of changes, or refuse what cannot be added to the weights."""
    if not callable(hook):
        raise UsageError(
            f"change = {show(hook)} was given; allowed is a function that takes changes and "
            "returns changes"
        )
    changes = hook(changes)
    returned = type(changes).__name__
    try:
        for name, weight, new in zip("WbUc", weights, changes, strict=True):
            returned = f"{name} = {show(new)} for weights of shape {weight.shape}"
            np.broadcast_to(weight + new, weight.shape)
    except (TypeError, ValueError):
        raise UsageError(
            f"change(...) returned {returned}; it must return changes of W, b, U "
            "and c, each a number or an array that fits: changes._replace(W=...)"
        ) from None
    return changes
