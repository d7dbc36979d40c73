"""What a replication adds to a reported difference: a Bayes factor, and the sceptical p.

References
----------
Verhagen & Wagenmakers (2014), J. Exp. Psychol. Gen. 143, 1457-1475: replication Bayes factor.
Held (2020), A new standard for the analysis and design of replication studies, J. R. Stat. Soc. A
183, 431-448: sceptical p.
"""

import dataclasses
import math

import numpy as np
from scipy import special

from replication.statistics.means import Error, Side, combine_terms

N_STEPS = 100_000  # of a distribution that is integrated over
LARGEST_LOG = 700.0  # of which the exponential can be taken
TINY = 1e-300


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The replication Bayes factor, and the sceptical p, one-sided."""

    bayes_factor: float
    p_sceptical: float


def weigh_evidence(own: Side, other: Side) -> Evidence | None:
    """Return the replication Bayes factor, and the sceptical p, of a difference whose null is 0.

    The factor is the density of one's own difference if the effect is what the report estimated,
    over that if there is none. p is one-sided: near 1 where the differences have other signs.
    """
    if not own.has_spread or not other.has_spread:
        return None
    if not own.list_terms() or not other.list_terms():
        return None
    mine = combine_terms(own.list_terms())
    theirs = combine_terms(other.list_terms())
    if not mine.size or not theirs.size:
        return None
    return Evidence(
        find_bayes_factor(own.mean, mine, other.mean, theirs),
        find_sceptical_p(own.mean, mine, other.mean, theirs),
    )


def find_bayes_factor(own: float, mine: Error, other: float, theirs: Error) -> float:
    """Return the density of one's own difference by the report's effect, over that by none."""
    # The effect by the report's t distribution, in equally probable steps; likelihoods are by t.
    steps = (np.arange(N_STEPS) + 0.5) / N_STEPS
    effects = np.append(0.0, other + theirs.size * special.stdtrit(theirs.free, steps))
    squares = ((own - effects) / mine.size) ** 2
    if mine.free == math.inf:
        logs = -squares / 2.0
    else:
        logs = -(mine.free + 1.0) / 2.0 * np.log1p(squares / mine.free)
    log_factor = float(special.logsumexp(logs[1:])) - math.log(N_STEPS) - float(logs[0])
    return math.exp(min(log_factor, LARGEST_LOG))


def find_sceptical_p(own: float, mine: Error, other: float, theirs: Error) -> float:
    """Return Held's sceptical p."""
    z_own = _find_z(own / mine.size, mine.free)
    z_other = _find_z(other / theirs.size, theirs.free)
    inverse = 1.0 / max(z_own * z_own, TINY) + 1.0 / max(z_other * z_other, TINY)
    harmonic = 2.0 / inverse
    middle = (z_own**2 + z_other**2) / 2.0
    more = (theirs.size / mine.size) ** 2 - 1.0
    # Held's (sqrt(A (A + m H)) - A) / m, without a division by 0 where both errors are equal.
    below = math.sqrt(middle * (middle + more * harmonic)) + middle
    square = middle * harmonic / (below or 1.0)
    z = math.copysign(math.sqrt(square), z_own * z_other)
    return float(special.ndtr(-z))


def _find_z(t: float, free: float) -> float:
    """Return the statistic of many runs that has the same p as one of few."""
    return -math.copysign(float(special.ndtri(special.stdtr(free, -abs(t)))), t)
