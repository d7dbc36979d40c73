"""What a block was made with: recorded as provenance, never used as a key."""

import contextlib
import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

PACKAGES = ("recirculation-replication", "numpy", "llvmlite", "pyarrow", "joblib")
ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def collect_versions() -> dict[str, str]:
    """Return the versions of Python, of the packages that matter, of the source, the platform."""
    versions = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    # By path, for a variable GIT_DIR would lead to another repository.
    command = ["git", f"--git-dir={ROOT / '.git'}", "rev-parse", "HEAD"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        versions["commit"] = done.stdout.strip()
    return versions
