"""Laws that large numbers of networks must obey. Seeds are fixed; each test says how sure it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from replication import PAPER
from replication.analysis.alignment import compute_cosines
from replication.analysis.codes import compare_assignments, measure_codes
from replication.analysis.comparison import compare_pairs
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights, split_weights


def test_patterns_and_hidden_units_are_exchangeable() -> None:
    """The 24 assignments are equally likely: a right program fails one time in a thousand."""
    weights = draw_weights(PAPER, 71, 0, 20_000)
    _, converged, final = simulate_weights(PAPER, weights, final_weights=True)
    assert final is not None
    hidden = evaluate_networks(PAPER, final[converged]).hidden[0]
    test = compare_assignments(measure_codes(hidden), 2)
    assert test.counts.sum() > 10_000
    assert test.p_value > 0.001


def test_order_of_patterns_breaks_the_symmetry() -> None:
    """With an update after each pattern they are no longer exchangeable, and the test sees it."""
    protocol = dataclasses.replace(PAPER, update_schedule="per-pattern")
    weights = draw_weights(protocol, 72, 0, 20_000)
    _, converged, final = simulate_weights(protocol, weights, final_weights=True)
    assert final is not None
    hidden = evaluate_networks(protocol, final[converged]).hidden[0]
    assert compare_assignments(measure_codes(hidden), 2).p_value < 1e-6


def test_weights_become_symmetric_by_themselves() -> None:
    weights = draw_weights(PAPER, 73, 0, 2_000)
    _, _, final = simulate_weights(PAPER, weights, final_weights=True)
    assert final is not None
    medians = []
    for flat in (weights, final):
        (forward, _), (backward, _) = split_weights(PAPER, flat)
        turned = np.swapaxes(backward, 1, 2).reshape(len(flat), -1)
        medians.append(float(np.median(compute_cosines(forward.reshape(len(flat), -1), turned))))
    # Random 8-vectors have a cosine of standard deviation 0.35: the median of 2,000, 0.01.
    assert medians[0] == pytest.approx(0.0, abs=0.05)
    assert medians[1] > 0.9


def test_a_procedure_ties_with_itself_and_is_even_with_its_copy() -> None:
    """Faster and slower are equally likely between independent runs of one procedure."""
    runs = []
    for start in (0, 10_000):
        updates, converged, _ = simulate_weights(
            PAPER, draw_weights(PAPER, 74, start, start + 10_000)
        )
        runs.append((updates, converged))
    assert compare_pairs(runs[0], runs[0]).tied.value == 1.0
    compared = compare_pairs(*runs)
    faster, slower = compared.faster.value or 0.0, compared.slower.value or 0.0
    # Under equality the difference of the shares has a standard error below 0.01.
    assert faster - slower == pytest.approx(0.0, abs=0.04)
