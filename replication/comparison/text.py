"""A comparison in words: one sentence, a short table, what it takes for granted, cautions."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from replication.comparison.comparison import (
    FAILURE_WORDS,
    MIN_RUNS,
    Agreement,
    Comparison,
    Reason,
)
from replication.comparison.plausibility import Fault, Impossible
from replication.comparison.reported import SUCCESSES, WORDS
from replication.wording import plural

if TYPE_CHECKING:
    from replication.comparison.prediction import Finding

WIDTH = 88
SHOWN_RUNS = (2, 5, 10, 20, 50, 100, 200, 500, 1000)


def summarise(comparison: Comparison, *, names_options: bool = False) -> str:
    """Return the answer as text; with the names of options or of arguments."""
    paragraphs = [wrap(answer(comparison)), wrap(_describe_runs(comparison))]
    if comparison.findings:
        paragraphs.append(align(tabulate(comparison)))
    if comparison.search is not None:
        paragraphs.append(align(_tabulate_search(comparison)))
    notes = list_notes(comparison)
    if notes:
        paragraphs.append([line for note in notes for line in wrap(note)])
    for title, items in (
        ("Taken for granted:", list_assumptions(comparison, names_options=names_options)),
        ("Caution:", [caution.text for caution in comparison.cautions]),
    ):
        if items:
            lines = [line for item in items for line in wrap(f"- {item}", indent="  ")]
            paragraphs.append([title, *lines])
    return "\n\n".join("\n".join(lines) for lines in paragraphs)


def render_html(comparison: Comparison) -> str:
    """Return the same as HTML, for a notebook."""

    def paragraph(text: str) -> str:
        return f"<p>{html.escape(text)}</p>"

    parts = [paragraph(answer(comparison)), paragraph(_describe_runs(comparison))]
    for rows in (
        tabulate(comparison) if comparison.findings else [],
        _tabulate_search(comparison) if comparison.search is not None else [],
    ):
        if rows:
            body = "".join(
                "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
                for row in rows
            )
            parts.append(f"<table>{body}</table>")
    parts += [paragraph(note) for note in list_notes(comparison)]
    items = [*list_assumptions(comparison), *(caution.text for caution in comparison.cautions)]
    parts.append("<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in items) + "</ul>")
    return "".join(parts)


# ------------------------------------------------------------------------------- the sentence


def answer(comparison: Comparison) -> str:
    """Return the verdict and what it rests on, in one sentence."""
    verdict = str(comparison.agreement).capitalize()
    parts = [
        f"{_article(name)}{WORDS[name]} of {text}"
        for name, text in comparison.reported.items()
        if name != "ci"
    ]
    if "ci" in comparison.reported:
        parts.append(f"a confidence interval of {comparison.reported['ci']}")
    reported = _list(parts)
    is_ = "is" if len(parts) == 1 else "are"
    if comparison.runs is not None:
        reported += f" over {plural(comparison.runs, 'run')}"
    p = "" if comparison.p is None else f" ({describe_p(comparison.p)})"
    reason = comparison.reason
    if reason is Reason.IMPOSSIBLE:
        faults = _list([describe_fault(item, comparison) for item in comparison.impossible])
        return f"{verdict}: {faults}."
    if reason is Reason.FEW:
        done = comparison.n - comparison.n_failed
        which = " that succeeded" if comparison.n_failed else ""
        are = "is" if done == 1 else "are"
        return (
            f"{verdict}: {plural(done, 'run')}{which} {are} too few to say; at least {MIN_RUNS} "
            "are needed."
        )
    if reason is Reason.ASSUMPTION:
        readings = _list(
            [f"{format_p(p)} with {words}" for words, p in comparison.p_by_assumption.items()]
        )
        return (
            f"{verdict}: whether {reported} is what runs like yours give depends on what the "
            f"report does not say: p is {readings}."
        )
    if reason is Reason.DIFFERENT_WITHIN_MARGIN:
        return (
            f"{verdict}: {reported} differs from what runs like yours give{p}, but the means "
            "differ by less than the margin."
        )
    if reason is Reason.NOT_SHOWN_WITHIN_MARGIN:
        return (
            f"{verdict}: {reported} {is_} what runs like yours give{p}, but their mean is not "
            "shown to lie within the margin of the reported one."
        )
    search = comparison.search
    if reason is Reason.DEPENDS_ON_RUNS:
        assert search is not None
        return (
            f"{verdict} without the number of runs behind the report: {reported} {is_} what "
            f"{search.smallest} to {search.largest} runs like yours give, but not more."
        )
    gives = f"{is_} what runs like yours give"
    if "constant" in comparison.reported:
        gives = "is the mean of runs like yours"
    if comparison.agreement is Agreement.CONSISTENT:
        if search is not None:
            p = f", whether it rests on {search.smallest} runs or {search.runs[-1]}"
        extra = ""
        if comparison.normal_p is not None and comparison.normal_p <= comparison.level:
            extra = f"; it is not if runs are normal ({describe_p(comparison.normal_p)})"
        return f"{verdict}: {reported} {gives}{p}{extra}."
    if search is not None:
        return f"{verdict}: {reported} {is_} not what any number of runs like yours gives."
    return f"{verdict}: {reported} {gives.replace(is_, f'{is_} not', 1)}{p}."


def _article(name: str) -> str:
    return "an " if WORDS[name][0] in "aeiou" else "a "


def describe_fault(item: Impossible, comparison: Comparison) -> str:
    """Return why a reported number cannot be right."""
    name, text = WORDS[item.name], comparison.reported.get(item.name, "")
    other = "" if item.other is None else f"the {WORDS[item.other]} of "
    other += "" if item.other is None else comparison.reported[item.other]
    runs = "" if item.runs is None else f"{item.runs} "
    values = "values on the grid"
    if (comparison.unit or 1.0) == 1.0:
        values = "whole numbers"
    return {
        Fault.NOT_A_MEAN: f"{runs}{values} cannot have a mean of {text}",
        Fault.NOT_A_SPREAD: f"{runs}{values} with {other} cannot have a {name} of {text}",
        Fault.NOT_A_VALUE: f"{values} cannot have a {name} of {text}",
        Fault.NOT_A_SHARE: f"no number of {runs}runs is a share of {text}",
        Fault.OUT_OF_ORDER: f"a {name} of {text} contradicts {other}",
        Fault.NEGATIVE_SPREAD: f"a {name} cannot be {text}",
        Fault.SPREAD_TOO_LARGE: f"a {name} of {text} is larger than {runs}runs between the "
        "smallest and the largest possible value can have",
        Fault.SPREAD_TOO_SMALL: f"a {name} of {text} is smaller than {runs}runs with {other} "
        "can have",
        Fault.SPREADS_DISAGREE: f"a {name} of {text} contradicts {other}",
        Fault.OUTSIDE_SHARE: f"a {name} of {text} is not between none and all",
        Fault.BEYOND_BOUNDS: f"a {name} of {text} lies beyond the bounds of the values",
    }[item.fault]


def _describe_runs(comparison: Comparison) -> str:
    words = f"Your runs: {comparison.n:,}"
    if comparison.n_failed:
        stopped = "" if comparison.cap is None else f", stopped at {format_number(comparison.cap)}"
        words += f", of which {comparison.n_failed:,} failed{stopped}"
    mean = comparison.mean
    if comparison.n_failed and mean.value is not None:
        words += f"; failures are {FAILURE_WORDS[comparison.failures]}"
    if comparison.n_missing:
        words += f"; {plural(comparison.n_missing, 'missing value')} left out"
    if mean.value is not None:
        words += f". Their mean is {format_number(mean.value)}"
        if mean.low is not None and mean.high is not None:
            span = f"{format_number(mean.low)} to {format_number(mean.high)}"
            words += f" ({percent(mean.level)} interval {span})"
    return words + "."


# --------------------------------------------------------------------------------- the tables


def tabulate(comparison: Comparison) -> list[list[str]]:
    """Return the table of findings, with the answer of normal theory beside where there is one."""
    covers = percent(1.0 - comparison.level)
    study = f"{covers} of studies"
    if "constant" in comparison.findings:
        study = f"{covers} interval"
    elif comparison.runs is not None:
        study += f" of {comparison.runs:,}"
    normal = comparison.normal_findings
    rows = [["", "reported", _name_runs(comparison), study, "p"]]
    if normal:
        rows[0] += ["if normal", "p"]
    for name, finding in comparison.findings.items():
        is_conditional = name == "mean_given_max"
        row = [
            WORDS[name],
            comparison.reported.get(name, comparison.reported.get("ci", finding.reported)),
            "" if is_conditional else format_number(finding.yours),
            _format_interval(finding),
            format_p(finding.p),
        ]
        if normal:
            other = normal.get(name)
            row += ["", ""] if other is None else [_format_interval(other), format_p(other.p)]
        rows.append(row)
    if len(comparison.findings) > 1 and comparison.p is not None:
        row = ["all together", "", "", "", format_p(comparison.p)]
        if normal:
            row += ["", "" if comparison.normal_p is None else format_p(comparison.normal_p)]
        rows.append(row)
    return rows


def _name_runs(comparison: Comparison) -> str:
    """Say how many runs the numbers of the user summarise: those that succeeded, or all."""
    names = set(comparison.findings)
    is_all = comparison.failures == "at-cap" or names <= SUCCESSES.keys()
    if comparison.n_failed and not is_all and names & SUCCESSES.keys():
        return "your runs"
    n = comparison.n if is_all else comparison.n - comparison.n_failed
    return f"your {plural(n, 'run')}"


def _format_interval(finding: Finding) -> str:
    if finding.name in SUCCESSES:
        return f"{finding.low:.3g} to {finding.high:.3g}"
    return f"{format_number(finding.low)} to {format_number(finding.high)}"


def _tabulate_search(comparison: Comparison) -> list[list[str]]:
    search = comparison.search
    assert search is not None
    shown = [(k, p) for k, p in zip(search.runs, search.p, strict=True) if k in SHOWN_RUNS]
    return [
        ["runs behind the report", *(str(k) for k, _ in shown)],
        ["p", *(format_p(p) for _, p in shown)],
    ]


# ---------------------------------------------------------------------------------- the notes


def list_notes(comparison: Comparison) -> list[str]:
    """Return sentences on what stands in the table, and beside it."""
    notes = []
    if comparison.impossible_on_grid:
        unit = "whole numbers" if comparison.unit == 1.0 else f"multiples of {comparison.unit:g}"
        faults = _list([describe_fault(item, comparison) for item in comparison.impossible_on_grid])
        notes.append(
            f"If values are {unit}, as yours are, the report cannot be right: {faults}. Give grid "
            f"{comparison.unit:g} if they must be."
        )
    if comparison.missed is not None:
        notes.append(_describe_missed(comparison))
    if comparison.n_failed and comparison.chance_all_succeed is not None:
        chance = percent(comparison.chance_all_succeed)
        notes.append(f"The probability that none of {comparison.runs} runs fails is {chance}.")
    p_values = comparison.p_by_assumption.values()
    is_reported = comparison.reason is Reason.ASSUMPTION
    if p_values and max(p_values) - min(p_values) > 0.01 and not is_reported:
        readings = [f"{format_p(p)} ({words})" for words, p in comparison.p_by_assumption.items()]
        notes.append(
            f"Whichever the report means, the verdict is the same: p is {_list(readings)}."
        )
    equivalence = comparison.equivalence
    if equivalence is not None:
        inside = "lies" if equivalence.is_equivalent else "is not shown to lie"
        p = "" if equivalence.p is None else f" (two one-sided tests, {describe_p(equivalence.p)})"
        notes.append(
            f"The mean of runs like yours {inside} within {format_number(equivalence.margin)} of "
            f"the reported mean{p}."
        )
    if comparison.p is not None and comparison.p_error > 0:
        notes.append(
            f"Studies were drawn at random; the standard error of p is {comparison.p_error:.1g}."
        )
    return notes


def _describe_missed(comparison: Comparison) -> str:
    """Say what so few runs would not have found."""
    missed, finding = comparison.missed, comparison.findings["mean"]
    assert missed is not None
    ends = f"below {format_number(finding.low)} or above {format_number(finding.high)}"
    return (
        f"A mean {ends} would have been called not consistent. A shift of the mean by two "
        f"standard deviations is found in about {percent(missed.power, digits=1)} of cases, and by "
        f"normal theory in {percent(missed.normal_power, digits=1)}."
    )


def list_assumptions(comparison: Comparison, *, names_options: bool = False) -> list[str]:
    """Return what is taken for granted, and the argument or option that changes it."""
    found = []
    for name, text in comparison.assumptions.items():
        option = f"--{name.replace('_', '-')}" if names_options else name
        found.append(text if name == "quartiles" else f"{text} (change with {option})")
    return found


# --------------------------------------------------------------------------- numbers and lists


def format_p(p: float) -> str:
    """Return a p-value with two significant digits, nothing where there is none (NaN)."""
    if math.isnan(p):
        return ""
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}"


def describe_p(p: float) -> str:
    """Return a p-value as words: "p = 0.03"."""
    return f"p {'' if p < 1e-4 else '= '}{format_p(p)}"


def format_number(value: float) -> str:
    """Return a number with four significant digits, whole numbers in full."""
    if math.isinf(value):
        return "not reached"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def percent(share: float, *, digits: int = 2) -> str:
    """Return a share in per cent; near 0 and 1 what it lies below or above."""
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    if digits == 1:
        return f"{number:.0f} %"
    return f"{number:.{3 if number > 99 else 2}g} %"


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def wrap(text: str, *, indent: str = "") -> list[str]:
    """Return lines of a paragraph; a number stays with its per cent sign, and p with its value."""
    bound = text.replace(" %", "\u00a0%").replace("p = ", "p\u00a0=\u00a0")
    bound = bound.replace("p < ", "p\u00a0<\u00a0")
    lines = textwrap.wrap(bound, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
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


# ------------------------------------------------------------------------------------- groups


def adjust_holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for their number.

    Reference: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J.
    Stat. 6, 65-70.

    >>> {name: round(p, 3) for name, p in adjust_holm({"a": 0.01, "b": 0.04, "c": 0.03}).items()}
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    found: dict[str, float] = {}
    largest = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[name]))
        found[name] = largest
    return found


def summarise_groups(found: Mapping[str, Comparison], by: str) -> str:
    """Return a line for each group, and one verdict over all."""
    level = next(iter(found.values())).level
    p_values = {name: item.p for name, item in found.items() if item.p is not None}
    adjusted = adjust_holm(p_values)
    rows = [[by, "runs", "reported", "p", "p (Holm)", "verdict"]]
    for name, item in found.items():
        reported = ", ".join(f"{key} {text}" for key, text in item.reported.items())
        p = ["", ""] if item.p is None else [format_p(item.p), format_p(adjusted[name])]
        rows.append([name, f"{item.n:,}", reported, *p, str(item.agreement)])
    return "\n\n".join(
        ["\n".join(wrap(judge_groups(found, adjusted, level))), "\n".join(align(rows))]
        + [f"{name}: " + _first_cautions(item) for name, item in found.items() if item.cautions]
    )


def judge_groups(
    found: Mapping[str, Comparison], adjusted: Mapping[str, float], level: float
) -> str:
    """Return one verdict over all groups."""
    rejected = [name for name, p in adjusted.items() if p <= level]
    rejected += [name for name, item in found.items() if item.reason is Reason.IMPOSSIBLE]
    alone = sum(p <= level for p in (item.p for item in found.values()) if p is not None)
    expected = len(adjusted) * level
    tail = (
        f"; taken one by one {alone} of {len(adjusted)} differ at {percent(level)}, of which "
        f"{expected:.2g} would be expected by chance."
    )
    if rejected:
        return f"Not consistent over all groups (Holm's adjustment): {_list(rejected)}{tail}"
    if not adjusted:
        return "Cannot tell: no group has enough runs."
    return f"Consistent over all groups (Holm's adjustment){tail}"


def _first_cautions(comparison: Comparison) -> str:
    return "; ".join(str(caution.cause) for caution in comparison.cautions) + "."
