"""Back-propagation by the textbook, which shares no code with the kernel."""

import numpy as np

from replication.simulator.patterns import make_patterns
from replication.simulator.weights import split_weights

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


class TextbookNetwork:
    """A layered network trained by back-propagation.

    Rumelhart, Hinton & Williams (1986): the error signal of an output unit is
    its deviation times its slope, that of a hidden unit the weighted sum of the
    signals that it feeds times its slope; momentum adds a share of the last step.
    """

    def __init__(self, protocol, flat):
        self.protocol, self.patterns = protocol, make_patterns(protocol)
        self.inputs = self.patterns - protocol.centred * self.patterns.mean(axis=0)
        self.layers = [(M.copy(), b.copy()) for M, b in split_weights(protocol, flat)]
        self.last = [(0.0 * M, 0.0 * b) for M, b in self.layers]
        self.feedback = None  # in place of the last matrix, as in feedback alignment

    def run(self, given):
        """Return the states of all groups, the input first, and the slopes of all but it."""
        p = self.protocol
        states, slopes = [given], []
        for M, b in self.layers:
            is_output = len(states) == len(self.layers)
            function = FUNCTIONS[p.visible_units if is_output else p.hidden_function]
            state, slope = function(M @ states[-1] + b)
            states.append(state)
            slopes.append(slope)
        return states, slopes

    def learn(self, batch):
        p = self.protocol
        sums = [[0.0 * M, 0.0 * b] for M, b in self.layers]
        for pattern, given in zip(self.patterns[batch], self.inputs[batch], strict=True):
            states, slopes = self.run(given)
            signal = (pattern - states[-1]) * slopes[-1]
            if p.minimised_error == "cross-entropy":
                # Minus the derivative by the state, (v - r) / (r (1 - r)), times the slope.
                signal = signal / (states[-1] * (1 - states[-1]))
            for k in range(len(self.layers) - 1, -1, -1):
                sums[k][0] += np.outer(signal, states[k])
                sums[k][1] += signal
                if k > 0:
                    M = self.layers[k][0] if self.feedback is None else self.feedback
                    signal = (M.T @ signal) * slopes[k - 1]
        for k, (arrays, last, downhill) in enumerate(
            zip(self.layers, self.last, sums, strict=True)
        ):
            is_output = k == len(self.layers) - 1
            factor = p.hidden_to_visible_factor if is_output else p.visible_to_hidden_factor
            for name, array, step, down in zip(
                "Uc" if is_output else "Wb", arrays, last, downhill, strict=True
            ):
                if name not in p.frozen:
                    step[...] = p.learning_rate * factor * down + p.momentum * step
                    array[...] = array * (1 - p.decay * (name in "WU")) + step

    def sweep(self):
        places = np.arange(len(self.patterns))
        one_by_one = self.protocol.update_schedule == "per-pattern"
        for batch in places[:, None] if one_by_one else [places]:
            self.learn(batch)

    def flat(self):
        return np.concatenate([array.ravel() for pair in self.layers for array in pair])
