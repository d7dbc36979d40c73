"""What the hidden units say: the codes of the patterns, as arrays of activities."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt

from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Codes:
    """The codes of n networks, each with a code for every pattern.

    Parameters
    ----------
    corners : int64 array, shape (n, n_patterns)
        The corner of the unit cube nearest to each code, its binary digits
        read as a number: unit 0 is the highest digit.
    distance : float64 array, shape (n,)
        The largest distance of any activity from 0 or 1, whichever is nearer:
        0 for binary codes, at most 0.5.
    separation : float64 array, shape (n,)
        How far the two most similar codes of a network lie apart: the larger
        of their differences over units.
    """

    corners: npt.NDArray[np.int64]
    distance: FloatArray
    separation: FloatArray

    @property
    def n_corners(self) -> npt.NDArray[np.int64]:
        """Different corners among the patterns of each network, shape (n,)."""
        return np.asarray(1 + np.count_nonzero(np.diff(np.sort(self.corners, axis=1)), axis=1))

    def is_good(self, margin: float = 0.5) -> npt.NDArray[np.bool_]:
        """Whether all corners differ and every activity lies within `margin` of 0 or 1.

        Parameters
        ----------
        margin : float
            At 0.5 the corners alone decide.

        Returns
        -------
        bool array, shape (n,)
        """
        different = self.n_corners == self.corners.shape[1]
        return np.asarray(different & (self.distance <= margin))


def measure_codes(hidden: npt.ArrayLike) -> Codes:
    """Measure the codes of many networks.

    Parameters
    ----------
    hidden : array_like of float, shape (n, n_patterns, n_units)
        Activities of the hidden units, from 0 to 1; at least two patterns.

    Returns
    -------
    Codes

    Raises
    ------
    UsageError
        If the array has another shape.

    Examples
    --------
    >>> codes = measure_codes([[[0.1, 0.1], [0.1, 0.8], [1.0, 0.0], [0.9, 1.0]]])
    >>> codes.corners.tolist(), codes.n_corners.tolist(), codes.distance.round(3).tolist()
    ([[0, 1, 2, 3]], [4], [0.2])
    """
    activity = np.asarray(hidden, dtype=np.float64)
    if activity.ndim != 3 or activity.shape[1] < 2:
        raise UsageError(
            f"codes of shape {activity.shape} were given; allowed is (networks, patterns, units) "
            "with two patterns or more"
        )
    n, n_patterns, n_units = activity.shape
    near = activity > 0.5
    separation = np.full(n, np.inf)
    for first, second in itertools.combinations(range(n_patterns), 2):
        apart = np.abs(activity[:, first] - activity[:, second]).max(axis=1)
        separation = np.minimum(separation, apart)
    return Codes(
        corners=near @ (1 << np.arange(n_units - 1, -1, -1, dtype=np.int64)),
        distance=np.abs(activity - near).max(axis=(1, 2)),
        separation=separation,
    )
