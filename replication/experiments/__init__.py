"""One folder per question: simulation (`run.py`), figures (`figures.py`) and text (`chapter.md`).

The headline is made from the outcomes of a study; every other experiment simulates
networks of its own root seeds in memory and is part of the report of the default study.

Each has ``run(sample)``, which takes its networks (`sample.Sample`): ``N_NETWORKS`` of its
``ROOT_SEED`` in the published model. It returns the model, plain data for its chapter and its
figures. What is searched for is found on other networks (`Sample.others`).
What several experiments need stands in the modules beside them; no experiment imports another.
CONTRIBUTING.md says how to add one.
"""

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replication.definition.claims import load_claims
from replication.definition.protocol import canonical_json
from replication.errors import DataError
from replication.system.progress import Tell

EXPERIMENTS: dict[str, float] = {
    "readings": 8.0, "likelihood": 56.0, "settings": 4.0, "mechanism": 28.0, "speed": 24.0,
    "codes": 1.0, "rule": 6.0, "functions": 5.0, "learning": 10.0, "picture": 5.0,
    "proposal": 6.0, "hierarchy": 12.0, "sizes": 5.0, "dynamics": 40.0, "live": 7.0,
    "images": 85.0,
}  # fmt: skip
"""The experiments beside the headline, in the order in which they run, with the seconds that each
takes on two cores, from which the time left is estimated."""

COST = {"machine": "AMD EPYC, 2 cores", "memory": 1.1}
"""Where these seconds were measured, and the peak memory of all of them in GB."""

VERSIONS = {
    "codes": 2, "dynamics": 9, "functions": 2, "hierarchy": 2, "images": 8, "learning": 2,
    "likelihood": 2, "live": 3, "mechanism": 9, "proposal": 3, "readings": 3, "rule": 2,
    "settings": 4, "sizes": 2, "speed": 5,
}  # fmt: skip
"""Of an experiment whose code gives another model than at first: how often it has changed."""

TEMPLATES = Path(__file__).parent  # where the templates and the chapters stand

Model = dict[str, Any]


def run_experiment(
    name: str, *, jobs: int, report_progress: Tell, n_networks: int | None = None
) -> Model:
    """Run one of `EXPERIMENTS` at its full size or another; return its model, plain JSON data.

    Raises DataError if it does not judge those statements of the ledger that name it.
    """
    from replication.experiments.sample import Sample  # which loads the compiler

    module = importlib.import_module(f"replication.experiments.{name}.run")
    sample = Sample(n_networks or module.N_NETWORKS, module.ROOT_SEED, jobs, report_progress)
    model: Model = module.run(sample)
    wanted, judged = set(list_measurements(name)), set(model.get("claims", ()))
    if wanted != judged:
        raise DataError(
            f"{sorted(wanted ^ judged)} stand in only one of claims.toml, experiment = {name!r}, "
            f"and experiments/{name}/run.py; add them to the other, or remove them"
        )
    return model | {"n_networks": sample.n, "version": find_version(name)}


def find_version(name: str) -> str:
    """Return the version of an experiment: that of its code, of outcomes, and of the ledger.

    The last is a digest of the measurements and thresholds that it answers; words do not count.
    """
    from replication.simulator.outcomes import OUTCOME_VERSION

    ledger = hashlib.sha256(canonical_json(list_measurements(name)).encode()).hexdigest()[:8]
    return f"{VERSIONS.get(name, 1)}.{OUTCOME_VERSION}.{ledger}"


def list_measurements(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return the thresholds of what an experiment has to measure, by statement and id."""
    return {
        claim.id: {way.id: way.thresholds for way in claim.operationalisations}
        for claim in load_claims().values()
        if claim.experiment == name
    }


def list_figures(name: str) -> dict[str, Callable[[Model], Any]]:
    """Return the figures of an experiment: their names and the functions that draw its model."""
    if not (TEMPLATES / name / "figures.py").exists():  # a table says it all
        return {}
    return dict(importlib.import_module(f"replication.experiments.{name}.figures").FIGURES)
