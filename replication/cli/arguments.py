"""Strict reading of command-line values, and the options that commands share."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from replication.errors import StorageError, UsageError
from replication.protocol import (
    DEFAULT_ROOT_SEED,
    DEFAULT_SEEDS,
    PAPER,
    READINGS,
    Protocol,
    as_plain,
    from_plain,
    parse_assignment,
    read_protocol,
)

if TYPE_CHECKING:
    from replication.publication import Study

DEFAULT_RESULTS = Path("results")
MAX_SEEDS = 100_000_000_000
MAX_ROOT_SEED = 2**63 - 1
MAX_JOBS = 4096

SECONDS_PER_NETWORK, BYTES_PER_NETWORK = 1.5e-6, 1.5
"""Orders of magnitude, for a message only: one core, and disk."""


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage with one line, as all other errors."""

    def __init__(self, **options: Any) -> None:
        # An option cut short could change its meaning when another one is added.
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what is left over here, where the options of the command are known."""
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            options = [name[2:] for name in self._option_string_actions if name[:2] == "--"]
            nearest = difflib.get_close_matches(extra[0][2:].partition("=")[0], options, n=1)
            hint = f" (did you mean --{nearest[0]}?)" if nearest and extra[0][0] == "-" else ""
            self.error(f"{extra[0]!r} was given, which {self.prog!r} does not know{hint}")
        return found, extra

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help, and let a full device be an error as everywhere else."""
        if message:
            (sys.stderr if file is None else file).write(message)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` in place of printing the usage."""
        raise UsageError(f"{message}; see '{self.prog} --help'")


def parse_whole(text: str, *, low: int, high: int) -> int:
    """Read a whole number written in plain decimal digits.

    Raises
    ------
    argparse.ArgumentTypeError
        If `text` is anything else or out of range; argparse adds the option's name.
    """
    if re.fullmatch(r"[0-9]{1,30}", text, re.ASCII) is None or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is a whole number from {low} to {high}, in plain digits"
        )
    return int(text)


def parse_count(text: str) -> int:
    """Read a number of networks."""
    if re.fullmatch(r"[0-9]{1,30}", text, re.ASCII) and int(text) > MAX_SEEDS:
        days = int(text) * SECONDS_PER_NETWORK / 86_400
        terabytes = int(text) * BYTES_PER_NETWORK / 1e12
        raise argparse.ArgumentTypeError(
            f"{text!r} was given, which would take about {days:,.0f} days of one core "
            f"and {terabytes:,.1f} TB of disk; allowed is a whole number from 1 to {MAX_SEEDS}"
        )
    return parse_whole(text, low=1, high=MAX_SEEDS)


def parse_root_seed(text: str) -> int:
    """Read a root seed."""
    return parse_whole(text, low=0, high=MAX_ROOT_SEED)


def parse_seed(text: str) -> int:
    """Read the number of one network."""
    return parse_whole(text, low=0, high=MAX_SEEDS - 1)


def parse_jobs(text: str) -> int:
    """Read a number of workers; "all" is one for each core."""
    if text == "all":
        return -1
    try:
        return parse_whole(text, low=1, high=MAX_JOBS)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or 'all' for one a core") from None


def parse_results(text: str) -> Path:
    """Read the name of a results folder, which need not exist yet.

    Raises
    ------
    argparse.ArgumentTypeError
        If `text` is empty.
    StorageError
        If it names something other than a folder, or cannot name one.
    """
    if not text:
        raise argparse.ArgumentTypeError("'' was given; allowed is a folder; '.' is this one")
    try:
        mode = os.stat(text).st_mode  # noqa: PTH116 - Path.is_dir hides why
    except FileNotFoundError:
        return Path(text)
    except OSError as error:
        reason = error.strerror
    else:
        if stat.S_ISDIR(mode):
            return Path(text)
        reason = "it is a file"
    raise StorageError(f"--results {text!r} cannot be used ({reason}); give another folder")


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add ``--results``."""
    parser.add_argument(
        "--results", type=parse_results, default=DEFAULT_RESULTS, metavar="FOLDER",
        help="folder for outcomes and report (default: results)",
    )  # fmt: skip


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``."""
    parser.add_argument(
        "--jobs", type=parse_jobs, default=-1, metavar="N",
        help="workers, or 'all' for one a core (default: all)",
    )  # fmt: skip


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``, ``--backend`` and ``--scheduler``."""
    add_jobs(parser)
    parser.add_argument(
        "--backend", default="threading", metavar="NAME",
        help="threading, loky for processes, or dask for a running cluster (default: threading)",
    )  # fmt: skip
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="of the cluster, with --backend dask; e.g. tcp://127.0.0.1:8786",
    )  # fmt: skip


def add_study(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a study: seeds, root seed, results, protocol."""
    parser.add_argument(
        "--seeds", type=parse_count, default=DEFAULT_SEEDS, metavar="N",
        help=f"number of seeded networks (default: {DEFAULT_SEEDS})",
    )  # fmt: skip
    add_root_seed(parser)
    add_results(parser)
    add_protocol(parser)


def add_root_seed(parser: argparse.ArgumentParser) -> None:
    """Add ``--root-seed``."""
    parser.add_argument(
        "--root-seed", type=parse_root_seed, default=DEFAULT_ROOT_SEED, metavar="R",
        help=f"with the seed, fixes a network's initial weights (default: {DEFAULT_ROOT_SEED})",
    )  # fmt: skip


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Add ``--protocol`` and ``--set``."""
    parser.add_argument(
        "--protocol", default="paper", metavar="NAME",
        help=f"a named reading ({', '.join(READINGS)}), or a file FILE.toml with the fields that "
        "differ from the paper's (default: paper)",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], dest="assignments", metavar="FIELD=VALUE",
        help="one field that differs; may be given several times",
    )  # fmt: skip
    values = ", ".join(f"{name}={json.dumps(value)}" for name, value in as_plain(PAPER).items())
    parser.epilog = (
        f"Fields, with the paper's values: {values}. "
        "help(replication.Protocol) in Python says what each may be."
    )


def read_protocol_arguments(options: argparse.Namespace) -> Protocol:
    """Return the protocol that ``--protocol`` and ``--set`` describe."""
    protocol = read_protocol(options.protocol)
    names = [parse_assignment(text) for text in options.assignments]
    if len(dict(names)) < len(names):
        raise UsageError("--set was given one field twice; give each field once")
    return from_plain(dict(names), base=protocol)


def read_study(options: argparse.Namespace) -> Study:
    """Return the study that the options of `add_study` name."""
    protocol = read_protocol_arguments(options)
    from replication.publication import Study

    return Study(protocol, options.root_seed, options.seeds, options.results)
