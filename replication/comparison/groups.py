"""Both sides of a table by key: runs of one's own, or reports of others, and reported results."""

import difflib
import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from replication.comparison import files
from replication.comparison.comparison import compare, compare_by
from replication.comparison.files import Table, is_missing, list_names
from replication.comparison.numbers import refuse
from replication.comparison.report import NUMBERS, SUCCESSES, name_statistic, parse_report
from replication.comparison.result import Comparison
from replication.comparison.sampling import Effort
from replication.comparison.table import ComparisonTable, Key, name_key
from replication.errors import DataError, ReplicationError, UsageError
from replication.wording import show

MAX_ROWS = 1000
MAX_NAMED = 100  # keys that one side lacks for which the nearest is looked for
FEW_ROWS = 4  # of more, fewer studies are drawn for each


def compare_table(
    table: Any = None,
    reported: Any = None,
    *,
    by: str | Sequence[str],
    against: Any = None,
    column: str | Sequence[str] | None = None,
    succeeded: str | None = None,
    **options: Any,
) -> ComparisonTable:
    """Compare a table of reported results with runs of your own.

    Parameters
    ----------
    table : data frame, or mapping of str to columns, optional
        A row for each of your runs.
    reported : data frame, or mapping of str to columns, optional
        A row for each reported result: its keys, and reported numbers under the names that papers
        and pandas give them (mean, std, SD, n, median, ci_low, p90, ...; the mean also as "0.83 ±
        0.04").
    against : data frame, or mapping of str to columns, optional
        In place of `table`: another table of reported results, as yours.
    by : str or sequence of str
        Keys: columns of both tables. A column "metric" of the report is one more.
    column : str or sequence of str, optional
        Columns of `table` that hold values. Where there are several, the report has a column
        "metric" that names one of them.
    succeeded : str, optional
        Column of `table` that says which succeeded.
    **options : object
        Those of `compare`; reported numbers hold for rows that have none of their own.

    Returns
    -------
    ComparisonTable

    Raises
    ------
    UsageError, DataError
        If a table cannot be read, or no row of the report is among your runs. A row that cannot be
        compared is left out and named.

    Examples
    --------
    >>> runs = {"task": ["a"] * 3 + ["b"] * 3, "score": [1.0, 1.2, 1.1, 3.0, 3.3, 2.9]}
    >>> report = {"task": ["a", "b"], "mean": ["1.6 ± 0.1", "3.0 ± 0.2"], "n": [5, 5]}
    >>> found = compare_table(runs, report, by="task", plus_minus="sd")
    >>> found.verdict.value, found.n_low, [round(p, 2) for p in found.p_values.values()]
    ('contradicted', 1, [0.0, 0.7])
    """
    keys, metrics = _take_names("by", by), _take_names("column", column)
    if not keys or len(set(keys)) < len(keys):
        named = list_names(keys) or "no column"
        raise UsageError(f"`by` names {named}; give at least one, each key once")
    if (table is None) == (against is None):
        raise UsageError("give a table of your runs or, as `against`, a table of other reports")
    shared = parse_report(options.pop("report", None) or {}, "report")
    shared |= {name: options.pop(name) for name in ("runs", *NUMBERS) if name in options}
    defaults = compare.__kwdefaults__ or {}
    unknown = options.keys() - (defaults.keys() - {"minus"})
    if unknown:
        raise UsageError(f"there is no option {show(min(unknown))}; those of `compare` are allowed")
    runs = None if table is None else Table.of(table, "table")
    if runs is not None and not metrics:
        others = [name for name in runs.names if name not in {*keys, succeeded}]
        metrics = others if len(others) == 1 else []
    reports: dict[Key, dict[str, Any]] = {}
    labels, ignored, n_missing = keys, list[str](), 0
    if reported is not None:
        reports, labels, ignored = _read_reports(reported, "reported", keys, metrics)
    elif len(metrics) > 1:
        raise UsageError("several columns were given; give a report with a column `metric`")
    if runs is None:
        rows, _, more = _read_reports(against, "against", keys, [])
        own = {key: {"values": None, "against": numbers} for key, numbers in rows.items()}
        ignored += more
    else:
        known = {*shared, *(name for row in reports.values() for name in row)}
        own, n_missing = _group_runs(runs, keys, metrics, succeeded, known,
                                     with_metric=labels != keys)  # fmt: skip
    reports = {key: {} for key in own} if reported is None else reports
    if len(reports) > MAX_ROWS:
        raise UsageError(
            f"`by` gives {len(reports):,} rows; allowed are {MAX_ROWS:,}; name columns of few "
            "values"
        )
    if own.keys().isdisjoint(reports):
        groups = list_names([", ".join(key) for key in own])
        raise UsageError(f"the reported numbers name none of your groups; those are {groups}")
    all_options = {**defaults, "nan_policy": "omit", **options}
    effort = Effort() if len(reports) < FEW_ROWS else Effort(10_000, 200)
    found: dict[Key, Comparison] = {}
    refused: dict[Key, str] = {}
    for key, numbers in reports.items():
        if key in own:
            try:
                row = all_options | own[key] | {"report": shared | numbers}
                found[key] = compare_by(row, effort)
            except ReplicationError as error:
                refused[key] = str(error)
    if not found:
        key, why = next(iter(refused.items()))
        raise UsageError(f"no row could be compared; {name_key(key)}: {why}")
    only_reported = _find_nearest([key for key in reports if key not in own], own)
    only_yours = _find_nearest([key for key in own if key not in reports], only_reported)
    return ComparisonTable(tuple(labels), found, refused, only_reported, only_yours,
                           tuple(ignored), n_missing, next(iter(found.values())).level)  # fmt: skip


def _take_names(argument: str, given: Any) -> list[str]:
    """Return names of columns, of which one may be given alone."""
    names = [given] if isinstance(given, str) else [] if given is None else given
    if not (isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)):
        raise refuse(argument, given, "are the name of a column, or a list of names")
    return list(names)


def _read_reports(
    given: Any, argument: str, keys: Sequence[str], metrics: Sequence[str]
) -> tuple[dict[Key, dict[str, Any]], list[str], list[str]]:
    """Return reported numbers by key, the names of the keys, and the columns that were not read."""
    table = Table.of(given, argument)
    metric = [name for name in table.names if name.lower() == "metric" and name not in keys][:1]
    if len(metrics) > 1 and not metric:
        raise UsageError(
            f"several columns were given, and {table.name} has no column `metric` that names one "
            "for each row; add it"
        )
    key_columns = [files.read_keys(table.take(name)) for name in (*keys, *metric)]
    names = {name: name_statistic(name) for name in table.names if name not in {*keys, *metric}}
    if len(metrics) == 1 and metrics[0] in names:
        names[metrics[0]] = "mean"  # a column called as the values are holds their mean
    columns = {}
    for name, known in names.items():
        if known is not None:
            twice = [name for name, other in names.items() if other == known]
            if len(twice) > 1:
                raise UsageError(f"{table.name} gives the {known} in {list_names(twice)}; keep one")
            columns[known] = table.take(name)
    found: dict[Key, dict[str, Any]] = {}
    for place, parts in enumerate(zip(*key_columns, strict=True)):
        if None in parts:
            raise DataError(f"row {place + 1} of {table.name} lacks a key; give it, or remove it")
        key = tuple(map(str, parts))
        if key in found:
            raise UsageError(f"{table.name} names {name_key(key)} twice; give one row for each")
        cells = {known: column[place] for known, column in columns.items()}
        found[key] = {known: cell for known, cell in cells.items() if not is_missing(cell)}
    ignored = [name for name, known in names.items() if known is None]
    return found, [*keys, *("metric" for _ in metric)], ignored


def _group_runs(
    table: Table,
    keys: Sequence[str],
    metrics: Sequence[str],
    succeeded: str | None,
    reported: Collection[str],
    *,
    with_metric: bool = False,
) -> tuple[dict[Key, dict[str, Any]], int]:
    """Return your runs by key, as arguments of `compare`, and how many lack a key."""
    places = _find_groups(table, keys)
    n_missing = table.n_rows - sum(map(len, places.values()))
    flags = None if succeeded is None else table.take(succeeded)
    done = None if flags is None else files.read_flags(flags, str(succeeded))
    is_share = bool(reported) and {*SUCCESSES, "runs"}.issuperset(reported)
    found = {}
    for metric in metrics or [""]:
        if flags is not None and not metric and is_share:
            values = np.zeros(table.n_rows)
        else:
            values = files.read_values(table.take(metric or None), metric or table.names[0])
        if flags is not None:  # a run without one is one without a value
            values[[is_missing(flag) for flag in flags]] = np.nan
        for key, where in places.items():
            chosen = None if done is None else done[where]
            label = (*key, metric) if with_metric else key
            found[label] = {"values": values[where], "succeeded": chosen}
    return found, n_missing


def _find_groups(table: Table, keys: Sequence[str]) -> dict[Key, Any]:
    """Return the places of the runs of each group, int[n]."""
    columns = [files.read_keys(table.take(name)) for name in keys]
    places: dict[Key, list[int]] = {}
    for place in range(table.n_rows):
        key = tuple(column[place] or "" for column in columns)
        if "" not in key:
            places.setdefault(key, []).append(place)
    return {key: np.array(where) for key, where in places.items()}


def _find_nearest(keys: Sequence[Key], others: Iterable[Key]) -> dict[Key, Key | None]:
    """Return for each key the one spelt most alike, None if none is near; of many the first."""
    spelt = {" ".join(other).lower(): other for other in itertools.islice(others, MAX_ROWS)}
    found: dict[Key, Key | None] = dict.fromkeys(keys)
    for key in keys[:MAX_NAMED]:
        near = difflib.get_close_matches(" ".join(key).lower(), spelt, n=1)
        found[key] = spelt[near[0]] if near else None
    return found


def compare_column(
    table: Table, *, column: str | None, succeeded: str | None = None, **options: Any
) -> Comparison:
    """Compare a column of runs, of which another may say which succeeded, with a report."""
    given = options | parse_report(options.get("report") or {}, "report")
    known = {name for name in ("cap", *NUMBERS) if given.get(name) is not None}
    own, _ = _group_runs(table, [], [] if column is None else [column], succeeded, known)
    return compare(**own[()], nan_policy="omit", **options)


def pair_runs(
    table: Table, *, by: str, difference: Sequence[str], column: str | None, pair: str | None
) -> dict[str, Any]:
    """Return `values` and `minus` of two groups for `compare`; differences if paired by a seed."""
    groups = _find_groups(table, [by])
    values = files.read_values(table.take(column), column or table.names[0])
    if difference[0] == difference[1]:
        raise UsageError(f"`difference` names {show(difference[0])} twice; name two groups")
    for name in difference:
        if (name,) not in groups:
            known = list_names([key for (key,) in groups])
            raise UsageError(f"there is no group {show(name)}; the groups are {known}")
    places = (groups[(name,)] for name in difference)
    first, second = (where[~np.isnan(values[where])] for where in places)
    if pair is None:
        return {"values": values[first], "minus": values[second]}
    seeds = np.array(files.read_keys(table.take(pair)), dtype=object)
    one, two = (dict(zip(seeds[part], values[part], strict=True)) for part in (first, second))
    if len(one) < first.size or len(two) < second.size:
        raise DataError(
            f"column {show(pair)} holds a seed twice in one group; give one run of each"
        )
    differences = [value - two[seed] for seed, value in one.items() if seed in two]
    if not differences:
        raise DataError(
            f"no seed of column {show(pair)} is in both groups; leave `pair` out if runs are not "
            "paired"
        )
    return {"values": np.array(differences)}
