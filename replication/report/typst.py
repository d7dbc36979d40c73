"""Render a document as a typeset, tagged PDF with the optional package ``typst``.

Only the fonts inside the package are used and the time stamp is fixed, so the
same models give the same bytes. The PDF is checked against PDF/UA-1, which
refuses a figure without alternative text.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from replication.errors import UsageError
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
)
from replication.report.mathematics import to_typst
from replication.report.save import SavedFigure

TIMESTAMP = 567_993_600  # the first day of 1988; a fixed moment, not a date of anything
LONG_TABLE = 24
"""Rows up to which a table stays on one page."""
ALIGN = {"l": "left", "c": "center", "r": "right"}
SPECIAL = "\\#$*_`<>@[]~/\"'-=+"


def render_pdf(document: Document, figures: Mapping[str, SavedFigure]) -> bytes:
    """Return the bytes of the PDF.

    Raises
    ------
    UsageError
        If the package ``typst`` is not installed.
    """
    try:
        import typst
    except ImportError:
        raise UsageError(
            "the PDF needs the package typst, which is not installed; "
            "install it with: pip install 'replication[article]'"
        ) from None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for figure_name, saved in figures.items():
            (folder / f"{figure_name}.svg").write_text(saved.svg, encoding="utf-8")
        template = resources.files("replication.report").joinpath("assets", "article.typ")
        (folder / "article.typ").write_text(template.read_text("utf-8"), encoding="utf-8")
        source = folder / "report.typ"
        source.write_text(render_typst(document), encoding="utf-8")
        pdf = typst.compile(
            source,
            root=folder,
            format="pdf",
            ignore_system_fonts=True,
            timestamp=TIMESTAMP,
            pdf_standards=["ua-1"],
        )
    assert isinstance(pdf, bytes)
    return pdf


def render_typst(document: Document) -> str:
    """Return the Typst source of the report; it expects ``article.typ`` beside it."""
    title = _string(plain_text(document.title))
    subtitle = _inline(document.subtitle, document.labels)
    parts = [
        '#import "article.typ": *',
        f"#show: article.with(title: {title}, subtitle: [{subtitle}])",
    ]
    parts += [_render(block, document.labels) for block in document.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _render(block: Block, labels: Mapping[str, str]) -> str:
    match block:
        case Section(title=title, anchor=anchor, level=level):
            return f"{'=' * (level - 1)} {_inline(title, labels)} <{anchor}>"
        case Paragraph(text=text):
            return _inline(text, labels)
        case Bullets(items=items, ordered=ordered):
            mark = "+" if ordered else "-"
            return "\n".join(f"{mark} {_inline(item, labels)}" for item in items)
        case Code(text=text):
            return f"#raw(block: true, {_string(text.strip())})"
        case Equation(latex=latex, spoken=spoken):
            return f"#math.equation(block: true, alt: {_string(spoken)}, $ {to_typst(latex)} $)"
        case Figure(name=name, alt=alt, caption=caption, anchor=anchor):
            return (
                f'#figure(placement: auto, picture("{name}.svg", alt: {_string(alt)}), '
                f"alt: {_string(alt)}, caption: [{_inline(caption, labels)}]) <{anchor}>"
            )
        case Table():
            return _render_table(block, labels)
        case Box(title=title, blocks=blocks):
            inner = "\n\n".join(_render(one, labels) for one in blocks)
            return f"#verdict-box([{_inline(title, labels)}], [\n{inner}\n])"
        case Explorer() | Inventory():
            return ""


def _render_table(table: Table, labels: Mapping[str, str]) -> str:
    def row(cells: tuple[str, ...]) -> str:
        return ", ".join(f"[{_inline(cell, labels)}]" for cell in cells)

    align = ", ".join(ALIGN[letter] for letter in table.align)
    body = ",\n".join(row(cells) for cells in table.rows)
    figure = (
        f"#figure(kind: table, caption: [{_inline(table.caption, labels)}], "
        f"data-table(columns: {len(table.header)}, align: ({align},), "
        f"table.header({row(table.header)}),\n{body})) <{table.anchor}>"
    )
    if len(table.rows) > LONG_TABLE:
        return figure
    return f"#block(breakable: false)[{figure}]"


def _inline(text: str, labels: Mapping[str, str]) -> str:
    return _join(parse_inline(text), labels)


def _join(parts: tuple[Part, ...], labels: Mapping[str, str]) -> str:
    return "".join(_part(part, labels) for part in parts)


def _part(part: Part, labels: Mapping[str, str]) -> str:
    match part:
        case Text(text=text):
            return "".join(
                "\\" + char if char in SPECIAL else char for char in keep_together(text)
            )
        case Emphasis(parts=parts):
            return f"#emph[{_join(parts, labels)}]"
        case Strong(parts=parts):
            return f"#strong[{_join(parts, labels)}]"
        case CodeSpan(text=text):
            return f"#raw({_string(text)})"
        case Math(latex=latex):
            return f"#math.equation(alt: {_string(latex)}, ${to_typst(latex)}$)"
        case Link(target=target, parts=parts):
            inner = _join(parts, labels)
            if target.startswith("#"):
                inner = inner or _join(parse_inline(labels[target[1:]]), labels)
                return f"#link(<{target[1:]}>)[{inner}]"
            return f"#link({_string(target)})[{inner}]"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
