"""Whether the codes of networks that have learnt are good: each gives back its vector."""

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims
from replication.simulator.rule.weights import split_weights
from replication.simulator.running.engine import evaluate_networks

LARGE_SHARE = 0.1  # networks of the larger size, as a share of all


def run(sample: Sample) -> Model:
    """Return the model of the codes."""
    claim = load_claims()["good-codes"]
    rate = claim.find("larger-bits").thresholds["rate"]
    large = Protocol(group_sizes=(8, 3), learning_rate=rate)
    weights, codes = train_networks(PAPER, sample)
    large_weights, large_codes = train_networks(large, sample.take(LARGE_SHARE))
    measured = {
        "reconstructed": reconstruct(PAPER, weights, codes),
        "bits": reconstruct(PAPER, weights, codes.round()),
        "larger-bits": reconstruct(large, large_weights, large_codes.round()),
    }
    return {"claims": {"good-codes": judge("good-codes", measured)}}


def train_networks(protocol: Protocol, sample: Sample) -> tuple[Array, Array]:
    """Return the final weights of networks and their codes, (n, n_patterns, n_units)."""
    _, _, weights = sample.train(protocol)
    return weights, evaluate_networks(protocol, weights).hidden[0]


def reconstruct(protocol: Protocol, weights: Array, codes: Array) -> Flags:
    """Return in which networks every code gives back its one-hot vector, (n,).

    Code k does if visible unit k is the most active.
    """
    U, c = split_weights(protocol, weights)[-1]
    # The total inputs of visible units, (n, n_codes, n_visible).
    inputs = codes @ U.swapaxes(1, 2) + c[:, None, :]
    most_active = inputs.argmax(axis=2)  # (n, n_codes)
    is_right = most_active == np.arange(codes.shape[1])
    return np.asarray(is_right.all(axis=1))
