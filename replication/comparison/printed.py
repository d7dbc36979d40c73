"""Numbers as they were printed: the decimals say how they were rounded."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction

from replication.errors import UsageError

_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,12})?|[+-]?\.[0-9]{1,12}")


@dataclasses.dataclass(frozen=True)
class Printed:
    """A number as it was printed, and all numbers that print so.

    Parameters
    ----------
    text : str
        As reported, e.g. "48", "48.30" or "95 %".
    value : Fraction
        The number itself.
    low, high : Fraction
        The rounding cell: numbers from `low` up to, not including, `high`.
    """

    text: str
    value: Fraction
    low: Fraction
    high: Fraction

    @property
    def width(self) -> Fraction:
        """Width of the rounding cell."""
        return self.high - self.low

    def holds(self, value: Fraction | float) -> bool:
        """Say whether a number prints so; both ends count, however halves are rounded."""
        return self.low <= value <= self.high


def read_printed(given: str | float, name: str, *, allow_percent: bool = False) -> Printed:
    """Read a reported number; its decimals say how it was rounded.

    Parameters
    ----------
    given : str, int or float
        A plain decimal number. A string keeps the zeros that were printed: "48.30"
        lies within 0.005 of 48.3, "48.3" within 0.05.
    name : str
        What it is, for the message.
    allow_percent : bool
        Whether "95 %" may be given for 0.95.

    Raises
    ------
    UsageError
        If it is not such a number, or has more than 15 digits before or 12 after the point.

    Examples
    --------
    >>> cell = read_printed("48", "mean")
    >>> float(cell.low), float(cell.high)
    (47.5, 48.5)
    """
    text = str(given).strip()
    body, factor = text, 1
    if allow_percent and text.endswith("%"):
        body, factor = text[:-1].strip(), 100
    if isinstance(given, bool) or not _PLAIN.fullmatch(body):
        raise UsageError(
            f"{name} was given as {shorten(text)}; allowed is a plain decimal number; write it "
            "as it was printed, such as 48, -0.5 or 0.120"
        )
    value = Fraction(body) / factor
    half = Fraction(1, 2 * factor * 10 ** len(body.partition(".")[2]))
    return Printed(text, value, value - half, value + half)


def shorten(text: str, *, length: int = 40) -> str:
    """Return a text quoted for a message: escapes shown, cut where it is long.

    Parameters
    ----------
    text : str
    length : int
        Characters that are kept, before escapes are shown.
    """
    shown = repr(text if len(text) <= length else text[: length - 3] + "...")
    return shown if len(shown) <= 4 * length else shown[: 4 * length] + "..."
