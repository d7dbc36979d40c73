"""A kill at any write, fsync or rename leaves the old files of a report, or the new ones."""

import pytest

from replication.publication.models import read_model
from replication.publication.placing import find_damaged, place_files
from tests.reliability import faults

LONG = (pytest.mark.long, pytest.mark.timeout(1800))
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
    traced = faults.Strace(tmp_path / "log")
    whole = ReportCase(tmp_path / "whole")
    faults.assert_clean(traced.run(whole.words), 0)
    assert whole.look()
    # At each of these calls that the whole run makes, another run is killed.
    found = set()
    for name, k in traced.list_points():
        if name in calls:
            one = ReportCase(tmp_path / f"{name}-{k}")
            done = traced.run(one.words, f"{name}:signal=KILL:when={k}")
            assert traced.was_injected(), (name, k)
            assert done.returncode in (-9, 137)
            found.add(one.look())
    assert found == {True, False}
