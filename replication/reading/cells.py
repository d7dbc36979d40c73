"""Cells as numbers, by a small grammar: the list `FORMS`, with an example of each form.

A form is written as people print it: N stands for a number, KIND for what a spread or an interval
is (SD, 95% CI). Any other cell is no number.
"""

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any

from replication.reading.kinds import read_kind
from replication.reading.signs import list_signs
from replication.reading.typeset import clean

MISSING = {"", "na", "n/a", "nan", "null", "none", "<na>", "#n/a", "-", "--", "---", "–", "—"}
"""Texts of a cell without a value, in small letters."""
TRUTH = {"true": "1", "false": "0", "yes": "1", "no": "0"}
"""The number that stands for each truth value."""


@dataclasses.dataclass(frozen=True)
class Form:
    """A form of cells: its tokens, the names of its numbers (fields of `Cell`), and an example."""

    printed: str
    parts: str
    example: str


FORMS = (
    Form("N", "value", "0.83"),
    Form("N ± N", "value spread", "0.83 ± 0.04"),
    Form("N ± N ( N )", "value spread aside", "0.83 ± 0.04 (3)"),
    Form("N ± N KIND", "value spread", "0.83 ± 0.04 SEM"),
    Form("N ± N ( KIND )", "value spread", "0.83 ± 0.04 (95% CI)"),
    Form("N ± N [ N , N ]", "value spread low high", "0.83 ± 0.04 [0.79, 0.87]"),
    Form("N ( ± N )", "value spread", "0.83 (± 0.04)"),
    Form("N , KIND N", "value spread", "0.83, SD 0.04"),
    Form("N ( N )", "value bracket", "0.83 (0.04)"),
    Form("N ( KIND N )", "value spread", "0.83 (SD 0.04)"),
    Form("N ( N - N )", "value low high", "0.83 (0.79–0.87)"),
    Form("N ( N , N )", "value low high", "0.83 [0.79, 0.87]"),
    Form("N ( KIND N - N )", "value low high", "0.83 (95% CI 0.79 to 0.87)"),
    Form("N ( KIND N , N )", "value low high", "0.83 (IQR 0.79, 0.87)"),
    Form("N , KIND ( N - N )", "value low high", "0.83, 95% CI [0.79 to 0.87]"),
    Form("N , KIND ( N , N )", "value low high", "0.83, 95% CI [0.79, 0.87]"),
    Form("N , KIND N - N", "value low high", "0.83, 95% CI 0.79 to 0.87"),
    Form("N , KIND N , N", "value low high", "0.83; 95% CI 0.79, 0.87"),
    Form("N / N", "successes of", "47/50"),
    Form("N / N ( N )", "successes of percent", "47/50 (94%)"),
    Form("N ( N / N )", "percent successes of", "94% (47/50)"),
    Form("N - N", "low high", "0.79–0.87"),
    Form("( N - N )", "low high", "(0.79 to 0.87)"),
    Form("( N , N )", "low high", "[0.79, 0.87]"),
    Form("KIND N", "spread", "SD 0.04"),
    Form("± N", "spread", "± 0.04"),
)
"""All forms of cells, the commonest first; `SIGNED_PAIR` and `IN_UNITS` are two more."""

# -12,345.6e-7k %, or .5
NUMBER = r"[-+]?(?:\d[\d.,']*\d|\d|[.,]\d+)\.?(?:[eE][-+]?\d{1,3})?(?:\s?[kKMGB](?![A-Za-z]))?\s?%?"
UNSIGNED = NUMBER.removeprefix("[-+]?")
# The regular expression of each token of a form.
TOKENS = {
    "N": rf"({NUMBER})",
    "KIND": r"((?:\d{2}(?:\.\d)?\s?%\s?)?[A-Za-zσ][A-Za-z. ]*?)\s*[:=,]?",
    "±": "±",
    "/": r"(?:/|\bof\b|\bout of\b)",
    "(": r"[(\[]",
    ")": r"[)\]]",
    "[": r"\[",
    "]": r"\]",
    ",": "[,;]",
    "-": r"(?:-|–|\bto\b)",
}
PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)  # -0.83, by far the commonest
# 0.83 +0.02 -0.03
SIGNED_PAIR = re.compile(rf"({NUMBER})\s*\+\s?({UNSIGNED})\s*[,/]?\s*-\s?({UNSIGNED})", re.ASCII)
# 0.830(4), which is 0.830 ± 0.004: the bracket is in units of the last digit
IN_UNITS = re.compile(r"([-+]?\d*[.,](\d+))\((\d{1,2})\)", re.ASCII)
COUNTED = re.compile(  # 0.83 ± 0.04 (n = 5), 0.83 ± 0.04 (5 seeds)
    r"\s*[(\[]\s*(?:[nN]\s*=\s*(?P<n>\d{1,6})|(?P<counted>\d{1,6})\s(?:seeds|runs|trials))\s*[)\]]$"
)
TWO_ENDS = re.compile(r"([-+]?(?:0|[1-9][\d']*)(?:\.\d+)?),([-+]?(?:0|[1-9][\d']*)(?:\.\d+)?%?)")
"""0.85,0.89, the ends of an interval, and 50,66, which may be one number as well."""
# (8.3 ± 0.4)e-1, (83 ± 4)%
UNIT_OF_ALL = re.compile(r"\((?P<numbers>[^()]+±[^()]+)\)\s*(?P<unit>%|e[+-]?\d{1,3})")


@dataclasses.dataclass(frozen=True)
class Cell:
    """The numbers of a cell, as printed; None for a number that the cell does not have.

    `value`: mostly a mean. `spread`: stands behind ±. `low`, `high`: the ends of an interval. `up`,
    `down`: errors to both sides, +0.02 -0.03. `bracket`: stands in brackets, and the cell does not
    say what it is. `aside`: stands in brackets behind value and spread (a rank, or a number of
    runs). `successes`, `of`, `percent`: 47, 50 and 94% of 47/50 (94%). `kind`: what the spread or
    the interval is, in the words of the cell. `is_in_units`: the bracket was in units of the last
    digit. `runs`: the number of runs, as in (n = 5). `joined`: low and high as they were printed,
    where they may be one number: [50,66].
    """

    value: str | None = None
    spread: str | None = None
    bracket: str | None = None
    low: str | None = None
    high: str | None = None
    up: str | None = None
    down: str | None = None
    successes: str | None = None
    of: str | None = None
    percent: str | None = None
    aside: str | None = None
    kind: str | None = None
    is_in_units: bool = False
    runs: str | None = None
    joined: str | None = None

    def list_numbers(self) -> list[str]:
        """Return the numbers of the cell, without their names."""
        return list(self.get_numbers().values())

    def get_numbers(self) -> dict[str, str]:
        """Return the numbers of the cell, by the name of the field."""
        numbers = {}
        for name in NUMBERS:
            number = getattr(self, name)
            if number is not None:
                numbers[name] = number
        return numbers

    @property
    def is_number(self) -> bool:
        """Whether the cell is a single number, with nothing beside it."""
        return self == Cell(value=self.value)

    @property
    def has_spread(self) -> bool:
        """Whether the cell has a spread, an interval, or a bracket that may be one."""
        return any((self.spread, self.bracket, self.low, self.up))


NUMBERS = (
    "value",
    "spread",
    "bracket",
    "low",
    "high",
    "up",
    "down",
    "successes",
    "of",
    "percent",
    "aside",
)
"""Fields of a cell that are numbers."""


def fill_cell(cell: Cell, numbers: Mapping[str, str | None]) -> Cell:
    """Return a cell in which some fields are replaced; None removes a number."""
    fields: Any = dict(numbers)  # Any, since fields of `Cell` have several types
    return dataclasses.replace(cell, **fields)


@functools.cache
def _compile(form: Form) -> re.Pattern[str]:
    """Return the regular expression of a form, compiled when it is first needed."""
    return re.compile(r"\s*".join(TOKENS[token] for token in form.printed.split()), re.ASCII)


def is_missing(text: str) -> bool:
    """Say whether a cell is empty or holds a text for a missing value, as in `MISSING`."""
    return text.strip().lower() in MISSING


@functools.lru_cache(maxsize=65536)
def split_cell(text: str) -> Cell | None:
    """Return the numbers of a cell; None if the cell has none of the forms that are read.

    >>> split_cell("0.83 (95% CI 0.79 to 0.87)")
    ... # doctest: +ELLIPSIS
    Cell(value='0.83', ..., low='0.79', high='0.87', ..., kind='95% CI', ...)
    """
    if PLAIN.fullmatch(text):
        return Cell(value=text)
    body = clean(text)
    counted = COUNTED.search(body)
    if counted and counted.start() > 0:
        inner = split_cell(body[: counted.start()])
        number = counted["n"] or counted["counted"]
        return None if inner is None else dataclasses.replace(inner, runs=number)
    common = UNIT_OF_ALL.fullmatch(body)
    if common:
        inner = split_cell(common["numbers"])
        return None if inner is None else _add_to_all(inner, common["unit"])
    pair = SIGNED_PAIR.fullmatch(body)
    if pair:
        return Cell(value=pair[1].strip(), up=pair[2].strip(), down=pair[3].strip())
    in_units = IN_UNITS.fullmatch(body)
    if in_units:
        return _read_in_units(in_units)
    for form in FORMS:
        match = _compile(form).fullmatch(body)
        if match:
            cell = _fill_form(form, match.groups())
            return None if cell is None else _split_ends(cell, body)
    return None


def _split_ends(cell: Cell, body: str) -> Cell:
    """Return a cell in which two numbers around a comma are ends or one number, as they must be.

    [0.85,0.89] can only be two ends. [50,66] may be two ends or one number: it is stored as two
    ends, with `joined` for the other reading, if a value lies between them or there is no value;
    otherwise as one number.
    """
    # Where one number would stand: 0.83 ± 0.04 (50,66), SD 50,66, or 0.83 (50,66).
    field = "bracket"
    if cell.aside is not None:
        field = "aside"
    elif cell.kind is not None and "±" not in body:
        field = "spread"
    joined = cell.get_numbers().get(field, "")
    if cell.low is not None:
        joined = f"{cell.low},{cell.high}"
    if "," not in joined or joined not in body:
        return cell
    # A per cent sign before the comma, 81%,85%, makes them two.
    may_be_one = bool(list_signs(joined)) and "%" not in joined.split(",")[0]
    ends = TWO_ENDS.fullmatch(joined)
    if ends is not None and (not may_be_one or _is_between(cell.value, ends[1], ends[2])):
        two_ends = fill_cell(cell, {field: None, "low": ends[1], "high": ends[2]})
        return dataclasses.replace(two_ends, joined=joined if may_be_one else None)
    if may_be_one:
        return fill_cell(cell, {field: joined, "low": None, "high": None})
    return cell


def _is_between(value: str | None, low: str, high: str) -> bool:
    """Say whether a value lies between two ends.

    Commas are groups of thousands, unless the comma of the value can only be a decimal one: 57,5.
    """
    if value is not None and list_signs(value) == {","}:
        value = value.replace(".", "").replace(",", ".")
    numbers = [number for number in (low, value, high) if number is not None]
    bare = [number.replace(",", "").replace("'", "").rstrip("% ") for number in numbers]
    try:
        floats = [float(number) for number in bare]
    except ValueError:  # 1.2k is not compared
        return True
    return floats == sorted(floats)


def _fill_form(form: Form, groups: tuple[str, ...]) -> Cell | None:
    """Return the cell of a form that matched; None if the words at KIND name no kind of spread.

    `groups`: the texts that the tokens N and KIND of the form matched.
    """
    tokens = [token for token in form.printed.split() if token in ("N", "KIND")]
    numbers = [text.strip() for text, token in zip(groups, tokens, strict=True) if token == "N"]
    parts = dict(zip(form.parts.split(), numbers, strict=True))
    # A form has at most one KIND.
    kinds = [text.strip() for text, token in zip(groups, tokens, strict=True) if token == "KIND"]
    if not kinds:
        return fill_cell(Cell(), parts)
    kind = read_kind(kinds[0])
    if kind is None or kind.name is None:
        return None
    return fill_cell(Cell(kind=kinds[0]), parts)


def _read_in_units(match: re.Match[str]) -> Cell:
    """Return the cell of 0.830(4), with its bracket as 0.004."""
    value, decimals, digits = match.groups()  # "0.830", "830", "4"
    mark = "," if "," in value else "."
    padded = digits.zfill(len(decimals) + 1)  # "0004"
    bracket = padded[: -len(decimals)] + mark + padded[-len(decimals) :]
    return Cell(value=value, bracket=bracket, is_in_units=True)


def _add_to_all(cell: Cell, unit: str) -> Cell:
    """Return a cell whose value and spread both have the unit that stood behind: (8.3 ± 0.4)e-1."""
    value = None if cell.value is None else cell.value + unit
    spread = None if cell.spread is None else cell.spread + unit
    return dataclasses.replace(cell, value=value, spread=spread)
