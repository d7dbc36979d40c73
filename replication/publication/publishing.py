"""Write a study's models, its report, and the lesson beside it into a results folder.

Only the default study writes into the results folder itself, and only it has the full report. Any
other study has a short report in ``studies/<protocol id>-<root seed>-<seeds>/``.
"""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from replication import experiments as registry
from replication.definition.protocol import BASE_VERSION, as_plain
from replication.errors import DataError, UsageError
from replication.experiments.counting import Counted, count_outcomes
from replication.paper.claims import count_measurements, load_claims
from replication.paper.study import Study
from replication.publication.models import Model, read_model, read_models, write_model
from replication.publication.placing import place_files
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.outcomes import OUTCOME_VERSION
from replication.statistics.counts import CountTable
from replication.system.files import open_folder
from replication.system.progress import Tell, format_duration, silent
from replication.system.threads import map_in_threads
from replication.wording import plural

if TYPE_CHECKING:
    from replication.report.build import Drawing

FORMATS = ("html", "md", "pdf")
MOST_COUNTS = 100_000
"""Most distinct outcomes that are kept; where there are more, a report simulates again."""
PACKAGES = ("recirculation-replication", "numpy", "llvmlite", "joblib")
"""Packages whose versions the model of the headline names."""

METADATA = {
    "title": "How recirculation learns without back-propagation",
    "subtitle": "A replication of Hinton and McClelland (1988), Learning Representations by "
    "Recirculation",
    "author": "The recirculation replication contributors",
    "date": "2026-12-01",
    "licence": "MIT",
    "description": "The small networks of Hinton and McClelland (1988) learn without "
    "back-propagation. They are trained again here, and "
    f"{sum(claim.kind == 'empirical' for claim in load_claims().values())} statements of the paper "
    "are tested.",
}
"""Title, authors and other data of the report, as CITATION.cff has them.

There may also be addresses: ``repository``, ``picture`` (of an image that is shown where a link to
the pages is shared), and the identifier ``doi`` of the archived version.
"""

SHORT = {
    "title": "Another study of recirculation",
    "description": "How long networks take to learn by recirculation, with other settings or fewer "
    "networks than in the replication of Hinton and McClelland (1988).",
}
"""The data in which the short report differs; every study but the default one has it."""

LEARNING = {
    "title": "Learning without back-propagation",
    "subtitle": "Eight guesses about a network that sends no errors back",
    "description": "Watch a network learn without back-propagation, in eight steps: say what will "
    "happen, then watch.",
}
"""The data in which the lesson beside the report differs."""


def replicate_study(
    study: Study,
    *,
    experiments: bool = True,
    jobs: int = -1,
    scheduler: str | None = None,
    report_progress: Tell = silent,
) -> Model:
    """Simulate a study, write its report, and return the headline's model.

    `experiments`: whether to run experiments of the default study whose models are missing, damaged
    or of another version. Otherwise the report is written from the models that there are: networks
    are simulated only if the model of their counts is missing, damaged or of another rule; another
    model of another version is refused, and the report is a short one if a model is missing.
    """
    # All refusals come before any network is simulated.
    require_tools()
    outdated: list[str] = []
    if study.is_default and experiments:
        outdated = find_outdated(study.results)
    open_folder(study.folder, below=study.results)
    if outdated:
        duration = _estimate_duration(outdated)
        report_progress(
            f"{plural(len(outdated), 'experiment')} will run after the networks: about {duration} "
            "on two cores\n(`replication report` leaves them out)"
        )
    counted = {} if experiments else read_counts(study)
    if not counted:
        counted = count_parts(
            study, jobs=jobs, scheduler=scheduler, report_progress=report_progress
        )
        keep_counts(study, counted)
    if outdated:
        run_experiments(outdated, study.results, jobs=jobs, report_progress=report_progress)
    return write_report(study, counted, jobs=jobs, report_progress=report_progress)


def _estimate_duration(names: Sequence[str]) -> str:
    """Return in words how long some experiments take on two cores."""
    return format_duration(sum(registry.EXPERIMENTS[name].seconds for name in names))


def require_tools() -> None:
    """Refuse to write a report if packages are missing, and say how to install them."""
    needed = ("jinja2", "fontTools", "typst", "pypandoc")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"writing a report needs the extra 'report' (missing: {', '.join(missing)}); install "
            "it in the sources with: pip install '.[report]', or let make do it"
        )


def find_outdated(results: Path) -> list[str]:
    """Return the experiments whose models are missing, damaged or of another version."""
    models: dict[str, Model] = {name: {} for name in registry.EXPERIMENTS}
    for name in registry.EXPERIMENTS:
        with contextlib.suppress(DataError):
            models[name] = read_model(results, name) or {}
    return find_stale(models)


def find_stale(models: Mapping[str, Model]) -> list[str]:
    """Return the experiments whose models do not fit the present experiment or ledger of claims."""
    current = {name: registry.find_version(name) for name in models}
    return [name for name, model in models.items() if model.get("version") != current[name]]


def read_current(results: Path) -> dict[str, Model]:
    """Return the models of experiments that exist; refuse a model of another version."""
    models = read_models(results, registry.EXPERIMENTS)
    stale = find_stale(models)
    if stale:
        raise DataError(
            f"the models of {', '.join(stale)} in {str(results)!r} were made by another version of "
            "the experiment or the ledger; run `replication replicate` to make them again"
        )
    return models


def count_parts(
    study: Study,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    report_progress: Tell = silent,
) -> dict[Study, Counted]:
    """Simulate a study and the others with which its report compares it; return their outcomes.

    The study itself comes first.
    """
    is_shown = report_progress is not silent
    n_more = sum(part.n_seeds for part in study.parts.values()) - study.n_seeds
    counted = {}
    for name, part in study.parts.items():
        counted[part] = count_outcomes(
            part, jobs=jobs, scheduler=scheduler, name=name, show_progress=is_shown
        )
        # The study itself is finished; tell the user why more networks are simulated.
        if part == study and n_more:
            report_progress(
                f"{plural(n_more, 'more network')}, with which a report compares these: other "
                'root seeds, and other readings of "error"'
            )
    return counted


def keep_counts(study: Study, counted: Mapping[Study, Counted]) -> None:
    """Write the model ``counts``: how many networks of each part needed how many updates."""
    model = {}
    for name, part in study.parts.items():
        table = counted[part].table
        model[name] = {
            "of": describe_part(part),
            "updates": table.updates,
            "counts": table.counts,
            "n_censored": table.n_censored,
            "digest": counted[part].digest,
        }
    # Of slow networks, nearly every one may have a number of its own.
    if sum(len(each.table.updates) for each in counted.values()) <= MOST_COUNTS:
        write_model(study.folder, "counts", model)


def read_counts(study: Study) -> dict[Study, Counted]:
    """Return the outcomes that the model ``counts`` in a study's folder holds.

    Nothing if it is missing or damaged, or if one of its parts is of other networks or rules.
    """
    model: Model = {}
    with contextlib.suppress(DataError):
        model = read_model(study.folder, "counts") or {}
    counted = {}
    for name, part in study.parts.items():
        kept = model.get(name, {})
        if kept.get("of") != describe_part(part):
            return {}
        updates = np.array(kept["updates"], dtype=np.int64)
        counts = np.array(kept["counts"], dtype=np.int64)
        table = CountTable(updates, counts, kept["n_censored"], part.protocol.max_updates)
        counted[part] = Counted(table, kept["digest"])
    return counted


def describe_part(part: Study) -> str:
    """Return in words what the outcomes of networks depend on."""
    from replication.simulator.compiler.fingerprint import fingerprint_protocol

    rule = fingerprint_protocol(find_network(part.protocol), part.protocol)
    return (
        f"{part.n_seeds} networks of root seed {part.root_seed}, protocol {part.protocol.id}, "
        f"rule {rule}, outcomes {OUTCOME_VERSION}"
    )


def run_experiments(
    names: Sequence[str], results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> None:
    """Run experiments and write their models into a results folder."""
    open_folder(results / "models", below=results)  # refused now, not after minutes of work
    for i, name in enumerate(names):
        prefix = f"{name} ({i + 1} of {len(names)}): "
        report_progress(f"{prefix}about {_estimate_duration(names[i:])} left on two cores")
        tell_step = _put_before(prefix, report_progress)
        model = registry.run_experiment(name, jobs=jobs, report_progress=tell_step)
        write_model(results, name, model)


def _put_before(prefix: str, report_progress: Tell) -> Tell:
    """Return a function that reports a step with a prefix before its name."""

    def report(step: str) -> None:
        report_progress(prefix + step)

    return report


def write_report(
    study: Study,
    counted: Mapping[Study, Counted],
    *,
    jobs: int = -1,
    report_progress: Tell = silent,
) -> Model:
    """Analyse the outcomes of a study, write its report, and return the headline's model."""
    # The headline is computed from the outcomes; the other models are read from the folder.
    others = read_current(study.results) if study.is_default else {}
    headline = _make_headline(study, counted, report_progress)
    # The full report needs all models; otherwise, and for any other study, the report is short.
    if len(others) == len(registry.EXPERIMENTS):
        pages = _prepare_full({"headline": headline, **others}, jobs, report_progress)
    else:
        pages = [_prepare_short(study, headline, jobs, report_progress)]
    # Pages are rendered side by side, since pandoc uses only one core for a page.
    files: dict[str, bytes] = {}
    for files_of_page in map_in_threads(lambda render: render(), pages, jobs=jobs):
        files |= files_of_page
    place_files(study.folder, files)
    return headline


def _make_headline(study: Study, counted: Mapping[Study, Counted], report_progress: Tell) -> Model:
    """Compute the headline of a study, write its model into the study's folder, and return it."""
    from replication.experiments.headline.run import run  # SciPy takes time to load

    # The headline uses the model of the other readings of "error", unless it is outdated.
    readings = read_models(study.results, ["readings"])
    if find_stale(readings):
        readings = {}
    model_of_readings = readings.get("readings")
    headline = run(study, counted, readings=model_of_readings, report_progress=report_progress)
    headline["provenance"] = _describe_provenance(study)
    return write_model(study.folder, "headline", headline)


Render = Callable[[], dict[str, bytes]]
"""A function that renders a page, and returns its files by name."""


def _prepare_full(models: Mapping[str, Model], jobs: int, report_progress: Tell) -> list[Render]:
    """Return two functions: one renders the full report, the other the lesson beside it."""
    from replication.experiments.instruments.judging import list_statements
    from replication.experiments.live.rule_page import write_template
    from replication.report.build import render_report

    figures = list_drawings("headline", models["headline"], "replication replicate")
    for name in registry.EXPERIMENTS:
        figures |= list_drawings(name, models[name], f"replication experiments {name}")
    template_data = {
        **models,
        **_list_extra_models(models),
        "checks": registry.list_checks(models),
    }

    def render_main() -> dict[str, bytes]:
        """Render the full report, and return its files by name."""
        return render_report(
            template=registry.TEMPLATES / "report.md",
            models=template_data,
            figures=figures,
            bibliography=registry.TEMPLATES / "references.bib",
            metadata={**METADATA, "version": version("recirculation-replication")},
            search=[registry.TEMPLATES],
            tables={"statements": list_statements(models), **registry.list_tables(models)},
            formats=FORMATS,
            jobs=jobs,
            report_progress=report_progress,
            write=write_template,
        )

    def render_lesson() -> dict[str, bytes]:
        """Render the lesson, and return its files by name."""
        return render_report(
            template=registry.TEMPLATES / "live" / "learning.md",
            models=template_data,
            figures=figures,
            bibliography=registry.TEMPLATES / "references.bib",
            metadata=METADATA | LEARNING,
            search=[registry.TEMPLATES],
            name="learning",
            formats=["html"],
            jobs=jobs,
            write=write_template,
        )

    return [render_main, render_lesson]


def _prepare_short(study: Study, headline: Model, jobs: int, report_progress: Tell) -> Render:
    """Return the function that renders the report of a study that has only a headline."""
    from replication.report.build import render_report

    models = {"headline": headline}  # the name by which templates read it
    command = "replication replicate"
    if not study.is_default:
        command = f"{command} {study.options}"

    def render_short() -> dict[str, bytes]:
        """Render the short report, and return its files by name."""
        return render_report(
            template=registry.TEMPLATES / "headline" / "short.md",
            models={**models, **_list_extra_models(models)},
            figures=list_drawings("headline", headline, command),
            bibliography=registry.TEMPLATES / "references.bib",
            metadata={**METADATA, "version": version("recirculation-replication"), **SHORT},
            search=[registry.TEMPLATES],
            formats=FORMATS,
            jobs=jobs,
            report_progress=report_progress,
        )

    return render_short


def _list_extra_models(models: Mapping[str, Model]) -> dict[str, Model]:
    """Return the data that templates can use besides the models, by name: claims, costs, counts."""
    from replication.experiments.instruments.judging import find_widening

    n_measurements = count_measurements()
    return {
        "claims": list_claims(models),
        "n_verdicts": count_verdicts(models),
        "cost": registry.COST,
        "measurements": {"n": n_measurements, "widening": find_widening(n_measurements)},
    }


def count_verdicts(models: Mapping[str, Model]) -> dict[str, int]:
    """Return the number of statements with each verdict in some models, by the verdict's words."""
    verdicts: Counter[str] = Counter()
    for model in models.values():
        verdicts.update(judged["verdict"] for judged in model.get("claims", {}).values())
    return dict(verdicts)


def _describe_provenance(study: Study) -> Model:
    """Return what the results depend on: command, versions and protocol, and not the machine."""
    versions = {package: version(package) for package in PACKAGES}
    return {
        "command": f"replication replicate {study.options}",
        "outcome_version": OUTCOME_VERSION,
        "base_version": BASE_VERSION,
        "protocol": as_plain(study.protocol),
        "versions": versions,
    }


def list_drawings(name: str, model: Model, command: str) -> "dict[str, Drawing]":
    """Return the figures of an experiment by name; `command`: the command that makes their data."""
    from replication.report.build import Drawing

    drawings = {}
    for figure, draw in registry.list_figures(name).items():
        drawings[figure] = Drawing(figure, partial(draw, model), command)
    return drawings


def list_claims(models: Mapping[str, Model]) -> Model:
    """Return the ledger of claims as plain data, with the verdicts of some models in words.

    ``thresholds`` are those of the primary measurement; the words are those of `describe`.
    """
    from replication.experiments.instruments.judging import describe

    # Every statement is judged by one experiment, whose model has the verdict.
    judged: Model = {}
    for model in models.values():
        judged |= model.get("claims", {})
    claims = {}
    for name, claim in load_claims().items():
        words = describe(claim, judged.get(name, {}))
        claims[name] = {**dataclasses.asdict(claim), "thresholds": claim.thresholds, **words}
    return claims
