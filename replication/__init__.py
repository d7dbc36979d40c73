"""Does recirculation learn in 48 updates? A statistical replication of Hinton & McClelland (1988).

The paper trains a 4-2-4 network by recirculation, without back-propagation, and reports that
the error of every unit fell below 0.1 after 48 weight updates on average, 202 at most, over
100 simulations. This package simulates that network as often as you like, and says what 100
such networks report.

A tour
------
One network, to read and to play with:

>>> import replication
>>> network = replication.RecirculationNetwork.from_seed(0)
>>> network
RecirculationNetwork(22 weights, error 0.73)
>>> updates, converged = network.train()

Many networks, the same bits on every machine:

>>> outcomes = replication.simulate(n_seeds=2000)
>>> outcomes
Outcomes(2,000 networks, 2,000 converged, after 46.93 updates on average, 1,805 at most)

What 100 of them report, beside what the paper reports:

>>> times = outcomes.updates[outcomes.converged]
>>> comparison = replication.compare(times, runs=100, mean="48", max="202")
>>> comparison.verdict.value
'not contradicted'

`compare` takes outcomes of any simulation and any reported statistic, `compare_table` whole tables
of them. Another reading of the paper, by name or field by field:

>>> outcomes = replication.simulate("notebook", n_seeds=2000)
>>> outcomes = replication.simulate(replication.Protocol(learning_rate=15), n_seeds=2000)

Every weight of a network while it learns, a network with a rule of one's own, and the
statements of the paper with their rules:

>>> replication.trace(seed=0).matrices().W.shape
(49, 2, 4)
>>> class Frozen(replication.RecirculationNetwork):
...     def weight_changes(self, v0):
...         return super().weight_changes(v0)._replace(W=0.0)
>>> replication.simulate(n_seeds=2, network=Frozen)
Outcomes(2 networks, 0 converged)
>>> replication.load_claims()["rapid"].page
'358'

The command line does the whole study: ``replication --help``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from replication.errors import DataError, ReplicationError, StorageError, UsageError, WorkerError

if TYPE_CHECKING:
    from replication.comparison.comparison import compare
    from replication.comparison.result import Comparison
    from replication.comparison.table import ComparisonTable
    from replication.comparison.tables import compare_table
    from replication.definition.protocol import NOTEBOOK, PAPER, READINGS, Protocol
    from replication.experiments.contest import Contest, compare_rules
    from replication.experiments.instruments.law import measure_gaps, predict_learning_time
    from replication.experiments.law.examination import Mechanism, examine_mechanism
    from replication.experiments.live.plane import plot_planes
    from replication.paper.claims import load_claims
    from replication.reading.question import Question
    from replication.reading.reader import read_report, read_runs
    from replication.simulator.operations.loops import repeat
    from replication.simulator.rule.activations import ACTIVATIONS, SLOPES, logistic
    from replication.simulator.rule.digits import Digits, load_digits
    from replication.simulator.rule.network import Network
    from replication.simulator.rule.recirculation import (
        BackPropagationNetwork,
        FeedbackAlignmentNetwork,
        RecirculationNetwork,
    )
    from replication.simulator.running.curves import Curves
    from replication.simulator.running.ensemble import draw_initial_weights, simulate, trace
    from replication.simulator.running.measuring import simulate_curves
    from replication.simulator.running.outcomes import Outcomes, Trace
    from replication.statistics.counts import CountTable

    __version__: str

__all__ = [
    "ACTIVATIONS",
    "NOTEBOOK",
    "PAPER",
    "READINGS",
    "SLOPES",
    "BackPropagationNetwork",
    "Comparison",
    "ComparisonTable",
    "Contest",
    "CountTable",
    "Curves",
    "DataError",
    "Digits",
    "FeedbackAlignmentNetwork",
    "Mechanism",
    "Network",
    "Outcomes",
    "Protocol",
    "Question",
    "RecirculationNetwork",
    "ReplicationError",
    "StorageError",
    "Trace",
    "UsageError",
    "WorkerError",
    "__version__",
    "compare",
    "compare_rules",
    "compare_table",
    "draw_initial_weights",
    "examine_mechanism",
    "load_claims",
    "load_digits",
    "logistic",
    "measure_gaps",
    "plot_planes",
    "predict_learning_time",
    "read_report",
    "read_runs",
    "repeat",
    "simulate",
    "simulate_curves",
    "trace",
]

_HOMES = {
    "comparison.comparison": "compare",
    "comparison.result": "Comparison",
    "comparison.table": "ComparisonTable",
    "comparison.tables": "compare_table",
    "definition.protocol": "NOTEBOOK PAPER READINGS Protocol",
    "experiments.contest": "Contest compare_rules",
    "experiments.instruments.law": "measure_gaps predict_learning_time",
    "experiments.law.examination": "Mechanism examine_mechanism",
    "experiments.live.plane": "plot_planes",
    "paper.claims": "load_claims",
    "reading.question": "Question",
    "reading.reader": "read_report read_runs",
    "simulator.operations.loops": "repeat",
    "simulator.rule.activations": "ACTIVATIONS SLOPES logistic",
    "simulator.rule.digits": "Digits load_digits",
    "simulator.rule.network": "Network",
    "simulator.rule.recirculation": (
        "BackPropagationNetwork FeedbackAlignmentNetwork RecirculationNetwork"
    ),
    "simulator.running.curves": "Curves",
    "simulator.running.ensemble": "draw_initial_weights simulate trace",
    "simulator.running.measuring": "simulate_curves",
    "simulator.running.outcomes": "Outcomes Trace",
    "statistics.counts": "CountTable",
}
"""The public names of each module."""


def __getattr__(name: str) -> Any:
    # Loaded when first used, so that importing the package loads nothing heavy.
    if name == "__version__":
        from importlib.metadata import version

        return version("recirculation-replication")
    for home, names in _HOMES.items():
        if name in names.split():
            module = importlib.import_module(f"replication.{home}")
            globals()[name] = value = getattr(module, name)
            return value
    raise AttributeError(f"module 'replication' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
