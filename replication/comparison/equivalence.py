"""Whether a population mean is equivalent to a reported one: two one-sided tests."""

from __future__ import annotations

import dataclasses
import math

from scipy import special


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """Two one-sided t-tests of whether two means differ by less than a margin.

    `p`: the larger of the two. `low`, `high`: interval of the mean at 1 - 2 level, with the
    uncertainty of the reported one where that is known; equivalent if it lies within the margin of
    the reported mean. With a single run p and interval are None.
    """

    margin: float
    p: float | None
    low: float | None
    high: float | None
    is_equivalent: bool
    takes_reported_as_exact: bool


def assess_equivalence(
    mean: float,
    spread: float,
    n: int,
    reported: float,
    *,
    margin: float,
    level: float = 0.05,
    of_report: tuple[float, int] | None = None,
) -> Equivalence:
    """Test whether the mean of a population lies within a margin of a reported one.

    With `of_report`, the standard deviation and n of the report, the test is one of two samples of
    different variance (Welch); without, the reported mean is taken as exact.
    Reference: Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    is_exact = of_report is None or of_report[1] < 2
    if n < 2:
        return Equivalence(margin, None, None, None, False, is_exact)
    variance, degrees = spread**2 / n, n - 1.0
    if of_report is not None and not is_exact:
        other = of_report[0] ** 2 / of_report[1]
        whole = variance + other
        if whole > 0:
            degrees = whole**2 / (variance**2 / (n - 1) + other**2 / (of_report[1] - 1))
        variance = whole
    error = math.sqrt(variance)
    reach = float(special.stdtrit(degrees, 1.0 - level)) * error
    gap = margin - abs(mean - reported)
    p = 0.0 if gap > 0 else 1.0
    if error > 0:
        p = float(special.stdtr(degrees, -gap / error))
    return Equivalence(margin, p, mean - reach, mean + reach, p < level, is_exact)
