"""The answer to one comparison, and what it says in words."""

import dataclasses
import enum
import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from replication.comparison.figure import draw, draw_statistic
from replication.comparison.numbers import describe_p, format_number, format_p, percent, span
from replication.comparison.prediction import Answer, Finding
from replication.comparison.report import MIN_RUNS, SPREADS, SUCCESSES, word
from replication.comparison.request import FAILURE_WORDS
from replication.comparison.text import Answered, Block, list_assumed, name_key
from replication.statistics.intervals import Estimate
from replication.statistics.means import Difference
from replication.statistics.sampling import Sample
from replication.wording import join, plural

MAX_READINGS = 4  # whose p are all listed
NARROW = 0.05  # an outcome less probable than this is hardly missed


class Verdict(enum.StrEnum):
    """What was found of a report."""

    NOT_CONTRADICTED = "not contradicted"
    CONTRADICTED = "contradicted"
    CANNOT_TELL = "cannot tell"


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Answered):
    """What a comparison found.

    Parameters
    ----------
    verdict : Verdict
    reason : str
        What it rests on: "p"; "impossible" (a reported number cannot be right); "few" runs;
        "constant" (runs that are all equal); "units" (shares against what looks like per cent);
        "reading" (it depends on what was not said);
        "margin" (the margin says otherwise than p).
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
    equivalence : mapping or None
        Where a "margin" was given: "p" of two one-sided tests, and whether it "is_equivalent".
    evidence : mapping or None
        Where it was asked for: "bayes_factor" (replication Bayes factor) and "p_sceptical".
    impossible : mapping of str to str
        Why reported numbers cannot be right, by name.
    groups, scale : tuple of str, and str
        Names of the groups whose difference was reported; "log" where logarithms were compared, of
        which means, differences (ratios) and intervals are given back.
    answers, sample : mapping of str to Answer, and Sample or None
        What each reading gives, by words for it; your runs.
    read_as : tuple of Block
        How tables were read, and what was left out; nothing where no table was given.
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
    difference: Difference | None
    shown: Mapping[str, float | None]
    missed: float
    coincidence: float | None
    assumptions: Mapping[str, str]
    chance_all_succeed: float
    equivalence: Mapping[str, Any] | None
    evidence: Mapping[str, float] | None
    impossible: Mapping[str, str]
    cautions: Mapping[str, str]
    groups: tuple[str, ...]
    scale: str
    answers: Mapping[str, Answer]
    sample: Sample | None
    read_as: tuple[Block, ...] = ()

    @property
    def main(self) -> Answer:
        """What the most usual reading gives: distributions, where studies were drawn, and sides."""
        return next(iter(self.answers.values()))

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        numbers = ", ".join(f"{name} {text}" for name, text in self.reported.items())
        return f"<Comparison: {self.verdict}{p} ({numbers}; {plural(self.n, 'run')} of yours)>"

    def list_parts(self) -> dict[str, Any]:
        """Return what `to_dict` has, by name."""
        names = [field.name for field in dataclasses.fields(self)]
        hidden = {"answers", "sample"}
        return {name: getattr(self, name) for name in names if name not in hidden}

    def take_exponentials(self) -> Self:
        """Return the same of ratios, where logarithms were compared."""

        def undo(one: Any, *names: str, **more: Any) -> Any:
            undone = {name: _exp(getattr(one, name)) for name in names}
            return dataclasses.replace(one, **undone, **more)

        # Means, differences and ends of intervals become ratios; p stays what it is.
        gap, findings = self.difference, self.findings.items()
        return dataclasses.replace(
            self, mean=undo(self.mean, "value", "low", "high"),
            shown={name: _exp(one) for name, one in self.shown.items()},
            difference=gap and undo(gap, "value", "low", "high", "shown", spread=None),
            findings={name: undo(one, "value", "yours", "interval") for name, one in findings},
        )  # fmt: skip

    def plot(self) -> Any:
        """Return a Matplotlib figure of what was reported beside your runs, by statistic."""
        names = [name for name, one in self.findings.items() if math.isfinite(sum(one.interval))]
        panels = [functools.partial(draw_statistic, self, name) for name in names]
        return draw(panels, height=0.4 + 2.1 * len(panels))

    def describe(self) -> Iterable[Block]:
        """Yield the answer: a sentence, a short table, what it takes for granted, cautions."""
        yield Block(answer(self))
        if self.coincidence is not None:
            often = format_number(1.0 / max(self.coincidence, 1e-12), 2)
            yield Block(
                f"Your {plural(self.n - self.n_failed, 'run')} give every reported number to the "
                f"last digit, as one study in {often} would by chance: they may be the very runs "
                "of the report, and if so do not replicate it."
            )
        yield Block(rows=tabulate(self))
        notes = " ".join(list_notes(self))
        texts = _describe_difference(self), _describe_runs(self), notes
        yield from map(Block, filter(None, texts))
        if self.assumptions:
            yield Block("Taken for granted:", list_assumed(self.assumptions))
        aside = {"alone", "per cent"}  # which the first sentence says
        if cautions := [text for name, text in self.cautions.items() if name not in aside]:
            yield Block("Caution:", cautions)


def _exp(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_exp, value))
    return value if value is None or math.isnan(value) else math.exp(min(value, 700.0))


def answer(found: Comparison) -> str:
    """Return the verdict, what was tested, and what would have been seen, in one sentence."""
    verdict, reason, judged = str(found.verdict).capitalize(), found.reason, _list_judged(found)
    # What was not judged says why.
    if reason == "impossible":
        return f"{verdict}: {join(list(found.impossible.values()))}."
    if reason == "units":
        return f"{verdict}: {found.cautions['per cent']}"
    if reason in {"few", "constant"}:
        reported = f"the reported {_name_numbers(found, list(found.reported)[:1])}"
        runs = plural(found.n - found.n_failed, "run") + " that succeeded" * bool(found.n_failed)
        equal = ", all equal," if reason == "constant" else ""
        return (
            f"{verdict}: {runs} of yours{equal} and {reported} do not say how runs vary; give its "
            f"`sd`, `se` or `ci`, or more runs (at least {MIN_RUNS} unless it is a mean)."
        )
    # What was reported, with its spread and runs, and what lies beside it.
    beside = [
        f"± {text.removeprefix('± ')}" if name == "spread" or text[0] == "±" else f"{name} {text}"
        for name, text in found.reported.items()
        if name in SPREADS and name not in judged and not SUCCESSES.keys() >= {*judged}
    ] + [plural(found.runs or 0, "run")] * (found.runs is not None)
    subject = f"the reported {_name_numbers(found, judged)}"
    subject += f" ({', '.join(beside)})" if beside else ""
    is_all = found.failures == "at-cap" or SUCCESSES.keys() >= {*judged}
    runs = plural(found.n if is_all else found.n - found.n_failed, "run") if found.n else ""
    lies, yours = "lie", f"those of your {runs}"
    if len(judged) == 1:
        lies, yours = "lies", f"your {format_number(found.findings[judged[0]].yours)}"
        yours += f" ({runs})" if runs else ""
    # Where the verdict depends on the reading, p of each; else the verdict, its conditions, p.
    if reason == "reading":
        return (
            f"{verdict}: whether {subject} {lies} further from {yours} than chance explains "
            "depends on what the report leaves unsaid: p is "
            f"{list_p(found.p_by_assumption, 'with {}')}."
        )
    differs, alone = found.p is not None and found.p <= found.level, found.cautions.get("alone")
    conditions = f", if {join(list(found.conditions))}" if found.conditions else ""
    p = "" if found.p is None else "; ".join(filter(None, (describe_p(found.p), alone)))
    text = (
        f"{verdict}{conditions}: {subject} {lies} {'' if differs else 'no '}further from {yours} "
        f"than chance explains{f' ({p})' if p else ''}"
    )
    if reason == "margin":
        shown = "shown" if differs else "not shown"
        text += f", but the means are {shown} to differ by less than the margin"
    return f"{text}{_describe_shown(found)}."


def _list_judged(found: Comparison) -> list[str]:
    """Return the reported numbers that were judged, and do not only serve to judge another."""
    return [name for name in found.reported
            if name in found.findings and not math.isnan(found.findings[name].p)]  # fmt: skip


def _name_numbers(found: Comparison, names: Iterable[str]) -> str:
    """Return reported numbers with their names: "mean of 48 and maximum of 202"."""
    if found.groups:
        less = " less ".join(name_key((name,)) for name in found.groups)
        return join([f"difference of {found.reported[name]} ({less})" for name in names])
    return join([f"{word(name)} {'of ' * (name != 'spread')}{found.reported[name]}"
                 for name in names])  # fmt: skip


def _describe_shown(found: Comparison) -> str:
    name = next(iter(found.shown), "")
    value, is_share = found.shown.get(name), name in SUCCESSES
    if value is None or not math.isfinite(value):
        is_known = is_share or found.difference is not None
        return "; no difference would have been found four times in five" if is_known else ""
    # Also in standard deviations, where one is known.
    spread = None if is_share or found.difference is None else found.difference.spread
    in_sd = f" ({format_number(value / spread, 2)} SD)" if spread else ""
    statistic = "mean" if name == "constant" else word(name)
    article, by = "an" if statistic[0] in "aeiou" else "a", "a factor of " * bool(found.scale)
    return (
        f"; {article} {statistic} that is off by {by}{format_number(value, 2)}{in_sd} would have "
        "been found four times in five, a smaller difference less often"
    )


def list_p(p_values: Mapping[str, float], template: str) -> str:
    """Return p under each reading of what was not said, of many the smallest and the largest."""
    pairs = [*p_values.items()]
    # p is 0.01 with sd and 0.2 with se; of many readings only the ends
    if is_many := len(pairs) > MAX_READINGS:
        pairs = [find(pairs, key=lambda pair: pair[1]) for find in (min, max)]
    parts = [f"{format_p(p)} {template.format(words)}" for words, p in pairs]
    return " to ".join(parts) if is_many else join(parts)


def _describe_difference(found: Comparison) -> str:
    one, less = found.difference, "over" if found.scale else "less"
    if one is None:
        return ""
    of = " (means by quartiles)" if "estimated" in found.assumptions else ""
    text = (
        f"Yours {less} reported{of}: {format_number(one.value)} ({percent(1.0 - found.level)} "
        f"interval {span(one.low, one.high)})"
    )
    if one.d is not None and not found.findings.keys() & SUCCESSES.keys():
        text += f", in standard deviations {format_number(one.d[0], 2)} ({span(*one.d[1:], 2)})"
    return f"{text}."


def _describe_runs(found: Comparison) -> str:
    words, mean = f"Your runs: {found.n:,}" if found.n else "Yours is an estimate", found.mean
    if found.n_failed:
        stopped = "" if found.cap is None else f", stopped at {format_number(found.cap)}"
        words += f", of which {found.n_failed:,} failed{stopped}"
        if mean.value is not None:
            words += f"; failures are {FAILURE_WORDS[found.failures]}"
    if found.n_missing:
        words += f"; {plural(found.n_missing, 'missing value')} left out"
    if mean.value is not None:
        words += f". Their mean is {format_number(mean.value)}" if found.n else ""
        if mean.low is not None:
            words += f" ({percent(mean.level)} interval {span(mean.low, mean.high)})"
    return words + "."


def tabulate(found: Comparison) -> list[list[str]]:
    """Return the table of findings."""
    rows = [["", "reported", "yours", "not contradicted", "p", "found 4 times in 5"]]
    for name, item in found.findings.items():
        is_aside = name == "mean_given_max" or (found.scale and name in SPREADS)
        shown, yours = found.shown.get(name), None if is_aside else item.yours
        words = word(name).removeprefix("half " * (" to " in item.reported))
        ends, by = item.interval, "off by × " if found.scale else "off by "
        # The ends of what is printed have the decimals of the reported number.
        is_rough = name == "constant" or found.scale or math.isinf(sum(ends))
        interval = span(*ends) if is_rough else " to ".join(f"{end:,.10g}" for end in ends)
        rows.append([
            words, item.reported, format_number(yours), "" if math.isnan(sum(ends)) else interval,
            format_p(item.p), "" if shown is None else f"{by}{format_number(shown, 2)}",
        ])  # fmt: skip
    if sum(not math.isnan(item.p) for item in found.findings.values()) > 1:
        rows.append(["all together", "", "", "", format_p(found.p), ""])
    return rows


def list_notes(found: Comparison) -> Iterator[str]:
    """Yield sentences on what stands in the table, and beside it."""
    if NARROW < found.missed < 1.0 - NARROW and found.reason in {"p", "reading", "margin"}:
        n, chance = plural(found.n - found.n_failed, "run"), percent(found.missed)
        yield f"An outcome with a probability of up to {chance} could be missing from {n}."
    # What was reported and not judged, and what bears on failures.
    judged = {*SPREADS, *_list_judged(found)}
    left = [word(name) for name in found.reported if name not in judged]
    if left and found.reason == "p" and "estimated" not in found.assumptions:
        yield f"Not judged, for want of runs: {join(left)}."
    if found.n_failed and found.runs is not None:
        chance = percent(found.chance_all_succeed)
        yield f"The probability that none of {found.runs} runs fails is {chance}."
    p_values = found.p_by_assumption.values()
    if p_values and max(p_values) - min(p_values) > 0.01 and found.reason != "reading":
        text = list_p(found.p_by_assumption, "({})")
        yield f"Whichever of these readings is right, the verdict is the same: p is {text}."
    # What was asked for beside the verdict.
    if found.equivalence is not None:
        margin, p = format_number(found.equivalence["margin"]), found.equivalence["p"]
        shown = "shown" if found.equivalence["is_equivalent"] else "not shown"
        tests = "" if p is None else f" (two one-sided tests, {describe_p(p)})"
        yield f"The means are {shown} to differ by less than {margin}{tests}."
    if found.evidence is not None:
        factor, p = found.evidence["bayes_factor"], found.evidence["p_sceptical"]
        yield (
            f"Replication Bayes factor: {format_number(factor, 2)} (what the report estimated "
            f"against no difference at all); sceptical {describe_p(p)} (one-sided)."
        )
    if found.p is not None and found.p_error > 0:
        yield f"Studies were drawn at random; the standard error of p is {found.p_error:.1g}."
