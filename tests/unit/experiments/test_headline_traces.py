"""Learning curves as plain data, of networks that learn and of those that burst."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from replication.protocol import PAPER
from replication.simulator.gallery import DIVERGED, collect_traces
from replication.simulator.trace import trace_network


def test_curves_are_those_of_single_networks():
    traces = collect_traces(PAPER, 7, n_networks=5)
    for seed, errors in zip(traces["crowd"]["seeds"], traces["crowd"]["errors"], strict=True):
        found = trace_network(PAPER, 7, seed)
        n = min(len(errors), len(found.errors))
        np.testing.assert_allclose(errors[:n], found.errors[:n], rtol=1e-3)
        assert traces["crowd"]["updates"][seed] == found.updates


def test_networks_that_burst_give_numbers_that_can_be_written_and_drawn():
    protocol = dataclasses.replace(PAPER, visible_units="linear", max_updates=400)
    burst = trace_network(protocol, 7, 0)
    assert not np.isfinite(burst.errors).all(), "the case is not what it should be"
    traces = collect_traces(protocol, 7, n_networks=3, n_updates=400)
    json.dumps(traces, allow_nan=False)
    errors = traces["crowd"]["errors"][0]
    assert errors[0] == float(f"{burst.errors[0]:.4g}")
    assert max(errors) == errors[-1] == DIVERGED
