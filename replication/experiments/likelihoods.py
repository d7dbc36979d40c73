"""The probability that networks report exactly the printed numbers, with its interval."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.claims import load_reported
from replication.statistics.convolution import compute_pair_chance
from replication.statistics.counts import CountTable

SWEEPS = {"not counted": (0,), "counted": (1,), "open": (0, 1)}
"""What is added to updates if the last sweep counts; where it is open, both are equally likely."""
Z = 1.959964  # of a 95 % interval
MIN_AT_REPORTED = 100  # networks that stop at the reported largest count, for a Bayes factor


@dataclasses.dataclass(frozen=True)
class Likelihood:
    """The probability of the printed numbers, and the standard error of its logarithm, by sweep."""

    n_at_max: int
    chances: Mapping[str, float]
    errors: Mapping[str, float]

    @classmethod
    def of(cls, table: CountTable) -> Likelihood:
        """Compute it exactly from a population that is known by a table of counts.

        The error is that of the counts, by the delta method: with slopes g of the probability P in
        the shares p of n networks, its variance is (sum p g^2 - (sum p g)^2) / n.
        """
        reported = load_reported()
        mean, largest = float(reported.mean), int(reported.max)
        shares = table.counts / table.n
        found = {
            added: compute_pair_chance(
                table, reported.runs,
                mean=(mean - 0.5 - added, mean + 0.5 - added), largest=largest - added,
            )
            for added in (0, 1)
        }  # fmt: skip
        chances, errors = {}, {}
        for name, ways in SWEEPS.items():
            chance = math.fsum(found[added][0] for added in ways) / len(ways)
            slopes = np.mean([found[added][1] for added in ways], axis=0)
            variance = math.fsum(shares * slopes**2) - math.fsum(shares * slopes) ** 2
            chances[name] = chance
            errors[name] = math.sqrt(max(variance, 0.0) / table.n) / chance if chance else 0.0
        at_max = table.counts[table.updates == largest]
        return cls(int(at_max.sum()), chances, errors)


def compare_readings(likelihoods: Mapping[str, Likelihood]) -> dict[str, dict[str, Any]]:
    """Return chance, Bayes factor of the first reading and posterior of each, by sweep and reading.

    The posterior is that at equal prior odds. An interval multiplies and divides by exp(1.96 s),
    s being the standard error of the logarithm (of the odds, for a posterior).
    """
    return {
        sweep: {name: _describe(likelihoods, name, sweep) for name in likelihoods}
        for sweep in SWEEPS
    }


def _describe(likelihoods: Mapping[str, Likelihood], name: str, sweep: str) -> dict[str, Any]:
    own, base = likelihoods[name], next(iter(likelihoods.values()))
    chance, error = own.chances[sweep], own.errors[sweep]
    row: dict[str, Any] = {"n_at_max": own.n_at_max, "chance": chance}
    if not chance or not base.chances[sweep]:
        names = "bayes_factor", "bayes_factor_interval", "posterior", "posterior_interval"
        return row | dict.fromkeys(names)
    factor = base.chances[sweep] / chance
    of_factor = 0.0 if own is base else math.hypot(error, base.errors[sweep])
    rest = [each for each in likelihoods.values() if each is not own and each.chances[sweep]]
    total = math.fsum(each.chances[sweep] for each in rest)
    of_rest = [each.chances[sweep] / total * each.errors[sweep] for each in rest]
    odds = _spread(chance / total, math.hypot(error, *of_rest))
    return row | {
        "bayes_factor": factor,
        "bayes_factor_interval": _spread(factor, of_factor),
        "posterior": chance / (chance + total),
        "posterior_interval": [end / (1.0 + end) for end in odds],
    }


def _spread(value: float, error: float) -> list[float]:
    return [value * math.exp(-Z * error), value * math.exp(Z * error)]
