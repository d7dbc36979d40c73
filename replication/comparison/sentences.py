"""What an answer says in words: its first sentence, its table and its notes."""

import math
from collections.abc import Iterable, Iterator, Mapping

from replication.comparison.found import Found, Verdict
from replication.comparison.numbers import describe_p, format_number, format_p, percent, span
from replication.comparison.prediction import Finding
from replication.comparison.readings import KIND_WORDS, find_kind
from replication.comparison.report import MIN_RUNS, SPREADS, SUCCESSES, word
from replication.comparison.request import FAILURE_WORDS
from replication.comparison.text import name_key
from replication.wording import join, plural

MAX_READINGS = 4  # with more readings only the smallest and the largest p are listed
ALIKE_P = 0.01  # if p of all readings differ by no more, they are not listed
LEAST_CHANCE = 1e-12  # of a coincidence: smaller ones are printed as this one


def answer(result: Found) -> str:
    """Return the verdict, the test behind it and the detectable difference, in one sentence."""
    verdict = str(result.verdict).capitalize()
    if result.reason == "impossible":
        return f"{verdict}: {join(list(result.impossible.values()))}."
    if result.reason == "units":
        return f"{verdict}: {result.cautions['per cent']}"
    if result.reason in {"few", "constant"}:
        return f"{verdict}: {_describe_lack(result)}."
    if result.reason == "reading":
        return f"{verdict}: {_describe_readings(result)}."
    conditions = f", if {join(list(result.conditions))}" if result.conditions else ""
    test = f"{_describe_test(result)}{_describe_margin(result)}{_describe_detectable(result)}"
    return f"{verdict}{conditions}: {test}."


def _describe_lack(result: Found) -> str:
    """Say what to give where neither the runs nor the report say how runs vary."""
    reported = f"the reported {name_numbers(result, list(result.reported)[:1])}"
    runs = plural(result.n_done, "run")
    if result.n_failed:
        runs += " that succeeded"
    equal = ", all equal," if result.reason == "constant" else ""
    return (
        f"{runs} of yours{equal} and {reported} do not say how runs vary; give its "
        f"`sd`, `se` or `ci`, or more runs (at least {MIN_RUNS} unless it is a mean)"
    )


def _describe_readings(result: Found) -> str:
    """Say that the verdict depends on how the report is read, with p under each reading."""
    listed = list_p_by_kind(result.p_by_assumption, result.level)
    return (
        f"whether {_name_reported(result)} {_choose_verb(result)} further from "
        f"{_name_yours(result)} than chance explains depends on what the report leaves unsaid: "
        f"p is {listed}"
    )


def _describe_test(result: Found) -> str:
    """Say whether the reported number lies further from yours than chance explains."""
    differs = result.p is not None and result.p <= result.level
    no = "" if differs else "no "
    parts = []
    if result.p is not None:
        parts.append(describe_p(result.p))
    if "alone" in result.cautions:
        parts.append(result.cautions["alone"])
    p = f" ({'; '.join(parts)})" if parts else ""
    return (
        f"{_name_reported(result)} {_choose_verb(result)} {no}further from {_name_yours(result)} "
        f"than chance explains{p}"
    )


def _choose_verb(result: Found) -> str:
    """Return the verb for the judged numbers: "lies" for one, "lie" for several."""
    return "lies" if len(result.judged) == 1 else "lie"


def _is_of_shares(result: Found) -> bool:
    """Say whether nothing but shares or numbers of successes was judged."""
    return set(result.judged) <= SUCCESSES.keys()


def _name_reported(result: Found) -> str:
    """Return the judged numbers, and in brackets their spread and number of runs."""
    beside = []
    for name, text in result.reported.items():
        if name not in SPREADS or name in result.judged or _is_of_shares(result):
            continue  # judged numbers stand before the brackets, and a share has no spread
        if name == "spread" or text.startswith("±"):
            beside.append(f"± {text.removeprefix('± ')}")
        else:
            beside.append(f"{name} {text}")
    if result.runs is not None:
        beside.append(plural(result.runs, "run"))
    text = f"the reported {name_numbers(result, result.judged)}"
    return f"{text} ({', '.join(beside)})" if beside else text


def _name_yours(result: Found) -> str:
    """Return your number with its runs, or your runs alone where several numbers were judged."""
    # Failures are among these runs if they count at the cap, or if shares are compared.
    with_failures = result.failures == "at-cap" or _is_of_shares(result)
    n = result.n if with_failures else result.n_done
    runs = plural(n, "run") if result.n else ""
    if len(result.judged) != 1:
        return f"those of your {runs}"
    (name,) = result.judged
    counts = None if result.difference is None else result.difference.counts
    if name == "n_succeeded" and counts is not None:
        return f"your {counts.yours:,} of {counts.n_yours:,}"
    yours = f"your {format_number(result.findings[name].yours)}"
    return f"{yours} ({runs})" if runs else yours


def name_numbers(result: Found, names: Iterable[str]) -> str:
    """Return reported numbers with their names: "mean of 48 and maximum of 202"."""
    if result.groups:
        less = " less ".join(name_key((name,)) for name in result.groups)
        return join([f"difference of {result.reported[name]} ({less})" for name in names])
    parts = []
    for name in names:
        of = "" if name == "spread" else "of "
        parts.append(f"{word(name)} {of}{result.reported[name]}")
    return join(parts)


def _describe_margin(result: Found) -> str:
    """Say whether the two sides are shown to differ by less than the margin."""
    if result.equivalence is None:
        return ""
    what = "shares" if _is_of_shares(result) else "means"
    # "but" where this limits the verdict: a difference that is within the margin, or a margin that
    # was not shown although no difference was found (cannot tell). Else "and".
    joint = ", and"
    if result.verdict in {Verdict.WITHIN_MARGIN, Verdict.CANNOT_TELL}:
        joint = ", but"
    shown = "shown" if result.equivalence.is_equivalent else "not shown"
    p = result.equivalence.p
    tests = "" if p is None else f" (two one-sided tests, {describe_p(p)})"
    margin = format_number(result.equivalence.margin)
    return f"{joint} the {what} are {shown} to differ by less than {margin}{tests}"


def _describe_detectable(result: Found) -> str:
    """Say which difference from the reported number these runs would detect with 80 % power."""
    name = next(iter(result.shown), "")
    detectable = result.shown.get(name)
    is_share = name in SUCCESSES
    if detectable is None or not math.isfinite(detectable):
        # A test was made, but it has 80 % power against no difference.
        if is_share or result.difference is not None:
            return "; no difference would have been found four times in five"
        return ""  # without a test there is no power to speak of
    # Also in standard deviations, where one is known.
    spread = None if is_share or result.difference is None else result.difference.spread
    in_sd = f" ({format_number(detectable / spread, 2)} SD)" if spread else ""
    statistic = "mean" if name == "constant" else word(name)  # a constant is compared with a mean
    article = "an" if statistic[0] in "aeiou" else "a"
    factor = "a factor of " if result.scale else ""
    return (
        f"; {article} {statistic} that is off by {factor}{format_number(detectable, 2)}{in_sd} "
        "would have been found four times in five, a smaller difference less often"
    )


def list_p_by_kind(p_values: Mapping[str, float], level: float) -> str:
    """Return p under each reading, in words; readings of one kind of ± once, where they agree.

    >>> readings = {"± as sd with n - 1": 0.01, "± as sd with n": 0.02, "± as standard error": 0.3}
    >>> list_p_by_kind(readings, 0.05)
    '0.02 with ± as a standard deviation and 0.3 with ± as a standard error'
    """
    by_kind: dict[str, list[float]] = {}
    for words, p in p_values.items():
        by_kind.setdefault(find_kind(words), []).append(p)
    # Readings of one kind may contradict each other; others ("") are of no kind of ±.
    are_at_odds = any(min(group) <= level < max(group) for group in by_kind.values())
    if are_at_odds or "" in by_kind or len(by_kind) < 2:
        return list_p(p_values)
    largest = {f"± as {KIND_WORDS[kind]}": max(group) for kind, group in by_kind.items()}
    return list_p(largest)


def list_p(p_values: Mapping[str, float]) -> str:
    """Return p under each reading, in words; of many readings the smallest and the largest p."""
    pairs = list(p_values.items())
    is_many = len(pairs) > MAX_READINGS
    if is_many:
        least = min(pairs, key=lambda pair: pair[1])
        most = max(pairs, key=lambda pair: pair[1])
        pairs = [least, most]
    parts = [f"{format_p(p)} with {words}" for words, p in pairs]
    return " to ".join(parts) if is_many else join(parts)


def describe_coincidence(result: Found) -> str:
    """Say that your runs give the reported numbers to the last digit, and how rare that is."""
    often = format_number(1.0 / max(result.coincidence or 0.0, LEAST_CHANCE), 2)
    return (
        f"Your {plural(result.n_done, 'run')} give every reported number to the last digit, as one "
        f"study in {often} would by chance: they may be the very runs of the report, and if so do "
        "not replicate it."
    )


def describe_difference(result: Found) -> str:
    """Return the difference with its interval, also in standard deviations."""
    gap = result.difference
    if gap is None:
        return ""
    less = "over" if result.scale else "less"
    of = " (means by quartiles)" if "estimated" in result.assumptions else ""
    text = (
        f"Yours {less} reported{of}: {format_number(gap.value)} ({percent(1.0 - result.level)} "
        f"interval {span(gap.low, gap.high)})"
    )
    d = gap.d
    if d is not None and not result.findings.keys() & SUCCESSES.keys():
        text += f", in standard deviations {format_number(d.value, 2)} ({span(d.low, d.high, 2)})"
    return f"{text}."


def describe_runs(result: Found) -> str:
    """Return the number of your runs, how many failed or are missing, and their mean."""
    words = f"Your runs: {result.n:,}" if result.n else "Yours is an estimate"  # without runs
    mean = result.mean
    if result.n_failed:
        words += f", of which {result.n_failed:,} failed"
        if result.cap is not None:
            words += f", stopped at {format_number(result.cap)}"
        if mean.value is not None:
            words += f"; failures are {FAILURE_WORDS[result.failures]}"
    if result.n_missing:
        words += f"; {plural(result.n_missing, 'missing value')} left out"
    if mean.value is not None:
        if result.n:
            words += f". Their mean is {format_number(mean.value)}"
        if mean.low is not None:
            words += f" ({percent(mean.level)} interval {span(mean.low, mean.high)})"
    return words + "."


HEADER = ["", "reported", "yours", "not contradicted", "p", "found 4 times in 5"]


def tabulate(result: Found) -> list[list[str]]:
    """Return the table of findings."""
    rows = [HEADER]
    n_judged = 0
    for name, finding in result.findings.items():
        rows.append(_make_row(result, name, finding))
        n_judged += not math.isnan(finding.p)
    if n_judged > 1:
        rows.append(["all together", "", "", "", format_p(result.p), ""])
    return rows


def _make_row(result: Found, name: str, finding: Finding) -> list[str]:
    """Return the cells of a finding, in the order of the header."""
    words = word(name)
    if " to " in finding.reported:  # an interval was reported by its two ends: "1.2 to 3.7"
        words = words.removeprefix("half ")
    yours = format_number(finding.yours)
    counts = None if result.difference is None else result.difference.counts
    if name == "n_succeeded" and counts is not None:
        yours = f"{counts.yours:,} of {counts.n_yours:,}"
    elif name == "mean_given_max" or (result.scale and name in SPREADS):
        yours = ""
    detectable = result.shown.get(name)
    by = "off by × " if result.scale else "off by "
    return [
        words,
        finding.reported,
        yours,
        _describe_interval(result, name, finding),
        format_p(finding.p),
        "" if detectable is None else f"{by}{format_number(detectable, 2)}",
    ]


def _describe_interval(result: Found, name: str, finding: Finding) -> str:
    """Return the smallest and largest number that would not be contradicted, in words."""
    low, high = finding.interval
    if math.isnan(low + high):
        return ""
    if name == "constant" or result.scale or math.isinf(low + high):
        return span(low, high)
    return f"{low:,.10g} to {high:,.10g}"  # with the decimals that the reported number has


def list_notes(result: Found) -> Iterator[str]:
    """Yield sentences that explain the table, and say what it leaves out."""
    unjudged = [word(name) for name in result.reported if name not in {*SPREADS, *result.judged}]
    # Quartiles from which mean and spread were estimated ("estimated") have been used.
    if unjudged and result.reason == "p" and "estimated" not in result.assumptions:
        yield f"Not judged, for want of runs: {join(unjudged)}."
    for kind, test in result.ruled_out.items():
        ratio = format_number(test.ratio, 2)
        yield (
            f"That ± is {KIND_WORDS[kind]} is ruled out: the report's runs would vary {ratio} "
            f"times as much as yours (F test, {describe_p(test.p)})."
        )
    if result.n_failed and result.runs is not None:
        chance = percent(result.chance_all_succeed)
        yield f"The probability that none of {result.runs} runs fails is {chance}."
    if result.reason != "reading" and _do_readings_differ(result):
        text = list_p_by_kind(result.p_by_assumption, result.level)
        yield f"Whichever of these readings is right, the verdict is the same: p is {text}."
    if result.improvement is not None and result.groups:
        yield _describe_improvement(result)
    if result.p is not None and result.p_error > 0:
        yield f"Studies were drawn at random; the standard error of p is {result.p_error:.1g}."


def _do_readings_differ(result: Found) -> bool:
    """Say whether p of the readings differ by so much that they are listed."""
    p_values = result.p_by_assumption.values()
    return bool(p_values) and max(p_values) - min(p_values) > ALIKE_P


def _describe_improvement(result: Found) -> str:
    """Say how often a run of the first group lies above one of the second."""
    share = result.improvement
    if share is None or share.value is None or share.low is None or share.high is None:
        return ""
    first, second = (name_key((name,)) for name in result.groups)
    interval = f"{percent(share.low)} to {percent(share.high)}"
    return (
        f"The probability that a run of {first} lies above one of {second} is "
        f"{percent(share.value)} ({percent(share.level)} interval {interval})."
    )
