"""Real images: the theory of the appendix, held to the kernel, and what stands for what."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import Protocol
from replication.experiments.images.encoders import estimate_exponent
from replication.experiments.images.linear import IMAGES, MIDDLE, N_HIDDEN, make_protocol
from replication.experiments.matrices import get_u, get_w, replace_matrices
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights, split_weights

SCATTER = Scatter.of(IMAGES)


def draw():
    protocol = make_protocol("recirculation", 0.3)
    weights = draw_weights(protocol, 5, 0, 3)
    split_weights(protocol, weights)[1][1][...] = MIDDLE
    return protocol, weights


def read_best(weights, protocol):
    """Return the weights with the best decoder of each W in place of U."""
    W, S = get_w(protocol, weights), Scatter.of(protocol).matrix
    best = np.linalg.solve(W @ S @ np.swapaxes(W, 1, 2), W @ S)
    return replace_matrices(protocol, weights, U=best)


def measure_changes(protocol, weights):
    """Return the changes of W and of the transpose of U, and the gradient for W."""
    changes = compute_changes(protocol, weights)
    gradient = get_w(protocol, compute_gradients(protocol, weights))
    return get_w(protocol, changes), get_u(protocol, changes), gradient


def test_patterns_stand_for_all_images():
    protocol, weights = draw()
    whole, images = dataclasses.replace(protocol, patterns="digits"), weights.copy()
    split_weights(whole, images)[1][1][...] = make_patterns(whole).mean(axis=0)
    few, many = measure_changes(protocol, weights), measure_changes(whole, images)
    for one, other in zip(few, many, strict=True):
        assert other / IMAGES.n_images == pytest.approx(one, abs=1e-11)


def test_changes_are_those_of_the_linear_theory():
    protocol, weights = draw()
    W, S, identity = get_w(protocol, weights), Scatter.of(protocol).matrix, np.eye(64)
    U, keep = np.swapaxes(get_u(protocol, weights), 1, 2), protocol.regression
    unread = identity - U @ W
    seen = keep * identity + (1 - keep) * np.swapaxes(U @ W, 1, 2)
    change_of_w, change_of_u, gradient = measure_changes(protocol, weights)
    assert change_of_w == pytest.approx((1 - keep) ** 2 * W @ unread @ S @ seen, abs=1e-12)
    expected = (1 - keep) * unread @ S @ np.swapaxes(W, 1, 2)
    assert np.swapaxes(change_of_u, 1, 2) == pytest.approx(expected, abs=1e-12)
    assert gradient == pytest.approx(-np.swapaxes(U, 1, 2) @ unread @ S, abs=1e-12)


def test_every_w_rests_once_u_reads_it_best_with_a_gradient_but_on_principal_directions():
    protocol, weights = draw()
    mixed = np.random.default_rng(1).normal(size=(3, N_HIDDEN, N_HIDDEN))
    spanning = mixed @ SCATTER.directions[:, 3 : 3 + N_HIDDEN].T
    on_them = replace_matrices(protocol, weights, W=spanning)
    for there, is_critical in ((weights, False), (on_them, True)):
        *changes, gradient = measure_changes(protocol, read_best(there, protocol))
        assert max(np.abs(change).max() for change in changes) < 1e-10
        left = np.linalg.norm(gradient, axis=(1, 2))
        assert left.max() < 1e-9 if is_critical else left.min() > 0.1


@pytest.mark.parametrize("regression", [0.2, 0.75])
def test_what_a_resting_point_lacks_dies_out_as_the_first_order_says(regression):
    generator = np.random.default_rng(3)
    patterns = generator.random((8, 5))
    protocol = Protocol(
        group_sizes=(5, 2), patterns=patterns.tolist(), centred=True, visible_units="linear",
        hidden_function="linear", initial_biases="zero", frozen=("b", "c"), regression=regression,
    )  # fmt: skip
    weights = draw_weights(protocol, 5, 0, 6)
    split_weights(protocol, weights)[1][1][...] = patterns.mean(axis=0)
    away = 1e-7 * generator.normal(size=(6, 2, 5))
    best = read_best(weights, protocol)
    near = replace_matrices(protocol, best, U=get_u(protocol, best) + away)

    def measure_unread(states):
        return get_w(protocol, states) @ np.swapaxes(get_u(protocol, states), 1, 2) - np.eye(2)

    W, S = get_w(protocol, near), Scatter.of(protocol).matrix
    seen, squared = (W @ each @ np.swapaxes(W, 1, 2) for each in (S, S @ S))
    pull = (1 - regression) * (seen + (1 - regression) * squared @ np.linalg.inv(seen))
    unread = measure_unread(near)
    change = measure_unread(near + compute_changes(protocol, near)) - unread
    assert change == pytest.approx(-unread @ pull, rel=1e-3, abs=1e-13)
    assert np.linalg.eigvals(pull).real.min() > 0, "or it would grow at small learning rates"


@pytest.mark.parametrize("decay", [0.0, 0.003])
def test_only_with_decay_does_w_end_at_principal_directions(decay):
    patterns = [[1, 0.2, 0, 0.4], [0.1, 0.9, 0.3, 0.5], [0.8, 0.7, 0.1, 0], [0, 0.1, 0.6, 0.9]]
    protocol = Protocol(
        group_sizes=(4, 2), patterns=patterns, centred=True, visible_units="linear",
        hidden_function="linear", learning_rate=0.5, frozen=("b", "c"), decay=decay,
    )  # fmt: skip
    weights = draw_weights(protocol, 5, 0, 8)
    biases = split_weights(protocol, weights)
    biases[0][1][...], biases[1][1][...] = 0.0, np.mean(patterns, axis=0)
    final = train_for(protocol, weights, 20_000)
    shares = Scatter.of(protocol).find_share(get_w(protocol, final))
    assert (shares.min() > 1 - 1e-6) == (decay > 0)


def test_best_reconstruction_is_that_of_principal_components():
    main = SCATTER.directions[:, :N_HIDDEN].T[None]
    expected = SCATTER.strengths[N_HIDDEN:].sum() / SCATTER.strengths.sum()
    assert SCATTER.explain(main) == pytest.approx([expected])
    assert SCATTER.miss(main, np.swapaxes(main, 1, 2)) == pytest.approx([expected])
    assert SCATTER.find_share(main) == pytest.approx([1.0])
    protocol, weights = draw()
    assert (SCATTER.explain(get_w(protocol, weights)) > expected).all()


def test_exponent_of_a_power_law_is_its_power():
    noise = np.exp(np.random.default_rng(2).normal(0, 0.1, 400))
    estimate = estimate_exponent({n: 3.0 * n**1.5 * noise for n in (16, 32, 64)})
    assert estimate.value == pytest.approx(1.5)
    assert estimate.low < 1.5 < estimate.high
    assert estimate.high - estimate.low < 0.05
