"""Studies of 100 networks, ranked and compared with the reported one; medians and shares."""

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.experiments import studies
from replication.experiments.headline.run import find_less_extreme
from replication.experiments.summaries import estimate_share, find_median_updates, get_estimate
from replication.simulator.ensemble import simulate
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_proportion
from tests.unit.experiments.builders import draw_counts, make_counts, make_outcomes


def test_sweeps_are_one_more_than_updates_for_each_network():
    counts = CountTable([30, 41], [2, 1], 3, 2000)
    assert studies.count_sweeps(counts) == CountTable([31, 42], [2, 1], 3, 2001)


def test_too_few_networks_or_converged_ones_tell_nothing():
    for n, n_censored in ((999, 0), (99, 1000), (1000, 0), (100, 1000)):
        told = studies.describe_sampling(make_counts(20 + np.arange(n), n_censored=n_censored))
        assert (told is None) == (n in (999, 99))


def test_less_extreme_studies_are_those_with_a_larger_p_than_compare_gives_to_the_reported_one():
    counts = draw_counts(200_000)
    ranked = studies.rank_studies(counts)
    less = find_less_extreme(ranked)
    assert less["share"] == pytest.approx(studies.describe_sampling(counts)["p"])
    table = zip(less["max"], less["low"], less["high"], strict=True)
    listed = {(top, mean) for top, low, high in table for mean in range(low, high + 1)}
    rows, columns = np.nonzero(ranked.p > less["share"] * (1 + 1e-9))
    assert listed == set(zip(ranked.maxima[columns], ranked.means[rows], strict=True))


def test_networks_counted_in_chunks_are_those_of_one_call(monkeypatch):
    monkeypatch.setattr(studies, "CHUNK", 16)
    whole = simulate(PAPER, n_seeds=40, root_seed=2001)
    assert studies.count_networks(PAPER, 2001, 40) == CountTable.from_outcomes(
        whole.updates, whole.converged, PAPER.max_updates
    )


def test_test_of_the_headline_keeps_its_level_and_finds_another_population():
    counts = draw_counts(3_000, centre=3.7, seed=1)
    ranked = studies.rank_studies(counts)
    rejected = ranked.p[ranked.p <= 0.05].max()  # p is the share of studies with as small a p
    assert studies.measure_power(ranked, counts, level=0.05) == pytest.approx(rejected, abs=1e-9)
    slower = draw_counts(3_000, centre=4.2, seed=1)
    assert studies.measure_power(ranked, slower, level=0.05) > 0.99


def test_median_counts_failures_as_later_than_any_other():
    assert find_median_updates(make_outcomes(10, 20, 30, 2000)) == 25.0
    assert find_median_updates(make_outcomes(10, 2000, 2000)) is None


def test_share_is_read_back_and_of_no_trial_unknown():
    share = estimate_share(np.arange(10) < 8)
    assert get_estimate(share, "share") == estimate_proportion(8, 10)
    assert estimate_share(np.zeros(0, dtype=bool)) == {"share": None, "share_interval": [0.0, 1.0]}
