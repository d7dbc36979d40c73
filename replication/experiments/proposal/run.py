"""The proposal that the paper left untested: equation 3 on the second round too (page 365)."""

import dataclasses

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, matrices
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, name_estimate
from replication.paper.claims import load_claims
from replication.simulator.running.engine import record_weights
from replication.statistics.intervals import estimate_ratios

# Numbers of networks, as shares of all.
SEARCH_SHARE = 0.25  # at each rate of a search
RECORDED_SHARE = 0.1  # networks whose weights are recorded

AWAY = 1.0 - PAPER.regression
VARIANTS = {
    "paper": PAPER,
    "regressed": Protocol(second_round=True),
    # W changes as in the paper, since regression of the hidden units is a factor on that change.
    "plain": Protocol(second_round=True, hidden_regression=False, visible_to_hidden_factor=AWAY),
    "control": Protocol(hidden_to_visible_factor=1.0 + PAPER.regression),
}
"""The paper's rule; the second round with hidden states regressed, or plain as in Figure 3; and a
control without a second round.

To first order, the second round multiplies the changes of U by 1 + lambda, and the control does
nothing but that. The reason: if the second pass changes the hidden states little, the vector of the
second pass differs from its image by lambda times the error of the reconstruction."""
EQUAL_RATES = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0)
SEARCHED_RATES = tuple(float(rate) for rate in range(10, 25))

Alignments = dict[tuple[str, float], Array]
"""By rule and learning rate: the update at which U of each network is aligned with W, (n,)."""


def run(sample: Sample) -> Model:
    """Return the model of the proposal beside the paper's rule and a control."""
    initial = sample.take(RECORDED_SHARE).draw(PAPER)
    few = sample.take(SEARCH_SHARE)

    def measure(rate: float) -> Alignments:
        return measure_alignments(rate, initial)

    alignments: Alignments = {}
    for at_rate in sample.map(measure, EQUAL_RATES).values():
        alignments |= at_rate
    # Speed, each rule at its own best rate.
    updates = {}
    for name in ("paper", "regressed"):
        best = few.find_best(VARIANTS[name], {"learning_rate": SEARCHED_RATES})
        updates[name] = sample.simulate(best).updates
    ratios = estimate_ratios(updates["regressed"], updates["paper"])
    medians = {}
    for name in ("paper", "regressed", "control"):
        medians[name] = [float(np.median(alignments[name, rate])) for rate in EQUAL_RATES]
    return {
        "rates": list(EQUAL_RATES),
        "aligned_at": medians,
        "against_paper": name_estimate("median_ratio", ratios["median"]),
        "claims": {"proposal": judge_proposal(alignments)},
    }


def measure_alignments(rate: float, initial: Array) -> Alignments:
    """Return when U of networks is aligned with W, under each of `VARIANTS` at a learning rate."""
    n_updates = agreement.count_early_updates(rate)
    measured = {}
    for name, variant in VARIANTS.items():
        protocol = dataclasses.replace(variant, learning_rate=rate)
        recorded = record_weights(protocol, initial, range(n_updates + 1))  # (n, update, weight)
        aligned = matrices.align_matrices(PAPER, recorded)
        measured[name, rate] = agreement.find_events(aligned)
    return measured


def judge_proposal(alignments: Alignments) -> Model:
    """Judge whether learning in the second round too aligns the matrices sooner than without it."""
    measured = {}
    for way in load_claims()["proposal"].operationalisations:
        variant = way.id.rsplit("-", 1)[0]  # "regressed" of the id regressed-20
        rate = way.thresholds["rate"]
        # Against the control: does "regressed" do more than multiply the changes of U?
        if variant == "control":
            with_second = alignments["regressed", rate]
            without = alignments["control", rate]
        else:
            with_second = alignments[variant, rate]
            without = alignments["paper", rate]
        # Networks that both rules align at the same update favour neither, and are left out.
        is_sooner = with_second < without
        is_different = with_second != without
        measured[way.id] = is_sooner[is_different]
    return judge("proposal", measured)
