"""How often the intervals that are printed hold the truth, measured on a large run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from replication.statistics.counts import CountTable
from replication.statistics.intervals import (
    describe_counts,
    estimate_count_mean,
    estimate_proportion,
    estimate_quantile,
)

SIZES = (200, 2_000, 20_000, 100_000)
N_STUDIES = 1000
INTERVALS = ("share", "median", "quantile_95", "mean")


def measure_coverage(
    table: CountTable,
    *,
    seed: int,
    sizes: Sequence[int] = SIZES,
    n_studies: int = N_STUDIES,
) -> dict[str, Any]:
    """Draw samples of a large run and count how often their 95 % intervals hold its values.

    `table`: the large run, taken for the truth. `seed`: of the drawing. `sizes`: networks in a
    sample, small beside the large run. `n_studies`: samples of each size.
    Returns ``sizes``, ``n_studies`` and, for each of ``share`` (converged within 100 updates;
    Clopper-Pearson), ``median`` and ``quantile_95`` (order statistics) and ``mean`` (of the
    converged; Student's t), the coverage by size.
    """
    generator = np.random.default_rng(seed)
    weights = np.append(table.counts, table.n_censored) / table.n
    truth = {
        "share": float(table.count_within(100)) / table.n,
        "median": estimate_quantile(table, 0.5).value,
        "quantile_95": estimate_quantile(table, 0.95).value,
        "mean": describe_counts(table)[0],
    }
    found: dict[str, list[float]] = {name: [] for name in INTERVALS}
    for size in sizes:
        hits = dict.fromkeys(INTERVALS, 0)
        for _ in range(n_studies):
            counts = generator.multinomial(size, weights)
            kept = np.flatnonzero(counts[:-1])
            sample = CountTable(table.updates[kept], counts[kept], int(counts[-1]), table.cap)
            estimates = {
                "share": estimate_proportion(int(sample.count_within(100)), size),
                "median": estimate_quantile(sample, 0.5),
                "quantile_95": estimate_quantile(sample, 0.95),
                "mean": estimate_count_mean(sample),
            }
            for name, estimate in estimates.items():
                low = -np.inf if estimate.low is None else estimate.low
                high = np.inf if estimate.high is None else estimate.high
                value = truth[name]
                hits[name] += low <= (np.inf if value is None else value) <= high
        for name in INTERVALS:
            found[name].append(hits[name] / n_studies)
    return {"sizes": list(sizes), "n_studies": n_studies, **found}
