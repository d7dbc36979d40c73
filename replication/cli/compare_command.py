"""The command that compares a reported mean with any outcomes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    compare = subparsers.add_parser(
        "compare",
        help="compare a reported mean with outcomes of your own",
        description="Say whether a mean that somebody reported could have come from the "
        "population that your outcomes are drawn from: within which margin the means agree, up to "
        "how many runs the reported one is compatible, and how likely it was to be printed.",
        epilog="example: replication compare --reported 48 --column updates --censored stopped "
        "outcomes.csv",
    )
    compare.add_argument(
        "file", type=Path, metavar="FILE",
        help="a .csv file (commas, semicolons or tabs between columns; with semicolons numbers may "
        "have a decimal comma) or a .parquet file",
    )  # fmt: skip
    compare.add_argument(
        "--reported", required=True, metavar="MEAN",
        help="the reported mean with its decimals as printed, e.g. 48, 48.3 or 0.12",
    )  # fmt: skip
    compare.add_argument(
        "--column", required=True, metavar="NAME", help="column that holds the outcomes"
    )
    flags = compare.add_mutually_exclusive_group()
    flags.add_argument(
        "--censored", metavar="NAME",
        help="column that says which rows were stopped before they were done (1/0, true/false, "
        "yes/no)",
    )  # fmt: skip
    flags.add_argument(
        "--converged", metavar="NAME", help="column that says which rows were done, the opposite"
    )
    compare.add_argument(
        "--cap", type=_parse_positive, metavar="VALUE", help="censor everything beyond this value"
    )
    compare.add_argument(
        "--restart-after", type=_parse_positive, metavar="VALUE",
        help="restart rule: give a run up after this value (default: the cap)",
    )  # fmt: skip
    compare.add_argument(
        "--margin", type=_parse_positive, metavar="PERCENT",
        help="margin of equivalence in per cent of the reported mean (default: as for the claim "
        "mean-48 in the ledger)",
    )  # fmt: skip
    compare.add_argument("--json", action="store_true", help="print all numbers as JSON")
    compare.set_defaults(handler=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print the verdict on a reported mean for the data of a file."""
    import json

    from replication.analysis.reported import compare_with_reported
    from replication.claims import load_claims
    from replication.cli.comparison_text import format_comparison
    from replication.cli.foreign_tables import read_flags, read_frame, read_outcomes

    thresholds = dict(load_claims()["mean-48"].thresholds)
    if options.margin is not None:
        thresholds["margin_percent"] = options.margin
    frame = read_frame(options.file)
    values = read_outcomes(frame, options.column)
    censored = None
    if options.censored is not None:
        censored = read_flags(frame, options.censored)
    elif options.converged is not None:
        censored = ~read_flags(frame, options.converged)
    model = compare_with_reported(
        values,
        options.reported,
        thresholds=thresholds,
        censored=censored,
        cap=options.cap,
        restart_after=options.restart_after,
    )
    print(json.dumps(model, indent=1) if options.json else format_comparison(model))
    return 0


def _parse_positive(text: str) -> float:
    import math

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is a number above 0")
    return value
