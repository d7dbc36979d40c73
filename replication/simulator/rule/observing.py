"""What is observed of networks: values by their names, each an array or a method of the rule."""

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.rule.network import Network, Rule
from replication.wording import show

Array = NDArray[np.float64]
Observable = str | Callable[..., Any]
"""A method, a function of a network, or a name: of an array, of a method, or ``"mean_loss"``."""

TAKEN = ("seed", "update", "updates", "converged", "error", "accuracy")
TAKEN_OF_TEST = ("test_error", "test_accuracy")
"""Names of columns that results have already."""
EXAMPLE = 'allowed is a dict, as {"angle": Mine.angle, "W": "W", "loss": "mean_loss"}'


@dataclass(frozen=True, eq=False)
class Observed:
    """A named value of a network: a function of it, or also of a pattern and its target.

    A function of patterns stands for its mean over the patterns.
    """

    name: str
    function: Callable[..., Any]
    n_patterns_taken: int  # 0, 1 for the pattern, 2 for the pattern and its target

    def measure(self, network: Network) -> Array:
        """Return the value of a network in plain NumPy."""
        if not self.n_patterns_taken:
            return self._take(self.function(network))
        pairs = zip(network.patterns, network.targets, strict=True)
        n = self.n_patterns_taken
        values = [self._take(self.function(network, *pair[:n])) for pair in pairs]
        return np.asarray(np.mean(values, axis=0))

    def _take(self, given: Any) -> Array:
        """Return what the function returned as an array, or refuse it."""
        array = np.asarray(given)
        if array.dtype.kind not in "fiub":
            allowed = "allowed is a number, or an array of numbers"
            raise UsageError(f"observe[{self.name!r}] gives {show(given)}; {allowed}")
        return array.astype(np.float64)


def take_observed(rule: Rule, given: Mapping[str, Observable] | None) -> list[Observed]:
    """Return what a rule is to be observed for, or refuse what was given."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise UsageError(f"observe = {show(given)} was given; {EXAMPLE}")
    return [_take_one(rule, name, value) for name, value in given.items()]


def _take_one(rule: Rule, name: Any, value: Any) -> Observed:
    """Return one named value, or refuse its name or what stands behind it."""
    if not isinstance(name, str) or not name.isidentifier():
        raise UsageError(f"observe names {show(name)}, which is no name in Python; {EXAMPLE}")
    is_other_array = name in rule.all_shapes and value != name
    if is_other_array or name in (*TAKEN, *TAKEN_OF_TEST):
        what = "an array of the rule" if is_other_array else "a column of every result"
        raise UsageError(f"observe names {name!r}, which is {what}; choose another name")
    if isinstance(value, str) and value in rule.all_shapes:
        return Observed(name, operator.attrgetter(value), 0)
    if value == "mean_loss":
        return Observed(name, find_loss, 2)
    function = getattr(rule.network, value, None) if isinstance(value, str) else value
    if not callable(function):
        known = ", ".join([*rule.all_shapes, "mean_loss"])
        raise UsageError(
            f"observe[{name!r}] = {show(value)} was given; allowed are a method of {rule.name}, "
            f"or a name of one, and {known}"
        )
    n_taken = len(inspect.signature(function).parameters) - 1  # without the network itself
    if n_taken not in (0, 1, 2):
        allowed = "allowed are (self), (self, v) and (self, v, target)"
        raise UsageError(f"observe[{name!r}] takes {n_taken + 1} arguments; {allowed}")
    return Observed(name, function, n_taken)


def find_loss(network: Network, v: Any, target: Any) -> Any:
    """Return a rule's own error of a pattern, or half the squared error, summed over units."""
    if type(network).pattern_error is not Network.pattern_error:
        return network.pattern_error(v, target)
    return 0.5 * np.sum((network.measure(v) - target) ** 2)


def name_columns(name: str, values: Array, n_axes: int) -> dict[str, Array]:
    """Return the columns of a table, one for each number of what was observed.

    The first `n_axes` axes of `values` are those of the rows; the others are the shape of what was
    observed.

    >>> list(name_columns("W", np.zeros((7, 1, 2)), 1))
    ['W[0,0]', 'W[0,1]']
    """
    columns = {}
    for place in np.ndindex(values.shape[n_axes:]):
        mark = f"[{','.join(map(str, place))}]" if place else ""
        columns[f"{name}{mark}"] = values[(..., *place)].ravel()
    return columns
