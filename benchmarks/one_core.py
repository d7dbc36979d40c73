"""What the measurements beside JAX share: one core, a clock, a rule, and the other interpreter.

An interpreter that has JAX but not this package reads this file, too, so it needs NumPy alone.
Import it before NumPy and JAX, which read how many threads they may use when they are imported.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np  # noqa: E402  # it reads these when it is imported

KINDS = ("float64", "float32")
"""The kinds of numbers with which JAX is measured."""


def measure(run):
    """Return the least seconds of processor time of three runs, after a first one that compiles."""
    seconds = []
    for _ in range(4):
        begun = time.process_time()
        run()
        seconds.append(time.process_time() - begun)
    return min(seconds[1:])


def run_elsewhere(module, *words):
    """Return what a module prints with ``--jax`` where JAX is installed; None if it is not."""
    python = Path(sys.prefix) / "others" / "bin" / "python"
    if not python.exists():
        return None
    done = subprocess.run(
        [str(python), "-m", module, "--jax", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    return json.loads(done.stdout)


def write_descent(n, h, learnt, rate):
    """Return the rule of an n-h-n network that learns patterns by back-propagation."""
    import replication

    class Descent(replication.Network):
        shapes: ClassVar = {"W": (h, n), "b": (h,), "U": (n, h), "c": (n,)}
        numbers: ClassVar = {"rate": rate}
        patterns = learnt

        def hidden(self, v):
            return replication.logistic(self.W @ v + self.b)

        def image(self, v):
            return replication.logistic(self.U @ self.hidden(v) + self.c)

        def weight_changes(self, v):
            h = self.hidden(v)
            r = self.image(v)
            d = self.rate * (v - r) * r * (1 - r)
            e = (self.U.T @ d) * h * (1 - h)
            return np.outer(e, v), e, np.outer(d, h), d

    return Descent
