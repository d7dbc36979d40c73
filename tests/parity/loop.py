"""The paper's procedure as a loop over units, written from the paper alone: no code of the package.

Pages 358 to 363, with the choices that a protocol adds. Longer loops as on page 365: every group
is treated as the paper treats its one hidden group, and regressed before the next one hears it.
"""

import math

import numpy as np

from tests.parity.back_propagation import FUNCTIONS


def find_states(M, b, before, function):
    """Equations 1 and 2: the states of a group, each of its total input."""
    totals = [
        sum(w * s for w, s in zip(row, before, strict=True)) + x
        for row, x in zip(M, b, strict=True)
    ]
    return [float(FUNCTIONS[function](np.float64(total))[0]) for total in totals]


class PaperLoop:
    """A closed loop of groups: `layers` has (matrix, biases) from each group to the next one."""

    def __init__(self, protocol, patterns, flat):
        self.p, self.patterns = protocol, [[float(x) for x in row] for row in patterns]
        sizes, flat = protocol.group_sizes, [float(x) for x in flat]
        self.layers = []
        for k, n_sources in enumerate(sizes):
            n = sizes[(k + 1) % len(sizes)]
            rows = [[flat.pop(0) for _ in range(n_sources)] for _ in range(n)]
            self.layers.append((rows, [flat.pop(0) for _ in range(n)]))
        self.last = [([[0.0] * len(row) for row in M], [0.0] * len(b)) for M, b in self.layers]
        n = len(self.patterns)
        self.mean = [math.fsum(column) / n for column in zip(*self.patterns, strict=True)]

    def send(self, v):
        """Return what visible units send: their states, less the mean pattern if centred."""
        return [x - m for x, m in zip(v, self.mean, strict=True)] if self.p.centred else list(v)

    def regress(self, before, arriving):
        """Equations 5 and 6."""
        lam = self.p.regression
        return [lam * x + (1 - lam) * y for x, y in zip(before, arriving, strict=True)]

    def pass_hidden(self, v, first=None):
        """Return the states of each hidden group, regressed towards `first` if it is given."""
        states, found = self.send(v), []
        for k, (M, b) in enumerate(self.layers[:-1]):
            states = find_states(M, b, states, self.p.hidden_function)
            if first is not None and self.p.hidden_regression:
                states = self.regress(first[k], states)
            found.append(states)
        return found

    def image(self, hidden):
        return find_states(*self.layers[-1], hidden[-1], self.p.visible_units)

    def error(self):
        each = []
        for v in self.patterns:
            r = self.image(self.pass_hidden(v))
            if self.p.error_measured_on == "regressed":
                r = self.regress(v, r)
            each.append([x - y for x, y in zip(v, r, strict=True)])
        largest = max(abs(d) for row in each for d in row)
        squares = [sum(d * d for d in row) for row in each]
        varied = sum((x - m) ** 2 for v in self.patterns for x, m in zip(v, self.mean, strict=True))
        return {
            "every-unit": largest,
            "every-unit-squared": largest**2,
            "every-unit-half-squared": largest**2 / 2,
            "half-squared-error": sum(squares) / 2,
            "worst-pattern": max(squares) / 2,
            "unexplained-variance": sum(squares) / varied if varied else math.inf,
        }[self.p.criterion]

    def find_changes(self, v0):
        """Equations 3 and 4: presynaptic state times the difference of the postsynaptic state."""
        p = self.p
        h1 = self.pass_hidden(v0)
        v2 = self.regress(v0, self.image(h1))
        h3 = self.pass_hidden(v2, h1)
        into_hidden = p.learning_rate * p.visible_to_hidden_factor
        into_visible = p.learning_rate * p.hidden_to_visible_factor
        changes = []
        for source, one, three in zip([self.send(v2), *h3[:-1]], h1, h3, strict=True):
            moved = [into_hidden * (x - y) for x, y in zip(one, three, strict=True)]
            changes.append(([[d * s for s in source] for d in moved], moved))
        rounds = [(h1[-1], v0, v2)]
        if p.second_round:
            rounds.append((h3[-1], v2, self.regress(v2, self.image(h3))))
        M, b = self.layers[-1]
        total = [[0.0] * len(row) for row in M], [0.0] * len(b)
        for source, before, after in rounds:
            for i, (x, y) in enumerate(zip(before, after, strict=True)):
                for j, s in enumerate(source):
                    total[0][i][j] += into_visible * (x - y) * s
                total[1][i] += into_visible * (x - y)
        return [*changes, total]

    def learn(self, batch):
        each = [self.find_changes(v) for v in batch]
        for k, ((M, b), (lastM, lastb)) in enumerate(zip(self.layers, self.last, strict=True)):
            is_visible = k == len(self.layers) - 1
            matrix, biases = "Uc" if is_visible else "Wb"
            for i in range(len(b)):
                for j in range(len(M[i])):
                    if matrix not in self.p.frozen:
                        step = sum(one[k][0][i][j] for one in each)
                        lastM[i][j] = step + self.p.momentum * lastM[i][j]
                        M[i][j] = (1 - self.p.decay) * M[i][j] + lastM[i][j]
                if biases not in self.p.frozen:
                    lastb[i] = sum(one[k][1][i] for one in each) + self.p.momentum * lastb[i]
                    b[i] += lastb[i]

    def sweep(self):
        one_by_one = self.p.update_schedule == "per-pattern"
        for batch in [[v] for v in self.patterns] if one_by_one else [self.patterns]:
            self.learn(batch)

    def train(self):
        for updates in range(self.p.max_updates):
            if self.error() < self.p.threshold:
                return updates, True
            self.sweep()
        return self.p.max_updates, self.error() < self.p.threshold

    def flat(self):
        return np.array([x for M, b in self.layers for x in [*(w for row in M for w in row), *b]])
