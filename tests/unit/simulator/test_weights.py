"""Initial weights: addressable, in range, in the promised order; digits as in their source."""

import dataclasses
import inspect

import numpy as np
import pytest

import replication
from replication import RecirculationNetwork
from replication.definition.protocol import PAPER, Protocol
from replication.errors import UsageError
from replication.paper.study import DEFAULT_ROOT_SEED
from replication.simulator.rule.weights import draw_weights, read_digits, split_weights


@pytest.mark.parametrize("root_seed", [0, 1988, 2**63 - 1])
def test_weights_are_the_words_of_the_counter_based_generator(root_seed):
    # Philox with the root seed as its key; 24 words for the 22 draws of a 4-2-4 network.
    words = np.random.Philox(key=root_seed).random_raw(24 * 2500).reshape(2500, 24)[:, :22]
    uniform = (words >> np.uint64(11)) * 2.0**-53
    protocol = Protocol(half_width=0.3)
    drawn = draw_weights(protocol, root_seed, 0, 2500)
    np.testing.assert_array_equal(drawn, (2.0 * uniform - 1.0) * 0.3)


@pytest.mark.parametrize("start", [0, 999, 2**62])
def test_a_network_starts_alike_in_any_range(start):
    block = draw_weights(PAPER, 1988, start, start + 5)
    for k in range(5):
        alone = draw_weights(PAPER, 1988, start + k, start + k + 1)
        np.testing.assert_array_equal(alone[0], block[k])


def test_seeds_out_of_their_range_are_refused_in_words():
    for root_seed in (-1, 2**63, 1.0, True, None):
        with pytest.raises(UsageError, match=f"^root_seed = .* from 0 to {2**63 - 1}$"):
            draw_weights(PAPER, root_seed, 0, 1)
    for start, stop in ((-1, 2), (3, 2), (1.5, 2), (0, True), ("0", 2)):
        with pytest.raises(UsageError, match="seeds? = .* was given; allowed is a whole number"):
            draw_weights(PAPER, 0, start, stop)


def test_protocols_of_equal_sizes_stay_paired():
    # (network, unit, source) and (network, unit).
    (W, b), (U, c) = split_weights(PAPER, draw_weights(PAPER, 1988, 0, 4))
    for changed, expected in (
        ({"half_width": 1.0}, (2 * W, 2 * b, 2 * U, 2 * c)),
        ({"initial_biases": "zero"}, (W, 0 * b, U, 0 * c)),
        ({"symmetric_start": True}, (W, b, np.swapaxes(W, 1, 2), c)),
    ):
        drawn = draw_weights(dataclasses.replace(PAPER, **changed), 1988, 0, 4)
        found = [part for pair in split_weights(PAPER, drawn) for part in pair]
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_digits_are_those_of_the_repository():
    # The last two lines of optdigits.names: images of each digit in the test set, and the range.
    images, labels = read_digits()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0, 16)
    # The first image is a 0: its middle is paper, with ink to the left and to the right.
    assert images[0].reshape(8, 8)[3].tolist() == [0, 4, 12, 0, 0, 8, 8, 0]


def test_a_seed_is_the_same_network_wherever_no_root_seed_is_given():
    drawn = draw_weights(PAPER, DEFAULT_ROOT_SEED, 0, 3)
    for seed, row in enumerate(drawn):
        assert RecirculationNetwork.from_seed(seed).flatten().tolist() == row.tolist()
    taken = 0
    for name in replication.__all__:
        given = getattr(replication, name)
        if not inspect.isfunction(given):
            continue
        parameter = inspect.signature(given).parameters.get("root_seed")
        if parameter is not None:
            assert parameter.default == DEFAULT_ROOT_SEED, name
            taken += 1
    assert taken >= 2
