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


def fill_at_random(path: Path, draw: random.Random) -> None:
    path.write_bytes(draw.randbytes(draw.randrange(2000)))


def delete(path: Path, draw: random.Random) -> None:
    path.unlink()


def put_folder(path: Path, draw: random.Random) -> None:
    path.unlink()
    path.mkdir()
    if draw.random() < 0.5:
        (path / "mine").write_text("mine")


def put_pipe(path: Path, draw: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def put_link(path: Path, draw: random.Random) -> None:
    path.unlink()
    path.symlink_to(draw.choice(["/dev/zero", "/etc/hosts", "nowhere", path, path.parent]))


def put_other(path: Path, draw: random.Random) -> None:
    others = [other for other in path.parents[1].rglob("*") if other.is_file()]
    path.write_bytes(draw.choice(others).read_bytes())


def swap(path: Path, draw: random.Random) -> None:
    other = draw.choice([other for other in path.parent.iterdir() if other.is_file()])
    content = other.read_bytes()
    other.write_bytes(path.read_bytes())
    path.write_bytes(content)


def copy_elsewhere(path: Path, draw: random.Random) -> None:
    results = next(parent for parent in path.parents if parent.name == "results")
    folders = [folder for folder in results.rglob("*") if folder.is_dir()]
    shutil.copy(path, draw.choice(folders) / "copied").rename(
        draw.choice(folders) / draw.choice([path.name, f"{path.name}~"])
    )


DAMAGES = [
    flip, truncate, fill_at_random, delete, put_folder, put_pipe, put_link, put_other, swap,
    copy_elsewhere,
]  # fmt: skip


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


def check_one(pristine: Path, folder: Path, number: int, monkeypatch) -> bool:
    """Damage a copy, verify and repair it; return whether the damage was harmless."""
    results = folder / "results"
    shutil.copytree(pristine, results)
    before = read(results)
    draw = random.Random(number)
    story = f"{number}: {damage_at_random(results, draw)}"
    study = ("--root-seed", "7", "--seeds", N_SEEDS, "--results", results)
    verified = call("verify", "--results", results)
    assert "Traceback" not in verified.stderr, story
    lines = verified.stderr.splitlines()
    if verified.returncode == 0:
        assert lines == [], story
        assert before.items() <= read(results).items(), story
    else:
        assert verified.returncode == 65, story + verified.stderr
        assert all(line.startswith("replication: ") for line in lines), story
        repaired = call("repair", "--results", results)
        assert repaired.returncode == 0, f"{story}\n{verified.stderr}\n{repaired.stderr}"
        again = call("verify", "--results", results)
        assert again.returncode == 0, f"{story}\n{repaired.stdout}\n{again.stderr}"
    for command in ("simulate", "report"):
        done = call(command, *study)
        assert done.returncode == 0, f"{story}\n{done.stderr}"
    assert before.items() <= read(results).items(), story
    digest = Store(pristine).digest(PAPER, 7, N_SEEDS)
    assert Store(results).digest(PAPER, 7, N_SEEDS) == digest, story
    shutil.rmtree(results)
    return verified.returncode == 0


def fuzz(pristine: Path, folder: Path, monkeypatch, numbers: range) -> None:
    replace_slow_parts(monkeypatch)
    harmless = [check_one(pristine, folder, number, monkeypatch) for number in numbers]
    assert sum(harmless) < len(harmless) / 2, "most damage must be seen"


def test_random_damage_is_named_and_repaired_or_harmless(pristine, tmp_path, monkeypatch):
    fuzz(pristine, tmp_path, monkeypatch, range(25))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_much_random_damage_is_named_and_repaired_or_harmless(pristine, tmp_path, monkeypatch):
    fuzz(pristine, tmp_path, monkeypatch, range(25, 2000))
