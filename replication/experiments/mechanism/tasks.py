"""The inputs on which the mechanism is tried, each as a protocol."""

from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array

PATTERN_SEED = 2015  # of the random patterns
N_SETS = 8  # of random patterns of each kind, since single sets differ much
DIGITS = 3
"""Decimals of real-valued patterns: cosines and exponentials differ in the last bit from one
processor to another."""

BITS: dict[str, dict[str, Any]] = {
    "random": {"n_prototypes": 8, "flipped": 0.5},
    "correlated": {"n_prototypes": 2, "flipped": 0.2},
}


def make_tasks() -> dict[str, Protocol]:
    """Return the tasks by name, with the settings of the paper."""
    generator = np.random.Generator(np.random.Philox(key=PATTERN_SEED))
    return {
        # As in the paper, and larger; then inputs that are no one-hot vectors, of equal strengths.
        "one-hot 4-2-4": Protocol(),
        "one-hot 8-3-8": Protocol(group_sizes=(8, 3)),
        "one-hot 16-4-16": Protocol(group_sizes=(16, 4)),
        "all but one 8-3-8": _make_task(1.0 - np.eye(8), 3),
        **{
            f"{name} bits 8-4-8, set {i + 1}": _make_task(draw_bits(generator, **fields), 4)
            for name, fields in BITS.items()
            for i in range(N_SETS)
        },
        "bars 9-4-9": _make_task(make_bars(3), 4),
        "one-hot 4-3-4, linear": Protocol(group_sizes=(4, 3), visible_units="linear"),
        "smooth ring 4-3-4": _make_task(make_ring(4), 3),
        "smooth ring 4-3-4, linear": _make_task(make_ring(4), 3, visible_units="linear"),
        "smooth ring 8-4-8, linear": _make_task(make_ring(8), 4, visible_units="linear"),
    }


def draw_bits(generator: np.random.Generator, *, n_prototypes: int, flipped: float) -> Array:
    """Return eight different patterns of eight bits: prototypes with some bits flipped."""
    prototypes = generator.random((n_prototypes, 8)) < 0.5
    rows: list[tuple[bool, ...]] = []
    while len(rows) < 8:
        prototype = prototypes[len(rows) % n_prototypes]
        row = tuple((prototype ^ (generator.random(8) < flipped)).tolist())
        if row not in rows:
            rows.append(row)
    return np.array(rows, dtype=np.float64)


def make_bars(size: int) -> Array:
    """Return all rows and columns of a square of pixels, one bar a pattern."""
    rows = np.repeat(np.eye(size), size, axis=1)
    columns = np.tile(np.eye(size), size)
    return np.concatenate([rows, columns])


def make_ring(size: int) -> Array:
    """Return smooth bumps of activity at equal distances on a ring of units, from 0 to 1."""
    angles = 2.0 * np.pi * np.arange(size) / size
    return np.asarray(np.exp(np.cos(angles[:, None] - angles) - 1.0).round(DIGITS))


def _make_task(patterns: Array, n_hidden: int, **fields: Any) -> Protocol:
    return Protocol(group_sizes=(patterns.shape[1], n_hidden), patterns=patterns.tolist(), **fields)
