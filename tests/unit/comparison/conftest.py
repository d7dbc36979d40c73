"""What the tests of comparisons share."""

import pytest

from replication.comparison.sampling import Effort


@pytest.fixture(scope="module")
def few_resamples():
    """Resample less than for a user: what is held with it hangs on no last digit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("replication.comparison.sampling.N_RESAMPLES_OF_FEW", 200)
        patch.setattr("replication.comparison.sampling.N_STUDIES", 20_000)
        effort = Effort(200, 2000, max_draws=400_000)
        patch.setattr("replication.comparison.run_search.SEARCH_EFFORT", effort)
        yield
