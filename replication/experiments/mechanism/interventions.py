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
from replication.experiments.matrices import Array, change_w, get_w, give_length, multiply, project
from replication.experiments.mechanism.theory import Inputs
from replication.experiments.recording import Outcome, train_by
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.changes import compute_gradients
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

NOISE_SEED = 2014
LATER = (0, 10)  # updates after the first one at which the error is compared


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
    return give_length(update.noise, update.change)


def descend(update: Update) -> Array:
    """Change W as much in the direction of steepest descent in the squared error."""
    gradient = get_w(update.protocol, compute_gradients(update.protocol, update.weights))
    return give_length(-gradient, update.change)


def amplify(update: Update) -> Array:
    """Change W by no more than the component of its change along W S; for one-hot vectors, W."""
    theory = multiply(update.W, Inputs.of(update.protocol).scatter)
    return project(update.change, theory)


def turn(update: Update) -> Array:
    """Let W become as long as it would, but turn it in a random direction, as far as it changes."""
    W, change, noise = _center(update)
    across = give_length(noise - project(noise, W), change)
    return update.change - change + give_length(W + across, W + change) - W


def renew(update: Update) -> Array:
    """Let W become as long as it would, in a fresh random direction: another code each time."""
    W, change, noise = _center(update)
    return update.change - change + give_length(noise, W + change) - W


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


def train_changed(
    protocol: Protocol,
    weights: Array,
    replace: tuple[str, ...] | Callable[[Update], Array],
    *,
    n_first: int,
) -> Outcome:
    """Train networks whose first updates are other ones, as an entry of `INTERVENTIONS` says."""
    generator = np.random.Generator(np.random.Philox(key=NOISE_SEED))
    n, shape = len(weights), get_w(protocol, weights).shape[1:]

    def step(states: Array, running: NDArray[np.int64], _: int) -> Array:
        if isinstance(replace, tuple):
            frozen = dataclasses.replace(protocol, frozen=(*protocol.frozen, *replace))
            return record_weights(frozen, states, 1)[:, 1]
        noise = 2.0 * generator.random((n, *shape))[running] - 1.0
        update, following = _begin(protocol, states, noise)
        return _replace_change(update, following, replace(update))

    return train_by(step, protocol, weights, n_first=n_first)


def _begin(protocol: Protocol, weights: Array, noise: Any) -> tuple[Update, Array]:
    """Return the next update of networks, and their weights after it."""
    following = record_weights(protocol, weights, 1)[:, 1]
    change = get_w(protocol, following) - get_w(protocol, weights)
    return Update(protocol, weights, change, noise), following


def _replace_change(update: Update, following: Array, instead: Array) -> Array:
    """Return weights after an update with another change of W."""
    return change_w(update.protocol, following, lambda W, U: update.W + instead)


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
    }


def measure_first_step(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return in what share of networks the first change of W lowers the squared error.

    Under ``change``, at once and later, as in `LATER`; against the same update without it.
    """
    update, following = _begin(protocol, weights, 0.0)
    squared = dataclasses.replace(protocol, criterion="half-squared-error")

    def follow(instead: Array) -> list[Array]:
        start = _replace_change(update, following, instead)
        states = record_weights(protocol, start, LATER[-1])
        return [evaluate_networks(squared, states[:, n]).error for n in LATER]

    pairs = zip(LATER, follow(update.change), follow(np.zeros_like(update.change)), strict=True)
    return {
        "change": {
            str(n): estimate_share(int(np.sum(error < without)), len(error))
            for n, error, without in pairs
        }
    }
