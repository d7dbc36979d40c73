"""The hierarchy of modules to read, one network at a time: `ModularBatch` must agree with it."""

import numpy as np

from replication.simulator.modules import TOP_STREAM
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights


class ModularNetwork:
    """A hierarchy of modules, equation by equation.

    Reference: Hinton & McClelland (1988), pages 365 and 366, Figure 4. That each module learns by
    its own loop is our reading. Lower module m of network s takes the draws of seed
    ``n_lower s + m``; the top module those of seed s under another root seed.
    """

    def __init__(self, hierarchy, root_seed, seed):
        n = hierarchy.n_lower
        rows = draw_weights(hierarchy.lower, root_seed, n * seed, n * (seed + 1))
        (row,) = draw_weights(hierarchy.top, root_seed + TOP_STREAM, seed, seed + 1)
        self.vectors = np.array(hierarchy.vectors)
        self.lower = [RecirculationNetwork.from_weights(each, hierarchy.lower) for each in rows]
        self.top = RecirculationNetwork.from_weights(row, hierarchy.top)

    def pair(self, vector):
        """Return each lower module with its part of a vector, of visible or hidden units."""
        return zip(self.lower, np.split(vector, len(self.lower)), strict=True)

    def encode(self, vector):
        """Return the hidden states of all lower modules, the visible vector of the top."""
        return np.concatenate([module.first_pass(part) for module, part in self.pair(vector)])

    def update(self):
        """Change the weights of all modules at the same time, by sums over the vectors."""
        changes = []
        for vector in self.vectors:
            for module, shown in [*self.pair(vector), (self.top, self.encode(vector))]:
                changes += zip(module.weights, module.weight_changes(shown), strict=True)
        for weights, change in changes:
            np.add(weights, change, out=weights)

    def settle(self, vector, *, n_rounds, held):
        """Send a vector up through the top and down again, round after round; some are held."""
        state = vector
        for _ in range(n_rounds):
            codes = self.top.reconstruct(self.top.first_pass(self.encode(state)))
            image = [module.reconstruct(part) for module, part in self.pair(codes)]
            state = np.where(held, vector, np.concatenate(image))
        return state
