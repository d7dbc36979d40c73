"""A kill or an error at any write, fsync or rename loses no finished block."""

import re
import shutil

import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.publication.models import read_model, write_model
from replication.publication.placing import place_files
from replication.publication.verifying import find_damaged_files
from replication.simulator.outcomes import compute_digest
from replication.store.folders import StudyFolder
from replication.store.verifying import check_study
from tests.reliability import faults
from tests.unit.store.invented import invent, replace_block_size, simulate

N_SEEDS = 2000  # in two blocks
REFERENCE = compute_digest([invent(0, N_SEEDS)])


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A study of two blocks that met no fault."""
    folder = tmp_path_factory.mktemp("traced")
    traced = faults.Strace(folder / "results", folder / "log")
    faults.assert_clean(traced.run(), 0)
    return traced


def test_every_block_is_written_forced_to_disk_renamed_and_its_folder_forced(traced):
    calls = traced.read_calls()
    new_folder, new_block = ["mkdir", "fsync"], ["write", "fsync", "rename", "fsync", "unlink"]
    assert [name for name, _ in calls] == 5 * new_folder + 2 * new_block
    for source, target in (
        re.findall(r'"(.*?)"', rest) for name, rest in calls if name == "rename"
    ):
        assert source.rpartition("/")[0] == target.rpartition("/")[0]
        assert target.endswith(".parquet")


def inject(tmp_path, fault, *, code):
    """Run a study into a fault, look at what is left, and run it again."""
    traced = faults.Strace(tmp_path / "fault" / "results", tmp_path / "fault.log")
    traced.results.parent.mkdir()
    done = traced.run(fault)
    assert traced.was_injected(), f"{fault} did not happen"
    if code is None:
        assert done.returncode in (-9, 137), f"{fault}: {done.returncode} {done.stderr}"
    else:
        faults.assert_clean(done, code)
        assert faults.find_strays(traced.results) == []
    with replace_block_size(1000):
        assert check_study(StudyFolder(PAPER.id, 1988, traced.results)).faults == {}
    faults.assert_recovers(traced.results, N_SEEDS, REFERENCE, simulate)
    shutil.rmtree(traced.results.parent)


LONG = (pytest.mark.long, pytest.mark.timeout(1800))


@pytest.mark.parametrize(
    ("errors", "code", "chosen"),
    [
        (["signal=KILL"], None, None),
        (["error=EIO"], 74, [("write", 2), ("fsync", 6), ("rename", 2)]),
        pytest.param(["error=EIO", "error=ENOSPC"], 74, None, marks=LONG),
    ],
)
def test_a_fault_at_any_call_loses_nothing(tmp_path, traced, errors, code, chosen):
    for name, k in chosen or traced.list_points():
        for fault in errors:
            inject(tmp_path, f"{name}:{fault}:when={k}", code=code)


OLD = {"report.html": b"old page", "figures/old.svg": b"old figure"}
NEW = {"report.html": b"new page", "figures/new.svg": b"new figure"}
NEWEST = {"report.html": b"newest page", "figures/new.svg": b"newest figure"}


class ReportCase:
    """A report that stands in a folder, and another that replaces it."""

    def __init__(self, folder):
        self.study = Study(PAPER, 1988, 1000, folder)
        self.words = ["report", *self.study.options.split(), "--results", str(folder)]
        write_model(self.study.folder, "headline", {"text": "old"})
        place_files(self.study.folder, OLD)

    def read(self):
        files = [*self.study.folder.glob("*.html"), *self.study.folder.glob("figures/*.svg")]
        return {str(path.relative_to(self.study.folder)): path.read_bytes() for path in files}

    def look(self):
        """Return whether the new one stands after the next command; whole are both."""
        for name, content in self.read().items():
            assert content in (OLD.get(name), NEW.get(name)), f"{name} is not whole"
        assert read_model(self.study.folder, "headline")["text"] in ("old", "new")
        before = faults.read_files(self.study.results)
        assert faults.call("info", "--results", self.study.results).returncode == 0
        assert faults.read_files(self.study.results) == before, "a reading command writes nothing"
        is_new = self.read().items() >= NEW.items()
        if not is_new and self.read() != OLD:
            assert find_damaged_files(self.study.folder), "what is missing is named"
        place_files(self.study.folder, NEWEST)  # as the next report does
        assert self.read() == NEWEST
        assert find_damaged_files(self.study.folder) == []
        assert list(self.study.folder.rglob("*.set-aside-*")) == [], "all were ours"
        assert len(faults.find_strays(self.study.results)) <= 1, "which goes after a day"
        return is_new


@pytest.mark.timeout(300)
def test_kill_at_every_call_leaves_the_old_files_or_the_new_ones(tmp_path):
    traced = faults.Strace(tmp_path, tmp_path / "log")
    whole = ReportCase(tmp_path / "whole")
    faults.assert_clean(traced.run(words=whole.words), 0)
    points = traced.list_points()
    assert {name for name, _ in points} >= {"write", "fsync", "rename"}
    assert whole.look()
    found = set()
    for name, k in points:
        one = ReportCase(tmp_path / f"{name}-{k}")
        done = traced.run(f"{name}:signal=KILL:when={k}", one.words)
        assert traced.was_injected(), (name, k)
        assert done.returncode in (-9, 137)
        found.add(one.look())
    assert found == {True, False}
