"""What the first changes are worth: something else in their place, in the same networks.

If a network without its first k changes merely started later, it would take k updates more.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.experiments.matrices import (
    Array,
    get_w,
    give_length,
    multiply,
    project,
    replace_matrices,
)
from replication.experiments.recording import Outcome, finish, train_by
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.changes import compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

NOISE_SEED = 2014


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One update of some networks, before it is applied; matrices are (n, n_hidden, n_visible)."""

    protocol: Protocol
    weights: Array  # (n, n_weights)
    W: Array
    change: Array  # what equation 4 adds to W
    noise: Array  # uniform from -1 to 1
    once: Array  # the same, but not drawn anew at each update


def randomise(update: Update) -> Array:
    """Change W as much in a random direction."""
    return give_length(update.noise, update.change)


def descend(update: Update) -> Array:
    """Change W as much in the direction of steepest descent in the squared error."""
    gradient = get_w(update.protocol, compute_gradients(update.protocol, update.weights))
    return give_length(-gradient, update.change)


def amplify(update: Update) -> Array:
    """Change W by no more than the component of its change along W S; for one-hot vectors, W."""
    theory = multiply(update.W, Scatter.of(update.protocol).matrix)
    return project(update.change, theory)


def steer(update: Update) -> Array:
    """Change W as much in one random direction, the same at every update."""
    return give_length(update.once, update.change)


def exchange(update: Update) -> Array:
    """Let W become as long as it would, but in one other random direction: another code."""
    return _replace_code(update, update.once)


def renew(update: Update) -> Array:
    """Let W become as long as it would, in a fresh random direction: another code each time."""
    return _replace_code(update, update.noise)


INTERVENTIONS: Mapping[str, tuple[str, ...] | Callable[[Update], Array]] = {
    "dropped": ("W",),
    "U dropped": ("U",),
    "hidden biases dropped": ("b",),
    "all but W dropped": ("b", "U", "c"),
    "reversed": lambda update: -update.change,
    "random": randomise,
    "gradient": descend,
    "amplification": amplify,
    "steered": steer,
    "exchanged": exchange,
    "renewed": renew,
}
"""What is frozen at first, or what takes the place of the changes of W."""


def _replace_code(update: Update, direction: Array) -> Array:
    span = Scatter.of(update.protocol).span  # means over visible units are left alone
    W, change, direction = (multiply(x, span) for x in (update.W, update.change, direction))
    return update.change - change + give_length(direction, W + change) - W


def train_late(
    protocol: Protocol, weights: Array, frozen: tuple[str, ...], *, n_first: int, jobs: int = 1
) -> Outcome:
    """Train networks some of whose weights are frozen during the first updates."""
    first = dataclasses.replace(
        protocol, frozen=(*protocol.frozen, *frozen), max_updates=min(n_first, protocol.max_updates)
    )
    return finish(protocol, simulate_weights(first, weights, jobs=jobs), jobs=jobs)


def train_changed(
    protocol: Protocol, weights: Array, replace: Callable[[Update], Array], *, n_first: int
) -> Outcome:
    """Train networks of whose first updates W takes another change."""
    generator = np.random.Generator(np.random.Philox(key=NOISE_SEED))
    shape = get_w(protocol, weights).shape
    once = 2.0 * generator.random(shape) - 1.0

    def step(states: Array, running: NDArray[np.int64], _: int) -> Array:
        following = record_weights(protocol, states, 1)[:, 1]
        W, noise = get_w(protocol, states), 2.0 * generator.random(shape)[running] - 1.0
        change = get_w(protocol, following) - W
        update = Update(protocol, states, W, change, noise, once[running])
        return replace_matrices(protocol, following, W=W + replace(update))

    return train_by(step, protocol, weights, n_first=n_first)


def compare_interventions(
    protocol: Protocol, weights: Array, *, firsts: Sequence[int], jobs: int,
    names: Sequence[str] = tuple(INTERVENTIONS),
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Return by intervention and number of first updates, as text, what `describe_extra` does."""
    base, _, _ = simulate_weights(protocol, weights)
    tasks = [(name, first) for name in names for first in firsts]

    def run(task: tuple[str, int]) -> dict[str, Any]:
        chosen, n_first = INTERVENTIONS[task[0]], task[1]
        if isinstance(chosen, tuple):
            outcome = train_late(protocol, weights, chosen, n_first=n_first)
        else:
            outcome = train_changed(protocol, weights, chosen, n_first=n_first)
        return describe_extra(*outcome, base)

    described = iter(map_in_threads(run, tasks, jobs=jobs))
    return {name: {str(first): next(described) for first in firsts} for name in names}


def describe_extra(
    updates: NDArray[Any], converged: NDArray[np.bool_], base: NDArray[Any]
) -> dict[str, Any]:
    """Return what networks took more than the same without an intervention, failures at the cap."""
    return {
        **name_estimate("extra", estimate_median(updates.astype(np.int64) - base)),
        "failed": estimate_share(~converged),
    }
