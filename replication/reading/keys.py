"""Keys that both sides have: how cells are compared, and what is asked where none are alike."""

import re
from collections.abc import Iterable, Mapping, Sequence

from replication.reading.question import Cause, Question, quote
from replication.reading.sheet import Sheet, format_float
from replication.reading.tidy import Key, TidyReport, TidyRuns
from replication.reading.typeset import fold

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)


def check_keys(
    yours: TidyRuns | TidyReport,
    keys: Sequence[str],
    report: TidyReport,
    your_table: Sheet,
    their_table: Sheet,
) -> None:
    """Refuse two sides whose keys have different names, or no cell in common.

    `keys`: your names of the keys. `yours`, `report`: both sides, as they were read.
    """
    have_same_names = {fold(key) for key in keys} == {fold(key) for key in report.keys}
    if not have_same_names:
        message = (
            f"keys of the report ({quote(report.keys) or 'none'}) and of yours "
            f"({quote(keys) or 'none'}) differ; its columns are {quote(their_table.names)}, yours "
            f"{quote(your_table.names)}: name those that are alike with `by` yours=theirs"
        )
        raise Question(Cause.KEY, message)
    if not keys:
        return
    order = [yours.keys.index(key) for key in keys]
    groups = yours.groups if isinstance(yours, TidyRuns) else [row.key for row in yours.rows]
    your_keys = {tuple(fold_cell(key[index]) for index in order) for key in groups}
    their_keys = {tuple(map(fold_cell, key)) for key in order_keys(report, keys)}
    if your_keys.isdisjoint(their_keys):
        both = f"yours are {_quote_keys(your_keys)}, those of the report {_quote_keys(their_keys)}"
        message = (
            f"no {' and '.join(keys)} is alike: {both}; write them alike, or name keys with `by`"
        )
        raise Question(Cause.KEY, message)


def _quote_keys(keys: set[Key]) -> str:
    """Return the first keys for a message."""
    return quote([", ".join(key) for key in sorted(keys)])


def order_keys(report: TidyReport, keys: Sequence[str]) -> list[Key]:
    """Return the key of each row of a report, its parts in the order of your `keys`."""
    folded = [fold(key) for key in report.keys]
    order = [folded.index(fold(key)) for key in keys]
    return [tuple(row.key[index] for index in order) for row in report.rows]


def fold_cell(text: str) -> str:
    """Return a cell of a key in the form in which cells are compared.

    Numbers are compared by value, so that 64 and 64.0 are the same; 6_4 is a text.
    """
    if NUMBER.fullmatch(text):
        return format_float(float(text))
    return fold(text)


def check_spellings(name: str, cells: Iterable[str]) -> None:
    """Ask about cells of a key that are one number, spelt in two ways: 0.1 and 1e-1."""
    spelt: dict[str, str] = {}
    for text in cells:
        if not NUMBER.fullmatch(text):
            continue
        first_spelling = spelt.setdefault(fold_cell(text), text)
        if first_spelling != text:
            message = (
                f"{quote([name])} holds {quote([first_spelling])} and {quote([text])}, which are "
                "one number: write them alike if they are one key, and with a letter (v0.10) if not"
            )
            raise Question(Cause.KEY, message)


def find_spelling(keys: Sequence[Key], others: Sequence[Key]) -> Mapping[Key, Key]:
    """Return how the other side spells each key of one side.

    A key keeps its own spelling where the other side has it as well, or has several that fit.
    """
    spelt: dict[Key, list[Key]] = {}
    for key in others:
        spelt.setdefault(tuple(map(fold_cell, key)), []).append(key)
    spelling = {}
    for key in keys:
        spellings = spelt.get(tuple(map(fold_cell, key)), [])
        is_sure = len(spellings) == 1 and key not in spellings
        spelling[key] = spellings[0] if is_sure else key
    return spelling
