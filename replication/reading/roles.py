"""The role of each column of a table of runs; one is inferred only if no other is possible."""

import dataclasses
import re
from collections.abc import Iterable, Sequence

import numpy as np

from replication.reading.decimals import to_float
from replication.reading.grouping import differs_within, group_rows
from replication.reading.options import Reading
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.sheet import Column, Sheet
from replication.reading.signs import list_signs
from replication.reading.tidy import Role, Roles
from replication.reading.trackers import is_aside, is_step
from replication.reading.typeset import fold

SEED = re.compile(
    r"(?:.*_)?(?:seeds?|runs?|trials?|replicas?|replicates?|rep|folds?|lauf|durchlauf|graine)"
    r"(?:_id|_no|_number|_index)?"
)
"""What columns that say which run a row is of are called, folded: run_id, random_seed."""
COUNTERS = {"", "index", "id", "#", "no", "nr", "row", "unnamed:_0", "unnamed_0", "level_0"}
"""What columns that count rows are called."""
SETTINGS = {
    "lr",
    "learning_rate",
    "batch_size",
    "batch",
    "gamma",
    "alpha",
    "beta",
    "lambda",
    "epsilon",
    "eps",
    "dropout",
    "weight_decay",
    "wd",
    "momentum",
    "temperature",
    "tau",
    "width",
    "depth",
    "layers",
    "n_layers",
    "num_layers",
    "hidden",
    "hidden_size",
    "hidden_dim",
    "dim",
    "optimizer",
    "noise",
    "entropy_coef",
    "clip",
    "horizon",
    "size",
    "n_units",
    "units",
}
"""What settings of an experiment are called: a run differs by them from another."""
MIN_RISING = 5  # rows in which a column that rises may be a clock


@dataclasses.dataclass(frozen=True)
class OtherSide:
    """What the report names, by which a table of runs is read.

    `keys`: columns of yours that are keys of both. `values`: names, folded, of what is reported.
    `is_share`: nothing but a share of successes is reported. `numbers`: headings of the report,
    folded, that hold numbers and are no statistics.
    """

    keys: tuple[str, ...] = ()
    values: frozenset[str] = frozenset()
    is_share: bool = False
    numbers: frozenset[str] = frozenset()


NO_OTHER = OtherSide()


class Assignment:
    """The roles that columns have been given so far."""

    def __init__(self, sheet: Sheet, known: Roles) -> None:
        self.sheet = sheet
        self.roles: dict[str, Role] = dict(known)

    def give(self, names: Iterable[str], role: Role) -> None:
        """Give columns a role."""
        for name in names:
            self.roles[name] = role

    def list_names(self, role: Role) -> list[str]:
        """Return the columns that have a role, in their order."""
        return [name for name in self.sheet.names if self.roles.get(name) is role]

    @property
    def free(self) -> list[Column]:
        """Columns without a role."""
        return [column for column in self.sheet.columns if column.name not in self.roles]

    def finish(self) -> Roles:
        """Return the roles in the order of the columns."""
        return {name: self.roles[name] for name in self.sheet.names}


def find_roles(sheet: Sheet, reading: Reading, other: OtherSide, known: Roles) -> Roles:
    """Return the role of every column, where only one is possible; ask about the others.

    `known`: those of columns that were headings before.
    """
    assigned = Assignment(sheet, known)
    _give_said(assigned, reading, other)
    _give_runs(assigned)
    if _find_step(reading) is None:
        steps = [one.name for one in assigned.free if is_step(one.name) and one.is_numeric]
        assigned.give([name for name in steps if fold(name) not in other.values], Role.STEP)
    if not assigned.list_names(Role.VALUE):
        assigned.give(_find_values(assigned, reading, other), Role.VALUE)
    for column in assigned.free:
        _ask_of_rest(assigned, column)
        assigned.give([column.name], Role.IGNORED)
    return assigned.finish()


def _give_said(assigned: Assignment, reading: Reading, other: OtherSide) -> None:
    """Give the roles that were said; a key called metric may stand for the headings."""
    sheet = assigned.sheet
    assigned.give(sheet.choose(reading.ignore), Role.IGNORED)
    keys = [name for name in reading.keys if fold(name) != "metric" or sheet.find(name)]
    assigned.give(sheet.choose(keys) if reading.by else other.keys, Role.KEY)
    assigned.give(sheet.choose(reading.seed), Role.SEED)
    if Role.VALUE not in assigned.roles.values():
        assigned.give(sheet.choose(reading.values), Role.VALUE)
    step = _find_step(reading)
    if step is not None:
        assigned.give(sheet.choose([step]), Role.STEP)
    if reading.succeeded is not None:
        assigned.give(sheet.choose([reading.succeeded]), Role.SUCCEEDED)
        if not reading.values and other.is_share:
            assigned.give(sheet.choose([reading.succeeded]), Role.VALUE)


def _find_step(reading: Reading) -> str | None:
    """Return the column of steps that was named."""
    return None if reading.take is None else reading.take.step


def _give_runs(assigned: Assignment) -> None:
    """Give columns that say which run a row is of, and those that only count rows."""
    for column in assigned.free:
        folded = fold(column.name)
        if folded in COUNTERS and column.is_counter:
            assigned.give([column.name], Role.IGNORED)
        elif SEED.fullmatch(folded) or folded == "index":
            assigned.give([column.name], Role.SEED)
    _drop_labels(assigned)


def _drop_labels(assigned: Assignment) -> None:
    """Leave out columns that name each row, where another one says the seed."""
    names = assigned.list_names(Role.SEED)
    seeds = [name for name in names if "seed" in fold(name)]
    labels = [name for name in names if assigned.sheet[name].n_distinct == assigned.sheet.n_rows]
    if seeds:
        assigned.give([name for name in labels if name not in seeds], Role.IGNORED)


def _find_values(assigned: Assignment, reading: Reading, other: OtherSide) -> list[str]:
    """Return the columns of values: those that the report names, or the only one of numbers."""
    numeric = [column for column in assigned.free if column.is_numeric]
    named = [one.name for one in numeric if _is_named(one.name, other.values)]
    if named:
        return named
    called = [one.name for one in numeric if fold(one.name) == "value"]
    if called:
        return called
    candidates = _list_candidates(numeric, is_share=other.is_share)
    if not candidates:  # of a table with nothing else, steps may be what was measured
        candidates = [assigned.sheet[name] for name in assigned.list_names(Role.STEP)]
    if not candidates and reading.succeeded is not None:
        return [reading.succeeded]
    if len(candidates) == 1:
        _check_counter(assigned, candidates[0])
        return [candidates[0].name]
    binary = [one.name for one in candidates if one.is_binary]
    if other.is_share and len(binary) == 1:
        return binary
    raise ask_value(assigned.sheet, [one.name for one in candidates])


def _list_candidates(numeric: Sequence[Column], *, is_share: bool) -> Sequence[Column]:
    """Return the columns of numbers that may hold values; the likely ones, if there are any.

    `is_share`: a share was reported, whose values say yes and no as settings may.
    """
    likely = [one for one in numeric if not is_aside(one.name) and one.varies]
    if not is_share:
        measured = [one for one in likely if not is_setting(one)]
        likely = measured or likely
    return likely or numeric


def is_setting(column: Column) -> bool:
    """Say whether a column is a setting by its name, or says yes and no: beside others no value."""
    return fold(column.name) in SETTINGS or column.is_binary


def _is_named(name: str, values: frozenset[str]) -> bool:
    """Say whether a report has a column of that name; of eval/return the last part counts."""
    return fold(name) in values or fold(re.split(r"[/.]", name)[-1]) in values


def _check_counter(assigned: Assignment, column: Column) -> None:
    """Ask about a single column of numbers that counts the rows."""
    if column.is_counter and len(column) >= MIN_RISING and assigned.list_names(Role.STEP) == []:
        name = quote_argument(column.name)
        message = (
            f"{quote([column.name])} counts the rows of {assigned.sheet.name}: if it holds the "
            f"values, give `value` {name}"
        )
        raise Question(Cause.VALUE, message)


def ask_value(sheet: Sheet, names: Sequence[str]) -> Question:
    """Return the question which column holds the values."""
    if not names:
        message = (
            f"no column of {sheet.name} has only numbers that may be values; give the one that "
            f"should with `value`, to hear which of its cells is no number: {quote(sheet.names)}"
        )
        return Question(Cause.VALUE, message)
    listed = names
    example = quote_argument(listed[0])
    message = (
        f"which column of {sheet.name} holds the values? give `value` {example}, or another of "
        f"{quote(listed)}"
    )
    stems = {re.sub(r"\d+", "", name) for name in listed}
    if len(stems) == 1 and len(listed) > 1:
        message += f"; if these are runs, give `wide` {quote_argument('seed=' + ','.join(listed))}"
    return Question(Cause.VALUE, message)


def _ask_of_rest(assigned: Assignment, column: Column) -> None:
    """Ask about a column that tells runs of one group apart, or that may be a clock."""
    groups = group_rows(assigned.sheet, assigned.list_names(Role.KEY))
    if not column.varies or _is_harmless(assigned, column):
        return
    if _tells_apart(assigned, column) and differs_within(column.codes, groups):
        raise _ask_group(assigned, column)
    has_steps = bool(assigned.list_names(Role.STEP))
    if column.is_numeric and not has_steps and _rises(column):
        raise _ask_step(column)


def _is_harmless(assigned: Assignment, column: Column) -> bool:
    """Say whether a column only says when, where or under which name a run was made."""
    if is_aside(column.name):
        return not (column.is_numeric and _rises(column) and not assigned.list_names(Role.SEED))
    is_label = column.n_distinct == len(column) and fold(column.name) not in SETTINGS
    return is_label and not column.is_numeric


def _tells_apart(assigned: Assignment, column: Column) -> bool:
    """Say whether a column is a setting or a label, and not a second measurement."""
    if not column.is_numeric or fold(column.name) in SETTINGS:
        return True
    if assigned.list_names(Role.STEP):
        return False  # of a log, in which all sorts of things go up and repeat
    return column.is_binary or 2 * column.n_distinct <= len(column)


def _ask_group(assigned: Assignment, column: Column) -> Question:
    name = quote_argument(column.name)
    cells = column.known
    keys = ",".join([*map(quote_argument, assigned.list_names(Role.KEY)), name])
    ways = [f"`by` {keys}", f"`where` {quote_argument(f'{column.name}={cells[0]}')}"]
    if column.is_binary:
        ways.append(f"`succeeded` {name}")
    if column.is_numeric and not column.is_binary:
        ways.append(f"`take` {quote_argument(f'{column.name}=last')} if it is a step")
    ways.append(f"`ignore` {name}")
    listed = f"{', '.join(ways[:-1])} or {ways[-1]}"
    message = f"{quote([column.name])} differs among your runs ({quote(cells)}): give {listed}"
    return Question(Cause.GROUP, message)


def _ask_step(column: Column) -> Question:
    name = quote_argument(column.name)
    message = (
        f"{quote([column.name])} rises from row to row: is each row a run (give `ignore` {name}), "
        f"or a step of one (give `take` {quote_argument(f'{column.name}=last')}, max, min or mean)?"
    )
    return Question(Cause.STEP, message)


def _rises(column: Column) -> bool:
    """Say whether numbers rise from each row to the next."""
    if len(column) < MIN_RISING or column.n_distinct < len(column):
        return False
    if column.numbers is not None:
        return bool((np.diff(column.numbers) > 0).all())
    values = []
    for text in column.list_texts():
        cell = column.split(text)
        if cell is None or cell.value is None or "." not in list_signs(cell.value):
            return False
        values.append(to_float(cell.value.replace(",", "").replace("'", "")))
    return bool((np.diff(values) > 0).all())
