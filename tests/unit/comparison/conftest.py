"""Less is resampled than for a user: what is held here depends on no last digit."""

import pytest

from replication.comparison.sampling import Effort


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr("replication.comparison.sampling.N_RESAMPLES", 200)
    small = Effort(20_000, 200)
    monkeypatch.setattr("replication.comparison.case.Effort", lambda: small)
