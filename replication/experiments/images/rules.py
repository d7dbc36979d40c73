"""Learning rules of networks with one hidden group, and functions that run such networks.

A rule is written for one network and one pattern, and combined with a kind of units:
``combine(Logistic, Recirculation, rate=0.2)``. All rules change the decoder U in the same way, by
the error of the reconstruction. They differ in what changes the encoder W.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments.matrices import Array, Operand
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import split_arrays
from replication.simulator.running.engine import Engine, Evaluation, record_weights
from replication.simulator.running.ensemble import draw_initial_weights

Rule = type[Network]
"""A class of networks; `vary` gives it the patterns that it learns."""
Changes = dict[str, Operand]
"""What is added to the arrays, by their names."""
N_VISIBLE = 64
N_HIDDEN = 16
REGRESSION = 0.75  # lambda of equations (5) and (6)
# Shapes of matrices into the hidden units, and back to the visible ones.
INTO = (N_HIDDEN, N_VISIBLE)
BACK = (N_VISIBLE, N_HIDDEN)
# Weights change after all patterns, or after each.
BY_BATCH = Protocol(criterion="unexplained-variance")
BY_PATTERN = Protocol(criterion="unexplained-variance", update_schedule="per-pattern")


def combine(*classes: Rule, **numbers: float) -> Rule:
    """Return a subclass of units and of a rule, with other values of some of its numbers."""
    return vary(*classes, numbers=numbers)  # the other numbers are inherited


def vary(*classes: Rule, **attributes: Any) -> Rule:
    """Return a subclass of some classes with other attributes, such as `patterns`."""
    name = "".join(each.__name__ for each in classes)
    return type(name, classes, attributes)


# Units


class Linear(Network):
    """Linear units without biases, which see deviations from the mean pattern.

    W and b lead to hidden units, U and c back. Some rules have feedback B, which is fixed or learnt
    in its own way, or a learnt inverse of U: Q with the biases q.
    """

    W: Operand
    B: Operand
    mean: Operand = 0.0  # of the patterns, subtracted on the way to hidden units
    # Whether these units are logistic; otherwise they are linear.
    bends_hidden = False
    bends_visible = False
    shapes = {"W": INTO, "U": BACK}
    numbers = {"rate": 0.2}
    decayed: tuple[str, ...] = ()  # arrays that lose the share `decay` at each update

    def send(self, matrix: str, biases: str, states: Operand, is_logistic: bool) -> Operand:
        """Return the states of units that receive `states` through a matrix, and maybe biases."""
        total = getattr(self, matrix) @ states
        if biases in self.shapes:
            total = total + getattr(self, biases)
        if is_logistic:
            return logistic(total)
        return total

    def learn(self, matrix: str, biases: str, errors: Operand, states: Operand) -> Changes:
        """Return the changes of a matrix and its biases by the delta rule.

        The matrix leads from units with the `states` to units with the `errors`.
        """
        change = self.rate * errors
        changes = {matrix: np.outer(change, states)}
        if biases in self.shapes:
            changes[biases] = change
        return changes

    def hidden(self, v: Operand) -> Operand:
        return self.send("W", "b", v - self.mean, self.bends_hidden)

    def slope(self, h: Operand) -> Operand:
        """Return the slope of hidden units in the states `h`."""
        if self.bends_hidden:
            return h * (1.0 - h)
        return 1.0

    def decode(self, h: Operand) -> Operand:
        """Return the states of visible units that hidden states `h` cause."""
        return self.send("U", "c", h, self.bends_visible)

    def image(self, v: Operand) -> Operand:
        return self.decode(self.hidden(v))

    def send_back(self, d: Operand) -> Operand:
        """Return the errors of hidden units that errors `d` of visible units cause: here none."""
        return 0.0 * (self.W @ d)  # zeros of the right shape

    def weight_changes(self, v: Operand) -> Operand:
        """Return the changes; those of W come from visible errors that are sent back."""
        h = self.hidden(v)
        r = self.decode(h)
        d = v - r
        if self.bends_visible:
            d = r * (1.0 - r) * d
        return self.change(self.slope(h) * self.send_back(d), v, d, h)

    def change(self, e: Operand, v: Operand, d: Operand, h: Operand) -> Changes:
        """Return the changes of W by hidden errors `e`, and those of U by visible errors `d`."""
        of_encoder = self.learn("W", "b", e, v - self.mean)
        of_decoder = self.learn("U", "c", d, h)
        return {**of_encoder, **of_decoder}

    def apply(self, changes: Changes) -> None:
        # Arrays lose a share of what they were before the changes.
        lost = {name: self.decay * getattr(self, name) for name in self.decayed}
        super().apply(changes)
        for name, part in lost.items():
            setattr(self, name, getattr(self, name) - part)


class Biased(Linear):
    """Linear units with biases."""

    shapes = {"W": INTO, "b": (N_HIDDEN,), "U": BACK, "c": (N_VISIBLE,)}


class LogisticHidden(Biased):
    """Logistic hidden units and linear visible ones."""

    bends_hidden = True


class LogisticVisible(Biased):
    """Linear hidden units and logistic visible ones."""

    bends_visible = True


class Logistic(LogisticHidden, LogisticVisible):
    """Logistic units in both groups."""


# Rules


class Recirculation(Linear):
    """Equations (3) to (6); `factor` multiplies equation (4)."""

    numbers = {"rate": 2.4, "factor": 1.0}

    def weight_changes(self, v: Operand) -> Operand:
        h = self.hidden(v)
        v2 = REGRESSION * v + (1.0 - REGRESSION) * self.decode(h)
        h3 = REGRESSION * h + (1.0 - REGRESSION) * self.hidden(v2)
        return self.change(self.factor * (h - h3), v2, v - v2, h)


class Decaying(Recirculation):
    """Recirculation with weight decay of W and U."""

    decayed = ("W", "U")
    numbers = {"decay": 1e-3}


class Sleep(Recirculation):
    """Recirculation with sleep, in which random hidden states cause visible ones.

    W moves by the share `decay` towards `echo` times the product of both, which is U^T on average.
    That is the weight mirror of Akrout et al. (2019), applied to W instead of to weights that only
    carry errors.
    """

    numbers = {"echo": 0.1, "decay": 0.003}

    def apply(self, changes: Changes) -> None:
        dream = self.normal(N_HIDDEN)
        product = np.outer(dream, self.U @ dream)
        drawn = self.decay * (self.echo * product - self.W)
        super().apply(changes)
        self.W = self.W + drawn


class BackPropagation(Linear):
    """Steepest descent in the squared error."""

    numbers = {"rate": 0.3}

    def send_back(self, d: Operand) -> Operand:
        return self.U.T @ d


class Mixture(BackPropagation):
    """Hidden errors are partly those of the second pass, and partly those of steepest descent."""

    numbers = {"share": 0.1}

    def send_back(self, d: Operand) -> Operand:
        by_second_pass = self.W @ d
        by_descent = self.U.T @ d
        return (1.0 - self.share) * by_second_pass + self.share * by_descent


class FeedbackAlignment(Linear):
    """Errors reach hidden units by a fixed random B in place of U^T (Lillicrap et al. 2016)."""

    fixed = {"B": INTO}

    def send_back(self, d: Operand) -> Operand:
        return self.B @ d


class WeightMirror(FeedbackAlignment):
    """B learns U^T from hidden noise and the visible states that it causes (Akrout et al. 2019)."""

    shapes = {**Linear.shapes, "B": INTO}
    fixed = {}
    numbers = {"follow": 0.02}

    def apply(self, changes: Changes) -> None:
        noise = self.normal(N_HIDDEN)
        copied = np.outer(noise, self.U @ noise)
        super().apply(changes)
        self.B = (1.0 - self.follow) * self.B + self.follow * copied


class KolenPollack(FeedbackAlignment):
    """B changes as U^T does, and both decay (Kolen & Pollack 1994)."""

    shapes = {**Linear.shapes, "B": INTO}
    fixed = {}
    numbers = {"decay": 0.002}

    def change(self, e: Operand, v: Operand, d: Operand, h: Operand) -> Changes:
        changes = super().change(e, v, d, h)
        return {**changes, "B": np.outer(self.rate * h, d)}

    def apply(self, changes: Changes) -> None:
        left = {name: (1.0 - self.decay) * getattr(self, name) for name in ("U", "B")}
        super().apply(changes)
        for name, array in left.items():
            setattr(self, name, array + changes[name])


class WakeSleep(Linear):
    """Awake U learns from patterns; asleep W learns to find the hidden states behind an image.

    Hinton et al. (1995), with linear units (Neal & Dayan 1997). Hidden states are `dreams` times a
    normal variable; `noise` is the standard deviation of noise on visible units.
    """

    numbers = {"dreams": 0.07, "noise": 0.0}

    def weight_changes(self, v: Operand) -> Operand:
        h = self.hidden(v)
        dream = self.dreams * self.normal(N_HIDDEN)
        seen = self.decode(dream) + self.noise * self.normal(N_VISIBLE)
        return self.change(dream - self.hidden(seen), seen, v - self.decode(h), h)


class Inverse(Linear):
    """Target propagation: Q learns to invert U, and sends targets back (after Lee et al. 2015).

    The error of hidden states is what Q makes of the pattern, minus what Q makes of its image.
    """

    shapes = {**Linear.shapes, "Q": INTO}

    def invert(self, r: Operand) -> Operand:
        """Return the hidden states that the inverse Q infers from visible states."""
        return self.send("Q", "q", r - self.mean, self.bends_hidden)

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        """Return an example for Q: the hidden states to infer, and the visible states it gets."""
        return h, r

    def weight_changes(self, v: Operand) -> Operand:
        h = self.hidden(v)
        r = self.decode(h)
        wanted, given = self.pose(h, r)
        # The inverse learns from its own error.
        inverted = self.invert(given)
        error_of_inverse = self.slope(inverted) * (wanted - inverted)
        of_inverse = self.learn("Q", "q", error_of_inverse, given - self.mean)
        # The error of hidden states, sent back by the inverse.
        e = self.slope(h) * (self.invert(v) - self.invert(r))
        return {**self.change(e, v, v - r, h), **of_inverse}


class HiddenNoise(Inverse):
    """The inverse has to infer noisy hidden states from their image (Lee et al. 2015)."""

    numbers = {"noise": 0.04}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        wanted = h + self.noise * self.normal(N_HIDDEN)
        return wanted, self.decode(wanted)


class WhiteNoise(Inverse):
    """White noise on the input of the inverse; `noise` is its standard deviation in each pixel."""

    numbers = {"noise": 0.02}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        return h, r + self.noise * self.normal(N_VISIBLE)


class PatternNoise(Inverse):
    """Noise on the input of the inverse, with the scatter of the patterns."""

    numbers = {"noise": 0.05}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        # A random mixture of the patterns has their scatter.
        mixed = self.patterns.T @ self.normal(len(self.patterns))
        return h, r + self.noise * mixed


class DecayingInverse(Inverse):
    """Target propagation with weight decay of Q."""

    decayed = ("Q",)
    numbers = {"decay": 0.002}


class LogisticRecirculation(Logistic, Recirculation):
    """Recirculation with logistic units."""

    numbers = {"rate": 0.2, "factor": 1.0}


class Turning(LogisticRecirculation):
    """Recirculation in which only the direction of W changes: W keeps its length."""

    def apply(self, changes: Changes) -> None:
        before = np.sum(self.W * self.W)
        super().apply(changes)
        after = np.sum(self.W * self.W)
        self.W = self.W * np.sqrt(before / after)


class Shrinking(LogisticRecirculation):
    """Recirculation in which only the length of W changes: W keeps its direction."""

    def apply(self, changes: Changes) -> None:
        # Only the component of the change along W is applied.
        square = np.sum(self.W * self.W)
        part = np.sum(self.W * changes["W"]) / square
        W = (1.0 + part) * self.W
        super().apply(changes)
        self.W = W


class HiddenInverse(LogisticHidden, Inverse):
    """A logistic inverse of logistic hidden units."""

    shapes = {**LogisticHidden.shapes, "Q": INTO, "q": (N_HIDDEN,)}


# Networks of a rule, trained for a fixed number of epochs, whatever their error


def draw(rule: Rule, half_width: float, sample: Sample) -> Array:
    """Draw initial arrays of networks, a row for each, uniform within a half-width."""
    protocol = Protocol(half_width=half_width)
    return draw_initial_weights(
        protocol, n_seeds=sample.n, root_seed=sample.root_seed, network=rule
    )


def train_epochs(rule: Rule, weights: Array, epochs: Sequence[int]) -> Array:
    """Train networks; return their arrays after each number of `epochs`.

    The shape is (len(epochs), n, n_numbers). Weights change after each pattern.
    """
    recorded = record_weights(BY_PATTERN, weights, epochs, network=rule)
    return recorded.swapaxes(0, 1)  # from (n, len(epochs), n_numbers)


def evaluate(rule: Rule, weights: Array, images: Array) -> Evaluation:
    """Return what networks (n, n_numbers) make of images, with errors as shares of the variance."""
    return Engine(BY_BATCH, vary(rule, patterns=images)).evaluate(weights)


def miss(rule: Rule, states: Array, images: Array) -> Array:
    """Return the share of the variance of images that networks (..., n_numbers) miss, (...)."""
    rows = states.reshape(-1, states.shape[-1])
    errors = evaluate(rule, rows, images).error
    return errors.reshape(states.shape[:-1])


def split(rule: Rule, weights: Array) -> dict[str, Array]:
    """Return views of the arrays by name, (..., *shape)."""
    return split_arrays({**rule.shapes, **rule.fixed}, weights)
