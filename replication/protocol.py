"""The protocol: every choice that defines a population of networks.

`PAPER` is the base reading of the 1988 paper. Variants are made with
`dataclasses.replace`, with a TOML file that lists only what differs, or with
``--set FIELD=VALUE``.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication.errors import StorageError, UsageError
from replication.fields import VALIDATORS

SYMBOLS = {"epsilon": "learning_rate", "lambda": "regression", "cap": "max_updates"}
"""What the paper and the report call some fields, for the answer to an unknown name."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One complete assignment of the choices that define a population of networks.

    Parameters
    ----------
    group_sizes : tuple of int
        Units of the groups in the closed loop, the visible group first; at
        least two groups of 1 to 256 units. (4, 2) is the 4-2-4 network.
    patterns : "one-hot" or tuple of tuples of float
        Training patterns, shape (n_patterns, n_visible), values in [0, 1].
    learning_rule : {"recirculation", "back-propagation"}
    learning_rate : float
        Epsilon, positive.
    momentum : float
        Share of the last weight change that is added to the next one, in [0, 1).
    regression : float
        Lambda, in [0, 1).
    hidden_regression : bool
        Whether the second pass of the hidden groups is regressed too.
    visible_units : {"logistic", "linear"}
    update_schedule : {"batch", "per-pattern"}
        Whether weights change once after all patterns or after each of them.
        `updates` counts sweeps in both cases.
    half_width : float
        Initial weights are uniform on [-half_width, half_width).
    initial_biases : {"drawn", "zero"}
    symmetric_start : bool
        Whether the hidden-to-visible matrix starts as the transpose of the
        visible-to-hidden one (two groups only).
    criterion : {"half-squared-error", "worst-pattern", "squared-error", "every-unit"}
        What must fall below the threshold: half the squared error over all
        patterns and units; the same of the worst single pattern; the sum
        without the half; the largest deviation of any unit.
    threshold : float
        Positive.
    error_measured_on : {"reconstruction", "regressed"}
        Whether the error is measured with zero regression or on the
        regressed visible activities.
    max_updates : int
        The cap: a network not there after so many updates is right-censored.

    Raises
    ------
    UsageError
        If a field is of the wrong type or out of its range.

    References
    ----------
    Hinton & McClelland (1988), Learning Representations by Recirculation.
    """

    group_sizes: tuple[int, ...]
    patterns: str | tuple[tuple[float, ...], ...]
    learning_rule: str
    learning_rate: float
    momentum: float
    regression: float
    hidden_regression: bool
    visible_units: str
    update_schedule: str
    half_width: float
    initial_biases: str
    symmetric_start: bool
    criterion: str
    threshold: float
    error_measured_on: str
    max_updates: int

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = VALIDATORS[field.name](field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if self.symmetric_start and len(self.group_sizes) > 2:
            raise UsageError(
                f"symmetric_start = true was given with group_sizes = {list(self.group_sizes)}; "
                "it is allowed for one hidden group only; remove one of the two"
            )
        if isinstance(self.patterns, tuple):
            for row in self.patterns:
                if len(row) != self.n_visible:
                    raise UsageError(
                        f"patterns has a row of {len(row)} values; every row must hold "
                        f"{self.n_visible}, the first of group_sizes"
                    )

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return self.group_sizes[0]

    @property
    def n_patterns(self) -> int:
        """Number of training patterns."""
        return self.n_visible if isinstance(self.patterns, str) else len(self.patterns)

    @property
    def n_weights(self) -> int:
        """Number of weights and biases of one network."""
        sizes = self.group_sizes
        targets = sizes[1:] + sizes[:1]
        return sum((source + 1) * target for source, target in zip(sizes, targets, strict=True))

    @property
    def differences(self) -> dict[str, Any]:
        """The fields that differ from `PAPER`, as plain JSON values."""
        base = as_plain(PAPER)
        return {name: value for name, value in as_plain(self).items() if value != base[name]}

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits, the key of this protocol in a store.

        Fields equal to `PAPER` do not enter, so that a field added later
        leaves the ids of existing stores as they are.
        """
        return hashlib.sha256(canonical_json(self.differences).encode()).hexdigest()[:16]


def as_plain(protocol: Protocol) -> dict[str, Any]:
    """Return all fields as plain JSON values, lists in place of tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(protocol)))
    return plain


def from_plain(fields: Mapping[str, Any], *, base: Protocol | None = None) -> Protocol:
    """Return `base` (`PAPER` unless given) with some fields replaced.

    Parameters
    ----------
    fields : mapping
        Fields and their plain values, lists in place of tuples.
    base : Protocol, optional
        Supplies all other fields; `PAPER` unless given.

    Raises
    ------
    UsageError
        If a field does not exist or its value is not allowed.
    """
    names = [field.name for field in dataclasses.fields(Protocol)]
    for name in fields:
        if name not in names:
            raise UsageError(
                f"unknown protocol field {name!r}; {_suggest(name, names)} {', '.join(names)}"
            )
    return dataclasses.replace(PAPER if base is None else base, **dict(fields))


def _suggest(name: str, names: list[str]) -> str:
    """Introduce the list of names, after the field that may be meant if one is near."""
    known = {field: field for field in names} | SYMBOLS
    nearest = difflib.get_close_matches(name.strip().lower().replace(" ", "_"), known, n=1)
    return f"did you mean {known[nearest[0]]!r}? Allowed are" if nearest else "allowed are"


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, the form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_protocol(path: Path) -> Protocol:
    """Read a TOML file that lists the fields that differ from `PAPER`.

    Raises
    ------
    UsageError
        If the file is not TOML, or a field or value is not allowed.
    StorageError
        If the file cannot be read.
    """
    fields = read_toml(path, what="protocol file")
    try:
        return from_plain(fields)
    except UsageError as error:
        raise UsageError(f"protocol file {str(path)!r}: {error}") from None


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """Read a TOML file; `what` names its kind in messages."""
    try:
        # Some editors put a byte order mark before UTF-8 text.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise StorageError(
            f"{what} {str(path)!r} cannot be read ({error.strerror}); give an existing TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{what} {str(path)!r} is not TOML ({error}); write one FIELD = VALUE a line, each "
            "field once, in UTF-8"
        ) from None


def format_protocol(protocol: Protocol) -> str:
    """Return the TOML text that `read_protocol` reads back, one line a field."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in as_plain(protocol).items())


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read ``FIELD=VALUE``; the value is TOML, a bare word counts as a string.

    Raises
    ------
    UsageError
        If there is no ``=``, no field before it, or more than one line.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or len(text.splitlines()) > 1:
        raise UsageError(f"--set was given {text!r}; write FIELD=VALUE, e.g. learning_rate=15")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value


PAPER = Protocol(
    group_sizes=(4, 2),
    patterns="one-hot",
    learning_rule="recirculation",
    learning_rate=20.0,
    momentum=0.0,
    regression=0.75,
    hidden_regression=True,
    visible_units="logistic",
    update_schedule="batch",
    half_width=0.5,
    initial_biases="drawn",
    symmetric_start=False,
    criterion="half-squared-error",
    threshold=0.1,
    error_measured_on="reconstruction",
    max_updates=2000,
)

DEFAULT_SEEDS = 100_000
DEFAULT_ROOT_SEED = 1988
"""The default study, which the committed report describes: these networks of `PAPER`."""
