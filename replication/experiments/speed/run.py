"""How fast the network learns, and against back-propagation on the same networks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_claims
from replication.experiments.judging import judge, share_above, supports_if
from replication.experiments.measures import (
    compare_speed,
    count_within,
    describe_speed,
    estimate_share,
    name_estimate,
)
from replication.experiments.search import Search, simulate_best
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_scattered_weights, draw_weights, split_weights
from replication.statistics.alignment import estimate_median
from replication.statistics.contrasts import compare_paired
from replication.statistics.intervals import estimate_mean

ROOT_SEED = 2003
N_NETWORKS = 20_000
SEARCH_SHARE, RATES_SHARE, PATHS_SHARE = 0.2, 0.25, 0.1
"""Networks at each setting of a search, at each rate that is judged, and whose paths are
measured, as shares of all networks."""

BACK_PROPAGATION = Protocol(learning_rule="back-propagation")
RULES = {"recirculation": PAPER, "back_propagation": BACK_PROPAGATION}
RATES = (*(0.5 * step for step in range(8, 24)), *map(float, range(12, 23)), 24.0, 26.0)
"""One grid for both rules, so that having no rate in common is not a matter of the grid."""
MOMENTUM_RATES = {
    "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
    "back_propagation": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5),
}
MOMENTA = (0.6, 0.7, 0.75, 0.8, 0.85)
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""On the visible-to-hidden changes. The last is 1 / (1 - lambda), which the paper left out of
equation 9; the first, 1 - lambda, does to back-propagation what leaving it out does."""
SLOWED, HALVED, RESTORED = 0.25, 0.5, 4.0
FACTOR_RATES = {"recirculation": (9.0, 36.0), "back_propagation": (5.0, 14.0)}
NO_HIDDEN_REGRESSION_RATES = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0)
N_FACTOR_RATES = 14
"""Learning rates tried with a factor f: so many from one to the other, divided by the root of f."""
CURVE_POINTS = (*range(0, 100, 2), *range(100, 201, 10))
"""Updates at which the share of networks still learning is kept for the figure."""
N_PATHS_AT_ONCE = 250
N_CHANGES = 60
"""Updates whose lengths are drawn."""


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Measure speed at the paper's settings and at the best ones of both rules.

    Returns
    -------
    dict
        ``claims`` (rapid, comparable, best-rates, hidden-regression, slower-half),
        ``procedures`` by name, ``curve_points`` (updates of their curves), ``changes``
        (lengths of the changes of both matrices, update by update), ``pairs``, ``searches``.
    """
    n_search, n_rates, n_paths = (
        max(2, round(share * n_networks)) for share in (SEARCH_SHARE, RATES_SHARE, PATHS_SHARE)
    )

    def find(base: Protocol, grid: Mapping[str, Sequence[float]]) -> tuple[Search, Outcomes]:
        return simulate_best(
            base, grid, n_search=n_search, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs
        )

    found = {}
    for rule, base in RULES.items():
        tell(f"best learning rate of {rule.replace('_', ' ')}")
        found[rule] = find(base, {"learning_rate": RATES})
        tell(f"best learning rate of {rule.replace('_', ' ')} with momentum")
        grid = {"learning_rate": MOMENTUM_RATES[rule], "momentum": MOMENTA}
        found[f"{rule}_momentum"] = find(base, grid)
    tell("best learning rate without hidden regression")
    found["no_hidden_regression"] = find(
        Protocol(hidden_regression=False), {"learning_rate": NO_HIDDEN_REGRESSION_RATES}
    )
    searches = {name: search for name, (search, _) in found.items()}
    bests = {name: search.best for name, (search, _) in found.items()}
    outcomes = {name: each for name, (_, each) in found.items()}
    tell("speed of both rules at the paper's rate")
    at_paper = {"paper": PAPER, "back_propagation_paper_rate": BACK_PROPAGATION}
    for name, protocol in at_paper.items():
        outcomes[name] = simulate(protocol, n_seeds=n_networks, root_seed=ROOT_SEED, jobs=jobs)
    factors = {}
    for rule, base in RULES.items():
        tell(f"factors on the visible-to-hidden changes of {rule.replace('_', ' ')}")
        factors[rule] = {1.0: found[rule]}
        for factor in FACTORS:
            if factor != 1.0:
                rates = np.geomspace(*FACTOR_RATES[rule], N_FACTOR_RATES) / factor**0.5
                factors[rule][factor] = find(
                    dataclasses.replace(base, visible_to_hidden_factor=factor),
                    {"learning_rate": [float(f"{rate:.3g}") for rate in rates]},
                )
    tell("updates at every learning rate")
    good_rates = {rule: measure_rates(searches[rule], n=n_rates, jobs=jobs) for rule in RULES}
    tell("paths of the weights")
    paths = measure_paths(PAPER, outcomes["paper"], n=n_paths)
    changes = measure_changes(PAPER, n=n_paths)

    pairs = {
        name: compare_speed(outcomes[first], outcomes[second])
        for name, (first, second) in {
            "best": ("back_propagation", "recirculation"),
            "momentum": ("back_propagation_momentum", "recirculation_momentum"),
        }.items()
    }
    return {
        "n_networks": n_networks,
        "n_search": n_search,
        "max_updates": PAPER.max_updates,
        "procedures": {
            name: describe_speed(outcomes[name], protocol)
            | {"learning": (1.0 - count_within(outcomes[name], CURVE_POINTS) / n_networks).tolist()}
            for name, protocol in (bests | at_paper).items()
        },
        "curve_points": list(CURVE_POINTS),
        "changes": changes,
        "pairs": pairs,
        "searches": {name: found.to_plain() for name, found in searches.items()},
        "claims": {
            "rapid": judge_rapid(outcomes["paper"]),
            "comparable": judge_comparable(pairs["best"]),
            "best-rates": judge_best_rates(good_rates, n=n_rates),
            "hidden-regression": judge_hidden_regression(outcomes["no_hidden_regression"]),
            "slower-half": judge_slower_half(
                paths, {rule: describe_factors(each) for rule, each in factors.items()}
            ),
        },
    }


def describe_factors(
    found: Mapping[float, tuple[Search, Outcomes]],
) -> list[dict[str, Any]]:
    """Describe speed against the factor on the visible-to-hidden changes.

    Parameters
    ----------
    found : mapping
        For each factor the search for its best rate, and the outcomes at that rate.

    Returns
    -------
    list of dict
        By ascending factor: ``factor``, ``learning_rate``, ``mean`` (failures at the cap),
        ``median``, and ``change``, the mean change from factor 1, paired; with intervals.
        ``edge`` says whether the best rate lies at an end of those tried.
    """
    _, equal = found[1.0]
    return [
        {
            "factor": factor,
            "learning_rate": search.best.learning_rate,
            "edge": bool(search.edges),
            **name_estimate("mean", estimate_mean(outcomes.updates)),
            "median": float(np.median(outcomes.updates)),
            **name_estimate("change", compare_paired(equal.updates, outcomes.updates).change),
        }
        for factor, (search, outcomes) in sorted(found.items())
    ]


def measure_rates(search: Search, *, n: int, jobs: int) -> dict[str, Any]:
    """Compare every learning rate of a search with the best one, on the networks reported.

    Parameters
    ----------
    search : Search
        Over learning rates alone.
    n : int
        Networks at each rate.
    jobs : int

    Returns
    -------
    dict
        ``rates``, ``means`` (failures at the cap), ``best`` (found on other seeds) and
        ``not_worse``: the rates whose difference from the best does not lie above zero by
        its paired 95 % interval.
    """
    rates = search.grid["learning_rate"]
    updates = {
        rate: simulate(
            dataclasses.replace(search.best, learning_rate=rate),
            n_seeds=n,
            root_seed=ROOT_SEED,
            jobs=jobs,
        ).updates
        for rate in rates
    }
    best = search.best.learning_rate
    level = load_claims()["best-rates"].thresholds["level"]

    def is_worse(rate: float) -> bool:
        low = compare_paired(updates[best], updates[rate], level=level).change.low
        return low is not None and low > 0.0

    return {
        "rates": list(rates),
        "means": [float(updates[rate].mean()) for rate in rates],
        "best": best,
        "not_worse": [rate for rate in rates if rate == best or not is_worse(rate)],
    }


def measure_paths(protocol: Protocol, outcomes: Outcomes, *, n: int) -> NDArray[np.float64]:
    """Return how long the way of each matrix is, from the initial weights to convergence.

    Parameters
    ----------
    protocol : Protocol
    outcomes : Outcomes
        Of this protocol, under `ROOT_SEED`.
    n : int
        The first so many networks; those that did not converge, or were there at the
        start, have no path and are left out.

    Returns
    -------
    float64 array, shape (n_converged, 2)
        For visible-to-hidden and hidden-to-visible weights (biases left out) the sum over
        updates of the Euclidean length of the change of the matrix.
    """
    moved = outcomes.converged[:n] & (outcomes.updates[:n] > 0)
    seeds = np.flatnonzero(moved).astype(np.int64)
    seeds = seeds[np.argsort(outcomes.updates[seeds], kind="stable")]  # batches of like length
    paths = []
    for first in range(0, len(seeds), N_PATHS_AT_ONCE):
        batch = seeds[first : first + N_PATHS_AT_ONCE]
        updates = outcomes.updates[batch]
        initial = draw_scattered_weights(protocol, ROOT_SEED, batch)
        recorded = record_weights(protocol, initial, int(updates.max()))
        counted = np.arange(updates.max()) < updates[:, None]
        lengths = [measure_steps(matrix) for matrix, _ in split_weights(protocol, recorded)]
        paths.append(np.stack([np.sum(length * counted, axis=1) for length in lengths], axis=1))
    return np.concatenate(paths) if paths else np.zeros((0, 2))


def measure_changes(protocol: Protocol, *, n: int) -> dict[str, Any]:
    """Measure how far both matrices move at each of the first `N_CHANGES` updates.

    Returns
    -------
    dict
        ``visible_to_hidden`` and ``hidden_to_visible``: the median Euclidean length of the
        change over the first `n` networks of `ROOT_SEED`, whether they have converged or not.
    """
    recorded = record_weights(protocol, draw_weights(protocol, ROOT_SEED, 0, n), N_CHANGES)
    return {
        name: np.median(measure_steps(matrix), axis=0).tolist()
        for name, (matrix, _) in zip(
            ("visible_to_hidden", "hidden_to_visible"),
            split_weights(protocol, recorded),
            strict=True,
        )
    }


def measure_steps(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Euclidean length of each change of a matrix.

    Parameters
    ----------
    matrices : float64 array, shape (n, n_updates + 1, n_rows, n_columns)

    Returns
    -------
    float64 array, shape (n, n_updates)
    """
    return np.asarray(np.linalg.norm(np.diff(matrices, axis=1), axis=(2, 3)))


def judge_rapid(outcomes: Outcomes) -> dict[str, Any]:
    """Judge whether the network usually converges rapidly."""
    claim = load_claims()["rapid"]
    within, n = int(claim.thresholds["within_updates"]), len(outcomes.updates)
    fast = int(count_within(outcomes, within))
    return {
        **judge(claim, {"within-100": share_above(fast, n, claim.thresholds["min_share"])}),
        "within_updates": within,
        **estimate_share(fast, n),
    }


def judge_comparable(pair: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the ratios of back-propagation to recirculation, each at its best rate.

    Parameters
    ----------
    pair : mapping
        What `compare_speed` returned of them.
    """
    claim = load_claims()["comparable"]
    factor = claim.thresholds["max_factor"]
    holds = {
        name: 1.0 / factor <= low and high <= factor
        for name in ("mean", "median")
        for low, high in [pair[f"{name}_ratio_interval"]]
    }
    return {
        **judge(claim, {"within-2": supports_if(all(holds.values()))}),
        "mean_within": holds["mean"],
        "median_within": holds["median"],
        **pair,
    }


def judge_best_rates(rates: Mapping[str, Mapping[str, Any]], *, n: int) -> dict[str, Any]:
    """Judge whether the good rates of the two rules overlap.

    Parameters
    ----------
    rates : mapping
        What `measure_rates` returned, by rule.
    n : int
        Networks at each rate.
    """
    ranges = {
        name: [min(rate["not_worse"]), max(rate["not_worse"])] for name, rate in rates.items()
    }
    (low, high), (other_low, other_high) = ranges.values()
    apart = high < other_low or other_high < low
    return {
        **judge(load_claims()["best-rates"], {"ranges": supports_if(apart)}),
        "n_networks": n,
        **{name: {**rate, "range": ranges[name]} for name, rate in rates.items()},
    }


def judge_hidden_regression(outcomes: Outcomes) -> dict[str, Any]:
    """Judge whether networks learn without regression of the hidden units."""
    n_converged, n = int(outcomes.converged.sum()), len(outcomes.updates)
    claim = load_claims()["hidden-regression"]
    result = share_above(n_converged, n, claim.thresholds["min_share"])
    return judge(claim, {"share": result}) | estimate_share(n_converged, n)


def judge_slower_half(
    paths: NDArray[np.float64], factors: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Judge whether the visible-to-hidden weights are slower, and whom that helps.

    Parameters
    ----------
    paths : float64 array, shape (n, 2)
        From `measure_paths`.
    factors : mapping
        What `describe_factors` returned, by rule.
    """
    shorter = estimate_share(int(np.sum(paths[:, 0] < paths[:, 1])), len(paths))
    is_slower = shorter["share_interval"][0] >= load_claims()["slower-half"].thresholds["min_share"]
    by_factor = {
        rule: {entry["factor"]: entry for entry in entries} for rule, entries in factors.items()
    }
    slowed = by_factor["back_propagation"][SLOWED]
    helps = slowed["change_interval"][1] < 0.0
    return {
        **judge(load_claims()["slower-half"], {"both": supports_if(is_slower and helps)}),
        "is_slower": is_slower,
        "helps_back_propagation": helps,
        "n_paths": len(paths),
        **shorter,
        **name_estimate("path_ratio", estimate_median(paths[:, 1] / paths[:, 0])),
        "slowed": slowed,
        "halved": by_factor["back_propagation"][HALVED],
        "restored": by_factor["recirculation"][RESTORED],
        "factors": {rule: list(entries) for rule, entries in factors.items()},
    }
