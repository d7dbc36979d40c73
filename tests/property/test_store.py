"""Any sequence of extending, interrupting, damaging and repairing equals one fresh run."""

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from replication.definition.protocol import PAPER
from replication.errors import DataError, StorageError
from replication.simulator.outcomes import compute_digest
from replication.statistics.counts import CountTable
from replication.store import Store, find_blocks
from replication.system import files
from tests.unit.store.invented import check, fill, invent, repair

N_MAX = 60
counts = st.integers(1, N_MAX)
sizes = st.integers(1, 25)


class Killed(BaseException):
    """Stands for the death of the process: nothing tidies up after it."""


def simulate(protocol, root_seed, ranges, **_):
    """Yield invented outcomes out of order, as workers do."""
    for start, stop in sorted(ranges, key=lambda pair: pair[0] * 7 % 11):
        yield invent(start, stop)


class StoreLife(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.results = Path(tempfile.mkdtemp())
        self.n_promised = 0
        self.no_fsync = mock.patch("os.fsync")  # which takes time and changes nothing here
        self.no_fsync.start()

    def teardown(self):
        self.no_fsync.stop()
        shutil.rmtree(self.results)

    @property
    def store(self):
        return Store(self.results)

    @property
    def folder(self):
        return self.store.study_folder(PAPER, 1988)

    @property
    def bad(self):
        return [
            block.path
            for block in find_blocks(self.folder)
            if hashlib.sha256(block.path.read_bytes()).hexdigest()[:16] != block.path.stem[-16:]
        ]

    def run(self, n_seeds, size, simulation=simulate):
        fill(self.store, n_seeds, jobs=2, block_size=size, simulation=simulation)

    @precondition(lambda self: not self.bad)
    @rule(n_seeds=counts, size=sizes)
    def extend(self, n_seeds, size):
        self.run(n_seeds, size)
        self.n_promised = max(self.n_promised, n_seeds)
        assert self.store.digest(PAPER, 1988, n_seeds) == compute_digest([invent(0, n_seeds)])
        assert not list(self.results.rglob("*.part"))

    @precondition(lambda self: not self.bad)
    @rule(n_seeds=counts, size=sizes, after=st.integers(0, 5), is_kill=st.booleans())
    def end_in_a_write(self, n_seeds, size, after, is_kill):
        """Die or fail just before the k-th rename; after a kill nothing is tidied up."""
        publish, left = files.publish, [after]

        def end(temporary, path):
            if left[0] == 0:
                if is_kill:
                    temporary.rename(temporary.with_name(".replication-" + "0" * 16 + ".part"))
                    raise Killed
                raise StorageError("no space left")
            left[0] -= 1
            publish(temporary, path)

        ended = contextlib.suppress(Killed, StorageError)
        with mock.patch.object(files, "publish", end), ended:
            self.run(n_seeds, size)
        if not is_kill:
            assert not list(self.results.rglob("*.part"))

    @precondition(lambda self: self.folder.exists())
    @rule(which=st.integers(0, 10**6), where=st.integers(0, 10**6), how=st.sampled_from("fts"))
    def damage(self, which, where, how):
        """Flip a bit of a block, truncate it, or put another one in its place."""
        blocks = find_blocks(self.folder)
        if not blocks:
            return
        path = blocks[which % len(blocks)].path
        content = bytearray(path.read_bytes())
        if how == "t":
            path.write_bytes(bytes(content[: where % max(1, len(content))]))
        elif how == "s":
            path.write_bytes(blocks[where % len(blocks)].path.read_bytes())
        elif content:
            content[where % len(content)] ^= 1 << which % 8
            path.write_bytes(bytes(content))

    @precondition(lambda self: self.folder.exists())
    @rule(which=st.integers(0, 10**6))
    def delete(self, which):
        """Delete a block: its seeds are missing, and nothing else is wrong."""
        blocks = find_blocks(self.folder)
        if blocks:
            blocks[which % len(blocks)].path.unlink()
            self.n_promised = 0

    @precondition(lambda self: self.folder.exists())
    @rule()
    def repair(self):
        repair(self.store, self.folder, simulate)
        checked = check(self.store, self.folder)
        assert checked.messages == []

    @invariant()
    def what_can_be_read_is_right(self):
        try:
            ((_, stop), *_) = self.store.ranges(PAPER, 1988) or [(0, 0)]
            n_seeds = min(stop, N_MAX)
            if n_seeds == 0 or self.store.missing(PAPER, 1988, n_seeds):
                return
            digest = self.store.digest(PAPER, 1988, n_seeds)
            table = self.store.counts(PAPER, 1988, n_seeds)
        except DataError:
            assert self.bad
            return
        expected = invent(0, n_seeds)
        assert digest == compute_digest([expected])
        assert table == CountTable.from_outcomes(
            expected.updates, expected.converged, PAPER.max_updates
        )

    @invariant()
    def a_sound_store_keeps_what_it_promised(self):
        if not self.bad:
            assert self.n_promised == 0 or self.store.missing(PAPER, 1988, self.n_promised) == []

    @invariant()
    def damage_and_nothing_else_is_noticed(self):
        if find_blocks(self.folder):
            assert [block.path for block in check(self.store, self.folder).faults] == self.bad


TestStoreLife = StoreLife.TestCase
TestStoreLife.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
