"""The ledger: what the paper reports, page by page, and the rule that judges each statement.

The ledger itself is the file ``claims.toml`` beside this module.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any


class Verdict(enum.StrEnum):
    """What a rule says of a statement."""

    REPLICATED = "replicated"
    QUALIFIED = "replicated with qualification"
    NOT_REPLICATED = "not replicated"
    NOT_TESTABLE = "not testable"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The numbers of page 363, as printed.

    Parameters
    ----------
    runs : int
        Simulations that were averaged.
    mean, max : str
        Weight updates until every unit's error was below 0.1.
    page : str
    settings : tuple of str
        Protocol fields that the paper reports beside them; where one differs, the
        numbers cannot be judged. All other fields are open.
    """

    runs: int
    mean: str
    max: str
    page: str
    settings: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement of the paper and how it is judged.

    Parameters
    ----------
    id : str
        Its name in the ledger, e.g. "rapid".
    title, statement : str
        In a few words, and in full; our words, not the paper's.
    page : str
        Where it stands, e.g. "361–362".
    experiment : str
        The folder of `replication.experiments` that tests it.
    rule : str
        The decision rule in words; it leads to a `Verdict`.
    thresholds : mapping of str to float or int
        The numbers that the rule names.
    """

    id: str
    title: str
    statement: str
    page: str
    experiment: str
    rule: str
    thresholds: Mapping[str, float]


@functools.cache
def load_reported() -> Reported:
    """Return what the paper reports of its 100 simulations."""
    table = _read()["reported"]
    return Reported(**(table | {"settings": tuple(table["settings"])}))


@functools.cache
def load_claims() -> Mapping[str, Claim]:
    """Return the statements of the ledger by id, in their order in the file."""
    return MappingProxyType(
        {
            name: Claim(id=name, **(table | {"thresholds": MappingProxyType(table["thresholds"])}))
            for name, table in _read()["claims"].items()
        }
    )


def find_other_settings(differences: Mapping[str, Any]) -> dict[str, Any]:
    """Return those differences of a protocol from `PAPER` that the paper reports as settings.

    Parameters
    ----------
    differences : mapping of str to plain JSON value
        `Protocol.differences`.
    """
    settings = load_reported().settings
    return {name: value for name, value in differences.items() if name in settings}


def _read() -> dict[str, Any]:
    text = resources.files("replication").joinpath("claims.toml").read_text("utf-8")
    return tomllib.loads(text)
