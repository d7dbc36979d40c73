"""The document model: what a report is, before anybody decides how it looks.

A report is a title and a row of blocks. Three renderers (`markdown`, `html`,
`typst`) walk the same blocks, so that the three outputs cannot drift apart.
Text inside a block is a small subset of Markdown, see `inline`.

A reference with empty text, ``[](#figure-survival)``, is filled in with the
number of its target: "Figure 3", "Table 2" or the title of a section.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from replication.report.inline import Link, parse_inline, walk_inline

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ANCHOR = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FORBIDDEN = re.compile(r"\b(nan|inf|True|False)\b|\bNone\b(?! (of|is|was|were)\b)")


class DocumentError(ValueError):
    """A report that must not be published: a broken link, a missing text or number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading: level 2 opens a chapter, level 3 a section inside it."""

    title: str
    anchor: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of inline text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `ordered` numbers its items."""

    items: tuple[str, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))


@dataclass(frozen=True, slots=True)
class Code:
    """Commands or output, shown as they are."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """A displayed equation in the LaTeX subset of `mathematics`; `spoken` reads it aloud."""

    latex: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Parameters
    ----------
    name : str
        File name without ending, and ``figure-<name>`` as the anchor.
    caption : str
        Inline text that can be read without the rest of the report; its first
        sentence is set as a title.
    alt : str
        What a reader who cannot see the figure needs, plain text with numbers.
    draw : callable
        Returns the Matplotlib figure.
    command : str
        The command that makes the file, for the table of reproducibility.
    wide : bool
        Whether the figure may take the full width of a wide page.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Drawing] = field(compare=False, repr=False)
    command: str = "replication report"
    wide: bool = False

    @property
    def anchor(self) -> str:
        """The target of links to this figure."""
        return f"figure-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; `align` has a letter per column, l, c or r; the first column names the row."""

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    command: str = "replication report"

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", tuple(self.header))
        object.__setattr__(self, "rows", tuple(tuple(row) for row in self.rows))

    @property
    def anchor(self) -> str:
        """The target of links to this table."""
        return f"table-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Blocks set apart in a frame: a verdict or a note."""

    title: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """The interactive piece of the HTML page; the other outputs leave it out.

    `data` is what the script reads: plain JSON values.
    """

    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Stands where the table of all figures and tables goes; `build` fills it in."""


Block = (
    Section | Paragraph | Bullets | Code | Equation | Figure | Table | Box | Explorer | Inventory
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report, validated on construction.

    Raises
    ------
    DocumentError
        If an anchor is missing, malformed or used twice, a link leads
        nowhere, a figure has no alternative text, a table is ragged, or a text
        holds "nan", "inf" or "None".
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    labels: Mapping[str, str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        object.__setattr__(self, "labels", number_blocks(self.blocks))
        for block in walk_blocks(self.blocks):
            _check_block(block, self.labels)

    @property
    def figures(self) -> list[Figure]:
        """All figures in order."""
        return [block for block in walk_blocks(self.blocks) if isinstance(block, Figure)]

    @property
    def tables(self) -> list[Table]:
        """All tables in order."""
        return [block for block in walk_blocks(self.blocks) if isinstance(block, Table)]

    @property
    def chapters(self) -> list[Section]:
        """The sections of level 2, the contents list."""
        return [b for b in self.blocks if isinstance(b, Section) and b.level == 2]


def walk_blocks(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield all blocks in order, those inside boxes after their box."""
    for block in blocks:
        yield block
        if isinstance(block, Box):
            yield from walk_blocks(block.blocks)


def number_blocks(blocks: tuple[Block, ...]) -> dict[str, str]:
    """Return what a link to each anchor says: "Figure 1", "Table 1", a section's title."""
    labels: dict[str, str] = {}
    n_figures = n_tables = 0
    for block in walk_blocks(blocks):
        if isinstance(block, Section):
            anchor, label = block.anchor, block.title
        elif isinstance(block, Figure):
            n_figures += 1
            anchor, label = block.anchor, f"Figure {n_figures}"
        elif isinstance(block, Table):
            n_tables += 1
            anchor, label = block.anchor, f"Table {n_tables}"
        else:
            continue
        if not ANCHOR.fullmatch(anchor):
            raise DocumentError(f"anchor {anchor!r}: allowed are small letters, digits and '-'")
        if anchor in labels:
            raise DocumentError(f"anchor {anchor!r} is used twice; anchors must be unique")
        labels[anchor] = label
    return labels


def texts_of(block: Block) -> list[str]:
    """Return the inline texts of one block (not of the blocks inside it)."""
    match block:
        case Section(title=title) | Box(title=title):
            return [title]
        case Paragraph(text=text):
            return [text]
        case Bullets(items=items):
            return list(items)
        case Figure(caption=caption):
            return [caption]
        case Table(caption=caption, header=header, rows=rows):
            return [caption, *header, *(cell for row in rows for cell in row)]
        case _:
            return []


def _check_block(block: Block, labels: Mapping[str, str]) -> None:
    name = f"{type(block).__name__.lower()} {getattr(block, 'name', '')}".strip()
    if isinstance(block, Figure) and len(block.alt.split()) < 8:
        raise DocumentError(f"{name} has no alternative text; say with numbers what it shows")
    if isinstance(block, Figure | Table) and not block.caption.strip():
        raise DocumentError(f"{name} has no caption; write one that can be read alone")
    if isinstance(block, Table):
        widths = {len(row) for row in block.rows} | {len(block.header), len(block.align)}
        if len(widths) != 1:
            raise DocumentError(f"{name} is ragged: header, align and rows differ in length")
    alts = [block.alt] if isinstance(block, Figure) else []
    for text in texts_of(block) + alts:
        if FORBIDDEN.search(text):
            raise DocumentError(f"{name} holds a value that is no number: {text!r}")
    for text in texts_of(block):
        for part in walk_inline(parse_inline(text)):
            inside = isinstance(part, Link) and not part.target.startswith("https://")
            if isinstance(part, Link) and inside and part.target.removeprefix("#") not in labels:
                raise DocumentError(f"{name} links to {part.target!r}, which does not exist")
