"""The unit of reported numbers, where the values of your runs leave no doubt."""

import dataclasses
import re
from collections.abc import Mapping

import numpy as np

from replication.comparison.request import Remarks, Request
from replication.comparison.sides import OneSide, OwnRuns, Printed
from replication.reading.decimals import to_float
from replication.reading.names import SUCCESSES
from replication.statistics.arrays import FloatArray

LOGARITHMS = "logarithms are compared, and given back as ratios; a mean is the geometric one"
PER_CENT = re.compile(r"%(?!\s*C)")  # "97.3 %", but not "95 % CI"
MOST_AS_SHARE = 1.5  # larger values are no shares, even with noise


@dataclasses.dataclass(frozen=True)
class Unit:
    """What reported numbers are divided by, and a remark on how that is known.

    `scale`: None where nothing says it. `said`: the remark, by the argument that changes it.
    """

    scale: float | None = None
    said: Mapping[str, str] = dataclasses.field(default_factory=Remarks)


def find_unit(own: OneSide, theirs: Printed, request: Request) -> Unit:
    """Return the unit of reported numbers: what divides them to have the unit of your values.

    The option `scale` comes first; without it, per cent signs and values decide.
    """
    if request.is_log:
        return Unit(None, {"scale": LOGARITHMS})
    if request.scale == 1.0:
        return Unit(1.0)
    if request.scale is not None:
        return Unit(request.scale, {"scale": f"reported numbers are divided by {request.scale:g}"})
    if not is_per_cent(theirs):
        return find_unit_of_shares(own, theirs)
    if isinstance(own, Printed):
        return Unit(1.0 if is_per_cent(own) else None)
    return find_unit_of_runs(own)


def find_unit_of_shares(own: OneSide, theirs: Printed) -> Unit:
    """Return the unit of a report without a per cent sign, where your values have one.

    A reported 0.93 beside values such as 93 % is a share.
    """
    if not isinstance(own, OwnRuns) or not own.is_per_cent:
        return Unit()
    values = take_plain_values(own)
    centres = [text for name, text in theirs.numbers.items() if name in ("mean", "median", "iqm")]
    if values is None or float(np.nanmax(values)) <= MOST_AS_SHARE or len(centres) != 1:
        return Unit()
    if not 0.0 <= to_float(centres[0]) <= 1.0:
        return Unit()
    # Divided by 0.01, a share becomes per cent.
    return Unit(0.01, {"scale": "your values are per cent, and the reported ones shares"})


def find_unit_of_runs(own: OwnRuns) -> Unit:
    """Return the unit of numbers that are reported in per cent, by the range of your values.

    Values from 0 to 1 are shares, much larger ones per cent. Others leave doubt.
    """
    values = take_plain_values(own)
    if values is None:
        return Unit()
    low = float(np.nanmin(values))
    high = float(np.nanmax(values))
    if max(-low, high) > MOST_AS_SHARE:
        return Unit(1.0, {"scale": "your values are per cent, too"})
    if low >= 0.0 and high <= 1.0:
        return Unit(100.0, {"scale": "your values are shares, not per cent"})
    return Unit()


def take_plain_values(own: OwnRuns) -> FloatArray | None:
    """Return values as numbers, for pairs those of the first runs; None if there are no numbers."""
    given = own.values if own.firsts is None else own.firsts
    values = np.asarray(getattr(given, "updates", given))
    if values.dtype.kind not in "iufb":
        return None
    numbers = values.astype(np.float64)
    return None if np.isnan(numbers).all() else numbers


def is_per_cent(side: Printed) -> bool:
    """Say whether a per cent sign stands behind a mean or another number of the values."""
    texts = [str(text) for name, text in side.numbers.items() if name not in SUCCESSES]
    return any(PER_CENT.search(text) for text in texts)


def call_share_mean(theirs: Printed) -> Printed:
    """Return the report with its share as a mean, since a share is the mean of ones and zeros."""
    numbers = dict(theirs.numbers)
    numbers["mean"] = numbers.pop("share")
    return dataclasses.replace(theirs, numbers=numbers)
