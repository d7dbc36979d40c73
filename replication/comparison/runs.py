"""Runs of one's own: how they may be given, which failed, and what a report did with those."""

import dataclasses
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from replication.comparison.numbers import show
from replication.comparison.report import Report
from replication.comparison.request import Request
from replication.comparison.sides import OwnRuns
from replication.errors import DataError, UsageError
from replication.reading.cells import is_missing, split_cell
from replication.reading.decimals import list_signs, to_float
from replication.reading.names import SUCCESSES
from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.sampling import SEED, UNBOUNDED, Sample

LARGEST = 1e15
SMALLEST = 1e-100  # smaller numbers, but for 0, have squares that vanish


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
    """Runs of one's own: those that succeeded, and failures that were stopped at one value.

    `minus`: runs of another kind, where the difference of the means is compared. `is_of_pairs`:
    each is the difference of two runs, and no success if it is 1. `report`: another report, which
    stands in the place of runs. `tasks`: the runs of each task, where a statistic is over tasks.
    """

    done: Sample | None = None
    n_failed: int = 0
    stop: float | None = None
    n_missing: int = 0
    minus: Sample | None = None
    is_of_pairs: bool = False
    report: Report | None = None
    tasks: tuple[FloatArray, ...] = ()

    @property
    def n(self) -> int:
        """All runs."""
        others = self.report or self.done
        return self.n_failed + (0 if others is None else others.n)


def read_runs(given: OwnRuns, report: Report, request: Request) -> Runs:
    """Return runs as they are judged; some must have succeeded if values are compared."""
    needs_cap = request.failures != "excluded" and bool(report.on_values)
    own = take_runs(given.values, given.succeeded, request, needs_cap=needs_cap, name="values")
    says_success = hasattr(given.values, "converged") or isinstance(given.values, CountTable)
    is_told = says_success or given.succeeded is not None or bool(request.cap)
    is_share = not SUCCESSES.keys().isdisjoint(report.numbers)
    if is_share and given.minus is None and not is_told:
        return take_successes(own, is_alone=not report.on_values)
    _refuse_if_all_failed(own, report, "values")
    if given.minus is None:
        return dataclasses.replace(own, is_of_pairs=given.is_of_pairs)
    # Of a difference both groups count, and both may lack values.
    others = take_runs(given.minus, None, request, needs_cap=needs_cap, name="minus")
    _refuse_if_all_failed(others, report, "minus")
    n_missing = own.n_missing + others.n_missing
    return dataclasses.replace(own, minus=others.done, n_missing=n_missing)


def _refuse_if_all_failed(runs: Runs, report: Report, name: str) -> None:
    if report.on_values and runs.done is None:
        raise DataError(f"all {runs.n:,} runs of `{name}` failed; compare the share alone")


def take_runs(values: Any, succeeded: Any, request: Request, *, needs_cap: bool, name: str) -> Runs:
    """Return runs from whatever holds them.

    `name` is that of the argument. With `needs_cap` failures must have one common value.
    """
    cap = request.cap
    bounds = request.bounds
    grid = request.grid
    # Outcomes of simulate bring their successes and their cap, plain values may need both.
    is_table = isinstance(values, CountTable)
    updates = getattr(values, "updates", 0)
    if is_table or (hasattr(values, "converged") and np.ndim(updates) == 1):
        if succeeded is not None:
            raise UsageError("`succeeded` was given with outcomes, which say it already; leave it")
        if is_table:
            if cap is not None:
                raise UsageError("`cap` was given with counts, which have their own; leave it out")
            done = Sample.from_counts(values) if values.n_converged else None
            stop = None if values.cap is None else float(values.cap)
            return Runs(done, values.n_censored, stop)
        values, succeeded = updates, values.converged
    data = _take_numbers(values, name)
    flags = np.ones(data.shape, bool) if succeeded is None else np.asarray(succeeded)
    is_flag = flags.dtype.kind in "biuf" and np.isin(flags, (0, 1)).all()
    if not is_flag or flags.shape != data.shape:
        raise DataError(f"`succeeded` was given as {show(succeeded)}; give 1 or 0 for each run")
    is_known = ~np.isnan(data)
    n_missing = int((~is_known).sum())
    data = data[is_known]
    flags = flags[is_known].astype(bool)
    if data.size == 0:
        raise DataError("there are no values; give one for each run")
    # What no mean or test can be of, and what contradicts the other arguments.
    is_log = request.is_log
    with np.errstate(all="ignore"):  # of values that are refused
        size = np.abs(data)
        steps = data / float(grid or 1)
        is_off = (np.abs(steps - np.rint(steps)) > 1e-6) & (grid is not None)
    is_number = np.isfinite(data) & (size <= LARGEST) & ((size >= SMALLEST) | (size == 0))
    for is_wrong, why in (
        (~is_number, f"allowed are 0 and finite numbers from {SMALLEST:g} to {LARGEST:g}"),
        (
            (data < bounds[0]) | (data > bounds[1]),
            f"beyond the bounds of {bounds[0]:g} and {bounds[1]:g} (`bounds`)",
        ),
        (is_off, f"which is no multiple of the grid {float(grid or 1):g} (`grid`)"),
        ((data <= 0) & is_log, "which has no logarithm (`scale`)"),
    ):
        if is_wrong.any():
            row = int(is_wrong.argmax())
            raise DataError(f"the value in row {row + 1} is {data[row]:g}, {why}; correct it")
    # Whatever goes beyond the cap has failed, and no value of a success can.
    stop = _find_cap(data, flags, cap, needs_cap=needs_cap)
    if stop is not None:
        flags = flags & (data <= stop)
        if not flags.all():
            bounds = (bounds[0], min(bounds[1], stop))
    if is_log:
        data = np.log(data)
        bounds = UNBOUNDED
        grid = None
        stop = math.log(stop) if stop is not None and stop > 0 else None
    done = Sample.from_values(data[flags], bounds=bounds, grid=grid) if flags.any() else None
    return Runs(done, int((~flags).sum()), stop, n_missing)


def _take_numbers(values: Any, name: str) -> FloatArray:
    """Return float64 values, NaN where one is missing (None, NaN, NA or masked)."""
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
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        given = f"as {show(values)}" if array.ndim == 0 else f"with the shape {array.shape}"
        raise DataError(f"`{name}` was given {given}; give one number for each run")
    return array.astype(np.float64)


def read_cells(cells: Sequence[object], name: str) -> FloatArray:
    """Return cells of any kind as numbers, NaN where one is missing."""
    found = np.empty(len(cells))
    for row, cell in enumerate(cells):
        number = read_cell(cell)
        if number is None or math.isinf(number):
            allowed = "numbers" if number is None else "finite numbers"
            given = f"{show(str(cell), length=40)} in row {row + 1} of the data"
            advice = f"allowed are {allowed}; correct or remove such rows"
            raise DataError(f"`{name}` holds {given}; {advice}")
        found[row] = number
    return found


def read_cell(cell: object) -> float | None:
    """Return a cell as a number, NaN where it is missing; None if it is no number."""
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
    """Return a text as a number, NaN where it says nothing; None if it is no plain number."""
    if is_missing(text):
        return math.nan
    cell = split_cell(text)
    if cell is None or not cell.is_number or "." not in list_signs(cell.value or ""):
        return None
    return to_float((cell.value or "").replace(",", "").replace("'", ""))


def _find_cap(data: FloatArray, flags: Any, cap: float | None, *, needs_cap: bool) -> float | None:
    """Return the common cap of the failures; None if they have none and need none."""
    stops = data[~flags]
    if stops.size == 0:
        return cap
    # Stopped at one value, or all at the cap or beyond, and no success went further?
    lowest = float(stops.min())
    highest = float(stops.max())
    common = highest if cap is None else cap
    if lowest >= common and not (cap is None and (data[flags] > common).any()):
        return common
    if not needs_cap:
        return None
    ways = f"give a `cap` of at most {lowest:g}, or `failures` as excluded if the report did so"
    raise DataError(f"failures stopped at {lowest:g} to {highest:g}, or others went on; {ways}")


def take_successes(own: Runs, *, is_alone: bool) -> Runs:
    """Return runs of ones and zeros as successes and failures; refuse any others."""
    if own.done is None or not (is_alone and set(own.done.values) <= {0.0, 1.0}):
        ways = "name a column with `succeeded`, or give a `cap`, or values of 1 and 0"
        raise UsageError(f"nothing says which of your runs succeeded, as for a share; {ways}")
    ones = own.done.runs[own.done.runs == 1.0]
    done = Sample.from_values(ones) if ones.size else None
    n_failed = own.n - ones.size
    return Runs(done, n_failed, None, own.n_missing)


def get_sample(own: Runs, rule: str) -> Sample | None:
    """Return the runs under a rule for failures; None if none succeeded, or of a report."""
    done = own.done
    if done is None or own.n_failed == 0 or rule == "excluded" or own.stop is None:
        return done
    # Failures count as the cap.
    if rule == "at-cap":
        values = np.append(done.runs, np.full(own.n_failed, own.stop))
        return Sample.from_values(values, bounds=(done.low, own.stop), grid=done.grid)
    # Started anew: in random order, failures are added up until the next success.
    generator = np.random.default_rng(SEED)
    attempts = np.append(done.runs, np.full(own.n_failed, math.inf))
    generator.shuffle(attempts)
    ends = np.flatnonzero(np.isfinite(attempts))
    failed_before = np.diff(ends, prepend=-1) - 1
    values = attempts[ends] + own.stop * failed_before
    return Sample.from_values(values, bounds=(done.low, math.inf), grid=done.grid)
