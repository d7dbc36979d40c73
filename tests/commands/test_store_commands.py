"""verify, repair and info, as a user types them."""

from __future__ import annotations

import dataclasses
import re

import pytest

from replication.cli import main
from replication.protocol import PAPER
from replication.store import Store, read_manifest
from replication.study import simulate_study


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    results = tmp_path_factory.mktemp("store")
    simulate_study(Store(results), PAPER, 1988, 2000, block_size=1000, show_progress=False)
    return results


@pytest.fixture
def run(capsys):
    def run(*words):
        code = main([str(word) for word in words])
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def test_verify_says_what_it_has_done(pristine, run):
    code, out, err = run("verify", "--results", pristine)
    assert (code, err) == (0, "")
    assert re.fullmatch(
        rf"study {PAPER.id}/1988: 2 blocks sound, 1,000 networks simulated again "
        "with the same outcome\n",
        out,
    )


def test_verify_all_and_a_sample(pristine, run):
    assert "2,000 networks simulated again" in run("verify", "--results", pristine, "--all")[1]
    assert " 1 network simulated again" in run("verify", "--results", pristine, "--sample", 1)[1]
    assert run("verify", "--results", pristine, "--sample", 1, "--all")[0] == 2


def test_info_lists_every_study(tmp_path, run):
    other = dataclasses.replace(PAPER, threshold=0.2)
    simulate_study(Store(tmp_path), PAPER, 3, 10, show_progress=False)
    simulate_study(Store(tmp_path), other, 4, 1, show_progress=False)
    code, out, err = run("info", "--results", tmp_path)
    assert (code, err) == (0, "")
    assert f"study {PAPER.id}/3\n  protocol   as in the paper\n" in out
    assert f'study {other.id}/4\n  protocol   {{"threshold":0.2}}\n' in out
    assert "seeds      0 to 9 (10 networks)" in out
    assert "seeds      0 to 0 (1 network)" in out
    assert Store(tmp_path).digest(PAPER, 3, 10) in out
    assert out.count("made with") == out.count("size") == 2
    assert "python 3." in out


def test_info_of_an_empty_folder_is_no_error_and_verify_of_one_is(tmp_path, run):
    code, out, _ = run("info", "--results", tmp_path / "none")
    assert (code, out.startswith("no studies in ")) == (0, True)
    for command in ("verify", "repair"):
        code, out, err = run(command, "--results", tmp_path / "none")
        assert (code, out) == (74, "")
        assert "holds no outcomes" in err


def test_a_study_without_seed_0_has_no_digest(tmp_path, run):
    simulate_study(Store(tmp_path), PAPER, 3, 20, block_size=10, show_progress=False)
    store = Store(tmp_path)
    folder = store.study_folder(PAPER, 3)
    first = min(read_manifest(folder).blocks)
    first.path.unlink()
    _, out, _ = run("info", "--results", tmp_path)
    assert "seeds      10 to 19 (10 networks)" in out
    assert "digest" not in out


def test_repair_of_a_sound_and_of_a_hopeless_study(tmp_path, run):
    simulate_study(Store(tmp_path), PAPER, 3, 10, show_progress=False)
    assert run("repair", "--results", tmp_path)[:2] == (
        0,
        f"study {PAPER.id}/3: nothing to repair\n",
    )
    folder = Store(tmp_path).study_folder(PAPER, 3)
    (folder / "manifest.json").write_text("")
    code, out, _ = run("repair", "--results", tmp_path)
    assert (code, out) == (0, f"study {PAPER.id}/3: wrote the manifest again\n")

    other = dataclasses.replace(PAPER, threshold=0.2)
    simulate_study(Store(tmp_path), other, 3, 10, show_progress=False)
    for path in Store(tmp_path).study_folder(other, 3).iterdir():
        path.write_text("")
    for command in ("verify", "repair", "info"):
        code, out, err = run(command, "--results", tmp_path)
        assert code == 65
        assert f"{other.id}" in out + err
        assert f"study {PAPER.id}/3" in out
