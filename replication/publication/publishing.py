"""A results folder: which study stands where, its models, and its report.

Only the default study writes into the results folder itself, and only its report is the
full one. Any other study has a short report in
``studies/<protocol id>-<root seed>-<seeds>/``.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from replication.definition.claims import Verdict
from replication.definition.protocol import BASE_VERSION, as_plain
from replication.definition.study import Study
from replication.errors import DataError
from replication.experiments import (
    COST,
    EXPERIMENTS,
    TEMPLATES,
    find_version,
    list_measurements,
    run_experiment,
)
from replication.publication.models import Model, read_models, write_model
from replication.publication.placing import place_files
from replication.publication.rendering import LEARNING, list_claims, list_drawings, render
from replication.simulator.outcomes import OUTCOME_VERSION
from replication.store.filling import simulate_study
from replication.store.provenance import PACKAGES, collect_versions
from replication.system.files import open_folder
from replication.system.progress import Tell, format_duration, silent
from replication.wording import plural

FORMATS = ("html", "md", "pdf")


def replicate_study(
    study: Study,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    experiments: bool = True,
    report_progress: Tell = silent,
) -> Model:
    """Make what is missing of a study: outcomes, models, report. Return the headline's model."""
    from replication.report.pandoc import require_tools

    require_tools()
    missing: list[str] = []
    if study.is_default and experiments:
        there = read_models(study.folder, EXPERIMENTS)
        stale = find_stale(there)
        missing = [name for name in EXPERIMENTS if name not in there or name in stale]
    if missing:
        seconds = format_duration(sum(EXPERIMENTS[name] for name in missing))
        report_progress(
            f"{plural(len(missing), 'experiment')} will run after the networks: about {seconds} "
            "on two cores\n(`replication replicate --no-experiments` leaves them out)"
        )
    simulate_all(study, jobs=jobs, scheduler=scheduler, report_progress=report_progress)
    if missing:
        run_experiments(missing, study.results, jobs=jobs, report_progress=report_progress)
    return write_report(study, jobs=jobs, report_progress=report_progress)


def find_stale(models: Mapping[str, Model]) -> list[str]:
    """Return the experiments whose models are of another version than experiment and ledger.

    The headline, which every report computes anew, has no version.
    """
    return [
        name
        for name, model in models.items()
        if (name != "headline" and model.get("version") != find_version(name))
        or not _answers_ledger(name, model)
    ]


def _answers_ledger(name: str, model: Model) -> bool:
    """Whether a model, which somebody may have edited, judges what the ledger asks."""
    from replication.experiments.judging import Outcome

    try:
        judged = {
            statement: {
                way
                for way, result in entry["operationalisations"].items()
                if result["outcome"] in set(Outcome)
            }
            for statement, entry in model.get("claims", {}).items()
            if entry["verdict"] in set(Verdict)
        }
    except (AttributeError, KeyError, TypeError):
        return False
    return judged == {statement: set(ways) for statement, ways in list_measurements(name).items()}


def read_current(results: Path) -> dict[str, Model]:
    """Return the models of the experiments that there are; refuse those of another version."""
    models = read_models(results, EXPERIMENTS)
    if stale := find_stale(models):
        raise DataError(
            f"the models of {', '.join(stale)} in {str(results)!r} were made by another version of "
            "the experiment or the ledger; run `replication replicate` to make them again"
        )
    return models


def simulate_all(study: Study, *, report_progress: Tell = silent, **workers: Any) -> int:
    """Simulate what a study and its report lack; return how many networks of the study itself."""
    show_progress = report_progress is not silent
    done = [
        simulate_study(part, name=name, show_progress=show_progress, **workers)
        for name, part in study.parts.items()
    ]
    return done[0]


def run_experiments(
    names: Sequence[str], results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> None:
    """Run experiments and write their models into a results folder."""
    open_folder(results / "models", below=results)  # before minutes of work
    for i, name in enumerate(names):
        left = format_duration(sum(EXPERIMENTS[later] for later in names[i:]))
        prefix = f"{name} ({i + 1} of {len(names)})"
        report_progress(f"{prefix}: about {left} left on two cores")

        def tell_step(step: str, prefix: str = prefix) -> None:
            report_progress(f"{prefix}: {step}")

        write_model(results, name, run_experiment(name, jobs=jobs, report_progress=tell_step))


def write_report(study: Study, *, jobs: int = -1, report_progress: Tell = silent) -> Model:
    """Analyse a stored study and write its report. Return the headline's model.

    Simulates nothing but single networks for the figures; an experiment whose model is
    missing leaves the default study with a short report.
    """
    from replication.experiments.headline.run import run
    from replication.experiments.judging import list_statements  # SciPy takes time to load
    from replication.report.pandoc import require_tools

    require_tools()
    others = read_current(study.results) if study.is_default else {}
    likelihood = read_models(study.results, ["likelihood"])
    counted = None if find_stale(likelihood) else likelihood.get("likelihood")
    headline = run(study, counted=counted, report_progress=report_progress)
    headline["provenance"] = _describe_provenance(study)
    open_folder(study.folder, below=study.results)
    models = {"headline": write_model(study.folder, "headline", headline)}
    is_full = len(others) == len(EXPERIMENTS)
    options = "" if study.is_default else f" {study.options}"
    figures = list_drawings("headline", models["headline"], f"replication replicate{options}")
    for name, model in others.items() if is_full else ():
        models[name] = model
        figures |= list_drawings(name, model, f"replication experiments {name}")
    texts = {"claims": list_claims(models), "cost": COST | {"seconds": sum(EXPERIMENTS.values())}}
    files = render(
        TEMPLATES / ("report.md" if is_full else "headline/short.md"),
        models | texts,
        figures,
        {"version": version("recirculation-replication")},
        tables={"statements": list_statements(models)} if is_full else {},
        formats=FORMATS,
        jobs=jobs,
        report_progress=report_progress,
    )
    if is_full:
        report_progress("the page of six steps")
        files |= render(
            TEMPLATES / "live" / "learning.md", models, figures, LEARNING, name="learning",
            formats=["html"], jobs=jobs,
        )  # fmt: skip
    place_files(study.folder, files)
    return models["headline"]


def _describe_provenance(study: Study) -> Model:
    """Return what made the results; interpreter and platform belong to a run, not to them."""
    versions = collect_versions()
    return {
        "command": f"replication replicate {study.options}",
        "outcome_version": OUTCOME_VERSION,
        "base_version": BASE_VERSION,
        "protocol": as_plain(study.protocol),
        "versions": {name: versions[name] for name in PACKAGES if name in versions},
    }
