"""Protocols and weights in, outcomes out: the step run for many networks.

The step is compiled for the protocol at hand within a fraction of a second, in memory alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.simulator import programs
from replication.simulator.machine import compile_program
from replication.simulator.memory import Array, allocate, arrange, prepare_strips
from replication.simulator.patterns import make_patterns
from replication.simulator.step import Rule

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
    stop: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], Array | None]:
    """Train networks from initial weights (n, n_weights) until the criterion or the cap.

    With `fixed_feedback`, back-propagation becomes feedback alignment: fixed weights (n_visible,
    n_hidden) follow those of each network and return the errors in place of U.
    A `stop` of shape (1,) that another thread sets to true ends the work within a sweep; what
    is returned is then incomplete. Returns the updates before the criterion was first met, or the
    cap (n,), whether it was met (n,), and with `final_weights` the weights at the end, else None.
    """
    rule = Rule.of(protocol, fixed_feedback=fixed_feedback)
    weights = _take_weights(protocol, weights, rule)
    updates = np.zeros(len(weights), dtype=np.int64)
    converged = np.zeros(len(weights), dtype=np.int64)
    final = np.zeros(weights.shape) if final_weights else None
    stop = np.zeros(1, dtype=np.bool_) if stop is None else stop
    strip = prepare_strips(protocol, rule, N_LANES)
    job = np.zeros(programs.N_WORDS, dtype=np.int64)
    job[programs.INITIAL] = weights.ctypes.data
    job[programs.STRIDE] = weights.strides[0] // weights.itemsize
    job[programs.N_NETWORKS] = len(weights)
    job[programs.CAP] = protocol.max_updates
    job[programs.STOP] = stop.ctypes.data
    job[programs.UPDATES] = updates.ctypes.data
    job[programs.CONVERGED] = converged.ctypes.data
    job[programs.FINAL] = 0 if final is None else final.ctypes.data
    lanes = allocate(2, N_LANES).view(np.int64)
    lanes[0, 0] = -1
    train = compile_program("train", rule, N_LANES)
    patterns = make_patterns(protocol)
    train(*(array.ctypes.data for array in (patterns, strip, job, lanes)))
    return updates.astype(np.int32), converged.astype(np.bool_), final


def record_weights(protocol: Protocol, weights: Array, n_updates: int) -> Array:
    """Return the weights after 0, 1, ..., `n_updates` updates, (n, n_updates + 1, n_weights).

    Neither criterion nor cap stops the recording of networks from `weights` (n, n_weights).
    """
    rule = Rule.of(protocol)
    weights = _take_weights(protocol, weights, rule)
    recorded = np.empty((len(weights), n_updates + 1, weights.shape[1]))
    update = _make_ready("update", protocol, rule)
    for part, strips in _fill_strips(protocol, weights, rule):
        recorded[part, 0] = weights[part]
        for t in range(1, n_updates + 1):
            update(strips)
            recorded[part, t] = _unpack(strips, 0, weights.shape[1])[: len(weights[part])]
    return recorded


def evaluate_networks(protocol: Protocol, weights: Array) -> Evaluation:
    """Measure networks of `weights` (n, n_weights): states, reconstruction and error."""
    rule = Rule.of(protocol, all_states=True)
    weights = _take_weights(protocol, weights, rule)
    n, n_patterns = len(weights), protocol.n_patterns
    places, _ = arrange(rule)
    asked = [*places["first"][1:], places["reconstruction"][0]]
    states = [np.empty((n, n_patterns, n_units)) for _, (n_units, _) in asked]
    error = np.empty(n)
    evaluate = _make_ready("evaluate", protocol, rule)
    for part, strips in _fill_strips(protocol, weights, rule):
        evaluate(strips)
        n_here = len(weights[part])
        for target, (first, (n_units, _)) in zip(states, asked, strict=True):
            rows = _unpack(strips, first, n_units * n_patterns)[:n_here]
            target[part] = rows.reshape(n_here, n_units, n_patterns).swapaxes(1, 2)
        error[part] = _unpack(strips, places["error"][0][0], 1)[:n_here, 0]
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


def _fill_strips(protocol: Protocol, weights: Array, rule: Rule) -> Iterator[tuple[slice, Array]]:
    """Put weights into strips, as many at a time as memory allows."""
    _, n_rows = arrange(rule)
    n_strips = max(1, min(BYTES_AT_ONCE // (8 * n_rows * N_LANES), -(-len(weights) // N_LANES)))
    n_weights = weights.shape[1]
    for begin in range(0, len(weights), n_strips * N_LANES):
        part = slice(begin, begin + n_strips * N_LANES)
        strips = prepare_strips(protocol, rule, N_LANES, n_strips)
        filled = np.zeros((n_strips * N_LANES, n_weights))
        filled[: len(weights[part])] = weights[part]
        strips[:, :n_weights] = filled.reshape(n_strips, N_LANES, n_weights).swapaxes(1, 2)
        yield part, strips


def _unpack(strips: Array, first: int, n: int) -> Array:
    """Return n rows of all strips with shape (n_networks, n)."""
    return strips[:, first : first + n].swapaxes(1, 2).reshape(-1, n)


def _make_ready(program: str, protocol: Protocol, rule: Rule) -> Callable[[Array], None]:
    """Return "update" or "evaluate", to be called with strips."""
    run, patterns = compile_program(program, rule, N_LANES), make_patterns(protocol)
    return lambda strips: run(patterns.ctypes.data, strips.ctypes.data, len(strips))
