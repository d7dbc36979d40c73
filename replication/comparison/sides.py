"""The two sides of a comparison as the reader hands them to the judge."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy.typing as npt

from replication.reading import tidy
from replication.statistics.arrays import FloatArray, IntArray
from replication.statistics.counts import CountTable

Key = tidy.Key
"""The key of a row of a table: its cell in each key column."""


class Outcomes(Protocol):
    """Outcomes of `simulate`: values, and whether each run converged."""

    @property
    def updates(self) -> npt.ArrayLike:
        """Values of the runs, shape (n,)."""

    @property
    def converged(self) -> npt.ArrayLike:
        """Whether each run converged, shape (n,)."""


Values = npt.ArrayLike | CountTable | Outcomes
"""Whatever holds runs."""


@dataclasses.dataclass(frozen=True, eq=False)
class OwnRuns:
    """Runs of one's own: of one group of a table, or of a list.

    Parameters
    ----------
    values : array_like of float, shape (n,), CountTable or outcomes of `simulate`
        The value of each run; NaN where a run has none.
    succeeded : array_like of bool, shape (n,), or None
        Whether each run succeeded, where something says so.
    minus : array_like of float, shape (m,), or None
        Runs of another kind, where the difference of the means was reported.
    firsts : array of float, shape (n,), or None
        Where `values` are differences of runs paired by seed, the first run of each pair.
    seeds : int64[n] or None
        A code for the seed of each run, where a column has the seeds.
    tasks : sequence of str, length n or 0
        The task of each run, where a median or an interquartile mean over tasks was reported.
    is_per_cent : bool
        Whether a per cent sign stood behind the values.
    """

    values: Values
    succeeded: npt.ArrayLike | None = None
    minus: npt.ArrayLike | None = None
    firsts: FloatArray | None = None
    seeds: IntArray | None = None
    tasks: Sequence[str] = ()
    is_per_cent: bool = False

    @property
    def is_of_pairs(self) -> bool:
        """Whether each value is the difference of two runs."""
        return self.firsts is not None


@dataclasses.dataclass(frozen=True)
class Printed:
    """A reported result: its numbers as they were printed, by the name of the statistic.

    Names are those of `reading.names`: statistics, quantiles such as p90, "runs" (how many),
    "spread" (a number behind ± of unknown kind), "ci" (half of an interval), "ci_low", "ci_high"
    and "constant". `plus_minus`: what the report says of ±, such as "90% ci". `is_skewed`: whether
    the errors on both sides differ; the spread is then their mean. `notes`: how a text was read.
    """

    numbers: Mapping[str, str]
    plus_minus: str | None = None
    is_skewed: bool = False
    notes: tuple[str, ...] = ()


OneSide = OwnRuns | Printed
"""What a report is compared with: runs of one's own, or another report."""
