"""From a template, models and figures to the files of a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from replication.errors import ReportError, StorageError
from replication.progress import Tell, silent
from replication.report import pandoc
from replication.report.save import SavedFigure, save_figure
from replication.report.template import Template
from replication.temporary import make_temporary_folder

Draw = Callable[[], Figure | Sequence[Figure]]
"""Draws one figure, or several as its panels."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure that can be drawn, and the command that makes its data."""

    draw: Draw
    command: str


FORMATS = ("md", "html", "pdf")
_SHOWN = re.compile(r"\]\(figures/([\w-]+)\.svg\)")


def render_report(
    *,
    template: Path,
    models: Mapping[str, Any],
    figures: Mapping[str, Drawing],
    bibliography: Path,
    metadata: Mapping[str, str],
    search: Sequence[Path] = (),
    formats: Collection[str] = FORMATS,
    report_progress: Tell = silent,
) -> dict[str, bytes]:
    """Return the files of a report by name; the same models give the same bytes.

    `models`: plain data by the names that templates use. `metadata`: ``title``, ``date`` (the clock
    is never asked) and optionally ``subtitle``, ``author``, ``version``, ``licence``, ``citation``.
    `search`: folders in which included templates are looked for.
    What `replication.report` forbids is a ReportError that begins with file and line of a template.
    """
    try:
        entries = bibliography.read_bytes()
    except OSError as error:
        raise StorageError(f"{str(bibliography)!r} cannot be read ({error.strerror})") from None
    day = pandoc.read_date(metadata)
    page = Template(template, [*search, pandoc.ASSETS])
    markdown = page.render(models, metadata)
    shown = list(dict.fromkeys(_SHOWN.findall(markdown)))
    for name in shown:
        if name not in figures:
            problem = f"there is no figure {name!r}; there are: {', '.join(sorted(figures))}"
            raise ReportError(f"{page.locate(f'figures/{name}.svg')}: {problem}")

    report_progress("drawing the figures")
    saved = {name: _draw(name, figures[name].draw) for name in shown}
    commands = {name: figures[name].command for name in shown}
    svgs = {name: one.svg for name, one in saved.items()}

    report_progress("setting the report")
    with make_temporary_folder() as workspace:
        pandoc.prepare(
            workspace, metadata=metadata, bibliography=entries, svgs=svgs, commands=commands
        )
        setters: dict[str, Callable[[], str | bytes]] = {
            "pdf": partial(pandoc.render_pdf, markdown, workspace, page.locate, day),
            "html": partial(pandoc.render_html, markdown, workspace, page.locate, svgs),
            "md": partial(pandoc.render_markdown, markdown, workspace, page.locate),
        }
        wanted = {f"report.{kind}": setters[kind] for kind in setters if kind in formats}
        contents = _run_together(wanted)
    for name, one in saved.items():
        contents[f"figures/{name}.svg"] = one.svg
        contents[f"figures/{name}.csv"] = one.data
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in contents.items()
    }


def _run_together(setters: Mapping[str, Callable[[], str | bytes]]) -> dict[str, str | bytes]:
    """Return what each gives: side by side, or one after the other if no thread can be started."""
    try:
        with ThreadPoolExecutor() as pool:
            jobs = {name: pool.submit(setter) for name, setter in setters.items()}
    except RuntimeError:
        return {name: setter() for name, setter in setters.items()}
    return {name: job.result() for name, job in jobs.items()}


def _draw(name: str, draw: Draw) -> SavedFigure:
    try:
        return save_figure(draw, name=name)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise ReportError(f"the figure {name!r} cannot be drawn: {problem}") from error
