"""Learning curves, here and in JAX: errors of two sets of patterns while networks learn.

``python -m benchmarks.curves`` prints two ratios for networks n-h-n that learn by back-propagation,
on one core: the time of learning with both errors over that of learning alone, here; and the time
of JAX, in float64 and in float32, over ours, both with the errors. The rule is written for JAX in
two ways, with seeds on the last axis and by products of matrices for all seeds; the quicker one
counts. With ``--jax FOLDER`` it prints the seconds of JAX alone, where that is installed
(`one_core.py`); the folder has the initial weights and the patterns.
"""

import functools
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.one_core import KINDS, measure, run_elsewhere, write_descent

import numpy as np  # isort: skip  # after the number of its threads is set

CASES = {"4-2-4": (2_000, 200, 5.0), "64-16-64": (16, 100, 0.02)}
"""The number of networks, the number of updates, and the learning rate."""
N_POINTS = 20
"""Updates at which networks are measured."""


# Here


def read_patterns(name):
    """Return the patterns that are learnt, and those whose error is measured beside theirs.

    In 4-2-4 both are the same.
    """
    from replication import load_digits

    if name == "4-2-4":
        return np.eye(4), np.eye(4)
    return load_digits("train").images, load_digits("test").images


def measure_own(name, folder):
    """Measure this package; write the weights and patterns that JAX is given.

    Returns the seconds of learning alone, the seconds with both errors, and the median of each
    error at the end.
    """
    import replication
    from replication.simulator.running.engine import Engine
    from replication.simulator.running.watching import Watch, Watchers

    n_networks, n_updates, rate = CASES[name]
    n, h = (int(word) for word in name.split("-")[:2])
    learnt, others = read_patterns(name)

    descent = write_descent(n, h, learnt, rate)
    engine = Engine(replication.Protocol(criterion="half-squared-error"), descent)
    rows = engine.rule.draw(1988, 0, n_networks)
    watches = [Watch(engine.rule), Watch(engine.rule.show(others))]
    moments = [n_updates * (k + 1) // N_POINTS for k in range(N_POINTS)]
    np.savez(folder / f"{name}.npz", rows=rows, learnt=learnt, others=others)

    def learn(**options):
        engine.train(rows, threshold=-np.inf, max_updates=n_updates, **options)

    def learn_and_measure():
        watchers = Watchers(watches, engine.rule, moments, n_networks)
        learn(watched=watchers.addresses)
        return watchers.errors

    last = [np.median(errors[-1]).item() for errors in learn_and_measure()]
    return measure(learn), measure(learn_and_measure), last


# JAX


def cut(rows, n, h):
    """Return W, b, U and c of all networks, (network, ...)."""
    shapes = ((h, n), (h,), (n, h), (n,))
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    parts = zip(shapes, ends[:-1], ends[1:], strict=True)
    return [rows[:, begin:end].reshape(-1, *shape) for shape, begin, end in parts]


def write_seeds_last(jax, jnp, rate):
    """Return functions of JAX for networks on the last axis, with products written as sums.

    They learn for one update, compute the error, and put weights and patterns in place.
    """

    def multiply(a, b):
        return (a[:, :, None] * b[None]).sum(1)

    def answer(weights, v):
        W, b, U, c = weights
        h = jax.nn.sigmoid(multiply(W, v) + b[:, None])
        return h, jax.nn.sigmoid(multiply(U, h) + c[:, None])

    def learn(weights, v):
        U = weights[2]
        h, r = answer(weights, v)
        d = rate * (v - r) * r * (1 - r)
        e = multiply(U.swapaxes(0, 1), d) * h * (1 - h)
        changes = (e[:, None] * v[None]).sum(2), e.sum(1), (d[:, None] * h[None]).sum(2), d.sum(1)
        return [x + change for x, change in zip(weights, changes, strict=True)]

    def find_error(weights, v):
        return 0.5 * ((v - answer(weights, v)[1]) ** 2).sum((0, 1))

    def place(weights, sets):
        return [jnp.moveaxis(x, 0, -1) for x in weights], [v.T[:, :, None] for v in sets]

    return learn, find_error, place


def write_products(jax, jnp, rate):
    """Return the same functions for networks on the first axis, by products of matrices."""

    def answer(weights, v):
        W, b, U, c = weights
        h = jax.nn.sigmoid(v @ W.swapaxes(1, 2) + b[:, None])
        return h, jax.nn.sigmoid(h @ U.swapaxes(1, 2) + c[:, None])

    def learn(weights, v):
        U = weights[2]
        h, r = answer(weights, v)
        d = rate * (v - r) * r * (1 - r)
        e = (d @ U) * h * (1 - h)
        changes = e.swapaxes(1, 2) @ v, e.sum(1), d.swapaxes(1, 2) @ h, d.sum(1)
        return [x + change for x, change in zip(weights, changes, strict=True)]

    def find_error(weights, v):
        return 0.5 * ((v - answer(weights, v)[1]) ** 2).sum((1, 2))

    return learn, find_error, lambda weights, sets: (weights, sets)


def measure_jax(name, folder, kind):
    """Return the seconds of JAX for learning with both errors, and the median errors at the end."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", kind == "float64")
    _, n_updates, rate = CASES[name]
    n, h = (int(word) for word in name.split("-")[:2])
    given = np.load(folder / f"{name}.npz")
    seconds = []
    for write in (write_seeds_last, write_products):
        learn, find_error, place = write(jax, jnp, rate)
        weights = [jnp.asarray(x, dtype=kind) for x in cut(given["rows"], n, h)]
        sets = [jnp.asarray(given[each], dtype=kind) for each in ("learnt", "others")]
        weights, sets = place(weights, sets)

        def go_on(weights, _, learn=learn, find_error=find_error, sets=sets):
            size = n_updates // N_POINTS
            weights = jax.lax.fori_loop(0, size, lambda _, q: learn(q, sets[0]), weights)
            return weights, [find_error(weights, v) for v in sets]

        run = jax.jit(functools.partial(jax.lax.scan, go_on, length=N_POINTS))

        def run_all(run=run, weights=weights):
            return jax.block_until_ready(run(weights))

        seconds.append(measure(run_all))
        last = [float(np.median(errors[-1])) for errors in run_all()[1]]
    return min(seconds), last


def main():
    """Print a row for each size."""
    if "--jax" in sys.argv:
        folder = Path(sys.argv[-1])
        print(json.dumps([[measure_jax(x, folder, kind) for kind in KINDS] for x in CASES]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = {case: measure_own(case, folder) for case in CASES}
        theirs = run_elsewhere("benchmarks.curves", str(folder))
    if theirs is None:
        theirs = [[(float("nan"), None)] * 2 for _ in CASES]
    print(f"{N_POINTS} points: with both errors over learning alone; then JAX over that")
    for (case, (alone, both, last)), others in zip(measured.items(), theirs, strict=True):
        print(case, f"{both / alone:.2f}", *(f"{seconds / both:.2g}" for seconds, _ in others))
        print("  median errors at the end:", last, *(errors for _, errors in others))


if __name__ == "__main__":
    main()
