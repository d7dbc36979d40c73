"""What networks start from: patterns, and initial weights, addressable by root seed and seed.

Network number s of root seed r starts from the same draws whatever the number
of networks, the blocks, the jobs or the protocol: a counter-based generator is
moved to the place of network s and read from there.
"""

import functools
import math
from collections.abc import Mapping
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import take_whole
from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.wording import show

Array = NDArray[np.float64]

WORDS_PER_STEP = 4
"""Words of 64 bits that one step of the counter of Philox gives."""

WORDS_AT_ONCE = 48_000
"""Words that are drawn at a time, few enough to stay in the processor's cache."""

MAX_ROOT_SEED = 2**63 - 1
MAX_SEED = 2**63 - 2
"""The largest seed, so that one past it is a whole number of 64 bits, too."""

MOST_INK = 16.0
"""The value of the darkest pixel in the file of digits; the state of its unit is 1."""


def draw_weights(protocol: Protocol, root_seed: int, start: int, stop: int) -> Array:
    """Draw the initial weights of seeds in [start, stop), (stop - start, n_weights).

    They are uniform on [-half_width, half_width). Their order goes around the loop, connection by
    connection: the matrix row by row (a row holds the weights into one unit), then the biases; for
    4-2-4 this is W, b, U, c. The generator is Philox 4x64-10 (Salmon et al. 2011) with the root
    seed as its key; the uniform number of a word is ``(word >> 11) * 2**-53``. Draws that a
    protocol does not use are made and dropped, so that a seed has the same draws under all
    protocols of equal sizes.
    """
    root_seed = take_whole("root_seed", root_seed, 0, MAX_ROOT_SEED)
    weights = draw_uniform(protocol.n_weights, root_seed, start, stop)
    weights *= protocol.half_width
    # These are views: what is set in them is set in the weights.
    connections = split_weights(protocol, weights)
    if protocol.initial_biases == "zero":
        for _, biases in connections:
            biases[...] = 0.0
    if protocol.symmetric_start:
        (forward, _), (backward, _) = connections
        backward[...] = np.swapaxes(forward, -1, -2)
    return weights


def draw_uniform(n_numbers: int, root_seed: int, start: int, stop: int) -> Array:
    """Draw `n_numbers` for each of the seeds in [start, stop), uniform on [-1, 1)."""
    start = take_whole("seed", start, 0, MAX_SEED)
    stop = take_whole("the end of the seeds", stop, start, MAX_SEED + 1)
    steps = -(-n_numbers // WORDS_PER_STEP)  # of the generator, for one network
    # All networks draw from one stream, each at a place of its own.
    generator = np.random.Philox(key=root_seed)
    generator.advance(steps * start)
    numbers = np.empty((stop - start, steps * WORDS_PER_STEP))
    # A few rows at a time: twice as fast as all at once.
    n_at_once = max(1, WORDS_AT_ONCE // numbers.shape[1])
    for first in range(0, stop - start, n_at_once):
        part = numbers[first : first + n_at_once]
        words = generator.random_raw(part.shape)
        # 53 bits, as many as a float64 holds.
        words >>= np.uint64(11)
        part[...] = words.view(np.int64)  # which is faster than from unsigned numbers
        # Powers of two are exact, so this is 2 u - 1 without any rounding.
        part *= 2.0**-52
        part -= 1.0
    return numbers[:, :n_numbers]


def list_connections(protocol: Protocol) -> list[slice]:
    """Return the part of flat weights that each connection has: its weights, then its biases.

    >>> from replication.definition.protocol import PAPER
    >>> list_connections(PAPER)
    [slice(0, 10, None), slice(10, 22, None)]
    """
    places = []
    begin = 0
    for n_sources, n_targets in protocol.connections:
        end = begin + (n_sources + 1) * n_targets
        places.append(slice(begin, end))
        begin = end
    return places


def list_matrices(protocol: Protocol) -> list[slice]:
    """Return the part of flat weights that each connection has, without its biases."""
    matrices = []
    places = list_connections(protocol)
    for place, (_, n_targets) in zip(places, protocol.connections, strict=True):
        matrices.append(slice(place.start, place.stop - n_targets))
    return matrices


def list_shapes(protocol: Protocol) -> dict[str, tuple[int, ...]]:
    """Return the shapes of W, b, U and c; of W1, b1, W2, b2, ..., U, c in a longer loop."""
    *into_hidden, into_visible = protocol.connections
    shapes: dict[str, tuple[int, ...]] = {}
    for k, (n_sources, n_targets) in enumerate(into_hidden, start=1):
        mark = "" if len(into_hidden) == 1 else f"{k}"
        shapes[f"W{mark}"] = (n_targets, n_sources)
        shapes[f"b{mark}"] = (n_targets,)
    n_sources, n_targets = into_visible
    shapes["U"] = (n_targets, n_sources)
    shapes["c"] = (n_targets,)
    return shapes


def split_arrays(shapes: Mapping[str, tuple[int, ...]], flat: Array) -> dict[str, Array]:
    """View flat numbers (..., n) as arrays (..., *shape); the last axis must be contiguous."""
    arrays = {}
    begin = 0
    for name, shape in shapes.items():
        end = begin + math.prod(shape)
        arrays[name] = flat[..., begin:end].reshape((*flat.shape[:-1], *shape))
        begin = end
    return arrays


def split_weights(protocol: Protocol, weights: Array) -> list[tuple[Array, Array]]:
    """View flat weights (..., n_weights) as (matrix, biases) of each connection of the loop.

    Of shapes (..., n_target, n_source) and (..., n_target); the last axis must be contiguous.
    """
    arrays = [*split_arrays(list_shapes(protocol), weights).values()]
    return [*zip(arrays[::2], arrays[1::2], strict=True)]


def take_numbers(given: ArrayLike, what: str, *, finite: bool = False) -> Array:
    """Return a float64 copy of numbers; refuse anything else, with `finite` also NaN, infinity."""
    try:
        numbers = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):  # also of rows of several lengths
        raise _refusal(given, what) from None
    if finite and not np.isfinite(numbers).all():
        raise _refusal(given, what)
    return numbers


def _refusal(given: ArrayLike, what: str) -> UsageError:
    """Return the error for something that was given as weights, states, or other numbers."""
    return UsageError(f"{show(given)} was given as {what}; allowed are arrays of finite numbers")


# Patterns


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
    """Return the images of handwritten digits, (1797, 64) from 0 to 16, and their labels.

    The test set of Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, doi:10.24432/C50P49, in the order in which it is published.
    """
    with resources.files("replication.simulator.rule").joinpath("digits.npz").open("rb") as file:
        data = np.load(file)
        return data["images"], data["labels"]


def compute_mean(patterns: Array) -> Array:
    """Return the mean pattern, (n_visible,), with the same bits on every processor."""
    # Sums that are rounded once, since those of NumPy depend on the processor.
    return np.array([math.fsum(states) / len(patterns) for states in patterns.T.tolist()])


def compute_variation(patterns: Array) -> float:
    """Return the sum over patterns and units of squared deviations from the mean pattern."""
    return math.fsum(((patterns - compute_mean(patterns)) ** 2).ravel().tolist())


def find_shift(protocol: Protocol, patterns: Array) -> Array:
    """Return what is subtracted from visible states on their way to hidden units, (n_visible,).

    The mean pattern if the protocol is centred, else 0.
    """
    return compute_mean(patterns) if protocol.centred else np.zeros(protocol.n_visible)
