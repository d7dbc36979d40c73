"""Populations of runs, from normal ones to those that fit no test."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from replication.statistics.arrays import FloatArray

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape], FloatArray]
"""Draws runs of one population; the last axis counts the runs of a trial."""

CHUNK = 4_000_000
"""The most numbers that are drawn at once, so that memory does not run out."""


def draw_pairs(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return runs in pairs that share half of their variance, as runs on one data split do."""
    n_runs = shape[-1]
    n_pairs = (n_runs + 1) // 2
    shared = np.repeat(generator.normal(size=(*shape[:-1], n_pairs)), 2, axis=-1)
    return np.asarray(shared[..., :n_runs] + generator.normal(size=shape))


def draw_shifted(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return normal runs, a fifth of them 4 standard deviations higher."""
    return np.asarray(generator.normal(size=shape) + 4.0 * (generator.random(shape) < 0.2))


def draw_failing(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return runs of about 10, one in ten of them 100."""
    fails = generator.random(shape) < 0.1
    return np.where(fails, 100.0, generator.normal(10.0, 1.0, shape))


def draw_bounded(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return uniform runs, 60 % of them at their upper bound."""
    return np.where(generator.random(shape) < 0.6, 1.0, generator.random(shape))


def draw_capped_rewards(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return rewards of about 480 that cannot exceed 500."""
    return np.minimum(generator.normal(480.0, 60.0, shape), 500.0)


def draw_two_modes(generator: np.random.Generator, shape: Shape) -> FloatArray:
    """Return normal runs, half of them 6 standard deviations higher."""
    return np.asarray(generator.normal(size=shape) + 6.0 * (generator.random(shape) < 0.5))


POPULATIONS: Mapping[str, Draw] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "uniform": lambda generator, shape: generator.random(shape),
    "at two ends": lambda generator, shape: generator.beta(0.5, 0.5, shape),
    "a fifth shifted by 4 SD": draw_shifted,
    "one in ten fails": draw_failing,
    "60 % at a bound": draw_bounded,
    "t, 2 degrees": lambda generator, shape: generator.standard_t(2.0, shape),
    "exponential": lambda generator, shape: generator.exponential(size=shape),
    "lognormal": lambda generator, shape: generator.lognormal(0.0, 1.0, shape),
    "accuracy near 1": lambda generator, shape: generator.beta(50.0, 1.0, shape),
    "rewards capped": draw_capped_rewards,
    "two modes, 6 SD apart": draw_two_modes,
    "counts around 1": lambda generator, shape: generator.poisson(1.0, shape).astype(np.float64),
    "0 or 1, mostly 1": lambda generator, shape: (generator.random(shape) < 0.9).astype(np.float64),
    "pairs of runs": draw_pairs,
}
DEPENDENT = "pairs of runs"
"""The one population whose runs depend on each other, which no test here allows for."""


def list_chunks(n_trials: int, n_numbers: int) -> Iterator[int]:
    """Yield how many trials to draw at once, until all are drawn; each has `n_numbers` numbers."""
    most = max(1, CHUNK // n_numbers)
    for first in range(0, n_trials, most):
        yield min(most, n_trials - first)
