"""Networks, followed while they learn: their times, the gaps of their codes, the law."""

import dataclasses
import functools
import math
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from replication.definition.protocol import Protocol
from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.simulator.rule.network import Network, Rule
from replication.simulator.running.engine import Engine

NUMBERS_AT_ONCE = 4_000_000  # weights of recorded networks in memory at a time


@dataclasses.dataclass(frozen=True, kw_only=True)
class Learning:
    """How networks learn, and at which moments their codes are recorded."""

    protocol: Protocol
    network: type[Network]
    seed: int  # their root seed
    speed: float  # eta, the learning rate of the decoder
    horizon: int  # updates up to which codes are recorded
    every: int = 1  # updates between two moments at which gaps are measured
    first_seed: int = 0  # of the networks, which have the seeds from it on

    @functools.cached_property
    def targets(self) -> Array:
        """What visible units should say to each vector, (n_patterns, n_units)."""
        return Rule(self.network, self.protocol).targets

    @property
    def is_one_hot(self) -> bool:
        """Whether each unit has one vector of its own, in the same order."""
        return np.array_equal(self.targets, np.eye(len(self.targets)))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What was recorded of networks, at moments `every` updates apart."""

    learning: Learning
    start: Array  # (n, n_all), initial weights
    updates: Counts  # (n,), until each had learnt, or the cap
    learnt: Flags  # (n,)
    gaps: Array  # (n, n_moments, n_units), of each visible unit
    errors: Array  # (n, n_moments), the largest of each network
    codes: Array  # (n, n_moments, n_patterns, n_hidden)
    projections: Array | None  # (n, n_moments, n_units, n_patterns), unless vectors are one-hot

    @property
    def times(self) -> Array:
        """Updates until each network had learnt, infinite if it had not at the cap, (n,)."""
        return np.where(self.learnt, self.updates, np.inf)

    def predict(self, factor: float = 1.0, *, threshold: float = 0.1) -> Array:
        """Return the law's time for each network, for eta times a factor, (n,)."""
        learning = self.learning
        return law.predict_learning_time(
            self.gaps, rate=factor * learning.speed, threshold=threshold, every=learning.every
        )

    def find_times(self, threshold: float) -> Array:
        """Return after how many updates the largest error is below another threshold, (n,).

        It needs the error at every update.
        """
        return find_first(self.errors < threshold)


def find_first(is_so: Flags) -> Array:
    """Return the first moment at which something is so, infinite if it never is, (n,).

    >>> find_first(np.array([[False, True, True], [False, False, False]]))
    array([ 1., inf])
    """
    return np.where(is_so.any(axis=1), is_so.argmax(axis=1), np.inf)


def draw(learning: Learning, n: int) -> Array:
    """Draw the initial weights of the first n networks, with fixed arrays."""
    return Engine(learning.protocol, learning.network).rule.draw(learning.seed, 0, n)


def follow(learning: Learning, start: Array) -> Followed:
    """Train networks from given weights, and record them up to the horizon."""
    engine = Engine(learning.protocol, learning.network)
    updates, learnt, _ = engine.train(
        start, root_seed=learning.seed, first_seed=learning.first_seed
    )
    moments = range(0, learning.horizon + 1, learning.every)
    n_at_once = max(8, NUMBERS_AT_ONCE // (len(moments) * engine.program.n_all))
    recorded = [
        record(learning, engine, start[first : first + n_at_once], moments, first)
        for first in range(0, len(start), n_at_once)
    ]
    projections = None
    if not learning.is_one_hot:
        projections = np.concatenate(
            [law.project_codes(each.codes, learning.targets) for each in recorded]
        )
        gaps = law.find_margins(projections, learning.targets)
    else:
        gaps = np.concatenate([law.measure_gaps(each.codes) for each in recorded])
    codes = np.concatenate([each.codes for each in recorded])
    errors = np.concatenate([each.errors for each in recorded])
    return Followed(learning, start, updates, learnt, gaps, errors, codes, projections)


class Recorded(NamedTuple):
    """Codes (n, n_moments, n_patterns, n_hidden) and largest errors (n, n_moments) of networks."""

    codes: Array
    errors: Array


def record(learning: Learning, engine: Engine, rows: Array, moments: range, first: int) -> Recorded:
    """Record networks, the first of which is that of a given number, while they learn."""
    seed = learning.first_seed + first
    weights = engine.record(rows, moments, root_seed=learning.seed, first_seed=seed)
    n, n_moments, n_all = weights.shape
    measured = engine.evaluate(weights.reshape(-1, n_all))
    codes = measured.hidden[-1]
    errors = np.abs(measured.reconstruction - learning.targets).max(axis=(1, 2))
    return Recorded(codes.reshape(n, n_moments, *codes.shape[1:]), errors.reshape(n, n_moments))


def count_law(learning: Learning, start: Array) -> tuple[Flags, Flags]:
    """Return which networks have learnt, and for which the law finishes by the horizon, (n,).

    Networks are recorded for an eighth of the horizon, and those for which the law has not finished
    by then once more, to its end. The rule must draw no random numbers.
    """
    early = dataclasses.replace(learning, horizon=math.ceil(learning.horizon / 8))
    _, learnt, _ = Engine(learning.protocol, learning.network).train(start, root_seed=learning.seed)
    finishes = np.isfinite(follow(early, start).predict())
    left = np.flatnonzero(~finishes)
    if len(left):
        finishes[left] = np.isfinite(follow(learning, start[left]).predict())
    return learnt, finishes


def replay(followed: Followed, factor: float, generator: np.random.Generator) -> Array:
    """Return the times of new decoders on recorded codes, at eta times a factor, (n,).

    Each starts from weights of its own, uniform from -0.5 to 0.5, and learns by the delta rule on
    the codes that its network had after 0, 1, 2, ... updates. It has no influence on them. Codes
    must have been recorded at every update.
    """
    codes = followed.codes
    learning = followed.learning
    rate = factor * learning.speed
    targets = learning.targets
    n, n_moments, _, n_hidden = codes.shape
    U = generator.uniform(-0.5, 0.5, (n, targets.shape[1], n_hidden))
    c = generator.uniform(-0.5, 0.5, (n, 1, targets.shape[1]))
    times = np.full(n, np.inf)
    for moment in range(n_moments):
        h = codes[:, moment]  # (n, n_patterns, n_hidden)
        errors = targets - expit(h @ U.swapaxes(1, 2) + c)
        is_right = np.abs(errors).max(axis=(1, 2)) < learning.protocol.threshold
        times[is_right & np.isinf(times)] = moment
        U += rate * errors.swapaxes(1, 2) @ h
        c += rate * errors.sum(axis=1, keepdims=True)
    return times
