"""From which size on other packages are faster: updates of networks here, in NumPy and in JAX.

``python -m benchmarks.sizes`` prints, for networks n-h-n that learn patterns by back-propagation,
how many times as long NumPy and JAX take on one core, JAX in float64 and in float32. With ``--jax``
it prints the seconds of JAX alone, where that is installed (`one_core.py`).
"""

import json
import sys

from benchmarks.one_core import KINDS, measure, run_elsewhere, write_descent

import numpy as np  # isort: skip  # after the number of its threads is set

SIZES = ((16, 4, 100), (64, 32, 100), (256, 64, 100), (784, 128, 100))
"""Visible units, hidden units and patterns."""
N_NETWORKS = 8
N_UPDATES = 3
RATE = 0.01


def draw(n, h, p):
    """Return initial weights of networks n-h-n, and p patterns."""
    rng = np.random.default_rng(1988)
    shapes = ((h, n), (h,), (n, h), (n,))
    weights = [rng.uniform(-0.5, 0.5, (N_NETWORKS, *shape)) / np.sqrt(n) for shape in shapes]
    return weights, rng.uniform(size=(p, n))


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
        learnt = weights
        for _ in range(N_UPDATES):
            learnt = learn_all(learnt, v, lambda x: 1 / (1 + np.exp(-x)))

    return measure(run)


def measure_own(n, h, p):
    """Return the seconds of this package."""
    import replication
    from replication.simulator.running.engine import Engine

    weights, v = draw(n, h, p)

    engine = Engine(replication.PAPER, write_descent(n, h, v, RATE))
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

    def learn(_, learnt):
        return learn_all(learnt, v, jax.nn.sigmoid)

    run = jax.jit(lambda weights: jax.lax.fori_loop(0, N_UPDATES, learn, weights))
    return measure(lambda: jax.block_until_ready(run(weights)))


def main():
    """Print a row for each size."""
    if "--jax" in sys.argv:
        print(json.dumps([[measure_jax(*sizes, kind) for kind in KINDS] for sizes in SIZES]))
        return
    theirs = run_elsewhere("benchmarks.sizes") or [[float("nan")] * 2 for _ in SIZES]
    print("network x patterns, then how many times as long NumPy, JAX float64, float32 take")
    for (n, h, p), (double, single) in zip(SIZES, theirs, strict=True):
        seconds_here = measure_own(n, h, p)
        others = measure_numpy(n, h, p), double, single
        print(f"{n}-{h}-{n} x {p}", *(f"{seconds / seconds_here:.2g}" for seconds in others))


if __name__ == "__main__":
    main()
