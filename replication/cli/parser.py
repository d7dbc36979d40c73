"""The parser of all commands."""

from importlib.metadata import version

import shtab

from replication.cli import results_commands, rule_commands, study_commands
from replication.cli.arguments import Parser
from replication.comparison import command


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
    # Each module adds its commands. What they need to run is loaded when they run.
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for module in (study_commands, rule_commands, command, results_commands):
        module.add_commands(commands)
    return parser
