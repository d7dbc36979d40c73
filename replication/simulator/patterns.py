"""The training patterns of a protocol, and what follows from them."""

import functools
import math
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol

Array = NDArray[np.float64]

MOST_INK = 16.0
"""What a pixel that is all ink counts; its state is 1."""


def make_patterns(protocol: Protocol) -> Array:
    """Return the training patterns, float64 of shape (n_patterns, n_visible).

    >>> from replication import PAPER
    >>> make_patterns(PAPER)[0]
    array([1., 0., 0., 0.])
    """
    if protocol.patterns == "one-hot":
        return np.eye(protocol.n_visible)
    if protocol.patterns == "digits":
        return read_digits()[0][: protocol.n_images] / MOST_INK
    return np.array(protocol.patterns, dtype=np.float64)


@functools.cache
def read_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images of handwritten digits, (1797, 64) from 0 to 16, and what each shows.

    The test set of Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, doi:10.24432/C50P49, in the order in which it is published.
    """
    with resources.files("replication.simulator").joinpath("digits.npz").open("rb") as file:
        data = np.load(file)
        return data["images"], data["labels"]


def compute_mean(patterns: Array) -> Array:
    """Return the mean pattern, (n_visible,), whose bits depend on no library."""
    # Sums that are rounded once, since those of NumPy depend on the processor.
    return np.array([math.fsum(states) / len(patterns) for states in patterns.T.tolist()])


def compute_variation(patterns: Array) -> float:
    """Return the sum over patterns and units of squared deviations from the mean pattern."""
    return math.fsum(((patterns - compute_mean(patterns)) ** 2).ravel().tolist())


def find_shift(protocol: Protocol, patterns: Array) -> Array:
    """Return what is subtracted from visible states on their way to hidden units, (n_visible,)."""
    return compute_mean(patterns) if protocol.centred else np.zeros(protocol.n_visible)
