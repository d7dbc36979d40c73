"""A perceptron with one hidden group as a rule, and as a plain loop that shares no code with it."""

import numpy as np

from replication import Network, logistic
from tests.parity.loop import shuffle

N_CLASSES = 3


class Mlp(Network):
    shapes = {"W": (4, 5), "b": (4,), "U": (N_CLASSES, 4), "c": (N_CLASSES,)}
    numbers = {"rate": 0.7}
    patterns = np.random.default_rng(3).random((8, 5))
    targets = np.eye(N_CLASSES)[[0, 1, 2, 2, 1, 0, 2, 0]]

    def hidden(self, v):
        return logistic(self.W @ v + self.b)

    def image(self, v):
        return logistic(self.U @ self.hidden(v) + self.c)

    def weight_changes(self, v, target):
        h, o = self.hidden(v), self.image(v)
        d = self.rate * (target - o) * o * (1 - o)
        e = (self.U.T @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d


class Noisy(Mlp):
    """With momentum, and noise on what is shown: all that goes on from update to update."""

    kept = {"last": np.zeros((4, 5))}

    def weight_changes(self, v, target):
        return super().weight_changes(v + 0.2 * self.normal(5), target)

    def apply(self, changes):
        self.last = 0.5 * self.last + changes["W"]
        super().apply({**changes, "W": self.last})


class Many(Mlp):
    """More patterns than stand side by side."""

    patterns = np.random.default_rng(3).random((23, 5))
    targets = np.eye(N_CLASSES)[np.random.default_rng(4).integers(0, N_CLASSES, 23)]


HELD_OUT = {
    "test_patterns": np.random.default_rng(5).random((27, 5)),
    "test_targets": np.eye(N_CLASSES)[np.random.default_rng(6).integers(0, N_CLASSES, 27)],
}


class MlpLoop:
    """The same rule, pattern by pattern."""

    def __init__(self, flat, patterns, targets, *, rate, seed, root_seed):
        W, self.b, U, self.c = (np.array(x) for x in np.split(flat, [20, 24, 36]))
        self.W, self.U = W.reshape(4, 5), U.reshape(N_CLASSES, 4)
        self.patterns, self.targets, self.rate = patterns, targets, rate
        self.seeds, self.n_sweeps = (seed, root_seed), 0

    def answer(self, v):
        h = 1 / (1 + np.exp(-self.W @ v - self.b))
        return h, 1 / (1 + np.exp(-self.U @ h - self.c))

    def sweep(self, schedule, size):
        order, n = range(len(self.patterns)), len(self.patterns)
        if schedule == "minibatch":
            order = shuffle(n, self.n_sweeps, *self.seeds)
        step = {"batch": n, "per-pattern": 1, "minibatch": size}[schedule]
        for first in range(0, n, step):
            self.learn(order[first : first + step])
        self.n_sweeps += 1

    def learn(self, chosen):
        dW, db, dU, dc = 0 * self.W, 0 * self.b, 0 * self.U, 0 * self.c
        for k in chosen:
            h, o = self.answer(self.patterns[k])
            d = (self.targets[k] - o) * o * (1 - o)
            e = (self.U.T @ d) * h * (1 - h)
            dW, db = dW + np.outer(e, self.patterns[k]), db + e
            dU, dc = dU + np.outer(d, h), dc + d
        self.W, self.b = self.W + self.rate * dW, self.b + self.rate * db
        self.U, self.c = self.U + self.rate * dU, self.c + self.rate * dc

    def measure(self, patterns, targets):
        """Return half the squared error, and the share of right answers."""
        answers = [self.answer(v)[1] for v in patterns]
        error = sum(np.sum((t - o) ** 2) for o, t in zip(answers, targets, strict=True)) / 2
        n_right = sum(np.argmax(o) == np.argmax(t) for o, t in zip(answers, targets, strict=True))
        return error, n_right / len(patterns)

    def flat(self):
        return np.concatenate([x.ravel() for x in (self.W, self.b, self.U, self.c)])
