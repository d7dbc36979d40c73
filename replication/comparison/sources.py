"""What a report is held against: runs of one kind or of two, or runs cut short."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection

import numpy as np
from scipy import special

from replication.comparison.runs import Runs, draw_medians, estimate_medians
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
    """Runs of one kind, or of two whose means were subtracted; at least two of each kind."""

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


@dataclasses.dataclass(frozen=True)
class CutShort:
    """Runs of which some were stopped early, at different values: their Kaplan-Meier median."""

    runs: Runs
    done: Sample

    sample = None
    """There is none of which all runs are known."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The runs that were not cut short."""
        return (self.done,)

    @property
    def n(self) -> int:
        """Number of runs."""
        return self.runs.n

    def estimate_mean(self, level: float) -> Estimate:
        """Return nothing: with runs cut short a mean is not known."""
        return Estimate(None, None, None, level)

    def describe(self, names: Collection[str]) -> dict[str, float]:
        """Return the median of the runs."""
        assert self.runs.stops is not None
        values = np.append(self.done.runs, self.runs.stops)[None, :]
        own = estimate_medians(values, (np.arange(values.size) < self.done.n)[None, :])
        return dict.fromkeys(names, float(own[0]))

    def draw(
        self, names: Collection[str], runs: int, effort: Effort, *, is_normal: bool = False
    ) -> Draws:
        """Draw medians of studies; normal theory has none."""
        assert not is_normal
        return dict.fromkeys(names, draw_medians(self.runs, runs, n_studies=effort.n_studies))
