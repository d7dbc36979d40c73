"""Four random points in a square: the columns of W at the start, and what they predict."""

import dataclasses

import numpy as np
from scipy import stats

from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.matrices import get_w
from replication.experiments.points import measure_convexity
from replication.experiments.sample import Sample, estimate_share, name_median
from replication.simulator.ensemble import simulate_weights

SORTED = 20  # times as many networks give the share in convex position
NAMED_RATES = {"paper": PAPER.learning_rate, "slow": 2.0}


def compare_positions(sample: Sample) -> Model:
    """Return how networks fare by whether the columns of W start in convex position."""
    n, weights = sample.n, sample.take(SORTED).draw(PAPER)
    margin = measure_convexity(np.swapaxes(get_w(PAPER, weights), 1, 2))
    found: Model = {"convex": estimate_share(margin > 0.0)}
    weights, margin = weights[:n], margin[:n]
    groups = {"convex": margin > 0.0, "enclosed": margin <= 0.0}
    for way, rate in NAMED_RATES.items():
        protocol = dataclasses.replace(PAPER, learning_rate=rate)
        updates, converged, _ = simulate_weights(protocol, weights, jobs=sample.jobs)
        # Spearman's correlation with Fisher's interval.
        ranks = stats.pearsonr(stats.rankdata(margin), stats.rankdata(updates))
        found[way] = {
            name: name_median(updates[chosen]) | {"converged": estimate_share(converged[chosen])}
            for name, chosen in groups.items()
        } | {"rank": ranks.statistic, "rank_interval": [*ranks.confidence_interval(0.95)]}
    return found
