"""The report: models in, Markdown, HTML, PDF and figures out.

`render(models, folder)` writes ``report.md``, ``report.html`` and ``figures/``;
`render_article(models, folder)` writes ``report.pdf``. Models are plain data,
as they stand in ``results/<name>.json``:

==============  ==========================================================
summary         the population and the verdict on the reported mean
explorer        the law of the mean for many numbers of runs (interactive piece)
traces          errors and reconstructions of single networks over time
provenance      digest, outcome version, package versions, command
multiverse      every reading of the open choices
map             where in the space of settings the procedure works
claims          the other claims of the abstract
calibration     measured coverage of the intervals
emulated        digests under processor emulation
rounding        how much the last bit matters
==============  ==========================================================

Only summary, traces and provenance are needed; a chapter whose model is absent is left out.
A chapter is a module of `replication.report.chapters` with

- ``REQUIRES``: names of the models it cannot do without, and
- ``chapter(models)``: its blocks (see `replication.report.document`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["render", "render_article"]


def render(models: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the Markdown and HTML report with its figures; see `build.render`."""
    from replication.report import build

    return build.render(models, folder)


def render_article(models: Mapping[str, Any], folder: Path) -> Path:
    """Write the PDF report; see `build.render_article`."""
    from replication.report import build

    return build.render_article(models, folder)
