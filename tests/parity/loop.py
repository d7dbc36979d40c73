"""The paper's procedure, and back-propagation, written from papers alone: no code of the package.

Pages 358 to 363, with the choices that a protocol adds. Longer loops as on page 365: every group
is treated as the paper treats its one hidden group, and regressed before the next one hears it.
"""

import math

import numpy as np

# Value and slope of each function at x.
FUNCTIONS = {
    "linear": lambda x: (x, np.ones_like(x)),
    "tanh": lambda x: (np.tanh(x), 1 - np.tanh(x) ** 2),
    "arcsinh": lambda x: (np.arcsinh(x), 1 / np.hypot(1, x)),
    "arctan": lambda x: (np.arctan(x), 1 / (1 + x**2)),
    "softplus": lambda x: (np.log1p(np.exp(x)), 1 / (1 + np.exp(-x))),
    "rectifier": lambda x: (x * (x > 0), 1.0 * (x > 0)),
    "logistic": lambda x: (1 / (1 + np.exp(-x)), np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "softsign": lambda x: ((1 + x / (1 + abs(x))) / 2, 1 / (2 * (1 + abs(x)) ** 2)),
    "algebraic": lambda x: ((1 + x / np.hypot(1, x)) / 2, 1 / (2 * np.hypot(1, x) ** 3)),
    "spline": lambda x: (
        np.where(abs(x) < 3, 1 / 2 + 3 * x / 12 - x**3 / 108, x > 0),
        np.where(abs(x) < 3, 1 / 4 - x**2 / 36, 0.0),
    ),
}


class PaperLoop:
    """A closed loop of groups: `layers` has the matrix and biases from each group to the next."""

    def __init__(self, protocol, patterns, flat, seed=0):
        self.seed, self.n_sweeps = seed, 0
        self.p, self.patterns = protocol, np.array(patterns, dtype=np.float64)
        self.mean, self.layers = self.patterns.mean(axis=0), []
        sizes = protocol.group_sizes
        for n_sources, n in zip(sizes, [*sizes[1:], sizes[0]], strict=True):
            M, b, flat = np.split(flat, [n * n_sources, n * n_sources + n])
            self.layers.append([M.reshape(n, n_sources), b])
        self.last = [[0.0 * M, 0.0 * b] for M, b in self.layers]

    def send(self, v):
        """Return what visible units send: their states, less the mean pattern if centred."""
        return v - self.mean if self.p.centred else v

    def regress(self, before, arriving):
        """Equations 5 and 6."""
        return self.p.regression * before + (1 - self.p.regression) * arriving

    def activate(self, k, states):
        """Equations 1 and 2: states of the group behind layer `k`, and slopes at total inputs."""
        M, b = self.layers[k]
        is_visible = k == len(self.layers) - 1
        kind = self.p.visible_units if is_visible else self.p.hidden_function
        return FUNCTIONS[kind](M @ states + b)

    def pass_hidden(self, v, first=None):
        """Return the states of each hidden group, regressed towards `first` if it is given."""
        states, found = self.send(v), []
        for k in range(len(self.layers) - 1):
            states = self.activate(k, states)[0]
            if first is not None and self.p.hidden_regression:
                states = self.regress(first[k], states)
            found.append(states)
        return found

    def image(self, hidden):
        return self.activate(len(self.layers) - 1, hidden[-1])[0]

    def error(self):
        images = np.array([self.image(self.pass_hidden(v)) for v in self.patterns])
        if self.p.error_measured_on == "regressed":
            images = self.regress(self.patterns, images)
        largest = np.abs(self.patterns - images).max()
        squares = ((self.patterns - images) ** 2).sum(axis=1)
        varied = ((self.patterns - self.mean) ** 2).sum()
        return {
            "every-unit": largest,
            "every-unit-squared": largest**2,
            "every-unit-half-squared": largest**2 / 2,
            "half-squared-error": squares.sum() / 2,
            "worst-pattern": squares.max() / 2,
            "unexplained-variance": squares.sum() / varied if varied else math.inf,
        }[self.p.criterion]

    def find_changes(self, v0):
        """Equations 3 and 4: presynaptic state times the difference of the postsynaptic state."""
        h1 = self.pass_hidden(v0)
        v2 = self.regress(v0, self.image(h1))
        h3 = self.pass_hidden(v2, h1)
        heard = [self.send(v2), *h3[:-1]]
        moved = [one - three for one, three in zip(h1, h3, strict=True)]
        changes = [(np.outer(d, s), d) for d, s in zip(moved, heard, strict=True)]
        matrix, biases = np.outer(v0 - v2, h1[-1]), v0 - v2
        if self.p.second_round:
            v4 = self.regress(v2, self.image(h3))
            matrix, biases = matrix + np.outer(v2 - v4, h3[-1]), biases + v2 - v4
        return [*changes, (matrix, biases)]

    def sweep(self):
        shown, size = self.patterns, len(self.patterns)
        if self.p.update_schedule == "per-pattern":
            size = 1
        if self.p.update_schedule == "minibatch":
            shown, size = self.patterns[shuffle(size, self.n_sweeps, self.seed)], self.p.batch_size
        for first in range(0, len(shown), size):
            self.learn([self.find_changes(v) for v in shown[first : first + size]])
        self.n_sweeps += 1

    def learn(self, each):
        """Page 363: sum the changes of some patterns, and add a share of the last change."""
        p = self.p
        for k, layer in enumerate(self.layers):
            is_visible = k == len(self.layers) - 1
            factor = p.hidden_to_visible_factor if is_visible else p.visible_to_hidden_factor
            for i, name in enumerate("Uc" if is_visible else "Wb"):
                if name not in p.frozen:
                    step = p.learning_rate * factor * sum(changes[k][i] for changes in each)
                    self.last[k][i] = step + p.momentum * self.last[k][i]
                    layer[i] = (1 - p.decay * (name in "WU")) * layer[i] + self.last[k][i]

    def train(self):
        for updates in range(self.p.max_updates):
            if self.error() < self.p.threshold:
                return updates, True
            self.sweep()
        return self.p.max_updates, self.error() < self.p.threshold

    def flat(self):
        return np.concatenate([array.ravel() for layer in self.layers for array in layer])


def shuffle(n, sweep, seed, root_seed=0):
    """Return the order of n patterns in a sweep of a network: a shuffle "inside out".

    Its words are those of Philox, whose counter has a 3 where patterns have their numbers.
    """
    generator = np.random.Philox(key=[root_seed, 1], counter=[0, 3, sweep, seed])
    order = []
    for k in range(n):
        # A number below k + 1, by the high half of a word.
        j = (int(generator.random_raw()) // 2**32) * (k + 1) // 2**32
        order.append(k)
        order[k], order[j] = order[j], k
    return order


class TextbookNetwork(PaperLoop):
    """Back-propagation (Rumelhart, Hinton & Williams 1986).

    The error signal of an output unit is its deviation times its slope, that of a hidden unit the
    weighted sum of the signals that it feeds times its slope.
    """

    feedback = None  # in place of the last matrix, as in feedback alignment

    def find_changes(self, v):
        states, slopes, changes = [self.send(v)], [], []
        for k in range(len(self.layers)):
            state, slope = self.activate(k, states[-1])
            states, slopes = [*states, state], [*slopes, slope]
        signal = (v - states[-1]) * slopes[-1]
        if self.p.minimised_error == "cross-entropy":
            # Minus the derivative by the state, (v - r) / (r (1 - r)), times the slope.
            signal = signal / (states[-1] * (1 - states[-1]))
        for k in range(len(self.layers) - 1, -1, -1):
            changes.insert(0, (np.outer(signal, states[k]), signal))
            if k > 0:
                M = self.layers[k][0] if self.feedback is None else self.feedback
                signal = (M.T @ signal) * slopes[k - 1]
        return changes
