"""Readings of "error below 0.1", and readings of a user's file, judged as the headline is judged.

Few networks stop at exactly the 202 updates that are reported, which is why millions are needed.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from replication.definition.protocol import ERROR_READINGS, Protocol, from_plain
from replication.errors import UsageError
from replication.experiments.instruments import studies
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, name_estimate
from replication.paper.claims import load_claims, load_reported
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean, find_median
from replication.system.files import read_toml
from replication.system.threads import map_in_threads

MAX_READINGS = 1000


class PaperReading(NamedTuple):
    """One way in which a paper can be read."""

    fields: dict[str, Any]  # fields in which readings differ, with the values of this reading
    protocol: Protocol


def run(sample: Sample) -> Model:
    """Return what networks do under each meaning of error, and how likely 1988 makes each meaning.

    All numbers of a reading come from one population, and no two populations share a network.

    Returns
    -------
    dict
        ``named`` : what `describe_named` returns of each reading.

        ``power`` : the power of the headline's test against each reading.

        ``paper`` : the likelihood of our reading.

        ``sweeps`` : the likelihoods of all readings, compared.
    """
    populations: dict[str, CountTable] = {}
    for index, (name, protocol) in enumerate(ERROR_READINGS.items()):
        sample.report_progress(f"{name}, {sample.n:,} networks")
        populations[name] = studies.count_networks(protocol, sample, first=index * sample.n)
    likelihoods = {}
    named = {}
    for name, counts in populations.items():
        likelihoods[name] = studies.measure_likelihood(counts)
        named[name] = describe_named(counts)
    return {
        "named": named,
        "power": studies.measure_power(populations["paper"], populations),
        "paper": likelihoods["paper"],
        "sweeps": studies.compare_readings(likelihoods),
    }


def describe_named(counts: CountTable) -> Model:
    """Return the mean updates of the networks that converged, and p of the reported numbers.

    ``p_sweeps`` is p if the last sweep counts as an update.
    """
    mean = estimate_mean(counts.updates, counts.counts)
    return name_estimate("mean", mean) | {
        "p": studies.find_p(counts),
        "p_sweeps": studies.find_p(studies.count_sweeps(counts)),
    }


def read_readings(path: Path) -> list[PaperReading]:
    """Return the readings of a paper that a TOML file (a multiverse file) describes.

    ``[factors]`` lists values of some protocol fields, and every combination of them is a reading.
    ``[fixed]`` holds fields that all readings share.
    """
    content = read_toml(path, what="multiverse file")
    try:
        return _make_readings(content)
    except UsageError as error:
        raise UsageError(f"multiverse file {str(path)!r}: {error}") from None


def _make_readings(content: Mapping[str, Any]) -> list[PaperReading]:
    """Return the readings in the content of a multiverse file; raise UsageError if it has none."""
    fixed: Any = content.get("fixed", {})
    factors: Any = content.get("factors")
    if not _is_multiverse(content, fixed, factors):
        raise UsageError(
            "allowed are [factors], with a list of values for each of some protocol fields (such "
            "as learning_rate = [10, 20]), and [fixed], with one value for each of others"
        )
    # Every combination, unless they are too many: counted before any is made.
    n = math.prod(map(len, factors.values()))
    if n > MAX_READINGS:
        raise UsageError(f"{n} readings were asked for; allowed are {MAX_READINGS}; list fewer")
    combinations = itertools.product(*factors.values())
    readings = []
    for values in combinations:
        chosen = dict(zip(factors, values, strict=True))
        protocol = from_plain(fixed | chosen)
        # The protocol may have converted a value, such as 1 to 1.0.
        fields = {field: getattr(protocol, field) for field in factors}
        readings.append(PaperReading(fields, protocol))
    return readings


def _is_multiverse(content: Mapping[str, Any], fixed: Any, factors: Any) -> bool:
    """Whether the content of a file has the form that `read_readings` describes."""
    if not content.keys() <= {"fixed", "factors"}:
        return False
    if not isinstance(fixed, dict) or not isinstance(factors, dict) or not factors:
        return False
    # Each factor is a list of at least one value.
    if not all(isinstance(values, list) and values for values in factors.values()):
        return False
    # No field is both fixed and varied.
    return not fixed.keys() & factors.keys()


def run_multiverse(readings: Sequence[PaperReading], sample: Sample) -> list[dict[str, Any]]:
    """Simulate every reading on the same networks, and judge each as the headline is judged.

    Returns a row for each reading; one of another task is not judged.
    """
    sample.report_progress(f"{len(readings)} readings of {sample.n:,} networks")

    # A reading is a task of its own, so its networks are simulated in one thread.
    def describe(reading: PaperReading) -> dict[str, Any]:
        protocol = reading.protocol
        counts = studies.count_networks(protocol, sample.alone)
        row = describe_reading(counts, protocol.has_paper_task)
        return {**reading.fields, "protocol_id": protocol.id, **row}

    return map_in_threads(describe, readings, jobs=sample.jobs)


def describe_reading(counts: CountTable, is_judged: bool = True) -> dict[str, Any]:
    """Return the row of a reading. Entries are None if no network converged, or nothing is judged.

    `mean` is that of the networks that converged; `mean_at_cap` counts failures as the cap;
    `median` is None if half of the networks failed.
    """
    thresholds = load_claims()["headline"].thresholds
    share = counts.n_converged / counts.n
    chance = share ** load_reported().runs
    p = None
    is_compatible = None
    if is_judged:
        p = studies.find_p(counts)
        could_converge = chance >= thresholds["min_chance_all_converge"]
        is_compatible = could_converge and p is not None and p > thresholds["at_least"]
    return {
        "share": share,
        "median": find_median(counts),
        "mean": estimate_mean(counts.updates, counts.counts).value,
        "mean_at_cap": counts.mean_at_cap,
        "chance_all_converge": chance,
        "p": p,
        "is_compatible": is_compatible,
    }
