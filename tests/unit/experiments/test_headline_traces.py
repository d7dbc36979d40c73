"""Learning curves as plain data, of networks that learn and of those that burst."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from replication.experiments.headline.traces import DIVERGED, trace_networks
from replication.protocol import PAPER
from replication.simulator.trace import trace_network


def test_typical_network_is_traced_as_it_is_alone():
    traced = trace_networks(PAPER, 7, n_networks=5, n_sweeps=20)
    alone = trace_network(seed=traced["seed"], root_seed=7)
    n = min(len(alone.errors), len(traced["errors"]))
    np.testing.assert_allclose(traced["errors"][:n], alone.errors[:n], rtol=1e-2)
    np.testing.assert_allclose(traced["reconstructions"], alone.reconstructions[:20], atol=1e-2)
    assert (traced["updates"], traced["converged"]) == (alone.updates, True)
    assert len(traced["others"]) == 4


def test_typical_network_is_the_one_nearest_to_the_median():
    traced = trace_networks(PAPER, 7, n_networks=5)
    updates = [trace_network(seed=seed, root_seed=7).updates for seed in range(5)]
    assert traced["updates"] == int(np.median(updates))


def test_networks_that_burst_give_numbers_that_can_be_written():
    protocol = dataclasses.replace(PAPER, visible_units="linear", max_updates=400)
    traced = trace_networks(protocol, 7, n_networks=3, n_updates=400)
    json.dumps(traced, allow_nan=False)
    assert max(traced["errors"]) == DIVERGED
