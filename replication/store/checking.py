"""Check a stored study against everything it says about itself, and rebuild its manifest."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from replication.errors import DataError, UsageError
from replication.protocol import READINGS, Protocol, from_plain
from replication.simulator.outcomes import compute_digest
from replication.statistics.counts import CountTable
from replication.store.blocks import Block, find_blocks, read_block, read_block_header, read_counts
from replication.store.files import ForeignError
from replication.store.manifest import (
    Manifest,
    MisplacedError,
    manifest_path,
    read_manifest,
    write_manifest,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a study's folder.

    Parameters
    ----------
    message : str
        What is wrong, the file named.
    block : Block or None
        The block that has to be computed again; None for the manifest.
    """

    message: str
    block: Block | None


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """The state of a study's folder.

    Parameters
    ----------
    manifest : Manifest
        As stored or, where that is damaged, as the sound blocks tell it.
    blocks : tuple of Block
        The sound blocks, in seed order.
    faults : tuple of Fault
    """

    manifest: Manifest
    blocks: tuple[Block, ...]
    faults: tuple[Fault, ...]


def check_study(folder: Path) -> Checked:
    """Read every byte of a study and compare it with checksums, side-cars and manifest.

    Raises
    ------
    ForeignError
        If the study is of another version.
    MisplacedError
        If the folder is not where it was made.
    DataError
        If it is so damaged that not even its protocol can be told.
    """
    faults: list[Fault] = []
    on_disk = find_blocks(folder)
    try:
        stored = read_manifest(folder)
        if stored is None:
            raise DataError(f"{str(manifest_path(folder))!r} is missing; run `replication repair`")
        manifest = stored
    except ForeignError:
        raise
    except DataError as error:
        if isinstance(error, MisplacedError) and not any(_is_at_home(block) for block in on_disk):
            raise
        faults.append(Fault(str(error), None))
        manifest = Manifest(_find_protocol(folder, on_disk, error), int(folder.name), {})
    sound = {}
    for block in sorted({*on_disk, *manifest.blocks}):
        try:
            sound[block] = _check_block(block, manifest)
        except ForeignError:
            raise
        except DataError as error:
            faults.append(Fault(str(error), block))
    if not manifest.blocks:
        manifest = dataclasses.replace(manifest, blocks=sound)
    return Checked(manifest, tuple(sound), tuple(faults))


def rebuild_manifest(folder: Path, checked: Checked) -> None:
    """Write the manifest anew, from the sound blocks, where it is bad.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    checked : Checked
        What `check_study` found in it.
    """
    if any(fault.block is None for fault in checked.faults):
        write_manifest(folder, checked.manifest)


def _check_block(block: Block, manifest: Manifest) -> str:
    protocol, root_seed = manifest.protocol, manifest.root_seed
    outcomes = read_block(block, protocol=protocol, root_seed=root_seed)
    try:
        counts = CountTable.from_outcomes(
            outcomes.updates, outcomes.converged, protocol.max_updates
        )
    except UsageError as error:
        raise DataError(f"block {str(block.path)!r} holds what no network does ({error})") from None
    if counts != read_counts(block, protocol=protocol, root_seed=root_seed):
        raise DataError(f"block {str(block.path)!r} has other counts than its side-car says")
    digest = compute_digest([outcomes])
    if manifest.blocks.get(block, digest) != digest:
        raise DataError(f"block {str(block.path)!r} is not the one that the manifest lists")
    return digest


def _is_at_home(block: Block) -> bool:
    """Tell whether a block says that it belongs to the study whose folder it lies in."""
    try:
        header = read_block_header(block)
    except DataError:
        return False
    home = block.folder.parent.name, block.folder.name
    return (header.get("protocol_id"), str(header.get("root_seed"))) == home


def _find_protocol(folder: Path, blocks: list[Block], error: DataError) -> Protocol:
    protocol_id = folder.parent.name
    candidates = list(READINGS.values())
    for block in blocks:
        try:
            candidates.append(from_plain(read_block_header(block)["protocol"]))
        except (DataError, UsageError, KeyError, TypeError, AttributeError):
            continue
    for protocol in candidates:
        if protocol.id == protocol_id:
            return protocol
    raise DataError(
        f"{error}; no sound block tells the protocol either: delete {str(folder)!r} and "
        f"{str(manifest_path(folder).parent)!r} and simulate again"
    )
