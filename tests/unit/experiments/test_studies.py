"""Studies of 100 networks: drawn, ranked and compared with the reported one."""

import numpy as np
import pytest

from replication.comparison.sampling import Effort
from replication.experiments import studies
from replication.experiments.headline.run import find_less_extreme
from replication.experiments.readings.run import measure_power
from replication.experiments.studies import (
    count_networks,
    count_sweeps,
    describe_p,
    describe_sampling,
    draw_studies,
    rank_studies,
)
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate
from replication.statistics.counts import CountTable
from tests.unit.experiments.builders import draw_counts, make_counts


def test_sweeps_are_one_more_than_updates_for_each_network():
    counts = CountTable([30, 41], [2, 1], 3, 2000)
    assert count_sweeps(counts) == CountTable([31, 42], [2, 1], 3, 2001)


def test_drawn_studies_have_the_distribution_of_the_population(monkeypatch):
    monkeypatch.setattr("replication.comparison.case.Effort", Effort)  # as much as for a user
    counts = draw_counts(50_000)
    means, maxima = draw_studies(counts, 30_000)
    values = np.repeat(counts.updates, counts.counts)
    assert means.mean() == pytest.approx(values.mean(), abs=4 * values.std() / 10 / 30_000**0.5)
    for top in (100, 150, 202):
        expected = np.mean(values <= top) ** 100
        assert np.mean(maxima <= top) == pytest.approx(expected, abs=0.012)
    sampling = describe_sampling(counts)
    for name, drawn, off in (("mean", means, 0.2), ("max", maxima, 8)):
        middle = np.quantile(drawn, (0.025, 0.975))
        assert sampling[name]["interval"] == pytest.approx(middle, abs=off)


def test_p_is_none_where_too_few_converge():
    assert describe_sampling(make_counts([20, 30, 40, 50])) is None
    assert set(describe_p(make_counts([20, 30, 40, 50])).values()) == {None}


def test_p_of_both_is_the_one_that_compare_gives():
    counts = draw_counts(200_000)
    sampling = describe_sampling(counts)
    assert find_less_extreme(rank_studies(counts))["share"] == pytest.approx(sampling["p"])
    assert describe_p(counts) == {
        "p_max": sampling["max"]["p"], "p_mean": sampling["mean_given_max"]["p"],
        "p": sampling["p"],
    }  # fmt: skip


def test_share_of_studies_at_least_as_extreme_is_that_of_a_sum_over_every_printed_study():
    all_counts = draw_counts(50_000)
    kept = all_counts.updates <= 230
    counts = CountTable(all_counts.updates[kept], all_counts.counts[kept], 0, 2000)
    share = np.zeros(231)
    share[counts.updates] = counts.counts / counts.n_converged
    below = np.cumsum(share) ** 100
    means = np.arange(2**15) / 100

    def convolve(truncated):
        return np.fft.irfft(np.fft.rfft(truncated, means.size) ** 100, means.size)

    p_values, chances = {}, {}
    earlier = np.zeros(means.size)
    for largest in range(counts.updates[0], 231):
        up_to = convolve(np.where(np.arange(231) <= largest, share, 0))
        mass, earlier = (up_to - earlier).clip(0), up_to
        of_max = 2 * min(below[largest], 1 - below[largest - 1])
        for printed in range(30, 70):
            low, high = means >= printed - 0.5, means < printed + 0.5
            of_mean = 2 * min(mass[low].sum(), mass[high].sum()) / max(mass.sum(), 1e-300)
            p_values[largest, printed] = min(of_max, of_mean, 1)
            chances[largest, printed] = mass[low & high].sum()
    limit = p_values[202, 48] * (1 + 1e-9)
    expected = sum(chances[study] for study, p in p_values.items() if p <= limit)
    less = find_less_extreme(rank_studies(counts))
    assert less["share"] == pytest.approx(expected, abs=1e-6)
    table = zip(less["max"], less["low"], less["high"], strict=True)
    listed = {(m, printed) for m, low, high in table for printed in range(low, high + 1)}
    for study, p in p_values.items():
        assert chances[study] <= 1e-9 or (study in listed) == (p > limit)


def test_networks_counted_in_chunks_are_those_of_one_call(monkeypatch):
    monkeypatch.setattr(studies, "CHUNK", 16)
    whole = simulate(PAPER, n_seeds=40, root_seed=2001)
    assert count_networks(PAPER, 2001, 40) == CountTable.from_outcomes(
        whole.updates, whole.converged, PAPER.max_updates
    )


def test_test_of_the_headline_keeps_its_level_and_finds_another_population():
    counts = draw_counts(3_000, centre=3.7, seed=1)
    ranked = rank_studies(counts)
    assert 0.03 < measure_power(ranked, counts, level=0.05) <= 0.055
    slower = draw_counts(3_000, centre=4.2, seed=1)
    assert measure_power(ranked, slower, level=0.05) > 0.99
