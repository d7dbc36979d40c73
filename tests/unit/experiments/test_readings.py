"""The named readings: the headline's test for each, sweeps for updates, and what is drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from replication.experiments.readings.figures import CLASSES, FIGURES
from replication.experiments.readings.run import (
    count_networks,
    count_sweeps,
    describe_named,
    gather_readings,
    run,
)
from replication.experiments.readings.sets import make_grid
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


@pytest.fixture(scope="module")
def multiverse():
    """Three choices over eight readings; the base reading is the third in the order of means."""
    levels = [[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    means = [30.0, 10.0, 40.0, 50.0, 60.0, 20.0, 2000.0, 0.0]
    fields = ("criterion", "hidden_regression", "half_width")
    values = (["every-unit", "worst-pattern"], [True, False], [0.5, 0.1])
    return {
        "choices": [
            {"field": name, "values": own, "base": 0}
            for name, own in zip(fields, values, strict=True)
        ],
        "base": 0,
        "levels": levels,
        "readings": {"mean_at_cap": means, "is_compatible": [mean == 40.0 for mean in means]},
    }


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
        assert sum(row["curve"]["density"]) * step == pytest.approx(1.0, abs=0.01)
        low, high = row["chance_mean_range"]
        assert low <= row["chance_mean"] <= high


def test_figure_of_readings_has_a_row_for_each_and_the_mean_of_1988(named):
    with styled():
        axes = FIGURES["readings"]({"named": named}).axes[0]
    assert len(axes.get_yticks()) == len(READINGS)
    vertical = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in vertical] == [48.0]


def test_gathered_readings_stand_in_the_order_of_their_means(multiverse):
    gathered = gather_readings(multiverse)
    assert gathered["mean"] == sorted(multiverse["readings"]["mean_at_cap"])
    assert gathered["mean"][gathered["base"]] == 30.0
    assert [mean for mean, is_so in zip(gathered["mean"], gathered["compatible"], strict=True)
            if is_so] == [40.0]  # fmt: skip


def test_gathered_levels_say_which_value_each_reading_takes(multiverse):
    choices = gather_readings(multiverse)["choices"]
    assert [each["field"] for each in choices] == [each["field"] for each in multiverse["choices"]]
    in_order = [multiverse["levels"][i] for i in np.argsort(multiverse["readings"]["mean_at_cap"])]
    assert np.transpose([choice["levels"] for choice in choices]).tolist() == in_order
    assert [choice["n_compatible"] for choice in choices] == [[1, 0], [0, 1], [1, 0]]


def test_figure_of_the_multiverse_marks_the_paper_and_what_could_have_printed_both(multiverse):
    with styled():
        above, below = FIGURES["multiverse"](
            {"multiverse": {"figure": gather_readings(multiverse)}}
        ).axes
    (star,) = above.lines
    assert star.get_ydata().tolist() == [30.0]
    filled = [columns.get_data().values for columns in above.patches[: len(CLASSES)]]
    assert [heights[heights >= 0].tolist() for heights in filled] == [
        [0.0], [10.0, 20.0], [40.0], [30.0, 50.0, 60.0, 2000.0]
    ]  # fmt: skip
    shown = [bar.get_width() for bar in below.patches if bar.get_y() == -0.4]
    # Of four with every unit: none at once; 10; 40, which prints; 30 and 50.
    assert shown == [0.0, 25.0, 25.0, 50.0]
    labels = [label.get_text() for label in below.get_yticklabels()]
    assert labels[:3] == [
        "error: every unit",
        "half the square, worst pattern",
        "hidden regression: yes",
    ]


def test_experiment_judges_every_reading_and_the_looser_ones_are_never_slower(monkeypatch):
    small = make_grid({"criterion": ["every-unit", "worst-pattern"], "half_width": [0.5, 0.3]})
    monkeypatch.setattr("replication.experiments.readings.run.make_paper_grid", lambda: small)
    model = run(jobs=2, n_networks=12_000)
    json.dumps(model, allow_nan=False)
    assert [row["name"] for row in model["named"]] == list(READINGS)
    means = {row["name"]: row["mean"] for row in model["named"]}
    assert means["paper"] >= means["square"] >= means["half-square"]
    assert model["named"][0]["times_as_likely"] == 1.0
    assert model["multiverse"]["n_readings"] == len(model["multiverse"]["figure"]["mean"]) == 4
    assert model["multiverse"]["n_networks"] == 120
