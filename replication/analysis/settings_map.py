"""The results model of the map: convergence and speed over learning rate and regression."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.intervals import bound_proportion
from replication.analysis.plain import make_plain
from replication.analysis.seed_blocks import (
    STATISTICS,
    Blocked,
    block_statistics,
    count_blocks,
    find_leaders,
    find_reach,
    stack_blocked,
)
from replication.errors import UsageError

CRITERIA = ("cap", "restart", "median")
"""What "best" may mean: the smallest restricted mean, mean with restarts, or median."""
EDGE_SHARES = (0.01, 0.05)
MIN_SEEDS = 40


@dataclasses.dataclass(frozen=True, eq=False)
class Map:
    """Outcomes over a grid of two settings.

    Parameters
    ----------
    learning_rates, regressions : tuple of float
        Ascending.
    outcomes : int32[n_rates * n_regressions, n_seeds]
        The regression runs fastest; beyond `cap` where a network did not converge.
    cap, restart_after : int
    paper : int
        Cell of the paper's settings.
    """

    learning_rates: tuple[float, ...]
    regressions: tuple[float, ...]
    outcomes: npt.NDArray[np.int32]
    cap: int
    restart_after: int
    paper: int

    def locate(self, cell: int) -> tuple[float, float]:
        """Return the learning rate and the regression of a cell."""
        rate, regression = divmod(cell, len(self.regressions))
        return self.learning_rates[rate], self.regressions[regression]


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
    """Outcomes along one setting, under one update schedule.

    Parameters
    ----------
    field, schedule : str
    values : tuple of float
    outcomes : int32[n_values, n_seeds]
    """

    field: str
    schedule: str
    values: tuple[float, ...]
    outcomes: npt.NDArray[np.int32]


def measure_cells(
    outcomes: npt.NDArray[np.int32], *, cap: int, restart_after: int
) -> tuple[Blocked, npt.NDArray[np.int64]]:
    """Return `STATISTICS` of each row (entries float64[n_cells, 5]) and how many converged.

    Parameters
    ----------
    outcomes : int32 array, shape (n_cells, n_seeds)
        Updates; anything beyond `cap` has not converged.
    cap : int
    restart_after : int
        The c of the restart rule.
    """
    counts = [count_blocks(row, cap) for row in outcomes]
    statistics = [block_statistics(part, restart_after=restart_after) for part in counts]
    return stack_blocked(statistics), np.array([part[:, :-1].sum() for part in counts])


def find_best_cells(outcomes: Map) -> dict[str, int]:
    """Return the best cell by each of `CRITERIA`.

    Raises
    ------
    UsageError
        If there are too few seeds for the errors.
    """
    if outcomes.outcomes.shape[1] < MIN_SEEDS:
        raise UsageError(
            f"a map of {outcomes.outcomes.shape[1]} networks a cell was asked for; its errors "
            f"need at least {MIN_SEEDS}; give more --seeds"
        )
    statistics, _ = measure_cells(
        outcomes.outcomes, cap=outcomes.cap, restart_after=outcomes.restart_after
    )
    return {
        name: int(np.nanargmin(statistics.full[:, STATISTICS.index(name)])) for name in CRITERIA
    }


def summarise_map(
    outcomes: Map,
    curves: Sequence[Curve],
    *,
    best: Mapping[str, int],
    fresh: Mapping[int, npt.NDArray[np.int32]],
) -> dict[str, Any]:
    """Return the results model of the map as plain JSON values.

    Parameters
    ----------
    outcomes : Map
    curves : sequence of Curve
    best : mapping of str to int
        From `find_best_cells`.
    fresh : mapping of int to int32[n_fresh]
        Outcomes of further seeds in the best cells and in the paper's, so that
        having been picked as the best of many does not flatter a cell.
    """
    cap, restart_after = outcomes.cap, outcomes.restart_after
    statistics, n_converged = measure_cells(outcomes.outcomes, cap=cap, restart_after=restart_after)
    n_seeds = outcomes.outcomes.shape[1]
    shape = (len(outcomes.learning_rates), len(outcomes.regressions))
    described = _describe_cells(statistics, n_converged, n_seeds)
    rate, regression = outcomes.locate(outcomes.paper)
    model = {
        "cap": cap,
        "restart_after": restart_after,
        "learning_rates": outcomes.learning_rates,
        "regressions": outcomes.regressions,
        "cells": {name: np.reshape(column, shape) for name, column in described.items()},
        "paper": {
            "learning_rate": rate,
            "regression": regression,
            **{name: column[outcomes.paper] for name, column in described.items()},
        },
        "n_fresh": len(fresh[outcomes.paper]),
        "best": {
            name: _describe_best(outcomes, statistics, name, cell, fresh=fresh)
            for name, cell in best.items()
        },
        "ridge": _describe_ridge(outcomes, described),
        "edge": _find_edge(outcomes, described, n_converged, n_seeds),
        "curves": _describe_curves(curves, cap=cap, restart_after=restart_after),
    }
    plain: dict[str, Any] = make_plain(model)
    return plain


def _describe_cells(
    statistics: Blocked, n_converged: npt.NDArray[np.int64], n_seeds: int
) -> dict[str, npt.NDArray[np.float64]]:
    low, high = bound_proportion(n_converged, n_seeds)
    columns = {"converged": n_converged / n_seeds, "converged_low": low, "converged_high": high}
    errors = statistics.error
    for i, name in enumerate(STATISTICS):
        columns |= {name: statistics.full[:, i], f"{name}_error": errors[:, i]}
    return columns


def _describe_best(
    outcomes: Map,
    statistics: Blocked,
    name: str,
    cell: int,
    *,
    fresh: Mapping[int, npt.NDArray[np.int32]],
) -> dict[str, Any]:
    column = STATISTICS.index(name)
    tied = _find_fastest(statistics, column)
    measured = stack_blocked(
        [
            block_statistics(
                count_blocks(fresh[place], outcomes.cap), restart_after=outcomes.restart_after
            )
            for place in (cell, outcomes.paper)
        ]
    )
    gain = Blocked(
        measured.full[1] - measured.full[0], measured.without[:, 1] - measured.without[:, 0]
    )
    ratio = Blocked(
        measured.full[1] / measured.full[0], measured.without[:, 1] / measured.without[:, 0]
    )
    rate, regression = outcomes.locate(cell)
    reach = find_reach(gain.n_blocks)
    return {
        "learning_rate": rate,
        "regression": regression,
        "n_tied": len(tied),
        "tied": [outcomes.locate(other) for other in tied],
        "is_paper_tied": outcomes.paper in tied,
        "value": measured.full[0, column],
        "value_error": measured.error[0, column],
        "paper_value": measured.full[1, column],
        "paper_value_error": measured.error[1, column],
        "gain": gain.full[column],
        "gain_low": gain.full[column] - reach * gain.error[column],
        "gain_high": gain.full[column] + reach * gain.error[column],
        "ratio": ratio.full[column],
        "ratio_error": ratio.error[column],
        "converged": float(np.mean(fresh[cell] <= outcomes.cap)),
        "paper_converged": float(np.mean(fresh[outcomes.paper] <= outcomes.cap)),
    }


def _find_fastest(statistics: Blocked, column: int) -> list[int]:
    """Return the cell with the smallest statistic, then those that the error cannot tell from it.

    Compared as ratios: where few networks converge, the error is as large as the number.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        speed = Blocked(
            -np.log(statistics.full[:, column]), -np.log(statistics.without[:, :, column])
        )
    return find_leaders(speed)


def _describe_ridge(
    outcomes: Map, described: Mapping[str, npt.NDArray[np.float64]]
) -> dict[str, Any]:
    """Return, for each regression, the learning rate with the smallest mean with restarts."""
    shape = (len(outcomes.learning_rates), len(outcomes.regressions))
    means, errors = (described[name].reshape(shape) for name in ("restart", "restart_error"))
    rows = [int(np.nanargmin(column)) for column in means.T]
    rates = np.array(outcomes.learning_rates)[rows]
    columns = np.arange(shape[1])
    return {
        "learning_rate": rates,
        "restart": means[rows, columns],
        "restart_error": errors[rows, columns],
        "product": rates * (1.0 - np.array(outcomes.regressions)),
    }


def _find_edge(
    outcomes: Map,
    described: Mapping[str, npt.NDArray[np.float64]],
    n_converged: npt.NDArray[np.int64],
    n_seeds: int,
) -> dict[str, Any]:
    """Return, for each regression, from which learning rate on failures exceed a share.

    Slow networks fail too, at small learning rates; the edge is looked for only
    beyond the learning rate that is best for the regression.
    """
    shape = (len(outcomes.learning_rates), len(outcomes.regressions))
    high = described["converged_high"].reshape(shape)
    mean = described["restart"].reshape(shape)
    rates = np.array(outcomes.learning_rates)
    edge: dict[str, Any] = {}
    for share in EDGE_SHARES:
        found: list[float | None] = []
        for j in range(shape[1]):
            start = int(np.nanargmin(mean[:, j]))
            beyond = np.flatnonzero((1.0 - high[:, j] > share) & (np.arange(shape[0]) >= start))
            found.append(float(rates[beyond[0]]) if beyond.size else None)
        edge[f"{share:g}"] = found
    _, column = divmod(outcomes.paper, shape[1])
    failing = (n_seeds - n_converged).reshape(shape)[:, column] / n_seeds
    return {"shares": EDGE_SHARES, "from_rate": edge, "failing_at_paper_regression": failing}


def _describe_curves(
    curves: Sequence[Curve], *, cap: int, restart_after: int
) -> dict[str, dict[str, Any]]:
    described: dict[str, dict[str, Any]] = {}
    for curve in curves:
        statistics, n_converged = measure_cells(
            curve.outcomes, cap=cap, restart_after=restart_after
        )
        columns = _describe_cells(statistics, n_converged, curve.outcomes.shape[1])
        best = _find_fastest(statistics, STATISTICS.index("restart"))
        entry = described.setdefault(curve.field, {"values": curve.values})
        entry[curve.schedule] = {
            **columns,
            "best": curve.values[best[0]],
            "best_from": min(curve.values[i] for i in best),
            "best_to": max(curve.values[i] for i in best),
        }
    return described
