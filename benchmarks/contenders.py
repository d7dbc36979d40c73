"""The same simulation as others would write it, to compare the compiled code's speed with.

They use another exponential and add in their own order, so a few outcomes differ by rounding; the
benchmark counts these. ``python -m benchmarks.contenders FOLDER``, run by a Python that has JAX and
Numba, reads initial weights of 4-2-4, FOLDER/weights.npy, and prints for each contender the seconds
of processor time on one core, without compiling, and the updates of each network.
"""

import ctypes
import functools
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.simulator.rule.weights import split_weights

Array = np.ndarray[Any, Any]
Run = Callable[[Protocol, Array], tuple[Array, Array]]
"""Simulates networks from their weights; returns updates, and whether they converged."""


def run_batch(protocol: Protocol, weights: Array) -> tuple[Array, Array]:
    """Update all networks at once in NumPy; take the finished ones out after each update.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    updates : int32 array, shape (n,)
    converged : bool array, shape (n,)
    """
    n = len(weights)
    updates = np.full(n, protocol.max_updates, dtype=np.int32)
    converged = np.zeros(n, dtype=bool)
    running = np.arange(n)
    connections = split_weights(protocol, weights)
    W, b, U, c = (np.ascontiguousarray(part) for pair in connections for part in pair)
    v0 = np.eye(protocol.n_visible)
    rate = protocol.learning_rate
    keep = protocol.regression
    for t in range(protocol.max_updates + 1):
        h1 = _squash(np.swapaxes(W, 1, 2) + b[:, None])
        r2 = _squash(h1 @ np.swapaxes(U, 1, 2) + c[:, None])
        error = np.abs(r2 - v0).max(axis=(1, 2))
        below = error < protocol.threshold
        if below.any():
            finished = running[below]
            updates[finished] = t
            converged[finished] = True
            left = ~below
            running, W, b, U, c, h1, r2 = (x[left] for x in (running, W, b, U, c, h1, r2))
            if not len(running):
                break
        if t == protocol.max_updates:  # the last look only measures
            break
        v2 = keep * v0 + (1.0 - keep) * r2
        h3 = keep * h1 + (1.0 - keep) * _squash(v2 @ np.swapaxes(W, 1, 2) + b[:, None])
        d_visible = v0 - v2
        d_hidden = h1 - h3
        U += rate * (np.swapaxes(d_visible, 1, 2) @ h1)
        c += rate * d_visible.sum(axis=1)
        W += rate * (np.swapaxes(d_hidden, 1, 2) @ v2)
        b += rate * d_hidden.sum(axis=1)
    return updates, converged


def learn_images(protocol: Protocol, weights: Array) -> Array:
    """Apply `max_updates` updates to one network after another, all images in one matrix product.

    Returns the weights at the end, (n, n_weights).
    """
    v0 = np.array(protocol.patterns)
    final = weights.copy()
    rate = protocol.learning_rate
    keep = protocol.regression
    for network in final:
        (W, b), (U, c) = split_weights(protocol, network)
        for _ in range(protocol.max_updates):
            h1 = _squash(v0 @ W.T + b)
            v2 = keep * v0 + (1.0 - keep) * _squash(h1 @ U.T + c)
            h3 = keep * h1 + (1.0 - keep) * _squash(v2 @ W.T + b)
            d_visible = v0 - v2
            d_hidden = h1 - h3
            U += rate * (d_visible.T @ h1)
            c += rate * d_visible.sum(axis=0)
            W += rate * (d_hidden.T @ v2)
            b += rate * d_hidden.sum(axis=0)
    return final


def _squash(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def compile_c(folder: Path) -> dict[str, Run]:
    """Compile `contender.c` twice, plain and tuned; return {} where there is no C compiler.

    Parameters
    ----------
    folder : Path
        Receives the libraries.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    source = Path(__file__).with_name("contender.c")
    contenders: dict[str, Run] = {}
    for name, options in (("C", []), ("C, tuned", ["-DTUNED"])):
        library = folder / f"contender{len(options)}.so"
        flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC"]
        command = [str(compiler), *flags, *options, str(source), "-o", str(library), "-lm"]
        if compiler and subprocess.run(command, check=False, capture_output=True).returncode == 0:
            contenders[name] = functools.partial(_run_c, ctypes.CDLL(str(library)))
    return contenders


def _run_c(library: ctypes.CDLL, protocol: Protocol, weights: Array) -> tuple[Array, Array]:
    """Call `train` of `contender.c`, which writes updates and convergence into two arrays."""
    weights = np.ascontiguousarray(weights)
    updates = np.zeros(len(weights), dtype=np.int32)
    converged = np.zeros(len(weights), dtype=np.bool_)
    numbers = protocol.learning_rate, protocol.regression, protocol.threshold
    library.train(
        ctypes.c_void_p(weights.ctypes.data),
        ctypes.c_int64(len(weights)),
        *(ctypes.c_double(number) for number in numbers),
        ctypes.c_int64(protocol.max_updates),
        ctypes.c_void_p(updates.ctypes.data),
        ctypes.c_void_p(converged.ctypes.data),
    )
    return updates, converged


# JAX, on the first call with its compiling. Networks are on the last axis, which was the quickest
# of the ways that were tried; finished ones are taken out from time to time.

CHUNK = 50
"""Updates between two moments at which finished networks are taken out."""
AT_ONCE = 2_048
"""Networks side by side; more would not fit in the processor's cache."""
N_STEPS = 20
"""Steps in which the units of contrastive Hebbian learning settle."""


def learn_recirculation(q: Any, v: Any) -> Any:
    """Return outputs and changes of the paper's rule, (unit, pattern, network), for JAX."""
    W, b, U, c = q
    h1 = _sigmoid(_multiply(W, v) + b[:, None])
    r = _sigmoid(_multiply(U, h1) + c[:, None])
    v2 = 0.75 * v + 0.25 * r
    h3 = 0.75 * h1 + 0.25 * _sigmoid(_multiply(W, v2) + b[:, None])
    up = 20.0 * (h1 - h3)
    down = 20.0 * (v - v2)
    return r, (_add_products(up, v2), up.sum(1), _add_products(down, h1), down.sum(1))


def learn_hebbian(q: Any, v: Any) -> Any:
    """Return outputs and changes of contrastive Hebbian learning: clamped minus free phase."""
    import jax

    W, b, U, c = q
    from_pattern = _multiply(W, v) + b[:, None]

    def settle(answer: Any) -> Any:
        def step(_: Any, h: Any) -> Any:
            return _sigmoid(from_pattern + _multiply(U.swapaxes(0, 1), answer(h)))

        return jax.lax.fori_loop(0, N_STEPS, step, _sigmoid(from_pattern))

    def answer_freely(h: Any) -> Any:
        return _sigmoid(_multiply(U, h) + c[:, None])

    h = settle(answer_freely)
    g = settle(lambda _: v)
    o = answer_freely(h)
    d = g - h
    changes = _add_products(d, v), d.sum(1), _add_products(v, g) - _add_products(o, h)
    return o, (*changes, (v - o).sum(1))


def _sigmoid(x: Any) -> Any:
    import jax

    return jax.nn.sigmoid(x)


def _multiply(a: Any, b: Any) -> Any:
    """Return products of matrices: (i, k, network) times (k, pattern, network)."""
    return (a[:, :, None] * b[None]).sum(1)


def _add_products(d: Any, h: Any) -> Any:
    """Return outer products, summed over the patterns: (i, k, network)."""
    return (d[:, None] * h[None]).sum(2)


def make_jax(learn: Callable[..., Any]) -> Run:
    """Return a function that trains networks by a rule written for JAX, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def step(_: Any, state: Any) -> Any:
        """Apply one update to all networks that are not done."""
        q, updates, done, threshold, cap = state
        patterns = jnp.broadcast_to(jnp.eye(4)[:, :, None], (4, 4, len(updates)))
        answers, changes = learn(q, patterns)
        error = jnp.abs(answers - patterns).max((0, 1))
        done = done | (error < threshold) | (updates >= cap)
        q = tuple(jnp.where(done, x, x + change) for x, change in zip(q, changes, strict=True))
        return q, jnp.where(done, updates, updates + 1), done, threshold, cap

    run_chunk = jax.jit(lambda *state: jax.lax.fori_loop(0, CHUNK, step, state))

    def train_some(protocol: Protocol, weights: Array) -> Array:
        """Return the updates of at most `AT_ONCE` networks."""
        connections = split_weights(protocol, weights)
        q = tuple(np.moveaxis(x, 0, -1) for pair in connections for x in pair)
        ends = np.zeros(len(weights), dtype=int)
        left = np.arange(len(weights))
        updates = ends.copy()
        while len(left):
            size = max(64, 1 << (len(left) - 1).bit_length())  # few shapes to compile
            pad = np.resize(np.arange(len(left)), size)
            limits = protocol.threshold, protocol.max_updates
            some = tuple(x[..., pad] for x in q)
            state = run_chunk(some, updates[pad], np.zeros(size, bool), *limits)
            updates, done = (np.asarray(x)[: len(left)] for x in state[1:3])
            ends[left[done]] = updates[done]
            going = np.flatnonzero(~done)
            q = tuple(np.asarray(x)[..., going] for x in state[0])
            left = left[going]
            updates = updates[going]
        return ends

    def train(protocol: Protocol, weights: Array) -> Array:
        parts = [weights[k : k + AT_ONCE] for k in range(0, len(weights), AT_ONCE)]
        return np.concatenate([train_some(protocol, part) for part in parts])

    return train


# Numba, for the paper's protocol: in plain loops, and with networks side by side. A row has W, b, U
# and c.

N_SIDE_BY_SIDE = 32


def make_numba_loops() -> Run:
    """Return a function of Numba that trains networks one by one, in loops over units."""
    from numba import njit

    @njit(fastmath=True)  # type: ignore[untyped-decorator]
    def train(rows: Array, threshold: float, cap: int) -> Array:
        ends = np.full(len(rows), cap)
        d = np.zeros(22)
        h1 = np.zeros(2)
        v2 = np.zeros(4)
        for n in range(len(rows)):
            w = rows[n].copy()
            for t in range(cap + 1):
                error = 0.0
                d[:] = 0.0
                for k in range(4):
                    for j in range(2):
                        h1[j] = 1.0 / (1.0 + np.exp(-(w[4 * j + k] + w[8 + j])))
                    for i in range(4):
                        total = w[10 + 2 * i] * h1[0] + w[11 + 2 * i] * h1[1] + w[18 + i]
                        r = 1.0 / (1.0 + np.exp(-total))
                        v = 1.0 if i == k else 0.0
                        error = max(error, abs(v - r))
                        v2[i] = 0.75 * v + 0.25 * r
                        down = 20.0 * (v - v2[i])
                        d[10 + 2 * i] += down * h1[0]
                        d[11 + 2 * i] += down * h1[1]
                        d[18 + i] += down
                    for j in range(2):
                        total = w[8 + j]
                        for i in range(4):
                            total += w[4 * j + i] * v2[i]
                        up = 5.0 * (h1[j] - 1.0 / (1.0 + np.exp(-total)))
                        d[8 + j] += up
                        for i in range(4):
                            d[4 * j + i] += up * v2[i]
                if error < threshold:
                    ends[n] = t
                    break
                w += d
        return ends

    return lambda protocol, rows: train(rows, protocol.threshold, protocol.max_updates)


def make_numba_lanes() -> Run:
    """Return a function of Numba that trains networks side by side, with an exponential of its own.

    A finished network makes room for the next one, as in this package.
    """
    from numba import njit

    fast = {"fastmath": {"contract", "nsz", "nnan", "ninf"}, "error_model": "numpy"}
    # The series of exp to the 11th power, that of the highest first.
    series = tuple(1.0 / math.factorial(k) for k in range(11, 1, -1))

    @njit(inline="always", **fast)  # type: ignore[untyped-decorator]
    def squash(x: Array, out: Array, scale: Array) -> None:
        """Write the logistic function of x into out; 2 ** q is made of the bits of an integer."""
        bits = scale.view(np.int64)
        for n in range(N_SIDE_BY_SIDE):
            y = -min(max(x[n], -700.0), 700.0)
            q = (y * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
            f = (y - q * 0.6931471803691238) - q * 1.9082149292705877e-10
            p = 0.0
            for c in series:
                p = p * f + c
            out[n] = (p * f + 1.0) * f + 1.0
            bits[n] = (np.int64(q) + 1023) << 52
        for n in range(N_SIDE_BY_SIDE):
            out[n] = 1.0 / (1.0 + out[n] * scale[n])

    @njit(inline="always", **fast)  # type: ignore[untyped-decorator]
    def sweep(w: Array, d: Array, error: Array, h: Array, v2: Array, x: Array, y: Array) -> None:
        """Write error and changes; `h`, `v2`, `x` and `y` is memory to work in."""
        d[:] = 0.0
        error[:] = 0.0
        scale = y[1]
        r = y[0]
        for k in range(4):
            for j in range(2):
                for n in range(N_SIDE_BY_SIDE):
                    x[n] = w[4 * j + k, n] + w[8 + j, n]
                squash(x, h[j], scale)
            for i in range(4):
                for n in range(N_SIDE_BY_SIDE):
                    x[n] = w[10 + 2 * i, n] * h[0, n] + w[11 + 2 * i, n] * h[1, n] + w[18 + i, n]
                squash(x, r, scale)
                v = 1.0 if i == k else 0.0
                for n in range(N_SIDE_BY_SIDE):
                    error[n] = max(error[n], abs(v - r[n]))
                    v2[i, n] = 0.75 * v + 0.25 * r[n]
                    down = 20.0 * (v - v2[i, n])
                    d[10 + 2 * i, n] += down * h[0, n]
                    d[11 + 2 * i, n] += down * h[1, n]
                    d[18 + i, n] += down
            for j in range(2):
                for n in range(N_SIDE_BY_SIDE):
                    total = w[8 + j, n] + w[4 * j, n] * v2[0, n] + w[4 * j + 1, n] * v2[1, n]
                    x[n] = total + w[4 * j + 2, n] * v2[2, n] + w[4 * j + 3, n] * v2[3, n]
                squash(x, r, scale)
                for n in range(N_SIDE_BY_SIDE):
                    up = 5.0 * (h[j, n] - r[n])
                    d[8 + j, n] += up
                    for i in range(4):
                        d[4 * j + i, n] += up * v2[i, n]

    @njit(**fast)  # type: ignore[untyped-decorator]
    def train(rows: Array, threshold: float, cap: int) -> Array:
        ends = np.full(len(rows), cap)
        w, d = np.zeros((22, N_SIDE_BY_SIDE)), np.zeros((22, N_SIDE_BY_SIDE))
        h, v2 = np.zeros((2, N_SIDE_BY_SIDE)), np.zeros((4, N_SIDE_BY_SIDE))
        error, x = np.zeros(N_SIDE_BY_SIDE), np.zeros(N_SIDE_BY_SIDE)
        y = np.zeros((2, N_SIDE_BY_SIDE))
        network = np.full(N_SIDE_BY_SIDE, -1)
        age = np.zeros(N_SIDE_BY_SIDE, np.int64)
        begun = 0
        n_running = 0
        while True:
            for n in range(N_SIDE_BY_SIDE):
                if network[n] >= 0 and (error[n] < threshold or age[n] == cap):
                    ends[network[n]] = age[n]
                    network[n] = -1
                    n_running -= 1
                age[n] += 1
                if network[n] < 0 and begun < len(rows):
                    w[:, n] = rows[begun]
                    d[:, n] = 0.0
                    network[n] = begun
                    age[n] = 0
                    begun += 1
                    n_running += 1
            if not n_running:
                return ends
            w += d
            sweep(w, d, error, h, v2, x, y)

    return lambda protocol, rows: train(rows, protocol.threshold, protocol.max_updates)


def list_others() -> dict[str, Run]:
    """Return the contenders that need another Python, by name."""
    return {
        "Numba, lanes": make_numba_lanes(),
        "Numba, loops": make_numba_loops(),
        "JAX": make_jax(learn_recirculation),
        "JAX, contrastive Hebbian": make_jax(learn_hebbian),
    }


def main(folder: Path) -> None:
    """Print seconds and updates of each contender as JSON."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    weights = np.load(folder / "weights.npy")
    measured = {}
    for name, train in list_others().items():
        train(PAPER, weights)  # compiles, for all sizes that are met
        seconds = []
        for _ in range(3):
            begun = time.process_time()
            updates = train(PAPER, weights)
            seconds.append(time.process_time() - begun)
        measured[name] = {"seconds": min(seconds), "updates": updates.tolist()}
    print(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
