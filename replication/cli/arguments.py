"""Strict reading of command-line values, and the options that commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NoReturn

from replication.errors import UsageError
from replication.protocol import (
    DEFAULT_ROOT_SEED,
    DEFAULT_SEEDS,
    PAPER,
    Protocol,
    from_plain,
    parse_assignment,
    read_protocol,
)

DEFAULT_RESULTS = Path("results")
MAX_SEEDS = 100_000_000_000
MAX_ROOT_SEED = 2**63 - 1
MAX_JOBS = 4096

# Orders of magnitude for a message only: one core, and packed outcomes.
SECONDS_PER_NETWORK = 1.5e-6
BYTES_PER_NETWORK = 1.5


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage with one line, as all other errors."""

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
    return -1 if text == "all" else parse_whole(text, low=1, high=MAX_JOBS)


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add ``--results``."""
    parser.add_argument(
        "--results", type=Path, default=DEFAULT_RESULTS, metavar="FOLDER",
        help="folder for outcomes and report (default: results)",
    )  # fmt: skip


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``, ``--backend`` and ``--scheduler``."""
    parser.add_argument(
        "--jobs", type=parse_jobs, default=-1, metavar="N",
        help="workers (default: all, one for each core)",
    )  # fmt: skip
    parser.add_argument(
        "--backend", default="threading", metavar="NAME",
        help="backend of joblib: threading, loky, dask, ray, ... (default: threading)",
    )  # fmt: skip
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="address of a Dask cluster, with --backend dask"
    )


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
        "--protocol", type=Path, metavar="FILE.toml",
        help="fields that differ from the base reading of the paper",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], dest="assignments", metavar="FIELD=VALUE",
        help="one field that differs; may be given several times",
    )  # fmt: skip


def read_protocol_arguments(options: argparse.Namespace) -> Protocol:
    """Return the protocol that ``--protocol`` and ``--set`` describe."""
    protocol = read_protocol(options.protocol) if options.protocol else PAPER
    names = [parse_assignment(text) for text in options.assignments]
    if len(dict(names)) < len(names):
        raise UsageError("--set was given one field twice; give each field once")
    return from_plain(dict(names), base=protocol)
