"""The images of handwritten digits, with their labels, split into parts."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.rule.weights import MOST_INK, read_digits
from replication.wording import show

Array = NDArray[np.float64]

N_CLASSES = 10
PARTS = MappingProxyType(
    {
        "train": slice(0, 300),
        "test": slice(300, 600),
        "rest": slice(600, None),
        "all": slice(None),
    }
)
"""Which images each part has, in the order in which the set is published."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Digits:
    """Images of handwritten digits.

    Parameters
    ----------
    images : float64 array, shape (n, 64)
        Of 8 x 8 pixels, row by row, in 17 steps of grey from 0 to 1.
    labels : int64 array, shape (n,)
        Which digit each shows, from 0 to 9.
    """

    images: Array
    labels: NDArray[np.int64]

    @property
    def targets(self) -> Array:
        """The labels as classes, (n, 10): a single 1 among zeros."""
        return np.eye(N_CLASSES)[self.labels]

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Digits({len(self):,} images of 64 pixels)"


def load_digits(part: str = "train") -> Digits:
    """Return images of handwritten digits with their labels.

    Parameters
    ----------
    part : {"train", "test", "rest", "all"}
        The first 300 of the set, which the reading "digits" learns, too; the 300 that follow, to
        be held out; the 1,197 left; or all 1,797.

    Returns
    -------
    Digits

    References
    ----------
    The test set of Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, doi:10.24432/C50P49.

    Examples
    --------
    >>> train, test = load_digits("train"), load_digits("test")
    >>> train
    Digits(300 images of 64 pixels)
    >>> test.labels[:5].tolist()
    [7, 3, 5, 1, 0]
    """
    if part not in PARTS:
        raise UsageError(f"part = {show(part)} was given; allowed are {', '.join(PARTS)}")
    images, labels = read_digits()
    chosen = PARTS[part]
    return Digits(images[chosen] / MOST_INK, labels[chosen].astype(np.int64))
