"""The rule: the simple product, steepest descent where three conditions hold, and beyond them."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import matrices
from replication.experiments.instruments.agreement import differentiate
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import (
    Array,
    Flags,
    Operand,
    align_matrices,
    compute_cosines,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import list_connections
from replication.simulator.running.changes import compute_changes
from replication.simulator.running.engine import evaluate_networks, record_weights

N_READABLE = 500  # networks whose changes the readable network computes as well
N_TRAINED = 20  # networks that the readable network trains as well
N_ALTERED = 400  # networks that learn with other changes of W
ALTERED_UPDATES = 400  # their cap

LINEAR = Protocol(visible_units="linear", group_sizes=(4, 3), learning_rate=1.0)
"""Networks with linear visible units need three hidden units. The codes of two hidden units lie in
a plane, which these visible units map to a plane, and no plane comes within 0.1 of the four one-hot
vectors on every unit."""
LOGISTIC = {
    "paper": PAPER,
    "symmetric": Protocol(symmetric_start=True),
    "8-3-8": Protocol(group_sizes=(8, 3), learning_rate=15.0),
    "16-4-16": Protocol(group_sizes=(16, 4), learning_rate=10.0),
}
"""Networks with logistic visible units, each with a learning rate at which it learns."""


def run(sample: Sample) -> Model:
    """Return the model of the rule."""
    regression = load_claims()["descent"].thresholds["regression"]
    restricted = restrict(regression)
    descent = judge("descent", measure_descent(restricted, sample.draw(restricted)))
    learnt = {name: sample.simulate(each).converged for name, each in LOGISTIC.items()}
    return {
        "claims": {
            "simple-rule": judge_simple_rule(sample),
            "descent": descent | {"regression": regression},
            "without-linearity": judge("without-linearity", learnt),
            "without-symmetry": judge_without_symmetry(sample),
        }
    }


def restrict(regression: float) -> Protocol:
    """Return the protocol of the paper's networks under the conditions of page 361.

    These are linear visible units, a symmetric start and a high regression.
    """
    return Protocol(regression=regression, visible_units="linear", symmetric_start=True)


def judge_simple_rule(sample: Sample) -> Model:
    """Judge whether the compiled rule is the product of activities, as in the readable network."""
    initial = sample.first(N_READABLE).draw(PAPER)
    _, _, final = sample.train(PAPER, initial)
    # A lower rate, because at the paper's rate learning sometimes amplifies rounding errors.
    slower = Protocol(learning_rate=5.0)
    first = initial[:N_TRAINED]
    updates, _, _ = sample.train(slower, first)
    readable = [RecirculationNetwork.from_weights(each, slower).train()[0] for each in first]
    return judge(
        "simple-rule",
        {
            "initial": round_up(measure_difference(PAPER, initial)),
            "final": round_up(measure_difference(PAPER, final)),
            "learning": np.mean(updates == readable),
        },
    )


def measure_difference(protocol: Protocol, weights: Array) -> float:
    """Return the largest difference between changes by the compiled rule and a readable network.

    `protocol` is that of the compiled rule; the readable network has the paper's.
    """
    # Both at a learning rate of 1, at which the weights change by the product itself.
    unscaled = dataclasses.replace(protocol, learning_rate=1.0)
    once = record_weights(unscaled, weights, [1])[:, 0]
    readable = Protocol(learning_rate=1.0)
    networks = [RecirculationNetwork.from_weights(each, readable) for each in weights]
    for network in networks:
        network.update()
    return float(np.abs(once - [network.flatten() for network in networks]).max())


def round_up(deviation: float) -> float:
    """Return the next power of ten, which is the same on all processors; the deviation is not."""
    if deviation == 0.0:
        return 0.0
    exponent = math.ceil(math.log10(deviation))
    return float(f"1e{exponent}")


def measure_descent(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure directions and lengths of the changes where the conditions of page 361 hold.

    Notes
    -----
    Let G be the gradient of the error of the reconstruction. The gradient of the regressed error E
    of page 361 is (1 - lambda)^2 G. U changes by -(1 - lambda) G and W by -(1 - lambda)^2 G.
    Equation 7 gives the regressed state a slope of 1, although by equation 5 it is 1 - lambda. So
    the factor 1 / (1 - lambda) of equation 9 is right relative to U, but not for E as it is
    written.
    """
    away = 1.0 - protocol.regression
    W, U = list_connections(protocol)
    changes = compute_changes(protocol, weights)  # (n, n_weights), as are the others
    G = find_gradients(protocol, weights)
    w_rate = np.linalg.norm(changes[:, W], axis=1) / np.linalg.norm(G[:, W], axis=1)
    u_rate = np.linalg.norm(changes[:, U], axis=1) / np.linalg.norm(G[:, U], axis=1)
    # The same at weights 4 times as large, for which the derivation should hold, too.
    changes_of_large = compute_changes(protocol, 4.0 * weights)
    G_of_large = find_gradients(protocol, 4.0 * weights)
    return {
        "w-direction": compute_cosines(changes[:, W], -G[:, W]),
        "u-direction": compute_cosines(changes[:, U], -G[:, U]),
        "w-direction-large": compute_cosines(changes_of_large[:, W], -G_of_large[:, W]),
        "w-length": w_rate / away**2,
        "u-length": u_rate / away,
        "factor": w_rate / away / u_rate,
    }


def find_gradients(protocol: Protocol, weights: Array) -> Array:
    """Return gradients of half the squared error of the reconstruction, by central differences."""
    squared = dataclasses.replace(protocol, criterion="half-squared-error")

    def measure_error(moved: Array) -> Array:
        return evaluate_networks(squared, moved).error

    return differentiate(measure_error, weights, step=1e-4)


def judge_without_symmetry(sample: Sample) -> Model:
    """Judge whether networks learn without a symmetric start because U becomes aligned with W."""
    initial = sample.draw(PAPER)

    def measure_alignment(protocol: Protocol, start: Array) -> Array:
        """Return how well U is aligned with W in the networks that converged."""
        _, converged, final = sample.train(protocol, start)
        return align_matrices(protocol, final[converged])

    def learn_with(rule: type[Deceived]) -> Flags:
        """Return which networks converge if W changes as if U were another matrix."""
        altered = Protocol(max_updates=ALTERED_UPDATES)
        _, converged, _ = sample.train(altered, initial[:N_ALTERED], rule)
        return converged

    opposed = matrices.replace_matrices(PAPER, initial, U=-matrices.get_w(PAPER, initial))
    return judge(
        "without-symmetry",
        {
            # Networks that start with U opposed to W, and with linear visible units.
            "aligned-opposed": measure_alignment(PAPER, opposed),
            "aligned-linear": measure_alignment(LINEAR, sample.draw(LINEAR)),
            # Rules by which W changes as if U were another matrix, at the paper's rate of 20.
            "exchanged-20": learn_with(Exchanged),
            "transposed-20": learn_with(Transposed),
        },
    )


class Deceived(RecirculationNetwork):
    """A network whose W changes as if U were another matrix; U itself changes by equation 3."""

    replace: Callable[[], Operand]  # returns that other matrix, (n_visible, n_hidden)

    def weight_changes(self, v0: Operand) -> Any:
        """Return the changes of the rule, with those of W and b as the other matrix gives them."""
        # The second pass that the other matrix would cause, and equation 4 for it.
        h1 = self.first_pass(v0)
        v2 = self.regress(v0, self.activate_visible(self.replace() @ h1 + self.c))
        db = self.hidden_rate * (h1 - self.second_pass(v2, h1))
        return super().weight_changes(v0)._replace(W=np.outer(db, v2), b=db)


class Exchanged(Deceived):
    """W changes as if the hidden units of U were exchanged: each is aligned with the wrong one."""

    def replace(self) -> Operand:
        """Return U with its columns in the other order."""
        return self.U[:, ::-1]


class Transposed(Deceived):
    """W changes as if U were the transpose of W, at the length of U."""

    def replace(self) -> Operand:
        """Return the transpose of W at the length of U."""
        return self.W.T * (np.linalg.norm(self.U) / np.linalg.norm(self.W))
