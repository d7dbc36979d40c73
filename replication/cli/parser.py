"""The parser of all commands."""

import importlib
from importlib.metadata import version

import shtab

from replication.cli.arguments import Parser

MODULES = (
    "replication.cli.study_commands", "replication.cli.rule_commands",
    "replication.comparison.command", "replication.cli.results_commands",
)  # fmt: skip


def make_parser() -> Parser:
    """Return the parser; each command sets `handler`, from options to an exit code or None."""
    parser = Parser(
        prog="replication",
        description="Replication of Hinton & McClelland (1988), Learning Representations by "
        "Recirculation: 48 weight updates on average and 202 at most, in 100 simulations.",
        epilog="`replication COMMAND --help` explains a command and its options.",
    )
    text = f"replication {version('recirculation-replication')}"
    parser.add_argument("--version", action="version", version=text)
    shtab.add_argument_to(parser, "--print-completion", help="print a shell's completion script")
    # A command adds itself; only what a parser needs is loaded here.
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for name in MODULES:
        importlib.import_module(name).add_commands(commands)
    return parser
