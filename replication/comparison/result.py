"""The answer to one comparison, in every form."""

import dataclasses
import functools
import math
from collections.abc import Iterable
from typing import Any

from replication.comparison.figure import draw, draw_statistic
from replication.comparison.found import Found, Verdict
from replication.comparison.numbers import describe_p
from replication.comparison.sentences import (
    answer,
    describe_coincidence,
    describe_difference,
    describe_runs,
    list_notes,
    tabulate,
)
from replication.comparison.text import Answered, Block, list_assumed
from replication.wording import plural

__all__ = ["Comparison", "Verdict"]

SAID_FIRST = {"alone", "per cent"}  # cautions that stand in the first sentence already
HIDDEN = {"answers", "sample"}  # fields that serve drawing, and are not in JSON


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Found, Answered):
    """The result of a comparison.

    Parameters
    ----------
    verdict : Verdict
    reason : str
        What the verdict rests on: "p"; "impossible" (a reported number cannot be right); "few" (too
        few runs); "constant" (runs that are all equal); "units" (shares against what looks like per
        cent); "reading" (it depends on how the report is read); "margin" (neither a difference was
        shown, nor that it is less than the margin).
    conditions : tuple of str
        Conditions under which the verdict holds, where there is no verdict without them.
    level : float
        Significance level of the tests.
    reported, runs : mapping of str to str, and int or None
        The reported numbers as printed, and the runs behind them; None for a constant.
    n, n_failed, n_missing : int
        Numbers of your runs (or those of the other report), failures included; of failures; and of
        values left out.
    cap, failures : float or None, and str
        Where runs were stopped; how failures count: "excluded", "at-cap", "restarted".
    mean : Estimate
        Mean of your runs, with Student's interval.
    findings : mapping of str to Finding
        By statistic; with "mean_given_max" where mean and largest value are judged together.
    p, p_alone, p_error : float or None, the same, and float
        `p` is the largest over all readings of the report. `p_alone` is p by the printed spreads
        alone; it differs where a condition is that the runs of both sides vary alike. `p_error` is
        the standard error of p from drawing studies at random.
    p_by_assumption : mapping of str to float
        p under each reading of the report, where there are several.
    ruled_out : mapping of str to RuledOut
        Kinds of ± that the spreads rule out: "sd", "standard error" or "interval".
    difference : Difference or None
        Yours less the reported mean or share, with its interval; `d` is in standard deviations.
    shown : mapping of str to (float or None)
        By statistic, the difference that these runs would have shown four times in five.
    missed, coincidence : float, and float or None
        `missed` is the largest probability that an outcome may have which your runs miss in 5 % of
        cases. `coincidence` is how often two studies print the same numbers, where your runs give
        all reported numbers to the last digit.
    assumptions, cautions : mapping of str to str
        What is taken for granted, by the argument that changes it; cautions, by cause.
    chance_all_succeed : float
        Chance that none of the reported number of runs fails.
    equivalence : Equivalence or None
        Where a margin was given: p of two one-sided tests, and whether the sides are equivalent.
    improvement : Estimate or None
        Where two groups of runs differ: the probability that a run of the first lies above one of
        the second.
    impossible : mapping of str to str
        Why reported numbers cannot be right, by name.
    groups, scale : tuple of str, and str
        Names of the groups whose difference was reported; "log" where logarithms were compared, and
        means, differences and intervals were turned back into ratios.
    answers, sample : mapping of str to Answer, and Sample or None
        The answer under each reading, by words for the reading; your runs.
    read_as : tuple of Block
        How tables were read, and what was left out; nothing where no table was given.
    """

    read_as: tuple[Block, ...] = ()

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        numbers = ", ".join(f"{name} {text}" for name, text in self.reported.items())
        return f"<Comparison: {self.verdict}{p} ({numbers}; {plural(self.n, 'run')} of yours)>"

    def list_parts(self) -> dict[str, Any]:
        """Return the parts of the answer by the names that they have in JSON, for `to_dict`."""
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in names if name not in HIDDEN}

    def plot(self) -> Any:
        """Return a Matplotlib figure: your runs and the reported number, a panel a statistic."""
        names = [
            name for name, finding in self.findings.items() if math.isfinite(sum(finding.interval))
        ]
        panels = [functools.partial(draw_statistic, self, name) for name in names]
        return draw(panels, height=0.4 + 2.1 * len(panels))

    def describe(self) -> Iterable[Block]:
        """Yield the answer: a sentence, a short table, what it takes for granted, cautions."""
        yield Block(answer(self))
        if self.coincidence is not None:
            yield Block(describe_coincidence(self))
        yield Block(rows=tabulate(self))
        for text in (describe_difference(self), describe_runs(self), " ".join(list_notes(self))):
            if text:
                yield Block(text)
        if self.assumptions:
            yield Block("Taken for granted:", list_assumed(self.assumptions))
        cautions = [text for name, text in self.cautions.items() if name not in SAID_FIRST]
        if cautions:
            yield Block("Caution:", cautions)
