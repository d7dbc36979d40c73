"""Tables as pandas and R print them, with spaces between columns."""

import re
from collections.abc import Sequence

from replication.reading.cells import split_cell
from replication.reading.headers import Rows
from replication.reading.question import Cause, Question, quote

GAP = re.compile(r" {2,}")  # between columns that are aligned by spaces
SPACE = re.compile(r"\s+")
TYPES = re.compile(r"\s*(?:<\w+>\s*)+")  # <chr> <dbl>, below the header of a tibble
QUARTILE = re.compile(r"\b(1st|3rd) Qu\.")  # 1st Qu., a heading of summary() with a space in it
SUMMARY = re.compile(r"\b1st Qu\.\s*:")  # 1st Qu.:0.79, a cell of summary() of a data frame
DOTS = r"\$?(?:\.{2,3}|…|⋮|\\[cdlv]dots)\$?"
ELIDED = re.compile(
    r"^[ \t]*+(?:"
    r"\[[\d,]+ rows x [\d,]+ columns\]"  # [1000 rows x 5 columns]
    r"|.{0,200}Length: \d+, dtype: \w+"  # Name: acc, Length: 1000, dtype: float64
    r"|\[ reached .{0,80} omitted .{0,80}\]"  # [ reached 'max' / ... -- omitted 9 rows ]
    r"|# \S{1,3} (?:with )?[\d,]+ more (?:row|variable|column).*"  # # ℹ 990 more rows
    rf"|[|&,; \t]*+{DOTS}(?:[|&,; \t]+{DOTS})*[|&,; \t\\]*"  # ..   ...  ...
    r")[ \t]*$",
    re.MULTILINE,
)
"""A line that says, or shows by dots, that rows or columns of a table were left out."""
TO_FILE = "to_csv() of pandas or write.csv() of R"


def refuse_elided(text: str, name: str) -> None:
    """Refuse a table that was printed with rows or columns left out, or is a summary() of R."""
    line = ELIDED.search(text)
    if line is not None:
        message = (
            f"{name} was printed with rows or columns left out ({quote([line[0].strip()])}); write "
            f"all of it, with {TO_FILE}"
        )
        raise Question(Cause.FORMAT, message)
    if SUMMARY.search(text):
        message = (
            f"{name} is a summary() of R, and no table; give a row for each run, or what it says "
            "as a text, as 'mean=0.83 median=0.84 q1=0.8 q3=0.86 n=20'"
        )
        raise Question(Cause.FORMAT, message)


def split_printed(text: str, name: str) -> Rows | None:
    """Return the rows of a table that pandas or R printed; None if its columns have no gaps.

    The first column may have no name, or one on a line of its own below the header.
    """
    lines = [QUARTILE.sub(r"\1_Qu.", line.strip()) for line in text.split("\n")]
    lines = [line for line in lines if line and not TYPES.fullmatch(line)]
    by_single = _split_columns(lines, SPACE)
    if by_single is not None and _counts_rows(by_single):
        return by_single  # as R prints a data frame: one space may stand between columns
    rows = _split_columns(lines, GAP) or by_single
    if rows is None and sum(GAP.search(line) is not None for line in lines) > 1:
        message = (
            f"columns of {name} are parted by spaces, and not every line has as many; write it "
            f"with commas between columns, as {TO_FILE} does"
        )
        raise Question(Cause.FORMAT, message)
    return rows


def _split_columns(lines: Sequence[str], gap: re.Pattern[str]) -> Rows | None:
    """Return the cells of lines that are split at gaps; None if this gives no table.

    A table has the same number of cells in all lines, and a number in each row. No cell may hold
    several numbers (10 0.83 0.04), since the gap was too wide then.
    """
    names, *rows = [gap.split(line) for line in lines]
    if not rows:
        return None
    width = len(rows[-1])
    if len(names) == width - 1:
        # The first column has no name, or pandas has put it on a line of its own.
        is_named = len(rows) > 1 and len(rows[0]) == 1
        names = [rows.pop(0)[0] if is_named else "", *names]
    if width == 1 or any(len(row) != width for row in (names, *rows)):
        return None
    for row in rows:
        if not any(split_cell(cell) for cell in row) or any(map(_is_of_numbers, row)):
            return None
    return [names, *rows]


def _is_of_numbers(cell: str) -> bool:
    """Say whether a cell is several numbers, with one space between them."""
    parts = cell.split(" ")
    return len(parts) > 1 and all(split_cell(part) for part in parts)


def _counts_rows(rows: Rows) -> bool:
    """Say whether the first column has no name and counts the rows, from 0 or 1."""
    names, *body = rows
    first = [row[0] for row in body]
    return names[0] == "" and first in (
        [str(row) for row in range(len(body))],
        [str(row + 1) for row in range(len(body))],
    )
