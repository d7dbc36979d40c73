"""Which half sets the time: halves that learn from another network's half, or are kept aligned."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, estimate_share, name_median
from replication.experiments.mechanism import pairs
from replication.experiments.mechanism.networks import Networks, correlate_logs, put_half
from replication.simulator.rule.weights import list_connections

PATIENCE = 8.0  # how long halves of two networks may take, as a multiple of the median
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
    """Return how long halves take if they learn from another network, or are kept aligned.

    The other network is the donor; ``donor`` is the median of its updates. ``learnt`` is the share
    that meets the criterion. Of these, ``near`` is the share whose updates are within `NEAR` of
    those of the donor. ``r2_donor`` and ``r2_own`` are squared correlations of the logarithms of
    updates: with those of the donor, and of the network from which the half comes.
    """
    median = float(np.median(networks.other_updates))
    cap = max(1, round(PATIENCE * median))
    protocol = dataclasses.replace(networks.protocol, max_updates=cap)
    compared: Model = {"patience": PATIENCE, "cap": cap, "donor": median}
    for name in names:
        donors = networks.start if name == "mirrored" else networks.other
        rows = pairs.pair(protocol, donors, networks.start, PARTNERS[name])
        updates, learnt, _ = sample.train(protocol, rows, PARTNERS[name])
        compared[name] = {**name_median(updates), "learnt": estimate_share(learnt)}
        # A mirrored network has no other one beside it to be compared with.
        if name != "mirrored":
            taken = updates[learnt]
            donor = networks.other_updates[learnt]
            own = networks.updates[learnt]
            is_near = np.abs(taken - donor) <= NEAR * donor
            compared[name] |= {
                "near": estimate_share(is_near),
                "r2_donor": correlate_logs(taken, donor),
                "r2_own": correlate_logs(taken, own),
            }
    return compared


def exchange_starts(networks: Networks, sample: Sample) -> Model:
    """Return how far each half of the initial weights decides how long a network takes.

    One half is a network's own, and the other half comes from another network. ``w`` is the squared
    correlation of the logarithms of updates with those of the network that gave W and b; ``u`` is
    the same for the network that gave U and c.
    """
    protocol = networks.protocol
    encoder, decoder = list_connections(protocol)
    with_own_w = put_half(networks.start, networks.other, decoder)
    with_own_u = put_half(networks.start, networks.other, encoder)
    updates_with_own_w, _, _ = sample.train(protocol, with_own_w)
    updates_with_own_u, _, _ = sample.train(protocol, with_own_u)
    return {
        "w": correlate_logs(updates_with_own_w, networks.updates),
        "u": correlate_logs(updates_with_own_u, networks.updates),
    }
