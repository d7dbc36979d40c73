"""The header of a table: its names are checked, and a header over several lines is joined."""

import collections
import dataclasses
import itertools
import re
from collections.abc import Sequence

from replication.errors import DataError
from replication.reading.cells import is_missing, split_cell
from replication.reading.names import find_statistic
from replication.reading.question import Cause, Question, quote
from replication.reading.typeset import fold

Rows = list[list[str]]
"""Cells of a table by row, the header first."""
SPREAD_BELOW = re.compile(  # (0.04), [0.79, 0.87] or ± 0.04, below the number that it belongs to
    r"[(\[]\s*±?\s*\d[\d.,]*\s*%?(?:\s*[,;–-]\s*-?\d[\d.,]*\s*%?)?\s*[)\]]|±\s*\d[\d.,]*\s*%?"
)
TUPLE = re.compile(r"\('[^']*'(?:, '[^']*')+\)")  # ('acc', 'mean')
QUOTED_PART = re.compile("'([^']*)'")
NUMBER_FIRST = re.compile(r"[-+±(\[$]*[.,]?\d")  # 0.83, (3)


def check_names(name: str, names: Sequence[str]) -> None:
    """Refuse a header in which a name is doubled, or which is a row of the data."""
    doubled = _list_doubled(names)
    if doubled:
        message = f"several columns of {name} are called {quote(doubled)}; rename all but one"
        raise Question(Cause.HEADER, message)
    numbers = [heading for heading in names if _is_data(heading)]
    # Headings such as 1, 2, 3 beside names are allowed: they may be seeds or steps.
    has_decimals = any(re.search(r"\d[.,]\d", number) for number in numbers)
    if has_decimals or len(numbers) == len(names):
        message = (
            f"the first line of {name} holds numbers ({quote(names)}); put a header with the names "
            "of the columns above it"
        )
        raise Question(Cause.HEADER, message)


def _list_doubled(names: Sequence[str]) -> list[str]:
    """Return the headings that several columns have."""
    counts = collections.Counter(names)
    return [name for name, n in counts.items() if name and n > 1]


def _is_data(text: str) -> bool:
    """Say whether a heading is a number of the data, as 0.83 or 0.83 ± 0.04; 25% is a quantile."""
    cell = split_cell(text)
    return cell is not None and cell.value is not None and "%" not in text


def join_header(rows: Rows) -> Rows:
    """Return rows in which a header over several lines, as pandas writes it, is one line.

    The lines "task, acc, acc" and ", mean, std" become "task, acc_mean, acc_std".
    """
    names, *body = rows
    n_lines = 1
    while len(body) > 1 and _continues_header(names, body[0]):
        names = [_join_names(top, below) for top, below in zip(names, body[0], strict=True)]
        body = body[1:]
        n_lines += 1
    if n_lines > 1 and len(body) > 1 and _is_index_line(body[0]):
        names = [below or top for top, below in zip(names, body[0], strict=True)]
        body = body[1:]
    return [names, *body]


def _continues_header(names: Sequence[str], below: Sequence[str]) -> bool:
    """Say whether a line belongs to the header above it.

    It does if it names statistics, or if it has words below a header that has a name twice. Such
    words may be a row of the data as well, with a text for a missing value, or a name of its own
    below the name of the first column.
    """
    words = [cell for cell in below if cell]
    if len(words) < 2:
        return False
    if all(find_statistic(fold(word)) for word in words):
        return True
    if any(_is_data(word) or is_missing(word) for word in words):
        return False
    is_named_row = bool(names[0]) and bool(below[0])
    return bool(_list_doubled(names)) and not is_named_row


def _is_index_line(row: Sequence[str]) -> bool:
    """Say whether a line holds only the names of the index, as pandas writes below a header."""
    n_names = len(list(itertools.takewhile(bool, row)))
    return 0 < n_names < len(row) and not any(row[n_names:])


def _join_names(top: str, below: str) -> str:
    """Return the heading of a column whose name stands on two lines: acc and mean, acc_mean."""
    if top.startswith("Unnamed: "):
        top = ""
    return "_".join(part for part in (top, below) if part)


def read_tuples(names: Sequence[str]) -> list[str]:
    """Return headings in which ('acc', 'mean'), two levels as pandas writes them, is acc_mean.

    >>> read_tuples(["task", "('acc', 'mean')"])
    ['task', 'acc_mean']
    """
    plain = []
    for name in names:
        parts = QUOTED_PART.findall(name) if TUPLE.fullmatch(name) else [name]
        plain.append("_".join(part for part in parts if part))
    return plain


def join_lines(rows: Rows) -> Rows:
    """Return the rows of a typeset table, with a header over several lines as one line."""
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    n_lines = 1
    while n_lines < len(rows) - 1 and _is_heading(padded[n_lines], padded[n_lines - 1]):
        n_lines += 1
    names = []
    for column in range(width):
        parts = [line[column] for line in padded[:n_lines] if line[column]]
        names.append(" ".join(dict.fromkeys(parts)))  # a heading that spans lines counts once
    return [names, *padded[n_lines:]]


def _is_heading(row: Sequence[str], above: Sequence[str]) -> bool:
    """Say whether a line without numbers belongs to the header above it.

    It does if the line above it has gaps, or the same heading twice.
    """
    has_words = any(cell and not is_missing(cell) for cell in row[1:])
    has_numbers = any(re.search(r"\d", cell) for cell in row)
    is_unfinished = "" in above or len(set(above)) < len(above)
    return has_words and is_unfinished and not has_numbers


def join_spreads(rows: Rows) -> Rows:
    """Return rows in which a row of spreads, "(0.04)", is joined to the numbers above it."""
    joined: Rows = []
    for row in rows:
        if len(joined) > 1 and _is_of_spreads(row, joined[-1]):
            above = joined[-1]
            joined[-1] = [f"{cell} {below}".strip() for cell, below in zip(above, row, strict=True)]
        else:
            joined.append(row)
    return joined


def _is_of_spreads(row: Sequence[str], above: Sequence[str]) -> bool:
    """Say whether a row has no name, and only spreads, each below a number."""
    if len(row) != len(above) or row[0] or not above[0]:
        return False
    pairs = [(cell, number) for cell, number in zip(row, above, strict=True) if cell]
    return bool(pairs) and all(
        SPREAD_BELOW.fullmatch(cell) is not None and _is_data(number) for cell, number in pairs
    )


@dataclasses.dataclass(frozen=True)
class Filled:
    """Rows in which empty cells are filled; `names`: the headings of the filled columns."""

    rows: Rows
    names: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user is told about it."""
        if not self.names:
            return ()
        return (f"Empty cells of {quote(self.names)} take the name above them.",)


def fill_down(rows: Rows) -> Filled:
    """Return a typeset table whose empty cells in the first columns have the name above them.

    Only columns of names are filled. In a column of numbers, an empty cell has no value.
    """
    names, *body = [list(row) for row in rows]
    filled = []
    for column in range(len(names) - 1):
        cells = [row[column] for row in body]
        has_numbers = any(NUMBER_FIRST.match(cell) for cell in cells)
        if has_numbers or not cells or not cells[0]:
            break
        if "" in cells:
            _fill_column(body, column)
            filled.append(names[column])
    return Filled([names, *body], tuple(filled))


def _fill_column(rows: Rows, column: int) -> None:
    """Give each empty cell of a column the text above it."""
    last = ""
    for row in rows:
        last = row[column] or last
        row[column] = last


def drop_empty(rows: Rows) -> Rows:
    """Return rows without the columns that are empty, heading included."""
    width = len(rows[0])
    kept = [column for column in range(width) if any(row[column] for row in rows)]
    if len(kept) == width:
        return rows
    return [[row[column] for column in kept] for row in rows]


def check_widths(name: str, rows: Rows, advice: str) -> Rows:
    """Refuse rows that are not as long as the header.

    Only the name of the first column may be missing, as write.table of R leaves it out; then it is
    put in as "".
    """
    names, *body = rows
    if body and all(len(row) == len(names) + 1 for row in body):
        return [["", *names], *body]
    for number, row in enumerate(body, start=1):
        if len(row) != len(names):
            given = f"{len(row)} cells under a header of {len(names)} (row {number} of the data)"
            raise DataError(f"{name} has a row of {given}; {advice}")
    return rows
