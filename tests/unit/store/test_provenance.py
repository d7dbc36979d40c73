"""Versions and the commit, where a package is missing and outside of a repository."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path
from typing import Any

import pytest

from replication.store import provenance


def find_commit() -> str | None:
    """Return the commit among the versions, asked for afresh."""
    return provenance.collect_versions.__wrapped__().get("commit")


@pytest.fixture
def tree(monkeypatch: Any, tmp_path: Path):
    """Let the module lie in a source tree of its own."""
    monkeypatch.setattr(
        provenance, "__file__", str(tmp_path / "replication" / "store" / "provenance.py")
    )
    return tmp_path


def run_git(tree: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", tree, *identity, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_commit_is_that_of_the_source_tree(tree: Path, monkeypatch: Any) -> None:
    run_git(tree, "init", "--quiet")
    run_git(tree, "commit", "--quiet", "--allow-empty", "--message", "first")
    commit = run_git(tree, "rev-parse", "HEAD")
    assert find_commit() == commit
    monkeypatch.setenv("GIT_DIR", str(tree / "elsewhere"))  # as within a hook of another one
    assert find_commit() == commit


def test_a_tree_that_is_no_repository_has_no_commit(tree: Path) -> None:
    assert find_commit() is None


def test_a_repository_that_git_cannot_read_has_no_commit(tree: Path) -> None:
    (tree / ".git").mkdir()
    assert find_commit() is None


def test_without_git_there_is_no_commit(tree: Path, monkeypatch: Any) -> None:
    run_git(tree, "init", "--quiet")
    monkeypatch.setenv("PATH", "")
    assert find_commit() is None


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: Any) -> None:
    find = importlib.metadata.version

    def miss_pyarrow(name: str) -> str:
        if name == "pyarrow":
            raise importlib.metadata.PackageNotFoundError(name)
        return find(name)

    monkeypatch.setattr(importlib.metadata, "version", miss_pyarrow)
    versions = provenance.collect_versions.__wrapped__()  # what is remembered stays as it is
    assert "pyarrow" not in versions
    assert versions["numpy"] == find("numpy")
