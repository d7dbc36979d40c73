"""A report and the runs that it is held against: every reading of it, and the verdict."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping

import numpy as np
from scipy import special

from replication.comparison.plausibility import Impossible, find_impossible
from replication.comparison.prediction import (
    Prediction,
    combine_independent,
    predict,
    predict_successes,
)
from replication.comparison.report import CI_WORDS, FAILURE_WORDS, SUCCESSES, Report
from replication.comparison.result import MIN_RUNS, Agreement, Missed, Reason
from replication.comparison.runs import Runs, apply_rule
from replication.comparison.sampling import Effort, Sample
from replication.comparison.sources import Equivalence, Source, assess_equivalence
from replication.errors import DataError

MIN_NORMAL, NORMAL_RUNS = 3, 30  # from and up to so many runs normal theory stands beside


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A report and the runs that it is held against, less `other` if there are such."""

    own: Runs
    other: Runs | None
    report: Report
    level: float

    def __post_init__(self) -> None:
        """Refuse runs that hold nothing to compare."""
        for which, runs in ((str(self.own.n), self.own), ("other", self.other)):
            if self.report.on_values and runs is not None and runs.done is None:
                raise DataError(
                    f"all {which} runs failed, so there is no value to compare; give runs of "
                    "which some succeeded, or compare the share that succeeded only"
                )

    @property
    def rule(self) -> str:
        """What the report did with failures, if it did what it does most often."""
        return self.report.failures or "excluded"

    @functools.cached_property
    def sample(self) -> Sample | None:
        """The runs under that rule; None if only successes are compared."""
        return apply_rule(self.own, self.rule) if self.report.on_values else None

    @functools.cached_property
    def sources(self) -> dict[str, Source | None]:
        """What the report is held against under each rule for failures that can hold."""
        if not self.report.on_values:
            return {self.rule: None}
        if self.other is not None and self.own.done is not None and self.other.done is not None:
            return {self.rule: Source((self.own.done, self.other.done))}
        rules = [self.rule]
        if self.report.failures is None and self.own.n_failed:
            rules += ["at-cap", "restarted"]
        return {rule: Source((apply_rule(self.own, rule),)) for rule in rules}

    @property
    def source(self) -> Source | None:
        """What it is held against under the rule."""
        return self.sources[self.rule]

    @functools.cached_property
    def n_used(self) -> int:
        """How many values were summarised."""
        return self.report.count_middle(self.rule)

    def predict_all(self) -> dict[str, Prediction]:
        """Hold the report against the runs, by words for each reading of what it leaves open."""
        n = self.own.n if self.source is None else self.source.n
        if n < MIN_RUNS:
            return {}
        found = {}
        for rule, source in self.sources.items():
            label = f"failures {FAILURE_WORDS[rule]}" if len(self.sources) > 1 else ""
            readings = self._predict(source, self.report.count_middle(rule))
            for words, prediction in readings.items():
                found[", ".join(part for part in (label, words) if part)] = prediction
        return found

    def _predict(self, source: Source | None, n_used: int) -> dict[str, Prediction]:
        report, found = self.report, {}
        if source is not None:
            readings = report.list_readings(n_used)
            predictions = predict(
                source, report.on_values, n_used, level=self.level, effort=Effort(),
                readings=list(readings.values()),
            )  # fmt: skip
            found = dict(zip(readings, predictions, strict=True))
        for name in SUCCESSES:
            if name in report.numbers:
                successes = predict_successes(
                    self.own.n_done, self.own.n, report.numbers[name], report.runs, name=name,
                    level=self.level,
                )  # fmt: skip
                if not found:
                    return {"": successes}
                found = {key: combine_independent(item, successes) for key, item in found.items()}
        return found

    def predict_normal(self) -> Prediction | None:
        """Return the answer of normal theory, where there are few runs and they vary."""
        source = self.source
        if (
            source is None
            or not MIN_NORMAL <= source.n <= NORMAL_RUNS
            or any(not sample.spread > 0 for sample in source.samples)
        ):
            return None
        reading = next(iter(self.report.list_readings(self.n_used).values()))
        return predict(
            source, self.report.on_values, self.n_used, level=self.level, effort=Effort(),
            readings=[reading], is_normal=True,
        )[0]  # fmt: skip

    def find_impossible(
        self,
    ) -> tuple[tuple[Impossible, ...], tuple[Impossible, ...], float | None]:
        """Return what cannot be right, what could not be if values lay on a grid, and that grid."""
        report, sample = self.report, self.sample
        if self.other is not None or "constant" in report.numbers:
            return (), (), None
        counts = [n for n in report.count_used(self.rule) if n > 0]

        find = functools.partial(
            find_impossible, report.numbers, runs=report.runs, counts=counts,
            bounds=(-math.inf, math.inf) if sample is None else (sample.low, sample.high),
            sd_kinds=report.sd_kinds,
        )  # fmt: skip
        grid = None if sample is None else sample.grid
        unit = None if sample is None else sample.find_unit()
        found = find(grid=grid)
        if grid is not None or found or unit is None:
            return found, (), None
        return found, find(grid=unit), float(unit)

    def assess_equivalence(self, margin: float | None) -> Equivalence | None:
        """Test whether the mean lies within a margin of the reported one."""
        sample = None if self.source is None else self.source.sample
        if margin is None or sample is None:
            return None
        numbers = self.report.numbers
        factors = next(iter(self.report.list_readings(self.n_used).values()))
        sds = [float(numbers[name].value) / factors[name] for name in factors if name in numbers]
        of_report = (sds[0], self.n_used) if sds else None
        return assess_equivalence(
            sample.mean, sample.spread, sample.n, float(numbers["mean"].value), margin=margin,
            level=self.level, of_report=of_report,
        )  # fmt: skip

    def find_missed(self, normal: Prediction, main: Prediction | None) -> Missed | None:
        """Return how often a shift of two standard deviations would be found, were runs normal."""
        sample = None if self.source is None else self.source.sample
        if sample is None or "mean" not in normal.findings:
            return None
        error, free = math.sqrt(1.0 / sample.n + 1.0 / self.n_used), sample.n - 1
        ends = (self.level / 2.0, 1.0 - self.level / 2.0)

        def find_power(limit: float) -> float:
            below, above = special.nctdtr(free, 2.0 / error, np.array([-limit, limit]))
            return float(1.0 - above + below)

        normal_power = find_power(special.stdtrit(free, ends[1]))
        if main is None:
            return Missed(None, normal_power)
        low, high = map(main.distributions["mean"].find_quantile, ends)
        return Missed(find_power((high - low) / 2.0 / (sample.spread * error)), normal_power)

    def list_assumptions(self) -> dict[str, str]:
        """Return what the answer takes for granted, by the argument that changes it."""
        report, sample = self.report, self.sample
        if sample is None:
            return {}
        ends = [f"from {sample.low:g}"] if math.isfinite(sample.low) else []
        ends += [f"up to {sample.high:g}"] if math.isfinite(sample.high) else []
        grid = "real numbers" if sample.grid is None else f"multiples of {float(sample.grid):g}"
        found = {
            "bounds": f"values lie {' '.join(ends)}" if ends else "values have no bounds",
            "grid": f"values are {grid}",
        }
        if not report.numbers.keys().isdisjoint({"sd", "se"}):
            kind = " or ".join(kind.replace("-", " - ") for kind in report.sd_kinds)
            tried = ", both tried" if len(report.sd_kinds) > 1 else ""
            found["sd_kind"] = f"the denominator of the standard deviation is {kind}{tried}"
        if "ci" in report.numbers:
            kind = " or ".join(CI_WORDS[kind] for kind in report.ci_kinds)
            tried = ", both tried" if len(report.ci_kinds) > 1 else ""
            level = f"{100 * report.ci_level:g} %"
            found["ci_kind"] = f"the interval, at {level}, is by {kind}{tried}"
        if not report.numbers.keys().isdisjoint({"q1", "q3", "iqr"}):
            found["quartiles"] = "quartiles are interpolated linearly, as NumPy and R do"
        return found


def judge(
    impossible: tuple[Impossible, ...],
    predictions: Mapping[str, Prediction],
    equivalence: Equivalence | None,
    *,
    level: float,
) -> tuple[Agreement, Reason]:
    """Return the verdict, and what it rests on."""
    if impossible:
        return Agreement.NOT_CONSISTENT, Reason.IMPOSSIBLE
    if not predictions:
        return Agreement.CANNOT_TELL, Reason.FEW
    answers = {item.p <= level for item in predictions.values()}
    if len(answers) > 1:
        return Agreement.CANNOT_TELL, Reason.ASSUMPTION
    differs = answers.pop()
    if equivalence is not None and differs == equivalence.is_equivalent:
        reason = Reason.DIFFERENT_WITHIN_MARGIN if differs else Reason.NOT_SHOWN_WITHIN_MARGIN
        return Agreement.CANNOT_TELL, reason
    return (Agreement.NOT_CONSISTENT if differs else Agreement.CONSISTENT), Reason.P_VALUE
