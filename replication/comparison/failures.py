"""Runs of one's own: which of them failed, and what a report may have done with such."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from replication.comparison import sampling
from replication.comparison.sampling import Sample
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LARGEST = 1e15
FAILURE_RULES = ("excluded", "at-cap", "restarted")


def take_runs(
    values: npt.ArrayLike | CountTable,
    succeeded: npt.ArrayLike | None,
    cap: float | None,
    *,
    needs_cap: bool,
) -> tuple[Sample | None, int, float | None]:
    """Return the runs that succeeded, the number that failed and where they were stopped.

    Parameters
    ----------
    values : array_like of float, shape (n,), or CountTable
    succeeded : array_like of bool, shape (n,), or None
    cap : float or None
        As in `comparison.compare`.
    needs_cap : bool
        Whether failures must have been stopped at one common value.

    Raises
    ------
    UsageError, DataError
        If the cap is no number, or the values cannot be taken.
    """
    if isinstance(values, CountTable):
        if succeeded is not None:
            raise UsageError("succeeded was given with a count table, which holds it already")
        if cap is not None and not float(cap).is_integer():
            raise UsageError(f"cap was given as {cap:g}; counts need a whole number")
        table = values if cap is None else values.censor(int(cap))
        done = Sample.from_counts(table) if table.n_converged else None
        return done, table.n_censored, None if table.cap is None else float(table.cap)
    try:
        data = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the values are not all numbers; give one number for each run") from None
    flags = np.ones(data.shape, bool) if succeeded is None else _take_flags(succeeded)
    if data.ndim != 1 or data.shape != flags.shape:
        raise DataError(
            f"values have shape {data.shape} and succeeded {flags.shape}; both must be "
            "one-dimensional and equally long"
        )
    if data.size == 0:
        raise DataError("there are no values; give one for each run")
    wrong = np.flatnonzero(~(np.isfinite(data) & (np.abs(data) <= LARGEST)))
    if wrong.size:
        raise DataError(
            f"the value in row {wrong[0] + 1} is {data[wrong[0]]:g}; allowed are finite numbers up "
            f"to {LARGEST:g}; correct or remove {'it' if wrong.size == 1 else 'these rows'}"
        )
    stop = _find_cap(data, flags, cap, needs_one=needs_cap)
    if stop is not None:
        flags = flags & (data <= stop)
    done = Sample.from_values(data[flags], is_bounded=not flags.all()) if flags.any() else None
    return done, int((~flags).sum()), stop


def _take_flags(succeeded: npt.ArrayLike) -> BoolArray:
    flags = np.asarray(succeeded)
    if flags.dtype != np.bool_ and not (
        np.issubdtype(flags.dtype, np.number) and np.all((flags == 0) | (flags == 1))
    ):
        raise DataError("succeeded is neither true and false nor 1 and 0; give one for each run")
    return flags.astype(np.bool_)


def _find_cap(
    data: FloatArray, flags: BoolArray, cap: float | None, *, needs_one: bool
) -> float | None:
    """Return the common cap of the failures, None if there are none and no cap was given."""
    stops = data[~flags]
    if cap is not None and not (math.isfinite(cap) and abs(cap) <= LARGEST):
        raise UsageError(f"cap was given as {cap:g}; allowed are numbers up to {LARGEST:g}")
    if stops.size == 0:
        return cap
    common = float(stops.max()) if cap is None else cap
    early = stops < common
    if cap is not None and not early.any():
        return cap
    late = data[flags] > common
    if cap is None and not early.any() and not late.any():
        return common
    if cap is None and not needs_one:
        return None
    raise DataError(_advise(data, stops, cap, late_only=not early.any()))


def _advise(data: FloatArray, stops: FloatArray, cap: float | None, *, late_only: bool) -> str:
    """Return what to do about failures that were stopped at different values."""
    lowest, highest = float(stops.min()), float(stops.max())
    n_beyond = int((data >= lowest).sum())
    values, counts = np.unique(stops, return_counts=True)
    usual = float(values[int(np.argmax(counts))])
    n_early = int((stops < usual).sum())
    if late_only and cap is None:
        what = f"failures were stopped at {highest:g}, but other runs went on beyond"
    elif cap is not None:
        what = f"{int((stops < cap).sum())} failures were stopped before the cap of {cap:g}"
    else:
        what = f"failures were stopped at different values, {lowest:g} to {highest:g}"
    if 2 * n_beyond <= data.size:
        share = 100.0 * n_beyond / data.size
        return (
            f"{what}; they need one common cap; give a cap of {lowest:g}, which counts "
            f"{share:.2g} % of the runs as failures"
        )
    if n_early and 2 * n_early <= data.size and not (late_only and cap is None):
        return (
            f"{what}; they need one common cap, and {lowest:g} would count most runs as failures; "
            f"if runs were not stopped because they did badly, remove the {n_early} stopped "
            f"before {usual:g} and give a cap of {usual:g}"
        )
    return (
        f"{what}; they need one common cap, and {lowest:g} would count most runs as failures; "
        "run the failures on to one common cap, give failures as excluded if the report left them "
        "out, or compare the share that succeeded only"
    )


def apply_rule(done: Sample, n_failed: int, stop: float | None, rule: str) -> Sample | None:
    """Return the runs under a rule for failures, None if the rule cannot be applied.

    Parameters
    ----------
    done : Sample
        Those that succeeded.
    n_failed : int
    stop : float or None
        Where failures were stopped.
    rule : str
        Of `FAILURE_RULES`.
    """
    if n_failed == 0 or rule == "excluded":
        return done
    if stop is None:
        return None
    if rule == "at-cap":
        values = np.append(done.values, stop)
        counts = np.append(done.counts, n_failed)
        if done.values[-1] == stop:
            values, counts = done.values, done.counts.copy()
            counts[-1] += n_failed
        return Sample(values, counts, is_bounded=True)
    # Started anew: in random order, failures are added up until the next success.
    generator = np.random.default_rng(sampling.SEED)
    attempts = np.repeat(np.append(done.values, math.inf), np.append(done.counts, n_failed))
    generator.shuffle(attempts)
    ends = np.flatnonzero(np.isfinite(attempts))
    failed_before = np.diff(ends, prepend=-1) - 1
    return Sample.from_values(attempts[ends] + stop * failed_before)
