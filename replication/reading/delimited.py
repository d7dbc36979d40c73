"""Tables with commas, semicolons or tabs between columns."""

import csv
import io
import re
from collections.abc import Sequence

from replication.errors import DataError
from replication.reading.cells import is_missing, split_cell
from replication.reading.headers import (
    Rows,
    check_names,
    check_widths,
    drop_empty,
    join_header,
    join_spreads,
    read_tuples,
)
from replication.reading.printed import refuse_elided, split_printed
from replication.reading.sheet import Sheet
from replication.system.files import refuse_unreadable

ADVICE = "write it as UTF-8 text, a header first, with commas, semicolons or tabs between columns"
LONGER_ADVICE = f"{ADVICE}; semicolons if numbers have a decimal comma"
SEPARATORS = ",;\t"
SEVERAL = re.compile(r"[,;\t]|^ |  ")  # what the header of several columns has
QUOTED = re.compile('"[^"]*"')  # "a, b"
COMMENT = re.compile(r"\s*#(?:\s|\{|$)")  # "# a remark", "#{...}", but not "#seeds"
EXCEL = re.compile(r"sep=[,;\t]\s*", re.IGNORECASE)  # a line that Excel reads above a header


def find_separator(line: str) -> str:
    """Return the sign (comma, semicolon or tab) that a line has most of, outside of quotes."""
    bare = QUOTED.sub("", line)
    return max(SEPARATORS, key=bare.count)


def drop_comments(text: str) -> str:
    """Return a text without the remarks above its header.

    A remark directly above numbers is the header itself, as numpy.savetxt writes it.
    """
    lines = text.split("\n")
    if EXCEL.fullmatch(lines[0]):
        lines = lines[1:]
        text = "\n".join(lines)
    n_remarks = 0
    while n_remarks < len(lines) and (
        COMMENT.match(lines[n_remarks]) or not lines[n_remarks].strip()
    ):
        n_remarks += 1
    if n_remarks == 0 or n_remarks == len(lines):
        return text
    first = lines[n_remarks]
    remark = lines[n_remarks - 1].lstrip(" #")
    separator = find_separator(first)
    # "# seed,acc" above "0,0.83".
    is_header = remark.count(separator) == first.count(separator) and _is_data(first, separator)
    body = lines[n_remarks:]
    return "\n".join([remark, *body] if is_header and remark else body)


def _is_data(line: str, separator: str) -> bool:
    """Say whether all cells of a line are numbers."""
    cells = line.split(separator)
    return all(split_cell(cell.strip()) is not None for cell in cells)


def read_delimited(text: str, name: str) -> Sheet:
    """Read a table by the separator that its header has most of, or by spaces if it has none."""
    body = drop_comments(text)
    header = next(line for line in body.split("\n") if line.strip())
    separator = find_separator(header)
    if SEVERAL.search(header):  # in a single column, dots may be a value
        refuse_elided(body, name)
    printed = None
    if separator not in QUOTED.sub("", header):  # as pandas or R print a table
        printed = split_printed(body, name)
    rows = _split_lines(body, separator, name) if printed is None else printed
    if not rows:
        raise DataError(f"{name} is empty; give a table with a header and rows")
    rows = join_spreads(join_header(drop_empty(check_widths(name, rows, LONGER_ADVICE))))
    rows[0] = read_tuples(rows[0])
    check_names(name, rows[0])
    return Sheet.of_rows(name, rows[0], rows[1:], is_decimal_point_sure=separator == ",")


def _split_lines(text: str, separator: str, name: str) -> Rows:
    """Return the cells of each line, without remarks and empty lines."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    rows: Rows = []
    with refuse_unreadable(name, ADVICE, kind="table"):
        for row in lines:
            cells = [cell.strip() for cell in row]
            if _is_kept(cells, rows):
                rows.append(cells or [""])
    while len(rows) > 1 and not any(rows[-1]):  # empty lines at the end
        rows.pop()
    if rows and len(rows[0]) == 1:
        rows = _join_single(rows, separator)
    return rows


def _is_kept(cells: Sequence[str], rows: Rows) -> bool:
    """Say whether a line belongs to the table: it is no remark and not empty.

    In a file of one column, an empty line may be a run without a value, and is kept.
    """
    if len(cells) == 1 and COMMENT.match(cells[0]):
        return False
    if any(cells) or len(cells) > 1:
        return True
    return bool(rows) and len(rows[0]) == 1


def _join_single(rows: Rows, separator: str) -> Rows:
    """Return rows below a header of one column; a comma is part of a number there: 1,000 or 48,5.

    If the joined cells are no numbers, the rows are returned as they are.
    """
    joined = [[separator.join(row)] for row in rows]
    is_numbers = all(is_missing(row[0]) or split_cell(row[0]) for row in joined[1:])
    return joined if is_numbers else rows
