"""What the pages let a reader try, with the results of many networks to hold beside it."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from replication.definition.fields import Criterion
from replication.definition.protocol import PAPER, Protocol, as_plain
from replication.experiments import Model, studies
from replication.experiments.agreement import (
    LEVEL,
    count_early_updates,
    find_alignment,
    find_events,
    measure_agreement,
)
from replication.experiments.interventions import freeze, train_changed
from replication.experiments.live.line import measure_line, sum_digits
from replication.experiments.matrices import (
    Array,
    flatten,
    get_u,
    get_w,
    give_length,
    replace_matrices,
)
from replication.experiments.recording import SLOW_RATE, train_for
from replication.experiments.sample import LEARNING, Sample, estimate_share, name_median
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate, simulate_weights
from replication.simulator.plane import N_FRAMES, spread_moments
from replication.simulator.trace import trace
from replication.simulator.weights import draw_weights, list_connections, split_weights
from replication.statistics.counts import CountTable

ROOT_SEED = 2039
SHOWN_ROOT_SEED = 1988  # of single networks: what `trace` takes unless told otherwise
N_NETWORKS = 20_000
N_TYPICAL, N_SLOW, N_FAILING = 2_000, 1_000, 20_000  # first seeds among which they are looked for
RATE = 5.0  # small enough for the steps to be followed
NEAR = 0.1  # so close to the median in each respect, as a share of it, is a typical network
N_LATE = 20  # first changes of W that a network of the lesson goes without
N_DROPPED = 5  # first changes of a matrix that the networks of a bar go without
CLOUD_FACTOR = 10  # so many times as many networks tell what studies report
STEP = 0.1
"""Of the table from which a page draws networks: updates that a share exp(-k STEP) exceeds."""

N_SPREAD, SPREAD_UPDATES = 1_000, 50
N_GROWTH, GROWTH_STEP = 1_000, 5  # networks, and updates from one point of the wedge to the next
MEANINGS: tuple[Criterion, ...] = (
    "every-unit", "every-unit-squared", "every-unit-half-squared", "half-squared-error",
    "worst-pattern",
)  # fmt: skip
"""What "error" may mean."""

HELP: dict[str, tuple[str, str, Model]] = {
    "none": ("", "unchanged", {}),
    "aligned": ("U", "starts aligned", {"aligned": 1}),
    "opposed": ("U", "starts opposed", {"aligned": -1}),
    "long": ("U", "starts aligned, and as long as it ends", {"aligned": 1, "long": True}),
    "late U": ("U", f"first {N_DROPPED} changes dropped", {"skip": {"U": N_DROPPED}}),
    "final U": ("U", "final one given", {"final": "U"}),
    "late W": ("W", f"first {N_DROPPED} changes dropped", {"skip": {"W": N_DROPPED}}),
    "small W": ("W", "starts a sixteenth as large", {"larger": 1 / 16}),
    "large W": ("W", "starts twice as large", {"larger": 2}),
    "final W": ("W", "final one given", {"final": "W"}),
}
"""What is done to the decoder U or the encoder W: which of them, in words, and as `prepare` in
`network.js` takes it. A final matrix comes with the biases of the units that it leads to."""


def run(sample: Sample) -> Model:
    """Return the model of the live figures."""
    sample.report_progress("single networks")
    networks = pick_networks(jobs=sample.jobs)
    sample.report_progress("help for the encoder and the decoder")
    helped = measure_help(sample)
    sample.report_progress("studies by what error means")
    return {
        "protocol": as_plain(PAPER),
        "root_seed": SHOWN_ROOT_SEED,
        "networks": networks,
        "help": helped,
        "fixed": measure_fixed(sample),
        "growth": measure_growth(sample),
        "spread": measure_spread(),
        "first": measure_first(jobs=sample.jobs),
        "line": measure_line(_settle_codes(networks["typical"])),
        "digits": sum_digits(),
        "cloud": {"step": STEP, "criteria": tabulate_studies(sample.take(CLOUD_FACTOR))},
    }


def pick_networks(*, jobs: int) -> Model:
    """Return a typical network at a small rate, and a slow and a failing one at the paper's.

    Slow is the slowest of the first ones that converges, failing the first that does not.
    """
    many = simulate(n_seeds=N_FAILING, root_seed=SHOWN_ROOT_SEED, jobs=jobs)
    slow = int(np.argmax(np.where(many.converged, many.updates, -1)[:N_SLOW]))
    failing = int(np.argmin(many.converged))
    freed = dataclasses.replace(PAPER, frozen=("b",))  # with which the failing one learns
    n_freed = trace(freed, seed=failing, root_seed=SHOWN_ROOT_SEED).updates
    return {
        "typical": _pick_typical(jobs=jobs),
        "slow": _describe(PAPER, slow),
        "failing": _describe(PAPER, failing) | {"freed": n_freed},
    }


def _pick_typical(*, jobs: int) -> Model:
    """Return a network near the median whose dots part before any line comes near.

    Near in what it takes at both rates, and in what it loses without its first changes of W. Of
    the half whose lines stay farthest from the dots at first, that with the dots farthest apart.
    """
    small = dataclasses.replace(PAPER, learning_rate=RATE)
    weights = draw_weights(small, SHOWN_ROOT_SEED, 0, N_TYPICAL)
    slow, fast = (simulate_weights(one, weights, jobs=jobs)[0] for one in (small, PAPER))
    late = train_changed(small, weights, freeze("W"), n_first=N_LATE, jobs=jobs)[0]
    is_near = [
        np.abs(each - np.median(each)) <= NEAR * np.median(each)
        for each in (slow, fast, late - slow)
    ]
    seeds = np.flatnonzero(np.all(is_near, axis=0))
    states = record_weights(small, weights[seeds], N_LATE)  # (seed, update, weight)
    _, (U, c) = split_weights(small, states)
    # How far each line is from the middle of the square, which the codes surround at first.
    lines = np.abs(U.sum(axis=-1) / 2 + c) / np.linalg.norm(U, axis=-1)
    nearest = lines.min(axis=(1, 2))
    codes = evaluate_networks(small, states[:, -1]).hidden[0]  # (seed, pattern, unit)
    apart = np.array([pdist(each).min() for each in codes])
    chosen = int(seeds[np.argmax(np.where(nearest >= np.median(nearest), apart, 0.0))])
    return _describe(small, chosen) | {"fast": int(fast[chosen]), "late": int(late[chosen])}


def _describe(protocol: Protocol, seed: int) -> Model:
    traced = trace(protocol, seed=seed, root_seed=SHOWN_ROOT_SEED)
    frames = spread_moments(traced.updates, N_FRAMES)
    return {
        "learning_rate": protocol.learning_rate,
        "seed": seed,
        "updates": traced.updates,
        "converged": traced.converged,
        "frames": frames,
        # How far the two closest codes are apart, in the coordinate in which they differ more.
        "closest": [float(pdist(x, "chebyshev").min()) for x in traced.hidden[0][frames]],
    }


def _settle_codes(shown: Model) -> Array:
    """Return the codes of a network that has learnt, (4, 2)."""
    protocol = dataclasses.replace(PAPER, learning_rate=shown["learning_rate"])
    traced = trace(protocol, seed=shown["seed"], root_seed=SHOWN_ROOT_SEED)
    return np.asarray(traced.hidden[0][-1])


def measure_help(sample: Sample) -> Model:
    """Train the same networks with each of `HELP`; choose one that is never far from the median.

    Those that fail without help have no final weights to be given, and are left out.
    """
    weights = sample.draw(PAPER)
    _, learnt, final = simulate_weights(PAPER, weights, jobs=sample.jobs)
    rows, distances = [], np.zeros(np.count_nonzero(learnt))
    for name, (part, words, change) in HELP.items():
        start = prepare(PAPER, weights[learnt], final[learnt], change)
        skip = change.get("skip", {})
        if skip:
            updates, converged = train_changed(
                PAPER, start, freeze(*skip), n_first=N_DROPPED, jobs=sample.jobs
            )
        else:
            updates, converged, _ = simulate_weights(PAPER, start, jobs=sample.jobs)
        rows.append({
            "name": name, "part": part, "words": words, "change": change,
            **name_median(updates), "failed": estimate_share(~converged),
        })  # fmt: skip
        distances = np.maximum(distances, np.abs(updates - rows[-1]["median"]))
    return {
        "rows": rows,
        "root_seed": sample.root_seed,
        "seed": int(np.flatnonzero(learnt)[np.argmin(distances)]),
    }


def prepare(protocol: Protocol, weights: Array, final: Array, change: Model) -> Array:
    """Return what networks with a `change` of `HELP` start from; `final`: as they end without."""
    W, U = get_w(protocol, weights), get_u(protocol, weights)
    if "aligned" in change:
        U = change["aligned"] * W
    if "long" in change:
        U = give_length(U, get_u(protocol, final))
    changed = replace_matrices(protocol, weights, W=change.get("larger", 1.0) * W, U=U)
    for part, places in zip("WU", list_connections(protocol), strict=True):
        if change.get("final") == part:
            changed[:, places] = final[:, places]
    return changed


def measure_fixed(sample: Sample) -> Model:
    """Train networks with the hidden biases learnt and fixed at their initial values."""
    tried = {name: dataclasses.replace(PAPER, frozen=frozen) for name, frozen in LEARNING.items()}
    return {name: summarise(*sample.train(each)[:2]) for name, each in tried.items()}


def measure_growth(sample: Sample) -> Model:
    """Return how long W is, in the median network, until half of them have learnt at a small rate.

    With it, when U is aligned and when the networks have learnt.
    """
    protocol = dataclasses.replace(PAPER, learning_rate=SLOW_RATE)
    learnt = float(np.median(sample.train(protocol)[0]))
    weights = sample.first(N_GROWTH).draw(protocol)
    aligned = float(np.median(find_alignment(protocol, weights, n_updates=10 * GROWTH_STEP)))
    lengths, states = [], weights
    for _ in range(0, int(learnt), GROWTH_STEP):
        lengths.append(float(np.median(np.linalg.norm(flatten(get_w(protocol, states)), axis=1))))
        states = train_for(protocol, states, GROWTH_STEP)
    return {
        "learning_rate": SLOW_RATE, "level": LEVEL, "aligned": aligned, "learnt": learnt,
        "every": GROWTH_STEP, "lengths": lengths,
    }  # fmt: skip


def measure_spread() -> Model:
    """Return how far codes lie apart with U and its biases frozen, at first and after some updates.

    The extent of the four codes along a hidden unit, on average over both; the median network.
    """
    protocol = dataclasses.replace(PAPER, learning_rate=RATE, frozen=("U", "c"))
    weights = draw_weights(protocol, ROOT_SEED, 0, N_SPREAD)
    start, end = (
        float(np.median(np.ptp(evaluate_networks(protocol, each).hidden[0], axis=1).mean(axis=1)))
        for each in (weights, train_for(protocol, weights, SPREAD_UPDATES))
    )
    return {"updates": SPREAD_UPDATES, "start": start, "U": end}


def measure_first(*, jobs: int) -> Model:
    """Return how many changes of W come before they agree with descent, and what they are worth.

    In the median, at the rate of the lesson: 1988 says of these that they do not help.
    """
    protocol = dataclasses.replace(PAPER, learning_rate=RATE)
    weights = draw_weights(protocol, ROOT_SEED, 0, N_SPREAD)
    states = record_weights(protocol, weights, count_early_updates(RATE))  # (seed, update, weight)
    cosines = measure_agreement(protocol, states.reshape(-1, states.shape[-1]))["lower"]
    first = int(np.median(find_events(cosines.reshape(states.shape[:2]))))
    updates = simulate_weights(protocol, weights, jobs=jobs)[0]
    late = train_changed(protocol, weights, freeze("W"), n_first=first, jobs=jobs)[0]
    return {"changes": first, **name_median(late - updates, "extra")}


def summarise(updates: NDArray[np.int32], converged: NDArray[np.bool_]) -> Model:
    """Return the share that failed, median and 99th percentile, failures at the cap."""
    return {
        "failed": float(np.mean(~converged)),
        "median": float(np.median(updates)),
        "p99": int(np.quantile(updates, 0.99, method="inverted_cdf")),
    }


def tabulate_studies(sample: Sample) -> list[Model]:
    """Return, for each meaning of error, from which numbers of updates studies are drawn."""
    rows = []
    for criterion in MEANINGS:
        counts = studies.count_networks(dataclasses.replace(PAPER, criterion=criterion), sample)
        rows.append({"criterion": criterion, "updates": tabulate(counts)})
    return rows


def tabulate(counts: CountTable) -> list[int]:
    """Return the updates that shares exp(-k STEP) of the converged networks exceed or equal.

    >>> tabulate(CountTable.from_outcomes([30, 40, 50], [True] * 3, 2000))
    [30, 30, 30, 30, 30, 40, 40, 40, 40, 40, 40, 50]
    """
    ordered = np.repeat(counts.updates, counts.counts)
    n = len(ordered)
    levels = n * np.exp(-STEP * np.arange(np.floor(np.log(n) / STEP) + 2))
    return list(map(int, ordered[n - np.ceil(levels).astype(int)]))
