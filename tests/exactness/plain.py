"""A rule's sweep written down for NumPy: slow, no compiler, the bits of the compiled code."""

import numpy as np

from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations.noise import Noise
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.ensemble import simulate_weights


class PlainWriter:
    """Computes at once what another writer would write down."""

    n_at_once = 2  # where compiled code may have blocks of 4 by 4 sums
    operations = ()  # of its own

    def __init__(self, n_lanes):
        self.n_lanes, self.memory = n_lanes, {}

    def load(self, rows, place):
        found = self.memory[rows.base][rows.number(place)]
        return np.full(self.n_lanes, found) if rows.is_shared else found.copy()

    def store(self, rows, place, value):
        self.memory[rows.base][rows.number(place)] = value

    def number(self, x):
        return np.full(self.n_lanes, x) if np.ndim(x) == 0 else x

    def spread_whole(self, number):
        return np.full(self.n_lanes, number, dtype=np.uint64)

    def shuffle(self, order, place, chosen):
        rows, lanes = self.memory["strip"][order.first :], np.arange(self.n_lanes)
        chosen = chosen.astype(int)
        rows[place] = rows[chosen, lanes]
        rows[chosen, lanes] = place

    def gather(self, order, place, source, target, row):
        rows = self.load(order, place).astype(int)
        for k in range(source.shape[1]):
            found = self.memory["data"][source.first + rows * source.shape[1] + k]
            self.store(target, (row, k), found)

    @staticmethod
    def each(n):
        return iter(range(n))

    @staticmethod
    def fold(n, body, *values):
        for k in range(n):
            values = body(k, *values)
        return values


def run_networks(protocol, initial, *, network=None, root_seed=0, first_seed=0):
    """Train networks side by side; return what the engine does, with the final weights."""
    rule = Rule(find_network(protocol, network), protocol)
    rows = np.hstack(rule.split(initial))
    n = len(rows)
    writer = PlainWriter(n)
    sweep = Sweep(rule, writer)
    # Rows of the strip have a number of each network side by side: (row, network).
    writer.memory = {
        "data": np.array(sweep.data), "strip": np.zeros((10_000, n)),
        "now": rows.T.copy(), "next": rows.T.copy(),
    }  # fmt: skip
    for name, number in rule.numbers.items():
        sweep.given[name][()] = number
    seeds = np.arange(first_seed, first_seed + n, dtype=np.uint64)
    updates, converged = np.full(n, -1, np.int32), np.zeros(n, np.bool_)
    final = np.zeros(rows.shape)
    for t in range(protocol.max_updates + 1):
        age, root = (np.full(n, x, dtype=np.uint64) for x in (t, root_seed))
        sweep.noise = Noise(age, seeds, root)
        below = sweep.look() < protocol.threshold
        # A network that meets the criterion, or the cap, is noted once; the others learn on.
        now = (updates < 0) & (below | (t == protocol.max_updates))
        updates[now], converged[now] = t, below[now]
        final[now] = writer.memory["now"][:, now].T
        # The two places of the weights are exchanged, as between sweeps of compiled code.
        writer.memory["now"], writer.memory["next"] = writer.memory["next"], writer.memory["now"]
    return updates, converged, final[:, : rule.row_sizes[0]]


def check_bits(protocol, n, *, network=None):
    """Hold that compiled networks have the bits of plain NumPy; return their outcomes."""
    weights = Rule(find_network(protocol, network), protocol).draw(1988, 0, n)
    compiled = simulate_weights(protocol, weights, network=network)
    slow = run_networks(protocol, weights, network=network)
    for ours, theirs in zip(slow, compiled, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    return compiled
