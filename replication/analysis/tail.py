"""The tail study: networks that had not converged at the cap, run on to a later one."""

from __future__ import annotations

import dataclasses

import numpy as np

from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate, estimate_proportion
from replication.errors import DataError


@dataclasses.dataclass(frozen=True)
class TailStudy:
    """What became of the networks that were censored at the cap.

    Parameters
    ----------
    n : int
        Networks run on.
    cap, end : int
        The cap of the main study and of the tail study.
    merely_slow : Estimate
        Proportion of them that converged by `end`.
    never_by_end : Estimate
        Proportion of *all* networks that had not converged by `end`.
    slowest : int or None
        Largest number of updates among those that converged.
    late_within : dict of int to int
        How many of them had converged within 3,000, 5,000, 10,000, ... updates.
    """

    n: int
    cap: int
    end: int
    merely_slow: Estimate
    never_by_end: Estimate
    slowest: int | None
    late_within: dict[int, int]


def combine_with_tail(table: CountTable, tail: CountTable) -> CountTable:
    """Return the table of the whole population with the cap of the tail study.

    Parameters
    ----------
    table : CountTable
        The main study, n_censored networks censored at its cap.
    tail : CountTable
        Exactly those networks, run on from the start to a later cap.

    Raises
    ------
    DataError
        If the tail study does not fit the main study.
    """
    if tail.n != table.n_censored or table.cap is None or tail.cap is None:
        raise DataError(
            f"the tail study has {tail.n} networks but {table.n_censored} were censored at "
            f"the cap of {table.cap}; run the tail study again"
        )
    if tail.cap < table.cap or (tail.updates.size and tail.updates[0] <= table.cap):
        raise DataError(
            f"the tail study holds outcomes up to the main cap of {table.cap}; "
            "it must hold the censored networks only; run it again"
        )
    return CountTable(
        np.concatenate([table.updates, tail.updates]),
        np.concatenate([table.counts, tail.counts]),
        tail.n_censored,
        tail.cap,
    )


def describe_tail(table: CountTable, tail: CountTable) -> TailStudy:
    """Describe the tail study; see `combine_with_tail` for what it must be."""
    whole = combine_with_tail(table, tail)
    assert table.cap is not None
    assert tail.cap is not None
    steps = [t for t in (3000, 5000, 10_000, 20_000, 50_000, 100_000) if table.cap < t <= tail.cap]
    return TailStudy(
        tail.n,
        table.cap,
        tail.cap,
        estimate_proportion(tail.n_converged, tail.n),
        estimate_proportion(whole.n_censored, whole.n),
        int(tail.updates[-1]) if tail.updates.size else None,
        {t: int(tail.count_within(t)) for t in steps},
    )
