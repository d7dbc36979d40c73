"""What changes while networks wait, and what a decoder alone does with it."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import compute_cosines, get_u, get_w
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import networks, waiting
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL, make_constant


def test_gap_of_small_codes_grows_at_first_as_predicted():
    weights = make_constant(SMALL)
    final = train_for(SMALL, weights, 100)
    twenty = networks.Networks(
        protocol=SMALL,
        start=weights,
        final=final,
        updates=np.full(20, 100),
        other=weights,
        other_final=final,
        other_updates=np.full(20, 100),
    )
    found = waiting.describe_growth(twenty)
    assert found["predicted"] == pytest.approx(1.0 + 2.0 * 0.75 * 0.25**2 / 4.0)
    assert found["first_growth"] == pytest.approx(found["predicted"], rel=1e-5)
    assert found["n_early"] == 50
    assert found["growth"] == pytest.approx(found["predicted"], rel=1e-3)
    assert found["first_reading"] == law.predict_reading(found["first_gap"], law.find_speed(SMALL))


def test_first_hidden_difference_is_what_the_copy_lacks_where_regression_is_near_1():
    weights = draw_weights(PAPER, SEED, 0, 5)
    near = dataclasses.replace(PAPER, regression=0.999)
    assert waiting.measure_lacking(near, weights) == pytest.approx(1.0, abs=1e-6)
    # As in the readable network: h(1) - h(3) against s W (v(0) - r).
    row = train_for(PAPER, weights[:1], 30)
    network = RecirculationNetwork.from_weights(row[0], PAPER)
    one, other = [], []
    for v in network.patterns:
        h1, h3, image, _ = network.list_states(v)
        one.append(h1 - h3)
        other.append(h1 * (1 - h1) * (network.W @ (v - image)))
    expected = compute_cosines(np.ravel(one), np.ravel(other))
    assert waiting.measure_lacking(PAPER, row)[0] == pytest.approx(expected)
    assert expected < 0.9999


def test_decoder_alone_finishes_frozen_networks_or_does_not(slow):
    found = waiting.freeze_encoders(slow, Sample(40, SEED))
    assert found["cap"] == 20_000, "as many times the rate as 2,000 updates at 20"
    rows = {row["moment"]: row for row in found["rows"]}
    alone = dataclasses.replace(SMALL, frozen=("W", "b"), max_updates=20_000)
    _, finished, final = simulate_weights(alone, slow.start)
    assert rows["start"]["finished"]["share"] == finished.mean()
    assert np.array_equal(final[:, :10], slow.start[:, :10])
    needed = law.find_needed_gap(20_000, law.find_speed(SMALL))
    enough = networks.measure_smallest_gap(SMALL, slow.start) >= needed
    assert rows["start"]["predicted"] == enough.mean()
    assert rows["half"]["at"] == np.median(np.ceil(slow.updates / 2))
    # The same, U learning at the paper's rate.
    alone = dataclasses.replace(PAPER, frozen=("W", "b"), max_updates=2_000)
    _, finished, _ = simulate_weights(alone, slow.start)
    assert rows["start"]["at_paper_rate"]["share"] == finished.mean()
    assert rows["learnt"]["at"] == np.median(slow.updates)
    assert rows["learnt"]["finished"]["share"] == 1.0
    assert rows["aligned"]["finished"]["share"] < rows["half"]["finished"]["share"]


def test_curves_are_shares_of_networks_at_each_update(slow):
    curves = waiting.follow_waiting(slow, Sample(40, SEED))
    assert curves["updates"][:3] == [0.0, 10.0, 20.0]
    k, at = 22, 220
    state = train_for(SMALL, slow.start, at)
    alone = dataclasses.replace(
        SMALL, frozen=("W", "b"), max_updates=round(np.median(slow.updates))
    )
    assert curves["readable"][k] == simulate_weights(alone, state)[1].mean()
    centred = [
        x - x.mean(axis=-1, keepdims=True) for x in (get_w(SMALL, state), get_u(SMALL, state))
    ]
    cosines = compute_cosines(*(x.reshape(-1, 8) for x in centred))
    assert curves["aligned"][k] == np.mean(cosines >= 0.9)
    assert curves["learnt"] == [np.mean(slow.updates <= t) for t in curves["updates"]]
    assert curves["gap"][k] == np.median(networks.measure_smallest_gap(SMALL, state))
    assert curves["half"]["aligned"] < 0.2 * curves["half"]["readable"]


def test_half_is_reached_between_two_points_along_the_line():
    curves = {"updates": [0.0, 10.0, 20.0], "aligned": [0.0, 0.4, 0.8]}
    assert waiting.find_half(curves, "aligned") == pytest.approx(12.5)
