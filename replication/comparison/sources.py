"""What a report is held against: runs of one kind, or of two whose means were subtracted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection

import numpy as np
from scipy import special

from replication.comparison.sampling import (
    Draws,
    Effort,
    Sample,
    draw_normal_statistics,
    draw_statistics,
    reduce_studies,
)
from replication.statistics.intervals import Estimate


@dataclasses.dataclass(frozen=True)
class Source:
    """Runs of one kind, or of two whose means were subtracted."""

    samples: tuple[Sample, ...]

    @property
    def n(self) -> int:
        """Number of runs, of the kind of which there are fewer."""
        return min(sample.n for sample in self.samples)

    @property
    def sample(self) -> Sample | None:
        """The runs where there is one kind of them."""
        return self.samples[0] if len(self.samples) == 1 else None

    @property
    def mean(self) -> float:
        """Mean of the runs, or the difference of the two means."""
        return self.samples[0].mean - sum(sample.mean for sample in self.samples[1:])

    def estimate_mean(self, level: float) -> Estimate:
        """Return the mean with Student's t interval, Welch's for a difference."""
        if self.n < 2:
            return Estimate(self.mean, None, None, level)
        parts = [(sample.spread**2 / sample.n, sample.n - 1) for sample in self.samples]
        variance = sum(part for part, _ in parts)
        if not variance > 0:
            return Estimate(self.mean, self.mean, self.mean, level)
        degrees = variance**2 / sum(part**2 / free for part, free in parts)
        reach = float(special.stdtrit(degrees, 0.5 + level / 2.0)) * math.sqrt(variance)
        return Estimate(self.mean, self.mean - reach, self.mean + reach, level)

    def describe(self, names: Collection[str]) -> dict[str, float]:
        """Return statistics of the runs."""
        if self.sample is None or "constant" in names:
            return dict.fromkeys(names, self.mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = reduce_studies(self.sample.runs, names)
        return {name: float(value) for name, value in found.items()}

    def draw(
        self, names: Collection[str], runs: int, effort: Effort, *, is_normal: bool = False
    ) -> Draws:
        """Draw statistics of studies, by normal theory or without assumptions."""
        draw = draw_normal_statistics if is_normal else draw_statistics
        parts = [
            draw(sample, runs, names, effort=dataclasses.replace(effort, seed=effort.seed + place))
            for place, sample in enumerate(self.samples)
        ]
        if len(parts) == 1:
            return parts[0]
        (name,) = names
        first, second = (part[name] for part in parts)
        rows, columns = np.minimum(first.shape, second.shape)
        return {name: first[:rows, :columns] - second[:rows, :columns]}
