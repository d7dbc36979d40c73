"""The same simulation as others would write it, to compare the kernel's speed with.

All simulate the paper's protocol, 4-2-4 or other sizes of two groups. They use the system's
exponential and add in their own order, so a few outcomes differ from the kernel's by rounding; the
benchmark counts these.
"""

import ctypes
import functools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.simulator.rule.weights import split_weights

Array = np.ndarray[Any, Any]
Run = Callable[[Protocol, Array], tuple[Array, Array]]
"""Simulates networks from their weights; returns updates, and whether they converged."""


def run_literal(protocol: Protocol, weights: Array) -> tuple[Array, Array]:
    """Loop over networks, patterns and units, as a notebook writes the equations.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    updates : int32 array, shape (n,)
    converged : bool array, shape (n,)
    """
    outcomes = []
    for network in weights:
        (W, b), (U, c) = ((m.copy(), v.copy()) for m, v in split_weights(protocol, network))
        outcomes.append(_train_literally(protocol, W, b, U, c))
    updates, converged = zip(*outcomes, strict=True)
    return np.array(updates, dtype=np.int32), np.array(converged)


def _train_literally(
    protocol: Protocol, W: Array, b: Array, U: Array, c: Array
) -> tuple[int, bool]:
    """Train one network, loop by loop; return its updates, and whether it converged."""
    for updates in range(protocol.max_updates + 1):
        error, changes = sweep_literally(protocol, W, b, U, c)
        if error < protocol.threshold:
            return updates, True
        dW, db, dU, dc = changes
        W = W + dW
        b = b + db
        U = U + dU
        c = c + dc
    return protocol.max_updates, False


def sweep_literally(
    protocol: Protocol, W: Array, b: Array, U: Array, c: Array
) -> tuple[float, tuple[Array, Array, Array, Array]]:
    """Return the error of one network and the changes of W, b, U and c that follow."""
    n_hidden, n_visible = W.shape
    rate = protocol.learning_rate
    keep = protocol.regression
    dW, db, dU, dc = (np.zeros_like(weight) for weight in (W, b, U, c))
    error = 0.0
    for pattern in range(n_visible):
        v0 = np.zeros(n_visible)
        v2 = np.zeros(n_visible)
        h1 = np.zeros(n_hidden)
        h3 = np.zeros(n_hidden)
        v0[pattern] = 1.0
        for j in range(n_hidden):
            total = b[j]
            for i in range(n_visible):
                total += W[j, i] * v0[i]
            h1[j] = _squash(total)
        for i in range(n_visible):
            total = c[i]
            for j in range(n_hidden):
                total += U[i, j] * h1[j]
            r2 = _squash(total)
            error = max(error, abs(r2 - v0[i]))
            v2[i] = keep * v0[i] + (1.0 - keep) * r2
        for j in range(n_hidden):
            total = b[j]
            for i in range(n_visible):
                total += W[j, i] * v2[i]
            h3[j] = keep * h1[j] + (1.0 - keep) * _squash(total)
        for i in range(n_visible):
            for j in range(n_hidden):
                dU[i, j] += rate * h1[j] * (v0[i] - v2[i])
                dW[j, i] += rate * v2[i] * (h1[j] - h3[j])
            dc[i] += rate * (v0[i] - v2[i])
        for j in range(n_hidden):
            db[j] += rate * (h1[j] - h3[j])
    return error, (dW, db, dU, dc)


def run_batch(protocol: Protocol, weights: Array) -> tuple[Array, Array]:
    """Update all networks at once in NumPy; take the finished ones out after each update."""
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
