"""A multiverse of one's own: readings from a file, simulated on the same networks and judged."""

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication.definition.claims import load_claims, load_reported
from replication.definition.protocol import Protocol, from_plain
from replication.errors import UsageError
from replication.experiments.sample import Sample
from replication.experiments.studies import count_networks, find_p
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean, find_median
from replication.system.files import read_toml
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads

MAX_READINGS = 1000
TASK = {"group_sizes", "patterns", "n_images", "centred"}
"""Fields that make a reading one of another task, which the numbers of 1988 say nothing of."""


Readings = list[tuple[dict[str, Any], Protocol]]
"""The values in which readings differ, by their fields, and the protocol of each."""


def read_readings(path: Path) -> Readings:
    """Read a multiverse from a TOML file.

    ``[factors]`` lists values of protocol fields, every combination of which is a reading;
    ``[fixed]`` holds fields that all readings share.
    """
    content = read_toml(path, what="multiverse file")
    try:
        return _make_readings(content)
    except UsageError as error:
        raise UsageError(f"multiverse file {str(path)!r}: {error}") from None


def _make_readings(content: Mapping[str, Any]) -> Readings:
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
    made = [from_plain(fixed | dict(zip(factors, each, strict=True))) for each in combinations]
    return [({field: getattr(one, field) for field in factors}, one) for one in made]


def run_multiverse(
    readings: Readings, *, n_networks: int, root_seed: int, jobs: int = -1,
    report_progress: Tell = silent,
) -> list[dict[str, Any]]:  # fmt: skip
    """Simulate every reading on the same networks, and judge each as the headline is judged.

    Returns a row for each reading; one of another task is not judged.
    """
    report_progress(f"{len(readings)} readings of {n_networks:,} networks")

    # A reading is a task of its own, so its networks are simulated in one thread.
    def describe(reading: tuple[dict[str, Any], Protocol]) -> dict[str, Any]:
        fields, protocol = reading
        counts = count_networks(protocol, Sample(n_networks, root_seed))
        is_judged = not TASK & set(protocol.differences)
        return {**fields, "protocol_id": protocol.id, **describe_reading(counts, is_judged)}

    return map_in_threads(describe, readings, jobs=jobs)


def describe_reading(counts: CountTable, is_judged: bool = True) -> dict[str, Any]:
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
