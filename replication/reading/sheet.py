"""A table as it stands in a file, by column: headings, and cells as texts or numbers."""

import dataclasses
import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from replication.errors import DataError
from replication.reading.cells import TRUTH, Cell, is_missing, split_cell
from replication.reading.question import Cause, Question, quote
from replication.reading.typeset import clean, fold

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

UNIT = re.compile(r"(?<=[\d.])\s?([A-Za-zµ]{1,4})")  # 3.1 s
DENSE = 8  # whole numbers are counted in a table if their range is at most 8 times their number
SUFFIXES = {"k", "K", "M", "G", "B", "e"}  # part of a number, and no units: 1.2k
MULTIPLES = {"mio", "mil", "mill", "mn", "mrd", "bn", "tsd", "th"}  # no units: 3.1 Mio


@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """A column: its heading, and its cells in one of three forms.

    `texts`: a text for each cell. `coded`: the distinct texts, and the index of each cell among
    them, as a large table is read. `numbers`: floats, if all cells are plain numbers.
    """

    name: str
    texts: Sequence[str] = ()
    numbers: FloatArray | None = None
    coded: tuple[list[str], IntArray] | None = None

    def __len__(self) -> int:
        if self.numbers is not None:
            return self.numbers.size
        return len(self.texts) if self.coded is None else self.coded[1].size

    @functools.cached_property
    def _distinct(self) -> tuple[list[str], IntArray]:
        """The distinct texts of a column of texts, and the index of each cell among them."""
        if self.coded is not None:
            return self.coded
        codes_by_text: dict[str, int] = {}
        # A new text gets the next code.
        codes = [codes_by_text.setdefault(text, len(codes_by_text)) for text in self.texts]
        return list(codes_by_text), np.array(codes, dtype=np.int64)

    @functools.cached_property
    def _distinct_numbers(self) -> tuple[FloatArray, IntArray]:
        """The distinct numbers of a column of floats, and the index of each cell among them."""
        numbers = np.asarray(self.numbers)
        whole = _find_distinct_whole(numbers)
        if whole is not None:
            return whole
        values, codes = np.unique(numbers, return_inverse=True)
        return values, codes.astype(np.int64)

    @functools.cached_property
    def levels(self) -> list[str]:
        """The distinct texts, empty ones included; those of `codes`."""
        if self.numbers is not None:
            return format_floats(self._distinct_numbers[0])
        return self._distinct[0]

    @property
    def codes(self) -> IntArray:
        """The index of each cell in `levels`, int64[n]."""
        if self.numbers is not None:
            return self._distinct_numbers[1]
        return self._distinct[1]

    @functools.cached_property
    def n_distinct(self) -> int:
        """The number of different cells."""
        if self.numbers is not None:
            return self._distinct_numbers[0].size
        return len(self.levels)

    @functools.cached_property
    def varies(self) -> bool:
        """Whether not all cells are the same."""
        if self.numbers is None:
            return self.n_distinct > 1
        first = self.numbers[0]
        is_as_first = self.numbers == first
        if np.isnan(first):
            is_as_first = np.isnan(self.numbers)
        return not bool(is_as_first.all())

    def get_text(self, row: int) -> str:
        """Return one cell of a column of texts."""
        if self.coded is not None:
            levels, codes = self.coded
            return levels[int(codes[row])]
        return self.texts[row]

    def list_texts(self) -> list[str]:
        """Return all cells as texts."""
        if self.numbers is None and self.coded is None:
            return list(self.texts)
        levels = self.levels
        return [levels[code] for code in self.codes]

    @functools.cached_property
    def distinct_texts(self) -> list[str]:
        """The distinct texts that are not empty."""
        return [text for text in self.levels if not is_missing(text)]

    @functools.cached_property
    def is_empty(self) -> BoolArray:
        """Which cells hold nothing, bool[n]."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        empty = np.array([is_missing(text) for text in self.levels], dtype=np.bool_)
        return np.asarray(empty[self.codes])

    @functools.cached_property
    def unit(self) -> str:
        """The unit behind at least half of the numbers, as in 3.1 s; "" if there is none."""
        if self.numbers is not None:
            return ""
        matches = [UNIT.search(clean(text)) for text in self.distinct_texts]
        units = {match[1] for match in matches if match and match.end() == len(match.string)}
        if len(units) != 1:
            return ""
        (unit,) = units
        if unit in SUFFIXES or unit.lower() in MULTIPLES:
            return ""
        n_with_unit = sum(match is not None for match in matches)
        return unit if 2 * n_with_unit >= len(self.distinct_texts) else ""

    def split(self, text: str) -> Cell | None:
        """Return the numbers of a cell of this column, without its unit; None if it has none."""
        truth = TRUTH.get(text.strip().lower()) if self.is_truth else None
        if truth is not None:
            return Cell(value=truth)
        body = clean(text) if self.unit else text
        if self.unit and body.endswith(self.unit):
            body = body.removesuffix(self.unit).strip()
        return split_cell(body)

    def list_cells(self) -> list[Cell]:
        """Return the numbers of its distinct texts that can be read; an empty list for floats."""
        if self.numbers is not None:
            return []
        cells = [self.split(text) for text in self.distinct_texts]
        return [cell for cell in cells if cell is not None]

    @functools.cached_property
    def is_truth(self) -> bool:
        """Whether it says true and false, or yes and no."""
        if self.numbers is not None or not self.distinct_texts:
            return False
        return all(text.strip().lower() in TRUTH for text in self.distinct_texts)

    @functools.cached_property
    def is_numeric(self) -> bool:
        """Whether at least half of the cells that are not empty are numbers."""
        if self.numbers is not None:
            return True
        if self.is_truth:
            return True
        is_number = np.array([self.split(text) is not None for text in self.levels], dtype=np.bool_)
        n_known = int((~self.is_empty).sum())
        n_numbers = int((is_number[self.codes] & ~self.is_empty).sum())
        return n_known > 0 and 2 * n_numbers >= n_known

    @functools.cached_property
    def has_numbers(self) -> bool:
        """Whether any of its cells is a number."""
        return self.numbers is not None or any(self.split(text) for text in self.distinct_texts)

    @functools.cached_property
    def is_binary(self) -> bool:
        """Whether it holds nothing but 0 and 1, or words for them."""
        if self.numbers is not None:
            known = self.numbers[~np.isnan(self.numbers)]
            return bool(((known == 0.0) | (known == 1.0)).all())
        return self.is_truth or (
            bool(self.distinct_texts) and set(self.distinct_texts) <= {"0", "1", "0.0", "1.0"}
        )

    @functools.cached_property
    def is_counter(self) -> bool:
        """Whether it counts the rows: 0, 1, 2, ... or 1, 2, 3, ...

        In a table of a single row, only a column without a name counts as a counter.
        """
        if len(self) < 2 and self.name:
            return False
        if self.numbers is not None:
            start = self.numbers[0]
            return bool(
                start in (0.0, 1.0)
                and np.array_equal(self.numbers, start + np.arange(self.numbers.size))
            )
        texts = self.list_texts()
        first = texts[0]
        if first not in ("0", "1"):
            return False
        return texts == [str(int(first) + row) for row in range(len(self))]

    def take_coded(self, codes: IntArray) -> Self:
        """Return the column with other cells: `codes`, the indices of its distinct texts."""
        return dataclasses.replace(self, coded=_drop_unused(self.levels, codes))

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return the column with some of its rows, by index or by a mask."""
        if self.numbers is not None:
            return dataclasses.replace(self, numbers=self.numbers[rows])
        if self.coded is not None:
            return self.take_coded(self.coded[1][rows])
        indices = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        texts = self.texts
        return dataclasses.replace(self, texts=[texts[index] for index in indices.tolist()])


def _find_distinct_whole(numbers: FloatArray) -> tuple[FloatArray, IntArray] | None:
    """Return the distinct numbers, and the index of each cell among them, without sorting.

    None if not all numbers are whole, or if their range is much larger than their number.
    """
    low = float(numbers.min())
    span = float(numbers.max()) - low
    is_dense = span <= DENSE * numbers.size
    # Both conditions also fail if any number is NaN.
    if not is_dense or not float(low).is_integer():
        return None
    offsets = (numbers - low).astype(np.int64)
    if not np.array_equal(offsets + low, numbers):
        return None
    is_used = np.bincount(offsets) > 0
    values = np.flatnonzero(is_used).astype(np.float64) + low
    ranks = np.cumsum(is_used, dtype=np.int64) - 1
    return values, np.asarray(ranks[offsets])


def format_floats(values: FloatArray) -> list[str]:
    """Return numbers as people print them: 5, and not 5.0."""
    if np.isfinite(values).all() and (np.abs(values) < 1e15).all():
        whole = values.astype(np.int64)
        if np.array_equal(whole, values):
            return [str(value) for value in whole.tolist()]
    return [format_float(value) for value in values.tolist()]


def _drop_unused(levels: list[str], codes: IntArray) -> tuple[list[str], IntArray]:
    """Return the distinct texts that occur, and the index of each cell among them."""
    used, new_codes = np.unique(codes, return_inverse=True)
    return [levels[code] for code in used.tolist()], new_codes.astype(np.int64)


def format_float(value: float) -> str:
    """Return a number as people print it: 5, and not 5.0; "" for NaN.

    >>> format_float(5.0), format_float(0.1), format_float(float("nan"))
    ('5', '0.1', '')
    """
    if np.isnan(value):
        return ""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


@dataclasses.dataclass(frozen=True, eq=False)
class Sheet:
    """A table of columns.

    `name`: what messages call the table. `is_decimal_point_sure`: 12.345 cannot mean 12345, because
    commas part the columns, or a program wrote the numbers. `notes`: what was left out so far.
    """

    name: str
    columns: tuple[Column, ...]
    is_decimal_point_sure: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.columns or len(self.columns[0]) == 0:
            raise DataError(f"{self.name} has no rows; give at least one")

    @classmethod
    def of_rows(
        cls,
        name: str,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        is_decimal_point_sure: bool = False,
        notes: tuple[str, ...] = (),
    ) -> Self:
        """Return the table of some rows of texts, each as long as the header."""
        cells = [[row[index] for row in rows] for index in range(len(headings))]
        columns = [Column(head, texts) for head, texts in zip(headings, cells, strict=True)]
        return cls(name, tuple(columns), is_decimal_point_sure, notes)

    @property
    def names(self) -> list[str]:
        """The headings."""
        return [column.name for column in self.columns]

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0])

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise self.refuse_name(name)

    def refuse_name(self, name: str) -> Question:
        """Return the error for a column that is not there."""
        nearest = difflib.get_close_matches(name, self.names[:1000], n=1)
        meant = f"did you mean {quote(nearest)}? The" if nearest else "the"
        message = f"{self.name} has no column {quote([name])}; {meant} columns are "
        notes = f" ({' '.join(self.notes)})" if self.notes else ""
        return Question(Cause.COLUMN, message + quote(self.names) + notes)

    def find(self, name: str) -> str | None:
        """Return the heading that a name means; None if there is none, or several.

        Spelling is as in `fold`. The last part of eval/return or metrics.acc is enough, if no other
        heading ends in it.
        """
        if name in self.names:
            return name
        wanted = fold(name)
        headings = [heading for heading in self.names if fold(heading) == wanted]
        if not headings and wanted:
            last_parts = {heading: re.split(r"[/.]", heading)[-1] for heading in self.names}
            headings = [heading for heading, last in last_parts.items() if fold(last) == wanted]
        return headings[0] if len(headings) == 1 else None

    def choose(self, names: Iterable[str]) -> list[str]:
        """Return the headings that some names mean (see `find`); refuse a name that means none."""
        headings = []
        for name in names:
            heading = self.find(name)
            if heading is None:
                raise self.refuse_name(name)
            headings.append(heading)
        return headings

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return the table with some of its rows, by index or by a mask."""
        columns = tuple(column.take(rows) for column in self.columns)
        return dataclasses.replace(self, columns=columns)

    def rename(self, names: dict[str, str]) -> Self:
        """Return the same table with other headings."""
        columns = []
        for column in self.columns:
            new_name = names.get(column.name, column.name)
            columns.append(dataclasses.replace(column, name=new_name))
        return dataclasses.replace(self, columns=tuple(columns))

    def add_note(self, note: str) -> Self:
        """Return the same table with one more note on what was left out."""
        return dataclasses.replace(self, notes=(*self.notes, note))
