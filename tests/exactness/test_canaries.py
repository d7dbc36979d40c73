"""The digest can fail: other arithmetic gives another one."""

import json
import subprocess
import sys

import pytest

from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights
from tests.exactness.golden import PROTOCOLS, ROOT_SEED, compute_one_piece
from tests.reliability.faults import ROOT, make_environment

N_NETWORKS = 20_000

# Each line changes the arithmetic before the engine makes the kernel ready.
CHANGES = {
    # On a processor with fused operations the compiler fuses what the kernel fuses by name,
    # so the damage shows where there are none.
    "fast-math": """
import functools, numba
numba.config.CPU_NAME, numba.config.CPU_FEATURES = "generic", ""
from llvmlite import ir
from replication.simulator import arithmetic, kernel, vectors
for name in ("fadd", "fsub", "fmul", "fdiv"):
    plain = getattr(ir.IRBuilder, name)
    setattr(ir.IRBuilder, name, functools.partialmethod(plain, flags=("contract", "nsz", "arcp")))
def fma(a, b, c):
    raise NotImplementedError
vectors._compile(fma, 3, lambda builder, a, b, c: builder.fadd(builder.fmul(a, b), c))
arithmetic.fma = kernel.fma = fma
""",
    "system's exponential": """
from replication.simulator import arithmetic, vectors
def exponential(x):
    raise NotImplementedError
def emit(builder, x):
    from llvmlite import ir
    from numba.core import cgutils
    kind = ir.FunctionType(x.type, [x.type])
    name = f"llvm.exp.v{x.type.count}f64"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x])
vectors._compile(exponential, 1, emit)
arithmetic.exponential = exponential
""",
}

PRINT_DIGESTS = """
import dataclasses, json, sys
from replication.protocol import PAPER
from replication.simulator.engine import run_networks
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.simulator.weights import draw_weights
digests, means = [], []
for regression in (0.75, 0.7):
    protocol = dataclasses.replace(PAPER, regression=regression)
    weights = draw_weights(protocol, int(sys.argv[1]), 0, int(sys.argv[2]))
    updates, converged, _ = run_networks(protocol, weights, n_lanes=8)
    digests.append(compute_digest([Outcomes(0, updates, converged)]))
    means.append(float(updates.mean()))
print(json.dumps({"digests": digests, "means": means}))
"""


@pytest.mark.parametrize("change", CHANGES)
def test_other_arithmetic_gives_another_digest(change, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CHANGES[change] + PRINT_DIGESTS, str(ROOT_SEED), str(N_NETWORKS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=make_environment(NUMBA_CACHE_DIR=str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    other = json.loads(done.stdout)
    for name, digest, mean in zip(PROTOCOLS, other["digests"], other["means"], strict=True):
        weights = draw_weights(PROTOCOLS[name], ROOT_SEED, 0, N_NETWORKS)
        updates, converged, _ = run_networks(PROTOCOLS[name], weights)
        assert digest != compute_one_piece(updates, converged)
        # It is the same simulation all the same: only a few networks end elsewhere.
        assert mean == pytest.approx(updates.mean(), rel=0.02)
