"""Pairs of networks, which are trained once for all tests of the mechanism."""

import pytest

from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import networks
from tests.unit.experiments.mechanism.builders import SEED, SMALL


@pytest.fixture(scope="session")
def slow():
    """Return 40 pairs of networks that have learnt at a rate of 2."""
    return networks.draw_networks(SMALL, Sample(40, SEED))
