"""Commands on what is kept: info and verify for a results folder, cache for outcomes."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import add_options
from replication.errors import DataError, StorageError, UsageError
from replication.system.progress import escape, report_progress, silence
from replication.wording import explain, plural, show

if TYPE_CHECKING:
    from replication.cache.blocks import Cache


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    info = subparsers.add_parser(
        "info", help="list what a results folder holds, and how large the cache is",
        description="List the reports in a results folder, a line each (networks, protocol, "
        "models and the page), and how large the cache of outcomes is.",
    )  # fmt: skip
    add_options(info, "--results", handler=run_info)
    info.add_argument("--json", action="store_true", help="print the same and more as JSON")

    verify = subparsers.add_parser(
        "verify", help="make the reports in a results folder again, and compare",
        description="Compare every model and every file of a report with its checksum. Then make "
        "each report again elsewhere, every network simulated anew and none taken from the cache, "
        "and compare outcomes, models and files. Exit code 0 if all is well, 65 if not.",
    )  # fmt: skip
    add_options(verify, "--results", "--jobs", handler=run_verify)

    cache = subparsers.add_parser(
        "cache", help="say where the cache of outcomes is and how large, or empty it",
        description="Say where the outcomes of simulated networks are kept and how large that is. "
        "The variable REPLICATION_CACHE names another folder. What is deleted there is simulated "
        "again when it is needed.",
    )  # fmt: skip
    cache.add_argument("--clear", action="store_true", help="remove all that is kept")
    add_options(cache, handler=run_cache)


def run_info(options: argparse.Namespace) -> int:
    """List every report; return 0, or the exit code of the error that keeps one from being read."""
    from replication.cache.blocks import find_cache
    from replication.experiments import EXPERIMENTS
    from replication.publication.models import read_models
    from replication.publication.publishing import find_stale
    from replication.publication.verifying import find_report_folders

    results = options.results
    if not results.is_dir():
        raise StorageError(f"there is no folder {_name(results)}; give an existing one")
    reports, codes, stale = list[dict[str, Any]](), [0], list[str]()
    for folder in find_report_folders(results):
        with _go_on(_name(folder), codes):
            reports.append(_describe_report(folder, results))
    with _go_on(_name(results), codes):
        stale = find_stale(read_models(results, EXPERIMENTS))
    # Of versions before the cache, which kept them in the results folder.
    older = [path for path in [results / "outcomes"] if path.is_dir()]
    cache = find_cache()
    if options.json:
        kept = {"folder": cache.folder and str(cache.folder), **cache.measure()._asdict()}
        found = {"reports": reports, "stale_models": stale, "cache": kept}
        print(json.dumps(found | {"older_outcomes": [*map(str, older)]}, indent=1))
        return max(codes)
    for report in reports:
        print(escape(_write_line(report)))
    if not reports and not any(codes):
        print(f"no report in {_name(results)}")
    if stale:
        names = ", ".join(stale)
        print(f"models of another version: {names} (`replication replicate` makes them again)")
    for path in older:
        print(f"outcomes of an older version, left alone: {_name(path)} (nothing reads them now)")
    print(f"cache of outcomes: {_describe_cache(cache, *cache.measure())}")
    return max(codes)


def _describe_report(folder: Path, results: Path) -> dict[str, Any]:
    """Return what the models in a folder say of the study, and where its page is."""
    from replication.publication.models import read_model
    from replication.publication.verifying import read_study
    from replication.system.files import list_names

    names, page = list_names(folder / "models"), folder / "report.html"
    models = [name.removesuffix(".json") for name in names if name.endswith(".json")]
    entry: dict[str, Any] = {"folder": str(folder), "models": models}
    entry["report"] = str(page) if page.is_file() else None
    if study := read_study(folder, results):
        entry |= {"protocol": study.protocol.differences, "root_seed": study.root_seed}
        entry |= {"n_networks": study.n_seeds, "digest": None}
        with contextlib.suppress(LookupError, TypeError):  # of a model that somebody has made up
            entry["digest"] = (read_model(folder, "headline") or {})["study"]["digest"]
    return entry


def _write_line(report: dict[str, Any]) -> str:
    words = [plural(len(report["models"]), "model"), report["report"] or "no page"]
    if "protocol" in report:
        fields = [f"{name} = {json.dumps(value)}" for name, value in report["protocol"].items()]
        networks = f"{plural(report['n_networks'], 'network')} of root seed {report['root_seed']}"
        words = [networks, *(fields or ["as in the paper"]), *words]
    return f"{report['folder']}: {', '.join(words)}"


def _describe_cache(cache: Cache, n_files: int, n_bytes: int) -> str:
    size = f"{plural(n_files, 'file')}, {n_bytes / 1e6:,.1f} MB"
    return f"{size} in {_name(cache.folder)}" if cache.folder else "none"


def run_cache(options: argparse.Namespace) -> None:
    """Say how large the cache is, or empty it."""
    from replication.cache.blocks import LARGEST_CACHE, find_cache

    cache = find_cache()
    if options.clear:
        print(f"removed {_describe_cache(cache, *cache.clear())}")
    else:
        limit = f"at most {LARGEST_CACHE / 1e9:g} GB are kept"
        print(f"{_describe_cache(cache, *cache.measure())}; {limit}")


def run_verify(options: argparse.Namespace) -> int:
    """Check every report; return 0, or an exit code if something is wrong."""
    from replication.publication.verifying import find_report_folders

    folders = find_report_folders(options.results)
    if not folders:
        advice = "give the --results folder of one, or make one with `replication replicate`"
        raise StorageError(f"{_name(options.results)} holds no report; {advice}")
    codes = [0]
    for folder in folders:
        with _go_on(_name(folder), codes):
            codes.append(_verify_folder(folder, options))
    return max(codes)


def _verify_folder(folder: Path, options: argparse.Namespace) -> int:
    """Check the report in a folder; return the exit code."""
    from replication.publication.verifying import find_damaged_files, read_study, verify_report

    damaged = find_damaged_files(folder)
    maker = "multiverse" if folder.name.startswith("multiverse-") else "replicate"
    for name in damaged:
        problem = f"{_name(folder / name)} is missing or damaged"
        _complain(f"{problem}; `replication {maker}` makes it again")
    if damaged:
        return DataError.exit_code
    if study := read_study(folder, options.results):
        verify_report(study, jobs=options.jobs, report_progress=report_progress)
        same = "outcomes and models by value, files byte by byte"
        print(f"the report in {_name(folder)} comes out the same: {same}", flush=True)
    else:
        print(f"what is in {_name(folder)} is as it was written", flush=True)
    return 0


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
