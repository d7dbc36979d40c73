"""How much the last bit matters: outcomes of the same networks under two roundings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.intervals import estimate_proportion
from replication.analysis.plain import make_plain, make_plain_estimate


def compare_roundings(
    first: tuple[NDArray[np.int32], NDArray[np.bool_]],
    second: tuple[NDArray[np.int32], NDArray[np.bool_]],
) -> dict[str, Any]:
    """Compare outcomes of the same seeds, computed with other last bits.

    Parameters
    ----------
    first, second : (updates, converged)
        int32 and bool arrays of shape (n,), seed by seed.

    Returns
    -------
    dict
        ``n``; ``changed`` (estimate: the share of networks with another
        outcome); ``largest_change`` in updates; ``mean`` and ``median`` over
        the converged of both, each as a list of two; ``n_flipped``: networks
        that converge under one rounding only.
    """
    (updates, converged), (other_updates, other_converged) = first, second
    changed = (updates != other_updates) | (converged != other_converged)
    both = converged & other_converged
    shifts = np.abs(updates.astype(np.int64) - other_updates)
    means = [u[c].mean() if c.any() else None for u, c in (first, second)]
    medians = [np.median(u[c]) if c.any() else None for u, c in (first, second)]
    plain: dict[str, Any] = make_plain(
        {
            "n": len(updates),
            "changed": make_plain_estimate(estimate_proportion(int(changed.sum()), len(updates))),
            "largest_change": int(shifts[both].max()) if both.any() else None,
            "mean": means,
            "median": medians,
            "n_flipped": int((converged != other_converged).sum()),
        }
    )
    return plain
