"""The map: how learning depends on its settings, around those of the paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from replication.analysis.settings_map import Curve, Map, find_best_cells, summarise_map
from replication.claims import load_claims
from replication.multiverse.simulation import read_outcomes, simulate_protocols
from replication.protocol import PAPER, Protocol, from_plain
from replication.store import Store

LEARNING_RATES = tuple(float(rate) for rate in range(1, 41))
REGRESSIONS = tuple(round(0.05 * step, 2) for step in range(20))
HALF_WIDTHS = (
    0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0,
)  # fmt: skip
SCHEDULES = ("batch", "per-pattern")
CURVES: dict[str, tuple[float, ...]] = {
    "learning_rate": LEARNING_RATES,
    "half_width": HALF_WIDTHS,
}
N_FRESH = 10
"""The best point and the paper's are compared again on so many times as many fresh networks."""


def list_grid() -> list[Protocol]:
    """Return the protocols of the map, the regression running fastest."""
    return [
        dataclasses.replace(PAPER, learning_rate=rate, regression=regression)
        for rate in LEARNING_RATES
        for regression in REGRESSIONS
    ]


def list_curve(field: str, schedule: str) -> list[Protocol]:
    """Return the protocols of a curve."""
    base = dataclasses.replace(PAPER, update_schedule=schedule)
    return [from_plain({field: value}, base=base) for value in CURVES[field]]


def build_map(
    store: Store,
    root_seed: int,
    n_seeds: int,
    *,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    show_progress: bool = True,
) -> dict[str, Any]:
    """Simulate what is missing of the map and return its results model.

    Parameters
    ----------
    store : Store
    root_seed : int
    n_seeds : int
        Networks a cell.
    jobs, backend, scheduler
        As in `replication.study.simulate_study`.
    show_progress : bool

    Returns
    -------
    dict
        Plain JSON values, see `replication.analysis.settings_map`.

    Raises
    ------
    BusyError, DataError, StorageError, WorkerError, Interrupted
        As `replication.study.simulate_study`.
    """

    def read(protocols: Sequence[Protocol], start: int, stop: int) -> Any:
        simulate_protocols(
            store, protocols, root_seed, stop,
            jobs=jobs, backend=backend, scheduler=scheduler, show_progress=show_progress,
        )  # fmt: skip
        return read_outcomes(store, protocols, root_seed, start=start, stop=stop)

    grid = list_grid()
    outcomes = Map(
        learning_rates=LEARNING_RATES,
        regressions=REGRESSIONS,
        outcomes=read(grid, 0, n_seeds),
        cap=PAPER.max_updates,
        restart_after=int(load_claims()["mean-48"].thresholds["restart_after"]),
        paper=grid.index(PAPER),
    )
    curves = [
        Curve(field, schedule, CURVES[field], read(list_curve(field, schedule), 0, n_seeds))
        for field in CURVES
        for schedule in SCHEDULES
    ]
    best = find_best_cells(outcomes)
    compared = sorted({outcomes.paper, *best.values()})
    fresh = read([grid[cell] for cell in compared], n_seeds, (1 + N_FRESH) * n_seeds)
    model = summarise_map(
        outcomes, curves, best=best, fresh=dict(zip(compared, fresh, strict=True))
    )
    return model | {"root_seed": root_seed, "n_seeds": n_seeds}
