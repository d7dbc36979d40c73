"""The same test for every named reading, and for every combination of details.

All readings share their networks, so that differences are paired.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.comparison.sampling import Law
from replication.experiments.headline.run import compare_with_report, describe_sampling
from replication.experiments.readings.multiverse import MIN_NETWORKS, run_multiverse
from replication.experiments.readings.sets import make_paper_grid
from replication.progress import Tell, silent
from replication.protocol import READINGS, Protocol
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.counts import CountTable

ROOT_SEED = 2001
N_NETWORKS = 1_000_000
"""Networks of each named reading."""
MULTIVERSE_SHARE = 0.01
"""So many times as many networks of each reading of the multiverse."""
CHUNK = 250_000
"""Initial weights that are held in memory at once."""

CURVE_STEP = 0.25
"""Updates between two points of the curves of the figure."""


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the readings.

    Returns
    -------
    dict
        ``n_networks``; ``named``, the rows of `describe_named`, with ``times_as_likely``
        (the chance of the first reading to print the reported mean, given the largest, over
        that of this one) and the same ``_sweeps``; ``multiverse``, as `run_multiverse` without
        the row of each reading, but with ``figure``.
    """
    named: list[dict[str, Any]] = []
    for name, protocol in READINGS.items():
        tell(f"reading {name!r}, {n_networks:,} networks")
        counts = count_networks(protocol, n_networks=n_networks, jobs=jobs)
        named.append(describe_named(name, counts))
    for end in ("", "_sweeps"):
        chances = [row[f"chance_mean{end}"] for row in named]
        for row, chance in zip(named, chances, strict=True):
            row[f"times_as_likely{end}"] = chances[0] / chance if chance > 0 else None
    n_each = max(MIN_NETWORKS, round(MULTIVERSE_SHARE * n_networks))
    multiverse = run_multiverse(
        make_paper_grid(), n_networks=n_each, root_seed=ROOT_SEED, jobs=jobs, tell=tell
    )
    figure = gather_readings(multiverse)
    for part in ("levels", "protocol_ids", "readings"):
        del multiverse[part]
    return {"n_networks": n_networks, "named": named, "multiverse": multiverse | {"figure": figure}}


def count_networks(protocol: Protocol, *, n_networks: int, jobs: int = -1) -> CountTable:
    """Simulate networks of a reading chunk by chunk, and count their outcomes."""
    table: CountTable | None = None
    for start in range(0, n_networks, CHUNK):
        weights = draw_weights(protocol, ROOT_SEED, start, min(start + CHUNK, n_networks))
        updates, converged, _ = simulate_weights(protocol, weights, jobs=jobs)
        part = CountTable.from_outcomes(updates, converged, protocol.max_updates)
        table = part if table is None else table + part
    assert table is not None
    return table


def describe_named(name: str, counts: CountTable) -> dict[str, Any]:
    """Return the row of a named reading, judged as the headline is.

    Parameters
    ----------
    name : str
        A key of `READINGS`.
    counts : CountTable

    Returns
    -------
    dict
        ``name``; ``criterion``; ``share``, ``mean`` and ``mean_interval`` of the converged;
        ``chance_at_most``; ``p_max``; ``mean_given_max`` and ``spread_given_max``;
        ``chance_mean`` to print the reported mean given the largest, and ``p_mean``;
        ``p`` of both; ``is_equivalent``; each with its ``_range`` where it has one;
        ``p_sweeps``, ``chance_mean_sweeps``: the same if sweeps are counted, the last
        one included; ``curve``, the distribution of the mean given the largest.

    Raises
    ------
    UsageError
        If too few networks converged.
    """
    comparison = compare_with_report(counts)
    assert comparison is not None
    sampling = describe_sampling(counts, comparison)
    sweeps = describe_sampling(count_sweeps(counts))
    assert sampling is not None
    assert sweeps is not None
    given, largest = sampling["mean_given_max"], sampling["max"]
    return {
        "name": name,
        "criterion": READINGS[name].criterion,
        "share": comparison.share.value,
        "mean": comparison.mean.value,
        "mean_interval": comparison.mean.interval,
        "chance_at_most": sampling["chance_at_most"],
        "p_max": largest["p"],
        "p_max_range": largest["p_range"],
        "mean_given_max": given["mean"],
        "spread_given_max": given["spread"],
        "chance_mean": given["chance"],
        "chance_mean_range": given["chance_range"],
        "p_mean": given["p"],
        "p_mean_range": given["p_range"],
        "p": sampling["p"],
        "p_range": sampling["p_range"],
        "is_equivalent": sampling["equivalence"]["is_equivalent"],
        "p_sweeps": sweeps["p"],
        "chance_mean_sweeps": sweeps["mean_given_max"]["chance"],
        "curve": describe_curve(comparison.laws["mean_given_max"]),
    }


def count_sweeps(counts: CountTable) -> CountTable:
    """Return the counts of sweeps, the last one included: one more than updates applied.

    The network is seen to be done in a sweep whose weight changes are not applied any more.
    """
    cap = None if counts.cap is None else counts.cap + 1
    return dataclasses.replace(counts, updates=counts.updates + 1, cap=cap)


def describe_curve(law: Law) -> dict[str, list[float]]:
    """Return a distribution of means in steps of `CURVE_STEP`: ``mean`` and ``density``."""
    first = np.floor(law.find_quantile(0.0005) / CURVE_STEP) * CURVE_STEP
    edges = np.arange(first, law.find_quantile(0.9995) + 2 * CURVE_STEP, CURVE_STEP)
    mass, _ = np.histogram(law.values, bins=edges, weights=law.mass)
    return {
        "mean": ((edges[1:] + edges[:-1]) / 2).tolist(),
        "density": (mass / CURVE_STEP).tolist(),
    }


def gather_readings(multiverse: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the figure of the multiverse shows: every reading, in the order of their means.

    Parameters
    ----------
    multiverse : mapping
        From `run_multiverse`.

    Returns
    -------
    dict
        ``mean`` (failures at the cap, ascending); ``compatible``, one truth value each; ``base``,
        the place of the base reading; ``choices``, each with its ``field``, its ``values``,
        ``levels``: which of the values each reading takes, and ``n_compatible``: how many of
        the compatible readings take each value.
    """
    columns = multiverse["readings"]
    order = np.argsort(columns["mean_at_cap"], kind="stable")
    levels = np.array(multiverse["levels"])[order]
    compatible = np.array(columns["is_compatible"])[order]
    return {
        "mean": [columns["mean_at_cap"][i] for i in order],
        "compatible": compatible.tolist(),
        "base": int(np.flatnonzero(order == multiverse["base"])[0]),
        "choices": [
            {
                "field": choice["field"],
                "values": list(choice["values"]),
                "levels": levels[:, i].tolist(),
                "n_compatible": np.bincount(
                    levels[compatible, i], minlength=len(choice["values"])
                ).tolist(),
            }
            for i, choice in enumerate(multiverse["choices"])
        ],
    }
