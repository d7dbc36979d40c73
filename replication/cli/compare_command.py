"""Commands on the statistics alone: compare any outcomes, and calibrate the intervals."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import add_results, parse_jobs
from replication.errors import DataError, StorageError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

CALIBRATION_ROOT_SEED = 4242
CALIBRATION_NETWORKS = 1_000_000
WORDS_OF_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
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

    calibrate = subparsers.add_parser(
        "calibrate",
        help="measure how often the intervals hold what they promise",
        description="Draw studies of several sizes from the law of a large run, count how often "
        "each nominal 95 % interval holds the true value, and check the exact law of a mean "
        "against resampling and closed forms. Writes the table that reports and 'compare' quote. "
        "Exit code 1 if a requirement is missed.",
    )
    add_results(calibrate)
    calibrate.add_argument(
        "--jobs", type=parse_jobs, default=-1, metavar="N",
        help="threads that simulate (default: all, one for each core)",
    )  # fmt: skip
    calibrate.add_argument("--quick", action="store_true", help="a short trial that writes nothing")
    calibrate.set_defaults(handler=run_calibrate)


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


def run_calibrate(options: argparse.Namespace) -> int:
    """Measure coverages, print them and, unless quick, write the table."""
    import json

    from replication.analysis.calibration import calibrate
    from replication.analysis.compatible import read_reported_mean
    from replication.analysis.counts import CountTable
    from replication.analysis.coverage import TABLE_NAME
    from replication.claims import load_claims
    from replication.cli.comparison_text import format_calibration
    from replication.protocol import PAPER
    from replication.simulator.ensemble import simulate

    n_networks = CALIBRATION_NETWORKS // (10 if options.quick else 1)
    outcomes = simulate(
        PAPER, n_seeds=n_networks, root_seed=CALIBRATION_ROOT_SEED, jobs=options.jobs
    )
    law = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    about = {"protocol_id": PAPER.id, "root_seed": CALIBRATION_ROOT_SEED}
    reported = read_reported_mean(load_claims()["mean-48"].reported or "48")
    if options.quick:
        model = calibrate(
            law,
            reported,
            n_studies=400,
            n_prediction_studies=30,
            n_star_studies=10,
            sizes=(50, 1000, 10_000),
            mode="quick",
            about=about,
        )
    else:
        model = calibrate(law, reported, about=about)
    print(format_calibration(model))
    if not options.quick:
        import replication.analysis

        package = Path(replication.analysis.__file__).parent / TABLE_NAME
        text = json.dumps(model, indent=1, sort_keys=True) + "\n"
        for path in (package, options.results / TABLE_NAME):
            _write_text(path, text)
            print(f"wrote {path}")
    return 0 if model["meets"] else 1


def _write_text(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror}); make its folder writable"
        ) from None


def _parse_positive(text: str) -> float:
    import math

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is a number above 0")
    return value
