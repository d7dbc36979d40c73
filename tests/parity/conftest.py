"""Both forms of the step: what holds for the compiled one holds for plain Python."""

import pytest

from replication.simulator import engine
from tests.exactness import plain


@pytest.fixture(params=["compiled", "plain"])
def form(request, monkeypatch):
    """Return the engine, with the step compiled or as plain Python."""
    if request.param == "plain":
        monkeypatch.setattr(engine, "run_networks", plain.run_networks)
        monkeypatch.setattr(engine, "_make_ready", plain.make_ready)
    # Fewer lanes than networks, so that finished lanes take further networks.
    monkeypatch.setattr(engine, "N_LANES", 4)
    return engine
