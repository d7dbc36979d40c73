"""Does the 48 hold? A statistical replication of Hinton & McClelland (1988).

The paper trains a 4-2-4 network by recirculation and reports that its
reconstruction error falls below 0.1 after 48 weight updates on average. This
package simulates that network as often as you like and says what a study of n
networks could have reported.

A tour
------
One network, to read and to play with:

>>> import replication
>>> network = replication.RecirculationNetwork.from_seed(0)
>>> updates, converged = network.train()

Many networks, the same bits on every machine:

>>> outcomes = replication.simulate(n_seeds=1000)
>>> int(outcomes.converged.sum())
1000

Another reading of the paper:

>>> import dataclasses
>>> gentle = dataclasses.replace(replication.PAPER, learning_rate=15.0)
>>> outcomes = replication.simulate(gentle, n_seeds=1000)

What a study of n networks could have reported, by the rules of a claim of the
ledger:

>>> claim = replication.load_claims()["mean-48"]
>>> table = replication.CountTable.from_outcomes(
...     outcomes.updates, outcomes.converged, gentle.max_updates
... )
>>> replication.summarise(table, claim)["verdict"]["verdict"]
'replicated with qualification'

The same for a mean that another paper reports, and outcomes of your own:

>>> times = [3 + (7 * i % 20) / 10 for i in range(200)]
>>> result = replication.compare(times, "4.0", thresholds=claim.thresholds)
>>> result["verdict"]["verdict"]
'replicated'

Contents
--------
PAPER, Protocol
    The base reading of the paper; every open choice is a field.
RecirculationNetwork
    One network, equation by equation.
simulate
    Many seeded networks: their outcomes.
trace
    One seeded network over learning: errors, reconstructions, weights.
CountTable
    Outcomes as a table, which the functions of `replication.analysis` take.
load_claims
    The ledger: what was reported, and the rule by which it is judged.
summarise
    The statistics of the reported mean for a count table.
compare
    The same for outcomes in any unit and any reported mean.

The command line does the whole study: ``replication --help``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replication.analysis.counts import CountTable
    from replication.analysis.reported import compare_with_reported as compare
    from replication.analysis.summary import summarise_study as summarise
    from replication.claims import load_claims
    from replication.protocol import PAPER, Protocol
    from replication.simulator.ensemble import simulate
    from replication.simulator.recirculation import RecirculationNetwork
    from replication.simulator.trace import trace_network as trace

__all__ = [
    "PAPER",
    "CountTable",
    "Protocol",
    "RecirculationNetwork",
    "compare",
    "load_claims",
    "simulate",
    "summarise",
    "trace",
]

_HOMES = {
    "PAPER": ("replication.protocol", "PAPER"),
    "Protocol": ("replication.protocol", "Protocol"),
    "CountTable": ("replication.analysis.counts", "CountTable"),
    "RecirculationNetwork": ("replication.simulator.recirculation", "RecirculationNetwork"),
    "compare": ("replication.analysis.reported", "compare_with_reported"),
    "load_claims": ("replication.claims", "load_claims"),
    "simulate": ("replication.simulator.ensemble", "simulate"),
    "summarise": ("replication.analysis.summary", "summarise_study"),
    "trace": ("replication.simulator.trace", "trace_network"),
}


def __getattr__(name: str) -> Any:
    # Loaded when first used, so that importing the package loads nothing heavy.
    if name not in _HOMES:
        raise AttributeError(f"module 'replication' has no attribute {name!r}")
    home, attribute = _HOMES[name]
    value = getattr(importlib.import_module(home), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
