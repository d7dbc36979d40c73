"""The command that compares: its options, and nothing that `compare` does not do in Python."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from replication.comparison.numbers import FORMS
from replication.comparison.report import CHOICES, STATISTICS, SUCCESSES
from replication.errors import ReplicationError, UsageError

EXIT_CODES = {"not contradicted": 0, "contradicted": 1, "cannot tell": 3}
EXAMPLES = """\
examples:
  replication compare example --column reward --runs 5 --mean "0.83 ± 0.04"
  replication compare example-tasks --column reward --by task --reported example-report
  replication compare runs.csv --column accuracy --runs 5 --mean 97.3% --scale 100 --bounds 0 1
  replication compare runs.csv --succeeded solved --runs 50 --share 94%
  replication compare runs.csv --column score --by algorithm --difference new old --pair seed \\
      --runs 10 --mean "3.1 ± 0.9" --plus-minus se
  replication compare --report "92.0 ± 0.3, n = 5" --against "91.2, n = 1" --plus-minus sd

exit codes: 0; with --exit-code 0 not contradicted, 1 contradicted, 3 cannot tell; 2 wrong usage,
65 a table that cannot be compared, 74 a file that cannot be read or written"""


OPTIONS = {
    "--column NAME": "column that holds the values (default: the only one); with --by several, as "
    "in reward,steps",
    "--runs N": "runs behind the report; needed for all but --constant",
    **{
        f"--{name.replace('_', '-')} NUMBER": f"reported {words}"
        for name, words in (STATISTICS | SUCCESSES).items()
    },
    "--mean NUMBER": "reported mean, also with what stands behind it: '0.83 ± 0.04', "
    "'0.83 [0.81, 0.85]'",
    "--iqr NUMBER": "reported interquartile range, or both quartiles: '0.81 to 0.85'",
    "--share NUMBER": "reported share that succeeded, such as 0.95 or 95%%",
    "--constant NUMBER": "in place of a report: a value without error, such as one of theory",
    "--ci LOW HIGH": "reported confidence interval of the mean",
    "--report TEXT": "in place of these: all that was reported, as '0.83 ± 0.04, n = 5' or "
    "'median=0.8 p90=1.2 n=20'",
    "--against TEXT": "in place of FILE: another report, or one run: '91.2, n = 1'; with --by a "
    "file, like that of --reported",
    "--ci-level LEVEL": "of the interval (default: 0.95)",
    "--ci-kind": "whether it is by Student's t or by the normal distribution (default: both are "
    "tried)",
    "--plus-minus": "what stands behind ±: standard deviation, standard error, half of an "
    "interval, or two of the first (default: sd, se and ci are tried)",
    "--sd-kind": "denominator of the reported sd (default: both are tried)",
    "--scale FACTOR": "what the reported numbers are divided by to have your unit: 100 if they are "
    "per cent and your values shares such as 0.973, 1 if both are per cent",
    "--bounds LOW HIGH": "what no value can lie beyond, such as 0 1, 0 inf or none 100",
    "--grid STEP": "what every value is a multiple of: 1 for whole numbers",
    "--succeeded NAME": "column that says which of your runs succeeded (1/0, true/false, yes/no); "
    "of failures the values say where they were stopped, unless --failures is excluded",
    "--cap VALUE": "value at which runs were stopped; whatever is larger failed",
    "--failures": "what the report did with failures: left them out, counted them where they were "
    "stopped, or started over and added up (default: the verdict must not depend on it)",
    "--margin VALUE": "difference of the means that does not matter, in the unit of the values or "
    "as 10%%",
    "--detect VALUE": "how many runs would show this difference four times in five? In the unit of "
    "the values, as 10%% or as '0.5 sd'",
    "--level LEVEL": "of the test (default: 0.05); intervals cover the rest",
    "--by NAMES": "columns of keys, as in task,method: each group is compared by itself, and the "
    "table as a whole",
    "--reported FILE": "with --by: a table with the keys and, for each group, n, mean, std and so "
    "on; with a column `metric` if there are several columns of values",
    "--difference A B": "with --by: what was reported is the mean of group A less that of B",
    "--pair NAME": "with --difference: column of seeds that pair the runs",
    "--plot FILE": "draw the runs with the reported value, or with --by the difference of each "
    "group (.png, .svg or .pdf)",
}
"""What each option says of itself, by its name and what follows it."""


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    compare = subparsers.add_parser(
        "compare",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="do runs of your own, or another report, contradict a reported result?",
        description="""\
Say whether your runs, or another report, contradict a result that somebody reported, and what
difference they would have shown. Give the numbers as they were printed: their decimals say how
they were rounded. docs/compare.md says how they are judged, and how often that goes wrong.""",
        epilog=EXAMPLES,
    )
    compare.add_argument(
        "file", metavar="FILE", nargs="?",
        help="a table with a row for each run: CSV (commas, semicolons or tabs; with semicolons "
        "numbers may have a decimal comma), Parquet or Excel; - for standard input; example, "
        "example-tasks and example-report come with the package",
    )  # fmt: skip
    for usage, words in OPTIONS.items():
        name, *values = usage.split()
        if not values:
            compare.add_argument(name, choices=CHOICES[name[2:].replace("-", "_")], help=words)
        elif len(values) == 1:
            compare.add_argument(name, metavar=values[0], help=words)
        else:
            compare.add_argument(name, nargs=2, metavar=tuple(values), help=words)
    compare.add_argument("--format", choices=FORMS, default="text", help="of what is printed")
    compare.add_argument("--exit-code", action="store_true",
                         help="leave with a code that says the verdict")  # fmt: skip
    compare.set_defaults(handler=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print what runs, or another report, say of a reported result."""
    from replication.comparison.figure import check_picture, save_picture

    try:
        _check(options)
        if options.plot is not None:
            check_picture(Path(options.plot))
        found = _compare(options)
        if options.plot is not None:
            save_picture(found.plot(), Path(options.plot))
        text = found.render(options.format)
    except ReplicationError as error:
        raise type(error)(name_options(str(error))) from None
    sys.stdout.write((text if options.format in {"json", "csv"} else name_options(text)) + "\n")
    return EXIT_CODES[str(found.verdict)] if options.exit_code else 0


def name_options(text: str) -> str:
    """Return text with options in place of the arguments that stand in backticks."""
    names = {usage[2:].split()[0].replace("-", "_"): usage.split()[0] for usage in OPTIONS}
    names |= {"minus": "--difference", "values": "--column"}
    return re.sub(r"`(\w+)`", lambda found: names.get(found[1], found[0]), text)


def _compare(options: argparse.Namespace) -> Any:
    """Return the answer, or the table of answers, of the function that the options belong to."""
    from replication.comparison.comparison import compare
    from replication.comparison.files import read_table
    from replication.comparison.groups import compare_column, compare_table, pair_runs

    given = {name: value for name, value in vars(options).items()
             if name in (compare.__kwdefaults__ or {}) and value is not None}  # fmt: skip
    if options.by is None and options.against is not None:
        return compare(**given)
    runs: Any = None if options.file is None else read_table(options.file)
    if options.by is None:
        return compare_column(runs, column=options.column, **given)
    if options.difference is not None:
        pair = pair_runs(runs, by=options.by, difference=options.difference,
                         column=options.column, pair=options.pair)  # fmt: skip
        return compare(**pair, **given)
    columns = None if options.column is None else options.column.split(",")
    reported = None if options.reported is None else read_table(options.reported)
    if options.against is not None:
        given["against"] = read_table(options.against)
    return compare_table(runs, reported, by=options.by.split(","), column=columns, **given)


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together before anything is read."""
    has_file = options.file is not None
    if has_file == (options.against is not None):
        given = "FILE and --against were" if has_file else "neither FILE nor --against was"
        raise UsageError(f"{given} given; give a table of your runs, or another report")
    for name, needed in (("reported", "by"), ("difference", "by"), ("pair", "difference")):
        if getattr(options, name) is not None and getattr(options, needed) is None:
            raise UsageError(f"--{name} was given without --{needed}; give that too")
    for name in ("reported", "succeeded", "against"):
        if options.difference is not None and getattr(options, name) is not None:
            raise UsageError(f"--difference and --{name} do not go together; leave one out")
