"""Speed: recirculation against back-propagation, each at its own best settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_claims
from replication.experiments.judging import (
    Result,
    judge,
    share_above,
    supports_above,
    supports_below,
    supports_if,
    supports_within,
)
from replication.experiments.recording import record_learning
from replication.experiments.search import Search, simulate_best
from replication.experiments.summaries import (
    compare_speed,
    count_within,
    describe_speed,
    name_estimate,
)
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.alignment import estimate_median
from replication.statistics.contrasts import compare_paired

ROOT_SEED = 2003
N_NETWORKS = 20_000
SEARCH_SHARE, RATES_SHARE, PATHS_SHARE, LARGE_SHARE = 0.1, 0.25, 0.1, 0.1
"""Networks at each setting of a search, at each rate that is judged, whose paths are measured,
and of the larger size, as shares of all networks."""

SQUARED = Protocol(learning_rule="back-propagation")
CROSS_ENTROPY = dataclasses.replace(SQUARED, minimised_error="cross-entropy")
RULES = {"recirculation": PAPER, "squared": SQUARED, "cross_entropy": CROSS_ENTROPY}
"""Recirculation, and back-propagation of the squared error and of the cross-entropy."""
COMMON_RATES = (*(0.5 * step for step in range(8, 24)), *map(float, range(12, 23)), 24.0, 26.0)
RATES = {
    "recirculation": COMMON_RATES,
    "squared": COMMON_RATES,
    "cross_entropy": tuple(0.25 * step for step in range(3, 17)),
}
MOMENTUM_RATES = {
    "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
    "squared": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5),
    "cross_entropy": (0.6, 0.8, 1.0, 1.2, 1.5, 2.0),
}
MOMENTA = (0.6, 0.7, 0.75, 0.8, 0.85)
FACTORS = {"squared": (0.25, 0.375, 0.5, 0.75), "cross_entropy": (0.25, 0.5)}
"""On the changes of W under back-propagation. The first, 1 - lambda, does what leaving out
1 / (1 - lambda) does to recirculation."""
RESTORED = 1.0 / (1.0 - PAPER.regression)
FACTOR_RATES = {"recirculation": (9.0, 36.0), "squared": (5.0, 14.0), "cross_entropy": (0.75, 3.5)}
N_FACTOR_RATES = 12
"""Learning rates tried with a factor f: so many from one to the other, divided by the root of f."""
NO_HIDDEN_REGRESSION = Protocol(hidden_regression=False)
NO_HIDDEN_REGRESSION_RATES = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0)
LARGE = Protocol(group_sizes=(8, 3))
LARGE_RATES = (6.0, 8.0, 10.0, 12.0, 14.0, 17.0)
CURVE_POINTS = (*range(0, 100, 2), *range(100, 201, 10))
"""Updates at which the share of networks still learning is kept for the figure."""

Found = dict[str, tuple[Search, Outcomes]]


def run(
    *, jobs: int = -1, report_progress: Tell = silent, n_networks: int = N_NETWORKS
) -> dict[str, Any]:
    """Measure speed at the paper's settings and at the best ones of all rules.

    Returns ``procedures`` by name (as `describe_speed`, with ``learning``, the share that still
    learns after each of ``curve_points``), ``pairs`` (back-propagation over recirculation),
    ``factors``, ``rates``, ``paths``, ``searches``; ``claims`` (rapid, comparable, best-rates,
    hidden-regression, slower-half).
    """
    n_search, n_rates, n_paths, n_large = (
        max(2, round(share * n_networks))
        for share in (SEARCH_SHARE, RATES_SHARE, PATHS_SHARE, LARGE_SHARE)
    )

    def find(
        base: Protocol, rates: Sequence[float], n: int = n_networks, **grid: Sequence[float]
    ) -> tuple[Search, Outcomes]:
        return simulate_best(
            base, {"learning_rate": rates, **grid},
            n_search=min(n_search, n), n_networks=n, root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip

    found: Found = {}
    for rule, base in RULES.items():
        name = rule.replace("_", " ")
        report_progress(f"best learning rate ({name})")
        found[rule] = find(base, RATES[rule])
        report_progress(f"best learning rate and momentum ({name})")
        found[f"{rule}_momentum"] = find(base, MOMENTUM_RATES[rule], momentum=MOMENTA)
    report_progress("best learning rate without hidden regression")
    found["no_hidden_regression"] = find(NO_HIDDEN_REGRESSION, NO_HIDDEN_REGRESSION_RATES)
    report_progress("best learning rate of a larger network")
    found["large"] = find(LARGE, LARGE_RATES, n_large)
    for rule, factors in {"recirculation": (RESTORED,), **FACTORS}.items():
        report_progress(f"factors on the changes of W ({rule.replace('_', ' ')})")
        for factor in factors:
            slowed = dataclasses.replace(RULES[rule], visible_to_hidden_factor=factor)
            rates = np.geomspace(*FACTOR_RATES[rule], N_FACTOR_RATES) / factor**0.5
            found[f"{rule}_{factor:g}"] = find(slowed, [float(f"{rate:.3g}") for rate in rates])
    protocols = {name: search.best for name, (search, _) in found.items()}
    outcomes = {name: each for name, (_, each) in found.items()}
    report_progress("the paper's learning rate")
    for name, protocol in {
        "paper": PAPER,
        "squared_paper_rate": SQUARED,
        "no_hidden_regression_paper_rate": NO_HIDDEN_REGRESSION,
        "slowed_without": dataclasses.replace(
            NO_HIDDEN_REGRESSION, visible_to_hidden_factor=1.0 - PAPER.regression
        ),
    }.items():
        protocols[name] = protocol
        outcomes[name] = simulate(protocol, n_seeds=n_networks, root_seed=ROOT_SEED, jobs=jobs)
    report_progress("updates at every learning rate")
    rates_of = {rule: measure_rates(found[rule][0], n=n_rates, jobs=jobs) for rule in RULES}
    report_progress("paths of the weights")
    paths = measure_paths(PAPER, outcomes["paper"], n=n_paths)
    pairs = {
        name: compare_speed(outcomes[name], outcomes[f"recirculation{momentum}"])
        for rule in FACTORS
        for name, momentum in [(rule, ""), (f"{rule}_momentum", "_momentum"), (f"{rule}_0.25", "")]
    }
    changes = {
        name: name_estimate(
            "change", compare_paired(outcomes[name.rpartition("_")[0]].updates, each.updates).change
        )
        for name, each in outcomes.items()
        if protocols[name].visible_to_hidden_factor != 1.0 and name in found
    }
    return {
        "n_networks": n_networks,
        "n_search": n_search,
        "max_updates": PAPER.max_updates,
        "procedures": {
            name: describe_speed(outcomes[name], protocol)
            | {"learning": (1.0 - count_within(outcomes[name], CURVE_POINTS) / n_networks).tolist()}
            for name, protocol in protocols.items()
        },
        "curve_points": list(CURVE_POINTS),
        "pairs": pairs,
        "factors": changes,
        "rates": rates_of,
        "paths": describe_paths(paths),
        "searches": {name: search.to_plain() for name, (search, _) in found.items()},
        "claims": {
            "rapid": judge_rapid(outcomes),
            "comparable": judge_comparable(pairs),
            "best-rates": judge_best_rates(rates_of),
            "hidden-regression": judge_hidden_regression(outcomes),
            "slower-half": judge_slower_half(paths, changes),
        },
    }


def measure_rates(search: Search, *, n: int, jobs: int) -> dict[str, Any]:
    """Compare every learning rate of a search with the best one, on `n` networks reported.

    Returns ``rates``, ``means`` (failures at the cap), ``best`` (found on other seeds); ``good``:
    the rates whose paired difference from the best does not lie above zero; their ``range``.
    """
    rates, best = search.grid["learning_rate"], search.best.learning_rate
    updates = {
        rate: simulate(
            dataclasses.replace(search.best, learning_rate=rate),
            n_seeds=n, root_seed=ROOT_SEED, jobs=jobs,
        ).updates
        for rate in rates
    }  # fmt: skip

    def is_worse(rate: float) -> bool:
        low = compare_paired(updates[best], updates[rate]).change.low
        return low is not None and low > 0.0

    good = [rate for rate in rates if rate == best or not is_worse(rate)]
    return {
        "n_networks": n,
        "rates": list(rates),
        "means": [float(updates[rate].mean()) for rate in rates],
        "best": best,
        "good": good,
        "range": [min(good), max(good)],
    }


def measure_paths(protocol: Protocol, outcomes: Outcomes, *, n: int) -> dict[str, Any]:
    """Measure how far both matrices move, from the initial weights to convergence.

    `outcomes`: of this protocol, under `ROOT_SEED`. `n`: the first so many networks; those that
    did not converge, or were there at the start, have no path and are left out.
    Returns ``paths``, float64 (n_moved, 2): for W and U (biases left out) the lengths of all
    changes added up; ``ratios``, float64 (n_updates,): length of the change of U over that of W at
    every update of all networks.
    """
    moved = outcomes.converged[:n] & (outcomes.updates[:n] > 0)
    weights = draw_weights(protocol, ROOT_SEED, 0, n)[moved]
    paths, ratios = [np.zeros((0, 2))], [np.zeros(0)]
    for updates, states in record_learning(protocol, weights, outcomes.updates[:n][moved]):
        between = np.ones(len(states) - 1, dtype=np.bool_)
        between[np.cumsum(updates + 1)[:-1] - 1] = (
            False  # from one network to the next is no change
        )
        changes = np.diff(states, axis=0)[between]
        lengths = np.stack(
            [np.linalg.norm(matrix, axis=(1, 2)) for matrix, _ in split_weights(protocol, changes)],
            axis=1,
        )
        starts = np.concatenate([[0], np.cumsum(updates)[:-1]])
        paths.append(np.add.reduceat(lengths, starts, axis=0))
        ratios.append(lengths[:, 1] / lengths[:, 0])
    return {"paths": np.concatenate(paths), "ratios": np.concatenate(ratios)}


def describe_paths(paths: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Return medians: of how many times as far U travels, and as far at a single update."""
    ratio = estimate_median(paths["paths"][:, 1] / paths["paths"][:, 0])
    at_updates = float(np.median(paths["ratios"]))
    return {
        "n_networks": len(paths["paths"]),
        **name_estimate("ratio", ratio),
        "ratio_at_updates": at_updates,
        "ratio_restored": at_updates / RESTORED,
    }


def judge_rapid(outcomes: Mapping[str, Outcomes]) -> dict[str, Any]:
    """Judge whether simple networks usually converge rapidly."""
    claim = load_claims()["rapid"]
    paper, large = outcomes["paper"], outcomes["large"]

    def share_within(name: str, of: Outcomes) -> Result:
        wanted = claim.find(name).thresholds
        n_fast = int(count_within(of, wanted["updates"]))
        return share_above(n_fast, len(of.updates), wanted["min_share"])

    median = estimate_median(np.where(paper.converged, paper.updates, paper.updates.max()))
    ratio = compare_speed(outcomes["squared"], outcomes["recirculation"])
    return judge(
        claim,
        {
            "within-100": share_within("within-100", paper),
            "within-100-strict": share_within("within-100-strict", paper),
            "converge": share_within("converge", paper),
            "median": supports_below(
                median.value, median.interval, claim.find("median").thresholds["max_median"]
            ),
            "faster": supports_above(ratio["mean_ratio"], ratio["mean_ratio_interval"], 1.0),
            "larger": share_within("larger", large),
        },
    )


def judge_comparable(pairs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Judge the ratios of back-propagation to recirculation, of means and of medians."""
    claim = load_claims()["comparable"]
    results = {}
    for each in claim.operationalisations:
        name, _, statistic = each.id.rpartition("-")
        pair, factor = pairs[PAIRS[name]], each.thresholds["max_factor"]
        results[each.id] = supports_within(
            pair[f"{statistic}_ratio"], pair[f"{statistic}_ratio_interval"], 1.0 / factor, factor
        )
    return judge(claim, results)


PAIRS = {
    "squared": "squared",
    "cross-entropy": "cross_entropy",
    "squared-momentum": "squared_momentum",
    "cross-entropy-momentum": "cross_entropy_momentum",
    "squared-slowed": "squared_0.25",
    "cross-entropy-slowed": "cross_entropy_0.25",
}
"""Pairs of procedures as the ledger names them."""


def judge_best_rates(rates: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Judge whether the good rates of recirculation and back-propagation overlap.

    By equation 5 the difference in equation 3 is 1 - lambda of the reconstruction's error, so that
    U changes as at a rate of epsilon (1 - lambda) in steepest descent.
    """
    ours = rates["recirculation"]["range"]
    scaled = [(1.0 - PAPER.regression) * rate for rate in ours]
    results = {}
    for name, rule in (("squared", "squared"), ("cross-entropy", "cross_entropy")):
        for suffix, range_ in (("", ours), ("-effective", scaled)):
            low, high = rates[rule]["range"]
            results[name + suffix] = supports_if(high < range_[0] or range_[1] < low)
    return judge(load_claims()["best-rates"], results)


def judge_hidden_regression(outcomes: Mapping[str, Outcomes]) -> dict[str, Any]:
    """Judge whether networks learn without regression of the hidden units."""
    claim = load_claims()["hidden-regression"]
    paper, same = outcomes["paper"], outcomes["slowed_without"]
    best, at_paper = (
        outcomes[name] for name in ("no_hidden_regression", "no_hidden_regression_paper_rate")
    )
    agree = (paper.updates == same.updates) & (paper.converged == same.converged)
    ratio = compare_speed(best, paper)
    level = {each.id: each.thresholds for each in claim.operationalisations}
    return judge(
        claim,
        {
            "best-rate": share_above(
                best.converged.sum(), len(best.updates), level["best-rate"]["min_share"]
            ),
            "rate-of-w": share_above(agree.sum(), len(agree), level["rate-of-w"]["min_share"]),
            "speed": supports_below(
                ratio["median_ratio"], ratio["median_ratio_interval"], level["speed"]["max_ratio"]
            ),
            "paper-rate": share_above(
                at_paper.converged.sum(), len(at_paper.updates), level["paper-rate"]["min_share"]
            ),
        },
    )


def judge_slower_half(
    paths: Mapping[str, NDArray[np.float64]], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Judge whether W is slower because of the factor left out, and whom slowness helps."""
    claim = load_claims()["slower-half"]
    longer = int(np.sum(paths["paths"][:, 0] < paths["paths"][:, 1]))
    restored = changes[f"recirculation_{RESTORED:g}"]
    results = {
        "paths": share_above(longer, len(paths["paths"]), claim.thresholds["min_share"]),
        "explained": supports_below(describe_paths(paths)["ratio_restored"], None, 1.0),
        "recirculation": supports_above(restored["change"], restored["change_interval"], 0.0),
    }
    for rule, factors in FACTORS.items():
        for factor in factors:
            change = changes[f"{rule}_{factor:g}"]
            results[f"{rule.replace('_', '-')}-{factor:g}"] = supports_below(
                change["change"], change["change_interval"], 0.0
            )
    return judge(claim, results)
