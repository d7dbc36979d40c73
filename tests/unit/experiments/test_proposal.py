"""The untested proposal: readings of the second round against literal loops, and alignment."""

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.experiments.proposal import run as proposal
from replication.simulator.changes import compute_changes
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from tests.unit.experiments.builders import sigma

N = 4


def change_literally(flat, *, plain, whole):
    """Return changes of the proposal at a rate of 1: pattern by pattern, unit by unit."""
    W, b, U, c = flat[:8].reshape(2, 4), flat[8:10], flat[10:18].reshape(4, 2), flat[18:]
    dW, db, dU, dc = np.zeros((2, 4)), np.zeros(2), np.zeros((4, 2)), np.zeros(4)
    for a in np.eye(4):
        b1 = sigma(W @ a + b)
        p = 0.75 * a + 0.25 * sigma(U @ b1 + c)
        q = sigma(W @ p + b)
        h3 = 0.75 * b1 + 0.25 * q
        sent = q if plain else h3
        move = (p - sigma(U @ sent + c)) * (1.0 if whole else 0.25)
        for j in range(2):
            db[j] += b1[j] - h3[j]
            for i in range(4):
                dW[j, i] += p[i] * (b1[j] - h3[j])
                dU[i, j] += b1[j] * (a[i] - p[i]) + sent[j] * move[i]
        dc += (a - p) + move
    return np.concatenate([dW.ravel(), db, dU.ravel(), dc])


@pytest.mark.parametrize("name", ["regressed", "plain", "regressed-whole", "plain-whole"])
def test_readings_of_the_second_round_are_those_of_a_literal_loop(name):
    weights = 2 * draw_weights(PAPER, 71, 0, N)
    if name in proposal.RULES:
        changes = compute_changes(proposal.RULES[name], weights)
    else:
        changes = proposal.change_by_whole(proposal.RULES[proposal.WHOLE[name]], weights)
    for row, expected in zip(changes, weights, strict=True):
        literal = change_literally(
            expected, plain=name.startswith("plain"), whole=name.endswith("whole")
        )
        np.testing.assert_allclose(row, literal, atol=1e-13)


def test_vectors_and_lengths_are_those_of_the_readable_network():
    network = RecirculationNetwork.from_seed(3)
    flat = np.concatenate([part.ravel() for part in network.weights])
    longer = {True: [], False: []}
    for a in network.patterns:
        c = network.image(a)
        p = 0.75 * a + 0.25 * c
        r = network.image(p)
        longer[bool((p - a) @ (r - c) > 0)].append(np.linalg.norm(c - a) > np.linalg.norm(r - p))
    found = proposal.compare_lengths(flat[None])
    assert found == {"aligned": np.mean(longer[True]), "anti_aligned": np.mean(longer[False])}


def test_networks_aligned_at_the_same_update_are_set_aside():
    def give(*events):
        return proposal.Alignment(np.array(events, dtype=float), np.zeros(len(events)))

    names = (*proposal.RULES, *proposal.WHOLE)
    alignments = {(name, rate): give(5, 5, 9, 9) for name in names for rate in proposal.RATES}
    alignments["regressed", 1.0] = give(5, 4, 10, 8)
    results = proposal.judge_proposal(alignments)["operationalisations"]
    assert results["regressed-1"]["value"] == 2 / 3  # two sooner, one later
    assert results["regressed-20"] == {"value": None, "interval": [None, None],
                                       "outcome": "undecided"}  # fmt: skip
