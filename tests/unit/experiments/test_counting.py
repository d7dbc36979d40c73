"""The outcomes of a study come in the order of seeds, in blocks that fit in time and memory."""

import os

import numpy as np
import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.errors import UsageError
from replication.experiments.counting import choose_block_size, count_outcomes, iterate_outcomes
from replication.paper.study import Study
from replication.simulator.running.outcomes import Outcomes

COUNTING = "replication.experiments.counting"


def test_outcomes_come_in_order_of_seeds_whatever_has_finished_first(monkeypatch):
    def simulate_backwards(protocol, root_seed, ranges, **_):
        for start, stop in reversed(list(ranges)):
            updates = np.arange(start, stop, dtype=np.int32)
            yield Outcomes(start, updates, np.ones(stop - start, dtype=bool))

    monkeypatch.setattr(f"{COUNTING}.choose_block_size", lambda _: 20)
    monkeypatch.setattr(f"{COUNTING}.simulate_ranges", simulate_backwards)
    study = Study(PAPER, 7, 90)
    blocks = list(iterate_outcomes(study, show_progress=False))
    assert [(block.start, block.stop) for block in blocks][-1] == (80, 90)
    assert np.concatenate([block.updates for block in blocks]).tolist() == [*range(90)]
    assert count_outcomes(study, show_progress=False).table.updates.tolist() == [*range(90)]


def test_blocks_follow_from_the_protocol_are_seconds_of_work_and_fit_in_the_memory():
    assert choose_block_size(PAPER) == 50_000
    assert choose_block_size(Protocol(max_updates=20_000)) == 6_818
    assert choose_block_size(Protocol(max_updates=10_000_000)) == 1_000
    large = Protocol(group_sizes=(256, 256))
    assert 1 < choose_block_size(large) < 1_000
    assert 8 * large.n_weights * choose_block_size(large) <= 2**25


def test_networks_that_the_memory_cannot_hold_are_refused(monkeypatch):
    given = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10**3}
    monkeypatch.setattr(os, "sysconf", given.__getitem__)
    with pytest.raises(UsageError, match=r"on 1 workers need about 0\.0 GB, and this"):
        count_outcomes(Study(PAPER, 7, 1), jobs=1)
