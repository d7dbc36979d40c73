"""A kill or an error at any write, fsync or rename costs at most the block in flight."""

import shutil

import pytest

from replication.publication.models import read_model
from replication.publication.placing import find_damaged, place_files
from tests.reliability import faults
from tests.unit.cache import invented
from tests.unit.cache.invented import fill, list_blocks, replace_block_size

N_SEEDS = 2000  # in two blocks
REFERENCE = invented.compute_reference(N_SEEDS)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A study of two blocks that met no fault."""
    folder = tmp_path_factory.mktemp("traced")
    traced = faults.Strace(folder / "cache", folder / "log")
    faults.assert_clean(traced.run(), 0)
    return traced


def test_every_block_is_written_forced_to_disk_renamed_and_its_folder_forced(traced):
    new_block = ["write", "fsync", "rename", "fsync", "unlink"]
    assert [name for name, _ in traced.read_calls()] == ["mkdir", *new_block, *new_block]


def inject(tmp_path, fault, *, is_kill):
    """Run a study into a fault, look at what is left, and run it again."""
    traced = faults.Strace(tmp_path / "fault" / "cache", tmp_path / "fault.log")
    traced.cache.parent.mkdir()
    done = traced.run(fault)
    assert traced.was_injected(), f"{fault} did not happen"
    if is_kill:
        assert done.returncode in (-9, 137), f"{fault}: {done.returncode} {done.stderr}"
    else:
        faults.assert_clean(done, 0)
        assert REFERENCE in done.stdout
        # What fails once is tried once more; what goes on to fail is said.
        assert done.stderr.count("outcomes are not cached: ") == fault.endswith("+")
    # A whole block is kept: the next run simulates only what has no name yet.
    n_kept = len(list_blocks(traced.cache))
    with replace_block_size(1000):
        assert fill(traced.cache, N_SEEDS).n_simulated == N_SEEDS - 1000 * n_kept
    faults.assert_recovers(traced.cache, N_SEEDS, REFERENCE, invented.simulate)
    assert len(list(traced.cache.rglob("*.part"))) <= is_kill
    shutil.rmtree(traced.cache.parent)


LONG = (pytest.mark.long, pytest.mark.timeout(1800))
CHOSEN = [
    "mkdir:error=EIO:when=1",
    "mkdir:error=EIO:when=1+",
    "write:error=ENOSPC:when=2",
    "write:error=ENOSPC:when=1+",
    "fsync:error=EIO:when=1+",
    "rename:error=EIO:when=1+",
]


@pytest.mark.parametrize(("kinds", "chosen"), [
    (["signal=KILL"], ()), ([], CHOSEN),
    pytest.param(["error=EIO", "error=ENOSPC"], (), marks=LONG),
], ids=["kills", "some-errors", "all-errors"])  # fmt: skip
def test_a_fault_at_any_call_costs_the_block_in_flight(tmp_path, traced, kinds, chosen):
    every = [f"{name}:{kind}:when={k}" for name, k in traced.list_points() for kind in kinds]
    for fault in chosen or every:
        inject(tmp_path, fault, is_kill="KILL" in fault)


OLD = {"report.html": b"old page", "figures/old.svg": b"old figure"}
NEW = {"report.html": b"new page", "figures/new.svg": b"new figure"}
NEWEST = {"report.html": b"newest page", "figures/new.svg": b"newest figure"}


class ReportCase:
    """A report that stands in a folder, and another that replaces it."""

    def __init__(self, folder):
        self.study = faults.publish(folder, n_seeds=1000, files=OLD, text="old")
        self.words = ["report", *self.study.options.split(), "--results", str(folder)]

    def read(self):
        files = [*self.study.folder.glob("*.html"), *self.study.folder.glob("figures/*.svg")]
        return {str(path.relative_to(self.study.folder)): path.read_bytes() for path in files}

    def look(self):
        """Return whether the new one stands after the next command; whole are both."""
        for name, content in self.read().items():
            assert content in (OLD.get(name), NEW.get(name)), f"{name} is not whole"
        assert read_model(self.study.folder, "headline")["text"] in ("old", "new")
        is_new = self.read().items() >= NEW.items()
        assert is_new or self.read() == OLD or find_damaged(self.study.folder), "not named"
        place_files(self.study.folder, NEWEST)  # as the next report does
        assert self.read() == NEWEST
        assert find_damaged(self.study.folder) == []
        assert list(self.study.folder.rglob("*.set-aside-*")) == [], "all were ours"
        assert len(list(self.study.results.rglob("*.part"))) <= 1, "which goes after a day"
        return is_new


@pytest.mark.timeout(300)
@pytest.mark.parametrize("calls", [
    {"rename", "unlink", "rmdir"},
    pytest.param({"write", "fsync", "mkdir", "unlinkat"}, marks=LONG),
])  # fmt: skip
def test_kill_at_every_call_leaves_the_old_files_or_the_new_ones(tmp_path, calls):
    traced = faults.Strace(tmp_path, tmp_path / "log")
    whole = ReportCase(tmp_path / "whole")
    faults.assert_clean(traced.run(words=whole.words), 0)
    assert whole.look()
    # At each of these calls that the whole run makes, another run is killed.
    found = set()
    for name, k in traced.list_points():
        if name in calls:
            one = ReportCase(tmp_path / f"{name}-{k}")
            done = traced.run(f"{name}:signal=KILL:when={k}", one.words)
            assert traced.was_injected(), (name, k)
            assert done.returncode in (-9, 137)
            found.add(one.look())
    assert found == {True, False}
