"""The command that tries the mechanism on the user's own inputs."""

import argparse
import dataclasses
import math
import re
from pathlib import Path
from typing import Any

from replication.cli.arguments import PROTOCOL, add_command, read_protocol_arguments, whole
from replication.cli.rule_command import blame_rules, read_rule
from replication.errors import UsageError
from replication.experiments.mechanism import FEWEST, MOST, N_NETWORKS
from replication.system.files import check_target, read_content, refuse_unreadable, write_durably
from replication.system.progress import report_progress
from replication.wording import show

LARGEST_FILE = 2**21  # bytes: with more, a single update takes minutes
ADVICE = "give one pattern a line, numbers from 0 to 1 between commas"


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    command = add_command(
        subparsers, "mechanism",
        "Test whether recirculation amplifies its own code on inputs of your own. Networks learn "
        "them by recirculation, back-propagation and feedback alignment, each at its own best "
        "learning rate. Reported is whether W amplifies its own code as predicted, what first "
        "changes are worth, and what larger and aligned weights at the start would save. For "
        "example: replication mechanism --patterns FILE.csv --group-sizes 8,3, or --protocol "
        "digits.",
        "--root-seed", "--jobs", *PROTOCOL, handler=run_mechanism,
    )  # fmt: skip
    command.add_argument(
        "--patterns", type=Path, metavar="FILE.csv",
        help="inputs in place of the protocol's, one pattern a line: numbers from 0 to 1 between "
        "commas, semicolons, tabs or spaces",
    )  # fmt: skip
    command.add_argument(
        "--group-sizes", dest="assignments", action="append", default=[],
        type=parse_sizes, metavar="V,H",
        help="visible and hidden units: short for --set group_sizes=[V,H]",
    )  # fmt: skip
    command.add_argument(
        "--seeds", type=whole(FEWEST, MOST), default=N_NETWORKS, metavar="N",
        help=f"networks (default: {N_NETWORKS})",
    )  # fmt: skip
    command.add_argument(
        "--rule", metavar="FILE.py:CLASS",
        help="a rule of your own to compare with the others, a subclass of replication.Network "
        'whose learning rate is numbers["rate"]; the file is run',
    )  # fmt: skip
    command.add_argument(
        "--save", type=Path, metavar="FILE.csv", help="write what was found as a table, too",
    )  # fmt: skip


def parse_sizes(text: str) -> str:
    """Return visible and hidden units as ``--set`` has them."""
    if re.fullmatch(r"[0-9, ]+", text) is None:  # 8,3
        allowed = "two whole numbers from 1 to 1024, e.g. 8,3"
        raise argparse.ArgumentTypeError(f"{show(text)} was given; allowed are {allowed}")
    return f"group_sizes=[{text}]"


def run_mechanism(options: argparse.Namespace) -> None:
    """Try the mechanism on the user's own inputs and print what was found."""
    protocol = read_protocol_arguments(options)
    if options.patterns is not None:
        protocol = dataclasses.replace(protocol, patterns=read_patterns(options.patterns))
    check_target(options.save, [".csv"])
    networks = [read_rule(text) for text in [options.rule] if text is not None]
    from replication.experiments.mechanism.examination import examine_mechanism

    with blame_rules(networks):
        found = examine_mechanism(
            protocol, network=next(iter(networks), None), n_seeds=options.seeds,
            root_seed=options.root_seed, jobs=options.jobs, report_progress=report_progress,
        )  # fmt: skip
    if options.save is not None:
        table = found.to_frame().to_csv(index=False, lineterminator="\n")
        write_durably(options.save, table.encode())
    print(found)


def read_patterns(path: Path) -> tuple[tuple[float, ...], ...]:
    """Read patterns from a file of numbers from 0 to 1, one pattern a line.

    Numbers stand between commas, semicolons, tabs or spaces; lines of words above them are names
    of columns. With semicolons or tabs numbers may have a decimal comma.
    """
    from replication.system.tables import to_number

    name = f"--patterns {show(path)}"
    with refuse_unreadable(name, ADVICE):
        text = read_content(path, largest=LARGEST_FILE).decode("utf-8-sig")
    numbered = enumerate(map(str.strip, text.splitlines()), 1)
    lines = [(n, line) for n, line in numbered if line and not line.startswith("#")]
    separator = next((sign for sign in ";\t," if any(sign in line for _, line in lines)), None)
    rows: list[tuple[float, ...]] = []
    for n, line in lines:
        cells = [cell.strip() for cell in line.split(separator)]
        if separator in (";", "\t"):
            cells = [cell.replace(",", ".") for cell in cells]
        values = [to_number(cell) for cell in cells]
        if not rows and all(value is None for value in values):
            continue
        for cell, value in zip(cells, values, strict=True):
            if value is None or not math.isfinite(value):
                held = f"{show(cell, length=20)} in line {n}; allowed are numbers from 0 to 1"
                raise UsageError(f"{name} holds {held}; correct it")
        rows.append(tuple(value for value in values if value is not None))
    if not rows:
        raise UsageError(f"{name} holds no numbers; {ADVICE}")
    # Numbers that are off by their scale alone are answered with the scale.
    low, high = min(map(min, rows)), max(map(max, rows))
    if low < 0 or high > 1:
        raise UsageError(
            f"{name} holds numbers from {low:g} to {high:g}; allowed are numbers from 0 to 1; "
            f"scale all of them to (x {'+' if low < 0 else '-'} {abs(low):g}) / {high - low:g}, or "
            "each column by its own least and largest"
        )
    return tuple(rows)
