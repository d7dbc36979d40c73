"""The step run as plain Python on NumPy arrays: slow, with the bits of the compiled code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.memory import (
    Array,
    Place,
    allocate,
    arrange,
    build_networks,
    list_numbers,
)
from replication.simulator.patterns import make_patterns
from replication.simulator.step import Networks, Rule, learn, measure_error, pass_forward


class PlainLoops:
    """Loops over whole numbers, as `Tracer` has them."""

    @staticmethod
    def each(n: int, begin: int = 0) -> Iterator[int]:
        """Go through `n` numbers from `begin`."""
        return iter(range(begin, begin + n))

    @staticmethod
    def fold(n: int, body: Callable[..., tuple[Any, ...]], *values: Any, begin: int = 0) -> Any:
        """Let ``values = body(k, *values)`` for `n` k from `begin`; return the last."""
        for k in range(begin, begin + n):
            values = body(k, *values)
        return values


def _build(protocol: Protocol, rule: Rule, strip: Array) -> Networks:
    """Return the arrays of a strip, of shape (n_rows, n_lanes)."""
    patterns = make_patterns(protocol).T

    def take_rows(_: str, place: Place) -> Array:
        first, shape = place
        size = int(np.prod(shape))
        return strip[first : first + size].reshape(*shape, -1)

    return build_networks(rule, PlainLoops, list_numbers(protocol).tolist(), patterns, take_rows)


def make_ready(program: str, protocol: Protocol) -> Callable[[Array], None]:
    """Return "update" or "evaluate", as the engine does."""
    rule = Rule.of(protocol)
    places, _ = arrange(rule)

    def call(strips: Array) -> None:
        for strip in strips:
            net = _build(protocol, rule, strip)
            pass_forward(net, 0, rule.n_patterns)
            if program == "update":
                learn(net)
            else:
                strip[places["error"][0][0]] = measure_error(net)

    return call


def run_networks(
    protocol: Protocol,
    initial: Array,
    *,
    fixed_feedback: bool = False,
    final_weights: bool = False,
    n_lanes: int = 4,
    stop: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], Array | None]:
    """Train networks, as the engine does."""
    rule = Rule.of(protocol, fixed_feedback=fixed_feedback)
    updates, converged = np.zeros(len(initial), np.int32), np.zeros(len(initial), np.bool_)
    final = np.zeros(initial.shape)
    places, n_rows = arrange(rule)
    strip = allocate(n_rows, n_lanes)[0]
    net = _build(protocol, rule, strip)
    weights = strip[: rule.n_weights]
    velocities = places["velocities"][0][0]
    network = np.full(n_lanes, -1)
    begun_at = np.zeros(n_lanes, dtype=np.int64)
    n_begun = sweep = 0
    finished = np.ones(n_lanes, dtype=bool)
    while True:
        for lane in np.flatnonzero(finished):
            network[lane] = -1
            if n_begun < len(initial):
                weights[:, lane] = initial[n_begun]
                strip[velocities : velocities + rule.n_weights, lane] = 0.0
                network[lane], begun_at[lane] = n_begun, sweep
                n_begun += 1
        if (stop is not None and stop[0]) or np.all(network < 0):
            return updates, converged, final if final_weights else None
        pass_forward(net, 0, rule.n_patterns)
        below = measure_error(net) < protocol.threshold
        age = sweep - begun_at
        finished = below | (age >= protocol.max_updates)
        for lane in np.flatnonzero(finished & (network >= 0)):
            updates[network[lane]], converged[network[lane]] = age[lane], below[lane]
            final[network[lane]] = weights[:, lane]
        learn(net)
        sweep += 1
