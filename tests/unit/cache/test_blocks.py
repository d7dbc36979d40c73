"""A block is what was kept under its name, or as if it were not there."""

import errno
import os
import pickle
import pwd
import time
from pathlib import Path
from unittest import mock

import pytest

from replication.cache import blocks
from replication.cache.blocks import Cache, find_cache
from replication.simulator.running.outcomes import compute_digest
from tests.unit.cache import invented
from tests.unit.cache.invented import compute_reference, fill, invent, list_blocks

KEY = "what the outcomes depend on"


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "new" / "cache")


def digest(outcomes):
    return compute_digest([outcomes])


def test_outcomes_are_found_under_their_key_and_seeds_alone(cache):
    cache.write(KEY, invent(20, 40))
    assert digest(cache.read(KEY, (20, 40))) == digest(invent(20, 40))
    # A larger study contains a smaller one.
    assert digest(cache.read(KEY, (20, 23))) == digest(invent(20, 23))
    for key, seeds in ((KEY, (20, 41)), (KEY, (0, 20)), (KEY, (21, 40)), (f"{KEY}!", (20, 40))):
        assert cache.read(key, seeds) is None
    cache.write(KEY, invent(20, 45))
    assert digest(cache.read(KEY, (20, 45))) == digest(invent(20, 45))
    assert cache.measure() == (1, 32 + 5 * 25)


def test_no_flipped_bit_and_no_other_length_is_believed(cache):
    cache.write(KEY, invent(20, 24))
    (path,) = list_blocks(cache.folder)
    content = path.read_bytes()
    # Every length, and every single bit.
    damaged = [content[:n] for n in range(len(content))] + [content + b"x", content + content]
    for i in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[i // 8] ^= 1 << i % 8
        damaged.append(bytes(flipped))
    for each in damaged:
        path.write_bytes(each)
        assert cache.read(KEY, (20, 24)) is None
    path.write_bytes(content)
    assert digest(cache.read(KEY, (20, 24))) == digest(invent(20, 24))


class Planted:
    """A pickle of it makes a file where it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


# What lies in the place of a block.
DAMAGES = {
    "nothing": lambda path: None,
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "huge": lambda path: path.touch() or os.truncate(path, 2**40),  # of which nothing is on disk
    "pickle": lambda path: path.write_bytes(pickle.dumps(Planted(path.with_name("planted")))),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_with_a_block_is_as_if_it_were_not_there(tmp_path, damage):
    fill(tmp_path, 60)
    before, asked, path = invented.read_files(tmp_path), [], list_blocks(tmp_path)[1]
    path.unlink()
    DAMAGES[damage](path)
    assert fill(tmp_path, 60, simulation=invented.remember(asked)).digest == compute_reference(60)
    assert asked == [(20, 40)]
    assert invented.read_files(tmp_path) == before, "overwritten, and nothing planted was run"


def test_a_block_that_cannot_be_read_is_not_there(tmp_path):
    fill(tmp_path, 20)
    broken = OSError(errno.EACCES, os.strerror(errno.EACCES))
    with mock.patch("pathlib.Path.read_bytes", side_effect=broken):
        counted = fill(tmp_path, 20)
    assert (counted.digest, counted.n_simulated) == (compute_reference(20), 20)


def test_what_is_there_is_read_also_after_nothing_more_could_be_kept(tmp_path, capsys):
    fill(tmp_path, 100)
    list_blocks(tmp_path)[0].unlink()
    with mock.patch("os.fsync", side_effect=OSError(errno.ENOSPC, "full")):
        assert fill(tmp_path, 100).n_simulated == 20
    assert "(full); the study goes on without" in capsys.readouterr().err


@pytest.mark.parametrize(("step", "number"), [
    ("os.fsync", errno.ENOSPC), ("pathlib.Path.replace", errno.EMFILE),
    ("pathlib.Path.mkdir", errno.EROFS),
])  # fmt: skip
def test_where_nothing_can_be_kept_a_study_goes_on_with_one_line(tmp_path, capsys, step, number):
    folder, reason = tmp_path / "cache", os.strerror(number)
    with mock.patch(step, side_effect=OSError(number, reason)):
        assert fill(folder, 60).digest == compute_reference(60)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"outcomes are not cached: '{folder}' cannot be written ({reason});")
    assert line.endswith("REPLICATION_CACHE may name another folder")
    assert not folder.exists() or list(folder.iterdir()) == []
    assert fill(folder, 60).digest == compute_reference(60)
    assert len(list_blocks(folder)) == 3


def test_a_cache_that_grows_too_large_loses_its_oldest_files(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("mine")
    fill(tmp_path, 60)
    for i, path in enumerate(list_blocks(tmp_path)):
        os.utime(path, (i, i))
    monkeypatch.setattr(blocks, "LARGEST_CACHE", 4 * path.stat().st_size)
    # Four blocks fit; with more, the oldest go until nine tenths are left: three, and one more.
    for n_seeds, starts in ((80, [0, 20, 40, 60]), (120, [40, 60, 80, 100])):
        fill(tmp_path, n_seeds)
        assert [int(path.stem[-12:]) for path in list_blocks(tmp_path)] == starts
    assert (tmp_path / "notes.txt").exists()


def test_clearing_removes_what_is_ours_and_nothing_else(cache):
    cache.clear()  # where there is no folder yet
    for start in (0, 20):
        cache.write(KEY, invent(start, start + 20))
    left = cache.folder / ".replication-0123456789abcdef.part"  # by a kill
    others = [cache.folder / name for name in ("notes.txt", "0.block", ".mine.part")]
    for path in (left, *others):
        path.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left, (two_days_ago, two_days_ago))
    assert cache.clear() == (3, 2 * (32 + 5 * 20) + 1)
    assert not left.exists()
    assert all(path.exists() for path in others)
    assert cache.measure() == (0, 0)


def test_cache_lies_where_the_system_keeps_caches_or_a_variable_says(tmp_path, monkeypatch, capsys):
    for name in ("REPLICATION_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for system, place in (("linux", ".cache"), ("darwin", "Library/Caches")):
        monkeypatch.setattr("sys.platform", system)
        assert find_cache().folder == tmp_path / place / "recirculation-replication"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert find_cache().folder == Path("/elsewhere/recirculation-replication")
    monkeypatch.setenv("REPLICATION_CACHE", "~/mine")
    assert find_cache().folder == tmp_path / "mine"
    assert capsys.readouterr().err == ""
    # Paths that are none: by its specification the one is ignored, and the other is not "/".
    monkeypatch.delenv("REPLICATION_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    for given, home in (("relative", str(tmp_path)), ("", ""), ("", "relative")):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        monkeypatch.setenv("HOME", home)
        known = home if home.startswith("/") else pwd.getpwuid(os.getuid()).pw_dir
        assert find_cache().folder == Path(known, ".cache", "recirculation-replication")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # of a user who has no home
    assert fill(find_cache().folder).digest == compute_reference(60)
    said = capsys.readouterr().err
    assert said.startswith("outcomes are not cached: there is no home folder")
    assert said.count("\n") == 1


def test_a_cache_that_is_emptied_leaves_alone_what_others_are_writing(cache, capsys):
    publish = blocks.publish

    def publish_while_emptied(temporary, path):
        Cache(path.parent).clear()
        Cache(path.parent).trim(0)
        publish(temporary, path)

    with mock.patch.object(blocks, "publish", publish_while_emptied):
        for start in (0, 20):
            cache.write(KEY, invent(start, start + 20))
    assert digest(cache.read(KEY, (20, 40))) == digest(invent(20, 40))
    assert capsys.readouterr().err == ""


def test_a_folder_in_the_place_of_a_block_is_put_aside_and_never_removed(cache, capsys):
    cache.write(KEY, invent(0, 20))
    (path,) = list_blocks(cache.folder)
    path.unlink()
    path.mkdir()
    (path / "notes.txt").write_text("mine")
    assert cache.clear() == (0, 0)
    for start in (0, 20):
        cache.write(KEY, invent(start, start + 20))
    assert digest(cache.read(KEY, (0, 20))) == digest(invent(0, 20))
    (aside,) = cache.folder.glob("*.set-aside-*")
    assert (aside / "notes.txt").read_text() == "mine"
    assert capsys.readouterr().err == ""
