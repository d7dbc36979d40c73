"""The commands `compare` and `read`; each does what the function of that name does in Python."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.comparison.options import FORMS, ByName, CompareOptions, TableOptions
from replication.errors import ReplicationError, UsageError
from replication.reading.options import (
    GONE,
    OfReports,
    OfRuns,
    Option,
    ReadingOptions,
    list_options,
    name_flag,
    refuse_name,
)
from replication.system.files import check_target
from replication.wording import show

if TYPE_CHECKING:
    from replication.comparison.result import Comparison
    from replication.comparison.table import ComparisonTable
    from replication.reading.sheet import Sheet

Subparsers = Any
"""What a parser of argparse adds commands to; that class has no public name."""
EXAMPLE_TABLES = {"example", "example-tasks", "example-report"}
# "runs.csv" names a file, also if there is none: a report as text has no such ending
SUFFIX = re.compile(r"\.(?:csv|tsv|txt|md|tex|jsonl?|parquet|pq|xlsx?|gz)$", re.IGNORECASE)
CALLED = {"minus": "--difference", "values": "FILE", "table": "FILE", "reported": "--reported"}
"""Arguments in Python whose option has another name."""
NUMBERS = (*ByName.__annotations__, "n_succeeded", "quantile")
"""Reported numbers that were options of their own, and now stand in --reported."""
EXAMPLES = """\
examples:
  replication compare example --value reward --reported "0.83 ± 0.04, n = 5"
  replication compare example-tasks --reported example-report
  replication compare runs.csv --succeeded solved --reported 47/50
  replication compare runs.csv --difference new old --pair seed --reported "3.1 ± 0.9, n = 10"
  replication compare "1.1 [0.9, 1.35]" --reported "2.1 [1.2, 3.7]" --plus-minus ci --scale log

exit codes: 0 an answer, whatever the verdict; 2 wrong usage, or a question that says what to add;
65 a table that cannot be compared; 74 a file that cannot be read or written"""
READ_EXAMPLES = """\
examples:
  replication read log.csv --value acc --take last > runs.csv
  replication read table.md --report --wide method --n 10 > report.csv
  replication read "median 4.9 (IQR 4.5-5.4), n = 20" --report"""


class Once(argparse.Action):
    """Keep an option that is given once."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,
    ) -> None:
        """Refuse an option that is given twice."""
        if option in namespace.seen:
            raise UsageError(f"{option} was given twice; give it once")
        namespace.seen = [*namespace.seen, option]
        setattr(namespace, self.dest, True if self.nargs == 0 else values)


class Gone(argparse.Action):
    """Refuse an option that no longer exists, and say what takes its place."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> None:
        """Refuse the option."""
        if self.dest in NUMBERS:
            message = f"there is no option '{self.dest}'; give all reported numbers as one text: "
            raise UsageError(message + "--reported 'mean=0.83 ci=[0.8, 0.9] p90=0.91 n=5'")
        raise UsageError(name_options(str(refuse_name(self.dest, ()))))


def add_commands(subparsers: Subparsers) -> None:
    """Add the commands of this module to the parser of `replication`."""
    compare = subparsers.add_parser(
        "compare",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="do runs of your own, or another report, contradict a reported result?",
        description="Say whether your runs, or another report, contradict a result that somebody "
        "reported, and what\ndifference they would have shown. Give the numbers as they were "
        "printed: their decimals say how\nthey were rounded. docs/compare.md says how they are "
        "judged, and how often that goes wrong.",
    )
    compare.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a row for each run: CSV (commas, semicolons or tabs), Markdown, LaTeX or JSON lines; "
        "- for standard input; or another report, as text or as a table; example, example-tasks "
        "and example-report come with the package",
    )
    compare.add_argument(
        "--reported",
        metavar="WHAT",
        action=Once,
        help="the other side: a number as printed, '0.83 ± 0.04, n = 5', or 'mean=0.83 sd=0.04 "
        "n=5' (also median, q1, q3, iqm, p90, min, max, share), or a table",
    )
    add_options(compare, TableOptions)
    add_gone(compare, (*GONE, *NUMBERS))
    compare.add_argument(
        "--plot",
        metavar="FILE",
        action=Once,
        help="draw the runs, or a table as a forest plot (.png, .svg or .pdf)",
    )
    compare.add_argument("--format", action=Once, choices=FORMS, help="of what is printed")
    compare.set_defaults(handler=run_compare, format="text", seen=[])
    add_read(subparsers)


def add_read(subparsers: Subparsers) -> None:
    """Add the command that reads a table."""
    read = subparsers.add_parser(
        "read",
        epilog=READ_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="a table of runs, or of reported results, in a tidy form",
        description="Write the tidy table that a file becomes to standard output, and how it was "
        "read to standard\nerror. What can be read in two ways is asked, and never guessed.",
    )
    read.add_argument("file", metavar="FILE", help="a table, or with --report also a text")
    read.add_argument("--report", action=Once, nargs=0, help="a table of reported results, no runs")
    add_options(read, ReadingOptions)
    add_gone(read, ("stat", "step"))
    read.set_defaults(handler=run_read, seen=[])


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add the options of a class to the parser of a command."""
    for name, option in list_options(kind).items():
        add_option(parser, name_flag(name), option)


def add_gone(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Add options that no longer exist, so that a command says what takes their place."""
    for name in names:
        parser.add_argument(
            name_flag(name), dest=name, action=Gone, nargs="*", help=argparse.SUPPRESS
        )


def add_option(parser: argparse.ArgumentParser, flag: str, option: Option) -> None:
    """Add an option to the parser of a command."""
    words = name_options(option.help).replace("%", "%%")  # argparse takes % for a format
    if option.is_repeatable:
        parser.add_argument(flag, action="append", metavar=option.usage, help=words)
    elif option.choices:
        names = "|".join(option.choices)
        parser.add_argument(flag, action=Once, choices=option.choices, metavar=names, help=words)
    elif len(option.values) == 1:
        parser.add_argument(flag, action=Once, metavar=option.usage, help=words)
    else:
        n_values = len(option.values)
        parser.add_argument(flag, action=Once, nargs=n_values, metavar=option.values, help=words)


def run_read(options: argparse.Namespace) -> int:
    """Read a table, and write it in tidy form with how it was read; return the exit code."""
    return with_options(lambda: write_tidy(options))


def write_tidy(options: argparse.Namespace) -> int:
    """Write a tidy table to standard output, and how it was read to standard error."""
    from replication.reading.reader import read_report, read_runs
    from replication.reading.tidy import show_read_as

    chosen = take_options(options, ReadingOptions)
    others = OfRuns if options.report else OfReports
    for name in chosen:
        if name in list_options(others):
            kind = "reported results" if options.report else "runs"
            raise UsageError(f"{name_flag(name)} was given for a table of {kind}; leave it out")
    path = find_example(options.file)
    tidy = read_report(path, **chosen) if options.report else read_runs(path, **chosen)
    title, lines = show_read_as(show(options.file)[1:-1], tidy)
    sys.stderr.write("\n".join([title, *(f"- {line}" for line in lines)]) + "\n")
    sys.stdout.write(tidy.to_csv())
    return 0


def run_compare(options: argparse.Namespace) -> int:
    """Compare two sides and print the answer; return the exit code."""
    return with_options(lambda: print_answer(options))


def print_answer(options: argparse.Namespace) -> int:
    """Compare two sides, print the answer, and save its picture if one was asked for."""
    from replication.comparison.figure import save_picture

    picture = None if options.plot is None else Path(options.plot)
    check_target(picture, [".png", ".svg", ".pdf"])
    comparison = compare_sides(options)
    if picture is not None:
        save_picture(comparison.plot(), picture)
    text = comparison.render(options.format)
    is_data = options.format in {"json", "csv"}
    sys.stdout.write((text if is_data else name_options(text)) + "\n")
    return 0


def with_options(step: Callable[[], int]) -> int:
    """Run a step of a command; in a refusal the names of arguments become those of options."""
    try:
        return step()
    except ReplicationError as error:
        error.args = (name_options(str(error)),)
        raise


def name_options(text: str) -> str:
    """Return text with options in place of arguments in backticks: --level for `level`."""
    flags = {name: name_flag(name) for name in (*list_options(TableOptions), "format")}
    flags |= CALLED
    return re.sub(r"`(\w+)`", lambda match: flags.get(match[1], match[1]), text)


def take_options(options: argparse.Namespace, kind: type) -> dict[str, Any]:
    """Return the options of a class that were given, by the name of the argument."""
    chosen: Mapping[str, Any] = vars(options)
    return {name: chosen[name] for name in list_options(kind) if chosen.get(name) is not None}


def find_example(given: str) -> str:
    """Return the path of an example table that a text names, unless a file has that name."""
    if given in EXAMPLE_TABLES and not is_file(given):
        return str(Path(__file__).with_name(f"{given.replace('-', '_')}.csv"))
    return given


def is_file(given: str) -> bool:
    """Say whether a text names a file that exists, or standard input."""
    try:
        return given == "-" or Path(given).exists()
    except (OSError, ValueError):
        return False


def read_given(given: str | None) -> "Sheet | str | None":
    """Return the table that a text names, or the text if it is a report itself."""
    from replication.reading.files import read_file
    from replication.reading.texts import is_printed

    if given is None:
        return None
    path = find_example(given)
    is_report = is_printed(given) and not SUFFIX.search(given)
    if is_report and not is_file(path):
        return given
    return read_file(path)


def compare_sides(options: argparse.Namespace) -> "Comparison | ComparisonTable":
    """Return the answer of `compare_table` if FILE is a table, else that of `compare`."""
    from replication.comparison.comparison import compare
    from replication.comparison.tables import compare_table

    if options.file is None:
        raise UsageError("FILE was not given; give a table of your runs, or another report")
    own = read_given(options.file)
    theirs = read_given(options.reported)
    said = take_options(options, TableOptions)
    if own is not None and not isinstance(own, str):
        return compare_table(own, theirs, **said)
    if theirs is not None and not isinstance(theirs, str):
        raise UsageError(f"FILE is one report, {show(own)}, --reported a table; give two tables")
    of_reports = list_options(CompareOptions)
    for name in said:
        if name not in of_reports:
            flag = name_flag(name)
            raise UsageError(f"{flag} was given with a report in place of FILE; leave it out")
    return compare(own, theirs, **said)
