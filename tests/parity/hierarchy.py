"""The hierarchy of modules to read, one network at a time: `ModularBatch` must agree with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.modules import TOP_STREAM, Hierarchy
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights

Array = NDArray[np.float64]


class ModularNetwork:
    """A hierarchy of modules, equation by equation.

    `lower`: the lower modules, left to right.
    Reference: Hinton & McClelland (1988), pages 365 and 366, Figure 4. That each module learns by
    its own loop is our reading.
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

        `vector` (n_units,). `held` bools (n_units,), optional: units that keep their state; none
        unless given.
        Returns (n_units,).
        With zero regression: a state that is partly kept would look stable for long without being
        an attractor.
        """
        held = np.zeros(len(vector), dtype=np.bool_) if held is None else held
        state = vector
        for _ in range(n_rounds):
            state = np.where(held, vector, self.decode(self.encode(state)))
        return state

    def complete(self, vector: Array, *, missing: int, n_rounds: int) -> Array:
        """Settle with the units of one lower module off at first and all others held.

        `vector` (n_units,). `missing`: the lower module whose part of the vector is taken away.
        """
        owner = np.repeat(np.arange(len(self.lower)), self.hierarchy.lower.n_visible)
        partial = np.where(owner == missing, 0.0, vector)
        return self.settle(partial, n_rounds=n_rounds, held=owner != missing)
