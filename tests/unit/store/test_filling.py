"""Only what is missing is simulated, and what a worker loses is tried once more."""

import itertools
import os
from types import SimpleNamespace

import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.definition.study import Study
from replication.errors import StorageError, UsageError, WorkerError
from replication.simulator.ensemble import LostWorker
from replication.simulator.outcomes import compute_digest
from replication.store import blocks
from replication.store.blocks import find_blocks
from replication.store.filling import simulate_blocks, simulate_study
from replication.store.folders import compute_study_digest
from tests.unit.store.invented import fill, invent, replace_simulation, simulate

choose_block_size = blocks.choose_block_size


def list_ranges(folder):
    return [(block.start, block.stop) for block in find_blocks(folder.path)]


def test_only_blocks_that_are_missing_or_shorter_are_simulated(tmp_path):
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        asked.append(list(ranges))
        return simulate(protocol, root_seed, asked[-1], **options)

    for n_seeds in (50, 30, 85):
        folder = fill(tmp_path, n_seeds, simulation=remember)
    assert asked == [[(0, 20), (20, 40), (40, 50)], [(40, 60), (60, 80), (80, 85)]]
    assert list_ranges(folder) == [(0, 20), (20, 40), (40, 60), (60, 80), (80, 85)]


@pytest.mark.parametrize(
    ("ours", "when", "asked"),
    [(35, 0, [(0, 20)]), (45, 0, [(0, 20), (40, 45)]), (35, 20, [(0, 20), (20, 35)])],
)
def test_what_another_process_writes_meanwhile_is_not_simulated_and_stays(
    tmp_path, ours, when, asked
):
    """Also where our last block is shorter, and is written after its longer one."""
    begun = []

    def simulate_beside(protocol, root_seed, ranges, **_):
        for pair in ranges:
            begun.append(pair)
            if pair[0] == when:
                fill(tmp_path, 40)
            yield invent(*pair)

    folder = fill(tmp_path, ours, simulation=simulate_beside)
    assert begun == asked
    assert (20, 40) in list_ranges(folder)
    for n_seeds in (ours, 40):
        digest = compute_study_digest(Study(PAPER, 1988, n_seeds, tmp_path))
        assert digest == compute_digest([invent(0, n_seeds)])


def test_a_reader_finds_the_longer_block_that_took_the_place_of_its_own(tmp_path, monkeypatch):
    folder = fill(tmp_path, 30)
    read, first = blocks.read_block, []

    def enlarge_before(block, study):
        if not first:
            first.append(block)
            fill(tmp_path, 60)
        return read(block, study)

    monkeypatch.setattr("replication.store.folders.read_block", enlarge_before)
    digest = compute_study_digest(Study(PAPER, 1988, 30, tmp_path))
    assert digest == compute_digest([invent(0, 30)])
    assert list_ranges(folder) == [(0, 20), (20, 40), (40, 60)]


def test_blocks_follow_from_the_protocol_are_seconds_of_work_and_fit_in_the_memory():
    assert choose_block_size(PAPER) == 50_000
    assert choose_block_size(Protocol(max_updates=20_000)) == 6_818
    assert choose_block_size(Protocol(max_updates=10_000_000)) == 1_000
    large = Protocol(group_sizes=(256, 256))
    assert 1 < choose_block_size(large) < 1_000
    assert 8 * large.n_weights * choose_block_size(large) <= 2**25


def test_networks_that_the_memory_cannot_hold_are_refused(tmp_path, monkeypatch):
    given = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10**3}
    monkeypatch.setattr(os, "sysconf", given.__getitem__)
    with pytest.raises(UsageError, match=r"on 1 workers need about 0\.0 GB of memory"):
        fill(tmp_path, 1, jobs=1)
    assert list(tmp_path.iterdir()) == []
    given["SC_PHYS_PAGES"] = 10**6
    fill(tmp_path, 1, jobs=1)


def test_nothing_is_refused_where_nothing_is_to_do(tmp_path, monkeypatch):
    fill(tmp_path, 60)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    fill(tmp_path, 60)
    with pytest.raises(StorageError, match="has 0.00 MB free"):
        fill(tmp_path, 61)


def test_a_folder_that_is_deleted_during_a_run_is_named(tmp_path):
    """Once the message said that what was written before is intact."""

    def delete(protocol, root_seed, ranges, **_):
        for i, pair in enumerate(ranges):
            if i == 1:
                (tmp_path / "results").rename(tmp_path / "gone")
            yield invent(*pair)

    with pytest.raises(StorageError, match="there is no folder .*/1988': .* run this") as caught:
        fill(tmp_path / "results", 60, simulation=delete)
    assert "intact" not in str(caught.value)


@pytest.mark.parametrize(("finished", "written"), [([0, 0], []), ([2, 1, 0], [0, 20, 40])])
def test_a_run_ends_when_nothing_is_finished_between_two_losses(
    tmp_path, capsys, finished, written
):
    starts, rounds = [], iter(finished)

    def lose(protocol, root_seed, ranges, **_):
        for pair in itertools.islice(ranges, next(rounds)):
            yield invent(*pair)
        raise LostWorker("a worker died")

    study = Study(PAPER, 5, 120, tmp_path)
    found = simulate_blocks([*blocks.cut_grid(PAPER, 120)], study, show_progress=False)
    twice = pytest.raises(
        WorkerError, match=r"a worker died \(twice, and nothing was finished in b"
    )
    with replace_simulation(lose), twice:
        starts.extend(outcomes.start for outcomes in found)
    assert starts == written
    assert next(rounds, None) is None
    assert "a worker died; what was lost will be simulated again" in capsys.readouterr().err


def test_how_many_networks_were_simulated_is_of_those_asked_for(tmp_path):
    study = Study(PAPER, 1988, 30, tmp_path)
    folder = fill(tmp_path, 40)
    find_blocks(folder.path)[1].path.write_bytes(b"")
    with replace_simulation():
        assert simulate_study(study, show_progress=False) == 10
        assert simulate_study(study, show_progress=False) == 0
