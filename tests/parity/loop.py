"""Longer loops to read: several hidden groups in series, each treated as the paper treats its one.

Page 365 says that the argument for recirculation applies to longer loops too, without
simulations; that every stage is regressed is our reading.
"""

import numpy as np

from replication.definition.protocol import PAPER
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import split_weights


class LoopChanges(tuple):
    """What is added to all weights, in the order of `RecirculationLoop.weights`."""

    __slots__ = ()
    _make = classmethod(tuple.__new__)


class RecirculationLoop(RecirculationNetwork):
    """A visible group and several hidden ones, whose states stand one after the other in one array.

    W, b lead into the first hidden group, `between` holds (matrix, biases) from each hidden
    group to the next one, and U, c lead from the last one into the visible group.
    """

    def __init__(self, W, b, U, c, *, between, protocol):
        self.between = [(np.array(M, dtype=float), np.array(d, dtype=float)) for M, d in between]
        self._bounds = np.cumsum(protocol.group_sizes[1:])[:-1]
        super().__init__(W, b, U, c, protocol=protocol)

    @classmethod
    def from_weights(cls, weights, protocol=PAPER):
        (W, b), *between, (U, c) = split_weights(protocol, weights)
        return cls(W, b, U, c, between=between, protocol=protocol)

    @property
    def weights(self):
        return (self.W, self.b, *(array for pair in self.between for array in pair), self.U, self.c)

    def first_pass(self, visible):
        """Return the states of all hidden groups, equations 1 and 2 group by group."""
        return np.concatenate(list(self._pass(visible)))

    def reconstruct(self, hidden):
        """Return the visible vector that the states of the last hidden group cause."""
        return super().reconstruct(self._split(hidden)[-1])

    def second_pass(self, visible, first):
        """Return the states of the second pass; each group is regressed before the next one."""
        return np.concatenate(list(self._pass(visible, first)))

    def weight_changes(self, v0):
        """Into each hidden group by equation 4, into the visible one by equation 3.

        The state of the group before, in the second pass, is presynaptic in equation 4.
        """
        h1 = self.first_pass(v0)
        v2 = self.regress(v0, self.reconstruct(h1))
        h3 = self.second_pass(v2, h1)
        first, second = self._split(h1), self._split(h3)
        changes = []
        for before, one, two in zip([v2 - self.shift, *second[:-1]], first, second, strict=True):
            changes += self._learn(before, one - two, self.protocol.visible_to_hidden_factor)
        changes += self._learn(first[-1], v0 - v2, self.protocol.hidden_to_visible_factor)
        return LoopChanges(changes)

    def _pass(self, state, first=None):
        """Yield the states of each hidden group, regressed towards `first` if it is given."""
        before = None
        if first is not None and self.protocol.hidden_regression:
            before = self._split(first)
        state = state - self.shift
        for k, (matrix, biases) in enumerate([(self.W, self.b), *self.between]):
            state = self.activate_hidden(matrix @ state + biases)
            if before is not None:
                state = self.regress(before[k], state)
            yield state

    def _split(self, hidden):
        return np.split(hidden, self._bounds)


def make_readable(weights, protocol):
    several = len(protocol.group_sizes) > 2
    return (RecirculationLoop if several else RecirculationNetwork).from_weights(weights, protocol)
