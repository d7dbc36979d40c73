"""Seeds that no two experiments share."""

import importlib

from replication.definition.protocol import DEFAULT_ROOT_SEED
from replication.definition.study import N_REPETITIONS
from replication.experiments import EXPERIMENTS
from replication.experiments.search import SEARCH_OFFSET


def test_no_two_experiments_share_networks():
    study = [DEFAULT_ROOT_SEED + i for i in range(N_REPETITIONS + 1)]
    own = [
        importlib.import_module(f"replication.experiments.{name}.run").ROOT_SEED
        for name in EXPERIMENTS
    ]
    seeds = [*study, *own, *(seed + SEARCH_OFFSET for seed in own)]
    assert len(set(seeds)) == len(seeds)
