"""Read the values of runs as numbers, from lists, arrays or cells; refuse anything else."""

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from replication.comparison.numbers import show
from replication.comparison.request import Request
from replication.errors import DataError
from replication.reading.cells import is_missing, split_cell
from replication.reading.decimals import to_float
from replication.reading.signs import list_signs
from replication.statistics.arrays import BoolArray, FloatArray

LARGEST = 1e15
SMALLEST = 1e-100  # the square of a smaller number vanishes; 0 itself is allowed
GRID_SLACK = 1e-6  # of a step: a value may lie so far beside its grid, by rounding


def take_numbers(values: object, name: str) -> FloatArray:
    """Return float64 values, shape (n,), with NaN for a missing one (None, NaN, NA or masked).

    Numbers as text are read; a table of one column is taken as that column.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), math.nan)
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iufbOUS":
            raise ValueError
    except ValueError:  # dates, or rows of different lengths
        raise DataError(f"`{name}` are not all numbers; give one number for each run") from None
    if array.dtype.kind in "OUS" and array.ndim:
        array = read_cells(array.ravel().tolist(), name).reshape(array.shape)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        given = f"as {show(values)}" if array.ndim == 0 else f"with the shape {array.shape}"
        raise DataError(f"`{name}` was given {given}; give one number for each run")
    return array.astype(np.float64)


def read_cells(cells: Sequence[object], name: str) -> FloatArray:
    """Return cells of any kind as numbers, NaN where one is missing."""
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        number = read_cell(cell)
        if number is None or math.isinf(number):
            allowed = "numbers" if number is None else "finite numbers"
            given = f"{show(str(cell), length=40)} in row {row + 1} of the data"
            advice = f"allowed are {allowed}; correct or remove such rows"
            raise DataError(f"`{name}` holds {given}; {advice}")
        numbers[row] = number
    return numbers


def read_cell(cell: object) -> float | None:
    """Return a cell as a number, NaN where it is missing; None if it is not a number."""
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return math.nan
    if isinstance(cell, str):
        return read_text_cell(cell)
    if isinstance(cell, (bool, np.bool_)) or not isinstance(cell, (int, float, np.number, Decimal)):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf


def read_text_cell(text: str) -> float | None:
    """Return a text as a number, NaN if it says that one is missing; None if it is not a number.

    The text must be readable with a decimal point: 1,234.5 is, 0,5 is not.
    """
    if is_missing(text):
        return math.nan
    cell = split_cell(text)
    if cell is None or not cell.is_number or "." not in list_signs(cell.value or ""):
        return None
    return to_float((cell.value or "").replace(",", "").replace("'", ""))


def check_values(data: FloatArray, request: Request) -> None:
    """Refuse values that cannot be averaged or tested, or that contradict other arguments."""
    if data.size == 0:
        raise DataError("there are no values; give one for each run")
    size = np.abs(data)
    is_number = np.isfinite(data) & (size <= LARGEST) & ((size >= SMALLEST) | (size == 0))
    allowed = f"allowed are 0 and finite numbers from {SMALLEST:g} to {LARGEST:g}"
    _refuse_any(data, ~is_number, allowed)
    if request.grid is not None:
        step = float(request.grid)
        steps = data / step
        is_off = np.abs(steps - np.rint(steps)) > GRID_SLACK
        _refuse_any(data, is_off, f"which is no multiple of the grid {step:g} (`grid`)")
    if request.is_log:
        _refuse_any(data, data <= 0, "which has no logarithm (`scale`)")


def _refuse_any(data: FloatArray, is_wrong: BoolArray, why: str) -> None:
    """Refuse the first value that is wrong, with its row."""
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise DataError(f"the value in row {row + 1} is {data[row]:g}, {why}; correct it")
