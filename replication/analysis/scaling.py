"""Outcomes of any kind as a count table: real numbers on a decimal lattice.

The exact law of a mean needs outcomes on a lattice. Whole numbers are on one.
Decimal numbers are put on the lattice of their own last digit, which changes
nothing. Numbers with more than six digits beyond those of the reported mean
(measured times, say) are rounded to that many digits, which moves each
outcome, and so the mean, by at most half a unit of that digit: five
ten-millionths of a unit of the last reported digit.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from replication.analysis.counts import CountTable
from replication.errors import DataError

EXTRA_DECIMALS = 6
LARGEST = 2**52


@dataclasses.dataclass(frozen=True, eq=False)
class ScaledTable:
    """A count table in a unit of its own.

    Parameters
    ----------
    table : CountTable
        Outcomes as whole numbers of `unit`.
    unit : Fraction
        1 for whole numbers, else a power of 1/10.
    error : float
        Largest rounding of one outcome, in the data's own unit; 0 if none.
    """

    table: CountTable
    unit: Fraction
    error: float


def find_decimals(values: npt.NDArray[np.float64], *, most: int) -> tuple[int, bool]:
    """Return how many decimals the values have, and whether that is exact.

    Parameters
    ----------
    values : float64[n]
        Finite, at least 0.
    most : int
        Largest number of decimals to try; fewer are tried if the values are
        too large for whole multiples of the unit to be exact.
    """
    peak = float(values.max(initial=0.0))
    usable = [d for d in range(most + 1) if peak * 10.0**d <= LARGEST]
    for decimals in usable:
        scaled = values * 10.0**decimals
        slack = 4.0 * np.finfo(np.float64).eps * np.maximum(scaled, 1.0)
        if bool(np.all(np.abs(scaled - np.rint(scaled)) <= slack)):
            return decimals, True
    return (usable[-1] if usable else 0), False


def scale_outcomes(
    values: npt.ArrayLike,
    censored: npt.ArrayLike | None = None,
    *,
    decimals: int,
    cap: float | None = None,
) -> ScaledTable:
    """Count outcomes of any kind.

    Parameters
    ----------
    values : array_like of float or int, shape (n,)
        Outcomes, finite and at least 0; of a censored row, where it stopped.
    censored : array_like of bool, shape (n,), optional
        Rows that were stopped before they were done; none unless given.
    decimals : int
        Of the reported mean.
    cap : float, optional
        Censor everything beyond this value. Without it all censored rows must
        have stopped at one common value.

    Raises
    ------
    DataError
        If there is no row, a value is negative, not finite or beyond 4.5e15, or
        the censored rows have no common cap.
    """
    data = np.asarray(values, dtype=np.float64)
    flags = np.zeros(data.shape, bool) if censored is None else np.asarray(censored, dtype=bool)
    if data.ndim != 1 or data.shape != flags.shape:
        raise DataError(
            f"outcomes have shape {data.shape} and censoring {flags.shape}; both must be "
            "one-dimensional and equally long"
        )
    if data.size == 0:
        raise DataError("there are no outcomes; give at least one row")
    wrong = np.flatnonzero(~(np.isfinite(data) & (data >= 0) & (data <= LARGEST)))
    if wrong.size:
        raise DataError(
            f"outcome {data[wrong[0]]:g} in row {wrong[0] + 1}; allowed are finite numbers "
            f"from 0 to {LARGEST:g}; correct or remove the row"
        )
    stop = _find_cap(data, flags, cap)
    everything = data if stop is None else np.append(data, stop)
    digits, is_exact = find_decimals(everything, most=decimals + EXTRA_DECIMALS)
    scale = 10.0**digits
    whole = np.rint(data * scale).astype(np.int64)
    limit = None if stop is None else round(stop * scale)
    if limit is not None:
        flags = flags | (whole > limit)
        whole = np.minimum(whole, limit)
    return ScaledTable(
        CountTable.from_outcomes(whole, ~flags, limit),
        Fraction(1, 10**digits),
        0.0 if is_exact else 0.5 / scale,
    )


def _find_cap(
    data: npt.NDArray[np.float64], flags: npt.NDArray[np.bool_], cap: float | None
) -> float | None:
    """Return the common cap, None if nothing is censored and none was given."""
    stops = data[flags]
    lowest = float(stops.min()) if stops.size else None
    if cap is not None:
        if lowest is not None and lowest < cap:
            raise DataError(
                f"a censored row stopped at {lowest:g}, before the cap of {cap:g}; "
                f"give a cap of at most {lowest:g}"
            )
        return cap
    if lowest is None:
        return None
    if lowest != float(stops.max()):
        raise DataError(
            f"censored rows stopped at different values ({lowest:g} to {stops.max():g}); the "
            f"rules for failures need one cap: give --cap {lowest:g} to censor all rows there"
        )
    if bool(np.any(data[~flags] > lowest)):
        raise DataError(
            f"some rows went on beyond {lowest:g}, where others were censored; give "
            f"--cap {lowest:g} to censor all rows there"
        )
    return lowest
