"""The kernel made ready to run: compiled, cached, and called with a protocol.

The compiled code is kept in a cache folder named after the source text it was
made from; a folder that cannot be used costs time, not correctness.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator import arithmetic, kernel, runner, state, vectors
from replication.simulator.patterns import make_patterns

N_LANES = 64
CACHE_LINE = 64

Array = NDArray[np.float64]

_CRITERIA = {
    "half-squared-error": state.HALF_SQUARED_ERROR,
    "worst-pattern": state.WORST_PATTERN,
    "squared-error": state.SQUARED_ERROR,
    "every-unit": state.EVERY_UNIT,
}

_PARTS = (
    arithmetic.exponential, arithmetic.sigmoid_pair,
    state.point_lanes, kernel._feed_pair, kernel._activate, kernel._change,
    kernel.pass_forward, kernel.pass_again, kernel.pass_back,
    kernel.change_weights, kernel.measure_error, kernel.learn, runner._load_network,
)  # fmt: skip
for _part in _PARTS:
    register_jitable(error_model="numpy")(_part)

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Networks measured as they stand.

    Parameters
    ----------
    hidden : list of float64 arrays, one for each hidden group, shape (n, n_patterns, n_units)
        Activities of the first pass.
    reconstruction : float64 array, shape (n, n_patterns, n_visible)
        With zero regression.
    error : float64 array, shape (n,)
        The protocol's criterion.
    """

    hidden: list[Array]
    reconstruction: Array
    error: Array


def make_rule(protocol: Protocol) -> state.Rule:
    """Return the scalars of a protocol in the form the compiled code takes."""
    return state.Rule(
        back_propagation=protocol.learning_rule == "back-propagation",
        linear_visible=protocol.visible_units == "linear",
        per_pattern=protocol.update_schedule == "per-pattern",
        hidden_regression=protocol.hidden_regression,
        regressed_error=protocol.error_measured_on == "regressed",
        criterion=_CRITERIA[protocol.criterion],
        learning_rate=protocol.learning_rate,
        momentum=protocol.momentum,
        regression=protocol.regression,
        threshold=protocol.threshold,
        max_updates=protocol.max_updates,
    )


def make_lanes(protocol: Protocol, n_lanes: int) -> state.Lanes:
    """Return fresh working arrays for `n_lanes` networks."""
    patterns = make_patterns(protocol)
    n_patterns = len(patterns)
    n_units = sum(protocol.group_sizes)
    first = _make_rows(n_units * n_patterns, n_lanes)
    first[: protocol.n_visible * n_patterns] = patterns.T.reshape(-1, 1)
    return state.Lanes(
        width=(0,) * n_lanes,
        sizes=protocol.group_sizes,
        n_patterns=n_patterns,
        weights=_make_rows(protocol.n_weights, n_lanes),
        velocity=_make_rows(protocol.n_weights, n_lanes),
        first=first,
        reconstruction=_make_rows(protocol.n_visible * n_patterns, n_lanes),
        second=_make_rows(len(first), n_lanes),
        difference=_make_rows(len(first), n_lanes),
        error=_make_rows(1, n_lanes),
    )


def _make_rows(n_rows: int, n_lanes: int) -> Array:
    """Return zeros that begin at a cache line, so that no vector load touches two."""
    memory = np.zeros(n_rows * n_lanes + CACHE_LINE // 8)
    skipped = -memory.ctypes.data % CACHE_LINE // 8
    return memory[skipped : skipped + n_rows * n_lanes].reshape(n_rows, n_lanes)


def run_networks(
    protocol: Protocol,
    weights: Array,
    *,
    final_weights: bool = False,
    n_lanes: int = N_LANES,
    stop: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], Array | None]:
    """Train networks from given initial weights until the criterion or the cap.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
        Initial weights, in the order of `draw_weights`.
    final_weights : bool
        Whether to return the weights at the end too.
    n_lanes : int
        Networks side by side, fast where it is a power of two; outcomes do not depend on it.
    stop : bool array, shape (1,), optional
        Set to true from another thread to return early; what is returned is
        then incomplete and must be thrown away.

    Returns
    -------
    updates : int32 array, shape (n,)
        Updates before the criterion was first met, or the cap.
    converged : bool array, shape (n,)
    final : float64 array, shape (n, n_weights), or None
    """
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    updates = np.zeros(len(weights), dtype=np.int32)
    converged = np.zeros(len(weights), dtype=np.bool_)
    final = np.zeros_like(weights) if final_weights else np.zeros((0, weights.shape[1]))
    if stop is None:
        stop = np.zeros(1, dtype=np.bool_)
    arguments = (
        make_rule(protocol), make_lanes(protocol, n_lanes), weights,
        updates, converged, final, stop,
    )  # fmt: skip
    _compiled(runner.run_lanes, arguments)(*arguments)
    return updates, converged, final if final_weights else None


def record_weights(protocol: Protocol, weights: Array, n_updates: int) -> Array:
    """Return the weights of one network after 0, 1, ..., `n_updates` updates.

    Parameters
    ----------
    protocol : Protocol
        Its criterion and cap do not stop the recording.
    weights : float64 array, shape (n_weights,)
    n_updates : int

    Returns
    -------
    float64 array, shape (n_updates + 1, n_weights)
    """
    initial = np.ascontiguousarray(weights, dtype=np.float64)[None]
    recorded = np.zeros((n_updates + 1, initial.shape[1]))
    arguments = make_rule(protocol), make_lanes(protocol, N_LANES), initial, recorded
    _compiled(runner.record_lanes, arguments)(*arguments)
    return recorded


def evaluate_networks(protocol: Protocol, weights: Array) -> Evaluation:
    """Measure networks as they stand: activities, reconstruction and error.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
    """
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    n, n_patterns = len(weights), protocol.n_patterns
    first = np.zeros((n, sum(protocol.group_sizes) * n_patterns))
    reconstruction = np.zeros((n, protocol.n_visible * n_patterns))
    error = np.zeros(n)
    arguments = (
        make_rule(protocol), make_lanes(protocol, N_LANES), weights, first, reconstruction, error,
    )  # fmt: skip
    _compiled(runner.evaluate_lanes, arguments)(*arguments)
    units = first.reshape(n, -1, n_patterns).transpose(0, 2, 1)
    bounds = np.cumsum(protocol.group_sizes)
    return Evaluation(
        hidden=np.split(units, bounds[:-1], axis=2)[1:],
        reconstruction=reconstruction.reshape(n, -1, n_patterns).transpose(0, 2, 1),
        error=error,
    )


def _compiled(function: Callable[..., None], arguments: tuple[Any, ...]) -> Callable[..., None]:
    """Return the compiled form of a function for arguments of these types."""
    if numba.config.DISABLE_JIT:  # for debuggers: the same bits, thousands of times slower
        return function
    signature = tuple(numba.typeof(argument) for argument in arguments)
    with _lock:
        return _compile(function, signature)


@functools.cache
def _compile(function: Callable[..., None], signature: tuple[Any, ...]) -> Callable[..., None]:
    folder, users = find_cache_folder(), numba.config.CACHE_DIR
    for attempt in (folder, None):
        try:
            # Numba reads the folder when the function is decorated.
            numba.config.CACHE_DIR = str(attempt or "")
            compiled = numba.njit(
                function, nogil=True, error_model="numpy", cache=attempt is not None
            )
            compiled.compile(signature)
            return compiled  # type: ignore[no-any-return]
        except Exception:
            if attempt is None:
                raise
            # An unwritable or damaged cache: compile without one.
            shutil.rmtree(attempt, ignore_errors=True)
        finally:
            numba.config.CACHE_DIR = users
    raise AssertionError("unreachable")


def find_cache_folder() -> Path:
    """Return the folder for compiled code of exactly these sources.

    NUMBA_CACHE_DIR is respected where it is set; else it lies in the user's
    cache folder (XDG_CACHE_HOME or ~/.cache).
    """
    sources = (vectors, arithmetic, state, kernel, runner)
    text = b"".join(Path(str(module.__file__)).read_bytes() for module in sources)
    # os.path: Path.expanduser raises where there is no home.
    default = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(default) / "replication")
    return base / hashlib.sha256(text).hexdigest()[:16]
