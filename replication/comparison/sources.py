"""What a report is held against: runs, a difference of two sets of runs, or runs cut short."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from replication.comparison.prediction import (
    Prediction,
    describe_sample,
    judge_draws,
    predict,
)
from replication.comparison.reported import Reported
from replication.comparison.runs import Runs, draw_medians, estimate_medians
from replication.comparison.sampling import (
    Draws,
    Effort,
    FloatArray,
    Sample,
    draw_normal_statistics,
    draw_population_means,
    draw_statistics,
)
from replication.statistics.intervals import Estimate, bound_mean

Report = Mapping[str, Reported]


@dataclasses.dataclass(frozen=True)
class OneSample:
    """Runs of one kind, at least two."""

    sample: Sample

    @property
    def n(self) -> int:
        """Number of runs."""
        return self.sample.n

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The sets of runs."""
        return (self.sample,)

    def estimate_mean(self, level: float) -> Estimate:
        """Return the mean with Student's t interval."""
        return bound_mean(self.sample.mean, self.sample.spread, self.n, level=level)

    def predict(
        self, reports: Sequence[Report], runs: int, *, level: float, effort: Effort
    ) -> list[Prediction]:
        """Hold several readings of one report against the same studies."""
        first = reports[0]
        if "constant" in first:
            drawn: Draws = {"constant": draw_population_means(self.sample, effort=effort)}
        elif first.keys() == {"mean", "max"}:
            return [predict(self.sample, item, runs, level=level, effort=effort)
                    for item in reports]  # fmt: skip
        else:
            drawn = draw_statistics(self.sample, runs, list(first), effort=effort)
        yours = self._describe(first, runs)
        return [judge_draws(drawn, item, yours, level=level) for item in reports]

    def predict_normal(
        self, reports: Sequence[Report], runs: int, *, level: float, effort: Effort
    ) -> list[Prediction]:
        """Do the same by normal theory."""
        if "constant" in reports[0]:
            drawn: Draws = {"constant": _spread_t(self.estimate_mean(0.5), self.n - 1)}
        else:
            drawn = draw_normal_statistics(self.sample, runs, list(reports[0]), effort=effort)
        yours = self._describe(reports[0], runs)
        return [judge_draws(drawn, item, yours, level=level) for item in reports]

    def _describe(self, names: Report, runs: int) -> dict[str, float]:
        if "constant" in names:
            return {"constant": self.sample.mean}
        return describe_sample(self.sample, names, runs)


@dataclasses.dataclass(frozen=True)
class Difference:
    """Runs of two kinds, of which the difference of the means was reported."""

    first: Sample
    second: Sample

    @property
    def n(self) -> int:
        """Number of runs of the kind of which there are fewer."""
        return min(self.first.n, self.second.n)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The sets of runs."""
        return self.first, self.second

    def estimate_mean(self, level: float) -> Estimate:
        """Return the difference of the means with Welch's interval."""
        parts = [(sample.spread**2 / sample.n, sample.n - 1) for sample in self.samples]
        variance = sum(part for part, _ in parts)
        mean = self.first.mean - self.second.mean
        if not variance > 0:
            return Estimate(mean, mean, mean, level)
        degrees = variance**2 / sum(part**2 / free for part, free in parts)
        reach = float(special.stdtrit(degrees, 0.5 + level / 2.0)) * math.sqrt(variance)
        return Estimate(mean, mean - reach, mean + reach, level)

    def predict(
        self, reports: Sequence[Report], runs: int, *, level: float, effort: Effort
    ) -> list[Prediction]:
        """Hold several readings of one report against the same pairs of studies."""
        return self._judge(reports, runs, level=level, effort=effort, is_normal=False)

    def predict_normal(
        self, reports: Sequence[Report], runs: int, *, level: float, effort: Effort
    ) -> list[Prediction]:
        """Do the same by normal theory."""
        return self._judge(reports, runs, level=level, effort=effort, is_normal=True)

    def _judge(
        self,
        reports: Sequence[Report],
        runs: int,
        *,
        level: float,
        effort: Effort,
        is_normal: bool,
    ) -> list[Prediction]:
        (name,) = reports[0]
        parts = []
        for place, sample in enumerate(self.samples):
            work = dataclasses.replace(effort, seed=effort.seed + place)
            if name != "constant":
                draw = draw_normal_statistics if is_normal else draw_statistics
                parts.append(draw(sample, runs, ["mean"], effort=work)["mean"])
            elif is_normal:
                estimate = bound_mean(sample.mean, sample.spread, sample.n)
                even = _spread_t(estimate, sample.n - 1)
                parts.append(np.random.default_rng(work.seed).permuted(even, axis=1))
            else:
                parts.append(draw_population_means(sample, effort=work))
        rows = min(len(part) for part in parts)
        columns = min(part.shape[1] for part in parts)
        drawn = {name: parts[0][:rows, :columns] - parts[1][:rows, :columns]}
        yours = {name: self.first.mean - self.second.mean}
        return [judge_draws(drawn, item, yours, level=level) for item in reports]


@dataclasses.dataclass(frozen=True)
class CutShort:
    """Runs of which some were stopped early, at different values: their Kaplan-Meier median."""

    runs: Runs
    sample: Sample

    @property
    def n(self) -> int:
        """Number of runs."""
        return self.runs.n

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The set of runs that were not stopped."""
        return (self.sample,)

    def estimate_mean(self, level: float) -> Estimate:
        """Return nothing: with runs cut short a mean is not known."""
        return Estimate(None, None, None, level)

    def predict(
        self, reports: Sequence[Report], runs: int, *, level: float, effort: Effort
    ) -> list[Prediction]:
        """Hold a reported median against those of drawn studies."""
        assert self.runs.stops is not None
        values = np.append(self.sample.runs, self.runs.stops)[None, :]
        own = estimate_medians(values, (np.arange(values.size) < self.sample.n)[None, :])
        drawn = {"median": draw_medians(self.runs, runs, n_studies=effort.n_studies)}
        yours = {"median": float(own[0])}
        return [judge_draws(drawn, item, yours, level=level) for item in reports]


def _spread_t(estimate: Estimate, degrees: int) -> FloatArray:
    """Return what a mean may be by Student's t, at evenly spaced probabilities, float64[1, m]."""
    assert estimate.value is not None
    assert estimate.high is not None
    scale = (estimate.high - estimate.value) / float(
        special.stdtrit(degrees, 0.5 + estimate.level / 2.0)
    )
    even = (np.arange(100_000) + 0.5) / 100_000
    return np.asarray(estimate.value + scale * special.stdtrit(degrees, even))[None, :]
