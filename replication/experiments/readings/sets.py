"""A set of readings to simulate side by side: the report's grid, or one's own from a file."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.errors import UsageError
from replication.protocol import PAPER, Protocol, as_plain, canonical_json, from_plain, read_toml

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
        One a reading.
    base : int
        Index of the reading that contrasts refer to.
    """

    name: str
    choices: dict[str, tuple[Any, ...]]
    protocols: tuple[Protocol, ...]
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
    """Return every combination of the values of some protocol fields, the last running fastest.

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
    return Readings(name, checked, protocols, _find_base(protocols, base))


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
    return Readings(name, choices, protocols, _find_base(protocols, base))


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


def describe_choices(readings: Readings) -> list[dict[str, Any]]:
    """Return the choices with their values and the index of the base value, as plain values."""
    base = as_plain(readings.protocols[readings.base])
    values = {field: json.loads(json.dumps(each)) for field, each in readings.choices.items()}
    return [
        {"field": field, "values": each, "base": each.index(base[field])}
        for field, each in values.items()
    ]
