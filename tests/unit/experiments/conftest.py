"""Studies are judged with fewer resamples than for a user: no test here hangs on a last digit."""

import pytest

from replication.statistics.sampling import Effort


@pytest.fixture(autouse=True, scope="module")
def _less_effort():
    with pytest.MonkeyPatch.context() as patch:
        small = Effort(5_000, 50)
        patch.setattr("replication.comparison.comparison.Effort", lambda: small)
        yield
