"""Which half sets the time: halves that learn from another network's half, or are kept aligned."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, estimate_share, name_median
from replication.experiments.mechanism import pairs
from replication.experiments.mechanism.networks import Networks, correlate_logs, put_half
from replication.simulator.rule.weights import list_connections

PATIENCE = 8.0  # medians of updates that halves of two networks may take
NEAR = 0.1  # relative difference up to which two networks have learnt at the same time
PARTNERS: dict[str, type[pairs.Watching]] = {
    "watching": pairs.Watching,
    "hearing": pairs.Hearing,
    "mirrored": pairs.Mirrored,
}
"""By name: a fresh decoder that watches another network's encoder; a fresh encoder that hears
another's decoder; and a network whose U is turned to the transpose of W after every update."""


def compare_pairs(
    networks: Networks, sample: Sample, *, names: Sequence[str] = tuple(PARTNERS)
) -> Model:
    """Return how long halves take that learn from another network, or that are kept aligned.

    ``near`` is the share of those that have learnt whose number of updates is within `NEAR` of that
    of the other network; ``r2_donor`` and ``r2_own`` are squared correlations of logarithms of
    updates with those of the other network, and of the network whose half it is.
    """
    median = float(np.median(networks.other_updates))
    cap = max(1, round(PATIENCE * median))
    protocol = dataclasses.replace(networks.protocol, max_updates=cap)
    found: Model = {"patience": PATIENCE, "cap": cap, "donor": median}
    for name in names:
        donors = networks.start if name == "mirrored" else networks.other
        rows = pairs.pair(protocol, donors, networks.start, PARTNERS[name])
        updates, learnt, _ = sample.train(protocol, rows, PARTNERS[name])
        found[name] = {**name_median(updates), "learnt": estimate_share(learnt)}
        if name != "mirrored":
            donor = networks.other_updates[learnt]
            own = networks.updates[learnt]
            is_near = np.abs(updates[learnt] - donor) <= NEAR * donor
            found[name] |= {
                "near": estimate_share(is_near),
                "r2_donor": correlate_logs(updates[learnt], donor),
                "r2_own": correlate_logs(updates[learnt], own),
            }
    return found


def exchange_starts(networks: Networks, sample: Sample) -> Model:
    """Return how much of the time each initial half decides: with another network's other half.

    Squared correlations of logarithms of updates, ``w`` where W and its biases are one's own.
    """
    protocol = networks.protocol
    encoder, decoder = list_connections(protocol)
    with_own_w = put_half(networks.start, networks.other, decoder)
    with_own_u = put_half(networks.start, networks.other, encoder)
    return {
        "w": correlate_logs(sample.train(protocol, with_own_w)[0], networks.updates),
        "u": correlate_logs(sample.train(protocol, with_own_u)[0], networks.updates),
    }
