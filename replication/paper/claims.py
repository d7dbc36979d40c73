"""The ledger, ``claims.toml``: what the paper reports, and the ways to measure each statement."""

import dataclasses
import enum
import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from replication.errors import DataError


class ClaimVerdict(enum.StrEnum):
    """What the measurements say of a statement; `claims.toml` defines each verdict."""

    HOLDS = "holds"
    HOLDS_EXCEPT = "holds, except"
    HOLDS_ONLY_IF = "holds only if"
    FAILS_EXCEPT = "does not hold, except"
    DOES_NOT_HOLD = "does not hold"
    OPEN = "open"
    CHECKED = "checked"
    NOT_TESTABLE = "not testable"
    TOO_FEW = "too few to tell"


class PaperNumbers(NamedTuple):
    """The numbers of page 363, as printed: weight updates until every error was below 0.1."""

    runs: int  # simulations that were averaged
    mean: str
    max: str
    page: str
    settings: tuple[
        str, ...
    ]  # fields that the paper reports; a study that changes one cannot judge


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operationalisation:
    """One way to turn a statement into a measurement."""

    id: str
    name: str  # the condition under which it measures, to be read after "except"
    measured: str
    supports: str  # when what is measured supports the statement
    thresholds: dict[str, float]  # the numbers that `supports` names
    why: str = ""  # what makes the primary one the closest to the sentence


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement of the paper and its measurements, the primary one first."""

    id: str
    title: str
    statement: str  # in our words
    quote: str  # a few of the paper's
    page: str
    experiment: str  # the folder of `replication.experiments` that measures it
    kind: str
    operationalisations: tuple[Operationalisation, ...]
    only_if: str = ""  # what the statement needs, to be read after "holds only if"
    levels_of: str = ""  # what its levels are numbers of, to be read after "with"
    rests_on: str = ""  # what other statements are judged by, too, to be read after "rests on"

    @property
    def thresholds(self) -> dict[str, float]:
        """The numbers of the primary operationalisation."""
        return self.operationalisations[0].thresholds

    def find(self, id: str) -> Operationalisation:
        """Return the operationalisation of this id."""
        return next(each for each in self.operationalisations if each.id == id)


@functools.cache
def load_reported() -> PaperNumbers:
    """Return what the paper reports of its 100 simulations."""
    table = _read()["reported"]
    return PaperNumbers(**(table | {"settings": tuple(table["settings"])}))


def count_measurements() -> int:
    """Return the number of measurements of all statements but definitions and theorems."""
    n_measurements = 0
    for claim in load_claims().values():
        if claim.kind != "checked":  # "checked" is a definition or a theorem
            n_measurements += len(claim.operationalisations)
    return n_measurements


def load_claims() -> dict[str, Claim]:
    """Return the statements of the ledger by id, in their order in the file.

    Examples
    --------
    >>> claims = load_claims()
    >>> claims["rapid"].page
    '358'
    """
    return {claim.id: claim for claim in _read_claims()}


@functools.cache
def _read_claims() -> tuple[Claim, ...]:
    return tuple(read_claim(name, table) for name, table in _read()["claims"].items())


def find_other_settings(differences: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of `Protocol.differences` whose fields the paper reports."""
    reported = load_reported().settings
    return {name: value for name, value in differences.items() if name in reported}


def read_claim(name: str, table: Mapping[str, Any]) -> Claim:
    """Return the statement of a table ``[claims.NAME]``.

    Raises DataError if an entry is missing or not known.
    """
    try:
        ways = tuple(_read_operationalisation(way) for way in table["operationalisations"])
        return Claim(id=name, **{**table, "operationalisations": ways})
    except (KeyError, TypeError) as error:  # the error names the entry
        raise DataError(f"claims.toml, [claims.{name}]: {error}") from None


def _read_operationalisation(table: Mapping[str, Any]) -> Operationalisation:
    """Return a measurement; an entry that is no field, as `at_least = 0.5`, is a threshold."""
    fields = {field.name for field in dataclasses.fields(Operationalisation)}
    texts = {key: value for key, value in table.items() if key in fields}
    thresholds = {key: value for key, value in table.items() if key not in fields}
    return Operationalisation(thresholds=thresholds, **texts)


def _read() -> dict[str, Any]:
    """Return the whole ledger as TOML has it."""
    return tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8"))
