"""Longer loops: several hidden groups in series, each treated as the one of the paper is.

Page 365 says that the argument for recirculation applies to longer loops too, without
simulations. The equations of each hidden group are those of `RecirculationNetwork`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from replication.protocol import PAPER, Protocol
from replication.simulator.recirculation import Array, RecirculationNetwork
from replication.simulator.weights import split_weights


class LoopChanges(tuple):
    """What is added to all weights, in the order of `RecirculationLoop.weights`."""

    __slots__ = ()

    @classmethod
    def _make(cls, parts):
        return cls(parts)


class RecirculationLoop(RecirculationNetwork):
    """A visible group and several hidden ones in a closed loop.

    The states of all hidden groups stand one after the other in one array.

    Parameters
    ----------
    W, b : array_like of float
        From the visible group to the first hidden one, with its biases.
    U, c : array_like of float
        From the last hidden group to the visible one, with its biases.
    between : sequence of (matrix, biases)
        From each hidden group to the next one.
    protocol : Protocol
        Its group sizes are those of the loop, the visible group first.

    Attributes
    ----------
    between : list of (matrix, biases)

    References
    ----------
    Hinton & McClelland (1988), page 365; that every stage is regressed is our reading.

    Examples
    --------
    >>> from replication.protocol import Protocol
    >>> loop = RecirculationLoop.from_seed(0, protocol=Protocol(group_sizes=(4, 3, 3)))
    >>> loop
    RecirculationLoop(4-3-3-4, largest error of a unit 0.67)
    """

    def __init__(
        self,
        W: Array,
        b: Array,
        U: Array,
        c: Array,
        *,
        between: Sequence[tuple[Array, Array]],
        protocol: Protocol,
    ) -> None:
        self.between = [(np.array(M, dtype=float), np.array(d, dtype=float)) for M, d in between]
        self._bounds = np.cumsum(protocol.group_sizes[1:])[:-1]
        super().__init__(W, b, U, c, protocol=protocol)

    @classmethod
    def from_weights(cls, weights: Array, protocol: Protocol = PAPER) -> Self:
        """Return the loop with flat weights (n_weights,), in the order of `draw_weights`."""
        (W, b), *between, (U, c) = split_weights(protocol, weights)
        return cls(W, b, U, c, between=between, protocol=protocol)

    @property
    def weights(self) -> tuple[Array, ...]:
        """All matrices and biases: W, b, those between hidden groups, U and c."""
        return (self.W, self.b, *(array for pair in self.between for array in pair), self.U, self.c)

    def first_pass(self, visible: Array) -> Array:
        """Return the states of all hidden groups, equations 1 and 2 group by group."""
        return np.concatenate(list(self._pass(visible)))

    def reconstruct(self, hidden: Array) -> Array:
        """Return the visible vector that the states of the last hidden group cause."""
        return super().reconstruct(self._split(hidden)[-1])

    def second_pass(self, visible: Array, first: Array) -> Array:
        """Return the states of the second pass; each group is regressed before the next one."""
        return np.concatenate(list(self._pass(visible, first)))

    def weight_changes(self, v0: Array) -> LoopChanges:
        """Return the changes for one pattern, in the order of `weights`.

        Into each hidden group by equation 4, the state of the group before it in the second
        pass being presynaptic; into the visible group by equation 3.
        """
        h1 = self.first_pass(v0)
        v2 = self.regress(v0, self.reconstruct(h1))
        h3 = self.second_pass(v2, h1)
        first, second = self._split(h1), self._split(h3)
        changes: list[Array] = []
        for before, one, two in zip([v2, *second[:-1]], first, second, strict=True):
            changes += self._learn(before, one - two, self.protocol.visible_to_hidden_factor)
        changes += self._learn(first[-1], v0 - v2, self.protocol.hidden_to_visible_factor)
        return LoopChanges(changes)

    def _pass(self, state: Array, first: Array | None = None) -> Iterator[Array]:
        """Yield the states of each hidden group, regressed towards `first` if it is given."""
        before = None
        if first is not None and self.protocol.hidden_regression:
            before = self._split(first)
        for k, (matrix, biases) in enumerate([(self.W, self.b), *self.between]):
            state = self.activate_hidden(matrix @ state + biases)
            if before is not None:
                state = self.regress(before[k], state)
            yield state

    def _split(self, hidden: Array) -> list[Array]:
        """Return the states group by group."""
        return np.split(hidden, self._bounds)
