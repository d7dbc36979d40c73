"""What a comparison found, as numbers and words, without the sentences."""

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

LARGEST_LOG = 700.0  # of which the exponential can be taken


class Verdict(enum.StrEnum):
    """What was found of a report."""

    NOT_CONTRADICTED = "not contradicted"
    CONTRADICTED = "contradicted"
    WITHIN_MARGIN = "differs, by less than the margin"
    CANNOT_TELL = "cannot tell"


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """What a comparison found.

    Parameters
    ----------
    verdict : Verdict
    reason : str
        What it rests on: "p"; "impossible" (a reported number cannot be right); "few" runs;
        "constant" (runs that are all equal); "units" (shares against what looks like per cent);
        "reading" (it depends on what was not said); "margin" (neither a difference nor that it is
        less than the margin was shown).
    conditions : tuple of str
        What the verdict holds under, where it cannot be had without.
    level : float
    reported, runs : mapping of str to str, and int or None
        The reported numbers as printed, and the runs behind them; None for a constant.
    n, n_failed, n_missing : int
        Your runs (or those of the other report), failures included; failures; values left out.
    cap, failures : float or None, and str
        Where runs were stopped; what was done with failures: "excluded", "at-cap", "restarted".
    mean : Estimate
        Of your runs, with Student's interval.
    findings : mapping of str to Finding
        By statistic; with "mean_given_max" where mean and largest value are judged together.
    p, p_alone, p_error : float or None, the same, and float
        The largest over all readings of what was not said; by the printed spreads alone, where a
        condition is that they are estimates of one; its standard error from drawing.
    p_by_assumption : mapping of str to float
        p under each reading, where there are several.
    ruled_out : mapping of str to RuledOut
        Readings of ± that the spreads rule out: "sd", "standard error" or "interval".
    difference : Difference or None
        Yours less the reported mean or share, with its interval; `d` is in standard deviations.
    shown : mapping of str to (float or None)
        By statistic, the difference that these runs would have shown four times in five.
    missed, coincidence : float, and float or None
        The largest probability of an outcome that your runs miss in 5 % of cases; where your runs
        give all reported numbers to the last digit, how often two studies do.
    assumptions, cautions : mapping of str to str
        What is taken for granted, by the argument that changes it; what to know, by cause.
    chance_all_succeed : float
        Chance that none of the reported number of runs fails.
    equivalence : Equivalence or None
        Where a margin was given: p of two one-sided tests, and whether the sides are equivalent.
    improvement : Estimate or None
        Of a difference of two groups: how probable it is that a run of the first lies above one of
        the second.
    impossible : mapping of str to str
        Why reported numbers cannot be right, by name.
    groups, scale : tuple of str, and str
        Names of the groups whose difference was reported; "log" where logarithms were compared, of
        which means, differences (ratios) and intervals are given back.
    answers, sample : mapping of str to Answer, and Sample or None
        What each reading gives, by words for it; your runs.
    """

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
        """The reported numbers that were judged, and do not only serve to judge another."""
        return [
            name
            for name in self.reported
            if name in self.findings and not math.isnan(self.findings[name].p)
        ]

    def take_exponentials(self) -> Self:
        """Return the same of ratios, where logarithms were compared.

        Means, differences and ends of intervals become ratios; p stays what it is.
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
        shown = {name: _exp_known(finding) for name, finding in self.shown.items()}
        return dataclasses.replace(
            self, mean=mean, shown=shown, difference=difference, findings=findings
        )


def _exp(value: float) -> float:
    """Return the exponential of a number, which is very large instead of too large for a float."""
    return value if math.isnan(value) else math.exp(min(value, LARGEST_LOG))


def _exp_known(value: float | None) -> float | None:
    """Return the exponential of a number, None where there is none."""
    return None if value is None else _exp(value)
