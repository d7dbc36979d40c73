"""The part of a multiverse's model on the posterior over readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.posterior import (
    PRIOR_WORDS,
    PRIORS,
    Likelihoods,
    estimate,
    find_credible_set,
    measure_answer,
    measure_entropy,
    sum_by_level,
    weigh_runs,
)
from replication.analysis.reading_table import COUNTS
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import (
    Blocked,
    compute_jackknife_error,
    find_leaders,
    find_reach,
)

FloatArray = npt.NDArray[np.float64]
MAIN_PRIOR = PRIORS[0]


def describe_posterior(
    likelihoods: Likelihoods,
    table: Mapping[str, Sequence[Any]],
    *,
    setting_levels: npt.NDArray[np.int64],
    n_levels: list[int],
    base: int,
    reported: float,
    margin: float,
    names: list[str],
) -> dict[str, Any]:
    """Return the posterior over readings and what it says.

    Parameters
    ----------
    likelihoods : Likelihoods
    table : mapping of str to sequence
        Columns of the table of readings.
    setting_levels : int64[n_readings, n_choices]
    n_levels : list of int
        Values of each choice.
    base : int
        The base reading.
    reported, margin : float
        A mean within `margin` of `reported` counts as close.
    names : list of str
        Fields of the choices.

    Returns
    -------
    dict
        ``readings`` is a Blocked for the table; the rest is nearly plain.
    """
    n_readings = len(setting_levels)
    is_close = _find_close(table, reported=reported, margin=margin)

    def marginals(posterior: FloatArray) -> FloatArray:
        by_reading = posterior.sum(axis=(1, 2, 3))
        return np.concatenate(
            [
                sum_by_level(by_reading, setting_levels, n_levels),
                posterior.sum(axis=(0, 2, 3)),
                posterior.sum(axis=(0, 1, 3)),
                [(posterior.sum(axis=3) * is_close).sum(), by_reading[base]],
            ]
        )

    def answers(posterior: FloatArray) -> FloatArray:
        close = np.stack([posterior * ~is_close[..., None], posterior * is_close[..., None]], -1)
        by_reading = close.sum(axis=(1, 2, 3))
        told = [
            measure_answer(
                np.stack([by_reading[setting_levels[:, i] == k].sum(axis=0) for k in range(size)])
            )
            for i, size in enumerate(n_levels)
        ]
        told += [measure_answer(close.sum(axis=axes)) for axes in ((0, 2, 3), (0, 1, 3), (0, 1, 2))]
        return np.array([*told, measure_entropy(close.sum(axis=(0, 1, 2, 3)))])

    by_prior = {}
    for prior in PRIORS:
        found = estimate(likelihoods, prior, marginals)
        weights = weigh_runs(likelihoods.ns, prior)
        evidence = Blocked(
            np.asarray((likelihoods.chance.full @ weights).mean()),
            (likelihoods.chance.without @ weights).mean(axis=(1, 2, 3)),
        )
        by_prior[prior] = {
            "words": PRIOR_WORDS[prior],
            "weights": weights,
            "evidence": {"value": evidence.full, "error": evidence.error},
            **_cut_marginals(found, n_levels),
        }
    readings = estimate(likelihoods, MAIN_PRIOR, lambda posterior: posterior.sum(axis=(1, 2, 3)))
    told = estimate(likelihoods, MAIN_PRIOR, answers)
    questions = [*names, "rule", "counting", "runs"]
    gain = Blocked(told.full[:-1], told.without[:, :-1])
    runs = estimate(likelihoods, MAIN_PRIOR, lambda posterior: posterior.sum(axis=(0, 1, 2)))
    return {
        "readings": readings,
        "main_prior": MAIN_PRIOR,
        "n_cells": n_readings * len(RULES) * len(COUNTS),
        "runs": {"n": likelihoods.ns, "posterior": runs.full, "error": runs.error},
        "priors": by_prior,
        "base": _rank_base(readings, base),
        "credible_set": _describe_set(readings, base),
        "questions": {
            "margin": margin,
            "uncertainty": {"value": told.full[-1], "error": told.error[-1]},
            "gain": [
                {"question": name, "bits": gain.full[i], "error": gain.error[i]}
                for i, name in enumerate(questions)
            ],
            "leaders": [questions[i] for i in find_leaders(gain)],
        },
    }


def _find_close(
    table: Mapping[str, Sequence[Any]], *, reported: float, margin: float
) -> npt.NDArray[np.bool_]:
    """Return whether each mean lies within the margin, bool[n_readings, n_rules, n_counts]."""
    # None, where a rule has no mean, becomes not-a-number.
    means = np.array([table[f"mean_{rule}"] for rule in RULES], dtype=np.float64).T
    counted = means[:, :, None] + np.arange(len(COUNTS))
    return np.asarray(np.abs(counted - reported) < margin)


def _cut_marginals(found: Blocked, n_levels: list[int]) -> dict[str, Any]:
    ends = np.cumsum([*n_levels, len(RULES), len(COUNTS)])
    values, errors = np.split(found.full, ends), np.split(found.error, ends)
    return {
        "choices": [
            {"posterior": value, "error": error}
            for value, error in zip(values[: len(n_levels)], errors[: len(n_levels)], strict=True)
        ],
        "rule": {"posterior": values[-3], "error": errors[-3]},
        "counting": {"posterior": values[-2], "error": errors[-2]},
        "close": {"value": values[-1][0], "error": errors[-1][0]},
        "base": {"value": values[-1][1], "error": errors[-1][1]},
    }


def _rank_base(readings: Blocked, base: int) -> dict[str, Any]:
    """Return how many readings are certainly more, or less, probable than the base reading."""
    gap = readings.full - readings.full[base]
    error = compute_jackknife_error(readings.without - readings.without[:, [base]])
    others = np.arange(gap.size) != base
    reach = find_reach(readings.n_blocks, n_comparisons=gap.size - 1)
    more, less = others & (gap > reach * error), others & (gap < -reach * error)
    return {
        "posterior": readings.full[base],
        "error": readings.error[base],
        "times_prior": readings.full[base] * gap.size,
        "n_more": int(more.sum()),
        "n_less": int(less.sum()),
        "n_undecided": int(others.sum() - more.sum() - less.sum()),
        "highest": readings.full.max(),
        "n_tied_for_first": len(find_leaders(readings)),
    }


def _describe_set(readings: Blocked, base: int) -> dict[str, Any]:
    """Return the smallest sets that hold half and 95 % of the posterior, over the readings."""
    if not np.isfinite(readings.full).all():
        return {"half": None, "most": None, "holds_base": False, "first": []}
    most = find_credible_set(readings.full)
    sizes = np.array([find_credible_set(row).size for row in readings.without], dtype=np.float64)
    return {
        "half": find_credible_set(readings.full, level=0.5).size,
        "most": most.size,
        "most_error": float(compute_jackknife_error(sizes)),
        "holds_base": bool(base in most),
        "first": most[:20],
    }
