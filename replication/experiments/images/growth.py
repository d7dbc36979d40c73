"""What the changes of W do on images: growth, turning, and the cost of replacing the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.images.scatter import N_HIDDEN, Scatter, train
from replication.experiments.matrices import Array, flatten, get_w, give_length, multiply, project
from replication.experiments.recording import train_by
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import name_estimate
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.patterns import read_digits
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

Replace = Callable[[Protocol, Array, Array, Array], Array]
"""Takes a protocol, weights, the change of W, and W S; returns another change of W."""

RATE = 5.0  # over the number of images, a sum over all of which is one update
TARGET = 0.2  # unexplained variance at which a network has learnt
FOLLOWED = (0, 1, 5, 10, 20, 40, 80, 160, 320)  # updates after which the changes are measured
FIRST = 20  # updates whose change of W is replaced, in none of which a network gets there
SETTLED = 1_000  # updates after which it is measured how far W has turned


def make_protocol(n_images: int, **fields: Any) -> Protocol:
    """Return the protocol of logistic networks that learn the first images at once."""
    chosen: dict[str, Any] = {"centred": True, "learning_rate": RATE / n_images} | fields
    return Protocol(
        group_sizes=(64, N_HIDDEN), patterns="digits", n_images=n_images,
        criterion="unexplained-variance", threshold=TARGET, **chosen,
    )  # fmt: skip


def follow_changes(protocol: Protocol, scatter: Scatter, initial: Array) -> list[float]:
    """Return the median cosine of the change of W and W S after each of `FOLLOWED`."""
    cosines, weights = [], initial
    for before, update in zip((0, *FOLLOWED), FOLLOWED, strict=False):
        weights = train(protocol, weights, update - before)
        change = flatten(get_w(protocol, compute_changes(protocol, weights)))
        growth = flatten(multiply(get_w(protocol, weights), scatter.matrix))
        cosines.append(float(np.median(compute_cosines(change, growth))))
    return cosines


def make_replacements(seed: int) -> dict[str, Replace]:
    """Return by name what stands in place of the changes of W."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    return {
        "dropped": lambda _, __, change, ___: 0.0 * change,
        "growth": lambda _, __, change, growth: project(change, growth),
        "descent": lambda protocol, weights, change, _: give_length(
            -get_w(protocol, compute_gradients(protocol, weights)), change
        ),
        "random": lambda _, __, change, ___: give_length(
            2.0 * generator.random(change.shape) - 1.0, change
        ),
    }


def count_updates(
    protocol: Protocol, scatter: Scatter, weights: Array, replace: Replace
) -> NDArray[np.int32]:
    """Return the updates of networks to the target whose first changes of W are replaced."""

    def step(states: Array, _: NDArray[np.int64], __: int) -> Array:
        following = record_weights(protocol, states, 1)[:, 1]
        old, new = get_w(protocol, states), get_w(protocol, following)
        new[...] = old + replace(protocol, states, new - old, multiply(old, scatter.matrix))
        return following

    return train_by(step, protocol, weights, n_first=FIRST)[0]


def measure_growth(*, n_images: int, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what the changes of W do on the first images, raw and centred."""
    scatter = Scatter.of(read_digits()[0][:n_images])
    protocol = make_protocol(n_images)
    initial = draw_weights(protocol, root_seed, 0, n_networks)
    base = simulate_weights(protocol, initial)[0]
    descent = make_protocol(n_images, learning_rule=BACK_PROPAGATION)
    replacements = make_replacements(root_seed + SEARCH_OFFSET)

    def replace(chosen: Replace) -> Model:
        taken = count_updates(protocol, scatter, initial, chosen)
        return name_estimate("extra", estimate_median(taken - base))

    extra = map_in_threads(replace, replacements.values(), jobs=jobs)
    return {
        "target": TARGET,
        "base": float(np.median(base)),
        "followed": list(FOLLOWED),
        "centred": follow_changes(protocol, scatter, initial),
        "raw": follow_changes(make_protocol(n_images, centred=False), scatter, initial),
        "turned": {
            name: float(np.median(scatter.find_share(get_w(of, train(of, initial, n_updates)))))
            for name, of, n_updates in (
                ("start", protocol, 0),
                ("recirculation", protocol, SETTLED),
                ("back-propagation", descent, SETTLED),
            )
        },
        "replaced": {
            name: {str(FIRST): row} for name, row in zip(replacements, extra, strict=True)
        },
    }
