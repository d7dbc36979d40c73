"""The images of digits, their labels and their split."""

import numpy as np
import pytest

from replication import READINGS, UsageError, load_digits
from replication.simulator.rule.weights import make_patterns


def test_the_labels_are_those_of_the_published_set():
    # The set begins with the digits from 0 to 9, twice; its counts by class are published with it.
    labels = load_digits("all").labels
    assert labels[:20].tolist() == [*range(10), *range(10)]
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_parts_have_every_image_once_and_the_reading_learns_the_first():
    parts = [load_digits(part) for part in ("train", "test", "rest")]
    assert [len(part) for part in parts] == [300, 300, 1197]
    whole = load_digits("all")
    assert np.array_equal(np.vstack([part.images for part in parts]), whole.images)
    assert np.array_equal(parts[0].images, make_patterns(READINGS["digits"]))
    assert np.array_equal(parts[1].targets.argmax(axis=1), parts[1].labels)
    assert set(parts[1].targets.sum(axis=1)) == {1.0}


def test_an_unknown_part_is_refused():
    with pytest.raises(UsageError, match="part = 'half' was given; allowed are train, test, rest"):
        load_digits("half")
