"""The untested proposal: readings of the second round against literal loops, and alignment."""

import numpy as np

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments.proposal import run as proposal
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import record_weights
from tests.unit.experiments.builders import flatten, sum_changes


def test_whole_reading_of_the_second_round_moves_u_by_all_of_pr():
    """Of the readings that a protocol has, the readable network and the kernel agree anyhow."""
    weights = 2 * draw_weights(PAPER, 71, 0, 4)
    recorded = record_weights(Protocol(learning_rate=1.0), weights, 1, network=proposal.Whole)
    changes = recorded[:, 1] - recorded[:, 0]
    for flat, change in zip(weights, changes, strict=True):
        network = RecirculationNetwork.from_weights(flat, PAPER)
        dW, db, dU, dc = (part / PAPER.learning_rate for part in sum_changes(network))
        for a in network.patterns:
            b1 = network.first_pass(a)
            p = network.regress(a, network.reconstruct(b1))
            sent = network.regress(b1, network.first_pass(p))
            move = p - network.reconstruct(sent)
            dU, dc = dU + np.outer(move, sent), dc + move
        np.testing.assert_allclose(change, flatten((dW, db, dU, dc)), atol=1e-13)


def test_networks_aligned_at_the_same_update_are_set_aside():
    def give(*events):
        return np.array(events, dtype=float), np.zeros(len(events))

    names = (*proposal.VARIANTS, proposal.WHOLE)
    alignments = {(name, rate): give(5, 5, 9, 9) for name in names for rate in proposal.EQUAL_RATES}
    alignments["regressed", 1.0] = give(5, 4, 10, 8)
    results = proposal.judge_proposal(alignments)["operationalisations"]
    assert results["regressed-1"]["value"] == 2 / 3  # two sooner, one later
    assert results["regressed-20"] == {"value": None, "interval": [None, None],
                                       "outcome": "undecided"}  # fmt: skip
