"""What is asked of a comparison beside its two sides, read once and frozen."""

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

from replication.comparison.numbers import read_number, refuse
from replication.errors import UsageError
from replication.reading.kinds import ALONE, NO_KIND, Kind, read_kind
from replication.reading.options import check_kind
from replication.statistics.sampling import UNBOUNDED, Bounds

FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started over and added up",
}
"""What a report can have done with failures, in words."""
LARGEST = 1e15
MOST_BETWEEN = 100.0  # standard deviations by which labs may differ

Number = str | float
"""A number as it was given: text as printed, or a number."""
Said = dict[str, str]
"""Sentences on what is taken for granted, by the argument that changes it."""


@dataclasses.dataclass(frozen=True)
class Margin:
    """A difference that does not matter: in the unit of the values, or a share of the mean."""

    value: float
    is_share: bool

    def measure(self, mean: float) -> float:
        """Return the margin in the unit of the values."""
        return self.value * abs(mean) if self.is_share else self.value


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked of a comparison.

    Parameters
    ----------
    level : float
        Of the test.
    failures : {"excluded", "at-cap", "restarted"} or None
        What the report did with failures; None where it was not said.
    kind : Kind
        What stands behind a ± that does not say so itself.
    scale : float or None
        What reported numbers are divided by; None where it was not said.
    is_log : bool
        Whether logarithms are compared.
    cap : float or None
        Where runs were stopped.
    bounds : (float, float)
        What no value can lie beyond.
    grid : Fraction or None
        What every value is a multiple of.
    between : float
        Standard deviations by which labs differ.
    estimates_between : bool
        Whether that is estimated from the rows of a table.
    margin : Margin or None
    groups : (str, str) or None
        Groups of one's own whose difference was reported, the second subtracted.
    evidence : bool
        Whether the replication Bayes factor and the sceptical p are wanted.
    """

    level: float = 0.05
    failures: str | None = None
    kind: Kind = NO_KIND
    scale: float | None = None
    is_log: bool = False
    cap: float | None = None
    bounds: Bounds = UNBOUNDED
    grid: Fraction | None = None
    between: float = 0.0
    estimates_between: bool = False
    margin: Margin | None = None
    groups: tuple[str, str] | None = None
    evidence: bool = False


def make_request(
    *,
    level: Number = 0.05,
    failures: str | None = None,
    plus_minus: str | None = None,
    scale: Number | None = None,
    cap: Number | None = None,
    bounds: Sequence[Number | None] | None = None,
    grid: Number | None = None,
    between: Number | None = None,
    margin: Number | None = None,
    groups: tuple[str, str] | None = None,
    evidence: bool = False,
) -> Request:
    """Read what was asked for; raise `UsageError` for what cannot be. None: nothing was."""
    is_log = scale == "log"
    if is_log and margin is not None:
        raise UsageError("`margin` and `scale` log do not go together; leave one out")
    if is_log and between is not None:
        raise UsageError("`between` and `scale` log do not go together; leave one out")
    if failures is not None and failures not in FAILURE_WORDS:
        raise refuse("failures", failures, f"are {', '.join(FAILURE_WORDS)}")
    is_estimate = between == "estimate"
    return Request(
        level=read_level(level),
        failures=failures,
        kind=read_plus_minus(plus_minus),
        scale=None if is_log else read_scale(scale),
        is_log=is_log,
        cap=read_cap(cap),
        bounds=read_bounds(bounds),
        grid=read_grid(grid),
        between=0.0 if is_estimate else read_between(between),
        estimates_between=is_estimate,
        margin=read_margin(margin),
        groups=groups,
        evidence=evidence,
    )


def read_plus_minus(given: str | None) -> Kind:
    """Read what was said of ±; what is of two ends or of brackets alone the reader has placed."""
    if given is None:
        return NO_KIND
    check_kind(given)
    kind = read_kind(str(given)) or NO_KIND
    return NO_KIND if kind.name in ALONE else kind


def read_level(given: Number) -> float:
    """Read the level of the test."""
    level = float(read_number(given, "level").value)
    if not 0.0 < level < 0.5:
        raise refuse("level", given, "is above 0 and below 0.5")
    return level


def read_scale(given: Number | None) -> float | None:
    """Read what reported numbers are divided by."""
    if given is None:
        return None
    scale = float(read_number(given, "scale").value)
    if not scale > 0.0:
        raise refuse("scale", given, "is a number above 0, or log")
    return scale


def read_cap(given: Number | None) -> float | None:
    """Read where runs were stopped."""
    if given is None:
        return None
    cap = float(read_number(given, "cap").value)
    if abs(cap) > LARGEST:
        raise refuse("cap", given, f"are numbers up to {LARGEST:g}")
    return cap


def read_bounds(given: Sequence[Number | None] | None) -> Bounds:
    """Read what no value can lie beyond; None or "none" where there is no bound."""
    if given is None:
        return UNBOUNDED
    try:
        first, last = given
        low = -math.inf if first in {None, "none"} else float(first or 0.0)
        high = math.inf if last in {None, "none"} else float(last or 0.0)
    except (TypeError, ValueError):
        low = high = math.nan
    if not low < high:
        raise refuse("bounds", given, "are a lower and a higher number, or none, as in 0 none")
    return low, high


def read_grid(given: Number | None) -> Fraction | None:
    """Read what every value is a multiple of."""
    if given is None:
        return None
    grid = read_number(given, "grid").value
    if not grid > 0:
        raise refuse("grid", given, "is a number above 0")
    return grid


def read_between(given: Number | None) -> float:
    """Read by how many standard deviations labs differ."""
    if given is None:
        return 0.0
    between = float(read_number(given, "between").value)
    if not 0.0 <= between <= MOST_BETWEEN:
        raise refuse("between", given, "is from 0 to 100 standard deviations")
    return between


def read_margin(given: Number | None) -> Margin | None:
    """Read a difference that does not matter: 0.5, or 10%."""
    if given is None:
        return None
    text = str(given).strip()
    is_share = text.endswith("%")
    value = float(read_number(text, "margin", scale=100.0 if is_share else 1.0).value)
    if not value > 0.0:
        raise refuse("margin", text, "is a number above 0, or per cent of the reported mean")
    return Margin(value, is_share)
