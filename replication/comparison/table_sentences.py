"""The sentences of an answer to a table: verdict, mean difference, cautions and notes."""

from collections.abc import Iterator, Sequence

from replication.comparison.cells import MARK, STAR
from replication.comparison.found import Verdict
from replication.comparison.found_table import FoundTable
from replication.comparison.numbers import describe_p, format_number, percent, span
from replication.comparison.result import Comparison
from replication.comparison.sentences import answer, list_p_by_kind
from replication.comparison.sides import Key
from replication.comparison.text import list_assumed, name_key
from replication.comparison.whole import Dependence
from replication.statistics.pooling import UNITS, Pooled
from replication.wording import join, plural

MAX_LISTED = 12  # names in a sentence; of more only the number is given
OF_CONTRADICTED = {"labs", "alone"}  # cautions that matter only where a row is contradicted
SAME = "Your runs give the reported numbers to the last digit: are they the same runs?"


def answer_table(table: FoundTable) -> str:
    """Return the answer on the whole table: verdict, p, mean difference, and what they rest on."""
    if table.reason == "row":  # the table has only one
        ((key, row),) = table.rows.items()
        return f"{name_key(key)}: {answer(row)}{_describe_refused(table)}"
    sentences = [_describe_verdict(table), _describe_margin(table), _describe_dependence(table)]
    text = " ".join(sentence for sentence in sentences if sentence)
    return f"{text}{_describe_refused(table)}"


def _describe_verdict(table: FoundTable) -> str:
    """Return the verdict with its conditions, and the mean difference over rows."""
    verdict = str(table.verdict).capitalize()
    mean = _describe_mean(table.pooled)
    if table.reason == "few":
        why = "for no row can it be told whether chance explains the difference"
        return f"{verdict}: {why}."
    if table.reason == "impossible":
        return _describe_impossible(table)
    if table.reason == "rows":
        rows = f"{_describe_contradicted(table)}{_describe_conditions(table)}"
        return f"{verdict} in {rows}. {mean}".strip()
    if table.reason == "reading":
        p_values = {name: reading.p for name, reading in table.readings.items()}
        listed = list_p_by_kind(p_values, table.level)
        return f"{verdict}: p depends on what the reports leave unsaid, {listed}. {mean}".strip()
    if table.reason == "seeds":
        return (
            f"{verdict}: rows share their seeds, so they depend on each other, but too few rows "
            "and seeds are complete, with spreads, to say how. No single row is contradicted "
            f"({_describe_least(table)})."
        )
    return _describe_whole(table, mean)


def _describe_impossible(table: FoundTable) -> str:
    """Return which numbers cannot be right, and which rows are contradicted beside them."""
    names = join(cut([name_key(key) for key in table.impossible]))
    verdict = str(table.verdict).capitalize()
    text = f"{verdict}: what was reported for {names} cannot be right."
    if len(table.contradicted) == len(table.impossible):
        return text
    contradicted = f"{_describe_contradicted(table)}{_describe_conditions(table)}"
    return f"{text} With what cannot be right, contradicted in {contradicted}."


def _describe_whole(table: FoundTable, mean: str) -> str:
    """Return the verdict on all rows together; `mean`: the sentence on their mean difference."""
    verdict = str(table.verdict).capitalize()
    is_contradicted = table.verdict is Verdict.CONTRADICTED
    if is_contradicted:
        verdict = f"{verdict} as a whole"
    text = f"{verdict}{_describe_conditions(table)} ({describe_p(table.p or 0.0)})"
    text = f"{text}: {mean[0].lower()}{mean[1:]}" if mean else f"{text}."
    if is_contradicted:
        return f"{text} In no single row alone ({_describe_least(table)})."
    return text


def _describe_conditions(table: FoundTable) -> str:
    """Return the conditions of the verdict as a clause: ", if ...", or nothing."""
    return f", if {join(list(table.conditions))}" if table.conditions else ""


def _describe_contradicted(table: FoundTable) -> str:
    """Return how many rows are contradicted, and which: "1 of 5 rows, ant (adjusted p = 0.01)"."""
    keys = table.contradicted
    names = []
    for key in keys:
        p = table.adjusted.get(key)
        if p is None:
            names.append(name_key(key))
        else:
            names.append(f"{name_key(key)} (adjusted {describe_p(p)})")
    return f"{len(keys)} of {plural(len(table.rows), 'row')}, {join(cut(names))}"


def _describe_least(table: FoundTable) -> str:
    """Return the smallest adjusted p of a row."""
    return f"smallest adjusted {describe_p(min(table.adjusted.values()))}"


def _describe_mean(mean: Pooled | None) -> str:
    """Return the mean difference over rows, and how many rows differ in its direction."""
    if mean is None:
        return ""
    if mean.n == 0:
        return "Yours and the reported are equal in all rows."
    if mean.value < 0:
        rows = f"lower in {mean.n_lower} of {mean.n} rows"
    else:
        rows = f"higher in {mean.n - mean.n_lower} of {mean.n} rows"
    text = (
        f"Yours less reported is {format_number(mean.value, 3)}{UNITS[mean.unit]} on average "
        f"({span(mean.low, mean.high, 3)}), {rows}."
    )
    if mean.tau:
        text += f" Rows differ by {format_number(mean.tau, 2)} SD on either side beyond chance."
    return text


def _describe_margin(table: FoundTable) -> str:
    """Say in how many rows the two sides are shown to differ by less than the margin."""
    if not table.has_margin:
        return ""
    n = len(table.equivalent)
    if n == len(table.rows):
        return "All rows are shown to differ by less than the margin."
    return f"{n} of {plural(len(table.rows), 'row')} are shown to differ by less than the margin."


def _describe_dependence(table: FoundTable) -> str:
    """Say which dependence of rows the answer assumes: none, by seed, or a common report."""
    if table.whole is None or table.reason == "impossible":
        return ""
    if table.whole.dependence is Dependence.ONE_REPORT:
        return (
            "All rows are compared with one report and share its error, so each is judged alone, "
            "among so many, and no mean difference is given."
        )
    if table.reason == "rows" or table.whole.dependence is Dependence.UNKNOWN:
        return ""
    mean = table.pooled
    if mean is None:
        return "This is for independent rows."
    if mean.seeds is not None:
        complete = f"{plural(mean.seeds.n_rows, 'row')} and {plural(mean.seeds.n_seeds, 'seed')}"
        return (
            f"Rows share their seeds, so the mean and its interval are by seed, over {complete} "
            f"of which no run is missing (mean correlation of rows {mean.seeds.correlation:.2f})."
        )
    # The test of the mean is one of three, so its p counts three times (`pooling.combine`). Where
    # this test alone contradicts the table, it is known up to which correlation of rows it does.
    p = table.p or 0.0
    if p <= table.level and 3.0 * mean.p <= table.level:
        upto = f"{mean.correlation:.2f}"
        return f"This is for independent rows; it holds up to a correlation of {upto}."
    return "This is for independent rows."


def _describe_refused(table: FoundTable) -> str:
    """Return how many rows could not be compared, as a sentence, or nothing."""
    if not table.refused:
        return ""
    return f" {plural(len(table.refused), 'row')} could not be compared; see below."


def describe_columns(table: FoundTable) -> str:
    """Explain the columns of the table."""
    text = (
        f"SD: yours less reported, in standard deviations of a run, with its "
        f"{percent(1 - table.level)} interval; found: the difference, in the same unit, that "
        "these runs would have shown four times in five."
    )
    if len(table.rows) > 1:
        text += (
            f" Adjusted: p by Holm's adjustment for {plural(len(table.p_values), 'row')}, and no "
            "less than that of the table."
        )
    return f"{text} Not contradicted does not mean reproduced: a smaller difference may be there."


def describe_marks(table: FoundTable, conditions: Sequence[str]) -> Iterator[str]:
    """Yield sentences that explain the stars, marks and numbers in the table."""
    if any(table.verdicts[key] is not row.verdict for key, row in table.rows.items()):
        yield f"{STAR} contradicted at {table.level:g} alone, but not among so many rows."
    if table.equivalent:
        yield f"{MARK} shown to differ by less than the margin, each row for itself."
    if conditions:
        marks = [f"({number}) {text}" for number, text in enumerate(conditions, start=1)]
        yield f"Conditions of the verdicts: {'; '.join(marks)}."


def list_asides(table: FoundTable) -> dict[str, list[str]]:
    """Return what is not in the table, as lists by their title; a list may be empty."""
    rows = list(table.rows.items())
    n_missing = table.n_missing + sum(row.n_missing for _, row in rows)
    missing = [f"{n_missing:,} that lack a value or a key"] if n_missing else []
    undecided = []
    if table.reason != "row":  # of a single row the first sentence says it
        for key, row in rows:
            if row.verdict is Verdict.CANNOT_TELL:
                why = answer(row).removeprefix("Cannot tell: ")
                undecided.append(f"{name_key(key)}: {why}")
    return {
        "Taken for granted:": cut(_list_assumed(table)),
        "Not compared:": [f"{name_key(key)}: {why}" for key, why in table.refused.items()],
        "Reported, but not among your runs:": cut([name_key(key) for key in table.only_reported]),
        "Among your runs, but not reported:": cut([name_key(key) for key in table.only_yours]),
        "Runs left out:": missing,
        "Ruled out:": cut(_list_ruled_out(rows)),
        "Cannot tell:": undecided,
        "Caution:": _list_cautions(table),
    }


def _list_assumed(table: FoundTable) -> list[str]:
    """Return what the table and its rows take for granted, each only once."""
    texts = dict.fromkeys(list_assumed(table.assumptions))
    for row in table.rows.values():
        texts.update(dict.fromkeys(list_assumed(row.assumptions)))
    return list(texts)


def _list_ruled_out(rows: Sequence[tuple[Key, Comparison]]) -> list[str]:
    """Return the readings of ± that the spreads of a row rule out."""
    texts = []
    for key, row in rows:
        for kind, test in row.ruled_out.items():
            ratio = format_number(test.ratio, 2)
            texts.append(
                f"{name_key(key)}: ± as {kind}, by which the report's runs would vary {ratio} "
                f"times as much as yours (F test, {describe_p(test.p)})"
            )
    return texts


def _list_cautions(table: FoundTable) -> list[str]:
    """Return what to know before relying on the answer, of the table first and then of rows."""
    texts = []
    ratio = None if table.pooled is None else table.pooled.ratio
    if ratio is not None and not ratio.low <= 1.0 <= ratio.high:
        texts.append(
            f"Your standard deviations are {format_number(ratio.value, 2)} times the reported "
            f"ones ({span(ratio.low, ratio.high, 2)}). Where spreads differ, tables of few runs "
            "are contradicted too often."
        )
    for key, row in table.rows.items():
        if row.coincidence is not None:
            texts.append(f"{name_key(key)}: {SAME}")
        is_contradicted = table.verdicts[key] is Verdict.CONTRADICTED
        # "per cent" is in the verdict of the row ("Cannot tell").
        for cause, text in row.cautions.items():
            if cause != "per cent" and (is_contradicted or cause not in OF_CONTRADICTED):
                texts.append(f"{name_key(key)}: {text}")
    return texts


def cut(names: Sequence[str]) -> list[str]:
    """Return the names; of many only the first, and how many more there are."""
    if len(names) <= MAX_LISTED:
        return list(names)
    return [*names[:MAX_LISTED], f"{len(names) - MAX_LISTED:,} more"]
