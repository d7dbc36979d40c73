"""Clopper-Pearson intervals against published values and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from replication.analysis.intervals import bound_proportion, estimate_proportion
from replication.errors import UsageError


def test_no_event_gives_the_exact_rule_of_three():
    """With no event the upper end solves (1 - p)^n = alpha / 2 (Clopper & Pearson 1934)."""
    found = estimate_proportion(0, 100)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 100))


def test_estimate_says_how_it_was_made_and_at_which_level():
    found = estimate_proportion(3, 12, level=0.8)
    low, high = proportion_confint(3, 12, alpha=0.2, method="beta")
    assert (found.value, found.method, found.level) == (0.25, "Clopper-Pearson", 0.8)
    assert (found.low, found.high) == pytest.approx((low, high))
    low, high = bound_proportion([3, 7], 12)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(3, 12, method="beta"))


def test_all_events_mirror_no_event():
    found = estimate_proportion(100, 100)
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 100))


@pytest.mark.parametrize("n", [1, 10, 1000, 10**6])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_interval_agrees_with_statsmodels(n, level):
    counts = np.unique([0, 1, n // 3, n // 2, n - 1, n])
    low, high = bound_proportion(counts, n, level=level)
    for count, left, right in zip(counts, low, high, strict=True):
        expected = proportion_confint(count, n, alpha=1 - level, method="beta")
        assert (left, right) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("count", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_impossible_counts_are_refused(count, n):
    with pytest.raises(UsageError, match="give 0 to n"):
        bound_proportion(count, n)
