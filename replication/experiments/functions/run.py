"""Hidden units with other activation functions, each at its own best learning rate."""

from __future__ import annotations

import dataclasses
from typing import Any

from replication.claims import load_claims
from replication.experiments.judging import judge, supports_if
from replication.experiments.measures import describe_speed
from replication.experiments.search import simulate_best
from replication.fields import CHOICES
from replication.progress import Tell, silent
from replication.protocol import PAPER

ROOT_SEED = 2006
N_NETWORKS = 20_000
SEARCH_SHARE = 0.05
"""Networks at each rate of the search, as a share of all."""
FUNCTIONS = CHOICES["hidden_function"]
RATES = (6.0, 8.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 22.0, 25.0)


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Find the best learning rate for each hidden function, and measure how many converge.

    Returns
    -------
    dict
        ``claims`` (other-functions), ``functions`` by name (as `describe_speed`, with the
        ``search``).
    """
    n_search = max(2, round(SEARCH_SHARE * n_networks))
    functions = {}
    for name in FUNCTIONS:
        tell(f"hidden function {name}")
        search, outcomes = simulate_best(
            dataclasses.replace(PAPER, hidden_function=name), {"learning_rate": RATES},
            n_search=n_search, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip
        functions[name] = describe_speed(outcomes, search.best) | {"search": search.to_plain()}
    return {
        "n_networks": n_networks,
        "max_updates": PAPER.max_updates,
        "functions": functions,
        "claims": {"other-functions": judge_functions(functions)},
    }


def judge_functions(functions: dict[str, Any]) -> dict[str, Any]:
    """Judge whether other hidden functions serve as well.

    Parameters
    ----------
    functions : dict
        What `describe_speed` returned, by hidden function; the paper's does not count.
    """
    claim = load_claims()["other-functions"]
    min_share = claim.thresholds["min_share"]
    lows = {
        name: entry["converged"]["share_interval"][0]
        for name, entry in functions.items()
        if name != PAPER.hidden_function
    }
    serving = [name for name, low in lows.items() if low >= min_share]
    return {
        **judge(claim, {"three": supports_if(len(serving) == len(lows), min(lows.values()))}),
        "serving": serving,
        "n_tried": len(lows),
        "lowest": min(lows.values()),
    }
