"""The outcomes of a study, counted as they come from the cache."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from replication.cache.blocks import Cache
from replication.cache.filling import iterate_outcomes
from replication.paper.study import Study
from replication.simulator.running.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable


class Counted(NamedTuple):
    """What became of the networks of a study."""

    table: CountTable
    digest: str
    n_simulated: int  # of its networks; the others were in the cache


def count_outcomes(study: Study, cache: Cache, **options: Any) -> Counted:
    """Count the outcomes of a study; `options` are those of `iterate_outcomes`."""
    table: CountTable | None = None
    n_simulated = 0

    def count() -> Iterator[Outcomes]:
        nonlocal table, n_simulated
        for outcomes, is_new in found:
            # Added up as they come, so that memory does not grow with the study.
            cap = study.protocol.max_updates
            one = CountTable.from_outcomes(outcomes.updates, outcomes.converged, cap)
            table = one if table is None else table + one
            n_simulated += is_new * len(outcomes)
            yield outcomes

    blocks = iterate_outcomes(study.protocol, study.root_seed, study.n_seeds, cache, **options)
    with contextlib.closing(blocks) as found:
        digest = compute_digest(count())
    assert table is not None
    return Counted(table, digest, n_simulated)
