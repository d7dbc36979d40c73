"""Networks with logistic units, trained on some images and judged by others.

Where each rule has come to; why recirculation passes a minimum of the error, and what becomes of
its codes; and what keeps it from getting worse. Constants are chosen by what is left of the images
that are trained, on networks of other seeds.
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
# after which they are measured
EPOCHS = (10, 20, 30, 40, 60, 80, 100)
FEWER_EPOCHS = (20, 60)
LARGE = 0.5  # half-width of the initial weights
PATCH_SEED = 2017  # of the patches of noise

Images = tuple[Array, Array]
"""Those that are trained, and those that are held out."""

Rules = Mapping[str, Rule]
RULES: Rules = {
    "recirculation": combine(rules.LogisticHidden, rules.Recirculation, rate=0.05),
    "inverse": combine(rules.HiddenInverse, rate=0.05),
    "inverse, hidden noise": combine(rules.HiddenInverse, rules.HiddenNoise, rate=0.05, noise=0.3),
    "inverse, white noise": combine(rules.HiddenInverse, rules.WhiteNoise, rate=0.05, noise=0.3),
    "inverse, decay": combine(rules.HiddenInverse, rules.DecayingInverse, rate=0.05, decay=0.001),
    "back-propagation": combine(rules.LogisticHidden, rules.BackPropagation, rate=0.05),
}
"""Rules of networks with logistic hidden units and linear visible ones."""
LOGISTIC_INVERSE = combine(rules.Logistic, rules.HiddenInverse, rate=0.2)
BOTH: Rules = {
    "inverse": LOGISTIC_INVERSE,
    "inverse, white noise": combine(LOGISTIC_INVERSE, rules.WhiteNoise, rate=0.2, noise=0.3),
}
"""Rules of networks in which visible units are logistic, too."""
UNITS: Rules = {
    "hidden": RULES["recirculation"],
    "visible": combine(rules.LogisticVisible, rules.Recirculation, rate=0.1),
    "none": combine(rules.Biased, rules.Recirculation, rate=0.02),
}
"""Recirculation by which units alone are logistic."""

LEFT_AT = 40  # epochs after which only a part of the changes of W is left
LEFT: Rules = {
    "turning": rules.Turning,
    "shrinking": rules.Shrinking,
    "nothing": combine(rules.LogisticRecirculation, factor=0.0),
}
"""Recirculation by what is left of the changes of W."""

# half-widths of smaller and of larger initial weights
SMALL = 0.02
HUGE = 2.0
SIZE = "half-width"  # the constant of small starts
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
"""Rules, and the values of their constants that are tried."""


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
    normal = draw_numbers("normal", (IMAGES.n_images, rules.N_VISIBLE), [0] * 4, PATCH_SEED)
    patches = multiply(normal, make_patches().root.T)
    return patches[:N_TRAINED], patches[N_TRAINED:]


def show(rule: Rule, images: Array, **numbers: float) -> Rule:
    """Return the rule for networks that learn these images."""
    return rules.vary(rule, numbers=numbers, patterns=images, mean=compute_mean(images))


def name_estimates(samples: Iterable[Array]) -> Model:
    """Return what networks miss of held-out images, means and intervals, as lists."""
    listed: Model = {"others": [], "others_interval": []}
    for sample in samples:
        for key, value in name_mean(sample, "others").items():
            listed[key].append(value)
    return listed


def follow_rules(tried: Rules, images: Images, epochs: Sequence[int], sample: Sample) -> Model:
    """Return what networks of each rule miss of held-out images after some epochs."""
    trained, others = images

    def follow(name: str) -> Model:
        rule = show(tried[name], trained)
        states = train_epochs(rule, draw(rule, LARGE, sample), epochs)
        return name_estimates(miss(rule, states, others))

    return sample.map(follow, tried)


def measure_criterion(sample: Sample) -> Model:
    """Return what each rule misses of held-out digits and patches after some epochs.

    ``both``: of digits, if visible units are logistic, too.
    """
    digits = read_images()
    return {
        "epochs": list(FEWER_EPOCHS),
        "n_others": len(digits[1]),
        "digits": follow_rules(RULES, digits, FEWER_EPOCHS, sample),
        "patches": follow_rules(RULES, make_noise(), FEWER_EPOCHS, sample),
        "both": follow_rules(BOTH, digits, FEWER_EPOCHS, sample),
    }


def measure_minimum(sample: Sample) -> Model:
    """Return what becomes of codes, and which units and changes make them worse.

    ``codes``: after some epochs (`describe_codes`); ``units``: what networks miss of held-out
    images, by the only units that are logistic; ``left``: the same, and what became of codes at the
    last of `EPOCHS`, by what is left of the changes of W from `LEFT_AT` on.
    """
    images = read_images()
    trained, others = images
    bent = show(rules.LogisticRecirculation, trained)
    states = train_epochs(bent, draw(bent, LARGE, sample), EPOCHS)
    at_minimum = states[EPOCHS.index(LEFT_AT)]

    # From networks at their minimum on, by what is left of the changes of W.
    def follow_left(name: str) -> Model:
        rule = show(LEFT[name], trained)
        final = train_epochs(rule, at_minimum, (EPOCHS[-1] - LEFT_AT,))
        named = name_estimates(miss(rule, final, others))
        return describe_codes(rule, final, images) | named

    return {
        "epochs": list(EPOCHS),
        "left_at": LEFT_AT,
        "codes": describe_codes(bent, states, images),
        "units": follow_rules(UNITS, images, EPOCHS, sample),
        "left": sample.map(follow_left, LEFT),
    }


def describe_codes(rule: Rule, states: Sequence[Array] | Array, images: Images) -> Model:
    """Return means over networks, in each state: of the codes of trained images, and of W.

    ``others``: what networks miss of held-out images, and ``best`` the best linear decoder of
    their codes; ``divergence``: that of Kullback and Leibler between hidden states at time 1 and
    those that the network gives at time 3; ``distance``: their mean square; ``relative``: the same
    as a part of the ``variance`` of the code; ``overlap``: of W with the principal directions;
    ``growth``: the cosine of the change of W with W S.
    """
    weights = np.concatenate(list(states))  # (n_states * n, n_numbers)
    trained, others = images
    arrays = rules.split(rule, weights)
    now = evaluate(rule, weights, trained)
    held = evaluate(rule, weights, others)
    W = arrays["W"]
    scatter = find_scatter(trained)

    # Hidden states at time 1, and at time 3: the second pass, regressed in the visible units.
    h = now.hidden[0]  # (n_states * n, n_images, n_hidden)
    v2 = rules.REGRESSION * trained + (1.0 - rules.REGRESSION) * now.reconstruction
    seen = v2 - trained.mean(axis=0)
    h3 = activations.logistic(seen @ np.swapaxes(W, 1, 2) + arrays["b"][:, None])
    divergence = h * np.log(h / h3) + (1.0 - h) * np.log((1.0 - h) / (1.0 - h3))
    distance = np.sum((h - h3) ** 2, axis=2).mean(axis=1)
    variance = h.var(axis=1).sum(axis=1)
    change = np.swapaxes(h - h3, 1, 2) @ seen  # of W, by equation 4
    described = {
        "others": held.error,
        "best": decode_linearly(h, trained, held.hidden[0], others),
        "divergence": divergence.sum(axis=2).mean(axis=1),
        "distance": distance,
        "variance": variance,
        "relative": distance / variance,
        "overlap": measure_overlap(W, scatter),
        "growth": compute_cosines(flatten(change), flatten(W @ scatter.matrix)),
    }
    # A mean over the networks in each state.
    means = {}
    for key, values in described.items():
        means[key] = values.reshape(len(states), -1).mean(axis=1).tolist()
    return means


def decode_linearly(codes: Array, trained: Array, new_codes: Array, others: Array) -> Array:
    """Return what the best linear decoder of the codes misses of other images, (n,).

    The best for images that are trained; as a share of the variance of the others. `codes`,
    `new_codes`: (n, n_images, n_hidden) of these and of those.
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
    """Return what each repair misses of held-out images, at the constants that do best.

    ``tried``: each value of its constants, and what it left of the images that are trained;
    ``starts``: sleep from other initial weights.
    """
    trained, others = read_images()

    def choose_constants(name: str) -> Model:
        return choose(name, trained, sample.others)

    chosen = sample.map(choose_constants, REPAIRS)

    def follow(name: str) -> Model:
        repaired = train_repair(name, chosen[name]["chosen"], trained, EPOCHS, sample)
        return name_estimates(miss(repaired.rule, repaired.states, others))

    def follow_sleep(half_width: float) -> Model:
        constants = chosen["sleep"]["chosen"] | {SIZE: half_width}
        repaired = train_repair("sleep", constants, trained, EPOCHS, sample)
        return name_estimates(miss(repaired.rule, repaired.states, others))

    found = sample.map(follow, REPAIRS)
    starts = sample.map(follow_sleep, (SMALL, HUGE))
    return {
        "epochs": list(EPOCHS),
        "huge": HUGE,
        "small": SMALL,
        "rules": {name: chosen[name] | found[name] for name in REPAIRS},
        "starts": {f"{half_width:g}": each for half_width, each in starts.items()},
    }


class Repaired(NamedTuple):
    """Networks of a rule with some values of its constants."""

    rule: Rule
    states: Array  # (n_epochs, n, n_numbers)


def train_repair(
    name: str, values: Mapping[str, float], trained: Array, epochs: Sequence[int], sample: Sample
) -> Repaired:
    """Train networks of a repair with these values of its constants."""
    # The half-width is not a number of the rule.
    numbers = {constant: value for constant, value in values.items() if constant != SIZE}
    half_width = values.get(SIZE, LARGE)
    rule = show(REPAIRS[name][0], trained, **numbers)
    states = train_epochs(rule, draw(rule, half_width, sample), epochs)
    return Repaired(rule, states)


def choose(name: str, trained: Array, sample: Sample) -> Model:
    """Return the constants of a repair that leave least of the images that are trained."""
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
