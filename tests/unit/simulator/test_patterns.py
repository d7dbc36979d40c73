"""The digits are those of their source."""

import numpy as np

from replication.simulator.weights import read_digits


def test_digits_are_those_of_the_repository():
    # The last two lines of optdigits.names: images of each digit in the test set, and the range.
    images, labels = read_digits()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.shape == (1797, 64)
    assert (images.min(), images.max()) == (0, 16)
    # The first image is a 0: its middle is paper, with ink to the left and to the right.
    assert images[0].reshape(8, 8)[3].tolist() == [0, 4, 12, 0, 0, 8, 8, 0]
