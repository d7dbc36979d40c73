"""The kernel against a loop that spells out every product of the paper's equations."""

import numpy as np

from benchmarks.contenders import run_batch, run_literal, sweep_literally
from replication.protocol import PAPER
from replication.simulator.engine import evaluate_networks, record_weights, run_networks
from replication.simulator.weights import draw_weights, split_weights

WEIGHTS = draw_weights(PAPER, 1988, 0, 300)


def test_kernel_agrees_with_the_literal_loop_after_one_update():
    errors = evaluate_networks(PAPER, WEIGHTS[:50]).error
    updated = record_weights(PAPER, WEIGHTS[:50], 1)[:, 1]
    for weights, kernel_error, ours in zip(WEIGHTS, errors, updated, strict=False):
        (W, b), (U, c) = split_weights(PAPER, weights)
        error, changes = sweep_literally(PAPER, W, b, U, c)
        theirs = np.concatenate(
            [(w + d).ravel() for w, d in zip((W, b, U, c), changes, strict=True)]
        )
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        assert abs(kernel_error - error) < 1e-12


def test_kernel_and_literal_loop_end_alike_but_for_rounding():
    updates, converged, _ = run_networks(PAPER, WEIGHTS)
    for contender in (run_literal, run_batch):
        other_updates, other_converged = contender(PAPER, WEIGHTS)
        n_same = ((updates == other_updates) & (converged == other_converged)).sum()
        assert n_same >= 297, contender.__name__
