"""Rules whose decoder U, c learns by the delta rule on the codes; they differ in the encoder.

In each, U changes by ``rate (v - r) h``, where h is the code of the vector v, and r what the
decoder makes of it. `ContrastiveHebbian` is the exception: its U learns from settled states. So do
those of `PredictiveCoding`, whose states settle further from the code with every step.

A rule sends the errors ``v - r`` to the hidden units through a matrix of its own, which the
literature calls feedback; the name of that matrix is `feedback_name`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from replication.experiments.instruments.matrices import Operand
from replication.simulator.operations.loops import repeat
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import list_shapes

Changes = dict[str, Operand]
"""What is added to the arrays, by their names."""


class DeltaRule(Network):
    """A network with one hidden group, whose decoder learns by the delta rule.

    Its sizes and its learning rate are those of the protocol. A subclass says by which errors its
    hidden units learn.
    """

    takes_protocol = True
    feedback_name: ClassVar[str | None] = None  # the array that leads errors to hidden units
    W: Operand
    b: Operand
    U: Operand
    c: Operand
    rate: Operand

    @property
    def shapes(self) -> Mapping[str, Shape]:  # type: ignore[override]
        """Shapes of W, b, U and c; where a network has targets, U leads to their units."""
        shapes = list_shapes(self.protocol)
        n_hidden = shapes["U"][1]
        return {**shapes, "U": (self.n_outputs, n_hidden), "c": (self.n_outputs,)}

    @property
    def numbers(self) -> Mapping[str, float]:  # type: ignore[override]
        """The learning rate of all weights."""
        return {"rate": self.protocol.learning_rate}

    @property
    def n_outputs(self) -> int:
        """The number of units that U leads to."""
        if self.targets is None:
            return self.protocol.n_visible
        return len(self.targets[0])

    @property
    def shape_back(self) -> Shape:
        """The shape of a matrix that leads from the outputs to the hidden units."""
        n_outputs, n_hidden = self.shapes["U"]
        return n_hidden, n_outputs

    def hidden(self, v: Operand) -> Operand:
        """Return the code of a vector."""
        return logistic(self.W @ v + self.b)

    def decode(self, h: Operand) -> Operand:
        """Return what the decoder makes of a code."""
        return logistic(self.U @ h + self.c)

    def image(self, v: Operand) -> Operand:
        """Return what the network makes of a vector."""
        return self.decode(self.hidden(v))

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the changes by one vector: of U by the delta rule, of W by errors sent back."""
        h = self.hidden(v)
        error = target - self.decode(h)
        d = self.send_back(error) * h * (1.0 - h)
        return {**self.learn("W", "b", d, v), **self.learn("U", "c", error, h)}

    def learn(self, matrix: str, biases: str, errors: Operand, states: Operand) -> Changes:
        """Return the changes of a matrix and its biases by the delta rule."""
        return {matrix: self.rate * np.outer(errors, states), biases: self.rate * errors}

    def send_back(self, error: Operand) -> Operand:
        """Return the errors of the hidden units before their slope."""
        raise NotImplementedError


class BackPropagation(DeltaRule):
    """Steepest descent in the cross-entropy."""

    feedback_name = "U"

    def send_back(self, error: Operand) -> Operand:
        """Return the errors, sent through the transpose of U."""
        return self.U.T @ error


class FeedbackAlignment(DeltaRule):
    """Back-propagation with errors sent through fixed random weights B.

    Lillicrap, Cownden, Tweed & Akerman (2016), Nature Communications 7, 13276.
    """

    feedback_name = "B"
    B: Operand

    @property
    def fixed(self) -> Mapping[str, Shape]:  # type: ignore[override]
        """The fixed weights B."""
        return {"B": self.shape_back}

    def send_back(self, error: Operand) -> Operand:
        """Return the errors, sent through B."""
        return self.B @ error


class ErrorsThroughW(DeltaRule):
    """Back-propagation with errors sent through the encoder's own W."""

    feedback_name = "W"

    def send_back(self, error: Operand) -> Operand:
        """Return the errors, sent through W."""
        return self.W @ error


class TargetPropagation(DeltaRule):
    """Difference target propagation; an inverse Q, q of the decoder learns from noisy codes.

    Lee, Zhang, Fischer & Bengio (2015), Difference target propagation, ECML PKDD, 498-515.
    """

    feedback_name = "Q"
    noise: ClassVar[float] = 0.2  # standard deviation, on codes between 0 and 1
    Q: Operand
    q: Operand

    @property
    def shapes(self) -> Mapping[str, Shape]:  # type: ignore[override]
        """Those of the network, and of the inverse."""
        shapes = super().shapes
        n_outputs, n_hidden = shapes["U"]
        return {**shapes, "Q": (n_hidden, n_outputs), "q": (n_hidden,)}

    def invert(self, image: Operand) -> Operand:
        """Return the code that the inverse makes of an image."""
        return logistic(self.Q @ image + self.q)

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the changes of the network, and of the inverse on a noisy code."""
        h = self.hidden(v)
        r = self.decode(h)
        d = (self.invert(target) - self.invert(r)) * h * (1.0 - h)
        noisy = h + self.noise * self.normal(self.shapes["b"])
        image = self.decode(noisy)
        return {
            **self.learn("W", "b", d, v),
            **self.learn("U", "c", target - r, h),
            **self.learn("Q", "q", noisy - self.invert(image), image),
        }


class WakeSleep(DeltaRule):
    """Wake-sleep: awake U learns to decode codes, asleep W learns to encode what U makes up.

    Awake, the code is the probability of each hidden unit, not a sample. Asleep, hidden states are
    drawn from their learnt probabilities, and the image is that of U.

    Hinton, Dayan, Frey & Neal (1995), The wake-sleep algorithm for unsupervised neural networks,
    Science 268, 1158-1161.
    """

    a: Operand

    @property
    def shapes(self) -> Mapping[str, Shape]:  # type: ignore[override]
        """Those of the network, and of the biases from which sleeping states are drawn."""
        shapes = super().shapes
        return {**shapes, "a": shapes["b"]}

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the changes of U awake, and those of W asleep."""
        h = self.hidden(v)
        prior = logistic(self.a)
        states = 1.0 * (self.uniform(self.shapes["b"]) < prior)
        image = self.decode(states)
        asleep = self.learn("W", "b", states - self.hidden(image), image)
        awake = self.learn("U", "c", target - self.decode(h), h)
        return {**asleep, **awake, "a": self.rate * (h - prior)}


class PredictiveCoding(DeltaRule):
    """Predictive coding: hidden states settle between the code and what explains the target.

    Both layers learn from the settled states. After one step that is back-propagation with a slower
    encoder; after many steps the decoder reads states that are far from the code.

    Whittington & Bogacz (2017), Neural Computation 29, 1229-1262.
    """

    feedback_name = "U"
    step: ClassVar[float] = 0.1
    n_steps: ClassVar[int] = 1

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the changes from hidden states that have settled."""
        h = self.hidden(v)

        def settle(x: Operand) -> Operand:
            return x + self.step * (h - x + self.U.T @ (target - self.decode(x)))

        x = repeat(self.n_steps, settle, h)
        d = (x - h) * h * (1.0 - h)
        return {**self.learn("W", "b", d, v), **self.learn("U", "c", target - self.decode(x), x)}


class ContrastiveHebbian(DeltaRule):
    """Contrastive Hebbian learning: what units do with the target clamped, minus without it.

    U changes by ``v h+ - r h-``, with settled states h+ and h-; that is no delta rule on the code.

    Xie & Seung (2003), Equivalence of backpropagation and contrastive Hebbian learning in a layered
    network, Neural Computation 15, 441-454.
    """

    feedback_name = "U"
    strength: ClassVar[float] = 0.2  # of the way back, by which the changes of W are divided
    n_steps: ClassVar[int] = 10

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the difference of both phases."""
        arriving = self.W @ v + self.b

        def answer(states: Operand) -> Operand:
            return logistic(arriving + self.strength * (self.U.T @ states))

        free = repeat(self.n_steps, lambda h: answer(self.decode(h)), logistic(arriving))
        image = self.decode(free)
        clamped = answer(target)
        return {
            **self.learn("W", "b", (clamped - free) / self.strength, v),
            "U": self.rate * (np.outer(target, clamped) - np.outer(image, free)),
            "c": self.rate * (target - image),
        }


class DeepBackPropagation(DeltaRule):
    """Steepest descent in the cross-entropy, with two groups in the encoder."""

    feedback_name = "U"
    W1: Operand
    b1: Operand
    W2: Operand
    b2: Operand

    def first(self, v: Operand) -> Operand:
        """Return the states of the first hidden group."""
        return logistic(self.W1 @ v + self.b1)

    def hidden(self, v: Operand) -> Operand:
        """Return the code, which the second hidden group holds."""
        return logistic(self.W2 @ self.first(v) + self.b2)

    def send_to_first(self, d: Operand) -> Operand:
        """Return the errors of the first hidden group before their slope."""
        return self.W2.T @ d

    def send_back(self, error: Operand) -> Operand:
        """Return the errors of the second hidden group before their slope."""
        return self.U.T @ error

    def weight_changes(self, v: Operand, target: Operand) -> Changes:
        """Return the changes by one vector."""
        first = self.first(v)
        h = self.hidden(v)
        error = target - self.decode(h)
        d2 = self.send_back(error) * h * (1.0 - h)
        d1 = self.send_to_first(d2) * first * (1.0 - first)
        return {
            **self.learn("W1", "b1", d1, v),
            **self.learn("W2", "b2", d2, first),
            **self.learn("U", "c", error, h),
        }


class DeepFeedbackAlignment(DeepBackPropagation):
    """The same with errors sent through fixed random weights B1 and B2."""

    feedback_name = "B2"
    B1: Operand
    B2: Operand

    @property
    def fixed(self) -> Mapping[str, Shape]:  # type: ignore[override]
        """The fixed weights, in the shapes of the matrices whose place they take, transposed."""
        n_second, n_first = self.shapes["W2"]
        return {"B1": (n_first, n_second), "B2": self.shape_back}

    def send_to_first(self, d: Operand) -> Operand:
        """Return the errors of the first hidden group before their slope."""
        return self.B1 @ d

    def send_back(self, error: Operand) -> Operand:
        """Return the errors of the second hidden group before their slope."""
        return self.B2 @ error


def vary(rule: type[Network], **attributes: Any) -> type[Network]:
    """Return a subclass of a rule with other attributes, such as `patterns` or `n_steps`."""
    return type(rule.__name__, (rule,), {"__module__": rule.__module__, **attributes})
