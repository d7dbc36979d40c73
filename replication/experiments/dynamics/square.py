"""Four random points in a square: the columns of W at the start, and what they predict."""

import dataclasses
import itertools

import numpy as np
from scipy import stats

from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.matrices import Array, get_w
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import estimate_median

SORTED = 20  # times as many networks of which the share in convex position is taken
RATES = {"paper": PAPER.learning_rate, "slow": 2.0}


def compare_positions(n: int, *, root_seed: int, jobs: int) -> Model:
    """Return how networks fare by whether the columns of W start in convex position."""
    weights = draw_weights(PAPER, root_seed, 0, SORTED * n)
    margin = measure_convexity(np.swapaxes(get_w(PAPER, weights), 1, 2))
    found: Model = {"convex": estimate_share(margin > 0.0)}
    weights, margin = weights[:n], margin[:n]
    groups = {"convex": margin > 0.0, "enclosed": margin <= 0.0}
    for way, rate in RATES.items():
        protocol = dataclasses.replace(PAPER, learning_rate=rate)
        updates, converged, _ = simulate_weights(protocol, weights, jobs=jobs)
        # Spearman's correlation with Fisher's interval.
        ranks = stats.pearsonr(stats.rankdata(margin), stats.rankdata(updates))
        found[way] = {
            name: name_estimate("median", estimate_median(updates[chosen]))
            | {"converged": estimate_share(converged[chosen])}
            for name, chosen in groups.items()
        } | {
            "rank": float(ranks.statistic),
            "rank_interval": list(map(float, ranks.confidence_interval(0.95))),
        }
    return found


def measure_convexity(codes: Array) -> Array:
    """Return the smallest area of a triangle of three points, negative if one is enclosed.

    `codes` are (n, 4, 2).

    The directed areas of the four triangles are, but for two signs, the factors of an affine
    relation between the codes. Two against two are positive where all codes are corners, and one
    against three where that one lies within: the signs of the areas multiply to +1 or to -1.
    """
    areas = []
    for triangle in itertools.combinations(range(4), 3):
        a, b, c = (codes[:, each] for each in triangle)
        along, to = b - a, c - a
        areas.append((along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) / 2.0)
    return np.asarray(np.abs(areas).min(axis=0) * np.prod(np.sign(areas), axis=0))
