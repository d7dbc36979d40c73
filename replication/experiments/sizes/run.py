"""Networks of other sizes, and loops with two hidden groups in series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.claims import load_claims
from replication.experiments.judging import judge, supports_above
from replication.experiments.measures import describe_speed
from replication.experiments.search import simulate_best
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import simulate

ROOT_SEED = 2011
N_NETWORKS = 2_000
SEARCH_SHARE = 0.1
"""Networks at each setting of a search, as a share of all."""
ENCODERS = ((4, 3), (5, 2), (8, 3), (16, 4))
LOOPS = ((4, 2, 2), (4, 3, 3))
JUDGED = (4, 3, 3)
"""The loop that the verdict is about."""
ENCODER_GRID = {"learning_rate": (4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 28.0)}
LOOP_GRID = {
    "learning_rate": (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0),
    "regression": (0.0, 0.1, 0.25, 0.5, 0.75),
}
"""Each further group takes a factor 1 - regression, so longer loops want less of it."""


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Run other group sizes at the paper's settings and at the best of a small search.

    Returns
    -------
    dict
        ``claims`` (loops) and ``networks``, a list: ``name``, ``n_hidden_groups``, at
        ``paper`` and ``best`` settings what `describe_speed` returns, and the ``search``.
    """
    networks = []
    for sizes in (*ENCODERS, *LOOPS):
        name = "-".join(map(str, (*sizes, sizes[0])))
        tell(f"networks of the sizes {name}")
        base = Protocol(group_sizes=sizes)
        search, outcomes = simulate_best(
            base, LOOP_GRID if sizes in LOOPS else ENCODER_GRID,
            n_search=max(2, round(SEARCH_SHARE * n_networks)), n_networks=n_networks,
            root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip
        at_paper = simulate(base, n_seeds=n_networks, root_seed=ROOT_SEED, jobs=jobs)
        networks.append(
            {
                "name": name,
                "n_hidden_groups": len(sizes) - 1,
                "is_judged": sizes == JUDGED,
                "paper": describe_speed(at_paper, base),
                "best": describe_speed(outcomes, search.best),
                "search": search.to_plain(),
            }
        )
    judged = next(network for network in networks if network["is_judged"])
    return {
        "n_networks": n_networks,
        "max_updates": PAPER.max_updates,
        "networks": networks,
        "claims": {"loops": judge_loops(judged)},
    }


def judge_loops(network: Mapping[str, Any]) -> dict[str, Any]:
    """Judge whether loops with several hidden groups learn.

    Parameters
    ----------
    network : mapping
        The entry of the loop that is judged.
    """
    best = network["best"]
    claim, converged = load_claims()["loops"], best["converged"]
    result = supports_above(
        converged["share"], converged["share_interval"], claim.thresholds["min_share"]
    )
    return {
        **judge(claim, {"converge": result}),
        "name": network["name"],
        **best["converged"],
        "learning_rate": best["learning_rate"],
        "regression": best["regression"],
        "median": best["median"],
        "at_paper": network["paper"]["converged"],
    }
