"""Networks followed over their learning: cosines, lengths and slopes at every update."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from replication.experiments.recording import record_learning
from replication.protocol import Protocol
from replication.simulator.changes import (
    compute_changes,
    compute_gradients,
    list_connections,
    reconstruct,
)
from replication.simulator.ensemble import simulate_weights
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.alignment import compute_cosines

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Following:
    """What was measured of every converged network at every update, the last state included.

    Parameters
    ----------
    n_networks : int
        Networks that were started.
    updates : int64 array, shape (n_converged,)
    values : dict of str to float64 array, shape (n_states,)
        The quantities of `measure_states`, network by network.
    """

    n_networks: int
    updates: NDArray[np.int64]
    values: dict[str, Array]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each network begins, and the end of the last one, shape (n_converged + 1,)."""
        return np.concatenate([[0], np.cumsum(self.updates + 1)])

    def split(self, name: str) -> Iterator[Array]:
        """Yield one quantity network by network, shape (updates + 1,) each."""
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.values[name][first:last]

    def take_at(self, name: str, part: float) -> Array:
        """Return one quantity after a part (0 to 1) of each one's own updates, (n_converged,)."""
        places = self.starts[:-1] + np.floor(part * self.updates).astype(np.int64)
        return np.asarray(self.values[name][places])

    def take_after(self, name: str, update: int) -> Array:
        """Return one quantity after so many updates, of those still learning then."""
        learning = self.updates > update
        return np.asarray(self.values[name][self.starts[:-1][learning] + update])


def follow_networks(protocol: Protocol, *, n_networks: int, root_seed: int, jobs: int) -> Following:
    """Simulate networks and measure those that converge at every update.

    Parameters
    ----------
    protocol : Protocol
        A visible and one hidden group.
    n_networks, root_seed : int
    jobs : int
        Threads; -1 for one a core.

    Returns
    -------
    Following
    """
    initial = draw_weights(protocol, root_seed, 0, n_networks)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=jobs)
    parts = []
    lengths = [np.zeros(0, dtype=np.int64)]
    for recorded in record_learning(protocol, initial[converged], updates[converged]):
        parts.append(measure_states(protocol, recorded.weights))
        lengths.append(recorded.updates)
    names = parts[0] if parts else {}
    return Following(
        n_networks=n_networks,
        updates=np.concatenate(lengths),
        values={name: np.concatenate([part[name] for part in parts]) for name in names},
    )


def measure_states(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure networks as they stand.

    Parameters
    ----------
    protocol : Protocol
        With logistic visible units.
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    dict of str to float64 array, shape (n,)
        ``lower`` and ``upper``: cosine of the change of W, and of U, with steepest descent
        in the squared error; ``lower_biases`` and ``upper_biases``: the same with the biases;
        ``upper_cross``: of U with its biases, with steepest descent in the cross-entropy, in
        which the slopes of the visible units cancel;
        ``alignment``: cosine between U and the transpose of W;
        ``ratio``: length of U over that of W;
        ``variation``: standard deviation over mean of the slopes r (1 - r) of the visible
        units, over units and patterns; ``variation_error``: the same where each
        counts by its squared error.

    Notes
    -----
    If the hidden states of the patterns are at right angles, the cosine for U is
    ``1 / sqrt(1 + variation_error^2)``.
    """
    changes = compute_changes(protocol, weights)
    descent = -compute_gradients(protocol, weights)
    cross = -compute_gradients(protocol, weights, error="cross-entropy")
    lower, upper = list_connections(protocol)
    n_hidden = protocol.group_sizes[1]
    reconstruction = reconstruct(protocol, weights)
    slopes = reconstruction * (1.0 - reconstruction)
    squares = (reconstruction - make_patterns(protocol)) ** 2
    alignment, ratio = align_matrices(protocol, weights)
    without = {
        "lower": slice(lower.start, lower.stop - n_hidden),
        "upper": slice(upper.start, upper.stop - protocol.n_visible),
    }
    return {
        **{name: compute_cosines(changes[:, k], descent[:, k]) for name, k in without.items()},
        "lower_biases": compute_cosines(changes[:, lower], descent[:, lower]),
        "upper_biases": compute_cosines(changes[:, upper], descent[:, upper]),
        "upper_cross": compute_cosines(changes[:, upper], cross[:, upper]),
        "alignment": alignment,
        "ratio": ratio,
        "variation": _compute_variation(slopes, np.ones_like(slopes)),
        "variation_error": _compute_variation(slopes, squares),
    }


def align_matrices(protocol: Protocol, weights: Array) -> tuple[Array, Array]:
    """Return the cosine between U and the transpose of W, and the length of U over that of W.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    cosine, ratio : float64 array, shape (n,)
    """
    (W, _), (U, _) = split_weights(protocol, weights)
    flat_w, flat_u = W.reshape(len(W), -1), np.swapaxes(U, 1, 2).reshape(len(U), -1)
    ratio = np.linalg.norm(flat_u, axis=1) / np.linalg.norm(flat_w, axis=1)
    return compute_cosines(flat_w, flat_u), ratio


def find_events(series: Iterator[Array], *, level: float, width: int) -> NDArray[np.float64]:
    """Return when each series passes a level: the first update with a high running median.

    Parameters
    ----------
    series : iterator of float64 array, shape (n_updates,)
    level : float
    width : int
        Odd; the running median is that of so many updates in a row, and stands for the
        one in the middle.

    Returns
    -------
    float64 array, shape (n,)
        Infinity where it never does.

    Examples
    --------
    >>> find_events(iter([np.array([0.95, 0.1, 0.2, 0.95, 0.93, 0.96])]), level=0.9, width=3)
    array([3.])
    """
    events = []
    for values in series:
        passed = np.zeros(0, dtype=np.int64)
        if len(values) >= width:
            windows = np.lib.stride_tricks.sliding_window_view(values, width)
            passed = np.flatnonzero(np.median(windows, axis=1) >= level)
        events.append(passed[0] + width // 2 if len(passed) else np.inf)
    return np.array(events, dtype=np.float64)


def _compute_variation(slopes: Array, weights: Array) -> Array:
    """Return the weighted coefficient of variation over units and patterns, (n,)."""
    total = weights.sum(axis=(1, 2))
    mean = (weights * slopes).sum(axis=(1, 2)) / total
    squared = (weights * (slopes - mean[:, None, None]) ** 2).sum(axis=(1, 2)) / total
    return np.asarray(np.sqrt(squared) / mean)
