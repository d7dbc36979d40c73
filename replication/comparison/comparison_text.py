"""A comparison in words: one sentence, a short table, cautions."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from replication.comparison.plausibility import Fault, Impossible

if TYPE_CHECKING:
    from replication.comparison.comparison import Comparison
    from replication.comparison.prediction import Finding
    from replication.comparison.run_search import RunSearch

WIDTH = 88
WORDS = {
    "mean": "mean",
    "sd": "standard deviation",
    "se": "standard error",
    "median": "median",
    "min": "minimum",
    "max": "maximum",
    "share": "share that succeeded",
    "n_succeeded": "number that succeeded",
    "mean_given_max": "mean given the maximum",
}
FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started anew and added up",
}


def summarise(comparison: Comparison) -> str:
    """Return the text that ``replication compare`` prints.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    str
        One sentence first, then a table, then what to know before relying on it.
    """
    paragraphs = [_wrap(_answer(comparison)), _wrap(_describe_runs(comparison))]
    if comparison.findings:
        paragraphs.append(align(_tabulate(comparison)))
    if comparison.search is not None:
        paragraphs.append(align(_tabulate_search(comparison)))
    notes = _note(comparison)
    if notes:
        paragraphs.append([line for note in notes for line in _wrap(note)])
    cautions = _caution(comparison)
    if cautions:
        lines = [line for caution in cautions for line in _wrap(f"- {caution}", indent="  ")]
        paragraphs.append(["Caution:", *lines])
    return "\n\n".join("\n".join(lines) for lines in paragraphs)


def _answer(comparison: Comparison) -> str:
    from replication.comparison.comparison import MIN_RUNS, Agreement, Reason

    verdict = str(comparison.agreement).capitalize()
    reported = _list(
        [f"{_article(name)}{WORDS[name]} of {text}" for name, text in comparison.reported.items()]
    )
    if comparison.runs is not None:
        reported += f" over {_plural(comparison.runs, 'run')}"
    p = "" if comparison.p is None else f" ({say_p(comparison.p)})"
    reason = comparison.reason
    if reason is Reason.IMPOSSIBLE:
        faults = _list([_say_fault(item, comparison) for item in comparison.impossible])
        return f"{verdict}: {faults}."
    if reason is Reason.FEW:
        done = comparison.n - comparison.n_failed
        which = " that succeeded" if comparison.n_failed else ""
        are = "is" if done == 1 else "are"
        return (
            f"{verdict}: {_plural(done, 'run')}{which} {are} too few to say; at least {MIN_RUNS} "
            "are needed."
        )
    if reason is Reason.FAILURES:
        return (
            f"{verdict}: whether {reported} is what runs like yours give depends on what was done "
            "with runs that failed."
        )
    if reason is Reason.DIFFERENT_WITHIN_MARGIN:
        return (
            f"{verdict}: {reported} differs from what runs like yours give{p}, but the means "
            "differ by less than the margin."
        )
    if reason is Reason.NOT_SHOWN_WITHIN_MARGIN:
        return (
            f"{verdict}: nothing speaks against {reported}{p}, but the mean of your runs is not "
            "shown to lie within the margin of the reported one."
        )
    search = comparison.search
    if reason is Reason.DEPENDS_ON_RUNS:
        assert search is not None
        return (
            f"{verdict} without the number of runs behind the report: {reported} is what "
            f"{search.smallest} to {search.largest} runs like yours give, but not more."
        )
    if comparison.agreement is Agreement.CONSISTENT:
        if search is not None:
            p = f", whether it rests on {search.smallest} runs or {search.runs[-1]}"
        return f"{verdict}: {reported} is what runs like yours give{p}."
    if search is not None:
        return f"{verdict}: {reported} is not what any number of runs like yours gives."
    return f"{verdict}: {reported} is not what runs like yours give{p}."


def _article(name: str) -> str:
    return "an " if WORDS[name][0] in "aeiou" else "a "


def _say_fault(item: Impossible, comparison: Comparison) -> str:
    name, text = WORDS[item.name], comparison.reported[item.name]
    other = "" if item.other is None else f"the {WORDS[item.other]} of "
    other += "" if item.other is None else comparison.reported[item.other]
    runs = "" if item.runs is None else f"{item.runs} "
    return {
        Fault.NOT_A_MEAN: f"{runs}whole numbers cannot have a mean of {text}",
        Fault.NOT_A_VALUE: f"whole numbers cannot have a {name} of {text}",
        Fault.NOT_A_SHARE: f"no number of {runs}runs is a share of {text}",
        Fault.OUT_OF_ORDER: f"a {name} of {text} contradicts {other}",
        Fault.NEGATIVE_SPREAD: f"a {name} cannot be {text}",
        Fault.SPREAD_TOO_LARGE: f"a {name} of {text} is larger than {runs}runs with the reported "
        "minimum and maximum can have",
        Fault.SPREAD_TOO_SMALL: f"a {name} of {text} is smaller than {runs}runs with {other} "
        "can have",
        Fault.SPREADS_DISAGREE: f"a {name} of {text} contradicts {other}",
        Fault.OUTSIDE_SHARE: f"a {name} of {text} is not between none and all",
        Fault.BEYOND_CAP: f"a {name} of {text} lies beyond the value at which runs were stopped",
    }[item.fault]


def _describe_runs(comparison: Comparison) -> str:
    words = f"Your runs: {comparison.n:,}"
    if comparison.n_failed:
        stopped = "" if comparison.cap is None else f", stopped at {format_number(comparison.cap)}"
        words += f", of which {comparison.n_failed:,} failed{stopped}"
    mean = comparison.mean
    if comparison.n_failed and mean.value is not None:
        words += f"; failures are {FAILURE_WORDS[comparison.failures]}"
    if mean.value is not None:
        words += f". Their mean is {format_number(mean.value)}"
        if mean.low is not None and mean.high is not None:
            span = f"{format_number(mean.low)} to {format_number(mean.high)}"
            words += f" ({_percent(mean.level)} interval {span})"
    return words + "."


def _tabulate(comparison: Comparison) -> list[list[str]]:
    covers = _percent(1.0 - comparison.level)
    study = f"{covers} of studies" if comparison.runs is None else (
        f"{covers} of studies of {comparison.runs}"
    )  # fmt: skip
    rows = [["", "reported", _name_runs(comparison), study, "chance to print it", "p"]]
    rows += [_tabulate_finding(finding) for finding in comparison.findings.values()]
    parts = list(comparison.findings.values())
    if len(parts) > 1 and comparison.p is not None:
        rows.append(["all together", "", "", "", "", format_p(comparison.p)])
    if comparison.p_range is not None:
        low, high = comparison.p_range
        same = f"{format_p(low)} to {format_p(high)}"
        rows.append(["  if you ran yours again", "", "", "", "", same])
    return rows


def _name_runs(comparison: Comparison) -> str:
    """Say how many runs the numbers of the user summarise: those that succeeded, or all."""
    names = set(comparison.findings)
    is_all = comparison.failures == "at-cap" or names <= {"share", "n_succeeded"}
    if comparison.n_failed and not is_all and names & {"share", "n_succeeded"}:
        return "your runs"
    n = comparison.n if is_all else comparison.n - comparison.n_failed
    return f"your {_plural(n, 'run')}"


def _tabulate_finding(finding: Finding) -> list[str]:
    is_conditional = finding.name == "mean_given_max"
    chance = "" if finding.chance is None else _percent(finding.chance)
    has_interval = finding.low == finding.low  # not NaN
    span = f"{format_number(finding.low)} to {format_number(finding.high)}" if has_interval else ""
    if finding.name in {"share", "n_succeeded"}:
        span = f"{finding.low:.3g} to {finding.high:.3g}"
    return [
        WORDS[finding.name],
        finding.reported,
        "" if is_conditional else format_number(finding.yours),
        span,
        chance,
        format_p(finding.p),
    ]


def _tabulate_search(comparison: Comparison) -> list[list[str]]:
    search = comparison.search
    assert search is not None
    shown = [(k, p) for k, p in zip(search.runs, search.p, strict=True) if k in _SHOWN]
    return [
        ["runs behind the report", *(str(k) for k, _ in shown)],
        ["p", *(format_p(p) for _, p in shown)],
    ]


_SHOWN = (2, 5, 10, 20, 50, 100, 200, 500, 1000)


def _note(comparison: Comparison) -> list[str]:
    notes = []
    search = comparison.search
    if search is not None and search.largest is not None:
        notes += _note_search(search)
    if comparison.n_failed and comparison.chance_all_succeed is not None:
        assert comparison.runs is not None
        chance = _percent(comparison.chance_all_succeed)
        notes.append(f"The chance that none of {comparison.runs} runs fails is {chance}.")
    p_values = comparison.p_by_failures.values()
    if p_values and max(p_values) - min(p_values) > 0.01:
        rules = [
            f"{format_p(p)} if they were {FAILURE_WORDS[rule]}"
            for rule, p in comparison.p_by_failures.items()
        ]
        notes.append(f"What the report did with failures matters: p is {_list(rules)}.")
    equivalence = comparison.equivalence
    if equivalence is not None:
        inside = "lies" if equivalence.is_equivalent else "is not shown to lie"
        p = "" if equivalence.p is None else f" (two one-sided tests, {say_p(equivalence.p)})"
        notes.append(
            f"The mean of runs like yours {inside} within {format_number(equivalence.margin)} of "
            f"the reported mean{p}."
        )
    if "mean_given_max" in comparison.findings:
        notes.append(
            "All together: the maximum and, given it, the mean; these two p-values are independent."
        )
    if any(not finding.is_exact for finding in comparison.findings.values()):
        error = max(comparison.p_error, 1e-4)
        notes.append(f"Studies were drawn at random; the standard error of p is {error:.1g}.")
    return notes


def _note_search(search: RunSearch) -> list[str]:
    """Say how many runs can lie behind the report, and how sure that is."""
    assert search.smallest is not None
    most = search.runs[-1]
    low, high = search.largest_range
    if search.is_open:
        found = (
            f"The report fits studies of {search.smallest} runs and of up to {most:,}, the most "
        )
        found += "that were tried."
    else:
        found = f"The report fits studies of {search.smallest} to {search.largest} runs, no more."
    if low == high:
        return [found]
    span = f"{low or 'none'} to {high:,}" + (" or more" if high >= most else "")
    return [f"{found} If you ran yours again, the most could come out anywhere from {span}."]


def _caution(comparison: Comparison) -> list[str]:
    from replication.comparison.cautions import FEW_RUNS, Caution

    words = {
        Caution.FEW_RUNS: f"You have fewer than {FEW_RUNS} runs, so that p is rough: the table in "
        "the help says how often equal populations are called not consistent. Run more.",
        Caution.SKEWED: "Your runs are skewed, and not many beside those of the report: a "
        "standard deviation or an extreme can be called not consistent more often than in 5 %, and "
        "a mean that is shifted towards the long tail be missed (see the help). Run more.",
        Caution.MORE_RUNS_THAN_SEEN: "The report rests on more runs than yours, so that what is "
        "rare among yours decides. Run more.",
        Caution.MANY_FAILED: f"{_percent(comparison.n_failed / comparison.n)} of your runs failed: "
        "what the report did with failures decides its numbers.",
        Caution.NONE_FAILED: "All your runs count as successes. Give succeeded or cap if some "
        "failed.",
        Caution.EQUAL_VALUES: "All your runs gave the same value, so nothing is known of how "
        "runs vary.",
        Caution.RARE_OUTCOMES: "How many runs the report can rest on is a rough answer: it depends "
        "on the few most extreme of yours. Give the number if the report says it.",
        Caution.BEYOND_SEEN: "The reported extreme lies beyond all of your runs; its p-value "
        "takes their tail to be exponential.",
        Caution.NEAR_LEVEL: "The p-value is so near the level that another drawing could change "
        "the verdict.",
    }
    return [words[caution] for caution in comparison.cautions]


def format_p(p: float) -> str:
    """Return a p-value with two significant digits, nothing where there is none (NaN)."""
    if math.isnan(p):
        return ""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}"


def say_p(p: float) -> str:
    """Return a p-value as words: "p = 0.03"."""
    return f"p {'' if p < 1e-4 else '= '}{format_p(p)}"


def format_number(value: float) -> str:
    """Return a number with four significant digits, whole numbers in full."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _percent(share: float) -> str:
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    digits = 3 if number > 99 else 2
    return f"{number:.{digits}g} %"


def _plural(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _wrap(text: str, *, indent: str = "") -> list[str]:
    # A number and its per cent sign stay on one line, and so do p and its value.
    bound = text.replace(" %", "\u00a0%").replace("p = ", "p\u00a0=\u00a0")
    bound = bound.replace("p < ", "p\u00a0<\u00a0")
    lines = textwrap.wrap(bound, WIDTH, subsequent_indent=indent)
    return [line.replace("\u00a0", " ") for line in lines]


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines: the first column to the left, all others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines
