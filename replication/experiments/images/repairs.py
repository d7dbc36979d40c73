"""What keeps logistic networks from getting worse: constants chosen on some, judged on others.

Constants are chosen by what is left of the images that are trained, on networks of other seeds; all
are judged by images that no network has seen.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from replication.experiments import Model
from replication.experiments.images import logistic, rules, training
from replication.experiments.images.logistic import EPOCHS, LARGE, Images
from replication.experiments.images.training import Rule
from replication.experiments.matrices import Array
from replication.experiments.sample import Sample
from replication.simulator.patterns import read_digits

SMALL, HUGE = 0.02, 2.0  # half-widths of smaller and of larger initial weights
LONGER = 200  # epochs
RIDGE = 1.0  # of the linear probe, in units of the variance of a hidden state times images
SIZE = "half-width"  # the constant of small starts

Constants = Mapping[str, Sequence[float]]
SLEEP: Rule = rules.combine(rules.Logistic, rules.Sleep, rate=0.2)
RULES: dict[str, tuple[Rule, Constants]] = {
    "none": (rules.LogisticRecirculation, {}),
    "small weights": (rules.LogisticRecirculation, {SIZE: (0.1, 0.02, 0.004, 0.001, 0.0002)}),
    "decay of W": (SLEEP, {"echo": (0.0,), "decay": (1e-5, 2e-5, 4e-5, 8e-5)}),
    "sleep": (SLEEP, {"echo": (0.01, 0.03, 0.1, 1.0), "decay": (2e-5, 6e-5, 2e-4)}),
    "sleep without equation (4)": (
        SLEEP, {"factor": (0.0,), "echo": (0.1,), "decay": (1e-4, 3e-4, 1e-3)},
    ),
    "back-propagation": (
        rules.combine(rules.Logistic, rules.BackPropagation), {"rate": (0.05, 0.1, 0.2)},
    ),
}  # fmt: skip
"""Rules, and the values of their constants that are tried."""


def measure_repairs(sample: Sample) -> Model:
    """Return what each repair misses of held-out images, at the constants that do best.

    ``tried``: each value of its constants, and what it left of the images that are trained;
    ``starts``: sleep from other initial weights; ``longer``: sleep for `LONGER` epochs; ``probe``:
    how many held-out images a linear probe of the codes assigns to their digits.
    """
    images = logistic.read_images()

    def prepare(name: str, values: Mapping[str, float]) -> tuple[Rule, float]:
        """Return a rule with these values of its constants, and the half-width it starts from."""
        numbers = {key: x for key, x in values.items() if key != SIZE}
        return logistic.show(RULES[name][0], images[0], **numbers), values.get(SIZE, LARGE)

    def choose(name: str) -> tuple[Model, tuple[Rule, float]]:
        constants = RULES[name][1]
        tried = [dict(zip(constants, each, strict=True))
                 for each in itertools.product(*constants.values())]  # fmt: skip
        if len(tried) == 1:
            return {"tried": [], "chosen": {}}, prepare(name, tried[0])
        left = []
        for rule, size in (prepare(name, values) for values in tried):
            weights = training.draw(rule, size, sample.others)
            (final,) = training.train_epochs(rule, weights, (EPOCHS[-1],))
            left.append(float(training.miss(rule, final, images[0]).mean()))
        best = tried[int(np.argmin(left))]
        rows = [{"constants": each, "left": x} for each, x in zip(tried, left, strict=True)]
        return {"tried": rows, "chosen": best}, prepare(name, best)

    chosen = sample.map(choose, RULES)
    (sleep, size), begun = chosen["sleep"][1], (0, *EPOCHS)
    runs: dict[tuple[str, str], tuple[Rule, float, Sequence[int]]]
    runs = {("rules", name): (*way, begun) for name, (_, way) in chosen.items()}
    runs |= {("starts", f"{x:g}"): (sleep, x, begun) for x in (SMALL, HUGE)}
    runs["longer", "sleep"] = sleep, size, (*begun, LONGER)

    def follow(key: tuple[str, str]) -> Array:
        rule, half_width, epochs = runs[key]
        return training.train_epochs(rule, training.draw(rule, half_width, sample), epochs)

    states = sample.map(follow, runs)
    described: dict[str, Model] = {"rules": {}, "starts": {}, "longer": {}}
    for (of, name), found in states.items():
        missed = training.miss(runs[of, name][0], found[1:], images[1])
        described[of][name] = logistic.name_estimates(missed)
    # All rules after their last epoch, and one before its first.
    networks = {name: (way[0], states["rules", name][-1]) for name, (_, way) in chosen.items()}
    networks["random W"] = chosen["none"][1][0], states["rules", "none"][0]
    return {
        "epochs": list(EPOCHS), "longer_epochs": LONGER, "huge": HUGE, "small": SMALL, **described,
        "rules": {name: chosen[name][0] | described["rules"][name] for name in RULES},
        "probe": probe_codes(networks, images),
    }  # fmt: skip


def probe_codes(networks: Mapping[str, tuple[Rule, Array]], images: Images) -> dict[str, float]:
    """Return the shares of held-out images that a ridge regression of the codes classifies.

    Codes are the hidden states, principal components, or the pixels themselves.
    """
    labels = np.split(read_digits()[1], [len(images[0])])
    main = logistic.find_scatter(images[0]).directions[:, : rules.N_HIDDEN]
    codes = {"pixels": [x[None] for x in images]}
    codes["principal components"] = [x[None] @ main for x in images]
    for name, (rule, weights) in networks.items():
        codes[name] = [training.evaluate(rule, weights, x).hidden[0] for x in images]
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
