"""Why some networks are slow, why some fail, and what the learning rate does.

Everything is done twice, on networks of two root seeds; the second time with fewer.
"""

from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.dynamics import biases, corners, following, offsets, square
from replication.simulator.weights import draw_weights
from replication.system.progress import Tell

ROOT_SEED = 2013
AGAIN = 200  # added to the root seed for the second time
N_NETWORKS = 10_000
AGAIN_SHARE = 0.3
TAIL_SHARE, PARTS_SHARE, RATES_SHARE, KINDS_SHARE, MAP_SHARE, ALIGNED_SHARE, SQUARE_SHARE = (
    100, 2, 10, 0.2, 0.03, 0.2, 2,
)  # fmt: skip
"""Networks whose tail is compared, whose hidden biases learn in part, at each lower rate, of each
kind, in each cell of the map, that are followed to their alignment, and sorted by their initial
codes, as multiples of all."""


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model: ``main``, and in ``again`` the same from other networks."""
    parts = {
        "main": (ROOT_SEED, n_networks),
        "again": (ROOT_SEED + AGAIN, max(8, round(AGAIN_SHARE * n_networks))),
    }
    return {
        name: run_once(n, root_seed=root_seed, jobs=jobs, report_progress=report_progress)
        for name, (root_seed, n) in parts.items()
    }


def run_once(n: int, *, root_seed: int, jobs: int, report_progress: Tell) -> Model:
    """Return all parts for the networks of one root seed."""

    def count(share: float) -> int:
        return max(8, round(share * n))

    report_progress("the tail with and without learning hidden biases")
    tails, failed = biases.compare_tails(count(TAIL_SHARE), root_seed=root_seed, jobs=jobs)
    report_progress("hidden biases that follow the outputs late, or in part")
    model: Model = {
        "tails": tails,
        "choices": following.compare_choices(n, root_seed=root_seed, jobs=jobs),
        "parts": following.compare_parts(count(PARTS_SHARE), root_seed=root_seed, jobs=jobs),
        "following": following.measure_following(
            PAPER, draw_weights(PAPER, root_seed, 0, count(ALIGNED_SHARE))
        ),
    }
    report_progress("the same for other networks, rules and settings")
    model["kinds"] = biases.compare_kinds(count(KINDS_SHARE), root_seed=root_seed, jobs=jobs)
    model["map"] = biases.map_settings(count(MAP_SHARE), root_seed=root_seed, jobs=jobs)
    report_progress("networks that fail")
    model["failures"] = corners.describe_failures(PAPER, failed)
    model |= corners.compare_rates(count(RATES_SHARE), root_seed=root_seed, jobs=jobs)
    model["release"] = corners.release(failed, jobs=jobs)
    report_progress("the critical rate")
    model["alignment"] = offsets.compare_alignment(
        count(ALIGNED_SHARE), root_seed=root_seed, jobs=jobs
    )
    report_progress("four points in a square")
    model["square"] = square.compare_positions(count(SQUARE_SHARE), root_seed=root_seed, jobs=jobs)
    return model
