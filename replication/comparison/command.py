"""The command that compares: its options, and nothing that `compare` does not do in Python."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from replication.comparison.names import GONE, NAMES
from replication.comparison.numbers import FORMS, is_printed, show, unset
from replication.errors import ReplicationError, UsageError
from replication.system.files import check_target

EXAMPLE_TABLES = {"example", "example-tasks", "example-report"}
# runs.csv, also where no such file is: a report would have no ending
SUFFIX = re.compile(r"\.(?:csv|tsv|txt|md|tex|jsonl?|parquet|pq|xlsx?|gz)$", re.IGNORECASE)
QUANTILES = ("p5", "p10", "p90", "p95", "p99")
EXIT_CODES = {"not contradicted": 0, "contradicted": 1, "cannot tell": 3}
EXAMPLES = """\
what was reported, in place of --reported or beside it, by its name in any table:
  --n 5 --mean 0.83 --sd 0.04 (also --std, --se, --ci LOW HIGH, --range LOW HIGH, --median, --q1,
  --q3, --iqr, --iqm, --min, --max), --share 49/50, or --constant 0.5 for a value without error

examples:
  replication compare example --column reward --reported "0.83 ± 0.04, n = 5"
  replication compare example-tasks --reported example-report
  replication compare runs.csv --succeeded solved --share 47/50
  replication compare runs.csv --difference new old --pair seed --mean "3.1 ± 0.9" --n 10
  replication compare "1.1 [0.9, 1.35]" --reported "2.1 [1.2, 3.7]" --scale log

exit codes: 0; with --exit-code 0 not contradicted, 1 contradicted, 3 cannot tell; 2 wrong usage,
65 a table that cannot be compared, 74 a file that cannot be read or written"""


OPTIONS = {
    "--reported WHAT": "the other side: a number as printed, '0.83 ± 0.04, n = 5', or a table",
    "--column NAME": "column of your values, or several: a,b; a=Ours if the report calls it Ours",
    "--by NAMES": "columns of keys, such as task,method (default: those of both tables)",
    "--succeeded NAME": "column that says which of your runs succeeded (1/0, true/false, yes/no)",
    "--cap VALUE": "value at which runs were stopped; whatever is larger failed",
    "--failures": "what the report did with failures (default: the verdict must not depend on it)",
    "--plus-minus KIND": "what ± is: sd, se, ci, 2sd, '90%% ci', 'ci t', 'sd n-1' (default: all)",
    "--scale FACTOR": "what brings reported numbers to your unit: 100 divides them; log for ratios",
    "--bounds LOW HIGH": "what no value can lie beyond, such as 0 1, 0 inf or none 100",
    "--grid STEP": "what every value is a multiple of: 1 for whole numbers",
    "--difference A B": "what was reported is the mean (or share) of group A less that of B",
    "--pair NAME": "with --difference: column of seeds that pair the runs",
    "--evidence": "with --difference: add the replication Bayes factor and the sceptical p",
    "--between SD": "labs differ by so many standard deviations: 0.35; of tables also 'estimate'",
    "--margin VALUE": "difference of the means that does not matter: 0.5 (in your unit), or 10%%",
    "--level LEVEL": "of the test (default: 5%%); intervals cover the rest",
    "--plot FILE": "draw the runs, or a table as a forest plot (.png, .svg or .pdf)",
    "--format": "of what is printed",
    "--exit-code": "leave with a code that says the verdict",
}
"""What each option says of itself, by its name and what follows it."""


class Once(argparse.Action):
    """Keep an option that is given once; of reported numbers by their name."""

    def __call__(self, _parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        """Refuse an option that is given twice."""
        if option in namespace.seen:
            raise UsageError(f"{option} was given twice; give it once")
        namespace.seen = [*namespace.seen, option]
        # --mean 0.83 --sd 0.04: reported numbers are kept by name
        if self.dest == "numbers":
            namespace.numbers = namespace.numbers | {option[2:].replace("-", "_"): values}
        else:
            setattr(namespace, self.dest, True if self.nargs == 0 else values)


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    compare = subparsers.add_parser(
        "compare", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        help="do runs of your own, or another report, contradict a reported result?",
        description="Say whether your runs, or another report, contradict a result that somebody "
        "reported, and what\ndifference they would have shown. Give the numbers as they were "
        "printed: their decimals say how\nthey were rounded. docs/compare.md says how they are "
        "judged, and how often that goes wrong.",
    )  # fmt: skip
    compare.add_argument(
        "file", metavar="FILE", nargs="?",
        help="a row for each run: CSV (commas, semicolons or tabs), Markdown, LaTeX, JSON lines or "
        "Parquet; - for standard input; or another report, as text or as a table; example, "
        "example-tasks and example-report come with the package",
    )  # fmt: skip
    choices = {"--failures": ("excluded", "at-cap", "restarted"), "--format": FORMS}
    # "--ci LOW HIGH": the words behind the name are its values; an option without any is a switch
    for usage, words in OPTIONS.items():
        name, *values = usage.split()
        nargs = None if len(values) == 1 or name in choices else len(values)
        more: dict[str, Any] = {"nargs": nargs, "choices": choices.get(name)}
        more |= {"metavar": tuple(values)} if values else {}
        compare.add_argument(name, action=Once, help=words, **more)
    # Reported numbers by name, those of intervals with two ends; what there is no more says so.
    plain = (name for name in NAMES if re.fullmatch(r"[a-z][a-z0-9_]+|n", name))  # not 95%_ci
    options = {f"--{name.replace('_', '-')}" for name in (*plain, *GONE, *QUANTILES)}
    pairs = {"--ci", "--range", "--confidence-interval"}
    hidden = {"action": Once, "dest": "numbers", "help": argparse.SUPPRESS}
    compare.add_argument(*sorted(options - pairs), metavar="NUMBER", **hidden)
    compare.add_argument(*sorted(pairs & options), nargs=2, metavar=("LOW", "HIGH"), **hidden)
    compare.set_defaults(handler=run_compare, format="text", seen=[], numbers={})


def run_compare(options: argparse.Namespace) -> int:
    """Print what runs, or another report, say of a reported result."""
    from replication.comparison.figure import save_picture

    picture = None if options.plot is None else Path(options.plot)
    try:
        check_target(picture, [".png", ".svg", ".pdf"])
        found = _compare(options)
        if picture is not None:
            save_picture(found.plot(), picture)
        text = found.render(options.format)
    except ReplicationError as error:
        raise type(error)(name_options(str(error))) from None
    sys.stdout.write((text if options.format in {"json", "csv"} else name_options(text)) + "\n")
    return EXIT_CODES[str(found.verdict)] if options.exit_code else 0


def name_options(text: str) -> str:
    """Return text with options in place of the arguments that stand in backticks."""
    names = {name: f"--{name.replace('_', '-')}" for name in NAMES}
    # An option is called as its argument is, but for a few.
    names |= {usage[2:].split()[0].replace("-", "_"): usage.split()[0] for usage in OPTIONS}
    names |= {"minus": "--difference", "values": "FILE", "table": "FILE", "runs": "--n",
              "n_succeeded": "--successes"}  # fmt: skip
    return re.sub(r"`(\w+)`", lambda found: names.get(found[1], found[1]), text)


def read_side(given: str | None) -> Any:
    """Return the table that a text names, or the text if it is a report itself."""
    from replication.system.tables import read_table

    try:
        is_file = given == "-" or Path(given or "").exists()
    except (OSError, ValueError):
        is_file = False
    # A file of that name is the user's own.
    if given in EXAMPLE_TABLES and not is_file:
        given, is_file = str(Path(__file__).with_name(f"{given.replace('-', '_')}.csv")), True
    if given is None or (not is_file and is_printed(given) and not SUFFIX.search(given)):
        return given
    return read_table(given, unset)


def _compare(options: argparse.Namespace) -> Any:
    """Return the answer, or the table of answers, of the function that the options belong to."""
    from replication.comparison.comparison import compare
    from replication.comparison.groups import REQUESTED, compare_table
    from replication.system.tables import Table

    if options.evidence and options.difference is None:
        raise UsageError("--evidence was given without --difference, of which alone it can be told")
    if options.file is None:
        raise UsageError("FILE was not given; give a table of your runs, or another report")
    own, theirs = (read_side(one) for one in (options.file, options.reported))
    chosen = vars(options)
    of_tables = {name: chosen[name] for name in ("by", "column", "difference", "pair", "succeeded")}
    given = {name: chosen[name] for name in REQUESTED if chosen[name] is not None}
    # Two tables, or a table and one report; or two reports.
    if isinstance(own, Table):
        return compare_table(own, theirs, **of_tables, **given, **options.numbers)
    if isinstance(theirs, Table):
        raise UsageError(f"FILE is one report, {show(own)}, --reported a table; give two tables")
    for name, value in of_tables.items():
        if value is not None:
            raise UsageError(f"--{name} was given with a report in place of FILE; leave it out")
    return compare(own, theirs, **given, **options.numbers)
