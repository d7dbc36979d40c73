"""One network, equation by equation: the page to read first.

The kernel computes the same for many networks side by side; tests hold the two
together. This one is written to be read and uses NumPy's own exponential, so
its last bits may differ between machines. Equations are numbered in the order
of one update; 5 and 6 are the paper's equations 3 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.protocol import PAPER, Protocol
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights, split_weights

Array = NDArray[np.float64]


def sigmoid(x: Array) -> Array:
    """Return the logistic function ``1 / (1 + exp(-x))``.

    Examples
    --------
    >>> float(sigmoid(np.array(0.0)))
    0.5
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0))))


class RecirculationNetwork:
    """A closed loop of groups of units that learns by recirculation.

    Activity runs from the visible group through the hidden ones and back: for
    4-2-4 through the matrix W (visible to hidden) with biases b and the matrix
    U (hidden to visible) with biases c. With several hidden groups each obeys
    the same equations; that is our reading of the abstract's "groups of units
    arranged in a closed loop".

    Parameters
    ----------
    connections : sequence of (matrix, biases)
        One for each group, in the order of the loop: matrix float64 of shape
        (n_target, n_source), biases of shape (n_target,). They are copied.
    protocol : Protocol
        With the rule "recirculation".

    Raises
    ------
    UsageError
        If a shape does not fit the protocol's group sizes, or the rule is another.

    References
    ----------
    Hinton & McClelland (1988), Learning Representations by Recirculation.

    Examples
    --------
    >>> network = RecirculationNetwork.from_seed(0)
    >>> updates, converged = network.train()
    >>> converged
    True
    """

    def __init__(
        self, connections: Sequence[tuple[Array, Array]], protocol: Protocol = PAPER
    ) -> None:
        sizes = protocol.group_sizes
        shapes = list(zip(sizes[1:] + sizes[:1], sizes, strict=True))
        given = [np.shape(matrix) for matrix, _ in connections]
        biases_given = [np.shape(biases) for _, biases in connections]
        if given != shapes or biases_given != [(n_target,) for n_target, _ in shapes]:
            raise UsageError(
                f"matrices of shapes {given} were given; group_sizes {list(sizes)} need "
                f"{shapes}, each with as many biases as it has rows"
            )
        if protocol.learning_rule != "recirculation":
            raise UsageError(
                f"learning_rule = {protocol.learning_rule!r} was given; this class learns by "
                "'recirculation' only; use simulate() for other rules"
            )
        self.protocol = protocol
        self.matrices = [np.array(matrix, dtype=np.float64) for matrix, _ in connections]
        self.biases = [np.array(biases, dtype=np.float64) for _, biases in connections]
        self.patterns = make_patterns(protocol)
        self._last_changes = [np.zeros_like(a) for a in (*self.matrices, *self.biases)]

    @classmethod
    def from_seed(
        cls, seed: int, *, root_seed: int = 1988, protocol: Protocol = PAPER
    ) -> RecirculationNetwork:
        """Return the network that starts from the weights of this seed.

        Parameters
        ----------
        seed : int
            Number of the network, at least 0.
        root_seed : int
            From 0 to 2**63 - 1.
        protocol : Protocol
        """
        weights = draw_weights(protocol, root_seed, seed, seed + 1)[0]
        return cls(split_weights(protocol, weights), protocol)

    def first_pass(self, visible: Array) -> list[Array]:
        """Equation 1: the hidden activities, one array (n_units,) for each hidden group.

        ``h1 = sigmoid(W v0 + b)``
        """
        activities = []
        activity = visible
        for matrix, biases in zip(self.matrices[:-1], self.biases[:-1], strict=True):
            activity = sigmoid(matrix @ activity + biases)
            activities.append(activity)
        return activities

    def reconstruct(self, visible: Array) -> Array:
        """Equation 2: the reconstruction with zero regression, shape (n_visible,).

        ``r2 = sigmoid(U h1 + c)``
        """
        total = self.matrices[-1] @ self.first_pass(visible)[-1] + self.biases[-1]
        return total if self.protocol.visible_units == "linear" else sigmoid(total)

    def regress_visible(self, visible: Array) -> Array:
        """Equation 3: the visible activities at time 2, shape (n_visible,).

        ``v2 = lambda v0 + (1 - lambda) r2``
        """
        keep = self.protocol.regression
        return keep * visible + (1.0 - keep) * self.reconstruct(visible)

    def second_pass(self, visible: Array) -> list[Array]:
        """Equation 4: the hidden activities of the second pass, regressed, (n_units,) each.

        ``h3 = lambda h1 + (1 - lambda) sigmoid(W v2 + b)``
        """
        keep = self.protocol.regression if self.protocol.hidden_regression else 0.0
        activities = []
        activity = self.regress_visible(visible)
        for matrix, biases, first in zip(
            self.matrices[:-1], self.biases[:-1], self.first_pass(visible), strict=True
        ):
            activity = keep * first + (1.0 - keep) * sigmoid(matrix @ activity + biases)
            activities.append(activity)
        return activities

    def weight_changes(self, visible: Array) -> list[tuple[Array, Array]]:
        """Equations 5 and 6: the changes of each (matrix, biases) for one pattern.

        Each weight changes by epsilon times the presynaptic activity times the
        difference of the postsynaptic activity between two passes::

            dU = epsilon h1 (v0 - v2)     dc = epsilon (v0 - v2)
            dW = epsilon v2 (h1 - h3)     db = epsilon (h1 - h3)
        """
        rate = self.protocol.learning_rate
        first = [visible, *self.first_pass(visible)]
        second = [self.regress_visible(visible), *self.second_pass(visible)]
        # Into the visible group the first pass is presynaptic, elsewhere the second.
        presynaptic = [*second[:-1], first[-1]]
        changes = []
        for k, source in enumerate(presynaptic):
            target = (k + 1) % len(first)
            difference = first[target] - second[target]
            changes.append((rate * np.outer(difference, source), rate * difference))
        return changes

    def update(self) -> None:
        """Show all patterns once and change the weights, as the protocol's schedule says."""
        patterns = list(self.patterns)
        per_pattern = self.protocol.update_schedule == "per-pattern"
        batches = [[pattern] for pattern in patterns] if per_pattern else [patterns]
        for batch in batches:
            changes = [self.weight_changes(pattern) for pattern in batch]
            weights = [*self.matrices, *self.biases]
            sums = [sum(change[k][0] for change in changes) for k in range(len(self.matrices))]
            sums += [sum(change[k][1] for change in changes) for k in range(len(self.biases))]
            for weight, last, total in zip(weights, self._last_changes, sums, strict=True):
                last[...] = self.protocol.momentum * last + total
                np.add(weight, last, out=weight)

    def error(self) -> float:
        """Equation 7: the protocol's criterion, with the weights as they stand.

        ``E = 1/2 sum over patterns and visible units of (v0 - r2)^2``
        """
        regressed = self.protocol.error_measured_on == "regressed"
        measure = self.regress_visible if regressed else self.reconstruct
        deviations = self.patterns - np.array([measure(pattern) for pattern in self.patterns])
        if self.protocol.criterion == "every-unit":
            return float(np.abs(deviations).max())
        squares = (deviations**2).sum(axis=1)
        if self.protocol.criterion == "worst-pattern":
            return float(0.5 * squares.max())
        return float(squares.sum() * (1.0 if self.protocol.criterion == "squared-error" else 0.5))

    def train(self) -> tuple[int, bool]:
        """Update until the criterion is met or the cap is reached.

        Returns
        -------
        updates : int
            Updates applied, 0 if the error was below the threshold at once.
        converged : bool
        """
        for updates in range(self.protocol.max_updates + 1):
            if self.error() < self.protocol.threshold:
                return updates, True
            if updates < self.protocol.max_updates:
                self.update()
        return self.protocol.max_updates, False
