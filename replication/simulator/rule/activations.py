"""The activation functions of units, and their slopes, for rules to use.

The paper's is the logistic one; for hidden units page 360 allows others that are smooth and
monotonic, with bounded slopes. Given NumPy's arrays they are plain NumPy; while a rule is traced
they are the functions of `arithmetic.py`, which have the same bits everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.arrays import is_truth
from replication.simulator.operations.elements import PAIRED, elementwise
from replication.simulator.operations.handles import Handle, of_handles

Array = NDArray[np.float64]
States = Any
"""Inputs or states of units: what NumPy takes for an array, or a handle while a rule is traced."""


def logistic(x: States) -> States:
    """Return ``1 / (1 + exp(-x))``, the function of equation 2.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    float64 array of the same shape, in [0, 1]

    Examples
    --------
    >>> logistic([0.0, 2.0]).round(3).tolist()
    [0.5, 0.881]
    """
    return ACTIVATIONS["logistic"](x)


def _logistic(x: Array) -> Array:
    # Beyond 700 the exponential overflows, and the function is 0 or 1 to the last bit.
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(np.maximum(-x, -700.0), 700.0))))


@dataclass(frozen=True)
class Activation:
    """An activation function, for NumPy's arrays and for handles while a rule is traced."""

    name: str

    def __call__(self, x: States) -> States:
        """Return the states of units from their inputs."""
        if isinstance(x, Handle):
            return self._trace(x)
        inputs = np.asarray(x, dtype=np.float64)
        if self.name in _QUICK:
            return _QUICK[self.name](inputs)
        states, _ = exact.PAIRED_FUNCTIONS[self.name](inputs, inputs)
        return states

    def _trace(self, x: Handle) -> Handle:
        """Return the states of units while a rule is traced."""
        if self.name != "linear":
            return of_handles(PAIRED[self.name])(x)
        if is_truth(x.array):  # which NumPy would make numbers
            numbers: Handle = 1.0 * x
            return numbers
        if x.shape:
            return x
        # For one number, NumPy makes a new array, so a new handle is returned.
        return of_handles(lambda array: array)(x)


@dataclass(frozen=True)
class Slope:
    """The derivative of an activation function, given the inputs of units and their states."""

    name: str

    def __call__(self, x: States, h: States) -> States:
        """Return the slopes."""
        compute = exact.SLOPES[self.name]
        if isinstance(x, Handle) and self.name != "linear":
            return of_handles(elementwise(f"slope of {self.name}", compute))(x, h)
        return compute(x, h)


def _softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


_QUICK: dict[str, Callable[[Array], Array]] = {
    "logistic": _logistic,
    "softplus": _softplus,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arctan": np.arctan,
}
"""Functions that NumPy computes faster than `arithmetic.py`, which is used for all others."""

ACTIVATIONS: dict[str, Callable[[States], States]] = {
    name: Activation(name) for name in exact.PAIRED_FUNCTIONS
}
"""The functions of units that the protocol's ``hidden_function`` and ``visible_units`` may name."""

SLOPES: dict[str, Callable[[States, States], States]] = {name: Slope(name) for name in ACTIVATIONS}
"""The derivative of each function, given a unit's total input and its state."""
