"""The command that tries the mechanism on the user's own inputs."""

import argparse
import dataclasses
import math
import re
from pathlib import Path
from typing import Any

from replication.cli.arguments import PROTOCOL, add_options, read_protocol_arguments, whole
from replication.cli.rule_command import blame_rules, read_rule
from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.experiments.mechanism import FEWEST, MOST, N_NETWORKS
from replication.system.files import check_target, read_content, refuse_unreadable, write_durably
from replication.system.progress import report_progress
from replication.wording import plural, show

LARGEST_FILE, MOST_NUMBERS = 2**24, 2**18
"""Bytes that are read, and numbers in them: with more, a single update takes minutes."""
ADVICE = "give one pattern a line, numbers from 0 to 1 between commas"


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    command = subparsers.add_parser(
        "mechanism", help="test whether recirculation amplifies its own code on inputs of your own",
        description="Train networks on your own patterns by recirculation, back-propagation and "
        "feedback alignment, each at its own best learning rate, and report whether W amplifies "
        "its own code as predicted, what first changes are worth, and what larger and aligned "
        "weights at the start would save. For example: replication mechanism --patterns FILE.csv "
        "--group-sizes 8,3, or --protocol digits.",
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
    add_options(command, "--root-seed", "--jobs", *PROTOCOL, handler=run_mechanism)


def parse_sizes(text: str) -> str:
    """Return visible and hidden units as ``--set`` has them."""
    if re.fullmatch(r"[0-9, ]+", text, re.ASCII) is None:  # 8,3
        allowed = "two whole numbers from 1 to 1024, e.g. 8,3"
        raise argparse.ArgumentTypeError(f"{show(text)} was given; allowed are {allowed}")
    return f"group_sizes=[{text}]"


def run_mechanism(options: argparse.Namespace) -> None:
    """Try the mechanism on the user's own inputs and print what was found."""
    protocol: Protocol = read_protocol_arguments(options)
    if options.patterns is not None:
        patterns = read_patterns(options.patterns, protocol.n_visible)
        protocol = dataclasses.replace(protocol, patterns=patterns)
    check_target(options.save, [".csv"])
    network = None if options.rule is None else read_rule(options.rule)
    from replication.experiments.mechanism.examination import examine_mechanism

    with blame_rules([] if network is None else [network]):
        found = examine_mechanism(
            protocol, network=network, n_seeds=options.seeds, root_seed=options.root_seed,
            jobs=options.jobs, report_progress=report_progress,
        )  # fmt: skip
    if options.save is not None:
        table = found.to_frame().to_csv(index=False, lineterminator="\n")
        write_durably(options.save, table.encode())
    print(found)


def read_patterns(path: Path, n_visible: int) -> tuple[tuple[float, ...], ...]:
    """Read patterns from a file of numbers from 0 to 1, one pattern a line.

    Numbers stand between commas, semicolons, tabs or spaces; a first line without any number is
    taken for names. With semicolons or tabs numbers may have a decimal comma.
    """
    from replication.system.tables import to_number

    # The file as text, and by which sign its lines are divided into cells.
    name = f"--patterns {show(path)}"
    with refuse_unreadable(name, ADVICE):
        content = read_content(path, largest=LARGEST_FILE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no UTF-8 ({error.reason}); {ADVICE}") from None
    numbered = enumerate(map(str.strip, text.splitlines()), 1)
    lines = [(n, line) for n, line in numbered if line and not line.startswith("#")]
    separator = next((sign for sign in ";\t," if any(sign in line for _, line in lines)), None)
    # Each line as numbers; the first that is out of range is kept until all are known.
    rows: list[tuple[float, ...]] = []
    outside = ""
    for n, line in lines:
        cells = [cell.strip() for cell in line.split(separator)]
        if separator in (";", "\t"):
            cells = [cell.replace(",", ".") for cell in cells]
        found = [to_number(cell) for cell in cells]
        if n == lines[0][0] and not any(value is not None for value in found):
            continue
        values = []
        for cell, value in zip(cells, found, strict=True):
            held = f"{name} holds {show(cell, length=20)} in line {n}; allowed are numbers"
            if value is None or not math.isfinite(value):
                raise UsageError(f"{held} from 0 to 1; correct it")
            if not 0.0 <= value <= 1.0:
                outside = outside or held
            values.append(value + 0.0)
        if len(values) != n_visible:
            has, needs = plural(len(values), "number"), plural(n_visible, "visible unit")
            both = f"{has} in line {n}, but --group-sizes has {needs}"
            raise UsageError(f"{name} has {both}; make them equal")
        rows.append(tuple(values))
    # What holds of the file as a whole.
    if outside:
        low, high = min(map(min, rows)), max(map(max, rows))
        raise UsageError(
            f"{outside} from 0 to 1, and these run from {low:g} to {high:g}; scale all of them to "
            f"(x {'+' if low < 0 else '-'} {abs(low):g}) / {high - low:g}, or each column by its "
            "own least and largest"
        )
    if len(rows) * n_visible > MOST_NUMBERS:
        most = f"{MOST_NUMBERS:,} numbers in all, {plural(MOST_NUMBERS // n_visible, 'pattern')}"
        allowed = f"{most} of {n_visible}; give fewer"
        raise UsageError(f"{name} holds {len(rows):,} patterns; allowed are {allowed}")
    if len(set(rows)) < 2:
        raise UsageError(f"{name} holds no two different patterns; {ADVICE}")
    return tuple(rows)
