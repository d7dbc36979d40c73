"""What is asked of a comparison beside its two sides, read once and frozen."""

import dataclasses
from fractions import Fraction

from replication.comparison.numbers import read_number, refuse
from replication.comparison.options import Judging, Number
from replication.errors import UsageError
from replication.reading.kinds import ALONE, NO_KIND, Kind, read_kind
from replication.reading.options import check_kind

FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started over and added up",
}
"""What a report can have done with failures, in words."""
LEVEL = 0.05  # of a test, unless given
LARGEST = 1e15  # value of a cap
MOST_BETWEEN = 100.0  # standard deviations by which labs may differ

Remarks = dict[str, str]
"""Sentences beside a verdict, by the argument that changes it or by cause."""


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
    """The options of a comparison, once they were read.

    Parameters
    ----------
    level : float
        Significance level of the test.
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
    grid : Fraction or None
        What every value is a multiple of.
    between : float
        Spread between labs, in standard deviations of a run.
    estimates_between : bool
        Whether the spread between labs is estimated from the rows of a table.
    margin : Margin or None
        A difference that does not matter, if one was given.
    groups : (str, str) or None
        Groups of one's own whose difference was reported, the second subtracted.
    """

    level: float = LEVEL
    failures: str | None = None
    kind: Kind = NO_KIND
    scale: float | None = None
    is_log: bool = False
    cap: float | None = None
    grid: Fraction | None = None
    between: float = 0.0
    estimates_between: bool = False
    margin: Margin | None = None
    groups: tuple[str, str] | None = None


def make_request(
    asked: Judging, *, plus_minus: str | None = None, groups: tuple[str, str] | None = None
) -> Request:
    """Read the options of a comparison; raise `UsageError` for an option that is not allowed."""
    is_log = asked.get("scale") == "log"
    if is_log and asked.get("margin") is not None:
        raise UsageError("`margin` and `scale` log do not go together; leave one out")
    if is_log and asked.get("between") is not None:
        raise UsageError("`between` and `scale` log do not go together; leave one out")
    is_estimate = asked.get("between") == "estimate"
    return Request(
        level=read_level(asked.get("level")),
        failures=read_failures(asked.get("failures")),
        kind=read_plus_minus(plus_minus),
        scale=None if is_log else read_scale(asked.get("scale")),
        is_log=is_log,
        cap=read_cap(asked.get("cap")),
        grid=read_grid(asked.get("grid")),
        between=0.0 if is_estimate else read_between(asked.get("between")),
        estimates_between=is_estimate,
        margin=read_margin(asked.get("margin")),
        groups=groups,
    )


def read_failures(given: str | None) -> str | None:
    """Read what the report did with failures."""
    if given is not None and given not in FAILURE_WORDS:
        raise refuse("failures", given, f"are {', '.join(FAILURE_WORDS)}")
    return given


def read_plus_minus(given: str | None) -> Kind:
    """Read the option `plus_minus`: what stands behind a ±.

    A kind that a ± cannot have, such as a range, says how brackets or two ends are read. The reader
    has used it already, so here it says nothing.
    """
    if given is None:
        return NO_KIND
    check_kind(given)
    kind = read_kind(str(given)) or NO_KIND
    return NO_KIND if kind.name in ALONE else kind


def read_level(given: Number | None) -> float:
    """Read the level of the test."""
    if given is None:
        return LEVEL
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
    if str(given).strip().endswith("%"):
        raise refuse("between", given, "is a number of standard deviations, 0.35, or estimate")
    between = float(read_number(given, "between").value)
    if not 0.0 <= between <= MOST_BETWEEN:
        raise refuse("between", given, "is from 0 to 100 standard deviations")
    return between


def read_margin(given: Number | None) -> Margin | None:
    """Read a difference that does not matter: 0.5, or 10% of the reported mean."""
    if given is None:
        return None
    text = str(given).strip()
    is_share = text.endswith("%")
    scale = 100.0 if is_share else 1.0  # per cent are divided by 100: 10% is 0.1 of the mean
    margin = read_number(text, "margin", scale=scale)
    value = float(margin.value)
    if not value > 0.0:
        raise refuse("margin", text, "is a number above 0, or per cent of the reported mean")
    return Margin(value, is_share)
