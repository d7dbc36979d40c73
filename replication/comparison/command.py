"""The options of the command that compares, and the measured rates that its help shows."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.comparison.report import STATISTICS, SUCCESSES
from replication.wording import show

RATES = Path(__file__).with_name("rejection_rates.json")
MORE = {  # what the help says of a reported number beside its name
    "mean": ", also with its spread behind it: '0.83 ± 0.04' (see --plus-minus)",
    "sd": " (see --sd-kind)",
    "share": ", such as 0.95 or 95%%",
}
EXAMPLES = """\
examples:
  replication compare runs.csv --column updates --runs 100 --mean 48 --max 202
  replication compare example --column reward --runs 5 --mean "0.83 ± 0.04" --plus-minus sd
  replication compare runs.csv --column accuracy --runs 5 --mean 97.3% --scale 100 --bounds 0 1
  replication compare runs.csv --succeeded solved --runs 50 --share 94%
  replication compare runs.csv --column score --by game --reported paper.csv --plot games.png
  replication compare runs.csv --column score --by algorithm --difference new old --pair seed \\
      --runs 10 --mean 3.1

exit codes: 0; with --exit-code 0 consistent, 1 not consistent, 3 cannot tell; 2 wrong usage,
65 a table that cannot be compared, 74 a file that cannot be read or written"""


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    compare = subparsers.add_parser(
        "compare",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        help="is a reported result what runs of your own say?",
        description="""\
Say whether a result that somebody reported is what your runs say. Give the numbers as they
were printed: their decimals say how they were rounded. The answer comes from the sampling
distribution of the reported statistics over studies of that many runs, which allows for
your runs being a sample too. With at most 30 runs the answer of normal theory stands beside.""",
        epilog=f"{EXAMPLES}\n\n{format_rates(load_rates())}",
    )
    add = compare.add_argument
    add(
        "file",
        metavar="FILE",
        help="a table with a row for each run: CSV (commas, semicolons or tabs; with semicolons "
        "numbers may have a decimal comma), Parquet, Feather or Excel; - for "
        "standard input; example for a table that comes with the package",
    )
    add("--column", metavar="NAME", help="column that holds the values (default: the only one)")
    add("--runs", metavar="N", help="runs behind the report; needed for all but --constant")
    for name, words in (STATISTICS | SUCCESSES).items():
        add(f"--{name.replace('_', '-')}", metavar="NUMBER",
            help=f"reported {words}{MORE.get(name, '')}")  # fmt: skip
    add("--constant", metavar="NUMBER",
        help="in place of a report: a value without error, such as one of theory")  # fmt: skip
    add("--ci", nargs=2, metavar=("LOW", "HIGH"), help="reported confidence interval of the mean")
    add("--ci-level", type=_parse_number, default=0.95, metavar="LEVEL",
        help="of that interval (default: 0.95)")  # fmt: skip
    add(
        "--ci-kind",
        choices=("t", "normal"),
        help="whether it is by Student's t or by the normal distribution (default: both are tried)",
    )
    add(
        "--plus-minus",
        choices=("sd", "se", "ci"),
        help="what stands behind ±: standard deviation, standard error, half of an interval",
    )
    add(
        "--sd-kind",
        choices=("n-1", "n"),
        help="denominator of the reported standard deviation (default: both are tried)",
    )
    add(
        "--scale",
        type=_parse_number,
        metavar="FACTOR",
        help="what the reported numbers are divided by to have your unit: 100 if they are per cent "
        "and your values shares such as 0.973, 1 if both are per cent",
    )
    add(
        "--bounds",
        nargs=2,
        type=_parse_end,
        metavar=("LOW", "HIGH"),
        help="what no value can lie beyond, such as 0 1, 0 inf or none 100 (default: none, "
        "but 0 1 where all values are 0 and 1)",
    )
    add(
        "--grid",
        metavar="STEP",
        help="what every value is a multiple of: 1 for whole numbers; or none (default; but 1 "
        "where all values are 0 and 1)",
    )
    add(
        "--succeeded",
        metavar="NAME",
        help="column that says which of your runs succeeded (1/0, true/false, yes/no). With --mean "
        "and the like it suits times and counts that were stopped at one common value, which "
        "failures hold; with rewards or accuracies add --failures excluded, or leave it out",
    )
    add("--cap", type=_parse_number, metavar="VALUE",
        help="value at which runs were stopped; whatever is larger failed")  # fmt: skip
    add(
        "--failures",
        choices=("excluded", "at-cap", "restarted"),
        help="what the report did with failures: left them out, counted them where they were "
        "stopped, or started over and added up (default: the verdict must not depend on it)",
    )
    add(
        "--margin",
        metavar="VALUE",
        help="difference of the means that does not matter, in the unit of the values or as 10%%",
    )
    add("--level", type=_parse_number, default=0.05, metavar="LEVEL",
        help="of the test (default: 0.05); intervals cover the rest")  # fmt: skip
    add("--by", metavar="NAME", help="column of groups: each is compared by itself")
    add(
        "--reported",
        metavar="FILE",
        help="with --by: a small CSV with the column of groups and, for each, runs, mean and so "
        "on, in any order; groups that you did not run are listed and skipped",
    )
    add("--difference", nargs=2, metavar=("A", "B"),
        help="with --by: what was reported is the mean of group A less that of B")  # fmt: skip
    add("--pair", metavar="NAME", help="with --difference: column of seeds that pair the runs")
    add("--json", action="store_true", help="print all numbers as JSON")
    add("--exit-code", action="store_true", help="leave with a code that says the verdict")
    add("--plot", metavar="FILE", type=Path,
        help="draw the sampling distribution with the reported value, or with --by the interval of "
        "each group (.png, .svg or .pdf)")  # fmt: skip
    compare.set_defaults(handler=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print what the runs of a file say of a reported result."""
    from replication.comparison.command_run import run  # loads NumPy

    return run(options)


def _parse_number(text: str) -> float:
    number = r"-?(\d{1,15}(\.\d{0,12})?|\.\d{1,12}|\d(\.\d{1,12})?e[+-]?\d{1,2})"
    if re.fullmatch(number, text, re.ASCII):
        return float(text)
    raise argparse.ArgumentTypeError(
        f"{show(text)} was given; allowed is a plain number such as 2000 or 0.05"
    )


def _parse_end(text: str) -> float | None:
    """Read one of two bounds; "-inf" would be taken for an option, so that it is "none"."""
    if text == "none":
        return None
    return float(text) if text == "inf" else _parse_number(text)


def load_rates() -> dict[str, Any]:
    """Return the measured rates, as `tools/measure_rates.py` wrote them."""
    return dict(json.loads(RATES.read_text("utf-8")))


def format_rates(rates: Mapping[str, Any]) -> str:
    """Return the measured rates as text for a terminal: a line for each population and N."""
    trials = {n for rows in rates["trials"].values() for row in rows.values() for n in row.values()}
    lines = [
        "How often equal populations are called not consistent at a level of 5 %, in per cent,",
        f"with N runs of your own and n behind the report ({min(trials):,} trials each, up to",
        f"{max(trials):,} where that leaves doubt):",
        *_tabulate(rates["rejected"], ("mean", "sd", "both", "max"), rates["runs"]),
        "both: mean and sd together. It should be 5. Outside 3 to 6.5 a caution below the answer",
        "names the cause. By normal theory, which stands beside for 3 to 30 runs:",
        *_tabulate(rates["normal_theory"], ("mean", "sd", "both"), rates["runs"]),
        "How often a shift of the mean by two standard deviations is found, for normal runs:",
    ]
    for key, power in rates["power"].items():
        n_seen, runs = key.split(",")
        lines.append(
            f"  N = {n_seen:>3}, n = {runs:>3}: {100 * power['free']:.0f} % without assumptions, "
            f"{100 * power['normal']:.0f} % by normal theory"
        )
    return "\n".join(lines)


def _tabulate(rates: Mapping[str, Any], names: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Return lines of a table, empty ones round it: rates by population, N and n."""
    columns = "".join(f"{name:>5}" for name in names)
    lines = [
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^{len(columns) + 1}}" for n in sizes),
        " " * 17 + f"|{columns} " * len(sizes),
    ]
    for population, rows in rates.items():
        for n_seen, row in rows.items():
            cells = ["".join(f"{100 * row[str(n)][name]:5.1f}" for name in names) for n in sizes]
            lines.append(f"{population:<12}{n_seen:>4} " + "".join(f"|{cell} " for cell in cells))
    return ["", *(line.rstrip() for line in lines), ""]
