"""Runs of one's own: how they may be given, which failed, and what a report did with those."""

import dataclasses
import math
from typing import Any

import numpy as np

from replication.comparison.numbers import show
from replication.comparison.report import Report
from replication.comparison.request import Request
from replication.comparison.sides import OwnRuns
from replication.comparison.values import check_values, take_numbers
from replication.errors import DataError, UsageError
from replication.reading.names import SUCCESSES
from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.sampling import SEED, UNBOUNDED, Sample


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
    says_success = isinstance(values, CountTable) or is_of_outcomes(values)
    if says_success and succeeded is not None:
        raise UsageError("`succeeded` was given with outcomes, which say it already; leave it")
    if isinstance(values, CountTable):
        return _take_counts(values, request)
    if says_success:
        succeeded = values.converged
        values = values.updates
    data = take_numbers(values, name)
    flags = _take_flags(succeeded, data)
    is_known = ~np.isnan(data)
    n_missing = int((~is_known).sum())
    data = data[is_known]
    flags = flags[is_known]
    check_values(data, request)
    stop = _find_cap(data, flags, request.cap, needs_cap=needs_cap)
    if stop is not None:  # whatever goes beyond the cap has failed
        flags = flags & (data <= stop)
    n_failed = int((~flags).sum())
    done = _sample_successes(data[flags], request, None if n_failed == 0 else stop)
    if request.is_log and stop is not None:
        stop = math.log(stop) if stop > 0 else None
    return Runs(done, n_failed, stop, n_missing)


def is_of_outcomes(values: Any) -> bool:
    """Say whether values are outcomes of `simulate`, which bring their successes."""
    return hasattr(values, "converged") and np.ndim(getattr(values, "updates", 0)) == 1


def _take_counts(table: CountTable, request: Request) -> Runs:
    """Return runs from a table of counts, which has its own cap."""
    if request.cap is not None:
        raise UsageError("`cap` was given with counts, which have their own; leave it out")
    done = Sample.from_counts(table) if table.n_converged else None
    stop = None if table.cap is None else float(table.cap)
    return Runs(done, table.n_censored, stop)


def _take_flags(succeeded: Any, data: FloatArray) -> BoolArray:
    """Return which runs succeeded; all where nothing says so."""
    if succeeded is None:
        return np.ones(data.shape, dtype=np.bool_)
    flags = np.asarray(succeeded)
    is_flag = flags.dtype.kind in "biuf" and np.isin(flags, (0, 1)).all()
    if not is_flag or flags.shape != data.shape:
        raise DataError(f"`succeeded` was given as {show(succeeded)}; give 1 or 0 for each run")
    return flags.astype(np.bool_)


def _sample_successes(values: FloatArray, request: Request, stop: float | None) -> Sample | None:
    """Return the successes, as they are compared; none lies beyond where failures were stopped."""
    if values.size == 0:
        return None
    if request.is_log:
        return Sample.from_values(np.log(values), bounds=UNBOUNDED, grid=None)
    high = math.inf if stop is None else stop
    return Sample.from_values(values, bounds=(-math.inf, high), grid=request.grid)


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
