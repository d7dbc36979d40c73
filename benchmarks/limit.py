"""The processor's limit: operations of a sweep against the rates this machine reaches.

Every rate is measured with the kernel's own vector type, on streams of one kind
of operation long enough to keep its execution units busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.operations import ADDS, MULTIPLIES, count_operations
from replication.protocol import Protocol
from replication.simulator import engine
from replication.simulator.arithmetic import sigmoid_pair
from replication.simulator.vectors import fma, load, point, store

N_LANES = 32
N_CALLS = 400_000


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _fuse(width, array, n):  # type: ignore[no-untyped-def]
    rows = point(width, array)
    a, b = load(rows, 0), load(rows, 1)
    x, y, z = load(rows, 2), load(rows, 3), load(rows, 4)
    for _ in range(n):
        x, y, z = fma(x, a, b), fma(y, a, b), fma(z, a, b)
    store(rows, 2, x)
    store(rows, 3, y)
    store(rows, 4, z)


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _add(width, array, n):  # type: ignore[no-untyped-def]
    rows = point(width, array)
    a, x, y, z = load(rows, 0), load(rows, 2), load(rows, 3), load(rows, 4)
    for _ in range(n):
        x, y, z = x + a, y + a, z + a
    store(rows, 2, x)
    store(rows, 3, y)
    store(rows, 4, z)


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _divide(width, array, n):  # type: ignore[no-untyped-def]
    rows = point(width, array)
    a, x, y, z = load(rows, 0), load(rows, 2), load(rows, 3), load(rows, 4)
    for _ in range(n):
        x, y, z = a / x, a / y, a / z
    store(rows, 2, x)
    store(rows, 3, y)
    store(rows, 4, z)


@numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
def _squash(width, array, n):  # type: ignore[no-untyped-def]
    rows = point(width, array)
    for k in range(n):
        x, y = sigmoid_pair(load(rows, k & 7), load(rows, (k & 7) + 1))
        store(rows, 9 + (k & 3), x)
        store(rows, 13 + (k & 3), y)


STREAMS: dict[str, tuple[Callable[..., Any], int]] = {
    "fma": (_fuse, 3), "add": (_add, 3), "divide": (_divide, 3), "sigmoid": (_squash, 2),
}  # fmt: skip


def measure_rates(*, n_rounds: int = 5) -> dict[str, float]:
    """Return operations on single numbers a second, by kind: the best of all rounds."""
    width = (0,) * N_LANES
    rates = dict.fromkeys(STREAMS, 0.0)
    for function, _ in STREAMS.values():
        function(width, _make_rows(), 1)
    for _ in range(n_rounds):
        for name, (function, n_streams) in STREAMS.items():
            rows = _make_rows()
            begun = time.thread_time()
            function(width, rows, N_CALLS)
            seconds = time.thread_time() - begun
            rates[name] = max(rates[name], N_CALLS * n_streams * N_LANES / seconds)
    return rates


def _make_rows() -> Any:
    rows = engine._make_rows(17, N_LANES)
    rows[...] = np.random.default_rng(0).uniform(0.5, 0.99, rows.shape)
    return rows


def describe_limit(
    protocol: Protocol, microseconds: float, mean_sweeps: float, *, rates: dict[str, float]
) -> dict[str, Any]:
    """Compare the kernel's time a network with what its operations need at the least.

    Parameters
    ----------
    protocol : Protocol
    microseconds : float
        The kernel's time a network.
    mean_sweeps : float
        Sweeps a network takes on average, the last one included.
    rates : dict of float
        From `measure_rates`.

    Returns
    -------
    dict
        ``operations`` of one sweep of one network by kind; ``rates``;
        ``microseconds`` a network at the least for each kind of work alone:
        ``multiplier`` (multiplications, fused or not, at the rate of fused
        ones), ``adder`` (additions and what runs on the same units),
        ``divider``, ``sigmoids`` (the logistic functions alone, as the kernel
        computes them); ``fractions``: those over the kernel's time. The limit
        is the largest of the first three, since they can all run at once.
    """
    operations = count_operations(protocol)
    kinds = {
        "multiplier": sum(operations.get(name, 0) for name in MULTIPLIES) / rates["fma"],
        "adder": sum(operations.get(name, 0) for name in ADDS) / rates["add"],
        "divider": operations.get("divide", 0) / rates["divide"],
        "sigmoids": 2 * operations.get("divide", 0) / rates["sigmoid"],
    }
    least = {name: 1e6 * mean_sweeps * seconds for name, seconds in kinds.items()}
    limit = max(least[name] for name in ("multiplier", "adder", "divider"))
    return {
        "operations": operations,
        "rates": rates,
        "microseconds": least,
        "fractions": {name: value / microseconds for name, value in least.items()},
        "limit_microseconds": limit,
        "fraction_of_limit": limit / microseconds,
        "derivation": (
            "Operations of one sweep, counted by running the kernel's own code on counting "
            "values, over the highest rate of each kind measured with the same vector type; "
            "multiplications, additions and divisions can run at once, so the slowest of the "
            "three is the limit."
        ),
        "to_get_closer": (
            "Logistic functions take the largest part, and within them the chain of eleven "
            "fused operations of the polynomial. What remains is loads and stores between the "
            "steps of a sweep, since the group sizes are not known when the code is compiled. "
            "Code compiled for one set of sizes could keep activities in registers, at the "
            "price of compiling again for each set; a polynomial of lower degree would change "
            "the bits."
        ),
    }
