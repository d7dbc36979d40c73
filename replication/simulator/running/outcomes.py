"""What simulations return: one outcome a network with the digest over them, or one trace."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.simulator.rule.observing import name_columns
from replication.simulator.rule.weights import split_arrays
from replication.simulator.running.drawing import find_figure, make_axes
from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

OUTCOME_VERSION = 1
"""Raised only when a golden digest changes; counts and models of another version are not used."""

ROW = np.dtype([("seed", "<i8"), ("updates", "<i4"), ("converged", "u1")])
"""How an outcome is packed for the digest."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outcomes:
    """The outcomes of the networks with seeds `start`, `start + 1`, ...

    Parameters
    ----------
    start : int
        The first seed.
    updates : int32 array, shape (n,)
        Weight updates before the criterion was met, or the cap.
    converged : bool array, shape (n,)
        False for a right-censored network, whose `updates` is the cap.
    weights : float64 array, shape (n, n_weights), optional
        The weights at the end, if asked for: in the order of a trace, followed by the fixed arrays
        and what is kept.
    errors : float64 array, shape (n,), optional
        The errors at the end by the criterion, if asked for.
    root_seed : int, optional
        The root seed from which the networks were drawn, where it is known.
    observed : dict of str to float64 array, shape (n, ...)
        What was observed of each network at its end, by name; empty unless asked for.

    Examples
    --------
    >>> from replication import simulate
    >>> outcomes = simulate(n_seeds=100)
    >>> outcomes
    Outcomes(100 networks, 100 converged, after 52.36 updates on average, 224 at most)
    >>> outcomes.to_frame().head(2)
       seed  updates  converged
    0     0       48       True
    1     1      103       True
    """

    start: int
    updates: NDArray[np.int32]
    converged: NDArray[np.bool_]
    weights: Array | None = None
    errors: Array | None = None
    root_seed: int | None = None
    observed: dict[str, Array] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.updates)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcomes) and have_same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]  # as of arrays

    def get_last_updates(self) -> NDArray[np.int64]:
        """Return how many updates each network has made, (n,)."""
        return self.updates.astype(np.int64)

    def __repr__(self) -> str:
        # The mean is of those that converged: others have no number of updates.
        times = self.updates[self.converged]
        text = f"{plural(len(self), 'network')}, {len(times):,} converged"
        if len(times):
            text += f", after {times.mean():.2f} updates on average, {times.max():,} at most"
        return f"Outcomes({text})"

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html(max_rows=10, max_cols=10)
        return f"<p>{html.escape(repr(self))}</p>{table}"

    def describe_lost(self) -> str:
        """Return how many failed networks ended infinite or as NaN; "" if none, or if unknown."""
        failed = ~self.converged
        ends = []
        if self.weights is not None:
            ends.append(self.weights[failed])
        if self.errors is not None:
            ends.append(self.errors[failed])
        if not ends:  # without final weights and errors nothing is known of how they ended
            return ""
        is_finite = np.isfinite(np.column_stack(ends)).all(axis=1)
        n_lost = int((~is_finite).sum())
        if not n_lost:
            return ""
        return f"{n_lost:,} of {failed.sum():,} that failed ended infinite or not a number"

    def to_frame(self) -> pd.DataFrame:
        """Return a table, a row for each network: seed, updates, converged, what was observed."""
        import pandas as pd

        seeds = np.arange(self.start, self.stop)
        columns = {"seed": seeds, "updates": self.updates, "converged": self.converged}
        for name, values in self.observed.items():
            columns |= name_columns(name, values, 1)
        return pd.DataFrame(columns)

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw a histogram of the updates that converged networks needed.

        Returns the Matplotlib figure: a new one, or that of the axes which are given.
        """
        ax = make_axes() if ax is None else ax
        times = self.updates[self.converged]
        ax.hist(times, bins=50)
        title = f"{len(times):,} converged, {len(self) - len(times):,} did not"
        label = "weight updates until the criterion was met"
        ax.set(xlabel=label, ylabel="networks", title=title)
        return find_figure(ax)

    @property
    def stop(self) -> int:
        """One past the last seed."""
        return self.start + len(self.updates)


def have_same_fields(first: Outcomes | Trace, second: Outcomes | Trace) -> bool:
    """Return whether two results have the same values in all fields."""
    for field in dataclasses.fields(first):
        if not are_same(getattr(first, field.name), getattr(second, field.name)):
            return False
    return True


def are_same(x: object, y: object) -> bool:
    """Return whether two values are the same: arrays, lists of arrays, or anything else.

    NaN counts as the same as NaN, so that a result equals its copy.
    """
    if isinstance(x, dict) and isinstance(y, dict):
        return [*x] == [*y] and are_same([*x.values()], [*y.values()])
    if isinstance(x, list) and isinstance(y, list):
        return len(x) == len(y) and all(map(are_same, x, y))
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return np.array_equal(x, y, equal_nan=x.dtype == float)
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return False
    return bool(x == y)


def compute_digest(blocks: Iterable[Outcomes]) -> str:
    """Return the SHA-256, in hexadecimal, over the packed rows of blocks in seed order.

    A row is seed, updates and whether it converged (`ROW`), little-endian.
    """
    sha = hashlib.sha256()
    for block in blocks:
        # Thirteen bytes a network, without padding, low bytes first on any machine.
        rows = np.empty(len(block), dtype=ROW)
        rows["seed"] = np.arange(block.start, block.stop)
        rows["updates"] = block.updates
        rows["converged"] = block.converged
        sha.update(rows.data)
    return sha.hexdigest()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """One network after 0, 1, ..., n updates.

    Parameters
    ----------
    protocol : Protocol
    shapes : dict of str to tuple of int
        The shapes of the arrays of weights by their names, in their order.
    errors : float64 array, shape (n + 1,)
        The errors by the protocol's criterion.
    hidden : list of float64 arrays, shape (n + 1, n_patterns, n_units)
        The states of the hidden units in the first pass, one array for each hidden group.
    reconstructions : float64 array, shape (n + 1, n_patterns, n_visible)
        The images of the patterns, with zero regression.
    weights : float64 array, shape (n + 1, n_weights)
        All weights, flat, in the order of `matrices`.
    observed : dict of str to float64 array, shape (n + 1, ...)
        What was observed before each update, by name; empty unless asked for.

    Examples
    --------
    >>> from replication import trace
    >>> traced = trace(seed=0)
    >>> traced
    Trace(converged after 48 updates, error 0.73 to 0.067)
    >>> traced.matrices().W.shape
    (49, 2, 4)
    >>> traced.to_frame().columns[:4].tolist()
    ['update', 'error', 'W[0,0]', 'W[0,1]']
    """

    protocol: Protocol
    shapes: dict[str, tuple[int, ...]]
    errors: Array
    hidden: list[Array]
    reconstructions: Array
    weights: Array
    observed: dict[str, Array] = dataclasses.field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and have_same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]  # as of arrays

    @property
    def converged(self) -> bool:
        """Whether the criterion was met."""
        return bool(np.any(self.errors < self.protocol.threshold))

    @property
    def updates(self) -> int:
        """The outcome: updates before the criterion was first met, or the last one traced."""
        is_below = self.errors < self.protocol.threshold
        return int(np.argmax(is_below)) if self.converged else len(self.errors) - 1

    def __repr__(self) -> str:
        outcome = "converged" if self.converged else "not converged"
        errors = f"error {self.errors[0]:.2g} to {self.errors[-1]:.2g}"
        return f"Trace({outcome} after {self.updates} updates, {errors})"

    def matrices(self) -> Any:
        """Return the arrays of weights after each update by their names, as views of `weights`.

        A tuple with names: W (n + 1, n_hidden, n_visible), b, U and c of a 4-2-4 network.
        """
        arrays = split_arrays(self.shapes, self.weights)
        return collections.namedtuple("Matrices", self.shapes)(**arrays)

    def to_frame(self) -> pd.DataFrame:
        """Return a table, a row for each update: error, weights by name, what was observed."""
        import pandas as pd

        columns = {"update": np.arange(len(self.errors)), "error": self.errors}
        for name, array in self.matrices()._asdict().items():
            # W[0,1] is the weight from visible unit 1 to hidden unit 0.
            columns |= name_columns(name, array, 1)
        for name, values in self.observed.items():
            columns |= name_columns(name, values, 1)
        return pd.DataFrame(columns)

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw the error over the updates, and the threshold of the criterion.

        Returns the Matplotlib figure: a new one, or that of the axes which are given.
        """
        ax = make_axes() if ax is None else ax
        ax.plot(self.errors)
        ax.axhline(self.protocol.threshold, linestyle="--", color="gray")
        ax.set(xlabel="weight updates", ylabel=f"error ({self.protocol.criterion})")
        return find_figure(ax)
