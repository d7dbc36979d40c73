"""The kernel against a loop that spells out every product of the paper's equations."""

from benchmarks.contenders import run_batch, run_literal
from replication.protocol import PAPER
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights

WEIGHTS = draw_weights(PAPER, 1988, 0, 100)


def test_kernel_and_literal_loop_end_alike_but_for_rounding():
    updates, converged, _ = run_networks(PAPER, WEIGHTS)
    for contender in (run_literal, run_batch):
        other_updates, other_converged = contender(PAPER, WEIGHTS)
        n_same = ((updates == other_updates) & (converged == other_converged)).sum()
        assert n_same >= 99, contender.__name__
