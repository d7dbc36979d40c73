"""Laws that many networks must obey. Seeds are fixed; each test says how sure it is."""

import dataclasses
import itertools

from scipy import stats

from replication import PAPER
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import evaluate_networks
from replication.simulator.running.ensemble import simulate_weights


def count_assignments(protocol, root_seed):
    """Count how often each of the 24 ways to put four patterns in four corners comes about."""
    weights = draw_weights(protocol, root_seed, 0, 20_000)
    _, converged, final = simulate_weights(protocol, weights, jobs=2)
    assert final is not None
    # (network, pattern, unit), of which the corner is read as a number of two bits.
    hidden = evaluate_networks(protocol, final[converged]).hidden[0]
    corners = [tuple(row) for row in ((hidden > 0.5) @ [2, 1]).tolist()]
    return [corners.count(way) for way in itertools.permutations(range(4))]


def test_patterns_and_hidden_units_are_exchangeable():
    """The assignments are equally likely: a right program fails one time in a thousand."""
    counts = count_assignments(PAPER, 71)
    assert sum(counts) > 10_000
    assert stats.chisquare(counts).pvalue > 0.001


def test_order_of_patterns_breaks_the_symmetry():
    """With an update after each pattern they are no longer exchangeable, and the test sees it."""
    protocol = dataclasses.replace(PAPER, update_schedule="per-pattern")
    assert stats.chisquare(count_assignments(protocol, 72)).pvalue < 1e-6
