"""What your table tells about a report: how its columns are called."""

import dataclasses

from replication.reading.typeset import fold

MELTED = "value"
"""What your values are called where your headings became a column, as melting does."""


@dataclasses.dataclass(frozen=True)
class YourSide:
    """The columns of your table, which tell how to read a report.

    `names`: the headings of your columns, folded. `value`: the heading of your values; None if
    several columns hold values.
    """

    names: frozenset[str] = frozenset()
    value: str | None = None

    @property
    def value_name(self) -> str | None:
        """The heading of your values; None if melting has made it up."""
        return None if self.value == MELTED else self.value

    def knows(self, name: str) -> bool:
        """Say whether one of your columns has this name."""
        return fold(name) in self.names


NO_TABLE = YourSide()
