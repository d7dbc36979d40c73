"""Prediction intervals from a law that has itself been estimated."""

from __future__ import annotations

import math

from scipy import special

from replication.analysis.runs import RunLaw


def widen_level(run: RunLaw, n: int, *, n_networks: int, level: float = 0.95) -> float:
    """Return the level at which an estimated law predicts with coverage `level`.

    Parameters
    ----------
    run : RunLaw
        Estimated from `n_networks` networks.
    n : int
        Runs whose mean is predicted.
    n_networks : int
    level : float
        Coverage that is wanted.

    Notes
    -----
    The mean of the law has itself been estimated, which adds n / n_networks
    to the relative variance, and so has its spread: Student's t takes the
    place of the normal law, with ``2 n_networks / (kurtosis - 1)`` degrees of
    freedom (which is about `n_networks` for normal outcomes and far less for
    skewed ones). Outcomes rarer than one in n hardly enter a mean of n runs, so
    the kurtosis counts up to 2 n + 2 only. The coverage is measured by
    `replication.analysis.calibration`.
    """
    kurtosis = min(run.kurtosis, 2.0 * n + 2.0)
    freedom = 2.0 * n_networks / max(kurtosis - 1.0, 1e-9)
    reach = float(special.stdtrit(freedom, 0.5 + level / 2.0))
    reach *= math.sqrt(1.0 + n / n_networks) * (1.0 + 1.0 / n_networks)
    return float(2.0 * special.ndtr(reach) - 1.0)
