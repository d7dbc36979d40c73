"""The named readings: the headline's test for each, its power, and what is drawn."""

from __future__ import annotations

import pytest

from replication.experiments import studies
from replication.experiments.readings import run as readings
from replication.experiments.readings.figures import FIGURES
from replication.experiments.readings.run import (
    OTHERS,
    describe_named,
    measure_power,
)
from replication.experiments.studies import count_networks, rank_studies
from replication.protocol import PAPER, READINGS
from replication.report.numbers import fixed
from replication.report.style import styled
from replication.simulator.ensemble import simulate
from replication.statistics.counts import CountTable
from tests.unit.experiments.builders import draw_counts, run_small


@pytest.fixture(scope="module")
def named():
    return [
        describe_named(name, draw_counts(12_000, centre=3.7 - 0.03 * k, seed=k, n_censored=2))
        for k, name in enumerate(READINGS)
    ]


def test_networks_counted_in_chunks_are_those_of_one_call(monkeypatch):
    monkeypatch.setattr(studies, "CHUNK", 16)
    whole = simulate(PAPER, n_seeds=40, root_seed=2001)
    assert count_networks(PAPER, 2001, 40) == CountTable.from_outcomes(
        whole.updates, whole.converged, PAPER.max_updates
    )


def test_row_of_a_reading_has_a_distribution_of_mass_one(named):
    for row in named:
        step = row["curve"]["mean"][1] - row["curve"]["mean"][0]
        assert sum(row["curve"]["density"]) * step == pytest.approx(1.0, abs=0.02)
        assert 0.0 <= row["chance_mean"] <= 1.0
        assert row["p_sweeps"] != row["p"]


def test_figure_of_readings_has_a_row_for_each_and_the_mean_of_1988(named):
    with styled():
        axes = FIGURES["readings"]({"named": named}).axes[0]
    assert len(axes.get_yticks()) == len(READINGS)
    vertical = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in vertical] == [48.0]
    texts = [text.get_text() for text in axes.texts]
    assert texts[: len(named)] == [
        f"mean 48: {fixed(100 * row['chance_mean'], 1)} %" for row in named
    ]


@pytest.fixture(scope="module")
def model():
    return run_small(readings, 6_000)


def test_looser_criteria_are_never_slower(model):
    assert [row["name"] for row in model["named"]] == list(READINGS)
    means = {row["name"]: row["mean"] for row in model["named"]}
    assert means["paper"] >= means["square"] >= means["half-square"]
    own, *others = model["named"]
    assert own["times_as_likely"] == 1.0
    for row in others:
        assert row["times_as_likely"] * row["chance_mean"] == pytest.approx(own["chance_mean"])


def test_power_is_the_level_for_the_population_itself_and_grows_with_its_distance(model):
    power = {row["name"]: row["rejected"] for row in model["power"]}
    assert set(power) == {*READINGS, *OTHERS}
    assert power["paper"] == pytest.approx(0.05, abs=0.01)
    assert power["updates after each pattern"] > 0.99
    assert [row["p"] for row in model["power"][:5]] == [row["p"] for row in model["named"]]


def test_test_of_the_headline_keeps_its_level_and_finds_another_population():
    counts = draw_counts(3_000, centre=3.7, seed=1)
    ranked = rank_studies(counts)
    assert 0.03 < measure_power(ranked, counts, level=0.05) <= 0.055
    slower = draw_counts(3_000, centre=4.2, seed=1)
    assert measure_power(ranked, slower, level=0.05) > 0.99
