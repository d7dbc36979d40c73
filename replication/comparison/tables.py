"""Tables against each other, or a table against one report: read, and then judged row by row."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from replication.comparison.numbers import refuse
from replication.comparison.printed import Numbers, print_row, read_side
from replication.comparison.request import Number, Request, make_request
from replication.comparison.result import Comparison
from replication.comparison.rows import Sides, compare_rows
from replication.comparison.sides import OneSide, OwnRuns, Printed
from replication.comparison.table import ComparisonTable
from replication.comparison.text import Block, name_key
from replication.errors import DataError, UsageError
from replication.reading.frames import GivenTable, is_table, read_frame
from replication.reading.keys import find_spelling, order_keys
from replication.reading.matching import BothSides, read_both, read_with_report
from replication.reading.options import Names, make_reading
from replication.reading.question import quote
from replication.reading.saying import Groups
from replication.reading.sheet import FloatArray
from replication.reading.texts import Given
from replication.reading.tidy import (
    Key,
    ReadAs,
    ReportRow,
    TidyReport,
    TidyRuns,
    show_read_as,
)

MOST_ROWS = 5000


def compare_table(
    table: "GivenTable",
    reported: "GivenTable | Numbers | str | float | None" = None,
    *,
    by: Names = None,
    value: Names = None,
    succeeded: str | None = None,
    seed: Names = None,
    step: str | None = None,
    take: str | float | None = None,
    where: Names = None,
    ignore: Names = None,
    wide: str | None = None,
    stat: str | None = None,
    n: str | int | None = None,
    plus_minus: str | None = None,
    decimal: str | None = None,
    difference: Sequence[str] | None = None,
    pair: str | None = None,
    tasks: Names = None,
    cap: Number | None = None,
    failures: str | None = None,
    scale: Number | None = None,
    bounds: Sequence[Number | None] | None = None,
    grid: Number | None = None,
    between: Number | None = None,
    margin: Number | None = None,
    evidence: bool = False,
    level: Number = 0.05,
    **numbers: Given | None,
) -> ComparisonTable | Comparison:
    """Compare a table of reported results with runs of your own.

    How both tables were read is part of the answer; what can be read in two ways is asked.

    Parameters
    ----------
    table : data frame, or mapping of str to columns
        A row for each of your runs, or for each step of one; or another table of reported results.
    reported : data frame, mapping of str to columns, or what `compare` takes
        A row for each reported result: its keys, and reported numbers under the names that papers
        and pandas give them (mean, std, SD, n, median, ci_low, p90, "acc (%)", acc_mean, "mean
        (sd)"; the mean also as "0.83 ± 0.04"); or a column for each task, method or metric. One
        report holds for all groups.
    by : str or sequence of str, optional
        Keys; "task=Dataset" where the report says Dataset. Unless given, columns of texts that both
        have, or headings of one table that are cells of the other.
    value : str or sequence of str, optional
        Columns of your values; "return=Ours" where the report says Ours.
    succeeded : str, optional
        Column of `table` that says which runs succeeded.
    seed, step, take, where, ignore, wide, decimal : optional
        As for `read_runs`.
    stat, n, plus_minus : optional
        As for `read_report`.
    difference : (str, str), optional
        Two groups of `table`: what was reported is the mean of the first less that of the second.
    pair : str, optional
        Column of seeds that pair the runs of these groups.
    tasks : str, optional
        Column that says the task of each run, where one median or interquartile mean over all
        tasks was reported; runs are then resampled within tasks.
    cap, failures, scale, bounds, grid, margin, evidence, level : optional
        As for `compare`.
    between : float or "estimate", optional
        As for `compare`; or the spread between labs is estimated from the rows.
    **numbers : str or number
        Reported numbers by name, as for `compare`; they hold for rows that have none of their own.

    Returns
    -------
    ComparisonTable, or Comparison of a column with one report where neither side has keys

    Raises
    ------
    Question
        If a table can be read in two ways; its message says what to give.
    UsageError, DataError
        If a table cannot be read, or no row of the report is among your runs. A row that cannot be
        compared is left out and named.

    Examples
    --------
    >>> runs = {"task": ["a"] * 3 + ["b"] * 3, "score": [1.0, 1.2, 1.1, 3.0, 3.3, 2.9]}
    >>> report = {"task": ["a", "b"], "mean": ["1.6 ± 0.1", "3.0 ± 0.2"], "n": [5, 5]}
    >>> found = compare_table(runs, report, plus_minus="sd")
    >>> found.verdict.value, [round(p, 2) for p in found.p_values.values()]
    ('contradicted', [0.0, 0.7])
    """
    if "minus" in numbers:
        raise UsageError("there is no option 'minus' of a table; give `difference`")
    if pair is not None and difference is None:
        raise UsageError("`pair` was given without `difference`; give that too")
    if tasks is not None and (by is not None or is_table(reported)):
        raise UsageError("`tasks` goes with one report over all of them; leave `by` out")
    groups = read_groups(difference)
    reading = make_reading(
        by=by if tasks is None else tasks,
        value=value,
        succeeded=succeeded,
        seed=seed if pair is None else pair,
        step=step,
        take=take,
        where=where,
        ignore=ignore,
        wide=wide,
        stat=stat,
        n=n,
        plus_minus=plus_minus,
        decimal=decimal,
    )
    request = make_request(
        level=level,
        failures=failures,
        plus_minus=plus_minus,
        scale=scale,
        cap=cap,
        bounds=bounds,
        grid=grid,
        between=between,
        margin=margin,
        groups=groups,
        evidence=evidence,
    )
    own = read_frame(table, "table")
    if is_table(reported):
        theirs = read_frame(reported, "reported")
        shared = read_side(None, numbers, reading, "reported")
        both = read_both(own, theirs, reading, groups)
        return compare_both(both, shared, request, pair)
    given = cast(Numbers | str | float | None, reported)
    printed = read_side(given, with_runs(numbers, n), reading, "reported")
    row = ReportRow((), printed.numbers, printed.plus_minus, printed.is_skewed)
    report = TidyReport((), (row,), ReadAs({}))
    both = read_with_report(own, report, reading, groups)
    if tasks is not None:
        return compare_over_tasks(both, request)
    return compare_both(both, Printed({}), request, pair)


def with_runs(numbers: Numbers, n: str | int | None) -> Numbers:
    """Return reported numbers by name, with that of runs."""
    if n is None:
        return numbers
    return {**numbers, "n": n}


def read_groups(difference: Sequence[str] | None) -> Groups:
    """Return the two groups whose difference was reported."""
    if difference is None:
        return None
    names = list(difference)
    if len(names) != 2 or names[0] == names[1]:
        raise refuse("difference", names, "are two groups of one column")
    return names[0], names[1]


def compare_both(
    both: BothSides, shared: Printed, request: Request, pair: str | None
) -> ComparisonTable | Comparison:
    """Judge two sides that were read; `shared`: numbers that hold for all rows of the report."""
    theirs = list_reports(both, shared)
    mine = list_own(both, request.groups, pair)
    if not theirs.keys() <= mine.keys() and list(theirs) == [()] and both.keys:
        theirs = dict.fromkeys(mine, theirs[()])  # one report holds for all groups
    if len(theirs) > MOST_ROWS:
        raise UsageError(f"`by` gives {len(theirs):,} rows; allowed are {MOST_ROWS:,}")
    said = {}
    if request.groups is not None and both.keys:
        said["difference"] = f"reported is {' less '.join(map(name_key, zip(request.groups)))}"
    n_missing = both.yours.n_missing if isinstance(both.yours, TidyRuns) else 0
    sides = Sides(
        by=both.keys,
        mine=mine,
        theirs=theirs,
        said=said,
        n_missing=n_missing,
        read_as=describe_reading(both),
    )
    return compare_rows(sides, request)


def compare_over_tasks(both: BothSides, request: Request) -> ComparisonTable | Comparison:
    """Judge one report over all tasks by the runs of all of them."""
    values: list[FloatArray] = []
    names: list[str] = []
    for key, runs in list_own(both, request.groups, None).items():
        if not isinstance(runs, OwnRuns) or runs.succeeded is not None:
            raise UsageError("`tasks` is for values of runs; leave it out")
        found: FloatArray = np.asarray(runs.values, dtype=np.float64)
        values.append(found)
        names += [", ".join(key)] * found.size
    (report,) = list_reports(both, Printed({})).values()
    own = OwnRuns(np.concatenate(values), tasks=names)
    sides = Sides(by=(), mine={(): own}, theirs={(): report}, read_as=describe_reading(both))
    return compare_rows(sides, request)


def describe_reading(both: BothSides) -> list[Block]:
    """Return how both sides were read, a block for each."""
    found = []
    for title, side in (("Your table", both.yours), ("The report", both.theirs)):
        if side.read_as.roles or side.read_as.notes:
            found.append(Block(*show_read_as(title, side)))
    return found


def list_reports(both: BothSides, shared: Printed) -> dict[Key, Printed]:
    """Return the report by key, spelt as your side does."""
    rows = both.theirs.rows
    keys = order_keys(both.theirs, both.keys) if both.theirs.keys else [row.key for row in rows]
    spelling = find_spelling(keys, list_keys(both))
    found: dict[Key, Printed] = {}
    for key, row in zip(keys, rows, strict=True):
        numbers = {**shared.numbers, **row.numbers}
        kind = row.kind or shared.plus_minus
        found[spelling[key]] = Printed(numbers, kind, row.is_skewed)
    return found


def list_keys(both: BothSides) -> list[Key]:
    """Return the keys of your side, without the groups whose difference was reported."""
    yours = both.yours
    places = [yours.keys.index(key) for key in both.keys]
    groups = yours.groups if isinstance(yours, TidyRuns) else [row.key for row in yours.rows]
    return [tuple(key[place] for place in places) for key in groups]


def list_own(both: BothSides, groups: Groups, pair: str | None) -> dict[Key, OneSide]:
    """Return your side by key."""
    yours = both.yours
    if isinstance(yours, TidyReport):
        keys = list_keys(both)
        return {key: print_row(row) for key, row in zip(keys, yours.rows, strict=True)}
    found = split_groups(yours)
    if groups is None:
        return dict(found)
    place = yours.keys.index(both.grouping or "")
    return dict(subtract(found, groups, place, pair))


def split_groups(runs: TidyRuns) -> dict[Key, OwnRuns]:
    """Return the runs of each group."""
    order = np.argsort(runs.places, kind="stable")
    sizes = np.bincount(runs.places, minlength=len(runs.groups))
    parts = np.split(order, np.cumsum(sizes)[:-1])
    found = {}
    for key, rows in zip(runs.groups, parts, strict=True):
        flags = None if runs.succeeded is None else runs.succeeded[rows]
        seeds = [runs.seeds[row] for row in rows.tolist()] if len(runs.seeds) else []
        found[key] = OwnRuns(runs.values[rows], flags, seeds=seeds)
    return found


def subtract(
    runs: Mapping[Key, OwnRuns], groups: tuple[str, str], place: int, pair: str | None
) -> dict[Key, OwnRuns]:
    """Return runs of two groups, or what pairs of them differ by.

    `place`: of the groups in the keys of `runs`.
    """
    found: dict[Key, OwnRuns] = {}
    for key in runs:
        rest = key[:place] + key[place + 1 :]
        other = (*key[:place], groups[1], *key[place + 1 :])
        if key[place] != groups[0] or other not in runs:
            continue
        if pair is None:
            minus: FloatArray = np.asarray(runs[other].values, dtype=np.float64)
            found[rest] = OwnRuns(runs[key].values, minus=minus)
        else:
            found[rest] = subtract_pairs(runs[key], runs[other], pair)
    if not found:
        raise DataError(f"no group has runs of both {quote(groups)}")
    return found


def subtract_pairs(one: OwnRuns, two: OwnRuns, pair: str) -> OwnRuns:
    """Return the difference of the runs of each seed."""
    first = by_seed(one, pair)
    second = by_seed(two, pair)
    seeds = [seed for seed in first if seed in second]
    if not seeds:
        raise DataError(f"column {quote([pair])} holds no seed of both groups; leave `pair` out")
    gaps = np.array([first[seed] - second[seed] for seed in seeds])
    return OwnRuns(gaps, firsts=np.array([*first.values()]), seeds=seeds)


def by_seed(runs: OwnRuns, pair: str) -> dict[str, float]:
    """Return values by seed; refuse a seed that occurs twice."""
    values: FloatArray = np.asarray(runs.values, dtype=np.float64)
    found = dict(zip(runs.seeds, values.tolist(), strict=True))
    if len(found) < values.size:
        raise DataError(f"{quote([pair])} holds a seed twice in one group; give one run of each")
    return found
