"""The type of an experiment's model, and the check that it has what the ledger asks for."""

from collections.abc import Set
from typing import Any

from replication.errors import DataError

Model = dict[str, Any]
"""Plain JSON data."""


def refuse_unpaired(place: str, asked: Set[str], given: Set[str], experiment: str) -> None:
    """Raise DataError unless an experiment gives exactly the names that the ledger asks for.

    `place` says where in the ledger they stand.
    """
    if unpaired := asked ^ given:
        raise DataError(
            f"{sorted(unpaired)} stand in only one of claims.toml, {place}, and "
            f"experiments/{experiment}/run.py; add them to the other, or remove them"
        )
