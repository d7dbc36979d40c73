"""Protocols and weights in, outcomes out: the step run for many networks.

The step is compiled for the protocol at hand within a fraction of a second, in memory alone.
"""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.simulator.machine import compile_program
from replication.simulator.memory import Array, Place, allocate, arrange, prepare_strips
from replication.simulator.patterns import make_patterns
from replication.simulator.step import Rule
from replication.system.threads import Stopped, find_flag

N_LANES = 8
"""Networks side by side; outcomes do not depend on it."""
BYTES_AT_ONCE = 2**25
"""Memory that recording and evaluating take at a time, if one strip fits in it."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Networks measured as they stand."""

    hidden: list[Array]  # states of the first pass, (n, n_patterns, n_units) for each hidden group
    reconstruction: Array  # with zero regression, (n, n_patterns, n_visible)
    error: Array  # the protocol's criterion, (n,)


def run_networks(
    protocol: Protocol,
    weights: Array,
    *,
    fixed_feedback: bool = False,
    final_weights: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], Array | None]:
    """Train networks from initial weights (n, n_weights) until the criterion or the cap.

    With `fixed_feedback`, back-propagation becomes feedback alignment: fixed weights (n_visible,
    n_hidden) follow those of each network and return the errors in place of U. Returns the updates
    before the criterion was first met, or the cap (n,), whether it was met (n,), and with
    `final_weights` the weights at the end, else None.
    Raises `Stopped` within a sweep where another thread sets the flag of this work (`find_flag`).
    """
    rule = Rule.of(protocol, fixed_feedback=fixed_feedback)
    weights = _take_weights(protocol, weights, rule)
    updates = np.zeros(len(weights), dtype=np.int64)
    converged = np.zeros(len(weights), dtype=np.int64)
    final = np.zeros(weights.shape) if final_weights else None
    stop = find_flag()
    strip = prepare_strips(protocol, rule, N_LANES)
    lanes = allocate(2, N_LANES).view(np.int64)
    lanes[0, 0] = -1
    counts = np.zeros(2, dtype=np.int64)
    job = (make_patterns(protocol), strip, lanes, counts, weights, updates, converged, final, stop)
    addresses = [0 if array is None else array.ctypes.data for array in job]
    stride = weights.strides[0] // weights.itemsize
    train = compile_program("train", rule, N_LANES)
    train(*addresses, stride, len(weights), protocol.max_updates)
    if stop[0]:
        raise Stopped
    return updates.astype(np.int32), converged.astype(np.bool_), final


def record_weights(protocol: Protocol, weights: Array, n_updates: int) -> Array:
    """Return the weights after 0, 1, ..., `n_updates` updates, (n, n_updates + 1, n_weights).

    Neither criterion nor cap stops the recording of networks from `weights` (n, n_weights).
    """
    rule = Rule.of(protocol)
    weights = _take_weights(protocol, weights, rule)
    recorded = np.empty((len(weights), n_updates + 1, weights.shape[1]))
    for part, strips, update in _fill_strips("update", protocol, rule, weights):
        recorded[part, 0] = weights[part]
        for t in range(1, n_updates + 1):
            update()
            recorded[part, t] = _unpack(strips, (0, (rule.n_weights,)), len(weights[part]))
    return recorded


def evaluate_networks(protocol: Protocol, weights: Array) -> Evaluation:
    """Measure networks of `weights` (n, n_weights): states, reconstruction and error."""
    rule = Rule.of(protocol, all_states=True)
    weights = _take_weights(protocol, weights, rule)
    places, _ = arrange(rule)
    asked = [*places["first"][1:], places["reconstruction"][0]]
    states = [np.empty((len(weights), rule.n_patterns, n_units)) for _, (n_units, _) in asked]
    error = np.empty(len(weights))
    for part, strips, evaluate in _fill_strips("evaluate", protocol, rule, weights):
        evaluate()
        n_here = len(weights[part])
        for target, place in zip(states, asked, strict=True):
            target[part] = _unpack(strips, place, n_here).swapaxes(1, 2)
        error[part] = _unpack(strips, places["error"][0], n_here)[:, 0]
    return Evaluation(hidden=states[:-1], reconstruction=states[-1], error=error)


def _take_weights(protocol: Protocol, given: Any, rule: Rule) -> Array:
    """Return weights whose rows the kernel can read, or refuse what it would read past."""
    weights = np.asarray(given)
    if weights.dtype.kind not in "fiu" or weights.shape[1:] != (rule.n_weights,):
        raise UsageError(
            f"weights of {weights.dtype} {weights.shape} were given; group_sizes "
            f"{list(protocol.group_sizes)} need numbers of shape (n, {rule.n_weights}), a row for "
            "each network"
        )
    weights = weights.astype(np.float64, copy=False)
    is_readable = weights.strides[1] == weights.itemsize
    return weights if is_readable else np.ascontiguousarray(weights)


def _fill_strips(
    program: str, protocol: Protocol, rule: Rule, weights: Array
) -> Iterator[tuple[slice, Array, Callable[[], None]]]:
    """Put weights into strips, as many at a time as memory allows, and yield what runs on them."""
    run, patterns = compile_program(program, rule, N_LANES), make_patterns(protocol)
    _, n_rows = arrange(rule)
    n_strips = max(1, min(BYTES_AT_ONCE // (8 * n_rows * N_LANES), -(-len(weights) // N_LANES)))
    for begin in range(0, len(weights), n_strips * N_LANES):
        part = slice(begin, begin + n_strips * N_LANES)
        strips = prepare_strips(protocol, rule, N_LANES, n_strips)
        # What is left of the last strip repeats networks.
        filled = np.resize(weights[part], (n_strips, N_LANES, rule.n_weights))
        strips[:, : rule.n_weights] = filled.swapaxes(1, 2)
        addresses = patterns.ctypes.data, strips.ctypes.data
        yield part, strips, functools.partial(run, *addresses, n_strips)


def _unpack(strips: Array, place: Place, n: int) -> Array:
    """Return what the first `n` networks have at a place of the strips, (n, *shape)."""
    first, shape = place
    rows = strips[:, first : first + math.prod(shape)].swapaxes(1, 2)
    return rows.reshape(-1, *shape)[:n]
