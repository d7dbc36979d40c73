"""When a network has learned: how its error is made of the deviations of its units."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replication.simulator.rule.weights import compute_variation

Array = NDArray[np.float64]
Error = Any
"""The error of a network: a number, or a value of the compiled code, for networks side by side."""


class Criterion(NamedTuple):
    """How the error of a network is made of the deviations of its units.

    A maximum over units is taken of absolute deviations; a sum over units is one of squares, or of
    absolute deviations if `deviations` says so. `finish` is compiled: it may use ``+ - * /``,
    `np.sqrt` and `np.absolute`.

    The root of the mean square over all units and patterns, and the sum of absolute deviations:

    >>> root = Criterion("add", "add", lambda x, targets: np.sqrt(x / targets.size))
    >>> total = Criterion("add", "add", lambda x, _: x, deviations="absolute")
    """

    over_units: Literal["maximum", "add"]
    over_patterns: Literal["maximum", "add"]
    finish: Callable[[Error, Array], Error]  # takes the result of both, and the targets
    deviations: Literal["squared", "absolute"] = "squared"

    @property
    def is_absolute(self) -> bool:
        """Whether absolute deviations of units are compared or added, and not their squares."""
        return self.over_units == "maximum" or self.deviations == "absolute"


CRITERIA: dict[str, Criterion] = {
    "every-unit": Criterion("maximum", "maximum", lambda x, _: x),
    "every-unit-squared": Criterion("maximum", "maximum", lambda x, _: x * x),
    "every-unit-half-squared": Criterion("maximum", "maximum", lambda x, _: x * x * 0.5),
    "half-squared-error": Criterion("add", "add", lambda x, _: x * 0.5),
    "worst-pattern": Criterion("add", "maximum", lambda x, _: x * 0.5),
    "unexplained-variance": Criterion("add", "add", lambda x, t: x / compute_variation(t)),
}
"""The values of the protocol's field ``criterion``; our reading of the paper's is the first."""


def measure_error(criterion: Criterion, images: Array, targets: Array) -> float:
    """Return the error of a network in plain NumPy, of images and targets (n_patterns, n_units)."""
    deviations = images - targets
    each = np.abs(deviations) if criterion.is_absolute else deviations**2
    # First over the units of a pattern, then over the patterns.
    over_units = getattr(np, criterion.over_units)
    over_patterns = getattr(np, criterion.over_patterns)
    error = over_patterns.reduce(over_units.reduce(each, axis=1))
    return float(criterion.finish(error, targets))
