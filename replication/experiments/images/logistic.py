"""Networks with logistic units, trained on some images and judged by others.

`measure_criterion` measures the error of each rule. `measure_minimum` asks why recirculation passes
a minimum of the error, and what becomes of its codes. `measure_repairs` tries what keeps it from
getting worse. Its constants are chosen by the error of trained images, on networks of other seeds,
so that held-out images and judged networks choose nothing.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from replication.experiments.images import rules
from replication.experiments.images.linear import IMAGES, make_patches
from replication.experiments.images.rules import Rule, combine, draw, evaluate, miss, train_epochs
from replication.experiments.instruments.matrices import (
    Array,
    Scatter,
    compute_cosines,
    flatten,
    multiply,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, name_mean
from replication.simulator.operations.noise import draw_numbers
from replication.simulator.rule import activations
from replication.simulator.rule.weights import (
    MOST_INK,
    compute_mean,
    compute_variation,
    read_digits,
)

N_TRAINED = 1_000  # images, learnt one after the other; the others are held out
# Epochs after which networks are measured.
EPOCHS = (10, 20, 30, 40, 60, 80, 100)
FEWER_EPOCHS = (20, 60)
LARGE = 0.5  # half-width of the initial weights
PATCH_SEED = 2017  # of the patches of noise


class Images(NamedTuple):
    """Images that networks learn, and images that are held out, (n_images, n_visible) each."""

    trained: Array
    others: Array  # held out


Rules = Mapping[str, Rule]

# Numbers of the rules that `measure_criterion` compares.
RATE = 0.05  # learning rate of networks with logistic hidden units and linear visible ones
RATE_OF_BOTH = 0.2  # learning rate of networks whose visible units are logistic, too
NOISE = 0.3  # standard deviation of noise, in a pixel or on a hidden unit
DECAY = 0.001  # share that the inverse loses at each update

RULES: Rules = {
    "recirculation": combine(rules.LogisticHidden, rules.Recirculation, rate=RATE),
    "inverse": combine(rules.HiddenInverse, rate=RATE),
    "inverse, hidden noise": combine(
        rules.HiddenInverse, rules.HiddenNoise, rate=RATE, noise=NOISE
    ),
    "inverse, white noise": combine(rules.HiddenInverse, rules.WhiteNoise, rate=RATE, noise=NOISE),
    "inverse, decay": combine(rules.HiddenInverse, rules.DecayingInverse, rate=RATE, decay=DECAY),
    "back-propagation": combine(rules.LogisticHidden, rules.BackPropagation, rate=RATE),
}
"""Rules of networks with logistic hidden units and linear visible ones."""
LOGISTIC_INVERSE = combine(rules.Logistic, rules.HiddenInverse, rate=RATE_OF_BOTH)
BOTH: Rules = {
    "inverse": LOGISTIC_INVERSE,
    "inverse, white noise": combine(
        LOGISTIC_INVERSE, rules.WhiteNoise, rate=RATE_OF_BOTH, noise=NOISE
    ),
}
"""Rules of networks in which visible units are logistic, too."""
UNITS: Rules = {
    "hidden": RULES["recirculation"],
    "visible": combine(rules.LogisticVisible, rules.Recirculation, rate=0.1),
    "none": combine(rules.Biased, rules.Recirculation, rate=0.02),
}
"""Recirculation in networks in which only one group is logistic, or none."""

LEFT_AT = 40  # epochs of usual learning, after which W changes in one way only, or not at all
LEFT: Rules = {
    "turning": rules.Turning,
    "shrinking": rules.Shrinking,
    "nothing": combine(rules.LogisticRecirculation, factor=0.0),
}
"""Recirculation in which W changes in one way only, by the name of that way."""

SMALL = 0.02  # half-width of smaller initial weights than `LARGE`
HUGE = 2.0  # half-width of larger ones
SIZE = "half-width"  # name of the initial half-width among a repair's constants
SLEEP: Rule = combine(rules.Logistic, rules.Sleep, rate=0.2)
DESCENT: Rule = combine(rules.Logistic, rules.BackPropagation)
REPAIRS: dict[str, tuple[Rule, Mapping[str, Sequence[float]]]] = {
    "none": (rules.LogisticRecirculation, {}),
    "small weights": (rules.LogisticRecirculation, {SIZE: (0.02, 0.001, 0.0002)}),
    "decay of W": (SLEEP, {"echo": (0.0,), "decay": (2e-5, 4e-5, 8e-5)}),
    "sleep": (SLEEP, {"echo": (0.01, 0.03, 0.1), "decay": (2e-5, 6e-5, 2e-4)}),
    "sleep without equation (4)": (
        SLEEP,
        {"factor": (0.0,), "echo": (0.1,), "decay": (1e-4, 3e-4, 1e-3)},
    ),
    "back-propagation": (DESCENT, {"rate": (0.05, 0.1, 0.2)}),
}
"""Repairs, which may keep recirculation from getting worse: a rule, and values of its constants.

All combinations of these values are tried.
"""


def find_scatter(images: Array) -> Scatter:
    """Return the scatter of images around their mean."""
    deviations = images - images.mean(axis=0)
    return Scatter.of_matrix(deviations.T @ deviations)


def read_images() -> Images:
    """Return the images of digits: the first `N_TRAINED` are learnt, the others are held out."""
    images = read_digits()[0] / MOST_INK
    return Images(images[:N_TRAINED], images[N_TRAINED:])


def make_noise() -> Images:
    """Return as many patches of noise as there are digits, with the scatter of `make_patches`."""
    first_counter = [0] * 4
    normal = draw_numbers("normal", (IMAGES.n_images, rules.N_VISIBLE), first_counter, PATCH_SEED)
    patches = multiply(normal, make_patches().root.T)
    return Images(patches[:N_TRAINED], patches[N_TRAINED:])


def show(rule: Rule, images: Array, **numbers: float) -> Rule:
    """Return a rule whose networks learn `images`, with other values of some of its numbers."""
    return rules.vary(rule, numbers=numbers, patterns=images, mean=compute_mean(images))


def list_missed(missed: Iterable[Array]) -> Model:
    """Return what networks miss of held-out images as two lists: means, and their intervals.

    Each entry of `missed` has the shares of all networks, (n,), after one number of epochs.
    """
    listed: Model = {"others": [], "others_interval": []}
    for shares in missed:
        mean = name_mean(shares, "others")
        listed["others"].append(mean["others"])
        listed["others_interval"].append(mean["others_interval"])
    return listed


def follow_rules(tried: Rules, images: Images, epochs: Sequence[int], sample: Sample) -> Model:
    """Return what networks of each rule miss of held-out images after each number of `epochs`."""

    def follow(name: str) -> Model:
        rule = show(tried[name], images.trained)
        states = train_epochs(rule, draw(rule, LARGE, sample), epochs)
        return list_missed(miss(rule, states, images.others))

    return sample.map(follow, tried)


def measure_criterion(sample: Sample) -> Model:
    """Return what each rule misses of held-out digits and patches after each of `FEWER_EPOCHS`.

    ``both``: what it misses of digits if visible units are logistic, too.
    """
    digits = read_images()
    return {
        "epochs": list(FEWER_EPOCHS),
        "n_others": len(digits.others),
        "digits": follow_rules(RULES, digits, FEWER_EPOCHS, sample),
        "patches": follow_rules(RULES, make_noise(), FEWER_EPOCHS, sample),
        "both": follow_rules(BOTH, digits, FEWER_EPOCHS, sample),
    }


def measure_minimum(sample: Sample) -> Model:
    """Return what becomes of codes, and which units and which changes of W make them worse.

    ``codes`` describes codes after each of `EPOCHS`. ``units`` tells what networks miss of held-out
    images if only some units are logistic. ``left`` describes codes after the last of `EPOCHS` if
    W changes in one way only from `LEFT_AT` on.
    """
    images = read_images()
    usual = show(rules.LogisticRecirculation, images.trained)
    states = train_epochs(usual, draw(usual, LARGE, sample), EPOCHS)
    at_minimum = states[EPOCHS.index(LEFT_AT)]

    def follow_left(name: str) -> Model:
        rule = show(LEFT[name], images.trained)
        final = train_epochs(rule, at_minimum, (EPOCHS[-1] - LEFT_AT,))
        missed = list_missed(miss(rule, final, images.others))
        return describe_codes(rule, final, images) | missed

    return {
        "epochs": list(EPOCHS),
        "left_at": LEFT_AT,
        "codes": describe_codes(usual, states, images),
        "units": follow_rules(UNITS, images, EPOCHS, sample),
        "left": sample.map(follow_left, LEFT),
    }


def describe_codes(rule: Rule, states: Sequence[Array] | Array, images: Images) -> Model:
    """Describe networks and their codes at each moment of learning, on average over networks.

    Parameters
    ----------
    rule : Rule
    states : float64[n_moments, n, n_numbers]
        The arrays of n networks at each moment.
    images : Images

    Returns
    -------
    dict of lists, one number for each moment
        ``others``, ``best`` : share of held-out images that networks miss, and that the best linear
        decoder of their codes would miss.

        ``divergence``, ``distance`` : between hidden states at time 1 and at time 3, Kullback and
        Leibler's divergence and the squared distance.

        ``variance``, ``relative`` : variance of the codes, and the squared distance as a share of
        it.

        ``overlap`` : mean squared cosine between what W spans and the principal directions.

        ``growth`` : cosine of the change of W and W S, where S is the scatter.
    """
    weights = np.concatenate(list(states))  # (n_moments * n, n_numbers)
    trained, others = images
    arrays = rules.split(rule, weights)
    now = evaluate(rule, weights, trained)
    held_out = evaluate(rule, weights, others)
    W = arrays["W"]
    scatter = find_scatter(trained)

    # Hidden states at time 1, and at time 3: the second pass, regressed in the visible units.
    h1 = now.hidden[0]  # (n_moments * n, n_images, n_hidden)
    v2 = rules.REGRESSION * trained + (1.0 - rules.REGRESSION) * now.reconstruction
    seen = v2 - trained.mean(axis=0)
    h3 = activations.logistic(seen @ np.swapaxes(W, 1, 2) + arrays["b"][:, None])
    divergence = h1 * np.log(h1 / h3) + (1.0 - h1) * np.log((1.0 - h1) / (1.0 - h3))
    distance = np.sum((h1 - h3) ** 2, axis=2).mean(axis=1)
    variance = h1.var(axis=1).sum(axis=1)
    change = np.swapaxes(h1 - h3, 1, 2) @ seen  # of W, by equation 4
    described = {
        "others": held_out.error,
        "best": decode_linearly(h1, trained, held_out.hidden[0], others),
        "divergence": divergence.sum(axis=2).mean(axis=1),
        "distance": distance,
        "variance": variance,
        "relative": distance / variance,
        "overlap": measure_overlap(W, scatter),
        "growth": compute_cosines(flatten(change), flatten(W @ scatter.matrix)),
    }
    # A mean over the networks at each moment.
    means = {}
    for key, values in described.items():
        means[key] = values.reshape(len(states), -1).mean(axis=1).tolist()
    return means


def decode_linearly(codes: Array, trained: Array, new_codes: Array, others: Array) -> Array:
    """Return the share of held-out images that the best linear decoder of codes misses, (n,).

    The decoder is the best one for the trained images, whose codes are `codes`. The held-out images
    `others` have the codes `new_codes`. Codes have the shape (n, n_images, n_hidden).
    """
    # With a 1 before each code, for the biases of the decoder.
    inputs = np.insert(codes, 0, 1.0, axis=2)
    new_inputs = np.insert(new_codes, 0, 1.0, axis=2)
    decoders = np.linalg.pinv(inputs) @ trained
    missed = np.sum((new_inputs @ decoders - others) ** 2, axis=(1, 2))
    return np.asarray(missed / compute_variation(others))


def measure_overlap(W: Array, scatter: Scatter) -> Array:
    """Return the mean squared cosine between what W spans and the principal directions, (n,)."""
    main = scatter.directions[:, : rules.N_HIDDEN]
    rows = np.swapaxes(W, 1, 2)  # (n, n_visible, n_hidden)
    basis, _ = np.linalg.qr(rows)
    cosines = main.T @ basis
    squares = np.sum(cosines**2, axis=(1, 2))
    return np.asarray(squares / rules.N_HIDDEN)


def measure_repairs(sample: Sample) -> Model:
    """Return what networks miss of held-out images with each repair, at its best constants.

    ``rules`` also lists the constants that were tried, with the error of trained images for each.
    ``starts`` has sleep from other initial weights, by their half-width.
    """
    images = read_images()

    def choose_constants(name: str) -> Model:
        return choose(name, images.trained, sample.others)

    def follow_with(name: str, constants: Mapping[str, float]) -> Model:
        repaired = train_repair(name, constants, images.trained, EPOCHS, sample)
        return list_missed(miss(repaired.rule, repaired.states, images.others))

    def follow(name: str) -> Model:
        return follow_with(name, chosen[name]["chosen"])

    def follow_sleep(half_width: float) -> Model:
        return follow_with("sleep", chosen["sleep"]["chosen"] | {SIZE: half_width})

    chosen = sample.map(choose_constants, REPAIRS)
    followed = sample.map(follow, REPAIRS)
    starts = sample.map(follow_sleep, (SMALL, HUGE))
    return {
        "epochs": list(EPOCHS),
        "huge": HUGE,
        "small": SMALL,
        "rules": {name: chosen[name] | followed[name] for name in REPAIRS},
        "starts": {f"{half_width:g}": each for half_width, each in starts.items()},
    }


class Repaired(NamedTuple):
    """Networks that have learnt with a repair."""

    rule: Rule
    states: Array  # (n_epochs, n, n_numbers)


def train_repair(
    name: str, values: Mapping[str, float], trained: Array, epochs: Sequence[int], sample: Sample
) -> Repaired:
    """Train networks of a repair with these values of its constants."""
    numbers = dict(values)
    half_width = numbers.pop(SIZE, LARGE)
    rule = show(REPAIRS[name][0], trained, **numbers)
    states = train_epochs(rule, draw(rule, half_width, sample), epochs)
    return Repaired(rule, states)


def choose(name: str, trained: Array, sample: Sample) -> Model:
    """Try the constants of a repair; return all, and those with the least error of trained images.

    ``left`` is that error, on average over networks.
    """
    _, constants = REPAIRS[name]
    if not constants:
        return {"tried": [], "chosen": {}}
    tried: list[Model] = []
    for combination in itertools.product(*constants.values()):
        values = dict(zip(constants, combination, strict=True))
        repaired = train_repair(name, values, trained, EPOCHS[-1:], sample)
        left = miss(repaired.rule, repaired.states[0], trained)
        tried.append({"constants": values, "left": float(left.mean())})
    best = min(tried, key=lambda row: float(row["left"]))
    return {"tried": tried, "chosen": best["constants"]}
