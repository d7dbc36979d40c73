"""Learning rules that the kernel does not know: back-propagation through fixed random weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.engine import evaluate_networks
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import split_weights

Array = NDArray[np.float64]

FEEDBACK_SEED = 2013


def draw_feedback(protocol: Protocol, n_networks: int) -> Array:
    """Return fixed weights from visible to hidden units for the errors of feedback alignment.

    Uniform like the initial weights; shape (n_networks, n_visible, n_hidden).
    """
    generator = np.random.Generator(np.random.Philox(key=FEEDBACK_SEED))
    shape = n_networks, protocol.group_sizes[0], protocol.group_sizes[1]
    return protocol.half_width * (2.0 * generator.random(shape) - 1.0)


def train_by_feedback(
    protocol: Protocol, weights: Array, feedback: Array, rates: Array
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Train networks by feedback alignment in the cross-entropy (squared error, linear units).

    Back-propagation in which the errors reach the hidden units through `feedback` and not
    through U. The change of U is then that of recirculation, but for a factor.
    `protocol`: one hidden group of logistic units; its learning rate is not used. `weights` (n,
    n_weights): initial weights. `feedback` (n, n_visible, n_hidden). `rates` (n,): a learning rate
    for each network.
    Returns `updates` integers (n,); `converged` bools (n,).
    States come from the kernel, and sums are taken one by one, for the same bits everywhere.
    Reference: Lillicrap, Cownden, Tweed & Akerman (2016), Nature Communications 7, 13276.
    """
    weights = weights.copy()
    updates = np.full(len(weights), protocol.max_updates)
    converged = np.zeros(len(weights), dtype=np.bool_)
    running = np.arange(len(weights))
    visible = make_patterns(protocol)
    for n_applied in range(protocol.max_updates + 1):
        state = evaluate_networks(protocol, weights)
        done = state.error < protocol.threshold
        # What has diverged will not come back.
        going = ~done & np.isfinite(state.error) & (state.error < 1e6)
        updates[running[done]], converged[running[done]] = n_applied, True
        running, weights = running[going], weights[going]
        feedback, rates = feedback[going], rates[going]
        if not len(running):
            break
        hidden, error = state.hidden[0][going], visible - state.reconstruction[going]
        (W, b), (U, c) = split_weights(protocol, weights)
        sent = sum(error[:, :, i, None] * feedback[:, None, i] for i in range(error.shape[2]))
        delta = np.asarray(sent) * (hidden * (1.0 - hidden))
        inputs = np.broadcast_to(visible, error.shape)
        for matrix, biases, difference, states in ((W, b, delta, inputs), (U, c, error, hidden)):
            for p in range(len(visible)):
                step = rates[:, None] * difference[:, p]
                np.add(matrix, step[:, :, None] * states[:, p, None, :], out=matrix)
                np.add(biases, step, out=biases)
    return updates, converged
