"""A results folder: which study stands where, its models, and its report.

Only the default study writes into the results folder itself, and only its report has
all chapters. Any other study has a short report in
``studies/<protocol id>-<root seed>-<seeds>/``.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from replication.claims import load_claims
from replication.errors import DataError, StorageError
from replication.experiments import EXPERIMENTS, TEMPLATES, list_figures, run_experiment
from replication.progress import Tell, format_duration, silent
from replication.protocol import (
    BASE_VERSION,
    DEFAULT_ROOT_SEED,
    DEFAULT_SEEDS,
    PAPER,
    Protocol,
    as_plain,
)

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

BENCHMARK = "benchmark.json"
"""Written by `make bench` beside the report; its table is left out where there is none."""

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
    """Read ``models/<name>.json`` in the folder of a study; None if there is none.

    Raises
    ------
    StorageError
        If it cannot be read.
    DataError
        If it is damaged.
    """
    path = folder / "models" / f"{name}.json"
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        model = None
    if not isinstance(model, dict):
        raise DataError(f"{str(path)!r} is damaged; delete it and run the command again")
    return model


def write_model(folder: Path, name: str, model: Mapping[str, Any]) -> Model:
    """Write a model as ``models/<name>.json`` in the folder of a study; return it as read back.

    Parameters
    ----------
    folder : Path
    name : str
    model : mapping
        Numbers, texts, lists and dicts; numbers keep `DIGITS` significant digits.
    """
    from replication.store.files import make_folder, write_durably

    plain: Model = round_numbers(model)
    text = json.dumps(plain, indent=1, sort_keys=True, allow_nan=False)
    make_folder(folder / "models")
    write_durably(folder / "models" / f"{name}.json", (text + "\n").encode())
    return plain


def round_numbers(value: Any) -> Any:
    """Return plain JSON data with numbers rounded to `DIGITS` significant digits.

    Raises
    ------
    ValueError
        If a number is not finite: a model says None where there is none.
    TypeError
        If something is not plain data.

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
    tell: Tell = silent,
) -> Model:
    """Make what is missing of a study: outcomes, models, report. Return the headline's model.

    Parameters
    ----------
    study : Study
    jobs, backend, scheduler
        As `replication.store.filling.simulate_study` takes them.
    tell : callable
        Takes the name of each step as it begins.
    """
    from replication.store import Store
    from replication.store.filling import simulate_study

    store = Store(study.results)
    for part in (study, *study.repetitions):
        simulate_study(
            store, part.protocol, part.root_seed, part.n_seeds,
            jobs=jobs, backend=backend, scheduler=scheduler, show_progress=tell is not silent,
        )  # fmt: skip
    if study.is_default:
        missing = [name for name in EXPERIMENTS if read_model(study.folder, name) is None]
        run_experiments(missing, study.results, jobs=jobs, tell=tell)
    return write_report(study, jobs=jobs, tell=tell)


def run_experiments(
    names: Iterable[str], results: Path, *, jobs: int = -1, tell: Tell = silent
) -> None:
    """Run experiments and write their models into a results folder.

    Parameters
    ----------
    names : iterable of str
        Of `EXPERIMENTS`.
    results : Path
    jobs : int
    tell : callable
        Takes the name of each step, with the time that is left.
    """
    names = list(names)
    expected = done = 0.0
    begun = time.monotonic()
    for i, name in enumerate(names):
        pace = (time.monotonic() - begun) / done if done else 1.0
        expected = sum(EXPERIMENTS[later] for later in names[i:]) * pace
        left = format_duration(expected)
        prefix = f"{name} ({i + 1} of {len(names)})"
        tell(f"{prefix}: about {left} left")

        def tell_step(step: str, prefix: str = prefix) -> None:
            tell(f"{prefix}: {step}")

        model = run_experiment(name, jobs=jobs, tell=tell_step)
        write_model(results, name, model)
        done += EXPERIMENTS[name]


def write_report(study: Study, *, jobs: int = -1, tell: Tell = silent) -> Model:
    """Analyse a stored study and write its report. Return the headline's model.

    Simulates nothing but single networks for the figures; an experiment whose model is
    missing leaves the default study with a short report.

    Raises
    ------
    DataError
        If an outcome is missing or damaged.
    """
    from replication.experiments.headline.run import run
    from replication.experiments.judging import check_models
    from replication.report.build import Drawing, build_report
    from replication.store import Store

    headline = run(study, Store(study.results), jobs=jobs, tell=tell)
    headline["provenance"] = _describe_provenance(study)
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
        figure: Drawing(draw, models[name])
        for name in models
        for figure, draw in list_figures(name).items()
    }
    build_report(
        template=TEMPLATES / template,
        models=models | {"claims": _list_claims(), "benchmark": _read_benchmark(study.results)},
        figures=figures,
        folder=study.folder,
        bibliography=TEMPLATES / "references.bib",
        metadata=METADATA | {"version": version("recirculation-replication")},
        search=[TEMPLATES],
        png=["joint"] if study.is_default else [],
        tell=tell,
    )
    return models["headline"]


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
        "versions": {k: v for k, v in versions.items() if k not in ("python", "platform")},
    }


def _read_benchmark(folder: Path) -> Model | None:
    try:
        return dict(json.loads((folder / BENCHMARK).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _list_claims() -> Model:
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
    """Return what a person wants to know of a replicated study, a line each.

    Parameters
    ----------
    study : Study
    model : dict
        Of its headline.
    """
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
        mean, largest = sampling["mean"], sampling["max"]
        given = sampling["mean_given_max"]
        lines[f"{reported['runs']} networks"] = (
            f"report a mean of {interval(mean['interval'], 1)} and a largest count of "
            f"{interval(largest['interval'], 0)} (95 % prediction intervals)"
        )
        lines["p"] = (
            f"{pvalue(largest['p'])} for the largest of {reported['max']}, {pvalue(given['p'])} "
            f"for the mean of {reported['mean']:g} given that, {pvalue(sampling['p'])} for both"
        )
    why = {
        "settings": f": other settings than the paper's ({', '.join(judged['other_settings'])})",
        "few converge": f"; too few converge to tell what {reported['runs']} report",
        None: "",
    }[judged["reason"]]
    lines["verdict"] = judged["verdict"] + why
    lines["report"] = str(study.folder / "report.html")
    width = max(map(len, lines))
    return [f"{name:{width}}  {text}" for name, text in lines.items()]


def verify_published(results: Path, *, jobs: int = -1, tell: Tell = silent) -> list[str]:
    """Make the default study again in a temporary folder and compare it with what is stored.

    Parameters
    ----------
    results : Path
        Holds the report of the default study; it is only read.
    jobs : int
    tell : callable
        Takes the name of each step as it begins.

    Returns
    -------
    list of str
        What was compared, and how: models by value, which includes the digest of all
        outcomes; the report and its figures byte by byte.

    Raises
    ------
    DataError
        If something differs.
    """
    with tempfile.TemporaryDirectory(prefix="replication-") as name:
        fresh = Path(name)
        if (results / BENCHMARK).exists():  # measured, not made: taken as it stands
            shutil.copy(results / BENCHMARK, fresh)
        replicate_study(Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, fresh), jobs=jobs, tell=tell)
        models = ["headline", *EXPERIMENTS]
        differences = [
            f"models/{model}.json: {place}"
            for model in models
            for place in find_differences(read_model(results, model), read_model(fresh, model))
        ]
        files = sorted([*fresh.glob("report.*"), *fresh.glob("figures/*")])
        for path in files:
            stored = results / path.relative_to(fresh)
            if not stored.exists() or stored.read_bytes() != path.read_bytes():
                differences.append(f"{path.relative_to(fresh)}: other bytes, or missing")
    if differences:
        shown = "; ".join(differences[:5])
        more = f"; and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise DataError(
            f"the report in {str(results)!r} was not reproduced: {shown}{more}. If the lock "
            "file's versions are installed and the sources are unchanged, please report it"
        )
    return [
        f"by digest: the outcomes of {DEFAULT_SEEDS:,} networks",
        f"by value: the models of {', '.join(models)}",
        f"byte by byte: the report in three forms and {len(files) - 3} figures",
    ]


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
