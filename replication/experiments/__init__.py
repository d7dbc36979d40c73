"""One folder per question: simulation (`run.py`), figures (`figures.py`) and text (`chapter.md`).

The headline is made from the outcomes of a study; every other experiment simulates
networks of its own root seeds in memory and is part of the report of the default study.

Each has ``run(sample)``, which takes its networks (`sample.Sample`) and returns the model, plain
data for its chapter and its figures. Where it searches, for instance for the best learning rate, it
does so on other networks (`Sample.others`), so that none is judged by what was chosen for it.
What several experiments need stands in `instruments`; no experiment imports another.
CONTRIBUTING.md says how to add one.
"""

import hashlib
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from replication.definition.protocol import canonical_json
from replication.experiments.instruments.model import Model, refuse_unpaired
from replication.paper.claims import load_claims
from replication.system.progress import Tell


class Experiment(NamedTuple):
    """The settings of an experiment that are fixed for the published models."""

    root_seed: int  # no other experiment has it; searches add `SEARCH_OFFSET`
    n_networks: int
    seconds: float  # its run time on two cores, for the estimate of the time left
    version: int = 1  # raised when a change of its code changes the model


EXPERIMENTS = {
    "readings": Experiment(2001, 10_000_000, 66.0, version=4),  # other networks for each reading
    "settings": Experiment(2002, 1_000, 13.0, version=5),  # for each cell of the map
    "law": Experiment(2017, 1_000, 600.0),  # networks of the plan's own seeds
    "mechanism": Experiment(2012, 2_000, 34.0, version=12),
    "speed": Experiment(2003, 20_000, 24.0, version=6),
    "codes": Experiment(2004, 50_000, 1.0, version=3),
    "rule": Experiment(2005, 2_000, 5.0, version=3),
    "functions": Experiment(2006, 20_000, 5.0, version=3),
    "learning": Experiment(2007, 2_000, 9.0, version=4),
    "picture": Experiment(2008, 2_000, 5.0),
    "proposal": Experiment(2009, 10_000, 5.0, version=4),
    "hierarchy": Experiment(2010, 800, 13.0, version=4),
    "sizes": Experiment(2011, 2_000, 5.0, version=2),
    "dynamics": Experiment(2013, 10_000, 33.0, version=11),
    "live": Experiment(2039, 20_000, 7.0, version=5),
    "images": Experiment(2016, 8, 80.0, version=11),  # on images; more one-hot encoders
}
"""The experiments beside the headline, in the order in which they run."""

COST = {
    "machine": "AMD EPYC, 2 cores",
    "memory": 1.1,  # GB at the peak
    "seconds": sum(each.seconds for each in EXPERIMENTS.values()),
}
"""What all experiments together cost, and on which machine that was measured."""

TEMPLATES = Path(__file__).parent  # where the templates and the chapters stand


def run_experiment(
    name: str, *, jobs: int, report_progress: Tell, n_networks: int | None = None
) -> Model:
    """Run one of `EXPERIMENTS`, and return its model as plain JSON data.

    It has its full size unless `n_networks` is given. Raises DataError unless it judges exactly
    the statements that the ledger assigns to it.
    """
    from replication.experiments.instruments.sample import Sample  # which loads the compiler

    module = importlib.import_module(f"replication.experiments.{name}.run")
    fixed = EXPERIMENTS[name]
    if n_networks is None:
        n_networks = fixed.n_networks
    model: Model = module.run(Sample(n_networks, fixed.root_seed, jobs, report_progress))
    statements = list_measurements(name).keys()
    refuse_unpaired(f"experiment = {name!r}", statements, model.get("claims", {}).keys(), name)
    return {**model, "n_networks": n_networks, "version": find_version(name)}


def find_version(name: str) -> str:
    """Return the version of an experiment; a model with another version is out of date.

    It has three parts: the version of the experiment's code, the version of the simulator's
    outcomes, and a digest of the measurements and thresholds that the ledger asks for. The texts of
    the ledger are not in the digest, so that they can be edited.
    """
    from replication.simulator.running.outcomes import OUTCOME_VERSION

    ledger = hashlib.sha256(canonical_json(list_measurements(name)).encode()).hexdigest()[:8]
    return f"{EXPERIMENTS[name].version}.{OUTCOME_VERSION}.{ledger}"


def list_measurements(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return the thresholds of all measurements that an experiment has to make.

    The keys are the name of the statement, and the id of the measurement.
    """
    return {
        claim.id: {each.id: each.thresholds for each in claim.operationalisations}
        for claim in load_claims().values()
        if claim.experiment == name
    }


def list_checks(models: Mapping[str, Model]) -> dict[str, dict[str, bool]]:
    """Return which sentences of the chapters are true of the models, by experiment and name.

    The function ``check`` in the ``checks.py`` of an experiment says so; not all have one.
    """
    checked = {}
    for name in models:
        if (TEMPLATES / name / "checks.py").exists():
            module = importlib.import_module(f"replication.experiments.{name}.checks")
            checked[name] = dict(module.check(models))
    return checked


def list_tables(models: Mapping[str, Model]) -> dict[str, str]:
    """Return the tables to which chapters link, as CSV by name.

    ``TABLES`` in the ``tables.py`` of an experiment lists them; not all have one.
    """
    tables: dict[str, str] = {}
    for name in models:
        if (TEMPLATES / name / "tables.py").exists():
            module = importlib.import_module(f"replication.experiments.{name}.tables")
            for table, write in module.TABLES.items():
                tables[table] = write(models[name])
    return tables


def list_figures(name: str) -> dict[str, Callable[[Model], Any]]:
    """Return the figures of an experiment: their names and the functions that draw its model."""
    if not (TEMPLATES / name / "figures.py").exists():  # its chapter has only tables
        return {}
    return dict(importlib.import_module(f"replication.experiments.{name}.figures").FIGURES)
