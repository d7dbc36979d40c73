"""The criterion in networks with logistic units, on images that were trained and on others."""

from collections.abc import Iterable, Sequence

import numpy as np

from replication.experiments import Model
from replication.experiments.images import rules
from replication.experiments.images.linear import IMAGES, make_patches
from replication.experiments.images.rules import combine, vary
from replication.experiments.images.training import Rule, draw, miss, train_epochs
from replication.experiments.matrices import Array, Scatter, multiply
from replication.experiments.sample import Sample, name_mean
from replication.simulator.patterns import MOST_INK, compute_mean, read_digits

N_TRAINED = 1_000  # images, learnt one after the other; the others are held out
EPOCHS = (10, 20, 30, 40, 60, 80, 100)  # after which networks are measured
LARGE = 0.5  # half-width of the initial weights
PATCH_SEED = 2017  # of the patches of noise

Images = tuple[Array, Array]
"""Those that are trained, and those that are held out."""

RULES: dict[str, Rule] = {
    "recirculation": combine(rules.LogisticHidden, rules.Recirculation, rate=0.05),
    "inverse": combine(rules.HiddenInverse, rate=0.05),
    "inverse, hidden noise": combine(rules.HiddenInverse, rules.HiddenNoise, rate=0.05, noise=0.3),
    "inverse, white noise": combine(rules.HiddenInverse, rules.WhiteNoise, rate=0.05, noise=0.3),
    "inverse, decay": combine(rules.HiddenInverse, rules.DecayingInverse, rate=0.05, decay=0.001),
    "back-propagation": combine(rules.LogisticHidden, rules.BackPropagation, rate=0.05),
}
"""Rules of networks with logistic hidden units and linear visible ones."""
LOGISTIC_INVERSE = combine(rules.Logistic, rules.HiddenInverse, rate=0.2)
BOTH: dict[str, Rule] = {
    "inverse": LOGISTIC_INVERSE,
    "inverse, white noise": combine(LOGISTIC_INVERSE, rules.WhiteNoise, rate=0.2, noise=0.3),
}
"""Rules of networks in which visible units are logistic, too."""
FEWER_EPOCHS = (20, 60)


def find_scatter(images: Array) -> Scatter:
    """Return the scatter of images."""
    deviations = images - images.mean(axis=0)
    return Scatter.of_matrix(deviations.T @ deviations)


def read_images() -> Images:
    """Return the images of digits."""
    images = read_digits()[0] / MOST_INK
    return images[:N_TRAINED], images[N_TRAINED:]


def make_noise() -> Images:
    """Return patches of noise, as many, with the scatter of `make_patches`."""
    generator = np.random.Generator(np.random.Philox(key=PATCH_SEED))
    normal = generator.normal(size=(IMAGES.n_images, rules.N_VISIBLE))
    patches = multiply(normal, make_patches().root)
    return patches[:N_TRAINED], patches[N_TRAINED:]


def show(rule: Rule, images: Array, **numbers: float) -> Rule:
    """Return the rule for networks that learn these images."""
    return vary(rule, numbers=numbers, patterns=images, mean=compute_mean(images))


def name_estimates(samples: Iterable[Array]) -> Model:
    """Return what networks miss of held-out images, means and intervals, as lists."""
    named = [name_mean(sample, "others") for sample in samples]
    return {key: [each[key] for each in named] for key in named[0]}


def follow(rule: Rule, images: Images, epochs: Sequence[int], sample: Sample) -> Model:
    """Return what networks of a rule miss of held-out images after some epochs."""
    shown = show(rule, images[0])
    states = train_epochs(shown, draw(shown, LARGE, sample), epochs)
    return name_estimates(miss(shown, states, images[1]))


def measure_criterion(sample: Sample) -> Model:
    """Return what each rule misses of held-out digits and patches after some epochs.

    ``both``: of digits, if visible units are logistic, too.
    """
    digits = read_images()
    sets = {"digits": (RULES, digits), "patches": (RULES, make_noise()), "both": (BOTH, digits)}
    tasks = [(of, name) for of, (tried, _) in sets.items() for name in tried]

    def follow_task(task: tuple[str, str]) -> Model:
        tried, images = sets[task[0]]
        return follow(tried[task[1]], images, FEWER_EPOCHS, sample)

    model: Model = {"epochs": list(FEWER_EPOCHS), "n_others": len(digits[1])}
    for (of, name), found in sample.map(follow_task, tasks).items():
        model.setdefault(of, {})[name] = found
    return model
