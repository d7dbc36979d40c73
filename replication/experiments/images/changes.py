"""What the first changes of W do on images: growth, and the cost of replacing them."""

from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.growth import measure_growth
from replication.experiments.images.linear import IMAGES
from replication.experiments.interventions import compare_interventions
from replication.experiments.recording import train_for
from replication.experiments.sample import Sample

N_IMAGES = 200
RATE = 5.0  # over the number of images, a sum over all of which is one update
TARGET = 0.2  # unexplained variance at which a network has learnt
FOLLOWED = (10, 160)  # updates after which the changes are measured
FIRST = 20  # updates whose change of W is replaced
INSTEAD = ("dropped", "amplification")


def measure_changes(sample: Sample) -> Model:
    """Return what the changes of W do in logistic networks that learn the first images at once.

    ``cosines``: of the change of W and W S.
    """
    protocol = Protocol(
        group_sizes=IMAGES.group_sizes, patterns="digits", n_images=N_IMAGES, centred=True,
        learning_rate=RATE / N_IMAGES, criterion="unexplained-variance", threshold=TARGET,
    )  # fmt: skip
    initial = sample.draw(protocol)

    def find_cosine(n_updates: int) -> float:
        later = train_for(protocol, initial, n_updates)
        return float(np.median(measure_growth(protocol, later)["along_theory"]))

    options: dict[str, Any] = {"firsts": [FIRST], "jobs": sample.jobs, "names": INSTEAD}
    replaced = compare_interventions(protocol, initial, **options)
    return {"cosines": {n: find_cosine(n) for n in FOLLOWED}, "replaced": replaced}
