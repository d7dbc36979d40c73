"""Modules that share groups of units: the hierarchy of closed loops of pages 365 and 366.

The hidden groups of the lower modules, side by side, are the visible group of the top module (the
paper's Figure 4), and all modules learn at the same time; the same bits on every machine.
"""

import dataclasses
import functools
import math
from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.simulator.weights import draw_weights, split_weights

Array = NDArray[np.float64]

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that its draws are no lower module's."""

FIELDS = {
    "group_sizes", "learning_rate", "regression", "half_width", "initial_biases", "symmetric_start",
}  # fmt: skip
"""What modules know of a protocol besides the paper's values."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Two levels of modules, each with its sizes and rates, and the vectors that they learn."""

    lower: Protocol  # of each lower module
    top: Protocol  # its visible group holds the hidden groups of all lower modules
    vectors: tuple[tuple[float, ...], ...]  # over the visible groups of all lower modules, 0 to 1

    def __post_init__(self) -> None:
        other = {*self.lower.differences, *self.top.differences} - FIELDS
        if other:
            raise UsageError(
                f"{', '.join(sorted(other))} of a module was given another value than the paper's; "
                f"allowed are other values of {', '.join(sorted(FIELDS))}"
            )

    @property
    def n_lower(self) -> int:
        """Number of lower modules."""
        return self.top.n_visible // self.lower.group_sizes[1]


class ModuleWeights(NamedTuple):
    """Weights of modules side by side: m in a network, n networks."""

    forward: Array  # visible to hidden, W, (n_hidden, n_visible, m, n)
    hidden_biases: Array  # (n_hidden, m, n)
    backward: Array  # hidden to visible, U, (n_visible, n_hidden, m, n)
    visible_biases: Array  # (n_visible, m, n)

    @classmethod
    def draw(
        cls, protocol: Protocol, root_seed: int, start: int, stop: int, *, n_modules: int
    ) -> Self:
        """Draw the weights of networks with seeds in [start, stop)."""
        weights = draw_weights(protocol, root_seed, n_modules * start, n_modules * stop)
        apart = weights.reshape(stop - start, n_modules, -1)
        return cls._make(
            np.ascontiguousarray(np.moveaxis(array, (1, 0), (-2, -1)))
            for connection in split_weights(protocol, apart)
            for array in connection
        )

    def send_forward(self, visible: Array) -> Array:
        """Return hidden activities (n_hidden, p, m, n) of p vectors (n_visible, p, m, n)."""
        return _activate(self.forward, self.hidden_biases, visible)

    def send_back(self, hidden: Array) -> Array:
        """Return visible activities (n_visible, p, m, n) of p codes (n_hidden, p, m, n)."""
        return _activate(self.backward, self.visible_biases, hidden)

    def sum_changes(
        self, visible: Array, first: Array, protocol: Protocol
    ) -> list[tuple[Array, Array]]:
        """Return each weight array beside its change, summed over p patterns, for v0 and h1."""
        keep, rate = protocol.regression, protocol.learning_rate
        regressed = keep * visible + (1.0 - keep) * self.send_back(first)  # equation 5
        second = keep * first + (1.0 - keep) * self.send_forward(regressed)  # equation 6
        into_hidden = rate * (first - second)
        into_visible = rate * (visible - regressed)
        return [
            (self.forward, _sum_products(into_hidden, regressed)),  # equation 4
            (self.hidden_biases, _add_up(into_hidden.swapaxes(0, 1))),
            (self.backward, _sum_products(into_visible, first)),  # equation 3
            (self.visible_biases, _add_up(into_visible.swapaxes(0, 1))),
        ]


class ModularBatch:
    """Many hierarchies that learn the same set of vectors from different initial weights.

    Lower module m of network s takes the draws of seed ``n_lower s + m``, or those of its first
    one if they start `alike`, the top module those of seed s under another root seed.
    """

    def __init__(
        self, hierarchy: Hierarchy, root_seed: int, start: int, stop: int, *, alike: bool = False
    ) -> None:
        self.hierarchy = hierarchy
        self.n_networks = stop - start
        self.lower = ModuleWeights.draw(
            hierarchy.lower, root_seed, start, stop, n_modules=hierarchy.n_lower
        )
        self.top = ModuleWeights.draw(
            hierarchy.top, root_seed + TOP_STREAM, start, stop, n_modules=1
        )
        if alike:
            for array in self.lower:
                array[...] = array[..., :1, :]

    def spread(self, vectors: Array) -> Array:
        """Bring p vectors (p, n_units) into the shape of a state, (n_visible, p, n_lower, n)."""
        parts = vectors.reshape(len(vectors), self.hierarchy.n_lower, -1).transpose(2, 0, 1)
        return np.repeat(parts[..., np.newaxis], self.n_networks, axis=-1)

    def train(self, n_updates: int, *, train_top: bool = True) -> None:
        """Apply `n_updates` updates to all modules, or to the lower ones alone."""
        hierarchy = self.hierarchy
        visible = self.spread(np.array(hierarchy.vectors))
        for _ in range(n_updates):
            codes = self.lower.send_forward(visible)
            changes = self.lower.sum_changes(visible, codes, hierarchy.lower)
            if train_top:
                joined = self._join(codes)
                first = self.top.send_forward(joined)
                changes += self.top.sum_changes(joined, first, hierarchy.top)
            for weights, change in changes:
                np.add(weights, change, out=weights)

    def reconstruct(self, state: Array) -> Array:
        """Send a state (n_visible, p, n_lower, n) up through the top and down again."""
        code = self.top.send_forward(self._join(self.lower.send_forward(state)))
        parts = np.split(self.top.send_back(code), self.hierarchy.n_lower)
        return self.lower.send_back(np.concatenate(parts, axis=2))

    def settle(
        self, state: Array, *, n_rounds: int, held: NDArray[np.bool_] | None = None
    ) -> Array:
        """Reconstruct a state (n_visible, p, n_lower, n) so many times; units `held` keep theirs.

        With zero regression: a state that is partly kept looks stable without being an attractor.
        """
        begun = state
        for _ in range(n_rounds):
            state = self.reconstruct(state)
            if held is not None:
                state = np.where(held, begun, state)
        return state

    def _join(self, codes: Array) -> Array:
        """Make of the lower hidden groups the visible group of the top, (units, p, 1, n)."""
        return np.concatenate(np.split(codes, codes.shape[2], axis=2))


# Sums run unit by unit and pattern by pattern, in an order that no library chooses.


def _add_up(terms: Iterable[Array]) -> Array:
    return functools.reduce(np.add, terms)


def _activate(matrix: Array, biases: Array, source: Array) -> Array:
    """Equations 1 and 2: activities (n_target, p, m, n) of sources (n_source, p, m, n)."""
    total = _add_up(matrix[:, i, np.newaxis] * states for i, states in enumerate(source))
    return _sigmoid(total + biases[:, np.newaxis])


def _sum_products(difference: Array, source: Array) -> Array:
    """Sum difference x source over the patterns, (n_target, n_source, m, n)."""
    return _add_up(difference[:, np.newaxis, p] * source[:, p] for p in range(source.shape[1]))


_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
# ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
_LN_2_HIGH = float.fromhex("0x1.62e42feep-1")
_LN_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_PADE = [math.perm(6, k) / math.perm(12, k) / math.factorial(k) for k in range(7)]
"""exp(r) is p(r) / p(-r) with these coefficients, but for 2e-19 where |r| <= ln(2) / 2."""


def _sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, for x limited to [-700, 700], as ``2^k exp(r)``.

    NumPy's exponential depends on the processor; these operations IEEE 754 rounds correctly.
    """
    r = np.clip(x, -700.0, 700.0)
    np.negative(r, out=r)
    k = np.rint(r * _LOG2_E)
    r -= k * _LN_2_HIGH
    r -= k * _LN_2_LOW
    square = r * r
    even = ((_PADE[6] * square + _PADE[4]) * square + _PADE[2]) * square + _PADE[0]
    odd = ((_PADE[5] * square + _PADE[3]) * square + _PADE[1]) * r
    denominator = even - odd
    even += odd
    numerator = np.ldexp(even, k.astype(np.int32))
    numerator += denominator
    return np.divide(denominator, numerator, out=numerator)
