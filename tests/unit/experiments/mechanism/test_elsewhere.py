"""Other inputs, and the rates at which they are learnt."""

import numpy as np
import pytest

from replication.experiments.instruments import agreement
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import elsewhere
from replication.simulator.rule.weights import make_patterns
from tests.unit.experiments.mechanism.builders import SEED


def test_other_inputs_learn_slowly_enough_for_outputs_not_to_jump(monkeypatch):
    monkeypatch.setattr(elsewhere, "N_SETS", 2)
    tasks = dict(elsewhere.list_tasks())
    assert len(tasks) == 3 + elsewhere.N_SETS
    for protocol in tasks.values():
        critical = agreement.find_critical_rate(protocol)
        assert protocol.learning_rate == pytest.approx(critical / 2, rel=0.06)
        patterns = make_patterns(protocol)
        assert len(np.unique(patterns, axis=0)) == len(patterns)
    found = elsewhere.examine_others(Sample(4, SEED, 2))
    assert found.keys() == tasks.keys()
    assert all("hearing" not in row for row in found.values())
