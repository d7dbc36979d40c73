"""Tables of LaTeX, as pasted from a paper; the time to read one is proportional to its length."""

import re

from replication.errors import DataError
from replication.reading.headers import (
    Rows,
    check_names,
    drop_empty,
    fill_down,
    join_lines,
    join_spreads,
)
from replication.reading.printed import refuse_elided
from replication.reading.question import Cause, Question
from replication.reading.sheet import Sheet
from replication.reading.typeset import clean

MOST_CELLS = 200_000  # a limit, since a short \multicolumn can stand for 99 cells
LONGEST_ROW = 100_000
BEGIN = re.compile(r"\\begin\{(?:tabular\*?|tabularx|tabulary|longtable|array)\}")
END = re.compile(r"\\end\{(?:tabular\*?|tabularx|tabulary|longtable|array)\}")
COMMENT = re.compile(r"(?<!\\)%.*")  # % a remark, but not \%
# \\, \\[2pt]
ROW_END = re.compile(r"\\\\(?:\s*\[[^\]\n]{0,20}\])?|\\tabularnewline\b")
RULE = re.compile(  # \toprule, \cline{2-3}, \cmidrule(lr){2-3}
    r"\\(?:hline|(?:top|mid|bottom|cmid|specialr)rule|cline|addlinespace)"
    r"(?:\[[^\]\n]{0,20}\])?(?:\([lr]+\))?(?:\{[-\d]+\})?"
)
AMPERSAND = re.compile(r"(?<!\\)&")
# \multicolumn{2}{c}{Accuracy}, \multirow{3}{*}{Ant}
WIDE = re.compile(r"\s*\\multicolumn\{(\d{1,2})\}\{[^{}]*\}\{(.*)\}\s*", re.DOTALL)
TALL = re.compile(
    r"\s*\\multirow(?:\[\w\])?\{(\d{1,3})\*?\}(?:\[[^\]]*\])?\{[^{}]*\}\{(.*)\}\s*", re.DOTALL
)
STACKED = re.compile(  # \makecell{3.1 \\ (0.2)}, whose lines are no rows
    r"\\(?:makecell|shortstack|thead)(?:\[\w\])?\{((?:[^{}]|\{[^{}]{0,100}\}){0,200})\}"
)


def is_latex(text: str) -> bool:
    """Say whether a text holds a table of LaTeX: an environment, or rows of cells between &."""
    if BEGIN.search(text):
        return True
    return "&" in text and re.search(r"&[^\n]*\\\\\s*(?:[\[\\%].*)?$", text, re.M) is not None


def read_latex(text: str, name: str) -> Sheet:
    """Read the table of a text, which must have only one."""
    inner = _find_body(COMMENT.sub("", text), name)
    refuse_elided(inner, name)
    inner = STACKED.sub(lambda match: ROW_END.sub(" ", match[1]), inner)
    lines = ROW_END.split(RULE.sub("", inner))
    n_cells = 0
    rows: Rows = []
    tall: dict[int, Tall] = {}
    for line in lines:
        if "&" not in line:
            continue
        cells = _split_row(line)
        n_cells += len(cells)
        if n_cells > MOST_CELLS:
            advice = f"of LaTeX at most {MOST_CELLS:,} are read"
            raise DataError(f"{name} has too many cells; {advice}")
        rows.append(_fill_tall(cells, tall))
    if not rows:
        raise DataError(f"{name} has no rows; give a table with cells between &")
    rows = [[clean(cell) for cell in row] for row in rows]
    filled = fill_down(drop_empty(join_spreads(join_lines(rows))))
    names, *body = filled.rows
    check_names(name, names)
    return Sheet.of_rows(name, names, body, notes=filled.notes)


def _find_body(text: str, name: str) -> str:
    """Return the rows of the only table of a text, without the argument {l|rr} before them."""
    begins = [match.end() for match in BEGIN.finditer(text)]
    if not begins:
        return text
    if len(begins) > 1:
        message = f"{name} holds {len(begins)} tables; keep the one that is meant"
        raise Question(Cause.FORMAT, message)
    end = END.search(text, begins[0])
    inner = text[begins[0] : None if end is None else end.start()].lstrip()
    while inner[:1] in ("{", "["):
        inner = _drop_argument(inner)
    return inner


def _drop_argument(text: str) -> str:
    """Return a text without its first argument, {l|rr} or [t]."""
    close = {"{": "}", "[": "]"}[text[0]]
    depth = 0
    for index, sign in enumerate(text):
        if sign == text[0]:
            depth += 1
        elif sign == close:
            depth -= 1
        if depth == 0:
            return text[index + 1 :].lstrip()
    return ""


class Tall:
    """A cell that spans rows: its text, and how many rows it has still to fill."""

    def __init__(self, text: str, n_rows: int) -> None:
        self.text = text
        self.n_left = n_rows


def _split_row(line: str) -> list[str]:
    """Return the cells of a row; a cell that spans several columns is repeated in each."""
    cells: list[str] = []
    for cell in AMPERSAND.split(line[:LONGEST_ROW]):
        wide = WIDE.fullmatch(cell)
        if wide is None:
            cells.append(cell.strip())
        else:
            cells.extend([wide[2]] * int(wide[1]))
    return cells


def _fill_tall(cells: list[str], tall: dict[int, Tall]) -> list[str]:
    """Return the cells of a row; a cell of a row above that spans this row is repeated in it.

    `tall`: these spanning cells, by column; it is changed to what the next row needs.
    """
    filled = []
    for column, cell in enumerate(cells):
        match = TALL.fullmatch(cell)
        if match is not None:
            tall[column] = Tall(match[2], int(match[1]))
        span = tall.get(column)
        is_covered = match is not None or not cell
        if span is not None and span.n_left > 0 and is_covered:
            span.n_left -= 1
            filled.append(span.text)
        else:
            filled.append(cell)
    return filled
