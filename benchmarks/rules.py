"""Rules of one's own, to measure how many networks a second learn by them."""

import numpy as np

from replication import Network, logistic, repeat

ONE_HOT = np.eye(4)


class Encoder(Network):
    """4-2-4 with the weights W, b into the hidden units and U, c out of them."""

    shapes = {"W": (2, 4), "b": (2,), "U": (4, 2), "c": (4,)}  # noqa: RUF012

    def hidden(self, v):
        return logistic(self.W @ v + self.b)

    def image(self, v):
        return logistic(self.U @ self.hidden(v) + self.c)


class Recirculation(Encoder):
    """The paper's rule, written from nothing."""

    def weight_changes(self, v0):
        h1 = self.hidden(v0)
        v2 = 0.75 * v0 + 0.25 * logistic(self.U @ h1 + self.c)
        h3 = 0.75 * h1 + 0.25 * self.hidden(v2)
        up = 20.0 * (h1 - h3)
        down = 20.0 * (v0 - v2)
        return np.outer(up, v2), up, np.outer(down, h1), down


class Alignment(Encoder):
    """Feedback alignment (Lillicrap et al. 2016)."""

    fixed = {"B": (2, 4)}  # noqa: RUF012
    numbers = {"rate": 9.5}  # noqa: RUF012

    def weight_changes(self, v, target):
        h = self.hidden(v)
        r = self.image(v)
        d = self.rate * (target - r) * r * (1 - r)
        e = (self.B @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d


class Hebbian(Encoder):
    """Contrastive Hebbian learning (Movellan 1991); hidden units receive W v and U.T o."""

    n_steps = 20

    def settle(self, v, clamped=None):
        """Return hidden and output states after settling, with free or clamped outputs."""

        def step(h):
            o = logistic(self.U @ h + self.c) if clamped is None else clamped
            return logistic(self.W @ v + self.U.T @ o + self.b)

        h = repeat(self.n_steps, step, self.hidden(v))
        return h, logistic(self.U @ h + self.c) if clamped is None else clamped

    def image(self, v):
        return self.settle(v)[1]

    def weight_changes(self, v, target):
        (h, o), (g, _) = self.settle(v), self.settle(v, target)
        return np.outer(g - h, v), g - h, np.outer(target, g) - np.outer(o, h), target - o


class Xor(Network):
    """Exclusive or by back-propagation with momentum (Rumelhart, Hinton & Williams 1986)."""

    shapes = {"W": (2, 2), "b": (2,), "w": (2,), "c": ()}  # noqa: RUF012
    kept = {f"last_{name}": np.zeros(shape) for name, shape in shapes.items()}  # noqa: RUF012
    numbers = {"rate": 0.5, "momentum": 0.9}  # noqa: RUF012
    patterns = ((0, 0), (0, 1), (1, 0), (1, 1))
    targets = ((0,), (1,), (1,), (0,))

    def hidden(self, v):
        return logistic(self.W @ v + self.b)

    def image(self, v):
        return np.stack([logistic(self.w @ self.hidden(v) + self.c)])

    def weight_changes(self, v, target):
        h, (o,) = self.hidden(v), self.image(v)
        d = (target[0] - o) * o * (1 - o)
        e = d * self.w * h * (1 - h)
        return np.outer(e, v), e, d * h, d

    def apply(self, changes):
        for name, change in changes.items():
            last = self.momentum * getattr(self, f"last_{name}") + self.rate * change
            setattr(self, f"last_{name}", last)
            setattr(self, name, getattr(self, name) + last)


RULES = {rule.__name__: rule for rule in (Recirculation, Alignment, Hebbian, Xor)}
