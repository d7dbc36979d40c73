"""Commands on what is kept: `info` and `verify` for a results folder, `cache` for outcomes."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from replication.cli.arguments import Subparsers, add_command
from replication.errors import DataError, StorageError, UsageError
from replication.system.progress import escape, report_progress, silence
from replication.wording import explain, plural, show


def add_commands(subparsers: Subparsers) -> None:
    """Add the commands of this module to the parser of `replication`."""
    add_command(
        subparsers,
        "info",
        "List what a results folder holds, and how large the cache is: a line for each report.",
        "--results",
        handler=run_info,
    )
    add_command(
        subparsers,
        "verify",
        "Make the reports in a results folder again, and compare. Every file is compared with its "
        "checksum; then each report is made again elsewhere, without the cache, and outcomes, "
        "models and files are compared. Exit code 0 if all is well, 65 if not.",
        "--results",
        "--jobs",
        handler=run_verify,
    )
    cache = add_command(
        subparsers,
        "cache",
        "Say where the cache of outcomes is and how large, or empty it. The variable "
        "REPLICATION_CACHE names another folder; what is deleted is simulated again when needed.",
        handler=run_cache,
    )
    cache.add_argument("--clear", action="store_true", help="remove all that is kept")


def run_info(options: argparse.Namespace) -> int:
    """List every report; return 0, or the exit code of an error if one cannot be read."""
    from replication.cache.blocks import find_cache
    from replication.publication.verifying import find_report_folders

    results = options.results
    cache = find_cache()
    line_of_cache = f"cache of outcomes: {_describe_cache(cache.folder, *cache.measure())}"
    if not results.is_dir():
        print(line_of_cache)
        raise StorageError(f"there is no folder {show(results)}; give an existing one")
    # A folder that cannot be read is named on standard error.
    folders = find_report_folders(results)
    code = _print_each(folders, lambda folder: describe_report(folder, results))
    if not folders:
        print(f"no report in {show(results)}")
    # Older versions kept outcomes in the results folder.
    older = results / "outcomes"
    if older.is_dir():
        print(f"outcomes of an older version, left alone: {show(older)} (nothing reads them now)")
    print(line_of_cache)
    return code


def describe_report(folder: Path, results: Path) -> str:
    """Return a line on a folder of results: its study, its number of models and its page.

    For example: "results: 1,000,000 networks of root seed 1988, as in the paper, 16 models,
    results/report.html".
    """
    from replication.publication.verifying import read_study
    from replication.system.files import list_names

    parts = []
    study = read_study(folder, results)
    if study is not None:
        parts.append(f"{plural(study.n_seeds, 'network')} of root seed {study.root_seed}")
        differences = study.protocol.differences
        parts.extend(f"{name} = {json.dumps(value)}" for name, value in differences.items())
        if not differences:
            parts.append("as in the paper")
    models = [name for name in list_names(folder / "models") if name.endswith(".json")]
    parts.append(plural(len(models), "model"))
    page = folder / "report.html"
    parts.append(str(page) if page.is_file() else "no page")
    return f"{folder}: {', '.join(parts)}"


def run_cache(options: argparse.Namespace) -> None:
    """Say how large the cache is, or empty it."""
    from replication.cache.blocks import LARGEST_CACHE, find_cache

    cache = find_cache()
    if options.clear:
        print(f"removed {_describe_cache(cache.folder, *cache.clear())}")
    else:
        limit = f"at most {LARGEST_CACHE / 1e9:g} GB are kept"
        print(f"{_describe_cache(cache.folder, *cache.measure())}; {limit}")


def _describe_cache(folder: Path, n_files: int, n_bytes: int) -> str:
    """Return how large the cache is, and where: "3 files, 0.8 MB in '/home/...'"."""
    return f"{plural(n_files, 'file')}, {n_bytes / 1e6:,.1f} MB in {show(folder)}"


def run_verify(options: argparse.Namespace) -> int:
    """Check every report; return 0, or an exit code if something is wrong."""
    from replication.publication.verifying import find_report_folders, verify_folder

    folders = find_report_folders(options.results)
    if not folders:
        advice = "give the --results folder of one, or make one with `replication replicate`"
        raise StorageError(f"{show(options.results)} holds no report; {advice}")

    def verify(folder: Path) -> str:
        return verify_folder(
            folder, options.results, jobs=options.jobs, report_progress=report_progress
        )

    return _print_each(folders, verify)


def _print_each(folders: Iterable[Path], describe: Callable[[Path], str]) -> int:
    """Print a line for each folder, and return an exit code.

    A folder that cannot be described is named on standard error, and the next one follows. The
    exit code is the largest of these errors, or 0.
    """
    codes = [0]
    for folder in folders:
        try:
            print(escape(describe(folder)), flush=True)
        except BrokenPipeError:  # the reader (head, less) has seen enough; errors are still named
            silence(sys.stdout)
        except (DataError, UsageError, OSError) as error:
            report_progress(f"replication: {escape(f'{show(folder)}: {explain(error)}')}")
            codes.append(getattr(error, "exit_code", StorageError.exit_code))
    return max(codes)
