"""The hierarchy of modules to read, one network at a time: `ModularBatch` must agree with it."""

import numpy as np

from replication.simulator.modules import TOP_STREAM
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights


class ModularNetwork:
    """A hierarchy of modules, equation by equation.

    Reference: Hinton & McClelland (1988), pages 365 and 366, Figure 4. That each module learns by
    its own loop is our reading.
    """

    def __init__(self, hierarchy, lower, top):
        self.hierarchy = hierarchy
        self.vectors = np.array(hierarchy.vectors)
        self.lower = list(lower)
        self.top = top

    @classmethod
    def from_seed(cls, seed, *, root_seed, hierarchy):
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

    def lower_codes(self, vector):
        """Return the hidden activities of all lower modules, the visible vector of the top."""
        halves = np.split(vector, len(self.lower))
        return np.concatenate(
            [module.first_pass(half) for module, half in zip(self.lower, halves, strict=True)]
        )

    def encode(self, vector):
        """Return the hidden activities of the top module for a vector, (n_hidden,)."""
        return self.top.first_pass(self.lower_codes(vector))

    def decode(self, code):
        """Return the vector that a code of the top stands for, down with zero regression."""
        parts = np.split(self.top.reconstruct(code), len(self.lower))
        return np.concatenate(
            [module.reconstruct(part) for module, part in zip(self.lower, parts, strict=True)]
        )

    def update(self):
        """Change the weights of all modules at the same time, by sums over the vectors."""
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

    def train(self, n_updates):
        for _ in range(n_updates):
            self.update()

    def settle(self, vector, *, n_rounds, held=None):
        """Send a vector up through the top and down again, round after round; some are held."""
        held = np.zeros(len(vector), dtype=np.bool_) if held is None else held
        state = vector
        for _ in range(n_rounds):
            state = np.where(held, vector, self.decode(self.encode(state)))
        return state
