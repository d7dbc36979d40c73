"""The kernel's back-propagation against textbook loops that share no code with it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from replication import PAPER
from replication.simulator import engine
from replication.simulator.weights import draw_weights

BASE = dataclasses.replace(PAPER, learning_rule="back-propagation", learning_rate=5.0)
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.6},
    "per pattern": {"update_schedule": "per-pattern", "momentum": 0.3},
    "linear": {"visible_units": "linear", "learning_rate": 0.3},
    "8-3-8": {"group_sizes": (8, 3)},
    "two hidden groups": {"group_sizes": (4, 3, 2), "momentum": 0.5},
    "three hidden groups": {"group_sizes": (3, 2, 4, 3), "visible_units": "linear",
                            "learning_rate": 0.2},
}  # fmt: skip


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
            linear = k == len(self.matrices) - 1 and self.protocol.visible_units == "linear"
            layers.append(inputs if linear else [1 / (1 + math.exp(-x)) for x in inputs])
        return layers

    def signals(self, layers: list[list[float]], pattern: list[float]) -> list[list[float]]:
        last = len(self.matrices) - 1
        found: list[list[float]] = [[] for _ in self.matrices]
        for k in range(last, -1, -1):
            for j, activity in enumerate(layers[k + 1]):
                slope = activity * (1 - activity)
                if k == last:
                    slope = 1.0 if self.protocol.visible_units == "linear" else slope
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
            step = self.protocol.learning_rate * slope
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
        recorded = form.record_weights(protocol, weights, 12)
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
        recorded = engine.record_weights(protocol, weights, 200)
        errors = engine.evaluate_networks(protocol, recorded).error
        assert (np.diff(errors) < 0).all()
