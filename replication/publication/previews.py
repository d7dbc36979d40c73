"""Pages beside the report: one experiment alone, and a multiverse of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replication.errors import ReportError
from replication.experiments import EXPERIMENTS, TEMPLATES, run_experiment
from replication.publication.models import read_models, write_model
from replication.publication.placing import place_files
from replication.publication.rendering import METADATA, list_claims, list_drawings, render
from replication.system.files import make_temporary_folder, open_folder
from replication.system.progress import Tell, silent

FORMATS = ("html", "md")


def preview_experiment(
    name: str, n_networks: int, results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> Path:
    """Run one experiment with few networks, and render its chapter and its statements alone.

    Returns the page. What the chapter says of other experiments is taken from the models in the
    results folder. The page, its figures and the model stand in ``previews/NAME`` there; nothing
    else changes. A sentence whose guard fails is marked, and its place is reported as progress.
    """
    from replication.report.template import Template

    folder = results / "previews" / name
    model = run_experiment(name, jobs=jobs, report_progress=report_progress, n_networks=n_networks)
    open_folder(folder, below=results)
    models = read_models(results, ("headline", *EXPERIMENTS))
    models[name] = write_model(folder, name, model)
    try:
        text = Template(TEMPLATES / "preview.md").render(
            models | {"claims": list_claims(models), "experiment": name}, METADATA,
            warn=lambda what: report_progress(f"a guard fails: {what}"),
        )  # fmt: skip
    except ReportError as error:
        raise ReportError(
            f"{error}; a preview of more networks may be precise enough, and "
            "`replication replicate` makes models that are missing"
        ) from None
    # What stands in another chapter has no number here.
    text = re.sub(
        r"\[\]\(#([^)]+)\)",
        lambda link: link[0] if f"{{#{link[1]}" in text else f"“{link[1]}”",
        text,
    )
    with make_temporary_folder() as workspace:
        (workspace / "chapter.md").write_text(text, "utf-8")
        figures = list_drawings(
            name, models[name], f"replication experiments {name} --preview {n_networks}"
        )
        files = render(
            workspace / "chapter.md", {}, figures, {"title": f"Preview: {name}"},
            formats=FORMATS, jobs=jobs, report_progress=report_progress,
        )  # fmt: skip
    place_files(folder, files)
    return folder / "report.html"


def write_multiverse(
    model: Mapping[str, Any], name: str, results: Path, *, report_progress: Tell = silent
) -> tuple[Path, Path]:
    """Write the model of a multiverse, its table and a short page; return table and page."""
    from replication.experiments.readings.multiverse import write_readings
    from replication.experiments.studies import describe_reported

    folder = results / "studies" / name
    open_folder(folder, below=results)
    plain = write_model(folder, "multiverse", model)
    files = render(
        TEMPLATES / "readings" / "multiverse.md",
        {"multiverse": plain, "reported": describe_reported(), "claims": list_claims()},
        {},
        {"title": f"Multiverse: {model['name']}"},
        formats=FORMATS,
        report_progress=report_progress,
    )
    place_files(folder, files)
    return write_readings(plain, folder), folder / "report.html"
