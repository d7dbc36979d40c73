"""From stored outcomes to the results model of a multiverse, and its table."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from replication.analysis.compatible import read_reported_mean
from replication.analysis.multiverse import summarise_multiverse
from replication.analysis.multiverse_shares import Setting
from replication.claims import load_claims
from replication.errors import UsageError
from replication.multiverse.readings import Readings, describe_readings, make_paper_grid
from replication.multiverse.simulation import read_outcomes
from replication.progress import Progress
from replication.store import Store

MAX_NETWORKS = 200_000_000
"""Outcomes of all readings are held in memory at once, four bytes each."""


def check_size(readings: Readings, n_seeds: int) -> None:
    """Refuse a multiverse whose outcomes do not fit into memory.

    Raises
    ------
    UsageError
        If there are more than `MAX_NETWORKS` networks.
    """
    if len(readings.protocols) * n_seeds > MAX_NETWORKS:
        raise UsageError(
            f"{len(readings.protocols)} readings of {n_seeds:,} networks each were asked for; "
            f"allowed are {MAX_NETWORKS:,} networks in all; give fewer --seeds or readings"
        )


def analyse_multiverse(
    store: Store, readings: Readings, root_seed: int, n_seeds: int, *, show_progress: bool = True
) -> dict[str, Any]:
    """Return the results model of a multiverse that is in the store.

    Parameters
    ----------
    store : Store
    readings : Readings
    root_seed, n_seeds : int
    show_progress : bool
        Whether progress appears on standard error.

    Returns
    -------
    dict
        Plain JSON values, see `replication.analysis.multiverse`, and ``name``,
        ``id``, ``root_seed``, ``is_paired``, ``is_paper`` (whether these are the
        512 readings of the paper), ``protocol_ids``.

    Raises
    ------
    DataError
        If a block is damaged, or a seed is not stored.
    UsageError
        If there are too many outcomes for the memory, or too few seeds.
    """
    check_size(readings, n_seeds)
    claim = load_claims()["mean-48"]
    setting = Setting(
        choices=describe_readings(readings),
        levels=readings.levels,
        caps=[protocol.max_updates for protocol in readings.protocols],
        base=readings.base,
        is_grid=readings.is_grid,
        reported=read_reported_mean(str(claim.reported)),
        margin_percent=float(claim.thresholds["margin_percent"]),
        min_n_star=int(claim.thresholds["min_n_star"]),
        restart_after=int(claim.thresholds["restart_after"]),
    )
    outcomes = read_outcomes(store, readings.protocols, root_seed, stop=n_seeds)
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(outcomes.size)) if show_progress else None
        model = summarise_multiverse(
            outcomes,
            setting,
            advance=progress.advance if progress is not None else lambda _: None,
        )
    return model | {
        "name": readings.name,
        "id": readings.id,
        "root_seed": root_seed,
        "is_paired": readings.is_paired,
        "is_paper": readings.id == make_paper_grid().id,
        "protocol_ids": [protocol.id for protocol in readings.protocols],
    }


def tabulate_readings(model: dict[str, Any]) -> tuple[dict[str, Sequence[Any]], dict[str, str]]:
    """Return the table of readings as columns, and what each column means.

    Parameters
    ----------
    model : dict
        From `analyse_multiverse`.

    Returns
    -------
    columns : dict of str to sequence
        One entry a reading; None where a number is undefined.
    meanings : dict of str to str
    """
    n_readings = model["n_readings"]
    columns: dict[str, Sequence[Any]] = {
        "reading": list(range(n_readings)),
        "protocol_id": model["protocol_ids"],
    }
    meanings = {
        "reading": "number of the reading, from 0",
        "protocol_id": "key of its protocol in the store",
    }
    for i, choice in enumerate(model["choices"]):
        field = choice["field"]
        columns[field] = [choice["values"][row[i]] for row in model["levels"]]
        meanings[field] = "field of the protocol, a choice that the paper leaves open"
    columns |= {name: model["readings"][name] for name in model["columns"]}
    return columns, meanings | model["columns"]
