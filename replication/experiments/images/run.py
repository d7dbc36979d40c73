"""Real images: where each rule comes to rest, why, and what helps."""

from replication.experiments.images import linear, logistic
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample

FEWEST = 6  # the fewest networks whose median has an interval
SMALL_FACTOR = 8  # small networks, which learn fast, for each network that sees images


def run(sample: Sample) -> Model:
    """Return the model of real images."""
    parts = {
        "linear": linear.measure_rest,
        "logistic": logistic.measure_criterion,
        "minimum": logistic.measure_minimum,
        "repairs": logistic.measure_repairs,
    }
    # All networks, or `FEWEST` if there are fewer.
    taken = sample.take(1.0, least=FEWEST)
    model: Model = {"n_images": linear.IMAGES.n_images}
    for name, measure in parts.items():
        sample.report_progress(name)
        model[name] = measure(taken)
    sample.report_progress("one-hot encoders")
    model["exact"] = linear.measure_small_networks(taken.take(SMALL_FACTOR))
    return model
