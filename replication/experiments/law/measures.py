"""How near the law comes to the times of networks, and what would do as well without it."""

import math

import numpy as np

from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.law.following import Followed, find_first, replay
from replication.experiments.law.plan import Case
from replication.simulator.rule.network import Rule
from replication.simulator.rule.weights import split_arrays

FACTORS = tuple(2.0 ** (k / 8) for k in range(-16, 17))
"""Factors on eta among which the best is looked for, from a quarter to four."""
THRESHOLDS = (0.03, 0.1, 0.3)  # criteria by which the same recordings are judged
REPLAYED = (0.25, 0.5, 1.0, 2.0, 4.0)  # factors on eta of decoders that learn on recorded codes
PASSED = tuple(np.geomspace(0.01, 1.0, 60).tolist())  # smallest gaps whose first passage is tried
N_RESAMPLED = 400  # samples of networks with replacement, for intervals
# The law holds in a case if the median of law / time lies in the first range, and both percentiles
# in the second; within a third, if the median lies in the third.
HOLDS = (0.8, 1.25)
HOLDS_SPREAD = (0.6, 1.67)
WITHIN_A_THIRD = (0.75, 1.33)


def measure_case(case: Case, followed: Followed, generator: np.random.Generator) -> Model:
    """Return all that the plan asks of a case, but baseline (a), which needs recirculation."""
    times = followed.times
    predicted = followed.predict()
    measured = {
        "task": case.task,
        "rule": case.rule,
        "rate": case.rate,
        "speed": case.speed,
        "n": len(times),
        "cap": case.cap,
        "every": case.every,
        "time": find_median(times),
        "law": find_median(predicted),
        **compare_times(predicted, times, generator),
        "table": count_both(np.isfinite(times), np.isfinite(predicted)),
        "multiplier": find_multiplier(followed, generator),
        "integral": find_off(integrate(followed), times),
        "passages": [find_off(pass_gap(followed, gap), times) for gap in PASSED],
        "feedback": rank_feedback(followed),
        "named": name_failures(followed, case.cap),
    }
    if followed.projections is not None:
        balanced = law.predict_balanced_time(
            followed.projections, case.learning.targets, rate=case.speed, every=case.every
        )
        measured["balanced"] = compare_times(balanced, times, generator)
    if case.every == 1:
        measured["thresholds"] = {}
        for threshold in THRESHOLDS:
            others = followed.predict(threshold=threshold)
            found = followed.find_times(threshold)
            measured["thresholds"][f"{threshold:g}"] = compare_times(others, found, generator)
    if case.task == "4-2-4":
        measured["replay"] = {}
        for factor in REPLAYED:
            again = replay(followed, factor, generator)
            others = followed.predict(factor)
            measured["replay"][f"{factor:g}"] = compare_times(others, again, generator)
    measured["outcome"] = judge_ratio(measured["ratio"])
    return measured


def compare_times(predicted: Array, times: Array, generator: np.random.Generator) -> Model:
    """Return the ratios of predicted to measured times, of networks in which both are finite.

    ``ratio`` has the 10th, 50th and 90th percentile, ``ratio_interval`` the 95 % interval of the
    median over samples of networks; ``r2`` is the squared correlation of the logarithms, and
    ``off`` what `find_off` returns.
    """
    is_both = take_both(predicted, times)
    n = int(is_both.sum())
    if n < 3:
        return {"n_both": n, "ratio": None, "ratio_interval": None, "r2": None, "off": None}
    ratios = predicted[is_both] / times[is_both]
    samples = ratios[generator.integers(n, size=(N_RESAMPLED, n))]
    medians = np.median(samples, axis=1)
    logs = np.log([predicted[is_both], times[is_both]])
    return {
        "n_both": n,
        "ratio": np.quantile(ratios, (0.1, 0.5, 0.9)).tolist(),
        "ratio_interval": np.quantile(medians, (0.025, 0.975)).tolist(),
        "r2": float(np.corrcoef(logs)[0, 1] ** 2) if logs.std(axis=1).min() > 0.0 else None,
        "off": find_off(predicted, times),
    }


def take_both(predicted: Array, times: Array) -> Flags:
    """Return in which networks both times are finite and above 0, (n,)."""
    return np.asarray(np.isfinite(predicted) & np.isfinite(times) & (predicted > 0) & (times > 0))


def find_off(predicted: Array, times: Array) -> float | None:
    """Return the median of |ln(predicted / time)| over networks that have learnt.

    It is infinite in a network for which there is no prediction; None stands for infinity, and for
    no network.
    """
    has_learnt = np.isfinite(times) & (times > 0)
    if not has_learnt.any():
        return None
    with np.errstate(divide="ignore"):
        off = np.abs(np.log(predicted[has_learnt] / times[has_learnt]))
    median = float(np.median(off))
    return median if math.isfinite(median) else None


def find_median(times: Array) -> float | None:
    """Return the median of times, None if it is infinite."""
    median = float(np.median(times))
    return median if math.isfinite(median) else None


def count_both(learnt: Flags, finishes: Flags) -> list[int]:
    """Return how many networks learn and the law finishes, only the first, the second, neither."""
    return [
        int(np.sum(learnt & finishes)),
        int(np.sum(learnt & ~finishes)),
        int(np.sum(~learnt & finishes)),
        int(np.sum(~learnt & ~finishes)),
    ]


def judge_ratio(ratio: list[float] | None) -> str:
    """Return whether the law *holds*, *holds within a third* or *fails*, by its percentiles."""
    if ratio is None:
        return "fails"
    low, middle, high = ratio
    if HOLDS[0] <= middle <= HOLDS[1] and HOLDS_SPREAD[0] <= low and high <= HOLDS_SPREAD[1]:
        return "holds"
    if WITHIN_A_THIRD[0] <= middle <= WITHIN_A_THIRD[1]:
        return "holds within a third"
    return "fails"


def find_multiplier(followed: Followed, generator: np.random.Generator) -> Model:
    """Return the factor on eta with which the law is nearest to the times.

    ``best`` is the one of `FACTORS` with the smallest median |log ratio|; ``interval`` are its
    2.5th and 97.5th percentiles over samples of networks.
    """
    times = followed.times
    has_learnt = np.isfinite(times) & (times > 0)
    n = int(has_learnt.sum())
    if n < 3:
        return {"best": None, "interval": None}
    with np.errstate(divide="ignore"):
        offs = [
            np.abs(np.log(followed.predict(factor)[has_learnt] / times[has_learnt]))
            for factor in FACTORS
        ]
    table = np.array(offs)  # (n_factors, n)
    best = FACTORS[int(np.argmin(np.median(table, axis=1)))]
    found = []
    for _ in range(N_RESAMPLED):
        some = generator.integers(n, size=n)
        found.append(FACTORS[int(np.argmin(np.median(table[:, some], axis=1)))])
    return {"best": best, "interval": np.quantile(found, (0.025, 0.975)).tolist()}


def integrate(followed: Followed) -> Array:
    """Return baseline (b): the first update at which ``sum eta m^2`` is enough for all units.

    Enough is ``2 (ln 9 + 8)``, which is exact for gaps that do not change.
    """
    learning = followed.learning
    needed = law.find_room(learning.speed)
    n, _, n_units = followed.gaps.shape
    sums = np.zeros((n, n_units))
    times = np.full(n, np.inf)
    for update, gap in law.step_through(followed.gaps, learning.every):
        is_enough = np.all(sums >= needed, axis=1)
        times[is_enough & np.isinf(times)] = update
        sums += gap**2
    return times


def pass_gap(followed: Followed, gap: float) -> Array:
    """Return the first update at which the smallest gap of a network exceeds a value, (n,)."""
    smallest = followed.gaps.min(axis=2)
    return find_first(smallest > gap) * followed.learning.every


def choose_passage(models: list[Model]) -> int:
    """Return the index of the value of `PASSED` that is nearest to the times of some cases.

    The mean over the cases counts; a case without networks that pass it counts as far off.
    """
    means = []
    for k in range(len(PASSED)):
        offs = [model["passages"][k] for model in models]
        means.append(np.mean([math.inf if off is None else off for off in offs]))
    return int(np.argmin(means))


def rank_feedback(followed: Followed) -> Model:
    """Return the rank correlations of time with the first gap of M, and with that of W.

    Networks in which the first gap is 0 share their mean rank. A network that has not learnt has
    the last rank.
    """
    learning = followed.learning
    rule = Rule(learning.network, learning.protocol)
    name = getattr(learning.network, "feedback_name", "W")
    if not learning.is_one_hot or "W" not in rule.all_shapes or name is None:
        return {"name": name}
    ranked: Model = {"name": name}
    for label, matrix in (("own", name), ("w", "W")):
        gaps = measure_columns(find_columns(rule, matrix, "U", followed.start))
        ranked[f"{label}_zero"] = float(np.mean(gaps == 0.0))
        ranked[label] = correlate_ranks(gaps, followed.times)
    return ranked


def find_columns(rule: Rule, name: str, decoder: str, start: Array) -> Array:
    """Return a matrix with a column for each visible unit, (n, n_hidden, n_visible).

    The decoder has rows for them. So has a matrix without as many columns.
    """
    matrix = split_arrays(rule.all_shapes, start)[name]
    has_rows = name == decoder or matrix.shape[2] != rule.targets.shape[1]
    return matrix.swapaxes(1, 2) if has_rows else matrix


def measure_columns(matrix: Array) -> Array:
    """Return the smallest distance of a column from the hull of the others, (n,).

    Each column of `matrix` (n, n_hidden, n_visible) is the point of a visible unit in the space of
    the hidden units.
    """
    columns = np.ascontiguousarray(matrix.swapaxes(1, 2))
    return np.asarray(law.measure_gaps(columns).min(axis=1))


def correlate_ranks(gaps: Array, times: Array) -> float | None:
    """Return the rank correlation of gaps with times; None where either is the same for all."""
    from scipy import stats  # which takes long to import

    if len(np.unique(times)) < 2 or len(np.unique(gaps)) < 2:
        return None
    return float(stats.spearmanr(gaps, times)[0])


def name_failures(followed: Followed, cap: int) -> Model:
    """Return who is named as never learning at half the cap, by who has not learnt at the cap.

    A network is named that has not learnt by then, and whose smallest gap is too small for a
    decoder alone to read its codes in the rest of the time. ``table`` counts networks that are
    named and fail, that are named and learn, that fail without being named, and the others.
    """
    learning = followed.learning
    half = cap // 2
    needed = law.find_needed_gap(cap - half, learning.speed)
    smallest = followed.gaps[:, half // learning.every].min(axis=1)
    is_named = (followed.times > half) & (smallest < needed)
    fails = ~followed.learnt
    return {"gap": needed, "table": count_both(is_named, fails)}
