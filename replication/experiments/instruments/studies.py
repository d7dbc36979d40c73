"""Studies of the reported size: what they report, how unusual that is, and how probable."""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.comparison.comparison import compare
from replication.definition.protocol import Protocol
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims, load_reported
from replication.simulator.running.ensemble import simulate_ranges
from replication.statistics import convolution
from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_proportion

NEGLIGIBLE = 1e-12  # means and largest counts less probable than this are left out
SWEEPS = {"not counted": (0,), "counted": (1,), "open": (0, 1)}
"""What is added to updates if the last sweep counts; where it is open, both are equally likely."""
Z = 1.959964  # of a 95 % interval
MIN_AT_REPORTED = 100  # networks that stop at the reported largest count, for a Bayes factor


def describe_sampling(counts: CountTable) -> dict[str, Any] | None:
    """Return what studies of the reported size give if all converge, with intervals of 95 %.

    None if they are too few to tell, too few converge, or all do at once.
    """
    reported = load_reported()
    enough = load_claims()["headline"].thresholds["min_networks"]
    if counts.n < enough or counts.n_converged < reported.runs:
        return None
    # p and the statistics from `compare`, which knows nothing of networks.
    printed: dict[str, Any] = {"runs": reported.runs, "mean": reported.mean, "max": reported.max}
    comparison = compare(counts, failures="excluded", **printed)
    if comparison.p is None:
        return None
    plain = comparison.to_dict()
    findings = {name: plain["findings"][name] for name in ("mean", "max", "mean_given_max")}
    for name, distribution in comparison.main.distributions.items():
        findings[name] |= {"interval": [distribution.find_quantile(q) for q in (0.025, 0.975)]}
    share = estimate_proportion(counts.n_converged, counts.n)
    ends = [end**reported.runs for end in share.interval if end is not None]
    chance = {"chance_all_converge": plain["chance_all_succeed"], "chance_interval": ends}
    return {**chance, **findings, "p": plain["p"]}


def count_networks(protocol: Protocol, sample: Sample, *, first: int = 0) -> CountTable:
    """Simulate networks of a population from the first seed on, and count them piece by piece."""
    seeds = [(first, first + sample.n)]
    cap = protocol.max_updates
    pieces = simulate_ranges(protocol, sample.root_seed, seeds, jobs=sample.jobs)
    tables = [CountTable.from_outcomes(each.updates, each.converged, cap) for each in pieces]
    return sum(tables[1:], tables[0])


def find_p(counts: CountTable) -> float | None:
    """Return p of the reported mean and largest count; None if few converge."""
    sampling = describe_sampling(counts)
    return None if sampling is None else sampling["p"]


def count_sweeps(counts: CountTable) -> CountTable:
    """Return the counts of sweeps, with the last one, whose changes are not applied any more."""
    return dataclasses.replace(counts, updates=counts.updates + 1, cap=counts.end + 1)


def measure_tails(counts: CountTable, *, at_least: float = 0.0) -> tuple[FloatArray, ...]:
    """Return means (a,), largest counts (b,), probabilities and tails (a, b) of studies.

    All whole-number means and largest counts that are not too improbable to matter, and of these
    the largest counts whose own tail is at least so large.
    """
    runs = load_reported().runs
    maxima, chances = convolution.compute_max_mass(counts, runs)
    of_max = np.minimum(np.cumsum(chances), np.cumsum(chances[::-1])[::-1])
    is_kept = (chances > NEGLIGIBLE) & (of_max >= at_least)
    maxima = maxima[is_kept]
    of_max = of_max[is_kept]
    possible, mass = convolution.compute_mean_mass(counts, runs)
    possible = possible[mass > NEGLIGIBLE]
    means = np.arange(math.floor(possible[0]), math.ceil(possible[-1]) + 1.0)
    cells = convolution.compute_joint_mass(
        counts,
        runs,
        mean_edges=np.append(means - 0.5, means[-1] + 0.5),
        max_edges=np.append(maxima, maxima[-1] + 1.0),
    )
    return means, maxima, cells, np.minimum(convolution.find_tails_given_max(cells), of_max)


def measure_power(counts: CountTable, others: Mapping[str, CountTable]) -> dict[str, float]:
    """Return the probabilities that studies of others are rejected if `counts` is the population.

    At the level of the headline. A largest count that the population lacks is judged as the next
    larger one that it has.
    """
    means, maxima, cells, tails = measure_tails(counts)
    # p of a study is the probability of all whose tail is as small, but for rounding, or smaller.
    order = np.argsort(tails, axis=None)
    ascending = tails.ravel()[order]
    share = np.cumsum(cells.ravel()[order])
    last = np.searchsorted(ascending, ascending * (1.0 + 1e-9), side="right") - 1
    is_kept = np.empty(cells.shape, dtype=bool)
    is_kept.ravel()[order] = share[last] > load_claims()["headline"].thresholds["at_least"]
    # How probable the studies that are not rejected are elsewhere.
    edges = {
        "mean_edges": np.append(means - 0.5, means[-1] + 0.5),
        "max_edges": np.concatenate([[0.0], maxima[:-1] + 1.0, [np.inf]]),
    }
    runs = load_reported().runs
    masses = {k: convolution.compute_joint_mass(x, runs, **edges) for k, x in others.items()}
    return {name: 1.0 - float(mass[is_kept].sum()) for name, mass in masses.items()}


def measure_likelihood(table: CountTable) -> dict[str, Any]:
    """Return how probable the printed numbers are in a population that is known by its counts.

    ``chances`` and ``errors``: the probability, and the standard error of its logarithm, by
    `SWEEPS`; ``n_at_max``: networks that stop at the reported largest count. The error is that of
    the counts, by the delta method: with slopes g of the probability in the shares p of n networks,
    its variance is (sum p g^2 - (sum p g)^2) / n.
    """
    reported = load_reported()
    runs = reported.runs
    mean = float(reported.mean)
    largest = int(reported.max)
    found = []
    for added in (0, 1):
        ends = (mean - 0.5 - added, mean + 0.5 - added)
        most = largest - added
        found.append(convolution.compute_pair_chance(table, runs, mean=ends, largest=most))
    # Where it is open whether the last sweep counts, the mean of both probabilities.
    shares = table.counts / table.n
    chances = {}
    errors = {}
    for name, ways in SWEEPS.items():
        chance = math.fsum(found[added][0] for added in ways) / len(ways)
        slopes = np.mean([found[added][1] for added in ways], axis=0)
        variance = math.fsum(shares * slopes**2) - math.fsum(shares * slopes) ** 2
        chances[name] = chance
        errors[name] = math.sqrt(max(variance, 0.0) / table.n) / chance if chance else 0.0
    n_at_max = int(table.counts[table.updates == largest].sum())
    return {"n_at_max": n_at_max, "chances": chances, "errors": errors}


def compare_readings(likelihoods: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return chance, Bayes factor of the first reading and posterior of each, by sweep and reading.

    The posterior is that at equal prior odds. An interval multiplies and divides by exp(1.96 s),
    s being the standard error of the logarithm (of the odds, for a posterior).
    """
    first = next(iter(likelihoods))
    compared: dict[str, dict[str, Any]] = {sweep: {} for sweep in SWEEPS}
    for sweep, name in itertools.product(SWEEPS, likelihoods):
        chances = {each: found["chances"][sweep] for each, found in likelihoods.items()}
        errors = {each: found["errors"][sweep] for each, found in likelihoods.items()}
        chance = chances[name]
        others = [each for each in likelihoods if each != name]
        row = {"n_at_max": likelihoods[name]["n_at_max"], "chance": chance}
        compared[sweep][name] = row
        total = math.fsum(chances[each] for each in others)
        if not (chance and chances[first] and total):
            names = "bayes_factor", "bayes_factor_interval", "posterior", "posterior_interval"
            row |= dict.fromkeys(names)
            continue
        # Logarithms of independent estimates, so that their errors add up in squares.
        factor = chances[first] / chance
        of_factor = 0.0 if name == first else math.hypot(errors[name], errors[first])
        of_others = [chances[each] / total * errors[each] for each in others]
        odds = _spread(chance / total, math.hypot(errors[name], *of_others))
        row |= {
            "bayes_factor": factor,
            "bayes_factor_interval": _spread(factor, of_factor),
            "posterior": chance / (chance + total),
            "posterior_interval": [end / (1.0 + end) for end in odds],
        }
    return compared


def _spread(value: float, error: float) -> list[float]:
    return [value * math.exp(-Z * error), value * math.exp(Z * error)]
