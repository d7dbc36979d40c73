"""One rule for networks that never converge, from the count table to n*."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fractions import Fraction

from replication.analysis.compatible import (
    CompatibleRuns,
    Confrontation,
    ReportedMean,
    confront,
    estimate_n_star,
    make_run_grid,
)
from replication.analysis.counts import CountTable
from replication.analysis.equivalence import (
    Equivalence,
    assess_equivalence,
    find_smallest_margin,
)
from replication.analysis.intervals import Estimate
from replication.analysis.mean_law import MeanLaw, MeanLaws
from replication.analysis.mean_verdict import RuleEvidence, judge_mean
from replication.analysis.means import MeanEstimate, estimate_mean
from replication.analysis.runs import RESTART_AFTER, RULES, RunLaw, make_run_law
from replication.analysis.verdict import Verdict


@dataclasses.dataclass(frozen=True, eq=False)
class RuleConfrontation:
    """A population against a reported mean under one rule.

    Parameters
    ----------
    rule : {"discard", "cap", "restart"}
    run : RunLaw
    mean : MeanEstimate
    curve : tuple of Confrontation
        p(n), chance and prediction interval on the grid of n.
    laws : dict of int to MeanLaw
        The laws of the mean for the numbers of runs that were asked for.
    runs : CompatibleRuns
    equivalence : Equivalence
        At the deciding margin.
    rounding_equivalence : Equivalence
        At half a unit of the last reported digit.
    smallest_margin : float or None
    """

    rule: str
    run: RunLaw
    mean: MeanEstimate
    curve: tuple[Confrontation, ...]
    laws: dict[int, MeanLaw]
    runs: CompatibleRuns
    equivalence: Equivalence
    rounding_equivalence: Equivalence
    smallest_margin: float | None

    def find(self, n: int) -> Confrontation:
        """Return the entry of the curve for `n` runs, which must be on the grid."""
        return next(entry for entry in self.curve if entry.n == n)


def confront_rule(
    table: CountTable,
    rule: str,
    reported: ReportedMean,
    *,
    margin_percent: float,
    restart_after: int = RESTART_AFTER,
    laws_of: Sequence[int] = (),
    with_curve: bool = True,
) -> RuleConfrontation | None:
    """Hold a population against a reported mean under one rule.

    Parameters
    ----------
    table : CountTable
    rule : {"discard", "cap", "restart"}
    reported : ReportedMean
        In the unit of the table.
    margin_percent : float
        Margin of the deciding equivalence test, in per cent of the reported mean.
    restart_after : int
        The c of the restart rule.
    laws_of : sequence of int
        Numbers of runs whose laws are kept.
    with_curve : bool
        Whether to compute the curve over n; without it `curve` is empty.

    Returns
    -------
    RuleConfrontation or None
        None where the rule has no mean (see `make_run_law`).
    """
    run = make_run_law(table, rule, restart_after=restart_after)
    mean = estimate_mean(table, rule, restart_after=restart_after)
    if run is None or mean is None:
        return None
    laws = MeanLaws(run)
    curve = tuple(
        confront(laws.compute(int(n)), reported, run=run, n_networks=mean.n)
        for n in (make_run_grid() if with_curve else ())
    )
    value = float(reported.value)

    def assess(margin: float) -> Equivalence:
        return assess_equivalence(table, rule, value, margin=margin, restart_after=restart_after)

    return RuleConfrontation(
        rule=rule,
        run=run,
        mean=mean,
        curve=curve,
        laws={n: laws.compute(n) for n in laws_of},
        runs=estimate_n_star(
            run,
            reported,
            standard_error=mean.standard_error,
            mean_interval=mean.interval,
            known=curve or None,
        ),
        equivalence=assess(value * margin_percent / 100.0),
        rounding_equivalence=assess(float(reported.high - reported.value)),
        smallest_margin=find_smallest_margin(table, rule, value, restart_after=restart_after),
    )


def confront_all(
    table: CountTable,
    reported: ReportedMean,
    *,
    margin_percent: float,
    restart_after: int = RESTART_AFTER,
    laws_of: Sequence[int] = (),
    with_curve: bool = True,
    rules: Sequence[str] = RULES,
) -> dict[str, RuleConfrontation | None]:
    """Return `confront_rule` under every rule of `rules`, by the rule's name.

    Parameters
    ----------
    table : CountTable
    reported : ReportedMean
    margin_percent : float
        Margin of equivalence, in per cent of the reported mean.
    restart_after : int
        The c of the restart rule.
    laws_of : sequence of int
        Numbers of runs whose law of the mean is kept.
    with_curve : bool
        Whether p(n) is computed on the whole grid of n.
    rules : sequence of str

    Returns
    -------
    dict of RuleConfrontation or None
        By rule; None where a rule has no mean.
    """
    return {
        rule: confront_rule(
            table,
            rule,
            reported,
            margin_percent=margin_percent,
            restart_after=restart_after,
            laws_of=laws_of,
            with_curve=with_curve,
        )
        for rule in rules
    }


def judge(
    confrontations: Mapping[str, RuleConfrontation | None],
    reported: ReportedMean,
    thresholds: Mapping[str, float | int],
    *,
    unit: Fraction | int = 1,
) -> Verdict:
    """Return the verdict on a reported mean by the ledger's rule (see `judge_mean`).

    Parameters
    ----------
    confrontations : mapping of str to RuleConfrontation or None
        By rule. If nothing converged (no *discard*), the claim is not
        testable. A rule without a mean counts as neither equivalent nor
        compatible with any number of runs.
    reported : ReportedMean
        In the unit of the confrontations.
    thresholds : mapping
        ``margin_percent`` and ``min_n_star``.
    unit : Fraction or int
        What one unit of the confrontations is in the unit of the words.
    """
    scale = float(unit)
    value = float(reported.value) * scale
    if confrontations["discard"] is None:
        return judge_mean([], reported=value, thresholds=thresholds, text=reported.text)
    margin = value * float(thresholds["margin_percent"]) / 100.0
    evidence = []
    for rule, item in confrontations.items():
        if item is None:
            nothing = CompatibleRuns(0, 0, 0, 0)
            failed = Equivalence(margin, None, False)
            evidence.append(RuleEvidence(rule, None, None, None, failed, None, nothing))
            continue
        mean, smallest = item.mean.interval.value, item.smallest_margin
        evidence.append(
            RuleEvidence(
                rule,
                None if mean is None else mean * scale,
                *_scale_ends(item.mean.interval, scale),
                dataclasses.replace(item.equivalence, margin=item.equivalence.margin * scale),
                None if smallest is None else smallest * scale,
                item.runs,
            )
        )
    return judge_mean(evidence, reported=value, thresholds=thresholds, text=reported.text)


def _scale_ends(interval: Estimate, scale: float) -> tuple[float | None, float | None]:
    low, high = interval.low, interval.high
    return (None if low is None else low * scale, None if high is None else high * scale)
