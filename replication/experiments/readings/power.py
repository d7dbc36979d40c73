"""How often the test of the headline would reject, if the networks of 1988 had been others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from replication.experiments.headline.ranking import Ranked
from replication.experiments.headline.unusual import draw_studies
from replication.statistics.counts import CountTable

N_STUDIES = 20_000


def measure_power(ranked: Ranked, truth: CountTable, *, level: float) -> dict[str, Any]:
    """Return how often studies of another population are rejected, `ranked` being taken as true.

    Returns ``share`` of `N_STUDIES` studies drawn from the converged of `truth` that are rejected,
    and its standard ``error``.
    """
    means, maxima, p = ranked.means, ranked.maxima, ranked.p
    drawn_means, drawn_maxima = draw_studies(truth, N_STUDIES)
    rows = np.floor(drawn_means + 0.5) - means[0]
    # A largest count that the population lacks is judged as the next larger one that it has.
    columns = np.minimum(np.searchsorted(maxima, drawn_maxima), len(maxima) - 1)
    is_near = (rows >= 0) & (rows < len(means))
    accepted = p[rows[is_near].astype(np.int64), columns[is_near]] > level
    share = 1.0 - int(np.count_nonzero(accepted)) / N_STUDIES
    return {"share": share, "error": math.sqrt(share * (1.0 - share) / N_STUDIES)}
