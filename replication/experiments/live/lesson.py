"""Measurements of many networks for the lesson, at its learning rate."""

import dataclasses

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments import agreement
from replication.experiments.instruments.interventions import freeze, train_changed
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, name_median
from replication.experiments.live.networks import RATE
from replication.simulator.running.engine import evaluate_networks

SPREAD_UPDATES = 50  # after which the spread of codes is measured


def measure_lesson(sample: Sample) -> Model:
    """Return ``spread``, of the codes, and ``first``, of the first changes of W."""
    protocol = Protocol(learning_rate=RATE)
    weights = sample.draw(protocol)
    return {
        "spread": measure_spreading(protocol, weights),
        "first": measure_first_changes(protocol, weights, sample),
    }


def measure_spreading(protocol: Protocol, weights: Array) -> Model:
    """Return how far codes are spread before and after `SPREAD_UPDATES` with frozen U and c.

    ``start`` is the spread before; ``U`` is the spread after the updates with a frozen U. W alone
    learns, so it is W that spreads the codes.
    """
    frozen = dataclasses.replace(protocol, frozen=("U", "c"))
    after = train_for(frozen, weights, SPREAD_UPDATES)
    return {
        "updates": SPREAD_UPDATES,
        "start": measure_spread(frozen, weights),
        "U": measure_spread(frozen, after),
    }


def measure_spread(protocol: Protocol, weights: Array) -> float:
    """Return the spread of codes: their range along a hidden unit, averaged over hidden units.

    It is the median over networks; `weights` has the shape (n, n_weights).
    """
    codes = evaluate_networks(protocol, weights).hidden[0]  # (n, n_patterns, n_hidden)
    extents = np.ptp(codes, axis=1)  # (n, n_hidden)
    return float(np.median(extents.mean(axis=1)))


def measure_first_changes(protocol: Protocol, weights: Array, sample: Sample) -> Model:
    """Return after how many changes W follows steepest descent, and what the earlier ones save.

    The paper says that the earlier changes do not help. ``changes`` is their number, and ``extra``
    is how many updates more a network takes without them; both are medians over networks.
    """
    cosines = agreement.follow_agreement(protocol, weights)["lower"]
    n_first = int(np.median(agreement.find_events(cosines)))
    updates, _, _ = sample.train(protocol, weights)
    late, _ = train_changed(protocol, weights, freeze("W"), n_first=n_first, jobs=sample.jobs)
    return {"changes": n_first, **name_median(late - updates, "extra")}
