"""Studies of the reported size: their numbers, and how probable the reported ones are."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from replication.comparison.comparison import compare
from replication.definition.protocol import Protocol
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims, load_reported
from replication.simulator.running.ensemble import simulate_ranges
from replication.statistics import convolution
from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_proportion

NEGLIGIBLE = 1e-12  # means and largest counts less probable than this are left out
SWEEPS = {"not counted": (0,), "counted": (1,), "open": (0, 1)}
"""What is added to the updates, by whether the last sweep counts in the reported numbers.

Where that is open, both are equally likely.
"""
Z = 1.959964  # normal quantile, for the ends of a 95 % interval
MIN_AT_REPORTED = 100  # networks that stop at the reported largest count, for a Bayes factor

P_DECIMALS = 12
"""Decimals to which p is rounded: a Fourier transform changes it by a thousandth of the last."""


def describe_sampling(counts: CountTable) -> Model | None:
    """Return which mean and maximum studies of the reported size give if all networks converge.

    Intervals hold 95 % of studies. None if the networks are too few to tell, if too few of them
    converge, or if `compare` finds no p.
    """
    reported = load_reported()
    enough = load_claims()["headline"].thresholds["min_networks"]
    if counts.n < enough or counts.n_converged < reported.runs:
        return None
    # p and the statistics from `compare`, which knows nothing of networks.
    comparison = compare(
        counts,
        failures="excluded",
        runs=reported.runs,
        mean=reported.mean,
        max=reported.max,
    )
    if comparison.p is None:
        return None
    plain = comparison.to_dict()
    findings = {name: plain["findings"][name] for name in ("mean", "max", "mean_given_max")}
    for name, distribution in comparison.main.distributions.items():
        findings[name]["interval"] = [
            distribution.find_quantile(0.025),
            distribution.find_quantile(0.975),
        ]
    # All networks of a study converge with the probability of one, to the power of their number.
    share = estimate_proportion(counts.n_converged, counts.n)
    ends = [end**reported.runs for end in share.interval if end is not None]
    return {
        "chance_all_converge": plain["chance_all_succeed"],
        "chance_interval": ends,
        **findings,
        "p": round_p(comparison.p),
    }


def count_networks(protocol: Protocol, sample: Sample, *, first: int = 0) -> CountTable:
    """Simulate networks from the seed `first` on, and count their updates piece by piece."""
    seeds = [(first, first + sample.n)]
    cap = protocol.max_updates
    pieces = simulate_ranges(protocol, sample.root_seed, seeds, jobs=sample.jobs)
    tables = [CountTable.from_outcomes(each.updates, each.converged, cap) for each in pieces]
    return sum(tables[1:], tables[0])


def find_p(counts: CountTable) -> float | None:
    """Return p of the reported mean and largest count; None where `describe_sampling` is None."""
    sampling = describe_sampling(counts)
    if sampling is None:
        return None
    p: float = sampling["p"]
    return p


def round_p(p: float) -> float:
    """Return p as all processors agree on it.

    The sums behind it come from Fourier transforms, whose last bits, some 1e-15 of 1, depend on
    the processor.
    """
    return round(p, P_DECIMALS)


def count_sweeps(counts: CountTable) -> CountTable:
    """Return counts of sweeps: one more than updates, as the last sweep changes no weights."""
    return dataclasses.replace(counts, updates=counts.updates + 1, cap=counts.end + 1)


class Tails(NamedTuple):
    """Studies by their whole-number mean and their largest count."""

    means: FloatArray  # (a,)
    maxima: FloatArray  # (b,)
    cells: FloatArray  # (a, b), probabilities
    tails: FloatArray  # (a, b), the smaller of the tails of both numbers


def measure_tails(counts: CountTable, *, at_least: float = 0.0) -> Tails:
    """Return the probabilities and the tails of studies by mean and largest count.

    Means are whole numbers. Means and largest counts that are too improbable to matter are left
    out, and so are largest counts whose own tail is smaller than `at_least`.
    """
    runs = load_reported().runs
    # Largest counts, and the smaller tail of each.
    maxima, chances = convolution.compute_max_mass(counts, runs)
    at_most = np.cumsum(chances)
    at_least_so_large = np.cumsum(chances[::-1])[::-1]
    tails_of_max = np.minimum(at_most, at_least_so_large)
    is_kept = (chances > NEGLIGIBLE) & (tails_of_max >= at_least)
    maxima = maxima[is_kept]
    tails_of_max = tails_of_max[is_kept]
    # Whole-number means between the least and the largest that matter.
    possible, mass = convolution.compute_mean_mass(counts, runs)
    possible = possible[mass > NEGLIGIBLE]
    means = np.arange(math.floor(possible[0]), math.ceil(possible[-1]) + 1.0)
    cells = convolution.compute_joint_mass(
        counts,
        runs,
        mean_edges=_place_edges(means),
        max_edges=np.append(maxima, maxima[-1] + 1.0),
    )
    tails_of_mean = convolution.find_tails_given_max(cells)
    return Tails(means, maxima, cells, np.minimum(tails_of_mean, tails_of_max))


def _place_edges(means: FloatArray) -> FloatArray:
    """Return the edges between means that round to neighbouring whole numbers, (a + 1,)."""
    return np.append(means - 0.5, means[-1] + 0.5)


def measure_power(counts: CountTable, others: Mapping[str, CountTable]) -> dict[str, float]:
    """Return the power against other populations: how probably their studies are rejected.

    A study is rejected if it is too unusual for the population `counts`, at the level of the
    headline. A largest count that this population lacks is judged as the next larger one that it
    has.
    """
    means, maxima, cells, tails = measure_tails(counts)
    # p of a study is the probability of all studies with a tail that is as small or smaller. Tails
    # that differ by rounding, 1e-9 of their size, count as equal.
    order = np.argsort(tails, axis=None)
    ascending = tails.ravel()[order]
    share = np.cumsum(cells.ravel()[order])
    last = np.searchsorted(ascending, ascending * (1.0 + 1e-9), side="right") - 1
    is_kept = np.empty(cells.shape, dtype=bool)
    is_kept.ravel()[order] = share[last] > load_claims()["headline"].thresholds["at_least"]
    # The probability, in each other population, of the studies that are not rejected.
    runs = load_reported().runs
    mean_edges = _place_edges(means)
    max_edges = np.concatenate([[0.0], maxima[:-1] + 1.0, [np.inf]])
    power = {}
    for name, other in others.items():
        mass = convolution.compute_joint_mass(
            other, runs, mean_edges=mean_edges, max_edges=max_edges
        )
        power[name] = 1.0 - float(mass[is_kept].sum())
    return power


def measure_likelihood(table: CountTable) -> Model:
    """Return how probable the reported numbers are in a population with these counts of updates.

    ``chances`` and ``errors`` are the probability and the standard error of its logarithm, by
    `SWEEPS`; ``n_at_max`` is the number of networks that stop at the reported largest count.

    Notes
    -----
    The error comes from the counts, by the delta method. If g is the slope of the probability in
    the share p of networks with each count, its variance is ``(sum p g^2 - (sum p g)^2) / n``.
    """
    reported = load_reported()
    mean = float(reported.mean)
    largest = int(reported.max)
    chance_by_added = {}
    slopes_by_added = {}
    for added in (0, 1):
        chance_by_added[added], slopes_by_added[added] = convolution.compute_pair_chance(
            table,
            reported.runs,
            mean=(mean - 0.5 - added, mean + 0.5 - added),
            largest=largest - added,
        )
    # Where it is open whether the last sweep counts, both probabilities are averaged.
    shares = table.counts / table.n
    chances = {}
    errors = {}
    for name, additions in SWEEPS.items():
        chance = math.fsum(chance_by_added[added] for added in additions) / len(additions)
        slopes = np.mean([slopes_by_added[added] for added in additions], axis=0)
        variance = math.fsum(shares * slopes**2) - math.fsum(shares * slopes) ** 2
        chances[name] = chance
        if chance:
            errors[name] = math.sqrt(max(variance, 0.0) / table.n) / chance
        else:
            errors[name] = 0.0
    n_at_max = int(table.counts[table.updates == largest].sum())
    return {"n_at_max": n_at_max, "chances": chances, "errors": errors}


def compare_readings(likelihoods: Mapping[str, Mapping[str, Any]]) -> dict[str, Model]:
    """Return how strongly the reported numbers support each reading, by `SWEEPS` and reading.

    ``bayes_factor`` weighs the first reading against this one. ``posterior`` is the probability
    of this reading if all are equally probable before. `likelihoods` has what `measure_likelihood`
    returns of each reading.
    """
    compared: dict[str, Model] = {}
    for sweep in SWEEPS:
        chances = {name: row["chances"][sweep] for name, row in likelihoods.items()}
        errors = {name: row["errors"][sweep] for name, row in likelihoods.items()}
        compared[sweep] = {}
        for name, row in likelihoods.items():
            compared[sweep][name] = {
                "n_at_max": row["n_at_max"],
                "chance": chances[name],
                **_weigh_reading(name, chances, errors),
            }
    return compared


def _weigh_reading(name: str, chances: Mapping[str, float], errors: Mapping[str, float]) -> Model:
    """Return the Bayes factor of the first reading against `name`, and the posterior of `name`.

    All are None where a chance is 0. `chances` and `errors` are those of all readings.
    """
    first = next(iter(chances))
    others = [each for each in chances if each != name]
    chance = chances[name]
    of_all_others = math.fsum(chances[each] for each in others)
    if not (chance and chances[first] and of_all_others):
        return {
            "bayes_factor": None,
            "bayes_factor_interval": None,
            "posterior": None,
            "posterior_interval": None,
        }
    # Logarithms of independent estimates, so that their errors add up in squares.
    factor = chances[first] / chance
    error_of_factor = 0.0  # of the first reading against itself, whose factor is 1
    if name != first:
        error_of_factor = math.hypot(errors[name], errors[first])
    errors_of_others = [chances[each] / of_all_others * errors[each] for each in others]
    error_of_odds = math.hypot(errors[name], *errors_of_others)
    odds = _spread(chance / of_all_others, error_of_odds)
    return {
        "bayes_factor": factor,
        "bayes_factor_interval": _spread(factor, error_of_factor),
        "posterior": chance / (chance + of_all_others),
        "posterior_interval": [end / (1.0 + end) for end in odds],
    }


def _spread(value: float, error: float) -> list[float]:
    """Return the 95 % interval of a value whose logarithm has this standard error."""
    return [value * math.exp(-Z * error), value * math.exp(Z * error)]
