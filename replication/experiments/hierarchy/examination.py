"""What trained hierarchies do: whether they encode, keep and complete their vectors."""

import dataclasses
from typing import Self

import numpy as np

from replication.definition.protocol import PAPER
from replication.experiments.hierarchy.modules import (
    HALF,
    N_LOWER,
    Modules,
    Settling,
    attach,
    make_rule,
)
from replication.experiments.hierarchy.vectors import can_be_completed
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import estimate_share
from replication.simulator.running.engine import Engine

ROUNDS = 50  # in which a vector settles


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What networks do: flags (n,), true where it holds for every vector of a network."""

    encoded: Flags  # the reconstruction is near the vector
    attractors: Flags  # the vector and noisy copies settle near the vector
    completed: Flags  # either half of the vector settles near the vector
    all: Flags  # encoded, an attractor, and completed
    can: Flags  # the vector can be completed from either half
    codes: Array  # (n, n_vectors, N_LOWER, n_hidden), hidden states of the lower modules

    def select(self, members: Flags) -> Self:
        """Return the same of some networks only."""
        return dataclasses.replace(
            self,
            encoded=self.encoded[members],
            attractors=self.attractors[members],
            completed=self.completed[members],
            all=self.all[members],
            can=self.can[members],
            codes=self.codes[members],
        )


def examine(rule: type[Modules], weights: Array, vectors: Array, noise: Array) -> Examined:
    """Return whether trained networks encode, keep and complete their vectors.

    Vectors settle without regression, through the top module.

    Parameters
    ----------
    rule : subclass of Modules
    weights : float64 array, shape (n, n_weights)
    vectors : float64 array, shape (n, n_vectors, 8)
        The vectors that each network has learnt.
    noise : float64 array, shape (n, n_copies, n_vectors, 8)
        What is added to copies of them, to see whether the vectors are restored.
    """
    n, n_vectors, n_units = vectors.shape
    evaluation = Engine(PAPER, rule).evaluate(attach(weights, vectors))
    # The vectors and noisy copies of them must settle at the vectors. The copies are joined to
    # (n, n_copies * n_vectors, 8).
    copies = np.clip(vectors[:, None] + noise, 0.0, 1.0).reshape(n, -1, n_units)
    starts = np.concatenate([vectors, copies], axis=1)
    nothing_held = np.zeros(starts.shape[1:])
    attracted = settle(rule, weights, starts, nothing_held)
    # Each half of the vectors in turn is held, while the other half begins at 0.
    is_first = np.arange(n_units) < HALF
    held = np.repeat([is_first, ~is_first], n_vectors, axis=0).astype(np.float64)
    halves = np.tile(vectors, (1, 2, 1)) * held
    completed = settle(rule, weights, halves, held)

    is_encoded = are_near(evaluation.reconstruction, vectors)
    is_attractor = are_near(attracted, vectors)
    is_completed = are_near(completed, vectors)
    return Examined(
        encoded=is_encoded,
        attractors=is_attractor,
        completed=is_completed,
        all=is_encoded & is_attractor & is_completed,
        can=can_be_completed(vectors),
        codes=evaluation.hidden[0].reshape(n, n_vectors, N_LOWER, -1),
    )


def settle(rule: type[Modules], weights: Array, states: Array, held: Array) -> Array:
    """Return the states after `ROUNDS` rounds through the network, (n, n_states, n_units).

    `held` (n_states, n_units) is 1 where a unit keeps its state.
    """
    n_shown = states.shape[1]
    patterns = np.hstack([np.eye(n_shown), held])
    settling = make_rule(Settling, rule, n_shown=n_shown, patterns=patterns, n_rounds=ROUNDS)
    return Engine(PAPER, settling).evaluate(attach(weights, states)).reconstruction


def are_near(states: Array, vectors: Array) -> Flags:
    """Return in which networks all states are near the vectors (n, n_vectors, 8).

    There may be several states for each vector: all vectors once, then all of them again.
    """
    n, n_vectors, n_units = vectors.shape
    copies = states.reshape(n, -1, n_vectors, n_units)
    errors = np.abs(copies - vectors[:, np.newaxis])
    farthest = errors.max(axis=(1, 2, 3))
    return np.asarray(farthest < PAPER.threshold)


def describe(outcome: Examined) -> Model:
    """Return the number of networks, and the shares that encode, and that do all that is asked."""
    return {
        "n": len(outcome.all),
        "encoded": estimate_share(outcome.encoded),
        "all": estimate_share(outcome.all),
    }


def compare_splits(outcome: Examined) -> Model:
    """Describe networks by how the hidden units of their lower modules split the four vectors.

    ``single``: both units of a module make the same split. Of the other networks, ``same``: both
    modules make the same two splits; ``different``: they do not.
    """
    left = name_splits(outcome.codes[:, :, 0])  # (n, 2)
    right = name_splits(outcome.codes[:, :, 1])  # (n, 2)
    is_single = (left[:, 0] == left[:, 1]) | (right[:, 0] == right[:, 1])
    is_same = np.all(left == right, axis=1)
    return {
        "same": describe(outcome.select(~is_single & is_same)),
        "different": describe(outcome.select(~is_single & ~is_same)),
        "single": describe(outcome.select(is_single)),
    }


def name_splits(codes: Array) -> Counts:
    """Return which split each of a module's two units makes, the smaller number first, (n, 2).

    A unit is more active for two of the four vectors than for the other two. In split k, vectors 0
    and k are on the same side. `codes` has the shape (n, 4, 2).
    """
    # Ranks of the vectors for each unit, 0 to 3; the upper two are one side of its split.
    order = codes.argsort(axis=1)
    ranks = order.argsort(axis=1)
    is_high = ranks >= 2
    with_first = is_high == is_high[:, :1]
    splits = 1 + with_first[:, 1:].argmax(axis=1)
    return np.sort(splits, axis=1)
