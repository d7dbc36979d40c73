"""The digits are those of their source."""

import numpy as np

from replication.definition.protocol import Protocol
from replication.simulator.patterns import (
    compute_mean,
    compute_variation,
    make_patterns,
    read_digits,
)


def test_digits_are_those_of_the_repository():
    # The last two lines of optdigits.names: images of each digit in the test set, and the range.
    images, labels = read_digits()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0, 16)
    # The first image is a 0: its middle is paper, with ink to the left and to the right.
    assert images[0].reshape(8, 8)[3].tolist() == [0, 4, 12, 0, 0, 8, 8, 0]


def test_pixels_are_scaled_to_states_from_0_to_1():
    patterns = make_patterns(Protocol(patterns="digits", group_sizes=(64, 16), n_images=100))
    assert np.array_equal(patterns * 16, read_digits()[0][:100])


def test_mean_and_variation_worked_by_hand():
    patterns = np.array([[1.0, 0.5], [0.0, 0.5], [0.5, 0.5], [0.5, 0.5]])
    assert compute_mean(patterns).tolist() == [0.5, 0.5]
    assert compute_variation(patterns) == 0.5
