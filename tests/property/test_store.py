"""Any sequence of extending, interrupting, damaging and repairing equals one fresh run."""

import contextlib
import dataclasses
import hashlib
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.errors import DataError, StorageError
from replication.simulator.outcomes import compute_digest
from replication.statistics.counts import CountTable
from replication.store.blocks import find_blocks
from replication.store.folders import (
    StudyFolder,
    compute_study_digest,
    count_outcomes,
    find_missing,
)
from replication.store.verifying import check_study
from replication.system import files
from tests.unit.store.invented import fill, invent, repair, replace_block_size

N_MAX = 60
counts = st.integers(1, N_MAX)


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
        self.n_promised = self.n_left = 0
        self.folder = StudyFolder(PAPER.id, 1988, self.results)
        self.replaced = contextlib.ExitStack()
        self.replaced.enter_context(mock.patch("os.fsync"))  # takes time and changes nothing here

    @initialize(size=st.integers(5, 25))
    def choose_size(self, size):
        self.replaced.enter_context(replace_block_size(size))

    def teardown(self):
        self.replaced.close()
        shutil.rmtree(self.results)

    @property
    def bad(self):
        return [
            block.path
            for block in find_blocks(self.folder.path)
            if hashlib.sha256(block.path.read_bytes()).hexdigest()[:16] != block.path.stem[-16:]
        ]

    def run(self, n_seeds):
        fill(self.results, n_seeds, jobs=2, simulation=simulate)

    @rule(n_seeds=counts)
    def extend(self, n_seeds):
        """Whatever was damaged or is missing, the next run gives what a fresh one does."""
        self.run(n_seeds)
        self.n_promised = max(self.n_promised, n_seeds)
        study = Study(PAPER, 1988, n_seeds, self.results)
        assert compute_study_digest(study) == compute_digest([invent(0, n_seeds)])

    @rule(n_seeds=counts, after=st.integers(0, 5), is_kill=st.booleans())
    def end_in_a_write(self, n_seeds, after, is_kill):
        """Die or fail just before the k-th rename; after a kill nothing is tidied up."""
        publish, left = files.publish, [after]

        def end(temporary, path):
            if left[0] == 0:
                if is_kill:
                    temporary.rename(temporary.with_name(".replication-" + "0" * 16 + ".part"))
                    self.n_left = 1
                    raise Killed
                raise StorageError("no space left")
            left[0] -= 1
            publish(temporary, path)

        ended = contextlib.suppress(Killed, StorageError)
        with mock.patch.object(files, "publish", end), ended:
            self.run(n_seeds)
        assert len(list(self.results.rglob("*.part"))) <= self.n_left

    @precondition(lambda self: self.folder.path.exists())
    @rule(which=st.integers(0, 10**6), where=st.integers(0, 10**6), how=st.sampled_from("fts"))
    def damage(self, which, where, how):
        """Flip a bit of a block, truncate it, or put another one in its place."""
        blocks = find_blocks(self.folder.path)
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

    @precondition(lambda self: self.folder.path.exists())
    @rule(which=st.integers(0, 10**6))
    def delete(self, which):
        """Delete a block: its seeds are missing, and nothing else is wrong."""
        blocks = find_blocks(self.folder.path)
        if blocks:
            blocks[which % len(blocks)].path.unlink()
            self.n_promised = 0

    @precondition(lambda self: self.folder.path.exists())
    @rule()
    def repair(self):
        repair(self.folder, simulate)
        assert check_study(self.folder).messages == []

    @invariant()
    def what_can_be_read_is_right(self):
        checked = check_study(self.folder)
        n_seeds = min(checked.study.n_seeds, N_MAX)
        if n_seeds == 0 or checked.missing:
            return
        study = dataclasses.replace(checked.study, n_seeds=n_seeds)
        try:
            digest, table = compute_study_digest(study), count_outcomes(study)
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
        if self.n_promised and not self.bad:
            assert find_missing(Study(PAPER, 1988, self.n_promised, self.results)) == []

    @invariant()
    def damage_and_nothing_else_is_noticed(self):
        if self.folder.path.exists():
            assert [block.path for block in check_study(self.folder).faults] == self.bad


TestStoreLife = StoreLife.TestCase
TestStoreLife.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
