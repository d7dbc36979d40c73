"""From models to files: which chapters stand in the report, in which order, and what is written."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.errors import StorageError
from replication.protocol import PAPER, as_plain
from replication.report.choices import name_sizes
from replication.report.document import (
    Block,
    Document,
    Figure,
    Inventory,
    Table,
    walk_blocks,
)
from replication.report.html import render_html
from replication.report.markdown import render_markdown
from replication.report.save import SavedFigure, save_figure

CHAPTERS = (
    "verdict",
    "plain",
    "methods",
    "population",
    "law",
    "multiverse",
    "map",
    "claims",
    "limits",
    "reproducibility",
    "references",
    "appendix",
)
"""Modules of `replication.report.chapters`, in reading order."""

SUBTITLE = (
    "A replication of one number reported of Hinton and McClelland (1988): a 4-2-4 network reaches "
    "a reconstruction error better than 0.1 after 48 weight updates on average."
)


def build_document(models: Mapping[str, Any]) -> Document:
    """Assemble the report from the models that are there.

    Parameters
    ----------
    models : mapping of str to dict
        See `replication.report`. A chapter whose `REQUIRES` are not all among
        them is left out.

    Returns
    -------
    Document

    Raises
    ------
    KeyError, MissingNumber
        If a model lacks a number that the text needs.
    DocumentError
        If a link leads nowhere or a figure has no alternative text.
    """
    blocks: list[Block] = []
    for name in CHAPTERS:
        chapter = importlib.import_module(f"replication.report.chapters.{name}")
        if all(required in models for required in chapter.REQUIRES):
            blocks.extend(chapter.chapter(models))
    complete = fill_inventory(blocks)
    title, subtitle = make_title(models)
    return Document(title=title, subtitle=subtitle, blocks=tuple(complete))


def make_title(models: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and subtitle; a study of another network does not call itself a replication."""
    base = as_plain(PAPER)
    protocol = models["summary"]["study"]["protocol"] if "summary" in models else base
    title = f"How long does {protocol['learning_rule']} take to learn?"
    if all(protocol[name] == base[name] for name in ("group_sizes", "patterns", "learning_rule")):
        return title, SUBTITLE
    return title, (
        f"A study of {name_sizes(protocol)} networks that learn by {protocol['learning_rule']}, "
        "beside one number reported of Hinton and McClelland (1988): a 4-2-4 network reaches a "
        "reconstruction error better than 0.1 after 48 weight updates of recirculation on average."
    )


def fill_inventory(blocks: Sequence[Block]) -> list[Block]:
    """Put the table of figures and tables, each with its command, where `Inventory` stands."""
    name = "inventory"
    rows: list[tuple[str, ...]] = []
    for block in walk_blocks(tuple(blocks)):
        if isinstance(block, Figure):
            files = f"`figures/{block.name}.svg`, `.png`"
            rows.append((f"[](#{block.anchor})", files, f"`{block.command}`"))
        elif isinstance(block, Table):
            rows.append((f"[](#{block.anchor})", "in the text", f"`{block.command}`"))
        elif isinstance(block, Inventory):
            rows.append((f"[](#table-{name})", "in the text", "`replication report`"))
    table = Table(
        name=name,
        caption="**What makes each figure and table.** The command computes the numbers (models, "
        "as JSON, beside this report); `replication report` then draws and sets everything.",
        header=("Item", "File", "Command"),
        rows=tuple(rows),
        align="lll",
    )
    return [table if isinstance(block, Inventory) else block for block in blocks]


def draw_figures(document: Document) -> dict[str, SavedFigure]:
    """Draw every figure of the document once."""
    return {figure.name: save_figure(figure.draw, alt=figure.alt) for figure in document.figures}


def render(models: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``report.md``, ``report.html`` and ``figures/`` into a folder.

    Figures of an earlier report that this one does not have are removed.
    Rendering the same models again writes the same bytes.

    Parameters
    ----------
    models : mapping of str to dict
    folder : Path
        Made if it does not exist.

    Returns
    -------
    list of Path
        The written files, `report.html` first.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    document = build_document(models)
    saved = draw_figures(document)
    files: dict[Path, bytes] = {
        folder / "report.html": render_html(document, saved).encode(),
        folder / "report.md": render_markdown(document).encode(),
    }
    for name, figure in saved.items():
        files[folder / "figures" / f"{name}.svg"] = figure.svg.encode()
        files[folder / "figures" / f"{name}.png"] = figure.png
    _write(files, folder)
    for old in sorted((folder / "figures").glob("*.*")):
        if old.suffix in (".svg", ".png") and old not in files:
            old.unlink()
    return list(files)


def render_article(models: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.pdf`` into a folder; needs the optional package ``typst``.

    Returns
    -------
    Path
        The written file.

    Raises
    ------
    UsageError
        If the package is not installed.
    StorageError
        If the file cannot be written.
    """
    from replication.report.typst import render_pdf

    document = build_document(models)
    path = folder / "report.pdf"
    _write({path: render_pdf(document, draw_figures(document))}, folder)
    return path


def _write(files: Mapping[Path, bytes], folder: Path) -> None:
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.tmp")
            temporary.write_bytes(content)
            temporary.replace(path)
    except OSError as error:
        raise StorageError(
            f"the report cannot be written to {str(folder)!r} ({error.strerror}); "
            "give a folder that can be written"
        ) from None
