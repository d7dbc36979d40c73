"""Commands on stored outcomes: verify, repair, info."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import MAX_SEEDS, add_jobs, add_results, parse_whole
from replication.errors import DataError, StorageError
from replication.progress import tell

if TYPE_CHECKING:
    from replication.store import Manifest, Store, StudyFolder

DEFAULT_SAMPLE = 1_000


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    verify = subparsers.add_parser(
        "verify",
        help="check stored outcomes and simulate a sample of them again",
        description="Compare every stored block with its checksums and the manifest, and simulate "
        "a random sample of networks again. Exit code 0 if all is well, 65 if not.",
    )
    add_results(verify)
    add_jobs(verify)
    amount = verify.add_mutually_exclusive_group()
    amount.add_argument(
        "--sample",
        type=_parse_sample,
        default=DEFAULT_SAMPLE,
        metavar="N",
        help=f"networks of each study to simulate again (default: {DEFAULT_SAMPLE})",
    )
    amount.add_argument(
        "--all", action="store_true", help="simulate every stored network again, not a sample"
    )
    verify.set_defaults(handler=run_verify)

    repair = subparsers.add_parser(
        "repair",
        help="compute missing and bad blocks again, and no others",
        description="Compare every stored block with its checksums and the manifest, and compute "
        "those that are missing or bad again.",
    )
    add_results(repair)
    add_jobs(repair)
    repair.set_defaults(handler=run_repair)

    info = subparsers.add_parser(
        "info",
        help="list the studies in a results folder",
        description="List the studies in a results folder: protocol, root seed, seeds, digest, "
        "versions and size.",
    )
    add_results(info)
    info.set_defaults(handler=run_info)


def run_verify(options: argparse.Namespace) -> int:
    """Check every study; return 0, or 65 if something is wrong."""
    from replication.verification import verify_study

    exit_code = 0
    for study in _list_studies(options.results):
        n_sample = None if options.all else options.sample
        try:
            verified = verify_study(study, n_sample=n_sample, jobs=options.jobs)
        except DataError as error:
            _complain(f"{_name(study)}: {error}")
            exit_code = DataError.exit_code
            continue
        for fault in verified.checked.faults:
            _complain(f"{_name(study)}: {fault.message}")
        if verified.difference is not None:
            _complain(
                f"{_name(study)}: {verified.difference}. The block was computed by another "
                f"version or machine, or altered: move {str(study.path)!r} away and run "
                "`replication simulate` again"
            )
        if verified.is_sound:
            print(
                f"{_name(study)}: {_count(len(verified.checked.blocks), 'block')} sound, "
                f"{_count(verified.n_simulated, 'network')} simulated again with the same outcome"
            )
        else:
            exit_code = DataError.exit_code
    return exit_code


def run_repair(options: argparse.Namespace) -> int:
    """Repair every study; return 0, or 65 if one cannot be repaired."""
    from replication.store import Store
    from replication.verification import repair_study

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
            print(f"{_name(study)}: wrote the manifest again")
        if not checked.faults:
            print(f"{_name(study)}: nothing to repair")
    return exit_code


def run_info(options: argparse.Namespace) -> int:
    """List every study; return 0, or 65 if one cannot be read."""
    from replication.store import Store, read_manifest

    store = Store(options.results)
    exit_code = 0
    studies = store.studies()
    if not studies:
        print(f"no studies in {_show(options.results)}")
    for study in studies:
        print(_name(study))
        try:
            manifest = read_manifest(study.path)
            lines = [] if manifest is None else _describe(store, study, manifest)
        except DataError as error:
            lines = [f"not readable: {error}"]
            exit_code = DataError.exit_code
        for line in lines:
            print(f"  {line}")
    return exit_code


def _describe(store: Store, study: StudyFolder, manifest: Manifest) -> list[str]:
    from replication.protocol import canonical_json

    protocol, root_seed = manifest.protocol, manifest.root_seed
    differences = protocol.differences
    lines = ["protocol   " + (canonical_json(differences) if differences else "as in the paper")]
    ranges = store.ranges(protocol, root_seed)
    spans = ", ".join(f"{start} to {stop - 1}" for start, stop in ranges) or "none"
    n_networks = sum(stop - start for start, stop in ranges)
    lines.append(f"seeds      {spans} ({_count(n_networks, 'network')})")
    if ranges and ranges[0][0] == 0:
        n_seeds = ranges[0][1]
        digest = store.digest(protocol, root_seed, n_seeds)
        lines.append(f"digest     {digest} (seeds 0 to {n_seeds - 1})")
    made = {
        " ".join(
            [*(f"{name} {version}" for name, version in sorted(run["versions"].items()))]
            + ([f"commit {run['commit'][:12]}"] if run["commit"] else [])
        )
        for run in manifest.runs
    }
    lines.extend(f"made with  {versions}" for versions in sorted(made))
    lines.append(f"size       {_describe_size(study.size)}")
    return lines


def _list_studies(results: Path) -> list[StudyFolder]:
    from replication.store import Store

    studies = Store(results).studies()
    if not studies:
        raise StorageError(
            f"{_show(results)} holds no outcomes; give the --results folder of a study, "
            "or simulate one first"
        )
    return studies


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
    tell(f"replication: {message}")
