"""A comparison in words: one sentence, a short table, what it takes for granted, cautions.

Arguments of `compare` stand in backticks, so that a command can name its options instead.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence

from replication.comparison.plausibility import Impossible
from replication.comparison.prediction import Finding
from replication.comparison.report import FAILURE_WORDS, SUCCESSES, WORDS
from replication.comparison.result import MIN_RUNS, Agreement, Missed, Reason, Result
from replication.wording import plural

WIDTH = 88


def summarise(result: Result) -> str:
    """Return the answer as text."""
    paragraphs = [wrap(text) for text in (answer(result), _describe_runs(result))]
    if result.findings or result.normal_findings:
        paragraphs.append(align(tabulate(result)))
    paragraphs += [[line for note in list_notes(result) for line in wrap(note)]]
    assumptions = [
        text if name == "quartiles" else f"{text} (change with `{name}`)"
        for name, text in result.assumptions.items()
    ]
    for title, items in (
        ("Taken for granted:", assumptions),
        ("Caution:", [caution.text for caution in result.cautions]),
    ):
        if items:
            lines = [line for item in items for line in wrap(f"- {item}", indent="  ")]
            paragraphs.append([title, *lines])
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def answer(result: Result) -> str:
    """Return the verdict and what it rests on, in one sentence."""
    verdict, reason = str(result.agreement).capitalize(), result.reason
    if reason is Reason.IMPOSSIBLE:
        return f"{verdict}: {join([describe_fault(item, result) for item in result.impossible])}."
    if reason is Reason.FEW:
        return f"{verdict}: {_describe_few(result)}"
    numbers = [_name_number(name, text) for name, text in result.reported.items()]
    over = "" if result.runs is None else f" over {plural(result.runs, 'run')}"
    reported, is_ = join(numbers) + over, "is" if len(numbers) == 1 else "are"
    gives = "the mean of runs like yours" if result.runs is None else "what runs like yours give"
    if reason is Reason.ASSUMPTION:
        says = f"depends on what the report does not say: p is {_list_p(result, 'with {}')}"
        return f"{verdict}: whether {reported} {is_} {gives} {says}."
    differs = result.agreement is Agreement.NOT_CONSISTENT
    end = "" if result.p is None else f" ({describe_p(result.p)})"
    if reason is Reason.DIFFERENT_WITHIN_MARGIN:
        differs = True
        end += ", but the means differ by less than the margin"
    elif reason is Reason.NOT_SHOWN_WITHIN_MARGIN:
        end += ", but their mean is not shown to lie within the margin of the reported one"
    elif result.normal_p is not None and (result.normal_p <= result.level) != differs:
        side = "is" if differs else "is not"
        end += f"; it {side} if runs are normal ({describe_p(result.normal_p)})"
    return f"{verdict}: {reported} {is_}{' not' if differs else ''} {gives}{end}."


def _name_number(name: str, text: str) -> str:
    """Return a reported number with its name: "a mean of 48"."""
    article = "an" if WORDS[name][0] in "aeiou" else "a"
    return f"{article} {WORDS[name]} of {text}"


def _describe_few(result: Result) -> str:
    """Say that there are too few runs, and what normal theory says of them."""
    n = result.n - result.n_failed
    which = " that succeeded" if result.n_failed else ""
    are = "is" if n == 1 else "are"
    text = f"{plural(n, 'run')}{which} {are} too few to say; at least {MIN_RUNS} are needed"
    if result.normal_p is None:
        return f"{text}."
    side = "not consistent" if result.normal_p <= result.level else "consistent"
    return f"{text}. If runs are normal the report is {side} ({describe_p(result.normal_p)})."


def describe_fault(item: Impossible, result: Result) -> str:
    """Return why a reported number cannot be right."""
    other = item.other or item.name
    return item.fault.format(
        number=_name_number(item.name, result.reported[item.name]),
        other=_name_number(other, result.reported[other]),
        runs="" if item.runs is None else f"{item.runs:,}",
        grid=_name_grid(result),
    )


def _name_grid(result: Result) -> str:
    return "whole numbers" if result.unit in {None, 1.0} else f"multiples of {result.unit:g}"


def _list_p(result: Result, template: str) -> str:
    """Return p under each reading of what was not said."""
    return join(
        [f"{format_p(p)} {template.format(words)}" for words, p in result.p_by_assumption.items()]
    )


def _describe_runs(result: Result) -> str:
    words = f"Your runs: {result.n:,}"
    if result.n_failed:
        stopped = "" if result.cap is None else f", stopped at {format_number(result.cap)}"
        words += f", of which {result.n_failed:,} failed{stopped}"
    mean = result.mean
    if result.n_failed and mean.value is not None:
        words += f"; failures are {FAILURE_WORDS[result.failures]}"
    if result.n_missing:
        words += f"; {plural(result.n_missing, 'missing value')} left out"
    if mean.value is not None:
        words += f". Their mean is {format_number(mean.value)}"
        if mean.low is not None and mean.high is not None:
            span = f"{format_number(mean.low)} to {format_number(mean.high)}"
            words += f" ({percent(mean.level)} interval {span})"
    return words + "."


def tabulate(result: Result) -> list[list[str]]:
    """Return the table of findings, with the answer of normal theory beside where there is one."""
    most = percent(1.0 - result.level)
    study = f"{most} interval" if result.runs is None else f"{most} of studies of {result.runs:,}"
    answers = [(study, result.findings, result.p)] if result.findings else []
    if result.normal_findings:
        words = "if normal" if answers else f"{study} if normal"
        answers.append((words, result.normal_findings, result.normal_p))
    main = answers[0][1]
    rows = [["", "reported", _name_runs(result, main)]]
    rows += [
        [WORDS[name], item.reported, "" if name == "mean_given_max" else format_number(item.yours)]
        for name, item in main.items()
    ]
    together = ["all together", "", ""]
    for words, findings, p in answers:
        rows[0] += [words, "p"]
        for place, name in enumerate(main, start=1):
            item = findings.get(name)
            rows[place] += ["", ""] if item is None else [format_interval(item), format_p(item.p)]
        together += ["", "" if p is None else format_p(p)]
    return [*rows, together] if len(main) > 1 and any(together[1:]) else rows


def _name_runs(result: Result, names: Collection[str]) -> str:
    """Say how many runs the numbers of the user summarise: those that succeeded, or all."""
    is_all = result.failures == "at-cap" or set(names) <= SUCCESSES.keys()
    if result.n_failed and not is_all and set(names) & SUCCESSES.keys():
        return "your runs"
    n = result.n if is_all else result.n - result.n_failed
    return f"your {plural(n, 'run')}"


def format_interval(finding: Finding) -> str:
    """Return an interval; its ends have the decimals of the reported number."""
    is_printed = finding.name != "constant" and math.isfinite(finding.low + finding.high)
    low, high = (f"{end:,.10g}" if is_printed else format_number(end) for end in finding.interval)
    return f"{low} to {high}"


def list_notes(result: Result) -> list[str]:
    """Return sentences on what stands in the table, and beside it."""
    notes = []
    if result.impossible_on_grid:
        faults = join([describe_fault(item, result) for item in result.impossible_on_grid])
        notes.append(
            f"If values are {_name_grid(result)}, as yours are, the report cannot be right: "
            f"{faults}. Give `grid` {result.unit:g} if they must be."
        )
    if result.missed is not None:
        notes.append(_describe_missed(result.missed, result.findings))
    if result.n_failed and result.runs is not None:
        chance = percent(result.chance_all_succeed)
        notes.append(f"The probability that none of {result.runs} runs fails is {chance}.")
    p_values = result.p_by_assumption.values()
    is_reported = result.reason is Reason.ASSUMPTION
    if p_values and max(p_values) - min(p_values) > 0.01 and not is_reported:
        readings = _list_p(result, "({})")
        notes.append(f"Whichever the report means, the verdict is the same: p is {readings}.")
    equivalence = result.equivalence
    if equivalence is not None:
        inside = "lies" if equivalence.is_equivalent else "is not shown to lie"
        p = "" if equivalence.p is None else f" (two one-sided tests, {describe_p(equivalence.p)})"
        notes.append(
            f"The mean of runs like yours {inside} within {format_number(equivalence.margin)} of "
            f"the reported mean{p}."
        )
    if result.p is not None and result.p_error > 0:
        notes.append(
            f"Studies were drawn at random; the standard error of p is {result.p_error:.1g}."
        )
    return notes


def _describe_missed(missed: Missed, findings: Mapping[str, Finding]) -> str:
    """Say what so few runs would not have found."""
    text = "A shift of the mean by two standard deviations is found in about "
    normal = f"{percent(missed.normal_power)} of cases by normal theory"
    if missed.power is None:
        return f"{text}{normal}."
    low, high = format_interval(findings["mean"]).split(" to ")
    return (
        f"A mean below {low} or above {high} would have been called not consistent. {text}"
        f"{percent(missed.power)} of cases, and in {normal}."
    )


def format_p(p: float) -> str:
    """Return a p-value with two significant digits, nothing where there is none (NaN)."""
    if math.isnan(p):
        return ""
    if p < 1e-4:
        return "< 0.0001"
    return "> 0.99" if 0.995 < p < 1 else f"{p:.2g}"


def describe_p(p: float) -> str:
    """Return a p-value as words: "p = 0.03"."""
    text = format_p(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def format_number(value: float) -> str:
    """Return a number with four significant digits, whole numbers in full."""
    if math.isinf(value):
        return "not reached"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in per cent; near 0 and 1 what it lies below or above."""
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    return f"{number:.{3 if number > 99 else 2}g} %"


def join(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def wrap(text: str, *, indent: str = "") -> list[str]:
    """Return lines of a paragraph; a number stays with its per cent sign, and p with its value."""
    bound = re.sub("p ([=<>]) ", "p\u00a0\\1\u00a0", text.replace(" %", "\u00a0%"))
    lines = textwrap.wrap(bound, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines: the first column to the left, all others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    form = "  ".join(f"{{:{'>' if place else '<'}{width}}}" for place, width in enumerate(widths))
    return [form.format(*row).rstrip() for row in rows]
