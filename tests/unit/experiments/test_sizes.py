"""Longer loops: changes and descent against the readable loop, pattern by pattern."""

import dataclasses

import numpy as np
import pytest

from replication import Protocol, RecirculationNetwork
from replication.experiments.sizes import run as sizes
from replication.simulator.rule.weights import draw_weights
from tests.unit.experiments.builders import cosine, differentiate, flatten

LOOP = Protocol(group_sizes=(4, 3, 3), regression=0.25)
FIRST, SECOND, BOTH = slice(15), slice(15, 27), slice(27)  # weights into each hidden group


def match(changes, descent):
    """Return the cosine with descent after each group's change has been given its length."""
    pairs = [(changes[group], descent[group]) for group in (FIRST, SECOND)]
    matched = [x * np.linalg.norm(y) / np.linalg.norm(x) for x, y in pairs]
    return cosine(np.concatenate(matched), descent[BOTH])


@pytest.mark.parametrize(("key", "keep"), sizes.REGRESSIONS.items())
def test_loops_are_measured_as_by_the_readable_loop(key, keep):
    weights = 3 * draw_weights(LOOP, 74, 0, 3)
    measured = sizes.measure_loop(LOOP, weights)
    rule = dataclasses.replace(LOOP, regression=keep)
    for row, flat in enumerate(weights):
        loop, totals = RecirculationNetwork.from_weights(flat, rule), np.zeros((2, len(flat)))
        for p, a in enumerate(loop.patterns):

            def measure_error(moved, a=a):
                image = RecirculationNetwork.from_weights(moved, rule).image(a)
                return np.sum((image - a) ** 2) / 2

            changes, descent = flatten(loop.weight_changes(a)), -differentiate(measure_error, flat)
            c = loop.image(a)
            at = loop.regress(a, c)
            # Cosines of the changes of each group with descent, for this vector.
            expected = {
                name: cosine(changes[group], descent[group])
                for name, group in (("first", FIRST), ("second", SECOND), ("joint", BOTH))
            }
            expected["matched"] = match(changes, descent)
            expected["parallel"] = cosine(at - a, loop.image(at) - c)
            found = {name: measured[f"{name}-{key}"][row, p] for name in expected}
            assert found == pytest.approx(expected, abs=1e-5)
            totals += changes, descent
        assert measured[f"batch-{key}"][row, 0] == pytest.approx(match(*totals), abs=1e-5)
