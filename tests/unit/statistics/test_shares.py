"""Two shares against SciPy, textbooks and enumeration."""

import numpy as np
import pytest
from scipy import stats

from replication.statistics import shares


def test_shares_are_judged_by_the_smaller_tail_of_fisher_s_test_with_mid_p_doubled():
    mass = stats.hypergeom(20, 15, 10).pmf
    expected = 2 * (mass(9) / 2 + mass(10))
    assert shares.find_p_of_shares(9, 10, 6, 10) == pytest.approx(expected)
    low, high = shares.find_shares_kept(9, 10, 20, level=0.05)
    inside = [shares.find_p_of_shares(9, 10, x, 20) > 0.05 for x in range(21)]
    assert [x for x in range(21) if inside[x]] == list(range(low, high + 1))


def test_interval_of_a_difference_of_shares_is_newcombe_s():
    """Newcombe (1998), table II: 56/70 less 48/80, method 10: 0.0524 to 0.3339."""
    found = shares.judge_shares(56, 70, 48, 80, level=0.05)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 5), (5, 10), (10, 3), (20, 30)])
def test_equal_shares_are_contradicted_in_6_and_a_half_per_cent_at_most(n, m):
    p = np.array(
        [[shares.find_p_of_shares(k, n, x, m) for x in range(m + 1)] for k in range(n + 1)]
    )
    for share in np.linspace(0.02, 0.98, 49):
        # The probability of every pair of counts: (n + 1, m + 1).
        both = np.outer(stats.binom.pmf(range(n + 1), n, share), stats.binom.pmf(
            range(m + 1), m, share))  # fmt: skip
        assert both[p <= 0.05].sum() <= 0.065


@pytest.mark.parametrize("counts", [(45, 50, 90, 100), (19, 20, 9, 10), (250, 500, 251, 500)])
def test_shares_are_equivalent_at_the_level_at_which_the_interval_lies_within_the_margin(counts):
    """Two one-sided tests at p are an interval at 1 - 2 p (Schuirmann 1987)."""
    p = shares.find_share_equivalence(*counts, 0.1)
    assert 0 < p < 0.5
    low, high = shares.find_difference_ends(*counts, level=2 * p)
    assert max(high, -low) == pytest.approx(0.1)
    assert shares.find_share_equivalence(*counts, 0.2) < p
    assert shares.find_share_equivalence(*counts, 0.001) > 0.4


def test_a_difference_that_would_be_shown_is_the_one_that_cohen_s_tables_give():
    """Cohen (1988), section 6.4: h = 0.2 at 5 % two-sided takes 392 a side for a power of 0.8."""
    shown = shares.find_share_shown(0.5, 392, 392, level=0.05)
    assert shown == pytest.approx(np.sin(0.2) / 2, rel=2e-3), "from 0.5, 2 asin sqrt p grows by 0.2"
    # The farther of both shares counts, and none where neither is a share.
    assert shares.find_share_shown(0.9, 392, 392, level=0.05) > 0.06
    assert shares.find_share_shown(0.5, 2, 2, level=0.05) is None
    assert shares.find_share_shown(0.5, 392, 392, level=0.01) > shown
