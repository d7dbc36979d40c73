"""Where logistic units come to, on images that they were trained on and on others."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.images.linear import IMAGES, N_HIDDEN
from replication.experiments.matrices import Array, flatten, get_w
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import name_estimate
from replication.simulator.changes import compute_gradients, reconstruct
from replication.simulator.patterns import (
    MOST_INK,
    compute_mean,
    compute_variation,
    make_patterns,
    read_digits,
)
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import estimate_mean
from replication.system.threads import map_in_threads

N_IMAGES = 1_000  # that are learnt, one after the other
EPOCHS = (10, 20, 40, 60, 80, 100)  # after which networks are measured
FROZEN_AT = 40  # epochs after which W is frozen, in another run
SIZES = (0.5, 0.1, 0.02)  # half-widths of the initial weights
DECAY = 3e-5
RULES: dict[str, dict[str, Any]] = {
    "recirculation": {},
    "recirculation, decay": {"decay": DECAY},
    "back-propagation": {"learning_rule": BACK_PROPAGATION},
    "back-propagation, decay": {"learning_rule": BACK_PROPAGATION, "decay": DECAY},
}
SHOWN = {
    "back-propagation": ("back-propagation", 0.5),
    "recirculation, decay": ("recirculation, decay", 0.5),
    "recirculation, small weights": ("recirculation", 0.02),
    "recirculation": ("recirculation", 0.5),
}
"""Rule and size of the networks whose reconstructions are shown."""
LEVELS = 2  # decimals of the grey of a picture


def make_protocol(rule: str, size: float) -> Protocol:
    """Return a protocol that changes the weights after each of the first images."""
    return Protocol(
        group_sizes=IMAGES.group_sizes, patterns="digits", n_images=N_IMAGES, centred=True,
        update_schedule="per-pattern", learning_rate=0.2, half_width=size,
        criterion="unexplained-variance", **RULES[rule],
    )  # fmt: skip


def describe_epoch(protocol: Protocol, weights: Array) -> Model:
    """Return what networks miss of the images that are not trained, and their gradient for W."""
    others = take_others(protocol)
    missed = np.sum((reconstruct(protocol, weights, others) - others) ** 2, axis=(1, 2))
    gradient = flatten(get_w(protocol, compute_gradients(protocol, weights)))
    return {
        **name_estimate("others", estimate_mean(missed / compute_variation(others))),
        "gradient": float(np.linalg.norm(gradient, axis=1).mean()),
    }


def take_others(protocol: Protocol) -> Array:
    """Return the images that a protocol does not train."""
    return np.asarray(read_digits()[0][protocol.n_images :] / MOST_INK)


def train_epochs(protocol: Protocol, weights: Array) -> tuple[list[Model], Array]:
    """Return the states of networks after `EPOCHS`, and their last weights."""
    states = []
    for begin, end in itertools.pairwise((0, *EPOCHS)):
        weights = train_for(protocol, weights, end - begin)
        states.append(describe_epoch(protocol, weights))
    return states, weights


def measure_images(*, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what each rule makes of the first images after some epochs, from each size of weights.

    ``stages``: recirculation, back-propagation and recirculation again, one after the other.
    """

    def draw(protocol: Protocol) -> Array:
        return draw_weights(protocol, root_seed, 0, n_networks)

    def follow(task: tuple[str, float]) -> tuple[list[Model], Array]:
        protocol = make_protocol(*task)
        return train_epochs(protocol, draw(protocol))

    tasks = [(rule, size) for rule in RULES for size in SIZES]
    found = dict(zip(tasks, map_in_threads(follow, tasks, jobs=jobs), strict=True))
    own, descent = (make_protocol(rule, SIZES[0]) for rule in ("recirculation", "back-propagation"))
    first, weights = found["recirculation", SIZES[0]]
    second, weights = train_epochs(descent, weights)
    third, _ = train_epochs(own, weights)
    early = train_for(own, draw(own), FROZEN_AT)
    late = train_for(own, early, EPOCHS[-1] - FROZEN_AT, frozen=("W",))
    return {
        "n_others": len(read_digits()[0]) - N_IMAGES,
        "sizes": list(SIZES),
        "epochs": list(EPOCHS),
        "rules": {rule: {f"{size:g}": found[rule, size][0] for size in SIZES} for rule in RULES},
        "stages": [first, second, third],
        "frozen_at": FROZEN_AT,
        "frozen": describe_epoch(own, late),
        "pictures": collect_pictures(own, {name: found[of][1][:1] for name, of in SHOWN.items()}),
    }


def collect_pictures(protocol: Protocol, shown: Mapping[str, Array]) -> list[Model]:
    """Return one image of each digit that was not trained, and what is made of it, as greys.

    By principal components of the trained images, and by one network of each rule.
    """
    labels, others = read_digits()[1], take_others(protocol)
    chosen = [int(np.flatnonzero(labels[protocol.n_images :] == digit)[0]) for digit in range(10)]
    main = Scatter.of(protocol).directions[:, :N_HIDDEN]
    mean = compute_mean(make_patterns(protocol))
    made = {
        "image": others,
        "principal components": mean + (others - mean) @ main @ main.T,
        **{name: reconstruct(protocol, weights, others)[0] for name, weights in shown.items()},
    }
    return [
        {
            "name": name,
            "missed": float(np.sum((each - others) ** 2) / compute_variation(others)),
            "greys": np.round(each[chosen], LEVELS).tolist(),
        }
        for name, each in made.items()
    ]
