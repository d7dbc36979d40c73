"""The activation functions of the hidden units in NumPy.

The paper's is the logistic function of equation 2. It says on page 360 that other
smooth monotonic functions with bounded slopes would serve as well. The kernel makes them of
operations that every processor rounds in the same way (`arithmetic.py`). The rectifier is not
smooth.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def logistic(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, the function of equation 2.

    >>> float(logistic(np.array(0.0)))
    0.5
    """
    # Beyond 700 the exponential overflows, and the function is 0 or 1 to the last bit.
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0))))


def softsign(x: Array) -> Array:
    """Return ``(1 + x / (1 + |x|)) / 2``.

    >>> softsign(np.array([-3.0, 0.0, 1.0])).tolist()
    [0.125, 0.5, 0.75]
    """
    return np.asarray(0.5 + 0.5 * (x / (1.0 + np.abs(x))))


def algebraic(x: Array) -> Array:
    """Return ``(1 + x / sqrt(1 + x^2)) / 2``.

    >>> algebraic(np.array([-0.75, 0.0, 0.75])).tolist()
    [0.2, 0.5, 0.8]
    """
    return np.asarray(0.5 + 0.5 * (x / np.sqrt(1.0 + x * x)))


def spline(x: Array) -> Array:
    """Return ``s^2 (3 - 2 s)`` of ``s = 1/2 + x / 6``, limited to [0, 1].

    >>> spline(np.array([-4.0, 0.0, 1.5])).tolist()
    [0.0, 0.5, 0.84375]
    """
    s = np.clip(0.5 + x / 6.0, 0.0, 1.0)
    return np.asarray(s * s * (3.0 - 2.0 * s))


HIDDEN_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "logistic": logistic,
    "softsign": softsign,
    "algebraic": algebraic,
    "spline": spline,
    "linear": lambda x: np.asarray(x, dtype=np.float64),
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arctan": np.arctan,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "rectifier": lambda x: np.maximum(x, 0.0),
}
"""The values that the protocol's field ``hidden_function`` may have."""
