"""The activation functions of the units in NumPy; `arithmetic.py` has those of the kernel.

The paper's is the logistic one; page 360 allows hidden units others that are smooth, with bounded
slopes.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def logistic(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, the function of equation 2."""
    # Beyond 700 the exponential overflows, and the function is 0 or 1 to the last bit.
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(np.maximum(-x, -700.0), 700.0))))


def _spline(x: Array) -> Array:
    s = np.clip(0.5 + x / 6.0, 0.0, 1.0)
    return np.asarray(s * s * (3.0 - 2.0 * s))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "logistic": logistic,
    "softsign": lambda x: np.asarray(0.5 + 0.5 * (x / (1.0 + np.abs(x)))),
    "algebraic": lambda x: np.asarray(0.5 + 0.5 * (x / np.sqrt(1.0 + x * x))),
    "spline": _spline,
    "linear": lambda x: np.asarray(x, dtype=np.float64),
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arctan": np.arctan,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "rectifier": lambda x: np.maximum(x, 0.0),
}
"""By the values that the protocol's fields ``hidden_function`` and ``visible_units`` may have."""
