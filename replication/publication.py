"""From the models of a study to its report, and the default study made again to compare."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from replication.crate import FILE_NAME, STEPS, build_crate, find_files, format_crate, write_crate
from replication.errors import DataError, UsageError
from replication.protocol import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, PAPER
from replication.report import render, render_article
from replication.results import (
    CHAPTER_MODELS,
    STUDY_MODELS,
    Study,
    analyse,
    read_model,
    read_models,
)
from replication.store import Store
from replication.study import simulate_study

RELATIVE_TOLERANCE = 1e-5
"""Of numbers kept to 6 significant digits, computed by another NumPy or processor."""


def require_typesetter() -> None:
    """Refuse a PDF, before any work, where the optional package that sets it is missing.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    if importlib.util.find_spec("typst") is None:
        raise UsageError(
            "--pdf was given, which needs the package typst, and that is not installed; "
            "pip install 'replication[article]', or leave --pdf out"
        )


def publish(study: Study, *, pdf: bool = False) -> dict[str, Any]:
    """Render the report of an analysed study, describe its files, return its summary.

    Parameters
    ----------
    study : Study
    pdf : bool
        Whether to write ``report.pdf`` too.
    """
    models = read_models(study)
    render(models, study.folder)
    if pdf:
        render_article(models, study.folder)
    write_crate(study.folder, _describe(study, models["provenance"]["digest"]))
    summary: dict[str, Any] = models["summary"]
    return summary


def _describe(study: Study, digest: str) -> dict[str, Any]:
    return build_crate(
        study.folder,
        protocol=study.protocol,
        root_seed=study.root_seed,
        n_networks=study.n_seeds,
        digest=digest,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of making a study again.

    Parameters
    ----------
    compared : list of str
        What was compared, and how.
    skipped : list of str
        What was not compared, and why.
    differences : list of str
        What differs, one line each.
    """

    compared: list[str]
    skipped: list[str]
    differences: list[str]


def reproduce(results: Path, *, jobs: int = -1) -> Reproduction:
    """Make the default study afresh and compare all of it with a results folder.

    Outcomes are compared by digest, the models of the study by value, the
    report and its figures byte by byte. The models of the other chapters are
    taken as they stand, after their checksums in the crate were compared.

    Parameters
    ----------
    results : Path
        Holds the report of the default study; it is only read.
    jobs : int

    Returns
    -------
    Reproduction

    Raises
    ------
    DataError
        If the folder holds no report of the default study.
    """
    committed = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, results)
    digest = read_models(committed)["provenance"]["digest"]
    has_pdf = (results / "report.pdf").exists()
    can_typeset = importlib.util.find_spec("typst") is not None
    with tempfile.TemporaryDirectory(prefix="replication-") as name:
        fresh = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Path(name))
        for model in CHAPTER_MODELS:
            if (results / f"{model}.json").exists():
                shutil.copy(results / f"{model}.json", fresh.results)
        for part in (fresh, *fresh.repetitions):
            simulate_study(
                Store(fresh.results), part.protocol, part.root_seed, part.n_seeds, jobs=jobs
            )
        analyse(fresh, jobs=jobs)
        publish(fresh, pdf=has_pdf and can_typeset)
        compared = [
            f"by digest: the outcomes of {DEFAULT_SEEDS:,} networks",
            f"by value: {', '.join(f'{model}.json' for model in STUDY_MODELS)}",
            f"byte by byte: {', '.join(_list_report(fresh.results))}",
        ]
        differences = list(_compare(results, fresh.results))
    if (results / FILE_NAME).exists():
        compared.append(f"by checksum: every file that {FILE_NAME} describes")
        differences += _check_crate(results, _describe(committed, digest))
    skipped = [] if (results / FILE_NAME).exists() else [f"{FILE_NAME}: the folder holds none"]
    if not has_pdf:
        skipped.append("report.pdf: the folder holds none")
    elif not can_typeset:
        skipped.append("report.pdf: the package typst, which sets it, is not installed")
    for step in STEPS:
        made = find_files(results, step.makes)
        if made and step.name not in ("analyse", "report"):
            skipped.append(f"{', '.join(made)}: made by `{step.command}`, which was not run")
    return Reproduction(compared, skipped, differences)


def _list_report(folder: Path) -> list[str]:
    n_figures = len(list(folder.glob("figures/*")))
    names = sorted(path.name for path in folder.glob("report.*"))
    return [*names, f"{n_figures} files of figures"]


def _check_crate(results: Path, expected: dict[str, Any]) -> Iterator[str]:
    """Yield where the crate in a folder does not describe what stands there."""
    content = (results / FILE_NAME).read_bytes()
    if content == format_crate(expected):
        return
    try:
        described = {entry["@id"]: entry for entry in json.loads(content)["@graph"]}
    except (ValueError, KeyError, TypeError):
        yield f"{FILE_NAME}: is damaged"
        return
    present = {entry["@id"]: entry for entry in expected["@graph"]}
    names = [name for name in present | described if present.get(name) != described.get(name)]
    for name in names or ["its bytes"]:
        yield f"{FILE_NAME}: {name} is not as described"


def _compare(results: Path, fresh: Path) -> Iterator[str]:
    for name in STUDY_MODELS:
        old, new = read_model(results, name), read_model(fresh, name)
        for place in find_differences(old, new):
            yield f"{name}.json: {place}"
    for path in sorted([*fresh.glob("report.*"), *fresh.glob("figures/*")]):
        relative = path.relative_to(fresh)
        committed = results / relative
        if not committed.exists():
            yield f"{relative}: is missing"
        elif committed.read_bytes() != path.read_bytes():
            yield f"{relative}: other bytes"
    for path in sorted(results.glob("figures/*")):
        if not (fresh / path.relative_to(results)).exists():
            yield f"{path.relative_to(results)}: belongs to no figure of the report"


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


def require_same(differences: list[str], results: Path) -> None:
    """Raise `DataError` that names what differs, if anything does."""
    if differences:
        shown = "; ".join(differences[:5])
        more = f"; and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise DataError(
            f"{str(results)!r} was not reproduced: {shown}{more}. If the lock file's versions "
            "are installed and the sources are unchanged, please report it"
        )
