"""Random damage to any file of a results folder or the cache is named or harmless, and mended."""

import os
import random
import shutil

import pytest

from replication.cache.blocks import Cache
from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.publication.publishing import replicate_study
from tests.reliability.faults import call, list_files, read_files
from tests.reliability.writing import describe_quickly
from tests.unit.cache.invented import replace_block_size

N_SEEDS = 200
LONG = (pytest.mark.long, pytest.mark.timeout(3600))


def describe_with_digest(study, counted, **_):
    """Stand in for the model of the headline, of which the outcomes alone matter here."""
    return describe_quickly(study, counted[study].digest)


def render_quickly(*, models, **_):
    """Stand in for the rendering of a report: its files depend on the headline alone."""
    text = repr(models["headline"]).encode()
    return {"report.html": text, "report.md": text[:9], "figures/a.svg": text[9:]}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """Yield a results folder with a model and a report, and in it a cache of four blocks."""
    results = tmp_path_factory.mktemp("fuzz") / "results"
    with pytest.MonkeyPatch.context() as patch, replace_block_size(50):
        patch.setattr("replication.experiments.headline.run.run", describe_with_digest)
        patch.setattr("replication.report.build.render_report", render_quickly)
        patch.setattr("replication.cli.study_commands.describe_result", lambda *_: [])
        patch.setattr("replication.definition.study.N_REPETITIONS", 0)
        patch.setattr("replication.definition.study.OTHER_ERRORS", {})
        replicate_study(Study(PAPER, 7, N_SEEDS, results), Cache(results / "cache"))
        yield results


def flip(path, draw):
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice([1, 1, 1, 20])):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(content))


def resize(path, draw):
    content = path.read_bytes()
    shorter, longer = content[: draw.randrange(len(content))], content + draw.randbytes(9)
    path.write_bytes(draw.choice([shorter, shorter, longer, draw.randbytes(999)]))


def replace(path, draw):
    path.unlink()
    kind = draw.choice(["nothing", "folder", "pipe", "link"])
    if kind == "folder":
        (path / "mine").mkdir(parents=True)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(draw.choice(["/dev/zero", "/etc/hosts", "nowhere", path, path.parent]))


def swap(path, draw):
    other = draw.choice(list_files(draw.choice(path.parents[:2])))
    content = other.read_bytes()
    other.write_bytes(path.read_bytes())
    if draw.random() < 0.5:
        path.write_bytes(content)


def check_one(pristine, folder, number, monkeypatch):
    """Damage a copy, verify it and go on with it; return whether the damage was harmless."""
    results = folder / "results"
    shutil.copytree(pristine, results)
    monkeypatch.setenv("REPLICATION_CACHE", str(results / "cache"))
    before = read_files(results)
    draw, story = random.Random(number), [str(number)]
    for _ in range(draw.choice([1, 1, 2, 3])):
        path = draw.choice(list_files(results))
        damage = draw.choice([flip, resize, replace, swap])
        if path.stat().st_size and not path.is_symlink():
            damage(path, draw)
            story.append(f"{damage.__name__} {path.relative_to(results)}")
    # What is damaged is named, unless it lies in the cache alone.
    verified = call("verify", "--results", results)
    story += verified.stderr.splitlines()
    left = read_files(results)
    changed = [path for path in before if left.get(path) != before[path]]
    is_named = any(path.parts[0] != "cache" for path in changed)  # of which nothing is believed
    assert verified.returncode == (65 if is_named else 0), story
    # The next run makes it again, byte for byte, and leaves nothing to complain of.
    done = call("replicate", "--root-seed", 7, "--seeds", N_SEEDS, "--results", results)
    assert done.returncode == 0, [*story, done.stderr]
    assert before.items() <= read_files(results).items(), story
    done = call("verify", "--results", results)
    assert done.returncode == 0, [*story, done.stdout, done.stderr]
    shutil.rmtree(results)
    return verified.returncode == 0


@pytest.mark.parametrize("numbers", [range(12), pytest.param(range(12, 2000), marks=LONG)])
def test_random_damage_is_named_or_harmless_and_mended(pristine, tmp_path, monkeypatch, numbers):
    harmless = [check_one(pristine, tmp_path, number, monkeypatch) for number in numbers]
    assert sum(harmless) < len(harmless) / 2, "most damage must be seen"
