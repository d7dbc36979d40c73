"""Where the numbers of the networks side by side lie in memory, the same for both forms."""

from __future__ import annotations

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

KEEP, TAKE, MOMENTUM, SHRINK, THRESHOLD, VARIATION, FIRST_RATE = range(7)
"""Places in the array of the protocol's numbers."""

ONCE_A_VISIBLE_UNIT = ("reconstruction", "image", "second_difference")


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
    for matrices, vectors, fixed in (
        ("weights", "biases", "feedback"),
        ("next", "next", "next"),
        ("velocities", "bias_velocities", "next"),
        *([("sums", "bias_sums", "next")] if rule.has_sums else []),
    ):
        for n_sources, n_targets in rule.connections:
            add(matrices, n_targets, n_sources)
            add(vectors, n_targets)
        if rule.fixed_feedback:
            add(fixed, rule.sizes[0], rule.sizes[-1])
    for name in ("first", "inputs", "second", "difference"):
        for size in rule.sizes:
            add(name, size, n)
    for name in ONCE_A_VISIBLE_UNIT:
        add(name, rule.sizes[0], n)
    if rule.centred:
        add("sent", rule.sizes[0], n)
        add("mean", rule.sizes[0])
    add("measured", 2)
    add("numbers", FIRST_RATE + len(rule.sizes))
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
    (numbers,) = arrays.pop("numbers")
    no_sums: dict[str, list[Any]] = dict.fromkeys(("sums", "bias_sums"), [None] * len(rule.sizes))
    optional = {"feedback": None, "mean": None, "sent": arrays["first"][0], "measured": None}
    alone = {name: arrays.pop(name, [other])[0] for name, other in optional.items()}
    single = {name: arrays.pop(name)[0] for name in ONCE_A_VISIBLE_UNIT}
    return Networks(
        rule=rule,
        loops=loops,
        patterns=patterns,
        keep=numbers[KEEP],
        take=numbers[TAKE],
        momentum=numbers[MOMENTUM],
        shrink=numbers[SHRINK],
        threshold=numbers[THRESHOLD],
        variation=numbers[VARIATION],
        rates=[numbers[FIRST_RATE + k] for k in range(len(rule.sizes))],
        **(no_sums | arrays),
        **alone,
        **single,
    )


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
    into_hidden = protocol.learning_rate * protocol.visible_to_hidden_factor
    into_visible = protocol.learning_rate * protocol.hidden_to_visible_factor
    rates = [into_hidden] * (len(rule.sizes) - 1) + [into_visible]
    numbers = np.empty(FIRST_RATE + len(rates))
    patterns = make_patterns(protocol)
    numbers[KEEP], numbers[TAKE] = protocol.regression, 1.0 - protocol.regression
    numbers[MOMENTUM], numbers[SHRINK] = protocol.momentum, 1.0 - protocol.decay
    numbers[THRESHOLD], numbers[VARIATION] = protocol.threshold, 0.0
    if rule.criterion == "unexplained-variance":
        numbers[VARIATION] = compute_variation(patterns)
    numbers[FIRST_RATE:] = rates
    for name, values in (("numbers", numbers), ("mean", find_shift(protocol, patterns))):
        if name in places:
            begin, _ = places[name][0]
            strips[:, begin : begin + values.size] = values.reshape(-1, 1)
    return strips
