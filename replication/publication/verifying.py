"""Check that a results folder holds what was written into it, and make again what it lacks."""

import contextlib
import re
import tempfile
from pathlib import Path

from replication.definition.protocol import PAPER
from replication.definition.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.errors import DataError, StorageError
from replication.experiments import EXPERIMENTS
from replication.publication.models import find_differences, read_model
from replication.publication.placing import LIST, find_damaged, read_list
from replication.publication.publishing import (
    read_current,
    replicate_study,
    run_experiments,
    write_report,
)
from replication.simulator.weights import MAX_ROOT_SEED
from replication.store.folders import StudyFolder, find_missing, find_study, list_study_folders
from replication.system.files import list_names
from replication.system.progress import Tell, silent


def verify_published(results: Path, *, jobs: int = -1, report_progress: Tell = silent) -> None:
    """Make the default study again in a temporary folder and compare it with what is stored.

    Outcomes are compared by the digest in the headline's model, models by value, the report's
    files byte by byte.
    """
    read_current(results)  # they must be of this version
    try:
        temporary = tempfile.TemporaryDirectory(prefix="replication-", ignore_cleanup_errors=True)
    except OSError as error:
        raise StorageError(
            f"a temporary folder cannot be made ({error.strerror}); let the variable TMPDIR name a "
            "folder that can be written"
        ) from None
    with temporary as fresh:
        study = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Path(fresh))
        replicate_study(study, jobs=jobs, report_progress=report_progress)
        differences = [
            f"models/{name}.json: {place}"
            for name in ("headline", *EXPERIMENTS)
            for place in find_differences(read_model(results, name), read_model(study.folder, name))
        ]
        stored, made = read_list(results), read_list(study.folder)
    differences += [
        f"{name}: other bytes, or missing"
        for name in sorted({*stored, *made})
        if stored.get(name) != made.get(name)
    ]
    if differences:
        more = f"; and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise DataError(
            f"the report in {str(results)!r} was not reproduced: {'; '.join(differences[:5])}{more}"
            ". If the lock file's versions are installed and the sources are unchanged, please "
            "report it"
        )


def find_damaged_files(folder: Path) -> list[str]:
    """Return the models and report files in the folder of a study that are not as written."""
    listed = read_list(folder)
    models: tuple[str, ...] = ("headline", *EXPERIMENTS)
    if folder.name.startswith("multiverse-"):
        models = ("multiverse",)
    needed = models if "statements.csv" in listed else models[:1] if listed else ()
    damaged = []
    for name in models:
        with contextlib.suppress(DataError):
            if read_model(folder, name) is not None or name not in needed:
                continue
        damaged.append(f"models/{name}.json")
    return damaged + find_damaged(folder)


def list_studies(results: Path) -> dict[StudyFolder, int]:
    """Return the studies in a results folder, and of how many networks of each a report here is.

    Those that are gone though a report is of them are among them. But a report counts only where
    outcomes of it were made here: of the published one, which comes without, a complete part.
    """
    counts = dict.fromkeys(list_study_folders(results), 0)
    for folder in find_report_folders(results):
        try:
            place, n_seeds = _read_name(folder, results)
            if read_model(folder, "headline") is None:
                continue
        except (DataError, PermissionError):
            continue
        parts = {place: n_seeds}
        with contextlib.suppress(DataError):  # an unknown protocol, which those who go on will name
            study = find_study(place, n_seeds)
            parts = {StudyFolder.of(part): part.n_seeds for part in study.parts.values()}
        if folder == results:
            was_made = not all(map(find_missing, study.parts.values()))
        else:
            was_made = not counts.keys().isdisjoint(parts)
        if was_made:
            counts |= {part: max(counts.get(part, 0), n) for part, n in parts.items()}
    return dict(sorted(counts.items()))


def repair_report(
    folder: Path, results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> list[str]:
    """Make the damaged models and the report in a folder again; return what was damaged."""
    damaged = find_damaged_files(folder)
    if damaged:
        if folder == results:
            names = [name for name in EXPERIMENTS if f"models/{name}.json" in damaged]
            run_experiments(names, results, jobs=jobs, report_progress=report_progress)
        study = find_study(*_read_name(folder, results))
        write_report(study, jobs=jobs, report_progress=report_progress)
    return damaged


def find_report_folders(results: Path) -> list[Path]:
    """Return the folders of the studies that have models or a report; links are not followed."""
    studies = results / "studies"
    parts = [studies / name for name in list_names(studies)]
    folders = [results, *(part for part in parts if not part.is_symlink())]
    return [folder for folder in folders if _may_have_report(folder)]


def _may_have_report(folder: Path) -> bool:
    try:
        return (folder / "models").is_dir() or LIST in list_names(folder)
    except PermissionError:  # those who go on will name it
        return True


def _read_name(folder: Path, results: Path) -> tuple[StudyFolder, int]:
    """Return the study whose report is in a folder, and of how many networks it is."""
    if folder == results:
        return StudyFolder(PAPER.id, DEFAULT_ROOT_SEED, results), DEFAULT_SEEDS
    name = re.fullmatch("([0-9a-f]{16})-(0|[1-9][0-9]{0,18})-([1-9][0-9]{0,11})", folder.name)
    if name is None or int(name[2]) > MAX_ROOT_SEED:
        raise DataError(
            f"{folder.name!r} is not the name of a study; what `replication multiverse` has made, "
            "it makes again"
        )
    return StudyFolder(name[1], int(name[2]), results), int(name[3])
