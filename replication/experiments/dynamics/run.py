"""Why some networks are slow, why some fail, and what the learning rate does.

Everything is done twice, on networks of two root seeds; the second time with fewer.
"""

import dataclasses

from replication.definition.claims import load_reported
from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.dynamics import biases, corners, following, offsets
from replication.experiments.sample import Sample

ROOT_SEED = 2013
AGAIN = 200  # added to the root seed for the second time
N_NETWORKS = 10_000
AGAIN_SHARE = 0.3
TAIL_SHARE, PARTS_SHARE, RATES_SHARE, KINDS_SHARE, ALIGNED_SHARE = (
    100, 2, 10, 0.2, 0.2,
)  # fmt: skip
"""Networks whose tail is compared, whose hidden biases learn in part, at each lower rate, of each
kind, and that are followed to their alignment, as multiples of all."""


def run(sample: Sample) -> Model:
    """Return the model: ``main``, and in ``again`` the same from other networks."""
    again = dataclasses.replace(sample, root_seed=sample.root_seed + AGAIN)
    return {
        "main": run_once(sample),
        "again": run_once(again.take(AGAIN_SHARE, least=8)),
    }


def run_once(sample: Sample) -> Model:
    """Return all parts for the networks of one root seed."""
    longest = int(load_reported().max)
    sample.report_progress("the tail with and without learning hidden biases")
    tails, failed = biases.compare_tails(sample.take(TAIL_SHARE))
    sample.report_progress("hidden biases that follow the outputs late, or in part")
    followed, many = sample.take(ALIGNED_SHARE, least=8), sample.take(PARTS_SHARE)
    model: Model = {
        "tails": tails,
        "choices": following.compare_choices(following.CHOICES, sample, cap=longest),
        "parts": following.compare_choices(following.DOSES, many, cap=PAPER.max_updates),
        "following": following.measure_following(PAPER, followed.draw(PAPER)),
    }
    sample.report_progress("the same for other networks and rules")
    model["kinds"] = biases.compare_kinds(sample.take(KINDS_SHARE, least=8))
    sample.report_progress("networks that fail")
    model["failures"] = corners.describe_failures(PAPER, failed)
    model |= corners.compare_rates(sample.take(RATES_SHARE))
    sample.report_progress("the critical rate")
    model["alignment"] = offsets.compare_alignment(followed)
    return model
