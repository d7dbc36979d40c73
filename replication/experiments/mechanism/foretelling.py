"""The law against what networks do: each one's time, and codes at gaps that are given to them."""

import numpy as np

from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import given, law
from replication.experiments.mechanism.networks import (
    Networks,
    correlate_logs,
    predict_from_gaps,
    put_half,
    train_decoder,
)
from replication.experiments.mechanism.waiting import BUDGET
from replication.simulator.rule.weights import list_connections

LONGEST = 4.0  # for how many medians of updates gaps are recorded to foretell each network
GAPS = (0.06, 0.4)  # between which codes have their gap, whose decoder learns alone
GAP_SEED = 2015


def check_law(networks: Networks, sample: Sample) -> Model:
    """Return how well the law foretells networks, and how a decoder's time goes with the gap."""
    sources = {}
    for name, weights in list_sources(networks).items():
        sources[name] = read_at_gaps(networks, weights, sample)
    return {**foretell(networks), "sources": sources}


def foretell(networks: Networks) -> Model:
    """Return what the law says of each network from its recorded gaps, beside what it needs.

    ``predicted`` and ``actual`` are median updates. ``foretold`` is the share of networks of which
    the law says that they learn within the recorded time; of these, ``r2`` is the squared
    correlation of the logarithms of both numbers, and ``off`` the median size of the logarithm of
    their ratio.
    """
    protocol = networks.protocol
    actual = networks.updates
    median = float(np.median(actual))
    horizon = round(LONGEST * median)
    predicted = predict_from_gaps(protocol, networks.start, horizon)
    is_foretold = np.isfinite(predicted)
    ratios = predicted[is_foretold] / actual[is_foretold]
    return {
        "n": len(actual),
        "predicted": float(np.median(predicted)),
        "actual": median,
        "foretold": float(np.mean(is_foretold)),
        "r2": correlate_logs(predicted[is_foretold], actual[is_foretold]),
        "off": float(np.median(np.abs(np.log(ratios)))),
    }


def list_sources(networks: Networks) -> dict[str, Array]:
    """Return weights with codes of three kinds: those of the start, final ones, and squares."""
    encoder, _ = list_connections(networks.protocol)
    return {
        "first": networks.start,
        "final": put_half(networks.start, networks.other_final, encoder),
        "corners": given.put_by_hand(networks, given.CORNERS),
    }


def read_at_gaps(networks: Networks, weights: Array, sample: Sample) -> Model:
    """Return how the time of a decoder alone goes with the gap of codes that are scaled to it.

    ``power`` is the exponent of the gap, -2 in the law; ``ratio`` the median of predicted over
    measured updates.
    """
    from scipy import stats  # which takes long to import

    protocol = networks.protocol
    generator = np.random.Generator(np.random.Philox(key=GAP_SEED))
    low, high = np.log(GAPS).tolist()
    gaps = np.exp(generator.uniform(low, high, len(weights)))
    scaled, is_possible = given.scale_to_gap(protocol, weights, gaps)
    cap = round(BUDGET / protocol.learning_rate)
    updates, finished = train_decoder(protocol, scaled[is_possible], cap, sample)
    log_gaps = np.log(gaps[is_possible][finished])
    log_updates = np.log(updates[finished])
    line = stats.linregress(log_gaps, log_updates)
    predicted = np.log(law.predict_reading(1.0, protocol)) - 2.0 * log_gaps
    return {
        "power": float(line.slope),
        "r2": float(line.rvalue**2),
        "ratio": float(np.exp(np.median(predicted - log_updates))),
    }
