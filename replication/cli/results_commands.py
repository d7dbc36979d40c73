"""The command `info`, on a results folder."""

import argparse
import json
from pathlib import Path

from replication.cli.arguments import Subparsers, add_command
from replication.errors import StorageError
from replication.system.progress import escape
from replication.wording import plural, show


def add_commands(subparsers: Subparsers) -> None:
    """Add the commands of this module to the parser of `replication`."""
    add_command(
        subparsers,
        "info",
        "List what a results folder holds: a line for each study.",
        "--results",
        handler=run_info,
    )


def run_info(options: argparse.Namespace) -> None:
    """Print a line for each study in the results folder."""
    results = options.results
    if not results.is_dir():
        raise StorageError(f"there is no folder {show(results)}; give an existing one")
    folders = find_report_folders(results)
    for folder in folders:
        print(escape(describe_report(folder)), flush=True)
    if not folders:
        print(f"no report in {show(results)}")


def find_report_folders(results: Path) -> list[Path]:
    """Return the folders of all studies that have models or a report, the default one first.

    The folder of the default study is the results folder itself; every other study has one in
    ``studies``. A link there is left out: what it leads to is not in this results folder.
    """
    from replication.publication.placing import LIST
    from replication.system.files import list_names

    folders = [results]
    for name in list_names(results / "studies"):
        folder = results / "studies" / name
        if not folder.is_symlink():
            folders.append(folder)
    # Every report has a list of its files.
    return [folder for folder in folders if {"models", LIST} & set(list_names(folder))]


def describe_report(folder: Path) -> str:
    """Return a line on a folder of results: its study, its number of models and its page.

    For example: "results: 1,000,000 networks of root seed 1988, as in the paper, 16 models,
    results/report.html".
    """
    from replication.publication.models import read_model
    from replication.system.files import list_names

    parts = []
    headline = read_model(folder, "headline")
    if headline is not None:
        study = headline["study"]
        parts.append(f"{plural(study['n'], 'network')} of root seed {study['root_seed']}")
        differences = study["differences"]
        parts.extend(f"{name} = {json.dumps(value)}" for name, value in differences.items())
        if not differences:
            parts.append("as in the paper")
    models = [name for name in list_names(folder / "models") if name.endswith(".json")]
    parts.append(plural(len(models), "model"))
    page = folder / "report.html"
    parts.append(str(page) if page.is_file() else "no page")
    return f"{folder}: {', '.join(parts)}"
