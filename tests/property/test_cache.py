"""Whatever has happened to a cache, every run gives the digest of a fresh one."""

import contextlib
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from replication.statistics.counts import CountTable
from tests.unit.cache.invented import (
    PAPER,
    compute_reference,
    fill,
    find_digest,
    invent,
    list_blocks,
    replace_block_size,
)

N_MAX = 60
counts = st.integers(1, N_MAX)
places = st.integers(0, 10**6)


def simulate(protocol, root_seed, ranges, **_):
    """Yield invented outcomes out of order, as workers do."""
    for start, stop in sorted(ranges, key=lambda pair: pair[0] * 7 % 11):
        yield invent(start, stop)


class CacheLife(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.n_kept = 0  # networks that are in the cache for certain
        self.replaced = contextlib.ExitStack()
        self.replaced.enter_context(mock.patch("os.fsync"))  # takes time and changes nothing here

    @initialize(size=st.integers(5, 25))
    def choose_size(self, size):
        self.replaced.enter_context(replace_block_size(size))

    def teardown(self):
        self.replaced.close()
        shutil.rmtree(self.folder)

    @rule(n_seeds=counts)
    def run(self, n_seeds):
        counted = fill(self.folder, n_seeds, jobs=2, simulation=simulate)
        # Whatever lies in the cache, the study is that of a fresh one.
        expected = invent(0, n_seeds)
        assert counted.digest == compute_reference(n_seeds)
        assert counted.table == CountTable.from_outcomes(
            expected.updates, expected.converged, PAPER.max_updates
        )
        self.n_kept = max(self.n_kept, n_seeds)

    @rule(which=places, where=places, how=st.sampled_from("ftsd"))
    def damage(self, which, where, how):
        """Flip a bit of a block, truncate it, put another one in its place, or delete it."""
        blocks = list_blocks(self.folder)
        if not blocks:
            return
        self.n_kept = 0
        path = blocks[which % len(blocks)]
        content = bytearray(path.read_bytes())
        if how == "d":
            path.unlink()
        elif how == "t":
            path.write_bytes(bytes(content[: where % max(1, len(content))]))
        elif how == "s":
            path.write_bytes(blocks[where % len(blocks)].read_bytes())
        elif content:
            content[where % len(content)] ^= 1 << which % 8
            path.write_bytes(bytes(content))

    @invariant()
    def what_was_kept_is_not_simulated_again(self):
        if self.n_kept:
            assert find_digest(self.folder, self.n_kept) == compute_reference(self.n_kept)


TestCacheLife = CacheLife.TestCase
TestCacheLife.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
