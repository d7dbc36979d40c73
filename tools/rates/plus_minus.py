"""A mean with a ± that nothing explains: it is read in every way that one's own runs leave open."""

import dataclasses

import numpy as np
from scipy import special

from replication.comparison.readings import RULED_OUT
from replication.statistics.arrays import FloatArray
from replication.statistics.means import NORMAL_KURTOSIS
from tools.rates.rows import Judged, find_spread_p, judge_means, replace_shares, summarise


def list_factors(m: int) -> list[list[float]]:
    """Return the factors from a printed ± of m runs to their standard deviation.

    The standard deviation has the denominator m - 1. There is a pair of factors for each kind of ±:
    a standard deviation (printed with m - 1, or with m), a standard error (the same), and half of a
    95 % interval (by Student's t, or by the normal distribution).
    """
    root_m = np.sqrt(m)
    denominator = np.sqrt(m / (m - 1.0))
    t = float(special.stdtrit(m - 1, 0.975))
    z = float(special.ndtri(0.975))
    return [[1.0, denominator], [root_m, root_m * denominator], [root_m / t, root_m / z]]


def judge_unsaid(own: FloatArray, theirs: FloatArray, kind: str) -> Judged:
    """Judge a mean with a ± that nothing explains.

    `kind`: what the ± is in truth, a standard deviation ("sd") or a standard error ("se").
    """
    one = summarise(own)
    two = summarise(theirs)
    printed = two.sd if kind == "sd" else two.sd / np.sqrt(two.n)
    # The share of the degrees of freedom that is left where runs have heavier tails than normal.
    share = 2.0 / (np.maximum(find_kurtosis(own), NORMAL_KURTOSIS) - 1.0)
    # A kind of ± contradicts if both of its factors do, and is out if the F test excludes both.
    contradicted_by = []
    ruled_out_by = []
    for factors in list_factors(two.n):
        sides = [dataclasses.replace(two, sd=printed * factor) for factor in factors]
        tests = [judge_means(one, side).is_contradicted for side in sides]
        contradicted_by.append(np.all(tests, axis=0))
        p = np.fmax.reduce([find_spread_p(one, side, share) for side in sides])
        ruled_out_by.append(p < RULED_OUT)
    is_contradicted = np.array(contradicted_by)  # (kinds, trials)
    is_ruled_out = np.array(ruled_out_by)
    is_ruled_out &= ~is_ruled_out.all(axis=0)  # where all kinds would be ruled out, all stay
    by_all = is_contradicted.all(axis=0)
    by_those_left = (is_contradicted | is_ruled_out).all(axis=0)
    conditional = by_those_left & (~by_all | (one.sd == 0))
    return replace_shares(Judged(by_those_left, conditional), own, theirs)


def find_kurtosis(runs: FloatArray) -> FloatArray:
    """Return the kurtosis along the last axis: the fourth moment over the squared variance."""
    deviations = runs - runs.mean(axis=-1, keepdims=True)
    return np.asarray((deviations**4).mean(axis=-1) / (deviations**2).mean(axis=-1) ** 2)
