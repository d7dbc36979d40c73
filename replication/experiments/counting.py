"""The outcomes of a study, counted as they come from the cache."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from replication.cache.blocks import Cache
from replication.cache.filling import iterate_outcomes
from replication.paper.study import Study
from replication.simulator.running.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable


class Counted(NamedTuple):
    """The outcomes of a study's networks, counted."""

    table: CountTable
    digest: str
    n_simulated: int  # of its networks; the others were in the cache


def count_outcomes(study: Study, cache: Cache, **options: Any) -> Counted:
    """Count the outcomes of a study; `options` are those of `iterate_outcomes`."""
    tally = Tally(study.protocol.max_updates)
    blocks = iterate_outcomes(study.protocol, study.root_seed, study.n_seeds, cache, **options)
    with contextlib.closing(blocks):
        digest = compute_digest(tally.pass_on(blocks))
    assert tally.table is not None  # a study has one network at least
    return Counted(tally.table, digest, tally.n_simulated)


class Tally:
    """Counts blocks of outcomes as they come, so that memory does not grow with the study."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.table: CountTable | None = None
        self.n_simulated = 0

    def pass_on(self, blocks: Iterable[tuple[Outcomes, bool]]) -> Iterator[Outcomes]:
        """Yield the outcomes of blocks, each counted before it is handed on.

        `blocks`: outcomes, and whether they were simulated rather than found in the cache.
        """
        for outcomes, is_new in blocks:
            counts = CountTable.from_outcomes(outcomes.updates, outcomes.converged, self.cap)
            if self.table is None:
                self.table = counts
            else:
                self.table = self.table + counts
            if is_new:
                self.n_simulated += len(outcomes)
            yield outcomes
