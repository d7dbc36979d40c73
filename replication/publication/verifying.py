"""Check that the files in a results folder are intact, and that the report can be reproduced."""

import dataclasses
import itertools
import json
import tempfile
from pathlib import Path

from replication.cache.blocks import NOWHERE, Cache
from replication.definition.fields import take_whole
from replication.definition.protocol import from_plain
from replication.errors import DataError, ReplicationError
from replication.experiments import EXPERIMENTS
from replication.paper.study import MAX_SEEDS, Study
from replication.publication.models import read_model, read_models, write_model
from replication.publication.placing import LIST, find_damaged, read_list
from replication.publication.publishing import read_current, replicate_study
from replication.simulator.rule.weights import MAX_ROOT_SEED
from replication.system.files import list_names
from replication.system.progress import Tell, silent
from replication.wording import show

N_NAMED = 5
"""How many differences a refusal names at most."""


def verify_folder(
    folder: Path, results: Path, *, jobs: int = -1, report_progress: Tell = silent
) -> str:
    """Check that the files in a study's folder are intact, and that its report can be reproduced.

    Returns the result in words. Raises `DataError` if files are damaged, or come out differently
    when the report is made again. `results`: the results folder, which is itself the folder of the
    default study.
    """
    damaged = find_damaged_files(folder)
    if damaged:
        names = ", ".join(show(folder / name) for name in damaged)
        advice = "`replication replicate` makes them again"
        if folder != results:  # the study is not the default one
            advice += ", with the --seeds and other options of this study"
        raise DataError(f"missing or damaged: {names}; {advice}")
    study = read_study(folder, results)
    if study is None:
        return f"what is in {show(folder)} is as it was written"
    verify_report(study, jobs=jobs, report_progress=report_progress)
    return (
        f"the report in {show(folder)} comes out the same: outcomes and models by value, files "
        "byte by byte"
    )


def verify_report(study: Study, *, jobs: int = -1, report_progress: Tell = silent) -> None:
    """Make the report of a study again in a temporary folder, and compare it with the one there.

    Networks are simulated again, without the cache. Outcomes are compared by the digest in the
    headline's model, models number by number, and the files of the report byte by byte. Raises
    `DataError` if anything differs.
    """
    # The report of the default study is made of all models, any other report of one.
    names: tuple[str, ...] = ("headline",)
    if study.is_default:
        names += tuple(EXPERIMENTS)
        read_current(study.results)  # refuses models of another version
    with tempfile.TemporaryDirectory(prefix="replication-", ignore_cleanup_errors=True) as folder:
        remade = dataclasses.replace(study, results=Path(folder))
        # A short report also needs the model "readings", to compare likelihoods.
        if not study.is_default:
            for name, model in read_models(study.results, ["readings"]).items():
                write_model(remade.results, name, model)
        replicate_study(remade, Cache(NOWHERE), jobs=jobs, report_progress=report_progress)
        differences: list[str] = []
        for name in names:
            differences += compare_models(study.folder, remade.folder, name)
        differences += compare_files(study.folder, remade.folder)
    if differences:
        n_more = len(differences) - N_NAMED
        if n_more > 0:
            differences = [*differences[:N_NAMED], f"and {n_more} more"]
        raise DataError(
            f"the report in {str(study.folder)!r} was not reproduced: "
            f"{'; '.join(differences)}. If the lock file's versions are installed and "
            "the sources are unchanged, please report it"
        )


def compare_models(before: Path, after: Path, name: str) -> list[str]:
    """Return in words which lines of a model differ in two folders; a line holds one number."""
    old_lines = json.dumps(read_model(before, name), indent=1).splitlines()
    new_lines = json.dumps(read_model(after, name), indent=1).splitlines()
    differences = []
    for old, new in itertools.zip_longest(old_lines, new_lines, fillvalue="nothing"):
        if old != new:
            differences.append(f"models/{name}.json: {old.strip()} became {new.strip()}")
    return differences


def compare_files(before: Path, after: Path) -> list[str]:
    """Return in words which files differ in two reports; the digests in their lists tell it."""
    old = read_list(before)
    new = read_list(after)
    names = sorted(old.keys() | new.keys())
    return [f"{name}: other bytes, or missing" for name in names if old.get(name) != new.get(name)]


def read_study(folder: Path, results: Path) -> Study | None:
    """Return the study in a folder, as the model of its headline describes it.

    None if there is no such model. Raises `DataError` if the model describes no study, or one that
    belongs in another folder.
    """
    model = read_model(folder, "headline")
    if model is None:
        return None
    # The name of the folder must tell the same study: otherwise, a model from somebody else could
    # make this machine simulate a billion networks.
    try:
        protocol = from_plain(model["provenance"]["protocol"])
        root_seed = take_whole("root_seed", model["study"]["root_seed"], 0, MAX_ROOT_SEED)
        n_seeds = take_whole("n", model["study"]["n"], 1, MAX_SEEDS)
        study = Study(protocol, root_seed, n_seeds, results)
        is_here = study.folder == folder
    except (ReplicationError, LookupError, TypeError, AttributeError, ValueError):
        is_here = False
    if not is_here:
        raise DataError(f"the model of the headline in {str(folder)!r} is not of the study there")
    return study


def find_damaged_files(folder: Path) -> list[str]:
    """Return the models and files of the report in a study's folder that are missing or altered."""
    listed = read_list(folder)
    models: tuple[str, ...] = ("headline", *EXPERIMENTS)
    # The full report, and only that, has a table of statements; it is made of all models.
    needed: tuple[str, ...] = ()
    if "statements.csv" in listed:
        needed = models
    elif listed:
        needed = ("headline",)
    damaged = []
    for name in models:
        try:
            is_sound = read_model(folder, name) is not None or name not in needed
        except DataError:
            is_sound = False
        if not is_sound:
            damaged.append(f"models/{name}.json")
    return damaged + find_damaged(folder)


def find_report_folders(results: Path) -> list[Path]:
    """Return the folders of all studies that have models or a report, the default one first.

    The folder of the default study is the results folder itself; every other study has one in
    ``studies``. A link there is left out: what it leads to is not in this results folder.
    """
    folders = [results]
    for name in list_names(results / "studies"):
        folder = results / "studies" / name
        if not folder.is_symlink():
            folders.append(folder)
    return [folder for folder in folders if _holds_study(folder)]


def _holds_study(folder: Path) -> bool:
    """Say whether a folder has models, or the list of files that belongs to every report."""
    names = list_names(folder)
    return "models" in names or LIST in names
