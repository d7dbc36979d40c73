"""What the pages show of single networks, by another way to the same numbers."""

import dataclasses

import numpy as np

from replication import Protocol, trace
from replication.experiments.instruments.matrices import Scatter
from replication.experiments.live import line, networks
from replication.experiments.mechanism.pairs import Watching, pair
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import record_weights
from replication.simulator.running.ensemble import simulate_weights

SMALL = Protocol(learning_rate=networks.RATE)


def test_decoder_that_watches_is_done_when_that_of_the_pairs_is():
    """Encoders and decoders of other networks are not exchanged."""
    weights = draw_weights(SMALL, networks.SHOWN_ROOT_SEED, 0, 5)
    encoders, decoders = [0, 1, 2, 3, 4], [1, 2, 3, 4, 0]
    rows = pair(SMALL, weights[encoders], weights[decoders], Watching)
    expected, _, _ = simulate_weights(SMALL, rows, network=Watching)
    found = [
        networks.watch_encoder(networks.RATE, *each)
        for each in zip(encoders, decoders, strict=True)
    ]
    assert found == expected.tolist()
    exchanged, _, _ = simulate_weights(
        SMALL, pair(SMALL, weights[decoders], weights[encoders], Watching), network=Watching
    )
    assert found != exchanged.tolist()


def test_phases_begin_when_two_codes_are_far_apart_and_lines_cut_off_their_own():
    traced = trace(SMALL, seed=3)
    phases = networks.find_phases(traced)
    n_read = []
    spread = []
    for weights in traced.weights:
        W, b, U, c = np.split(weights, (8, 10, 18))
        codes = 1.0 / (1.0 + np.exp(-(W.reshape(2, 4).T + b)))  # of one-hot patterns
        inputs = codes @ U.reshape(4, 2).T + c  # (pattern, visible unit)
        own = np.diag(inputs)
        others = np.where(np.eye(4, dtype=bool), -np.inf, inputs).max(axis=0)
        n_read.append(int(np.sum((own > 0.0) & (others <= 0.0))))
        spread.append(np.linalg.norm(codes[:, None] - codes, axis=2).max())
    assert spread[phases["apart"] - 1] < networks.HEAP <= spread[phases["apart"]]
    assert n_read[: phases["first"]] == [0] * phases["first"]
    assert n_read[phases["first"]] > 0
    assert max(n_read[: phases["all"]]) < 4 == n_read[phases["all"]]


def test_line_crosses_the_long_axis_of_the_cloud():
    points = line.draw_cloud(np.array([[0.1, 0.1], [0.9, 0.2], [0.2, 0.9], [0.8, 0.8]]))
    base = line.make_line_protocol(points)
    protocol = dataclasses.replace(base, **line.LINE_RULES["recirculation"])
    scatter = Scatter.of(base)
    _, _, axes = np.linalg.svd(points - points.mean(axis=0))
    found = []
    for initial in line.draw_lines(base, points)[:20]:
        crossed = line.find_crossing(protocol, initial[None], scatter)
        U = record_weights(protocol, initial[None], range(line.N_UPDATES + 1))[0, :, 3:5]
        angle = np.arctan2(U @ axes[1], U @ axes[0])  # between the line and the axis
        is_before = np.sin(2.0 * angle) * np.sin(2.0 * angle[0]) > 0.0
        assert np.all(is_before[: crossed or None])
        assert not is_before[crossed] or crossed == 0
        found.append(crossed)
    assert 0 in found
    assert max(found) > 0
