"""One network over learning, by the same step that the ensemble uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.fields import MAX_UPDATES
from replication.protocol import PAPER, Protocol, find_protocol
from replication.simulator.checks import check_network
from replication.simulator.weights import MAX_SEED, draw_weights, is_whole, split_weights
from replication.wording import show

if TYPE_CHECKING:
    import pandas as pd

    from replication.simulator.recirculation import Hook, RecirculationNetwork

Array = NDArray[np.float64]


class Matrices(NamedTuple):
    """The weights of one network after 0, 1, ..., n updates.

    Attributes
    ----------
    W : float64 array, shape (n + 1, n_hidden, n_visible)
        Visible to hidden.
    b : float64 array, shape (n + 1, n_hidden)
    U : float64 array, shape (n + 1, n_visible, n_hidden)
        Hidden to visible.
    c : float64 array, shape (n + 1, n_visible)
    """

    W: Array
    b: Array
    U: Array
    c: Array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """One network after 0, 1, ..., n updates.

    Parameters
    ----------
    protocol : Protocol
    updates : int
        The outcome: updates before the criterion was first met, or the last one traced.
    converged : bool
    errors : float64 array, shape (n + 1,)
        The protocol's criterion.
    hidden : list of float64 arrays, shape (n + 1, n_patterns, n_units)
        First-pass activities, one array for each hidden group.
    reconstructions : float64 array, shape (n + 1, n_patterns, n_visible)
        With zero regression.
    weights : float64 array, shape (n + 1, n_weights)
        Flat, in the order of `matrices`.

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
    updates: int
    converged: bool
    errors: Array
    hidden: list[Array]
    reconstructions: Array
    weights: Array

    def __repr__(self) -> str:
        outcome = "converged after" if self.converged else "not converged after"
        return (
            f"Trace({outcome} {self.updates} updates, error {self.errors[0]:.2g} to "
            f"{self.errors[-1]:.2g})"
        )

    def matrices(self) -> Matrices:
        """Return W, b, U and c after each update, as views of `weights`.

        Raises
        ------
        UsageError
            If the loop has several hidden groups.
        """
        connections = split_weights(self.protocol, self.weights)
        if len(connections) > 2:
            raise UsageError(
                f"group_sizes = {list(self.protocol.group_sizes)} was traced; W, b, U and c are "
                "those of one hidden group; use replication.simulator.weights.split_weights"
            )
        (W, b), (U, c) = connections
        return Matrices(W, b, U, c)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row an update: update, error, and each weight by its name."""
        import pandas as pd

        columns = {"update": np.arange(len(self.errors)), "error": self.errors}
        connections = split_weights(self.protocol, self.weights)
        names = [("W", "b"), ("U", "c")]
        if len(connections) > 2:
            names = [(f"W{k}", f"b{k}") for k in range(len(connections))]
        for pair, arrays in zip(names, connections, strict=True):
            for name, array in zip(pair, arrays, strict=True):
                for place in np.ndindex(array.shape[1:]):
                    columns[f"{name}[{','.join(map(str, place))}]"] = array[:, *place]
        return pd.DataFrame(columns)

    def plot(self, ax: Any = None) -> Any:
        """Draw the error over learning, beside the threshold.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A new one unless given.

        Returns
        -------
        matplotlib Axes
        """
        from replication.simulator.plots import plot_trace

        return plot_trace(self, ax)


def trace_network(
    protocol: Protocol | str = PAPER,
    *,
    seed: int = 0,
    root_seed: int = 1988,
    n_updates: int | None = None,
    network: type[RecirculationNetwork] | None = None,
) -> Trace:
    """Trace the network with this seed: its errors, states and weights at every update.

    Parameters
    ----------
    protocol : Protocol or str
        Or the name of a reading; the paper's unless given.
    seed, root_seed : int
        At least 0.
    n_updates : int, optional
        How far to trace, whether the criterion is met or not; unless given, up
        to the network's outcome.
    network : subclass of RecirculationNetwork, optional
        Learns in place of the kernel, with methods of its own.

    Returns
    -------
    Trace
        Its `updates` and `converged` are those that the ensemble stores for
        this seed, unless `n_updates` ends before.

    Raises
    ------
    UsageError
        If an argument is out of its range.

    Examples
    --------
    >>> trace_network(seed=1, n_updates=10).errors.shape
    (11,)
    """
    protocol = find_protocol(protocol)
    asked = 0 if n_updates is None else n_updates
    for name, value, most in (("seed", seed, MAX_SEED), ("n_updates", asked, MAX_UPDATES)):
        if not (is_whole(value) and 0 <= value <= most):
            raise UsageError(
                f"{name} = {show(value)} was given; allowed is a whole number from 0 to {most}"
            )
    if network is not None:
        check_network(network)
        one = network.from_seed(int(seed), root_seed=root_seed, protocol=protocol)
        return record_network(one, n_updates)
    from replication.simulator.engine import evaluate_networks, record_weights, run_networks

    initial = draw_weights(protocol, root_seed, int(seed), int(seed) + 1)
    if n_updates is None:
        updates, _, _ = run_networks(protocol, initial)
        n_updates = int(updates[0])
    (weights,) = record_weights(protocol, initial, int(n_updates))
    measured = evaluate_networks(protocol, weights)
    return make_trace(protocol, measured.error, measured.hidden, measured.reconstruction, weights)


def make_trace(
    protocol: Protocol, errors: Array, hidden: list[Array], reconstructions: Array, weights: Array
) -> Trace:
    """Return a trace with its outcome, the first error below the threshold."""
    below = np.flatnonzero(errors < protocol.threshold)
    updates = int(below[0]) if len(below) else len(errors) - 1
    return Trace(protocol, updates, len(below) > 0, errors, hidden, reconstructions, weights)


def record_network(
    network: RecirculationNetwork, n_updates: int | None = None, change: Hook | None = None
) -> Trace:
    """Apply so many updates, or train until the outcome, and return every state passed."""
    states: list[tuple[Any, ...]] = []
    protocol = network.protocol
    for t in range((protocol.max_updates if n_updates is None else n_updates) + 1):
        if t > 0:
            network.update(change)
        hidden = [network.first_pass(v0) for v0 in network.patterns]
        images = [network.reconstruct(h1) for h1 in hidden]
        flat = np.concatenate([weights.ravel() for weights in network.weights])
        states.append((network.error(), hidden, images, flat))
        if n_updates is None and states[-1][0] < protocol.threshold:
            break
    parts = [np.array(part) for part in zip(*states, strict=True)]
    return make_trace(protocol, parts[0], [parts[1]], parts[2], parts[3])
