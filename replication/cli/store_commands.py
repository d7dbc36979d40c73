"""Commands on a results folder: info, verify, repair."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import MAX_SEEDS, add_options, parse_whole
from replication.errors import DataError, StorageError
from replication.progress import escape, tell

if TYPE_CHECKING:
    from replication.store import Manifest, OlderStudy, Store, StudyFolder

DEFAULT_SAMPLE = 1_000


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    info = subparsers.add_parser(
        "info",
        help="list the studies in a results folder",
        description="List the studies in a results folder: protocol, root seed, seeds, digest, "
        "versions, folder and size. Those of an earlier version are listed too.",
    )
    add_options(info, "--results")
    info.add_argument("--json", action="store_true", help="the same for programs, as JSON")
    info.set_defaults(handler=run_info)

    verify = subparsers.add_parser(
        "verify",
        help="check stored outcomes and the published report by making them again",
        description="Compare every stored block with its checksums and the manifest, and simulate "
        "a random sample of networks again. Where the folder holds the report of the default "
        "study, make study and report afresh elsewhere and compare them too. Exit code 0 if all "
        "is well, 65 if not.",
    )
    add_options(verify, "--results", "--jobs")
    amount = verify.add_mutually_exclusive_group()
    amount.add_argument(
        "--sample", type=_parse_sample, default=DEFAULT_SAMPLE, metavar="N",
        help=f"networks of each study to simulate again (default: {DEFAULT_SAMPLE})",
    )  # fmt: skip
    amount.add_argument(
        "--all", action="store_true", help="simulate every stored network again, not a sample"
    )
    verify.set_defaults(handler=run_verify)

    repair = subparsers.add_parser(
        "repair",
        help="compute missing and bad blocks again, and no others",
        description="Compare every stored block with its checksums and the manifest, compute "
        "those that are missing or bad again, and rebuild a damaged manifest from the blocks.",
    )
    add_options(repair, "--results", "--jobs")
    repair.set_defaults(handler=run_repair)


def run_info(options: argparse.Namespace) -> int:
    """List every study; return 0, or 65 if one cannot be read."""
    from replication.store import Store

    if not options.results.is_dir():
        raise StorageError(f"there is no folder {_show(options.results)}; give an existing one")
    store = Store(options.results)
    entries = [_describe_study(store, study) for study in store.studies()]
    older = [_describe_older_study(study) for study in store.older_studies()]
    if options.json:
        print(json.dumps([*entries, *older], indent=1))
    elif entries or older:
        print("\n".join(line for entry in (*entries, *older) for line in _write_lines(entry)))
        _explain_older(len(older))
    else:
        print(f"no studies in {_show(options.results)}")
    return DataError.exit_code if any("fault" in entry for entry in entries) else 0


def _describe_study(store: Store, study: StudyFolder) -> dict[str, Any]:
    from replication.store import read_manifest

    entry: dict[str, Any] = {"id": study.protocol_id, "root_seed": study.root_seed}
    try:
        manifest = read_manifest(study.path)
        if manifest is not None:
            entry |= _describe_content(store, manifest)
    except DataError as error:
        entry["fault"] = str(error)
    return {**entry, "folder": os.fspath(study.path), "bytes": study.size}


def _describe_content(store: Store, manifest: Manifest) -> dict[str, Any]:
    protocol, root_seed = manifest.protocol, manifest.root_seed
    ranges = store.ranges(protocol, root_seed)
    entry: dict[str, Any] = {
        "protocol": protocol.differences,
        "ranges": [list(pair) for pair in ranges],
        "n_networks": sum(stop - start for start, stop in ranges),
        "made_with": [],
    }
    for run in manifest.runs:
        versions = {**run.get("versions", {}), "commit": run.get("commit")}
        if versions not in entry["made_with"]:
            entry["made_with"].append(versions)
    if ranges and ranges[0][0] == 0:
        entry["digest"] = store.digest(protocol, root_seed, ranges[0][1])
    return entry


def _describe_older_study(study: OlderStudy) -> dict[str, Any]:
    return {
        "id": study.path.parent.name,
        "root_seed": study.root_seed,
        "older": True,
        "protocol": None if study.protocol is None else study.protocol.differences,
        "n_networks": study.n_networks,
        "made_with": [{"replication": version} for version in study.versions],
        "folder": os.fspath(study.path),
    }


def _write_lines(entry: dict[str, Any]) -> list[str]:
    lines = [f"study {entry['id']}/{entry['root_seed']}"]
    if "older" in entry:
        lines[0] += ", of an earlier version"
    if "fault" in entry:
        lines.append(f"  not readable: {entry['fault']}")
    if entry.get("protocol") is not None:
        differences = [f"{name} = {json.dumps(v)}" for name, v in entry["protocol"].items()]
        lines.append("  protocol   " + (", ".join(differences) or "as in the paper"))
    if entry.get("n_networks") is not None:
        spans = ", ".join(f"{start} to {stop - 1}" for start, stop in entry.get("ranges", []))
        count = _count(entry["n_networks"], "network")
        lines.append(f"  seeds      {spans} ({count})" if spans else f"  networks   {count}")
    if "digest" in entry:
        last = entry["ranges"][0][1] - 1
        lines.append(f"  digest     {entry['digest']} (seeds 0 to {last})")
    for versions in entry.get("made_with", []):
        known = (f"{name} {str(text)[:24]}" for name, text in sorted(versions.items()) if text)
        lines.append("  made with  " + ", ".join(known))
    lines.append(f"  folder     {entry['folder']}")
    if "bytes" in entry:
        lines.append(f"  size       {_describe_size(entry['bytes'])}")
    return lines


def run_verify(options: argparse.Namespace) -> int:
    """Check every study and the published report; return 0, or 65 if something is wrong."""
    is_published = (options.results / "models" / "headline.json").exists()
    exit_code = 0
    for study in _list_studies(options.results, may_be_empty=is_published):
        exit_code = max(exit_code, _verify_study(study, options))
    if is_published:
        from replication.publication import verify_published

        for line in verify_published(options.results, jobs=options.jobs, tell=tell):
            print(f"the published report is the same, compared {line}")
    return exit_code


def _verify_study(study: StudyFolder, options: argparse.Namespace) -> int:
    from replication.store.verifying import verify_study

    try:
        n_sample = None if options.all else options.sample
        verified = verify_study(study, n_sample=n_sample, jobs=options.jobs)
    except DataError as error:
        _complain(f"{_name(study)}: {error}")
        return DataError.exit_code
    for fault in verified.checked.faults:
        _complain(f"{_name(study)}: {fault.message}")
    if verified.difference is not None:
        _complain(
            f"{_name(study)}: {verified.difference}. The block was computed by another "
            f"version or machine, or altered: move {str(study.path)!r} and its records away "
            "and run `replication simulate` again"
        )
    if not verified.is_sound:
        return DataError.exit_code
    print(
        f"{_name(study)}: {_count(len(verified.checked.blocks), 'block')} sound, "
        f"{_count(verified.n_simulated, 'network')} simulated again with the same outcome",
        flush=True,
    )
    return 0


def run_repair(options: argparse.Namespace) -> int:
    """Repair every study; return 0, or 65 if one cannot be repaired."""
    from replication.store import Store
    from replication.store.verifying import repair_study

    exit_code = 0
    store = Store(options.results)
    for study in _list_studies(options.results):
        try:
            checked = repair_study(store, study, jobs=options.jobs)
        except DataError as error:
            _complain(f"{_name(study)}: {error}")
            exit_code = DataError.exit_code
            continue
        blocks = [fault.block for fault in checked.faults if fault.block is not None]
        for block in blocks:
            print(f"{_name(study)}: computed {block.path.name} again")
        if len(blocks) < len(checked.faults):
            print(f"{_name(study)}: rebuilt the manifest")
        if not checked.faults:
            print(f"{_name(study)}: nothing to repair")
    return exit_code


def _list_studies(results: Path, *, may_be_empty: bool = False) -> list[StudyFolder]:
    """Return the studies of a folder, after a line about those of an earlier version."""
    from replication.store import Store

    store = Store(results)
    n_older = len(store.older_studies())
    _explain_older(n_older)
    studies = store.studies()
    if not studies and not n_older and not may_be_empty:
        raise StorageError(
            f"{_show(results)} holds no outcomes; give the --results folder of a study, "
            "or simulate one first"
        )
    return studies


def _explain_older(n_studies: int) -> None:
    if n_studies:
        what = "1 study" if n_studies == 1 else f"{n_studies} studies"
        print(
            f"{what} of an earlier version, with another base reading or layout: left alone. "
            "The version that made them reads them; delete their folders where nobody needs them"
        )


def _parse_sample(text: str) -> int:
    return parse_whole(text, low=1, high=MAX_SEEDS)


def _name(study: StudyFolder) -> str:
    return f"study {study.protocol_id}/{study.root_seed}"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _describe_size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.2f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:,.1f} kB"


def _show(path: Path) -> str:
    return repr(os.fspath(path))


def _complain(message: str) -> None:
    tell(f"replication: {escape(message)}")
