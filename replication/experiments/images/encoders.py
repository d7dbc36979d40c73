"""How fast each rule is at its own best rate as one-hot encoders become larger."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.matrices import Counts
from replication.experiments.sample import CROSS_ENTROPY, Sample, name_estimate, name_median
from replication.statistics.intervals import Estimate

RULES: dict[str, dict[str, Any]] = {
    "recirculation": {},
    "cross-entropy": CROSS_ENTROPY,
    "slowed": CROSS_ENTROPY | {"visible_to_hidden_factor": 0.25},
}
RATES = {
    "recirculation": (56.0, 90.0, 128.0, 150.0, 176.0, 208.0),
    "cross-entropy": (4.5, 5.5, 6.5, 7.5, 8.5, 10.0),
    "slowed": (10.0, 12.0, 14.0, 16.0, 18.0, 21.0),
}
"""Learning rates that are tried, times the number of visible units."""
SIZES = (4, 8, 16, 32, 64)  # visible units
CAP = 8_000
FEWEST = 6  # networks whose median has an interval
SEARCH_SHARE = 1.0 / 6.0  # networks at each learning rate that is tried, as a share of all
N_LARGER = 3  # sizes, the last ones, from which the exponents are measured
ERRORS = 1.96  # standard errors on each side of an exponent


def measure_encoders(sample: Sample) -> Model:
    """Return for each rule the updates of N-log2(N)-N encoders, and how they grow with N.

    Of larger encoders there are fewer networks, since they take longer.
    """

    def learn(task: tuple[int, str]) -> Counts:
        size, rule = task
        # Fewer networks of the larger sizes, and rates that fall as the size grows.
        taken = sample.alone.take(SIZES[0] / size, least=FEWEST)
        base = Protocol(group_sizes=(size, size.bit_length() - 1), max_updates=CAP, **RULES[rule])
        rates = [float(f"{rate / size:.3g}") for rate in RATES[rule]]
        best = taken.take(SEARCH_SHARE).find_best(base, {"learning_rate": rates})
        return taken.simulate(best).updates

    found = sample.map(learn, [(size, rule) for size in reversed(SIZES) for rule in RULES])
    rules = {}
    for rule in RULES:
        larger = {size: found[size, rule] for size in SIZES[-N_LARGER:]}
        rules[rule] = {
            "updates": [name_median(found[size, rule]) for size in SIZES],
            **name_estimate("exponent", estimate_exponent(larger)),
        }
    return {"sizes": list(SIZES), "larger": [SIZES[-N_LARGER], SIZES[-1]], "rules": rules}


def estimate_exponent(updates: Mapping[int, Counts]) -> Estimate:
    """Return the slope of mean log updates against log size, by least squares, with its interval.

    The samples of the sizes are independent, so that the slope's variance is the sum of theirs.
    """
    x = np.log(list(updates))
    shares = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    logs = [np.log(np.maximum(sample, 1)) for sample in updates.values()]
    slope = np.sum(shares * [each.mean() for each in logs])
    error = np.sqrt(np.sum(shares**2 * [each.var(ddof=1) / len(each) for each in logs]))
    return Estimate(float(slope), float(slope - ERRORS * error), float(slope + ERRORS * error))
