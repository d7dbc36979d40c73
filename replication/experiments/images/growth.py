"""What the changes of W do on images: growth, turning, and the cost of replacing or ending them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.images.scatter import N_HIDDEN, Scatter, train
from replication.experiments.matrices import flatten, get_w
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import name_estimate
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.patterns import read_digits
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

Array = NDArray[np.float64]
Replace = Callable[[Protocol, Array, Array, Array], Array]
"""Takes a protocol, weights, the change of W, and W S; returns another change of W."""

RATE = 5.0  # over the number of images, a sum over all of which is one update
TARGET = 0.2  # unexplained variance at which a network has learnt
FOLLOWED = (0, 1, 5, 10, 20, 40, 80, 160, 320)  # updates after which the changes are measured
FIRSTS = (5, 20, 50)  # updates whose change of W is replaced
FREEZES = (0, 20, 50, 100, 200)  # updates after which W is frozen
SETTLED = 1_000  # updates after which networks are measured whose W was frozen


def make_protocol(n_images: int, **fields: Any) -> Protocol:
    """Return the protocol of logistic networks that learn the first images at once."""
    chosen: dict[str, Any] = {"centred": True, "learning_rate": RATE / n_images} | fields
    return Protocol(
        group_sizes=(64, N_HIDDEN), patterns="digits", n_images=n_images,
        criterion="unexplained-variance", threshold=TARGET, **chosen,
    )  # fmt: skip


def multiply(encoder: Array, scatter: Scatter) -> Array:
    """Return W S by no matrix product, whose last bits depend on the processor."""
    return np.asarray(np.sum(encoder[..., None, :] * scatter.matrix, axis=-1))


def follow_changes(protocol: Protocol, scatter: Scatter, initial: Array) -> list[float]:
    """Return the median cosine of the change of W and W S after each of `FOLLOWED`."""
    cosines, weights = [], initial
    for before, update in zip((0, *FOLLOWED), FOLLOWED, strict=False):
        weights = train(protocol, weights, update - before)
        change = flatten(get_w(protocol, compute_changes(protocol, weights)))
        growth = flatten(multiply(get_w(protocol, weights), scatter))
        cosines.append(float(np.median(compute_cosines(change, growth))))
    return cosines


def resize(direction: Array, change: Array) -> Array:
    """Return directions of the lengths of changes."""
    lengths = [np.sqrt(np.sum(each**2, axis=(1, 2))) for each in (change, direction)]
    return np.asarray((lengths[0] / lengths[1])[:, None, None] * direction)


def project(change: Array, direction: Array) -> Array:
    """Return the components of changes along directions."""
    products = [np.sum(each * direction, axis=(1, 2)) for each in (change, direction)]
    return np.asarray((products[0] / products[1])[:, None, None] * direction)


def make_replacements(seed: int) -> dict[str, Replace]:
    """Return by name what stands in place of the changes of W."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    return {
        "dropped": lambda _, __, change, ___: 0.0 * change,
        "growth": lambda _, __, change, growth: project(change, growth),
        "descent": lambda protocol, weights, change, _: resize(
            -get_w(protocol, compute_gradients(protocol, weights)), change
        ),
        "random": lambda _, __, change, ___: resize(
            2.0 * generator.random(change.shape) - 1.0, change
        ),
    }


def count_updates(
    protocol: Protocol, scatter: Scatter, weights: Array, replace: Replace, *, n_first: int
) -> NDArray[np.int64]:
    """Return the updates of networks to the target whose first changes of W are replaced.

    They are so few that none gets there meanwhile.
    """
    for _ in range(n_first):
        following = record_weights(protocol, weights, 1)[:, 1]
        old, new = get_w(protocol, weights), get_w(protocol, following)
        new[...] = old + replace(protocol, weights, new - old, multiply(old, scatter))
        weights = following
    return n_first + simulate_weights(protocol, weights)[0].astype(np.int64)


def measure_growth(*, n_images: int, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what the changes of W do on the first images, raw and centred."""
    scatter = Scatter.of(read_digits()[0][:n_images])
    protocol = make_protocol(n_images)
    initial = draw_weights(protocol, root_seed, 0, n_networks)
    base = simulate_weights(protocol, initial)[0]
    descent = make_protocol(n_images, learning_rule=BACK_PROPAGATION)

    def replace(task: tuple[str, int]) -> Model:
        name, n_first = task
        chosen = make_replacements(root_seed + SEARCH_OFFSET)[name]
        taken = count_updates(protocol, scatter, initial, chosen, n_first=n_first)
        return name_estimate("extra", estimate_median(taken - base))

    def freeze(n_before: int) -> Model:
        early = train(protocol, initial, n_before)
        late = train(protocol, early, SETTLED - n_before, frozen=("W", "b"))
        error = evaluate_networks(protocol, late).error
        return {"updates": n_before, "after": float(np.median(error))}

    tasks = [(name, first) for name in make_replacements(0) for first in FIRSTS]
    extra = iter(map_in_threads(replace, tasks, jobs=jobs))
    return {
        "n_images": n_images,
        "rate": RATE,
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
            name: {str(first): next(extra) for first in FIRSTS} for name in make_replacements(0)
        },
        "settled": SETTLED,
        "frozen": map_in_threads(freeze, FREEZES, jobs=jobs),
    }
