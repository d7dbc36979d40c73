"""Read a single table, of runs or of reported results, without comparing it to another."""

from typing import TYPE_CHECKING, Unpack

from replication.reading.files import read_file
from replication.reading.frames import GivenTable, read_frame
from replication.reading.options import (
    ReadingOptions,
    ReportOptions,
    RunsOptions,
    check_names,
    make_reading,
    select,
)
from replication.reading.reports import read_report_of
from replication.reading.runs import read_runs_of
from replication.reading.sheet import Sheet
from replication.reading.texts import is_printed, read_text
from replication.reading.tidy import TidyReport, TidyRuns

if TYPE_CHECKING:
    from pathlib import Path


def read_runs(table: "GivenTable | str | Path", **said: Unpack[RunsOptions]) -> TidyRuns:
    """Read a table of runs: a value for each run, its keys and its seed.

    Every column has one role. A role is inferred only if no other is possible; what can be read
    in two ways is asked, and never guessed.

    Parameters
    ----------
    table : path, data frame, or mapping of str to columns
        A row for each run, or for each step of a run.
    **said : options
        What the table leaves open; names of columns are texts, or lists of them:
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
    decimal : {., ,}
        The decimal sign of numbers that leave it open, as 12,345 does.

    Returns
    -------
    TidyRuns
        With `to_frame()`, `to_csv()` and `read_as`, which says the role of each column.

    Raises
    ------
    Question
        If the table can be read in two ways; its message says what to give.
    DataError, StorageError
        If it cannot be read at all.

    Examples
    --------
    >>> log = {"seed": [0, 0, 1, 1], "step": [1, 2, 1, 2], "acc": [0.5, 0.8, 0.6, 0.9]}
    >>> read_runs(log, take="last").values.tolist()
    [0.8, 0.9]
    """
    check_names(said, RunsOptions)
    reading = make_reading(select(said, ReadingOptions))
    return read_runs_of(read_sheet(table, "table"), reading)


def read_report(table: "GivenTable | str | Path", **said: Unpack[ReportOptions]) -> TidyReport:
    """Read reported results: their keys, and statistics by name.

    Parameters
    ----------
    table : path, data frame, mapping of str to columns, or str
        A row for each result, or a column for each method; or a text: "0.83 ± 0.04, n = 5".
    **said : options
        What the report leaves open:
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
    n
        Runs behind each reported number that does not say it.
    plus_minus
        What ± or brackets are: sd, se, ci, 2sd, '90% ci', 'ci t' or 'sd n-1'; of two ends also iqr
        and range; ignore for brackets that are no spread.
    decimal : {., ,}
        The decimal sign of numbers that leave it open, as 12,345 does.

    Returns
    -------
    TidyReport
        With `to_frame()`, `to_csv()` and `read_as`.

    Raises
    ------
    Question
        If the table can be read in two ways; its message says what to give.
    DataError, StorageError
        If it cannot be read at all.

    Examples
    --------
    >>> report = read_report("0.83 ± 0.04, n = 5", plus_minus="sd")
    >>> dict(report.rows[0].numbers)
    {'mean': '0.83', 'sd': '0.04', 'runs': '5'}
    """
    check_names(said, ReportOptions)
    reading = make_reading(select(said, ReadingOptions))
    if isinstance(table, str) and not is_file(table) and is_printed(table):
        return read_text(table, reading)
    return read_report_of(read_sheet(table, "table"), reading)


def is_file(text: str) -> bool:
    """Say whether a text names a file that exists, or standard input."""
    from pathlib import Path

    try:
        return text == "-" or Path(text).exists()
    except (OSError, ValueError):
        return False


def read_sheet(table: "GivenTable | str | Path", name: str) -> Sheet:
    """Return the `Sheet` of a file or of a table in memory; `name`: the argument that it is."""
    import os

    if isinstance(table, (str, os.PathLike)):
        return read_file(os.fspath(table))
    return read_frame(table, name)
