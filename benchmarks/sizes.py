"""Where to go elsewhere: one update of larger networks, here, in NumPy and in JAX.

``python -m benchmarks.sizes`` prints, for networks n-h-n that learn patterns by back-propagation,
how many times as long others take on one core, in float64 and in float32. Run with an interpreter
that has JAX alone, the file prints JAX's seconds.
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

import numpy as np  # noqa: E402  # which reads them

SIZES = ((16, 4, 100), (64, 32, 100), (256, 64, 100), (784, 128, 100))
"""Visible units, hidden units and patterns."""
N_NETWORKS = 8
N_UPDATES = 3
RATE = 0.01


def draw(n, h, p):
    """Return weights of networks, and patterns."""
    rng = np.random.default_rng(1988)
    shapes = ((h, n), (h,), (n, h), (n,))
    weights = [rng.uniform(-0.5, 0.5, (N_NETWORKS, *shape)) / np.sqrt(n) for shape in shapes]
    return weights, rng.uniform(size=(p, n))


def measure(run):
    """Return the least seconds of processor time of a few runs, the first left out."""
    seconds = []
    for _ in range(4):
        begun = time.process_time()
        run()
        seconds.append(time.process_time() - begun)
    return min(seconds[1:])


def learn_all(weights, v, sigmoid):
    """Return the weights of all networks after an update, with the functions of NumPy or JAX."""
    W, b, U, c = weights
    h = sigmoid(v @ W.swapaxes(1, 2) + b[:, None])  # (network, pattern, unit)
    r = sigmoid(h @ U.swapaxes(1, 2) + c[:, None])
    d = RATE * (v - r) * r * (1 - r)
    e = (d @ U) * h * (1 - h)
    return [
        W + e.swapaxes(1, 2) @ v,
        b + e.sum(1),
        U + d.swapaxes(1, 2) @ h,
        c + d.sum(1),
    ]


def measure_numpy(n, h, p):
    """Return NumPy's seconds."""
    weights, v = draw(n, h, p)

    def run():
        found = weights
        for _ in range(N_UPDATES):
            found = learn_all(found, v, lambda x: 1 / (1 + np.exp(-x)))

    return measure(run)


def measure_own(n, h, p):
    """Return the seconds of this package."""
    import replication
    from replication.simulator.running.engine import Engine

    weights, v = draw(n, h, p)

    class Descent(replication.Network):
        shapes: ClassVar = {"W": (h, n), "b": (h,), "U": (n, h), "c": (n,)}
        patterns = v

        def hidden(self, v):
            return replication.logistic(self.W @ v + self.b)

        def image(self, v):
            return replication.logistic(self.U @ self.hidden(v) + self.c)

        def weight_changes(self, v):
            h = self.hidden(v)
            r = self.image(v)
            d = (v - r) * r * (1 - r)
            e = (self.U.T @ d) * h * (1 - h)
            return RATE * np.outer(e, v), RATE * e, RATE * np.outer(d, h), RATE * d

    engine = Engine(replication.PAPER, Descent)
    rows = np.hstack([x.reshape(N_NETWORKS, -1) for x in weights])
    return measure(lambda: engine.train(rows, threshold=-np.inf, max_updates=N_UPDATES))


def measure_jax(n, h, p, kind):
    """Return JAX's seconds, in float64 or float32."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", kind == "float64")
    weights, v = draw(n, h, p)
    weights = [jnp.asarray(x, dtype=kind) for x in weights]
    v = jnp.asarray(v, dtype=kind)

    def learn(_, found):
        return learn_all(found, v, jax.nn.sigmoid)

    run = jax.jit(lambda found: jax.lax.fori_loop(0, N_UPDATES, learn, found))
    return measure(lambda: jax.block_until_ready(run(weights)))


def main():
    """Print a row for each size."""
    if "--jax" in sys.argv:
        kinds = ("float64", "float32")
        print(json.dumps([[measure_jax(*sizes, kind) for kind in kinds] for sizes in SIZES]))
        return
    python = Path(sys.prefix) / "others" / "bin" / "python"
    theirs = [[float("nan")] * 2 for _ in SIZES]
    if python.exists():
        command = [str(python), __file__, "--jax"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout)
    print("network x patterns, then how many times as long NumPy, JAX float64, float32 take")
    for (n, h, p), (double, single) in zip(SIZES, theirs, strict=True):
        own = measure_own(n, h, p)
        others = measure_numpy(n, h, p), double, single
        print(f"{n}-{h}-{n} x {p}", *(f"{x / own:.2g}" for x in others))


if __name__ == "__main__":
    main()
