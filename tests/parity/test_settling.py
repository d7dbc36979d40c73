"""Rules that settle, compiled, and the same rules in loops over units that share no code."""

import math

import numpy as np
import pytest

from replication import Network, Protocol, logistic, repeat
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import record_weights
from replication.simulator.running.guard import check_rule

DATA = np.random.default_rng(1988)
PATTERNS = DATA.uniform(0.0, 1.0, (5, 4))
TARGETS = DATA.uniform(0.1, 0.9, (5, 3))
N_UPDATES = 3


class Settling(Network):
    """Four visible units, three hidden ones and three that answer."""

    shapes = {"W": (3, 4), "U": (3, 3)}
    patterns = PATTERNS
    targets = TARGETS


# Lists of numbers, for the loops


def multiply(matrix, vector):
    return [sum(w * x for w, x in zip(row, vector, strict=True)) for row in matrix]


def multiply_back(matrix, vector):
    return multiply([list(column) for column in zip(*matrix, strict=True)], vector)


def add(*vectors):
    return [sum(numbers) for numbers in zip(*vectors, strict=True)]


def scale(factor, vector):
    return [factor * x for x in vector]


def subtract(one, other):
    return [x - y for x, y in zip(one, other, strict=True)]


def apply_function(function, vector):
    return [function(x) for x in vector]


def find_logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


def list_products(one, other):
    return [[x * y for y in other] for x in one]


def add_matrices(*matrices):
    return [add(*rows) for rows in zip(*matrices, strict=True)]


class PredictiveCoding(Settling):
    """Whittington & Bogacz (2017): nodes settle from the forward pass to a small energy."""

    def image(self, v):
        return self.U @ np.tanh(self.W @ v)

    def weight_changes(self, v, target):
        predicted = self.W @ v

        def step(x):
            slope = 1.0 - np.tanh(x) ** 2
            output_error = target - self.U @ np.tanh(x)
            return x + 0.1 * (slope * (self.U.T @ output_error) - (x - predicted))

        x = repeat(10, step, predicted)
        output_error = target - self.U @ np.tanh(x)
        return 0.2 * np.outer(x - predicted, v), 0.2 * np.outer(output_error, np.tanh(x))


def change_predictive_coding(W, U, v, target):
    predicted = multiply(W, v)
    x = predicted
    for _ in range(10):
        states = apply_function(math.tanh, x)
        output_error = subtract(target, multiply(U, states))
        back = multiply_back(U, output_error)
        moved = []
        for j in range(3):
            slope = 1.0 - states[j] ** 2
            moved.append(x[j] + 0.1 * (slope * back[j] - (x[j] - predicted[j])))
        x = moved
    states = apply_function(math.tanh, x)
    output_error = subtract(target, multiply(U, states))
    return {
        "W": list_products(scale(0.2, subtract(x, predicted)), v),
        "U": list_products(scale(0.2, output_error), states),
    }


class EquilibriumPropagation(Settling):
    """Scellier & Bengio (2017): a free phase, and one in which outputs are drawn to the target."""

    def settle(self, v, target, strength, h, o):
        def step(h, o):
            new_h = h + 0.3 * (np.tanh(self.W @ v + self.U.T @ o) - h)
            new_o = o + 0.3 * (np.tanh(self.U @ h) - o + strength * (target - o))
            return new_h, new_o

        return repeat(8, step, h, o)

    def image(self, v):
        return self.settle(v, np.zeros(3), 0.0, self.W @ v, np.zeros(3))[1]

    def weight_changes(self, v, target):
        h, o = self.settle(v, np.zeros(3), 0.0, self.W @ v, np.zeros(3))
        h2, o2 = self.settle(v, target, 0.5, h, o)
        return 0.4 * np.outer(h2 - h, v), 0.4 * (np.outer(o2, h2) - np.outer(o, h))


def settle_equilibrium(W, U, v, target, strength, h, o):
    for _ in range(8):
        heard = apply_function(math.tanh, add(multiply(W, v), multiply_back(U, o)))
        answered = apply_function(math.tanh, multiply(U, h))
        new_h = [h[j] + 0.3 * (heard[j] - h[j]) for j in range(3)]
        drawn = [strength * (target[k] - o[k]) for k in range(3)]
        new_o = [o[k] + 0.3 * (answered[k] - o[k] + drawn[k]) for k in range(3)]
        h, o = new_h, new_o
    return h, o


def change_equilibrium_propagation(W, U, v, target):
    nothing = [0.0, 0.0, 0.0]
    h, o = settle_equilibrium(W, U, v, nothing, 0.0, multiply(W, v), nothing)
    h2, o2 = settle_equilibrium(W, U, v, target, 0.5, h, o)
    dU = add_matrices(list_products(scale(0.4, o2), h2), list_products(scale(-0.4, o), h))
    return {"W": list_products(scale(0.4, subtract(h2, h)), v), "U": dU}


class ContrastiveHebbian(Settling):
    """Movellan (1991): settle free and clamped; learn from the difference of the products."""

    def image(self, v):
        return repeat(6, lambda o: logistic(self.U @ self.hear(v, o)), np.full(3, 0.5))

    def hear(self, v, o):
        return logistic(self.W @ v + self.U.T @ o)

    def weight_changes(self, v, target):
        free = self.image(v)
        minus, plus = self.hear(v, free), self.hear(v, target)
        dU = np.outer(target, plus) - np.outer(free, minus)
        return 0.5 * np.outer(plus - minus, v), 0.5 * dU


def change_contrastive_hebbian(W, U, v, target):
    def hear(o):
        return apply_function(find_logistic, add(multiply(W, v), multiply_back(U, o)))

    free = [0.5, 0.5, 0.5]
    for _ in range(6):
        free = apply_function(find_logistic, multiply(U, hear(free)))
    minus, plus = hear(free), hear(target)
    dU = add_matrices(
        list_products(scale(0.5, target), plus), list_products(scale(-0.5, free), minus)
    )
    return {"W": list_products(scale(0.5, subtract(plus, minus)), v), "U": dU}


class LateralInhibition(Settling):
    """Földiák (1990): units inhibit one another, more where they fire together."""

    shapes = {"W": (3, 4), "U": (3, 3), "L": (3, 3)}

    def image(self, v):
        return self.U @ self.compete(v)

    def compete(self, v):
        drive = self.W @ v
        return repeat(7, lambda y: 0.5 * y + 0.5 * np.maximum(drive - self.L @ y, 0.0), drive)

    def weight_changes(self, v, target):
        y, drive = self.compete(v), self.W @ v
        dW = 0.1 * (np.outer(y * drive, v) - self.W)
        dL = 0.1 * (np.outer(y, y) - self.L)
        return dW, 0.1 * np.outer(target - self.image(v), y), dL


def change_lateral_inhibition(W, U, L, v, target):
    drive = multiply(W, v)
    y = drive
    for _ in range(7):
        inhibited = subtract(drive, multiply(L, y))
        y = [0.5 * y[j] + 0.5 * max(inhibited[j], 0.0) for j in range(3)]
    d = subtract(target, multiply(U, y))
    return {
        "W": [[0.1 * (y[j] * drive[j] * v[i] - W[j][i]) for i in range(4)] for j in range(3)],
        "U": list_products(scale(0.1, d), y),
        "L": [[0.1 * (y[j] * y[i] - L[j][i]) for i in range(3)] for j in range(3)],
    }


class Recurrent(Settling):
    """Units that hear one another, from the forward pass on; within each step a loop for the sum.

    The inner loop starts from the state of the outer one and takes what lies outside of both.
    """

    shapes = {"W": (3, 4), "U": (3, 3), "L": (3, 3)}

    def run(self, v):
        forward = np.tanh(self.W @ v)

        def step(h):
            blended = repeat(3, lambda x: 0.5 * x + 0.25 * forward[::-1], h)
            return np.tanh(self.W @ v + self.L @ blended) - 0.1 * (h - forward)

        return forward, repeat(4, step, forward)

    def image(self, v):
        return self.U @ self.run(v)[1]

    def weight_changes(self, v, target):
        forward, h = self.run(v)
        d = target - self.image(v)
        dL = 0.1 * np.outer(h - forward, forward * h)
        return 0.1 * np.outer(h - forward, v), 0.2 * np.outer(d, h), dL


def run_recurrent(W, L, v):
    forward = apply_function(math.tanh, multiply(W, v))
    h = forward
    for _ in range(4):
        blended = h
        for _ in range(3):
            blended = [0.5 * blended[j] + 0.25 * forward[2 - j] for j in range(3)]
        heard = apply_function(math.tanh, add(multiply(W, v), multiply(L, blended)))
        h = [heard[j] - 0.1 * (h[j] - forward[j]) for j in range(3)]
    return forward, h


def change_recurrent(W, U, L, v, target):
    forward, h = run_recurrent(W, L, v)
    d = subtract(target, multiply(U, h))
    moved = subtract(h, forward)
    return {
        "W": list_products(scale(0.1, moved), v),
        "U": list_products(scale(0.2, d), h),
        "L": list_products(scale(0.1, moved), [forward[j] * h[j] for j in range(3)]),
    }


LOOPS = {
    PredictiveCoding: change_predictive_coding,
    EquilibriumPropagation: change_equilibrium_propagation,
    ContrastiveHebbian: change_contrastive_hebbian,
    LateralInhibition: change_lateral_inhibition,
    Recurrent: change_recurrent,
}


def learn_in_loops(change, shapes, row, schedule):
    """Return flat weights after some updates, by a function of the changes of one pattern."""
    weights, place = {}, 0
    for name, (n_rows, n_columns) in shapes.items():
        numbers = row[place : place + n_rows * n_columns].tolist()
        weights[name] = [numbers[k * n_columns : (k + 1) * n_columns] for k in range(n_rows)]
        place += n_rows * n_columns
    for _ in range(N_UPDATES):
        begun = weights
        for v, target in zip(PATTERNS.tolist(), TARGETS.tolist(), strict=True):
            seen = begun if schedule == "batch" else weights
            changes = change(*seen.values(), v, target)
            weights = {name: add_matrices(weights[name], changes[name]) for name in weights}
    return [x for matrix in weights.values() for numbers in matrix for x in numbers]


@pytest.mark.parametrize("schedule", ["batch", "per-pattern"])
@pytest.mark.parametrize("network", LOOPS, ids=lambda network: network.__name__)
def test_a_rule_that_settles_learns_what_loops_over_units_learn(network, schedule):
    protocol = Protocol(update_schedule=schedule)
    rows = Rule(network, protocol).draw(3, 0, 4)
    recorded = record_weights(protocol, rows, [N_UPDATES], network=network)
    for row, after in zip(rows, recorded[:, -1], strict=True):
        expected = learn_in_loops(LOOPS[network], network.shapes, row, schedule)
        assert np.abs(after - row).max() > 1e-3  # it has learnt something
        np.testing.assert_allclose(after, expected, rtol=1e-11, atol=1e-11)
    # Of weights sixteen times as large, too, where settling enlarges a rounding.
    assert check_rule(network, protocol).largest < 1e-10
