"""The model of the live pages: what a reader can try, and results of many networks."""

import dataclasses

import numpy as np

from replication.definition.protocol import PAPER, Protocol, as_plain
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import FROZEN_BIASES, Sample, find_p99
from replication.experiments.live.cloud import STEP, tabulate_studies
from replication.experiments.live.digits import sum_digits
from replication.experiments.live.lesson import measure_lesson
from replication.experiments.live.line import measure_line
from replication.experiments.live.networks import SHOWN_ROOT_SEED, describe_networks

CLOUD_FACTOR = 10  # so many times as many networks give the outcomes for the page on studies
N_LESSON = 1_000  # networks whose medians the lesson gives


def run(sample: Sample) -> Model:
    """Return the model of the live figures."""
    shown = describe_networks(dataclasses.replace(sample, root_seed=SHOWN_ROOT_SEED))
    return {
        "protocol": as_plain(PAPER),
        "root_seed": SHOWN_ROOT_SEED,
        "networks": shown.described,
        "fixed": measure_fixed(sample),
        **measure_lesson(dataclasses.replace(sample, n=N_LESSON)),
        "line": measure_line(shown.typical_codes),
        "digits": sum_digits(),
        "cloud": {"step": STEP, "criteria": tabulate_studies(sample.take(CLOUD_FACTOR))},
    }


def measure_fixed(sample: Sample) -> Model:
    """Return how networks learn with hidden biases that learn, and with fixed ones.

    ``failed`` is a share. ``median`` and ``p99`` are in updates; a network that fails counts as the
    cap.
    """
    measured = {}
    for name, frozen in FROZEN_BIASES.items():
        updates, converged, _ = sample.train(Protocol(frozen=frozen))
        measured[name] = {
            "failed": float(np.mean(~converged)),
            "median": float(np.median(updates)),
            "p99": find_p99(updates),
        }
    return measured
