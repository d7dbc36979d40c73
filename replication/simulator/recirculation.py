"""The 4-2-4 network of page 363, equation by equation: the page to read first.

One network, one pattern at a time, in the paper's words and with its equation numbers.
`replication.simulate` computes the same for a million networks, and for longer loops; tests
hold the two together.

Equations 7 to 9 are no part of the procedure but the reason for it: for linear visible units,
symmetric weights (``U = W.T``) and a regression near 1, the derivative of the squared error
``1/2 sum (v2 - v0)^2`` by W is minus the change of equation 4, apart from its factor.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.activations import ACTIVATIONS
from replication.simulator.outcomes import Trace, make_trace
from replication.simulator.patterns import find_shift, make_patterns
from replication.simulator.weights import (
    MAX_SEED,
    check_shapes,
    check_weights,
    draw_weights,
    split_matrices,
    take_changes,
    take_numbers,
    take_states,
)
from replication.wording import show

Array = NDArray[np.float64]

CRITERIA: dict[str, Callable[[Array, Array], Array]] = {
    "every-unit": lambda d, v: np.abs(d).max(),
    "every-unit-squared": lambda d, v: (d**2).max(),
    "every-unit-half-squared": lambda d, v: (d**2).max() / 2,
    "half-squared-error": lambda d, v: (d**2).sum() / 2,
    "worst-pattern": lambda d, v: (d**2).sum(axis=1).max() / 2,
    "unexplained-variance": lambda d, v: (d**2).sum() / ((v - v.mean(axis=0)) ** 2).sum(),
}
"""What each criterion makes of the deviations d of the patterns v, both (pattern, visible unit);
the paper's is first."""


class Changes(NamedTuple):
    """What is added to the weights; a hook returns such a tuple with some of them replaced.

    Parameters
    ----------
    W, b, U, c : float64 array, or number for all entries alike
        In the shapes of `RecirculationNetwork`.

    Examples
    --------
    >>> changes = RecirculationNetwork.from_seed(0).weight_changes([1.0, 0.0, 0.0, 0.0])
    >>> changes._replace(W=0.0).W
    0.0
    """

    W: Any
    b: Any
    U: Any
    c: Any


Hook = Callable[[Changes], Changes]
"""Takes the changes of one update and returns those that are applied in their place."""


class RecirculationNetwork:
    """A visible and a hidden group in a closed loop, learning by recirculation.

    Parameters
    ----------
    W : array_like of float, shape (n_hidden, n_visible)
        Visible to hidden; W[j, i] leads from visible unit i to hidden unit j.
    b : array_like of float, shape (n_hidden,)
        Biases of the hidden units, minus their thresholds.
    U : array_like of float, shape (n_visible, n_hidden)
        Hidden to visible.
    c : array_like of float, shape (n_visible,)
        Biases of the visible units.
    protocol : Protocol
        `PAPER` unless given: 4-2-4, the four one-hot vectors, epsilon 20, lambda 0.75.

    References
    ----------
    Hinton & McClelland (1988), Learning Representations by Recirculation, pages 358-363.

    Examples
    --------
    >>> network = RecirculationNetwork.from_seed(0)
    >>> network
    RecirculationNetwork(4-2-4, largest error of a unit 0.73)
    >>> updates, converged = network.train()
    >>> converged
    True
    >>> network.image([1, 0, 0, 0]).round().tolist()
    [1.0, 0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        W: ArrayLike,
        b: ArrayLike,
        U: ArrayLike,
        c: ArrayLike,
        *,
        protocol: Protocol | str = PAPER,
    ) -> None:
        self.W, self.b, self.U, self.c = (
            take_numbers(given, "weights", finite=True) for given in (W, b, U, c)
        )
        self.protocol = protocol = find_protocol(protocol)
        self.patterns = make_patterns(protocol)
        self.shift = find_shift(protocol, self.patterns)  # 0 in the paper
        self.activate_hidden = ACTIVATIONS[protocol.hidden_function]
        self.activate_visible = ACTIVATIONS[protocol.visible_units]
        check_weights(protocol, self.weights)
        self._last_changes = tuple(np.zeros_like(weights) for weights in self.weights)

    @classmethod
    def from_seed(
        cls, seed: int, *, root_seed: int = 1988, protocol: Protocol | str = PAPER
    ) -> Self:
        """Return the network that starts from the weights of this seed.

        All weights and biases are uniform between -0.5 and +0.5 (page 363).
        """
        protocol = find_protocol(protocol)
        seed = take_whole("seed", seed, 0, MAX_SEED)
        return cls.from_weights(draw_weights(protocol, root_seed, seed, seed + 1)[0], protocol)

    @classmethod
    def from_weights(cls, weights: ArrayLike, protocol: Protocol | str = PAPER) -> Self:
        """Return the network with flat weights (n_weights,), in the order W, b, U, c."""
        protocol = find_protocol(protocol)
        flat = take_numbers(weights, "weights", finite=True)
        check_shapes(protocol, [flat.shape], [(protocol.n_weights,)])
        return cls(*split_matrices(protocol, flat), protocol=protocol)

    def __repr__(self) -> str:
        sizes = self.protocol.group_sizes
        loop = "-".join(str(size) for size in (*sizes, sizes[0]))
        largest = np.abs(self.patterns - [self.image(v) for v in self.patterns]).max()
        return f"{type(self).__name__}({loop}, largest error of a unit {largest:.2f})"

    @property
    def weights(self) -> tuple[Array, ...]:
        """All matrices and biases, in the order of `weight_changes`."""
        return self.W, self.b, self.U, self.c

    def first_pass(self, visible: ArrayLike) -> Array:
        """Return the states of the hidden units that a visible vector causes.

        Equations 1 and 2, time 1: ``h1 = sigma(W v0 + b)``.
        """
        visible = take_states(visible, self.W.shape[1], "visible")
        return self.activate_hidden(self.W @ (visible - self.shift) + self.b)

    def reconstruct(self, hidden: ArrayLike) -> Array:
        """Return the visible vector that hidden states cause, with a regression of 0.

        Equations 1 and 2, time 2: ``r2 = sigma(U h1 + c)``.
        """
        hidden = take_states(hidden, self.U.shape[1], "hidden")
        return self.activate_visible(self.U @ hidden + self.c)

    def image(self, visible: ArrayLike) -> Array:
        """Return the reconstruction of a visible vector, once around the loop."""
        visible = take_numbers(visible, "visible states", finite=True)
        return self.reconstruct(self.first_pass(visible))

    def regress(self, before: ArrayLike, arriving: ArrayLike) -> Array:
        """Return states regressed towards what they were, with weight lambda.

        Equation 5 for the visible units at time 2, ``v2 = lambda v0 + (1 - lambda) r2``,
        and equation 6 for the hidden ones at time 3.
        """
        keep = self.protocol.regression
        return keep * np.asarray(before) + (1.0 - keep) * np.asarray(arriving)

    def second_pass(self, visible: ArrayLike, first: ArrayLike) -> Array:
        """Return the hidden states of the second pass, regressed.

        Equation 6, time 3: ``h3 = lambda h1 + (1 - lambda) sigma(W v2 + b)``.
        """
        first, arriving = take_states(first, len(self.b), "hidden"), self.first_pass(visible)
        return self.regress(first, arriving) if self.protocol.hidden_regression else arriving

    def weight_changes(self, v0: ArrayLike) -> Changes:
        """Return the changes of W, b, U and c for one pattern.

        Each is epsilon times the presynaptic state times the difference of the
        postsynaptic state between the two passes::

            dW = epsilon v2 (h1 - h3)     db = epsilon (h1 - h3)     equation 4
            dU = epsilon h1 (v0 - v2)     dc = epsilon (v0 - v2)     equation 3
        """
        v0 = take_numbers(v0, "visible states", finite=True)
        h1 = self.first_pass(v0)
        v2 = self.regress(v0, self.reconstruct(h1))
        h3 = self.second_pass(v2, h1)
        dW, db = self._learn(v2 - self.shift, h1 - h3, self.protocol.visible_to_hidden_factor)
        dU, dc = self._learn(h1, v0 - v2, self.protocol.hidden_to_visible_factor)
        if self.protocol.second_round:  # proposed on page 365, not simulated in the paper
            v4 = self.regress(v2, self.reconstruct(h3))
            dU2, dc2 = self._learn(h3, v2 - v4, self.protocol.hidden_to_visible_factor)
            dU, dc = dU + dU2, dc + dc2
        return Changes(dW, db, dU, dc)

    def update(self, change: Hook | None = None) -> None:
        """Change the weights by the sum of the changes of all patterns (page 363).

        `change` takes the summed `Changes` and returns those to apply in their place: arrays of
        the same shapes, or numbers for all entries alike. A network whose changes of W are
        reversed:

        >>> network = RecirculationNetwork.from_seed(0)
        >>> network.update(change=lambda changes: changes._replace(W=-changes.W))
        """
        if self.protocol.update_schedule == "batch":
            self._apply(self.patterns, change)
        else:
            for pattern in self.patterns:
                self._apply(pattern[None], change)

    def error(self) -> float:
        """Return what the criterion measures, with the weights as they stand.

        In the paper the largest ``|r2 - v0|`` over patterns and units.
        """
        measured = np.array([self.image(v0) for v0 in self.patterns])
        if self.protocol.error_measured_on == "regressed":
            measured = self.regress(self.patterns, measured)
        deviations = measured - self.patterns
        return float(CRITERIA[self.protocol.criterion](deviations, self.patterns))

    @overload
    def train(
        self, *, change: Hook | None = None, record: Literal[False] = False
    ) -> tuple[int, bool]: ...

    @overload
    def train(self, *, change: Hook | None = None, record: Literal[True]) -> Trace: ...

    def train(self, *, change: Hook | None = None, record: bool = False) -> Any:
        """Update until the error is below the threshold or the cap is reached.

        Returns the updates applied, 0 if the error was below the threshold at once, and whether
        the network converged; with `record` a `Trace`, which holds them and the network after
        every update. `change` replaces the changes of every update, as for `update`.

        >>> RecirculationNetwork.from_seed(0).train(record=True).reconstructions.shape
        (49, 4, 4)
        """
        if record:
            return record_network(self, change=change)
        for updates in range(self.protocol.max_updates):
            if self.error() < self.protocol.threshold:
                return updates, True
            self.update(change)
        return self.protocol.max_updates, self.error() < self.protocol.threshold

    def _learn(self, presynaptic: Array, difference: Array, factor: float) -> tuple[Array, Array]:
        """Return the changes of a matrix and of its biases, whose presynaptic state is 1."""
        rate = self.protocol.learning_rate * factor
        return rate * np.outer(difference, presynaptic), rate * difference

    def _apply(self, batch: Array, change: Hook | None) -> None:
        """Change the weights by the changes of some patterns, with momentum and decay."""
        each = [self.weight_changes(pattern) for pattern in batch]
        changes = type(each[0])._make([sum(parts) for parts in zip(*each, strict=True)])
        if change is not None:
            changes = take_changes(change, changes, self.weights)
        names = "Wb" * (len(self.weights) // 2 - 1) + "Uc"
        parts = zip(names, self.weights, self._last_changes, changes, strict=True)
        for name, weights, last, new in parts:
            if name not in self.protocol.frozen:
                last[...] = self.protocol.momentum * last + new
                kept = 1.0 - self.protocol.decay if name in "WU" else 1.0
                weights[...] = kept * weights + last


def check_network(network: object) -> type[RecirculationNetwork]:
    """Return a subclass of the readable network, or refuse anything else."""
    if not (isinstance(network, type) and issubclass(network, RecirculationNetwork)):
        raise UsageError(
            f"network = {show(network)} was given; allowed is a subclass of RecirculationNetwork"
        )
    return network


def record_network(
    network: RecirculationNetwork, n_updates: int | None = None, change: Hook | None = None
) -> Trace:
    """Apply so many updates, or train until the outcome, and return every state passed."""
    states: list[tuple[Any, ...]] = []
    protocol = network.protocol
    for t in range((protocol.max_updates if n_updates is None else n_updates) + 1):
        if t > 0:
            network.update(change)
        hidden = [network.first_pass(v0) for v0 in network.patterns]
        images = [network.reconstruct(h1) for h1 in hidden]
        flat = np.concatenate([weights.ravel() for weights in network.weights])
        states.append((network.error(), hidden, images, flat))
        if n_updates is None and states[-1][0] < protocol.threshold:
            break
    parts = [np.array(part) for part in zip(*states, strict=True)]
    return make_trace(protocol, parts[0], [parts[1]], parts[2], parts[3])
