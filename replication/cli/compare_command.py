"""The command that compares a reported result with runs of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import parse_whole
from replication.errors import DataError, ReplicationError, StorageError, UsageError
from replication.wording import show

if TYPE_CHECKING:
    from replication.comparison.comparison import Comparison

MAX_RUNS = 1_000_000
MAX_GROUPS = 100
STATISTICS = {
    "mean": "reported mean",
    "sd": "reported standard deviation (n - 1 in its denominator)",
    "se": "reported standard error of the mean",
    "median": "reported median",
    "min": "reported smallest value",
    "max": "reported largest value",
    "share": "reported share of runs that succeeded, such as 0.95 or 95%%",
}


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    from replication.cli.compare_rates import format_rates

    compare = subparsers.add_parser(
        "compare",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="is a reported result what runs of your own say?",
        description="""\
Say whether a result that somebody reported is what your runs say. Give the numbers as they
were printed: their decimals say how they were rounded. The answer comes from the sampling
distribution of the reported statistics over studies of that many runs, which allows for
your runs being a sample too.""",
        epilog=f"""\
examples:
  replication compare example --column reward --runs 5 --mean 0.83 --sd 0.04
  replication compare runs.csv --column updates --runs 100 --mean 48 --max 202
  replication compare runs.csv --column reward --runs 5 --mean 0.83 --sd 0.04 --json
  replication compare runs.parquet --column epochs --succeeded solved --mean 48
  replication compare runs.csv --succeeded solved --runs 50 --share 94%
  replication compare runs.csv --column score --by algorithm --reported paper.csv

{format_rates()}""",
    )
    compare.add_argument(
        "file", metavar="FILE",
        help="a table with a row for each run: CSV (commas, semicolons or tabs; with semicolons "
        "numbers may have a decimal comma), Parquet or Feather, gzipped or not; - for standard "
        "input; example for a table that comes with the package",
    )  # fmt: skip
    compare.add_argument(
        "--column", metavar="NAME", help="column that holds the values (default: the only one)"
    )
    compare.add_argument(
        "--runs", type=_parse_runs, metavar="N",
        help="number of runs behind the report; unless given, how many there can be is searched",
    )  # fmt: skip
    for name, words in STATISTICS.items():
        compare.add_argument(f"--{name}", metavar="NUMBER", help=words)
    compare.add_argument(
        "--n-succeeded", metavar="NUMBER", help="reported number of runs that succeeded"
    )
    compare.add_argument(
        "--succeeded", metavar="NAME",
        help="column that says which of your runs succeeded (1/0, true/false, yes/no). With --mean "
        "and the like it suits times and counts that were stopped at one common value, which "
        "failures hold; with rewards or accuracies add --failures excluded, or leave it out. With "
        "--share or --n-succeeded alone it suits any table, and --column is not needed",
    )  # fmt: skip
    compare.add_argument(
        "--cap", type=_parse_number, metavar="VALUE",
        help="value at which runs were stopped; whatever is larger failed",
    )  # fmt: skip
    compare.add_argument(
        "--failures", choices=("excluded", "at-cap", "restarted"),
        help="what the report did with failures: left them out, counted them where they were "
        "stopped, or started anew and added up (default: the verdict must not depend on it)",
    )  # fmt: skip
    compare.add_argument(
        "--margin", metavar="VALUE",
        help="difference of the means that does not matter, in the unit of the values or as 10%%",
    )  # fmt: skip
    compare.add_argument(
        "--level", type=_parse_number, default=0.05, metavar="LEVEL",
        help="of the test (default: 0.05); intervals cover the rest",
    )  # fmt: skip
    compare.add_argument(
        "--by", metavar="NAME", help="column of groups: each is compared by itself"
    )
    compare.add_argument(
        "--reported", metavar="FILE",
        help="with --by: a small CSV with the column of groups and, for each, runs, mean, sd, se, "
        "median, min, max, share or n_succeeded",
    )  # fmt: skip
    compare.add_argument("--json", action="store_true", help="print all numbers as JSON")
    compare.add_argument(
        "--plot", metavar="FILE", type=Path,
        help="draw the sampling distribution with the reported value (.png, .svg or .pdf)",
    )  # fmt: skip
    compare.set_defaults(handler=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print what the runs of a file say of a reported result."""
    import json

    import numpy as np

    from replication.cli.external_tables import (
        find_missing,
        read_flags,
        read_reports,
        read_table,
        read_values,
        take_column,
    )

    _check(options)
    reports = None if options.reported is None else read_reports(options.reported, options.by)
    frame = read_table(options.file)
    succeeded, missing = None, np.zeros(len(frame), dtype=np.bool_)
    if options.succeeded is not None:
        flags = take_column(frame, options.succeeded)
        succeeded, missing = read_flags(flags), find_missing(flags)
    if succeeded is None or options.column is not None or _needs_values(options, reports):
        column = take_column(frame, options.column)
        values, missing = read_values(column), missing | find_missing(column)
    else:
        values = np.zeros(len(frame))
    if options.by is None:
        if missing.all():
            raise DataError("every row lacks a value; give at least two runs")
        kept = ~missing
        comparison = _compare(
            values[kept], None if succeeded is None else succeeded[kept], options, {}
        )
        if options.plot is not None:
            _plot(comparison, options.plot)
        if options.json:
            print(json.dumps({"n_missing": int(missing.sum())} | comparison.to_dict(), indent=1))
        else:
            print(comparison.summary())
            _say_missing(int(missing.sum()))
        return 0
    groups = take_column(frame, options.by)
    missing = missing | find_missing(groups)
    names = groups.astype(str).str.strip()
    found: dict[str, Comparison] = {}
    for name in _find_groups(names[~missing].unique().tolist(), reports):
        kept = (names == name).to_numpy() & ~missing
        given = {} if reports is None else reports[name]
        try:
            found[name] = _compare(
                values[kept], None if succeeded is None else succeeded[kept], options, given
            )
        except ReplicationError as error:
            raise type(error)(f"group {show(name)}: {error}") from None
    if options.json:
        groups_plain = {name: comparison.to_dict() for name, comparison in found.items()}
        print(json.dumps({"n_missing": int(missing.sum()), "groups": groups_plain}, indent=1))
    else:
        print(_format_groups(found, options.by))
        _say_missing(int(missing.sum()))
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together before anything is read."""
    if options.reported is not None and options.by is None:
        raise UsageError("--reported was given without --by; name the column of groups")
    if options.plot is not None:
        if options.by is not None:
            raise UsageError("--plot draws one comparison; leave --by out, or --plot")
        if options.plot.suffix.lower() not in {".png", ".svg", ".pdf"}:
            raise UsageError(
                f"--plot was given as {show(str(options.plot))}; its name must end in .png, .svg "
                "or .pdf"
            )
        if not options.plot.absolute().parent.is_dir():
            raise StorageError(
                f"the folder of {show(str(options.plot))} does not exist; make it first"
            )


def _needs_values(options: argparse.Namespace, reports: Mapping[str, Any] | None) -> bool:
    """Say whether more than a share or number of successes was reported, or a cap given."""
    names = {*STATISTICS, "n_succeeded"}
    given = {name for name in names if getattr(options, name) is not None}
    for report in (reports or {}).values():
        given |= names & report.keys()
    return options.cap is not None or not given or bool(given - {"share", "n_succeeded"})


def _find_groups(names: list[str], reports: Mapping[str, Any] | None) -> list[str]:
    if len(names) > MAX_GROUPS:
        raise UsageError(
            f"--by gives {len(names)} groups; allowed are {MAX_GROUPS}; name a column of few values"
        )
    if reports is None:
        return names
    unknown = [name for name in reports if name not in names]
    if unknown:
        raise UsageError(
            f"the reported numbers name the group {show(unknown[0])}, of which there is no run; "
            f"the groups are {', '.join(map(show, names[:12]))}"
        )
    return list(reports)


def _compare(
    values: Any, succeeded: Any, options: argparse.Namespace, report: Mapping[str, str]
) -> Comparison:
    """Compare one set of runs; what a group's own report gives comes first."""
    from replication.comparison.comparison import compare

    names = [*STATISTICS, "n_succeeded"]
    unknown = set(report) - {*names, "runs"}
    if unknown:
        raise UsageError(
            f"the reported numbers have a column {show(min(unknown))}; allowed are runs, "
            f"{', '.join(names)}"
        )
    numbers = {name: report.get(name, getattr(options, name)) for name in names}
    try:
        runs = _parse_runs(report["runs"]) if "runs" in report else options.runs
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"runs: {error}") from None
    return compare(
        values,
        runs=runs,
        succeeded=succeeded,
        cap=options.cap,
        failures=options.failures,
        margin=options.margin,
        level=options.level,
        **numbers,
    )


def _say_missing(n_missing: int) -> None:
    if n_missing:
        rows = "1 row lacks" if n_missing == 1 else f"{n_missing:,} rows lack"
        print(f"\n{rows} a value and {'was' if n_missing == 1 else 'were'} left out.")


def _format_groups(found: Mapping[str, Comparison], by: str) -> str:
    """Return a table of groups, and the answer for each in a sentence."""
    from replication.comparison.comparison_text import align, format_p

    rows = [[_print(by), "runs", "reported", "p", "verdict"]]
    for name, comparison in found.items():
        reported = ", ".join(f"{key} {text}" for key, text in comparison.reported.items())
        p = "" if comparison.p is None else format_p(comparison.p)
        rows.append([_print(name), f"{comparison.n:,}", reported, p, str(comparison.agreement)])
    parts = ["\n".join(align(rows))]
    for name, comparison in found.items():
        parts.append(f"{_print(name)}\n{'-' * len(_print(name))}\n{comparison.summary()}")
    if len(found) > 1:
        expected = len(found) * next(iter(found.values())).level
        parts.append(
            f"If all {len(found)} groups were consistent, {expected:.2g} of them would be expected "
            "to be found not\nconsistent by chance."
        )
    return "\n\n".join(parts)


def _plot(comparison: Comparison, path: Path) -> None:
    from replication.cli.compare_figure import draw_comparison

    if not comparison.laws:
        raise UsageError(
            "--plot needs --runs, the number of runs behind the report; give it, or leave --plot "
            "out"
        )
    figure = draw_comparison(comparison)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise StorageError(
            f"{show(str(path))} cannot be written ({error.strerror or error}); give another place"
        ) from None


def _print(text: str) -> str:
    """Return a name from a file for the terminal: escape codes shown, cut where it is long."""
    return show(text)[1:-1]


def _parse_runs(text: str) -> int:
    if len(text) > 30:
        raise argparse.ArgumentTypeError(
            f"{show(text)} was given; allowed is a whole number from 1 to {MAX_RUNS}"
        )
    return parse_whole(text, low=1, high=MAX_RUNS)


def _parse_number(text: str) -> float:
    import re

    if re.fullmatch(r"-?(\d{1,15}(\.\d{0,12})?|\.\d{1,12}|\d(\.\d{1,12})?e[+-]?\d{1,2})", text):
        return float(text)
    raise argparse.ArgumentTypeError(
        f"{show(text)} was given; allowed is a plain number such as 2000 or 0.05"
    )
