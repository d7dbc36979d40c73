"""Tails, failures and the critical rate: formulas against the simulator at other settings."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.dynamics import alignment, biases, failures
from replication.experiments.dynamics import run as dynamics
from replication.experiments.instruments.agreement import find_alignment, find_critical_rate
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import draw_weights, split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate, simulate_weights

OTHER = Protocol(group_sizes=(6, 3), regression=0.6, learning_rate=4.0)


@pytest.mark.parametrize(("rate", "regression"), [(30.0, 0.8), (3.0, 0.5)])
@pytest.mark.parametrize("n_on", [0, 1, 2, 3])
def test_two_vectors_in_a_corner_end_with_the_predicted_error(rate, regression, n_on):
    protocol = Protocol(group_sizes=(4, 3), learning_rate=rate, regression=regression)
    weights = draw_weights(protocol, 5, 0, 20)
    W, _ = split_weights(protocol, weights)[0]
    codes = [[1 if j < n_on else -1 for j in range(3)]] * 2 + [[-1, 1, -1], [1, -1, 1]]
    # Two vectors share the first corner; the other two have one each.
    W[...] = 500.0 * np.transpose(codes)  # so deep in the corners that W is done learning
    final = record_weights(protocol, weights, [3_000])[:, 0]
    found = failures.describe_failures(protocol, final)
    gain = found["gains"][n_on]
    assert gain == pytest.approx(rate * (1 - regression) * (1 + n_on))
    assert found["by_corner"][n_on] == found["within"] == len(weights)
    assert found["period_2"] == (len(weights) if gain > 4 else 0)


@pytest.mark.parametrize(("sizes", "regression"), [((5, 3), 0.4), ((9, 2), 0.9), ((4, 2), 0.0)])
@pytest.mark.parametrize("part", [0.4, 0.9, 1.1])
def test_offsets_leave_their_resting_point_beyond_the_critical_rate(sizes, regression, part):
    protocol = Protocol(group_sizes=sizes, regression=regression)
    rate = part * find_critical_rate(protocol)
    protocol = dataclasses.replace(protocol, learning_rate=rate)
    weights = np.zeros((1, protocol.n_weights))
    c = split_weights(protocol, weights)[1][1]
    away = 1e-5 * np.arange(1, sizes[0] + 1)
    c[...] = away - np.log(sizes[0] - 1)
    (_, _), (U, c) = split_weights(protocol, record_weights(protocol, weights, [1])[:, 0])
    left = U.mean(axis=-1) * sizes[1] / 2 + c + np.log(sizes[0] - 1)
    np.testing.assert_allclose(left[0], (1.0 - 2.0 * part) * away, rtol=1e-3)


@pytest.mark.parametrize("rate", [1.5, 3.0, 5.0])
def test_alignment_is_predicted_up_to_half_above_the_critical_rate(rate):
    assert rate < 1.5 * find_critical_rate(OTHER)
    protocol = dataclasses.replace(OTHER, learning_rate=rate, half_width=0.3, frozen=("b",))
    weights = draw_weights(protocol, 11, 0, 400)
    predicted = alignment.predict_alignment_by_map(protocol, weights)
    measured = find_alignment(protocol, weights, n_updates=alignment.FOLLOWED)
    assert predicted.mean() == pytest.approx(measured.mean(), abs=0.1 + 0.05 * measured.mean())
    assert np.corrcoef(predicted, measured)[0, 1] > 0.8


def test_hidden_biases_follow_the_visible_ones_seen_through_w(monkeypatch):
    monkeypatch.setattr(biases, "AT", 1)
    protocol = dataclasses.replace(OTHER, half_width=0.2)
    found = biases.measure_following(protocol, draw_weights(protocol, 11, 0, 200))
    assert found["cosine"] > 0.99


def test_biases_that_are_scaled_delayed_or_split_are_those_of_the_kernel():
    weights = draw_weights(PAPER, 3, 0, 60)
    protocol = dataclasses.replace(PAPER, max_updates=150)
    for name, frozen in (("delay 0", ()), ("fixed", ("b",))):
        updates, _ = biases.train_biases(protocol, weights, biases.CHOICES[name])
        kernel = dataclasses.replace(protocol, frozen=frozen)
        assert updates.tolist() == simulate_weights(kernel, weights)[0].tolist()
    # What alternates with period 2 and what does not, of a sequence that is one or the other.
    for before, alternating in ((-3.0, 3.0), (3.0, 0.0)):
        assert biases.alternate(3.0, before, 2) == alternating
        assert biases.smooth(3.0, before, 2) == 3.0 - alternating
    assert biases.alternate(3.0, 0.0, 0) == 0.0, "nothing came before"


@pytest.mark.parametrize("name", ["until 10", "delay 1", "alternating", "smooth", "2 times"])
def test_biases_change_as_in_a_literal_loop(name):
    choose = (biases.CHOICES | biases.DOSES)[name]
    protocol = dataclasses.replace(PAPER, learning_rate=5.0, max_updates=40)
    weights = draw_weights(protocol, 3, 0, 5)
    updates, depth = biases.train_biases(protocol, weights, choose)
    expected, states = [], []

    class Chosen(RecirculationNetwork):
        """A literal loop: the change of b that is asked for, and the one that is chosen."""

        before = np.zeros(2)

        def apply(self, changes):
            super().apply(changes | {"b": choose(changes["b"], self.before, n)})
            self.before = changes["b"]

    for row in weights:
        network, n = Chosen.from_weights(row, protocol), 0
        while network.error() >= protocol.threshold and n < protocol.max_updates:
            network.update()
            n += 1
            if n == biases.AT and network.error() >= protocol.threshold:
                states.append(network.flatten())
        expected.append(n)
    assert updates.tolist() == expected
    assert depth == pytest.approx(biases.measure_depth(protocol, np.array(states)))


def test_outputs_rest_where_the_code_shifts_them_from_one_in_n():
    weights = draw_weights(OTHER, 12, 0, 1)
    (W, b), (U, c) = split_weights(OTHER, weights)
    hidden = expit(np.eye(OTHER.n_visible) @ W[0].T + b[0])  # (n_visible, n_hidden)
    mean = hidden.mean(axis=0)
    shift = (hidden - mean) @ mean / (1 + mean @ mean)
    assert alignment.measure_shift(OTHER, weights) == pytest.approx(np.median(np.abs(shift)))
    # With U = 0 and these outputs for all vectors, equation 3 leaves the inputs of the mean code.
    U[...], rest = 0.0, (1 + shift) / OTHER.n_visible
    c[...] = np.log(rest / (1 - rest))
    after = record_weights(dataclasses.replace(OTHER, frozen=("W", "b")), weights, [1])[:, 0]
    (dU, dc) = (x[0] for x in split_weights(OTHER, after - weights)[1])
    assert dU @ mean + dc == pytest.approx(np.zeros(OTHER.n_visible), abs=1e-12)


def test_depth_is_that_of_vectors_which_share_a_corner():
    weights = np.zeros((1, PAPER.n_weights))
    W, b = split_weights(PAPER, weights)[0]
    W[...], b[...] = [[1.0, 3.0, -4.0, -4.0], [2.0, 2.0, 1.0, -9.0]], [1.0, 0.0]
    # Inputs (2, 2) and (4, 2) share a corner; (-3, 1) and (-3, -9) do not.
    assert biases.measure_depth(PAPER, weights).tolist() == [2.5]
    # A network with three pairs in a corner counts once, and one without any does not.
    three, none = weights.copy(), weights.copy()
    W, b = split_weights(PAPER, three)[0]
    W[...], b[...] = [[1.0, 2.0, 6.0, -4.0], [1.0, 2.0, 6.0, 5.0]], 0.0
    W, b = split_weights(PAPER, none)[0]
    W[...], b[...] = [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]], 0.0
    depths = biases.measure_depth(PAPER, np.concatenate([weights, three, none]))
    assert depths.tolist() == pytest.approx([2.5, 3.0])


def test_tails_are_those_of_networks_run_longer_and_fixed_biases_are_paired():
    model, stuck = dynamics.compare_tails(Sample(3_000, 8))
    learnt = simulate(n_seeds=3_000, root_seed=8)
    fixed = simulate(Protocol(frozen=("b",)), n_seeds=3_000, root_seed=8)
    assert model["learnt"]["mean"] == pytest.approx(learnt.updates.mean())
    assert model["fixed"]["mean"] == pytest.approx(fixed.updates.mean())
    assert len(stuck) == model["learnt"]["n_failed"] == np.count_nonzero(~learnt.converged)
    assert np.all(evaluate_networks(PAPER, stuck).error >= PAPER.threshold)
    at = dict(zip(model["times"], model["learnt"]["survival"], strict=True))
    assert at[100] == pytest.approx(np.mean(learnt.updates > 100))
    assert model["learnt"]["means"][500] == np.minimum(learnt.updates, 500).mean()
