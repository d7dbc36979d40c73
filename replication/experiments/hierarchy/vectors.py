"""The sets of vectors that hierarchies learn, and the noisy copies that they have to restore."""

import numpy as np

from replication.experiments.hierarchy.modules import HALF, N_LOWER, N_UNITS
from replication.experiments.instruments.matrices import Array, Flags
from replication.experiments.instruments.sample import Sample

HALVES = {
    "two": np.eye(4)[:2],
    "three": np.eye(4)[:3],
    "four": np.eye(4),
    "bits": np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]),
}
"""The halves of vectors whose two halves are equal, one a row.

They are one-hot; "bits" are the values a, not a, b, not b of two bits.
"""
N_RANDOM = 4  # vectors of a random set
RANDOM_SEED = 2110

NOISE = 0.25  # largest amount added to or taken from a unit of a vector that must settle back
N_COPIES = 4  # noisy copies of each vector, drawn for each network
NOISE_SEED = 2010


def count_vectors(kind: str) -> int:
    """Return how many vectors a set has."""
    if kind in HALVES:
        return len(HALVES[kind])
    return N_RANDOM


def draw_vectors(kind: str, sample: Sample) -> Array:
    """Return the vectors of each network over two halves of four units, (n, n_vectors, 8).

    All networks have the same set of `HALVES`; but if the kind is "random", each has a set of its
    own, of four different vectors.
    """
    if kind in HALVES:
        vectors = np.tile(HALVES[kind], N_LOWER).astype(np.float64)
        return np.broadcast_to(vectors, (sample.n, *vectors.shape))
    # The first four of all vectors in a random order, which has no vector twice.
    generator = np.random.Generator(np.random.Philox(key=[RANDOM_SEED, sample.root_seed]))
    drawn = generator.random((sample.n, 2**N_UNITS))
    orders = drawn.argsort(axis=1)
    chosen = orders[:, :N_RANDOM]
    # A vector's number in binary says which of its units are on.
    bits = (chosen[:, :, np.newaxis] >> np.arange(N_UNITS)) & 1
    return bits.astype(np.float64)


def can_be_completed(vectors: Array) -> Flags:
    """Return which networks have vectors (n, n_vectors, 8) that either half determines.

    If two vectors share a half, nobody can tell which of the two that half belongs to.
    """
    n, n_vectors, _ = vectors.shape
    halves = vectors.reshape(n, n_vectors, N_LOWER, HALF)
    # Each pair of vectors, half by half.
    first, second = np.triu_indices(n_vectors, 1)
    is_equal = halves[:, first] == halves[:, second]  # (n, n_pairs, half, unit)
    is_shared = is_equal.all(axis=-1)
    has_shared = is_shared.any(axis=(1, 2))
    return np.asarray(~has_shared)


def draw_noise(vectors: Array, sample: Sample) -> Array:
    """Draw what is added to the copies of the vectors, (n, N_COPIES, n_vectors, 8)."""
    n, n_vectors, n_units = vectors.shape
    generator = np.random.Generator(np.random.Philox(key=[NOISE_SEED, sample.root_seed]))
    return generator.uniform(-NOISE, NOISE, (n, N_COPIES, n_vectors, n_units))
