"""From stored outcomes to the models of the report; owns the paths in a results folder.

Only the default study writes into the results folder itself. Any other goes to
``studies/<protocol id>-<root seed>-<seeds>/`` in it.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.counts import CountTable
from replication.analysis.explorer import make_explorer
from replication.analysis.plain import make_plain
from replication.analysis.rounding import compare_roundings
from replication.analysis.summary import summarise_study
from replication.claims import load_claims
from replication.errors import DataError, StorageError
from replication.protocol import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, PAPER, Protocol, as_plain
from replication.simulator.ensemble import simulate_seeds, simulate_weights
from replication.simulator.gallery import collect_traces
from replication.simulator.outcomes import OUTCOME_VERSION
from replication.simulator.weights import draw_weights
from replication.store import Store
from replication.store.files import make_folder, write_durably
from replication.store.provenance import collect_versions

N_REPETITIONS = 5
MAX_REPETITION_SEEDS = 100_000
TAIL_UPDATES = 100_000
MAX_TAIL_NETWORKS = 20_000
ROUNDING_SEEDS = 100_000
N_TRACED = 100

STUDY_MODELS = ("summary", "explorer", "traces", "provenance", "rounding")
CHAPTER_MODELS = ("multiverse", "map", "claims", "calibration", "emulated")
"""Models that other commands write; they belong to the report of the default study."""


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
        words = [f"replication replicate --seeds {self.n_seeds} --root-seed {self.root_seed}"]
        for name, value in self.protocol.differences.items():
            words += ["--set", shlex.quote(f"{name}={json.dumps(value)}")]
        return " ".join(words)

    @property
    def repetitions(self) -> list[Study]:
        """The same study under other root seeds, of limited size."""
        n_seeds = min(self.n_seeds, MAX_REPETITION_SEEDS)
        seeds = [(self.root_seed + 1 + i) % 2**63 for i in range(N_REPETITIONS)]
        return [dataclasses.replace(self, root_seed=seed, n_seeds=n_seeds) for seed in seeds]


def analyse(study: Study, *, jobs: int = -1) -> dict[str, Any]:
    """Analyse a stored study, write its models and return them by name.

    Parameters
    ----------
    study : Study
        Stored, and its repetitions too.
    jobs : int
        Workers for the few networks that are run again (tail, traces, rounding).

    Returns
    -------
    dict of dict
        One plain model for each of `STUDY_MODELS`.
    """
    store = Store(study.results)
    table = store.counts(study.protocol, study.root_seed, study.n_seeds)
    digest = store.digest(study.protocol, study.root_seed, study.n_seeds)
    models = {
        "summary": summarise_study(
            table,
            load_claims()["mean-48"],
            study={
                "protocol": as_plain(study.protocol),
                "protocol_id": study.protocol.id,
                "differences": study.protocol.differences,
                "root_seed": study.root_seed,
                "n_seeds": study.n_seeds,
                "digest": digest,
                "is_default": study.is_default,
            },
            differences=study.protocol.differences,
            tail=_run_tail(study, store, table, jobs=jobs),
            repetitions={
                other.root_seed: store.counts(other.protocol, other.root_seed, other.n_seeds)
                for other in study.repetitions
            },
        ),
        "explorer": make_explorer(table, load_claims()["mean-48"]),
        "traces": collect_traces(
            study.protocol, study.root_seed, n_networks=min(N_TRACED, study.n_seeds)
        ),
        "rounding": _perturb(study, store, jobs=jobs),
        "provenance": {
            "digest": digest,
            "outcome_version": OUTCOME_VERSION,
            "versions": _package_versions(),
            "command": study.command,
        },
    }
    for name, model in models.items():
        write_model(study.folder, name, model)
    return models


def read_models(study: Study) -> dict[str, Any]:
    """Read the models of a study and, for the default one, of all chapters that exist.

    Raises
    ------
    DataError
        If the study has not been analysed, or a model is damaged.
    """
    models = {}
    for name in STUDY_MODELS:
        model = read_model(study.folder, name)
        if model is None:
            raise DataError(
                f"{str(study.folder)!r} holds no {name}.json; run `replication analyse` first"
            )
        models[name] = model
    if study.is_default:
        chapters = {name: read_model(study.results, name) for name in CHAPTER_MODELS}
        models |= {name: model for name, model in chapters.items() if model is not None}
    return models


def read_model(folder: Path, name: str) -> dict[str, Any] | None:
    """Read ``<name>.json``, None if there is none.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    name : str
        Without ``.json``.
    """
    path = folder / f"{name}.json"
    try:
        model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be read ({error.strerror})") from None
    except ValueError:
        raise DataError(f"{str(path)!r} is damaged; delete it and run its command again") from None
    return model


def write_model(folder: Path, name: str, model: Mapping[str, Any]) -> Path:
    """Write a model as ``<name>.json``, atomically; numbers keep 6 significant digits.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    name : str
        Without ``.json``.
    model : mapping
        Plain JSON data.

    Returns
    -------
    Path
        The file.
    """
    make_folder(folder)
    path = folder / f"{name}.json"
    text = json.dumps(make_plain(model), indent=1, sort_keys=True, allow_nan=False)
    write_durably(path, (text + "\n").encode())
    return path


def _package_versions() -> dict[str, str]:
    # The interpreter and the platform are provenance of a run, not of the results.
    versions = collect_versions()
    return {name: text for name, text in versions.items() if name not in ("python", "platform")}


def _run_tail(study: Study, store: Store, table: CountTable, *, jobs: int) -> CountTable | None:
    """Run the censored networks on; None where there are none or too many."""
    if not 0 < table.n_censored <= MAX_TAIL_NETWORKS or study.protocol.max_updates >= TAIL_UPDATES:
        return None
    seeds = [
        block.start + np.flatnonzero(~block.converged)
        for block in store.read(study.protocol, study.root_seed, 0, study.n_seeds)
    ]
    protocol = dataclasses.replace(study.protocol, max_updates=TAIL_UPDATES)
    updates, converged, _ = simulate_seeds(
        protocol, study.root_seed, np.concatenate(seeds), jobs=jobs
    )
    return CountTable.from_outcomes(updates, converged, TAIL_UPDATES)


def _read_first(study: Study, store: Store, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    blocks = list(store.read(study.protocol, study.root_seed, 0, min(n, study.n_seeds)))
    return (
        np.concatenate([block.updates for block in blocks]),
        np.concatenate([block.converged for block in blocks]),
    )


def _perturb(study: Study, store: Store, *, jobs: int) -> dict[str, Any]:
    """Move every initial weight by one unit in the last place and count again."""
    stored = _read_first(study, store, ROUNDING_SEEDS)
    weights = draw_weights(study.protocol, study.root_seed, 0, len(stored[0]))
    nudged = np.nextafter(weights, np.inf)
    updates, converged, _ = simulate_weights(study.protocol, nudged, jobs=jobs)
    return compare_roundings(stored, (updates, converged))
