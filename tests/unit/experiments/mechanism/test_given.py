"""What networks are given, and how long they then take."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER
from replication.experiments.instruments.matrices import get_u, get_w
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import given, networks
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL, Changed


def test_what_networks_are_given_is_what_the_rows_say(slow):
    rows = given.list_given(slow)
    W, U = get_w(SMALL, slow.start), get_u(SMALL, slow.start)
    assert np.array_equal(get_u(SMALL, rows["aligned"]), W)
    assert np.array_equal(get_u(SMALL, rows["opposed"]), -W)
    assert np.array_equal(get_w(SMALL, rows["small_w"]), W / 16)
    assert np.array_equal(get_u(SMALL, rows["small_u"]), U / 16)
    # A half comes with its biases, and the other half stays: W and b are the first ten numbers.
    final, other = slow.final, slow.other_final
    for name, lower, upper in (
        ("final_w", final, slow.start),
        ("other_w", other, slow.start),
        ("final_u", slow.start, final),
        ("other_u", slow.start, other),
    ):
        expected = np.hstack([lower[:, :10], upper[:, 10:]])
        assert np.array_equal(rows[name], expected), name
    moved, to = get_w(SMALL, rows["together"])[..., 0], get_w(SMALL, other)[..., 1]
    assert moved == pytest.approx(0.95 * to + 0.05 * get_w(SMALL, other)[..., 0])
    long = np.linalg.norm(get_w(SMALL, rows["long_w"]), axis=(1, 2))
    assert long == pytest.approx(np.linalg.norm(get_w(SMALL, final), axis=(1, 2)))
    gaps = {name: networks.measure_smallest_gap(SMALL, each) for name, each in rows.items()}
    assert min(gaps["convex"]) > 0.0
    assert min(gaps["long_w_wide"], default=1.0) > 0.2
    assert max(gaps["long_w_narrow"]) < 0.05
    # By hand, or from another network, but as far apart as its own codes are.
    assert gaps["corners"] == pytest.approx(gaps["final_w"], rel=0.02)
    assert gaps["other_w_shrunk"] == pytest.approx(gaps["convex"], rel=0.02)
    codes = networks.find_codes(SMALL, rows["corners"]) - 0.5
    assert np.abs(codes[..., 0]) == pytest.approx(np.abs(codes[..., 1]))
    assert np.all(np.sort((codes > 0) @ [2, 1], axis=1) == np.arange(4)), "a corner each"
    middles = networks.find_codes(SMALL, rows["middles"]) - 0.5
    assert np.abs(middles).min(axis=-1) == pytest.approx(0.0, abs=1e-12)


def test_codes_are_scaled_to_a_gap_by_one_factor_where_there_is_room_at_all():
    weights = draw_weights(PAPER, SEED, 0, 100)
    is_convex = networks.measure_smallest_gap(PAPER, weights) > 0.0
    assert 0.5 < is_convex.mean() < 0.9
    scaled, is_possible = given.scale_to_gap(PAPER, weights, np.full(100, 0.005))
    assert is_possible[is_convex].mean() > 0.8
    assert is_possible[~is_convex].mean() < 0.5
    found = networks.measure_smallest_gap(PAPER, scaled)[is_possible]
    assert found == pytest.approx(0.005, rel=0.02)
    # Only W and b are other ones, all of them by one factor.
    assert np.array_equal(scaled[:, 10:], weights[:, 10:])
    ratios = scaled[:, :10] / weights[:, :10]
    assert ratios == pytest.approx(np.broadcast_to(ratios[:, :1], ratios.shape))


def test_slowed_halves_and_their_prediction_are_those_of_slowed_networks(slow):
    ten = slow.take(10)
    found = given.compare_given(ten, Sample(10, SEED))
    few = slow.start[:2]
    for name, halved in {"slow_w": "Wb", "slow_u": "Uc", "slow_both": "WbUc"}.items():
        of_w, of_u = given.SLOWED[name]
        protocol = dataclasses.replace(
            SMALL, visible_to_hidden_factor=of_w, hidden_to_visible_factor=of_u
        )
        updates, _, _ = simulate_weights(protocol, few)
        for row, expected in zip(few, updates, strict=True):
            network = Changed.from_weights(row, SMALL)
            network.replace = lambda _, changes, halved=halved: {
                each: changes[each] / 2 for each in halved
            }
            assert network.train()[0] == expected
    nothing = found["nothing"]
    assert nothing["median"] == np.median(ten.updates)
    assert nothing["predicted"] == pytest.approx(nothing["median"], rel=0.1)
    assert found["slow_both"]["predicted"] == pytest.approx(2 * nothing["predicted"], rel=0.03)
    assert found["final_w"]["median"] < 0.55 * nothing["median"]
    assert "predicted" not in found["final_u"]
