"""The multiverse: every combination of some choices, simulated on the same networks.

`make_paper_grid` is that of the report; `read_readings` takes one's own from a TOML file.
`run_multiverse` simulates in memory and returns plain data, `tabulate_readings` its table.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.contrasts import average_contrasts, compare_paired, find_pairs
from replication.analysis.counts import CountTable
from replication.analysis.curves import compute_restricted_mean
from replication.analysis.intervals import estimate_count_mean
from replication.analysis.prediction import find_p
from replication.analysis.printed import read_printed
from replication.analysis.sampling import Masses, compute_mean_law_given_max
from replication.analysis.shares import estimate_shares
from replication.claims import load_claims, load_reported
from replication.errors import UsageError
from replication.experiments.measures import estimate_share
from replication.experiments.parallel import map_in_threads
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol, as_plain, canonical_json, from_plain, read_toml
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.store.tables import write_table

OPEN_CHOICES: dict[str, tuple[Any, ...]] = {
    "criterion": ("every-unit", "every-unit-squared", "half-squared-error", "worst-pattern"),
    "update_schedule": ("batch", "per-pattern"),
    "half_width": (0.5, 0.1, 0.3, 1.0),
    "initial_biases": ("drawn", "zero"),
    "hidden_regression": (True, False),
    "error_measured_on": ("reconstruction", "regressed"),
    "symmetric_start": (False, True),
}
"""What somebody who implements the procedure has to choose, the paper's value first: what an
"error" is, and details that page 363 reports and later programs do otherwise."""

MAX_READINGS = 1000
"""More readings than this need the user's word."""

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
    "is_compatible": "whether such networks could have printed both numbers",
}
"""What is told of each reading; None where nothing converged."""

PARTS = ("name", "fixed", "factors", "readings")


@dataclasses.dataclass(frozen=True, slots=True)
class Readings:
    """A set of readings to simulate side by side.

    Parameters
    ----------
    name : str
        How outputs call the set.
    choices : dict of str to tuple
        Protocol fields that differ between readings and their values.
    protocols : tuple of Protocol
        One a reading. On a full grid in the order of `itertools.product`, the
        last choice running fastest.
    is_grid : bool
        Whether every combination of values occurs exactly once, in that order.
    base : int
        Index of the reading that contrasts refer to.
    """

    name: str
    choices: dict[str, tuple[Any, ...]]
    protocols: tuple[Protocol, ...]
    is_grid: bool
    base: int

    @property
    def is_paired(self) -> bool:
        """Whether a seed gives all readings the same initial draws."""
        return len({protocol.group_sizes for protocol in self.protocols}) == 1

    @property
    def levels(self) -> list[list[int]]:
        """For each reading, the index of its value of each choice."""
        plain = {name: list(values) for name, values in self.choices.items()}
        return [
            [plain[name].index(getattr(protocol, name)) for name in plain]
            for protocol in self.protocols
        ]

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits that depend on the protocols alone."""
        text = canonical_json([protocol.differences for protocol in self.protocols])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_grid(
    choices: Mapping[str, Sequence[Any]], *, name: str = "multiverse", base: Protocol = PAPER
) -> Readings:
    """Return every combination of the values of some protocol fields.

    Parameters
    ----------
    choices : mapping of str to sequence
        Fields and their values.
    name : str
    base : Protocol
        What the other fields are. Contrasts refer to the reading that equals
        it, or to the first one if none does.

    Raises
    ------
    UsageError
        If a field does not exist, a list is empty or holds a value twice, or
        a combination is not a valid protocol.
    """
    checked = {field: _check_values(field, values, base=base) for field, values in choices.items()}
    protocols = tuple(
        _make_protocol(dict(zip(checked, values, strict=True)), base=base)
        for values in itertools.product(*checked.values())
    )
    return Readings(name, checked, protocols, True, _find_base(protocols, base))


def make_paper_grid() -> Readings:
    """Return the 512 readings of the report."""
    return make_grid(OPEN_CHOICES)


def read_readings(path: Path, *, allow_many: bool = False) -> Readings:
    """Read a user's own multiverse from a TOML file.

    Parameters
    ----------
    path : Path
        ``[factors]`` lists values of protocol fields, every combination of
        which is a reading; or ``[[readings]]`` lists readings one by one.
        ``[fixed]`` holds fields that all readings share; ``name`` is optional.
    allow_many : bool
        Whether more than `MAX_READINGS` readings are allowed.

    Raises
    ------
    UsageError
        If the file is not such a file; the message says what to write.
    StorageError
        If it cannot be read.
    """
    content = read_toml(path, what="multiverse file")
    try:
        return _make_readings(content, default_name=path.stem, allow_many=allow_many)
    except UsageError as error:
        raise UsageError(f"multiverse file {str(path)!r}: {error}") from None


def _make_readings(content: Mapping[str, Any], *, default_name: str, allow_many: bool) -> Readings:
    for part in content:
        if part not in PARTS:
            raise UsageError(
                f"it has the part {part!r}; allowed are {', '.join(PARTS)}; protocol fields stand "
                "below [factors], [fixed] or [[readings]]"
            )
    name = content.get("name", default_name)
    fixed, factors = content.get("fixed", {}), content.get("factors", {})
    listed = content.get("readings", [])
    if not isinstance(name, str) or not isinstance(fixed, dict) or not isinstance(factors, dict):
        raise UsageError("name must be text, and fixed and factors tables ([fixed] and [factors])")
    if bool(factors) == bool(listed):
        raise UsageError(
            "it must hold either [factors], for every combination of the values listed, or "
            "[[readings]], one by one"
        )
    shared = [field for field in factors if field in fixed]
    if shared:
        raise UsageError(f"{shared[0]!r} stands in both [fixed] and [factors]; remove one")
    base = from_plain(fixed)
    if listed:
        _check_number(len(listed), allow_many=allow_many)
        return _list_readings(name, listed, base=base)
    lists = [values for values in factors.values() if isinstance(values, list)]
    _check_number(math.prod(len(values) for values in lists), allow_many=allow_many)
    return make_grid(factors, name=name, base=base)


def _list_readings(name: str, listed: Any, *, base: Protocol) -> Readings:
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise UsageError("readings must be written as [[readings]], each with FIELD = VALUE lines")
    protocols = tuple(_make_protocol(entry, base=base) for entry in listed)
    for i, protocol in enumerate(protocols):
        if protocol in protocols[:i]:
            raise UsageError(
                f"readings {protocols.index(protocol) + 1} and {i + 1} are the same protocol; "
                "remove one"
            )
    fields = [field.name for field in dataclasses.fields(Protocol)]
    choices = {}
    for field in fields:
        values = tuple(dict.fromkeys(getattr(protocol, field) for protocol in protocols))
        if len(values) > 1:
            choices[field] = values
    return Readings(name, choices, protocols, False, _find_base(protocols, base))


def _check_values(field: str, values: Any, *, base: Protocol) -> tuple[Any, ...]:
    from_plain({field: getattr(base, field, None)})  # an unknown field names its nearest
    if not isinstance(values, list | tuple):
        raise UsageError(
            f"{field} = {values!r} was given; a factor takes a list of values, "
            f"e.g. {field} = [{_write_value(values)}]"
        )
    if len(values) == 0:
        raise UsageError(f"{field} has an empty list; give at least one value, or leave it out")
    # Values are checked one at a time where they stand alone, so that 15 and 15.0 are one.
    checked = tuple(getattr(_make_protocol({field: value}, base=base), field) for value in values)
    for i, value in enumerate(checked):
        if value in checked[:i]:
            raise UsageError(f"{field} lists {_write_value(values[i])} twice; remove one")
    return checked


def _make_protocol(fields: Mapping[str, Any], *, base: Protocol) -> Protocol:
    try:
        return from_plain(fields, base=base)
    except UsageError as error:
        written = ", ".join(f"{field} = {_write_value(value)}" for field, value in fields.items())
        raise UsageError(f"the reading {written or 'without fields'} is invalid: {error}") from None


def _write_value(value: Any) -> str:
    try:
        return canonical_json(value)
    except (TypeError, ValueError):  # a date, or a number that is not finite
        return str(value)


def _check_number(n_readings: int, *, allow_many: bool) -> None:
    if n_readings > MAX_READINGS and not allow_many:
        raise UsageError(
            f"{n_readings} readings were asked for; allowed are {MAX_READINGS}, or more with --yes"
        )


def _find_base(protocols: Sequence[Protocol], base: Protocol) -> int:
    for wanted in (base, PAPER):
        if wanted in protocols:
            return list(protocols).index(wanted)
    return 0


def describe_values(readings: Readings) -> dict[str, list[Any]]:
    """Return the values of every choice as plain JSON values."""
    return {field: json.loads(json.dumps(values)) for field, values in readings.choices.items()}


def describe_choices(readings: Readings) -> list[dict[str, Any]]:
    """Return the choices with their values and the index of the base value, as plain values."""
    base = as_plain(readings.protocols[readings.base])
    return [
        {"field": field, "values": values, "base": values.index(base[field])}
        for field, values in describe_values(readings).items()
    ]


# ------------------------------------------------------------------------ simulate and analyse


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
        ``readings``, columns as `COLUMNS` explains; ``n_compatible``; ``contrasts`` of
        single values against the base value, and ``shares`` of the variance of the mean
        (failures at the cap) among the choices, None where there is no full grid.

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
    tell("which of them could have printed both numbers")
    rows = [
        describe_reading(CountTable.from_outcomes(updates, flags, protocol.max_updates))
        for protocol, updates, flags in zip(readings.protocols, outcomes, converged, strict=True)
    ]
    tell("which choices matter")
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
        "n_compatible": sum(row["is_compatible"] for row in rows),
        "contrasts": describe_contrasts(readings, outcomes, rows),
        "shares": describe_shares(readings, outcomes),
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
    """Return the row of a reading, with whether its networks could have printed both numbers.

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
        "mean_at_cap": float(compute_restricted_mean(counts, [counts.end])[0]),
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
    """Return every value of every choice against the base value, all else equal.

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
        ``field``, ``value``; ``single``: the base reading with this one change, None where
        it is not among the readings: its row, and its ``change`` of the mean with a paired
        95 % interval; ``average``: the change over all pairs of readings that differ in
        this choice alone, with its interval, ``smallest``, ``largest`` and ``n_pairs``.
        Values without a pair are left out.
    """
    levels = np.array(readings.levels, dtype=np.int64).reshape(len(outcomes), -1)
    found = []
    for choice, (field, values) in enumerate(describe_values(readings).items()):
        base_value = int(levels[readings.base, choice])
        for value, shown in enumerate(values):
            pairs = find_pairs(levels, choice=choice, base_value=base_value, value=value)
            if value == base_value or len(pairs) == 0:
                continue
            alone = pairs[pairs[:, 0] == readings.base]
            average = average_contrasts(outcomes, pairs)
            single: dict[str, Any] | None = None
            if len(alone):
                change = compare_paired(*outcomes[alone[0]]).change
                single = {"change": change.value, "change_interval": change.interval}
                single |= rows[int(alone[0, 1])]
            found.append(
                {
                    "field": field,
                    "value": shown,
                    "single": single,
                    "average": {
                        "change": average.change.value,
                        "change_interval": average.change.interval,
                        "smallest": average.smallest,
                        "largest": average.largest,
                        "n_pairs": average.n_pairs,
                    },
                }
            )
    return found


def describe_shares(readings: Readings, outcomes: NDArray[np.int32]) -> dict[str, Any] | None:
    """Return which share of the variance of the mean each choice carries.

    Parameters
    ----------
    readings : Readings
    outcomes : int32 array, shape (n_readings, n_networks)
        Failures at the cap.

    Returns
    -------
    dict or None
        ``first`` and ``total`` by field, each with its interval, and ``interactions``; None
        where the readings are no full grid of two choices or more, or do not differ.
    """
    if not readings.is_grid or len(readings.choices) < 2:
        return None
    shares = estimate_shares(outcomes, [len(values) for values in readings.choices.values()])
    if shares is None:
        return None
    fields = list(readings.choices)
    return {
        "first": dict(zip(fields, shares.first.tolist(), strict=True)),
        "first_interval": dict(zip(fields, shares.first_interval.tolist(), strict=True)),
        "total": dict(zip(fields, shares.total.tolist(), strict=True)),
        "total_interval": dict(zip(fields, shares.total_interval.tolist(), strict=True)),
        "interactions": shares.interactions,
    }


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
