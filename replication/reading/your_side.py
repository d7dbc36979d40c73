"""What a report is read by, beside its own headings: the columns of your table."""

import dataclasses

from replication.reading.typeset import fold

STACKED = "value"
"""What your values are called where headings were stacked."""


@dataclasses.dataclass(frozen=True)
class YourSide:
    """The columns of your table, by which a report is read.

    `names`: of your columns, folded. `value`: the column of your values, if there is only one.
    """

    names: frozenset[str] = frozenset()
    value: str | None = None

    @property
    def value_name(self) -> str | None:
        """What you call your values; None where no heading of yours says it."""
        return None if self.value == STACKED else self.value

    def knows(self, name: str) -> bool:
        """Say whether one of your columns is called so."""
        return fold(name) in self.names


NO_TABLE = YourSide()
