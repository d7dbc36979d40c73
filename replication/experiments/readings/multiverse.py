"""The multiverse: a set of readings, simulated on the same networks and judged one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_claims, load_reported
from replication.comparison.prediction import find_p
from replication.comparison.printed import read_printed
from replication.comparison.sampling import Masses, compute_mean_law_given_max
from replication.errors import UsageError
from replication.experiments.measures import estimate_share, name_estimate
from replication.experiments.parallel import map_in_threads
from replication.experiments.readings.sets import Readings, describe_choices
from replication.progress import Tell, silent
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.contrasts import compare_paired
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_count_mean
from replication.store.tables import write_table

MIN_NETWORKS = 40
MAX_OUTCOMES = 100_000_000
"""Outcomes of all readings are held in memory at once, five bytes each."""

COLUMNS = {
    "share": "share of the networks that converged",
    "mean": "mean updates of the converged",
    "mean_at_cap": "mean updates, failures counted at the cap",
    "chance_all_converge": "chance that all networks of a study of the reported size converge",
    "p_max": "two-sided p-value of the reported largest count, if all converge",
    "p_mean": "two-sided p-value of the reported mean, given the largest count",
    "chance_mean": "chance to print the reported mean, given the largest count",
    "p": "p-value of both numbers, 1 - (1 - smaller)^2",
    "is_compatible": "whether p and the chance that all converge do not reject the two numbers",
}
"""What is told of each reading; None where nothing converged."""


def run_multiverse(
    readings: Readings,
    *,
    n_networks: int,
    root_seed: int,
    jobs: int = -1,
    tell: Tell = silent,
) -> dict[str, Any]:
    """Simulate every reading on the same networks, in memory, and analyse them.

    Parameters
    ----------
    readings : Readings
    n_networks : int
        Networks of each reading, at least `MIN_NETWORKS`.
    root_seed : int
    jobs : int
        Threads, -1 for one a core.
    tell : callable
        Takes the name of each step.

    Returns
    -------
    dict
        Plain JSON values: ``name``, ``id``, ``root_seed``, ``n_networks``, ``n_readings``,
        ``is_paired``; ``choices`` (field, values, index of the base value), ``base``,
        ``levels`` (for each reading the index of its value of each choice), ``protocol_ids``;
        ``readings``, columns as `COLUMNS` explains; ``base_reading``, the row of the base
        reading; ``n_compatible``; and ``contrasts``, as `describe_contrasts` returns them.

    Raises
    ------
    UsageError
        If there are too few networks, or too many outcomes for the memory.
    """
    check_size(readings, n_networks)
    tell(f"{len(readings.protocols)} readings of {n_networks:,} networks")
    outcomes, converged = simulate_readings(
        readings, n_networks=n_networks, root_seed=root_seed, jobs=jobs
    )
    tell("which of them the two numbers do not reject")
    rows = [
        describe_reading(CountTable.from_outcomes(updates, flags, protocol.max_updates))
        for protocol, updates, flags in zip(readings.protocols, outcomes, converged, strict=True)
    ]
    return {
        "name": readings.name,
        "id": readings.id,
        "root_seed": root_seed,
        "n_networks": n_networks,
        "n_readings": len(rows),
        "is_paired": readings.is_paired,
        "choices": describe_choices(readings),
        "base": readings.base,
        "levels": readings.levels,
        "protocol_ids": [protocol.id for protocol in readings.protocols],
        "readings": {name: [row[name] for row in rows] for name in COLUMNS},
        "base_reading": rows[readings.base],
        "n_compatible": sum(row["is_compatible"] for row in rows),
        "contrasts": describe_contrasts(readings, outcomes, rows),
    }


def check_size(readings: Readings, n_networks: int) -> None:
    """Refuse a multiverse with too few networks, or too many for the memory.

    Raises
    ------
    UsageError
        If there are fewer than `MIN_NETWORKS` networks a reading, or more than
        `MAX_OUTCOMES` in all.
    """
    n_readings = len(readings.protocols)
    if n_networks < MIN_NETWORKS or n_readings * n_networks > MAX_OUTCOMES:
        raise UsageError(
            f"{n_readings} readings of {n_networks:,} networks were asked for; allowed are at "
            f"least {MIN_NETWORKS} networks a reading and {MAX_OUTCOMES:,} in all; give another "
            "--seeds, or fewer readings"
        )


def simulate_readings(
    readings: Readings, *, n_networks: int, root_seed: int, jobs: int = -1
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Simulate the same networks under every reading.

    Returns
    -------
    updates : int32 array, shape (n_readings, n_networks)
        A network that did not converge has its reading's cap.
    converged : bool array, shape (n_readings, n_networks)
    """
    updates = np.empty((len(readings.protocols), n_networks), dtype=np.int32)
    converged = np.empty(updates.shape, dtype=np.bool_)

    def simulate(i: int) -> None:
        protocol = readings.protocols[i]
        weights = draw_weights(protocol, root_seed, 0, n_networks)
        updates[i], converged[i], _ = simulate_weights(protocol, weights, jobs=1)

    map_in_threads(simulate, range(len(updates)), jobs=jobs)
    return updates, converged


def describe_reading(counts: CountTable) -> dict[str, Any]:
    """Return the row of a reading, with whether the two reported numbers reject it.

    Parameters
    ----------
    counts : CountTable

    Returns
    -------
    dict
        As `COLUMNS` explains; ``share_interval`` and ``mean_interval``, 95 %.
    """
    reported, rule = load_reported(), load_claims()["headline"].thresholds
    n_converged, share = counts.n_converged, counts.n_converged / counts.n
    mean_updates = estimate_count_mean(counts)
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {
        **estimate_share(n_converged, counts.n),
        "mean_at_cap": counts.mean_at_cap,
        "chance_all_converge": share**reported.runs,
        "is_compatible": False,
    }
    if n_converged == 0:
        return row
    mean, largest = read_printed(reported.mean, "mean"), read_printed(reported.max, "max")
    upper = int(counts.count_within(int(largest.value))) / n_converged
    lower = int(counts.count_within(int(largest.value) - 1)) / n_converged
    p_max = min(1.0, 2.0 * min(upper**reported.runs, 1.0 - lower**reported.runs))
    law = compute_mean_law_given_max(
        spell_out(counts), reported.runs, (mean.low, mean.high),
        largest=(largest.low, largest.high), is_seen=upper > lower,
    )  # fmt: skip
    p_mean = 0.0 if law is None else find_p(law)
    p = 1.0 - (1.0 - min(p_max, p_mean)) ** 2
    row |= {
        "mean": mean_updates.value,
        "mean_interval": mean_updates.interval,
        "p_max": p_max,
        "p_mean": p_mean,
        "chance_mean": 0.0 if law is None else float(law.inside @ law.weights),
        "p": p,
        "is_compatible": bool(
            p > rule["min_p"] and share**reported.runs >= rule["min_chance_all_converge"]
        ),
    }
    return row


def spell_out(counts: CountTable) -> Masses:
    """Return the empirical distribution of the converged, as it is: one "resample"."""
    start = int(counts.updates[0])
    mass = np.zeros((1, int(counts.updates[-1]) - start + 1))
    mass[0, counts.updates - start] = counts.counts / counts.n_converged
    return Masses(Fraction(1), start, mass)


def describe_contrasts(
    readings: Readings, outcomes: NDArray[np.int32], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the readings that differ from the base reading in one choice alone.

    Parameters
    ----------
    readings : Readings
    outcomes : int32 array, shape (n_readings, n_networks)
        Failures at the cap.
    rows : sequence of mapping
        From `describe_reading`, one a reading.

    Returns
    -------
    list of dict
        ``field`` and ``value`` of the change; ``change`` of the mean from the base reading,
        with a paired 95 % interval; and the row of the reading.
    """
    places = {tuple(levels): i for i, levels in enumerate(readings.levels)}
    base = readings.levels[readings.base]
    found = []
    for k, choice in enumerate(describe_choices(readings)):
        for level, value in enumerate(choice["values"]):
            i = places.get((*base[:k], level, *base[k + 1 :]), readings.base)
            if i != readings.base:
                change = compare_paired(outcomes[readings.base], outcomes[i]).change
                found.append(
                    {"field": choice["field"], "value": value}
                    | name_estimate("change", change)
                    | dict(rows[i])
                )
    return found


def tabulate_readings(model: Mapping[str, Any]) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Return the table of a multiverse as columns, and what each column means.

    Parameters
    ----------
    model : mapping
        From `run_multiverse`.

    Returns
    -------
    columns : dict of str to list
        One entry a reading; None where a number is undefined.
    meanings : dict of str to str
    """
    columns: dict[str, list[Any]] = {
        "reading": list(range(model["n_readings"])),
        "protocol_id": list(model["protocol_ids"]),
    }
    meanings = {
        "reading": "number of the reading, from 0",
        "protocol_id": "key of its protocol in a store",
    }
    for i, choice in enumerate(model["choices"]):
        columns[choice["field"]] = [choice["values"][row[i]] for row in model["levels"]]
        meanings[choice["field"]] = "field of the protocol"
    return columns | dict(model["readings"]), meanings | COLUMNS


def write_readings(model: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the table of a multiverse as CSV and Parquet, with a dictionary of its columns.

    Parameters
    ----------
    model : mapping
        From `run_multiverse`.
    folder : Path
        Made if it does not exist.

    Returns
    -------
    list of Path
        Files named ``multiverse``.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    columns, meanings = tabulate_readings(model)
    return write_table(folder, "multiverse", columns, meanings)
