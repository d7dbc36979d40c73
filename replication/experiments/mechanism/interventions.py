"""What the first changes are worth: something else in their place, in the same networks.

If a network without its first k changes merely started later, it would take k updates more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.experiments.matrices import change_w, flatten, get_w
from replication.experiments.mechanism.theory import Inputs, multiply
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.changes import compute_gradients
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

Array = NDArray[np.float64]
Outcome = tuple[NDArray[np.int64], NDArray[np.bool_]]

NOISE_SEED = 2014
LATER = (0, 5, 10)  # updates after the first one at which the error is compared


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One update of some networks, before it is applied; matrices are (n, n_hidden, n_visible)."""

    protocol: Protocol
    weights: Array  # (n, n_weights)
    change: Array  # what equation 4 adds to W
    noise: Array  # uniform from -1 to 1

    @property
    def W(self) -> Array:
        """Return W before the update."""
        return get_w(self.protocol, self.weights)


def reverse(update: Update) -> Array:
    """Change W the other way."""
    return -update.change


def randomise(update: Update) -> Array:
    """Change W as much in a random direction."""
    return _give_length(update.noise, update.change)


def descend(update: Update) -> Array:
    """Change W as much in the direction of steepest descent in the squared error."""
    gradient = get_w(update.protocol, compute_gradients(update.protocol, update.weights))
    return _give_length(-gradient, update.change)


def amplify(update: Update) -> Array:
    """Change W by no more than the component of its change along W S; for one-hot vectors, W."""
    theory = multiply(update.W, Inputs.of(update.protocol).scatter)
    return _project(update.change, theory)


def turn(update: Update) -> Array:
    """Let W become as long as it would, but turn it in a random direction, as far as it changes."""
    W, change, noise = _center(update)
    across = _give_length(noise - _project(noise, W), change)
    return update.change - change + _give_length(W + across, W + change) - W


def renew(update: Update) -> Array:
    """Let W become as long as it would, in a fresh random direction: another code each time."""
    W, change, noise = _center(update)
    return update.change - change + _give_length(noise, W + change) - W


INTERVENTIONS: Mapping[str, tuple[str, ...] | Callable[[Update], Array]] = {
    "dropped": ("W",),
    "U dropped": ("U",),
    "hidden biases dropped": ("b",),
    "visible biases dropped": ("c",),
    "all but W dropped": ("b", "U", "c"),
    "reversed": reverse,
    "random": randomise,
    "gradient": descend,
    "amplification": amplify,
    "turned": turn,
    "renewed": renew,
}
"""What is frozen at first, or what takes the place of the changes of W."""


def _center(update: Update) -> tuple[Array, Array, Array]:
    span = Inputs.of(update.protocol).span
    W, change, noise = (multiply(x, span) for x in (update.W, update.change, update.noise))
    return W, change, noise


def _multiply_entries(one: Array, other: Array) -> Array:
    return np.asarray(np.sum(flatten(one * other), axis=1)[:, None, None])


def _divide(one: Array, other: Array) -> Array:
    """Return a ratio, or 0 where there is nothing to divide by."""
    return np.divide(one, other, out=np.zeros_like(one), where=other > 0.0)


def _project(one: Array, other: Array) -> Array:
    """Return the component of each matrix along another."""
    share = _divide(_multiply_entries(one, other), _multiply_entries(other, other))
    return np.asarray(share * other)


def _give_length(direction: Array, other: Array) -> Array:
    lengths = [np.sqrt(_multiply_entries(x, x)) for x in (other, direction)]
    return np.asarray(_divide(*lengths) * direction)


def train_changed(
    protocol: Protocol,
    weights: Array,
    replace: tuple[str, ...] | Callable[[Update], Array],
    *,
    n_first: int,
) -> Outcome:
    """Train networks whose first updates are other ones, as an entry of `INTERVENTIONS` says.

    Returns updates and whether they converged, (n,) each.
    """
    n_first = min(n_first, protocol.max_updates)
    if isinstance(replace, tuple):
        frozen = tuple(name for name in "WbUc" if name in (*protocol.frozen, *replace))
        first = dataclasses.replace(protocol, frozen=frozen, max_updates=n_first)
        updates, converged, final = simulate_weights(first, weights, final_weights=True)
        assert final is not None
        return _finish(protocol, final, updates.astype(np.int64), converged)
    generator = np.random.Generator(np.random.Philox(key=NOISE_SEED))
    updates = np.full(len(weights), n_first)
    converged = np.zeros(len(weights), dtype=np.bool_)
    running, weights = np.arange(len(weights)), weights.copy()
    for n_applied in range(n_first):
        done = evaluate_networks(protocol, weights[running]).error < protocol.threshold
        updates[running[done]], converged[running[done]] = n_applied, True
        running = running[~done]
        if not len(running):
            break
        following = record_weights(protocol, weights[running], 1)[:, 1]
        change = get_w(protocol, following) - get_w(protocol, weights[running])
        noise = 2.0 * generator.random((len(weights), *change.shape[1:]))[running] - 1.0
        update = Update(protocol, weights[running], change, noise)
        weights[running] = _replace_change(update, following, replace(update))
    return _finish(protocol, weights, updates, converged)


def _replace_change(update: Update, following: Array, instead: Array) -> Array:
    """Return weights after an update with another change of W."""
    return change_w(update.protocol, following, lambda W, U: update.W + instead)


def _finish(protocol: Protocol, weights: Array, updates: Any, converged: Any) -> Outcome:
    """Train those networks on that have not converged, up to the cap of the protocol."""
    rest, n_first = ~converged, int(updates.max(initial=0))
    if rest.any() and n_first < protocol.max_updates:
        remaining = dataclasses.replace(protocol, max_updates=protocol.max_updates - n_first)
        more, converged[rest], _ = simulate_weights(remaining, weights[rest])
        updates[rest] = n_first + more
    return updates, converged


def compare_interventions(
    protocol: Protocol,
    weights: Array,
    *,
    firsts: Sequence[int],
    jobs: int,
    names: Sequence[str] = tuple(INTERVENTIONS),
) -> dict[str, dict[str, Any]]:
    """Return by intervention and number of first updates, as text, what `describe_extra` does."""
    base, _, _ = simulate_weights(protocol, weights)
    tasks = [(name, first) for name in names for first in firsts]

    def run(task: tuple[str, int]) -> dict[str, Any]:
        name, first = task
        outcome = train_changed(protocol, weights, INTERVENTIONS[name], n_first=first)
        return describe_extra(*outcome, base)

    described = iter(map_in_threads(run, tasks, jobs=jobs))
    return {name: {str(first): next(described) for first in firsts} for name in names}


def describe_extra(
    updates: NDArray[Any], converged: NDArray[np.bool_], base: NDArray[Any]
) -> dict[str, Any]:
    """Return what networks took more than the same without an intervention, failures at the cap."""
    n_failed = len(converged) - int(converged.sum())
    return {
        **name_estimate("extra", estimate_median(updates.astype(np.int64) - base)),
        "failed": estimate_share(n_failed, len(converged)),
        "median": float(np.median(updates)),
    }


def measure_first_step(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return what the first change of W does to the squared error at once and later, as in `LATER`.

    ``change`` by equation 4, and ``descent`` as long; each against the same update without it:
    the share of networks with a smaller error, and ``gain``, the median of the difference.
    """
    following = record_weights(protocol, weights, 1)[:, 1]
    change = get_w(protocol, following) - get_w(protocol, weights)
    update = Update(protocol, weights, change, np.zeros_like(change))
    squared = dataclasses.replace(protocol, criterion="half-squared-error")

    def follow(instead: Array) -> dict[int, Array]:
        start = _replace_change(update, following, instead)
        states = record_weights(protocol, start, LATER[-1])
        return {n: evaluate_networks(squared, states[:, n]).error for n in LATER}

    without = follow(np.zeros_like(change))
    return {
        name: {
            str(n): {
                **estimate_share(int(np.sum(error < without[n])), len(error)),
                "gain": float(np.median(without[n] - error)),
                "error": float(np.median(without[n])),
            }
            for n, error in follow(instead).items()
        }
        for name, instead in (("change", change), ("descent", descend(update)))
    }
