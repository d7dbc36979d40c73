"""What a user says of a table: one list of options, which commands and functions share."""

import dataclasses
import re
from collections.abc import Sequence

from replication.errors import UsageError
from replication.reading.kinds import read_kind
from replication.wording import show

Names = str | Sequence[str] | None
"""Names of columns: "a,b", or a list."""


@dataclasses.dataclass(frozen=True)
class Option:
    """An option of a command, which is an argument of a function by the same name.

    `usage`: its name with what follows it. `is_repeatable`: it may be given more than once.
    """

    usage: str
    help: str
    choices: tuple[str, ...] = ()
    is_repeatable: bool = False

    @property
    def name(self) -> str:
        """The name as an argument: plus_minus."""
        return self.usage.split()[0].replace("-", "_")

    @property
    def flag(self) -> str:
        """The name as an option: --plus-minus."""
        return f"--{self.usage.split()[0]}"

    @property
    def values(self) -> tuple[str, ...]:
        """What follows the name."""
        return tuple(self.usage.split()[1:])


READING = (
    Option("by NAMES", "columns of keys: task,method; task=Dataset where the report says Dataset"),
    Option("value NAME", "column of your values, or several; a=Ours where the report says Ours"),
    Option("succeeded NAME", "column that says which of your runs succeeded (1/0, true/false)"),
    Option("seed NAMES", "columns that say which run a row is of"),
    Option("step NAME", "column of the steps of a run"),
    Option(
        "take WHICH", "what stands for a run of a log: last, last-each, max, min, mean or a step"
    ),
    Option(
        "where CONDITION",
        "keep rows: status=FINISHED, lr=0.1|0.2, or without them: acc!=nan",
        is_repeatable=True,
    ),
    Option("ignore NAMES", "columns that are of no use here"),
    Option("wide NAME", "headings are a key: method, or method=TD3,PPO for some of them"),
    Option("stat KIND", "what a number without a name is", ("mean", "median", "share")),
    Option("n NUMBER", "runs behind each reported number that does not say it"),
    Option(
        "plus-minus KIND",
        "what ± or brackets are: sd, se, ci, 2sd, '90%% ci', 'ci t' or "
        "'sd n-1'; of two ends also iqr and range; ignore for brackets that are no spread",
    ),
    Option("decimal SIGN", "the decimal sign of a table that leaves it open", (".", ",")),
)
"""What can be said of a table."""
TAKES = ("last", "last-each", "max", "min", "mean")


@dataclasses.dataclass(frozen=True)
class Renamed:
    """A column, and what the other table calls it."""

    own: str
    theirs: str | None = None


@dataclasses.dataclass(frozen=True)
class Condition:
    """A condition on rows: cells of a column that are kept, or left out."""

    text: str
    name: str
    cells: tuple[str, ...]
    keeps: bool


@dataclasses.dataclass(frozen=True)
class Wide:
    """A key whose cells stand in the headings, of some columns if these are named."""

    key: str
    columns: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reading:
    """What was said of a table.

    Parameters
    ----------
    by, value : tuple of Renamed
        Columns of keys, and of values.
    succeeded, step, take : str or None
    seed, ignore : tuple of str
    where : tuple of Condition
    wide : Wide or None
    stat, n, plus_minus, decimal : str or None
    """

    by: tuple[Renamed, ...] = ()
    value: tuple[Renamed, ...] = ()
    succeeded: str | None = None
    seed: tuple[str, ...] = ()
    step: str | None = None
    take: str | None = None
    where: tuple[Condition, ...] = ()
    ignore: tuple[str, ...] = ()
    wide: Wide | None = None
    stat: str | None = None
    n: str | None = None
    plus_minus: str | None = None
    decimal: str | None = None

    @property
    def keys(self) -> list[str]:
        """Columns of keys, by your names."""
        return [one.own for one in self.by]

    @property
    def values(self) -> list[str]:
        """Columns of values, by your names."""
        return [one.own for one in self.value]


def make_reading(
    *,
    by: Names = None,
    value: Names = None,
    succeeded: str | None = None,
    seed: Names = None,
    step: str | None = None,
    take: str | float | None = None,
    where: Names = None,
    ignore: Names = None,
    wide: str | None = None,
    stat: str | None = None,
    n: str | int | None = None,
    plus_minus: str | None = None,
    decimal: str | None = None,
) -> Reading:
    """Read what was said of a table; raise `UsageError` for what cannot be."""
    conditions = [where] if isinstance(where, str) else list(where or ())
    return Reading(
        by=tuple(map(read_renamed, split_names("by", by))),
        value=tuple(map(read_renamed, split_names("value", value))),
        succeeded=succeeded,
        seed=tuple(split_names("seed", seed)),
        step=step,
        take=None if take is None else read_take(take),
        where=tuple(map(read_condition, conditions)),
        ignore=tuple(split_names("ignore", ignore)),
        wide=None if wide is None else read_wide(wide),
        stat=check_choice("stat", stat, ("mean", "median", "share")),
        n=None if n is None else str(n),
        plus_minus=check_kind(plus_minus),
        decimal=check_choice("decimal", decimal, (".", ",")),
    )


def refuse_option(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given, and what is allowed instead."""
    quoted = show(given, length=40).replace("`", "\\x60")
    return UsageError(f"`{name}` was given as {quoted}; allowed {allowed}")


def split_names(option: str, given: Names) -> list[str]:
    """Return names of columns, of which some may be given as "a,b"."""
    if given is None:
        return []
    if isinstance(given, str):
        return [name.strip() for name in given.split(",") if name.strip()]
    is_list = isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)
    if not is_list:
        raise refuse_option(option, given, "are the name of a column, or a list of names")
    return list(given)


def read_renamed(text: str) -> Renamed:
    """Read the name of a column, or task=Dataset."""
    own, sign, theirs = text.partition("=")
    if not sign or not own or not theirs:
        return Renamed(text)
    return Renamed(own.strip(), theirs.strip())


def read_condition(text: str) -> Condition:
    """Read status=FINISHED, lr=0.1|0.2 or acc!=nan."""
    found = re.fullmatch(r"(.+?)(!?=)(.*)", text)
    if found is None:
        raise refuse_option("where", text, "are conditions such as status=FINISHED or acc!=nan")
    name, sign, cells = found.groups()
    return Condition(text, name.strip(), tuple(cells.split("|")), keeps=sign == "=")


def read_wide(text: str) -> Wide:
    """Read the key that headings are: method, or method=TD3,PPO."""
    key, _, columns = text.partition("=")
    return Wide(key.strip(), tuple(name.strip() for name in columns.split(",") if name.strip()))


def read_take(given: str | float) -> str:
    """Read what stands for a run of a log."""
    text = str(given).strip()
    is_step = re.fullmatch(r"\d+(?:\.\d+)?(?:e\d+)?", text) is not None
    if text not in TAKES and not is_step:
        raise refuse_option("take", given, f"are {', '.join(TAKES)} and a step such as 1000")
    return text


def check_choice(name: str, given: str | None, allowed: Sequence[str]) -> str | None:
    """Refuse what is not one of a few words."""
    if given is not None and given not in allowed:
        raise refuse_option(name, given, f"are {' and '.join(allowed)}")
    return given


def check_kind(given: str | None) -> str | None:
    """Refuse what no ± can be."""
    if given is not None and read_kind(str(given)) is None:
        allowed = "are sd, se, ci, 2sd, '90% ci', 'ci normal', 'sd n-1', iqr, range and ignore"
        raise refuse_option("plus_minus", given, allowed)
    return None if given is None else str(given)
