"""Real images: where the rule comes to rest there, what its first changes do; larger encoders."""

from replication.experiments import Model
from replication.experiments.images import changes, encoders, linear, logistic
from replication.system.progress import Tell

ROOT_SEED = 2016
N_NETWORKS = 768  # of the smallest encoder, and fewer of larger ones
IMAGES_SHARE = 1 / 96  # networks of each kind on images, as a share


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of real images and of larger encoders."""
    n = max(encoders.FEWEST, round(IMAGES_SHARE * n_networks))
    report_progress("linear units on images")
    model = {
        "n_images": linear.IMAGES.n_images,
        "linear": linear.measure_rest(n_networks=n, root_seed=ROOT_SEED, jobs=jobs),
    }
    report_progress("logistic units on images")
    model["logistic"] = logistic.measure_images(n_networks=n, root_seed=ROOT_SEED, jobs=jobs)
    report_progress("changes of W on images")
    model["growth"] = changes.measure_changes(n_networks=n, root_seed=ROOT_SEED, jobs=jobs)
    report_progress("larger encoders")
    model["encoders"] = encoders.measure_encoders(
        n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs
    )
    return model
