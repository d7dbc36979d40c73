"""Where the numbers of the networks side by side lie in memory, the same for both forms."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.simulator.patterns import compute_variation, find_shift, make_patterns
from replication.simulator.step import Networks, Rule

Array = NDArray[np.float64]
Place = tuple[int, tuple[int, ...]]
"""First row and shape of an array; each row holds one number for every lane."""

CACHE_LINE = 64

NUMBERS = ("keep", "take", "momentum", "shrink", "threshold", "variation")
"""The protocol's numbers as they lie in memory; the rates follow."""

VISIBLE = ("reconstruction", "image", "second_difference")
"""What only the visible group has."""


def arrange(rule: Rule) -> tuple[dict[str, list[Place]], int]:
    """Return where each array, or list of arrays, of `Networks` lies, and the rows in all.

    The weights are in the order of `draw_weights` and come first; the same again follows,
    under "next", for the weights after a sweep.
    """
    places: dict[str, list[Place]] = {}
    n_rows = 0

    def add(name: str, *shape: int) -> None:
        nonlocal n_rows
        places.setdefault(name, []).append((n_rows, shape))
        n_rows += math.prod(shape)

    n = rule.n_at_once
    for name in ("weights", "next", "velocities", *(["sums"] if rule.has_sums else [])):
        for n_sources, n_targets in rule.connections:
            add(name, n_targets, n_sources)
            add(name, n_targets)
        if rule.fixed_feedback:
            add(name, rule.sizes[0], rule.sizes[-1])
    for name in ("first", "inputs", "second", "difference"):
        for size in rule.sizes:
            add(name, size, n)
    for name in VISIBLE:
        add(name, rule.sizes[0], n)
    if rule.centred:
        add("sent", rule.sizes[0], n)
    add("mean", rule.sizes[0])
    add("measured", 2)
    add("numbers", len(NUMBERS) + len(rule.sizes))
    add("error", 1)
    return places, n_rows


def build_networks(
    rule: Rule, loops: Any, patterns: Any, take_rows: Callable[[str, Place], Any]
) -> Networks:
    """Return the arrays that the step works on, made one by one with ``take_rows(name, place)``.

    `loops` goes through whole numbers as `Writer` does; `patterns` are (n_patterns, n_visible).
    """
    places, _ = arrange(rule)
    arrays = {name: [take_rows(name, place) for place in places[name]] for name in places}
    del arrays["next"], arrays["error"]
    arrays.setdefault("sums", [])
    arrays.setdefault("sent", arrays["first"])
    (numbers,) = arrays.pop("numbers")
    named = {name: numbers[k] for k, name in enumerate(NUMBERS)}
    named |= {name: arrays.pop(name)[0] for name in ("sent", "mean", "measured", *VISIBLE)}
    rates = [numbers[len(NUMBERS) + k] for k in range(len(rule.sizes))]
    return Networks(rule=rule, loops=loops, patterns=patterns, rates=rates, **named, **arrays)


def allocate(n_rows: int, n_lanes: int, n_strips: int = 1) -> Array:
    """Return zeros of shape (n_strips, n_rows, n_lanes) that begin at a cache line."""
    size = n_strips * n_rows * n_lanes
    memory = np.zeros(size + CACHE_LINE // 8)
    skipped = -memory.ctypes.data % CACHE_LINE // 8
    return memory[skipped : skipped + size].reshape(n_strips, n_rows, n_lanes)


def prepare_strips(protocol: Protocol, rule: Rule, n_lanes: int, n_strips: int = 1) -> Array:
    """Return strips (n_strips, n_rows, n_lanes) that hold the protocol's numbers."""
    places, n_rows = arrange(rule)
    strips = allocate(n_rows, n_lanes, n_strips)
    patterns = make_patterns(protocol)
    is_varied = rule.criterion == "unexplained-variance"
    numbers = {
        "keep": protocol.regression,
        "take": 1.0 - protocol.regression,
        "momentum": protocol.momentum,
        "shrink": 1.0 - protocol.decay,
        "threshold": protocol.threshold,
        "variation": compute_variation(patterns) if is_varied else 0.0,
    }
    factors = [protocol.visible_to_hidden_factor] * (len(rule.sizes) - 1)
    rates = [protocol.learning_rate * f for f in (*factors, protocol.hidden_to_visible_factor)]
    for name, values in (
        ("numbers", [*(numbers[name] for name in NUMBERS), *rates]),
        ("mean", find_shift(protocol, patterns)),
    ):
        begin, (size,) = places[name][0]
        strips[:, begin : begin + size] = np.reshape(values, (-1, 1))
    return strips
