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
"""Cycles of a machine that finds no solution."""
N_STUDIES = 4000
N_SAMPLES = 200
CONTRADICTED = 0.01
COMPATIBLE = 0.05
JUDGED = {"every": "solved", "tenth": "solved_tenth"}
"""After which cycles a machine is judged, and the column that says when it was first solved."""
LAST_TESTS = "1500", "1600", "1700", "1800"
PRINTED_COMPLETION = 0.986
PRINTED_COSINE = 0.735


class Fact(NamedTuple):
    """What one reading says of one printed fact."""

    name: str
    p: float
    low: float  # limits of p, at 1 and 99 %
    high: float
    adjusted: float  # what is held against 0.01, after Holm
    decision: str  # "contradicted", "compatible" or "undecided"


# Studies, drawn from machines


def read_times(columns: Columns, name: str) -> Array:
    """Return cycles by machine, `NEVER` where something never came."""
    cycles = np.array(columns[name], dtype=np.int32)
    return np.where(cycles > 0, cycles, np.int32(NEVER))


def measure_tails(values: Array, at: Array) -> Array:
    """Return two-sided p of each number `at` among `values`: twice the smaller tail."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, at, side="right") / len(values)
    above = 1.0 - np.searchsorted(ordered, at, side="left") / len(values)
    return np.minimum(1.0, 2.0 * np.minimum(below, above))


def find_joint_p(studies: Array, printed: tuple[float, ...]) -> float:
    """Return the share of studies (study, number) that are at least as unusual as the printed one.

    A study is as unusual as its most unusual number.
    """
    columns = studies.T
    each = [measure_tails(column, column) for column in columns]
    pairs = zip(columns, printed, strict=True)
    its = [measure_tails(column, np.array([number]))[0] for column, number in pairs]
    return float((np.min(each, axis=0) <= min(its)).mean())


def find_medians(times: Array) -> Array:
    """Return the medians of studies (study, machine); sorting is the fastest way to them."""
    ordered = np.sort(times, axis=1)
    n = times.shape[1]
    return (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2


def summarise_times(times: Array) -> Array:
    """Return median and longest of studies (study, machine, 1)."""
    one = times[..., 0]
    return np.column_stack([find_medians(one), one.max(axis=1)])


def summarise_eight(times: Array) -> Array:
    """Return how many find eight codes, and the medians to seven and to eight, of studies."""
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
) -> tuple[float, float, float]:
    """Return p of the printed numbers and its limits; `times` is (machine, column)."""

    def draw_p(machines: Array) -> float:
        drawn = generator.integers(len(machines), size=(N_STUDIES, size))
        return find_joint_p(summarise(machines[drawn]), printed)

    p = draw_p(times)
    samples = [
        draw_p(times[generator.integers(len(times), size=len(times))]) for _ in range(N_SAMPLES)
    ]
    low, high = np.quantile(samples, [0.01, 0.99])
    return p, float(low), float(high)


def limit_share(n_true: int, n: int) -> tuple[float, float]:
    """Return the one-sided 99 % limits of a share (Clopper and Pearson)."""
    low = stats.beta.ppf(0.01, n_true, n - n_true + 1) if n_true > 0 else 0.0
    high = stats.beta.ppf(0.99, n_true + 1, n - n_true) if n_true < n else 1.0
    return float(low), float(high)


# One fact each: p, its limits, and what enters Holm's order


def judge_remaining(columns: Columns, n_checks: int) -> tuple[float, float, float]:
    """Return q to the power of 250 and its limits."""
    held = np.array(columns["held"])
    lost = np.array(columns["lost"])
    is_counted = (held > 0) & (held <= MOST_CYCLES - 1000)
    is_kept = (lost == 0) | (lost - held > 10 * n_checks)
    n = int(is_counted.sum())
    n_kept = int((is_counted & is_kept).sum())
    low, high = limit_share(n_kept, n)
    return (n_kept / n) ** 250, low**250, high**250


class Large(NamedTuple):
    """What the 40-10-40 machines of one process have come to, an entry for each machine."""

    completion: Array  # share right, mean of the last four tests
    least_distance: Array  # of any two codes, in bits
    largest_cosine: Array  # of two units of a group
    n_alike_rearranged: Array  # pairs at 0.8 or higher, of rearranged weights
    at_800: Array
    at_860: Array


def describe_large(columns: Columns, generator: np.random.Generator) -> Large:
    """Return what the plan measures of 40-10-40 machines."""
    v = 40
    h = 10
    weights = np.array(columns["weights"]).reshape(-1, h, 2 * v + 1)
    between = weights[:, :, : 2 * v]
    biases = weights[:, :, 2 * v :]
    is_on = between[:, :, :v] + between[:, :, v:] + biases > 0  # (machine, h, v)
    pairs = list(itertools.combinations(range(v), 2))
    first, second = np.array(pairs).T
    distances = (is_on[:, :, first] != is_on[:, :, second]).sum(axis=1)
    rearranged = generator.permuted(between.reshape(len(weights), -1), axis=1)
    tests = np.array([columns[f"right_{cycle}"] for cycle in LAST_TESTS])
    return Large(
        completion=tests.mean(axis=0) / 400,
        least_distance=distances.min(axis=1),
        largest_cosine=find_cosines(between).max(axis=1),
        n_alike_rearranged=(find_cosines(rearranged.reshape(between.shape)) >= 0.8).sum(axis=1),
        at_800=np.array(columns["right_800"]) / 400,
        at_860=np.array(columns["right_860"]) / 400,
    )


def find_cosines(weights: Array) -> Array:
    """Return cosines (machine, pair) between units of the same group, of weights (machine, h, 2v)."""
    v = weights.shape[2] // 2
    lengths = np.sqrt((weights.astype(float) ** 2).sum(axis=1, keepdims=True))
    directions = weights / np.maximum(lengths, 1e-9)
    places = np.triu_indices(v, 1)
    found = []
    for group in (directions[:, :, :v], directions[:, :, v:]):
        products = np.einsum("mkp,mkq->mpq", group, group)
        found.append(products[:, places[0], places[1]])
    return np.concatenate(found, axis=1)


def predict_one_more(values: Array, at: float) -> float:
    """Return the probability that one more machine is at or below `at` (a t prediction)."""
    spread = values.std(ddof=1) * np.sqrt(1.0 + 1.0 / len(values))
    return float(stats.t.cdf((at - values.mean()) / spread, len(values) - 1))


def judge_completion(large: Large) -> Fact:
    """Return whether 98.6 % is an ordinary result; the decision may change by Holm."""
    shares = large.completion
    n_below = int((shares <= PRINTED_COMPLETION).sum())
    n_above = int((shares >= PRINTED_COMPLETION).sum())
    n_trials = 400 * len(LAST_TESTS)
    right = shares * n_trials
    odds = np.log((right + 0.5) / (n_trials - right + 0.5))
    below = predict_one_more(odds, float(np.log(PRINTED_COMPLETION / (1 - PRINTED_COMPLETION))))
    p = 2.0 * min(below, 1.0 - below)
    is_ordinary = min(n_below, n_above) >= 5
    is_beyond = min(n_below, n_above) == 0
    decision = "compatible" if is_ordinary else "beyond" if is_beyond else "undecided"
    return Fact("completion", p, p, p, p, decision)


def judge_cosine(large: Large) -> Fact:
    """Return whether no cosine above 0.73 is an ordinary result; Holm may change the decision."""
    n_true = int((large.largest_cosine <= PRINTED_COSINE).sum())
    p = predict_one_more(large.largest_cosine, PRINTED_COSINE)
    decision = "compatible" if n_true >= 6 else "beyond" if n_true == 0 else "undecided"
    return Fact("cosine", p, p, p, p, decision)


def judge_distance(large: Large) -> Fact:
    """Return whether codes that are 2 apart are an ordinary result."""
    n_true = int((large.least_distance >= 2).sum())
    n = len(large.least_distance)
    low, high = limit_share(n_true, n)
    decision = "compatible" if n_true >= 6 else "undecided"
    return Fact("distance", n_true / n, low, high, high, decision)


# All facts of a reading


def decide(facts: list[Fact]) -> list[Fact]:
    """Return the facts with values after Holm, and the decisions that follow."""
    order = sorted(range(len(facts)), key=lambda k: facts[k].high)
    adjusted = [0.0] * len(facts)
    largest = 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, (len(facts) - place) * facts[k].high))
        adjusted[k] = largest
    found = []
    for fact, value in zip(facts, adjusted, strict=True):
        decision = fact.decision
        if decision in ("", "beyond"):
            decision = "contradicted" if value < CONTRADICTED else "undecided"
        if fact.decision == "" and fact.low > COMPATIBLE:
            decision = "compatible"
        found.append(fact._replace(adjusted=value, decision=decision))
    return found


def judge_reading(runs: dict[str, Columns], process: str, judged: str) -> list[Fact]:
    """Return the seven facts of a reading."""
    generator = np.random.default_rng(find_seed(f"judging {process} {judged}"))
    solved = JUDGED[judged]
    near = "near" if judged == "every" else "near_tenth"
    four = read_times(runs[f"4-2-4 {process}"], solved)[:, np.newaxis]
    spaced = read_times(runs[f"4-3-4 {process}"], solved)[:, np.newaxis]
    eight = runs[f"8-3-8 {process}"]
    both = np.column_stack([read_times(eight, near), read_times(eight, solved)])
    large = describe_large(runs[f"40-10-40 {process}"], generator)
    p_values = {
        "4-2-4": estimate_p(four, 250, summarise_times, (110, 1810), generator),
        "4-3-4": estimate_p(spaced, 200, summarise_times, (270, 1090), generator),
        "8-3-8": estimate_p(both, 20, summarise_eight, (16, 210, 1570), generator),
    }
    others = [Fact(name, p, low, high, high, "") for name, (p, low, high) in p_values.items()]
    others += [judge_completion(large), judge_distance(large), judge_cosine(large)]
    watched = runs[f"4-2-4 {process} watched"]
    found = {}
    for n_checks in (100, 10):
        p, low, high = judge_remaining(watched, n_checks)
        found[n_checks] = decide([*others, Fact("remained", p, low, high, high, "")])
    facts = found[100]
    if facts[-1].decision != found[10][-1].decision:
        facts[-1] = facts[-1]._replace(decision="undecided")
    return facts


def find_verdict(readings: dict[str, list[Fact]]) -> str:
    """Return what the plan says of the text as a whole."""
    decisions = [{fact.decision for fact in facts} for facts in readings.values()]
    if {"compatible"} in decisions:
        return "replicates"
    if all("contradicted" in each for each in decisions):
        return "contradicted as printed"
    return "the text underdetermines it"


# Predictions, and what is described


def score_predictions(runs: dict[str, Columns]) -> list[dict[str, Any]]:
    """Return each prediction for 40-10-40, what came, and whether it holds."""
    found = []
    large = {}
    for process in PROCESSES:
        generator = np.random.default_rng(find_seed(f"judging {process} every"))
        large[process] = describe_large(runs[f"40-10-40 {process}"], generator)
    before = {"R1": (0.80, 0.97), "N": (0.55, 0.93), "NP": (0.60, 0.95)}
    rises = {"R1": (0.02, 0.15), "N": (0.05, 0.40), "NP": (0.05, 0.40)}
    for process, one in large.items():
        rows = [
            ("completion in the last four tests", one.completion.mean(), (0.976, 0.996)),
            ("completion at 800", one.at_800.mean(), before[process]),
            ("rise from 800 to 860", (one.at_860 - one.at_800).mean(), rises[process]),
            ("all codes 2 apart", (one.least_distance >= 2).mean(), (0.5, 1.0)),
            ("no cosine above 0.73", (one.largest_cosine <= PRINTED_COSINE).mean(), (0.2, 0.8)),
            ("rearranged, five pairs at 0.8", (one.n_alike_rearranged >= 5).mean(), (0.5, 1.0)),
        ]
        for name, value, (low, high) in rows:
            row = {"process": process, "prediction": name, "low": low, "high": high}
            found.append(row | {"value": float(value), "holds": bool(low <= value <= high)})
    apart = float(large["N"].completion.mean() - large["R1"].completion.mean())
    row = {
        "process": "N",
        "prediction": "completion, less that of R1",
        "low": -0.005,
        "high": 0.005,
    }
    found.append(row | {"value": apart, "holds": bool(abs(apart) <= 0.005)})
    return found


def describe_times(times: Array, size: int, longest: int) -> dict[str, Any]:
    """Return what machines and studies of `size` of them say of the time to a solution."""
    generator = np.random.default_rng(find_seed("describing"))
    studies = summarise_times(
        times[generator.integers(len(times), size=(N_STUDIES, size))][..., np.newaxis]
    )
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
    """Return Kolmogorov and Smirnov's p for each pair of runs, and the power for times 10 % longer."""
    found = []
    pairs = [(f"4-2-4 {process}", "solved", MOST_CYCLES) for process in PROCESSES]
    for name, column, cycles in [*pairs, ("8-3-8 R1", "near", 1000)]:
        one, other = (read_times(runs[name + suffix], column) for suffix in ("", " again"))
        one, other = (np.where(times <= cycles, times, NEVER) for times in (one, other))
        generator = np.random.default_rng(find_seed(f"comparing {name}"))
        n_found = 0
        for _ in range(N_SAMPLES):
            longer = 1.1 * generator.choice(one, len(other))
            again = generator.choice(one, len(one))
            n_found += stats.ks_2samp(again, longer).pvalue < 0.01
        p = float(stats.ks_2samp(one, other).pvalue)
        sizes = [len(one), len(other)]
        found.append({"run": name, "machines": sizes, "p": p, "power": n_found / N_SAMPLES})
    return found


def describe_figure_2(columns: Columns) -> dict[str, Any]:
    """Return quantiles of the weight that Figure 2 prints as -30, of watched machines."""
    weights = np.array(columns["weight_120"])
    bits = np.array(columns["bits_120"])
    found: dict[str, Any] = {}
    for n_bits in (1, 2):
        chosen = weights[bits == n_bits]
        quantiles = np.quantile(chosen, [0.025, 0.5, 0.975]).tolist() if len(chosen) else None
        found[str(n_bits)] = {"machines": len(chosen), "quantiles": quantiles}
    return found


def judge_all(runs: dict[str, Columns]) -> dict[str, Any]:
    """Return all that the plan asks for."""
    readings = {}
    times = {}
    for process, judged in itertools.product(PROCESSES, JUDGED):
        name = f"{process}, {judged}"
        readings[name] = judge_reading(runs, process, judged)
        cases = ("4-2-4", 250, 1810), ("4-3-4", 200, 1090), ("8-3-8", 20, MOST_CYCLES)
        for encoder, size, longest in cases:
            found = read_times(runs[f"{encoder} {process}"], JUDGED[judged])
            times[f"{encoder} {name}"] = describe_times(found, size, longest)
    remained = {}
    for process in PROCESSES:
        watched = runs[f"4-2-4 {process} watched"]
        remained[process] = {n: judge_remaining(watched, n)[0] ** (1 / 250) for n in (10, 100)}
    return {
        "verdict": find_verdict(readings),
        "readings": {name: [x._asdict() for x in facts] for name, facts in readings.items()},
        "predictions": score_predictions(runs),
        "times": times,
        "remained": remained,
        "figure_2": {p: describe_figure_2(runs[f"4-2-4 {p} watched"]) for p in PROCESSES},
        "programs": compare_programs(runs),
    }
