"""The question that is raised where a table can be read in two ways."""

import enum
from collections.abc import Iterable

from replication.errors import UsageError
from replication.wording import show

MOST_NAMES = 8  # that a question lists


class Cause(enum.StrEnum):
    """What a question is about."""

    FORMAT = "format"  # a file that is no table, or one of several tables
    HEADER = "header"  # names of columns
    COLUMN = "column"  # a column that does not exist
    DECIMAL = "decimal"  # 12,345: a decimal comma or a group of thousands
    CELL = "cell"  # a cell that is no number, or several in one
    UNIT = "unit"  # a per cent sign behind some numbers only
    SPREAD = "spread"  # what stands in brackets, behind ±, or at two ends
    VALUE = "value"  # which column holds the values
    GROUP = "group"  # a column that tells runs apart
    SEED = "seed"  # one run that occurs twice
    STEP = "step"  # rows that may be steps of a run
    TAKE = "take"  # which value of a log stands for a run
    STATISTIC = "statistic"  # what a column of a report is
    KEY = "key"  # which columns or cells of both sides name the same result
    COUNT = "count"  # how many runs, or of how many


class Question(UsageError):
    """The error for what can be read in two ways; its message says what to give to choose one.

    Parameters
    ----------
    cause : Cause
        What the question is about, so that code can tell questions apart.
    message : str
        The possible readings, and the argument that chooses one of them.

    Examples
    --------
    >>> import replication
    >>> runs = {"lr": [0.1, 0.1, 0.2, 0.2], "acc": [0.81, 0.83, 0.90, 0.92]}
    >>> try:
    ...     replication.read_runs(runs, value="acc")
    ... except replication.Question as question:
    ...     print(question.cause)
    group
    """

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


def quote(names: Iterable[str]) -> str:
    """Return the first `MOST_NAMES` names for a message, in quotes and with commas between them."""
    listed = list(names)
    quoted = [show(name, length=40).replace("`", "\\x60") for name in listed[:MOST_NAMES]]
    if len(listed) > MOST_NAMES:
        quoted.append("...")
    return ", ".join(quoted)


def quote_argument(text: str) -> str:
    """Return an option's value as one types it in a shell, in quotes if it needs them.

    >>> quote_argument("task,method"), quote_argument("eval/return (mean)")
    ('task,method', "'eval/return (mean)'")
    """
    plain = text.replace("`", "\\x60")
    is_simple = plain and all(sign.isalnum() or sign in "_,=./-:%+" for sign in plain)
    return plain if is_simple else show(plain, length=80)
