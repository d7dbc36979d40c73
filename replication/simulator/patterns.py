"""The training patterns of a protocol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol


def make_patterns(protocol: Protocol) -> NDArray[np.float64]:
    """Return the training patterns, float64 of shape (n_patterns, n_visible).

    >>> from replication import PAPER
    >>> make_patterns(PAPER)[0]
    array([1., 0., 0., 0.])
    """
    if isinstance(protocol.patterns, str):
        return np.eye(protocol.n_visible)
    return np.array(protocol.patterns, dtype=np.float64)
