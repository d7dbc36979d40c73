"""A multiverse of one's own: readings from a file, simulated on the same networks and judged."""

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from replication.definition.claims import load_claims, load_reported
from replication.definition.protocol import Protocol, from_plain
from replication.errors import UsageError
from replication.experiments.sample import Sample
from replication.experiments.studies import count_networks, find_p
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean, find_median
from replication.system.files import read_toml, write_durably
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads

MAX_READINGS = 1000
TASK = {"group_sizes", "patterns", "n_images", "centred"}
"""Fields that make a reading one of another task, which the numbers of 1988 say nothing of."""


class Readings(NamedTuple):
    """Protocols to simulate side by side, and the fields in which they differ."""

    name: str
    fields: tuple[str, ...]
    protocols: tuple[Protocol, ...]


def read_readings(path: Path) -> Readings:
    """Read a multiverse from a TOML file, whose name it has.

    ``[factors]`` lists values of protocol fields, every combination of which is a reading;
    ``[fixed]`` holds fields that all readings share.
    """
    content = read_toml(path, what="multiverse file")
    try:
        protocols = _combine(content)
    except UsageError as error:
        raise UsageError(f"multiverse file {str(path)!r}: {error}") from None
    return Readings(path.stem, tuple(content["factors"]), protocols)


def _combine(content: Mapping[str, Any]) -> tuple[Protocol, ...]:
    fixed, factors = content.get("fixed", {}), content.get("factors")
    if (
        not content.keys() <= {"fixed", "factors"}
        or not (isinstance(fixed, dict) and isinstance(factors, dict) and factors)
        or not all(isinstance(values, list) and values for values in factors.values())
        or fixed.keys() & factors.keys()
    ):
        raise UsageError(
            "allowed are [factors], with a list of values for each of some protocol fields (such "
            "as learning_rate = [10, 20]), and [fixed], with one value for each of others"
        )
    # Every combination, unless they are too many: counted before any is made.
    n = math.prod(map(len, factors.values()))
    if n > MAX_READINGS:
        raise UsageError(f"{n} readings were asked for; allowed are {MAX_READINGS}; list fewer")
    combinations = itertools.product(*factors.values())
    return tuple(from_plain(fixed | dict(zip(factors, x, strict=True))) for x in combinations)


def run_multiverse(
    readings: Readings, *, n_networks: int, root_seed: int, jobs: int = -1,
    report_progress: Tell = silent,
) -> dict[str, Any]:  # fmt: skip
    """Simulate every reading on the same networks, and judge each as the headline is judged.

    A reading of another task is not judged.
    """
    report_progress(f"{len(readings.protocols)} readings of {n_networks:,} networks")

    # A reading is a task of its own, so its networks are simulated in one thread.
    def describe(protocol: Protocol) -> dict[str, Any]:
        counts = count_networks(protocol, Sample(n_networks, root_seed))
        fields = {name: getattr(protocol, name) for name in readings.fields}
        is_judged = not TASK & set(protocol.differences)
        described = describe_reading(counts, is_judged=is_judged)
        return {**fields, "protocol_id": protocol.id, **described}

    rows = map_in_threads(describe, readings.protocols, jobs=jobs)
    # Of each value of a field, how many readings have it, and how many of them are compatible.
    judged = [row for row in rows if row["is_compatible"] is not None]
    choices = []
    for name in readings.fields:
        for value in dict.fromkeys(row[name] for row in judged):
            found = [row["is_compatible"] for row in judged if row[name] == value]
            counts = {"n": len(found), "n_compatible": sum(found)}
            choices.append({"field": name, "value": value, **counts})
    return {
        "name": readings.name, "root_seed": root_seed, "n_networks": n_networks,
        "n_judged": len(judged), "n_of_other_tasks": len(rows) - len(judged),
        "n_compatible": sum(row["is_compatible"] for row in judged),
        "fields": list(readings.fields), "readings": rows, "choices": choices,
    }  # fmt: skip


def describe_reading(counts: CountTable, *, is_judged: bool = True) -> dict[str, Any]:
    """Return the row of a reading; None where nothing converged, or where it is not judged.

    `mean` is that of the converged, `mean_at_cap` counts failures at the cap, `median` is None if
    half have failed.
    """
    rule, share = load_claims()["headline"].thresholds, counts.n_converged / counts.n
    chance, p = share ** load_reported().runs, find_p(counts) if is_judged else None
    could_be = chance >= rule["min_chance_all_converge"] and (p or 0.0) > rule["at_least"]
    return {
        "share": share, "median": find_median(counts),
        "mean": estimate_mean(counts.updates, counts.counts).value,
        "mean_at_cap": counts.mean_at_cap, "chance_all_converge": chance,
        "p": p, "is_compatible": could_be if is_judged else None,
    }  # fmt: skip


def write_readings(model: Mapping[str, Any], folder: Path) -> Path:
    """Write ``multiverse.csv``, a row for each reading."""
    import pandas as pd

    table = pd.DataFrame(model["readings"], dtype=object).to_csv(index=False, lineterminator="\n")
    write_durably(folder / "multiverse.csv", table.encode())
    return folder / "multiverse.csv"
