"""The best settings of a learning rule, by a search that is stated in full."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from replication.claims_study.experiment import FIRST_SEARCH_SEED, Experiment
from replication.protocol import Protocol

FIRST_ROUND = 8
"""A first round with so many times fewer networks sorts out what is hopeless."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The settings that a search tries.

    Parameters
    ----------
    steps : tuple of float
        Learning rates times (1 - regression); for back-propagation, which
        regresses nothing, the learning rates.
    regressions : tuple of float
        Empty for back-propagation.
    momenta : tuple of float
    """

    steps: tuple[float, ...]
    regressions: tuple[float, ...] = ()
    momenta: tuple[float, ...] = (0.0,)

    def list_protocols(self, base: Protocol) -> list[Protocol]:
        """Return one protocol for each point of the grid."""
        found = []
        for regression, step, momentum in itertools.product(
            self.regressions or (None,), self.steps, self.momenta
        ):
            fields: dict[str, Any] = {"momentum": momentum, "learning_rate": step}
            if regression is not None:
                rate = float(f"{step / (1.0 - regression):.4g}")
                fields |= {"regression": regression, "learning_rate": rate}
            found.append(dataclasses.replace(base, **fields))
        return found


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Parameters
    ----------
    protocol : Protocol
        The best settings.
    n_settings : int
        Points of the grid.
    n_first, n_networks : int
        Networks at each point in the first round, and at the better quarter in the second.
    mean : float
        Mean updates at the best, counted at the cap.
    """

    protocol: Protocol
    n_settings: int
    n_first: int
    n_networks: int
    mean: float


def search_settings(experiment: Experiment, protocols: Sequence[Protocol], *, n: int) -> Found:
    """Return the protocol with the smallest mean number of updates, counted at the cap.

    Parameters
    ----------
    experiment : Experiment
    protocols : sequence of Protocol
        The first of those that are equally good is taken.
    n : int
        Networks for each that comes into the second round, on seeds kept for searches.

    Returns
    -------
    Found

    Notes
    -----
    The first round takes ``n / FIRST_ROUND`` networks for each protocol and
    keeps the better quarter of them.
    """
    n_first = max(n // FIRST_ROUND, 1)
    first = [_measure_mean(experiment, protocol, n_first) for protocol in protocols]
    kept = np.sort(np.argsort(first, kind="stable")[: -(-len(protocols) // 4)])
    second = [_measure_mean(experiment, protocols[i], n) for i in kept]
    best = int(np.argmin(second))
    return Found(
        protocol=protocols[kept[best]],
        n_settings=len(protocols),
        n_first=n_first,
        n_networks=n,
        mean=second[best],
    )


def _measure_mean(experiment: Experiment, protocol: Protocol, n: int) -> float:
    weights = experiment.draw(protocol, n, first=FIRST_SEARCH_SEED)
    updates, _, _ = experiment.run(protocol, weights)
    return float(np.mean(updates))


def describe_settings(protocol: Protocol) -> dict[str, Any]:
    """Return the settings of a learning rule as plain values.

    Parameters
    ----------
    protocol : Protocol

    Returns
    -------
    dict
        ``rule``, ``learning_rate``, ``momentum`` and ``regression`` (None for
        back-propagation).
    """
    regresses = protocol.learning_rule == "recirculation"
    return {
        "rule": protocol.learning_rule,
        "learning_rate": protocol.learning_rate,
        "momentum": protocol.momentum,
        "regression": protocol.regression if regresses else None,
    }


def find_edges(grid: Grid, protocol: Protocol) -> list[str]:
    """Name the settings of a point of a grid that lie at an end of the searched range.

    Parameters
    ----------
    grid : Grid
    protocol : Protocol

    Returns
    -------
    list of str
        Fields of the protocol; a momentum of 0 is no end, for it cannot be less.
    """
    step = protocol.learning_rate
    if grid.regressions:
        step *= 1.0 - protocol.regression
    places = [("learning_rate", step, grid.steps)]
    if len(grid.momenta) > 1:
        places.append(("momentum", protocol.momentum, grid.momenta))
    if grid.regressions:
        places.append(("regression", protocol.regression, grid.regressions))
    return [
        name
        for name, value, tried in places
        if (value > 0 and np.isclose(value, min(tried), rtol=1e-3))
        or np.isclose(value, max(tried), rtol=1e-3)
    ]
