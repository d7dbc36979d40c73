"""The proposal that the paper left untested: equation 3 on the second round too (page 365)."""

import dataclasses
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, matrices
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, find_median_updates, name_estimate
from replication.paper.claims import load_claims
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.running.engine import record_weights
from replication.statistics.intervals import estimate_ratios

SEARCH_SHARE, RECORDED_SHARE = 0.25, 0.1
"""Networks at each rate of a search, and whose weights are recorded, as shares of all."""

AWAY = 1.0 - PAPER.regression
VARIANTS = {
    "paper": PAPER,
    "regressed": Protocol(second_round=True),
    # W changes as in the paper, since regression of the hidden units is a factor on that change.
    "plain": Protocol(second_round=True, hidden_regression=False, visible_to_hidden_factor=AWAY),
    "control": Protocol(hidden_to_visible_factor=1.0 + PAPER.regression),
}
"""The paper's rule; the second round with hidden states regressed, or plain as in Figure 3; and
a control that enlarges the changes of U by as much as the second round does to first order: the
image of the second-pass vector differs from it by lambda times as much as the reconstruction
from the input, if the second pass changes the hidden states little."""
WHOLE = "regressed-whole"
"""The reading in which all of PR counts, and not (1 - lambda) PR as equation 5 would have it."""
EQUAL_RATES = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0)
SEARCHED_RATES = tuple(float(rate) for rate in range(10, 25))


Alignments = dict[tuple[str, float], tuple[Array, Array]]
"""By rule and learning rate, (n,) each: the update at which the matrices of a network are aligned,
and the mean cosine of AP and CR when half of the networks by the paper's rule are aligned."""


def run(sample: Sample) -> Model:
    """Return the model of the proposal beside the paper's rule and a control."""
    initial, few = sample.take(RECORDED_SHARE).draw(PAPER), sample.take(SEARCH_SHARE)
    measured = sample.map(lambda rate: measure_alignments(rate, initial), EQUAL_RATES)
    alignments = {key: each for part in measured.values() for key, each in part.items()}
    medians = {key: float(np.median(aligned_at)) for key, (aligned_at, _) in alignments.items()}
    shown = ("paper", "regressed", "control")
    # Speed, each variant at its own best rate.
    outcomes = {}
    for name, protocol in VARIANTS.items():
        best = few.find_best(protocol, {"learning_rate": SEARCHED_RATES})
        outcomes[name] = sample.simulate(best)
    ratios = estimate_ratios(outcomes["regressed"].updates, outcomes["paper"].updates)
    return {
        "rates": list(EQUAL_RATES),
        "aligned_at": {x: [medians[x, rate] for rate in EQUAL_RATES] for x in shown},
        "speed": {name: find_median_updates(each) for name, each in outcomes.items()},
        "against_paper": name_estimate("median_ratio", ratios["median"]),
        "claims": {"proposal": judge_proposal(alignments)},
    }


def measure_alignments(rate: float, initial: Array) -> Alignments:
    """Measure the alignment of networks under every rule at a learning rate, the paper's first."""
    n_updates = agreement.count_early_updates(rate)
    measured = {}
    for name in (*VARIANTS, WHOLE):
        protocol = dataclasses.replace(VARIANTS.get(name, PAPER), learning_rate=rate)
        network = Whole if name == WHOLE else None
        # (n, n_updates + 1, n_weights)
        recorded = record_weights(protocol, initial, n_updates, network=network)
        events = agreement.find_events(matrices.align_matrices(PAPER, recorded))
        # The vectors of all rules are compared at one update.
        if name == "paper":
            at = int(np.median(events))
        vectors = agreement.compare_vectors(PAPER, recorded[:, at]).mean(axis=1)
        measured[name, rate] = events, vectors
    return measured


class Whole(RecirculationNetwork):
    """The paper's network, with all of PR on the second round too."""

    def weight_changes(self, v0: Any) -> Any:
        """Return the changes of the first round, and those of U and c by the second."""
        changes = super().weight_changes(v0)
        # A second round from the vector of the second pass, whose hidden states are regressed.
        v2 = self.regress(v0, self.image(v0))
        h3 = self.second_pass(v2, self.first_pass(v0))
        dU, dc = self._learn(self.visible_rate, h3, v2 - self.reconstruct(h3))
        return changes._replace(U=changes.U + dU, c=changes.c + dc)


def judge_proposal(alignments: Alignments) -> Model:
    """Judge whether the second round aligns matrices and vectors sooner; ties are set aside."""
    measured = {}
    for each in load_claims()["proposal"].operationalisations:
        name, rate = each.id.rsplit("-", 1)[0], each.thresholds["rate"]
        # "control" and "vectors" ask something else of the reading "regressed".
        ours = alignments["regressed" if name in ("control", "vectors") else name, rate]
        theirs = alignments["control" if name == "control" else "paper", rate]
        # Networks aligned at the same update by both are set aside.
        is_sooner = (ours[0] < theirs[0])[ours[0] != theirs[0]]
        measured[each.id] = ours[1] > theirs[1] if name == "vectors" else is_sooner
    return judge("proposal", measured)
