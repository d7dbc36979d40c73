"""Laws of the analysis that hold for every population."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from replication import CountTable
from replication.comparison.numbers import read_number
from replication.comparison.prediction import predict
from replication.statistics.convolution import compute_mean_mass
from replication.statistics.sampling import Effort, Sample

CAP = 300
EFFORT = Effort(1000, 50)


@st.composite
def draw_tables(draw):
    """Return tables of which the first network converged."""
    updates = np.array(draw(st.lists(st.integers(0, CAP), min_size=1, max_size=60)))
    flags = np.array(draw(st.lists(st.booleans(), min_size=updates.size, max_size=updates.size)))
    flags[0] = True
    return CountTable.from_outcomes(np.where(flags, updates, CAP), flags, CAP)


values = st.lists(
    st.one_of(st.integers(-5, 30), st.floats(-5, 30).map(lambda x: round(x, 2))),
    min_size=2, max_size=40,
)  # fmt: skip


@given(draw_tables(), st.integers(1, 60))
@settings(max_examples=30)
def test_mean_of_runs_has_the_moments_of_a_run(table, runs):
    # The distribution of the mean of so many runs: values, and their probability.
    means, mass = compute_mean_mass(table, runs)
    one = Sample.from_counts(table)
    variance = float((one.values - one.mean) ** 2 @ one.counts) / one.n
    assert math.isclose(mass.sum(), 1.0, rel_tol=1e-9)
    assert math.isclose(means @ mass, one.mean, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose((means - one.mean) ** 2 @ mass, variance / runs, rel_tol=1e-6, abs_tol=1e-9)


@given(values, st.sampled_from([1, 2, 5, 20]), st.integers(-6, 32))
@settings(max_examples=40, deadline=None)
def test_p_values_and_chances_are_shares_and_intervals_ordered(runs_seen, runs, reported):
    for names in (("mean",), ("max",), ("min",), ("mean", "max"), ("median", "min"), ("iqm",)):
        printed = {name: read_number(reported, name) for name in names}
        sample = Sample.from_values(runs_seen)
        (found,) = predict(sample, printed, runs, [1.0], level=0.05, effort=EFFORT)
        assert 0 <= found.p <= 1
        for finding in found.findings.values():
            assert 0 <= finding.p <= 1
            assert 0 <= finding.chance <= 1
            low, high = finding.interval
            assert low <= high
            # The interval holds what is not contradicted, and nothing else.
            assert (finding.p > 0.05) == (low <= finding.value <= high)
