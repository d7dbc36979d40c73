"""Patterns from a file: numbers from 0 to 1, one pattern a line. Nothing is left out unsaid."""

import re
from pathlib import Path
from typing import NamedTuple

from replication.errors import UsageError
from replication.system.files import read_content, refuse_unreadable
from replication.system.progress import report_progress
from replication.wording import show

LARGEST_FILE = 2**21
"""Bytes of patterns: with more, a single update takes minutes."""
ADVICE = "give one pattern a line, numbers from 0 to 1 between commas"
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")  # 1, -0.5, .5, 5e-1
MISSING = {"", "na", "n/a", "nan", "inf", "infinity", "none", "null", "-", "?"}
"""What stands for a number that is missing, without its sign and in lower case."""

Row = tuple[float, ...]


class Line(NamedTuple):
    """A line of a file, with its number from 1 on, and its cells."""

    number: int
    text: str
    cells: list[str]


def read_patterns(path: Path) -> tuple[Row, ...]:
    """Read patterns from a file of numbers from 0 to 1, one pattern a line.

    Commas, semicolons, tabs or spaces separate numbers; between semicolons or tabs a comma is a
    decimal one. Lines of words above the numbers, such as names of columns, are left out, which is
    said.

    Raises
    ------
    UsageError
        If a line cannot be read as numbers, or could be read in two ways; the message names it.
    """
    name = f"--patterns {show(path)}"
    with refuse_unreadable(name, ADVICE):
        text = read_content(path, largest=LARGEST_FILE).decode("utf-8-sig")
    lines = split_lines(text)
    n_headings = count_headings(lines)
    rows = lines[n_headings:]
    if not rows:
        raise UsageError(f"{name} holds no numbers; {ADVICE}")
    check_decimals(name, lines, n_headings)
    patterns = [read_row(name, line, len(rows[0].cells)) for line in rows]
    check_range(name, patterns)
    for line in lines[:n_headings]:
        report_progress(f"line {line.number} of {show(path)} has no numbers and is left out")
    return tuple(patterns)


def split_lines(text: str) -> list[Line]:
    """Return the lines that are not empty, with their cells."""
    separator = None  # any space
    for sign in ("\t", ";", ","):
        if sign in text:
            separator = sign
            break
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            cells = [cell.strip() for cell in line.split(separator)]
            if separator in ("\t", ";"):
                cells = [cell.replace(",", ".") for cell in cells]
            lines.append(Line(number, line.strip(), cells))
    return lines


def count_headings(lines: list[Line]) -> int:
    """Return how many lines at the top are words alone: no number, and nothing missing."""
    for k, line in enumerate(lines):
        words = re.split(r"[\s,;]+", line.text.lstrip("# "))
        bare = [word.strip("\"'") for word in words]
        if any(NUMBER.fullmatch(word) or is_missing(word) for word in bare):
            return k
        if line.text.count("#") == 0 and any(is_missing(cell) for cell in line.cells):
            return k
    return len(lines)


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for a number that is missing.

    >>> is_missing("-inf"), is_missing("left")
    (True, False)
    """
    return cell.lower().lstrip("+-") in MISSING


def check_decimals(name: str, lines: list[Line], n_headings: int) -> None:
    """Refuse lines such as "0,1", which may be two numbers or one, where nothing else tells."""
    rows = lines[n_headings:]
    has_heading = any("," in line.text for line in lines[:n_headings])
    if has_heading or not all(re.fullmatch(r"\d,\d+", line.text) for line in rows):
        return
    raise UsageError(
        f"{name}, line {rows[0].number}: {show(rows[0].text)} may be two numbers or a decimal "
        "comma; write 0, 1 with a space for two numbers, and 0.1 for one"
    )


def read_row(name: str, line: Line, n_cells: int) -> Row:
    """Return the numbers of a line, which must be as many as those of the first."""
    place = f"{name}, line {line.number}"
    if line.text.startswith("#"):
        raise UsageError(
            f"{place} is behind a #: {show(line.text)}; take the # away, or the line out"
        )
    numbers = []
    for cell in line.cells:
        if NUMBER.fullmatch(cell) is None:
            remedy = ADVICE
            if is_missing(cell):
                remedy = "no number may be missing; fill it in, or take the line out"
            elif NUMBER.fullmatch(cell.strip("\"'")):
                remedy = "take the quotes away"
            raise UsageError(f"{place} has {show(cell)}, which is not a number; {remedy}")
        numbers.append(float(cell))
    if len(numbers) != n_cells:
        raise UsageError(
            f"{place} has {len(numbers)} numbers, the first pattern {n_cells}; all patterns need "
            "the same count"
        )
    return tuple(numbers)


def check_range(name: str, patterns: list[Row]) -> None:
    """Refuse numbers on another scale, with the formula that brings them to this one."""
    low = min(map(min, patterns))
    high = max(map(max, patterns))
    if low < 0.0 or high > 1.0:
        raise UsageError(
            f"{name} holds numbers from {low:g} to {high:g}; allowed are numbers from 0 to 1, as "
            f"(x {-low:+g}) / {high - low:g} gives"
        )
