"""Rules of one's own, from other papers, whose outcomes have golden digests."""

import doctest

import numpy as np

from replication import Network, logistic, repeat


class Encoder(Network):
    shapes = {"W": (2, 4), "b": (2,), "U": (4, 2), "c": (4,)}
    patterns = np.eye(4)

    def hidden(self, v):
        return logistic(self.W @ v + self.b)

    def image(self, v):
        return logistic(self.U @ self.hidden(v) + self.c)


class Alignment(Encoder):
    """Feedback alignment (Lillicrap et al. 2016)."""

    fixed = {"B": (2, 4)}
    numbers = {"rate": 9.5}

    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = self.rate * (t - r) * r * (1 - r)
        e = (self.B @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d


class TargetPropagation(Encoder):
    """Difference target propagation (Lee et al. 2015): V, d lead back and learn to invert."""

    shapes = {**Encoder.shapes, "V": (2, 4), "d": (2,)}

    def back(self, o):
        return logistic(self.V @ o + self.d)

    def weight_changes(self, v, t):
        h, o = self.hidden(v), self.image(v)
        g = self.back(o)
        wanted = np.clip(h + self.back(t) - g, 0.01, 0.99)
        e, d, f = (wanted - h) * h * (1 - h), (t - o) * o * (1 - o), (h - g) * g * (1 - g)
        return 8 * np.outer(e, v), 8 * e, 8 * np.outer(d, h), 8 * d, 4 * np.outer(f, o), 4 * f


class Xor(Network):
    """Exclusive or, 2-2-1 with momentum (Rumelhart, Hinton & Williams 1986)."""

    shapes = {"W": (2, 2), "b": (2,), "w": (2,), "c": ()}
    kept = {f"v{name}": np.zeros(shape) for name, shape in shapes.items()}
    numbers = {"rate": 0.5, "momentum": 0.9}
    patterns = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])

    def image(self, v):
        return np.stack([logistic(self.w @ logistic(self.W @ v + self.b) + self.c)])

    def weight_changes(self, v, t):
        h = logistic(self.W @ v + self.b)
        o = logistic(self.w @ h + self.c)
        d = (t[0] - o) * o * (1 - o)
        e = d * self.w * h * (1 - h)
        return np.outer(e, v), e, d * h, d

    def apply(self, changes):
        for name, change in changes.items():
            velocity = self.momentum * getattr(self, "v" + name) + self.rate * change
            setattr(self, "v" + name, velocity)
            setattr(self, name, getattr(self, name) + velocity)


class Mirror(Encoder):
    """A weight mirror (Akrout et al. 2019): B learns from noise to lead back as U leads forward."""

    shapes = {**Encoder.shapes, "B": (2, 4)}

    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = 9.5 * (t - r) * r * (1 - r)
        e = (self.B @ d) * h * (1 - h)
        asleep = self.normal(2)
        heard = np.where(self.uniform(4) < 0.9, self.U @ asleep, 0.0)
        return np.outer(e, v), e, np.outer(d, h), d, 0.05 * np.outer(asleep, heard)

    def apply(self, changes):
        super().apply(changes)
        self.B = 0.9 * self.B


class Hebbian(Encoder):
    """Contrastive Hebbian learning (Movellan 1991): both phases settle, by W and by U.T."""

    def settle(self, v, t=None):
        def step(h):
            o = logistic(self.U @ h + self.c) if t is None else t
            return logistic(self.W @ v + self.U.T @ o + self.b)

        h = repeat(6, step, logistic(self.W @ v + self.b))
        return h, logistic(self.U @ h + self.c) if t is None else t

    def image(self, v):
        return self.settle(v)[1]

    def weight_changes(self, v, t):
        (h, o), (g, _) = self.settle(v), self.settle(v, t)
        return np.outer(g - h, v), g - h, np.outer(t, g) - np.outer(o, h), t - o


class Quick(Encoder):
    """Quickprop (Fahlman 1988)."""

    kept = {mark + name: np.zeros(x) for name, x in Encoder.shapes.items() for mark in "sd"}

    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = (t - r) * (r * (1 - r) + 0.1)
        e = (self.U.T @ d) * (h * (1 - h) + 0.1)
        return np.outer(e, v), e, np.outer(d, h), d

    def apply(self, changes):
        for name, slope in changes.items():
            last, step = getattr(self, "s" + name), getattr(self, "d" + name)
            is_apart = np.abs(last - slope) > 1e-12
            quick = np.where(is_apart, slope / np.where(is_apart, last - slope, 1.0) * step, 0.0)
            quick = np.clip(quick, -1.75 * np.abs(step), 1.75 * np.abs(step))
            more = quick + np.where(slope * step > 0, slope, 0.0)
            new = np.where(step == 0, slope, more)
            setattr(self, "s" + name, slope)
            setattr(self, "d" + name, new)
            setattr(self, name, getattr(self, name) + new)


RULES = (Alignment, TargetPropagation, Xor, Mirror, Hebbian, Quick)

SHOWN = doctest.DocTestParser().get_examples(Network.__doc__)[0].source
FILE = f"import numpy as np\nfrom replication import Network, logistic\n\n{SHOWN}"
"""The file of a user who took feedback alignment, class `Alignment`, from the documentation."""
