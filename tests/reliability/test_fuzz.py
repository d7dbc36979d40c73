"""Random damage to any file of a results folder is named and repaired, or harmless."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from replication import publication
from replication.protocol import PAPER
from replication.publication import Study, replicate_study
from replication.store import Store
from tests.reliability.faults import call, tree

N_SEEDS = 200
LEFT_OUT = (".lock", ".set-aside-")
LONG = (pytest.mark.long, pytest.mark.timeout(3600))


def describe_quickly(study: Study, store: Store, **_) -> dict[str, object]:
    """Stand in for the model of the headline, of which the outcomes alone matter here."""
    counts = store.counts(study.protocol, study.root_seed, study.n_seeds)
    digest = store.digest(study.protocol, study.root_seed, study.n_seeds)
    return {"digest": digest, "counts": [counts.updates.tolist(), counts.counts.tolist()]}


def render_quickly(*, models, **_) -> dict[str, bytes]:
    """Stand in for the rendering of a report: its files depend on the headline alone."""
    text = repr(models["headline"]).encode()
    digest = hashlib.sha256(text).hexdigest().encode()
    return {
        "report.html": text,
        "report.md": digest,
        "figures/a.svg": digest,
        "figures/b.png": text,
    }


def replace_slow_parts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("replication.experiments.headline.run.run", describe_quickly)
    patch.setattr("replication.report.build.render_report", render_quickly)
    patch.setattr(publication, "describe_result", lambda *_: [])
    patch.setattr(publication, "N_REPETITIONS", 0)
    patch.setattr("replication.store.filling.choose_block_size", lambda *_: 50)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("fuzz") / "results"
    with pytest.MonkeyPatch.context() as patch:
        replace_slow_parts(patch)
        replicate_study(Study(PAPER, 7, N_SEEDS, results))
    return results


def read(results: Path) -> dict[str, bytes]:
    return {
        name: content
        for name, content in tree(results).items()
        if not any(part in name for part in LEFT_OUT)
    }


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(content))


def truncate(path: Path, draw: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(len(content))])


def delete(path: Path, draw: random.Random) -> None:
    path.unlink()


def put_folder(path: Path, draw: random.Random) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine").write_text("mine")


def put_pipe(path: Path, draw: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def put_link(path: Path, draw: random.Random) -> None:
    path.unlink()
    path.symlink_to(draw.choice(["/dev/zero", "/etc/hosts", "nowhere", path, path.parent]))


def swap(path: Path, draw: random.Random) -> None:
    other = draw.choice([other for other in path.parent.iterdir() if other.is_file()])
    content = other.read_bytes()
    other.write_bytes(path.read_bytes())
    path.write_bytes(content)


DAMAGES = [flip, truncate, delete, put_folder, put_pipe, put_link, swap]


def damage_at_random(results: Path, draw: random.Random) -> str:
    """Damage one to three files; return what was done."""
    done = []
    for _ in range(draw.choice([1, 1, 2, 3])):
        files = [
            path
            for path in sorted(results.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.suffix != ".lock"
        ]
        path, damage = draw.choice(files), draw.choice(DAMAGES)
        with contextlib.suppress(OSError, ValueError):  # an empty file has no bit to flip
            damage(path, draw)
        done.append(f"{damage.__name__} {path.relative_to(results)}")
    return ", ".join(done)


def check_one(pristine: Path, folder: Path, number: int) -> None:
    """Damage a copy, verify and repair it, and simulate and report again."""
    results = folder / "results"
    shutil.copytree(pristine, results)
    before = read(results)
    story = f"{number}: {damage_at_random(results, random.Random(number))}"
    verified = call("verify", "--results", results)
    lines = verified.stderr.splitlines()
    if before.items() <= read(results).items():  # harmless, as a file swapped with itself
        assert (verified.returncode, lines) == (0, []), story
    else:
        assert verified.returncode == 65, story + verified.stderr
        assert all(line.startswith("replication: ") for line in lines), story
        for command in ("repair", "verify"):
            done = call(command, "--results", results)
            assert done.returncode == 0, f"{story}\n{verified.stderr}\n{done.stderr}"
    for command in ("simulate", "report"):
        done = call(command, "--root-seed", "7", "--seeds", N_SEEDS, "--results", results)
        assert done.returncode == 0, f"{story}\n{done.stderr}"
    assert before.items() <= read(results).items(), story
    digest = Store(pristine).digest(PAPER, 7, N_SEEDS)
    assert Store(results).digest(PAPER, 7, N_SEEDS) == digest, story
    shutil.rmtree(results)


@pytest.mark.parametrize("numbers", [range(25), pytest.param(range(25, 2000), marks=LONG)], ids=len)
def test_random_damage_is_named_and_repaired_or_harmless(pristine, tmp_path, monkeypatch, numbers):
    replace_slow_parts(monkeypatch)
    for number in numbers:
        check_one(pristine, tmp_path, number)
