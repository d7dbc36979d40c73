"""The ledger of claims: what was reported, where, and the rule that judges it.

The ledger itself is the file ``claims.toml`` beside this module.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

from replication.errors import UsageError

VERDICTS = (
    "replicated",
    "replicated with qualification",
    "not replicated",
    "not testable",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim and how it is judged.

    Parameters
    ----------
    id : str
        Its name in the ledger, e.g. "mean-48".
    title, statement : str
        In a few words, and in full.
    source : str
        Where the claim is known from.
    reported : str or None
        The reported number as it was printed.
    rule : str
        The decision rule in words; it leads to one of `VERDICTS`.
    thresholds : mapping of str to float or int
        The numbers that the rule names.
    reported_settings : tuple of str
        Fields of the protocol that were reported with the claim, so that it cannot
        be judged where they are others; all other fields are open choices.
    """

    id: str
    title: str
    statement: str
    source: str
    rule: str
    thresholds: Mapping[str, float | int]
    reported: str | None = None
    reported_settings: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """Return the claim as plain JSON values."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return plain | {
            "thresholds": dict(self.thresholds),
            "reported_settings": list(self.reported_settings),
        }


def find_other_settings(claim: Claim, differences: Mapping[str, Any]) -> dict[str, Any]:
    """Return those differences of a protocol from the paper's that a claim cannot stand.

    Parameters
    ----------
    claim : Claim
    differences : mapping of str to plain JSON value
        Fields of the protocol that differ from the base reading, with their values.
    """
    return {name: value for name, value in differences.items() if name in claim.reported_settings}


def load_claims() -> dict[str, Claim]:
    """Return the ledger, claims by id in their order in the file."""
    text = resources.files("replication").joinpath("claims.toml").read_text("utf-8")
    return parse_claims(text)


def parse_claims(text: str) -> dict[str, Claim]:
    """Read a ledger.

    Parameters
    ----------
    text : str
        TOML, one table a claim; see ``claims.toml``.

    Raises
    ------
    UsageError
        If it is not TOML, or a claim lacks a part, has an unknown one or one
        of the wrong type.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the ledger of claims is not TOML ({error}); correct it") from None
    return {name: _parse_claim(name, table) for name, table in tables.items()}


def _parse_claim(name: str, table: Any) -> Claim:
    words = ("title", "statement", "source", "rule")
    allowed = {*words, "reported", "reported_settings", "thresholds"}
    if not isinstance(table, dict) or set(table) - allowed or {*words, "thresholds"} - set(table):
        raise UsageError(
            f"claim {name!r} of the ledger must hold exactly {', '.join(words)}, thresholds "
            "and, where a number was reported, reported and reported_settings"
        )
    texts = [table[word] for word in words] + [table.get("reported", "")]
    numbers = table["thresholds"]
    if not all(isinstance(text, str) for text in texts) or not isinstance(numbers, dict):
        raise UsageError(f"claim {name!r}: write its parts as text, thresholds as a table")
    settings = table.get("reported_settings", [])
    if not isinstance(settings, list) or not all(isinstance(field, str) for field in settings):
        raise UsageError(f"claim {name!r}: write reported_settings as a list of fields")
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"claim {name!r}: threshold {key} = {value!r} is not a number")
    return Claim(
        id=name,
        reported=table.get("reported"),
        reported_settings=tuple(settings),
        thresholds=MappingProxyType(dict(numbers)),
        **{word: " ".join(table[word].split()) for word in words},
    )
