"""What changes while networks wait, and what a decoder alone could do with it.

The gap of a code is its distance from the hull of the other codes. The law foretells the time of a
decoder from the smallest gap (`law.py`).
"""

import numpy as np
from scipy.spatial.distance import pdist
from scipy.special import expit

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, law
from replication.experiments.instruments.matrices import (
    Array,
    align_matrices,
    compute_cosines,
    get_w,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, estimate_share
from replication.experiments.mechanism.networks import (
    Networks,
    correlate_ranks,
    find_codes,
    measure_smallest_gap,
    pick_states,
    train_decoder,
)
from replication.simulator.rule.weights import make_patterns, split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights

BUDGET = 40_000.0  # learning rate times the updates that a decoder alone gets
MOMENTS = {"start": 0.0, "aligned": None, "half": 0.5, "late": 0.9, "learnt": 1.0}
"""When W and b are frozen: a share of each network's updates, or None: when U is aligned."""
PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of updates at which W's change is measured
# Learning rate times updates:
FOLLOWED = 1_200.0  # for which the curves follow networks
CURVE_STEP = 20.0  # from one point of a curve to the next
LATER = 400.0  # after which the rest of the time is foretold
EARLY = 100.0  # in which the first growth is measured


def describe_growth(networks: Networks) -> Model:
    """Return how the smallest gap grows at first, and whether W follows what reconstructions lack.

    Returns
    -------
    dict
        ``first_gap``, ``last_gap`` : medians at the start and at the end; ``first_reading`` and
        ``last_reading`` are the updates that a decoder alone would need at such a gap.

        ``growth``, ``first_growth`` : the factor by which the gap grows in an update, on average
        over the first updates, and in the very first one. Both are medians over the networks in
        which no code lies inside the hull of the others (their share is ``convex``).
        ``predicted`` is the factor by the algebra.

        ``lacking`` : median over networks of `measure_lacking`, at each of `PARTS`.
    """
    protocol = networks.protocol
    n_early = round(EARLY / protocol.learning_rate)
    early = record_weights(protocol, networks.start, range(n_early + 1))
    gaps = measure_smallest_gap(protocol, early)
    convex = gaps[gaps[:, 0] > 0.0]
    lacking = []
    for part in PARTS:
        states = pick_states(networks, np.floor(part * networks.updates).astype(np.int64))
        lacking.append(float(np.median(measure_lacking(protocol, states))))
    first_gap = float(np.median(gaps[:, 0]))
    last_gap = float(np.median(measure_smallest_gap(protocol, networks.final)))
    return {
        "first_gap": first_gap,
        "last_gap": last_gap,
        "first_reading": law.predict_reading(first_gap, law.find_speed(protocol)),
        "last_reading": law.predict_reading(last_gap, law.find_speed(protocol)),
        "convex": estimate_share(gaps[:, 0] > 0.0),
        "predicted": 1.0 + agreement.predict_growth(protocol),
        "first_growth": float(np.median(convex[:, 1] / convex[:, 0])),
        "growth": float(np.median((convex[:, -1] / convex[:, 0]) ** (1.0 / n_early))),
        "n_early": n_early,
        "lacking": lacking,
    }


def measure_lacking(protocol: Protocol, weights: Array) -> Array:
    """Return the cosine between h(1) - h(3) and s W (v(0) - r), over patterns and units, (n,).

    The first sets the change of W. The second is what the reconstruction r lacks, as hidden units
    see it through W; s are their slopes in the first pass.
    """
    W, b = split_weights(protocol, weights)[0]
    patterns = make_patterns(protocol)
    keep = protocol.regression
    measured = evaluate_networks(protocol, weights)
    first = measured.hidden[0]
    reconstruction = measured.reconstruction
    # The second pass, equations 5 and 6.
    transposed = W.swapaxes(-1, -2)
    second_vectors = keep * patterns + (1.0 - keep) * reconstruction
    second = expit(second_vectors @ transposed + b[:, np.newaxis])
    difference = (1.0 - keep) * (first - second)  # h(1) - h(3)
    slopes = first * (1.0 - first)
    lacked = slopes * ((patterns - reconstruction) @ transposed)
    n = len(weights)
    return compute_cosines(difference.reshape(n, -1), lacked.reshape(n, -1))


def freeze_encoders(networks: Networks, sample: Sample) -> Model:
    """Return which share of networks a decoder alone finishes, with encoders frozen at moments.

    The encoder is frozen at one of `MOMENTS`, and the decoder has ``BUDGET / learning_rate``
    updates. ``finished`` is the share of networks that meet the criterion; ``predicted`` is the
    share whose smallest gap is large enough for that by the law. ``at_paper_rate`` is the share if
    the decoder learns at the paper's rate, whatever the rate of the encoder was.
    """
    protocol = networks.protocol
    cap = round(BUDGET / protocol.learning_rate)
    needed = law.find_needed_gap(cap, law.find_speed(protocol))
    n_early = agreement.count_early_updates(protocol.learning_rate)
    aligned = agreement.find_alignment(protocol, networks.start, n_updates=n_early)
    cap_at_paper_rate = round(BUDGET / PAPER.learning_rate)
    rows = []
    for moment, share in MOMENTS.items():
        updates = aligned if share is None else share * networks.updates
        # Networks that align late, or never, are frozen when they have learnt.
        at = np.minimum(np.ceil(updates), networks.updates).astype(np.int64)
        states = pick_states(networks, at)
        _, finished = train_decoder(protocol, states, cap, sample)
        finished_at_paper_rate = finished
        if protocol != PAPER:
            _, finished_at_paper_rate = train_decoder(PAPER, states, cap_at_paper_rate, sample)
        is_enough = measure_smallest_gap(protocol, states) >= needed
        rows.append(
            {
                "moment": moment,
                "at": float(np.median(at)),
                "finished": estimate_share(finished),
                "at_paper_rate": estimate_share(finished_at_paper_rate),
                "predicted": float(np.mean(is_enough)),
            }
        )
    return {"cap": cap, "rows": rows}


def follow_waiting(networks: Networks, sample: Sample) -> Model:
    """Return curves over updates: shares of networks that are aligned, readable, and have learnt.

    A network is ``readable`` if U and c alone would finish it within the median time of all
    networks; ``predicted`` is the share whose smallest gap is large enough for that by the law.
    ``gap_low``, ``gap`` and ``gap_high`` are the quartiles of the smallest gap. ``half`` has the
    updates after which ``aligned``, ``readable`` and ``predicted`` reach one half.
    """
    protocol = networks.protocol
    median = float(np.median(networks.updates))
    every = round(CURVE_STEP / protocol.learning_rate)
    n_updates = round(FOLLOWED / protocol.learning_rate)
    recorded = record_weights(protocol, networks.start, range(0, n_updates + 1, every))
    needed = law.find_needed_gap(median, law.find_speed(protocol))
    points = []
    for moment in range(recorded.shape[1]):
        states = np.ascontiguousarray(recorded[:, moment])
        gaps = measure_smallest_gap(protocol, states)
        cosines = align_matrices(protocol, states, centred=True)
        _, readable = train_decoder(protocol, states, round(median), sample)
        low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75))
        points.append(
            {
                "updates": every * moment,
                "aligned": np.mean(cosines >= agreement.LEVEL),
                "readable": np.mean(readable),
                "predicted": np.mean(gaps >= needed),
                "learnt": np.mean(networks.updates <= every * moment),
                "gap": middle,
                "gap_low": low,
                "gap_high": high,
            }
        )
    curves = {name: [float(point[name]) for point in points] for name in points[0]}
    halves = {name: find_half(curves, name) for name in ("aligned", "readable", "predicted")}
    return {"median": median, "needed": needed, "half": halves, **curves}


def find_half(curves: Model, name: str) -> float:
    """Return after how many updates a share reaches a half, on a straight line between points."""
    shares = np.array(curves[name])
    k = int(np.argmax(shares >= 0.5))  # the first point at which it has
    share_before = shares[k - 1]
    share_after = shares[k]
    updates_before = curves["updates"][k - 1]
    updates_after = curves["updates"][k]
    part = (0.5 - share_before) / (share_after - share_before)  # of the step between both points
    return float(updates_before + part * (updates_after - updates_before))


def foretell_rest(networks: Networks) -> Model:
    """Return how well measures at the update ``at`` foretell how long networks still take.

    ``r2`` has the squared rank correlation of the remaining updates with each measure: the smallest
    gap, the distance of the closest codes, the number of corners with a code, the length of W, and
    the alignment. ``left`` is the share of networks that still learn.
    """
    protocol = networks.protocol
    at = round(LATER / protocol.learning_rate)
    states = train_for(protocol, networks.start, at)
    is_left = networks.updates > at
    states = states[is_left]
    rest = networks.updates[is_left] - at
    codes = find_codes(protocol, states)
    # A code lies in the corner whose units are those that are on.
    corners = [len(np.unique(each > 0.5, axis=0)) for each in codes]
    measured = {
        "gap": measure_smallest_gap(protocol, states),
        "closest": [pdist(each).min() for each in codes],
        "corners": corners,
        "length": np.linalg.norm(get_w(protocol, states), axis=(-2, -1)),
        "alignment": align_matrices(protocol, states, centred=True),
    }
    r2 = {name: correlate_ranks(values, rest) for name, values in measured.items()}
    return {"at": at, "left": float(np.mean(is_left)), "r2": r2}
