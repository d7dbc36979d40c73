"""The kernel's outcomes at the edges, and against loops written from the paper alone."""

import dataclasses

import numpy as np
import pytest

from benchmarks.contenders import run_batch, run_literal
from replication.definition.protocol import CHOICES, PAPER, Protocol
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights


def test_a_tie_with_the_threshold_has_not_converged():
    # With weights of zero each of 16 reconstructions is 1/2: the error is 16/2 * 1/4 = 2.
    zeros = np.zeros((1, 22))
    protocol = Protocol(max_updates=1, learning_rate=1e-300, criterion="half-squared-error")
    for threshold, outcome in ((2.0, (1, False)), (np.nextafter(2.0, 3.0), (0, True))):
        one = dataclasses.replace(protocol, threshold=threshold)
        updates, converged, _ = simulate_weights(one, zeros)
        assert (updates[0], converged[0]) == outcome


@pytest.mark.parametrize("criterion", CHOICES["criterion"])
def test_networks_that_diverge_have_not_converged(criterion):
    protocol = Protocol(
        visible_units="linear", learning_rate=1e6, criterion=criterion, max_updates=60,
        threshold=1e-3,
    )  # fmt: skip
    with np.errstate(all="ignore"):
        updates, converged, final = simulate_weights(protocol, draw_weights(protocol, 33, 0, 4))
    assert not np.isfinite(final).all(), "the fault did not happen"
    assert not converged.any()
    assert updates.tolist() == [60] * 4


@pytest.mark.parametrize("contender", [run_literal, run_batch])
def test_kernel_and_a_loop_that_spells_out_every_product_end_alike_but_for_rounding(contender):
    weights = draw_weights(PAPER, 1988, 0, 40)
    updates, converged, _ = simulate_weights(PAPER, weights)
    other_updates, other_converged = contender(PAPER, weights)
    assert ((updates == other_updates) & (converged == other_converged)).sum() >= 39
