"""Learning rules of networks with one hidden group, and how networks of them are run.

Each is written for one network and one pattern, and combined with a kind of units:
``combine(Logistic, Recirculation, rate=0.2)``. All change the decoder U in the same way, by what
the image of the pattern lacks. They differ in what changes the encoder W.
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
"""A class of networks, with what it is shown."""
Changes = dict[str, Operand]
"""What is added to the arrays, by their names."""
N_VISIBLE = 64
N_HIDDEN = 16
REGRESSION = 0.75
INTO = (N_HIDDEN, N_VISIBLE)
BACK = (N_VISIBLE, N_HIDDEN)
BY_BATCH = Protocol(criterion="unexplained-variance")
BY_PATTERN = Protocol(criterion="unexplained-variance", update_schedule="per-pattern")


def combine(*classes: Rule, **numbers: float) -> Rule:
    """Return a subclass of units and a rule in which some numbers of the rule are others."""
    return vary(*classes, numbers=numbers)  # beside those of the classes


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
    # Whether these units are logistic.
    bends_hidden = False
    bends_visible = False
    shapes = {"W": INTO, "U": BACK}
    numbers = {"rate": 0.2}
    decayed: tuple[str, ...] = ()  # arrays that lose the share `decay` of themselves

    def send(self, matrix: str, biases: str, states: Operand, is_logistic: bool) -> Operand:
        """Return the states that others cause through a matrix and, where there are any, biases."""
        total = getattr(self, matrix) @ states
        if biases in self.shapes:
            total = total + getattr(self, biases)
        if is_logistic:
            return logistic(total)
        return total

    def learn(self, matrix: str, biases: str, errors: Operand, states: Operand) -> Changes:
        """Return the changes of a matrix and its biases by the delta rule.

        `errors` are those of the units that the matrix leads to, `states` those of the others.
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
        """Return the states of visible units that hidden states `h` give."""
        return self.send("U", "c", h, self.bends_visible)

    def image(self, v: Operand) -> Operand:
        return self.decode(self.hidden(v))

    def send_back(self, d: Operand) -> Operand:
        """Return what reaches hidden units of the errors `d` of visible units: here nothing."""
        return 0.0 * (self.W @ d)

    def weight_changes(self, v: Operand) -> Operand:
        """Return changes by errors that are sent back to the hidden units."""
        h = self.hidden(v)
        r = self.decode(h)
        d = v - r
        if self.bends_visible:
            d = r * (1.0 - r) * d
        return self.change(self.slope(h) * self.send_back(d), v, d, h)

    def change(self, e: Operand, v: Operand, d: Operand, h: Operand) -> Changes:
        """Return changes: of W by the errors `e` of hidden units, of U by those of visible ones."""
        of_encoder = self.learn("W", "b", e, v - self.mean)
        of_decoder = self.learn("U", "c", d, h)
        return {**of_encoder, **of_decoder}

    def apply(self, changes: Changes) -> None:
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
    """Recirculation with sleep, in which random hidden states make visible ones.

    W moves towards the product of both at the rate `decay`, and so towards `echo` times U^T. That
    is the weight mirror of Akrout et al. (2019), with W in place of weights that only carry errors.
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
    """B follows U^T, which noise on hidden units shows at the visible ones (Akrout et al. 2019)."""

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

    What Q makes of the pattern, less what it makes of the image, is what hidden states lack.
    """

    shapes = {**Linear.shapes, "Q": INTO}

    def invert(self, r: Operand) -> Operand:
        """Return the hidden states that the inverse finds for visible ones."""
        return self.send("Q", "q", r - self.mean, self.bends_hidden)

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        """Return the hidden states that Q should find, and the visible ones that it is given."""
        return h, r

    def weight_changes(self, v: Operand) -> Operand:
        h = self.hidden(v)
        r = self.decode(h)
        wanted, given = self.pose(h, r)
        # What the inverse should find, and what it finds.
        inverted = self.invert(given)
        missed = self.slope(inverted) * (wanted - inverted)
        of_inverse = self.learn("Q", "q", missed, given - self.mean)
        # What hidden states lack, sent back by the inverse.
        lacking = self.slope(h) * (self.invert(v) - self.invert(r))
        return {**self.change(lacking, v, v - r, h), **of_inverse}


class HiddenNoise(Inverse):
    """The inverse has to find hidden states with noise, given their image (Lee et al. 2015)."""

    numbers = {"noise": 0.04}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        wanted = h + self.noise * self.normal(N_HIDDEN)
        return wanted, self.decode(wanted)


class WhiteNoise(Inverse):
    """White noise on what the inverse is given: `noise` is its standard deviation in each pixel."""

    numbers = {"noise": 0.02}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
        return h, r + self.noise * self.normal(N_VISIBLE)


class PatternNoise(Inverse):
    """Noise on what the inverse is given, with the scatter of the patterns."""

    numbers = {"noise": 0.05}

    def pose(self, h: Operand, r: Operand) -> tuple[Operand, Operand]:
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
    """Only the direction of W changes; it keeps its length."""

    def apply(self, changes: Changes) -> None:
        before = np.sum(self.W * self.W)
        super().apply(changes)
        after = np.sum(self.W * self.W)
        self.W = self.W * np.sqrt(before / after)


class Shrinking(LogisticRecirculation):
    """Only the length of W changes; it keeps its direction."""

    def apply(self, changes: Changes) -> None:
        # Of the change of W only the component along W is applied, as a part of W.
        square = np.sum(self.W * self.W)
        part = np.sum(self.W * changes["W"]) / square
        W = (1.0 + part) * self.W
        super().apply(changes)
        self.W = W


class HiddenInverse(LogisticHidden, Inverse):
    """A logistic inverse of logistic hidden units."""

    shapes = {**LogisticHidden.shapes, "Q": INTO, "q": (N_HIDDEN,)}


# Networks of a rule, trained for so many updates whatever their error


def draw(rule: Rule, half_width: float, sample: Sample) -> Array:
    """Draw initial arrays of networks, a row for each, uniform within a half-width."""
    protocol = Protocol(half_width=half_width)
    return draw_initial_weights(
        protocol, n_seeds=sample.n, root_seed=sample.root_seed, network=rule
    )


def train_epochs(rule: Rule, weights: Array, epochs: Sequence[int]) -> Array:
    """Return the arrays after each of some numbers of epochs, (len(epochs), n, n_numbers).

    Weights change after each pattern.
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
