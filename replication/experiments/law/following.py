"""Networks of a case, followed while they learn: their times, the gaps of their codes, the law."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.law.plan import Case
from replication.simulator.running.engine import Engine

NUMBERS_AT_ONCE = 4_000_000  # weights of recorded networks in memory at a time


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What was recorded of the networks of a case, at moments `every` updates apart."""

    case: Case
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
        case = self.case
        return law.predict_learning_time(
            self.gaps, rate=factor * case.speed, threshold=threshold, every=case.every
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


def draw(case: Case, n: int) -> Array:
    """Draw the initial weights of the first n networks of a case, with fixed arrays."""
    return Engine(case.protocol, case.network).rule.draw(case.seed, 0, n)


def follow(case: Case, start: Array) -> Followed:
    """Train networks from given weights, and record them up to the cap of the case."""
    engine = Engine(case.protocol, case.network)
    updates, learnt, _ = engine.train(start, root_seed=case.seed)
    moments = range(0, case.cap + 1, case.every)
    n_at_once = max(8, NUMBERS_AT_ONCE // (len(moments) * engine.program.n_all))
    recorded = [
        record(case, engine, start[first : first + n_at_once], moments, first)
        for first in range(0, len(start), n_at_once)
    ]
    projections = None
    if not case.is_one_hot:
        projections = np.concatenate(
            [law.project_codes(each.codes, case.targets) for each in recorded]
        )
        gaps = law.find_margins(projections, case.targets)
    else:
        gaps = np.concatenate([law.measure_gaps(each.codes) for each in recorded])
    codes = np.concatenate([each.codes for each in recorded])
    errors = np.concatenate([each.errors for each in recorded])
    return Followed(case, start, updates, learnt, gaps, errors, codes, projections)


class Recorded(NamedTuple):
    """Codes (n, n_moments, n_patterns, n_hidden) and largest errors (n, n_moments) of networks."""

    codes: Array
    errors: Array


def record(case: Case, engine: Engine, rows: Array, moments: range, first: int) -> Recorded:
    """Record networks, the first of which has a given seed, while they learn from some weights."""
    weights = engine.record(rows, moments, root_seed=case.seed, first_seed=first)
    n, n_moments, n_all = weights.shape
    measured = engine.evaluate(weights.reshape(-1, n_all))
    codes = measured.hidden[-1]
    errors = np.abs(measured.reconstruction - case.targets).max(axis=(1, 2))
    return Recorded(codes.reshape(n, n_moments, *codes.shape[1:]), errors.reshape(n, n_moments))


def count_law(case: Case, start: Array) -> tuple[Flags, Flags]:
    """Return which networks have learnt by the cap, and for which the law finishes by it, (n,).

    Networks are recorded for an eighth of the cap, and those for which the law has not finished
    by then once more, to the cap. The rule must draw no random numbers.
    """
    early = dataclasses.replace(case, cap=math.ceil(case.cap / 8))
    _, learnt, _ = Engine(case.protocol, case.network).train(start, root_seed=case.seed)
    finishes = np.isfinite(follow(early, start).predict())
    left = np.flatnonzero(~finishes)
    if len(left):
        finishes[left] = np.isfinite(follow(case, start[left]).predict())
    return learnt, finishes


def replay(followed: Followed, factor: float, generator: np.random.Generator) -> Array:
    """Return the times of new decoders on recorded codes, at eta times a factor, (n,).

    Each starts from weights of its own, uniform from -0.5 to 0.5, and learns by the delta rule on
    the codes that its network had after 0, 1, 2, ... updates. It has no influence on them. Codes
    must have been recorded at every update.
    """
    codes = followed.codes
    rate = factor * followed.case.speed
    targets = followed.case.targets
    n, n_moments, _, n_hidden = codes.shape
    U = generator.uniform(-0.5, 0.5, (n, targets.shape[1], n_hidden))
    c = generator.uniform(-0.5, 0.5, (n, 1, targets.shape[1]))
    times = np.full(n, np.inf)
    for moment in range(n_moments):
        h = codes[:, moment]  # (n, n_patterns, n_hidden)
        errors = targets - expit(h @ U.swapaxes(1, 2) + c)
        is_right = np.abs(errors).max(axis=(1, 2)) < followed.case.protocol.threshold
        times[is_right & np.isinf(times)] = moment
        U += rate * errors.swapaxes(1, 2) @ h
        c += rate * errors.sum(axis=1, keepdims=True)
    return times
