"""The networks that the pages show: a typical one, a slow one and one that fails."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.interventions import freeze, train_changed
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.live.plane import N_FRAMES, spread_moments
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import trace
from replication.simulator.running.outcomes import Trace

SHOWN_ROOT_SEED = 1988  # what `trace` takes unless told otherwise
RATE = 5.0  # of the typical network: small enough for its steps to be followed
# Each of them is looked for among this many first seeds.
N_TYPICAL = 2_000
N_SLOW = 1_000
N_FAILING = 20_000

NEAR = 0.1  # the relative difference up to which a number is near the median of all networks
N_LATE = 20  # how many first changes of W a network of the lesson loses
HEAP = 0.3  # codes lie in a heap as long as no two are this far apart


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class ShownNetworks:
    """The networks that the pages show."""

    described: Model  # by name: ``typical``, ``slow`` and ``failing``
    typical_codes: Array  # (4, 2), of the typical network when it has learnt


def describe_networks(sample: Sample) -> ShownNetworks:
    """Return a typical network at `RATE`, and a slow and a failing one at the paper's rate.

    The slow network is the slowest of the first `N_SLOW` among those that converge. The failing
    one is the first network that does not converge.
    """
    chosen = choose_typical(dataclasses.replace(sample, n=N_TYPICAL))
    traced = trace_shown(RATE, chosen.seed)
    many = dataclasses.replace(sample, n=N_FAILING).simulate(PAPER)
    updates = np.where(many.converged, many.updates, -1)  # a failing network is never the slowest
    slow = int(np.argmax(updates[:N_SLOW]))
    failing = int(np.argmin(many.converged))
    described = {
        "typical": describe_typical(traced, chosen),
        "slow": describe_network(trace_shown(PAPER.learning_rate, slow), slow),
        "failing": describe_failing(failing),
    }
    return ShownNetworks(described, typical_codes=traced.hidden[0][-1])


def trace_shown(learning_rate: float, seed: int) -> Trace:
    """Train a network that is shown, and return its states at every update."""
    return trace(Protocol(learning_rate=learning_rate), seed=seed, root_seed=SHOWN_ROOT_SEED)


def describe_network(traced: Trace, seed: int) -> Model:
    """Return what the pages show of every network.

    ``frames`` are the updates at which it is drawn. ``closest`` is the distance of its two closest
    codes at each of these, in the hidden unit in which they differ more.
    """
    frames = spread_moments(traced.updates, N_FRAMES)
    closest = [float(pdist(codes, "chebyshev").min()) for codes in traced.hidden[0][frames]]
    return {
        "learning_rate": traced.protocol.learning_rate,
        "seed": seed,
        "updates": traced.updates,
        "converged": traced.converged,
        "frames": frames,
        "closest": closest,
    }


def describe_failing(seed: int) -> Model:
    """Describe a network that fails; ``freed`` is when it learns with fixed hidden biases."""
    freed = trace(Protocol(frozen=("b",)), seed=seed, root_seed=SHOWN_ROOT_SEED)
    described = describe_network(trace_shown(PAPER.learning_rate, seed), seed)
    return described | {"freed": freed.updates}


# The typical network


@dataclasses.dataclass(frozen=True, slots=True)
class Typical:
    """The network that was chosen as typical."""

    seed: int
    fast: int  # updates that it takes at the paper's rate
    late: int  # updates that it takes at `RATE` without its first `N_LATE` changes of W


def choose_typical(sample: Sample) -> Typical:
    """Return a network near the median whose codes part before any line comes near them.

    It has to be near the median in three numbers: its updates at `RATE`, its updates at the paper's
    rate, and how many more it takes without its first `N_LATE` changes of W. Of these networks, one
    half is left out: those whose lines come closest to the middle of the square in the first
    `N_LATE` updates. Of the others, the one is chosen whose two closest codes are farthest apart
    after these updates.
    """
    small = Protocol(learning_rate=RATE)
    weights = sample.draw(small)
    slow, _, _ = sample.train(small, weights)
    fast, _, _ = sample.train(PAPER, weights)
    late, _ = train_changed(small, weights, freeze("W"), n_first=N_LATE, jobs=sample.jobs)
    is_typical = _is_near_median(slow) & _is_near_median(fast) & _is_near_median(late - slow)
    seeds = np.flatnonzero(is_typical)
    states = record_weights(small, weights[seeds], range(N_LATE + 1))  # (seed, update, weight)
    # How far each line is from the middle of the square, which the codes surround at first.
    _, (U, c) = split_weights(small, states)
    from_middle = np.abs(U.sum(axis=-1) / 2 + c) / np.linalg.norm(U, axis=-1)
    nearest = from_middle.min(axis=(1, 2))
    is_clear = nearest >= np.median(nearest)
    # How far the two closest codes are apart after `N_LATE` updates.
    codes = evaluate_networks(small, states[:, -1]).hidden[0]  # (seed, pattern, unit)
    closest = np.array([pdist(each).min() for each in codes])
    chosen = int(seeds[np.argmax(np.where(is_clear, closest, 0.0))])
    return Typical(chosen, fast=int(fast[chosen]), late=int(late[chosen]))


def _is_near_median(numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which numbers differ from their median by at most the share `NEAR` of it."""
    median = np.median(numbers)
    return np.asarray(np.abs(numbers - median) <= NEAR * median)


def describe_typical(traced: Trace, chosen: Typical) -> Model:
    """Describe the typical network, its phases, and the decoder of another network that watches it.

    ``watched`` has the seed of that decoder, and the updates after which it has learnt.
    """
    decoder = chosen.seed + 1  # the next seed
    watched = watch_encoder(RATE, chosen.seed, decoder)
    return {
        **describe_network(traced, chosen.seed),
        "fast": chosen.fast,
        "late": chosen.late,
        "phases": find_phases(traced),
        "watched": {"decoder": decoder, "updates": watched},
    }


def find_phases(traced: Trace) -> Model:
    """Return after which update a network that learns enters each of its phases.

    In ``apart``, two codes are far from each other. In ``first``, one visible unit is on for the
    code of its own pattern and for no other: in the plane of the codes, its line cuts that code
    off. In ``all``, the line of every visible unit does so.
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
    # `argmax` finds the first update at which a condition is true; 0 if it never is.
    return {
        "apart": int(np.argmax(largest_distance >= HEAP)),
        "first": int(np.argmax(n_cut_off > 0)),
        "all": int(np.argmax(n_cut_off == n_units)),
    }


def watch_encoder(learning_rate: float, encoder: int, decoder: int) -> int:
    """Return after how many updates a decoder has learnt by watching another network's encoder.

    `encoder` and `decoder` are the seeds of the two networks. At each update the decoder reads the
    codes that the encoder has by then, and learns by equation 3. It has no influence on the
    encoder.
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
