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
RecirculationNetwork(4-2-4, largest error of a unit 0.73)
>>> updates, converged = network.train()

Many networks, the same bits on every machine:

>>> outcomes = replication.simulate(n_seeds=2000)
>>> int(outcomes.converged.sum())
2000

What 100 of them report, beside what the paper reports:

>>> times = outcomes.updates[outcomes.converged]
>>> comparison = replication.compare(times, runs=100, mean="48", max="202")
>>> comparison.agreement.value
'consistent'

`compare` takes outcomes of any simulation and any reported statistic. Another reading of the
paper, by name or field by field:

>>> outcomes = replication.simulate(replication.NOTEBOOK, n_seeds=2000)
>>> outcomes = replication.simulate(replication.Protocol(learning_rate=15), n_seeds=2000)

Every weight of a network while it learns, and the statements of the paper with their rules:

>>> replication.trace(seed=0).weights.shape
(49, 22)
>>> replication.load_claims()["rapid"].page
'358'

Contents
--------
PAPER, NOTEBOOK, READINGS, Protocol
    The simulation of page 363; a later notebook's; all named readings; every choice is a field.
RecirculationNetwork
    One network, equation by equation.
simulate
    Many seeded networks: their outcomes.
trace
    One seeded network over learning: errors, reconstructions, weights.
compare
    Is a reported result what these runs say?
CountTable
    Outcomes as a table of counts, which `compare` takes too.
load_claims
    The ledger: the statements of the paper, and the rule by which each is judged.

The command line does the whole study: ``replication --help``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replication.claims import load_claims
    from replication.comparison.comparison import compare
    from replication.protocol import NOTEBOOK, PAPER, READINGS, Protocol
    from replication.simulator.ensemble import simulate
    from replication.simulator.recirculation import RecirculationNetwork
    from replication.simulator.trace import trace_network as trace
    from replication.statistics.counts import CountTable

    __version__: str

__all__ = [
    "NOTEBOOK",
    "PAPER",
    "READINGS",
    "CountTable",
    "Protocol",
    "RecirculationNetwork",
    "__version__",
    "compare",
    "load_claims",
    "simulate",
    "trace",
]

_HOMES = {
    "NOTEBOOK": ("replication.protocol", "NOTEBOOK"),
    "PAPER": ("replication.protocol", "PAPER"),
    "READINGS": ("replication.protocol", "READINGS"),
    "CountTable": ("replication.statistics.counts", "CountTable"),
    "Protocol": ("replication.protocol", "Protocol"),
    "RecirculationNetwork": ("replication.simulator.recirculation", "RecirculationNetwork"),
    "compare": ("replication.comparison.comparison", "compare"),
    "load_claims": ("replication.claims", "load_claims"),
    "simulate": ("replication.simulator.ensemble", "simulate"),
    "trace": ("replication.simulator.trace", "trace_network"),
}


def __getattr__(name: str) -> Any:
    # Loaded when first used, so that importing the package loads nothing heavy.
    if name == "__version__":
        from importlib.metadata import version

        return version("recirculation-replication")
    if name not in _HOMES:
        raise AttributeError(f"module 'replication' has no attribute {name!r}")
    home, attribute = _HOMES[name]
    value = getattr(importlib.import_module(home), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
