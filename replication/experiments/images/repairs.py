"""What keeps logistic networks from getting worse: constants chosen on some, judged on others.

Constants are chosen by what is left of the images that are trained, on networks of other seeds; all
are judged by images that no network has seen.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from replication.experiments import Model
from replication.experiments.images import rules
from replication.experiments.images.logistic import (
    EPOCHS,
    LARGE,
    Images,
    name_estimates,
    read_images,
    show,
)
from replication.experiments.images.minimum import SMALL
from replication.experiments.images.training import Rule, draw, evaluate, miss, train_epochs
from replication.experiments.matrices import Array
from replication.experiments.scatter import Scatter
from replication.experiments.search import SEARCH_OFFSET
from replication.simulator.patterns import read_digits
from replication.system.threads import map_in_threads

HUGE = 2.0  # half-width of larger initial weights
LONGER = 200  # epochs
RIDGE = 1.0  # of the linear probe, in units of the variance of a hidden state times images
SIZE = "half-width"  # the constant of small starts

Constants = Mapping[str, Sequence[float]]
DECAYS: Constants = {"decay": (1e-5, 2e-5, 4e-5, 8e-5)}
RULES: dict[str, tuple[Rule, Constants]] = {
    "none": (rules.LogisticRecirculation, {}),
    "small weights": (rules.LogisticRecirculation, {SIZE: (0.1, 0.02, 0.004, 0.001)}),
    "decay": (rules.LogisticDecaying, DECAYS),
    "decay of W": (rules.LogisticSleep, {"echo": (0.0,), **DECAYS}),
    "sleep": (rules.LogisticSleep, {"echo": (0.03, 0.1), "decay": (2e-5, 6e-5, 2e-4)}),
    "sleep without equation (4)": (
        rules.LogisticSleep,
        {"factor": (0.0,), "echo": (0.1,), "decay": (1e-4, 3e-4, 1e-3)},
    ),
    "back-propagation": (rules.LogisticBackPropagation, {"rate": (0.05, 0.1, 0.2)}),
}
"""Rules, and the values of their constants that are tried."""


def measure_repairs(*, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return what each repair misses of held-out images, at the constants that do best.

    ``tried``: each value of its constants, and what it left of the images that are trained;
    ``starts``: sleep from other initial weights; ``longer``: after `LONGER` epochs; ``probe``: how
    many held-out images a linear probe of the codes assigns to their digits.
    """
    images = read_images()

    def follow(task: tuple[Rule, float, int, int]) -> tuple[Rule, Array]:
        rule, size, seed, last = task
        rule = show(rule, images[0])
        epochs = (*(n for n in (0, *EPOCHS) if n < last), last)
        return rule, train_epochs(rule, draw(rule, size, n_networks, seed), epochs)

    def choose(name: str) -> tuple[Model, tuple[Rule, float]]:
        rule, constants = RULES[name]
        values = [dict(zip(constants, each, strict=True))
                  for each in itertools.product(*constants.values())]  # fmt: skip
        ways = [
            (show(rule, images[0], **{k: x for k, x in each.items() if k != SIZE}),
             each.get(SIZE, LARGE))
            for each in values
        ]  # fmt: skip
        if len(ways) == 1:
            return {"tried": [], "chosen": {}}, ways[0]
        left = []
        for way, size in ways:
            _, states = follow((way, size, root_seed + SEARCH_OFFSET, EPOCHS[-1]))
            left.append(float(miss(way, states[-1], images[0]).mean()))
        best = int(np.argmin(left))
        tried = [{"constants": each, "left": x} for each, x in zip(values, left, strict=True)]
        return {"tried": tried, "chosen": values[best]}, ways[best]

    chosen = dict(zip(RULES, map_in_threads(choose, RULES, jobs=jobs), strict=True))
    sleep, size = chosen["sleep"][1]
    decayed = chosen["decay of W"][1]
    runs: dict[tuple[str, str], tuple[Rule, float, int, int]] = {
        ("rules", name): (*way, root_seed, EPOCHS[-1]) for name, (_, way) in chosen.items()
    }
    runs |= {("starts", f"{x:g}"): (sleep, x, root_seed, EPOCHS[-1]) for x in (SMALL, HUGE)}
    runs |= {("longer", "sleep"): (sleep, size, root_seed, LONGER),
             ("longer", "decay of W"): (*decayed, root_seed, LONGER)}  # fmt: skip
    found = dict(zip(runs, map_in_threads(follow, runs.values(), jobs=jobs), strict=True))

    def describe(key: tuple[str, str]) -> Model:
        rule, states = found[key]
        return name_estimates(miss(rule, states[1:], images[1]))

    last = {name: (found["rules", name][0], found["rules", name][1][-1]) for name in RULES}
    begun = found["rules", "none"]
    return {
        "epochs": list(EPOCHS),
        "longer_epochs": LONGER,
        "huge": HUGE,
        "small": SMALL,
        "rules": {name: chosen[name][0] | describe(("rules", name)) for name in RULES},
        "starts": {key: describe((of, key)) for of, key in runs if of == "starts"},
        "longer": {key: describe((of, key)) for of, key in runs if of == "longer"},
        "probe": probe_codes({"random W": (begun[0], begun[1][0])} | last, images),
    }


def probe_codes(networks: Mapping[str, tuple[Rule, Array]], images: Images) -> dict[str, float]:
    """Return the shares of held-out images that a ridge regression of the codes classifies.

    Codes are the hidden states, principal components, or the pixels themselves.
    """
    labels = np.split(read_digits()[1], [len(images[0])])
    main = find_components(images[0])
    codes = {
        "pixels": [x[None] for x in images],
        "principal components": [x[None] @ main for x in images],
    }
    for name, (rule, weights) in networks.items():
        codes[name] = [evaluate(rule, weights, x).hidden[0] for x in images]
    wanted = np.eye(10)[labels[0]] - 0.1
    shares = {}
    for name, (trained, others) in codes.items():
        mean, spread = trained.mean(axis=1, keepdims=True), trained.std(axis=1, keepdims=True)
        known, new = ((x - mean) / np.maximum(spread, 1e-9) for x in (trained, others))
        products = np.swapaxes(known, 1, 2) @ known
        ridge = RIDGE * np.eye(products.shape[-1])
        weights = np.linalg.solve(products + ridge, np.swapaxes(known, 1, 2) @ wanted)
        guessed = np.argmax(new @ weights, axis=2)
        shares[name] = float(np.mean(guessed == labels[1]))
    return shares


def find_components(images: Array) -> Array:
    """Return the principal directions of images, (n_visible, n_hidden)."""
    deviations = images - images.mean(axis=0)
    return Scatter.of_matrix(deviations.T @ deviations).directions[:, : rules.N_HIDDEN]
