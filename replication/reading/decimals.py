"""The decimal sign of a table: one for all of its numbers."""

import dataclasses
import re
from collections.abc import Iterable

from replication.reading.cells import Cell, fill_cell
from replication.reading.question import Cause, Question, quote

SIGNS = (".", ",")
WHOLE = {
    mark: re.compile(rf"(?:[1-9]\d{{0,2}}(?:\{group}\d{{3}})+|\d*)(?:\{mark}\d*)?", re.ASCII)
    for mark, group in ((".", ","), (",", "."))
}
ASIDE = re.compile(r"^[-+]|[eE][-+]?\d+|[kKMGB%\s']")  # sign, power, suffix, unit, groups by space
SUFFIXES = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9}


def list_signs(number: str) -> set[str]:
    """Return which signs may be the decimal one of a number.

    >>> sorted(list_signs("0,831")), sorted(list_signs("1,234.5")), sorted(list_signs("12,345"))
    ([','], ['.'], [',', '.'])
    """
    digits = ASIDE.sub("", number)
    return {mark for mark in SIGNS if WHOLE[mark].fullmatch(digits)}


@dataclasses.dataclass(frozen=True)
class Decimals:
    """The decimal sign of a table, and the number that settled it."""

    sign: str
    witness: str | None = None

    def plain(self, number: str) -> str:
        """Return a printed number with a decimal point, without groups of thousands."""
        group = "," if self.sign == "." else "."
        bare = number.replace("'", "").replace(group, "").replace(self.sign, ".")
        body = bare.replace(" ", "")
        return body.removeprefix("+")

    def plain_cell(self, cell: Cell) -> Cell:
        """Return a cell whose numbers are plain."""
        numbers = {name: self.plain(text) for name, text in cell.get_numbers().items()}
        return fill_cell(cell, numbers)


POINT = Decimals(".")


def find_decimals(
    numbers: Iterable[str], *, where: str, wanted: str | None, is_point_sure: bool
) -> Decimals:
    """Return the decimal sign of all numbers of a table; what leaves it open is asked for.

    `wanted`: the sign that was given, for a table that leaves it open. `is_point_sure`: 12.345 is
    no 12345, since commas part the columns.
    """
    doubtful: str | None = None
    allowed = set(SIGNS)
    witnesses: dict[str, str] = {}
    for number in numbers:
        signs = list_signs(number)
        if not signs:
            message = f"{where}: {number} is a number with no decimal sign; write it as 0.83"
            raise Question(Cause.DECIMAL, message)
        allowed &= signs
        if len(signs) == 1:
            witnesses.setdefault(next(iter(signs)), number)
        elif "," in number or ("." in number and not is_point_sure):
            doubtful = doubtful or number
    if not allowed:
        raise _refuse_mixed(witnesses, where)
    if len(allowed) == 1:
        sign = next(iter(allowed))
        return Decimals(sign, witnesses.get(sign))
    if wanted is not None:
        return Decimals(wanted)
    if doubtful is not None:
        raise _ask_sign(doubtful, where)
    return POINT


def _refuse_mixed(witnesses: dict[str, str], where: str) -> Question:
    both = quote(witnesses.values())
    message = f"{where}: {both} cannot have the same decimal sign; write all numbers alike"
    return Question(Cause.DECIMAL, message)


def _ask_sign(number: str, where: str) -> Question:
    sign = re.search("[.,]", number)
    mark = "." if sign is None else sign[0]
    other = "," if mark == "." else "."
    decimal, whole = (re.sub("[.,]", plain, number) for plain in (".", ""))
    message = (
        f"{where}: is {number} the number {decimal} or {whole}? give `decimal` {mark} for "
        f"{decimal}, `decimal` {other} for {whole}"
    )
    return Question(Cause.DECIMAL, message)


def to_float(number: str) -> float:
    """Return a plain number as a float; a per cent sign stays a unit."""
    body = number.rstrip("% ")
    suffix = body[-1:]
    if suffix in SUFFIXES and suffix:
        return float(f"{body[:-1].strip()}e{SUFFIXES[suffix]}")
    return float(body)


def count_decimals(number: str) -> int:
    """Return how many decimals a plain number was printed with."""
    return len(number.rstrip("%kKMGB ").partition(".")[2].partition("e")[0])
