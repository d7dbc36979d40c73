"""Models of studies that no simulation is needed for, and of a small real one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.explorer import make_explorer
from replication.analysis.rounding import compare_roundings
from replication.analysis.summary import summarise_study
from replication.claims import load_claims
from replication.protocol import PAPER, as_plain
from replication.simulator.gallery import collect_traces

Models = dict[str, Any]


@pytest.fixture(scope="session")
def traces() -> Models:
    return collect_traces(PAPER, 7, n_networks=12)


@pytest.fixture(scope="session")
def make_models(traces: Models) -> Callable[..., Models]:
    def make(table: CountTable, *, tail: CountTable | None = None, n_others: int = 2) -> Models:
        claim = load_claims()["mean-48"]
        study = {
            "protocol": as_plain(PAPER),
            "protocol_id": PAPER.id,
            "differences": {},
            "root_seed": 7,
            "digest": "0" * 64,
        }
        updates = np.repeat(table.updates, table.counts)[:1000].astype(np.int32)
        same = updates, np.ones(updates.size, dtype=bool)
        return {
            "summary": summarise_study(
                table,
                claim,
                study=study,
                tail=tail,
                repetitions={8 + i: table for i in range(n_others)},
            ),
            "explorer": make_explorer(table, claim, n_points=5),
            "traces": traces,
            "rounding": compare_roundings(same, same) if updates.size else None,
            "provenance": {
                "digest": "0" * 64,
                "outcome_version": 1,
                "versions": {"numpy": "2.0.0"},
                "command": "replication replicate --seeds 100 --root-seed 7",
            },
        }

    return make


@pytest.fixture(scope="session")
def skewed() -> CountTable:
    """A population like that of the paper's network: skewed, a few never converge."""
    generator = np.random.Generator(np.random.Philox(key=1988))
    updates = (15 + generator.lognormal(3.1, 0.8, size=20_000)).astype(np.int32)
    converged = np.arange(updates.size) >= 20
    return CountTable.from_outcomes(np.where(converged, updates, 2000), converged, 2000)


@pytest.fixture(scope="session")
def models(make_models: Callable[..., Models], skewed: CountTable) -> Models:
    late = np.array([2500, 30_000])
    tail = CountTable(late, np.array([1, 1]), skewed.n_censored - 2, 100_000)
    return make_models(skewed, tail=tail)
