"""From a template, models and figures to the files of a report."""

import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matplotlib.figure import Figure

from replication.errors import ReportError
from replication.report import pandoc
from replication.report.save import save_figure
from replication.report.template import Template
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads

Draw = Callable[[], Figure | Sequence[Figure]]  # draws one figure, or several as its panels
DRAWING = threading.Lock()
"""Held while Matplotlib draws, whose settings are those of all threads."""


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn, and the command that makes its data."""

    name: str
    draw: Draw
    command: str

    @cached_property
    def saved(self) -> tuple[str, str]:
        """The figure as SVG, and its data as CSV: drawn once, however many pages show it."""
        try:
            with DRAWING:
                return save_figure(self.draw, name=self.name)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
            raise ReportError(f"the figure {self.name!r} cannot be drawn: {problem}") from error


def render_report(
    *, template: Path, models: Mapping[str, Any], figures: Mapping[str, Drawing],
    bibliography: Path, metadata: Mapping[str, str], search: Sequence[Path] = (),
    tables: Mapping[str, str] = MappingProxyType({}), name: str = "report",
    formats: Collection[str] = tuple(pandoc.FORMS), jobs: int = -1, report_progress: Tell = silent,
    write: Callable[[str], str | None] = lambda _: None,
) -> dict[str, bytes]:  # fmt: skip
    """Return the files of a report by their names; the same models give the same bytes.

    `models`: plain data by the names that templates use. `metadata`: ``title``, ``subtitle``,
    ``author``, ``licence``, ``date`` (the clock is never asked), ``description`` and optionally
    ``version``.
    `name`: of the files but for the figures.
    `search`: folders in which included templates are looked for; `write`: as for `Template`.
    `tables`: more files, as CSV by name; the HTML holds those to which the text links, as in
    ``[all](name.csv)``.
    What cannot be written is a ReportError, of a template with its file and line.
    """
    # Numbers and figures by their names; what has no name stops here.
    page = Template(template, [*search, pandoc.ASSETS], write)
    markdown = page.render(models, metadata)
    # ![A caption](figures/joint.svg)
    shown = list(dict.fromkeys(re.findall(r"\]\(figures/([\w-]+)\.svg\)", markdown)))
    for figure in shown:
        if figure not in figures:
            has = ", ".join(sorted(figures))
            raise ReportError(f"there is no figure {figure!r}; there are: {has}")

    report_progress("drawing the figures")
    document = pandoc.add_metadata(
        markdown, metadata=metadata, commands={figure: figures[figure].command for figure in shown},
    )  # fmt: skip
    kinds = [kind for kind in pandoc.FORMS if kind in formats]
    convert = partial(pandoc.run_pandoc, document, bibliography)
    # Pandoc, which is another process, reads no figure: it works while they are drawn.
    saved: dict[str, tuple[str, str]]
    steps: list[Callable[[], Any]] = [partial(convert, kind) for kind in kinds]
    steps.insert(0, lambda: {figure: figures[figure].saved for figure in shown})
    saved, *texts = map_in_threads(lambda step: step(), steps, jobs=jobs)
    # What pandoc has written, with drawings, fonts and data put in, or typeset.
    report_progress("setting the report")
    setters: dict[str, Callable[[str], str | bytes]] = {
        "pdf": partial(pandoc.set_pdf, figures=saved, day=metadata["date"]),
        "html": partial(pandoc.set_html, figures=saved, tables=tables),
        "md": str,
    }
    made = zip(kinds, texts, strict=True)
    pages = map_in_threads(lambda text: setters[text[0]](text[1]), made, jobs=jobs)
    # Every file by its name in the folder of the report.
    contents = {f"{name}.{kind}": page for kind, page in zip(kinds, pages, strict=True)}
    contents |= {f"{table}.csv": data for table, data in tables.items()}
    for figure, (svg, data) in saved.items():
        contents |= {f"figures/{figure}.svg": svg, f"figures/{figure}.csv": data}
    return {file: x.encode() if isinstance(x, str) else x for file, x in contents.items()}
