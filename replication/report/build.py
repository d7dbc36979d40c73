"""From a template, models and figures to the files of a report, by pandoc and Typst."""

import json
import os
import re
import subprocess
import threading
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from html import escape, unescape
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from matplotlib.figure import Figure

from replication.errors import ReportError
from replication.report.numbers import code
from replication.report.save import FONT_FOLDER, font_face, make_inline, page_css, save_figure
from replication.report.template import Data, fill
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads

Draw = Callable[[], Figure | Sequence[Figure]]  # draws one figure, or several as its panels
MOST_LETTERS = 300  # of a message of another program that a refusal quotes
DRAWING = threading.Lock()
"""Held while Matplotlib draws, because all threads share its settings."""

READ = "markdown-raw_tex-example_lists"
"""The form in which chapters are written: Pandoc's Markdown without two of its extensions."""
ASSETS = Path(__file__).parent / "assets"
"""The folder of the engine's own files: filter, templates of pages, style, scripts."""
FORMS = {
    "pdf": ["--to=typst", f"--template={ASSETS / 'article.typ'}"],
    "html": [
        "--to=html5",
        "--mathml",
        "--toc",
        "--toc-depth=3",
        "--section-divs",
        "--shift-heading-level-by=1",
        f"--template={ASSETS / 'page.html'}",
    ],
    "md": ["--to=gfm", "--shift-heading-level-by=1", f"--template={ASSETS / 'article.gfm'}"],
}
"""Options of pandoc for each form of a report; the form that takes longest is first."""
Figures = Mapping[str, tuple[str, str]]
"""The SVG of each figure, and its data as CSV, by name."""


@dataclass(frozen=True)
class Drawing:
    """A figure that is not drawn yet, and the command that makes its data."""

    name: str
    draw: Draw
    command: str

    @cached_property
    def saved(self) -> tuple[str, str]:
        """The figure as SVG, and its data as CSV; drawn once, even if several pages show it."""
        try:
            with DRAWING:
                return save_figure(self.draw, name=self.name)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
            raise ReportError(f"the figure {self.name!r} cannot be drawn: {problem}") from error


def render_report(
    *,
    template: Path,
    models: Mapping[str, Data],
    figures: Mapping[str, Drawing],
    bibliography: Path,
    metadata: Mapping[str, str],
    search: Sequence[Path] = (),
    tables: Mapping[str, str] = MappingProxyType({}),
    name: str = "report",
    formats: Collection[str] = tuple(FORMS),
    jobs: int = -1,
    report_progress: Tell = silent,
    write: Callable[[str], str | None] = lambda _: None,
) -> dict[str, bytes]:
    """Return the files of a report by name; the same models give the same bytes.

    `models`: plain data, by the names that templates use.
    `metadata`: ``title``, ``subtitle``, ``author``, ``licence``, ``date`` (given, so that the bytes
    do not depend on the clock), ``description`` and optionally ``version``.
    `search`: folders in which included templates are looked for; `write`: as for `fill`.
    `tables`: more files, as CSV by name. The HTML holds those to which the text links, as in
    ``[all](name.csv)``.
    `name`: how all files except figures and tables are called.
    Raises `ReportError` if anything is missing, or a guarded sentence is not true; it names file
    and line of the template.
    """
    # An unknown name of a number or a figure is refused here.
    markdown = fill(template, models, metadata, search=[*search, ASSETS], write=write)
    shown = find_shown(markdown, figures)
    commands = {figure: drawing.command for figure, drawing in shown.items()}
    document = add_metadata(markdown, metadata=metadata, commands=commands)
    kinds = [kind for kind in FORMS if kind in formats]

    report_progress("drawing the figures")
    saved, texts = _draw_and_convert(document, bibliography, kinds, shown, jobs)

    # Drawings, fonts and data are put into the pages from pandoc; the PDF is typeset.
    report_progress("setting the report")

    def set_page(kind: str) -> bytes:
        """Return a page in its final form."""
        if kind == "pdf":
            return set_pdf(texts[kind], figures=saved, day=metadata["date"])
        if kind == "html":
            return set_html(texts[kind], figures=saved, tables=tables).encode()
        return texts[kind].encode()

    pages = map_in_threads(set_page, kinds, jobs=jobs)

    # Every file by its name in the folder of the report.
    contents: dict[str, bytes] = {}
    for kind, page in zip(kinds, pages, strict=True):
        contents[f"{name}.{kind}"] = page
    for table, data in tables.items():
        contents[f"{table}.csv"] = data.encode()
    for figure, (svg, data) in saved.items():
        contents[f"figures/{figure}.svg"] = svg.encode()
        contents[f"figures/{figure}.csv"] = data.encode()
    return contents


def _draw_and_convert(
    document: str,
    bibliography: Path,
    kinds: Sequence[str],
    shown: Mapping[str, Drawing],
    jobs: int,
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Draw the figures, and convert the text by pandoc for each kind of page; return both.

    This is done at the same time, since pandoc is another process and needs no figures.
    """
    saved: dict[str, tuple[str, str]] = {}
    texts: dict[str, str] = {}

    def draw() -> None:
        for figure, drawing in shown.items():
            saved[figure] = drawing.saved

    def convert(kind: str) -> None:
        texts[kind] = run_pandoc(document, bibliography, kind)

    steps: list[Callable[[], None]] = [draw]
    steps.extend(partial(convert, kind) for kind in kinds)
    map_in_threads(lambda step: step(), steps, jobs=jobs)
    return saved, texts


def find_shown(markdown: str, figures: Mapping[str, Drawing]) -> dict[str, Drawing]:
    """Return the figures that a text shows, by name, in the order in which they first appear."""
    shown: dict[str, Drawing] = {}
    # ![A caption](figures/joint.svg)
    for figure in re.findall(r"\]\(figures/([\w-]+)\.svg\)", markdown):
        if figure not in figures:
            has = ", ".join(sorted(figures))
            raise ReportError(f"there is no figure {figure!r}; there are: {has}")
        shown[figure] = figures[figure]
    return shown


def find_pandoc() -> str:
    """Return the path of the program pandoc, which is part of a Python package."""
    package = find_spec("pypandoc")
    assert package is not None  # commands that write a report look for it first
    assert package.origin is not None
    return str(Path(package.origin).parent / "files" / "pandoc")


def run_pandoc(markdown: str, bibliography: Path, form: str) -> str:
    """Convert Markdown that begins with its metadata to a form of the report, a key of `FORMS`.

    Raises `ReportError` if pandoc, or the engine's own filter, finds a fault.
    """
    command = [
        find_pandoc(),
        f"--from={READ}",
        "--wrap=none",
        f"--data-dir={ASSETS}",
        "--citeproc",
        f"--lua-filter={ASSETS / 'report.lua'}",
        f"--bibliography={bibliography.absolute()}",
        *FORMS[form],
    ]
    done = subprocess.run(
        command,
        input=markdown,
        cwd=ASSETS,  # a folder that exists; the current one may have been removed
        capture_output=True,
        check=False,
        env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        encoding="utf-8",
        errors="replace",
    )
    # Pandoc writes "[WARNING] Citeproc: citation hinton1988 not found", and the filter, report.lua,
    # "problem<tab>fig:joint<tab>it has no alternative text".
    complaints = re.findall(r"^(?:problem\t|\[(?:WARNING|ERROR)\] )(.*)", done.stderr, re.MULTILINE)
    if complaints:
        raise ReportError("; ".join(dict.fromkeys(complaints)).replace("\t", ": "))
    if done.returncode:
        reason = " ".join(done.stderr.split())[:MOST_LETTERS]
        raise ReportError(
            f"pandoc failed with exit code {done.returncode}: {reason or 'no reason'}"
        )
    return done.stdout


def add_metadata(markdown: str, *, metadata: Mapping[str, str], commands: Mapping[str, str]) -> str:
    """Return a text with its metadata before it, as JSON; the filter and page templates read it.

    `commands`: the command that makes the data of each figure, by name.
    """
    day = date.fromisoformat(metadata["date"])
    # Names · 1 November 2026 · version 0.3.0 · MIT licence
    byline = [metadata["author"], f"{day.day} {day:%B %Y}"]
    if "version" in metadata:
        byline.append(f"version {metadata['version']}")
    byline.append(f"{metadata['licence']} licence")
    fields = {
        **metadata,
        "byline": " · ".join(byline),
        "year": str(day.year),
        "month": str(day.month),
        "day": str(day.day),
        "lang": "en-GB",
        "link-citations": True,
        "commands": {name: f"`{code(command, 1000)}`" for name, command in commands.items()},
    }
    # Marked as HTML, because Markdown would turn two hyphens in an address into a dash.
    for name in ("repository", "picture"):
        if metadata.get(name):
            fields[name] = f"`{escape(metadata[name])}`{{=html}}"
    return f"---\n{json.dumps(fields, ensure_ascii=False)}\n---\n\n{markdown}"


def set_html(page: str, *, figures: Figures, tables: Mapping[str, str]) -> str:
    """Return the report as one page that holds all it needs, including the tables it links to."""
    drawings = page_css(svg for svg, _ in figures.values())
    parts = {
        "STYLE": (ASSETS / "page.css").read_text("utf-8") + drawings + _math_css(page),
        "SCRIPT": (ASSETS / "page.js").read_text("utf-8"),
    }
    for name, (svg, data) in figures.items():
        parts[f"DRAWING {name}"] = make_inline(svg)
        parts[f"DATA {name}"] = quote(data, safe=",")
    # A part belongs where the page has its mark, as <!--DRAWING joint-->; no text of a model can
    # contain one, since all signs of HTML in it are escaped.
    page = re.sub(r"<!--([A-Z]+(?: [\w-]+)?)-->", lambda mark: parts[mark[1]], page)
    for name, data in tables.items():
        link = f'download="{name}.csv" href="data:text/csv;charset=utf-8,{quote(data, safe=",")}"'
        page = page.replace(f'href="{name}.csv"', link)
    return page


def _math_css(page: str) -> str:
    """Return CSS with a font of the letters in all formulas of a page; "" if there are none."""
    letters: set[str] = set()
    for formula in re.findall(r"<math.*?</math>", page, flags=re.DOTALL):
        # <mi>λ</mi><annotation encoding="application/x-tex">\lambda</annotation> shows λ
        text = re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", formula, flags=re.DOTALL)
        letters.update(unescape(text))
    if not letters and "<msqrt" not in page:
        return ""
    if "<msqrt" in page:
        letters.add("√")
    # Browsers show a variable by its italic sign in Unicode; for h, that is Planck's constant, ℎ.
    italics = map(chr, [*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D715)])
    italic_signs = {sign for sign in italics if unicodedata.normalize("NFKC", sign) in letters}
    return font_face("Report Math", "STIXGeneral.ttf", {*letters, *italic_signs, "ℎ"})


def set_pdf(text: str, *, figures: Figures, day: str) -> bytes:
    """Return the report as a typeset, tagged PDF that conforms to PDF/UA-1."""
    import typst

    # typst takes a dictionary of files, though its types do not say so.
    files: Any = {"main.typ": text.encode()}
    for name, (svg, _) in figures.items():
        files[f"figures/{name}.svg"] = svg.encode()
    try:
        pdf: bytes = typst.compile(
            files,
            root=str(ASSETS),
            format="pdf",
            font_paths=[str(FONT_FOLDER)],
            ignore_system_fonts=True,
            timestamp=int(datetime.fromisoformat(f"{day}T00Z").timestamp()),
            pdf_standards=["ua-1"],
        )
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:MOST_LETTERS]
        raise ReportError(f"the PDF cannot be set: {reason}") from None
    return pdf
