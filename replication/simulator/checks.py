"""Refusals of the readable network, kept apart from its equations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.errors import UsageError
from replication.protocol import RECIRCULATION, Protocol
from replication.wording import show

Array = NDArray[np.float64]


def take_numbers(given: ArrayLike, what: str) -> Array:
    """Return a float64 copy of numbers, or refuse what holds text or no numbers at all."""
    try:
        numbers = np.array(given)
    except ValueError:  # rows of several lengths
        numbers = np.array(None)
    if numbers.dtype.kind not in "biuf":
        raise UsageError(f"{show(given)} was given as {what}; allowed are arrays of numbers")
    return numbers.astype(np.float64)


def take_weights(given: ArrayLike) -> Array:
    """Return a copy of weights, or refuse what holds anything but finite numbers."""
    weights = take_numbers(given, "weights")
    if not np.isfinite(weights).all():
        raise UsageError(f"{show(given)} was given as weights; allowed are finite numbers")
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


def take_states(given: ArrayLike, n_units: int, group: str) -> Array:
    """Return the states of a group as an array, or refuse what is none."""
    states = take_numbers(given, f"{group} states")
    if states.shape != (n_units,):
        raise UsageError(
            f"{show(given)} was given as {group} states; allowed are {n_units} numbers, one for "
            f"each {group} unit"
        )
    return states
