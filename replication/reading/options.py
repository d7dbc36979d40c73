"""The options with which a user says how to read a table; commands and functions share them.

A line of a class below declares an option: its name, its type in Python, how it is written on the
command line, and its help. Functions take these classes as their keyword arguments,
and commands take their lines; so a new option is declared here, and read in `make_reading`.
"""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TypedDict, TypeVar, cast, get_type_hints

from replication.errors import UsageError
from replication.reading.kinds import read_kind
from replication.wording import show

Names = str | Sequence[str] | None
"""Names of columns: "a,b", or a list."""
Given = str | float | tuple[str | float, str | float]
"""A reported number: as printed, as a number, or the two ends of an interval."""
Declared = TypeVar("Declared")
"""A class that declares options."""

GONE = {
    "report": "`reported`",
    "against": "the other report in place of `values`",
    "ci_level": "`plus_minus`, such as '90% ci'",
    "ci_kind": "`plus_minus`, such as 'ci normal'",
    "sd_kind": "`plus_minus`, such as 'sd n-1'",
    "alpha": "`level`",
    "group_by": "`by`",
    "column": "`value`",
    "values": "`value`",
    "nan_policy": "nothing: missing values are left out, and counted",
    "detect": "nothing: the answer says what these runs find; four times as many find half of it",
    "stat": "the numbers a heading that says it: mean, median or share",
    "step": "`take` with the name of the column, as in t=last",
    "tasks": "`by`: an interquartile mean is taken over all groups, and runs resampled within them",
    "bounds": "`cap`, where runs were stopped, or nothing",
    "evidence": "nothing: the difference and its interval say what was found",
    "exit_code": "`format` json, of which `verdict` says it",
    "minus": "`difference`",
}
"""Options that were removed, or that people try, and what to give in their place."""


@dataclasses.dataclass(frozen=True)
class Option:
    """How an option is written on the command line, and its help.

    `usage`: the words that follow its name. `is_repeatable`: whether it may be given several times.
    """

    usage: str
    help: str
    choices: tuple[str, ...] = ()
    is_repeatable: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """The words that follow the name."""
        return tuple(self.usage.split())


class OfTables(TypedDict, total=False):
    """Options of any table."""

    by: Annotated[
        Names, Option("NAMES", "columns of keys: task,method; task=Dataset as the report calls it")
    ]
    value: Annotated[
        Names, Option("NAME", "column of the values, or several; a=Ours as the report calls it")
    ]
    where: Annotated[
        Names,
        Option(
            "CONDITION",
            "rows to keep: status=FINISHED, lr=0.1|0.2, or to leave out: acc!=nan",
            is_repeatable=True,
        ),
    ]
    ignore: Annotated[Names, Option("NAMES", "columns that are of no use here")]
    wide: Annotated[
        str | None,
        Option("NAME", "headings are a key: method, or method=TD3,PPO for some of them"),
    ]


class OfRuns(TypedDict, total=False):
    """Options of a table of runs, beside those of any table."""

    succeeded: Annotated[
        str | None, Option("NAME", "column that says which runs succeeded (1/0, true/false)")
    ]
    seed: Annotated[Names, Option("NAMES", "columns that say which run a row is of")]
    take: Annotated[
        str | float | None,
        Option(
            "WHICH",
            "what stands for a run of a log: last, last-each, max, min, mean or a step; t=last "
            "where t is the column of steps",
        ),
    ]


class OfReports(TypedDict, total=False):
    """Options of reported numbers."""

    n: Annotated[
        str | int | None, Option("NUMBER", "runs behind each reported number that does not say it")
    ]
    plus_minus: Annotated[
        str | None,
        Option(
            "KIND",
            "what ± or brackets are: sd, se, ci, 2sd, '90% ci', 'ci t' or 'sd n-1'; of two ends "
            "also iqr and range; ignore for brackets that are no spread",
        ),
    ]


class OfNumbers(TypedDict, total=False):
    """Options of anything that holds numbers."""

    decimal: Annotated[
        str | None,
        Option(
            "SIGN", "the decimal sign of numbers that leave it open, as 12,345 does", (".", ",")
        ),
    ]


class RunsOptions(OfTables, OfRuns, OfNumbers, total=False):
    """All options of one table of runs."""


class ReportOptions(OfTables, OfReports, OfNumbers, total=False):
    """All options of one table of reported results."""


class ReadingOptions(OfTables, OfRuns, OfReports, OfNumbers, total=False):
    """All options of how both sides of a comparison are read."""


def list_options(kind: type) -> dict[str, Option]:
    """Return the options that a class declares, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if is_option(hint)}


def is_option(hint: Any) -> bool:
    """Say whether a line of a class is an option, and not the name of a reported number."""
    return hasattr(hint, "__metadata__")


def name_flag(name: str) -> str:
    """Return the name of an option as one types it: --plus-minus."""
    return f"--{name.replace('_', '-')}"


def select(given: Mapping[str, Any], kind: type[Declared]) -> Declared:
    """Return those of the given options that a class declares."""
    names = list_options(kind)
    return cast(Declared, {name: value for name, value in given.items() if name in names})


def check_names(given: Iterable[str], kind: type) -> None:
    """Refuse a given option that a class does not declare."""
    allowed = list(list_options(kind))
    for name in given:
        if name not in allowed:
            raise refuse_name(name, allowed)


def refuse_name(name: str, allowed: Sequence[str]) -> UsageError:
    """Return the error for an option that does not exist, or no longer exists."""
    if name in GONE:
        return UsageError(f"there is no option '{name}'; give {GONE[name]}")
    near = difflib.get_close_matches(name, allowed, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return UsageError(f"{show(name)} was given{meant}; allowed are {', '.join(allowed)}")


TAKES = ("last", "last-each", "max", "min", "mean")
"""Words for the value that stands for a run; a step is the other possibility."""


@dataclasses.dataclass(frozen=True)
class Take:
    """The option `take`: which value stands for a run of a log; `step`: its column, if named."""

    which: str
    step: str | None = None


@dataclasses.dataclass(frozen=True)
class Renamed:
    """A column of yours, and the heading of the report for it, if the user gave that."""

    own: str
    theirs: str | None = None


@dataclasses.dataclass(frozen=True)
class Condition:
    """The option `where`: rows with one of these cells in a column are kept, or left out.

    `text`: the condition as it was given. `name`: the column. `keeps`: whether rows are kept.
    """

    text: str
    name: str
    cells: tuple[str, ...]
    keeps: bool


@dataclasses.dataclass(frozen=True)
class Wide:
    """The option `wide`: a key whose cells are headings; `columns`: which, if they were named."""

    key: str
    columns: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reading:
    """All options that were given for a table.

    Parameters
    ----------
    by, value : tuple of Renamed
        Columns of keys, and of values.
    succeeded : str or None
    seed, ignore : tuple of str
    take : Take or None
    where : tuple of Condition
    wide : Wide or None
    n, plus_minus, decimal : str or None
    """

    by: tuple[Renamed, ...] = ()
    value: tuple[Renamed, ...] = ()
    succeeded: str | None = None
    seed: tuple[str, ...] = ()
    take: Take | None = None
    where: tuple[Condition, ...] = ()
    ignore: tuple[str, ...] = ()
    wide: Wide | None = None
    n: str | None = None
    plus_minus: str | None = None
    decimal: str | None = None

    @property
    def keys(self) -> list[str]:
        """Columns of keys, as your table calls them."""
        return [key.own for key in self.by]

    @property
    def values(self) -> list[str]:
        """Columns of values, as your table calls them."""
        return [value.own for value in self.value]


def make_reading(given: ReadingOptions) -> Reading:
    """Read the options of a table; raise `UsageError` for a value that is not allowed."""
    n = given.get("n")
    return Reading(
        by=tuple(map(read_renamed, split_names("by", given.get("by")))),
        value=tuple(map(read_renamed, split_names("value", given.get("value")))),
        succeeded=given.get("succeeded"),
        seed=tuple(split_names("seed", given.get("seed"))),
        take=read_take(given.get("take")),
        where=tuple(map(read_condition, list_conditions(given.get("where")))),
        ignore=tuple(split_names("ignore", given.get("ignore"))),
        wide=read_wide(given.get("wide")),
        n=None if n is None else str(n),
        plus_minus=check_kind(given.get("plus_minus")),
        decimal=check_choice("decimal", given.get("decimal"), (".", ",")),
    )


def refuse_option(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given, and what is allowed instead."""
    quoted = show(given, length=40).replace("`", "\\x60")
    return UsageError(f"`{name}` was given as {quoted}; allowed {allowed}")


def split_names(option: str, given: Names) -> list[str]:
    """Return the names of columns that were given as "a,b" or as a list."""
    if given is None:
        return []
    if isinstance(given, str):
        return [name.strip() for name in given.split(",") if name.strip()]
    is_list = isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)
    if not is_list:
        raise refuse_option(option, given, "are the name of a column, or a list of names")
    return list(given)


def read_renamed(text: str) -> Renamed:
    """Read the name of a column, as task, or as task=Dataset if the report calls it Dataset."""
    own, sign, theirs = text.partition("=")
    if not sign or not own or not theirs:
        return Renamed(text)
    return Renamed(own.strip(), theirs.strip())


def list_conditions(given: Names) -> list[str]:
    """Return conditions on rows as a list; unlike names, they are not split at commas."""
    if given is None:
        return []
    if isinstance(given, str):
        return [given]
    return list(given)


def read_condition(text: str) -> Condition:
    """Read a condition: status=FINISHED, lr=0.1|0.2 or acc!=nan."""
    match = re.fullmatch(r"(.+?)(!?=)(.*)", text)
    if match is None:
        raise refuse_option("where", text, "are conditions such as status=FINISHED or acc!=nan")
    name, sign, cells = match.groups()
    return Condition(text, name.strip(), tuple(cells.split("|")), keeps=sign == "=")


def read_wide(text: str | None) -> Wide | None:
    """Read the key that headings belong to: method, or method=TD3,PPO for some of them."""
    if text is None:
        return None
    key, _, columns = text.partition("=")
    return Wide(key.strip(), tuple(name.strip() for name in columns.split(",") if name.strip()))


def read_take(given: str | float | None) -> Take | None:
    """Read which value stands for a run: last, or t=last if t is the column of steps."""
    if given is None:
        return None
    step, _, which = str(given).rpartition("=")
    which = which.strip()
    is_step = re.fullmatch(r"\d+(?:\.\d+)?(?:e\d+)?", which) is not None
    if which not in TAKES and not is_step:
        allowed = f"are {', '.join(TAKES)} and a step such as 1000, or t=last for a column t"
        raise refuse_option("take", given, allowed)
    return Take(which, step.strip() or None)


def check_choice(name: str, given: str | None, allowed: Sequence[str]) -> str | None:
    """Return the value of an option; refuse one that is not among the allowed words."""
    if given is not None and given not in allowed:
        raise refuse_option(name, given, f"are {' and '.join(allowed)}")
    return given


def check_kind(given: str | None) -> str | None:
    """Return the option `plus_minus` as text; refuse what is no kind of a spread."""
    if given is not None and read_kind(str(given)) is None:
        allowed = "are sd, se, ci, 2sd, '90% ci', 'ci normal', 'sd n-1', iqr, range and ignore"
        raise refuse_option("plus_minus", given, allowed)
    return None if given is None else str(given)
