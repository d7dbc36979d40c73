"""How fast room grows near the start, by each rule's equation: docs/law.md, step by step."""

import numpy as np
import pytest

from replication.experiments.law.foretelling import CARRIED, carry_on
from replication.experiments.law.plan import CASES
from replication.simulator.rule.weights import split_arrays
from replication.simulator.running.engine import Engine

N_UPDATES = 3


@pytest.mark.parametrize("name", CARRIED)
def test_differences_between_codes_grow_as_derived_while_all_images_look_alike(name):
    """Small weights and the lowest rate of the plan, at which the equation is exact at first."""
    case = min((x for x in CASES if x.rule == name), key=lambda x: (x.task != "4-2-4", x.rate))
    engine = Engine(case.protocol, case.network)
    start = 0.1 * engine.rule.draw(case.seed, 0, 200)
    last = np.ascontiguousarray(engine.record(start, [0, N_UPDATES])[:, -1])
    before, after = (engine.evaluate(row).hidden[-1] for row in (start, last))
    carried = carry_on(case, split_arrays(engine.rule.all_shapes, start), N_UPDATES)
    measured = centre(after) - centre(before)
    predicted = centre(carried[:, -1]) - centre(carried[:, 0])
    # The slope of predicted on measured growth, over all networks.
    share = np.sum(measured * predicted) / np.sum(measured**2)
    correlation = np.corrcoef(measured.ravel(), predicted.ravel())[0, 1]
    assert share == pytest.approx(1.0, abs=0.1)
    assert correlation > 0.98


def centre(codes):
    """Return codes (n, n_codes, n_hidden) without their mean."""
    return codes - codes.mean(axis=1, keepdims=True)
