"""Studies of an earlier version of this package: recognised, described, never touched.

Their networks were drawn and counted under another layout or another base reading, so
that they are neither read as studies of this version nor lost.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from replication.errors import UsageError
from replication.protocol import BASE_VERSION, Protocol, from_plain
from replication.store.manifest import manifest_path


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class OlderStudy:
    """What can be told of a study that an earlier version made.

    Parameters
    ----------
    path : Path
        Its folder.
    root_seed : int
    n_networks : int or None
        None where its manifest cannot be read.
    protocol : Protocol or None
        What was simulated, in the words of this version, if it has them.
    versions : tuple of str
        Of this package, that wrote to it.
    """

    path: Path
    root_seed: int
    n_networks: int | None
    protocol: Protocol | None
    versions: tuple[str, ...]


def find_older_manifest(folder: Path) -> Path | None:
    """Return the manifest of a study's folder if an earlier version made it, else None."""
    path = manifest_path(folder)
    if not path.exists():
        beside_blocks = folder / "manifest.json"  # as in schema 1
        return beside_blocks if beside_blocks.exists() else None
    base = _read_leniently(path).get("base")
    return path if isinstance(base, int) and base < BASE_VERSION else None


def describe_older_study(folder: Path, manifest: Path) -> OlderStudy:
    """Tell what the manifest of an earlier version says, as far as it can be understood."""
    record = _read_leniently(manifest)
    try:
        protocol = from_plain(record["protocol"])
    except (KeyError, TypeError, UsageError):
        protocol = None
    try:
        n_networks = sum(int(stop) - int(start) for start, stop, *_ in record["blocks"])
        versions = {_find_version(run["versions"]) for run in record["runs"]}
    except (KeyError, TypeError, ValueError, AttributeError):
        n_networks, versions = None, set()
    return OlderStudy(folder, int(folder.name), n_networks, protocol, tuple(sorted(versions)))


def _find_version(versions: dict[str, str]) -> str:
    names = ("recirculation-replication", "replication")
    return str(next((versions[name] for name in names if name in versions), "?"))


def _read_leniently(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
