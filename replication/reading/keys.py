"""Keys that both sides have: how cells are compared, and what is asked where none are alike."""

import re
from collections.abc import Iterable, Mapping, Sequence

from replication.reading.question import Cause, Question, quote
from replication.reading.sheet import Sheet, print_float
from replication.reading.tidy import Key, TidyReport, TidyRuns
from replication.reading.typeset import fold

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)


def check_keys(
    mine: TidyRuns | TidyReport, keys: Sequence[str], report: TidyReport, own: Sheet, theirs: Sheet
) -> None:
    """Refuse sides whose keys are called otherwise, or that have none in common."""
    if {fold(key) for key in keys} != {fold(key) for key in report.keys}:
        message = (
            f"keys of the report ({quote(report.keys) or 'none'}) and of yours "
            f"({quote(keys) or 'none'}) differ; its columns are {quote(theirs.names)}, yours "
            f"{quote(own.names)}: name those that are alike with `by` yours=theirs"
        )
        raise Question(Cause.KEY, message)
    if not keys:
        return
    places = [mine.keys.index(key) for key in keys]
    groups = mine.groups if isinstance(mine, TidyRuns) else [row.key for row in mine.rows]
    ours = {tuple(fold_cell(key[place]) for place in places) for key in groups}
    others = {tuple(map(fold_cell, key)) for key in order_keys(report, keys)}
    if not ours & others:
        both = f"yours are {_list_keys(ours)}, those of the report {_list_keys(others)}"
        message = (
            f"no {' and '.join(keys)} is alike: {both}; write them alike, or name keys with `by`"
        )
        raise Question(Cause.KEY, message)


def _list_keys(keys: set[Key]) -> str:
    return quote([", ".join(key) for key in sorted(keys)])


def order_keys(report: TidyReport, keys: Sequence[str]) -> list[Key]:
    """Return the keys of a report in the order of those of your side."""
    folded = [fold(key) for key in report.keys]
    places = [folded.index(fold(key)) for key in keys]
    return [tuple(row.key[place] for place in places) for row in report.rows]


def fold_cell(text: str) -> str:
    """Return a cell of a key as it is compared: 64 and 64.0 are one number, 6_4 is none."""
    if NUMBER.fullmatch(text):
        return print_float(float(text))
    return fold(text)


def check_spellings(name: str, cells: Iterable[str]) -> None:
    """Ask about cells of a key that are one number, spelt in two ways: 0.1 and 1e-1."""
    spelt: dict[str, str] = {}
    for text in cells:
        if not NUMBER.fullmatch(text):
            continue
        other = spelt.setdefault(fold_cell(text), text)
        if other != text:
            message = (
                f"{quote([name])} holds {quote([other])} and {quote([text])}, which are one "
                "number: write them alike if they are one key, and with a letter (v0.10) if not"
            )
            raise Question(Cause.KEY, message)


def find_spelling(keys: Sequence[Key], others: Sequence[Key]) -> Mapping[Key, Key]:
    """Return for each key of one side how the other spells it, where that is beyond doubt."""
    spelt: dict[Key, list[Key]] = {}
    for key in others:
        spelt.setdefault(tuple(map(fold_cell, key)), []).append(key)
    found = {}
    for key in keys:
        ways = spelt.get(tuple(map(fold_cell, key)), [])
        if key in ways or not ways:
            found[key] = key
        else:
            found[key] = ways[0] if len(ways) == 1 else key
    return found
