"""Pages beside the report: one experiment alone, and a multiverse of one's own."""

from pathlib import Path

from replication.experiments import EXPERIMENTS, TEMPLATES, run_experiment
from replication.experiments.readings import multiverse
from replication.experiments.studies import describe_reported
from replication.publication.models import Model, read_models, write_model
from replication.publication.placing import place_files
from replication.publication.publishing import find_stale
from replication.publication.rendering import list_claims, list_drawings, render
from replication.report.pandoc import require_tools
from replication.report.template import escape_markdown
from replication.system.files import open_folder
from replication.system.progress import Tell, silent

FORMATS = ("html", "md")


def preview_experiment(
    name: str, n_networks: int, results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> Path:
    """Run one experiment with few networks, and render its chapter and its statements alone.

    Returns the page. What the chapter says of other experiments is taken from the models in the
    results folder. The page, its figures and the model stand in ``previews/NAME`` there; nothing
    else changes. A sentence whose guard fails is marked, and its chapter is reported as progress.
    """
    folder = results / "previews" / name
    require_tools()  # which would fail after minutes of work
    open_folder(folder, below=results)
    model = run_experiment(name, jobs=jobs, report_progress=report_progress, n_networks=n_networks)
    models = read_models(results, ("headline", *EXPERIMENTS))
    for stale in find_stale({k: v for k, v in models.items() if k != name}):
        del models[stale]
        report_progress(
            f"the model of {stale} is out of date and left out;\n"
            "`replication replicate` makes it again"
        )
    models[name] = write_model(folder, name, model)
    command = f"replication experiments {name} --preview {n_networks}"
    files = render(
        TEMPLATES / "preview.md", models | {"claims": list_claims(models), "experiment": name},
        list_drawings(name, models[name], command), {"title": f"Preview: {name}"},
        formats=FORMATS, jobs=jobs, report_progress=report_progress,
        warn=lambda what: report_progress(f"a guard fails: {what}"),
    )  # fmt: skip
    place_files(folder, files)
    return folder / "report.html"


def make_multiverse(
    readings: multiverse.Readings, n_networks: int, root_seed: int, results: Path, *,
    jobs: int = -1, report_progress: Tell = silent,
) -> tuple[Model, Path, Path]:  # fmt: skip
    """Simulate and compare readings; return their model, and where its table and page stand."""
    folder = results / "studies" / f"multiverse-{readings.id}-{root_seed}-{n_networks}"
    require_tools()  # which would fail after minutes of work
    open_folder(folder, below=results)
    model = multiverse.run_multiverse(
        readings, n_networks=n_networks, root_seed=root_seed,
        jobs=jobs, report_progress=report_progress,
    )  # fmt: skip
    plain = write_model(folder, "multiverse", model)
    files = render(
        TEMPLATES / "readings" / "multiverse.md",
        {"multiverse": plain, "reported": describe_reported(), "claims": list_claims()}, {},
        {"title": f"Multiverse: {escape_markdown(model['name'])}"}, formats=FORMATS,
        report_progress=report_progress,
    )  # fmt: skip
    place_files(folder, files)
    return model, multiverse.write_readings(plain, folder), folder / "report.html"
