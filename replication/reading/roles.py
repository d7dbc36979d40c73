"""The role of each column of a table of runs; it is inferred only if no other is possible."""

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
"""Headings, folded, of columns that say to which run a row belongs: run_id, random_seed."""
COUNTERS = {"", "index", "id", "#", "no", "nr", "row", "unnamed:_0", "unnamed_0", "level_0"}
"""Headings of columns that count the rows."""
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
"""Names of settings of an experiment, by which groups of runs differ."""
MIN_RISING = 5  # rows, from which a column that rises in every row may be steps


@dataclasses.dataclass(frozen=True)
class OtherSide:
    """What the report tells about a table of runs.

    `keys`: columns of the runs that are keys of both sides. `values`: what the report calls its
    values, folded. `is_share`: success rates are reported, and nothing else. `numbers`: headings of
    the report, folded, that hold numbers and are no statistics.
    """

    keys: tuple[str, ...] = ()
    values: frozenset[str] = frozenset()
    is_share: bool = False
    numbers: frozenset[str] = frozenset()


NO_OTHER = OtherSide()
"""A table of runs is read alone."""


class Assignment:
    """The roles that columns have been given so far; columns without one are free."""

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
    """Return the role of every column; ask about a column that may have several.

    `known`: the roles of columns that melting made of headings.
    """
    assigned = Assignment(sheet, known)
    _give_named_roles(assigned, reading, other)
    _give_runs(assigned)
    if _find_step(reading) is None:
        # A step may itself be the result: steps until a task was solved.
        for column in assigned.free:
            is_value = fold(column.name) in other.values
            if is_step(column.name) and column.is_numeric and not is_value:
                assigned.give([column.name], Role.STEP)
    if not assigned.list_names(Role.VALUE):
        assigned.give(_find_values(assigned, reading, other), Role.VALUE)
    for column in assigned.free:
        _ask_of_rest(assigned, column)
        assigned.give([column.name], Role.IGNORED)
    return assigned.finish()


def _give_named_roles(assigned: Assignment, reading: Reading, other: OtherSide) -> None:
    """Give the roles that the options name, and the keys that the report names."""
    sheet = assigned.sheet
    assigned.give(sheet.choose(reading.ignore), Role.IGNORED)
    # A key "metric" may stand for the headings of several columns of values.
    keys = [name for name in reading.keys if fold(name) != "metric" or sheet.find(name)]
    assigned.give(sheet.choose(keys) if reading.by else other.keys, Role.KEY)
    assigned.give(sheet.choose(reading.seed), Role.SEED)
    if Role.VALUE not in assigned.roles.values():  # melting makes a column of values
        assigned.give(sheet.choose(reading.values), Role.VALUE)
    step = _find_step(reading)
    if step is not None:
        assigned.give(sheet.choose([step]), Role.STEP)
    if reading.succeeded is not None:
        assigned.give(sheet.choose([reading.succeeded]), Role.SUCCEEDED)
        # Where success rates were reported, whether a run succeeded is its value.
        if not reading.values and other.is_share:
            assigned.give(sheet.choose([reading.succeeded]), Role.VALUE)


def _find_step(reading: Reading) -> str | None:
    """Return the column of steps that the option `take` names."""
    return None if reading.take is None else reading.take.step


def _give_runs(assigned: Assignment) -> None:
    """Give roles to columns that say to which run a row belongs, or only count the rows."""
    for column in assigned.free:
        folded = fold(column.name)
        if folded in COUNTERS and column.is_counter:
            assigned.give([column.name], Role.IGNORED)
        elif SEED.fullmatch(folded) or folded == "index":
            assigned.give([column.name], Role.SEED)
    _drop_labels(assigned)


def _drop_labels(assigned: Assignment) -> None:
    """Ignore columns with a different name in each row, if there is a column of seeds."""
    names = assigned.list_names(Role.SEED)
    seeds = [name for name in names if "seed" in fold(name)]
    labels = [name for name in names if assigned.sheet[name].n_distinct == assigned.sheet.n_rows]
    if seeds:
        assigned.give([name for name in labels if name not in seeds], Role.IGNORED)


def _find_values(assigned: Assignment, reading: Reading, other: OtherSide) -> list[str]:
    """Return the columns of values: those that the report names, or the only one that is possible.

    Ask if several are.
    """
    numeric = [column for column in assigned.free if column.is_numeric]
    named = [column.name for column in numeric if _is_named(column.name, other.values)]
    if named:
        return named
    called_value = [column.name for column in numeric if fold(column.name) == "value"]
    if called_value:
        return called_value
    candidates = _list_candidates(numeric, is_share=other.is_share)
    if not candidates:  # in a table with no other numbers, steps may be what was measured
        candidates = [assigned.sheet[name] for name in assigned.list_names(Role.STEP)]
    if not candidates and reading.succeeded is not None:
        return [reading.succeeded]
    if len(candidates) == 1:
        _check_counter(assigned, candidates[0])
        return [candidates[0].name]
    binary = [column.name for column in candidates if column.is_binary]
    if other.is_share and len(binary) == 1:
        return binary
    raise ask_value(assigned.sheet, [column.name for column in candidates])


def _list_candidates(numeric: Sequence[Column], *, is_share: bool) -> Sequence[Column]:
    """Return the columns of numbers that may hold values; only the likely ones, if there are any.

    `is_share`: success rates were reported. Then a column of 0 and 1, which may otherwise be a
    setting, is likely, too.
    """
    likely = [column for column in numeric if not is_aside(column.name) and column.varies]
    if not is_share:
        measured = [column for column in likely if not is_setting(column)]
        likely = measured or likely
    return likely or numeric


def is_setting(column: Column) -> bool:
    """Say whether a column may be a setting: by its name, or because it holds only 0 and 1."""
    return fold(column.name) in SETTINGS or column.is_binary


def _is_named(name: str, values: frozenset[str]) -> bool:
    """Say whether the report has values of this name, or of its last part: eval/return."""
    return fold(name) in values or fold(re.split(r"[/.]", name)[-1]) in values


def _check_counter(assigned: Assignment, column: Column) -> None:
    """Ask whether the only column of numbers holds values, if it counts the rows."""
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
    example = quote_argument(names[0])
    message = (
        f"which column of {sheet.name} holds the values? give `value` {example}, or another of "
        f"{quote(names)}"
    )
    # Names that differ in a number alone, as acc1 and acc2, may be runs.
    stems = {re.sub(r"\d+", "", name) for name in names}
    if len(stems) == 1 and len(names) > 1:
        message += f"; if these are runs, give `wide` {quote_argument('seed=' + ','.join(names))}"
    return Question(Cause.VALUE, message)


def _ask_of_rest(assigned: Assignment, column: Column) -> None:
    """Ask about a column without a role, if it tells runs of a group apart or may be steps."""
    groups = group_rows(assigned.sheet, assigned.list_names(Role.KEY))
    if not column.varies or _is_harmless(assigned, column):
        return
    if _tells_apart(assigned, column) and differs_within(column.codes, groups):
        raise _ask_group(assigned, column)
    has_steps = bool(assigned.list_names(Role.STEP))
    if column.is_numeric and not has_steps and _rises(column):
        raise _ask_step(column)


def _is_harmless(assigned: Assignment, column: Column) -> bool:
    """Say whether a column only says when, where or under which name a run was made.

    A clock that rises from row to row is not harmless without seeds: it may be the steps of a run.
    """
    if is_aside(column.name):
        return not (column.is_numeric and _rises(column) and not assigned.list_names(Role.SEED))
    is_label = column.n_distinct == len(column) and fold(column.name) not in SETTINGS
    return is_label and not column.is_numeric


def _tells_apart(assigned: Assignment, column: Column) -> bool:
    """Say whether a column is a setting or a label, and no second measurement.

    Numbers that occur twice on average may be a setting; in a log, measurements repeat as well.
    """
    if not column.is_numeric or fold(column.name) in SETTINGS:
        return True
    if assigned.list_names(Role.STEP):
        return False
    return column.is_binary or 2 * column.n_distinct <= len(column)


def _ask_group(assigned: Assignment, column: Column) -> Question:
    """Return the question what a column is that tells runs of a group apart."""
    name = quote_argument(column.name)
    cells = column.distinct_texts
    keys = ",".join([*map(quote_argument, assigned.list_names(Role.KEY)), name])
    answers = [f"`by` {keys}", f"`where` {quote_argument(f'{column.name}={cells[0]}')}"]
    if column.is_binary:
        answers.append(f"`succeeded` {name}")
    if column.is_numeric and not column.is_binary:
        answers.append(f"`take` {quote_argument(f'{column.name}=last')} if it is a step")
    answers.append(f"`ignore` {name}")
    listed = f"{', '.join(answers[:-1])} or {answers[-1]}"
    message = f"{quote([column.name])} differs among your runs ({quote(cells)}): give {listed}"
    return Question(Cause.GROUP, message)


def _ask_step(column: Column) -> Question:
    """Return the question whether the rows of a column that rises are runs or steps of one."""
    name = quote_argument(column.name)
    message = (
        f"{quote([column.name])} rises from row to row: is each row a run (give `ignore` {name}), "
        f"or a step of one (give `take` {quote_argument(f'{column.name}=last')}, max, min or mean)?"
    )
    return Question(Cause.STEP, message)


def _rises(column: Column) -> bool:
    """Say whether the numbers of a column, `MIN_RISING` or more, rise from each row to the next."""
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
