"""Modules that share groups of units: the hierarchy of closed loops of pages 365 and 366.

Each module is a loop of one visible and one hidden group. The hidden groups of the lower
modules, side by side, are the visible group of the top module (the paper's Figure 4). Each
module learns by its own loop, all at the same time: what the lower hidden units say on the
first pass is the visible vector of the top module.

`ModularNetwork` is the form to read. `ModularBatch` computes the same for many initial
weights at once, in plain NumPy operations that give the same bits on every machine.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.protocol import Protocol
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights, split_weights

Array = NDArray[np.float64]

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that its draws are no lower module's."""

FREE_FIELDS = ("group_sizes", "learning_rate", "regression", "half_width")
"""Protocol fields in which a module may differ from the paper's simulation."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Two levels of modules and the set of vectors that they learn.

    Parameters
    ----------
    lower : Protocol
        Of each lower module.
    top : Protocol
        Of the top module. Its visible group holds the hidden groups of all lower
        modules, so the two sizes give the number of lower modules.
    vectors : tuple of tuple of float
        The set, each vector over the visible groups of all lower modules, in [0, 1].

    Raises
    ------
    UsageError
        If the sizes do not fit, or a module is not the paper's in other fields than
        `FREE_FIELDS`.

    Examples
    --------
    >>> hierarchy = Hierarchy(
    ...     lower=Protocol(group_sizes=(4, 2)),
    ...     top=Protocol(group_sizes=(4, 2)),
    ...     vectors=pair_one_hot(4, 4),
    ... )
    >>> hierarchy.n_lower
    2
    """

    lower: Protocol
    top: Protocol
    vectors: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        for name in ("lower", "top"):
            module: Protocol = getattr(self, name)
            others = sorted(set(module.differences) - set(FREE_FIELDS))
            if others or len(module.group_sizes) != 2:
                raise UsageError(
                    f"the {name} module was given with group_sizes = {list(module.group_sizes)} "
                    f"and other values of {', '.join(others) or 'no other field'}; allowed are one "
                    f"hidden group and other values of {', '.join(FREE_FIELDS)}"
                )
        n_hidden = self.lower.group_sizes[1]
        if self.top.n_visible % n_hidden:
            raise UsageError(
                f"a top module with {self.top.n_visible} visible units was given over lower ones "
                f"with {n_hidden} hidden units; allowed is a multiple of {n_hidden}"
            )
        n_units = self.n_lower * self.lower.n_visible
        lengths = sorted({len(vector) for vector in self.vectors})
        if lengths != [n_units]:
            raise UsageError(
                f"vectors of {lengths} values were given; {self.n_lower} lower modules need "
                f"at least one vector, each of {n_units} values"
            )

    @property
    def n_lower(self) -> int:
        """Number of lower modules."""
        return self.top.n_visible // self.lower.group_sizes[1]


def pair_one_hot(n_vectors: int, n_units: int) -> tuple[tuple[float, ...], ...]:
    """Return vectors over two halves, the same unit on in both.

    Parameters
    ----------
    n_vectors : int
        From 1 to `n_units`.
    n_units : int
        Units of each half.

    Examples
    --------
    >>> pair_one_hot(2, 3)
    ((1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 1.0, 0.0))
    """
    if not 1 <= n_vectors <= n_units:
        raise UsageError(
            f"{n_vectors} vectors were given; allowed are 1 to {n_units}, the units of a half"
        )
    rows = np.eye(n_units)[:n_vectors].tolist()
    return tuple((*row, *row) for row in rows)


class ModularNetwork:
    """A hierarchy of modules, equation by equation.

    Parameters
    ----------
    hierarchy : Hierarchy
    lower : sequence of RecirculationNetwork
        The lower modules, left to right.
    top : RecirculationNetwork

    References
    ----------
    Hinton & McClelland (1988), pages 365 and 366, Figure 4. That each module learns by
    its own loop is our reading.

    Examples
    --------
    >>> hierarchy = Hierarchy(
    ...     lower=Protocol(learning_rate=10.0),
    ...     top=Protocol(learning_rate=4.0),
    ...     vectors=pair_one_hot(2, 4),
    ... )
    >>> network = ModularNetwork.from_seed(0, root_seed=1988, hierarchy=hierarchy)
    >>> network.train(500)
    >>> network.complete(network.vectors[1], missing=0, n_rounds=20).round(1).tolist()
    [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        lower: Sequence[RecirculationNetwork],
        top: RecirculationNetwork,
    ) -> None:
        self.hierarchy = hierarchy
        self.vectors = np.array(hierarchy.vectors)
        self.lower = list(lower)
        self.top = top

    @classmethod
    def from_seed(cls, seed: int, *, root_seed: int, hierarchy: Hierarchy) -> ModularNetwork:
        """Return the hierarchy that starts from the weights of this seed.

        Lower module m of network s takes the draws of seed ``n_lower s + m``; the top module
        those of seed s under another root seed.
        """
        lower, top, n = hierarchy.lower, hierarchy.top, hierarchy.n_lower
        rows = draw_weights(lower, root_seed, n * seed, n * (seed + 1))
        row = draw_weights(top, root_seed + TOP_STREAM, seed, seed + 1)[0]
        return cls(
            hierarchy,
            [RecirculationNetwork.from_weights(weights, lower) for weights in rows],
            RecirculationNetwork.from_weights(row, top),
        )

    def lower_codes(self, vector: Array) -> Array:
        """Return the hidden activities of all lower modules, (top.n_visible,).

        They are the visible vector of the top module: ``h1 = sigmoid(W v0 + b)`` of each
        module (equations 1 and 2).
        """
        halves = np.split(vector, len(self.lower))
        return np.concatenate(
            [module.first_pass(half) for module, half in zip(self.lower, halves, strict=True)]
        )

    def encode(self, vector: Array) -> Array:
        """Return the hidden activities of the top module for a vector, (n_hidden,)."""
        return self.top.first_pass(self.lower_codes(vector))

    def decode(self, code: Array) -> Array:
        """Return the vector that a code of the top module stands for.

        Down through the top and then each lower module with zero regression:
        ``sigmoid(U h + c)``, twice.
        """
        parts = np.split(self.top.reconstruct(code), len(self.lower))
        return np.concatenate(
            [module.reconstruct(part) for module, part in zip(self.lower, parts, strict=True)]
        )

    def update(self) -> None:
        """Show all vectors once and change the weights of all modules at the same time.

        The changes of every module are those of equations 3 to 6, summed over the vectors
        and computed with the weights as they stand.
        """
        shown = [np.split(vector, len(self.lower)) for vector in self.vectors]
        inputs = [[halves[m] for halves in shown] for m in range(len(self.lower))]
        inputs.append([self.lower_codes(vector) for vector in self.vectors])
        modules = [*self.lower, self.top]
        changes = [
            [module.weight_changes(visible) for visible in patterns]
            for module, patterns in zip(modules, inputs, strict=True)
        ]
        for module, of_patterns in zip(modules, changes, strict=True):
            for of_pattern in of_patterns:
                for weights, change in zip(module.weights, of_pattern, strict=True):
                    np.add(weights, change, out=weights)

    def train(self, n_updates: int) -> None:
        """Apply `n_updates` updates."""
        for _ in range(n_updates):
            self.update()

    def settle(
        self, vector: Array, *, n_rounds: int, held: NDArray[np.bool_] | None = None
    ) -> Array:
        """Send a vector up through the top and down again, round after round.

        Parameters
        ----------
        vector : float64 array, shape (n_units,)
        n_rounds : int
        held : bool array, shape (n_units,), optional
            Units that keep their state; none unless given.

        Returns
        -------
        float64 array, shape (n_units,)

        Notes
        -----
        With zero regression: a state that is partly kept would look stable for long without
        being an attractor.
        """
        held = np.zeros(len(vector), dtype=np.bool_) if held is None else held
        state = vector
        for _ in range(n_rounds):
            state = np.where(held, vector, self.decode(self.encode(state)))
        return state

    def complete(self, vector: Array, *, missing: int, n_rounds: int) -> Array:
        """Settle with the units of one lower module off at first and all others held.

        Parameters
        ----------
        vector : float64 array, shape (n_units,)
        missing : int
            The lower module whose part of the vector is taken away.
        n_rounds : int
        """
        owner = np.repeat(np.arange(len(self.lower)), self.hierarchy.lower.n_visible)
        partial = np.where(owner == missing, 0.0, vector)
        return self.settle(partial, n_rounds=n_rounds, held=owner != missing)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModuleWeights:
    """Weights of modules side by side: m in a network, n networks.

    Parameters
    ----------
    forward : float64 array, shape (n_hidden, n_visible, m, n)
        Visible to hidden, W.
    hidden_biases : float64 array, shape (n_hidden, m, n)
    backward : float64 array, shape (n_visible, n_hidden, m, n)
        Hidden to visible, U.
    visible_biases : float64 array, shape (n_visible, m, n)
    """

    forward: Array
    hidden_biases: Array
    backward: Array
    visible_biases: Array

    @classmethod
    def draw(
        cls, protocol: Protocol, root_seed: int, start: int, stop: int, *, n_modules: int
    ) -> ModuleWeights:
        """Draw the weights of networks with seeds in [start, stop)."""
        weights = draw_weights(protocol, root_seed, n_modules * start, n_modules * stop)
        arrays: list[Array] = []
        for connection in split_weights(protocol, weights):
            for array in connection:
                apart = array.reshape(stop - start, n_modules, *array.shape[1:])
                last = np.moveaxis(apart, (1, 0), (-2, -1))
                arrays.append(np.ascontiguousarray(last))
        return cls(
            forward=arrays[0],
            hidden_biases=arrays[1],
            backward=arrays[2],
            visible_biases=arrays[3],
        )

    def send_forward(self, visible: Array) -> Array:
        """Return hidden activities (n_hidden, p, m, n) of p vectors (n_visible, p, m, n)."""
        return _activate(self.forward, self.hidden_biases, visible)

    def send_back(self, hidden: Array) -> Array:
        """Return visible activities (n_visible, p, m, n) of p codes (n_hidden, p, m, n)."""
        return _activate(self.backward, self.visible_biases, hidden)

    def compute_changes(
        self, visible: Array, first: Array, protocol: Protocol
    ) -> list[tuple[Array, Array]]:
        """Return each weight array beside its change, summed over the patterns.

        Parameters
        ----------
        visible : float64 array, shape (n_visible, p, m, n)
            v0 of p patterns.
        first : float64 array, shape (n_hidden, p, m, n)
            h1, that is `send_forward` of them.
        protocol : Protocol
            Gives the learning rate and the regression.

        References
        ----------
        Hinton & McClelland (1988), equations 3 to 6.
        """
        keep, rate = protocol.regression, protocol.learning_rate
        regressed = keep * visible + (1.0 - keep) * self.send_back(first)  # equation 5
        second = keep * first + (1.0 - keep) * self.send_forward(regressed)  # equation 6
        into_hidden = rate * (first - second)
        into_visible = rate * (visible - regressed)
        return [
            (self.forward, _sum_products(into_hidden, regressed)),  # equation 4
            (self.hidden_biases, _sum_patterns(into_hidden)),
            (self.backward, _sum_products(into_visible, first)),  # equation 3
            (self.visible_biases, _sum_patterns(into_visible)),
        ]


class ModularBatch:
    """Many hierarchies that learn the same set of vectors from different initial weights.

    Parameters
    ----------
    hierarchy : Hierarchy
    root_seed : int
    start, stop : int
        Seeds, 0 <= start < stop: network k of the batch is `ModularNetwork.from_seed` of
        ``start + k``.
    alike : bool
        Whether all lower modules of a network start from the weights of its first one.
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
            for field in dataclasses.fields(self.lower):
                array = getattr(self.lower, field.name)
                array[...] = array[..., :1, :]

    def spread(self, vectors: Array) -> Array:
        """Bring p vectors (p, n_units) into the shape of a state, (n_visible, p, n_lower, n)."""
        hierarchy = self.hierarchy
        parts = vectors.reshape(len(vectors), hierarchy.n_lower, hierarchy.lower.n_visible)
        shape = (hierarchy.lower.n_visible, *parts.shape[:2], self.n_networks)
        return np.ascontiguousarray(
            np.broadcast_to(np.moveaxis(parts, 2, 0)[..., np.newaxis], shape)
        )

    def train(self, n_updates: int, *, train_top: bool = True) -> None:
        """Apply `n_updates` updates to all modules, or to the lower ones alone."""
        hierarchy = self.hierarchy
        visible = self.spread(np.array(hierarchy.vectors))
        for _ in range(n_updates):
            codes = self.lower.send_forward(visible)
            changes = self.lower.compute_changes(visible, codes, hierarchy.lower)
            if train_top:
                joined = self._join(codes)
                first = self.top.send_forward(joined)
                changes += self.top.compute_changes(joined, first, hierarchy.top)
            for weights, change in changes:
                np.add(weights, change, out=weights)

    def lower_codes(self, state: Array) -> Array:
        """Return the hidden activities of the lower modules, (n_hidden, p, n_lower, n)."""
        return self.lower.send_forward(state)

    def reconstruct(self, state: Array) -> Array:
        """Send a state (n_visible, p, n_lower, n) up through the top and down again."""
        code = self.top.send_forward(self._join(self.lower.send_forward(state)))
        return self.lower.send_back(self._part(self.top.send_back(code)))

    def settle(
        self, state: Array, *, n_rounds: int, held: NDArray[np.bool_] | None = None
    ) -> Array:
        """Reconstruct `n_rounds` times, with zero regression.

        Parameters
        ----------
        state : float64 array, shape (n_visible, p, n_lower, n)
        n_rounds : int
        held : bool array that broadcasts to the state, optional
            Units that keep their state; none unless given.
        """
        begun = state
        for _ in range(n_rounds):
            state = self.reconstruct(state)
            if held is not None:
                state = np.where(held, begun, state)
        return state

    def _join(self, codes: Array) -> Array:
        """Make of the lower hidden groups the visible group of the top, (units, p, 1, n)."""
        n_hidden, n_patterns, n_lower, n = codes.shape
        side_by_side = np.moveaxis(codes, 2, 0)
        return side_by_side.reshape(n_lower * n_hidden, n_patterns, 1, n)

    def _part(self, joined: Array) -> Array:
        """Undo `_join`."""
        n_lower = self.hierarchy.n_lower
        n_units, n_patterns, _, n = joined.shape
        apart = joined.reshape(n_lower, n_units // n_lower, n_patterns, n)
        return np.ascontiguousarray(np.moveaxis(apart, 0, 2))


# Sums run unit by unit and pattern by pattern, in an order that no library chooses.


def _sum_in_order(terms: Callable[[int], Array], n_terms: int) -> Array:
    total = terms(0)
    for k in range(1, n_terms):
        total += terms(k)
    return total


def _activate(matrix: Array, biases: Array, source: Array) -> Array:
    """Equations 1 and 2: activities (n_target, p, m, n) of sources (n_source, p, m, n)."""
    total = _sum_in_order(lambda i: matrix[:, i, np.newaxis] * source[i], len(source))
    total += biases[:, np.newaxis]
    return _sigmoid(total)


def _sum_products(difference: Array, source: Array) -> Array:
    """Sum difference x source over the patterns, (n_target, n_source, m, n)."""
    return _sum_in_order(
        lambda p: difference[:, p][:, np.newaxis] * source[:, p], difference.shape[1]
    )


def _sum_patterns(difference: Array) -> Array:
    return _sum_in_order(lambda p: difference[:, p].copy(), difference.shape[1])


_LOG2_E = 1.0 / math.log(2.0)
# ln 2 in two parts; the first has so few digits that whole multiples of it are exact.
_LN_2_HIGH = float.fromhex("0x1.62e42feep-1")
_LN_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_PADE = [
    math.factorial(12 - k)
    * math.factorial(6)
    / (math.factorial(12) * math.factorial(6 - k))
    / math.factorial(k)
    for k in range(7)
]
"""exp(r) is p(r) / p(-r) with these coefficients, but for 2e-19 where |r| <= ln(2) / 2."""


def _sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, for x limited to [-700, 700].

    NumPy's exponential depends on the processor. Here ``exp(-x)`` is ``2^k exp(r)`` with
    ``|r| <= ln(2) / 2``, the latter by its Pade approximation, all in operations that IEEE 754
    rounds correctly.
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
