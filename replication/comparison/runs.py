"""Runs of one's own: read them from any form, find which failed, and count failures by a rule."""

import dataclasses
import math
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from replication.comparison.numbers import show
from replication.comparison.report import Report
from replication.comparison.request import Request
from replication.comparison.sides import Outcomes, OwnRuns, Values
from replication.comparison.values import check_values, take_numbers
from replication.errors import DataError, UsageError
from replication.reading.names import SUCCESSES
from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.sampling import SEED, UNBOUNDED, Sample


@dataclasses.dataclass(frozen=True, eq=False)
class Runs:
    """Runs of one's own, or another report in their place.

    Parameters
    ----------
    done : Sample or None
        Runs that succeeded; None if none did.
    n_failed : int
        Number of runs that failed.
    stop : float or None
        The one value at which failures were stopped, if there is one.
    n_missing : int
        Values that were left out.
    minus : Sample or None
        Runs of another kind, where the difference of the means is compared.
    is_of_pairs : bool
        Whether each run is the difference of two; a difference of 1 is no success.
    report : Report or None
        Another report, which stands in the place of runs.
    tasks : tuple of float64[...]
        The runs of each task, where a statistic is over tasks.
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
        """Number of runs, failures included."""
        if self.report is not None:
            return self.report.n
        return self.n_failed + (0 if self.done is None else self.done.n)


def read_runs(given: OwnRuns, report: Report, request: Request) -> Runs:
    """Return runs as they are judged; refuse them if values are compared, but all runs failed."""
    needs_cap = request.failures != "excluded" and bool(report.on_values)
    own = take_runs(given.values, given.succeeded, request, needs_cap=needs_cap, name="values")
    is_share = not SUCCESSES.keys().isdisjoint(report.numbers)
    if is_share and given.minus is None and not _says_success(given, request):
        return take_successes(own, is_alone=not report.on_values)
    _refuse_if_all_failed(own, report, "values")
    if given.minus is None:
        return dataclasses.replace(own, is_of_pairs=given.is_of_pairs)
    # For a difference, both groups are read, and both may have missing values.
    others = take_runs(given.minus, None, request, needs_cap=needs_cap, name="minus")
    _refuse_if_all_failed(others, report, "minus")
    n_missing = own.n_missing + others.n_missing
    return dataclasses.replace(own, minus=others.done, n_missing=n_missing)


def _says_success(given: OwnRuns, request: Request) -> bool:
    """Say whether anything beside the values says which runs succeeded: flags, a cap, counts."""
    if given.succeeded is not None or request.cap:
        return True
    return isinstance(given.values, CountTable) or hasattr(given.values, "converged")


def _refuse_if_all_failed(runs: Runs, report: Report, name: str) -> None:
    """Refuse runs that all failed, if the report has numbers on values."""
    if report.on_values and runs.done is None:
        raise DataError(f"all {runs.n:,} runs of `{name}` failed; compare the share alone")


def take_runs(
    values: Values,
    succeeded: npt.ArrayLike | None,
    request: Request,
    *,
    needs_cap: bool,
    name: str,
) -> Runs:
    """Return runs from counts, outcomes of `simulate` or an array.

    `needs_cap`: whether all failures must have been stopped at one value. `name`: of the argument.
    """
    if isinstance(values, CountTable):
        _refuse_said_twice(succeeded)
        return _take_counts(values, request)
    if is_of_outcomes(values):
        _refuse_said_twice(succeeded)
        succeeded = values.converged
        data = take_numbers(values.updates, name)
    else:
        data = take_numbers(values, name)
    flags = _take_flags(succeeded, data)
    is_known = ~np.isnan(data)
    n_missing = int((~is_known).sum())
    data = data[is_known]
    flags = flags[is_known]
    check_values(data, request)
    stop = _find_stop(data, flags, request.cap, needs_cap=needs_cap)
    if stop is not None:  # a run that goes beyond it has failed
        flags = flags & (data <= stop)
    n_failed = int((~flags).sum())
    done = _sample_successes(data[flags], request, None if n_failed == 0 else stop)
    if request.is_log and stop is not None:
        stop = math.log(stop) if stop > 0 else None
    return Runs(done, n_failed, stop, n_missing)


def is_of_outcomes(values: Values) -> TypeGuard[Outcomes]:
    """Say whether values are outcomes of `simulate`, which say themselves what succeeded."""
    return hasattr(values, "converged") and np.ndim(getattr(values, "updates", 0)) == 1


def _refuse_said_twice(succeeded: npt.ArrayLike | None) -> None:
    """Refuse `succeeded` beside outcomes that say themselves what succeeded."""
    if succeeded is not None:
        raise UsageError("`succeeded` was given with outcomes, which say it already; leave it")


def _take_counts(table: CountTable, request: Request) -> Runs:
    """Return runs from a table of counts, which has its own cap."""
    if request.cap is not None:
        raise UsageError("`cap` was given with counts, which have their own; leave it out")
    done = Sample.from_counts(table) if table.n_converged else None
    stop = None if table.cap is None else float(table.cap)
    return Runs(done, table.n_censored, stop)


def _take_flags(succeeded: npt.ArrayLike | None, data: FloatArray) -> BoolArray:
    """Return which runs succeeded; all of them if no flags were given."""
    if succeeded is None:
        return np.ones(data.shape, dtype=np.bool_)
    flags = np.asarray(succeeded)
    is_flag = flags.dtype.kind in "biuf" and np.isin(flags, (0, 1)).all()
    if not is_flag or flags.shape != data.shape:
        raise DataError(f"`succeeded` was given as {show(succeeded)}; give 1 or 0 for each run")
    return flags.astype(np.bool_)


def _sample_successes(values: FloatArray, request: Request, stop: float | None) -> Sample | None:
    """Return the successes as they are compared; None if there are none.

    `stop`: where failures were stopped, which no success can exceed.
    """
    if values.size == 0:
        return None
    if request.is_log:
        return Sample.from_values(np.log(values), bounds=UNBOUNDED, grid=None)
    high = math.inf if stop is None else stop
    return Sample.from_values(values, bounds=(-math.inf, high), grid=request.grid)


def _find_stop(
    data: FloatArray, flags: BoolArray, cap: float | None, *, needs_cap: bool
) -> float | None:
    """Return the one value at which failures were stopped: the cap, or their common value.

    None if they have no common value, and need none. `flags`: which runs succeeded.
    """
    stops = data[~flags]
    if stops.size == 0:
        return cap
    lowest = float(stops.min())
    highest = float(stops.max())
    if cap is not None:
        if lowest >= cap:  # all failures ran to the cap
            return cap
    elif lowest == highest and not (data[flags] > highest).any():
        return highest
    if not needs_cap:
        return None
    ways = f"give a `cap` of at most {lowest:g}, or `failures` as excluded if the report did so"
    raise DataError(f"failures stopped at {lowest:g} to {highest:g}, or others went on; {ways}")


def take_successes(own: Runs, *, is_alone: bool) -> Runs:
    """Return runs of ones and zeros as successes and failures; refuse any others.

    `is_alone`: whether only a share was reported. Beside other numbers, ones and zeros could be
    values.
    """
    is_of_flags = own.done is not None and set(own.done.values) <= {0.0, 1.0}
    if own.done is None or not is_of_flags or not is_alone:
        ways = "name a column with `succeeded`, or give a `cap`, or values of 1 and 0"
        raise UsageError(f"nothing says which of your runs succeeded, as for a share; {ways}")
    ones = own.done.runs[own.done.runs == 1.0]
    successes = Sample.from_values(ones) if ones.size else None
    return Runs(successes, n_failed=own.n - ones.size, n_missing=own.n_missing)


def get_sample(own: Runs, rule: str) -> Sample | None:
    """Return the runs under a rule for failures.

    None if no run succeeded, or if another report stands in the place of runs. Failures without a
    common value can only be left out.
    """
    done = own.done
    if done is None or own.n_failed == 0 or rule == "excluded" or own.stop is None:
        return done
    # Failures count as the cap.
    if rule == "at-cap":
        values = np.append(done.runs, np.full(own.n_failed, own.stop))
        return Sample.from_values(values, bounds=(done.low, own.stop), grid=done.grid)
    # Started anew: attempts are put in random order, and each success takes its own updates and
    # those of the failures just before it.
    generator = np.random.default_rng(SEED)
    attempts = np.append(done.runs, np.full(own.n_failed, math.inf))
    generator.shuffle(attempts)
    successes = np.flatnonzero(np.isfinite(attempts))
    n_failed_before = np.diff(successes, prepend=-1) - 1
    values = attempts[successes] + own.stop * n_failed_before
    return Sample.from_values(values, bounds=(done.low, math.inf), grid=done.grid)
