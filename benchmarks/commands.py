"""Whole commands as a user types them, each in a folder of its own."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT_SEED = 1989
"""Not that of the published study, whose report holds all experiments as well."""

BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
"""Of the peak memory that the system reports."""


def measure_study(n_networks: int, *, jobs: str) -> dict[str, Any]:
    """Run ``replication replicate`` from nothing.

    Returns
    -------
    dict
        ``n_networks``; ``seconds`` of wall time; ``peak_bytes`` of memory;
        ``disk_bytes`` of the results and the cache.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        command = [sys.executable, "-m", "replication", "replicate", "--results", folder]
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--seeds", str(n_networks), "--root-seed", str(ROOT_SEED), "--jobs", jobs],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"REPLICATION_CACHE": str(Path(folder) / "cache")},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise SystemExit(f"a study of {n_networks} networks failed ({process.returncode})")
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {
        "n_networks": n_networks,
        "seconds": seconds,
        "peak_bytes": usage.ru_maxrss * BYTES_PER_UNIT,
        "disk_bytes": disk,
    }
