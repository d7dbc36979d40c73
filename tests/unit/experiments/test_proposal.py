"""The untested proposal: which networks it aligns sooner."""

import numpy as np

from replication.experiments.proposal import run as proposal


def test_networks_aligned_at_the_same_update_are_set_aside():
    def give(*events):
        return np.array(events, dtype=float)

    names, rates = proposal.VARIANTS, proposal.EQUAL_RATES
    alignments = {(name, rate): give(5, 5, 9, 9) for name in names for rate in rates}
    alignments["regressed", 1.0] = give(5, 4, 10, 8)
    alignments["control", 1.0] = give(5, 3, 9, 9)
    results = proposal.judge_proposal(alignments)["operationalisations"]
    assert results["regressed-1"]["value"] == 2 / 3  # two sooner, one later
    assert results["control-1"]["value"] == 1 / 3  # beside the control one sooner, two later
    assert results["regressed-20"] == {"value": None, "interval": [None, None],
                                       "outcome": "undecided"}  # fmt: skip
