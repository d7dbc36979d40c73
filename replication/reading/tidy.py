"""Tidy tables: what was read, and how."""

import csv
import dataclasses
import enum
import functools
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from replication.reading.grouping import combine_codes
from replication.reading.question import quote
from replication.reading.sheet import BoolArray, Column, FloatArray, IntArray, format_float

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, ...]
"""The key of a row: its cells in the columns of keys."""


class Role(enum.StrEnum):
    """The role of a column."""

    KEY = "key"
    VALUE = "value"
    SUCCEEDED = "succeeded"
    SEED = "seed"
    STEP = "step"
    STATISTIC = "statistic"
    IGNORED = "ignored"


Roles = Mapping[str, Role]
"""The role of each column, by its heading."""


@dataclasses.dataclass(frozen=True)
class ReadAs:
    """How a table was read: the role of each column, and notes on what was left out.

    `described`: for some headings, the heading with more words on what the column holds.
    """

    roles: Roles
    notes: tuple[str, ...] = ()
    described: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def list_lines(self) -> list[str]:
        """Return a line for each role, and the notes."""
        lines = []
        for role in Role:
            columns = [name for name, its_role in self.roles.items() if its_role is role]
            if columns:
                texts = [self.described.get(name, quote([name])) for name in columns]
                lines.append(f"{role}: {', '.join(texts)}")
        return [*lines, *self.notes]


@dataclasses.dataclass(frozen=True, eq=False)
class TidyRuns:
    """Your runs, in groups of equal keys.

    Parameters
    ----------
    keys : tuple of str
        Names of the keys.
    groups : sequence of Key
        Keys of each group.
    group_codes : int64[n]
        The index in `groups` of each run's group.
    values : float64[n]
    succeeded : bool[n] or None
    seed_columns : tuple of Column
        Columns that say the seed of each run.
    read_as : ReadAs
    n_missing : int
        Rows that lack a value or a key, and were left out.
    is_per_cent : bool
        Whether a per cent sign stands behind the values.
    """

    keys: tuple[str, ...]
    groups: Sequence[Key]
    group_codes: IntArray
    values: FloatArray
    succeeded: BoolArray | None
    seed_columns: tuple[Column, ...]
    read_as: ReadAs
    n_missing: int = 0
    is_per_cent: bool = False

    @property
    def seeds(self) -> list[str]:
        """The seed of each run; an empty list if no column says it."""
        texts = [column.list_texts() for column in self.seed_columns]
        if len(texts) == 1:
            return texts[0]
        return ["/".join(row) for row in zip(*texts, strict=True)]

    @functools.cached_property
    def seed_codes(self) -> IntArray | None:
        """A code for the seed of each run, int64[n]; None if no column says it."""
        if not self.seed_columns:
            return None
        if len(self.seed_columns) == 1:
            return self.seed_columns[0].codes
        return combine_codes([column.codes for column in self.seed_columns], self.values.size)

    def describe(self) -> str:
        """Return in words how many runs there are, in how many groups."""
        n = len(self.values)
        runs = f"{n:,} run{'' if n == 1 else 's'}"
        if not self.keys:
            return runs
        sizes = np.bincount(self.group_codes, minlength=len(self.groups))
        if sizes.min() == sizes.max():
            each = f"{sizes.min():,} in each"
        else:
            each = f"{sizes.min():,} to {sizes.max():,} in each"
        return f"{runs}: {len(self.groups):,} groups, {each}"

    @property
    def names(self) -> list[str]:
        """The headings of the tidy table."""
        names = [*self.keys]
        if self.seed_columns:
            names.append("seed")
        names.append("value")
        if self.succeeded is not None:
            names.append("succeeded")
        return names

    def list_rows(self) -> list[list[str]]:
        """Return a row of texts for each run."""
        rows = []
        seeds = self.seeds
        for run, value in enumerate(self.values.tolist()):
            row = list(self.groups[self.group_codes[run]])
            if seeds:
                row.append(seeds[run])
            row.append(format_float(value))
            if self.succeeded is not None:
                row.append("1" if self.succeeded[run] else "0")
            rows.append(row)
        return rows

    def to_csv(self) -> str:
        """Return the tidy table as CSV."""
        return write_csv(self.names, self.list_rows())

    def to_frame(self) -> "pd.DataFrame":
        """Return the tidy table as a data frame: keys, seed, value."""
        import pandas as pd

        keys = list(zip(*[self.groups[code] for code in self.group_codes], strict=True))
        frame = pd.DataFrame(dict(zip(self.keys, keys, strict=True)))
        if self.seed_columns:
            frame["seed"] = self.seeds
        frame["value"] = self.values
        if self.succeeded is not None:
            frame["succeeded"] = self.succeeded
        return frame


@dataclasses.dataclass(frozen=True)
class ReportRow:
    """A reported result.

    Parameters
    ----------
    key : Key
    numbers : mapping of str to str
        Numbers as printed, with a decimal point, by the name of the statistic: mean, sd, se,
        "spread" (a number behind ±; `kind` may say what it is), ci (half of an interval), ci_low,
        ci_high, median, q1, q3, iqm, min, max, p90, share, n_succeeded, runs, constant.
    kind : str or None
        What the spread or the interval is, in the words of the report: "90% ci".
    is_skewed : bool
        Whether the errors on both sides differ, so that the spread is their mean.
    """

    key: Key
    numbers: Mapping[str, str]
    kind: str | None = None
    is_skewed: bool = False


HEADINGS = {"runs": "n", "spread": "±", "n_succeeded": "successes"}
"""Headings of a tidy report that differ from the name of the statistic."""
ORDER = (
    "mean",
    "median",
    "iqm",
    "share",
    "n_succeeded",
    "constant",
    "sd",
    "se",
    "ci",
    "spread",
    "ci_low",
    "ci_high",
    "q1",
    "q3",
    "iqr",
    "min",
    "max",
)


@dataclasses.dataclass(frozen=True)
class TidyReport:
    """Reported results: a row for each, by keys."""

    keys: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    read_as: ReadAs

    def describe(self) -> str:
        """Return in words how many results there are."""
        n = len(self.rows)
        return f"{n:,} result{'' if n == 1 else 's'}"

    @property
    def statistics(self) -> list[str]:
        """Names of the statistics that any row has, in a fixed order."""
        reported = {name for row in self.rows for name in row.numbers} - {"runs"}
        others = sorted(reported - {*ORDER})
        names = [name for name in ORDER if name in reported] + others
        has_runs = any("runs" in row.numbers for row in self.rows)
        return [*names, "runs"] if has_runs else names

    def name_heading(self, statistic: str) -> str:
        """Return the heading of a statistic; for a spread, it says the kind, as in ± sd n-1."""
        kinds = {row.kind for row in self.rows if row.kind is not None}
        heading = HEADINGS.get(statistic, statistic)
        if len(kinds) != 1 or statistic not in ("spread", "ci", "ci_low", "ci_high"):
            return heading
        kind = kinds.pop()
        end = {"ci_low": " low", "ci_high": " high"}.get(statistic)
        return f"± {kind}" if end is None else f"{kind}{end}"

    def list_rows(self) -> list[list[str]]:
        """Return a row of texts for each result."""
        names = self.statistics
        return [[*row.key, *(row.numbers.get(name, "") for name in names)] for row in self.rows]

    def to_csv(self) -> str:
        """Return the tidy table as CSV."""
        names = [*self.keys, *map(self.name_heading, self.statistics)]
        return write_csv(names, self.list_rows())

    def to_frame(self) -> "pd.DataFrame":
        """Return the tidy table as a data frame of texts: keys, and a column for each statistic."""
        import pandas as pd

        names = [*self.keys, *map(self.name_heading, self.statistics)]
        return pd.DataFrame(self.list_rows(), columns=names)


def write_csv(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([names, *rows])
    return written.getvalue()


def show_read_as(title: str, tidy: TidyRuns | TidyReport) -> tuple[str, list[str]]:
    """Return in words how a table was read: a title, and a line for each role and note."""
    return f"{title} read as {tidy.describe()}:", tidy.read_as.list_lines()
