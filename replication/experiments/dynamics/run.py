"""Why some networks are slow, why some fail, and what the learning rate does."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.dynamics import alignment, biases, failures
from replication.experiments.instruments import studies
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    CROSS_ENTROPY,
    FROZEN_BIASES,
    Sample,
    find_p99,
    name_estimate,
    name_mean,
)
from replication.paper.claims import load_reported
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_proportion

# Networks of each part, as multiples of all.
TAIL_SHARE = 100  # whose tail is compared
PARTS_SHARE = 2  # whose hidden biases learn a part of equation 4
RATES_SHARE = 10  # at each lower learning rate of U
KINDS_SHARE = 0.2  # of each of `KINDS`
ALIGNED_SHARE = 0.2  # that are followed to their alignment
RARE_SHARE = 500  # with fixed hidden biases; about one in a million fails

LATER = 20_000  # updates in all of networks that go on after they fail at the cap
TIMES = (10, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, LATER)
CAPS = (500, LATER)  # in a mean, a network that takes longer counts as this many updates
SEARCHED_RATES = (8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 28.0, 32.0, 36.0)
KINDS: Mapping[str, tuple[Protocol, Sequence[float]]] = {
    "16-4-16": (Protocol(group_sizes=(16, 4)), SEARCHED_RATES[:7]),
    "8-3-8": (Protocol(group_sizes=(8, 3)), SEARCHED_RATES[1:8]),
    "4-2-4": (PAPER, SEARCHED_RATES),
    "slow": (PAPER, (2.0,)),
    "cross-entropy": (Protocol(**CROSS_ENTROPY), (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)),
}
"""Networks and rules, the longest first, and the rates among which the best is searched."""


def run(sample: Sample) -> Model:
    """Return the model: ``main``, and ``rare``, the failures with fixed biases among many more."""
    sample.report_progress("networks that are slow, and that fail")
    return {"main": examine(sample), "rare": count_rare(sample.take(RARE_SHARE))}


def examine(sample: Sample) -> Model:
    """Return the part ``main`` of the model."""
    tails, failed = compare_tails(sample.take(TAIL_SHARE))
    followed = sample.take(ALIGNED_SHARE, least=8)
    longest = int(load_reported().max)
    for_parts = sample.take(PARTS_SHARE)
    return {
        "tails": tails,
        "failures": failures.describe_failures(PAPER, failed),
        "parts": biases.compare_choices(biases.DOSES, for_parts, cap=PAPER.max_updates),
        "choices": biases.compare_choices(biases.CHOICES, sample, cap=longest),
        "following": biases.measure_following(PAPER, followed.draw(PAPER)),
        "kinds": compare_kinds(sample.take(KINDS_SHARE, least=8)),
        **failures.compare_rates(sample.take(RATES_SHARE)),
        "alignment": alignment.compare_alignment(followed),
    }


def compare_tails(sample: Sample) -> tuple[Model, Array]:
    """Return how long networks take with hidden biases that learn, and with fixed ones.

    ``survival`` is the share that still learns after each of ``times``. ``means`` are mean updates,
    by the cap of `CAPS` as which failures count. ``p`` is that of the paper's numbers in a
    population of such networks. With the model comes an array: the final weights of the networks
    that fail with biases that learn.
    """
    weights = sample.draw(PAPER)
    model: Model = {"n": sample.n, "times": list(TIMES)}
    failed = {}
    for name, frozen in FROZEN_BIASES.items():
        updates, converged, final = sample.train(Protocol(frozen=frozen), weights)
        counts = CountTable.from_outcomes(updates, converged, PAPER.max_updates)
        failed[name] = final[~converged]
        model[name] = {
            "n_failed": len(failed[name]),
            "p99": find_p99(updates),
            **name_mean(updates),
            "p": studies.find_p(counts),
        }
        # Networks that failed at the cap go on learning from there.
        longer = Protocol(frozen=frozen, max_updates=LATER - PAPER.max_updates)
        more, has_learnt, _ = sample.train(longer, failed[name])
        # One more than `LATER` for those that never learn, so that they are in all of `TIMES`.
        updates[~converged] += more + ~has_learnt
        model[name] |= {
            "survival": [float(np.mean(updates > t)) for t in TIMES],
            # Sums of whole numbers are exact in any order, and so are these means.
            "means": {t: float(np.minimum(updates, t).mean()) for t in CAPS},
        }
    return model, failed["learnt"]


def count_rare(sample: Sample) -> Model:
    """Return how many networks with fixed hidden biases fail, and their share."""
    counts = studies.count_networks(Protocol(frozen=FROZEN_BIASES["fixed"]), sample)
    n_failed = counts.n - counts.n_converged
    share = estimate_proportion(n_failed, counts.n)
    return {"n": counts.n, "n_failed": n_failed} | name_estimate("share", share)


def compare_kinds(sample: Sample) -> Model:
    """Return how fast each of `KINDS` learns at its best rate, with learning and fixed biases."""
    alone = sample.alone

    def learn(task: tuple[str, str]) -> Model:
        """Return the best rate of a kind of network with biases of `FROZEN_BIASES`, and times."""
        kind, biases_name = task
        base, rates = KINDS[kind]
        base = dataclasses.replace(base, frozen=FROZEN_BIASES[biases_name])
        # The search takes half as many networks, of other seeds.
        best = alone.take(0.5).find_best(base, {"learning_rate": rates})
        updates = alone.simulate(best).updates
        return {
            "learning_rate": best.learning_rate,
            "median": float(np.median(updates)),
            "p99": find_p99(updates),
        }

    rows = sample.map(learn, itertools.product(KINDS, FROZEN_BIASES))
    compared: Model = {}
    for kind in KINDS:
        compared[kind] = {name: rows[kind, name] for name in FROZEN_BIASES}
    return compared
