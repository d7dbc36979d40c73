"""Versions and the commit, also outside of a repository."""

import importlib.metadata
import subprocess

from replication.store import provenance


def test_versions_and_the_commit_of_the_source_tree_are_collected(monkeypatch, tmp_path):
    collect = provenance.collect_versions.__wrapped__
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    versions = collect()
    assert versions["numpy"] == importlib.metadata.version("numpy")
    assert "commit" not in versions

    git = ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # as within a hook of another one
    assert collect()["commit"] == head.stdout.strip()
    monkeypatch.setenv("PATH", "")
    assert "commit" not in collect()
