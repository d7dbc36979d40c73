"""What each field of a protocol may be, and the message where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

from replication.errors import UsageError
from replication.wording import show

LearningRule = Literal["recirculation", "back-propagation"]
MinimisedError = Literal["squared", "cross-entropy"]
VisibleUnits = Literal["logistic", "linear"]
HiddenFunction = Literal[
    "logistic", "softsign", "algebraic", "spline", "linear", "tanh", "arcsinh", "arctan",
    "softplus", "rectifier",
]  # fmt: skip
UpdateSchedule = Literal["batch", "per-pattern"]
InitialBiases = Literal["drawn", "zero"]
Criterion = Literal[
    "every-unit", "every-unit-squared", "every-unit-half-squared", "half-squared-error",
    "worst-pattern",
]  # fmt: skip
MeasuredOn = Literal["reconstruction", "regressed"]

CHOICES: dict[str, tuple[Any, ...]] = {
    "learning_rule": get_args(LearningRule),
    "minimised_error": get_args(MinimisedError),
    "visible_units": get_args(VisibleUnits),
    "update_schedule": get_args(UpdateSchedule),
    "initial_biases": get_args(InitialBiases),
    "hidden_function": get_args(HiddenFunction),
    "criterion": get_args(Criterion),
    "error_measured_on": get_args(MeasuredOn),
}
WEIGHTS = ("W", "b", "U", "c")
"""The paper's weights into hidden units and their biases, and those into visible units."""
MAX_GROUP_SIZE = 256
MAX_UPDATES = 10_000_000


def check_field(name: str, value: Any) -> Any:
    """Return the value of a field as it is kept, arrays and tables as lists of Python."""
    return VALIDATORS[name](name, _to_python(value))


def _to_python(value: Any) -> Any:
    """Return numbers, arrays and tables of NumPy, pandas, polars and others as those of Python."""
    return value.__array__().tolist() if hasattr(value, "__array__") else value


def _validate_number(
    low: float, high: float, *, low_open: bool = False
) -> Callable[[str, Any], float]:
    opening = "above" if low_open else "of at least"
    limit = "" if high == math.inf else f" and below {high:g}"

    def validate(name: str, value: Any) -> float:
        try:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            number = float(value) if is_number else math.nan
        except OverflowError:
            number = math.inf
        is_above = low < number if low_open else low <= number
        if not (math.isfinite(number) and is_above and number < high):
            raise UsageError(
                f"{name} = {show(value)} was given; allowed is a finite number {opening} "
                f"{low:g}{limit}; correct it"
            )
        return number + 0.0  # -0.0 and 0.0 are one protocol

    return validate


def _validate_count(high: int) -> Callable[[str, Any], int]:
    def validate(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= high:
            raise UsageError(
                f"{name} = {show(value)} was given; allowed is a whole number from 1 to {high}"
            )
        return value

    return validate


def _validate_flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{name} = {show(value)} was given; allowed are true and false")
    return value


def _validate_choice(name: str, value: Any) -> str:
    if not isinstance(value, str) or value not in CHOICES[name]:
        raise UsageError(
            f"{name} = {show(value)} was given; allowed are {', '.join(CHOICES[name])}"
        )
    return str(value)


def _validate_group_sizes(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 8:
        raise UsageError(
            f"{name} = {show(value)} was given; allowed is a list of 2 to 8 "
            "group sizes, e.g. [4, 2]"
        )
    validate = _validate_count(MAX_GROUP_SIZE)
    return tuple(validate(f"{name}[{i}]", _to_python(size)) for i, size in enumerate(value))


def _validate_patterns(name: str, value: Any) -> str | tuple[tuple[float, ...], ...]:
    if value == "one-hot":
        return "one-hot"
    if isinstance(value, str) or not isinstance(value, list | tuple) or not value:
        raise UsageError(
            f"{name} = {show(value)} was given; allowed are 'one-hot' or a list of rows of numbers"
        )
    validate = _validate_number(0.0, math.inf)
    rows = []
    for row in map(_to_python, value):
        if not isinstance(row, list | tuple):
            raise UsageError(f"{name} has the row {row!r}; allowed is a list of numbers")
        numbers = [
            int(entry) if isinstance(entry, bool) else entry for entry in map(_to_python, row)
        ]
        rows.append(tuple(validate(f"an entry of {name}", entry) for entry in numbers))
    if max(max(row, default=0.0) for row in rows) > 1.0:
        raise UsageError(f"{name} = {show(value)} was given; allowed are values from 0 to 1")
    return tuple(rows)


def _validate_frozen(name: str, value: Any) -> tuple[str, ...]:
    """Take one name, several with commas, or a list; return them in the order of the weights."""
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    is_list = isinstance(names, list | tuple) and (bool(names) or names is value)
    if not is_list or any(each not in WEIGHTS for each in names):
        raise UsageError(
            f"{name} = {show(value)} was given; allowed are some of {', '.join(WEIGHTS)}, "
            'e.g. b or ["W", "b"]'
        )
    return tuple(each for each in WEIGHTS if each in names)


_validate_positive = _validate_number(0.0, math.inf, low_open=True)
VALIDATORS: dict[str, Callable[[str, Any], Any]] = {
    "group_sizes": _validate_group_sizes,
    "patterns": _validate_patterns,
    "learning_rate": _validate_positive,
    "momentum": _validate_number(0.0, 1.0),
    "regression": _validate_number(0.0, 1.0),
    "hidden_regression": _validate_flag,
    "visible_to_hidden_factor": _validate_positive,
    "hidden_to_visible_factor": _validate_positive,
    "second_round": _validate_flag,
    "frozen": _validate_frozen,
    "half_width": _validate_positive,
    "symmetric_start": _validate_flag,
    "threshold": _validate_positive,
    "max_updates": _validate_count(MAX_UPDATES),
    **dict.fromkeys(CHOICES, _validate_choice),
}
