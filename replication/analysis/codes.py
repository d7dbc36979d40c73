"""What the hidden units say: the codes of the patterns, as arrays of activities."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt
from scipy import stats

from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SATURATED = 0.01
"""An activity within this distance of 0 or 1 counts as saturated."""


@dataclasses.dataclass(frozen=True, eq=False)
class Codes:
    """The codes of n networks, each with a code for every pattern.

    Parameters
    ----------
    corners : int64 array, shape (n, n_patterns)
        The corner of the unit cube nearest to each code, its binary digits
        read as a number: unit 0 is the highest digit.
    n_corners : int64 array, shape (n,)
        Distinct corners among the patterns of a network.
    distance : float64 array, shape (n,)
        The largest distance of any activity from 0 or 1, whichever is nearer:
        0 for binary codes, at most 0.5.
    separation : float64 array, shape (n,)
        How far the two most similar codes of a network lie apart: the larger
        of their differences over units.
    saturated : float64 array, shape (n,)
        Share of activities within `SATURATED` of 0 or 1.
    """

    corners: IntArray
    n_corners: IntArray
    distance: FloatArray
    separation: FloatArray
    saturated: FloatArray

    @property
    def all_different(self) -> npt.NDArray[np.bool_]:
        """Whether no two patterns of a network share a corner, shape (n,)."""
        return np.asarray(self.n_corners == self.corners.shape[1])

    def is_good(self, margin: float) -> npt.NDArray[np.bool_]:
        """Whether all corners differ and every activity lies within `margin` of 0 or 1.

        Parameters
        ----------
        margin : float
            In (0, 0.5).

        Returns
        -------
        bool array, shape (n,)
        """
        return np.asarray(self.all_different & (self.distance <= margin))


@dataclasses.dataclass(frozen=True, eq=False)
class AssignmentTest:
    """A chi-squared test that all ways to assign patterns to corners are equally likely.

    Parameters
    ----------
    counts : int64 array, shape (n_ways,)
        Networks with each assignment, in lexical order.
    statistic : float
    degrees : int
        Degrees of freedom, n_ways - 1.
    p_value : float
    """

    counts: IntArray
    statistic: float
    degrees: int
    p_value: float


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
    corners = near @ (1 << np.arange(n_units - 1, -1, -1, dtype=np.int64))
    ordered = np.sort(corners, axis=1)
    distance = np.abs(activity - near)
    separation = np.full(n, np.inf)
    for first, second in itertools.combinations(range(n_patterns), 2):
        apart = np.abs(activity[:, first] - activity[:, second]).max(axis=1)
        separation = np.minimum(separation, apart)
    return Codes(
        corners=corners,
        n_corners=1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1),
        distance=distance.max(axis=(1, 2)),
        separation=separation,
        saturated=np.mean(distance <= SATURATED, axis=(1, 2)),
    )


def compare_assignments(codes: Codes, n_units: int) -> AssignmentTest:
    """Test whether all ways to assign the patterns to the corners are equally likely.

    Parameters
    ----------
    codes : Codes
        Networks whose codes are not all different are left out.
    n_units : int
        Hidden units; there must be as many corners as patterns.

    Returns
    -------
    AssignmentTest

    Raises
    ------
    UsageError
        If the number of patterns is not 2 ** n_units, or no network is left.

    Notes
    -----
    With batch updates and one-hot patterns the patterns, and the hidden
    units, are exchangeable, so the assignments are equally likely.
    """
    n_patterns = codes.corners.shape[1]
    kept = codes.corners[codes.all_different]
    if n_patterns != 2**n_units or len(kept) == 0:
        raise UsageError(
            f"{len(kept)} networks with {n_patterns} patterns at different corners of "
            f"{n_units} units were given; the test needs one or more, and a corner a pattern"
        )
    place = n_patterns ** np.arange(n_patterns - 1, -1, -1)
    ways = np.array(list(itertools.permutations(range(n_patterns)))) @ place
    counts = np.array([np.count_nonzero(kept @ place == way) for way in ways], dtype=np.int64)
    statistic, p_value = stats.chisquare(counts)
    return AssignmentTest(counts, float(statistic), len(ways) - 1, float(p_value))
