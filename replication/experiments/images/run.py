"""Real images: where each rule comes to rest, why, and what helps; growth; larger encoders."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.images import linear, logistic
from replication.experiments.instruments.matrices import Counts
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    CROSS_ENTROPY,
    Sample,
    lies_inside,
    name_estimate,
    name_median,
)
from replication.statistics.intervals import Estimate

FEWEST = 6  # networks whose median has an interval
IMAGES_SHARE = 1 / 96
EXACT_SHARE = 1 / 12
"""Networks of each kind on images, and small ones with exact dynamics, as shares of all."""

RULES: dict[str, dict[str, Any]] = {
    "recirculation": {},
    "cross-entropy": CROSS_ENTROPY,
    "slowed": CROSS_ENTROPY | {"visible_to_hidden_factor": 0.25},
}
RATES = {
    "recirculation": (64.0, 76.0, 90.0, 108.0, 128.0, 152.0, 180.0, 216.0, 256.0),
    "cross-entropy": (4.5, 5.5, 6.5, 7.5, 8.5, 10.0, 12.0),
    "slowed": (10.0, 12.0, 14.0, 16.0, 18.0, 21.0, 25.0),
}
"""Learning rates that are tried, times the number of visible units."""
SIZES = (4, 8, 16, 32, 64)  # visible units
CAP = 8_000
SEARCH_SHARE = 1.0 / 6.0  # networks at each learning rate that is tried, as a share of all
N_LARGER = 3  # sizes, the last ones, from which the exponents are measured
ERRORS = 1.96  # standard errors on each side of an exponent


def run(sample: Sample) -> Model:
    """Return the model of real images and of larger encoders."""
    parts = {
        "linear": linear.measure_rest,
        "logistic": logistic.measure_criterion,
        "minimum": logistic.measure_minimum,
        "repairs": logistic.measure_repairs,
    }
    model: Model = {"n_images": linear.IMAGES.n_images}
    for name, measure in parts.items():
        sample.report_progress(name)
        model[name] = measure(sample.take(IMAGES_SHARE, least=FEWEST))
    sample.report_progress("one-hot encoders")
    model["exact"] = linear.measure_exact(sample.take(EXACT_SHARE, least=FEWEST))
    return model | {"encoders": measure_encoders(sample)}


def measure_encoders(sample: Sample) -> Model:
    """Return for each rule the updates of N-log2(N)-N encoders, and how they grow with N.

    Of larger encoders there are fewer networks, since they take longer. ``inside``: whether the
    best rates are neither the least nor the most that were tried.
    """

    def learn(task: tuple[int, str]) -> tuple[Counts, bool]:
        size, rule = task
        # Fewer networks of the larger sizes, and rates that fall as the size grows.
        taken = sample.alone.take(SIZES[0] / size, least=FEWEST)
        n_hidden = size.bit_length() - 1  # log2 of the size
        base = Protocol(group_sizes=(size, n_hidden), max_updates=CAP, **RULES[rule])
        grid = {"learning_rate": [float(f"{rate / size:.3g}") for rate in RATES[rule]]}
        best = taken.take(SEARCH_SHARE).find_best(base, grid)
        return taken.simulate(best).updates, lies_inside(best, grid)

    tasks = [(size, rule) for size in reversed(SIZES) for rule in RULES]
    learnt = sample.map(learn, tasks)
    found = {task: updates for task, (updates, _) in learnt.items()}
    rules = {}
    for rule in RULES:
        larger = {size: found[size, rule] for size in SIZES[-N_LARGER:]}
        rules[rule] = {
            "updates": [name_median(found[size, rule]) for size in SIZES],
            **name_estimate("exponent", estimate_exponent(larger)),
        }
    return {
        "sizes": list(SIZES),
        "larger": [SIZES[-N_LARGER], SIZES[-1]],
        "rules": rules,
        "inside": all(is_inside for _, is_inside in learnt.values()),
    }


def estimate_exponent(updates: Mapping[int, Counts]) -> Estimate:
    """Return the slope of mean log updates against log size, by least squares, with its interval.

    The samples of the sizes are independent, so that the slope's variance is the sum of theirs.
    """
    x = np.log(list(updates))
    shares = (x - x.mean()) / np.sum((x - x.mean()) ** 2)  # by which each mean enters the slope
    logs = [np.log(np.maximum(sample, 1)) for sample in updates.values()]
    means = [each.mean() for each in logs]
    variances = [each.var(ddof=1) / len(each) for each in logs]  # of these means
    slope = np.sum(shares * means)
    error = np.sqrt(np.sum(shares**2 * variances))
    return Estimate(float(slope), float(slope - ERRORS * error), float(slope + ERRORS * error))
