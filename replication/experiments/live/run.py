"""What the pages let a reader try, with the results of many networks to hold beside it."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from replication.definition.fields import Criterion
from replication.definition.protocol import BACK_PROPAGATION, PAPER, Protocol, as_plain
from replication.experiments.instruments import agreement, matrices
from replication.experiments.instruments.interventions import freeze, train_changed
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import (
    LEARNING,
    Sample,
    find_p99,
    name_median,
)
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import MOST_INK, compute_mean, read_digits, split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import trace
from replication.simulator.running.outcomes import Trace
from replication.simulator.running.plane import N_FRAMES, spread_moments

SHOWN_ROOT_SEED = 1988  # of single networks: what `trace` takes unless told otherwise
# first seeds among which they are looked for
N_TYPICAL = 2_000
N_SLOW = 1_000
N_FAILING = 20_000
RATE = 5.0  # small enough for the steps to be followed
HEAP = 0.3  # codes of which no two are farther apart than this lie in a heap
NEAR = 0.1  # so close to the median in each respect, as a share of it, is a typical network
N_LATE = 20  # first changes of W that a network of the lesson goes without
CLOUD_FACTOR = 10  # so many times as many networks tell what studies report
STEP = 0.1
"""Of the table from which a page draws networks: updates that a share exp(-k STEP) exceeds."""

N_SPREAD = 1_000
SPREAD_UPDATES = 50
MEANINGS: tuple[Criterion, ...] = (
    "every-unit",
    "every-unit-squared",
    "every-unit-half-squared",
    "half-squared-error",
    "worst-pattern",
)
"""What "error" may mean."""

LINE_SEED = 2052  # of the networks of one linear unit
N_POINTS = 64
N_LINES = 200
N_UPDATES = 400
HALF_WIDTH = 1.0  # of their initial weights
SHARE = 0.25  # of them lose as much as the one that is shown, or more
# of the cloud along its axes; of the first axis, in radians
SPREADS = (0.23, 0.085)
ANGLE = 0.62
LINE_RULES: dict[str, dict[str, Any]] = {
    "recirculation": {"learning_rate": 0.2},
    "back-propagation": {"learning_rate": 0.03, "learning_rule": BACK_PROPAGATION},
}


def run(sample: Sample) -> Model:
    """Return the model of the live figures."""
    networks, codes = pick_networks(dataclasses.replace(sample, root_seed=SHOWN_ROOT_SEED))
    return {
        "protocol": as_plain(PAPER),
        "root_seed": SHOWN_ROOT_SEED,
        "networks": networks,
        "fixed": measure_fixed(sample),
        **measure_lesson(dataclasses.replace(sample, n=N_SPREAD)),
        "line": measure_line(codes),
        "digits": sum_digits(),
        "cloud": {"step": STEP, "criteria": tabulate_studies(sample.take(CLOUD_FACTOR))},
    }


def pick_networks(sample: Sample) -> tuple[Model, Array]:
    """Return a typical network at a small rate, and a slow and a failing one at the paper's.

    Slow is the slowest of the first ones that converges, failing the first that does not. With them
    the codes (4, 2) of the typical one when it has learnt.
    """
    typical, codes = describe_typical(sample)
    many = dataclasses.replace(sample, n=N_FAILING).simulate(PAPER)
    times = np.where(many.converged, many.updates, -1)
    slow = int(np.argmax(times[:N_SLOW]))
    failing = int(np.argmin(many.converged))
    found = {
        "typical": typical,
        "slow": describe_network(trace_shown(PAPER.learning_rate, slow), slow),
        "failing": describe_failing(failing),
    }
    return found, codes


def describe_typical(sample: Sample) -> tuple[Model, Array]:
    """Return a typical network, with a decoder of another one that watches it; its last codes."""
    seed, taken = pick_typical(dataclasses.replace(sample, n=N_TYPICAL))
    traced = trace_shown(RATE, seed)
    decoder = seed + 1
    found = describe_network(traced, seed)
    found |= taken
    found["phases"] = find_phases(traced)
    found["watched"] = {"decoder": decoder, "updates": watch_encoder(RATE, seed, decoder)}
    return found, traced.hidden[0][-1]


def describe_failing(seed: int) -> Model:
    """Return a network that fails, and when it has learnt if its hidden biases are fixed."""
    freed = trace(Protocol(frozen=("b",)), seed=seed, root_seed=SHOWN_ROOT_SEED)
    found = describe_network(trace_shown(PAPER.learning_rate, seed), seed)
    found["freed"] = freed.updates
    return found


def pick_typical(sample: Sample) -> tuple[int, Model]:
    """Return the seed of a network near the median whose dots part before any line comes near.

    Near in what it takes at both rates, and in what it loses without its first changes of W: these
    two come with it, as ``fast`` and ``late``. Of the half whose lines stay farthest from the dots
    at first, that with the dots farthest apart.
    """
    # Who is near the median in all three respects.
    small = Protocol(learning_rate=RATE)
    weights = sample.draw(small)
    slow, _, _ = sample.train(small, weights)
    fast, _, _ = sample.train(PAPER, weights)
    late = train_changed(small, weights, freeze("W"), n_first=N_LATE, jobs=sample.jobs)[0]
    is_typical = _is_near_median(slow) & _is_near_median(fast) & _is_near_median(late - slow)
    seeds = np.flatnonzero(is_typical)
    states = record_weights(small, weights[seeds], range(N_LATE + 1))  # (seed, update, weight)
    _, (U, c) = split_weights(small, states)
    # How far each line is from the middle of the square, which the codes surround at first.
    lines = np.abs(U.sum(axis=-1) / 2 + c) / np.linalg.norm(U, axis=-1)
    nearest = lines.min(axis=(1, 2))
    codes = evaluate_networks(small, states[:, -1]).hidden[0]  # (seed, pattern, unit)
    apart = np.array([pdist(each).min() for each in codes])
    apart[nearest < np.median(nearest)] = 0.0
    chosen = int(seeds[np.argmax(apart)])
    return chosen, {"fast": int(fast[chosen]), "late": int(late[chosen])}


def _is_near_median(numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which of some numbers differ from their median by a tenth of it at most."""
    median = np.median(numbers)
    return np.asarray(np.abs(numbers - median) <= NEAR * median)


def watch_encoder(learning_rate: float, encoder: int, decoder: int) -> int:
    """Return when a decoder has learnt that watches the encoder of another network.

    `encoder`, `decoder`: the seeds of both networks. At each update the decoder reads the codes
    that the encoder has by then, and learns by equation 3; the encoder never hears it.
    """
    protocol = Protocol(learning_rate=learning_rate)
    watched = RecirculationNetwork.from_seed(encoder, root_seed=SHOWN_ROOT_SEED, protocol=protocol)
    watching = RecirculationNetwork.from_seed(decoder, root_seed=SHOWN_ROOT_SEED, protocol=protocol)
    for n_updates in range(protocol.max_updates):
        watching.W = watched.W
        watching.b = watched.b
        if watching.error() < protocol.threshold:
            return n_updates
        watching.update()
        watched.update()
    return protocol.max_updates


def trace_shown(learning_rate: float, seed: int) -> Trace:
    """Return a network that is shown, at every update."""
    return trace(Protocol(learning_rate=learning_rate), seed=seed, root_seed=SHOWN_ROOT_SEED)


def describe_network(traced: Trace, seed: int) -> Model:
    """Return what the pages show of a network."""
    frames = spread_moments(traced.updates, N_FRAMES)
    # How far the two closest codes are apart, in the coordinate in which they differ more.
    closest = [float(pdist(codes, "chebyshev").min()) for codes in traced.hidden[0][frames]]
    return {
        "learning_rate": traced.protocol.learning_rate,
        "seed": seed,
        "updates": traced.updates,
        "converged": traced.converged,
        "frames": frames,
        "closest": closest,
    }


def find_phases(traced: Trace) -> Model:
    """Return after which update a network that learns is in each phase for the first time.

    ``apart``: two codes are far from each other. ``first``: one visible unit is on for the code of
    its own pattern alone; drawn in the plane of the codes, its line cuts that code off. ``all``:
    every visible unit is.
    """
    codes = traced.hidden[0]  # (update, pattern, hidden unit)
    largest_distance = np.array([pdist(each).max() for each in codes])
    matrices = traced.matrices()
    U = np.swapaxes(matrices.U, 1, 2)  # (update, hidden unit, visible unit)
    inputs = codes @ U + matrices.c[:, None]  # (update, pattern, visible unit)
    is_on = inputs > 0.0
    n_units = inputs.shape[2]
    is_cut_off = np.all(is_on == np.eye(n_units, dtype=bool), axis=1)  # (update, visible unit)
    n_cut_off = np.sum(is_cut_off, axis=1)
    # The first place that is true; a phase that is never reached would be at 0.
    return {
        "apart": int(np.argmax(largest_distance >= HEAP)),
        "first": int(np.argmax(n_cut_off > 0)),
        "all": int(np.argmax(n_cut_off == n_units)),
    }


def measure_fixed(sample: Sample) -> Model:
    """Train networks with the hidden biases learnt and fixed; failures count at the cap."""
    found = {}
    for name, frozen in LEARNING.items():
        updates, converged, _ = sample.train(Protocol(frozen=frozen))
        failed = float(np.mean(~converged))
        median = float(np.median(updates))
        found[name] = {"failed": failed, "median": median, "p99": find_p99(updates)}
    return found


def measure_lesson(sample: Sample) -> Model:
    """Return what the first changes do to networks at the rate of the lesson, in the median.

    ``spread``: how far the four codes extend along a hidden unit, on average over both, at first
    and after some updates with U and its biases frozen. ``first``: how many changes of W come
    before they agree with descent, and what these are worth, of which 1988 says that they do not
    help.
    """
    protocol = Protocol(learning_rate=RATE)
    weights = sample.draw(protocol)
    # Without a decoder that learns.
    frozen = dataclasses.replace(protocol, frozen=("U", "c"))
    start = measure_spread(frozen, weights)
    end = measure_spread(frozen, train_for(frozen, weights, SPREAD_UPDATES))
    spread = {"updates": SPREAD_UPDATES, "start": start, "U": end}
    # When the cosine of the change of W with descent is large.
    cosines = agreement.follow_agreement(protocol, weights)["lower"]
    n_first = int(np.median(agreement.find_events(cosines)))
    updates, _, _ = sample.train(protocol, weights)
    late = train_changed(protocol, weights, freeze("W"), n_first=n_first, jobs=sample.jobs)[0]
    first = {"changes": n_first, **name_median(late - updates, "extra")}
    return {"spread": spread, "first": first}


def measure_spread(protocol: Protocol, weights: Array) -> float:
    """Return how far codes extend along a hidden unit, on average over units: the median network.

    `weights`: (n, n_weights).
    """
    codes = evaluate_networks(protocol, weights).hidden[0]  # (n, n_patterns, n_hidden)
    extents = np.ptp(codes, axis=1)  # (n, n_hidden)
    return float(np.median(extents.mean(axis=1)))


def tabulate_studies(sample: Sample) -> list[Model]:
    """Return, for each meaning of error, from which numbers of updates studies are drawn."""
    rows = []
    for name in MEANINGS:
        outcomes = sample.simulate(Protocol(criterion=name))
        times = outcomes.updates[outcomes.converged]
        rows.append({"criterion": name, "updates": tabulate(times)})
    return rows


def tabulate(updates: NDArray[np.integer]) -> list[int]:
    """Return the updates that shares exp(-k STEP) of some networks exceed or equal.

    >>> tabulate(np.array([30, 40, 50]))
    [30, 30, 30, 30, 30, 40, 40, 40, 40, 40, 40, 50]
    """
    # How many networks take at least so long: all of them, 90.5 %, 81.9 %, ... at last one.
    n = len(updates)
    n_levels = np.floor(np.log(n) / STEP) + 2
    levels = n * np.exp(-STEP * np.arange(n_levels))
    n_shorter = n - np.ceil(levels).astype(int)
    longest = np.sort(updates)[n_shorter]
    return [int(each) for each in longest]


def draw_cloud(codes: Array) -> Array:
    """Return points of the unit square, (N_POINTS, 2), of which the first are `codes`."""
    # Far more points than needed, turned around the middle; those near the frame are dropped.
    generator = np.random.Generator(np.random.Philox(key=LINE_SEED))
    turn = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
    drawn = 0.5 + (generator.standard_normal((4 * N_POINTS, 2)) * SPREADS) @ turn
    is_inside = np.all((drawn > 0.02) & (drawn < 0.98), axis=1)
    points = np.vstack([codes, drawn[is_inside]])
    return np.round(points[:N_POINTS], 4)


def measure_line(codes: Array) -> Model:
    """Return a cloud around some codes, and what one linear unit loses of it by each rule.

    Of networks with other initial weights, `SHARE` lose as much by recirculation as the one shown.
    """
    points = draw_cloud(codes)
    base = make_line_protocol(points)
    initial = draw_lines(base, points)
    scatter = matrices.Scatter.of(base)
    lost = {}
    for rule, fields in LINE_RULES.items():
        final = train_for(dataclasses.replace(base, **fields), initial, N_UPDATES)
        (W, _), (U, _) = split_weights(base, final)
        lost[rule] = scatter.miss(W, U)
    # The network whose loss is nearest to the quantile.
    ours = lost["recirculation"]
    seed = int(np.argmin(np.abs(ours - np.quantile(ours, 1.0 - SHARE))))
    rules = {}
    for rule, fields in LINE_RULES.items():
        protocol = dataclasses.replace(base, **fields)
        rules[rule] = {
            "learning_rate": fields["learning_rate"],
            "lost": float(lost[rule][seed]),
            "crossed": find_crossing(protocol, initial[[seed]], scatter),
        }
    return {
        "points": points.tolist(),
        "root_seed": LINE_SEED,
        "seed": seed,
        "updates": N_UPDATES,
        "half_width": HALF_WIDTH,
        "regression": base.regression,
        "share": SHARE,
        "rules": rules,
        "best": float(scatter.strengths[1] / scatter.strengths.sum()),
    }


def make_line_protocol(points: Array) -> Protocol:
    """Return the protocol of one linear unit between two others."""
    return Protocol(
        group_sizes=(2, 1),
        patterns=points.tolist(),
        centred=True,
        frozen=("b", "c"),
        visible_units="linear",
        hidden_function="linear",
        initial_biases="zero",
        half_width=HALF_WIDTH,
    )


def draw_lines(base: Protocol, points: Array) -> Array:
    """Return initial weights (N_LINES, n_weights) with which all outputs are the mean of points."""
    initial = Sample(N_LINES, LINE_SEED).draw(base)
    _, (_, c) = split_weights(base, initial)
    c[...] = compute_mean(points)
    return initial


def find_crossing(protocol: Protocol, initial: Array, scatter: matrices.Scatter) -> int:
    """Return after how many updates the line of a unit is on the other side of the long axis.

    From `initial` (1, n_weights); 0 if it stays on one side.
    """
    (recorded,) = record_weights(protocol, initial, range(N_UPDATES + 1))
    _, (U, _) = split_weights(protocol, recorded)
    along, across = scatter.directions.T @ U[:, :, 0].T  # (n_updates + 1,) each
    side = np.sign(along * across)  # the line has no direction
    return int(np.argmax(side != side[0]))


def sum_digits() -> Model:
    """Return the sums from which the scatter of all images follows, and an image of each digit.

    Whole numbers, so that they are the same everywhere. ``sums``: of each pixel; ``products``: of
    each pair of pixels, the upper triangle row by row.
    """
    images, digits = read_digits()
    counts = images.astype(np.int64)
    _, first = np.unique(digits, return_index=True)
    products = counts.T @ counts
    return {
        "n": len(images),
        "most": MOST_INK,
        "sums": counts.sum(axis=0).tolist(),
        "products": products[np.triu_indices(counts.shape[1])].tolist(),
        "shown": counts[first].tolist(),
    }
