"""Tables of runs and of reports: read strictly, whatever their format, by their content."""

import contextlib
import csv
import difflib
import functools
import io
import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from replication.errors import DataError, UsageError
from replication.system.files import read_content, refuse_unreadable
from replication.wording import show

YES = {"1", "true", "t", "yes", "y"}
ANSWERS = YES | {"0", "false", "f", "no", "n"}
MISSING = {"", "na", "n/a", "nan", "null", "none", "<na>", "#n/a", "-", "--", "---", "–", "—"}
FORMATS = "CSV (commas, semicolons or tabs), Markdown, LaTeX, JSON lines and Parquet"
ADVICE = "write it as UTF-8 text, a header first, with commas, semicolons or tabs between columns"
NUMBERS = re.compile(r"[-0-9.,eE+±/%()\s]+")  # 1,5 ± 0,2 %
# 1,000.5
THOUSANDS = re.compile(r"\s*[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?\s*", re.ASCII)

PLAIN = ("integer", "floating", "boolean", "string", "large_string", "binary", "decimal", "null")
"""Types of Arrow that are read; of other types a few bytes may unpack to any number of cells."""
MAX_BYTES = 1 << 30
"""Largest file, and what it may unpack to."""
MAX_ROWS = 10_000_000
MAX_COLUMNS = 10_000
MAX_TYPESET = 200_000  # cells, of which a few letters can stand for many
LIMITS = f"at most {MAX_BYTES >> 30} GB, {MAX_ROWS:,} rows and {MAX_COLUMNS:,} columns are read"


class Table:
    """Columns by name; `columns` returns the cells of the one at a place when it is asked for."""

    def __init__(self, name: str, names: Sequence[str], columns: Any, n_rows: int) -> None:
        self.name, self.names, self.n_rows = name, list(names), n_rows
        self.columns = functools.cache(columns)  # since most are looked at more than once
        if n_rows > MAX_ROWS or len(self.names) > MAX_COLUMNS:
            raise DataError(f"{name} is too large: {LIMITS}")
        if n_rows == 0:
            raise DataError(f"{name} has no rows; give at least one")

    @classmethod
    def of(cls, given: Any, name: str) -> Self:
        """Take a table, a data frame, or a mapping of columns."""
        if isinstance(given, cls):
            return given
        import pandas as pd

        frame = given.to_pandas() if hasattr(given, "to_pandas") else given  # Arrow, Polars
        if isinstance(given, Mapping):
            advice = "give a list with a cell for each row"
            with refuse_unreadable(f"`{name}`", advice, kind="mapping of columns"):
                # By place, whatever index a column brings along.
                cells = {key: pd.Series(x, dtype=object).tolist() for key, x in given.items()}
                frame = pd.DataFrame(cells, dtype=object)
        if not isinstance(frame, pd.DataFrame):
            raise DataError(f"`{name}` was given as {show(given)}; give a table with named columns")
        names = [str(column) for column in frame.columns]
        return cls(f"`{name}`", names, lambda place: frame.iloc[:, place].tolist(), len(frame))

    def probe(self, name: str) -> list[Any]:
        """Return the first cells of a column, to see what it holds; none if it cannot be taken."""
        try:
            return self.take(name)[:1000]
        except DataError:
            return []

    def take(self, name: str) -> list[Any]:
        """Return a column by name."""
        if name not in self.names:
            nearest = difflib.get_close_matches(name, self.names[:1000], n=1)
            answer = f"did you mean {show(nearest[0])}? The" if nearest else "the"
            raise UsageError(f"{self.name} has no column {show(name)}; {answer} columns are "
                             f"{list_names(self.names)}")  # fmt: skip
        if (times := self.names.count(name)) > 1:
            doubled = f"{times} columns of {self.name} are called {show(name)}"
            raise DataError(f"{doubled}; rename all but one")
        return list(self.columns(self.names.index(name)))  # which its caller may change


def read_table(path: str, clean: Callable[[str], str] = str) -> Table:
    """Read a table; what it is shows in its content, not in its name.

    `clean`: what becomes of cells of LaTeX and Markdown.
    """
    name = "standard input" if path == "-" else show(path)
    content = _read_bytes(path, name)
    if content[:4] == b"PAR1":
        return _read_parquet(content, name)
    if b"\0" in content[:1000]:
        raise DataError(f"{name} is no table; allowed are {FORMATS}, unpacked")
    return _read_text(content, name, clean)


def _take_rows(name: str, names: Sequence[str], body: Sequence[Sequence[Any]]) -> Table:
    """Take rows, whose last cells may be lacking; refuse a header that is one of the data."""
    # A name such as 2024 may be a number; all of them, or one with a point, are data.
    numbers = [cell for cell in names if to_number(cell) is not None]
    if len(numbers) == len(names) or any("." in cell for cell in numbers):
        advice = "put a header with the names of the columns above it"
        raise DataError(f"the first line of {name} holds numbers ({list_names(names)}); {advice}")

    def read(place: int) -> list[Any]:
        return [row[place] if place < len(row) else None for row in body]

    return Table(name, names, read, len(body))


def _read_bytes(path: str, name: str) -> bytes:
    with refuse_unreadable(name, "give an existing file, or - for standard input"):
        if path != "-" and not path.startswith("/dev/fd/"):  # as <(zcat FILE) is in a shell
            return read_content(Path(path), largest=MAX_BYTES)
        # What flows has no size before it is read; standard input stays open.
        stdin = contextlib.nullcontext(sys.stdin.buffer)
        with stdin if path == "-" else Path(path).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataError(f"it is too large: {LIMITS}")
        return content


def _read_parquet(content: bytes, name: str) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    buffer, advice = pa.BufferReader(content), "write it again, or less of it"
    # Size and types stand in the footer, so a bomb is refused before it is unpacked.
    with refuse_unreadable(name, advice, kind="Parquet file"):
        head = parquet.read_metadata(buffer)
        schema = head.schema.to_arrow_schema()
        n_bytes = sum(head.row_group(i).total_byte_size for i in range(head.num_row_groups))
        if head.num_rows > MAX_ROWS or len(schema.names) > MAX_COLUMNS or n_bytes > MAX_BYTES:
            raise ValueError(LIMITS)

    def read(place: int) -> list[Any]:
        column, dtype = schema.names[place], schema.field(place).type
        plain = dtype.value_type if pa.types.is_dictionary(dtype) else dtype
        if not any(getattr(pa.types, f"is_{kind}")(plain) for kind in PLAIN):
            raise DataError(f"column {show(column)} holds {plain}; give one of numbers or texts")
        # Texts that are equal are held once, in the file as here, however many rows have them.
        is_text = "string" in str(plain) or "binary" in str(plain)
        once: dict[Any, Any] = {}
        with refuse_unreadable(name, advice, kind="Parquet file"):
            file = parquet.ParquetFile(buffer, read_dictionary=[column] if is_text else [])
            found = (cell.as_py() for cell in file.read(columns=[column]).column(0))
            cells = [once.setdefault(cell, cell) if is_text else cell for cell in found]
            if len(cells) != head.num_rows:
                raise ValueError(f"{len(cells):,} rows of {head.num_rows:,}")
        return cells

    return Table(name, schema.names, read, head.num_rows)


def _read_text(content: bytes, name: str, clean: Callable[[str], str]) -> Table:
    """Read lines, split where that gives most names."""
    with refuse_unreadable(name, ADVICE, kind="UTF-8 text"):
        text = content.decode("utf-8-sig")
    line = next((line for line in io.StringIO(text) if line.strip()), "")
    if not line:
        raise DataError(f"{name} is empty; give a table with a header and rows")
    if max(map(text.count, "\n\r")) > MAX_ROWS:  # before each is taken apart
        raise DataError(f"{name} is too large: {LIMITS}")
    if line.lstrip()[0] in "{[":
        return _read_json(text, name)
    if typeset := _split_typeset(text):
        if sum(map(len, typeset)) > MAX_TYPESET:
            raise DataError(f"{name} has too many cells; of LaTeX at most {MAX_TYPESET:,} are read")
        return _take_rows(name, *_split_header([[*map(clean, row)] for row in typeset]))
    # The sign that parts most cells, outside of quotes: "a, b";1
    separator = max(",;\t", key=re.sub('"[^"]*"', "", line).count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    rows: list[list[str]] = []
    with refuse_unreadable(name, ADVICE, kind="table"):
        for row in lines:
            cells = [cell.strip() for cell in row]
            if separator == ";":  # between which numbers may have a decimal comma
                cells = [c.replace(",", ".") if NUMBERS.fullmatch(c) else c for c in cells]
            if any(cells) or len(cells) > 1 or (rows and len(rows[0]) == 1):
                rows.append(cells or [""])  # an empty line may be a run without a value
    while rows and not any(rows[-1]):  # empty lines at the end
        rows.pop()
    names, *body = rows or [[""]]
    # 1,000 in a file of one column is one cell; else every row has as many as the header.
    for place, row in enumerate(body, start=1):
        if len(names) == 1 and len(row) > 1 and THOUSANDS.fullmatch(",".join(row)):
            row[:] = [",".join(row)]
        if len(row) != len(names):
            given = f"{len(row)} cells under a header of {len(names)} (row {place} of the data)"
            advice = f"{ADVICE}; semicolons if numbers have a decimal comma"
            raise DataError(f"{name} has a row of {given}; {advice}")
    return _take_rows(name, names, body)


def _read_json(text: str, name: str) -> Table:
    """Read JSON lines, an object for each row, or one list of objects."""
    advice = "give an object with plain values a line"
    with refuse_unreadable(name, advice, kind="table of JSON lines"):
        lines = ",".join(filter(str.strip, text.splitlines()))
        rows = json.loads(text if text.lstrip()[0] == "[" else f"[{lines}]")
        names = [*dict.fromkeys(key for row in rows for key in dict(row))]

    def read(place: int) -> list[Any]:
        cells = [row.get(names[place]) for row in rows]
        if any(isinstance(cell, (dict, list)) for cell in cells):
            raise DataError(f"column {show(names[place])} of {name} holds lists or objects")
        return cells

    return Table(name, names, read, len(rows))


def _split_typeset(text: str) -> list[list[str]]:
    """Return the cells of a table in LaTeX or Markdown; none if it is no such."""
    if "&" in text and re.search(r"\\\\\s*(?:[\[\\%].*)?$", text, re.MULTILINE):  # \\[2pt] \hline
        found = re.search(r"\\begin\{(?:tabular\*?|tabularx|array)\}(.*?)\\end\{", text, re.DOTALL)
        body = re.sub(r"(?<!\\)%.*", "", found[1] if found else text)  # 48 & 202 % a comment
        body = re.sub(r"^\s*(?:\[\w\])?(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})+", "", body)  # {lrr}
        # \toprule, \cline{2-3}, \cmidrule(lr){2-3}
        rules = r"\\(?:hline|(?:top|mid|bottom|cmid)rule|cline)(?:\([lr]+\))?(?:\{[-\d]+\})?"
        lines = re.split(r"\\\\(?:\[[^\]]*\])?", re.sub(rules, "", body))  # 48 & 202 \\[2pt]
        # \begin{tabular}{lr} 48 & 202 \\ \hline: cells between &, rows between \\
        rows = [_split_cells(line, "&") for line in lines if "&" in line]
    else:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        # | --- | :-: | under the header
        if len(lines) < 3 or not re.fullmatch(r"\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?", lines[1]):
            return []
        rows = [_split_cells(line.strip("|"), "|") for line in (lines[0], *lines[2:])]
    # A cell that spans several rows stands in each of them.
    spanning: dict[int, str] = {}  # by column
    for row in rows:
        for place, cell in enumerate(row):
            # \multirow{2}{*}{4-2-4}
            found = re.fullmatch(r"\\multirow\{\d+\}\{[^{}]*\}\{(.*)\}", cell, re.DOTALL)
            if found:
                spanning[place] = row[place] = found[1]
            elif cell:
                spanning.pop(place, None)
            else:
                row[place] = spanning.get(place, "")
    return rows


def _split_cells(line: str, separator: str) -> list[str]:
    """Return the cells of a line; one that spans several columns stands in each of them."""
    cells = []
    for cell in re.split(rf"(?<!\\){re.escape(separator)}", line[:100_000])[: MAX_COLUMNS + 1]:
        # \multicolumn{2}{c}{updates}
        wide = re.fullmatch(r"\s*\\multicolumn\{(\d{1,2})\}\{[^{}]*\}\{(.*)\}\s*", cell, re.DOTALL)
        cells += [wide[2]] * int(wide[1]) if wide else [cell.strip()]
    return cells


def _split_header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the header, joined where it has several lines, and the other rows."""
    width = max(map(len, rows))
    n_head = 1
    while n_head < len(rows) - 1 and not any(re.search(r"\d", cell) for cell in rows[n_head][1:]):
        n_head += 1
    head = [row + [""] * (width - len(row)) for row in rows[:n_head]]
    columns = (dict.fromkeys(filter(None, parts)) for parts in zip(*head, strict=True))
    names = [*map(" ".join, columns)]
    return names, rows[n_head:]


def read_keys(column: Sequence[Any]) -> list[str | None]:
    """Return the names of groups; None where a cell is empty. Texts stay as they are written."""
    keys = []
    for cell in column:
        is_whole = isinstance(cell, float) and cell.is_integer()
        text = str(int(cell) if is_whole else cell).strip()
        keys.append(text if isinstance(cell, str) or not is_missing(cell) else None)
    return [key or None for key in keys]


def is_missing(cell: Any) -> bool:
    """Say whether a cell is empty: no text, a word for nothing, None, NaN or NA."""
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    return cell is None or type(cell).__name__ in {"NAType", "NaTType"} or cell != cell  # noqa: PLR0124


def read_values(column: Sequence[Any], name: str) -> npt.NDArray[np.float64]:
    """Return a column of numbers, float64[n]; NaN where a cell is empty."""
    kinds = {isinstance(cell, (bool, np.bool_)) for cell in column if not is_missing(cell)}
    if kinds == {True}:
        advice = "give a column of numbers, or name it with `succeeded` and give `share`"
        raise DataError(f"column {show(name)} holds true and false; {advice}")
    found = np.empty(len(column))
    for row, cell in enumerate(column):
        number = math.nan if is_missing(cell) else to_number(cell)
        if number is None or math.isinf(number):
            raise _refuse(column, name, row, "numbers" if number is None else "finite numbers")
        found[row] = number
    return found


def to_number(cell: Any) -> float | None:
    """Return a cell as a number, None if it is none."""
    is_odd = isinstance(cell, str) and ("_" in cell or not cell.strip().isascii())
    is_bool = isinstance(cell, (bool, np.bool_))
    if is_odd or is_bool or not isinstance(cell, (str, int, float, np.number, Decimal)):
        return None
    try:
        is_long = isinstance(cell, str) and THOUSANDS.fullmatch(cell)
        return float(str(cell).replace(",", "") if is_long else cell)
    except OverflowError:
        return math.inf
    except ValueError:
        return None


def read_flags(column: Sequence[Any], name: str) -> npt.NDArray[np.bool_]:
    """Return a column of yes and no, bool[n]; no where a cell is empty."""
    answers = [str(cell).strip().lower().removesuffix(".0") for cell in column]
    for row, (cell, answer) in enumerate(zip(column, answers, strict=True)):
        if answer not in ANSWERS and not is_missing(cell):
            raise _refuse(column, name, row, "1 and 0, true and false, yes and no")
    return np.array([answer in YES for answer in answers], dtype=np.bool_)


def list_names(names: Sequence[str]) -> str:
    """Return the first names for a message, quoted."""
    return ", ".join([*map(show, names[:12]), *["..."] * (len(names) > 12)])


def _refuse(column: Sequence[Any], name: str, row: int, allowed: str) -> DataError:
    cell = f"{show(str(column[row]), length=40)} in row {row + 1} of the data"
    advice = f"allowed are {allowed}; correct or remove such rows"
    return DataError(f"column {show(name)} holds {cell}; {advice}")
