"""Compare two tables, or a table with one report: read both, and judge them row by row."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Unpack, cast

import numpy as np

from replication.comparison.numbers import refuse
from replication.comparison.options import Judging, TableOptions
from replication.comparison.printed import (
    GivenNumbers,
    print_row,
    read_side,
    take_given_numbers,
)
from replication.comparison.request import Request, make_request
from replication.comparison.result import Comparison
from replication.comparison.rows import TableSides, compare_rows, find_values_by_seed
from replication.comparison.sides import OneSide, OwnRuns, Printed
from replication.comparison.table import ComparisonTable
from replication.comparison.text import Block, name_key
from replication.errors import DataError, UsageError
from replication.reading.frames import GivenTable, is_table, read_frame
from replication.reading.keys import find_spelling, order_keys
from replication.reading.matching import BothSides, read_both, read_with_report
from replication.reading.options import (
    ReadingOptions,
    make_reading,
    select,
    split_names,
)
from replication.reading.question import quote
from replication.reading.runs import METRIC
from replication.reading.saying import Groups
from replication.reading.sheet import FloatArray
from replication.reading.tidy import (
    Key,
    ReadAs,
    ReportRow,
    TidyReport,
    TidyRuns,
    show_read_as,
)
from replication.statistics.seeds import BySeed

MOST_ROWS = 5000  # of a report


def compare_table(
    table: "GivenTable",
    reported: "GivenTable | GivenNumbers | str | float | None" = None,
    **said: Unpack[TableOptions],
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
        report holds for all groups, each on its own; an interquartile mean, or a median with its
        interval, is one over all of them, and runs are resampled within groups.
    **said : options, or reported numbers by name
        Numbers as of `compare`, which hold for rows that have none of their own; and what the
        tables leave open. Keys are, unless given, columns of texts that both have, or headings of
        one table that are cells of the other.
    by
        Columns of keys: task,method; task=Dataset as the report calls it.
    value
        Column of the values, or several; a=Ours as the report calls it.
    where
        Rows to keep: status=FINISHED, lr=0.1|0.2, or to leave out: acc!=nan.
    ignore
        Columns that are of no use here.
    wide
        Headings are a key: method, or method=TD3,PPO for some of them.
    succeeded
        Column that says which runs succeeded (1/0, true/false).
    seed
        Columns that say which run a row is of.
    take
        What stands for a run of a log: last, last-each, max, min, mean or a step; t=last where t is
        the column of steps.
    n
        Runs behind each reported number that does not say it.
    plus_minus
        What ± or brackets are: sd, se, ci, 2sd, '90% ci', 'ci t' or 'sd n-1'; of two ends also iqr
        and range; ignore for brackets that are no spread.
    decimal : {., ,}
        The decimal sign of numbers that leave it open, as 12,345 does.
    difference
        What was reported is the mean (or share) of group A less that of B.
    pair
        With `difference`: column of seeds that pair the runs.
    cap
        Value at which runs were stopped; whatever is larger failed.
    failures : {excluded, at-cap, restarted}
        What the report did with failures: left them out, counted them at the cap, or started them
        over and added up (default: the verdict must not depend on it).
    scale
        What brings reported numbers to your unit: 100 divides them; log for ratios.
    grid
        What every value is a multiple of: 1 for whole numbers.
    between
        Labs differ by so many standard deviations: 0.35; of tables also 'estimate'.
    margin
        Difference of the means that does not matter: 0.5 (in your unit), or 10%.
    level
        Of the test (default: 5%); intervals cover the rest.

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
    pair = said.get("pair")
    if pair is not None and said.get("difference") is None:
        raise UsageError("`pair` was given without `difference`; give that too")
    groups = read_groups(said.get("difference"))
    reading = make_reading(select(said, ReadingOptions))
    if pair is not None:
        reading = dataclasses.replace(reading, seed=tuple(split_names("pair", pair)))
    request = make_request(select(said, Judging), plus_minus=said.get("plus_minus"), groups=groups)
    numbers = take_given_numbers(said, TableOptions)
    own = read_frame(table, "table")
    if is_table(reported):
        theirs = read_frame(reported, "reported")
        # Numbers that hold for all rows; `n` is an option of reading the table.
        of_all_rows = {name: number for name, number in numbers.items() if name != "n"}
        shared = read_side(None, of_all_rows, reading, "reported")
        both = read_both(own, theirs, reading, groups)
        return compare_both(both, shared, request, pair)
    given = cast("GivenNumbers | str | float | None", reported)
    printed = read_side(given, numbers, reading, "reported")
    row = ReportRow((), printed.numbers, printed.plus_minus, printed.is_skewed)
    report = TidyReport((), (row,), ReadAs({}, printed.notes))
    both = read_with_report(own, report, reading, groups)
    if is_over_groups(both, printed):
        return compare_over_groups(both, request)
    return compare_both(both, Printed({}), request, pair)


def is_over_groups(both: BothSides, printed: Printed) -> bool:
    """Say whether one report is on all groups together, and not on each of them.

    So are an interquartile mean, and a median with its interval or standard error. A mean, or
    quartiles of runs, may have been reported for each group.
    """
    names = printed.numbers.keys()
    if not isinstance(both.yours, TidyRuns) or both.grouping is not None:
        return False
    if not both.keys or METRIC in both.keys:
        return False
    if "iqm" in names:
        return True
    return "median" in names and not names.isdisjoint({"se", "ci", "ci_low"})


def read_groups(difference: Sequence[str] | None) -> Groups:
    """Return the two groups whose difference was reported; None if none was."""
    if difference is None:
        return None
    names = list(map(str, difference))
    if len(names) != 2 or names[0] == names[1]:
        raise refuse("difference", names, "are two groups of one column")
    return names[0], names[1]


def compare_both(
    both: BothSides, shared: Printed, request: Request, pair: str | None
) -> ComparisonTable | Comparison:
    """Judge two sides that were read; `shared`: numbers that hold for all rows of the report."""
    theirs = list_reports(both, shared)
    mine = list_own(both, request.groups, pair)
    # A single report without keys is compared with each group.
    has_one_report = list(theirs) == [()] and bool(both.keys) and () not in mine
    if has_one_report:
        theirs = dict.fromkeys(mine, theirs[()])
    if len(theirs) > MOST_ROWS:
        raise UsageError(f"`by` gives {len(theirs):,} rows; allowed are {MOST_ROWS:,}")
    said = {}
    if request.groups is not None and both.keys:
        said["difference"] = f"reported is {' less '.join(map(name_key, zip(request.groups)))}"
    if pair is None and has_seeds_of_both(both, request.groups):
        said["pair"] = "runs of both groups are taken as independent, though they share seeds"
    n_missing = both.yours.n_missing if isinstance(both.yours, TidyRuns) else 0
    sides = TableSides(
        by=both.keys,
        mine=mine,
        theirs=theirs,
        said=said,
        n_missing=n_missing,
        read_as=describe_reading(both),
        has_one_report=has_one_report,
    )
    return compare_rows(sides, request)


def compare_over_groups(both: BothSides, request: Request) -> ComparisonTable | Comparison:
    """Judge one report over all groups by the runs of all of them."""
    values: list[FloatArray] = []
    names: list[str] = []
    for key, runs in list_own(both, request.groups, None).items():
        if not isinstance(runs, OwnRuns) or runs.succeeded is not None:
            raise UsageError("`succeeded` does not go with a report over several groups")
        numbers: FloatArray = np.asarray(runs.values, dtype=np.float64)
        values.append(numbers)
        names += [", ".join(key)] * numbers.size
    (report,) = list_reports(both, Printed({})).values()
    own = OwnRuns(np.concatenate(values), tasks=names)
    groups = f"the report is over all groups of {quote(both.keys)}; runs are resampled within each"
    sides = TableSides(
        by=(),
        mine={(): own},
        theirs={(): report},
        said={"over": groups},
        read_as=describe_reading(both),
    )
    return compare_rows(sides, request)


def describe_reading(both: BothSides) -> list[Block]:
    """Return how both sides were read, a block for each."""
    blocks = []
    for title, side in (("Your table", both.yours), ("The report", both.theirs)):
        if side.read_as.roles or side.read_as.notes:
            blocks.append(Block(*show_read_as(title, side)))
    return blocks


def list_reports(both: BothSides, shared: Printed) -> dict[Key, Printed]:
    """Return each row of the report by its key, spelt as on your side."""
    rows = both.theirs.rows
    keys = order_keys(both.theirs, both.keys) if both.theirs.keys else [row.key for row in rows]
    spelling = find_spelling(keys, list_keys(both))
    reports: dict[Key, Printed] = {}
    for key, row in zip(keys, rows, strict=True):
        numbers = {**shared.numbers, **row.numbers}
        kind = row.kind or shared.plus_minus
        reports[spelling[key]] = Printed(numbers, kind, row.is_skewed)
    return reports


def list_keys(both: BothSides) -> list[Key]:
    """Return the keys of your side, without the column of groups whose difference was reported."""
    yours = both.yours
    indices = [yours.keys.index(key) for key in both.keys]
    groups = yours.groups if isinstance(yours, TidyRuns) else [row.key for row in yours.rows]
    return [tuple(key[index] for index in indices) for key in groups]


def list_own(both: BothSides, groups: Groups, pair: str | None) -> dict[Key, OneSide]:
    """Return your side by key: rows of a report, runs of a group, or differences of two groups."""
    yours = both.yours
    if isinstance(yours, TidyReport):
        keys = list_keys(both)
        return {key: print_row(row) for key, row in zip(keys, yours.rows, strict=True)}
    runs = split_groups(yours)
    if groups is None:
        return dict(runs)
    index = yours.keys.index(both.grouping or "")
    return dict(subtract(runs, groups, index, pair))


def split_groups(runs: TidyRuns) -> dict[Key, OwnRuns]:
    """Return the runs of each group, by its key."""
    order = np.argsort(runs.group_codes, kind="stable")
    sizes = np.bincount(runs.group_codes, minlength=len(runs.groups))
    parts = np.split(order, np.cumsum(sizes)[:-1])
    own = {}
    for key, rows in zip(runs.groups, parts, strict=True):
        flags = None if runs.succeeded is None else runs.succeeded[rows]
        seeds = None if runs.seed_codes is None else runs.seed_codes[rows]
        own[key] = OwnRuns(runs.values[rows], flags, seeds=seeds, is_per_cent=runs.is_per_cent)
    return own


def subtract(
    runs: Mapping[Key, OwnRuns], groups: tuple[str, str], index: int, pair: str | None
) -> dict[Key, OwnRuns]:
    """Return the runs of both groups, or the differences of their pairs, by the rest of the key.

    `index`: where the name of the group stands in the keys of `runs`. `pair`: the column of seeds
    by which runs are paired, if they are.
    """
    differences: dict[Key, OwnRuns] = {}
    for key in runs:
        rest = key[:index] + key[index + 1 :]  # the key without the group
        key_of_second = (*key[:index], groups[1], *key[index + 1 :])
        if key[index] != groups[0] or key_of_second not in runs:
            continue
        if pair is None:
            minus: FloatArray = np.asarray(runs[key_of_second].values, dtype=np.float64)
            differences[rest] = OwnRuns(runs[key].values, minus=minus)
        else:
            differences[rest] = subtract_pairs(runs[key], runs[key_of_second], pair)
    if not differences:
        raise DataError(f"no group has runs of both {quote(groups)}")
    return differences


def subtract_pairs(minuend: OwnRuns, subtrahend: OwnRuns, pair: str) -> OwnRuns:
    """Return, for each seed that both groups have, the difference of its two runs.

    `pair`: name of the column of seeds.
    """
    first = take_by_seed(minuend, pair)
    second = take_by_seed(subtrahend, pair)
    seeds = np.intersect1d(first.seeds, second.seeds)
    if seeds.size == 0:
        raise DataError(f"column {quote([pair])} holds no seed of both groups; leave `pair` out")
    gaps = first.take(seeds) - second.take(seeds)
    return OwnRuns(gaps, firsts=first.values, seeds=seeds)


def take_by_seed(runs: OwnRuns, column: str) -> BySeed:
    """Return values by seed; refuse two runs of one seed, since their pairs are not known.

    `column`: name of the column of seeds.
    """
    by_seed = find_values_by_seed(runs)
    steps = np.diff(by_seed.seeds)  # seeds ascend, so equal ones are neighbours
    if (steps == 0).any():
        raise DataError(f"{quote([column])} holds a seed twice in one group; give one run of each")
    return by_seed


def has_seeds_of_both(both: BothSides, groups: Groups) -> bool:
    """Say whether the two groups have a seed in common, so that their runs could be paired."""
    yours = both.yours
    if groups is None or not isinstance(yours, TidyRuns) or yours.seed_codes is None:
        return False
    index = yours.keys.index(both.grouping or "")
    names = np.array([key[index] for key in yours.groups])[yours.group_codes]
    first, second = (yours.seed_codes[names == name] for name in groups)
    return np.intersect1d(first, second).size > 0
