"""The step run as plain Python on NumPy arrays: slow, with the bits of the compiled code."""

import numpy as np

from replication.simulator.memory import build_networks, prepare_strips
from replication.simulator.patterns import make_patterns
from replication.simulator.step import Rule, lay_patterns, learn, look


class PlainLoops:
    """Loops over whole numbers, as `Writer` has them."""

    n_at_once = 2  # where compiled code may have blocks of 4 by 4 sums

    @staticmethod
    def each(n, begin=0):
        return iter(range(begin, begin + n))

    @staticmethod
    def fold(n, body, *values, begin=0):
        for k in range(begin, begin + n):
            values = body(k, *values)
        return values


def _build(protocol, rule, strip):
    """Return the arrays of a strip, of shape (n_rows, n_lanes), with patterns laid in."""

    def take_rows(_, place):
        first, shape = place
        size = int(np.prod(shape))
        return strip[first : first + size].reshape(*shape, -1)

    net = build_networks(rule, PlainLoops, make_patterns(protocol), take_rows)
    if not rule.takes_turns:
        lay_patterns(net, 0, rule.n_patterns)
    return net


def run_networks(protocol, initial, *, fixed_feedback):
    """Train networks side by side; return what the engine does, with the final weights."""
    rule = Rule.of(protocol, fixed_feedback=fixed_feedback)
    strip = prepare_strips(protocol, rule, len(initial))[0]
    net = _build(protocol, rule, strip)
    weights = strip[: rule.n_weights]
    weights[...] = initial.T
    updates, converged = np.full(len(initial), -1, np.int32), np.zeros(len(initial), np.bool_)
    final = np.zeros(initial.shape)
    for sweep in range(protocol.max_updates + 1):
        below = look(net) < protocol.threshold
        now = (updates < 0) & (below | (sweep == protocol.max_updates))
        updates[now], converged[now], final[now] = sweep, below[now], weights[:, now].T
        learn(net)
    return updates, converged, final
