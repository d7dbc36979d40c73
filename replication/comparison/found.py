"""The result of a comparison, as numbers and words, without the sentences."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import Self

from replication.comparison.equivalence import Equivalence
from replication.comparison.prediction import Answer, Finding
from replication.comparison.readings import RuledOut
from replication.statistics.intervals import Estimate
from replication.statistics.means import Difference
from replication.statistics.sampling import Sample

LARGEST_LOG = 700.0  # a larger one has an exponential that is too large for a float


class Verdict(enum.StrEnum):
    """The verdict on a report."""

    NOT_CONTRADICTED = "not contradicted"
    CONTRADICTED = "contradicted"
    WITHIN_MARGIN = "differs, by less than the margin"
    CANNOT_TELL = "cannot tell"


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """The result of a comparison; the docstring of `Comparison` says what its fields are."""

    verdict: Verdict
    reason: str
    conditions: tuple[str, ...]
    level: float
    reported: Mapping[str, str]
    runs: int | None
    n: int
    n_failed: int
    n_missing: int
    cap: float | None
    failures: str
    mean: Estimate
    findings: Mapping[str, Finding]
    p: float | None
    p_alone: float | None
    p_error: float
    p_by_assumption: Mapping[str, float]
    ruled_out: Mapping[str, RuledOut]
    difference: Difference | None
    shown: Mapping[str, float | None]
    missed: float
    coincidence: float | None
    assumptions: Mapping[str, str]
    chance_all_succeed: float
    equivalence: Equivalence | None
    improvement: Estimate | None
    impossible: Mapping[str, str]
    cautions: Mapping[str, str]
    groups: tuple[str, ...]
    scale: str
    answers: Mapping[str, Answer]
    sample: Sample | None

    @property
    def main(self) -> Answer:
        """The answer under the most usual reading of the report."""
        return next(iter(self.answers.values()))

    @property
    def n_done(self) -> int:
        """Your runs that succeeded."""
        return self.n - self.n_failed

    @property
    def is_equivalent(self) -> bool:
        """Whether the sides were shown to differ by less than the margin."""
        return self.equivalence is not None and self.equivalence.is_equivalent

    @property
    def judged(self) -> list[str]:
        """Names of the reported numbers that were judged; a spread beside a mean has no p."""
        return [
            name
            for name in self.reported
            if name in self.findings and not math.isnan(self.findings[name].p)
        ]

    def take_exponentials(self) -> Self:
        """Return the result for ratios, where logarithms were compared.

        Means, differences and ends of intervals become ratios; p stays as it is.
        """
        difference = self.difference
        if difference is not None:
            difference = dataclasses.replace(
                difference,
                value=math.exp(difference.value),
                low=_exp(difference.low),
                high=_exp(difference.high),
                shown=_exp_known(difference.shown),
                spread=None,
            )
        mean = dataclasses.replace(
            self.mean,
            value=_exp_known(self.mean.value),
            low=_exp_known(self.mean.low),
            high=_exp_known(self.mean.high),
        )
        findings = {
            name: dataclasses.replace(
                finding,
                value=_exp(finding.value),
                yours=_exp(finding.yours),
                interval=(_exp(finding.interval[0]), _exp(finding.interval[1])),
            )
            for name, finding in self.findings.items()
        }
        shown = {name: _exp_known(detectable) for name, detectable in self.shown.items()}
        return dataclasses.replace(
            self, mean=mean, shown=shown, difference=difference, findings=findings
        )


def _exp(value: float) -> float:
    """Return the exponential of a number; one too large for a float becomes a very large float."""
    return value if math.isnan(value) else math.exp(min(value, LARGEST_LOG))


def _exp_known(value: float | None) -> float | None:
    """Return the exponential of a number, or None if that is None."""
    return None if value is None else _exp(value)
