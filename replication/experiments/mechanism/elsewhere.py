"""Whether a decoder that only watches learns in time in larger networks and on other inputs."""

from collections.abc import Iterator

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments.agreement import find_critical_rate
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism.foretelling import foretell
from replication.experiments.mechanism.networks import draw_networks
from replication.experiments.mechanism.watching import compare_pairs, exchange_starts

EIGHT = (8, 3)  # sizes of the encoder of 8-3-8 networks
EIGHT_RATES = {"small": 2.0, "paper": 14.0}  # 14 is about the best one
N_FORETOLD = 100  # 8-3-8 networks whose gaps are recorded
PART = 0.5  # other inputs are learnt at this share of the rate beyond which outputs jump
PATTERN_SEED = 2015  # of the random patterns
N_SETS = 8  # sets of random patterns: several, because they differ much


def examine_eight(sample: Sample) -> Model:
    """Return how long halves of 8-3-8 networks take in pairs, and what the law says, by rate."""
    examined = {}
    for name, rate in EIGHT_RATES.items():
        protocol = Protocol(group_sizes=EIGHT, learning_rate=rate)
        networks = draw_networks(protocol, sample)
        examined[name] = {
            "rate": rate,
            **compare_pairs(networks, sample),
            "starts": exchange_starts(networks, sample),
            "law": foretell(networks.take(N_FORETOLD)),
        }
    return examined


def examine_others(sample: Sample) -> Model:
    """Return how long halves take in pairs on other inputs, and which share of networks learns."""
    tasks = dict(list_tasks())

    def examine(name: str) -> Model:
        networks = draw_networks(tasks[name], sample.alone)
        return {
            "rate": tasks[name].learning_rate,
            "learnt": networks.n / sample.n,
            **compare_pairs(networks, sample.alone, names=("watching", "mirrored")),
        }

    def measure_size(name: str) -> int:
        return tasks[name].n_weights * tasks[name].n_patterns

    largest_first = sorted(tasks, key=measure_size, reverse=True)
    return sample.map(examine, largest_first)


def list_tasks() -> Iterator[tuple[str, Protocol]]:
    """Yield other inputs by name, with their learning rates."""
    yield "one-hot 16-4-16", slow_down(Protocol(group_sizes=(16, 4)))
    yield "all but one 8-3-8", make_task(1.0 - np.eye(8), 3)
    yield "bars 9-4-9", make_task(make_bars(3), 4)
    generator = np.random.Generator(np.random.Philox(key=PATTERN_SEED))
    for number in range(1, N_SETS + 1):
        yield f"random bits 8-4-8, set {number}", make_task(draw_bits(generator), 4)


def make_task(patterns: Array, n_hidden: int) -> Protocol:
    """Return the protocol of networks that learn some patterns, at the rate of `slow_down`."""
    sizes = patterns.shape[1], n_hidden
    return slow_down(Protocol(group_sizes=sizes, patterns=patterns.tolist()))


def slow_down(protocol: Protocol) -> Protocol:
    """Return a protocol at `PART` of the rate beyond which its outputs jump, to two digits."""
    rate = float(f"{PART * find_critical_rate(protocol):.2g}")
    return Protocol(
        group_sizes=protocol.group_sizes, patterns=protocol.patterns, learning_rate=rate
    )


def make_bars(size: int) -> Array:
    """Return all rows and columns of a square of pixels, one bar a pattern.

    >>> make_bars(2).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """
    rows = np.repeat(np.eye(size), size, axis=1)
    columns = np.tile(np.eye(size), size)
    return np.concatenate([rows, columns])


def draw_bits(generator: np.random.Generator) -> Array:
    """Return eight different patterns of eight random bits."""
    rows: list[list[float]] = []
    while len(rows) < 8:
        row = np.floor(2.0 * generator.random(8)).tolist()
        if row not in rows:
            rows.append(row)
    return np.array(rows)
