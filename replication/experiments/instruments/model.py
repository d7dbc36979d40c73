"""The model of an experiment: plain data, and what of it the ledger asks for."""

from collections.abc import Set
from typing import Any

from replication.errors import DataError

Model = dict[str, Any]


def refuse_unpaired(place: str, asked: Set[str], given: Set[str], experiment: str) -> None:
    """Raise DataError if not all that the ledger asks for at a place is given, and nothing else."""
    if unpaired := asked ^ given:
        raise DataError(
            f"{sorted(unpaired)} stand in only one of claims.toml, {place}, and "
            f"experiments/{experiment}/run.py; add them to the other, or remove them"
        )
