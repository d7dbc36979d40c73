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
from replication.experiments.studies import count_networks, describe_p
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean, find_median
from replication.system.files import read_toml
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads
from replication.wording import show

MAX_READINGS = 1000
PARTS = ("fixed", "factors")
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
    for part in content:
        if part not in PARTS:
            raise UsageError(
                f"it has the part {part!r}; allowed are {', '.join(PARTS)}; protocol fields stand "
                "below [factors] or [fixed]"
            )
    # What the parts hold.
    fixed, factors = content.get("fixed", {}), content.get("factors", {})
    if not isinstance(fixed, dict) or not isinstance(factors, dict):
        raise UsageError("fixed and factors must be tables ([fixed] and [factors])")
    if not factors:
        raise UsageError("it must hold [factors], with lists of values of protocol fields")
    for field, values in factors.items():
        if field in fixed:
            raise UsageError(f"{field!r} stands in both [fixed] and [factors]; remove one")
        if not isinstance(values, list) or not values:
            raise UsageError(
                f"{field} = {show(values)} was given; a factor takes a list of values, e.g. "
                f"{field} = [{show(values or 0)}]"
            )
    # Every combination, unless they are too many: counted before any is made.
    n = math.prod(len(values) for values in factors.values())
    if n > MAX_READINGS:
        raise UsageError(f"{n} readings were asked for; allowed are {MAX_READINGS}; list fewer")
    readings = []
    for values in itertools.product(*factors.values()):
        chosen = dict(zip(factors, values, strict=True))
        try:
            protocol = from_plain({**fixed, **chosen})
        except UsageError as error:
            written = ", ".join(f"{field} = {show(value)}" for field, value in chosen.items())
            raise UsageError(f"the reading {written} is invalid: {error}") from None
        readings.append(({field: getattr(protocol, field) for field in factors}, protocol))
    if len({protocol.id for _, protocol in readings}) < n:
        raise UsageError("[factors] lists a value of a field twice; remove one")
    return readings


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
    half have failed; each p is two-sided.
    """
    rule, runs = load_claims()["headline"].thresholds, load_reported().runs
    share = counts.n_converged / counts.n
    row: dict[str, Any] = {
        "share": share, "median": find_median(counts),
        "mean": estimate_mean(counts.updates, counts.counts).value,
        "mean_at_cap": counts.mean_at_cap, "chance_all_converge": share**runs,
    }  # fmt: skip
    if not is_judged:
        return row | dict.fromkeys(("p_max", "p_mean", "p", "is_compatible"))
    row |= describe_p(counts)
    enough_converge = row["chance_all_converge"] >= rule["min_chance_all_converge"]
    return row | {"is_compatible": enough_converge and (row["p"] or 0.0) > rule["at_least"]}
