"""Real images: where each rule comes to rest, why, and what helps; growth; larger encoders."""

from replication.experiments import Model
from replication.experiments.images import encoders, exact, linear, logistic, minimum
from replication.experiments.images.repairs import measure_repairs
from replication.experiments.sample import Sample

ROOT_SEED = 2016
N_NETWORKS = 768  # of the smallest encoder, and fewer of larger ones
IMAGES_SHARE = 1 / 96  # networks of each kind on images, as a share
EXACT_SHARE = 1 / 12  # of small networks with exact dynamics


def run(sample: Sample) -> Model:
    """Return the model of real images and of larger encoders."""
    several = sample.take(IMAGES_SHARE, least=encoders.FEWEST)
    sample.report_progress("linear units on images")
    model = {"n_images": linear.IMAGES.n_images, "linear": linear.measure_rest(several)}
    sample.report_progress("logistic units on images")
    model["logistic"] = logistic.measure_criterion(several)
    model["minimum"] = minimum.measure_minimum(several)
    sample.report_progress("repairs")
    model["repairs"] = measure_repairs(several)
    sample.report_progress("exact dynamics")
    model["exact"] = exact.measure_exact(sample.take(EXACT_SHARE, least=encoders.FEWEST))
    sample.report_progress("changes of W on images")
    model["growth"] = exact.measure_changes(several)
    sample.report_progress("larger encoders")
    model["encoders"] = encoders.measure_encoders(sample)
    return model
