"""The named readings: the headline's test for each, sweeps for updates, and what is drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from replication.experiments.headline.ranking import rank_studies
from replication.experiments.readings.figures import FIGURES
from replication.experiments.readings.power import measure_power
from replication.experiments.readings.run import (
    OTHERS,
    count_networks,
    count_sweeps,
    describe_named,
    run,
)
from replication.protocol import PAPER, READINGS
from replication.report.style import styled
from replication.simulator.ensemble import simulate
from replication.statistics.counts import CountTable


@pytest.fixture(scope="module")
def named():
    rows = []
    for place, name in enumerate(READINGS):
        drawn = np.random.default_rng(place).normal(3.7 - 0.03 * place, 0.5, size=12_000)
        distinct, counts = np.unique(np.exp(drawn).astype(int), return_counts=True)
        rows.append(describe_named(name, CountTable(distinct, counts, 2, 2000)))
    return rows


def test_sweeps_are_one_more_than_updates_for_each_network():
    counts = CountTable([30, 41], [2, 1], 3, 2000)
    assert count_sweeps(counts) == CountTable([31, 42], [2, 1], 3, 2001)


def test_networks_counted_in_chunks_are_those_of_one_call(monkeypatch):
    monkeypatch.setattr("replication.experiments.readings.run.CHUNK", 16)
    whole = simulate(PAPER, n_seeds=40, root_seed=2001)
    assert count_networks(PAPER, n_networks=40) == CountTable.from_outcomes(
        whole.updates, whole.converged, PAPER.max_updates
    )


def test_row_of_a_reading_is_plain_data_with_a_distribution_of_mass_one(named):
    for row in named:
        json.dumps(row, allow_nan=False)
        step = row["curve"]["mean"][1] - row["curve"]["mean"][0]
        assert sum(row["curve"]["density"]) * step == pytest.approx(1.0, abs=0.02)
        assert 0.0 <= row["chance_mean"] <= 1.0


def test_figure_of_readings_has_a_row_for_each_and_the_mean_of_1988(named):
    with styled():
        axes = FIGURES["readings"]({"named": named}).axes[0]
    assert len(axes.get_yticks()) == len(READINGS)
    vertical = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in vertical] == [48.0]


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(run(jobs=2, n_networks=6_000), allow_nan=False))


def test_looser_criteria_are_never_slower(model):
    assert [row["name"] for row in model["named"]] == list(READINGS)
    means = {row["name"]: row["mean"] for row in model["named"]}
    assert means["paper"] >= means["square"] >= means["half-square"]
    assert model["named"][0]["times_as_likely"] == 1.0


def test_power_is_the_level_for_the_population_itself_and_grows_with_its_distance(model):
    power = {row["name"]: row["rejected"] for row in model["power"]}
    assert set(power) == {*READINGS, *OTHERS}
    assert power["paper"] == pytest.approx(0.05, abs=0.01)
    assert power["updates after each pattern"] > 0.99


def make_population(seed=1, n=3_000, centre=3.7):
    drawn = np.exp(np.random.default_rng(seed).normal(centre, 0.5, size=n)).astype(int)
    distinct, counts = np.unique(drawn, return_counts=True)
    return drawn, CountTable(distinct, counts, 0, 2000)


def test_p_of_a_study_is_the_share_of_drawn_studies_with_so_small_a_tail():
    drawn, counts = make_population(n=50)
    means, maxima, p = rank_studies(counts)
    generator = np.random.default_rng(2)
    studies = generator.choice(drawn, size=(60_000, 100))
    rows = np.floor(studies.mean(axis=1) + 0.5)
    tops = studies.max(axis=1)
    # Literally: the tail of the largest, and of the mean among studies with the same largest.
    smaller = np.empty(len(studies))
    for top in np.unique(tops):
        same = tops == top
        of_max = min(np.mean(tops <= top), np.mean(tops >= top))
        for mean in np.unique(rows[same]):
            of_mean = min(np.mean(rows[same] <= mean), np.mean(rows[same] >= mean))
            smaller[same & (rows == mean)] = min(of_max, of_mean)
    for mean, top in zip(rows[:60], tops[:60], strict=True):
        own = smaller[(rows == mean) & (tops == top)][0]
        expected = np.mean(smaller <= own)
        measured = p[int(mean - means[0]), np.flatnonzero(maxima == top)[0]]
        assert measured == pytest.approx(expected, abs=0.03)


def test_test_of_the_headline_keeps_its_level_and_finds_another_population():
    _, counts = make_population()
    ranked = rank_studies(counts)
    assert 0.03 < measure_power(ranked, counts, level=0.05)["share"] <= 0.055
    slower = measure_power(ranked, make_population(centre=4.2)[1], level=0.05)
    assert slower["share"] > 0.99
