"""The kernel's back-propagation against textbook loops that share no code with it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from replication.protocol import Protocol
from replication.simulator import engine
from replication.simulator.weights import draw_weights

BASE = Protocol(learning_rule="back-propagation", learning_rate=5.0, criterion="half-squared-error")
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.6},
    "per pattern": {"update_schedule": "per-pattern", "momentum": 0.3},
    "linear": {"visible_units": "linear", "learning_rate": 0.3},
    "cross-entropy": {"minimised_error": "cross-entropy", "learning_rate": 1.0},
    "8-3-8": {"group_sizes": (8, 3)},
    "two hidden groups": {"group_sizes": (4, 3, 2), "momentum": 0.5},
    "three hidden groups": {"group_sizes": (3, 2, 4, 3), "visible_units": "linear",
                            "learning_rate": 0.2},
    "softsign": {"hidden_function": "softsign"},
    "algebraic": {"hidden_function": "algebraic", "group_sizes": (4, 3, 2)},
    "spline": {"hidden_function": "spline", "half_width": 3.0},
    "two rates": {"visible_to_hidden_factor": 3.0, "hidden_to_visible_factor": 0.5},
}  # fmt: skip

# Value and slope of each hidden function at x.
FUNCTIONS: dict[str, Any] = {
    "logistic": lambda x: (1 / (1 + math.exp(-x)), math.exp(-x) / (1 + math.exp(-x)) ** 2),
    "softsign": lambda x: ((1 + x / (1 + abs(x))) / 2, 1 / (2 * (1 + abs(x)) ** 2)),
    "algebraic": lambda x: ((1 + x / math.hypot(1, x)) / 2, 1 / (2 * math.hypot(1, x) ** 3)),
    "spline": lambda x: (
        (1 / 2 + 3 * x / 12 - x**3 / 108, 1 / 4 - x**2 / 36) if abs(x) < 3 else (x > 0, 0.0)
    ),
}


class TextbookNetwork:
    """A layered network trained by back-propagation, one number at a time.

    Rumelhart, Hinton & Williams (1986): the error signal of an output unit is
    its deviation times its slope, that of a hidden unit the weighted sum of the
    signals that it feeds times its slope; momentum adds a share of the last step.
    """

    def __init__(self, protocol: Any, flat: Any) -> None:
        self.protocol = protocol
        self.sizes = [*protocol.group_sizes, protocol.group_sizes[0]]
        self.matrices: list[list[list[float]]] = []
        self.biases: list[list[float]] = []
        values = iter([float(value) for value in flat])
        for n_source, n_target in zip(self.sizes, self.sizes[1:], strict=False):
            self.matrices.append([[next(values) for _ in range(n_source)] for _ in range(n_target)])
            self.biases.append([next(values) for _ in range(n_target)])
        self.steps = dict.fromkeys(self.places(), 0.0)
        self.slopes: list[list[float]] = [[] for _ in self.matrices]

    def places(self) -> list[tuple[int, int, int]]:
        """(layer, target, source); source -1 is the bias."""
        return [
            (k, j, i)
            for k in range(len(self.matrices))
            for j in range(self.sizes[k + 1])
            for i in range(-1, self.sizes[k])
        ]

    def run(self, pattern: list[float]) -> list[list[float]]:
        layers = [pattern]
        for k, matrix in enumerate(self.matrices):
            inputs = [
                sum(w * a for w, a in zip(row, layers[-1], strict=True)) + bias
                for row, bias in zip(matrix, self.biases[k], strict=True)
            ]
            is_visible = k == len(self.matrices) - 1
            name = "logistic" if is_visible else self.protocol.hidden_function
            pairs = [FUNCTIONS[name](x) for x in inputs]
            if is_visible and self.protocol.visible_units == "linear":
                pairs = [(x, 1.0) for x in inputs]
            layers.append([value for value, _ in pairs])
            self.slopes[k] = [slope for _, slope in pairs]
        return layers

    def signals(self, layers: list[list[float]], pattern: list[float]) -> list[list[float]]:
        last = len(self.matrices) - 1
        found: list[list[float]] = [[] for _ in self.matrices]
        for k in range(last, -1, -1):
            for j, activity in enumerate(layers[k + 1]):
                slope = self.slopes[k][j]
                if k == last and self.protocol.minimised_error == "cross-entropy":
                    # Minus the derivative by the state, (v - r) / (r (1 - r)), times the slope.
                    signal = (pattern[j] - activity) / (activity * (1.0 - activity))
                    found[k].append(signal * slope)
                elif k == last:
                    found[k].append((pattern[j] - activity) * slope)
                else:
                    back = sum(
                        self.matrices[k + 1][t][j] * signal for t, signal in enumerate(found[k + 1])
                    )
                    found[k].append(back * slope)
        return found

    def learn(self, patterns: list[list[float]]) -> None:
        downhill = dict.fromkeys(self.places(), 0.0)
        for pattern in patterns:
            layers = self.run(pattern)
            signals = self.signals(layers, pattern)
            for k, j, i in self.places():
                downhill[k, j, i] += signals[k][j] * (1.0 if i < 0 else layers[k][i])
        for (k, j, i), slope in downhill.items():
            is_visible = k == len(self.matrices) - 1
            factors = self.protocol.visible_to_hidden_factor, self.protocol.hidden_to_visible_factor
            step = self.protocol.learning_rate * factors[is_visible] * slope
            step += self.protocol.momentum * self.steps[k, j, i]
            self.steps[k, j, i] = step
            if i < 0:
                self.biases[k][j] += step
            else:
                self.matrices[k][j][i] += step

    def sweep(self) -> None:
        patterns = np.eye(self.protocol.n_visible).tolist()
        if self.protocol.update_schedule == "per-pattern":
            for pattern in patterns:
                self.learn([pattern])
        else:
            self.learn(patterns)

    def error(self) -> float:
        return sum(
            0.5 * (target - value) ** 2
            for pattern in np.eye(self.protocol.n_visible).tolist()
            for target, value in zip(pattern, self.run(pattern)[-1], strict=True)
        )

    def flat(self) -> Any:
        parts = []
        for matrix, biases in zip(self.matrices, self.biases, strict=True):
            parts += [np.array(matrix).ravel(), np.array(biases)]
        return np.concatenate(parts)


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
def test_kernel_follows_the_textbook(fields: dict[str, Any], form: Any) -> None:
    protocol = dataclasses.replace(BASE, **fields)
    for weights in draw_weights(protocol, 11, 0, 3):
        network = TextbookNetwork(protocol, weights)
        (recorded,) = form.record_weights(protocol, weights[None], 12)
        for expected in recorded[1:]:
            network.sweep()
            np.testing.assert_allclose(network.flat(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_outcomes_are_those_of_the_textbook(momentum: float) -> None:
    protocol = dataclasses.replace(BASE, momentum=momentum)
    initial = draw_weights(protocol, 12, 0, 6)
    updates, converged, _ = engine.run_networks(protocol, initial)
    assert converged.all()
    for weights, expected in zip(initial, updates, strict=True):
        network = TextbookNetwork(protocol, weights)
        count = 0
        while network.error() >= protocol.threshold:
            network.sweep()
            count += 1
        # Back-propagation is smooth here, so rounding moves no outcome.
        assert count == expected


def test_back_propagation_never_raises_the_error_when_its_steps_are_small() -> None:
    protocol = dataclasses.replace(BASE, learning_rate=0.05)
    for weights in draw_weights(protocol, 13, 0, 3):
        (recorded,) = engine.record_weights(protocol, weights[None], 200)
        errors = engine.evaluate_networks(protocol, recorded).error
        assert (np.diff(errors) < 0).all()
