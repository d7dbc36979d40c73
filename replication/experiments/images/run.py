"""Real images: where the rule comes to rest there, what its first changes do; larger encoders."""

from replication.experiments import Model
from replication.experiments.images import changes, encoders, linear, logistic
from replication.system.progress import Tell

ROOT_SEED = 2016
N_NETWORKS = 768  # of the smallest encoder, and fewer of larger ones
IMAGES_SHARE = 1 / 96  # networks of each kind on images, as a share
N_UPDATES = 6_000  # of linear units
N_TRAINED = 1_000  # images of which the logistic networks learn one after the other
EPOCHS = (10, 20, 40, 60, 80, 100)  # after which they are measured
FROZEN_AT = 40  # epochs after which their W is frozen, in another run
N_AT_ONCE = 200  # images of which they learn the sum
SIZES = (4, 8, 16, 32, 64)  # visible units of encoders


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of real images and of larger encoders."""
    n = max(encoders.FEWEST, round(IMAGES_SHARE * n_networks))
    report_progress("linear units on images")
    model = {
        "n_images": linear.IMAGES.n_images,
        "linear": linear.measure_rest(
            n_updates=N_UPDATES, n_networks=n, root_seed=ROOT_SEED, jobs=jobs
        ),
    }
    report_progress("logistic units on images")
    model["logistic"] = logistic.measure_images(
        n_images=N_TRAINED, epochs=EPOCHS, frozen_at=FROZEN_AT,
        n_networks=n, root_seed=ROOT_SEED, jobs=jobs,
    )  # fmt: skip
    report_progress("changes of W on images")
    model["growth"] = changes.measure_changes(
        n_images=N_AT_ONCE, n_networks=n, root_seed=ROOT_SEED, jobs=jobs
    )
    report_progress("larger encoders")
    model["encoders"] = encoders.measure_encoders(
        SIZES, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs
    )
    return model
