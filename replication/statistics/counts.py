"""The count table: how many networks needed each number of updates, all that analyses need."""

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt

from replication.errors import UsageError
from replication.statistics.arrays import BoolArray, IntArray
from replication.wording import show


@dataclasses.dataclass(frozen=True, eq=False)
class CountTable:
    """Distinct outcomes of a population with one common cap, and their counts.

    A table that contradicts itself, or holds no network, is a UsageError.

    Parameters
    ----------
    updates : int64[k]
        Distinct outcomes of the converged networks, strictly ascending, at least 0.
    counts : int64[k]
        Number of converged networks with each outcome, at least 1.
    n_censored : int
        Networks that had not converged at the cap.
    cap : int or None
        Number of updates at which networks were stopped; None only if none is censored and no
        cap is known.

    Examples
    --------
    >>> table = CountTable.from_outcomes([40, 48, 2000], [True, True, False], 2000)
    >>> table.n, table.n_converged, table.cap
    (3, 2, 2000)
    """

    updates: IntArray
    counts: IntArray
    n_censored: int
    cap: int | None

    def __post_init__(self) -> None:
        # Whole numbers, whatever they were given as, and a table that does not contradict itself.
        updates = _take_whole("updates", self.updates)
        counts = _take_whole("counts", self.counts)
        object.__setattr__(self, "updates", updates)
        object.__setattr__(self, "counts", counts)
        _check_shapes(updates, counts, "counts")
        if np.any(updates < 0) or np.any(np.diff(updates) <= 0):
            raise UsageError("updates must be strictly ascending and not negative; sort them first")
        if np.any(counts < 1) or self.n_censored < 0:
            raise UsageError("counts must be at least 1 and n_censored at least 0")
        if self.n == 0:
            raise UsageError("the table holds no network; give at least one outcome")
        if self.cap is None and self.n_censored:
            raise UsageError("censored networks were given without a cap; give where they stopped")
        if self.cap is not None and np.any(updates > self.cap):
            beyond = f"a converged outcome lies beyond the cap of {self.cap}"
            raise UsageError(f"{beyond}; raise it, or censor those")

    @classmethod
    def from_outcomes(
        cls, updates: npt.ArrayLike, converged: npt.ArrayLike, cap: int | None
    ) -> Self:
        """Count outcomes, shape (n,) each; censored networks must all have run to the cap."""
        values = _take_whole("updates", updates)
        flags = np.asarray(converged)
        if flags.dtype.kind not in "biuf" or not np.isin(flags, (0, 1)).all():
            raise UsageError(f"converged is {show(converged)}; allowed are true and false, 1 and 0")
        flags = flags.astype(bool)
        _check_shapes(values, flags, "converged")
        censored = values[~flags]
        if censored.size and (cap is None or np.any(censored != cap)):
            given = f"censored networks stopped at {censored.min()} to {censored.max()}"
            raise UsageError(f"{given}, but the cap is {cap}; all must have run to one common cap")
        distinct, counts = np.unique(values[flags], return_counts=True)
        return cls(distinct, counts, int(censored.size), cap)

    @property
    def n_converged(self) -> int:
        """Number of networks that converged by the cap."""
        return int(self.counts.sum())

    @property
    def n(self) -> int:
        """Number of networks, converged or not."""
        return self.n_converged + self.n_censored

    @property
    def end(self) -> int:
        """The cap where there is one, else the largest outcome."""
        return int(self.updates[-1]) if self.cap is None else self.cap

    @property
    def mean_at_cap(self) -> float:
        """Mean number of updates; a network that did not converge counts as `end` updates."""
        return (float(self.updates @ self.counts) + self.n_censored * self.end) / self.n

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CountTable):
            return NotImplemented
        # Written out, since == of two arrays is an array and no answer.
        return (
            self.cap == other.cap
            and self.n_censored == other.n_censored
            and np.array_equal(self.updates, other.updates)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Self) -> Self:
        """Merge the tables of two disjoint sets of networks under one cap."""
        if not isinstance(other, CountTable):
            return NotImplemented
        if self.cap != other.cap:
            raise UsageError(f"tables with caps {self.cap} and {other.cap} cannot be merged")
        # Outcomes of either table, each once, with the counts of both.
        both = np.concatenate([self.updates, other.updates])
        distinct, index = np.unique(both, return_inverse=True)
        counts = np.bincount(index, np.concatenate([self.counts, other.counts])).astype(np.int64)
        return type(self)(distinct, counts, self.n_censored + other.n_censored, self.cap)


def _check_shapes(updates: IntArray, others: IntArray | BoolArray, name: str) -> None:
    """Refuse arrays that do not have one entry for each of the updates."""
    if updates.ndim != 1 or updates.shape != others.shape:
        given = f"updates has shape {updates.shape} and {name} {others.shape}"
        raise UsageError(f"{given}; both must be one-dimensional and equally long")


def _take_whole(name: str, given: npt.ArrayLike) -> IntArray:
    """Return whole numbers as int64; refuse any other type of number."""
    array = np.asarray(given)
    if array.size and array.dtype.kind not in "iu":
        raise UsageError(f"{name} has type {array.dtype}; whole numbers are needed")
    return np.ascontiguousarray(array, dtype=np.int64).reshape(array.shape)
