"""What a report is held against: runs of one kind, or of two, their mean, and equivalence."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence

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
        error, degrees = combine_errors([(sample.spread, sample.n) for sample in self.samples])
        reach = float(special.stdtrit(degrees, 0.5 + level / 2.0)) * error
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
class Equivalence:
    """Two one-sided t-tests of whether two means differ by less than a margin; p is the larger.

    `low`, `high`: interval of the mean at 1 - 2 level, with the uncertainty of the reported one
    where that is known. With a single run p and interval are None.
    """

    margin: float
    p: float | None
    low: float | None
    high: float | None
    is_equivalent: bool
    takes_reported_as_exact: bool


def assess_equivalence(
    mean: float,
    spread: float,
    n: int,
    reported: float,
    *,
    margin: float,
    level: float = 0.05,
    of_report: tuple[float, int] | None = None,
) -> Equivalence:
    """Test by two one-sided tests whether the mean of a population lies near a reported one.

    With `of_report`, the standard deviation and n of the report, the test is one of two samples of
    different variance (Welch); without, the reported mean is taken as exact.
    Reference: Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    is_exact = of_report is None or of_report[1] < 2
    if n < 2:
        return Equivalence(margin, None, None, None, False, is_exact)
    samples = [(spread, n)] if of_report is None or is_exact else [(spread, n), of_report]
    error, degrees = combine_errors(samples)
    reach = float(special.stdtrit(degrees, 1.0 - level)) * error
    gap = margin - abs(mean - reported)
    p = 0.0 if gap > 0 else 1.0
    if error > 0:
        p = float(special.stdtr(degrees, -gap / error))
    return Equivalence(margin, p, mean - reach, mean + reach, p < level, is_exact)


def combine_errors(samples: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Return standard error and degrees of freedom (Welch) of a sum of means, by sd and n."""
    parts = [(spread**2 / n, n - 1) for spread, n in samples]
    variance = sum(part for part, _ in parts)
    if not variance > 0 or len(parts) == 1:
        return math.sqrt(variance), parts[0][1]
    return math.sqrt(variance), variance**2 / sum(part**2 / free for part, free in parts)
