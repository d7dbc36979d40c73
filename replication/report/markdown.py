"""Render a document as Markdown that reads well on a code host."""

from __future__ import annotations

from collections.abc import Mapping

from replication.report.document import (
    Block,
    Box,
    Bullets,
    Code,
    Document,
    Equation,
    Explorer,
    Figure,
    Inventory,
    Paragraph,
    Section,
    Table,
)
from replication.report.inline import (
    CodeSpan,
    Emphasis,
    Link,
    Math,
    Part,
    Strong,
    Text,
    parse_inline,
)

ALIGN = {"l": ":--", "c": ":-:", "r": "--:"}


def render_markdown(document: Document, *, figure_folder: str = "figures") -> str:
    """Return the report as one Markdown text; figures are linked as SVG files.

    Parameters
    ----------
    document : Document
    figure_folder : str
        Where the figures lie, as seen from the Markdown file.
    """
    chapters = "\n".join(
        f"- [{_inline(chapter.title, document.labels)}](#{chapter.anchor})"
        for chapter in document.chapters
    )
    parts = [f"# {document.title}", _inline(document.subtitle, document.labels)]
    opened = False
    for block in document.blocks:
        if isinstance(block, Section) and not opened:
            parts.append(f"**Contents**\n\n{chapters}")
            opened = True
        parts.append(_render(block, document.labels, figure_folder))
    return "\n\n".join(part for part in parts if part) + "\n"


def _render(block: Block, labels: Mapping[str, str], folder: str) -> str:
    match block:
        case Section(title=title, anchor=anchor, level=level):
            return f'<a id="{anchor}"></a>\n\n{"#" * level} {_inline(title, labels)}'
        case Paragraph(text=text):
            return _inline(text, labels)
        case Bullets(items=items, ordered=ordered):
            return "\n".join(
                f"{f'{number}.' if ordered else '-'} {_inline(item, labels)}"
                for number, item in enumerate(items, 1)
            )
        case Code(text=text):
            return f"```\n{text.strip()}\n```"
        case Equation(latex=latex):
            return f"$$\n{latex}\n$$"
        case Figure():
            return _render_figure(block, labels, folder)
        case Table():
            return _render_table(block, labels)
        case Box(title=title, blocks=blocks):
            heading = f"**{_inline(title, labels)}**"
            inside = "\n\n".join([heading, *(_render(inner, labels, folder) for inner in blocks)])
            return "\n".join(f"> {line}".rstrip() for line in inside.splitlines())
        case Explorer() | Inventory():
            return ""


def _render_figure(figure: Figure, labels: Mapping[str, str], folder: str) -> str:
    alt = figure.alt.replace("[", "(").replace("]", ")").replace("\n", " ")
    return (
        f'<a id="{figure.anchor}"></a>\n\n'
        f"![{alt}]({folder}/{figure.name}.svg)\n\n"
        f"**{labels[figure.anchor]}.** {_inline(figure.caption, labels)}"
    )


def _render_table(table: Table, labels: Mapping[str, str]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return (
            f"| {' | '.join(_inline(cell, labels).replace('|', chr(92) + '|') for cell in cells)} |"
        )

    rule = f"| {' | '.join(ALIGN[letter] for letter in table.align)} |"
    return (
        f'<a id="{table.anchor}"></a>\n\n'
        f"**{labels[table.anchor]}.** {_inline(table.caption, labels)}\n\n"
        + "\n".join([line(table.header), rule, *(line(row) for row in table.rows)])
    )


def _inline(text: str, labels: Mapping[str, str]) -> str:
    return _join(parse_inline(text), labels)


def _join(parts: tuple[Part, ...], labels: Mapping[str, str]) -> str:
    return "".join(_part(part, labels) for part in parts)


def _part(part: Part, labels: Mapping[str, str]) -> str:
    match part:
        case Text(text=text):
            for mark in "\\*`$[]_<":
                text = text.replace(mark, "\\" + mark)
            return text
        case Emphasis(parts=parts):
            return f"*{_join(parts, labels)}*"
        case Strong(parts=parts):
            return f"**{_join(parts, labels)}**"
        case CodeSpan(text=text):
            return f"`{text}`"
        case Math(latex=latex):
            return f"${latex}$"
        case Link(target=target, parts=parts):
            return f"[{_join(parts, labels) or labels[target.removeprefix('#')]}]({target})"
