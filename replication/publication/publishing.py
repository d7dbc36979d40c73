"""A results folder: which study stands where, its models, and its report.

Only the default study writes into the results folder itself, and only its report is the
full one. Any other study has a short report in
``studies/<protocol id>-<root seed>-<seeds>/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.definition.claims import Verdict, load_claims
from replication.definition.protocol import BASE_VERSION, as_plain
from replication.definition.study import Study
from replication.errors import ReportError
from replication.experiments import EXPERIMENTS, TEMPLATES, list_figures, run_experiment
from replication.publication.models import Model, read_model, write_model
from replication.publication.placing import place_files
from replication.store import Store
from replication.system.files import hold_lock, make_folder, remove_temporaries
from replication.system.progress import Tell, format_duration, silent
from replication.system.temporary import make_temporary_folder
from replication.wording import plural

if TYPE_CHECKING:
    from replication.report.build import Drawing

METADATA = {
    "title": "How recirculation learns without back-propagation",
    "subtitle": "A replication of Hinton and McClelland (1988), Learning Representations by "
    "Recirculation",
    "author": "The recirculation replication contributors",
    "date": "2026-11-28",
    "licence": "MIT",
    "description": "The small networks of Hinton and McClelland (1988) learn without "
    "back-propagation. They are trained again here, and every statement of the paper is tested.",
}
"""Of the report; the date is that of the study's definition."""

LEARNING = {
    "title": "Learning without back-propagation",
    "subtitle": "Six steps through recirculation: predict, try, reveal",
    "description": "Watch a network learn without back-propagation, in six steps. Say what you "
    "expect, try it in the page, and see what many networks did.",
}
"""Of the page for readers who want to see how the rule works."""

FORMATS = ("html", "md", "pdf")

LEFT_OUT = ("python", "platform", "commit")
"""What belongs to a run and not to its results, which are the same on all of them."""


def replicate_study(
    study: Study,
    *,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    experiments: bool = True,
    report_progress: Tell = silent,
) -> Model:
    """Make what is missing of a study: outcomes, models, report. Return the headline's model."""
    from replication.report.tools import require_tools

    require_tools()
    missing: list[str] = []
    if study.is_default and experiments:
        missing = [name for name in EXPERIMENTS if read_model(study.folder, name) is None]
    if missing:
        seconds = format_duration(sum(EXPERIMENTS[name] for name in missing))
        report_progress(
            f"{plural(len(missing), 'experiment')} will run after the networks: about {seconds} "
            "on two cores (--no-experiments leaves them out)"
        )
    simulate_all(
        study, jobs=jobs, backend=backend, scheduler=scheduler, report_progress=report_progress
    )
    if missing:
        run_experiments(missing, study.results, jobs=jobs, report_progress=report_progress)
    return write_report(study, jobs=jobs, report_progress=report_progress)


def simulate_all(study: Study, *, report_progress: Tell = silent, **backend: Any) -> int:
    """Simulate what is missing of a study and its repetitions; return how many of itself."""
    from replication.store.filling import simulate_study

    store = Store(study.results)
    n_simulated = [
        simulate_study(
            store, part.protocol, part.root_seed, part.n_seeds,
            wait=part is not study, show_progress=report_progress is not silent, **backend,
        )
        for part in (study, *study.repetitions)
    ]  # fmt: skip
    return n_simulated[0]


def run_experiments(
    names: Iterable[str], results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> None:
    """Run experiments and write their models into a results folder."""
    names = list(names)
    done, begun = 0.0, time.monotonic()
    with hold_report(results):
        for i, name in enumerate(names):
            pace = (time.monotonic() - begun) / done if done else 1.0
            left = format_duration(sum(EXPERIMENTS[later] for later in names[i:]) * pace)
            prefix = f"{name} ({i + 1} of {len(names)})"
            report_progress(f"{prefix}: about {left} left")

            def tell_step(step: str, prefix: str = prefix) -> None:
                report_progress(f"{prefix}: {step}")

            write_model(results, name, run_experiment(name, jobs=jobs, report_progress=tell_step))
            done += EXPERIMENTS[name]


def preview_experiment(
    name: str, n_networks: int, results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> Path:
    """Run one experiment with few networks and render its chapter alone; return the page.

    What the chapter says of other experiments is taken from the models in the results folder. The
    page, its figures and the model stand in ``previews/NAME`` there; nothing else changes. A
    sentence whose guard fails is marked, and where it stands is reported as progress.
    """
    from replication.report.template import Template

    folder = results / "previews" / name
    model = run_experiment(name, jobs=jobs, report_progress=report_progress, n_networks=n_networks)
    with hold_report(folder):
        models = _read_models(results, ("headline", *EXPERIMENTS))
        models[name] = write_model(folder, name, model)
        chapter = Template(TEMPLATES / name / "chapter.md", [TEMPLATES])
        try:
            text = chapter.render(
                models | {"claims": list_claims()}, METADATA,
                warn=lambda what: report_progress(f"a guard fails: {name}/{what}"),
            )  # fmt: skip
        except ReportError as error:
            raise ReportError(
                f"{name}/{error}; a preview of more networks may be precise enough, and "
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
            figures = _list_drawings(
                name, models[name], f"replication experiments {name} --preview {n_networks}"
            )
            _publish(
                folder, workspace / "chapter.md", {}, figures,
                title=f"Preview: {name}", report_progress=report_progress,
            )  # fmt: skip
    return folder / "report.html"


def write_multiverse(
    model: Mapping[str, Any], folder: Path, *, report_progress: Tell = silent
) -> tuple[Path, Path]:
    """Write the model of a multiverse, its table and a short page; return table and page."""
    from replication.experiments.readings.figures import plot_multiverse
    from replication.experiments.readings.multiverse import write_readings
    from replication.experiments.studies import describe_reported
    from replication.report.build import Drawing

    with hold_report(folder):
        plain = write_model(folder, "multiverse", model)
        drawing = Drawing(functools.partial(plot_multiverse, plain), "replication multiverse")
        _publish(
            folder,
            TEMPLATES / "readings" / "multiverse.md",
            {"multiverse": plain, "reported": describe_reported(), "claims": list_claims()},
            {"multiverse": drawing},
            title=f"Multiverse: {model['name']}",
            report_progress=report_progress,
        )
        return write_readings(plain, folder), folder / "report.html"


def write_report(
    study: Study, *, jobs: int = -1, report_progress: Tell = silent, set_aside: bool = False
) -> Model:
    """Analyse a stored study and write its report. Return the headline's model.

    Simulates nothing but single networks for the figures; an experiment whose model is
    missing leaves the default study with a short report.
    """
    from replication.experiments.headline.run import run
    from replication.experiments.judging import check_models, list_statements
    from replication.experiments.statements import plot_statements
    from replication.report.build import Drawing
    from replication.report.tools import require_tools

    require_tools()
    headline = run(study, Store(study.results), jobs=jobs, report_progress=report_progress)
    headline["provenance"] = _describe_provenance(study)
    with hold_report(study.folder):
        models = {"headline": write_model(study.folder, "headline", headline)}
        others = _read_models(study.results, EXPERIMENTS) if study.is_default else {}
        is_full = len(others) == len(EXPERIMENTS)
        if is_full:
            models |= others
            check_models(models)
        figures: dict[str, Drawing] = {}
        for name, model in models.items():
            command = f"replication experiments {name}"
            if name == "headline":
                command = "replication replicate"
                command += "" if study.is_default else f" {study.options}"
            figures |= _list_drawings(name, model, command)
        more: dict[str, bytes] = {}
        if is_full:
            draw = functools.partial(plot_statements, models)
            figures["statements"] = Drawing(draw, "replication experiments")
            more["statements.csv"] = list_statements(models).encode()
            more |= _render(
                TEMPLATES / "live" / "learning.md", models, figures,
                name="learning", formats=["html"], metadata=METADATA | LEARNING,
            )  # fmt: skip
        _publish(
            study.folder,
            TEMPLATES / ("report.md" if is_full else "headline/short.md"),
            models | {"claims": list_claims()},
            figures,
            formats=FORMATS,
            version=version("recirculation-replication"),
            report_progress=report_progress,
            set_aside=set_aside,
            more=more,
        )
    return models["headline"]


def _publish(
    folder: Path,
    template: Path,
    models: Mapping[str, Any],
    figures: Mapping[str, Drawing],
    *,
    report_progress: Tell,
    formats: Iterable[str] = ("html", "md"),
    set_aside: bool = False,
    more: Mapping[str, bytes] | None = None,
    **metadata: str,
) -> None:
    """Render a report and put it, and `more` files, into a folder whose lock is held."""
    files = _render(
        template, models, figures,
        metadata=METADATA | metadata, formats=tuple(formats), report_progress=report_progress,
    )  # fmt: skip
    place_files(folder, files | dict(more or {}), set_aside=set_aside)


def _render(
    template: Path, models: Mapping[str, Any], figures: Mapping[str, Drawing], **options: Any
) -> dict[str, bytes]:
    from replication.report.build import render_report

    return render_report(
        template=template,
        models=models,
        figures=figures,
        bibliography=TEMPLATES / "references.bib",
        search=[TEMPLATES],
        **options,
    )


def _read_models(folder: Path, names: Iterable[str]) -> dict[str, Model]:
    found = {name: read_model(folder, name) for name in names}
    return {name: model for name, model in found.items() if model is not None}


def _list_drawings(name: str, model: Model, command: str) -> dict[str, Drawing]:
    from replication.report.build import Drawing

    return {
        figure: Drawing(functools.partial(draw, model), command)
        for figure, draw in list_figures(name).items()
    }


@contextlib.contextmanager
def hold_report(folder: Path) -> Iterator[None]:
    """Be the only process that writes models and report in the folder of a study."""
    make_folder(folder)
    what = f"writing models or a report in {str(folder)!r}"
    with hold_lock(folder / ".report.lock", what=what):
        if not (folder / "models").is_symlink():
            remove_temporaries(folder / "models")
        yield


def _describe_provenance(study: Study) -> Model:
    """Return what made the results; interpreter and platform belong to a run, not to them."""
    from replication.simulator.outcomes import OUTCOME_VERSION
    from replication.store.provenance import collect_versions

    versions = collect_versions()
    return {
        "command": f"replication replicate {study.options}",
        "outcome_version": OUTCOME_VERSION,
        "base_version": BASE_VERSION,
        "protocol": as_plain(study.protocol),
        "versions": {name: text for name, text in versions.items() if name not in LEFT_OUT},
    }


def list_claims() -> Model:
    """Return the ledger as plain data; ``thresholds`` are those of the primary one."""

    def list_fields(entry: Any) -> Model:
        return {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}

    return {
        name: list_fields(claim)
        | {
            "operationalisations": [list_fields(each) for each in claim.operationalisations],
            "thresholds": claim.thresholds,
        }
        for name, claim in load_claims().items()
    }


def describe_result(study: Study, model: Model) -> list[str]:
    """Return what a person wants to know of a replicated study, a line each."""
    from replication.report.numbers import amount, count, fixed, interval, percent, percents, pvalue

    population, sampling = model["population"], model["sampling"]
    reported, judged = model["reported"], model["claims"]["headline"]
    lines = {
        "converged": f"{percent(population['share'], 2)} of {amount(population['n'], 'network')} "
        f"within {count(population['cap'])} updates "
        f"({percents(population['share_interval'], 2)})"
    }
    if population["mean"] is not None:
        ends = population["mean_interval"]
        lines["mean"] = f"{fixed(population['mean'], 1)} updates of those that converged"
        lines["mean"] += f" ({interval(ends, 1)})" if None not in ends else ""
    if sampling is not None:
        mean, largest, given = (sampling[name] for name in ("mean", "max", "mean_given_max"))
        chance = sampling["chance_all_converge"]
        condition = f"if all converge (probability {pvalue(chance)}), " if chance < 0.95 else ""
        lines[f"{reported['runs']} networks"] = (
            f"{condition}report a mean of {interval(mean['interval'], 1)} and a largest count of "
            f"{interval(largest['interval'], 0)} (95 % prediction intervals)"
        )
        if judged["verdict"] != Verdict.NOT_TESTABLE:
            numbers = f"a mean of {reported['mean']:g} and a largest count of {reported['max']}"
            if None in (largest["p"], given["p"], sampling["p"]):
                lines["reported"] = f"{numbers} cannot be what such networks report"
            else:
                lines["p"] = f"{pvalue(sampling['p'])} for {numbers}"
    why = {
        "settings": f": other settings than the paper's ({', '.join(judged['other_settings'])})",
        "cap": f": networks are stopped after {count(population['cap'])} updates, and the paper's "
        f"largest count is {reported['max']}",
        "few networks": ": give at least 1,000 with --seeds",
        "few converge": f": too few converge to tell what {reported['runs']} report",
        None: "",
    }[judged["reason"]]
    if judged["verdict"] == Verdict.DEPENDS:
        names = [
            each.name
            for each in load_claims()["headline"].operationalisations
            if judged["operationalisations"][each.id]["outcome"] == "contradicts"
        ]
        why = f" on the measurement: contradicted by {'; '.join(names)}"
    lines["verdict"] = judged["verdict"] + why
    lines["report"] = str(study.folder / "report.html")
    width = max(map(len, lines))
    return [f"{name:{width}}  {text}" for name, text in lines.items()]
