"""Commands on a results folder: info, verify, repair."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import MAX_SEEDS, add_options, parse_whole
from replication.definition.protocol import PAPER
from replication.definition.study import DEFAULT_ROOT_SEED
from replication.errors import DataError, StorageError, UsageError
from replication.system.files import list_names
from replication.system.progress import escape, format_duration, report_progress, silence
from replication.wording import explain, plural, show

if TYPE_CHECKING:
    from replication.store.folders import StudyFolder

DEFAULT_SAMPLE = 1_000
SECONDS_WITHOUT_YES = 600.0


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    info = subparsers.add_parser(
        "info",
        help="list the studies in a results folder",
        description="List the studies in a results folder, a line each: protocol, root seed, "
        "networks, size and where the report stands.",
    )
    add_options(info, "--results")
    info.add_argument(
        "--json", action="store_true",
        help="print also seeds, digest, versions and folder, as JSON",
    )  # fmt: skip
    info.set_defaults(handler=run_info)

    verify = subparsers.add_parser(
        "verify",
        help="check stored outcomes and the published report by reproducing them",
        description="Compare every stored block and every model and report with its checksum, and "
        "simulate a random sample of networks again. Where the folder holds the report of the "
        "default study, make study and report again elsewhere and compare them too. Exit code 0 "
        "if all is well, 65 if not.",
    )
    add_options(verify, "--results", "--jobs")
    amount = verify.add_mutually_exclusive_group()
    amount.add_argument(
        "--sample", type=functools.partial(parse_whole, low=1, high=MAX_SEEDS),
        default=DEFAULT_SAMPLE, metavar="N",
        help=f"networks of each study to simulate again (default: {DEFAULT_SAMPLE})",
    )  # fmt: skip
    amount.add_argument(
        "--all", action="store_true", help="simulate every stored network again, not a sample"
    )
    verify.set_defaults(handler=run_verify)

    repair = subparsers.add_parser(
        "repair",
        help="repair only what is missing or damaged",
        description="Compare every stored block and every model and report with its checksum, and "
        "make those that are missing or damaged again.",
    )
    add_options(repair, "--results", "--jobs")
    repair.add_argument(
        "--yes", action="store_true",
        help="also where a study may take more than some minutes to simulate",
    )  # fmt: skip
    repair.set_defaults(handler=run_repair, continues=True)


def run_info(options: argparse.Namespace) -> int:
    """List every study; return 0, or the exit code of the error that keeps one from being read."""
    from replication.experiments import EXPERIMENTS
    from replication.publication.models import read_models
    from replication.publication.publishing import find_stale
    from replication.store.folders import list_other_versions, list_study_folders

    if not options.results.is_dir():
        raise StorageError(f"there is no folder {_name(options.results)}; give an existing one")
    studies = list_study_folders(options.results)
    entries: list[dict[str, Any]] = []
    codes = [0]
    for each in studies:
        with _go_on(each.name, codes):
            entries.append(_describe_study(each, in_full=options.json))
    others = list_other_versions(options.results)
    stale = find_stale(read_models(options.results, EXPERIMENTS))
    if options.json:
        entries += [{"other_version": True, "folder": str(path)} for path in others]
        entries += [{"stale_models": stale}] if stale else []
        print(json.dumps(entries, indent=1))
        return max(codes)
    for entry in entries:
        print(escape(_write_line(entry)))
    for path in others:
        print(
            f"outcomes of another version, left alone: {_name(path)} (the version that made them "
            "reads them; delete them if nobody needs them)"
        )
    if not studies and not others:
        print(f"no studies in {_name(options.results)}")
    if stale:
        again = "(`replication replicate` makes them again)"
        print("models of another version:", ", ".join(stale), again)
    return max(codes)


def _describe_study(folder: StudyFolder, *, in_full: bool) -> dict[str, Any]:
    from replication.store.blocks import find_blocks, read_header
    from replication.store.folders import (
        compute_study_digest,
        find_longest,
        find_missing,
        find_study,
    )

    study_name, studies = f"{folder.protocol_id}-{folder.root_seed}", folder.results / "studies"
    places = [studies / name for name in list_names(studies) if name.startswith(f"{study_name}-")]
    if study_name == f"{PAPER.id}-{DEFAULT_ROOT_SEED}":
        places.insert(0, folder.results)
    pages = [place / "report.html" for place in places]
    entry: dict[str, Any] = {
        "id": folder.protocol_id, "root_seed": folder.root_seed, "folder": str(folder.path),
        "reports": [str(page) for page in pages if page.is_file()],
        "n_networks": 0, "bytes": 0, "protocol": None,
    }  # fmt: skip
    if stored := find_blocks(folder.path):
        study = find_study(folder, stored[-1].stop)
        blocks = [*find_longest(study).values()]
        entry["protocol"] = study.protocol.differences
        entry["bytes"] = sum(block.path.stat().st_size for block in stored)
        entry["n_networks"] = sum(block.stop - block.start for block in blocks)
        if in_full and blocks:
            study = dataclasses.replace(study, n_seeds=blocks[-1].stop)
            entry["missing"] = find_missing(study)
            made = [read_header(block)[1] for block in blocks]
            entry["made_with"] = [one for i, one in enumerate(made) if one not in made[:i]]
            if not entry["missing"]:
                entry["digest"] = compute_study_digest(study)
    return entry


def _write_line(entry: dict[str, Any]) -> str:
    words = ["nothing stored yet"]
    if entry["protocol"] is not None:
        fields = [f"{name} = {json.dumps(value)}" for name, value in entry["protocol"].items()]
        size = f"{entry['bytes'] / 1e3:,.1f} kB"
        words = [*(fields or ["as in the paper"]), plural(entry["n_networks"], "network"), size]
    name = f"study {entry['id']}/{entry['root_seed']}"
    return f"{name}: {', '.join([*words, *entry['reports']])}"


def run_verify(options: argparse.Namespace) -> int:
    """Check every study and report; return 0, or an exit code if something is wrong."""
    return _serve(options, _verify_study, _verify_report)


def _verify_report(folder: Path, options: argparse.Namespace) -> int:
    from replication.publication.verifying import find_damaged_files, verify_published

    damaged = find_damaged_files(folder)
    for name in damaged:
        _complain(f"{_name(folder / name)} is missing or damaged; run `replication repair`")
    has_headline = (folder / "models" / "headline.json").exists()
    if folder == options.results and has_headline and not damaged:
        verify_published(options.results, jobs=options.jobs, report_progress=report_progress)
        print("the published report is the same: outcomes and models by value, files byte by byte")
    return DataError.exit_code if damaged else 0


def _verify_study(folder: StudyFolder, options: argparse.Namespace, n_reported: int) -> int:
    from replication.store.verifying import check_study, verify_study

    checked = check_study(folder, n_reported=n_reported)
    n_sample = None if options.all else options.sample
    n_simulated, differing = verify_study(checked, n_sample=n_sample, jobs=options.jobs)
    messages = checked.messages
    if differing is not None:
        messages.append(
            f"seed {differing} comes out otherwise than it is stored. The block was computed by "
            f"another version or machine, or altered: move {_name(folder.path)} away and run "
            "`replication simulate` again"
        )
    for message in messages:
        _complain(f"{folder.name}: {message}")
    if not messages:
        sound = f"{plural(len(checked.blocks), 'block')} sound"
        again = f"{plural(n_simulated, 'network')} simulated again with the same outcome"
        print(f"{folder.name}: {sound}, {again}", flush=True)
    return DataError.exit_code if messages else 0


def run_repair(options: argparse.Namespace) -> int:
    """Repair every study and report; return 0, or an exit code if one cannot be repaired."""
    return _serve(options, _repair_study, _repair_report)


def _repair_report(folder: Path, options: argparse.Namespace) -> None:
    from replication.publication.verifying import repair_report

    for name in repair_report(
        folder, options.results, jobs=options.jobs, report_progress=report_progress
    ):
        print(f"made {_name(folder / name)} again")


def _repair_study(folder: StudyFolder, options: argparse.Namespace, n_reported: int) -> None:
    from replication.store.blocks import estimate_seconds
    from replication.store.verifying import check_study, repair_study

    checked = check_study(folder, n_reported=n_reported)
    if checked.n_lacking:
        networks = plural(checked.n_lacking, "network")
        seconds = estimate_seconds(checked.study.protocol, checked.n_lacking)
        most = format_duration(seconds)
        report_progress(
            f"{folder.name}: {networks} will be simulated: {most} of one core if none converges"
        )
        if seconds > SECONDS_WITHOUT_YES and not options.yes:
            raise UsageError(
                f"{networks} may take {most}, and --yes was not given; give it, or remove the "
                "report that asks for so many"
            )
    repair_study(checked, jobs=options.jobs)
    for block in checked.faults:
        print(f"{folder.name}: computed {block.path.name} again")
    for start, stop in checked.missing:
        print(f"{folder.name}: computed the missing seeds {start} to {stop - 1}")
    if not checked.messages:
        print(f"{folder.name}: nothing to repair")


def _serve(
    options: argparse.Namespace, serve_study: Callable[..., Any], serve_report: Callable[..., Any]
) -> int:
    """Verify or repair the studies of which any part is there, and the reports."""
    from replication.publication.verifying import find_report_folders, list_studies
    from replication.store.blocks import find_blocks

    studies, folders = list_studies(options.results), find_report_folders(options.results)
    if not studies and not folders:
        raise StorageError(
            f"{_name(options.results)} holds no outcomes of this version; give the --results "
            "folder of a study, or simulate one first"
        )
    codes = [0]
    for study, n_reported in studies.items():
        with _go_on(study.name, codes):
            if n_reported or find_blocks(study.path):
                codes.append(serve_study(study, options, n_reported) or 0)
            else:
                print(f"{study.name}: nothing stored yet")
    for folder in folders:
        with _go_on(_name(folder), codes):
            codes.append(serve_report(folder, options) or 0)
    return max(codes)


@contextlib.contextmanager
def _go_on(name: str, codes: list[int]) -> Iterator[None]:
    """Name what fails within, and keep its exit code, so that the others are served too."""
    try:
        yield
    except BrokenPipeError:  # the reader (head, less) has seen enough; what is wrong is still said
        silence(sys.stdout)
    except (DataError, UsageError, OSError) as error:
        _complain(f"{name}: {explain(error)}")
        codes.append(getattr(error, "exit_code", StorageError.exit_code))


def _name(path: Path) -> str:
    return show(path, length=4096)  # the end of a path counts


def _complain(message: str) -> None:
    report_progress(f"replication: {escape(message)}")
