"""Why networks of logistic units pass a minimum of the error: what becomes of their codes."""

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.experiments import Model
from replication.experiments.images import rules
from replication.experiments.images.logistic import (
    EPOCHS,
    LARGE,
    name_estimates,
    read_images,
    show,
)
from replication.experiments.images.training import (
    Rule,
    draw,
    evaluate,
    miss,
    split,
    train,
    train_epochs,
    vary,
)
from replication.experiments.matrices import Array, flatten
from replication.experiments.scatter import Scatter
from replication.simulator.activations import logistic
from replication.simulator.patterns import compute_variation
from replication.statistics.alignment import compute_cosines
from replication.system.threads import map_in_threads

SMALL = 0.02  # half-width of smaller initial weights
UPDATES = (100, 200, 400, 600, 800, 1_000, 1_200, 1_600, 2_000)  # by all images together
BATCH_RATE = 0.007
LEFT_AT = 40  # epochs after which only a part of the changes of W is left

UNITS: dict[str, Rule] = {
    "hidden": rules.HiddenRecirculation,
    "visible": rules.VisibleRecirculation,
    "none": rules.BiasedRecirculation,
}
"""Recirculation by which units alone are logistic."""
LEFT: dict[str, Rule] = {
    "turning": rules.Turning,
    "shrinking": rules.Shrinking,
    "nothing": vary(rules.LogisticRecirculation, numbers={"factor": 0.0}),
}
"""Recirculation by what is left of the changes of W."""


def measure_minimum(*, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what becomes of codes, and which units and changes make them worse.

    ``codes``: by how networks learn, after some epochs (`describe_codes`); ``units``: what
    networks miss of held-out images, by the only units that are logistic; ``left``: the same, and
    what became of codes at the last of `EPOCHS`, by what is left of the changes of W from
    `LEFT_AT` on.
    """
    trained, others = read_images()
    bent = show(rules.LogisticRecirculation, trained)
    start = functools.partial(draw, n_networks=n_networks, root_seed=root_seed)
    states = train_epochs(bent, start(bent, LARGE), EPOCHS)
    at_minimum = states[EPOCHS.index(LEFT_AT)]

    def follow_codes(name: str) -> Model:
        if name == "batch":
            rule = show(bent, trained, rate=BATCH_RATE)
            steps = [end - begin for begin, end in itertools.pairwise((0, *UPDATES))]
            begun = start(rule, LARGE)
            passed = [*itertools.accumulate(steps, lambda x, n: train(rule, x, n), initial=begun)]
            return describe_codes(rule, passed[1:], trained, others)
        found = train_epochs(bent, start(bent, SMALL), EPOCHS) if name == "small" else states
        return describe_codes(bent, found, trained, others)

    def follow_units(name: str) -> Model:
        rule = show(UNITS[name], trained)
        found = train_epochs(rule, start(rule, LARGE), EPOCHS)
        return name_estimates(miss(rule, found, others))

    def follow_left(name: str) -> Model:
        rule = show(LEFT[name], trained)
        final = train_epochs(rule, at_minimum, (EPOCHS[-1] - LEFT_AT,))
        named = name_estimates(miss(rule, final, others))
        return describe_codes(rule, final, trained, others) | named

    parts: Mapping[Any, Any] = {follow_codes: ("batch", "small", "large"),
                                follow_units: tuple(UNITS), follow_left: tuple(LEFT)}  # fmt: skip
    tasks = [(follow, name) for follow, names in parts.items() for name in names]
    found = map_in_threads(lambda task: task[0](task[1]), tasks, jobs=jobs)
    models = dict(zip(tasks, found, strict=True))
    codes, units, left = (
        {name: models[follow, name] for name in names} for follow, names in parts.items()
    )
    return {
        "epochs": list(EPOCHS), "updates": list(UPDATES),
        "left_at": LEFT_AT, "codes": codes, "units": units, "left": left,
    }  # fmt: skip


def describe_codes(rule: Rule, states: Any, trained: Array, others: Array) -> Model:
    """Return means over networks, in each state: of the codes of trained images, and of W.

    ``others``: what networks miss of held-out images, and ``best`` the best linear decoder of
    their codes; ``divergence``: that of Kullback and Leibler between hidden states at time 1 and
    those that the network gives at time 3; ``distance``: their mean square; ``relative``: the same
    as a part of the ``variance`` of the code; ``overlap``: of W with the principal directions;
    ``growth``: the cosine of the change of W with W S.
    """
    rows = np.concatenate(list(states))
    described = describe_code(rule, rows, trained, others)
    return {
        key: each.reshape(len(states), -1).mean(axis=1).tolist() for key, each in described.items()
    }


def describe_code(rule: Rule, weights: Array, trained: Array, others: Array) -> dict[str, Array]:
    """Return what `describe_codes` averages, of each network."""
    arrays = split(rule, weights)
    now, held = (evaluate(rule, weights, images) for images in (trained, others))
    W, h = arrays["W"], now.hidden[0]
    deviations = trained - trained.mean(axis=0)
    scatter = Scatter.of_matrix(deviations.T @ deviations)

    # The second pass, with its regression in the visible units.
    v2 = rules.REGRESSION * trained + (1.0 - rules.REGRESSION) * now.reconstruction
    seen = v2 - trained.mean(axis=0)
    h3 = logistic(seen @ np.swapaxes(W, 1, 2) + arrays["b"][:, None])
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
        "others": held.error,
        "best": missed,
        "divergence": divergence.sum(axis=2).mean(axis=1),
        "distance": distance,
        "variance": variance,
        "relative": distance / variance,
        "overlap": np.sum((main.T @ basis) ** 2, axis=(1, 2)) / rules.N_HIDDEN,
        "growth": compute_cosines(flatten(change), flatten(W @ scatter.matrix)),
    }
