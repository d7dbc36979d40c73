"""The command that compares a reported result with runs of one's own."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.comparison.reported import MAX_RUNS
from replication.errors import DataError, ReplicationError, StorageError, UsageError
from replication.wording import show

if TYPE_CHECKING:
    from replication.comparison.comparison import Comparison

MAX_GROUPS = 100
RATES = Path(__file__).with_name("rejection_rates.json")
EXIT_CODES = {"consistent": 0, "not consistent": 1, "cannot tell": 3}
NUMBERS = {
    "mean": "reported mean, also with its spread behind it: '0.83 ± 0.04' (see --plus-minus)",
    "sd": "reported standard deviation (see --sd-kind)",
    "se": "reported standard error of the mean",
    "median": "reported median",
    "q1": "reported lower quartile",
    "q3": "reported upper quartile",
    "iqr": "reported interquartile range",
    "iqm": "reported interquartile mean",
    "min": "reported smallest value",
    "max": "reported largest value",
    "share": "reported share of runs that succeeded, such as 0.95 or 95%%",
    "n-succeeded": "reported number of runs that succeeded",
    "constant": "in place of a report: a value without error, such as one of theory",
}
SHARES = {"share", "n_succeeded"}
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
        "numbers may have a decimal comma), Parquet, Feather or Excel, gzipped or not; - for "
        "standard input; example for a table that comes with the package",
    )
    add("--column", metavar="NAME", help="column that holds the values (default: the only one)")
    add("--runs", type=_parse_runs, metavar="N",
        help="runs behind the report; unless given, how many there can be is searched")  # fmt: skip
    for name, words in NUMBERS.items():
        add(f"--{name}", metavar="NUMBER", help=words)
    add("--ci", nargs=2, metavar=("LOW", "HIGH"), help="reported confidence interval of the mean")
    add(
        "--ci-level",
        type=_parse_number,
        default=0.95,
        metavar="LEVEL",
        help="of that interval (default: 0.95)",
    )
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
        "failures hold; with rewards or accuracies add --failures excluded, or leave it out. With "
        "--share, --n-succeeded or --median alone it suits any table",
    )
    add(
        "--cap",
        type=_parse_number,
        metavar="VALUE",
        help="value at which runs were stopped; whatever is larger failed",
    )
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
    add(
        "--level",
        type=_parse_number,
        default=0.05,
        metavar="LEVEL",
        help="of the test (default: 0.05); intervals cover the rest",
    )
    add("--by", metavar="NAME", help="column of groups: each is compared by itself")
    add(
        "--reported",
        metavar="FILE",
        help="with --by: a small CSV with the column of groups and, for each, runs, mean and so "
        "on, in any order; groups that you did not run are listed and skipped",
    )
    add(
        "--difference",
        nargs=2,
        metavar=("A", "B"),
        help="with --by: what was reported is the mean of group A less that of group B",
    )
    add("--pair", metavar="NAME", help="with --difference: column of seeds that pair the runs")
    add("--json", action="store_true", help="print all numbers as JSON")
    add("--exit-code", action="store_true", help="leave with a code that says the verdict")
    add("--plot", metavar="FILE", type=Path,
        help="draw the sampling distribution with the reported value, or with --by the interval of "
        "each group (.png, .svg or .pdf)")  # fmt: skip
    compare.set_defaults(handler=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print what the runs of a file say of a reported result."""
    from replication.comparison.tables import read_reports, read_table
    from replication.comparison.text import summarise, summarise_groups

    _check(options)
    reports = None if options.reported is None else read_reports(options.reported, options.by)
    table = read_table(options.file)
    columns = _Columns.read(table, options, reports)
    if options.by is None or options.difference is not None:
        found = _compare_one(columns, options)
        if options.plot is not None:
            _save(lambda: _draw_one(found), options.plot)
        plain, text = found.to_dict(), summarise(found, names_options=True)
        verdicts = {str(found.agreement)}
    else:
        groups, skipped = _compare_groups(columns, options, reports)
        if options.plot is not None:
            from replication.comparison.figure import draw_groups

            _save(lambda: draw_groups(groups), options.plot)
        plain = {
            "schema": 1,
            "groups": {name: item.to_dict() for name, item in groups.items()},
            "skipped": skipped,
        }
        text = summarise_groups(groups, options.by)
        if skipped:
            names = ", ".join(show(name)[1:-1] for name in skipped[:12])
            more = ", ..." if len(skipped) > 12 else ""
            text += f"\n\nReported, but not among your runs: {names}{more}."
        verdicts = {str(item.agreement) for item in groups.values()}
    if options.json:
        sys.stdout.write(json.dumps(plain | {"n_missing": columns.n_missing}, indent=1) + "\n")
    else:
        sys.stdout.write(text + "\n")
        if columns.n_missing:
            rows = "1 row lacks" if columns.n_missing == 1 else f"{columns.n_missing:,} rows lack"
            was = "was" if columns.n_missing == 1 else "were"
            sys.stdout.write(f"\n{rows} a value and {was} left out.\n")
    worst = next(name for name in ("not consistent", "cannot tell", "consistent")
                 if name in verdicts)  # fmt: skip
    return EXIT_CODES[worst] if options.exit_code else 0


class _Columns:
    """The columns of a table that are compared, without the rows that lack a value."""

    def __init__(self, values: Any, succeeded: Any, groups: Any, pairs: Any, missing: Any) -> None:
        kept = ~missing
        self.values = values[kept]
        self.succeeded = None if succeeded is None else succeeded[kept]
        self.groups = (
            None if groups is None else [g for g, k in zip(groups, kept, strict=True) if k]
        )
        self.pairs = None if pairs is None else [p for p, k in zip(pairs, kept, strict=True) if k]
        self.n_missing = int(missing.sum())
        if not kept.any():
            raise DataError("every row lacks a value; give at least two runs")

    @classmethod
    def read(
        cls, table: Any, options: argparse.Namespace, reports: Mapping[str, Any] | None
    ) -> _Columns:
        import numpy as np

        from replication.comparison.tables import find_missing, read_flags, read_values

        missing = np.zeros(table.n_rows, dtype=np.bool_)
        succeeded = groups = pairs = None
        if options.succeeded is not None:
            column = table.take(options.succeeded)
            succeeded, missing = read_flags(column, options.succeeded), find_missing(column)
        if succeeded is None or options.column is not None or _needs_values(options, reports):
            values = read_values(table.take(options.column), options.column or table.names[0])
            missing = missing | np.isnan(values)
        else:
            values = np.zeros(table.n_rows)
        if options.by is not None:
            column = table.take(options.by)
            missing = missing | find_missing(column)
            groups = [_to_text(cell) for cell in column]
        if options.pair is not None:
            pairs = [_to_text(cell) for cell in table.take(options.pair)]
        return cls(values, succeeded, groups, pairs, missing)

    def select(self, name: str) -> tuple[Any, Any, list[str] | None]:
        """Return values, flags and pairs of one group."""
        import numpy as np

        assert self.groups is not None
        kept = np.array([group == name for group in self.groups], dtype=np.bool_)
        return (
            self.values[kept],
            None if self.succeeded is None else self.succeeded[kept],
            None if self.pairs is None
            else [pair for pair, k in zip(self.pairs, kept, strict=True) if k],
        )  # fmt: skip


def _to_text(cell: Any) -> str:
    """Return the name of a group: 5 and 5.0 are the same."""
    return str(cell).strip().removesuffix(".0")


def _compare_one(columns: _Columns, options: argparse.Namespace) -> Comparison:
    if options.difference is None:
        return _compare(columns.values, columns.succeeded, options, {})
    import numpy as np

    assert columns.groups is not None
    parts = []
    if options.difference[0] == options.difference[1]:
        raise UsageError(f"--difference names {show(options.difference[0])} twice; name two groups")
    for name in options.difference:
        if name not in columns.groups:
            known = ", ".join(show(group) for group in sorted(set(columns.groups))[:12])
            raise UsageError(f"there is no group {show(name)}; the groups are {known}")
        parts.append(columns.select(name))
    (first, _, one), (second, _, two) = parts
    if options.pair is None:
        return _compare(first, None, options, {}, minus=second)
    assert one is not None
    assert two is not None
    if len(set(one)) < len(one) or len(set(two)) < len(two):
        raise DataError(
            f"column {show(options.pair)} holds a seed twice in one group; give one run of each"
        )
    by_seed = dict(zip(two, second.tolist(), strict=True))
    pairs = [(a, by_seed[seed]) for seed, a in zip(one, first.tolist(), strict=True)
             if seed in by_seed]  # fmt: skip
    if not pairs:
        raise DataError(
            f"no seed of column {show(options.pair)} is in both groups; leave --pair out if runs "
            "are not paired"
        )
    return _compare(np.subtract(*np.array(pairs).T), None, options, {})


def _compare_groups(
    columns: _Columns, options: argparse.Namespace, reports: Mapping[str, Any] | None
) -> tuple[dict[str, Comparison], list[str]]:
    assert columns.groups is not None
    names = list(dict.fromkeys(columns.groups))
    if len(names) > MAX_GROUPS and reports is None:
        raise UsageError(
            f"--by gives {len(names)} groups; allowed are {MAX_GROUPS}; name a column of few values"
        )
    skipped: list[str] = []
    if reports is not None:
        reports = {_to_text(name): report for name, report in reports.items()}
        skipped = [name for name in reports if name not in set(names)]
        names = [name for name in reports if name in set(names)][:MAX_GROUPS]
        if not names:
            raise UsageError(
                f"the reported numbers name none of your groups; those are "
                f"{', '.join(show(name) for name in dict.fromkeys(columns.groups[:1000]))[:300]}"
            )
    found: dict[str, Comparison] = {}
    for name in names:
        values, succeeded, _ = columns.select(name)
        given = {} if reports is None else reports[name]
        try:
            found[show(name)[1:-1]] = _compare(values, succeeded, options, given)
        except ReplicationError as error:
            raise type(error)(f"group {show(name)}: {error}") from None
    return found, skipped


def _compare(
    values: Any,
    succeeded: Any,
    options: argparse.Namespace,
    report: Mapping[str, str],
    *,
    minus: Any = None,
) -> Comparison:
    """Compare one set of runs; what a group's own report gives comes first."""
    from replication.comparison.comparison import compare

    names = [name.replace("-", "_") for name in NUMBERS]
    columns = {name.replace("-", "_").replace(" ", "_"): text for name, text in report.items()}
    unknown = set(columns) - {*names, "runs", "ci_low", "ci_high"}
    if unknown:
        raise UsageError(
            f"the reported numbers have a column {show(min(unknown))}; allowed are runs, "
            f"{', '.join(names)}, ci_low and ci_high"
        )
    numbers = {name: columns.get(name, getattr(options, name)) for name in names}
    try:
        runs = _parse_runs(columns["runs"]) if "runs" in columns else options.runs
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"runs: {error}") from None
    ci = options.ci
    if "ci_low" in columns and "ci_high" in columns:
        ci = (columns["ci_low"], columns["ci_high"])
    return compare(
        values,
        runs=runs,
        ci=ci,
        minus=minus,
        succeeded=succeeded,
        cap=options.cap,
        failures=options.failures,
        margin=options.margin,
        level=options.level,
        bounds=options.bounds,
        grid=options.grid,
        sd_kind=options.sd_kind,
        plus_minus=options.plus_minus,
        ci_level=options.ci_level,
        ci_kind=options.ci_kind,
        scale=options.scale,
        **numbers,
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together before anything is read."""
    for name in ("reported", "difference"):
        if getattr(options, name) is not None and options.by is None:
            raise UsageError(f"--{name} was given without --by; name the column of groups")
    if options.pair is not None and options.difference is None:
        raise UsageError("--pair was given without --difference; name the two groups")
    if options.difference is not None and options.reported is not None:
        raise UsageError("--difference and --reported do not go together; leave one out")
    if options.plot is not None:
        if options.plot.suffix.lower() not in {".png", ".svg", ".pdf"}:
            raise UsageError(
                f"--plot was given as {show(options.plot)}; its name must end in .png, .svg or .pdf"
            )
        if not options.plot.absolute().parent.is_dir():
            raise StorageError(f"the folder of {show(options.plot)} does not exist; make it first")


def _needs_values(options: argparse.Namespace, reports: Mapping[str, Any] | None) -> bool:
    """Say whether more than a share or number of successes was reported, or a cap given."""
    names = {name.replace("-", "_") for name in NUMBERS} | {"ci"}
    given = {name for name in names if getattr(options, name) is not None}
    for report in (reports or {}).values():
        given |= {name.replace("-", "_") for name in report} - {"runs"}
    return options.cap is not None or not given or bool(given - SHARES)


def _draw_one(comparison: Comparison) -> Any:
    from replication.comparison.figure import draw_comparison

    if not comparison.distributions:
        raise UsageError(
            "--plot needs --runs, the number of runs behind the report, and enough runs of your "
            "own; give them, or leave --plot out"
        )
    return draw_comparison(comparison)


def _save(draw: Any, path: Path) -> None:
    """Write a figure whole or not at all; an older one is kept until then."""
    import os
    import tempfile

    figure = draw()
    name = None
    try:
        number, name = tempfile.mkstemp(dir=path.absolute().parent, suffix=path.suffix)
        with os.fdopen(number, "wb") as file:
            figure.savefig(file, format=path.suffix[1:].lower(), dpi=150)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as error:
        raise StorageError(
            f"{show(path)} cannot be written ({error.strerror or error}); give another place"
        ) from None
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)


# -------------------------------------------------------------------- what options may be given


def _parse_runs(text: str) -> int:
    body = text.strip().removesuffix(".0")
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,12}", body, re.ASCII):
        number = int(body.replace(",", ""))
        if 1 <= number <= MAX_RUNS:
            return number
    raise argparse.ArgumentTypeError(
        f"{show(text)} was given; allowed is a whole number from 1 to {MAX_RUNS:,}; for a value "
        "without error give --constant"
    )


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


# ------------------------------------------------------------------------- the measured rates


def load_rates() -> dict[str, Any]:
    """Return the measured rates, as `tools/measure_rates.py` wrote them."""
    return dict(json.loads(RATES.read_text("utf-8")))


def format_rates(rates: Mapping[str, Any]) -> str:
    """Return the measured rates as text for a terminal: a line for each population and N."""
    sizes = rates["runs"]
    lines = [
        "How often equal populations are called not consistent at a level of 5 %, in per cent,",
        f"with N runs of your own and n behind the report ({rates['n_trials']:,} trials each):",
        "",
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^21}" for n in sizes).rstrip(),
        " " * 17 + "|  mean   sd both  max" * len(sizes),
    ]
    for population, rows in rates["rejected"].items():
        for n_seen, row in rows.items():
            cells = ("".join(f"{100 * rate:5.1f}" for rate in row[str(n)].values()) for n in sizes)
            lines.append(f"{population:<12}{n_seen:>4} " + "".join(f"|{cell} " for cell in cells))
    lines = [line.rstrip() for line in lines]
    normal = rates["normal_theory"]
    lines += [
        "",
        "both: mean and sd together. It should be 5. Outside 3 to 6.5 a caution below the answer",
        "names the cause. By normal theory, which stands beside for at most 30 runs:",
        "",
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^16}" for n in sizes).rstrip(),
        " " * 17 + "|  mean   sd both" * len(sizes),
    ]
    for population, rows in normal.items():
        for n_seen, row in rows.items():
            cells = ("".join(f"{100 * rate:5.1f}" for rate in row[str(n)].values()) for n in sizes)
            lines.append(f"{population:<12}{n_seen:>4} " + "".join(f"|{cell} " for cell in cells))
    lines += [
        "",
        "How often a shift of the mean by two standard deviations is found, for normal runs:",
    ]
    for key, power in rates["power"].items():
        n_seen, runs = key.split(",")
        lines.append(
            f"  N = {n_seen:>3}, n = {runs:>3}: {100 * power['free']:.0f} % without assumptions, "
            f"{100 * power['normal']:.0f} % by normal theory"
        )
    return "\n".join(line.rstrip() for line in lines)
