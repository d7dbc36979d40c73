"""What the first changes of W do on images: growth, turning, and the cost of replacing them."""

from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.growth import measure_growth
from replication.experiments.images.linear import IMAGES
from replication.experiments.interventions import compare_interventions
from replication.experiments.matrices import get_w
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights

N_IMAGES = 200
RATE = 5.0  # over the number of images, a sum over all of which is one update
TARGET = 0.2  # unexplained variance at which a network has learnt
FOLLOWED = (10, 160)  # updates after which the changes are measured
FIRST = 20  # updates whose change of W is replaced
INSTEAD = ("dropped", "amplification")
SETTLED = 1_000  # updates after which it is measured how far W has turned


def measure_changes(*, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what the changes of W do in logistic networks that learn the first images at once.

    ``cosines``: of the change of W and W S.
    """
    protocol = Protocol(
        group_sizes=IMAGES.group_sizes, patterns="digits", n_images=N_IMAGES, centred=True,
        learning_rate=RATE / N_IMAGES, criterion="unexplained-variance", threshold=TARGET,
    )  # fmt: skip
    initial = draw_weights(protocol, root_seed, 0, n_networks)

    def find_cosine(n_updates: int) -> float:
        later = train_for(protocol, initial, n_updates)
        return float(np.median(measure_growth(protocol, later)["along_theory"]))

    def find_turned(n_updates: int, **fields: Any) -> float:
        changed = train_for(protocol, initial, n_updates, **fields)
        return float(np.median(Scatter.of(protocol).find_share(get_w(protocol, changed))))

    return {
        "target": TARGET,
        "base": float(np.median(simulate_weights(protocol, initial)[0])),
        "cosines": {n: find_cosine(n) for n in FOLLOWED},
        "turned": {
            "start": find_turned(0),
            "recirculation": find_turned(SETTLED),
            "back-propagation": find_turned(SETTLED, learning_rule=BACK_PROPAGATION),
        },
        "replaced": compare_interventions(
            protocol, initial, firsts=[FIRST], jobs=jobs, names=INSTEAD
        ),
    }
