"""Render a document as one HTML page that needs nothing but itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from importlib import resources

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
    keep_together,
    parse_inline,
    plain_text,
    walk_inline,
)
from replication.report.mathematics import to_mathml
from replication.report.save import SavedFigure

NARROW_PIXELS = 500
"""Narrower figures fit a telephone; the others scroll there."""
HINT = '<p class="hint" aria-hidden="true">The picture is wider than the screen: swipe it.</p>'
LONG = 28
"""Characters of a cell from which its column is kept wide enough to read."""
ALIGN = {"l": "left", "c": "center", "r": "right"}


def render_html(document: Document, figures: Mapping[str, SavedFigure]) -> str:
    """Return the page: style, script, figures and data are all inside it.

    Parameters
    ----------
    document : Document
    figures : mapping of str to SavedFigure
        The drawn figures by name.
    """
    renderer = _Renderer(document.labels, figures)
    template = _read_asset("page.html")
    fields = {
        "title": escape(plain_text(document.title)),
        "heading": renderer.inline(document.title),
        "subtitle": renderer.inline(document.subtitle),
        "style": _read_asset("page.css"),
        "script": _read_asset("page.js") if renderer.explores(document.blocks) else "",
        "contents": renderer.contents(document),
        "body": renderer.body(document.blocks),
    }
    if not fields["script"]:
        template = template.replace("<script>{{script}}</script>\n", "")
    for name, text in fields.items():
        template = template.replace("{{" + name + "}}", text)
    return template


def _measure(cell: str) -> int:
    """Return how many characters of a cell may stand in several lines."""
    return sum(
        len(part.text)
        for part in walk_inline(parse_inline(cell))
        if isinstance(part, Text) and " " in part.text
    )


def _read_asset(name: str) -> str:
    return resources.files("replication.report").joinpath("assets", name).read_text("utf-8")


class _Renderer:
    def __init__(self, labels: Mapping[str, str], figures: Mapping[str, SavedFigure]) -> None:
        self.labels = labels
        self.figures = figures

    def explores(self, blocks: tuple[Block, ...]) -> bool:
        return any(
            isinstance(block, Explorer) or (isinstance(block, Box) and self.explores(block.blocks))
            for block in blocks
        )

    def contents(self, document: Document) -> str:
        return "\n".join(f"<li>{self.link(chapter)}</li>" for chapter in document.chapters)

    def link(self, section: Section) -> str:
        return f'<a href="#{section.anchor}">{self.inline(section.title)}</a>'

    def body(self, blocks: tuple[Block, ...]) -> str:
        """Wrap every chapter in a section, so that the page has an outline."""
        parts: list[str] = []
        is_open = False
        for block in blocks:
            if isinstance(block, Section) and block.level == 2:
                parts.append("</section>" if is_open else "")
                parts.append(f'<section aria-labelledby="{block.anchor}">')
                is_open = True
            parts.append(self.block(block))
        parts.append("</section>" if is_open else "")
        return "\n".join(part for part in parts if part)

    def block(self, block: Block) -> str:
        match block:
            case Section(title=title, anchor=anchor, level=level):
                name = escape(plain_text(title))
                return (
                    f'<h{level} id="{anchor}">{self.inline(title)} <a class="anchor" '
                    f'href="#{anchor}" aria-label="Link to section {name}">#</a></h{level}>'
                )
            case Paragraph(text=text):
                return f"<p>{self.inline(text)}</p>"
            case Bullets(items=items, ordered=ordered):
                tag = "ol" if ordered else "ul"
                inner = "".join(f"<li>{self.inline(item)}</li>" for item in items)
                return f"<{tag}>{inner}</{tag}>"
            case Code(text=text):
                return f'<pre tabindex="0"><code>{escape(text.strip(), quote=False)}</code></pre>'
            case Equation(latex=latex, spoken=spoken):
                formula = to_mathml(latex, display=True, spoken=spoken)
                return f'<div class="equation" tabindex="0">{formula}</div>'
            case Figure():
                return self.figure(block)
            case Table():
                return self.table(block)
            case Box(title=title, blocks=blocks):
                inner = "\n".join(self.block(one) for one in blocks)
                heading = f'<p class="box-title">{self.inline(title)}</p>'
                return f'<div class="box">{heading}{inner}</div>'
            case Inventory():
                return ""
            case Explorer(data=data):
                text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
                text = text.replace("<", "\\u003c")
                return _read_asset("explorer.html").replace("{{data}}", text)

    def figure(self, figure: Figure) -> str:
        saved = self.figures[figure.name]
        wide = ' class="wide"' if figure.wide else ""
        is_narrow = saved.width < NARROW_PIXELS
        narrow = ' class="narrow"' if is_narrow else ""
        hint = "" if is_narrow else HINT
        return (
            f'<figure id="{figure.anchor}"{wide}>'
            f'<div class="picture" tabindex="0" role="group" '
            f'aria-label="{self.labels[figure.anchor]}">'
            f'<img src="{saved.data_url()}" alt="{escape(figure.alt)}" '
            f'width="{saved.width}" height="{saved.height}"{narrow}></div>{hint}'
            f"<figcaption>{self.caption(figure)}</figcaption></figure>"
        )

    def caption(self, block: Figure | Table) -> str:
        label = f'<a class="label" href="#{block.anchor}">{self.labels[block.anchor]}.</a>'
        return f"{label} {self.inline(block.caption)}"

    def table(self, table: Table) -> str:
        columns = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
        is_long = [max(map(_measure, column), default=0) > LONG for column in columns]

        def cells(row: tuple[str, ...], *, head: bool) -> str:
            parts = []
            for column, (cell, letter) in enumerate(zip(row, table.align, strict=True)):
                tag = "th" if head or column == 0 else "td"
                scope = f' scope="{"col" if head else "row"}"' if tag == "th" else ""
                kind = ALIGN[letter] + (" long" if is_long[column] else "")
                parts.append(f'<{tag}{scope} class="{kind}">{self.inline(cell)}</{tag}>')
            return f"<tr>{''.join(parts)}</tr>"

        rows = "\n".join(cells(row, head=False) for row in table.rows)
        return (
            f'<figure class="table" id="{table.anchor}">'
            f"<figcaption>{self.caption(table)}</figcaption>"
            f'<div class="scroll" tabindex="0" role="group" '
            f'aria-label="{self.labels[table.anchor]}"><table>'
            f"<thead>{cells(table.header, head=True)}</thead><tbody>\n{rows}</tbody>"
            f"</table></div></figure>"
        )

    def inline(self, text: str) -> str:
        return self.join(parse_inline(text))

    def join(self, parts: tuple[Part, ...]) -> str:
        """Join parts; a formula keeps the mark of punctuation behind it on its line."""
        done: list[str] = []
        for part in parts:
            text = self.part(part)
            if done and isinstance(part, Text) and done[-1].endswith("</math>"):
                mark = re.match(r"[.,;:)]+", text)
                if mark:
                    done[-1] = f'<span class="tied">{done[-1]}{mark[0]}</span>'
                    text = text[mark.end() :]
            done.append(text)
        return "".join(done)

    def part(self, part: Part) -> str:
        match part:
            case Text(text=text):
                text = escape(keep_together(text), quote=False)
                return re.sub(r"\b\d+(-\d+){2,}\b", r'<span class="tied">\g<0></span>', text)
            case Emphasis(parts=parts):
                return f"<em>{self.join(parts)}</em>"
            case Strong(parts=parts):
                return f"<strong>{self.join(parts)}</strong>"
            case CodeSpan(text=text):
                return f"<code>{escape(text, quote=False)}</code>"
            case Math(latex=latex):
                return to_mathml(latex)
            case Link(target=target, parts=parts):
                inner = self.join(parts) or escape(
                    re.sub(r"^(Figure|Table) ", "\\1\u00a0", self.labels[target.removeprefix("#")])
                )
                return f'<a href="{escape(target)}">{inner}</a>'
