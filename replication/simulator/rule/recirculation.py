"""The 4-2-4 network of page 363, equation by equation: the file to read first.

The class shows one network and one pattern at a time, in the paper's words and with its equation
numbers. It is also what runs: `replication.simulate` compiles it as it stands, for a million
networks, and a rule of one's own in the same way (`network.py`). Back-propagation and feedback
alignment, with which the paper's rule is compared, are beside it.

Equations 7 to 9 are no part of the procedure but the reason for it: for linear visible units,
symmetric weights (``U = W.T``) and a regression near 1, the derivative of the squared error
``1/2 sum (v2 - v0)^2`` by W is minus the change of equation 4, apart from its factor.
"""

import functools
from collections import namedtuple
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import MinimisedError
from replication.definition.protocol import BACK_PROPAGATION, RECIRCULATION, Protocol
from replication.errors import UsageError
from replication.simulator.operations.arrays import as_tuple
from replication.simulator.operations.handles import Handle
from replication.simulator.rule import weights as initial
from replication.simulator.rule.activations import ACTIVATIONS, SLOPES
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.network import FIXED_STREAM, Changes, Network, Rule, States

Array = NDArray[np.float64]


class RecirculationNetwork(Network):
    """Groups of units in a closed loop, the visible one first, learning by recirculation.

    `from_seed` and `from_weights` make one; its protocol is `PAPER` unless given: 4-2-4, the four
    one-hot vectors, epsilon 20, lambda 0.75.

    Attributes
    ----------
    W : float64 array, shape (n_hidden, n_visible)
        Visible to hidden; W[j, i] leads from visible unit i to hidden unit j.
    b : float64 array, shape (n_hidden,)
        Biases of the hidden units, minus their thresholds.
    U : float64 array, shape (n_visible, n_hidden)
        Hidden to visible.
    c : float64 array, shape (n_visible,)
        Biases of the visible units.

    Notes
    -----
    A loop of several hidden groups has W1, b1, W2, b2, ..., U, c. Its methods give a tuple with
    the states of each hidden group.

    References
    ----------
    Hinton & McClelland (1988), Learning Representations by Recirculation, pages 358-366.

    Examples
    --------
    >>> network = RecirculationNetwork.from_seed(0)
    >>> updates, converged = network.train()
    >>> converged
    True
    >>> network.image([1, 0, 0, 0]).round().tolist()
    [1.0, 0.0, 0.0, 0.0]

    A network whose summed changes of W are reversed:

    >>> class Reversed(RecirculationNetwork):
    ...     def apply(self, changes):
    ...         super().apply({**changes, "W": -changes["W"]})
    >>> Reversed.from_seed(0).update()
    """

    takes_protocol = True
    learning_rule: ClassVar[str] = RECIRCULATION
    W: Array
    b: Array
    U: Array
    c: Array

    def prepare(self) -> None:
        """Set what follows from the protocol; refuse one with another learning rule."""
        protocol = self.protocol
        if protocol.learning_rule != self.learning_rule:
            raise UsageError(
                f"learning_rule = {protocol.learning_rule!r} was given; this class learns by "
                f"{self.learning_rule!r} only; use simulate() for other rules"
            )
        # These are looked up once, not in each update. The shift is subtracted from the visible
        # states before the hidden units receive them: the mean pattern if the protocol is centred,
        # 0 in the paper.
        self.shift = initial.find_shift(protocol, initial.make_patterns(protocol))
        self.activate_hidden = ACTIVATIONS[protocol.hidden_function]
        self.activate_visible = ACTIVATIONS[protocol.visible_units]

    # The paper's letters, and its numbers

    @property
    def shapes(self) -> dict[str, Shape]:  # type: ignore[override]
        """Shapes of W, b, U and c; of W1, b1, W2, b2, ..., U, c in a longer loop."""
        return initial.list_shapes(self.protocol)

    @property
    def kept(self) -> dict[str, Array]:  # type: ignore[override]
        """The last changes, where there is momentum."""
        if self.protocol.momentum == 0.0:
            return {}
        return {f"last_{name}": np.zeros(shape) for name, shape in self.shapes.items()}

    @property
    def numbers(self) -> dict[str, float]:  # type: ignore[override]
        """The protocol's numbers; other values of them need no compiling."""
        protocol = self.protocol
        return {
            "regression": protocol.regression,  # lambda
            "arriving": 1.0 - protocol.regression,
            # Epsilon of equation 4 and of equation 3, each with its factor.
            "hidden_rate": protocol.learning_rate * protocol.visible_to_hidden_factor,
            "visible_rate": protocol.learning_rate * protocol.hidden_to_visible_factor,
            "momentum": protocol.momentum,
            "shrinking": 1.0 - protocol.decay,
        }

    @classmethod
    def draw(cls, rule: Rule, root_seed: int, start: int, stop: int) -> Array:
        """Draw the initial weights of seeds in [start, stop), from -0.5 to 0.5 (page 363)."""
        weights = initial.draw_weights(rule.protocol, root_seed, start, stop)
        if not rule.fixed:
            return weights
        fixed = initial.draw_uniform(rule.sizes[1], root_seed + FIXED_STREAM, start, stop)
        return np.hstack([weights, rule.protocol.half_width * fixed])

    # The passes around the loop

    def first_pass(self, visible: States) -> States:
        """Return the states of the hidden units that a visible vector causes.

        Equations 1 and 2, time 1: ``h1 = sigma(W v0 + b)``.
        """
        states = self._centre(_take(visible))
        groups = []
        for W, b in self._hidden_connections():
            states = self.activate_hidden(W @ states + b)
            groups.append(states)
        return groups[0] if len(groups) == 1 else tuple(groups)

    def reconstruct(self, hidden: States) -> States:
        """Return the visible vector that hidden states cause, with a regression of 0.

        Equations 1 and 2, time 2: ``r2 = sigma(U h1 + c)``.
        """
        return self.activate_visible(self.U @ _take(hidden) + self.c)

    def image(self, visible: States) -> States:
        """Return the reconstruction of a visible vector, once around the loop."""
        return self.reconstruct(as_tuple(self.first_pass(visible))[-1])

    def regress(self, before: States, arriving: States) -> States:
        """Return states regressed towards earlier ones, which have the weight lambda.

        Equation 5 for the visible units at time 2, ``v2 = lambda v0 + (1 - lambda) r2``,
        and equation 6 for the hidden ones at time 3.
        """
        return self.regression * _take(before) + self.arriving * _take(arriving)

    def second_pass(self, visible: States, first: States) -> States:
        """Return the hidden states of the second pass, regressed.

        Equation 6, time 3: ``h3 = lambda h1 + (1 - lambda) sigma(W v2 + b)``. In a longer loop
        each group hears the regressed states of the one before it.
        """
        if not self.protocol.hidden_regression:
            return self.first_pass(visible)
        states = self._centre(_take(visible))
        groups = []
        for (W, b), h1 in zip(self._hidden_connections(), as_tuple(first), strict=True):
            states = self.regress(h1, self.activate_hidden(W @ states + b))
            groups.append(states)
        return groups[0] if len(groups) == 1 else tuple(groups)

    # The rule

    def weight_changes(self, v0: States) -> Changes:
        """Return the changes of W, b, U and c for one pattern.

        Each is epsilon times the presynaptic state times the difference of the
        postsynaptic state between the two passes::

            dW = epsilon v2 (h1 - h3)     db = epsilon (h1 - h3)     equation 4
            dU = epsilon h1 (v0 - v2)     dc = epsilon (v0 - v2)     equation 3
        """
        first = self.first_pass(v0)
        h1 = as_tuple(first)
        # Times 2 and 3: what comes back, regressed, and the codes that it causes.
        v2 = self.regress(v0, self.reconstruct(h1[-1]))
        h3 = as_tuple(self.second_pass(v2, first))
        # Equation 4: each hidden group learns from the states that it heard on the second pass.
        changes: list[States] = []
        sources = [self._centre(v2), *h3]  # the last group of h3 leads to no hidden group
        for presynaptic, first_state, last_state in zip(sources, h1, h3, strict=False):
            changes += self._learn(self.hidden_rate, presynaptic, first_state - last_state)
        dU, dc = self._learn(self.visible_rate, h1[-1], v0 - v2)  # equation 3
        if self.protocol.second_round:  # proposed on page 365, not simulated in the paper
            v4 = self.regress(v2, self.reconstruct(h3[-1]))
            dU2, dc2 = self._learn(self.visible_rate, h3[-1], v2 - v4)
            dU = dU + dU2
            dc = dc + dc2
        return self._name([*changes, dU, dc])

    def apply(self, changes: dict[str, States]) -> None:
        """Add the summed changes to the weights, with momentum and decay where they are asked."""
        for name, change in changes.items():
            # W1 and W2 of a longer loop are frozen as W is.
            if name[0] in self.protocol.frozen or name in self.summed:
                continue
            moved = change
            if self.protocol.momentum > 0.0:
                moved = self._go_on_moving(name, change)
            weights = getattr(self, name)
            if self.protocol.decay > 0.0 and name[0] in "WU":
                weights = self.shrinking * weights
            setattr(self, name, weights + moved)

    def _go_on_moving(self, name: str, change: States) -> States:
        """Return a change plus momentum times the last one, and remember it as the last one."""
        rate = self.visible_rate if name in "Uc" else self.hidden_rate
        # What is remembered is divided by the learning rate.
        last = self.momentum * getattr(self, f"last_{name}") + change / rate
        setattr(self, f"last_{name}", last)
        return rate * last

    def measure(self, v: States) -> States:
        """Return what is compared with the pattern: the reconstruction, or the regressed one."""
        image = self.image(v)
        is_regressed = self.protocol.error_measured_on == "regressed"
        return self.regress(v, image) if is_regressed else image

    def hidden(self, v: States) -> States:
        """Return the states of the hidden units, as a trace shows them."""
        return self.first_pass(v)

    def list_states(self, v: States) -> list[States]:
        """Return the states from time 1 to time 3, hidden ones first: h1, h3, the image, v2."""
        # Times 1, 2 and 3.
        first = self.first_pass(v)
        image = self.image(v)
        second = self.regress(v, image)
        last = self.second_pass(second, first)
        return [*as_tuple(first), *as_tuple(last), image, second]

    def _centre(self, visible: States) -> States:
        """Return visible states as hidden units receive them."""
        return visible - self.shift if self.protocol.centred else visible

    def _learn(
        self, rate: States, presynaptic: States, difference: States
    ) -> tuple[States, States]:
        """Return the changes of a matrix and of the biases, which have the presynaptic state 1."""
        return rate * np.outer(difference, presynaptic), rate * difference

    def _name(self, changes: Sequence[States]) -> Changes:
        """Return changes, in the order of the weights, as a tuple with the weights' names."""
        return name_type(tuple(self.shapes))._make(changes)

    def _hidden_connections(self) -> list[tuple[States, States]]:
        """Return the matrix and the biases of each connection into a hidden group."""
        names = [*self.shapes][:-2]  # without U and c
        arrays = [getattr(self, name) for name in names]
        return [*zip(arrays[::2], arrays[1::2], strict=True)]


class BackPropagationNetwork(RecirculationNetwork):
    """The same network, whose weights descend the gradient of the error.

    Its protocol has ``learning_rule="back-propagation"``.

    Examples
    --------
    >>> descent = Protocol(learning_rule="back-propagation", learning_rate=9.5)
    >>> BackPropagationNetwork.from_seed(0, protocol=descent).train()
    (67, True)
    """

    learning_rule = BACK_PROPAGATION

    def weight_changes(self, v0: States) -> Changes:
        """Return minus the gradient for one pattern, times the learning rate.

        The gradient is that of half the squared error, or of the cross-entropy.
        """
        return self.descend(v0, self.protocol.minimised_error)

    def descend(self, v0: States, error: MinimisedError) -> Changes:
        """Return minus the gradient of an error for one pattern, times the learning rate."""
        protocol = self.protocol
        # Forward, with the inputs kept for the slopes.
        states = [self._centre(v0)]  # of each group, the visible one first
        inputs: list[States] = []  # of each hidden group
        for W, b in self._hidden_connections():
            inputs.append(W @ states[-1] + b)
            states.append(self.activate_hidden(inputs[-1]))
        r = self.reconstruct(states[-1])
        # The slope of a logistic unit, r (1 - r), cancels out of the derivative of cross-entropy.
        is_linear = protocol.visible_units == "linear"
        has_slope = not (is_linear or error == "cross-entropy")
        d = v0 - r
        if has_slope:
            d = d * (r * (1.0 - r))
        changes = [*self._learn(self.visible_rate, states[-1], d)]
        # Back: errors reach each hidden group through the matrix that leads on from it, the last
        # hidden group first.
        back = [self.feedback, *(W for W, _ in self._hidden_connections()[:0:-1])]
        slope = SLOPES[protocol.hidden_function]
        for k, matrix in zip(range(len(inputs), 0, -1), back, strict=True):
            d = (matrix.T @ d) * slope(inputs[k - 1], states[k])
            changes = [*self._learn(self.hidden_rate, states[k - 1], d), *changes]
        return self._name(changes)

    @property
    def feedback(self) -> States:
        """The weights that return the errors of the visible units, (n_visible, n_hidden)."""
        return self.U


class FeedbackAlignmentNetwork(BackPropagationNetwork):
    """Back-propagation whose errors come back through fixed random weights B in place of U.

    Its protocol has ``learning_rule="back-propagation"``.

    References
    ----------
    Lillicrap, Cownden, Tweed & Akerman (2016), Random synaptic feedback weights support error
    backpropagation for deep learning, Nature Communications 7, 13276.

    Examples
    --------
    >>> descent = Protocol(learning_rule="back-propagation", learning_rate=9.5)
    >>> FeedbackAlignmentNetwork.from_seed(0, protocol=descent).B.shape
    (4, 2)
    """

    @property
    def fixed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The weights that return errors, B, in the shape of U."""
        return {"B": self.shapes["U"]}

    @property
    def feedback(self) -> States:
        """The weights that return the errors of the visible units, (n_visible, n_hidden)."""
        return self.B


def find_network(protocol: Protocol, network: type[Network] | None = None) -> type[Network]:
    """Return the class of the protocol's learning rule, unless a class is given.

    >>> find_network(Protocol()).__name__
    'RecirculationNetwork'
    """
    # Feedback alignment is no rule of a protocol: it is asked for by its class.
    rules = (RecirculationNetwork, BackPropagationNetwork)
    by_name: dict[str, type[Network]] = {rule.learning_rule: rule for rule in rules}
    return by_name[protocol.learning_rule] if network is None else network


@functools.cache
def name_type(names: tuple[str, ...]) -> type[Any]:
    """Return the class of named tuples of changes, for the names of the weights."""
    return namedtuple("Changes", names)


def _take(given: States) -> States:
    """Return states as an array, or a handle unchanged; refuse what is no array of numbers."""
    return given if isinstance(given, Handle) else initial.take_numbers(given, "states")
