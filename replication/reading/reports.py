"""A table of reported results, to statistics by name for each key."""

import dataclasses
import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from replication.reading.cells import is_missing
from replication.reading.decimals import Decimals, find_decimals
from replication.reading.grouping import filter_rows, melt
from replication.reading.headings import BRACKETS, Heading, read_heading
from replication.reading.keys import check_spellings
from replication.reading.names import (
    CENTRES,
    COUNTS,
    NAMES,
    OF_TESTS,
    SPREADS,
    STATISTICS,
    SUCCESSES,
)
from replication.reading.options import Reading
from replication.reading.placing import Numbers, Place, check_numbers, has_result, place_cell
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.roles import COUNTERS
from replication.reading.runs import METRIC
from replication.reading.sheet import Column, Sheet
from replication.reading.tidy import Key, ReadAs, ReportRow, Role, TidyReport
from replication.reading.trackers import is_aside
from replication.reading.typeset import clean, fold
from replication.wording import show

STACKED = "value"  # what your values are called where headings were stacked
TURNED = "result"
"""The key that headings are, where statistics stood in rows."""
BEHIND_NAME = re.compile(r"\s*[(\[].*")  # PPO (n = 5)
GENERIC = {
    "result",
    "results",
    "value",
    "values",
    "reported",
    "paper",
    "published",
    "original",
    "performance",
    "estimate",
    "report",
    "n/n",
}
"""Headings that say no more than that a result stands below."""
P_VALUES = {"p", "p_value", "p_values", "pvalue", "p_val", "pval"}
"""Headings of what tests give, folded."""
BESIDE_MEANS = {"sd", "se", "ci", "ci_low", "spread"}
DIFFERENCES = {"difference", "diff", "improvement", "gain", "gap", "delta"}
"""Headings of a difference of two groups."""


@dataclasses.dataclass(frozen=True)
class YourSide:
    """What your table shows of a report.

    `names`: of your columns, folded. `value`: the column of your values, if there is one.
    """

    names: frozenset[str] = frozenset()
    value: str | None = None

    def knows(self, name: str) -> bool:
        """Say whether one of your columns is called so."""
        return fold(name) in self.names


@dataclasses.dataclass(frozen=True)
class Measured:
    """A column of reported numbers, and what its heading says."""

    column: Column
    heading: Heading

    @property
    def name(self) -> str:
        """The heading."""
        return self.column.name

    @property
    def is_centre(self) -> bool:
        """Whether it holds means, medians or shares."""
        return self.heading.statistic in CENTRES

    @property
    def has_spread(self) -> bool:
        """Whether its cells say how results vary: 0.83 ± 0.04."""
        if self.column.numbers is not None:
            return False
        cells = [self.column.split(text) for text in self.column.known]
        return any(cell is not None and cell.has_spread for cell in cells)

    def name_statistic(self, statistic: str, label: str | None = None) -> "Measured":
        """Return the same column as one of a statistic."""
        own = self.heading.label if label is None else label
        heading = dataclasses.replace(self.heading, statistic=statistic, label=own)
        return dataclasses.replace(self, heading=heading)


def read_report_of(
    sheet: Sheet, reading: Reading, yours: YourSide | None = None, label_key: str = METRIC
) -> TidyReport:
    """Return reported results; `yours`: your table, None where there is none to go by.

    `label_key`: the key that labels in headings are, as acc in acc_mean.
    """
    sheet = filter_rows(sheet, reading.where)
    known = {fold(name) for name in (*reading.keys, *reading.ignore)}
    if yours is not None:
        known |= yours.names
    sheet = turn_statistics(sheet, known)
    ignored = sheet.choose(reading.ignore)
    keys = find_keys(sheet, reading, yours)
    if reading.wide is not None:
        sheet, keys = _melt(sheet, reading, keys)
    measured = measure(sheet, [*keys, *ignored])
    chosen = find_statistics(sheet, measured, reading, yours, is_wide=reading.wide is not None)
    return _read_rows(sheet, keys, chosen, reading, label_key)


def measure(sheet: Sheet, taken: Sequence[str]) -> list[Measured]:
    """Return the columns of numbers of a report, and what their headings say.

    Below the name of a statistic one number is enough, beside cells that cannot be read.
    """
    found = []
    for column in sheet.columns:
        heading = read_heading(column.name)
        is_numeric = column.is_numeric or (heading.statistic is not None and column.has_numbers)
        if is_numeric and column.name not in taken and not _is_beside(column):
            found.append(Measured(column, heading))
    return found


def _is_beside(column: Column) -> bool:
    """Say whether a column counts the rows, or holds p of tests."""
    folded = fold(column.name)
    return folded in P_VALUES or (folded in COUNTERS and column.is_counter)


def find_keys(sheet: Sheet, reading: Reading, yours: YourSide | None) -> list[str]:
    """Return the columns of keys: those that were said, or texts that your table has, too."""
    if reading.by:
        said = [name for name in reading.keys if fold(name) != METRIC or sheet.find(name)]
        wide = None if reading.wide is None else reading.wide.key
        return sheet.choose([name for name in said if name != wide])
    texts = [column.name for column in sheet.columns if not column.is_numeric]
    if yours is None:
        return [name for name in texts if name not in sheet.choose(reading.ignore)]
    return [name for name in texts if yours.knows(name)]


def _melt(sheet: Sheet, reading: Reading, keys: list[str]) -> tuple[Sheet, list[str]]:
    """Return a table with a row for each heading that is a key."""
    wide = reading.wide
    assert wide is not None
    columns = sheet.choose(wide.columns)
    if not columns:
        columns = find_wide_columns(sheet, [*keys, *sheet.choose(reading.ignore)])
    if not columns:
        message = f"{sheet.name} has no columns of numbers whose headings are a {wide.key}"
        raise Question(Cause.STATISTIC, message)
    units = {read_heading(name).unit for name in columns}
    value = "mean (%)" if units == {"%"} else "mean"
    melted = melt(sheet, columns, wide.key, value)
    headings = melted[wide.key].list_texts()
    bare = Column(wide.key, [BEHIND_NAME.sub("", clean(text)) for text in headings])
    runs = Column("n", [read_heading(text).runs or "" for text in headings])
    columns_now = [bare if one.name == wide.key else one for one in melted.columns]
    if any(runs.texts) and melted.find("n") is None:
        columns_now.append(runs)
    return dataclasses.replace(melted, columns=tuple(columns_now)), [*keys, wide.key]


def find_wide_columns(sheet: Sheet, taken: Sequence[str]) -> list[str]:
    """Return columns of numbers whose headings name no statistic, or a mean among labels."""
    free = [column for column in sheet.columns if column.name not in taken and column.is_numeric]
    measured = [Measured(column, read_heading(column.name)) for column in free]
    return [one.name for one in drop_average(measured) if one.heading.statistic is None]


def drop_average(measured: Sequence[Measured]) -> list[Measured]:
    """Return columns, of which an average beside columns with spreads is one more label."""
    spread = [one for one in measured if one.heading.statistic is None and one.has_spread]
    named = [one for one in measured if one.heading.statistic is not None]
    is_average = [one for one in named if one.heading.statistic == "mean"]
    if len(spread) < 2 or len(is_average) != 1 or len(named) != 1:
        return list(measured)
    (average,) = is_average
    label = fold(average.name)
    plain = dataclasses.replace(
        average, heading=dataclasses.replace(average.heading, statistic=None, label=label)
    )
    return [plain if one is average else one for one in measured]


def turn_statistics(sheet: Sheet, known: Collection[str]) -> Sheet:
    """Return a table with a column for each statistic, where they stand in rows.

    statistic, DQN over average, 3 and standard deviation, 1 becomes keys, average and standard
    deviation. What tests give (p) is left out. `known`: headings of keys, folded.
    """
    named = _find_statistic_column(sheet, known)
    if named is None:
        return sheet
    _check_rows(sheet, named)
    others = [column for column in sheet.columns if column is not named]
    keys = [column for column in others if not column.is_numeric]
    labels = [column for column in others if column.is_numeric]
    cells: dict[Key, dict[str, str]] = {}
    names = named.list_texts()
    key_texts = [column.list_texts() for column in keys]
    for label in labels:
        for place, text in enumerate(label.list_texts()):
            if _is_of_test(names[place]):
                continue
            key = tuple(texts[place] for texts in key_texts)
            if len(labels) > 1:
                key = (*key, label.name)
            cells.setdefault(key, {})[names[place]] = text
    return _lay_out(sheet, [column.name for column in keys], len(labels) > 1, cells)


def _find_statistic_column(sheet: Sheet, known: Collection[str]) -> Column | None:
    """Return a column whose cells name a mean, and another statistic or what a test gives."""
    for column in sheet.columns:
        if column.is_numeric or fold(column.name) in known:
            continue
        found = {find_row_statistic(text) for text in column.known} - {None}
        n_tests = sum(_is_of_test(text) for text in column.known)
        if found & {*CENTRES} and len(found) + n_tests > 1:
            return column
    return None


def find_row_statistic(text: str) -> str | None:
    """Return the statistic that a cell names, as a heading would: Mean ± SD; None if it is none."""
    heading = read_heading(text)
    return None if heading.label else heading.statistic


def _is_of_test(text: str) -> bool:
    return fold(text) in OF_TESTS


def _check_rows(sheet: Sheet, named: Column) -> None:
    """Ask about a cell that names no statistic beside others that do."""
    for text in named.known:
        if find_row_statistic(text) is None and not _is_of_test(text):
            condition = quote_argument(f"{named.name}!={text}")
            message = (
                f"{quote([named.name])} of {sheet.name} names statistics ({quote(named.known)}), "
                f"and {quote([text])} is none: give `where` {condition} to leave it out, or `by` "
                f"{quote_argument(named.name)} if all of these are keys"
            )
            raise Question(Cause.STATISTIC, message)


def _lay_out(
    sheet: Sheet, keys: list[str], has_labels: bool, cells: Mapping[Key, Mapping[str, str]]
) -> Sheet:
    names = [*keys, TURNED] if has_labels else list(keys)
    statistics = list(dict.fromkeys(name for row in cells.values() for name in row))
    rows = [[*key, *(row.get(name, "") for name in statistics)] for key, row in cells.items()]
    heads = [*names, *statistics]
    turned = Sheet.of_rows(sheet.name, heads, rows, is_point_sure=sheet.is_point_sure)
    note = f"Rows are statistics: {', '.join(statistics)}."
    return dataclasses.replace(turned, notes=(*sheet.notes, note))


def find_statistics(
    sheet: Sheet,
    measured: Sequence[Measured],
    reading: Reading,
    yours: YourSide | None,
    *,
    is_wide: bool,
) -> list[Measured]:
    """Return what each column of numbers is; where no heading says it, the one of your values."""
    if reading.value:
        found = _name_said(sheet, measured, reading)
    else:
        candidates = list(measured) if is_wide else drop_average(measured)
        if any(one.is_centre for one in candidates):
            found = _choose_labels(candidates, yours)
        else:
            found = _name_values(sheet, candidates, yours)
    left = [one for one in found if one.heading.statistic is None and not is_aside(one.name)]
    if left:
        raise _ask_columns(sheet, left)
    chosen = [one for one in found if one.heading.statistic is not None]
    _check_factors(chosen, yours)
    return chosen


def _check_factors(chosen: Sequence[Measured], yours: YourSide | None) -> None:
    """Ask about numbers that may have been divided by a factor, unless yours say the same one."""
    own = ""
    if yours is not None and yours.value is not None:
        own = read_heading(yours.value).factor
    for one in chosen:
        if one.heading.statistic not in COUNTS and one.heading.factor != own:
            first = show(one.name if one.heading.factor else str(yours and yours.value))
            raise Question(
                Cause.UNIT,
                f"is each number below {first} to be multiplied by its factor, or has it been? "
                "Write numbers as they are meant, and a heading without it",
            )


def _name_said(sheet: Sheet, measured: Sequence[Measured], reading: Reading) -> list[Measured]:
    """Return columns, of which those that were named hold what is reported.

    Others that are no statistics were not meant.
    """
    picked = _choose_said(sheet, measured, reading)
    labels = {one.heading.label for one in measured if one.name in picked}
    found = []
    for one in measured:
        if one.name in picked:
            found.append(_name_picked(one))
        elif one.heading.statistic is not None and one.heading.label in {"", *labels}:
            found.append(one)
    if len(picked) > 1:
        return found
    # A single result needs no label.
    return [one.name_statistic(one.heading.statistic or "mean", "") for one in found]


def _choose_said(sheet: Sheet, measured: Sequence[Measured], reading: Reading) -> list[str]:
    """Return the headings of the columns that were named; refuse one without numbers."""
    picked = sheet.choose([one.theirs or one.own for one in reading.value])
    known = {one.name for one in measured}
    missing = [name for name in picked if name not in known]
    if missing:
        message = f"{quote(missing)} of {sheet.name} holds no numbers; give `value` another column"
        raise Question(Cause.VALUE, message)
    return picked


def _name_picked(one: Measured) -> Measured:
    """Return a column that was named as one of what its heading says, or of means."""
    statistic = "mean"
    if one.is_centre and one.heading.statistic is not None:
        statistic = one.heading.statistic
    return one.name_statistic(statistic, one.heading.label or fold(one.name))


def _choose_labels(candidates: Sequence[Measured], yours: YourSide | None) -> list[Measured]:
    """Return columns of the labels that your table knows: acc_mean, where you have acc."""
    labels = {one.heading.label for one in candidates if one.is_centre}
    if len(labels) == 1 and yours is not None:
        _check_label(candidates, labels.pop(), yours)
        return list(candidates)
    if yours is None:
        return list(candidates)
    known = {label for label in labels if not label or yours.knows(label)}
    if not known:
        return list(candidates)
    kept = [one for one in candidates if one.heading.label in known or not one.heading.label]
    return kept + [one for one in candidates if one.heading.statistic is None and one not in kept]


def _check_label(candidates: Sequence[Measured], label: str, yours: YourSide) -> None:
    """Ask about means of something that is not called as your values are."""
    is_plain = not label or label in GENERIC | DIFFERENCES
    if is_plain or yours.value is None or yours.value == STACKED or yours.knows(label):
        return
    one = next(one for one in candidates if one.is_centre)
    both = quote_argument(f"{yours.value}={one.name}")
    message = (
        f"is {quote([label])} of the report your {quote([yours.value])}? if so give `value` {both}"
    )
    raise Question(Cause.VALUE, message)


def _name_values(
    sheet: Sheet, candidates: Sequence[Measured], yours: YourSide | None
) -> list[Measured]:
    """Return columns, of which the one that your table has, or the only one, is reported."""
    picked = _pick_values(sheet, candidates, yours)
    found = []
    for one in candidates:
        if one not in picked:
            found.append(one)
        elif len(picked) == 1:
            found.append(one.name_statistic("mean", ""))
        else:
            found.append(one.name_statistic("mean", BEHIND_NAME.sub("", clean(one.name))))
    return found


def _pick_values(
    sheet: Sheet, candidates: Sequence[Measured], yours: YourSide | None
) -> list[Measured]:
    """Return the columns of results among those that name no statistic; ask where it is open."""
    free = [one for one in candidates if one.heading.statistic is None]
    if not free:
        raise _ask_result_column(sheet)
    if yours is not None:
        alike = [one for one in free if _is_alike(one, yours)]
        if alike:
            return alike
    picked = [one for one in free if one.heading.label in GENERIC] or free
    if len(picked) > 1:
        raise _ask_wide(sheet, picked, yours)
    beside = {one.heading.statistic for one in candidates if not one.heading.label}
    _check_single(sheet, picked[0], yours, is_mean=not beside.isdisjoint(BESIDE_MEANS))
    return picked


def _ask_result_column(sheet: Sheet) -> Question:
    """Return the question where the results stand; cells that cannot be read are shown."""
    message = f"{sheet.name} has no mean, median or share, only {quote(sheet.names)}"
    for column in sheet.columns:
        unread = [text for text in column.known if re.search(r"\d", text)]
        if not column.is_numeric and len(unread) == len(column.known) > 0:
            why = f"{quote([column.name])} holds {quote(unread[:2])}, which is no form of a number"
            return Question(Cause.STATISTIC, f"{message}; {why}: write it as 0.83 or 0.83 ± 0.04")
    return Question(Cause.STATISTIC, f"{message}; name it with `value`")


def _is_alike(one: Measured, yours: YourSide) -> bool:
    return yours.knows(one.name) or (bool(one.heading.label) and yours.knows(one.heading.label))


def _check_single(sheet: Sheet, one: Measured, yours: YourSide | None, *, is_mean: bool) -> None:
    """Ask about a single column of numbers that is not called as your values are.

    `is_mean`: a column of spreads stands beside it.
    """
    is_generic = one.heading.label in GENERIC | DIFFERENCES or not one.heading.label
    if not (one.has_spread or is_mean or is_generic):
        message = (
            f"is {quote([one.name])} of {sheet.name} a mean, a median or a share? if means, give "
            f"`value` {_name_pair(one, yours)}; if not, call the column median or share"
        )
        raise Question(Cause.STATISTIC, message)
    if yours is None or yours.value in (None, STACKED) or is_generic:
        return
    mine = quote([yours.value])
    message = (
        f"is {quote([one.name])} of {sheet.name} your {mine}? if so give `value` "
        f"{_name_pair(one, yours)}{_say_units(one.name, str(yours.value))}"
    )
    raise Question(Cause.VALUE, message)


def _say_units(name: str, other: str) -> str:
    """Return advice on two headings whose brackets differ: time [ms], time [s]."""
    units = [BRACKETS.findall(clean(heading)) for heading in (name, other)]
    if units[0] == units[1]:
        return ""
    return ", and `scale` if the units in their brackets differ"


def _name_pair(one: Measured, yours: YourSide | None) -> str:
    """Return what says that a column holds your values: acc=Ours, or Ours where you have none."""
    if yours is None or yours.value in (None, STACKED):
        return quote_argument(one.name)
    return quote_argument(f"{yours.value}={one.name}")


def _ask_wide(sheet: Sheet, picked: Sequence[Measured], yours: YourSide | None) -> Question:
    names = [one.name for one in picked]
    own = "VALUE" if yours is None or yours.value is None else yours.value
    value = quote_argument(names[0] if yours is None else f"{own}={names[0]}")
    message = (
        f"{sheet.name} has no mean or median: if {quote(names)} are methods or tasks, give `wide` "
        f"method (or task); if one of them is what you have, give `value` {value}"
    )
    return Question(Cause.STATISTIC, message)


def _ask_columns(sheet: Sheet, left: Sequence[Measured]) -> Question:
    """Return the question what columns are that name no statistic; all of them in one go."""
    names = [one.name for one in left]
    first = quote_argument(names[0])
    near = difflib.get_close_matches(fold(names[0]), NAMES, n=1)
    meant = f" (did you mean {near[0]}?)" if near and len(names) == 1 else ""
    message = (
        f"what is {quote(names)} of {sheet.name}{meant}? give `ignore` "
        f"{quote_argument(','.join(names))}; or `by` {first} if that is a key, `value` {first} if "
        "it is the result, or call it as a statistic"
    )
    return Question(Cause.STATISTIC, message)


def _read_rows(
    sheet: Sheet, keys: list[str], chosen: Sequence[Measured], reading: Reading, label_key: str
) -> TidyReport:
    """Return a row for each result; cells that hold no number are named."""
    labels = list(dict.fromkeys(one.heading.label for one in chosen if one.is_centre))
    has_labels = len(labels) > 1
    decimals = _find_decimals(sheet, chosen, reading)
    texts = {one.name: one.column.list_texts() for one in chosen}
    rows: list[ReportRow] = []
    unread: list[str] = []
    for place, key in enumerate(_list_keys(sheet, keys)):
        for label in labels or [""]:
            whole = (*key, label) if has_labels else key
            cells = {
                one: texts[one.name][place] for one in chosen if one.heading.label in ("", label)
            }
            row = _read_row(whole, cells, decimals, reading)
            if row is None:
                unread.append(_describe_unread(whole, cells))
            else:
                rows.append(row)
    if not rows:
        raise Question(Cause.STATISTIC, f"{sheet.name} has no result that is a number")
    names = [*keys, label_key] if has_labels else keys
    _check_doubled(sheet, names, rows)
    notes = [*sheet.notes, *_note_units(chosen), *_note_decimals(decimals, reading)]
    if unread:
        notes.append(f"Not read, since no number: {'; '.join(unread)}.")
    return TidyReport(tuple(names), tuple(rows), _say_roles(sheet, keys, chosen, notes))


def _list_keys(sheet: Sheet, keys: Sequence[str]) -> list[Key]:
    """Return the key of each row; refuse a row that lacks a part of it."""
    columns = [sheet[name].list_texts() for name in keys]
    found = []
    for place in range(sheet.n_rows):
        key = tuple(column[place].strip() for column in columns)
        if not all(key):
            message = f"row {place + 1} of {sheet.name} lacks a key ({quote(keys)})"
            raise Question(Cause.KEY, message + "; give it, or remove the row")
        found.append(key)
    return found


def _note_units(chosen: Sequence[Measured]) -> list[str]:
    return [f"Unit of {quote([one.name])}: {one.column.unit}." for one in chosen if one.column.unit]


def _note_decimals(decimals: Decimals, reading: Reading) -> list[str]:
    if decimals.sign == "." and reading.decimal is None:
        return []
    return [f"Decimal sign: {quote([decimals.sign])}."]


def _find_decimals(sheet: Sheet, chosen: Sequence[Measured], reading: Reading) -> Decimals:
    numbers: list[str] = []
    for one in chosen:
        if one.column.numbers is not None:
            continue
        cells = [one.column.split(text) for text in one.column.known]
        numbers += [number for cell in cells if cell for number in cell.list_numbers()]
    return find_decimals(
        numbers, where=sheet.name, wanted=reading.decimal, is_point_sure=sheet.is_point_sure
    )


def _read_row(
    key: Key, cells: Mapping[Measured, str], decimals: Decimals, reading: Reading
) -> ReportRow | None:
    """Return a result; None if a number that it is of cannot be read."""
    numbers = Numbers()
    for one, text in cells.items():
        if is_missing(text):
            continue
        cell = one.column.split(text)
        if cell is None:
            return None
        place_cell(numbers, decimals.plain_cell(cell), Place(one.name, one.heading, reading))
        if one.heading.runs is not None:
            numbers.found.setdefault("runs", one.heading.runs)
    if not has_result(numbers):
        return None
    if reading.n is not None:
        numbers.found.setdefault("runs", reading.n)
    check_numbers(numbers, ", ".join(key) or "the report")
    return ReportRow(key, numbers.found, numbers.kind, numbers.is_skewed)


def _describe_unread(key: Key, cells: Mapping[Measured, str]) -> str:
    texts = [text for one, text in cells.items() if one.is_centre]
    name = ", ".join(key)
    return f"{name} ({quote(texts)})" if name else quote(texts)


def _check_doubled(sheet: Sheet, keys: Sequence[str], rows: Sequence[ReportRow]) -> None:
    """Ask which of several results is meant that are called alike."""
    for place, name in enumerate(keys):
        check_spellings(name, dict.fromkeys(row.key[place] for row in rows))
    seen: set[Key] = set()
    for row in rows:
        if row.key in seen or (not keys and len(rows) > 1):
            others = [
                column
                for column in sheet.columns
                if column.name not in keys and not column.is_numeric
            ]
            raise _ask_result(sheet, row, others, keys)
        seen.add(row.key)


def _ask_result(
    sheet: Sheet, row: ReportRow, others: Sequence[Column], keys: Sequence[str]
) -> Question:
    called = f" for {quote(row.key)}" if row.key else ""
    what = f"{sheet.name} has several results{called}"
    if not others:
        return Question(Cause.KEY, f"{what}; remove all but one, or name a key with `by`")
    first = others[0]
    by = ",".join([*map(quote_argument, keys), quote_argument(first.name)])
    where = quote_argument(f"{first.name}={first.known[0] if first.known else ''}")
    message = f"{what}: tell them apart with `by` {by}, or keep some with `where` {where}"
    return Question(Cause.KEY, message)


def _say_roles(
    sheet: Sheet, keys: Sequence[str], chosen: Sequence[Measured], notes: Sequence[str]
) -> ReadAs:
    """Return how a report was read."""
    roles: dict[str, Role] = {}
    described: dict[str, str] = {}
    by_name = {one.name: one for one in chosen}
    for column in sheet.columns:
        one = by_name.get(column.name)
        if column.name in keys:
            roles[column.name] = Role.KEY
        elif one is not None:
            roles[column.name] = Role.STATISTIC
            described[column.name] = f"{quote([one.name])} ({_describe(one.heading)})"
        else:
            roles[column.name] = Role.IGNORED
    return ReadAs(roles, tuple(notes), described)


def _describe(heading: Heading) -> str:
    name = heading.statistic or ""
    words = {**STATISTICS, **SUCCESSES, "runs": "runs", "spread": "number behind ±"}.get(name, name)
    whose = f" of {heading.label}" if heading.label else ""
    kind = f", {heading.kind}" if heading.kind and name not in SPREADS else ""
    return f"{words}{whose}{kind}"
