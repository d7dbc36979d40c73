"""A kill or an error at any write, fsync or rename loses no finished block."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from replication.models import read_model, write_model
from replication.protocol import PAPER
from replication.publication import Study
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from replication.store.placing import place_files
from replication.verification import find_damaged_files, finish_reports
from tests.reliability.faults import (
    Strace,
    assert_clean,
    assert_recovers,
    call,
    count_calls,
    find_strays,
    iterate_points,
)
from tests.unit.store.invented import check, fill, invent, simulate

N_SEEDS = 2000
REFERENCE = compute_digest([invent(0, N_SEEDS)])
ERRORS = ("EIO", "ENOSPC")


def inject(tmp_path, fault: str, *, code: int | None) -> None:
    """Run a study into a fault, look at what is left, and run it again."""
    traced = Strace(tmp_path / "fault" / "results", tmp_path / "fault.log")
    traced.results.parent.mkdir()
    done = traced.run(fault)
    assert traced.was_injected(), f"{fault} did not happen"
    if code is None:
        assert done.returncode in (-9, 137), f"{fault}: {done.returncode} {done.stderr}"
    else:
        assert_clean(done, code)
        assert find_strays(traced.results) == []
    folder = Store(traced.results).study_folder(PAPER, 1988)
    if folder.exists():
        assert check(Store(traced.results), folder).faults == {}
    assert_recovers(traced.results, N_SEEDS, REFERENCE, simulate)
    shutil.rmtree(traced.results.parent)


def test_kill_at_every_call_loses_nothing(tmp_path):
    points = list(iterate_points(count_calls(tmp_path)))
    assert len(points) >= 12
    for name, k in points:
        inject(tmp_path, f"{name}:signal=KILL:when={k}", code=None)


@pytest.mark.parametrize(
    "fault",
    ["write:error=ENOSPC:when=2", "fsync:error=EIO:when=6", "rename:error=EIO:when=2"],
)
def test_error_at_a_call_ends_with_74_and_loses_nothing(tmp_path, fault):
    inject(tmp_path, fault, code=74)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_error_at_every_call_ends_with_74_and_loses_nothing(tmp_path):
    for name, k in iterate_points(count_calls(tmp_path)):
        for error in ERRORS:
            inject(tmp_path, f"{name}:error={error}:when={k}", code=74)


def test_every_file_is_written_forced_to_disk_renamed_and_its_folder_forced(tmp_path):
    traced = Strace(tmp_path / "results", tmp_path / "log")
    assert_clean(traced.run(), 0)
    waiting: dict[str, str] = {}
    renamed: list[str] = []
    finished = []
    for name, rest in traced.read_calls():
        if name == "write":
            waiting["file"] = "written"
        elif name == "fsync" and waiting.get("file") == "written":
            waiting["file"] = "synced"
        elif name == "rename":
            assert waiting["file"] == "synced", f"renamed before it was forced to disk: {rest}"
            source, target = re.findall(r'"([^"]*)"', rest)
            assert source.rpartition("/")[0] == target.rpartition("/")[0]
            renamed.append(target.rpartition("/")[2])
        elif name == "fsync" and renamed:
            finished += renamed
            renamed = []
    assert renamed == [], "renamed, but the folder was not forced to disk afterwards"
    assert sum(name.endswith(".parquet") for name in finished) == 2


OLD = {"report.html": b"old page", "figures/old.svg": b"old figure"}


def read_report(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.suffix in (".html", ".svg")]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if ".replication" not in str(path)
    }


@pytest.mark.timeout(300)
def test_kill_at_every_call_of_report_leaves_the_old_one_or_leads_to_the_new_one(tmp_path):
    study = Study(PAPER, 1988, 1000, tmp_path / "pristine")
    place_files(study.folder, OLD)
    write_model(study.folder, "headline", {"text": "old"})

    def report(name: str, fault: str | None = None):
        results = tmp_path / name
        shutil.copytree(study.results, results)
        traced = Strace(results, tmp_path / f"{name}.log")
        words = ["report", "--seeds", "1000", "--results", str(results)]
        return traced, traced.run(fault, words), results / study.folder.relative_to(study.results)

    traced, done, folder = report("whole")
    assert_clean(done, 0)
    new = read_report(folder)
    assert set(new) == {"report.html", "figures/new.svg"}
    found = set()
    for name, k in iterate_points(traced.count_calls()):
        traced, done, folder = report(f"{name}-{k}", f"{name}:signal=KILL:when={k}")
        assert traced.was_injected(), (name, k)
        assert done.returncode in (-9, 137)
        for path, content in read_report(folder).items():
            assert content in (OLD.get(path), new.get(path)), f"{path} is not whole"
        assert read_model(folder, "headline")["text"] in ("old", "new")
        finish_reports(traced.results)  # as the next command does
        assert find_damaged_files(folder) == []
        assert read_report(folder) in (OLD, new), (name, k)
        found.add(read_report(folder) == new)
        place_files(folder, OLD)
        assert read_report(folder) == OLD
        assert not list(folder.glob("*.part"))
    assert found == {True, False}


@pytest.mark.timeout(300)
def test_kill_at_every_call_of_export_leaves_the_old_table_or_the_new_one(tmp_path):
    fill(Store(tmp_path / "results"), 60)

    traced = Strace(tmp_path / "results", tmp_path / "log")

    def choose(n: int) -> list[str]:
        words = ["export", "--seeds", str(n), "--results", str(traced.results), "--force"]
        return [*words, str(tmp_path / "x.csv")]

    def read() -> tuple[int, int | None]:
        n = len((tmp_path / "x.csv").read_text().splitlines()) - 1
        dictionary = tmp_path / "x.csv.dictionary.json"
        return n, json.loads(dictionary.read_text())["n_rows"] if dictionary.exists() else None

    assert_clean(call(*choose(20)), 0)
    assert read() == (20, 20)
    assert_clean(traced.run(words=choose(60)), 0)
    assert read() == (60, 60)
    found = set()
    for name, k in iterate_points(traced.count_calls()):
        assert_clean(call(*choose(20)), 0)
        traced.run(f"{name}:signal=KILL:when={k}", choose(60))
        assert traced.was_injected(), (name, k)
        assert read() in ((20, 20), (20, None), (60, None), (60, 60)), (name, k)
        found.add(read()[0])
    assert found == {20, 60}
