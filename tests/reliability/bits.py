"""Print digests of outcomes, and of functions whose bits depend on the processor, as JSON.

Run by `test_bits.py` in processes that are told to be another machine. It
needs nothing but the simulator, so that it also runs under emulation, where
pyarrow need not be installed.
"""

import dataclasses
import hashlib
import json
import math
import platform
import sys

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights
from replication.simulator.running.outcomes import Outcomes, compute_digest
from tests.exactness.golden import compute_rule
from tests.exactness.rules import Mirror  # of one's own, with random numbers

PROTOCOLS = {
    "paper": PAPER,
    # At lambda = 0.75 some wrong fusing cannot show: 1 - lambda is a power of two.
    "lambda-0.7": Protocol(regression=0.7),
    "per-pattern": Protocol(group_sizes=(8, 3), update_schedule="per-pattern", momentum=0.3),
    "minibatch": Protocol(group_sizes=(8, 3), update_schedule="minibatch", batch_size=3),
    "linear": Protocol(
        visible_units="linear", learning_rate=0.5, hidden_function="spline",
        visible_to_hidden_factor=1.5,
    ),
    "back-propagation": Protocol(
        learning_rule="back-propagation", criterion="half-squared-error",
        hidden_function="algebraic",
    ),
    "softsign": Protocol(hidden_function="softsign"),
}  # fmt: skip


def compute(name, n_networks, max_updates):
    if name == "own rule":
        return compute_rule(Mirror, "batch")
    if name == "patterns":
        return hash_patterns()
    protocol = dataclasses.replace(PROTOCOLS[name], max_updates=max_updates)
    weights = draw_weights(protocol, 1988, 0, n_networks)
    updates, converged, final = simulate_weights(protocol, weights)
    return [compute_digest([Outcomes(0, updates, converged)]), hash_array(final)]


def hash_patterns():
    """Return digests of patterns that are computed before networks learn them."""
    from replication.experiments.images import linear, logistic  # which need more packages

    digits, patches = linear.make_digits(), linear.make_patches()
    computed = [digits.root, digits.span, patches.root, *logistic.make_noise()]
    return [hash_array(patterns) for patterns in computed]


def measure(n_networks, max_updates, *names):
    """Return digests of outcomes, and of functions that no outcome may depend on."""
    names = names or [*PROTOCOLS, "own rule"]
    digests = {name: compute(name, int(n_networks), int(max_updates)) for name in names}
    x = np.random.default_rng(1).uniform(-20, 20, 100_000)
    matrix = x[:40_000].reshape(200, 200)
    canaries = {
        "numpy-exp": hash_array(np.exp(x)),
        "libm-exp": hash_array(np.array([math.exp(value) for value in x])),
        "blas-product": hash_array(matrix @ matrix.T),
    }
    about = {"python": platform.python_version(), "numpy": np.__version__}
    return {"digests": digests, "canaries": canaries, "machine": platform.machine()} | about


def hash_array(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f8").tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
