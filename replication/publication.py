"""A results folder: which study stands where, its models, and its report.

Only the default study writes into the results folder itself, and only its report has
all chapters. Any other study has a short report in
``studies/<protocol id>-<root seed>-<seeds>/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import os
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.claims import Verdict, load_claims
from replication.errors import DataError, ReportError, StorageError
from replication.experiments import EXPERIMENTS, TEMPLATES, list_figures, run_experiment
from replication.progress import Tell, format_duration, silent
from replication.protocol import (
    BASE_VERSION,
    DEFAULT_ROOT_SEED,
    DEFAULT_SEEDS,
    PAPER,
    Protocol,
    as_plain,
    canonical_json,
)
from replication.store import Store, StudyFolder
from replication.store.files import (
    hold_lock,
    is_folder,
    list_names,
    make_folder,
    read_content,
    remove,
    remove_temporaries,
    write_durably,
)
from replication.store.placing import (
    LIST,
    READY,
    find_damaged,
    finish_placing,
    place_files,
    read_list,
)
from replication.temporary import make_temporary_folder
from replication.wording import plural

if TYPE_CHECKING:
    from replication.store.filling import Simulated

N_REPETITIONS = 5
MAX_REPETITION_SEEDS = 100_000
DIGITS = 6
"""Significant digits that a model keeps of each number."""

RELATIVE_TOLERANCE = 1e-5
"""Of numbers kept to `DIGITS`, computed by another NumPy or processor."""

METADATA = {
    "title": "Does recirculation learn in 48 updates?",
    "subtitle": "A replication of Hinton and McClelland (1988), Learning Representations by "
    "Recirculation",
    "author": "The recirculation replication contributors",
    "date": "2026-11-25",
    "licence": "MIT",
}
"""Of the report; the date is that of the study's definition."""

LARGEST_MODEL = 2**26

LEFT_OUT = ("python", "platform", "commit")
"""What belongs to a run and not to its results, which are the same on all of them."""

Model = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Study:
    """The first `n_seeds` networks of one protocol and root seed, in a results folder."""

    protocol: Protocol
    root_seed: int
    n_seeds: int
    results: Path

    @property
    def is_default(self) -> bool:
        """Whether this is the study that the committed report describes."""
        default = PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS
        return (self.protocol, self.root_seed, self.n_seeds) == default

    @property
    def folder(self) -> Path:
        """Where its models and its report stand."""
        if self.is_default:
            return self.results
        name = f"{self.protocol.id}-{self.root_seed}-{self.n_seeds}"
        return self.results / "studies" / name

    @property
    def command(self) -> str:
        """The command that makes this study."""
        return f"replication replicate {self.options}"

    @property
    def options(self) -> str:
        """The options that name this study on the command line."""
        words = [f"--seeds {self.n_seeds} --root-seed {self.root_seed}"]
        for name, value in self.protocol.differences.items():
            words += ["--set", shlex.quote(f"{name}={json.dumps(value)}")]
        return " ".join(words)

    @property
    def repetitions(self) -> list[Study]:
        """The same study under other root seeds, of limited size."""
        n_seeds = min(self.n_seeds, MAX_REPETITION_SEEDS)
        seeds = [(self.root_seed + 1 + i) % 2**63 for i in range(N_REPETITIONS)]
        return [dataclasses.replace(self, root_seed=seed, n_seeds=n_seeds) for seed in seeds]


def read_model(folder: Path, name: str) -> Model | None:
    """Read ``models/<name>.json`` in the folder of a study; None if there is none."""
    path = folder / "models" / f"{name}.json"
    if not os.path.lexists(path):
        return None
    try:
        content = read_content(path, largest=LARGEST_MODEL)
        model = json.loads(content)
        del model["sha256"]
        is_sound = _render_model(model) == content
    except (DataError, ValueError, TypeError, KeyError, RecursionError):
        is_sound = False
    if not is_sound:
        raise DataError(f"{str(path)!r} is damaged; run `replication repair` to make it again")
    return dict(model)


def write_model(folder: Path, name: str, model: Mapping[str, Any]) -> Model:
    """Write a model as ``models/<name>.json`` in the folder of a study; return it as read back."""
    plain: Model = round_numbers(model)
    place = folder / "models"
    if place.is_symlink():
        raise StorageError(f"{str(place)!r} is a link; put a folder in its place")
    make_folder(place)
    path = place / f"{name}.json"
    if is_folder(path):
        remove(path)
    write_durably(path, _render_model(plain))
    return plain


def _render_model(model: Model) -> bytes:
    """Return a model as JSON whose first entry is a checksum of the others."""
    checksum = hashlib.sha256(canonical_json(model).encode()).hexdigest()
    text = json.dumps(model, indent=1, sort_keys=True, allow_nan=False)
    rest = text.removeprefix("{").lstrip("\n")
    separator = "," if model else "\n"
    return f'{{\n "sha256": "{checksum}"{separator}\n{rest}\n'.encode()


def round_numbers(value: Any) -> Any:
    """Return plain JSON data with numbers rounded to `DIGITS` significant digits.

    Examples
    --------
    >>> round_numbers({"mean": 46.5123456, "runs": (100, True)})
    {'mean': 46.5123, 'runs': [100, True]}
    """
    if isinstance(value, Mapping):
        return {str(key): round_numbers(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [round_numbers(entry) for entry in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "tolist"):  # of NumPy
        return round_numbers(value.tolist())
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a model holds the number {value}")
        return float(f"{value:.{DIGITS}g}")
    raise TypeError(f"a model holds a {type(value).__name__}")


def replicate_study(
    study: Study,
    *,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    experiments: bool = True,
    tell: Tell = silent,
) -> Model:
    """Make what is missing of a study: outcomes, models, report. Return the headline's model."""
    from replication.report.tools import require_tools

    require_tools()
    missing: list[str] = []
    if study.is_default and experiments:
        missing = [name for name in EXPERIMENTS if read_model(study.folder, name) is None]
    if missing:
        seconds = format_duration(sum(EXPERIMENTS[name] for name in missing))
        tell(
            f"{plural(len(missing), 'experiment')} will run after the networks: about {seconds} "
            "on two cores (--no-experiments leaves them out)"
        )
    simulate_all(study, jobs=jobs, backend=backend, scheduler=scheduler, tell=tell)
    if missing:
        run_experiments(missing, study.results, jobs=jobs, tell=tell)
    return write_report(study, jobs=jobs, tell=tell)


def simulate_all(study: Study, *, tell: Tell = silent, **backend: Any) -> Simulated:
    """Simulate what is missing of a study and of its repetitions; return what it was of itself."""
    from replication.store.filling import simulate_study

    store = Store(study.results)
    done = [
        simulate_study(
            store, part.protocol, part.root_seed, part.n_seeds,
            wait=part is not study, show_progress=tell is not silent, **backend,
        )
        for part in (study, *study.repetitions)
    ]  # fmt: skip
    return done[0]


def run_experiments(
    names: Iterable[str], results: Path, *, jobs: int = -1, tell: Tell = silent
) -> None:
    """Run experiments and write their models into a results folder."""
    names = list(names)
    done = 0.0
    begun = time.monotonic()
    with _hold(results):
        for i, name in enumerate(names):
            pace = (time.monotonic() - begun) / done if done else 1.0
            left = format_duration(sum(EXPERIMENTS[later] for later in names[i:]) * pace)
            prefix = f"{name} ({i + 1} of {len(names)})"
            tell(f"{prefix}: about {left} left")

            def tell_step(step: str, prefix: str = prefix) -> None:
                tell(f"{prefix}: {step}")

            model = run_experiment(name, jobs=jobs, tell=tell_step)
            write_model(results, name, model)
            done += EXPERIMENTS[name]


def preview_experiment(
    name: str, n_networks: int, results: Path, *, jobs: int = -1, tell: Tell = silent
) -> Path:
    """Run one experiment with few networks and render its chapter alone; return the page.

    What the chapter says of other experiments is taken from the models in the results folder. The
    page, its figures and the model stand in ``previews/NAME`` there; nothing else changes.
    """
    from replication.report.build import Drawing, render_report
    from replication.report.template import Template

    command = f"replication experiments {name} --preview {n_networks}"
    folder = results / "previews" / name
    model = run_experiment(name, jobs=jobs, tell=tell, n_networks=n_networks)
    with _hold(folder):
        found = {each: read_model(results, each) for each in ("headline", *EXPERIMENTS)}
        models = {each: known for each, known in found.items() if known is not None}
        models[name] = write_model(folder, name, model)
        chapter = TEMPLATES / name / "chapter.md"
        known = models | {"claims": list_claims()}
        try:
            text = Template(chapter, [TEMPLATES]).render(known, METADATA)
        except ReportError as error:
            raise ReportError(
                f"{name}/{error}; the models at hand are {', '.join(models)}, and `replication "
                "replicate` makes the others"
            ) from None
        # What stands in another chapter has no number here.
        text = re.sub(
            r"\[\]\(#([^)]+)\)",
            lambda link: link[0] if f"{{#{link[1]}" in text else f"“{link[1]}”",
            text,
        )
        with make_temporary_folder() as workspace:
            template = workspace / "chapter.md"
            template.write_text(text, "utf-8")
            files = render_report(
                template=template, models={}, bibliography=TEMPLATES / "references.bib",
                figures={
                    figure: Drawing(functools.partial(draw, models[name]), command)
                    for figure, draw in list_figures(name).items()
                },
                metadata=METADATA | {"title": f"Preview: {name}"},
                search=[TEMPLATES], formats=["html", "md"], tell=tell,
            )  # fmt: skip
        place_files(folder, files)
    return folder / "report.html"


def write_multiverse(model: Mapping[str, Any], folder: Path, *, tell: Tell = silent) -> list[Path]:
    """Write the model of a multiverse, its table and a short page; return table and page."""
    from replication.experiments.headline.run import describe_reported
    from replication.experiments.readings.figures import plot_multiverse
    from replication.experiments.readings.multiverse import write_readings
    from replication.report.build import Drawing, render_report

    with _hold(folder):
        plain = write_model(folder, "multiverse", model)
        draw = functools.partial(plot_multiverse, plain)
        files = render_report(
            template=TEMPLATES / "readings" / "multiverse.md",
            models={
                "multiverse": plain, "reported": describe_reported(), "claims": list_claims(),
            },
            figures={"multiverse": Drawing(draw, "replication multiverse")},
            bibliography=TEMPLATES / "references.bib",
            metadata=METADATA | {"title": f"Multiverse: {model['name']}"},
            search=[TEMPLATES], formats=["html", "md"], tell=tell,
        )  # fmt: skip
        place_files(folder, files)
        return [*write_readings(plain, folder), folder / "report.html"]


def write_report(
    study: Study, *, jobs: int = -1, tell: Tell = silent, set_aside: bool = False
) -> Model:
    """Analyse a stored study and write its report. Return the headline's model.

    Simulates nothing but single networks for the figures; an experiment whose model is
    missing leaves the default study with a short report.
    """
    from replication.experiments.headline.run import run
    from replication.experiments.judging import check_models, list_statements
    from replication.experiments.statements import plot_statements
    from replication.report.build import Drawing, render_report
    from replication.report.tools import require_tools

    require_tools()
    headline = run(study, Store(study.results), jobs=jobs, tell=tell)
    headline["provenance"] = _describe_provenance(study)
    with _hold(study.folder):
        models = {"headline": write_model(study.folder, "headline", headline)}
        template = "headline/short.md"
        if study.is_default:
            found = {name: read_model(study.results, name) for name in EXPERIMENTS}
            present = {name: model for name, model in found.items() if model is not None}
            if len(present) == len(EXPERIMENTS):
                template = "report.md"
                models |= present
                check_models(models)
        figures = {
            figure: Drawing(functools.partial(draw, models[name]), _name_command(study, name))
            for name in models
            for figure, draw in list_figures(name).items()
        }
        if template == "report.md":
            figures["statements"] = Drawing(
                functools.partial(plot_statements, models), "replication experiments"
            )
        files = render_report(
            template=TEMPLATES / template,
            models=models | {"claims": list_claims()},
            figures=figures,
            bibliography=TEMPLATES / "references.bib",
            metadata=METADATA | {"version": version("recirculation-replication")},
            search=[TEMPLATES],
            png=["joint"] if study.is_default else [],
            tell=tell,
        )
        if template == "report.md":
            files["statements.csv"] = list_statements(models).encode()
        place_files(study.folder, files, set_aside=set_aside)
    return models["headline"]


@contextlib.contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Be the only process that writes models and report in the folder of a study."""
    make_folder(folder)
    what = f"writing models or a report in {str(folder)!r}"
    with hold_lock(folder / ".report.lock", what=what):
        if not (folder / "models").is_symlink():
            remove_temporaries(folder / "models")
        yield


def _name_command(study: Study, experiment: str) -> str:
    """Return the command that makes the model of an experiment."""
    if experiment != "headline":
        return f"replication experiments {experiment}"
    return "replication replicate" if study.is_default else study.command


def _describe_provenance(study: Study) -> Model:
    """Return what made the results; interpreter and platform belong to a run, not to them."""
    from replication.simulator.outcomes import OUTCOME_VERSION
    from replication.store.provenance import collect_versions

    versions = collect_versions()
    return {
        "command": study.command,
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
        lines["p"] = (
            "none: such networks cannot report these numbers"
            if None in (largest["p"], given["p"], sampling["p"])
            else f"{pvalue(sampling['p'])} for a mean of {reported['mean']:g} and a largest count "
            f"of {reported['max']}"
        )
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
        why = f" on how one asks: not if by {'; '.join(names)}"
    lines["verdict"] = judged["verdict"] + why
    lines["report"] = str(study.folder / "report.html")
    width = max(map(len, lines))
    return [f"{name:{width}}  {text}" for name, text in lines.items()]


def verify_published(results: Path, *, jobs: int = -1, tell: Tell = silent) -> list[str]:
    """Make the default study again in a temporary folder and compare it with what is stored."""
    damaged = find_damaged_files(results)
    if damaged:
        raise DataError(
            f"the report in {str(results)!r} is damaged ({_join(damaged)} not as written); run "
            "`replication repair` to make it again"
        )
    with make_temporary_folder() as fresh:
        replicate_study(Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, fresh), jobs=jobs, tell=tell)
        models = ["headline", *EXPERIMENTS]
        differences = [
            f"models/{model}.json: {place}"
            for model in models
            for place in find_differences(read_model(results, model), read_model(fresh, model))
        ]
        stored, made = read_list(results) or {}, read_list(fresh) or {}
    differences += [
        f"{name}: other bytes, or missing"
        for name in sorted({*stored, *made})
        if stored.get(name) != made.get(name)
    ]
    if differences:
        raise DataError(
            f"the report in {str(results)!r} was not reproduced: {_join(differences)}. If the lock "
            "file's versions are installed and the sources are unchanged, please report it"
        )
    return [
        f"by digest: the outcomes of {DEFAULT_SEEDS:,} networks",
        f"by value: the models of {', '.join(models)}",
        "byte by byte: the report in three forms, its figures and their data",
    ]


def find_damaged_files(folder: Path) -> list[str]:
    """Return the models and report files in the folder of a study that are not as written."""
    damaged = []
    for path in sorted((folder / "models").glob("*.json")):
        try:
            read_model(folder, path.stem)
        except DataError:
            damaged.append(f"models/{path.name}")
    return damaged + find_damaged(folder)


def repair_reports(results: Path, *, jobs: int = -1, tell: Tell = silent) -> Iterator[str]:
    """Make the damaged models and reports in a results folder again; yield a line for each."""
    errors = []
    for folder in find_report_folders(results):
        damaged = find_damaged_files(folder)
        if not damaged:
            continue
        try:
            if folder == results:
                names = [name for name in EXPERIMENTS if f"models/{name}.json" in damaged]
                run_experiments(names, results, jobs=jobs, tell=tell)
            write_report(_find_study(folder, results), jobs=jobs, tell=tell, set_aside=True)
        except DataError as error:
            errors.append(f"{_join(damaged)} in {str(folder)!r} cannot be made again: {error}")
            continue
        yield f"made {_join(damaged)} in {str(folder)!r} again"
    if errors:
        raise DataError("; ".join(errors))


def finish_reports(results: Path) -> None:
    """Bring the files of reports to their places where a kill has kept them from it."""
    for folder in find_report_folders(results):
        if os.path.lexists(folder / READY):
            with _hold(folder):
                finish_placing(folder)


def find_reports(results: Path, study: StudyFolder) -> list[Path]:
    """Return the reports on the networks of a study."""
    default = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, results)
    prefix = f"{study.protocol_id}-{study.root_seed}-"
    names = [name for name in list_names(results / "studies") if name.startswith(prefix)]
    folders = [results / "studies" / name for name in names]
    if (study.protocol_id, study.root_seed) == (default.protocol.id, default.root_seed):
        folders.insert(0, results)
    return [path for folder in folders if (path := folder / "report.html").is_file()]


def find_report_folders(results: Path) -> list[Path]:
    """Return the folders of the studies that have models or a report; links are not followed."""
    studies = results / "studies"
    parts = [studies / name for name in list_names(studies)]
    return [
        part
        for part in [results, *(part for part in parts if not part.is_symlink())]
        if is_folder(part / "models") or LIST in list_names(part)
    ]


def _find_study(folder: Path, results: Path) -> Study:
    """Return the study whose report is in a folder."""
    if folder == results:
        return Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, results)
    match = re.fullmatch("([0-9a-f]{16})-([0-9]{1,19})-([0-9]{1,12})", folder.name, re.ASCII)
    if match is None:
        raise DataError(f"{folder.name!r} is not the name of a study")
    protocol = Store(results).find_protocol(match[1])
    return Study(protocol, int(match[2]), int(match[3]), results)


def _join(names: list[str]) -> str:
    more = f"; and {len(names) - 5} more" if len(names) > 5 else ""
    return "; ".join(names[:5]) + more


def find_differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield where two plain values differ; numbers may differ by rounding.

    Examples
    --------
    >>> list(find_differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.5]}))
    ['a.1: 2.0 became 2.5']
    """
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            yield from find_differences(old[key], new[key], f"{place}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, pair in enumerate(zip(old, new, strict=True)):
            yield from find_differences(*pair, f"{place}.{i}".lstrip("."))
    elif isinstance(old, float) and isinstance(new, float):
        if not math.isclose(old, new, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12):
            yield f"{place}: {old} became {new}"
    elif old != new:
        yield f"{place}: {json.dumps(old)[:60]} became {json.dumps(new)[:60]}"
