"""The law compared with networks: with the time of each, and with codes of given gaps.

The law (`law.py`) says how long a decoder takes to read codes. In a fixed gap that time is
proportional to ``1 / gap^2``.
"""

import numpy as np

from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import given
from replication.experiments.mechanism.networks import (
    Networks,
    correlate_logs,
    predict_from_gaps,
    put_half,
    train_decoder,
)
from replication.experiments.mechanism.waiting import BUDGET
from replication.simulator.rule.weights import list_connections

LONGEST = 4.0  # for how long gaps are recorded, as a multiple of the median of updates
GAPS = (0.06, 0.4)  # from the smallest to the largest gap to which codes are scaled
GAP_SEED = 2015  # of the gaps drawn between these


def check_law(networks: Networks, sample: Sample) -> Model:
    """Return how well the law foretells networks, and how a decoder's time depends on the gap.

    The first is what `foretell` returns; ``sources`` has what `read_at_gaps` returns for each of
    `list_sources`.
    """
    sources = {}
    for name, weights in list_sources(networks).items():
        sources[name] = read_at_gaps(networks, weights, sample)
    return {**foretell(networks), "sources": sources}


def foretell(networks: Networks) -> Model:
    """Return what the law says of each network from its recorded gaps, beside what it needs.

    ``predicted`` and ``actual`` are median updates. ``foretold`` is the share of networks that
    learn within the recorded time by the law. For these networks, ``r2`` is the squared correlation
    of the logarithms of predicted and actual updates, and ``off`` the median absolute logarithm of
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
    """Return weights with three kinds of codes: initial ones, final ones of others, and squares."""
    encoder, _ = list_connections(networks.protocol)
    return {
        "first": networks.start,
        "final": put_half(networks.start, networks.other_final, encoder),
        "corners": given.put_by_hand(networks, given.CORNERS),
    }


def read_at_gaps(networks: Networks, weights: Array, sample: Sample) -> Model:
    """Return how the time of a decoder that learns alone depends on the gap of its codes.

    Each network's codes are scaled to a gap that is drawn from the range `GAPS`, evenly in the
    logarithm. ``power`` is the exponent of the gap, -2 in the law; ``ratio`` is the median of
    predicted over measured updates.
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
    # By the law, the time at a gap of 1 divided by gap^2.
    log_predicted = np.log(law.predict_reading(1.0, law.find_speed(protocol))) - 2.0 * log_gaps
    return {
        "power": float(line.slope),
        "r2": float(line.rvalue**2),
        "ratio": float(np.exp(np.median(log_predicted - log_updates))),
    }
