"""The command that compares a reported mean with any outcomes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.errors import DataError, StorageError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

WORDS_OF_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


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
    compare.add_argument("file", type=Path, metavar="FILE", help="a .csv or .parquet file")
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
        help="column that says which rows were stopped before they were done (1/0, true/false)",
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


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table by the ending of its name.

    Raises
    ------
    UsageError
        If the ending is neither .csv nor .parquet.
    StorageError
        If the file is missing or cannot be read.
    DataError
        If its content is not such a table, or there is no row.
    """
    import pandas as pd

    kind = path.suffix.lower()
    if kind not in {".csv", ".parquet"}:
        raise UsageError(f"FILE was given as {str(path)!r}; it must end in .csv or .parquet")
    if not path.is_file():
        raise StorageError(f"{str(path)!r} is not a file; give an existing .csv or .parquet file")
    try:
        frame = pd.read_csv(path) if kind == ".csv" else pd.read_parquet(str(path))
    except pd.errors.EmptyDataError:
        raise DataError(f"{str(path)!r} is empty; give a table with a header and rows") from None
    except OSError as error:
        if type(error).__module__ == "builtins" and error.errno is not None:
            reason = error.strerror
            raise StorageError(f"{str(path)!r} cannot be read ({reason}); check it") from None
        raise DataError(f"{str(path)!r} is not a readable {kind[1:]} file ({error})") from None
    except (ValueError, pd.errors.ParserError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{str(path)!r} is not a readable {kind[1:]} file ({reason})") from None
    if frame.empty:
        raise DataError(f"{str(path)!r} has no rows; give at least two outcomes")
    return frame


def _take_column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    import difflib

    if name not in frame.columns:
        columns = [str(column) for column in frame.columns]
        nearest = difflib.get_close_matches(name, columns, n=1, cutoff=0.6)
        hint = f"did you mean {nearest[0]!r}? " if nearest else ""
        shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")
        raise UsageError(f"there is no column {name!r}; {hint}The columns are {shown}")
    return frame[name]


def read_outcomes(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of outcomes (float64[n]).

    Raises
    ------
    UsageError
        If there is no such column.
    DataError
        If a value is missing, not a number, not finite or negative.
    """
    import numpy as np
    import pandas as pd

    column = _take_column(frame, name)
    if pd.api.types.is_bool_dtype(column):
        raise DataError(f"column {name!r} holds true and false; give a column of numbers")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    for words, wrong in (
        ("allowed are numbers", np.isnan(numbers)),
        ("allowed are finite numbers", np.isinf(numbers)),
        ("allowed are numbers of at least 0", numbers < 0),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            value = column.iloc[row]
            shown = "is empty" if pd.isna(value) else f"holds {str(value)!r}"
            raise DataError(
                f"column {name!r} {shown} in row {row + 1} of the data ({int(wrong.sum())} such "
                f"rows); {words}; correct or remove these rows"
            )
    return numbers


def read_flags(frame: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    """Return a column of yes and no (bool[n]).

    Raises
    ------
    UsageError
        If there is no such column.
    DataError
        If a value is anything but 1/0, true/false or yes/no.
    """
    import numpy as np

    column = _take_column(frame, name)
    flags = np.zeros(len(column), dtype=np.bool_)
    words = column.astype(str).str.strip().str.lower().str.removesuffix(".0")
    for row, word in enumerate(words):
        if word not in WORDS_OF_TRUTH:
            raise DataError(
                f"column {name!r} holds {str(column.iloc[row])!r} in row {row + 1} of the data; "
                "allowed are 1 and 0, true and false, yes and no"
            )
        flags[row] = WORDS_OF_TRUTH[word]
    return flags


def _parse_positive(text: str) -> float:
    import math

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is a number above 0")
    return value
