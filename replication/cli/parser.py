"""The parser of all commands."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version

from replication.cli.arguments import Parser

MODULES = (
    "study_commands",
    "multiverse_commands",
    "claims_commands",
    "store_commands",
    "compare_command",
    "calibrate_command",
)


def make_parser() -> Parser:
    """Return the parser; each command sets `handler`, from options to an exit code."""
    parser = Parser(
        prog="replication",
        description="Replication of the 48 weight updates reported of Hinton & McClelland (1988).",
    )
    try:
        number = version("replication")
    except PackageNotFoundError:
        number = "unknown (run from the sources)"
    parser.add_argument("--version", action="version", version=f"replication {number}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for name in MODULES:
        importlib.import_module(f"replication.cli.{name}").add_commands(commands)
    return parser
