"""Both forms of the step: what holds for the compiled one holds for the plain one."""

import pytest

from replication.simulator import engine
from tests.parity import uncompiled


@pytest.fixture(params=[engine, uncompiled], ids=["compiled", "uncompiled"])
def form(request):
    """A module with run_networks, record_weights and evaluate_networks."""
    return request.param
