"""Real images: where each rule comes to rest, why, and what helps; growth; larger encoders."""

from replication.experiments import Model
from replication.experiments.images import (
    changes,
    encoders,
    exact,
    linear,
    logistic,
    minimum,
    repairs,
)
from replication.system.progress import Tell

ROOT_SEED = 2016
N_NETWORKS = 768  # of the smallest encoder, and fewer of larger ones
IMAGES_SHARE = 1 / 96  # networks of each kind on images, as a share
EXACT_SHARE = 1 / 12  # of small networks with exact dynamics


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of real images and of larger encoders."""
    n = max(encoders.FEWEST, round(IMAGES_SHARE * n_networks))
    several = {"n_networks": n, "root_seed": ROOT_SEED, "jobs": jobs}
    report_progress("linear units on images")
    model = {"n_images": linear.IMAGES.n_images, "linear": linear.measure_rest(**several)}
    report_progress("logistic units on images")
    model["logistic"] = logistic.measure_criterion(**several)
    model["minimum"] = minimum.measure_minimum(**several)
    report_progress("repairs")
    model["repairs"] = repairs.measure_repairs(**several)
    report_progress("exact dynamics")
    model["exact"] = exact.measure_exact(
        n_networks=max(encoders.FEWEST, round(EXACT_SHARE * n_networks)), root_seed=ROOT_SEED
    )
    report_progress("changes of W on images")
    model["growth"] = changes.measure_changes(**several)
    report_progress("larger encoders")
    model["encoders"] = encoders.measure_encoders(
        n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs
    )
    return model
