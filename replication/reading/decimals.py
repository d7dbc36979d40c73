"""The decimal sign of a table: one for all of its numbers."""

import dataclasses
import re
from collections.abc import Iterable

from replication.reading.cells import Cell, fill_cell
from replication.reading.question import Cause, Question, quote
from replication.reading.signs import SIGNS, list_signs

SUFFIXES = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9}
"""Powers of ten that letters behind a number stand for."""


@dataclasses.dataclass(frozen=True)
class Decimals:
    """The decimal sign of a table, and a number that allows no other, if there is one.

    `is_given`: the user said it.
    """

    sign: str
    witness: str | None = None
    is_given: bool = False

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


def find_decimals_of(
    cells: Iterable[Cell], *, where: str, wanted: str | None, is_decimal_point_sure: bool
) -> Decimals:
    """Return the decimal sign of a table, which tells whether [50,66] is an interval or a number.

    That is asked where the sign does not tell it. The arguments are those of `find_decimals`.
    """
    numbers: list[str] = []
    pairs: list[Cell] = []
    for cell in cells:
        if cell.joined is not None:
            pairs.append(cell)
            numbers.extend(fill_cell(cell, {"low": None, "high": None}).list_numbers())
        else:
            numbers.extend(cell.list_numbers())
    decimals = find_decimals(
        numbers, where=where, wanted=wanted, is_decimal_point_sure=is_decimal_point_sure
    )
    is_open = decimals.witness is None and wanted is None  # nothing tells the sign
    for pair in pairs:
        # With a decimal point, [12,345] is 12 to 345, or 12345 with a group of thousands.
        may_group = "." in list_signs(pair.joined or "")
        if is_open or (decimals.sign == "." and may_group):
            raise _ask_pair(pair, where)
    return decimals


def find_decimals(
    numbers: Iterable[str], *, where: str, wanted: str | None, is_decimal_point_sure: bool
) -> Decimals:
    """Return the decimal sign of all numbers of a table; ask if they allow both signs.

    `where`: the table, in messages. `wanted`: the sign that the user gave, which counts if the
    numbers allow both. `is_decimal_point_sure`: 12.345 cannot mean 12345, because commas part the
    columns, or a program wrote the numbers.
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
        # Both signs are possible: 12,345, or 12.345 where a comma may be the decimal sign.
        elif "," in number or ("." in number and not is_decimal_point_sure):
            doubtful = doubtful or number
    if not allowed:
        raise _refuse_mixed(witnesses, where)
    if len(allowed) == 1:
        sign = next(iter(allowed))
        return Decimals(sign, witnesses.get(sign), is_given=sign == wanted)
    if wanted is not None:
        return Decimals(wanted, is_given=True)
    if doubtful is not None:
        raise _ask_sign(doubtful, where)
    return POINT


def _ask_pair(cell: Cell, where: str) -> Question:
    """Return the question whether [50,66] is an interval or a number."""
    joined = cell.joined or ""
    may_group = "." in list_signs(joined)
    message = f"{where}: is {joined} two numbers, {cell.low} and {cell.high}, or one"
    if may_group:  # [12,345]: 12 and 345, or 12345; a decimal sign would not tell
        message += f"? write {cell.low}; {cell.high} for two, and no comma for one"
    else:  # [50,66]: 50 and 66, or 50.66
        point = joined.replace(",", ".")
        message += (
            f", {point}? give `decimal` . for two and `decimal` , for one, or write {cell.low}; "
            f"{cell.high}"
        )
    return Question(Cause.DECIMAL, message)


def ask_pair_of_comma(cell: Cell, where: str) -> Question:
    """Return the question whether [50,66] is an interval or a number, with a decimal comma."""
    joined = cell.joined or ""
    point = joined.replace(",", ".")
    message = (
        f"{where}: is {joined} two numbers, {cell.low} and {cell.high}, or one, {point}? write "
        f"{cell.low} to {cell.high} for two, or give `decimal` , for one"
    )
    return Question(Cause.DECIMAL, message)


def _refuse_mixed(witnesses: dict[str, str], where: str) -> Question:
    """Return the error for a table in which one number needs a point and another a comma."""
    both = quote(witnesses.values())
    message = f"{where}: {both} cannot have the same decimal sign; write all numbers alike"
    return Question(Cause.DECIMAL, message)


def _ask_sign(number: str, where: str) -> Question:
    """Return the question what 12,345 is: 12.345, or 12345 with a group of thousands."""
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
    """Return a plain number as a float: 12% is 12, and 1.2k is 1200."""
    body = number.rstrip("% ")
    suffix = body[-1:]
    if suffix in SUFFIXES:  # 1.2k is 1.2e3
        return float(f"{body[:-1].strip()}e{SUFFIXES[suffix]}")
    return float(body)


def count_decimals(number: str) -> int:
    """Return how many decimals a plain number was printed with."""
    # Of 1.25e-3 % the 25 counts.
    return len(number.rstrip("%kKMGB ").partition(".")[2].partition("e")[0])
