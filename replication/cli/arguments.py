"""Strict reading of values, and the options that commands share."""

import argparse
import dataclasses
import json
import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from replication.definition import protocol as readings
from replication.errors import UsageError
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, MAX_SEEDS, Study
from replication.system.files import read_toml
from replication.wording import show

Subparsers = Any
"""What a parser of argparse adds commands to; that class has no public name."""
Handler = Callable[[argparse.Namespace], int | None]
"""Runs a command with its options; returns an exit code, or None where all went well."""


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage with one line, as all other errors."""

    def __init__(self, **options: Any) -> None:
        # An option cut short could change its meaning when another one is added.
        super().__init__(allow_abbrev=False, **options)
        self._negative_number_matcher = re.compile(r"-\.?[0-9]")  # -8.3e-1 and -5% are no options

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` in place of printing the usage."""
        raise UsageError(f"{message}; see '{self.prog} --help'")


def whole(low: int, high: int, note: str = "") -> Callable[[str], int]:
    """Return a function that reads an option: a whole number from `low` to `high`.

    `note`: what the refusal of another value adds behind `high`.
    """

    def parse(text: str) -> int:
        # 0007 and 1000000 are read, but neither 1e6 nor 1_000.
        if re.fullmatch(r"[0-9]{1,30}", text) is None or not low <= int(text) <= high:
            allowed = f"a whole number from {low} to {high}{note}, in plain digits"
            raise ArgumentTypeError(f"{show(text)} was given; allowed is {allowed}")
        return int(text)

    return parse


def parse_jobs(text: str) -> int:
    """Return a number of workers; "all" is -1, one for each core."""
    return -1 if text == "all" else whole(1, 4096, " (or 'all', for one a core)")(text)


def parse_folder(text: str) -> Path:
    """Return a folder; an empty name, which would be this folder, is refused."""
    if not text.strip():
        raise ArgumentTypeError("an empty name was given; allowed is a folder, such as results")
    return Path(text)


OPTIONS: dict[str, dict[str, Any]] = {
    "--seeds": {
        "type": whole(1, MAX_SEEDS, " (which take days)"),
        "default": DEFAULT_SEEDS,
        "metavar": "N",
        "help": f"number of seeded networks (default: {DEFAULT_SEEDS})",
    },
    "--root-seed": {
        "type": whole(0, 2**63 - 1),
        "default": DEFAULT_ROOT_SEED,
        "metavar": "R",
        "help": f"with the seed, fixes a network's initial weights (default: {DEFAULT_ROOT_SEED})",
    },
    "--results": {
        "type": parse_folder,
        "default": Path("results"),
        "metavar": "FOLDER",
        "help": "folder of models and reports (default: results)",
    },
    "--protocol": {
        "default": "paper",
        "metavar": "NAME",
        "help": f"a named reading ({', '.join(readings.READINGS)}), or a file FILE.toml "
        "with the fields that differ from the paper's (default: paper)",
    },
    "--set": {
        "action": "append",
        "default": [],
        "dest": "assignments",
        "metavar": "FIELD=VALUE",
        "help": "one field that differs; may be given several times",
    },
    "--jobs": {
        "type": parse_jobs,
        "default": -1,
        "metavar": "N",
        "help": "workers, or 'all' for one a core (default: all)",
    },
    "--backend": {
        "default": "threading",
        "metavar": "NAME",
        "help": "threading, or dask for a running cluster (default: threading)",
    },
    "--scheduler": {
        "metavar": "ADDRESS",
        "help": "of the cluster, with --backend dask; e.g. tcp://127.0.0.1:8786",
    },
}
"""What argparse is told of each option that several commands share."""
# names of options that go together
WORKERS = ("--jobs", "--backend", "--scheduler")
PROTOCOL = ("--protocol", "--set")
NETWORKS = ("--seeds", "--root-seed", *PROTOCOL)
STUDY = (*NETWORKS, "--results")


def add_command(
    subparsers: Subparsers,
    name: str,
    about: str,
    *options: str,
    handler: Handler,
    epilog: str = "",
) -> argparse.ArgumentParser:
    """Add a command with the options, named in `OPTIONS`, that it takes.

    `about`: what the command does; the list of all commands shows its first clause. `handler`: the
    function that runs it. `epilog`: the end of its help.
    """
    # "Print how networks learn as CSV: the seed, ..." is listed as "print how ... as CSV".
    summary = re.split(r"[.:;]( |$)", about)[0]
    if "--set" in options:
        plain = readings.as_plain(readings.PAPER)
        fields = [f"{field}={json.dumps(value)}" for field, value in plain.items()]
        epilog = (
            f"Fields, with the paper's values: {', '.join(fields)}. "
            "help(replication.Protocol) in Python says what each may be."
        )
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=summary[0].lower() + summary[1:], description=about, epilog=epilog
    )
    parser.set_defaults(handler=handler)
    for option in options:
        parser.add_argument(option, **OPTIONS[option])
    return parser


def add_seeds(
    parser: argparse.ArgumentParser,
    least: int,
    most: int,
    default: int,
    what: str = "networks",
    note: str = "",
) -> None:
    """Add ``--seeds`` to a command that has limits of its own.

    `what`: the things that are counted. `note`: the reason for the limits, which a refusal gives.
    """
    parser.add_argument(
        "--seeds",
        type=whole(least, most, note),
        default=default,
        metavar="N",
        help=f"{what} (default: {default})",
    )


def add_file(parser: argparse.ArgumentParser, option: str, metavar: str, about: str) -> None:
    """Add an option that takes the name of a file, which help shows as `metavar`."""
    parser.add_argument(option, type=Path, metavar=metavar, help=about)


def read_protocol_arguments(options: argparse.Namespace) -> readings.Protocol:
    """Return the protocol that ``--protocol`` and ``--set`` describe."""
    return readings.from_plain(read_fields(options), base=read_protocol(options.protocol))


def read_protocol(name: str) -> readings.Protocol:
    """Return a named reading, or read a TOML file of the fields that differ from the paper's."""
    is_file = name.endswith(".toml") or Path(name).exists()
    if name in readings.READINGS or not is_file:
        return readings.find_protocol(name)  # which refuses a name that it does not know
    values = read_toml(Path(name), what="protocol file")
    try:
        return readings.from_plain(values)
    except UsageError as error:
        raise UsageError(f"protocol file {name!r}: {error}") from None


def read_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields that ``--set`` gives; refuse a name that was given twice."""
    fields: dict[str, Any] = {}
    for name, value in map(readings.parse_assignment, options.assignments):
        if name in fields:
            raise UsageError(f"{show(name)} was given twice; give each field once")
        fields[name] = value
    return fields


def read_study(options: argparse.Namespace) -> Study:
    """Return the study that the options of `NETWORKS`, and ``--results`` if given, describe."""
    study = Study(read_protocol_arguments(options), options.root_seed, options.seeds)
    if "results" in options:
        study = dataclasses.replace(study, results=options.results)
    return study
