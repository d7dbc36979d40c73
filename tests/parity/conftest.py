"""Fewer lanes than networks, so that finished lanes take further networks."""

import pytest

from replication.simulator import engine


@pytest.fixture(autouse=True)
def few_lanes(monkeypatch):
    monkeypatch.setattr(engine, "N_LANES", 4)
