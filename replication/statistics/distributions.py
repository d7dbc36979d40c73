"""Distributions of a statistic over studies, exact or drawn."""

import dataclasses
import functools
import math
from typing import Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class SamplingDistribution:
    """The sampling distribution of a statistic: values, ascending, and their mass, of any sum."""

    values: FloatArray
    mass: FloatArray

    @classmethod
    def from_draws(cls, drawn: FloatArray) -> Self:
        """Take drawn values, each as probable as any other."""
        return cls(np.sort(drawn, axis=None), np.ones(drawn.size))

    @functools.cached_property
    def running(self) -> FloatArray:
        """Mass of the first 0, 1, ... all values."""
        return np.concatenate([[0.0], np.cumsum(self.mass)])

    def measure(self, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probability of values up to `high`, and of those from `low` on."""
        below = self.running[np.searchsorted(self.values, high, side="right")]
        above = self.running[-1] - self.running[np.searchsorted(self.values, low)]
        return below / self.running[-1], above / self.running[-1]

    def find_quantile(self, probability: float) -> float:
        """Return the smallest value that is not exceeded with that probability."""
        total = self.running[-1]
        place = int(np.searchsorted(self.running[1:], probability * total - 1e-12 * total))
        return float(self.values[min(place, self.values.size - 1)])

    @functools.cached_property
    def mean(self) -> float:
        """Mean of the distribution."""
        return math.fsum(self.values * self.mass) / math.fsum(self.mass)

    @functools.cached_property
    def spread(self) -> float:
        """Standard deviation of the distribution."""
        if math.isinf(self.mean):
            return math.inf
        squares = (self.values - self.mean) ** 2
        return math.sqrt(math.fsum(squares * self.mass) / math.fsum(self.mass))
