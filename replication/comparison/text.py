"""The forms of an answer: plain text, Markdown, LaTeX, CSV and JSON.

An answer is a list of blocks: a paragraph, a table, or a list of items with a title. Arguments of
`compare` stand in backticks, so that a command can put its options in their place. Names that users
gave, such as columns, must therefore hold no backticks (`name_key`).
"""

import csv
import dataclasses
import enum
import html
import io
import json
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from replication.comparison.numbers import refuse, show
from replication.system.progress import escape

Cell = str | float | bool | None
"""A cell of a table of numbers."""
SCHEMA = 4  # version of what `Answered.to_dict` returns
WIDTH = 88
# assumptions that no argument changes
FIXED = {"quartiles", "independence", "estimated", "bounds", "over"}
SIGNS = re.compile(r"[\\*\[\]|&~]|(?<!\w)_|_(?!\w)|<(?=[^\s<>=0-9])|(?<=\w):(?=\S)|^[#>]")
"""Signs with a meaning in Markdown: *a*, [a](b), <img>, https://, a heading."""
FORMULA = re.compile(r"[=@\t\r]|[+-](?!\.?[0-9][0-9.,eE+±()\[\]% -]*$)")
"""Beginning of a cell that a spreadsheet would compute: =1+1, +cmd, but not -5 ± 2."""
# a hyphen that is a minus: in -0.5, but not in A-5
MINUS = re.compile(r"(?<![\w-])-(?=[\d.])")
LATEX = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\~{}",
    "^": r"\^{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "−": "$-$",
    "<": "$<$",
    ">": "$>$",
    "[": "{[}",
    "*": "{*}",  # as a bare [, it would belong to the \\ that ends the row above
}


@dataclasses.dataclass(frozen=True)
class Block:
    """A paragraph, or the items of a list below a title, or the rows of a table, header first."""

    text: str = ""
    items: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


class Answered:
    """The forms of an answer, which one result and a table of results have in common."""

    __hash__ = None  # type: ignore[assignment]
    forms: Sequence[str] = ("text", "markdown", "json")
    list_parts: Callable[[], dict[str, Any]]
    list_cells: Callable[[], list[list[Cell]]]
    describe: Callable[[], Iterable[Block]]
    assumptions: Mapping[str, str]
    read_as: tuple[Block, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.to_dict() == other.to_dict()

    def __bool__(self) -> NoReturn:
        raise TypeError("a comparison has three answers; ask for its verdict")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.render())}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return everything that is not for drawing as plain JSON values."""
        return dict(make_plain({"schema": SCHEMA, **self.list_parts()}))

    def render(self, form: str = "text") -> str:
        """Return the answer as "text", "markdown" or "json"; a table also as "latex" or "csv".

        Text and Markdown begin with how the input was read; "csv" has the rows alone. Raises
        `UsageError` for another form.
        """
        if form not in self.forms:
            raise refuse("format", form, f"are {', '.join(self.forms)}")
        if form == "json":
            return json.dumps(self.to_dict(), indent=1)
        if form == "csv":
            written = io.StringIO()
            writer = csv.writer(written, lineterminator="\n")
            for row in self.list_cells():
                writer.writerow([to_cell(value) for value in row])
            return written.getvalue().rstrip("\n")
        if form == "latex":
            return _write_latex([*self.describe()])
        write = _write_text if form == "text" else _write_markdown
        blocks = [*self.read_as, *self.describe()]
        return "\n\n".join(write(block) for block in blocks)


def make_plain(value: Any) -> Any:
    """Return a result as JSON can hold it.

    Dataclasses become mappings, enumerations text, and numbers that are not finite None.
    """
    if dataclasses.is_dataclass(value):
        fields = dict(vars(value))
        # A `Difference` computes `d`, the same in standard deviations, which is no field.
        if hasattr(value, "d"):
            fields["d"] = value.d
        value = fields
    if isinstance(value, Mapping):
        return {str(key): make_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [make_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, enum.Enum):
        return value.value
    return value


def name_key(key: Sequence[str]) -> str:
    """Return a key for a message: its names on one line, without backticks."""
    return show(", ".join(key), length=80)[1:-1]


def list_assumed(assumptions: Mapping[str, str]) -> list[str]:
    """Return what is taken for granted, each with the argument that changes it."""
    return [
        text if name in FIXED else f"{text} (change with `{name}`)"
        for name, text in assumptions.items()
    ]


def to_cell(value: object) -> str:
    """Return a cell of a CSV file: a number with six digits, "" where there is none.

    A text that a spreadsheet would compute gets an apostrophe before it, and control characters are
    escaped.
    """
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    text = "" if value is None else str(value)
    return escape(f"'{text}" if FORMULA.match(text) else text)


def _write_text(block: Block) -> str:
    """Return a block as plain text."""
    if block.rows:
        return _write_table_as_text(block.rows)
    lines = wrap(block.text)
    for item in block.items:
        lines += wrap(f"- {item}", indent="  ")
    return "\n".join(lines)


def _write_table_as_text(rows: Sequence[Sequence[str]]) -> str:
    """Return rows in aligned columns: the first column to the left, the others to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = []
    for name, *cells in rows:
        columns = [name.ljust(first)]
        columns += [cell.rjust(width) for cell, width in zip(cells, others, strict=True)]
        lines.append("  ".join(columns).rstrip())
    return "\n".join(lines)


def _write_markdown(block: Block) -> str:
    """Return a block in Markdown."""
    if block.rows:
        header, *rows = [[_escape_markdown(cell) for cell in row] for row in block.rows]
        marks = [":--", *["--:"] * (len(header) - 1)]  # names to the left, numbers to the right
        return "\n".join(f"| {' | '.join(row)} |" for row in (header, marks, *rows))
    text = _escape_markdown(block.text)
    if not block.items:
        return text
    items = "".join(f"\n- {_escape_markdown(item)}" for item in block.items)
    return f"{text}\n{items}"


def _escape_markdown(text: str) -> str:
    """Return text in which Markdown takes no sign for markup."""
    return SIGNS.sub(r"\\\g<0>", text)


def _write_latex(blocks: Sequence[Block]) -> str:
    """Return the table in LaTeX: the first block is its caption, the others are notes below."""
    table = next(block.rows for block in blocks if block.rows)
    lines = [" & ".join(map(_escape_latex, row)) + r" \\" for row in table]
    columns = "l" + "r" * (len(table[0]) - 1)
    body = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    texts = (" ".join([block.text, "; ".join(block.items)]).strip() for block in blocks[1:])
    notes = [rf"\par\smallskip\footnotesize {_escape_latex(text)}" for text in texts if text]
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_escape_latex(blocks[0].text)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            *body,
            r"\end{tabular}",
            *notes,
            r"\end{table}",
        ]
    )


def _escape_latex(text: str) -> str:
    """Return text in which LaTeX takes no sign for a command; a minus is set as one."""
    return "".join(LATEX.get(sign, sign) for sign in MINUS.sub("−", text.replace("`", "")))


def wrap(text: str, *, indent: str = "") -> list[str]:
    """Return the lines of a paragraph; "5 %" and "p = 0.03" are not split."""
    bound = re.sub("p ([=<>]) ", "p\u00a0\\1\u00a0", text.replace(" %", "\u00a0%"))
    lines = textwrap.wrap(bound, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]
