"""What a block was made with: recorded as provenance, never used as a key."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

PACKAGES = ("recirculation-replication", "numpy", "llvmlite", "pyarrow")


@functools.cache
def collect_versions() -> dict[str, str]:
    """Return the versions of Python, of the packages that matter, of the source, the platform."""
    versions = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    commit = _find_commit()
    return versions | ({"commit": commit} if commit else {})


def _find_commit() -> str | None:
    """Return the commit of the source tree, or None outside of a repository."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            # By path, for a variable GIT_DIR would lead to another repository.
            ["git", f"--git-dir={root / '.git'}", "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
