"""Why networks of logistic units pass a minimum of the error: what becomes of their codes."""

import itertools
from typing import Any

import numpy as np

from replication.experiments import Model
from replication.experiments.images import logistic, rules, training
from replication.experiments.images.logistic import EPOCHS, LARGE
from replication.experiments.images.training import Rule
from replication.experiments.matrices import Array, flatten
from replication.experiments.sample import Sample
from replication.simulator import activations
from replication.simulator.patterns import compute_variation
from replication.statistics.alignment import compute_cosines

UPDATES = (100, 200, 400, 600, 800, 1_000, 1_200, 1_600, 2_000)  # by all images together
BATCH_RATE = 0.007
LEFT_AT = 40  # epochs after which only a part of the changes of W is left

UNITS: dict[str, Rule] = {
    "hidden": logistic.RULES["recirculation"],
    "visible": rules.combine(rules.LogisticVisible, rules.Recirculation, rate=0.1),
    "none": rules.combine(rules.Biased, rules.Recirculation, rate=0.02),
}
"""Recirculation by which units alone are logistic."""
LEFT: dict[str, Rule] = {
    "turning": rules.Turning,
    "shrinking": rules.Shrinking,
    "nothing": rules.combine(rules.LogisticRecirculation, factor=0.0),
}
"""Recirculation by what is left of the changes of W."""


def measure_minimum(sample: Sample) -> Model:
    """Return what becomes of codes, and which units and changes make them worse.

    ``codes``: by how networks learn, after some epochs (`describe_codes`); ``units``: what
    networks miss of held-out images, by the only units that are logistic; ``left``: the same, and
    what became of codes at the last of `EPOCHS`, by what is left of the changes of W from
    `LEFT_AT` on.
    """
    # Networks of logistic units at their minimum, from which the rest begins.
    trained, others = logistic.read_images()
    bent = logistic.show(rules.LogisticRecirculation, trained)
    states = training.train_epochs(bent, training.draw(bent, LARGE, sample), EPOCHS)
    at_minimum = states[EPOCHS.index(LEFT_AT)]

    # What becomes of codes, with batches as small as there and with all images at once.
    def follow_codes(name: str) -> Model:
        if name == "large":
            return describe_codes(bent, states, trained, others)
        rule = logistic.show(bent, trained, rate=BATCH_RATE)
        passed = [training.draw(rule, LARGE, sample)]
        for begin, end in itertools.pairwise((0, *UPDATES)):
            passed.append(training.train(rule, passed[-1], end - begin))
        return describe_codes(rule, passed[1:], trained, others)

    # By which units are logistic; then by what is left of the changes of W.
    def follow_units(name: str) -> Model:
        return logistic.follow(UNITS[name], (trained, others), EPOCHS, sample)

    def follow_left(name: str) -> Model:
        rule = logistic.show(LEFT[name], trained)
        final = training.train_epochs(rule, at_minimum, (EPOCHS[-1] - LEFT_AT,))
        named = logistic.name_estimates(training.miss(rule, final, others))
        return describe_codes(rule, final, trained, others) | named

    return {
        "epochs": list(EPOCHS), "left_at": LEFT_AT,
        "codes": sample.map(follow_codes, ("batch", "large")),
        "units": sample.map(follow_units, UNITS), "left": sample.map(follow_left, LEFT),
    }  # fmt: skip


def describe_codes(rule: Rule, states: Any, trained: Array, others: Array) -> Model:
    """Return means over networks, in each state: of the codes of trained images, and of W.

    ``others``: what networks miss of held-out images, and ``best`` the best linear decoder of
    their codes; ``divergence``: that of Kullback and Leibler between hidden states at time 1 and
    those that the network gives at time 3; ``distance``: their mean square; ``relative``: the same
    as a part of the ``variance`` of the code; ``overlap``: of W with the principal directions;
    ``growth``: the cosine of the change of W with W S.
    """
    n, rows = len(states), np.concatenate(list(states))
    described = describe_code(rule, rows, trained, others)
    return {key: x.reshape(n, -1).mean(axis=1).tolist() for key, x in described.items()}


def describe_code(rule: Rule, weights: Array, trained: Array, others: Array) -> dict[str, Array]:
    """Return what `describe_codes` averages, of each network."""
    arrays = training.split(rule, weights)
    now, held = (training.evaluate(rule, weights, images) for images in (trained, others))
    W, h = arrays["W"], now.hidden[0]
    scatter = logistic.find_scatter(trained)

    # The second pass, with its regression in the visible units.
    v2 = rules.REGRESSION * trained + (1.0 - rules.REGRESSION) * now.reconstruction
    seen = v2 - trained.mean(axis=0)
    h3 = activations.logistic(seen @ np.swapaxes(W, 1, 2) + arrays["b"][:, None])
    divergence = h * np.log(h / h3) + (1.0 - h) * np.log((1.0 - h) / (1.0 - h3))
    change = np.swapaxes(h - h3, 1, 2) @ seen
    distance, variance = np.sum((h - h3) ** 2, axis=2).mean(axis=1), h.var(axis=1).sum(axis=1)

    # The best linear decoder of the code, for images that were not trained.
    codes, new = (np.insert(x, 0, 1.0, axis=2) for x in (h, held.hidden[0]))
    decoders = np.linalg.pinv(codes) @ trained
    missed = np.sum((new @ decoders - others) ** 2, axis=(1, 2)) / compute_variation(others)

    main = scatter.directions[:, : rules.N_HIDDEN]
    basis = np.linalg.qr(np.swapaxes(W, 1, 2))[0]
    return {
        "others": held.error, "best": missed,
        "divergence": divergence.sum(axis=2).mean(axis=1),
        "distance": distance, "variance": variance, "relative": distance / variance,
        "overlap": np.sum((main.T @ basis) ** 2, axis=(1, 2)) / rules.N_HIDDEN,
        "growth": compute_cosines(flatten(change), flatten(W @ scatter.matrix)),
    }  # fmt: skip
