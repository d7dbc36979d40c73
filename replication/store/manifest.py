"""The manifest of one study: protocol, versions, and every block that must be there."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from replication.errors import DataError, UsageError
from replication.protocol import BASE_VERSION, Protocol, as_plain, from_plain
from replication.simulator.outcomes import OUTCOME_VERSION
from replication.store.blocks import SCHEMA, Block, find_blocks, read_sidecar, records_folder
from replication.store.files import (
    ForeignError,
    damaged_record,
    parse_record,
    read_content,
    render_record,
    write_durably,
)
from replication.store.provenance import collect_versions, find_commit

KIND = "manifest"


def manifest_path(folder: Path) -> Path:
    """Return the path of the manifest of a study's folder."""
    return records_folder(folder) / "manifest.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a study's folder must hold.

    Parameters
    ----------
    protocol : Protocol
    root_seed : int
    blocks : dict from Block to str
        Every block on record and the digest of its content.
    runs : tuple of dict
        Provenance: when blocks were added, by which versions and commit.
    """

    protocol: Protocol
    root_seed: int
    blocks: dict[Block, str]
    runs: tuple[dict[str, Any], ...] = ()


class MisplacedError(DataError):
    """A manifest lies in the folder of another study."""


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a study's folder, or None where no study was begun.

    Raises
    ------
    ForeignError
        If it is of a newer schema, of another outcome version, or has a protocol with
        fields that this version does not know.
    MisplacedError
        If it belongs to another folder.
    DataError
        If it is damaged, or missing beside blocks.
    """
    path = manifest_path(folder)
    if not path.exists() and not find_blocks(folder):
        return None
    record = parse_record(
        path, read_content(path), kind=KIND, newest_schema=SCHEMA, believe_schema=True
    )
    if record.get("outcome_version", OUTCOME_VERSION) != OUTCOME_VERSION:
        raise ForeignError(
            f"{str(folder)!r} holds outcomes of version {record['outcome_version']}, and this "
            f"version computes outcomes of version {OUTCOME_VERSION}; "
            "give another results folder"
        )
    if not isinstance(record.get("protocol"), dict):
        raise damaged_record(path)
    try:
        protocol = from_plain(record["protocol"])
    except UsageError as error:
        raise ForeignError(
            f"{str(path)!r} has a protocol that this version does not understand ({error}); "
            "install the version that wrote it, or give another results folder"
        ) from None
    try:
        root_seed, runs = int(record["root_seed"]), tuple(dict(run) for run in record["runs"])
        blocks = {
            Block(int(start), int(stop), folder): str(digest)
            for start, stop, digest in record["blocks"]
        }
    except (KeyError, TypeError, ValueError):
        raise damaged_record(path) from None
    if (protocol.id, str(root_seed)) != (folder.parent.name, folder.name):
        raise MisplacedError(
            f"{str(path)!r} belongs to {protocol.id}/{root_seed}; move the folder back to its "
            "place, or run `replication repair` where this file alone was exchanged"
        )
    return Manifest(protocol, root_seed, blocks, runs)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a study's folder durably."""
    body = {
        "kind": KIND,
        "schema": SCHEMA,
        "base": BASE_VERSION,
        "outcome_version": OUTCOME_VERSION,
        "protocol_id": manifest.protocol.id,
        "protocol": as_plain(manifest.protocol),
        "root_seed": manifest.root_seed,
        "blocks": [
            [block.start, block.stop, digest] for block, digest in sorted(manifest.blocks.items())
        ],
        "runs": list(manifest.runs),
    }
    write_durably(manifest_path(folder), render_record(body))


def update_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Put all blocks of the folder that are not on record on record.

    Returns
    -------
    Manifest
        The new one, or the old one if there was nothing to add.
    """
    added = {
        block: read_sidecar(block, protocol=manifest.protocol, root_seed=manifest.root_seed)[
            "digest"
        ]
        for block in find_blocks(folder)
        if block not in manifest.blocks
    }
    if not added:
        return manifest
    run = {
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "n_networks": sum(block.stop - block.start for block in added),
        "versions": collect_versions(),
        "commit": find_commit(),
    }
    manifest = dataclasses.replace(
        manifest, blocks={**manifest.blocks, **added}, runs=(*manifest.runs, run)
    )
    write_manifest(folder, manifest)
    return manifest
