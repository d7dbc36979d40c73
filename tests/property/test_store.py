"""Any sequence of extending, interrupting, damaging and repairing equals one fresh run."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from replication.errors import DataError, StorageError
from replication.protocol import PAPER
from replication.simulator.outcomes import compute_digest
from replication.statistics.counts import CountTable
from replication.store import Store, blocks, check_study
from replication.store.filling import simulate_study
from replication.store.verifying import repair_study
from tests.unit.store.invented import invent

N_MAX = 60
counts = st.integers(1, N_MAX)
sizes = st.integers(1, 25)


class Killed(BaseException):
    """Stands for the death of the process: nothing tidies up after it."""


def simulate(protocol, root_seed, ranges, **_):
    """Yield invented outcomes out of order, as workers do."""
    for start, stop in sorted(ranges, key=lambda pair: pair[0] * 7 % 11):
        yield invent(start, stop)


def simulate_until(n_blocks, error):
    """Return a simulation that ends with an error after some blocks."""

    def simulate_some(*args, **options):
        for i, outcomes in enumerate(simulate(*args, **options)):
            if i == n_blocks:
                raise error
            yield outcomes

    return simulate_some


class StoreLife(RuleBasedStateMachine):
    """A store that lives through everything."""

    def __init__(self):
        super().__init__()
        self.results = Path(tempfile.mkdtemp())
        self.damaged = False
        self.flips: set[tuple[Path, int, int]] = set()
        self.n_promised = 0

    def teardown(self):
        shutil.rmtree(self.results)

    @property
    def store(self) -> Store:
        """A store as a new process would open it."""
        return Store(self.results)

    @property
    def folder(self) -> Path:
        return self.store.study_folder(PAPER, 1988)

    def run(self, n_seeds, size, simulation) -> None:
        simulate_study(
            self.store, PAPER, 1988, n_seeds, jobs=2, block_size=size, show_progress=False,
            simulate=simulation,
        )  # fmt: skip

    @precondition(lambda self: not self.damaged)
    @rule(n_seeds=counts, size=sizes)
    def extend(self, n_seeds, size):
        self.run(n_seeds, size, simulate)
        self.n_promised = max(self.n_promised, n_seeds)
        assert self.store.digest(PAPER, 1988, n_seeds) == compute_digest([invent(0, n_seeds)])

    @precondition(lambda self: not self.damaged)
    @rule(n_seeds=counts, size=sizes, after=st.integers(0, 3))
    def interrupt(self, n_seeds, size, after):
        with contextlib.suppress(KeyboardInterrupt):
            self.run(n_seeds, size, simulate_until(after, KeyboardInterrupt()))

    @precondition(lambda self: not self.damaged)
    @rule(n_seeds=counts, size=sizes, after=st.integers(0, 5))
    def kill_in_a_write(self, n_seeds, size, after):
        """Die just before the k-th rename, with nothing tidied up."""
        names = ("publish", "withdraw", "discard_temporaries")
        kept = {name: getattr(blocks, name) for name in names}
        left = [after]

        def publish(path):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            kept["publish"](path)

        blocks.publish = publish
        blocks.withdraw = blocks.discard_temporaries = lambda _: None
        try:
            with contextlib.suppress(Killed):
                self.run(n_seeds, size, simulate)
        finally:
            for name in names:
                setattr(blocks, name, kept[name])

    @precondition(lambda self: not self.damaged)
    @rule(n_seeds=counts, size=sizes, after=st.integers(0, 5))
    def fail_in_a_write(self, n_seeds, size, after):
        kept = blocks.publish
        left = [after]

        def publish(path):
            if left[0] == 0:
                raise StorageError("no space left")
            left[0] -= 1
            kept(path)

        blocks.publish = publish
        try:
            with contextlib.suppress(StorageError):
                self.run(n_seeds, size, simulate)
        finally:
            blocks.publish = kept
        assert not list(self.results.rglob("*.part"))

    @precondition(lambda self: self.folder.exists())
    @rule(which=st.integers(0, 10**6), where=st.integers(0, 10**6), how=st.sampled_from("ftr"))
    def damage(self, which, where, how):
        """Flip a bit of, truncate or remove a file of a block that is on record."""
        with contextlib.suppress(DataError):
            self.store.record(PAPER, 1988)
        # Half a block, left by a kill, is none: it is swept, whatever happens to it before.
        files = [
            path
            for block in blocks.find_blocks(self.folder)
            for path in (block.path, block.sidecar_path)
        ]
        if not files:
            return
        path = files[which % len(files)]
        content = bytearray(path.read_bytes())
        if how == "r":
            path.unlink()
        elif how == "t":
            path.write_bytes(bytes(content[: where % max(1, len(content))]))
        elif content:
            flip = path, where % len(content), which % 8
            if flip in self.flips:  # once more would mend it
                return
            self.flips.add(flip)
            content[flip[1]] ^= 1 << flip[2]
            path.write_bytes(bytes(content))
        self.damaged = True

    @rule()
    def repair(self):
        for study in self.store.studies():
            repair_study(self.store, study, show_progress=False, simulate=simulate)
        self.damaged = False
        self.flips.clear()

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
            assert self.damaged
            return
        expected = invent(0, n_seeds)
        assert digest == compute_digest([expected])
        assert table == CountTable.from_outcomes(
            expected.updates, expected.converged, PAPER.max_updates
        )

    @invariant()
    def a_sound_store_keeps_what_it_promised(self):
        if not self.damaged and self.folder.exists():
            assert check_study(self.folder).faults == ()
            assert self.store.missing(PAPER, 1988, max(1, self.n_promised)) in (
                [],
                [(0, 1)] if self.n_promised == 0 else [],
            )

    @invariant()
    def a_damaged_store_is_noticed(self):
        if self.damaged:
            assert check_study(self.folder).faults != ()


TestStoreLife = StoreLife.TestCase
TestStoreLife.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
