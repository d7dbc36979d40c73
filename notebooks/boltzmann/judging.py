"""How the plan judges: facts, predictions and verdicts, from the columns of all runs."""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .runs import MOST_CYCLES, PROCESSES, Columns, find_seed

Array = NDArray[Any]

NEVER = 10**6
"""Stands for the cycles of a machine that finds no solution; it is larger than all cycles."""
N_STUDIES = 4000
"""Studies that are drawn to estimate a p."""
N_SAMPLES = 200
"""Samples of machines that are drawn to find the limits of a p."""
CONTRADICTED = 0.01
"""A fact is contradicted if the upper limit of p, after Holm, is below this."""
COMPATIBLE = 0.05
"""A fact is compatible if the lower limit of p is above this."""
JUDGED = {"every": "solved", "tenth": "solved_tenth"}
"""After which cycles a machine is judged: the column with the cycle at which it was first solved."""
LAST_TESTS = "1500", "1600", "1700", "1800"
"""Cycles of the last four tests of a 40-10-40 machine."""
N_COMPLETIONS = 400
"""Completions in a test of a 40-10-40 machine."""
PRINTED_COMPLETION = 0.986
PRINTED_COSINE = 0.735
ALIKE = 0.8
"""Cosine from which on two units count as alike."""


class Estimate(NamedTuple):
    """A probability, and its limits at 1 and 99 %."""

    p: float
    low: float
    high: float


class Fact(NamedTuple):
    """What one reading says of one printed fact."""

    name: str
    p: float
    low: float  # limits of p, at 1 and 99 %
    high: float
    adjusted: float  # the limit `high` after Holm's correction, compared with `CONTRADICTED`
    # "contradicted", "compatible" or "undecided". Before Holm's correction it may also be "", or
    # "beyond" if the printed number lies beyond those of all machines.
    decision: str


def make_fact(name: str, estimate: Estimate) -> Fact:
    """Return a fact that is not decided yet."""
    return Fact(name, *estimate, adjusted=estimate.high, decision="")


# Studies, drawn from machines


def read_times(columns: Columns, name: str) -> Array:
    """Return the cycles of a column, a number for each machine, with `NEVER` in place of 0."""
    cycles = np.array(columns[name], dtype=np.int32)
    return np.where(cycles > 0, cycles, np.int32(NEVER))


def measure_tails(values: Array, at: Array) -> Array:
    """Return the two-sided p of each number in `at` among `values`: twice the smaller tail."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, at, side="right") / len(values)
    above = 1.0 - np.searchsorted(ordered, at, side="left") / len(values)
    return np.minimum(1.0, 2.0 * np.minimum(below, above))


def find_joint_p(studies: Array, printed: tuple[float, ...]) -> float:
    """Return the share of studies (study, number) that are at least as unusual as the printed one.

    A study is as unusual as its most unusual number.
    """
    tails = []
    printed_tails = []
    for column, number in zip(studies.T, printed, strict=True):
        tails.append(measure_tails(column, column))
        printed_tails.append(measure_tails(column, np.array([number]))[0])
    return float((np.min(tails, axis=0) <= min(printed_tails)).mean())


def find_medians(times: Array) -> Array:
    """Return the median of each study; `times` is (study, machine)."""
    # Sorting is faster than NumPy's median.
    ordered = np.sort(times, axis=1)
    n = times.shape[1]
    return (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2


def summarise_times(times: Array) -> Array:
    """Return the median and the longest time of each study; `times` is (study, machine, 1)."""
    solved = times[..., 0]
    return np.column_stack([find_medians(solved), solved.max(axis=1)])


def summarise_eight(times: Array) -> Array:
    """Return how many machines of each study find eight codes, and its medians to seven and eight.

    `times` is (study, machine, 2): cycles to seven codes, and to eight.
    """
    near = times[..., 0]
    solved = times[..., 1]
    n_found = (solved <= MOST_CYCLES).sum(axis=1)
    return np.column_stack([n_found, find_medians(near), find_medians(solved)])


def estimate_p(
    times: Array,
    size: int,
    summarise: Callable[[Array], Array],
    printed: tuple[float, ...],
    generator: np.random.Generator,
) -> Estimate:
    """Return p of the printed numbers among studies that are drawn from machines.

    `times`: (machine, column). `size`: machines in a study. `summarise`: takes the times of studies,
    (study, machine, column), and returns the numbers that are printed. The limits of p come from
    samples of the machines, drawn with replacement.
    """

    def draw_p(machines: Array) -> float:
        drawn = generator.integers(len(machines), size=(N_STUDIES, size))
        return find_joint_p(summarise(machines[drawn]), printed)

    p = draw_p(times)
    samples = [
        draw_p(times[generator.integers(len(times), size=len(times))]) for _ in range(N_SAMPLES)
    ]
    low, high = np.quantile(samples, [0.01, 0.99])
    return Estimate(p, float(low), float(high))


def limit_share(n_true: int, n: int) -> tuple[float, float]:
    """Return the one-sided 99 % limits of a share (Clopper and Pearson)."""
    low = stats.beta.ppf(0.01, n_true, n - n_true + 1) if n_true > 0 else 0.0
    high = stats.beta.ppf(0.99, n_true + 1, n - n_true) if n_true < n else 1.0
    return float(low), float(high)


# One fact each: its p and the limits of p


def judge_remaining(columns: Columns, n_checks: int) -> Estimate:
    """Return the probability that all of 250 machines keep their solution for `n_checks` checks.

    It is q^250, where q is the share of watched machines that keep it.
    """
    held = np.array(columns["held"])
    lost = np.array(columns["lost"])
    # Machines that could be watched for 1,000 cycles before the last one.
    is_counted = (held > 0) & (held <= MOST_CYCLES - 1000)
    # There is a check every ten cycles; 0 means that the solution was never lost.
    is_kept = (lost == 0) | (lost - held > 10 * n_checks)
    n = int(is_counted.sum())
    n_kept = int((is_counted & is_kept).sum())
    low, high = limit_share(n_kept, n)
    return Estimate((n_kept / n) ** 250, low**250, high**250)


class Large(NamedTuple):
    """What the plan measures of the 40-10-40 machines of one process, an entry for each machine."""

    completion: Array  # share of completions that are right, mean of the last four tests
    least_distance: Array  # between any two codes, in bits
    largest_cosine: Array  # between any two units of a group
    n_alike_rearranged: Array  # pairs of units with a cosine of 0.8 or more, weights rearranged
    at_800: Array  # share of completions that are right at cycle 800
    at_860: Array


def describe_large(columns: Columns, generator: np.random.Generator) -> Large:
    """Return what the plan measures of the 40-10-40 machines of one process.

    `columns`: those of the run. `generator`: draws the random order of the rearranged weights.
    """
    v = 40
    h = 10
    weights = np.array(columns["weights"]).reshape(-1, h, 2 * v + 1)
    to_visible = weights[:, :, : 2 * v]
    biases = weights[:, :, 2 * v :]
    # The code of each vector, and in how many bits each two codes differ.
    is_on = to_visible[:, :, :v] + to_visible[:, :, v:] + biases > 0  # (machine, h, v)
    pairs = list(itertools.combinations(range(v), 2))
    first, second = np.array(pairs).T
    distances = (is_on[:, :, first] != is_on[:, :, second]).sum(axis=1)  # (machine, pair)
    # The same weights in a random order, as a control for the cosines.
    rearranged = generator.permuted(to_visible.reshape(len(weights), -1), axis=1)
    cosines_rearranged = find_cosines(rearranged.reshape(to_visible.shape))
    tests = np.array([columns[f"right_{cycle}"] for cycle in LAST_TESTS])
    return Large(
        completion=tests.mean(axis=0) / N_COMPLETIONS,
        least_distance=distances.min(axis=1),
        largest_cosine=find_cosines(to_visible).max(axis=1),
        n_alike_rearranged=(cosines_rearranged >= ALIKE).sum(axis=1),
        at_800=np.array(columns["right_800"]) / N_COMPLETIONS,
        at_860=np.array(columns["right_860"]) / N_COMPLETIONS,
    )


def find_cosines(weights: Array) -> Array:
    """Return the cosine of each pair of units of the same group, (machine, pair).

    `weights`: (machine, h, 2v).
    """
    v = weights.shape[2] // 2
    lengths = np.sqrt((weights.astype(float) ** 2).sum(axis=1, keepdims=True))
    directions = weights / np.maximum(lengths, 1e-9)
    first, second = np.triu_indices(v, 1)
    cosines = []
    for group in (directions[:, :, :v], directions[:, :, v:]):
        products = np.einsum("mkp,mkq->mpq", group, group)
        cosines.append(products[:, first, second])
    return np.concatenate(cosines, axis=1)


def predict_one_more(values: Array, at: float) -> float:
    """Return the probability that one more machine has `at` or less, from a t distribution."""
    spread = values.std(ddof=1) * np.sqrt(1.0 + 1.0 / len(values))
    return float(stats.t.cdf((at - values.mean()) / spread, len(values) - 1))


def judge_completion(large: Large) -> Fact:
    """Return whether a completion of 98.6 % is an ordinary result, by the rule of the plan.

    If all machines lie on one side of it, `decide` judges by p.
    """
    shares = large.completion
    n_below = int((shares <= PRINTED_COMPLETION).sum())
    n_above = int((shares >= PRINTED_COMPLETION).sum())
    n_trials = N_COMPLETIONS * len(LAST_TESTS)
    # p of the printed share, by a t prediction of the logarithm of the odds.
    right = shares * n_trials
    log_odds = np.log((right + 0.5) / (n_trials - right + 0.5))
    printed = float(np.log(PRINTED_COMPLETION / (1 - PRINTED_COMPLETION)))
    below = predict_one_more(log_odds, printed)
    p = 2.0 * min(below, 1.0 - below)
    n_on_either_side = min(n_below, n_above)
    if n_on_either_side >= 5:
        decision = "compatible"
    elif n_on_either_side == 0:
        decision = "beyond"
    else:
        decision = "undecided"
    return Fact("completion", p, p, p, p, decision)


def judge_cosine(large: Large) -> Fact:
    """Return whether no cosine above 0.73 is an ordinary result, by the rule of the plan.

    If every machine has a larger cosine, `decide` judges by p.
    """
    n_true = int((large.largest_cosine <= PRINTED_COSINE).sum())
    p = predict_one_more(large.largest_cosine, PRINTED_COSINE)
    if n_true >= 6:
        decision = "compatible"
    elif n_true == 0:
        decision = "beyond"
    else:
        decision = "undecided"
    return Fact("cosine", p, p, p, p, decision)


def judge_distance(large: Large) -> Fact:
    """Return whether it is an ordinary result that all codes are at least 2 bits apart."""
    n_true = int((large.least_distance >= 2).sum())
    n = len(large.least_distance)
    low, high = limit_share(n_true, n)
    decision = "compatible" if n_true >= 6 else "undecided"
    return Fact("distance", n_true / n, low, high, high, decision)


# All facts of a reading


def decide(facts: list[Fact]) -> list[Fact]:
    """Return the facts with Holm's correction, and the decisions that follow from it."""
    order = sorted(range(len(facts)), key=lambda k: facts[k].high)
    adjusted = [0.0] * len(facts)
    largest = 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(facts) - rank) * facts[k].high))
        adjusted[k] = largest
    decided = []
    for fact, value in zip(facts, adjusted, strict=True):
        decision = fact.decision
        if decision in ("", "beyond"):
            decision = "contradicted" if value < CONTRADICTED else "undecided"
        if fact.decision == "" and fact.low > COMPATIBLE:
            decision = "compatible"
        decided.append(fact._replace(adjusted=value, decision=decision))
    return decided


def judge_reading(runs: dict[str, Columns], process: str, judged: str) -> list[Fact]:
    """Return the seven facts of a reading: a process, and after which cycles it is judged."""
    generator = np.random.default_rng(find_seed(f"judging {process} {judged}"))
    solved = JUDGED[judged]
    near = "near" if judged == "every" else "near_tenth"
    four = read_times(runs[f"4-2-4 {process}"], solved)[:, np.newaxis]
    spaced = read_times(runs[f"4-3-4 {process}"], solved)[:, np.newaxis]
    eight = runs[f"8-3-8 {process}"]
    both = np.column_stack([read_times(eight, near), read_times(eight, solved)])
    large = describe_large(runs[f"40-10-40 {process}"], generator)
    others = [
        make_fact("4-2-4", estimate_p(four, 250, summarise_times, (110, 1810), generator)),
        make_fact("4-3-4", estimate_p(spaced, 200, summarise_times, (270, 1090), generator)),
        make_fact("8-3-8", estimate_p(both, 20, summarise_eight, (16, 210, 1570), generator)),
        judge_completion(large),
        judge_distance(large),
        judge_cosine(large),
    ]
    # "remained" is decided only if 10 checks give the same decision as 100.
    watched = runs[f"4-2-4 {process} watched"]
    facts = decide([*others, make_fact("remained", judge_remaining(watched, 100))])
    with_few_checks = decide([*others, make_fact("remained", judge_remaining(watched, 10))])
    if facts[-1].decision != with_few_checks[-1].decision:
        facts[-1] = facts[-1]._replace(decision="undecided")
    return facts


def find_verdict(readings: dict[str, list[Fact]]) -> str:
    """Return the plan's verdict on the text as a whole."""
    decisions = [{fact.decision for fact in facts} for facts in readings.values()]
    if {"compatible"} in decisions:
        return "replicates"
    if all("contradicted" in each for each in decisions):
        return "contradicted as printed"
    return "the text underdetermines it"


# Predictions, and what is described


def score_predictions(runs: dict[str, Columns]) -> list[dict[str, Any]]:
    """Return each prediction for 40-10-40 with the measured value, and whether it holds."""
    predictions = []
    large = {}
    for process in PROCESSES:
        generator = np.random.default_rng(find_seed(f"judging {process} every"))
        large[process] = describe_large(runs[f"40-10-40 {process}"], generator)
    # What the plan predicts for each process, as limits.
    before = {"R1": (0.80, 0.97), "N": (0.55, 0.93), "NP": (0.60, 0.95)}
    rises = {"R1": (0.02, 0.15), "N": (0.05, 0.40), "NP": (0.05, 0.40)}
    for process, machines in large.items():
        is_dissimilar = machines.largest_cosine <= PRINTED_COSINE
        rows = [
            ("completion in the last four tests", machines.completion.mean(), (0.976, 0.996)),
            ("completion at 800", machines.at_800.mean(), before[process]),
            ("rise from 800 to 860", (machines.at_860 - machines.at_800).mean(), rises[process]),
            ("all codes 2 apart", (machines.least_distance >= 2).mean(), (0.5, 1.0)),
            ("no cosine above 0.73", is_dissimilar.mean(), (0.2, 0.8)),
            (
                "rearranged, five pairs at 0.8",
                (machines.n_alike_rearranged >= 5).mean(),
                (0.5, 1.0),
            ),
        ]
        for name, value, limits in rows:
            predictions.append(score_prediction(process, name, float(value), limits))
    difference = float(large["N"].completion.mean() - large["R1"].completion.mean())
    name = "completion, less that of R1"
    predictions.append(score_prediction("N", name, difference, (-0.005, 0.005)))
    return predictions


def score_prediction(
    process: str, name: str, value: float, limits: tuple[float, float]
) -> dict[str, Any]:
    """Return a prediction with the measured value, and whether this lies within the limits."""
    low, high = limits
    return {
        "process": process,
        "prediction": name,
        "low": low,
        "high": high,
        "value": value,
        "holds": bool(low <= value <= high),
    }


def describe_times(times: Array, size: int, longest: int) -> dict[str, Any]:
    """Return the time to a solution, of machines and of studies of `size` machines.

    `longest`: the longest time that is printed.
    """
    generator = np.random.default_rng(find_seed("describing"))
    drawn = generator.integers(len(times), size=(N_STUDIES, size))
    studies = summarise_times(times[drawn][..., np.newaxis])
    quantiles = np.quantile(studies, [0.025, 0.975], axis=0, method="nearest")
    share = float((times <= longest).mean())
    return {
        "machines": len(times),
        "share_by_longest": share,
        "share_by_4000": float((times <= MOST_CYCLES).mean()),
        "median": float(np.median(times)),
        "probability_all": share**size,
        "medians_95": quantiles[:, 0].tolist(),
        "longest_95": [None if x >= NEVER else float(x) for x in quantiles[:, 1]],
    }


def compare_programs(runs: dict[str, Columns]) -> list[dict[str, Any]]:
    """Return whether both programs agree: Kolmogorov and Smirnov's p for each pair of runs.

    ``power``: how often the test would find that times are 10 % longer.
    """
    comparisons = []
    pairs = [(f"4-2-4 {process}", "solved", MOST_CYCLES) for process in PROCESSES]
    for name, column, cycles in [*pairs, ("8-3-8 R1", "near", 1000)]:
        first = read_times(runs[name], column)
        first = np.where(first <= cycles, first, NEVER)
        second = read_times(runs[f"{name} again"], column)
        second = np.where(second <= cycles, second, NEVER)
        generator = np.random.default_rng(find_seed(f"comparing {name}"))
        n_found = 0
        for _ in range(N_SAMPLES):
            longer = 1.1 * generator.choice(first, len(second))
            as_long = generator.choice(first, len(first))
            n_found += stats.ks_2samp(as_long, longer).pvalue < 0.01
        comparison = {
            "run": name,
            "machines": [len(first), len(second)],
            "p": float(stats.ks_2samp(first, second).pvalue),
            "power": n_found / N_SAMPLES,
        }
        comparisons.append(comparison)
    return comparisons


def describe_figure_2(columns: Columns) -> dict[str, Any]:
    """Return quantiles of the weight that Figure 2 prints as -30, of watched machines.

    They are given by the number of bits in which the two codes differ, "1" or "2".
    """
    weights = np.array(columns["weight_120"])
    bits = np.array(columns["bits_120"])
    described: dict[str, Any] = {}
    for n_bits in (1, 2):
        chosen = weights[bits == n_bits]
        quantiles = np.quantile(chosen, [0.025, 0.5, 0.975]).tolist() if len(chosen) else None
        described[str(n_bits)] = {"machines": len(chosen), "quantiles": quantiles}
    return described


def judge_all(runs: dict[str, Columns]) -> dict[str, Any]:
    """Return all that the plan asks for: the verdict, what it rests on, and what is described."""
    readings = {}
    times = {}
    for process, judged in itertools.product(PROCESSES, JUDGED):
        name = f"{process}, {judged}"
        readings[name] = judge_reading(runs, process, judged)
        cases = ("4-2-4", 250, 1810), ("4-3-4", 200, 1090), ("8-3-8", 20, MOST_CYCLES)
        for encoder, size, longest in cases:
            solved = read_times(runs[f"{encoder} {process}"], JUDGED[judged])
            times[f"{encoder} {name}"] = describe_times(solved, size, longest)
    remained = {}
    for process in PROCESSES:
        watched = runs[f"4-2-4 {process} watched"]
        remained[process] = {n: judge_remaining(watched, n).p ** (1 / 250) for n in (10, 100)}
    return {
        "verdict": find_verdict(readings),
        "readings": {name: [fact._asdict() for fact in facts] for name, facts in readings.items()},
        "predictions": score_predictions(runs),
        "times": times,
        "remained": remained,
        "figure_2": {p: describe_figure_2(runs[f"4-2-4 {p} watched"]) for p in PROCESSES},
        "programs": compare_programs(runs),
    }
