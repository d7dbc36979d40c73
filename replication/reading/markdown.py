"""Tables of Markdown: cells between bars, and a rule below the header."""

import itertools
import re

from replication.reading.headers import (
    Rows,
    check_names,
    check_widths,
    drop_empty,
    fill_down,
    join_lines,
    join_spreads,
    read_tuples,
)
from replication.reading.printed import refuse_elided
from replication.reading.question import Cause, Question
from replication.reading.sheet import Sheet
from replication.reading.typeset import clean

RULE_CELL = re.compile(r"\s*:?-+:?\s*")  # ---, :---:
BAR = re.compile(r"(?<!\\)\|")  # |, but not \|
STRUCK = re.compile(r"(?<!\S)(\*{0,2})~~(?=\S)[^~]*~~")  # ~~0.83~~ 0.85 is 0.85
LONGEST_LINE = 100_000


def find_rules(lines: list[str]) -> list[int]:
    """Return the indices of the lines that are rules (|---|---|) below a header."""
    return [index for index, line in enumerate(lines) if index > 0 and _is_rule(line)]


def _is_rule(line: str) -> bool:
    """Say whether a line is a rule below a header: |---|:---:|."""
    if "|" not in line or "-" not in line:
        return False
    return all(RULE_CELL.fullmatch(cell) for cell in line.strip().strip("|").split("|"))


def is_markdown(text: str) -> bool:
    """Say whether a text holds a table of Markdown."""
    return bool(find_rules(text.split("\n")))


def read_markdown(text: str, name: str) -> Sheet:
    """Read the table of a text, which must have only one."""
    lines = text.split("\n")
    rules = find_rules(lines)
    if len(rules) > 1:
        message = f"{name} holds {len(rules)} tables; keep the one that is meant"
        raise Question(Cause.FORMAT, message)
    rule = rules[0]
    body = []
    for line in lines[rule + 1 :]:
        if "|" not in line:
            break
        body.append(line)
    refuse_elided(_find_table(lines[rule + 1 :]), name)
    rows: Rows = [_split_line(line) for line in [lines[rule - 1], *body]]
    rows = check_widths(name, rows, "give every row as many cells as the header")
    filled = fill_down(drop_empty(join_spreads(join_lines(rows))))
    names, *cells = filled.rows
    names = read_tuples(names)
    check_names(name, names)
    return Sheet.of_rows(name, names, cells, notes=filled.notes)


def _find_table(lines: list[str]) -> str:
    """Return the first lines up to an empty one, at which a table of Markdown ends."""
    table = itertools.takewhile(str.strip, lines)
    return "\n".join(table)


def _split_line(line: str) -> list[str]:
    """Return the cells of a line, | Ant | 0.83 |."""
    inner = line.strip()[:LONGEST_LINE]
    inner = inner.removeprefix("|").removesuffix("|")
    cells = [cell.replace("\\|", "|") for cell in BAR.split(inner)]
    return [clean(STRUCK.sub(r"\1", cell)) for cell in cells]
