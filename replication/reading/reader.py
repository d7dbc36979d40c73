"""Reading a table for its own sake: what was read, before anything is judged."""

from typing import TYPE_CHECKING

from replication.reading.files import read_file
from replication.reading.frames import GivenTable, read_frame
from replication.reading.options import Names, make_reading
from replication.reading.reports import read_report_of
from replication.reading.runs import read_runs_of
from replication.reading.sheet import Sheet
from replication.reading.texts import is_printed, read_text
from replication.reading.tidy import TidyReport, TidyRuns

if TYPE_CHECKING:
    from pathlib import Path


def read_runs(
    table: "GivenTable | str | Path",
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
    decimal: str | None = None,
) -> TidyRuns:
    """Read a table of runs: a value for each run, its keys and its seed.

    Every column has one role. A role is inferred only if no other is possible; what can be read
    in two ways is asked, and never guessed.

    Parameters
    ----------
    table : path, data frame, or mapping of str to columns
        A row for each run, or for each step of a run.
    by : str or sequence of str, optional
        Columns of keys.
    value : str or sequence of str, optional
        Columns of values; several become a key called "metric".
    succeeded : str, optional
        Column that says which runs succeeded.
    seed, step : str, optional
        Columns that say which run a row is of, and which step of it.
    take : {"last", "last-each", "max", "min", "mean"} or a step, optional
        What stands for a run of a log.
    where : str or sequence of str, optional
        Rows to keep: "status=FINISHED"; or to leave out: "acc!=nan".
    ignore : str or sequence of str, optional
        Columns that are of no use.
    wide : str, optional
        A key whose cells stand in the headings: "method", or "method=TD3,PPO".
    decimal : {".", ","}, optional
        The decimal sign of a table that leaves it open.

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
    reading = make_reading(
        by=by,
        value=value,
        succeeded=succeeded,
        seed=seed,
        step=step,
        take=take,
        where=where,
        ignore=ignore,
        wide=wide,
        decimal=decimal,
    )
    return read_runs_of(read_sheet(table, "table"), reading)


def read_report(
    table: "GivenTable | str | Path",
    *,
    by: Names = None,
    value: Names = None,
    where: Names = None,
    ignore: Names = None,
    wide: str | None = None,
    stat: str | None = None,
    n: str | int | None = None,
    plus_minus: str | None = None,
    decimal: str | None = None,
) -> TidyReport:
    """Read reported results: their keys, and statistics by name.

    Parameters
    ----------
    table : path, data frame, mapping of str to columns, or str
        A row for each result, or a column for each method; or a text: "0.83 ± 0.04, n = 5".
    by, where, ignore, wide, decimal : optional
        As for `read_runs`.
    value : str, optional
        The column that holds the results, where no heading says so.
    stat : {"mean", "median", "share"}, optional
        What a number without a name is.
    n : int or str, optional
        Runs behind each result that does not say it.
    plus_minus : str, optional
        What ± or brackets are: "sd", "se", "ci", "2sd", "90% ci"; of two ends also "iqr" and
        "range"; "ignore" for brackets that are no spread.

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
    reading = make_reading(
        by=by,
        value=value,
        where=where,
        ignore=ignore,
        wide=wide,
        stat=stat,
        n=n,
        plus_minus=plus_minus,
        decimal=decimal,
    )
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
    """Return a table of texts from whatever holds one; `name`: that of the argument."""
    import os

    if isinstance(table, (str, os.PathLike)):
        return read_file(os.fspath(table))
    return read_frame(table, name)
