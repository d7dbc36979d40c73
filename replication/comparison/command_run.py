"""What the command does: it reads a table, compares, and prints or draws the answer."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.comparison.comparison import Comparison, compare
from replication.comparison.figure import draw_comparison, draw_groups
from replication.comparison.groups import Groups
from replication.comparison.report import STATISTICS, SUCCESSES
from replication.comparison.tables import (
    Table,
    find_missing,
    list_names,
    read_flags,
    read_reports,
    read_table,
    read_values,
)
from replication.errors import DataError, ReplicationError, StorageError, UsageError
from replication.wording import plural, show

Columns = dict[str, Any]
"""Arrays of "values" and, where given, of "succeeded", "by" and "pair", a row for each run."""

MAX_GROUPS = 100
NUMBERS = (*STATISTICS, *SUCCESSES, "constant")
EXIT_CODES = {"consistent": 0, "not consistent": 1, "cannot tell": 3}


def run(options: argparse.Namespace) -> int:
    """Print what the runs of a file say of a reported result."""
    try:
        return _run(options)
    except ReplicationError as error:
        raise type(error)(name_options(str(error))) from None


def name_options(text: str) -> str:
    """Return text with options in place of the arguments that stand in backticks."""
    options = re.sub(r"`(\w+)`", lambda found: f"--{found[1].replace('_', '-')}", text)
    return options.replace("--minus", "--difference")


def _run(options: argparse.Namespace) -> int:
    _check(options)
    reports = None if options.reported is None else read_reports(options.reported, options.by)
    table = read_table(options.file)
    columns = _read_columns(table, options, reports)
    found: Comparison | Groups
    if options.by is None:
        found = _compare(columns, options, {})
    elif options.difference is not None:
        found = _compare_difference(columns, options)
    else:
        found = _compare_groups(columns, options, reports)
    if options.plot is not None:
        _save(
            draw_groups(found.results) if isinstance(found, Groups) else draw_comparison(found),
            options.plot,
        )
    n_missing = table.n_rows - columns["values"].size
    if options.json:
        plain = found.to_dict() | {"n_missing": n_missing}
        sys.stdout.write(json.dumps(plain, indent=1) + "\n")
    else:
        sys.stdout.write(name_options(found.summary()) + "\n")
        if n_missing:
            lack, was = ("lacks", "was") if n_missing == 1 else ("lack", "were")
            rows = plural(n_missing, "row")
            sys.stdout.write(f"\n{rows} {lack} a value and {was} left out.\n")
    return EXIT_CODES[str(found.agreement)] if options.exit_code else 0


def _read_columns(
    table: Table, options: argparse.Namespace, reports: Mapping[str, Any] | None
) -> Columns:
    """Return the columns that are compared, without the rows that lack a value."""
    missing = np.zeros(table.n_rows, dtype=np.bool_)
    columns: Columns = {"values": np.zeros(table.n_rows)}
    if options.succeeded is not None:
        cells = table.take(options.succeeded)
        columns["succeeded"] = read_flags(cells, options.succeeded)
        missing |= find_missing(cells)
    if options.succeeded is None or options.column is not None or _needs_values(options, reports):
        name = options.column or table.names[0]
        columns["values"] = read_values(table.take(options.column), name)
        missing |= np.isnan(columns["values"])
    for option in ("by", "pair"):
        name = getattr(options, option)
        if name is not None:
            cells = table.take(name)
            columns[option] = np.array([_to_text(cell) for cell in cells], dtype=np.object_)
            missing |= find_missing(cells)
    if missing.all():
        raise DataError("every row lacks a value; give at least two runs")
    return _select(columns, ~missing)


def _select(columns: Columns, kept: npt.NDArray[np.bool_]) -> Columns:
    """Return some of the rows."""
    return {name: cells[kept] for name, cells in columns.items()}


def _to_text(cell: Any) -> str:
    """Return the name of a group: 5 and 5.0 are the same."""
    return str(cell).strip().removesuffix(".0")


def _compare_difference(columns: Columns, options: argparse.Namespace) -> Comparison:
    if options.difference[0] == options.difference[1]:
        raise UsageError(f"--difference names {show(options.difference[0])} twice; name two groups")
    groups = list(dict.fromkeys(columns["by"]))
    for name in options.difference:
        if name not in groups:
            raise UsageError(f"there is no group {show(name)}; the groups are {list_names(groups)}")
    first, second = (_select(columns, columns["by"] == name) for name in options.difference)
    if options.pair is None:
        return _compare(first, options, {}, minus=second["values"])
    one, two = (dict(zip(part["pair"], part["values"], strict=True)) for part in (first, second))
    if len(one) < first["pair"].size or len(two) < second["pair"].size:
        raise DataError(
            f"column {show(options.pair)} holds a seed twice in one group; give one run of each"
        )
    differences = [value - two[seed] for seed, value in one.items() if seed in two]
    if not differences:
        raise DataError(
            f"no seed of column {show(options.pair)} is in both groups; leave --pair out if runs "
            "are not paired"
        )
    return _compare({"values": np.array(differences)}, options, {})


def _compare_groups(
    columns: Columns, options: argparse.Namespace, reports: Mapping[str, Any] | None
) -> Groups:
    known = dict.fromkeys(columns["by"])
    if reports is None:
        reports = {name: {} for name in known}
    reports = {_to_text(name): report for name, report in reports.items()}
    shared = [name for name in reports if name in known]
    if not shared:
        raise UsageError(
            f"the reported numbers name none of your groups; those are {list_names(list(known))}"
        )
    if len(shared) > MAX_GROUPS:
        raise UsageError(
            f"--by gives {len(shared)} groups; allowed are {MAX_GROUPS}; name a column of few "
            "values"
        )
    found: dict[str, Comparison] = {}
    for name in shared:
        try:
            runs = _select(columns, columns["by"] == name)
            found[show(name)[1:-1]] = _compare(runs, options, reports[name])
        except ReplicationError as error:
            raise type(error)(f"group {show(name)}: {error}") from None
    return Groups(options.by, found, [show(name)[1:-1] for name in reports if name not in known])


def _compare(
    columns: Columns,
    options: argparse.Namespace,
    report: Mapping[str, str],
    *,
    minus: npt.NDArray[np.float64] | None = None,
) -> Comparison:
    """Compare one set of runs; what a group's own report gives comes first."""
    unknown = set(report) - {*NUMBERS, "runs", "ci_low", "ci_high"}
    if unknown:
        raise UsageError(
            f"the reported numbers have a column {show(min(unknown))}; allowed are runs, "
            f"{', '.join(NUMBERS)}, ci_low and ci_high"
        )
    has_ci = "ci_low" in report and "ci_high" in report
    shared = ("cap", "failures", "margin", "level", "bounds", "grid", "sd_kind", "plus_minus",
              "ci_level", "ci_kind", "scale")  # fmt: skip
    return compare(
        columns["values"],
        runs=report.get("runs", options.runs),
        ci=(report["ci_low"], report["ci_high"]) if has_ci else options.ci,
        minus=minus,
        succeeded=columns.get("succeeded"),
        **{name: report.get(name, getattr(options, name)) for name in NUMBERS},
        **{name: getattr(options, name) for name in shared},
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse options that do not go together before anything is read."""
    for name in ("reported", "difference"):
        if getattr(options, name) is not None and options.by is None:
            raise UsageError(f"--{name} was given without --by; name the column of groups")
    if options.pair is not None and options.difference is None:
        raise UsageError("--pair was given without --difference; name the two groups")
    for name in ("reported", "succeeded"):
        if options.difference is not None and getattr(options, name) is not None:
            raise UsageError(f"--difference and --{name} do not go together; leave one out")
    plot = options.plot
    if plot is not None and plot.suffix.lower() not in {".png", ".svg", ".pdf"}:
        raise UsageError(
            f"--plot was given as {show(plot)}; its name must end in .png, .svg or .pdf"
        )
    if plot is not None and not plot.absolute().parent.is_dir():
        raise StorageError(f"the folder of {show(plot)} does not exist; make it first")


def _needs_values(options: argparse.Namespace, reports: Mapping[str, Any] | None) -> bool:
    """Say whether more than a share or number of successes was reported, or a cap given."""
    given = {name for name in (*NUMBERS, "ci", "cap") if getattr(options, name) is not None}
    given = given.union(*(reports or {}).values()) - {"runs"}
    return not given or not given <= SUCCESSES.keys()


def _save(figure: Any, path: Path) -> None:
    """Write a figure whole or not at all; an older one is kept until then."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        figure.savefig(unfinished, format=path.suffix[1:].lower(), dpi=150)
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(
            f"{show(path)} cannot be written ({error.strerror or error}); give another place"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)
