"""The kinds of values that fields of a protocol have, and the refusals of other values.

A field is declared once, in `Protocol`. Its annotation there says what is allowed: one of the types
below, `bool`, or a `Literal` of choices.
"""

import functools
import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from replication.errors import UsageError
from replication.wording import show

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = Any
"""A value that somebody has given for a field; it may be anything until the field's check."""
Check = Callable[[str, Any], Any]
"""Takes the name of a field and what was given for it; returns the field's value, or refuses."""

LearningRule = Literal["recirculation", "back-propagation"]
MinimisedError = Literal["squared", "cross-entropy"]
VisibleUnits = Literal["logistic", "linear"]
HiddenFunction = Literal[
    "logistic",
    "softsign",
    "algebraic",
    "spline",
    "linear",
    "tanh",
    "arcsinh",
    "arctan",
    "softplus",
    "rectifier",
]
UpdateSchedule = Literal["batch", "per-pattern", "minibatch"]
InitialBiases = Literal["drawn", "zero"]
Criterion = Literal[
    "every-unit",
    "every-unit-squared",
    "every-unit-half-squared",
    "half-squared-error",
    "worst-pattern",
    "unexplained-variance",
]
MeasuredOn = Literal["reconstruction", "regressed"]

WEIGHTS = ("W", "b", "U", "c")
"""The paper's weights: W and biases b into hidden units, U and biases c into visible units."""
PATTERN_SETS = ("one-hot", "digits")
"""Patterns that have a name."""
N_DIGITS = 1797
"""Images in the data set of handwritten digits."""
N_PIXELS = 64
"""Pixels of each of these images."""
LARGEST = sys.float_info.max  # values must be below it, so they are finite
MAX_UPDATES = 10_000_000
LARGEST_BATCH = 1_000_000  # patterns


def find_check(annotation: object) -> Check:
    """Return the check of fields with this annotation."""
    if annotation is bool:
        return take_flag
    if get_origin(annotation) is Literal:
        return functools.partial(_take_choice, choices=get_args(annotation))
    # All other annotations bring their check along, as in Annotated[float, check].
    _, check = get_args(annotation)
    return check  # type: ignore[no-any-return]


def take_whole(name: str, value: Value, low: int, high: int) -> int:
    """Return a whole number of Python or NumPy as a Python int, or refuse anything else."""
    allowed = f"is a whole number from {low} to {high}"
    if isinstance(value, bool):
        raise _refusal(name, value, allowed)
    try:
        whole = operator.index(value)
    except TypeError:  # also of 3.0 and "3"
        raise _refusal(name, value, allowed) from None
    if not low <= whole <= high:
        raise _refusal(name, value, allowed)
    return whole


def take_flag(name: str, value: Value) -> bool:
    """Return a truth value, or refuse anything else."""
    if not isinstance(value, bool):
        raise _refusal(name, value, "are true and false")
    return value


def _refusal(name: str, value: Value, allowed: str) -> UsageError:
    """Return the refusal of a value; `allowed` continues its sentence after "allowed"."""
    return UsageError(f"{name} = {show(value)} was given; allowed {allowed}")


def _take_number(
    name: str, value: Value, high: float = LARGEST, is_positive: bool = False
) -> float:
    """Return a number from 0 (or above 0, if it must be positive) to below `high` as a float."""
    allowed = f"is a finite number from 0 to below {high:g}"
    if is_positive:
        allowed = "is a finite number above 0"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refusal(name, value, allowed)
    # Compared before it becomes a float, since a whole number may be too large for one.
    if not 0 <= value < high or (is_positive and value == 0):
        raise _refusal(name, value, allowed)
    return float(value) + 0.0  # -0.0 becomes 0.0, since both are one protocol


def _take_choice(name: str, value: Value, choices: tuple[str, ...]) -> str:
    """Return one of the choices, or refuse anything else."""
    if value not in choices:
        raise _refusal(name, value, f"are {', '.join(choices)}")
    return str(value)


def _take_group_sizes(name: str, value: Value) -> tuple[int, ...]:
    """Return the sizes of groups, the visible one first: (4, 2) or (4, 3, 2)."""
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 8:
        raise _refusal(name, value, "is a list of 2 to 8 group sizes, e.g. [4, 2]")
    return tuple(take_whole(f"{name}[{i}]", size, 1, 1024) for i, size in enumerate(value))


def _take_patterns(name: str, value: Value) -> str | tuple[tuple[float, ...], ...]:
    """Return the name of a pattern set, or a table of numbers from 0 to 1 as tuples."""
    if isinstance(value, str) and value in PATTERN_SETS:
        return str(value)
    import numpy as np  # which commands without a table of patterns need not wait for

    table = _find_table(value)
    if table is None:
        allowed = f"are {', '.join(PATTERN_SETS)}, or rows of equally many numbers from 0 to 1"
        raise _refusal(name, value, allowed)
    if np.array_equal(table, np.eye(len(table))):
        return "one-hot"  # one protocol, however it is given
    return tuple(tuple(row) for row in table.tolist())


def _find_table(value: Value) -> "NDArray[np.float64] | None":
    """Return a table of numbers from 0 to 1, (n_patterns, n_visible); None for any other value."""
    import numpy as np

    try:
        table = np.array(value)
    except ValueError:  # rows of different lengths
        return None
    has_numbers = table.dtype.kind in "biuf"  # not text, nor whole numbers beyond 64 bits
    if not (has_numbers and table.ndim == 2 and table.size > 0):
        return None
    if not np.all((table >= 0) & (table <= 1)):
        return None
    return table.astype(np.float64) + 0.0  # -0.0 becomes 0.0


def _take_frozen(name: str, value: Value) -> tuple[str, ...]:
    """Return names of weights, given as a list or as "W,c", in the order of `WEIGHTS`."""
    refusal = _refusal(name, value, f"are some of {', '.join(WEIGHTS)}, e.g. b or W,c")
    names = value
    if isinstance(value, str):
        names = value.replace(",", " ").split()
    if not isinstance(names, list | tuple):
        raise refusal
    if any(each not in WEIGHTS for each in names):
        raise refusal
    return tuple(each for each in WEIGHTS if each in names)


Positive = Annotated[float, functools.partial(_take_number, is_positive=True)]
Share = Annotated[float, functools.partial(_take_number, high=1.0)]
GroupSizes = Annotated[tuple[int, ...], _take_group_sizes]
Patterns = Annotated[str | tuple[tuple[float, ...], ...], _take_patterns]
ImageCount = Annotated[int, functools.partial(take_whole, low=1, high=N_DIGITS)]
Frozen = Annotated[tuple[str, ...], _take_frozen]
BatchSize = Annotated[int, functools.partial(take_whole, low=1, high=LARGEST_BATCH)]
UpdateCount = Annotated[int, functools.partial(take_whole, low=1, high=MAX_UPDATES)]
